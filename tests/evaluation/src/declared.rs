//! What establishments declare of the people of a labelled set, as a reader of files would have it.

use shared::domain::birth_date::BirthDate;
use shared::domain::civil_identity::CivilIdentity;
use shared::domain::commune::CommuneCode;
use shared::domain::name::PersonName;
use shared::domain::place_name::PlaceName;
use shared::domain::sex::Sex;

use crate::set::{FRANCE, Record};

/// The civil identity of a record; `None` for one that a reader of files refuses: no sex, no date,
/// no name.
#[must_use]
pub fn civil_identity(record: &Record) -> Option<CivilIdentity> {
    let (lieu_naissance, libelle_naissance) = birthplace(record);
    let name = |text: &str| PersonName::parse(text).ok();
    Some(CivilIdentity {
        nom_famille: name(&record.nom_naissance)?,
        nom_usage: name(&record.nom_usage),
        prenom1: name(&record.prenom1)?,
        autres_prenoms: record.autres_prenoms.split_whitespace().filter_map(name).collect(),
        sexe: Sex::parse_forgiving(&record.sexe).ok()?,
        date_naissance: BirthDate::parse(&record.date_naissance).ok()?,
        lieu_naissance,
        libelle_naissance,
    })
}

/// The birthplace as a row of a file has it: the code of a commune or of a country, else the code
/// of the only commune of a name, else the name. A name beside a code isn't read, so it doesn't
/// correct the code.
fn birthplace(record: &Record) -> (Option<CommuneCode>, Option<PlaceName>) {
    let code = |text: &str| CommuneCode::parse(text).ok();
    let country = code(&record.code_pays_naissance).filter(|country| country.as_str() != FRANCE);
    let code = code(&record.code_commune_naissance).or(country);
    let name = PlaceName::parse(&record.libelle_naissance).ok().filter(|_| code.is_none());
    match name.as_ref().and_then(PlaceName::only_commune) {
        Some(only) => (Some(only), None),
        None => (code, name.filter(PlaceName::is_a_communes)),
    }
}
