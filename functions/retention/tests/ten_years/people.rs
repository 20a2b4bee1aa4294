//! Invented people, who are enrolled for some years.

use jiff::civil::date;
use shared::domain::birth_date::BirthDate;
use shared::domain::civil_identity::CivilIdentity;
use shared::domain::commune::CommuneCode;
use shared::domain::enrolment::{Declaration, Enrolment, StatedPerson, Unsaid};
use shared::domain::ine::Ine;
use shared::domain::name::PersonName;
use shared::domain::regime::Regime;
use shared::domain::sex::Sex;
use shared::domain::status::Status;
use shared::domain::uai::Uai;

const FAMILIES: [&str; 8] = [
    "Quintefeuille",
    "Castelbou",
    "Ozanneau",
    "Thévenard",
    "Kowalczyk",
    "Harduinel",
    "Bacquetier",
    "Prigentine",
];
const GIVEN: [&str; 7] = ["Zénaïde", "Malo", "Capucine", "Gaspard", "Ludivine", "Théodore", "Inès"];

/// A person.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) family: String,
    pub(crate) born: String,
    pub(crate) ine: String,
    given: &'static str,
    number: u32,
}

impl Person {
    /// The person of that number, whom no other resembles.
    pub(crate) fn new(number: u32) -> Self {
        let at = |list: &[&'static str], by: u32| list[usize::try_from(by).unwrap() % list.len()];
        let second = at(&FAMILIES, number / 8 + number + 3).to_lowercase();
        Self {
            family: format!("{}-{second}", at(&FAMILIES, number)),
            born: format!("{}-{:02}-{:02}", 1990 + number % 9, 1 + number % 12, 1 + number % 28),
            ine: rnie(50_000_000 + u64::from(number) * 7_919),
            given: at(&GIVEN, number),
            number,
        }
    }

    /// The words by which something stored tells of the person.
    pub(crate) fn words(&self) -> [String; 4] {
        let family = PersonName::parse(&self.family).unwrap();
        [family.expose().to_owned(), family.folded(), self.born.clone(), self.ine.clone()]
    }

    fn identity(&self) -> CivilIdentity {
        CivilIdentity {
            nom_famille: PersonName::parse(&self.family).unwrap(),
            nom_usage: None,
            prenom1: PersonName::parse(self.given).unwrap(),
            autres_prenoms: Vec::new(),
            sexe: Sex::Female,
            date_naissance: BirthDate::parse(&self.born).unwrap(),
            lieu_naissance: Some(CommuneCode::parse("44109").unwrap()),
            libelle_naissance: None,
        }
    }

    /// Enrolled from September of a year to August of the next.
    pub(crate) fn enrolled(&self, year: i16, diploma: u32) -> Declaration {
        Declaration {
            ine: Some(Ine::parse(&self.ine).unwrap()),
            numero_etudiant: Some(format!("E{}", self.number)),
            identite: StatedPerson::Civil(self.identity()),
            inscription: Enrolment {
                date_debut: date(year, 9, 1),
                date_fin: date(year + 1, 8, 31),
                statut: Status::Inscrit,
                regime: Regime::FormationInitiale,
                code_commune: CommuneCode::parse("44109").unwrap(),
                code_commune_brut: None,
                uai: Uai::parse("0440085D").unwrap(),
                nom_etablissement: "LYCEE".into(),
                cursus: None,
                diplome: Some(format!("24{diploma:05}")),
                niveau_diplome: None,
                non_dit: Unsaid::default(),
            },
        }
    }

    /// The same without an INE: whose it is, the name and the birth date say.
    pub(crate) fn unnumbered(&self, year: i16, diploma: u32) -> Declaration {
        Declaration { ine: None, numero_etudiant: None, ..self.enrolled(year, diploma) }
    }
}

/// A national number in the form of today, with its key (domain.md §7.1).
fn rnie(number: u64) -> String {
    let letter = |digit: u64| char::from(b"ABCDEFGHJK"[usize::try_from(digit).unwrap()]);
    let key = 97 - number % 97;
    format!("{number:09}{}{}", letter(key / 10), letter(key % 10))
}
