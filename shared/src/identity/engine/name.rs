//! Surnames and given names, prepared once so that comparing two people allocates nothing in the
//! common case.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::frequency;
use super::sound::Sound;
use super::weight::{Bits, bits};
use crate::domain::fold::folded_words;

/// Words that families gain and lose between two forms: `LE GUEZIEC` and `GUEZIEC`, `EL GASMI` and
/// `ELGASMI`.
const PARTICLES: &[&str] = &[
    "D", "DA", "DAL", "DE", "DEL", "DELA", "DELLA", "DELES", "DEN", "DER", "DES", "DI", "DO",
    "DOS", "DU", "EL", "L", "LA", "LE", "LES", "LO", "AL", "BEN", "VAN", "VANDE", "VANDEN",
    "VANDER", "VON", "Y", "E",
];

/// A folded word with what comparing it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: Box<str>,
    pub(super) sound: Sound,
    /// The weight of an agreement on it.
    pub(super) weight: Bits,
    /// Whether people really have this name, so that it is unlikely to be another name mistyped.
    pub(super) listed: bool,
}

impl Word {
    fn surname(text: String) -> Self {
        // A short part of a name (`AIT`, `DIT`, `BEN`) is shared by many families.
        let short = text.chars().count() < 4;
        let weight = frequency::surname(&text);
        let weight = if short { weight.min(bits(10.0)) } else { weight };
        Self { sound: Sound::of(&text), weight, listed: false, text: text.into() }
    }

    fn given(text: String) -> Self {
        let known = frequency::given_name(&text);
        let weight = known.unwrap_or(frequency::RARE_GIVEN_NAME);
        Self { sound: Sound::of(&text), weight, listed: known.is_some(), text: text.into() }
    }

    fn len(&self) -> usize {
        self.text.len()
    }
}

/// A surname: as one word, and as its parts without particles when it has several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Surname {
    pub(super) whole: Word,
    parts: Box<[Word]>,
}

impl Surname {
    /// Reads a surname in any spelling; `None` when it has no letter.
    pub(super) fn read(text: &str) -> Option<Self> {
        let words: Vec<String> = folded_words(text).collect();
        let whole = words.concat();
        if whole.is_empty() {
            return None;
        }
        let mut parts = Vec::new();
        if words.len() > 1 {
            let cores = words.iter().filter(|word| !is_particle(word));
            parts = cores.cloned().map(Word::surname).collect();
        }
        let mut whole = Word::surname(whole);
        if parts.len() > 1 {
            // A double-barrelled name isn't in the table of frequencies; both of its halves are.
            whole.weight =
                parts.iter().map(|part| part.weight).sum::<Bits>().min(frequency::RARE_SURNAME);
        }
        Some(Self { whole, parts: parts.into() })
    }

    /// The words that carry the name: its parts, or the whole.
    pub(super) fn cores(&self) -> &[Word] {
        if self.parts.is_empty() { std::slice::from_ref(&self.whole) } else { &self.parts }
    }
}

/// Given names in the order of the register. The first may be a compound (`JEAN CLAUDE`), which
/// nobody can tell from two names once its hyphen is lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GivenNames {
    pub(super) first: Word,
    /// The first name's words when it is a compound, else empty.
    compound: Box<[Word]>,
    pub(super) others: Box<[Word]>,
}

impl GivenNames {
    /// Reads the first given name and the others; `None` when the first has no letter.
    pub(super) fn read(first: &str, others: &str) -> Option<Self> {
        let words: Vec<String> = folded_words(first).collect();
        let whole = words.concat();
        if whole.is_empty() {
            return None;
        }
        let mut compound = Vec::new();
        if words.len() > 1 {
            compound = words.into_iter().map(Word::given).collect();
        }
        let mut first = Word::given(whole);
        if !first.listed && compound.len() > 1 {
            first.weight = compound
                .iter()
                .map(|word| word.weight)
                .sum::<Bits>()
                .min(frequency::RARE_GIVEN_NAME);
        }
        let others = folded_words(others).map(Word::given).collect();
        Some(Self { first, compound: compound.into(), others })
    }

    /// The words of the first name.
    pub(super) fn firsts(&self) -> &[Word] {
        if self.compound.is_empty() { std::slice::from_ref(&self.first) } else { &self.compound }
    }

    /// The first name, then each of the others, read as surnames, to see whether they were
    /// exchanged.
    pub(super) fn as_surnames(&self) -> impl Iterator<Item = Surname> {
        let words: Vec<&str> = self.firsts().iter().map(|word| &*word.text).collect();
        let first = Surname::read(&words.join(" "));
        first.into_iter().chain(self.others.iter().filter_map(|word| Surname::read(&word.text)))
    }

    /// Whether the list holds this name, misspelt perhaps.
    pub(super) fn hold(&self, name: &Word) -> bool {
        self.first.text == name.text
            || self.all().any(|own| own.text == name.text || alike(own, name).is_some())
    }

    /// Every word, in order.
    pub(super) fn all(&self) -> impl Iterator<Item = &Word> {
        self.firsts().iter().chain(&self.others)
    }
}

pub(super) fn is_particle(folded: &str) -> bool {
    PARTICLES.contains(&folded)
}

/// The ways in which two unequal words may be one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Alike {
    /// They sound the same.
    Sound,
    /// A slip of the hand, or letters that a scanner confuses.
    Slip,
    /// Two slips, or one and a confusion of sounds.
    Far,
}

/// Whether two different words may be one, misspelt.
pub(super) fn alike(left: &Word, right: &Word) -> Option<Alike> {
    let shorter = left.len().min(right.len());
    if left.sound == right.sound && shorter > 1 {
        return Some(Alike::Sound);
    }
    if shorter < 3 || left.len().abs_diff(right.len()) > 3 || !may_be_alike(left, right) {
        return None;
    }
    let distance = strsim::osa_distance(&left.text, &right.text);
    // In three letters one slip makes another word more often than not.
    if distance == 1 && shorter > 3 || distance == 2 && shorter > 7 {
        return Some(Alike::Slip);
    }
    if distance < 5 && seen_by_scanner(&left.text) == seen_by_scanner(&right.text) {
        return Some(Alike::Slip);
    }
    let far = distance == 1 || distance == 2 && shorter > 4 || distance == 3 && shorter > 7;
    far.then_some(Alike::Far)
}

/// They have nearly the same letters. Strangers' names mostly don't, and this costs a tenth of
/// measuring a distance: a slip changes two letters of the set at most, and three slips are the
/// most that is forgiven.
pub(super) fn may_be_alike(left: &Word, right: &Word) -> bool {
    let letters = |word: &Word| word.text.bytes().fold(0_u32, |set, byte| set | 1 << (byte & 31));
    (letters(left) ^ letters(right)).count_ones() <= 6
}

/// The word with one letter for those that optical reading confuses.
fn seen_by_scanner(text: &str) -> String {
    let mut seen = text
        .replace("RN", "M")
        .replace("CL", "D")
        .replace("VV", "W")
        .replace("RI", "N")
        .replace("LI", "U")
        .replace("II", "U");
    // Safe on any text: bytes above ASCII are never touched.
    seen = seen
        .chars()
        .map(|letter| match letter {
            '0' | 'Q' => 'O',
            '1' | 'L' | 'J' => 'I',
            '5' => 'S',
            '8' => 'B',
            '2' => 'Z',
            'C' => 'E',
            other => other,
        })
        .collect();
    seen
}

/// The levels of agreement of two surnames, from equal to different.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SurnameLevel {
    /// The same, spelling habits apart.
    Same,
    /// The same but for a particle.
    Particle,
    /// One is a part of the other, double-barrelled.
    Part,
    /// They sound the same.
    Sound,
    /// A slip apart.
    Slip,
    /// Two slips apart, or a slip within one part of a double-barrelled name.
    Far,
    /// Double-barrelled, each with a part that the other hasn't: two families that share one, more
    /// often than not.
    Half,
    /// One is missing.
    Missing,
    Different,
}

/// Compares two surnames; the second value is what the level says.
pub(super) fn compare_surnames(left: &Surname, right: &Surname) -> (SurnameLevel, Bits) {
    let weight = left.whole.weight.min(right.whole.weight);
    if left.whole.text == right.whole.text {
        return (SurnameLevel::Same, weight);
    }
    let (longer, shorter) =
        if left.whole.len() >= right.whole.len() { (left, right) } else { (right, left) };
    let before = longer.whole.text.strip_suffix(&*shorter.whole.text);
    if shorter.whole.len() > 2 && before.is_some_and(is_particle) {
        return (SurnameLevel::Particle, shorter.whole.weight - bits(1.0));
    }
    if left.cores().len() > 1 || right.cores().len() > 1 {
        let has =
            |name: &Surname, part: &Word| name.cores().iter().any(|own| own.text == part.text);
        let all =
            |name: &Surname, other: &Surname| name.cores().iter().all(|part| has(other, part));
        if all(left, right) && all(right, left) {
            return (SurnameLevel::Same, weight);
        }
        if let Some(part) =
            left.cores().iter().filter(|part| has(right, part)).max_by_key(|part| part.weight)
        {
            // `ESTEVES NASCIMENTO` and `NASCIMENTO ALVES` are two families; `NASCIMENTO` may be
            // either.
            let known = |name: &Surname, part: &Word| {
                name.cores().iter().any(|own| own.text == part.text || alike(own, part).is_some())
            };
            let within = |name: &Surname, other: &Surname| {
                name.cores().iter().all(|part| known(other, part))
            };
            let contained = match left.cores().len().cmp(&right.cores().len()) {
                Ordering::Less => within(left, right),
                Ordering::Greater => within(right, left),
                // A part that comes twice in one of them is in the other, and the other's is not in
                // it.
                Ordering::Equal => within(left, right) && within(right, left),
            };
            return if contained {
                (SurnameLevel::Part, part.weight - bits(1.5))
            } else {
                (SurnameLevel::Half, (part.weight - bits(6.0)).or_nothing())
            };
        }
    }
    if shorter.whole.len() > 4
        && (before.is_some() || longer.whole.text.starts_with(&*shorter.whole.text))
    {
        return (SurnameLevel::Part, shorter.whole.weight - bits(3.0));
    }
    let wholes = alike(&left.whole, &right.whole);
    match wholes {
        Some(Alike::Sound) => return (SurnameLevel::Sound, (weight - bits(2.5)).or_nothing()),
        Some(Alike::Slip) => return (SurnameLevel::Slip, (weight - bits(3.5)).or_nothing()),
        _ => {}
    }
    if left.parts.is_empty() && right.parts.is_empty() {
        return match wholes {
            Some(_) => (SurnameLevel::Far, (weight - bits(7.0)).or_nothing()),
            None => DIFFERENT_SURNAMES,
        };
    }
    let parts =
        left.cores().iter().flat_map(|part| right.cores().iter().map(move |other| (part, other)));
    let closest = parts
        .filter_map(|(part, other)| Some((alike(part, other)?, part.weight.min(other.weight))))
        .min();
    match closest {
        Some((Alike::Sound | Alike::Slip, weight)) => {
            (SurnameLevel::Far, (weight - bits(6.0)).or_nothing())
        }
        Some((Alike::Far, weight)) => (SurnameLevel::Far, (weight - bits(7.0)).or_nothing()),
        None => DIFFERENT_SURNAMES,
    }
}

const DIFFERENT_SURNAMES: (SurnameLevel, Bits) = (SurnameLevel::Different, bits(-7.0));

/// The levels of agreement of two lists of given names, by their first names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GivenLevel {
    /// The first names are the same.
    Same,
    /// One continues as the other's compound: `JEAN`, then `CLAUDE`, and `JEAN-CLAUDE`.
    Compound,
    /// The same names in another order.
    Reordered,
    /// They sound the same, and differ by a slip inside a name of the list: `YANIS` and `YANNIS`.
    Sound,
    /// A slip inside a name of the list, which makes no other name of it: `MANON` and `MNAON`.
    Slip,
    /// A name of the list and a spelling that it lacks, alike otherwise: a letter replaced, another
    /// ending, two slips. `MANON` and `MANEN` are one name misspelt, or twins.
    Near,
    /// A short form: `MAX` and `MAXIME`, `JEAN` and `JEAN-CLAUDE`.
    Far,
    /// The first name of one is a further name of the other, whose own first name it lacks: a usual
    /// name, or a twin who was given the other's name as a second one.
    Among,
    /// Alike, and both of the list, or neither: `LÉNA` and `LÉANA`, `BIVO` and `BIVI` are twins
    /// rather than a mistake.
    Lookalike,
    /// One is missing, or only an initial.
    Missing,
    Different,
}

/// Whether one slip inside a name makes the other: a letter that is dropped, doubled, or exchanged
/// with its neighbour, the first and the last staying what they are. Parents who name twins alike
/// replace a letter or the ending.
fn is_slip_inside(left: &Word, right: &Word) -> bool {
    let (longer, shorter) = if left.len() >= right.len() { (left, right) } else { (right, left) };
    let (long, short) = (longer.text.as_bytes(), shorter.text.as_bytes());
    if short.len() < 4 || long.first() != short.first() || long.last() != short.last() {
        return false;
    }
    let first = long.iter().zip(short).position(|(one, other)| one != other).unwrap_or(short.len());
    match long.len() - short.len() {
        0 => {
            long.len() > first + 1
                && (long[first], long[first + 1]) == (short[first + 1], short[first])
                && long[first + 2..] == short[first + 2..]
        }
        1 => long[first + 1..] == short[first..],
        _ => false,
    }
}

/// Compares two lists of given names by their first ones; the second value is what the level says.
pub(super) fn compare_given(left: &GivenNames, right: &GivenNames) -> (GivenLevel, Bits) {
    let weight = left.first.weight.min(right.first.weight);
    if left.first.text == right.first.text {
        return (GivenLevel::Same, weight);
    }
    let (longer, shorter) =
        if left.first.len() >= right.first.len() { (left, right) } else { (right, left) };
    if shorter.first.len() == 1 {
        let initial = longer.first.text.starts_with(&*shorter.first.text);
        return if initial {
            (GivenLevel::Missing, bits(2.0))
        } else {
            (GivenLevel::Different, bits(-7.0))
        };
    }
    // `JEAN MAXIME` may be a compound or two names: it begins as `JEAN`, or as `JEAN MAXIME PAUL`.
    let begins = |of: &GivenNames, all: &GivenNames| {
        of.firsts().len() < all.firsts().len()
            && of.firsts().iter().zip(all.firsts()).all(|(word, other)| word.text == other.text)
    };
    if begins(left, right) || begins(right, left) {
        let (fewer, more) =
            if left.firsts().len() < right.firsts().len() { (left, right) } else { (right, left) };
        let continued =
            more.firsts().iter().zip(fewer.all()).all(|(word, other)| word.text == other.text)
                && fewer.all().count() >= more.firsts().len();
        // `JEAN`, with nothing after it, may be the twin of `JEAN-LOUIS`.
        let level = if continued { GivenLevel::Compound } else { GivenLevel::Far };
        return (level, shorter.first.weight.min(longer.first.weight) - bits(1.5));
    }
    let holds = |names: &GivenNames, name: &Word| names.all().any(|other| other.text == name.text);
    let (left_in_right, right_in_left) = (holds(right, &left.first), holds(left, &right.first));
    if left_in_right || right_in_left {
        let shared = if left_in_right { &left.first } else { &right.first };
        let level =
            if left_in_right && right_in_left { GivenLevel::Reordered } else { GivenLevel::Among };
        return (level, (shared.weight - bits(2.5)).or_nothing());
    }
    let slip = is_slip_inside(&left.first, &right.first);
    let listed = (left.first.listed, right.first.listed);
    let one_listed = listed.0 != listed.1;
    let short_form = shorter.first.len() > 2 && longer.first.text.starts_with(&*shorter.first.text);
    let Some(alike) = alike(&left.first, &right.first) else {
        return if short_form {
            (GivenLevel::Far, (weight - bits(5.0)).or_nothing())
        } else {
            (GivenLevel::Different, bits(-8.0))
        };
    };
    let cost = match alike {
        Alike::Sound => bits(2.0),
        Alike::Slip => bits(3.0),
        Alike::Far => bits(6.0),
    };
    let level = match (alike, listed) {
        (Alike::Sound, (true, _) | (_, true)) if slip => GivenLevel::Sound,
        (Alike::Slip, _) if slip && one_listed => GivenLevel::Slip,
        (Alike::Sound, _) if slip || listed != (false, false) => GivenLevel::Near,
        (Alike::Slip, _) if one_listed || slip && !listed.0 => GivenLevel::Near,
        _ if short_form => GivenLevel::Far,
        (Alike::Far, _) if one_listed => GivenLevel::Near,
        (Alike::Far, (true, true)) => return (GivenLevel::Different, bits(-6.0)),
        (_, (true, true)) => return (GivenLevel::Lookalike, bits(1.0)),
        _ => GivenLevel::Lookalike,
    };
    let cost = if level == GivenLevel::Far { bits(5.0) } else { cost };
    (level, (weight - cost).or_nothing())
}

/// Whether the further given names agree: one list, beside the first name, continues the other. The
/// second word of a compound first name is none of them, because twins may be `LINA-ROSE` and
/// `LINE-ROSE`.
pub(super) fn further_names_agree(left: &GivenNames, right: &GivenNames) -> bool {
    let (shorter, longer) =
        if left.others.len() <= right.others.len() { (left, right) } else { (right, left) };
    let known = |name: &Word| longer.others.iter().any(|other| other.text == name.text);
    !shorter.others.is_empty() && shorter.others.iter().all(known)
}

/// The levels of agreement of the given names after the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OthersLevel {
    /// One list continues the other.
    Shared,
    /// One side has none (most establishments send only the first), or they agree on some and not
    /// on others.
    Missing,
    /// Both have some, none in common.
    Disjoint,
}

/// Compares the given names after the first, as sets, since the order is often lost.
pub(super) fn compare_others(left: &GivenNames, right: &GivenNames) -> (OthersLevel, Bits) {
    // `JEAN CLAUDE` and `JEAN`, `CLAUDE` have the same first name, written as one or as two: CLAUDE
    // is no other name.
    let (shorter, longer) =
        if left.firsts().len() <= right.firsts().len() { (left, right) } else { (right, left) };
    let one_first =
        longer.firsts().iter().zip(shorter.all()).all(|(word, other)| word.text == other.text);
    let skipped = if one_first { longer.firsts().len() } else { 1 };
    let rest = |names| GivenNames::all(names).skip(skipped);
    if rest(left).next().is_none() || rest(right).next().is_none() {
        return (OthersLevel::Missing, Bits::ZERO);
    }
    let known = |name: &Word, names: &GivenNames| {
        names.all().any(|other| other.text == name.text || alike(other, name).is_some())
    };
    let adds = |one: &GivenNames, other: &GivenNames| one.all().any(|name| !known(name, other));
    if adds(left, right) && adds(right, left) {
        let some =
            rest(left).any(|name| known(name, right)) || rest(right).any(|name| known(name, left));
        return if some {
            (OthersLevel::Missing, Bits::ZERO)
        } else {
            (OthersLevel::Disjoint, bits(-5.0))
        };
    }
    // At most one counts, and not in full: a family gives its names together.
    let shared = |one, other: &GivenNames| {
        let shared = rest(one).filter(|name| other.all().any(|known| known.text == name.text));
        shared.map(|name| name.weight.min(bits(6.0))).max()
    };
    match shared(left, right).max(shared(right, left)) {
        Some(bits) => (OthersLevel::Shared, bits),
        None => (OthersLevel::Missing, Bits::ZERO),
    }
}
