//! National numbers, in the forms that today's students have, with the check characters that follow
//! from them (domain.md §7.1).

use crate::dice::Dice;

/// The letters of French control keys: no I, O or Q.
const CONTROL_LETTERS: &[u8; 23] = b"ABCDEFGHJKLMNPRSTUVWXYZ";
/// The decimal digits of an RNIE key, as letters.
const KEY_LETTERS: &[u8; 10] = b"ABCDEFGHJK";
/// Base 36.
const DIGITS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// The académies, as BEA numbers begin.
const ACADEMIES: [u64; 31] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,
    27, 28, 31, 32, 43,
];

/// Gives each person of a file another number.
///
/// Numbers look random and never repeat: the person's rank goes through a permutation of the
/// numbers of its form (multiplication by a number coprime with their count), which needs no memory
/// of those already given.
pub(crate) struct Register {
    shift: u64,
}

impl Register {
    /// RNIE numbers in use start with 05 to 08: this many are enough for every student.
    const RNIE_FIRST: u64 = 50_000_000;
    const RNIE_COUNT: u64 = 40_000_000;
    /// A million numbers per académie and year.
    const BEA_PER_YEAR: u64 = 1_000_000;

    pub(crate) fn new(dice: &mut Dice) -> Self {
        Self { shift: dice.below(Self::RNIE_COUNT) }
    }

    /// The number of the person of this rank: RNIE since 2018, BEA for those who came to a lycée
    /// before, and base 36 for a few whom a university registered.
    pub(crate) fn number(
        &self,
        rank: u64,
        birth_year: i16,
        born_abroad: bool,
        dice: &mut Dice,
    ) -> String {
        // In the year of one's fifteenth birthday.
        let year_of_entry = birth_year + 15;
        let by_a_university = if born_abroad { 0.15 } else { 0.01 };
        let text = if dice.chance(by_a_university) {
            self.base36(rank)
        } else if year_of_entry < 2018 && !born_abroad {
            self.bea(rank, u64::from(year_of_entry.unsigned_abs()) % 100)
        } else {
            self.rnie(rank)
        };
        text.into_iter().map(char::from).collect()
    }

    fn rnie(&self, rank: u64) -> [u8; 11] {
        let number = Self::RNIE_FIRST + self.permuted(rank, Self::RNIE_COUNT);
        let key = 97 - number % 97;
        let mut text = decimal(number * 100);
        text[9] = letter(KEY_LETTERS, key / 10);
        text[10] = letter(KEY_LETTERS, key % 10);
        text
    }

    fn bea(&self, rank: u64, year: u64) -> [u8; 11] {
        let count = Self::BEA_PER_YEAR * ACADEMIES.len() as u64;
        let permuted = self.permuted(rank, count);
        let academy = ACADEMIES[index(permuted / Self::BEA_PER_YEAR)];
        let number =
            academy * 100_000_000 + year * Self::BEA_PER_YEAR + permuted % Self::BEA_PER_YEAR;
        let mut text = decimal(number * 10);
        text[10] = letter(CONTROL_LETTERS, number);
        text
    }

    /// The last digit is the first ten characters modulo 10: a hypothesis that fits the one
    /// published sample.
    fn base36(&self, rank: u64) -> [u8; 11] {
        // The numbers that begin with 0A, as the published sample does.
        let mut number = 10 * 36_u64.pow(8) + self.permuted(rank, Self::RNIE_COUNT) * 70_001;
        let mut text = [b'0'; 11];
        text[10] = letter(&DIGITS[..10], number % 10);
        for place in (0..10).rev() {
            text[place] = letter(DIGITS, number % 36);
            number /= 36;
        }
        text
    }

    fn permuted(&self, rank: u64, count: u64) -> u64 {
        // A prime that divides none of the counts.
        const STEP: u64 = 15_485_863;
        ((rank % count) * STEP + self.shift) % count
    }
}

fn decimal(mut number: u64) -> [u8; 11] {
    let mut text = [b'0'; 11];
    for place in text.iter_mut().rev() {
        *place = letter(DIGITS, number % 10);
        number /= 10;
    }
    text
}

fn letter(letters: &[u8], number: u64) -> u8 {
    letters[index(number % letters.len() as u64)]
}

fn index(number: u64) -> usize {
    // Both callers stay within a short list, so this never falls back.
    usize::try_from(number).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;
    use shared::domain::ine::{Checksum, Ine, IneForm};

    use super::*;

    proptest! {
        #[test]
        fn numbers_have_their_form_and_key(seed: u64, rank in 0_u64..10_000_000, birth_year in 1990_i16..2012) {
            let mut dice = Dice::new(seed);
            let register = Register::new(&mut dice);
            let ine = Ine::parse(&register.number(rank, birth_year, false, &mut dice)).unwrap();
            let expected = match ine.form() {
                IneForm::Base36 => Checksum::Unknown,
                IneForm::Bea if birth_year < 2003 => Checksum::Valid,
                IneForm::Rnie if birth_year >= 2003 => Checksum::Valid,
                form => panic!("{form:?} for {birth_year}"),
            };
            prop_assert_eq!(ine.checksum(), expected);
        }
    }

    #[test]
    fn no_two_people_share_a_number() {
        let mut dice = Dice::new(7);
        let register = Register::new(&mut dice);
        for form in
            [Register::rnie, |register: &Register, rank| register.bea(rank, 14), Register::base36]
        {
            let numbers: HashSet<_> = (0..200_000).map(|rank| form(&register, rank)).collect();
            assert_eq!(numbers.len(), 200_000);
        }
    }
}
