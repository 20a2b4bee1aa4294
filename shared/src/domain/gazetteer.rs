//! Communes by their name alone: what a *libellé* of birth says when no code came with it.
//!
//! A name is a code only when a single commune has it: there are a dozen `Saint-Denis`. The tables are built the
//! first time that a label is read (35,000 lines, some milliseconds) from the list that is in the binary.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::commune::{CommuneCode, named_communes};

struct Gazetteer {
    /// Sorted by name, then by code.
    by_name: Vec<(&'static str, CommuneCode)>,
    by_code: HashMap<CommuneCode, &'static str>,
}

static GAZETTEER: LazyLock<Gazetteer> = LazyLock::new(|| {
    let mut by_name: Vec<_> = named_communes().collect();
    by_name.sort_unstable();
    let by_code = by_name.iter().map(|(name, code)| (*code, *name)).collect();
    Gazetteer { by_name, by_code }
});

/// The communes of that folded name ([`super::fold::fold`]), whatever their department.
#[must_use]
pub fn communes_named(folded: &str) -> &'static [(&'static str, CommuneCode)] {
    let all = &GAZETTEER.by_name;
    let from = all.partition_point(|(name, _)| *name < folded);
    let count = all[from..].partition_point(|(name, _)| *name == folded);
    &all[from..from + count]
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
