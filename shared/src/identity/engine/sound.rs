//! How a name sounds to a French ear, as a key.
//!
//! No crate has French phonetics (engineering.md), and the names of French students come from
//! everywhere: the rules are few, about letters that people confuse in writing (`PH`/`F`,
//! `QU`/`C`/`K`, `TH`/`T`, `AI`/`É`, `Y`/`I`, mute endings), and do no harm to a name of another
//! language, which only gets another spelling.

/// A key of at most twelve letters, five bits each, so that comparing two is comparing two
/// integers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub(super) struct Sound(u64);

const LONGEST: usize = 12;

impl Sound {
    /// The sound of a folded word ([`crate::domain::fold::fold`]).
    #[must_use]
    pub(super) fn of(folded: &str) -> Self {
        let letters = folded.as_bytes();
        let mut sound = Self::default();
        let mut index = 0;
        while index < letters.len() {
            let (letter, taken) = step(letters, index);
            index += taken;
            if letter != 0 && letter != sound.last() {
                sound.push(letter);
            }
        }
        sound
    }

    /// The sound without its vowels after the first letter, when enough consonants are left to tell
    /// people apart: what blocking uses, since vowels are what is misspelt.
    #[must_use]
    pub(super) fn skeleton(self) -> Self {
        let mut skeleton = Self::default();
        for (index, letter) in self.letters().enumerate() {
            // All leading vowels are one: `HE`, `AI`, `É` begin alike.
            match (is_vowel(letter), index) {
                (true, 0) => skeleton.push(b'A'),
                (true, _) => {}
                (false, _) if letter == skeleton.last() => {}
                (false, _) => skeleton.push(letter),
            }
        }
        if skeleton.letters().count() < 3 { self } else { skeleton }
    }

    /// Its first letters, at most so many.
    #[must_use]
    pub(super) fn prefix(self, letters: usize) -> Self {
        let mut prefix = Self::default();
        self.letters().take(letters).for_each(|letter| prefix.push(letter));
        prefix
    }

    /// The key as bytes, for a digest.
    #[must_use]
    pub(super) fn to_bytes(self) -> [u8; 8] {
        self.0.to_be_bytes()
    }

    fn letters(self) -> impl Iterator<Item = u8> {
        (0..LONGEST)
            .map(move |index| (self.0 >> (5 * (LONGEST - 1 - index))) & 31)
            .skip_while(|code| *code == 0)
            .map(|code| {
                // Five bits: the alphabet is 1 to 26 and digits share the rest.
                b'@' + u8::try_from(code).unwrap_or(0)
            })
    }

    fn last(self) -> u8 {
        if self.0 == 0 { 0 } else { b'@' + u8::try_from(self.0 & 31).unwrap_or(0) }
    }

    fn push(&mut self, letter: u8) {
        if self.0 >> (5 * (LONGEST - 1)) == 0 {
            self.0 = (self.0 << 5) | u64::from(letter & 31);
        }
    }
}

fn is_vowel(letter: u8) -> bool {
    matches!(letter, b'A' | b'E' | b'I' | b'O' | b'U')
}

/// The sound of what begins at `index` (0: mute), and how many letters it takes.
fn step(letters: &[u8], index: usize) -> (u8, usize) {
    let at = |offset: usize| letters.get(index + offset).copied().unwrap_or(0);
    let soft = |letter: u8| matches!(letter, b'E' | b'I' | b'Y');
    let mute_end = index > 1 && at(1) == 0;
    match at(0) {
        b'P' if at(1) == b'H' => (b'F', 2),
        b'Q' if at(1) == b'U' => (b'K', 2),
        b'S' if at(1) == b'C' && at(2) == b'H' => (b'C', 3),
        b'S' | b'C' if at(1) == b'H' => (b'C', 2),
        b'C' if soft(at(1)) => (b'S', 1),
        b'C' if at(1) == b'K' => (b'K', 2),
        b'C' | b'Q' => (b'K', 1),
        b'G' if at(1) == b'U' && soft(at(2)) => (b'G', 2),
        b'G' if soft(at(1)) => (b'J', 1),
        b'E' if at(1) == b'A' && at(2) == b'U' => (b'O', 3),
        b'A' if at(1) == b'U' => (b'O', 2),
        b'A' | b'E' if matches!(at(1), b'I' | b'Y') => (b'E', 2),
        b'O' if at(1) == b'U' => (b'U', 2),
        // At the end of a word these are written and not heard.
        b'E' | b'S' | b'T' | b'D' | b'X' | b'Z' | b'P' if mute_end => (0, 1),
        b'H' => (0, 1),
        b'Y' => (b'I', 1),
        b'X' | b'Z' => (b'S', 1),
        b'W' => (b'V', 1),
        // Nasal vowels are written N or M before these.
        b'M' if matches!(at(1), b'P' | b'B') => (b'N', 1),
        letter @ b'A'..=b'Z' => (letter, 1),
        // Digits and letters of other scripts: some letter, always the same.
        other => (b'A' + other % 26, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_confused_in_writing_sounds_alike() {
        for (left, right) in [
            ("MATHIS", "MATIS"),
            ("LIMERI", "LIMAIRI"),
            ("VARCIN", "VARCYN"),
            ("GWENOLE", "GWAINOLE"),
            ("PHILIPPE", "FILIPPE"),
            ("RENAULT", "RENOLT"),
            ("RAVAILLEAU", "RAVAILEAU"),
            ("CHRISTELLE", "CHRISTEL"),
            ("DUPONT", "DUPOND"),
        ] {
            assert_eq!(Sound::of(left), Sound::of(right), "{left} {right}");
        }
    }

    #[test]
    fn what_is_heard_apart_stays_apart() {
        for (left, right) in [
            ("LEA", "LEO"),
            ("LUC", "LUCAS"),
            ("NOE", "NOA"),
            ("LOUIS", "LOUISE"),
            ("MARTIN", "MARIN"),
        ] {
            assert_ne!(Sound::of(left), Sound::of(right), "{left} {right}");
        }
    }

    #[test]
    fn a_skeleton_forgets_vowels_only_in_long_words() {
        assert_eq!(Sound::of("MARTINEZ").skeleton(), Sound::of("MARTONEZ").skeleton());
        assert_ne!(Sound::of("LEA").skeleton(), Sound::of("LOU").skeleton());
    }
}
