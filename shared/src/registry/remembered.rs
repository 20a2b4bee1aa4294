//! What was read lately, so that it needn't be read again.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// What is unknown is remembered too, so that guessing costs no reads; this bounds what guessing
/// costs in memory.
const MOST: usize = 1_000;

/// Values by key, each forgotten some time after it was read.
#[derive(Debug)]
pub struct Remembered<K, V> {
    kept_for: Duration,
    values: Mutex<HashMap<K, (Instant, V)>>,
}

impl<K: Hash + Eq, V: Clone> Remembered<K, V> {
    /// Nothing yet; what will be read is kept for `kept_for`.
    #[must_use]
    pub fn new(kept_for: Duration) -> Self {
        Self { kept_for, values: Mutex::default() }
    }

    /// The value if it is remembered, or else what `read` reads.
    pub async fn get_or<E>(
        &self,
        key: K,
        read: impl AsyncFnOnce(&K) -> Result<V, E>,
    ) -> Result<V, E> {
        if let Ok(values) = self.values.lock()
            && let Some((at, value)) = values.get(&key)
            && at.elapsed() < self.kept_for
        {
            return Ok(value.clone());
        }
        // The age counts from before the read: what it finds may change at once.
        let at = Instant::now();
        let value = read(&key).await?;
        if let Ok(mut values) = self.values.lock() {
            if values.len() >= MOST {
                values.clear();
            }
            values.insert(key, (at, value.clone()));
        }
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::convert::Infallible;

    use super::*;

    #[tokio::test]
    async fn a_value_is_read_once_until_it_is_forgotten() {
        let reads = Cell::new(0);
        let read = async |_: &u32| {
            reads.set(reads.get() + 1);
            Ok::<_, Infallible>(reads.get())
        };
        let remembered = Remembered::new(Duration::from_mins(1));
        assert_eq!(
            (remembered.get_or(7, read).await, remembered.get_or(7, read).await),
            (Ok(1), Ok(1))
        );
        assert_eq!(remembered.get_or(8, read).await, Ok(2));
        let forgetful = Remembered::new(Duration::ZERO);
        assert_eq!(
            (forgetful.get_or(7, read).await, forgetful.get_or(7, read).await),
            (Ok(3), Ok(4))
        );
    }

    #[tokio::test]
    async fn guessing_does_not_fill_the_memory() {
        let remembered = Remembered::new(Duration::from_mins(1));
        for key in 0..5_000 {
            remembered.get_or(key, async |_| Ok::<_, Infallible>(())).await.unwrap();
        }
        assert!(remembered.values.lock().unwrap().len() <= MOST);
    }
}
