//! A table that is read in parts, side by side.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use shared::registry::StoreError;
use tokio::task::JoinSet;

use crate::handler::StatisticsError;

/// What the scans of all segments gather together, each adding to the same.
pub(crate) struct Gathered<T>(Arc<Mutex<T>>);

impl<T> Gathered<T> {
    /// Adds to it. Whoever panicked meanwhile is noticed at the end.
    pub(crate) fn with(&self, add: impl FnOnce(&mut T)) {
        add(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Scans every segment, and gives what was gathered; an error if one of them failed.
pub(crate) async fn scan<T: Send + 'static, F>(
    segments: i32,
    nothing: T,
    scan: impl Fn(i32, Gathered<T>) -> F,
) -> Result<T, StatisticsError>
where
    F: Future<Output = Result<(), StoreError>> + Send + 'static,
{
    let gathered = Arc::new(Mutex::new(nothing));
    let mut reading = JoinSet::new();
    for segment in 0..segments {
        reading.spawn(scan(segment, Gathered(Arc::clone(&gathered))));
    }
    while let Some(read) = reading.join_next().await {
        read.map_err(|_| StatisticsError::Scan)??;
    }
    let gathered = Arc::try_unwrap(gathered).map_err(|_| StatisticsError::Scan)?;
    Ok(gathered.into_inner().unwrap_or_else(PoisonError::into_inner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_segment_adds_to_the_same_and_one_that_fails_fails_all() {
        let added = scan(4, Vec::new(), |segment, gathered| async move {
            gathered.with(|all| all.push(segment));
            Ok(())
        });
        let mut added = added.await.unwrap();
        added.sort_unstable();
        assert_eq!(added, [0, 1, 2, 3]);
        let failed = scan(4, (), |segment, _| async move {
            if segment == 2 { Err(StoreError::shape("students Scan")) } else { Ok(()) }
        });
        assert!(matches!(failed.await, Err(StatisticsError::Store(_))));
    }
}
