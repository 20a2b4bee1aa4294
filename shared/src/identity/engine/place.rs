//! Where a person was born: a commune by its code or by its name, or a country.

use serde::{Deserialize, Serialize};

use super::frequency;
use super::sound::Sound;
use super::weight::{Bits, bits};
use crate::domain::commune::CommuneCode;
use crate::domain::fold::fold;
use crate::domain::place_name::commune_in;
use crate::domain::{former_communes, gazetteer};

/// The country code of France, `99100`, without its `99`.
const FRANCE: u16 = 100;

/// The largest weight of a place's name: no table tells how many people are born in places of that
/// name.
const NAME: Bits = bits(8.0);

/// A birthplace. The commune of an arrondissement is the city's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Place {
    pub(super) code: Option<PlaceCode>,
    /// The arrondissement's code, when that is what was written.
    district: Option<CommuneCode>,
    /// The folded name: the label's, else the code's.
    pub(super) name: Option<Box<str>>,
    /// Three digits; 0 when unknown.
    country: u16,
}

/// A code of commune, or whatever short code a source writes in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum PlaceCode {
    Commune(CommuneCode),
    /// Not a COG code: only equality means something.
    Other([u8; 8]),
}

impl Place {
    /// Reads a code of commune or country, a label and a code of country, each possibly empty, of
    /// somebody born in that year: a code of then is the commune of today.
    pub(super) fn read(code: &str, label: &str, country: &str, born_in: Option<i16>) -> Self {
        let mut place = Self { country: country_of(country), ..Self::default() };
        let mut code = code.trim();
        if let Some(abroad) = code.strip_prefix("99").filter(|digits| digits.len() == 3) {
            place.country = abroad.parse().unwrap_or(place.country);
            code = "";
        }
        if place.is_abroad() {
            // The label then repeats the country, in many spellings, or names a town that has no
            // code.
            return place;
        }
        let (label, district) = commune_in(label);
        place.read_code(code, &label, born_in);
        place.district = place.district.or(district);
        let name_of_code = match place.code {
            Some(PlaceCode::Commune(code)) => gazetteer::name_of(code).map(|name| (code, name)),
            _ => None,
        };
        // A commune is known by the name of today, whatever it was called then.
        let is_of_code = |code: CommuneCode| {
            gazetteer::communes_named(&label).iter().any(|(_, named)| *named == code)
        };
        place.name = match name_of_code {
            Some((code, name)) if label.is_empty() || is_of_code(code) => Some(name.into()),
            _ => (!label.is_empty()).then(|| label.into()),
        };
        if place.country == 0 && matches!(place.code, Some(PlaceCode::Commune(_))) {
            place.country = FRANCE;
        }
        place
    }

    fn read_code(&mut self, code: &str, label: &str, born_in: Option<i16>) {
        let named = gazetteer::communes_named(label);
        let unique = || gazetteer::only_commune(label).map(PlaceCode::Commune);
        let Some(written) = former_communes::birthplace(code, born_in) else {
            // A postal code says where somebody may have lived, and nothing of another birthplace.
            let other = if former_communes::is_postal(code) { None } else { other_code(code) };
            self.code = other.or_else(unique);
            return;
        };
        let (city, district) = city_of(written);
        self.district = district;
        let agrees = named.is_empty() || named.iter().any(|(_, code)| *code == city);
        if agrees && (written.is_listed() || named.is_empty()) {
            self.code = Some(PlaceCode::Commune(city));
            return;
        }
        // The label names another commune than the code: a slip in five digits is likelier than in
        // a word. The one of the same department, else the only one in the country.
        let mut near = named.iter().filter(|(_, code)| code.department() == written.department());
        self.code = match (near.next(), near.next()) {
            (Some((_, code)), None) => Some(PlaceCode::Commune(*code)),
            _ => unique(),
        };
    }

    pub(super) fn is_abroad(&self) -> bool {
        self.country != 0 && self.country != FRANCE
    }

    /// The commune is known, by its code or its name.
    pub(super) fn has_commune(&self) -> bool {
        self.code.is_some() || self.name.is_some()
    }

    pub(super) fn department(&self) -> Option<&str> {
        match &self.code {
            Some(PlaceCode::Commune(code)) => Some(code.department()),
            _ => None,
        }
    }

    /// The sound of the commune's name, for a blocking key.
    pub(super) fn sound(&self) -> Option<Sound> {
        self.name
            .as_ref()
            .map(|name| Sound::of(name).skeleton().prefix(5))
            .filter(|sound| *sound != Sound::default())
    }

    /// The code, for a blocking key, when it isn't a commune's: it then says something else than
    /// the name.
    pub(super) fn foreign_code(&self) -> Option<[u8; 8]> {
        match self.code {
            Some(PlaceCode::Other(code)) => Some(code),
            _ => None,
        }
    }

    /// So few people are born there that the place and a part of a name make a key.
    pub(super) fn is_small(&self) -> bool {
        self.weight() >= bits(9.0) || self.foreign_code().is_some()
    }

    /// The weight of an agreement on it.
    fn weight(&self) -> Bits {
        match self.code {
            Some(PlaceCode::Commune(code)) => frequency::commune(code),
            Some(PlaceCode::Other(_)) => NAME,
            // Any of the communes of that name may be meant, so that it says less than the code of
            // each.
            None => {
                let named = self.name.as_deref().map_or(&[][..], gazetteer::communes_named);
                frequency::communes(named.iter().map(|(_, code)| *code)).min(NAME)
            }
        }
    }
}

fn country_of(code: &str) -> u16 {
    let code = code.trim();
    code.strip_prefix("99").unwrap_or(code).parse().unwrap_or(0)
}

fn other_code(code: &str) -> Option<PlaceCode> {
    let mut other = [0; 8];
    let folded = fold(code);
    let kept = folded.as_bytes().iter().take(other.len());
    other.iter_mut().zip(kept).for_each(|(place, byte)| *place = *byte);
    (!folded.is_empty()).then_some(PlaceCode::Other(other))
}

/// The city of an arrondissement of Paris, Lyon or Marseille, and the arrondissement.
fn city_of(code: CommuneCode) -> (CommuneCode, Option<CommuneCode>) {
    let city = match code.as_str().as_bytes() {
        [b'7', b'5', b'1', b'0'..=b'2', _] => "75056",
        [b'6', b'9', b'3', b'8', _] => "69123",
        [b'1', b'3', b'2', b'0' | b'1', _] => "13055",
        _ => return (code, None),
    };
    CommuneCode::parse(city).map_or((code, None), |city| (city, Some(code)))
}

/// The levels of agreement of two birthplaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlaceLevel {
    /// The same commune, down to the arrondissement when both say it.
    Same,
    /// The same country, abroad.
    SameCountry,
    /// The same city, another arrondissement.
    OtherDistrict,
    /// One is missing.
    Missing,
    /// A slip apart in the code or the name.
    Slip,
    /// Another commune of the same department: people write where they live, or the next town's
    /// hospital.
    SameDepartment,
    /// Another department.
    Different,
    /// Another country.
    OtherCountry,
}

/// Compares two places; the second value is what the level says.
pub(super) fn compare(left: &Place, right: &Place) -> (PlaceLevel, Bits) {
    if left.is_abroad() || right.is_abroad() {
        return match (left.country, right.country) {
            (0, _) if !left.has_commune() => (PlaceLevel::Missing, Bits::ZERO),
            (_, 0) if !right.has_commune() => (PlaceLevel::Missing, Bits::ZERO),
            // A country says far less than a commune: names go with it.
            (one, other) if one == other => (PlaceLevel::SameCountry, bits(2.5)),
            _ => (PlaceLevel::OtherCountry, bits(-6.0)),
        };
    }
    if !left.has_commune() || !right.has_commune() {
        return (PlaceLevel::Missing, Bits::ZERO);
    }
    if let (Some(one), Some(other)) = (left.foreign_code(), right.foreign_code()) {
        return compare_twofold(left, right, one_digit_or_exchange(one, other));
    }
    let same_code = left.code.is_some() && left.code == right.code;
    let same_name = left.name.is_some() && left.name == right.name;
    if same_code
        || same_name
            && (left.code.is_none()
                || right.code.is_none()
                || left.department() == right.department())
    {
        let weight = left.weight().min(right.weight());
        return match (left.district, right.district) {
            (Some(one), Some(other)) if one == other => (PlaceLevel::Same, weight + bits(2.0)),
            (Some(_), Some(_)) => (PlaceLevel::OtherDistrict, Bits::ZERO),
            _ => (PlaceLevel::Same, weight),
        };
    }
    if one_slip(left, right) {
        return (PlaceLevel::Slip, bits(3.0));
    }
    match (left.department(), right.department()) {
        (Some(one), Some(other)) if one == other => (PlaceLevel::SameDepartment, bits(-2.0)),
        _ => (PlaceLevel::Different, bits(-6.0)),
    }
}

/// A code that isn't a commune's (a postal code of another country) and a name are two statements,
/// which may each be right, mistyped or wrong.
fn compare_twofold(left: &Place, right: &Place, code: Likeness) -> (PlaceLevel, Bits) {
    let name = left.name.as_ref().zip(right.name.as_ref()).map(|(one, other)| {
        if one == other {
            Likeness::Same
        } else if names_alike(one, other) {
            Likeness::Slip
        } else {
            Likeness::Different
        }
    });
    let weight = |likeness: Likeness| match likeness {
        Likeness::Same => bits(6.5),
        Likeness::Slip => bits(4.5),
        Likeness::Different => bits(-6.0),
    };
    let sum = weight(code) + name.map_or(Bits::ZERO, weight);
    match (code, name) {
        (Likeness::Same, None | Some(Likeness::Same | Likeness::Slip))
        | (Likeness::Slip, Some(Likeness::Same)) => (PlaceLevel::Same, sum),
        (Likeness::Different, None | Some(Likeness::Different)) => (PlaceLevel::Different, sum),
        _ => (PlaceLevel::Slip, sum),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Likeness {
    Same,
    Slip,
    Different,
}

fn one_digit_or_exchange(left: [u8; 8], right: [u8; 8]) -> Likeness {
    let different: Vec<usize> = (0..left.len()).filter(|at| left[*at] != right[*at]).collect();
    match different.as_slice() {
        [] => Likeness::Same,
        [_] => Likeness::Slip,
        [one, other]
            if other - one == 1 && left[*one] == right[*other] && left[*other] == right[*one] =>
        {
            Likeness::Slip
        }
        _ => Likeness::Different,
    }
}

/// Towns of one name with more or less of it (`LE CHESNAY`, `LE CHESNAY-ROCQUENCOURT`), or
/// misspelt.
fn names_alike(one: &str, other: &str) -> bool {
    one.len().min(other.len()) > 4
        && (one.starts_with(other)
            || other.starts_with(one)
            || strsim::osa_distance(one, other) <= 2)
}

fn one_slip(left: &Place, right: &Place) -> bool {
    if let (Some(one), Some(other)) = (&left.name, &right.name)
        && (one == other || names_alike(one, other))
    {
        return true;
    }
    // Two codes that are a digit apart name two real communes; a slip leaves one that doesn't
    // exist, and no name.
    let (Some(PlaceCode::Commune(one)), Some(PlaceCode::Commune(other))) = (left.code, right.code)
    else {
        return false;
    };
    let differing = one
        .as_str()
        .bytes()
        .zip(other.as_str().bytes())
        .filter(|(one, other)| one != other)
        .count();
    (!one.is_listed() || !other.is_listed()) && differing == 1
}
