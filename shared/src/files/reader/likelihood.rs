//! How likely the letters of a page of one byte are, as those of French names.
//!
//! The pages agree on ASCII and differ in the rest, so that bytes meant in one are letters in
//! another that stand where no word has them: `Benoît` of DOS is `BenoŒt` in Windows. What a letter
//! costs is about what it takes to say it, in bits: the rarer, the more. The costs of the letters
//! were set by hand after their order in INSEE's lists of names and communes; nothing rests on one
//! of them, since a file has hundreds.

use super::charset::{Charset, Page};

/// What a sign within or beside a word costs, or a third letter in a row that isn't ASCII.
const IMPOSSIBLE: u32 = 16;
/// What a control character costs: a byte that means nothing in the page, more than a letter where
/// it is odd.
const MEANINGLESS: u32 = 24;
/// What a letter of the wrong case costs besides: capitals within words.
const WRONG_CASE: u32 = 8;
/// A letter that costs so much says that the page is hardly the right one: `Ž` and `Š` in French
/// names.
const UNLIKELY: u32 = 9;
/// By how many bits a page has to beat the next one. Measured over names of communes: of files with
/// a single accented one, two in a hundred of Windows' are refused, and of the Macintosh's four in
/// ten, while two in a hundred are read wrong; of files with five, none is either.
const MARGIN: u64 = 6;

/// What it costs to say that a file is of a page: exports of the old Macintosh and of DOS are rare.
fn prior(page: Page) -> u64 {
    match page {
        Page::Windows1252 => 0,
        Page::Latin9 => 1,
        Page::MacRoman | Page::Cp850 => 6,
    }
}

/// How rare a letter is, whatever its case.
fn rarity(letter: char) -> u32 {
    match letter {
        'é' => 1,
        'è' => 3,
        'ç' | 'ë' | 'ï' | 'ô' => 4,
        'î' | 'ê' | 'à' => 5,
        'â' | 'œ' | 'ü' => 6,
        'û' | 'ù' | 'ö' | 'ñ' | 'í' | 'á' | 'ó' => 7,
        'ä' | 'ú' | 'ã' => 8,
        'ÿ' | 'æ' | 'õ' | 'å' | 'ø' | 'ò' | 'ì' | 'ß' => 9,
        'ý' => 10,
        'š' | 'ž' => 11,
        _ => 13,
    }
}

/// What a letter or sign that isn't ASCII costs between those around it.
#[derive(Clone, Copy)]
struct Cost {
    bits: u32,
    /// No word has it there.
    impossible: bool,
}

/// Signs that may touch a word.
fn may_touch_a_word(sign: char) -> bool {
    matches!(sign, '’' | '‘' | '´' | '°' | 'ª' | 'º' | '«' | '»' | '€' | '£' | '©' | '®' | '™')
}

/// A letter of European names, which ligatures, Greek and accents by themselves are not.
fn is_letter(letter: char) -> bool {
    letter.is_ascii_alphabetic() || matches!(letter, 'À'..='Ö' | 'Ø'..='ö' | 'ø'..='ſ')
}

fn cost(before: &[char], letter: char, after: char) -> Cost {
    let previous = before.last().copied().unwrap_or(' ');
    if letter.is_control() || letter == '\u{FFFD}' {
        return Cost { bits: MEANINGLESS, impossible: true };
    }
    if !is_letter(letter) {
        let inside = is_letter(previous) || is_letter(after);
        return match letter {
            '\u{A0}' => Cost { bits: 5, impossible: false },
            '’' if inside => Cost { bits: 4, impossible: false },
            sign if may_touch_a_word(sign) => Cost {
                bits: if is_letter(previous) && is_letter(after) { 9 } else { 6 },
                impossible: false,
            },
            _ if inside => Cost { bits: IMPOSSIBLE, impossible: true },
            _ => Cost { bits: 6, impossible: false },
        };
    }
    let two_before = before.iter().rev().nth(1).copied().unwrap_or(' ');
    let accented = |letter: char| !letter.is_ascii() && is_letter(letter);
    if accented(previous) && accented(two_before) {
        return Cost { bits: IMPOSSIBLE, impossible: true };
    }
    let small: char = letter.to_lowercase().next().unwrap_or(letter);
    let bits = rarity(small);
    if letter.is_uppercase() {
        let within = previous.is_lowercase();
        return Cost { bits: bits + 1 + if within { WRONG_CASE } else { 0 }, impossible: within };
    }
    // On a French keyboard these have a key of their own, and their capitals have none: `LEFèVRE`.
    let has_a_key = matches!(letter, 'é' | 'è' | 'ç' | 'à' | 'ù');
    let among_capitals =
        previous.is_uppercase() && (after.is_uppercase() || two_before.is_uppercase());
    let case = match (among_capitals, has_a_key) {
        (false, _) => 0,
        (true, true) => 4,
        (true, false) => 5,
    };
    Cost { bits: bits + case, impossible: false }
}

/// What each letter of a line costs that isn't ASCII.
fn costs(line: &[u8], page: Page) -> impl Iterator<Item = Cost> {
    let letter = move |at: Option<usize>| {
        at.and_then(|at| line.get(at)).map_or(' ', |byte| page.letter(*byte))
    };
    line.iter().enumerate().filter(|(_, byte)| !byte.is_ascii()).map(move |(at, byte)| {
        let before = [letter(at.checked_sub(2)), letter(at.checked_sub(1))];
        cost(&before, page.letter(*byte), letter(Some(at + 1)))
    })
}

/// Whether a line may be text of a page: nothing in it stands where no word has it.
pub(super) fn is_text(line: &[u8], page: Page) -> bool {
    costs(line, page).all(|cost| !cost.impossible)
}

/// What the lines of a file that are neither ASCII nor UTF-8 cost in each page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Scores {
    bits: [u64; Page::ALL.len()],
    letters: u64,
}

/// Why no page is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// The best one gives words that no name is.
    Unlikely(Charset),
    /// Two are as likely.
    Between(Charset, Charset),
}

impl Scores {
    pub(super) fn add(&mut self, line: &[u8]) {
        self.letters += line.iter().filter(|byte| !byte.is_ascii()).count() as u64;
        for (bits, page) in self.bits.iter_mut().zip(Page::ALL) {
            *bits += costs(line, page).map(|cost| u64::from(cost.bits)).sum::<u64>();
        }
    }

    /// The page that all lines together are likeliest in.
    pub(super) fn best(&self) -> Result<Page, Doubt> {
        let mut ranked: Vec<(u64, Page)> = self
            .bits
            .iter()
            .zip(Page::ALL)
            .map(|(bits, page)| (bits + prior(page), page))
            .collect();
        ranked.sort_by_key(|(bits, _)| *bits);
        let [(bits, best), others @ ..] = ranked.as_slice() else { return Ok(Page::Windows1252) };
        if *bits > self.letters * u64::from(UNLIKELY) + prior(*best) {
            return Err(Doubt::Unlikely(best.charset()));
        }
        // Windows' and ISO's are one text but for a few bytes, which stand in a word in one of them
        // only.
        let is_western = |page: Page| matches!(page, Page::Windows1252 | Page::Latin9);
        let rival = others.iter().find(|(_, page)| !(is_western(*page) && is_western(*best)));
        match rival {
            Some((next, page)) if next - bits < MARGIN => {
                Err(Doubt::Between(best.charset(), page.charset()))
            }
            _ => Ok(*best),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(lines: &[&[u8]]) -> Result<Page, Doubt> {
        let mut scores = Scores::default();
        for line in lines {
            scores.add(line);
        }
        scores.best()
    }

    fn written(page: Page, text: &str) -> Vec<u8> {
        let byte = |letter: char| (0..=u8::MAX).find(|byte| page.letter(*byte) == letter).unwrap();
        text.chars().map(byte).collect()
    }

    #[test]
    fn each_page_is_recognised_by_some_accents() {
        for text in
            ["LEFÈVROUX;Benoît;Agnès", "Renée", "André;HÉLÈNE", "Jérôme;CHÂTELUS", "Gaël;Zoé;Chloé"]
        {
            for page in Page::ALL {
                let found = best(&[&written(page, text)])
                    .map(|found| found.decode(&written(page, text)).into_owned());
                assert_eq!(found.as_deref(), Ok(text), "{page:?}");
            }
        }
    }

    #[test]
    fn small_letters_among_capitals_are_typed_by_people() {
        for text in
            ["LEFèVRE;Zoé", "LEFéVRE;Noël", "FRANçOIS", "L’HÔTELIER", "D’ANGéLY", "Muñoz", "Cœur"]
        {
            let line = written(Page::Windows1252, text);
            assert_eq!(best(&[&line]), Ok(Page::Windows1252), "{text}");
            assert!(is_text(&line, Page::Windows1252), "{text}");
        }
        assert_eq!(best(&[&written(Page::Latin9, "Cœur")]), Ok(Page::Latin9));
        // Alone they are as likely a capital of the Macintosh: `LEFÈVRE`.
        let alone = best(&[&written(Page::Windows1252, "LEFéVRE")]);
        assert_eq!(alone, Err(Doubt::Between(Charset::Windows1252, Charset::MacRoman)));
    }

    #[test]
    fn a_page_that_is_none_of_these_is_refused() {
        let russian = b"\xC8\xE2\xE0\xED\xEE\xE2;\xCF\xE5\xF2\xF0\xEE\xE2\xE8\xF7";
        assert!(matches!(best(&[russian]), Err(Doubt::Unlikely(_))));
        assert!(matches!(
            best(&[b"DU\x8AAN", b"\x8EELJKO"]),
            Err(Doubt::Unlikely(_) | Doubt::Between(..))
        ));
        let mut many: Vec<&[u8]> = vec![b"Ren\xE9e"; 20];
        many.push(b"DU\x8AAN");
        assert_eq!(best(&many), Ok(Page::Windows1252), "one of twenty is a name");
        assert!(is_text(b"DU\x8AAN", Page::Windows1252));
    }

    #[test]
    fn other_lines_do_not_change_the_page() {
        let mut lines: Vec<&[u8]> = vec![b"Ren\xE9e;LEF\xC8VRE"; 5];
        lines.push(b"Ren\x8Ee");
        assert_eq!(best(&lines), Ok(Page::Windows1252));
        assert!(!is_text(b"Ren\x8Ee", Page::Windows1252));
    }
}
