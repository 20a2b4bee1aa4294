//! Communes by their code in the *code officiel géographique* (COG), and the postal-code trap.

use std::fmt;

use super::fold::fold;
use super::{former_communes, gazetteer, serde_as_text};

/// A COG code: five characters. Metropolitan (`44109`), Corsican (`2A004`), overseas (`97411`), a
/// municipal arrondissement (`75113`), a foreign country (`99352`), or a code that history left on
/// birth certificates (`92352`, French Algeria): the form is enforced, not membership of today's
/// list, see [`CommuneCode::is_listed`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CommuneCode([u8; CommuneCode::LENGTH]);

/// Why a text is not a COG code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a COG code is 5 characters: a department (Corsica 2A or 2B, abroad 99) and 3 digits")]
pub struct CommuneCodeError;

impl CommuneCode {
    /// Five characters.
    pub const LENGTH: usize = 5;

    /// Reads a code as API Particulier does, `^([013-9]\d|2[AB1-9])\d{3}$`, whatever the case.
    pub fn parse(text: &str) -> Result<Self, CommuneCodeError> {
        let mut bytes: [u8; Self::LENGTH] =
            text.trim().as_bytes().try_into().map_err(|_| CommuneCodeError)?;
        bytes.make_ascii_uppercase();
        let department = match bytes[0] {
            b'2' => matches!(bytes[1], b'A' | b'B' | b'1'..=b'9'),
            first => first.is_ascii_digit() && bytes[1].is_ascii_digit(),
        };
        if department && bytes[2..].iter().all(u8::is_ascii_digit) {
            Ok(Self(bytes))
        } else {
            Err(CommuneCodeError)
        }
    }

    /// Whether it is a commune or an arrondissement of today's COG, or a country (`99` and three
    /// digits).
    #[must_use]
    pub fn is_listed(&self) -> bool {
        self.0.starts_with(b"99") || listed(self.as_str())
    }

    /// The commune of today: another one when the code is that of a commune that merged, or whose
    /// département changed its code, else itself.
    #[must_use]
    pub fn present(self) -> Self {
        if self.is_listed() {
            self
        } else {
            former_communes::present(self.as_str()).unwrap_or(self)
        }
    }

    /// Whether it is a commune, an arrondissement or a country, of today or of another time.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.present().is_listed()
    }

    /// Whether it is a postal code, and no commune of any time: then it says nothing of a
    /// birthplace.
    #[must_use]
    pub fn is_only_postal(&self) -> bool {
        !self.is_known() && former_communes::is_postal(self.as_str())
    }

    /// The code of a birthplace as a register has it: also the `20004` that Ajaccio was born under
    /// until 1975, as the code of today. A postal code is none.
    ///
    /// # Errors
    ///
    /// The text is no such code.
    pub fn parse_birthplace(text: &str) -> Result<Self, CommuneCodeError> {
        let code = match Self::parse(text) {
            Ok(code) => code,
            Err(error) => return former_communes::present(text.trim()).ok_or(error),
        };
        if code.is_only_postal() { Err(CommuneCodeError) } else { Ok(code) }
    }

    /// The only commune of that name in a department (`44`, `2A`, `971`), whatever the spelling;
    /// not an arrondissement. Name and department may be those of another time: `Montreuil` was in
    /// `75`. `None` when there is none, or several.
    #[must_use]
    pub fn named(name: &str, department: &str) -> Option<Self> {
        gazetteer::only_commune_in(&fold(name), &department.trim().to_ascii_uppercase())
    }

    /// The department: `44`, `2A`, three digits overseas (`974`); `99` abroad.
    #[must_use]
    pub fn department(&self) -> &str {
        let length = if matches!(self.0, [b'9', b'7' | b'8', ..]) { 3 } else { 2 };
        &self.as_str()[..length]
    }

    /// The five characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only ASCII passes `parse`, so this never falls back.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// INSEE's list, sorted, one code a line (see `reference/README.md`).
const COMMUNES: &str = include_str!("../../reference/communes.txt");

/// INSEE's list again: department, folded name, code.
const NAMES: &str = include_str!("../../reference/commune_names.txt");

/// Every line of [`NAMES`]: the folded name and the code.
pub(super) fn named_communes() -> impl Iterator<Item = (&'static str, CommuneCode)> {
    NAMES.lines().filter_map(|line| {
        let mut columns = line.split(';').skip(1);
        Some((columns.next()?, CommuneCode::parse(columns.next()?).ok()?))
    })
}

fn listed(code: &str) -> bool {
    in_list(COMMUNES, code)
}

/// Whether a code is in a list of one a line, sorted.
pub(super) fn in_list(list: &str, code: &str) -> bool {
    // Lines have one length, so the list is searched where it lies in the binary, without being
    // read at start.
    const LINE: usize = CommuneCode::LENGTH + 1;
    let (mut low, mut high) = (0, list.len() / LINE);
    while low < high {
        let middle = usize::midpoint(low, high);
        match list[middle * LINE..][..CommuneCode::LENGTH].cmp(code) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    false
}

impl fmt::Display for CommuneCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for CommuneCode {
    // A birthplace is personal; a commune of study isn't, but the type is the same.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CommuneCode(…)")
    }
}

serde_as_text!(CommuneCode, as_str, CommuneCode::parse);

/// Where an establishment stands: what a postal code in `codeCommune` is resolved against.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    pub commune: CommuneCode,
    /// Its own postal code, CEDEX included.
    pub postal_code: &'a str,
}

/// How a commune of study was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommuneSource {
    /// The feed gave a COG code.
    Given,
    /// The feed gave a postal code; the commune is the establishment's.
    PostalCode,
    /// The feed gave nothing; the commune is the establishment's.
    Unsaid,
}

/// Finds the commune of study behind a `codeCommune`, which the write contract documents as a
/// postal code and the read contract as a COG code; producers send both (domain.md §2.1).
///
/// Some postal codes are also the COG code of another commune (`59300` is Valenciennes by post and
/// Hem-Lenglet in the COG), so the establishment's own postal code is tried first.
pub fn commune_of_study(
    given: &str,
    establishment: Place<'_>,
) -> Result<(CommuneCode, CommuneSource), CommuneCodeError> {
    let given = given.trim();
    if given.is_empty() {
        return Ok((establishment.commune, CommuneSource::Unsaid));
    }
    if given == establishment.postal_code {
        return Ok((establishment.commune, CommuneSource::PostalCode));
    }
    match CommuneCode::parse(given) {
        Ok(code) if code.is_listed() => Ok((code, CommuneSource::Given)),
        Ok(code) if code.is_known() && !former_communes::is_postal(given) => {
            Ok((code.present(), CommuneSource::Given))
        }
        _ if given.len() == CommuneCode::LENGTH
            && given.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            Ok((establishment.commune, CommuneSource::PostalCode))
        }
        Ok(_) | Err(_) => Err(CommuneCodeError),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code(text: &str) -> CommuneCode {
        CommuneCode::parse(text).unwrap()
    }

    #[test]
    fn codes_of_every_kind_are_read() {
        for (text, listed) in [
            ("01001", true),
            ("75113", true),
            ("2a004", true),
            ("2B033", true),
            ("97411", true),
            ("99352", true),
            ("92352", false),
            ("75000", false),
        ] {
            assert_eq!(CommuneCode::parse(text).map(|code| code.is_listed()), Ok(listed), "{text}");
        }
    }

    #[test]
    fn a_commune_is_found_by_its_name_and_department() {
        for (name, department, found) in [
            ("Nantes", "44", Some("44109")),
            ("saint étienne de montluc", "44", Some("44158")),
            ("L'Haÿ-les-Roses", "94", Some("94038")),
            ("Ajaccio", "2a", Some("2A004")),
            ("Saint-Denis", "974", Some("97411")),
            ("Saint-Denis", "93", Some("93066")),
            ("Nantes", "35", None),
            ("Nant", "44", None),
            ("", "44", None),
            ("NANTES;44109\n44", "44", None),
            ("Nantes", "44;", None),
            ("Nantes", "", None),
            ("Saint-Pol-sur-Mer", "59", Some("59183")),
            ("Annecy", "74", Some("74010")),
            ("Annecy-le-Vieux", "74", Some("74010")),
            ("Montreuil", "75", Some("93048")),
            ("Ajaccio", "20", Some("2A004")),
            ("Mamoudzou", "985", Some("97611")),
            ("Vienne", "38", Some("38544")),
        ] {
            assert_eq!(
                CommuneCode::named(name, department),
                found.map(code),
                "{name} {department}"
            );
        }
    }

    #[test]
    fn names_are_folded_and_their_codes_are_listed() {
        for line in NAMES.lines().skip(1) {
            let [department, name, written] = line.split(';').collect::<Vec<_>>()[..] else {
                panic!("{line}")
            };
            assert_eq!(fold(name), name);
            assert!(code(written).is_listed() && written.starts_with(department), "{line}");
        }
    }

    #[test]
    fn a_code_of_another_time_is_the_commune_of_today() {
        for (text, present) in [
            ("59540", "59183"),
            ("98511", "97611"),
            ("75012", "92012"),
            ("44109", "44109"),
            ("92352", "92352"),
        ] {
            assert_eq!(code(text).present(), code(present), "{text}");
        }
        assert!(code("59540").is_known() && !code("44000").is_known() && !code("92352").is_known());
        assert!(
            code("44000").is_only_postal()
                && !code("13005").is_only_postal()
                && !code("92352").is_only_postal()
        );
        for (text, read) in [
            ("20004", Some("2A004")),
            ("2A004", Some("2A004")),
            ("59540", Some("59540")),
            ("92352", Some("92352")),
            ("44000", None),
            ("20000", None),
            ("Nantes", None),
        ] {
            assert_eq!(CommuneCode::parse_birthplace(text).ok(), read.map(code), "{text}");
        }
    }

    #[test]
    fn the_list_is_sorted_and_every_line_is_found() {
        assert!(COMMUNES.lines().is_sorted());
        assert!(COMMUNES.lines().all(|line| code(line).is_listed()));
    }

    #[test]
    fn a_postal_code_becomes_the_establishments_commune() {
        let brest = Place { commune: code("29019"), postal_code: "29200" };
        assert_eq!(commune_of_study("29019", brest), Ok((code("29019"), CommuneSource::Given)));
        assert_eq!(
            commune_of_study("29200", brest),
            Ok((code("29019"), CommuneSource::PostalCode))
        );
        assert_eq!(
            commune_of_study("29609", brest),
            Ok((code("29019"), CommuneSource::PostalCode)),
            "a CEDEX"
        );
        assert_eq!(
            commune_of_study("29232", brest),
            Ok((code("29232"), CommuneSource::Given)),
            "a second site"
        );
        assert_eq!(
            commune_of_study("74011", brest),
            Ok((code("74010"), CommuneSource::Given)),
            "it merged"
        );
        assert_eq!(
            commune_of_study("59540", brest),
            Ok((code("29019"), CommuneSource::PostalCode)),
            "both"
        );
        assert_eq!(commune_of_study(" ", brest), Ok((code("29019"), CommuneSource::Unsaid)));
        assert_eq!(commune_of_study("BREST", brest), Err(CommuneCodeError));
        let valenciennes = Place { commune: code("59606"), postal_code: "59300" };
        assert!(code("59300").is_listed());
        assert_eq!(
            commune_of_study("59300", valenciennes),
            Ok((code("59606"), CommuneSource::PostalCode))
        );
        // Postal codes of Corsica start with 20, which no COG code does.
        let ajaccio = Place { commune: code("2A004"), postal_code: "20000" };
        assert_eq!(
            commune_of_study("20090", ajaccio),
            Ok((code("2A004"), CommuneSource::PostalCode))
        );
    }

    proptest! {
        #[test]
        fn parse_never_panics_and_is_idempotent(text in "\\PC{0,8}") {
            if let Ok(code) = CommuneCode::parse(&text) {
                prop_assert_eq!(CommuneCode::parse(code.as_str()), Ok(code));
            }
        }

        #[test]
        fn any_five_digits_have_a_commune_of_study(digits in "[0-9]{5}") {
            let place = Place { commune: code("29019"), postal_code: "29200" };
            prop_assert!(commune_of_study(&digits, place).is_ok());
        }
    }
}
