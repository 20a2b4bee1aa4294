//! Chance, reproducible: a named generator, whose numbers no later version of a crate may change.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt as _, SeedableRng as _};

pub(crate) struct Dice(Xoshiro256PlusPlus);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// True in a share of the cases.
    pub(crate) fn chance(&mut self, share: f64) -> bool {
        self.share() < share
    }

    /// At least 0, less than 1.
    pub(crate) fn share(&mut self) -> f64 {
        self.0.random()
    }

    /// At least 0, less than `end`, which isn't 0.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0.random_range(0..end)
    }

    /// At least 0, less than `end`, which isn't 0.
    pub(crate) fn index(&mut self, end: usize) -> usize {
        self.0.random_range(0..end)
    }

    /// Between two bounds, both included.
    pub(crate) fn between(&mut self, first: i16, last: i16) -> i16 {
        self.0.random_range(first..=last)
    }

    /// One of a list that isn't empty.
    pub(crate) fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.index(list.len())]
    }

    /// One of a short list, in proportion to its weights.
    pub(crate) fn weighted<'a, T>(&mut self, list: &'a [(T, u32)]) -> &'a T {
        let total = list.iter().map(|(_, weight)| u64::from(*weight)).sum();
        let mut left = self.below(total);
        let mut chosen = &list[0].0;
        for (value, weight) in list {
            chosen = value;
            match left.checked_sub(u64::from(*weight)) {
                Some(rest) => left = rest,
                None => break,
            }
        }
        chosen
    }
}

/// Positions of a long list, in proportion to its weights.
pub(crate) struct Urn {
    /// The sum of the weights up to each position, that position included.
    sums: Vec<u64>,
}

impl Urn {
    pub(crate) fn new(weights: impl Iterator<Item = u64>) -> Self {
        let sums = weights.scan(0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        });
        Self { sums: sums.collect() }
    }

    pub(crate) fn draw(&self, dice: &mut Dice) -> usize {
        let total = self.sums.last().copied().unwrap_or(1);
        let ball = dice.below(total);
        self.sums.partition_point(|sum| *sum <= ball)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_follow_the_weights() {
        let mut dice = Dice::new(1);
        let urn = Urn::new([1, 0, 3].into_iter());
        let mut drawn = [0_u32; 3];
        for _ in 0..4000 {
            drawn[urn.draw(&mut dice)] += 1;
        }
        assert_eq!(drawn[1], 0);
        assert!((850..1150).contains(&drawn[0]), "{drawn:?}");

        let mut drawn = [0_u32; 3];
        for _ in 0..4000 {
            drawn[*dice.weighted(&[(0, 1), (1, 0), (2, 3)])] += 1;
        }
        assert_eq!(drawn[1], 0);
        assert!((850..1150).contains(&drawn[0]), "{drawn:?}");
    }
}
