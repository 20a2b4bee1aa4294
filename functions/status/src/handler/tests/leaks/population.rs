//! People, what establishments said of them, and questions of which the right answer is known.

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use shared::domain::birth_date::BirthDate;
use shared::domain::civil_identity::CivilIdentity;
use shared::domain::commune::CommuneCode;
use shared::domain::enrolment::Person;
use shared::domain::fold::fold;
use shared::domain::gazetteer;
use shared::domain::ine::Ine;
use shared::domain::name::PersonName;
use shared::domain::place_name::PlaceName;
use shared::domain::sex::Sex;
use shared::identity::posting::Traits;

/// France's own code, as a country of birth.
const FRANCE: &str = "99100";

/// Records, in order of arrival, and questions.
pub(super) struct Population {
    pub(super) records: Vec<Record>,
    pub(super) questions: Vec<Question>,
    person_of: HashMap<String, String>,
}

/// What an establishment said: the columns of `cargo local match` that the register keeps.
#[derive(Debug, Clone, Default, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the columns are called so")]
pub(super) struct Record {
    pub(super) record_id: String,
    ine: String,
    nom_naissance: String,
    nom_usage: String,
    prenom1: String,
    autres_prenoms: String,
    sexe: String,
    date_naissance: String,
    code_commune_naissance: String,
    libelle_naissance: String,
    code_pays_naissance: String,
}

/// A look-up, and what is right to answer.
#[derive(Debug, Clone, Default)]
pub(super) struct Question {
    pub(super) asked: LookUp,
    /// Whether the person is in the register, and how: `present_clean`, `absent_twin`…
    pub(super) kind: String,
    /// The person; `NONE`, `AMBIGUOUS`, or `NONE_OR:` and the person.
    pub(super) expected: String,
}

/// What whoever asks knows.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct LookUp {
    query_id: String,
    pub(super) nom: String,
    prenoms: String,
    pub(super) sexe: String,
    pub(super) date_naissance: String,
    code_commune_naissance: String,
    libelle_naissance: String,
    code_pays_naissance: String,
}

impl LookUp {
    /// All the given names, the first one first.
    pub(super) fn given_names(&self) -> Vec<&str> {
        self.prenoms.split_whitespace().collect()
    }

    /// The commune of birth: every route wants its code, so a name that a single commune has is given by that.
    pub(super) fn commune(&self) -> Option<CommuneCode> {
        let abroad = self.country().is_some_and(|country| country != FRANCE);
        if abroad { None } else { commune(&self.code_commune_naissance, &self.libelle_naissance) }
    }

    /// Without a birthplace.
    fn somewhere(self) -> Self {
        Self { code_commune_naissance: String::new(), code_pays_naissance: String::new(), ..self }
    }

    /// The code of the country of birth.
    pub(super) fn country(&self) -> Option<&str> {
        Some(self.code_pays_naissance.as_str()).filter(|code| !code.is_empty())
    }
}

impl Record {
    /// What the register keeps of it; `None` for what a file's reader would refuse: no sex, no date.
    pub(super) fn traits(&self) -> Option<Traits> {
        let name = |text: &str| PersonName::parse(text).ok();
        let identity = CivilIdentity {
            nom_famille: name(&self.nom_naissance)?,
            nom_usage: name(&self.nom_usage),
            prenom1: name(&self.prenom1)?,
            autres_prenoms: self.autres_prenoms.split_whitespace().filter_map(name).collect(),
            sexe: Sex::parse_forgiving(&self.sexe).ok()?,
            date_naissance: BirthDate::parse(&self.date_naissance).ok()?,
            libelle_naissance: self.place_name(),
            lieu_naissance: self.birthplace(),
        };
        Some(Traits::said(Ine::parse(&self.ine).ok(), Person::Civil(identity)))
    }

    /// A country, else a commune.
    fn birthplace(&self) -> Option<CommuneCode> {
        let abroad = Some(self.code_pays_naissance.as_str()).filter(|code| !code.is_empty() && *code != FRANCE);
        match abroad {
            Some(country) => CommuneCode::parse(country).ok(),
            None => commune(&self.code_commune_naissance, &self.libelle_naissance),
        }
    }

    /// The name of a commune, when it gives no code.
    fn place_name(&self) -> Option<PlaceName> {
        let name = PlaceName::parse(&self.libelle_naissance).ok()?;
        (self.birthplace().is_none() && name.is_a_communes()).then_some(name)
    }
}

/// A code that is listed, else that of the only commune of a name, else any code.
fn commune(code: &str, name: &str) -> Option<CommuneCode> {
    let code = CommuneCode::parse(code).ok();
    code.filter(CommuneCode::is_known).or_else(|| gazetteer::only_commune(&fold(name)).or(code))
}

#[derive(Deserialize)]
struct TrueRecord {
    record_id: String,
    person_id: String,
}

#[derive(Deserialize)]
struct TrueAnswer {
    query_id: String,
    kind: String,
    expected: String,
}

impl Population {
    /// A labelled set: `records.csv`, `truth.csv`, `lookups.csv`, `lookups_truth.csv`.
    pub(super) fn read(directory: &Path) -> Self {
        let truth = rows::<TrueRecord>(&directory.join("truth.csv"));
        let mut answers: HashMap<String, TrueAnswer> = rows::<TrueAnswer>(&directory.join("lookups_truth.csv"))
            .into_iter()
            .map(|answer| (answer.query_id.clone(), answer))
            .collect();
        let questions = rows::<LookUp>(&directory.join("lookups.csv")).into_iter().filter_map(|asked| {
            let TrueAnswer { kind, expected, .. } = answers.remove(&asked.query_id)?;
            Some(Question { asked, kind, expected })
        });
        Self {
            records: rows(&directory.join("records.csv")),
            questions: questions.collect(),
            person_of: truth.into_iter().map(|row| (row.record_id, row.person_id)).collect(),
        }
    }

    /// Who a record is about.
    pub(super) fn person<'a>(&'a self, record: &'a str) -> &'a str {
        self.person_of.get(record).map_or(record, String::as_str)
    }

    /// People with two records each: common and rare names, a third born abroad, some twins, and among those of common
    /// names some homonyms of one date; questions about them, and about twins and homonyms who aren't students.
    pub(super) fn invented() -> Self {
        let mut population = Self { records: Vec::new(), questions: Vec::new(), person_of: HashMap::new() };
        for index in 0..PEOPLE {
            let person = Invented::new(index);
            let (id, another) = (person.id(), index + 1_000);
            let twin =
                Invented { index: another, given: person.given + 3, others: person.others + 5, ..person.clone() };
            let homonym = Invented { index: another, place: index + 4, others: person.others + 5, ..person.clone() };
            let later = Invented { index: another, day: person.day + 719, others: person.others + 5, ..person.clone() };
            let misspelt = Invented { surname: slip(&person.surname), ..person.clone() };
            population.register(&person);
            if index.is_multiple_of(12) {
                population.register(&homonym);
                let unplaced = LookUp { prenoms: person.given()[0].to_owned(), ..person.look_up() }.somewhere();
                population.ask("ambiguous", "AMBIGUOUS", unplaced);
                population.ask("homonym_with_place", &format!("NONE_OR:{id}"), person.look_up());
                continue;
            }
            if index % 15 == 1 {
                population.register(&twin);
            } else {
                population.ask("absent_twin", "NONE", twin.look_up());
            }
            if index % 12 == 6 {
                population.ask("absent_homonym_other_commune", "NONE", homonym.look_up());
            }
            population.ask("present_clean", &id, person.look_up());
            population.ask("present_noisy", &id, misspelt.look_up());
            population.ask("absent_homonym_near_dob", "NONE", later.look_up());
        }
        population
    }

    fn ask(&mut self, kind: &str, expected: &str, asked: LookUp) {
        self.questions.push(Question { asked, kind: kind.to_owned(), expected: expected.to_owned() });
    }

    /// Two records of a person: as the civil register has it, and as a form in capitals without other given names.
    fn register(&mut self, person: &Invented) {
        let first = person.record();
        let second = Record {
            record_id: format!("{}-2", person.id()),
            nom_naissance: first.nom_naissance.to_uppercase(),
            prenom1: first.prenom1.to_uppercase(),
            autres_prenoms: String::new(),
            ..first.clone()
        };
        for record in [first, second] {
            self.person_of.insert(record.record_id.clone(), person.id());
            self.records.push(record);
        }
    }
}

fn rows<T: DeserializeOwned>(path: &Path) -> Vec<T> {
    let mut reader = csv::Reader::from_path(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    reader.deserialize().collect::<Result<_, _>>().unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

const PEOPLE: usize = 150;
/// The first and the seventh are the common ones, which homonyms have.
const SURNAMES: [&str; 12] = [
    "Martin",
    "Lefèvre",
    "Castelbou",
    "Le Guéziec",
    "Benali",
    "Quintefeuille",
    "Petit",
    "Nguyen",
    "D'Aubigny",
    "Diallo",
    "Garcia-Lopez",
    "Vandenbroucke",
];
const GIVEN_NAMES: [&str; 16] = [
    "Léa",
    "Chloé",
    "Zoé",
    "Marie-Anne",
    "Eudoxie",
    "Capucine",
    "Inès",
    "Fatoumata",
    "Manon",
    "Solène",
    "Jade",
    "Camille",
    "Noémie",
    "Agathe",
    "Salomé",
    "Yasmine",
];
const PLACES: [(&str, &str); 9] = [
    ("44109", FRANCE),
    ("", "99352"),
    ("35238", FRANCE),
    ("29019", FRANCE),
    ("", "99350"),
    ("75113", FRANCE),
    ("65355", FRANCE),
    ("", "99341"),
    ("69383", FRANCE),
];

/// Where Léa, Chloé, Manon and Camille are.
const COMMON_GIVEN_NAMES: [usize; 4] = [0, 1, 8, 11];
const OTHER_NAMES: [&str; 11] = [
    "Marguerite",
    "Jeanne",
    "Colette",
    "Simone",
    "Odile",
    "Huguette",
    "Aminata",
    "Bernadette",
    "Khadija",
    "Josette",
    "Paule",
];

/// Somebody, by the places of its traits in the lists.
#[derive(Clone)]
struct Invented {
    index: usize,
    surname: String,
    given: usize,
    others: usize,
    day: usize,
    place: usize,
}

impl Invented {
    fn new(index: usize) -> Self {
        let surname = SURNAMES[index % SURNAMES.len()].to_owned();
        // Homonyms have common given names too.
        let given =
            if index.is_multiple_of(6) { COMMON_GIVEN_NAMES[index / 6 % COMMON_GIVEN_NAMES.len()] } else { index * 5 };
        Self { index, surname, given, others: index * 3 + 1, day: index * 37, place: index }
    }

    fn id(&self) -> String {
        format!("P{:04}", self.index)
    }

    fn birth(&self) -> String {
        format!("{}-{:02}-{:02}", 1999 + self.day / 336 % 8, self.day / 28 % 12 + 1, self.day % 28 + 1)
    }

    fn given(&self) -> [&'static str; 2] {
        [GIVEN_NAMES[self.given % GIVEN_NAMES.len()], OTHER_NAMES[self.others % OTHER_NAMES.len()]]
    }

    fn record(&self) -> Record {
        let [given, other] = self.given().map(str::to_owned);
        let (commune, country) = PLACES[self.place % PLACES.len()];
        Record {
            record_id: format!("{}-1", self.id()),
            nom_naissance: self.surname.clone(),
            prenom1: given,
            autres_prenoms: other,
            sexe: "F".to_owned(),
            date_naissance: self.birth(),
            code_commune_naissance: commune.to_owned(),
            code_pays_naissance: country.to_owned(),
            ..Record::default()
        }
    }

    fn look_up(&self) -> LookUp {
        let (commune, country) = PLACES[self.place % PLACES.len()];
        LookUp {
            nom: self.surname.to_uppercase(),
            prenoms: self.given().join(" "),
            sexe: "F".to_owned(),
            date_naissance: self.birth(),
            code_commune_naissance: commune.to_owned(),
            code_pays_naissance: country.to_owned(),
            ..LookUp::default()
        }
    }
}

/// Two letters exchanged.
fn slip(name: &str) -> String {
    let mut letters: Vec<char> = name.chars().collect();
    letters.swap(2, 3);
    letters.into_iter().collect()
}
