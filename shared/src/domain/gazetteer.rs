//! Communes by their name alone: what a *libellé* of birth says when no code came with it.
//!
//! A name is a code only when a single place has it, today or before: there are a dozen
//! `Saint-Denis`. The tables are built the first time that a label is read (37,000 lines, some
//! milliseconds) from the lists that are in the binary.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use super::commune::{CommuneCode, named_communes};
use super::former_communes::{former_names, was_in};

/// Names that one commune bears and a town abroad that is as well known under it, so that by
/// themselves they are no place: Vienna, Laval in Québec, Venice, Bruges… Ours, for want of a list
/// of towns abroad by their French names.
const ALSO_ABROAD: [&str; 14] = [
    "BERNE", "BREST", "BRUGES", "BULLE", "COLOGNE", "FRIBOURG", "GRENADE", "LAVAL", "LENS", "LEON",
    "MONTREUX", "SION", "VENISE", "VIENNE",
];

struct Gazetteer {
    /// Names with the commune of today, sorted; those that it bore before it merged too.
    communes: Vec<(&'static str, CommuneCode)>,
    /// Where those of a name are.
    by_name: HashMap<&'static str, Range<usize>>,
    by_code: HashMap<CommuneCode, &'static str>,
}

static GAZETTEER: LazyLock<Gazetteer> = LazyLock::new(|| {
    let by_code = named_communes().map(|(name, code)| (code, name)).collect();
    let former = former_names().map(|(name, _, now)| (name, now));
    let mut communes: Vec<_> = named_communes().chain(former).collect();
    communes.sort_unstable();
    communes.dedup();
    let mut by_name: HashMap<&'static str, Range<usize>> = HashMap::new();
    for (at, (name, _)) in communes.iter().enumerate() {
        by_name.entry(name).or_insert(at..at).end = at + 1;
    }
    Gazetteer { communes, by_name, by_code }
});

/// The communes of today that bear or bore that folded name ([`super::fold::fold`]), whatever their
/// department.
#[must_use]
pub fn communes_named(folded: &str) -> &'static [(&'static str, CommuneCode)] {
    GAZETTEER.by_name.get(folded).map_or(&[], |range| &GAZETTEER.communes[range.clone()])
}

/// The commune of today that alone bears or bore that folded name, in France and abroad.
#[must_use]
pub fn only_commune(folded: &str) -> Option<CommuneCode> {
    match communes_named(folded) {
        [(_, only)] if !ALSO_ABROAD.contains(&folded) => Some(*only),
        _ => None,
    }
}

/// The commune of today that alone bears or bore that folded name in a department, which may be one
/// that ended: `75` for the Seine.
#[must_use]
pub fn only_commune_in(folded: &str, department: &str) -> Option<CommuneCode> {
    if !matches!(department.len(), 2 | 3) {
        return None;
    }
    let is_there = |code: CommuneCode| code.department() == department || was_in(code, department);
    let mut there =
        communes_named(folded).iter().map(|(_, code)| *code).filter(|code| is_there(*code));
    match (there.next(), there.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}

/// The folded name of a commune of today's COG; `None` for arrondissements, countries and former
/// communes.
#[must_use]
pub fn name_of(code: CommuneCode) -> Option<&'static str> {
    GAZETTEER.by_code.get(&code).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_with_all_their_communes() {
        let codes =
            |name| communes_named(name).iter().map(|(_, code)| code.as_str()).collect::<Vec<_>>();
        assert_eq!(codes("NANTES"), ["44109"]);
        assert!(codes("SAINTDENIS").contains(&"97411") && codes("SAINTDENIS").contains(&"93066"));
        assert!(codes("NANT").iter().all(|code| *code == "12168"));
        assert!(codes("").is_empty() && codes("ZZZZ").is_empty());
        assert_eq!(codes("SAINTPOLSURMER"), ["59183"], "a name of before");
    }

    #[test]
    fn a_name_is_a_place_when_a_single_one_bears_it_today_before_or_abroad() {
        let only = |name| only_commune(name).map(|code| code.to_string());
        assert_eq!(only("NANTES").as_deref(), Some("44109"));
        assert_eq!(only("ANNECYLEVIEUX").as_deref(), Some("74010"));
        // Cordieux merged, and nobody else bears it; Arbignieu's code went on under another name.
        assert_eq!(only("ARBIGNIEU").as_deref(), Some("01015"));
        assert_eq!(only("VIENNE"), None);
        let shared = former_names().find(|(name, _, now)| {
            named_communes().filter(|(present, _)| present == name).all(|(_, code)| code != *now)
                && named_communes().filter(|(present, _)| present == name).count() == 1
        });
        let (name, ..) = shared.expect("a former name that one other commune bears");
        assert_eq!(only(name), None, "{name}");
        for name in ALSO_ABROAD {
            assert_eq!(communes_named(name).len(), 1, "{name} needs no mention");
        }
    }

    #[test]
    fn codes_have_the_name_that_finds_them() {
        let nantes = CommuneCode::parse("44109").unwrap();
        assert_eq!(name_of(nantes), Some("NANTES"));
        assert_eq!(name_of(CommuneCode::parse("75113").unwrap()), None);
    }
}
