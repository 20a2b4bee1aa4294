//! How much an agreement says: the rarer the value, the more.
//!
//! Agreement on a value that a share `f` of people have is worth −log₂ f bits. The shares come from
//! the tables of `shared/reference`, whose origin its README tells; a value that isn't listed is
//! rare, and is worth a cautious constant: no table can tell the rare from the very rare.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::sound::Sound;
use super::weight::{Bits, bits};
use crate::domain::commune::CommuneCode;

const GIVEN_NAMES: &str = include_str!("../../../reference/given_names.txt");
const SURNAMES: &str = include_str!("../../../reference/surnames.txt");
const COMMUNE_SIZES: &str = include_str!("../../../reference/commune_sizes.txt");

/// Unlisted surnames: at most 6 people in 40,000 have one (12.7 bits), mostly far fewer.
pub(super) const RARE_SURNAME: Bits = bits(14.0);
/// Unlisted given names: fewer than 60 births in a generation.
pub(super) const RARE_GIVEN_NAME: Bits = bits(12.0);
/// Communes under 5,000 inhabitants: some 29,000 of them share a third of births, and none is much
/// likelier.
const SMALL_COMMUNE: Bits = bits(10.0);
/// People are born where the maternity wards are, about three times more often than where they
/// live.
const MATERNITY: f64 = 3.0;
const FRANCE: f64 = 68_950_000.0;
const PER: f64 = 1_000_000.0;

static SURNAME_BITS: LazyLock<HashMap<&'static str, Bits>> = LazyLock::new(|| table(SURNAMES, PER));
static GIVEN_NAME_BITS: LazyLock<HashMap<&'static str, Bits>> =
    LazyLock::new(|| table(GIVEN_NAMES, PER));
static COMMUNE_BITS: LazyLock<HashMap<&'static str, Bits>> =
    LazyLock::new(|| table(COMMUNE_SIZES, FRANCE / MATERNITY));

/// By how they sound, names of both kinds together: any of them may stand in the other's place.
static SKELETON_BITS: LazyLock<HashMap<Sound, Bits>> = LazyLock::new(|| {
    let share = |text: &'static str| {
        let mut shares: HashMap<Sound, f64> = HashMap::new();
        for (name, count) in text.lines().filter_map(|line| line.split_once(';')) {
            *shares.entry(Sound::of(name).skeleton()).or_default() +=
                count.parse::<f64>().unwrap_or_default() / PER;
        }
        shares
    };
    let mut shares = share(SURNAMES);
    for (skeleton, share) in share(GIVEN_NAMES) {
        let of_surnames = shares.entry(skeleton).or_default();
        *of_surnames = of_surnames.max(share);
    }
    shares
        .into_iter()
        .map(|(skeleton, share)| (skeleton, bits(-share.log2()).min(RARE_SURNAME)))
        .collect()
});

fn table(text: &'static str, whole: f64) -> HashMap<&'static str, Bits> {
    text.lines()
        .filter_map(|line| line.split_once(';'))
        .filter_map(|(key, count)| Some((key, bits((whole / count.parse::<f64>().ok()?).log2()))))
        .collect()
}

/// The weight of an equal surname, folded.
pub(super) fn surname(folded: &str) -> Bits {
    SURNAME_BITS.get(folded).copied().unwrap_or(RARE_SURNAME).min(RARE_SURNAME)
}

/// The weight of an equal given name, folded; `None` when nobody, or nearly, was given it in
/// France.
pub(super) fn given_name(folded: &str) -> Option<Bits> {
    GIVEN_NAME_BITS.get(folded).map(|known| (*known).min(RARE_GIVEN_NAME))
}

/// The weight of an equal skeleton of a name, surname or given name.
pub(super) fn skeleton(skeleton: Sound) -> Bits {
    SKELETON_BITS.get(&skeleton).copied().unwrap_or(RARE_SURNAME)
}

/// The weight of an equal commune of birth.
pub(super) fn commune(code: CommuneCode) -> Bits {
    COMMUNE_BITS.get(code.as_str()).copied().unwrap_or(SMALL_COMMUNE).min(SMALL_COMMUNE)
}

/// The weight of an equal name that these communes bear. Small ones, whose sizes no table has, add
/// little to the others, and are together a small commune.
pub(super) fn communes(codes: impl Iterator<Item = CommuneCode>) -> Bits {
    let known = codes.filter_map(|code| COMMUNE_BITS.get(code.as_str()));
    let share: f64 = known.map(|known| (-known.value()).exp2()).sum();
    if share > 0.0 { bits(-share.log2()).min(SMALL_COMMUNE) } else { SMALL_COMMUNE }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_values_say_less() {
        assert!(surname("MARTIN") < surname("CASTELBOU"));
        assert!(given_name("MARIE").unwrap() < given_name("ORLANE").unwrap());
        assert_eq!(given_name("XQZWV"), None);
        let commune = |code| commune(CommuneCode::parse(code).unwrap());
        assert!(commune("75056") < commune("44109") && commune("44109") < commune("86079"));
    }

    #[test]
    fn a_name_says_less_than_the_code_of_each_commune_that_bears_it() {
        let code = |code| CommuneCode::parse(code).unwrap();
        let both = communes(["93066", "97411"].map(code).into_iter());
        assert!(both < commune(code("93066")) && both < commune(code("97411")));
        assert_eq!(communes(["44109"].map(code).into_iter()), commune(code("44109")));
        assert_eq!(communes(std::iter::empty()), SMALL_COMMUNE);
    }

    #[test]
    fn nothing_says_nothing_or_too_much() {
        for table in [&*SURNAME_BITS, &*GIVEN_NAME_BITS, &*COMMUNE_BITS] {
            assert!(table.values().all(|value| (bits(2.0)..bits(24.0)).contains(value)));
        }
    }
}
