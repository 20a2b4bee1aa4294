//! Where studies take place: commune → département → académie → région, a strict hierarchy.
//!
//! Saint-Barthélemy and Saint-Martin are counted in the region of their académie, Guadeloupe; what
//! is abroad, or in no département, is one of each (`99`, `A00`, `99`).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::commune::CommuneCode;
use super::uai::Uai;

/// Départements (`D`), académies (`A`) and regions (`R`); see `reference/README.md`.
const TERRITORIES: &str = include_str!("../../reference/territories.txt");

/// A département and what it lies in, by their codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Department {
    /// `44`, `2A`, `974`; `99` abroad.
    pub code: &'static str,
    pub name: &'static str,
    /// `A17`.
    pub academy: &'static str,
    /// `52`.
    pub region: &'static str,
}

/// The prefixes of UAIs that aren't the code of a département: Corsica's two, and Education's own
/// codes of Polynesia and New Caledonia, which the COG numbers otherwise.
const PREFIXES: [(&str, &str); 4] = [("620", "2A"), ("720", "2B"), ("983", "988"), ("984", "987")];

static DEPARTMENTS: LazyLock<BTreeMap<&'static str, Department>> = LazyLock::new(|| {
    let read = |line: &'static str| {
        let mut columns = line.strip_prefix("D;")?.split(';');
        let mut next = || columns.next();
        let code = next()?;
        let (name, academy, region) = (next()?, next()?, next()?);
        Some((code, Department { code, name, academy, region }))
    };
    TERRITORIES.lines().filter_map(read).collect()
});

/// The départements, in the order of their codes.
pub fn departments() -> impl Iterator<Item = &'static Department> {
    DEPARTMENTS.values()
}

/// The name of an académie, `A17`, or of a region, `52`.
#[must_use]
pub fn name_of(code: &str) -> Option<&'static str> {
    TERRITORIES.lines().filter(|line| !line.starts_with('D')).find_map(|line| {
        let (own, name) = line.get(2..)?.split_once(';')?;
        (own == code).then_some(name)
    })
}

/// The département of a commune, of today or before; `None` for a code of no place.
#[must_use]
pub fn of_commune(commune: CommuneCode) -> Option<&'static Department> {
    let present = commune.present();
    present.is_listed().then(|| DEPARTMENTS.get(present.department())).flatten()
}

/// The département that the first three digits of a UAI name: where the establishment was
/// registered first, which isn't always where it is.
#[must_use]
pub fn of_uai(uai: Uai) -> Option<&'static Department> {
    let prefix = uai.as_str().get(..3)?;
    let renamed = PREFIXES.iter().find(|(own, _)| *own == prefix).map(|(_, code)| *code);
    // `044` is Loire-Atlantique, `974` La Réunion. The COG's own 984 is no département of ours.
    let code = renamed.or_else(|| prefix.strip_prefix('0')).unwrap_or(prefix);
    DEPARTMENTS.get(code)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn of(uai: &str) -> Option<&'static str> {
        // The control letter is right whatever the digits.
        let letter = (b'A'..=b'Z')
            .find_map(|letter| Uai::parse(&format!("{uai}{}", char::from(letter))).ok());
        of_uai(letter.unwrap()).map(|department| department.code)
    }

    #[test]
    fn the_hierarchy_is_strict_and_complete() {
        let academies: BTreeSet<_> = departments().map(|one| one.academy).collect();
        // Thirty, the four of lands overseas, and abroad.
        assert_eq!(academies.len(), 35);
        for academy in academies {
            assert!(name_of(academy).is_some(), "{academy}");
            let regions: BTreeSet<_> =
                departments().filter(|one| one.academy == academy).map(|one| one.region).collect();
            assert_eq!(regions.len(), 1, "{academy}");
            assert!(regions.iter().all(|region| name_of(region).is_some()), "{academy}");
        }
        let metropolitan = departments().filter(|one| one.code.len() == 2 && one.code != "99");
        assert_eq!(metropolitan.count(), 96);
    }

    #[test]
    fn communes_of_today_and_before_have_a_departement() {
        let code = |text: &str| of_commune(CommuneCode::parse(text).unwrap()).map(|one| one.code);
        assert_eq!(code("75113"), Some("75"));
        assert_eq!(code("2A004"), Some("2A"));
        assert_eq!(code("97411"), Some("974"));
        assert_eq!(code("98735"), Some("987"));
        assert_eq!(code("99352"), Some("99"));
        assert_eq!(code("92352"), None, "French Algeria is no commune of the Hauts-de-Seine");
    }

    #[test]
    fn a_prefix_is_a_departement_except_where_it_has_its_own_code() {
        for (prefix, department) in [
            ("044", Some("44")),
            ("720", Some("2B")),
            ("620", Some("2A")),
            ("974", Some("974")),
            ("983", Some("988")),
            ("984", Some("987")),
            ("020", None),
            ("500", None),
        ] {
            assert_eq!(of(&format!("{prefix}0001")), department, "{prefix}");
        }
    }
}
