//! Who a row is about.

use std::borrow::Cow;

use jiff::civil::Date;

use super::enrolment::What;
use super::places::{self, Birthplace};
use super::{Reported, Row, Values, dates};
use crate::domain::academic_year::AcademicYear;
use crate::domain::birth_date::BirthDate;
use crate::domain::civil_identity::CivilIdentity;
use crate::domain::commune::CommuneCode;
use crate::domain::enrolment::{Pair, StatedPerson};
use crate::domain::fold::is_apostrophe;
use crate::domain::ine::{Checksum, Ine, IneForm};
use crate::domain::name::{NameError, PersonName};
use crate::domain::place_name::PlaceName;
use crate::domain::sex::Sex;
use crate::files::column::Column;
use crate::files::problem::RowRule;
use crate::identity::digest::Named;

/// Ages that nobody has on the first day of an enrolment. Students of 12 and of 96 have been in the
/// papers, and a rejected row denies a right, so the bounds only catch slips: the current year for
/// the birth year, a century off.
const POSSIBLE_AGES: std::ops::RangeInclusive<i16> = 11..=100;
/// Ages that all but some hundreds of students have.
const USUAL_AGES: std::ops::RangeInclusive<i16> = 15..=70;
/// The first academic year of the RNIE's numbers in higher education (domain.md §7.1: since 2018).
const FIRST_RNIE_YEAR: i16 = 2018;

const NAMES: [Column; 5] =
    [Column::NomFamille, Column::NomUsage, Column::Prenom1, Column::Prenom2, Column::Prenom3];

/// What a row says of the person, value by value.
pub(super) struct Who {
    ine: Result<Option<Ine>, Reported>,
    number: Result<Option<String>, Reported>,
    birth_date: Result<BirthDate, Reported>,
    /// `None` when the row leaves every name blank and gives an INE, the write contract's way.
    civil: Result<Option<CivilIdentity>, Reported>,
}

impl Who {
    /// The parts of a declaration, if all are well formed.
    pub(super) fn declared(self) -> Option<(Option<Ine>, Option<String>, StatedPerson)> {
        let (Ok(ine), Ok(number), Ok(birth_date), Ok(civil)) =
            (self.ine, self.number, self.birth_date, self.civil)
        else {
            return None;
        };
        let person = match civil {
            Some(identity) => StatedPerson::Civil(identity),
            None => StatedPerson::Pair(Pair { date_naissance: birth_date, registre: None }),
        };
        Some((ine, number, person))
    }

    /// How the establishment names the student, if that is beyond doubt.
    pub(super) fn named(&self) -> Option<Named<'static>> {
        match (&self.number, &self.ine, &self.civil) {
            (Ok(Some(number)), _, _) => Some(Named::Number(Cow::Owned(number.clone()))),
            (Ok(None), Ok(Some(ine)), _) => Some(Named::Ine(*ine)),
            (Ok(None), Ok(None), Ok(Some(identity))) => {
                Some(Named::Identity(Cow::Owned(identity.clone())))
            }
            _ => None,
        }
    }
}

pub(super) fn read<V: Values>(row: &mut Row<'_, '_, V>) -> Who {
    let ine = ine(row);
    if let Ok(Some(ine)) = &ine
        && ine.checksum() == Checksum::Invalid
    {
        row.note(Column::Ine, RowRule::IneCleFausse);
    }
    let birth_date = row.dated(Column::DateNaissance, dates::birth_date);
    let number = row.code(Column::NumeroEtudiant);

    let nameless = NAMES.into_iter().all(|column| row.value(column).is_empty());
    let civil = if nameless && !row.value(Column::Ine).is_empty() {
        Ok(None)
    } else {
        civil_identity(row, birth_date).map(Some)
    };
    Who { ine, number, birth_date, civil }
}

/// The INE, which some software exports in two columns: Apogée has ten characters in `COD_NNE_IND`
/// and the last one in `COD_CLE_NNE_IND`.
fn ine<V: Values>(row: &mut Row<'_, '_, V>) -> Result<Option<Ine>, Reported> {
    let (number, key) = (row.value(Column::Ine), row.value(Column::CleIne));
    if number.is_empty() && key.is_empty() {
        return Ok(None);
    }
    let ends_so = number.len() == Ine::LENGTH
        && number.get(Ine::LENGTH - key.len().min(Ine::LENGTH)..) == Some(key);
    let parsed = if key.is_empty() || ends_so {
        Ine::parse(number)
    } else {
        Ine::parse(&format!("{number}{key}"))
    };
    // A number that is whole has a key too many.
    let wrong =
        if key.is_empty() || number.len() != Ine::LENGTH { Column::Ine } else { Column::CleIne };
    parsed.map(Some).map_err(|_| row.note(wrong, RowRule::IneInvalide))
}

fn civil_identity<V: Values>(
    row: &mut Row<'_, '_, V>,
    birth_date: Result<BirthDate, Reported>,
) -> Result<CivilIdentity, Reported> {
    let family = name(row, Column::NomFamille);
    let usage = optional_name(row, Column::NomUsage);
    let given = given_names(row);
    let second = optional_name(row, Column::Prenom2);
    let third = optional_name(row, Column::Prenom3);
    let sex =
        row.required(Column::Sexe, RowRule::SexeInvalide, |text| Sex::parse_forgiving(text).ok());
    let (lieu_naissance, libelle_naissance) =
        birthplace(row, birth_date.ok().map(|date| date.year()));

    let (first, others) = given?;
    let mut autres_prenoms = others;
    autres_prenoms.extend(second?);
    autres_prenoms.extend(third?);
    Ok(CivilIdentity {
        nom_famille: family?,
        nom_usage: usage?,
        prenom1: first,
        autres_prenoms,
        sexe: sex?,
        date_naissance: birth_date?,
        lieu_naissance,
        libelle_naissance,
    })
}

fn name<V: Values>(row: &mut Row<'_, '_, V>, column: Column) -> Result<PersonName, Reported> {
    match row.value(column) {
        "" => Err(row.note(column, RowRule::ValeurManquante)),
        text => checked_name(row, column, text),
    }
}

fn optional_name<V: Values>(
    row: &mut Row<'_, '_, V>,
    column: Column,
) -> Result<Option<PersonName>, Reported> {
    match row.value(column) {
        "" => Ok(None),
        text => checked_name(row, column, text).map(Some),
    }
}

/// The first given name and those after it. Some software writes all of them in the first field,
/// separated by commas (domain.md §9): the first is the one that look-ups compare.
fn given_names<V: Values>(
    row: &mut Row<'_, '_, V>,
) -> Result<(PersonName, Vec<PersonName>), Reported> {
    let mut names =
        row.value(Column::Prenom1).split(',').map(str::trim).filter(|name| !name.is_empty());
    let first = match names.next() {
        Some(name) => checked_name(row, Column::Prenom1, name),
        None => Err(row.note(Column::Prenom1, RowRule::ValeurManquante)),
    }?;
    let others =
        names.map(|name| checked_name(row, Column::Prenom1, name)).collect::<Result<_, _>>()?;
    Ok((first, others))
}

fn checked_name<V: Values>(
    row: &mut Row<'_, '_, V>,
    column: Column,
    text: &str,
) -> Result<PersonName, Reported> {
    let parsed = match column {
        Column::NomFamille => PersonName::parse_surname(text),
        Column::Prenom1 => PersonName::parse_given(text),
        _ => PersonName::parse(text),
    };
    let name = parsed.map_err(|error| {
        let invisible = error == NameError::Invisible;
        row.note(column, if invisible { RowRule::CaractereInvisible } else { RowRule::NomInvalide })
    })?;
    if is_garbled(name.expose()) {
        return Err(row.note(column, RowRule::NomMalEncode));
    }
    if name.expose().chars().any(is_of_another_script) {
        row.note(column, RowRule::NomNonLatin);
    } else if !name.expose().chars().all(is_usual) {
        row.note(column, RowRule::NomInhabituel);
    }
    Ok(name)
}

/// What the names of the civil register are made of.
fn is_usual(letter: char) -> bool {
    matches!(letter, 'a'..='z' | 'A'..='Z' | ' ' | '-' | '.')
        || letter.is_alphabetic()
        || is_apostrophe(letter)
        || unicode_normalization::char::is_combining_mark(letter)
}

/// A letter that isn't Latin. Latin ones are in these blocks of Unicode, with those that write
/// African and Vietnamese names.
fn is_of_another_script(letter: char) -> bool {
    letter.is_alphabetic()
        && !is_apostrophe(letter)
        && !matches!(letter, 'a'..='z' | 'A'..='Z' | '\u{AA}' | '\u{BA}' | '\u{C0}'..='\u{2AF}')
        && !matches!(letter, '\u{1E00}'..='\u{1EFF}' | '\u{2C60}'..='\u{2C7F}' | '\u{A720}'..='\u{A7FF}' | '\u{FB00}'..='\u{FB06}')
        && !unicode_normalization::char::is_combining_mark(letter)
}

/// What windows-1252 has from `80` to `9F` besides letters.
const SIGNS: &str = "€‚„…†‡ˆ‰‹‘’“”•–—˜™›";

/// Whether UTF-8 was read as windows-1252 and written again: `Ã¨` for `è`, `Å“` for `œ`. After
/// these letters a name has another letter, never a sign.
fn is_garbled(name: &str) -> bool {
    if name.is_ascii() {
        return false;
    }
    let sign = |letter: char| matches!(letter, '\u{80}'..='\u{BF}') || SIGNS.contains(letter);
    name.chars()
        .zip(name.chars().skip(1))
        .any(|(letter, next)| matches!(letter, 'Ã' | 'Â' | 'Å') && sign(next))
}

/// The code of the birthplace, or its name when it gives no code.
///
/// A postal code is left out: it is where somebody lived, and a birthplace that it isn't would tell
/// a person from themselves. So is a code that may be either, in a file that has postal codes.
fn birthplace<V: Values>(
    row: &mut Row<'_, '_, V>,
    born_in: Option<i16>,
) -> (Option<CommuneCode>, Option<PlaceName>) {
    let text = row.code_value(Column::LieuNaissance);
    if text.is_empty() {
        return (None, None);
    }
    let (code, name, rule) = match row.memory.birthplaces.get(text, || places::birthplace(text)) {
        Birthplace::Completed(code) => (Some(code), None, RowRule::ZeroInitialPerdu),
        Birthplace::AlsoPostal { ended, .. }
            if ended.zip(born_in).is_some_and(|(ended, born)| born >= ended) =>
        {
            (None, None, RowRule::LieuNaissanceCodePostal)
        }
        Birthplace::AlsoPostal { .. } if row.memory.postal_birthplaces => {
            (None, None, RowRule::LieuNaissancePeutEtrePostal)
        }
        Birthplace::Known(code) | Birthplace::AlsoPostal { code, .. } => return (Some(code), None),
        Birthplace::Postal => (None, None, RowRule::LieuNaissanceCodePostal),
        Birthplace::Unlisted(code) => (Some(code), None, RowRule::LieuNaissanceHorsListe),
        Birthplace::Named => (None, PlaceName::parse(text).ok(), RowRule::LieuNaissanceSansCode),
        Birthplace::Unknown => (None, None, RowRule::LieuNaissanceInconnu),
    };
    row.note(Column::LieuNaissance, rule);
    (code, name)
}

/// What the person and the enrolment say of each other.
pub(super) fn check_against<V: Values>(row: &mut Row<'_, '_, V>, who: &Who, what: &What<'_>) {
    let Ok(first_day) = what.first_day else { return };
    if let Ok(birth_date) = who.birth_date {
        let age = age(birth_date, first_day);
        if !POSSIBLE_AGES.contains(&age) {
            row.note(Column::DateNaissance, RowRule::AgeImpossible);
        } else if !USUAL_AGES.contains(&age) {
            row.note(Column::DateNaissance, RowRule::AgeRare);
        }
    }
    if let Ok(Some(ine)) = &who.ine
        && ine.form() == IneForm::Rnie
        && AcademicYear::starting_on(first_day).first_year() < FIRST_RNIE_YEAR
    {
        row.note(Column::Ine, RowRule::IneAnachronique);
    }
}

/// In whole years; the oldest possible when the birth date is partial.
fn age(birth_date: BirthDate, on: Date) -> i16 {
    let years = on.year() - birth_date.year();
    let before_birthday = birth_date
        .full()
        .is_some_and(|birth| (on.month(), on.day()) < (birth.month(), birth.day()));
    years - i16::from(before_birthday)
}
