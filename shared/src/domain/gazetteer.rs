//! Communes by their name alone: what a *libellé* of birth says when no code came with it.
//!
//! A name is a code only when a single commune has it: there are a dozen `Saint-Denis`. The tables are built the
//! first time that a label is read (35,000 lines, some milliseconds) from the list that is in the binary.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use super::commune::{CommuneCode, named_communes};

struct Gazetteer {
    /// Sorted by name, then by code.
    communes: Vec<(&'static str, CommuneCode)>,
    /// Where those of a name are.
    by_name: HashMap<&'static str, Range<usize>>,
    by_code: HashMap<CommuneCode, &'static str>,
}

static GAZETTEER: LazyLock<Gazetteer> = LazyLock::new(|| {
    let mut communes: Vec<_> = named_communes().collect();
    communes.sort_unstable();
    let mut by_name: HashMap<&'static str, Range<usize>> = HashMap::new();
    for (at, (name, _)) in communes.iter().enumerate() {
        by_name.entry(name).or_insert(at..at).end = at + 1;
    }
    let by_code = communes.iter().map(|(name, code)| (*code, *name)).collect();
    Gazetteer { communes, by_name, by_code }
});

/// The communes of that folded name ([`super::fold::fold`]), whatever their department.
#[must_use]
pub fn communes_named(folded: &str) -> &'static [(&'static str, CommuneCode)] {
    GAZETTEER.by_name.get(folded).map_or(&[], |range| &GAZETTEER.communes[range.clone()])
}

/// The folded name of a commune of today's COG; `None` for arrondissements, countries and former communes.
#[must_use]
pub fn name_of(code: CommuneCode) -> Option<&'static str> {
    GAZETTEER.by_code.get(&code).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_with_all_their_communes() {
        let codes = |name| communes_named(name).iter().map(|(_, code)| code.as_str()).collect::<Vec<_>>();
        assert_eq!(codes("NANTES"), ["44109"]);
        assert!(codes("SAINTDENIS").contains(&"97411") && codes("SAINTDENIS").contains(&"93066"));
        assert!(codes("NANT").iter().all(|code| *code == "12168"));
        assert!(codes("").is_empty() && codes("ZZZZ").is_empty());
    }

    #[test]
    fn codes_have_the_name_that_finds_them() {
        let nantes = CommuneCode::parse("44109").unwrap();
        assert_eq!(name_of(nantes), Some("NANTES"));
        assert_eq!(name_of(CommuneCode::parse("75113").unwrap()), None);
    }
}
