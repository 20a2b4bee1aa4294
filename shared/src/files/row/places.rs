//! Birthplaces: a code, or the name of a commune, which becomes a code when only one place bears
//! it.

use super::dates;
use crate::domain::commune::CommuneCode;
use crate::domain::fold::fold;
use crate::domain::former_communes::{ended_in, is_postal, present};
use crate::domain::gazetteer;
use crate::domain::place_name::PlaceName;

/// What a `lieuNaissance` turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Birthplace {
    /// A code of the COG, of today or before, or a country.
    Known(CommuneCode),
    /// The same, with its first zero gone.
    Completed(CommuneCode),
    /// The same, which is a postal code too: certainly that for whoever was born in `ended` or
    /// later, if its département ended then.
    AlsoPostal { code: CommuneCode, ended: Option<i16> },
    /// A postal code, which is no commune's.
    Postal,
    /// A well-formed code that isn't listed.
    Unlisted(CommuneCode),
    /// The name of a commune, perhaps of several, that gives no code by itself: it is kept as it is
    /// written.
    Named,
    /// None of these.
    Unknown,
}

/// Reads a birthplace: `44109`, `99352`, `Nantes`, `Saint-Denis (93)`, `Saint-Denis`.
pub(super) fn birthplace(text: &str) -> Birthplace {
    if let Some(place) = code(text) {
        return place;
    }
    if let Some(code) = completed(text) {
        return Birthplace::Completed(code);
    }
    let found = match text.strip_suffix(')').and_then(|text| text.rsplit_once('(')) {
        Some((name, department)) => CommuneCode::named(name, department),
        None => gazetteer::only_commune(&fold(text)),
    };
    match found {
        Some(code) => Birthplace::Known(code),
        None if PlaceName::parse(text).is_ok_and(|name| name.is_a_communes()) => Birthplace::Named,
        None => Birthplace::Unknown,
    }
}

fn code(text: &str) -> Option<Birthplace> {
    let known = match CommuneCode::parse(text) {
        Ok(code) if code.is_known() => Some(code),
        Ok(_) => None,
        // Corsica's codes of before 1976 have no form of today.
        Err(_) => present(text),
    };
    match (known, is_postal(text)) {
        (Some(code), true) => {
            Some(Birthplace::AlsoPostal { code, ended: ended_in(text, code.present()) })
        }
        (Some(code), false) => Some(Birthplace::Known(code)),
        (None, true) => Some(Birthplace::Postal),
        (None, false) => CommuneCode::parse(text).ok().map(Birthplace::Unlisted),
    }
}

/// Whether the birthplace of somebody born on that date, as it is written, can only be a postal
/// code: where one is, others of its column may be.
pub(in crate::files) fn is_only_postal(text: &str, birth_date: &str) -> bool {
    if text.len() != CommuneCode::LENGTH {
        return false;
    }
    match code(text) {
        Some(Birthplace::Postal) => true,
        Some(Birthplace::AlsoPostal { ended: Some(ended), .. }) => {
            dates::birth_date(birth_date).is_some_and(|(date, _)| date.year() >= ended)
        }
        _ => false,
    }
}

/// A known code whose first zero a spreadsheet took away: `1053` is `01053`, Bourg-en-Bresse.
pub(super) fn completed(text: &str) -> Option<CommuneCode> {
    let four_digits = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    four_digits
        .then(|| CommuneCode::parse(&format!("0{text}")).ok())
        .flatten()
        .filter(CommuneCode::is_known)
}

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
            ("44000", Birthplace::Postal),
            ("20000", Birthplace::Postal),
            ("13005", Birthplace::AlsoPostal { code: code("13005"), ended: None }),
            ("75012", Birthplace::AlsoPostal { code: code("75012"), ended: Some(1968) }),
            ("20090", Birthplace::AlsoPostal { code: code("2A090"), ended: Some(1976) }),
            ("20004", Birthplace::Known(code("2A004"))),
            ("74011", Birthplace::Known(code("74011"))),
            ("59540", Birthplace::AlsoPostal { code: code("59540"), ended: None }),
            ("98511", Birthplace::Known(code("98511"))),
            ("Saint-Pol-sur-Mer", Birthplace::Known(code("59183"))),
            ("Montreuil (75)", Birthplace::Known(code("93048"))),
            ("Vienne", Birthplace::Named),
            ("Vienne (38)", Birthplace::Known(code("38544"))),
            ("1053", Birthplace::Completed(code("01053"))),
            ("9999", Birthplace::Unknown),
        ] {
            assert_eq!(birthplace(text), expected, "{text}");
        }
        for (text, birth_date, expected) in [
            ("44000", "2004-03-02", true),
            ("75012", "02/03/2004", true),
            ("75012", "02/03/1960", false),
            ("75012", "", false),
            ("13005", "2004-03-02", false),
            ("44109", "2004-03-02", false),
        ] {
            assert_eq!(is_only_postal(text, birth_date), expected, "{text} {birth_date}");
        }
    }
}
