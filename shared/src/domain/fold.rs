//! The folded form of a text: what is left when spelling habits are taken away.
//!
//! Callers and establishments pass accents, case, hyphens and apostrophes through as they come
//! (domain.md §4.3), so both sides are folded before they are compared. Folded text is for
//! comparing and for keyed digests; the original spelling is what is stored and answered.

use unicode_normalization::char::{decompose_canonical, is_combining_mark};

/// Only letters and digits, without accents, upper case: `Lefèvre-d’Été` → `LEFEVREDETE`.
///
/// Separators vanish rather than become blanks: `LE GALL`, `Le-Gall` and `LEGALL` are one name
/// written by three people.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii() {
            push(letter, &mut folded);
        } else {
            // Letter by letter rather than all at once: all that `nfd()` adds is the order of the
            // marks, at a price, and marks are dropped.
            decompose_canonical(letter, |part| {
                if !is_combining_mark(part) {
                    push(part, &mut folded);
                }
            });
        }
    }
    folded
}

/// The words of a text, each folded: `Marie-Ève de l'Étang` → `MARIE`, `EVE`, `DE`, `L`, `ETANG`.
pub fn folded_words(text: &str) -> impl Iterator<Item = String> {
    text.split(|letter: char| {
        is_apostrophe(letter) || !letter.is_alphanumeric() && !is_combining_mark(letter)
    })
    .map(fold)
    .filter(|word| !word.is_empty())
}

/// Whether a sign stands for an apostrophe. Some are letters by Unicode: the Hawaiian and Tahitian
/// ʻokina, and what keyboards and word processors have in its place or in that of the apostrophe of
/// N'Diaye.
#[must_use]
pub(crate) fn is_apostrophe(letter: char) -> bool {
    matches!(
        letter,
        '\'' | '`' | '´' | '‘' | '’' | '‛' | '′' | '＇' | '\u{2B9}'
            ..='\u{2BF}'
                | '\u{2C8}'
                | '\u{2CA}'
                | '\u{2CB}'
                | '\u{2EE}'
                | '\u{A78B}'
                | '\u{A78C}'
                | '\u{55A}'
    )
}

fn push(letter: char, folded: &mut String) {
    match letter {
        'A'..='Z' | '0'..='9' => folded.push(letter),
        'a'..='z' => folded.push(letter.to_ascii_uppercase()),
        // Letters that have no decomposition in Unicode but a customary one in French files.
        'œ' | 'Œ' => folded.push_str("OE"),
        'æ' | 'Æ' => folded.push_str("AE"),
        'ø' | 'Ø' => folded.push('O'),
        'đ' | 'Đ' | 'ð' | 'Ð' => folded.push('D'),
        'ł' | 'Ł' => folded.push('L'),
        'ı' => folded.push('I'),
        'þ' | 'Þ' => folded.push_str("TH"),
        'ß' | 'ẞ' => folded.push_str("SS"),
        // The capital of `ŉ` is an apostrophe and an `N`.
        other if other.is_alphanumeric() && !is_apostrophe(other) => {
            folded.extend(other.to_uppercase().filter(|capital| !is_apostrophe(*capital)));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization as _;

    use super::*;

    #[test]
    fn spelling_habits_vanish() {
        for (written, folded) in [
            ("Lefèvre-d’Été", "LEFEVREDETE"),
            ("LE GALL", "LEGALL"),
            ("Le-Gall", "LEGALL"),
            ("Œdipe Læticia", "OEDIPELAETICIA"),
            ("Łukasz Grøn Weiß", "LUKASZGRONWEISS"),
            ("Chloe\u{301}", "CHLOE"),
            ("N'Guyễn", "NGUYEN"),
            ("Teʻaraʻi", "TEARAI"),
            ("Nʼdiaye N`Diaye ŉdiaye", "NDIAYENDIAYENDIAYE"),
            ("  ", ""),
        ] {
            assert_eq!(fold(written), folded, "{written}");
        }
    }

    #[test]
    fn words_are_cut_at_every_separator() {
        let words: Vec<_> = folded_words("Marie-Ève de l'E\u{301}tang").collect();
        assert_eq!(words, ["MARIE", "EVE", "DE", "L", "ETANG"]);
        for apostrophe in ["'", "’", "ʻ", "ʼ", "‘", "`"] {
            let words: Vec<_> =
                folded_words(&format!("Te{apostrophe}ura N{apostrophe}Diaye")).collect();
            assert_eq!(words, ["TE", "URA", "N", "DIAYE"]);
        }
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,40}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }

        #[test]
        fn composed_and_decomposed_accents_are_equal(text in "[a-zA-ZÀ-ÖØ-öø-ÿœŒ' -]{0,40}") {
            let decomposed: String = text.nfd().collect();
            prop_assert_eq!(fold(&decomposed), fold(&text));
        }

        #[test]
        fn letter_by_letter_is_all_at_once(text in "\\PC{0,40}") {
            let mut folded = String::new();
            text.nfd().filter(|letter| !is_combining_mark(*letter)).for_each(|letter| push(letter, &mut folded));
            prop_assert_eq!(fold(&text), folded);
        }

        #[test]
        fn case_does_not_matter(text in "[a-zA-ZÀ-ÖØ-öø-þœŒ' -]{0,40}") {
            prop_assert_eq!(fold(&text.to_uppercase()), fold(&text));
            prop_assert_eq!(fold(&text.to_lowercase()), fold(&text));
        }

        #[test]
        fn words_joined_are_the_folded_text(text in "[a-zA-ZÀ-ÖØ-öø-ÿœŒ' -]{0,40}") {
            prop_assert_eq!(folded_words(&text).collect::<String>(), fold(&text));
        }
    }
}
