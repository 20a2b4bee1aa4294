//! Birthplaces: a code, or the name of a commune, which becomes a code when only one commune bears it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::LazyLock;

use crate::domain::commune::CommuneCode;
use crate::domain::fold::fold;
use crate::domain::place_name::PlaceName;

/// What a `lieuNaissance` turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Birthplace {
    /// A code of today's COG, or a country.
    Known(CommuneCode),
    /// A code with its first zero gone.
    Completed(CommuneCode),
    /// A well-formed code that isn't listed.
    Unlisted(CommuneCode),
    /// The name of a commune, perhaps of several, that gives no code by itself: it is kept as it is written.
    Named,
    /// None of these.
    Unknown,
}

/// Reads a birthplace: `44109`, `99352`, `Nantes`, `Saint-Denis (93)`, `Saint-Denis`.
pub(super) fn birthplace(text: &str) -> Birthplace {
    if let Ok(code) = CommuneCode::parse(text) {
        return if code.is_listed() { Birthplace::Known(code) } else { Birthplace::Unlisted(code) };
    }
    if let Some(code) = completed(text) {
        return Birthplace::Completed(code);
    }
    let folded = match text.strip_suffix(')').and_then(|text| text.rsplit_once('(')) {
        Some((name, department)) => format!("{};{}", fold(department), fold(name)),
        None => fold(text),
    };
    match COMMUNES.get(folded.as_str()) {
        Some(Some(code)) => Birthplace::Known(*code),
        _ if PlaceName::parse(text).is_ok_and(|name| name.is_a_communes()) => Birthplace::Named,
        _ => Birthplace::Unknown,
    }
}

/// A listed code whose first zero a spreadsheet took away: `1053` is `01053`, Bourg-en-Bresse.
pub(super) fn completed(text: &str) -> Option<CommuneCode> {
    let four_digits = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    four_digits.then(|| CommuneCode::parse(&format!("0{text}")).ok()).flatten().filter(CommuneCode::is_listed)
}

/// INSEE's list: department, folded name, code (see `reference/README.md`).
const NAMES: &str = include_str!("../../../reference/commune_names.txt");

/// Communes by name, and by department and name (`93;SAINTDENIS`); `None` for what several share: there are two
/// Saint-Denis of more than 100,000 people, so that name alone says nothing. Made when a first file gives a name,
/// in a few milliseconds.
static COMMUNES: LazyLock<HashMap<&'static str, Option<CommuneCode>>> = LazyLock::new(|| {
    let mut communes = HashMap::new();
    for line in NAMES.lines().filter(|line| !line.starts_with('#')) {
        let Some((place, code)) = line.rsplit_once(';') else { continue };
        let Some((_, name)) = place.split_once(';') else { continue };
        for key in [place, name] {
            match communes.entry(key) {
                Entry::Vacant(entry) => {
                    entry.insert(CommuneCode::parse(code).ok());
                }
                Entry::Occupied(mut entry) => {
                    entry.insert(None);
                }
            }
        }
    }
    communes
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_are_read_and_doubt_is_left_out() {
        let code = |text: &str| CommuneCode::parse(text).unwrap();
        for (text, expected) in [
            ("44109", Birthplace::Known(code("44109"))),
            ("2a004", Birthplace::Known(code("2A004"))),
            ("99352", Birthplace::Known(code("99352"))),
            ("Nantes", Birthplace::Known(code("44109"))),
            ("SAINT ETIENNE DE MONTLUC", Birthplace::Known(code("44158"))),
            ("Saint-Denis (93)", Birthplace::Known(code("93066"))),
            ("Saint-Denis", Birthplace::Named),
            ("Saint-Denis Cedex", Birthplace::Named),
            ("PARIS 13E ARRONDISSEMENT", Birthplace::Named),
            ("ST ETIENNE DE MONTLUC", Birthplace::Named),
            ("Nantes (49)", Birthplace::Named),
            ("Alger", Birthplace::Unknown),
            ("inconnu", Birthplace::Unknown),
            ("(", Birthplace::Unknown),
            ("92352", Birthplace::Unlisted(code("92352"))),
            ("44000", Birthplace::Unlisted(code("44000"))),
            ("1053", Birthplace::Completed(code("01053"))),
            ("9999", Birthplace::Unknown),
        ] {
            assert_eq!(birthplace(text), expected, "{text}");
        }
    }
}
