//! An invented population, and questions of which the right answer is known.

use evaluation::declared;
use evaluation::set::{Expected, FRANCE, LabelledQuestion, LabelledSet, LookUp, Record};
use shared::domain::enrolment::StatedPerson;
use shared::domain::ine::Ine;
use shared::identity::block::Traits;

/// What the register keeps of a record; `None` for what a file's reader would refuse.
pub(super) fn traits(record: &Record) -> Option<Traits> {
    let identity = declared::civil_identity(record)?;
    Some(Traits::said(Ine::parse(&record.ine).ok(), StatedPerson::Civil(identity)))
}

/// People with two records each: common and rare names, a third born abroad, some twins, and among
/// those of common names some homonyms of one date; questions about them, and about twins and
/// homonyms who aren't students.
pub(super) fn invented() -> LabelledSet {
    let mut set = LabelledSet::default();
    for index in 0..PEOPLE {
        let person = Invented::new(index);
        let (id, another) = (person.id(), index + 1_000);
        let twin = Invented {
            index: another,
            given: person.given + 3,
            others: person.others + 5,
            ..person.clone()
        };
        let homonym = Invented {
            index: another,
            place: index + 4,
            others: person.others + 5,
            ..person.clone()
        };
        let later = Invented {
            index: another,
            day: person.day + 719,
            others: person.others + 5,
            ..person.clone()
        };
        let misspelt = Invented { surname: slip(&person.surname), ..person.clone() };
        register(&mut set, &person);
        if index.is_multiple_of(12) {
            register(&mut set, &homonym);
            let unplaced = LookUp {
                prenoms: person.given()[0].to_owned(),
                code_commune_naissance: String::new(),
                code_pays_naissance: String::new(),
                ..person.look_up()
            };
            ask(&mut set, "ambiguous", "AMBIGUOUS", unplaced);
            ask(&mut set, "homonym_with_place", &format!("NONE_OR:{id}"), person.look_up());
            continue;
        }
        if index % 15 == 1 {
            register(&mut set, &twin);
        } else {
            ask(&mut set, "absent_twin", "NONE", twin.look_up());
        }
        if index % 12 == 6 {
            ask(&mut set, "absent_homonym_other_commune", "NONE", homonym.look_up());
        }
        ask(&mut set, "present_clean", &id, person.look_up());
        ask(&mut set, "present_noisy", &id, misspelt.look_up());
        ask(&mut set, "absent_homonym_near_dob", "NONE", later.look_up());
    }
    set
}

fn ask(set: &mut LabelledSet, kind: &str, expected: &str, asked: LookUp) {
    set.questions.push(LabelledQuestion {
        asked,
        kind: kind.to_owned(),
        expected: Expected::parse(expected),
    });
}

/// Two records of a person: as the civil register has it, and as a form in capitals without other
/// given names.
fn register(set: &mut LabelledSet, person: &Invented) {
    let first = person.record();
    let second = Record {
        record_id: format!("{}-2", person.id()),
        nom_naissance: first.nom_naissance.to_uppercase(),
        prenom1: first.prenom1.to_uppercase(),
        autres_prenoms: String::new(),
        ..first.clone()
    };
    for record in [first, second] {
        set.push(record, &person.id());
    }
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
        let given = if index.is_multiple_of(6) {
            COMMON_GIVEN_NAMES[index / 6 % COMMON_GIVEN_NAMES.len()]
        } else {
            index * 5
        };
        Self { index, surname, given, others: index * 3 + 1, day: index * 37, place: index }
    }

    fn id(&self) -> String {
        format!("P{:04}", self.index)
    }

    fn birth(&self) -> String {
        format!(
            "{}-{:02}-{:02}",
            1999 + self.day / 336 % 8,
            self.day / 28 % 12 + 1,
            self.day % 28 + 1
        )
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
