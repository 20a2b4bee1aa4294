//! People, and what establishments say of them: with mistakes, twice, out of order, corrected and
//! cancelled.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::date;
use shared::domain::birth_date::BirthDate;
use shared::domain::civil_identity::CivilIdentity;
use shared::domain::commune::CommuneCode;
use shared::domain::enrolment::{Declaration, Enrolment, Pair, StatedPerson, Unsaid};
use shared::domain::ine::Ine;
use shared::domain::name::PersonName;
use shared::domain::regime::Regime;
use shared::domain::sex::Sex;
use shared::domain::status::Status;
use shared::domain::uai::Uai;
use shared::identity::digest::{DigestKey, RecordId};
use shared::identity::student::RecordVersion;

use crate::national::National;
use crate::world::Sim;

const SURNAMES: [&str; 20] = [
    "Lefèvre",
    "Martin",
    "Castelbou",
    "Quiniou",
    "Nguyen",
    "Petit-Duval",
    "de La Tour",
    "Garcia",
    "Benali",
    "Ouédraogo",
    "Marchand",
    "Rousselot",
    "Thévenet",
    "Kowalczyk",
    "Da Silva",
    "Prigent",
    "Ozanne",
    "Bacquet",
    "Harduin",
    "Sauvage",
];
const GIVEN: [&str; 16] = [
    "Léa", "Zoé", "Chloé", "Marie", "Jeanne", "Inès", "Camille", "Louise", "Malo", "Hugo", "Yanis",
    "Adrien", "Paul", "Théo", "Karim", "Gabriel",
];
const COMMUNES: [&str; 8] =
    ["44109", "29019", "75113", "13055", "69123", "33063", "59350", "99352"];
pub(crate) const UAIS: [&str; 4] = ["0751967F", "0751722P", "0011402U", "0440085D"];

/// A statement about a record.
#[derive(Debug, Clone)]
pub(crate) struct Statement {
    pub(crate) record: RecordId,
    pub(crate) version: RecordVersion,
    pub(crate) declaration: Declaration,
}

/// People, what is said of them in the order of arrival, and who is who.
#[derive(Debug, Clone)]
pub(crate) struct Population {
    pub(crate) statements: Vec<Statement>,
    /// The person that a record is truly about.
    pub(crate) truth: BTreeMap<RecordId, usize>,
    people: Vec<Individual>,
}

#[derive(Debug, Clone)]
struct Individual {
    identity: CivilIdentity,
    ine: Ine,
    /// One of another register.
    other_ine: Option<Ine>,
    /// Somebody whose papers get mixed up with this one's.
    sibling: Option<usize>,
}

impl Population {
    pub(crate) fn random(sim: &Sim, people: usize) -> Self {
        let mut population = Self {
            statements: Vec::new(),
            truth: BTreeMap::new(),
            people: individuals(sim, people),
        };
        for number in 0..population.people.len() {
            for enrolment in 0..=sim.below(4) {
                population.enrol(sim, number, enrolment);
            }
        }
        population.shuffle(sim);
        population
    }

    /// Another order of arrival.
    pub(crate) fn shuffle(&mut self, sim: &Sim) {
        for at in (1..self.statements.len()).rev() {
            self.statements.swap(at, sim.below(at + 1));
        }
    }

    /// One enrolment: a statement, now and then repeated with other mistakes, or cancelled.
    fn enrol(&mut self, sim: &Sim, number: usize, enrolment: usize) {
        let uai = sim.pick(&UAIS);
        let statements = if sim.chance(0.25) { 2 + sim.below(2) } else { 1 };
        for statement in 0..statements {
            let mut declaration = self.said(sim, number, enrolment, uai);
            if statement > 0 && sim.chance(0.3) {
                declaration.inscription.statut = Status::Annule;
            }
            let record = RecordId::of(
                &DigestKey::new("1".into(), "records".to_owned().into()),
                &declaration,
            );
            let at = Timestamp::from_millisecond(i64::try_from(1_000 * sim.below(1_000)).unwrap())
                .unwrap();
            let version =
                RecordVersion::new(at, "", "import", u64::try_from(self.statements.len()).unwrap());
            self.truth.insert(record.clone(), number);
            self.statements.push(Statement { record, version, declaration });
        }
    }

    fn said(&self, sim: &Sim, number: usize, enrolment: usize, uai: &str) -> Declaration {
        let person = &self.people[number];
        let mut identity = person.identity.clone();
        if sim.chance(0.06) {
            identity.nom_famille = name(&typo(sim, identity.nom_famille.expose()));
        }
        if sim.chance(0.04) {
            identity.prenom1 = name(&typo(sim, identity.prenom1.expose()));
        }
        if sim.chance(0.3) {
            identity.nom_famille = name(&identity.nom_famille.folded());
            identity.prenom1 = name(&identity.prenom1.folded());
        }
        match identity.nom_usage.clone() {
            // The name of daily life in the place of the other.
            Some(usage) if sim.chance(0.1) => {
                (identity.nom_famille, identity.nom_usage) = (usage, None);
            }
            Some(_) if sim.chance(0.4) => identity.nom_usage = None,
            _ => {}
        }
        if sim.chance(0.4) {
            identity.autres_prenoms.clear();
        }
        if sim.chance(0.25) {
            identity.lieu_naissance = None;
        }
        if sim.chance(0.03) {
            identity.date_naissance = birth(sim);
        }
        let ine = match (sim.below(100), person.sibling, person.other_ine) {
            (0..25, _, _) => None,
            (25..29, Some(sibling), _) => Some(self.people[sibling].ine),
            (29..31, _, _) => Some(ine(sim)),
            (31..50, _, Some(other)) => Some(other),
            _ => Some(person.ine),
        };
        let date_naissance = identity.date_naissance;
        let said = match ine {
            Some(_) if sim.chance(0.12) => {
                StatedPerson::Pair(Pair { date_naissance, registre: None })
            }
            _ => StatedPerson::Civil(identity),
        };
        Declaration {
            ine,
            numero_etudiant: Some(format!("E{number}")),
            identite: said,
            inscription: Enrolment {
                date_debut: date(2026, 9, 1),
                date_fin: date(2027, 8, 31),
                statut: Status::Inscrit,
                regime: Regime::FormationInitiale,
                code_commune: CommuneCode::parse("75113").unwrap(),
                code_commune_brut: None,
                uai: Uai::parse(uai).unwrap(),
                nom_etablissement: "UNIVERSITE".into(),
                cursus: None,
                diplome: Some(format!("24{enrolment:05}")),
                niveau_diplome: None,
                non_dit: Unsaid::default(),
            },
        }
    }

    /// What each record says in the end, in the order in which they came first.
    pub(crate) fn last_words(&self) -> Vec<&Statement> {
        let mut last: Vec<&Statement> = Vec::new();
        for statement in &self.statements {
            match last.iter_mut().find(|known| known.record == statement.record) {
                Some(known) if known.version < statement.version => *known = statement,
                Some(_) => {}
                None => last.push(statement),
            }
        }
        last
    }

    /// The national register of nearly all of them.
    pub(crate) fn national(&self, sim: &Sim) -> National {
        let mut national = National::default();
        for person in &self.people {
            if sim.chance(0.85) {
                let ines: Vec<Ine> = person.other_ine.into_iter().chain([person.ine]).collect();
                let waits = if sim.chance(0.2) { 1 + sim.below(3) } else { 0 };
                national.learn(&person.identity, person.ine, &ines, u32::try_from(waits).unwrap());
            }
        }
        national
    }
}

fn individuals(sim: &Sim, count: usize) -> Vec<Individual> {
    let mut people: Vec<Individual> = Vec::new();
    while people.len() < count {
        let given = sim.below(GIVEN.len());
        let sexe = if given < 8 { Sex::Female } else { Sex::Male };
        let autres_prenoms = (0..sim.below(3)).map(|_| name(sim.pick(&GIVEN))).collect();
        let identity = CivilIdentity {
            nom_famille: name(sim.pick(&SURNAMES)),
            nom_usage: sim.chance(0.15).then(|| name(sim.pick(&SURNAMES))),
            prenom1: name(GIVEN[given]),
            autres_prenoms,
            sexe,
            date_naissance: birth(sim),
            lieu_naissance: Some(CommuneCode::parse(sim.pick(&COMMUNES)).unwrap()),
            libelle_naissance: None,
        };
        let other_ine = sim
            .chance(0.15)
            .then(|| Ine::parse(&format!("{:010}B", sim.below(1_000_000_000))).unwrap());
        let one = Individual { identity, ine: ine(sim), other_ine, sibling: None };
        let number = people.len();
        // Twins, siblings, and strangers of one name and date.
        let relative = match sim.below(100) {
            0..10 => Some(CivilIdentity {
                prenom1: name(GIVEN[(given + 1) % 16]),
                ..one.identity.clone()
            }),
            10..18 => Some(CivilIdentity {
                prenom1: name(GIVEN[(given + 3) % 16]),
                date_naissance: birth(sim),
                ..one.identity.clone()
            }),
            18..24 => Some(CivilIdentity {
                lieu_naissance: Some(CommuneCode::parse(sim.pick(&COMMUNES)).unwrap()),
                autres_prenoms: vec![name(sim.pick(&GIVEN))],
                ..one.identity.clone()
            }),
            _ => None,
        };
        let sibling = relative.is_some().then_some(number + 1);
        people.push(Individual { sibling, ..one });
        if let Some(identity) = relative {
            people.push(Individual {
                identity,
                ine: ine(sim),
                other_ine: None,
                sibling: Some(number),
            });
        }
    }
    people
}

fn name(text: &str) -> PersonName {
    PersonName::parse(text).unwrap()
}

fn birth(sim: &Sim) -> BirthDate {
    let (year, month, day) = (2002 + sim.below(5), 1 + sim.below(12), 1 + sim.below(28));
    BirthDate::parse(&format!("{year:04}-{month:02}-{day:02}")).unwrap()
}

fn ine(sim: &Sim) -> Ine {
    Ine::parse(&format!(
        "{:09}{}{}",
        sim.below(900_000_000),
        sim.pick(&["A", "H", "K"]),
        sim.pick(&["B", "J"])
    ))
    .unwrap()
}

/// Two letters exchanged, or one left out.
fn typo(sim: &Sim, name: &str) -> String {
    let mut letters: Vec<char> = name.chars().collect();
    let at = sim.below(letters.len() - 1);
    if letters.len() > 3 && sim.chance(0.5) {
        letters.remove(at);
    } else {
        letters.swap(at, at + 1);
    }
    letters.into_iter().collect()
}
