//! A country that is drawn: establishments of every kind, and their students.

use std::time::Instant;

use fastrand::Rng;
use jiff::civil::date;
use shared::domain::regime::Regime;
use shared::domain::sex::Sex;
use shared::domain::status::Status;
use shared::domain::territory::{self, Department};
use shared::domain::uai::Uai;
use shared::identity::stat::BirthClass;
use shared::identity::student::StudentId;
use statistics::counting::whereabouts::Whereabouts;
use statistics::dimensions::Nomenclature;
use statistics::facts::{EnrolmentFact, Fact};
use statistics::tables::tally::Tally;

/// An establishment and where most of it is.
pub(crate) struct School {
    uai: Uai,
    kind: &'static str,
    home: &'static Department,
    second: Option<&'static Department>,
    pub(crate) students: usize,
    /// In a thousand, of each cursus L, M, D.
    cursus: [u32; 3],
    women: f64,
    apprentices: f64,
}

fn uai(number: u32) -> Uai {
    (b'A'..=b'Z')
        .find_map(|letter| Uai::parse(&format!("{number:07}{}", char::from(letter))).ok())
        .expect("every number has a control letter")
}

/// 80 universities, 700 schools and 2,800 lycées, by `scale`.
pub(crate) fn schools(rng: &mut Rng, scale: f64) -> Vec<School> {
    let departments: Vec<&Department> =
        territory::departments().filter(|one| one.code.len() == 2 && one.code != "99").collect();
    let mut schools = Vec::new();
    for (kind, count, mean) in
        [("universite", 80, 19_000.0), ("ecole", 700, 750.0), ("lycee", 2_800, 130.0)]
    {
        for _ in 0..(f64::from(count) * scale) as usize {
            let number = u32::try_from(schools.len()).unwrap() + 100_000;
            // Most are smaller than the mean, some much larger.
            let size = -(1.0 - rng.f64()).ln();
            schools.push(School {
                uai: uai(number),
                kind,
                home: departments[rng.usize(..departments.len())],
                second: (kind == "universite" && rng.u8(..3) == 0)
                    .then(|| departments[rng.usize(..departments.len())]),
                students: (mean * size) as usize + 1,
                cursus: match kind {
                    "universite" => [600, 350, 40],
                    "ecole" => [250, 700, 20],
                    _ => [900, 0, 0],
                },
                women: 0.15 + 0.7 * rng.f64(),
                apprentices: 0.15 * rng.f64(),
            });
        }
    }
    schools
}

fn enrolment(rng: &mut Rng, school: &School) -> EnrolmentFact {
    let drawn = rng.u32(..1000);
    let [l, m, d] = school.cursus;
    let (cursus, level) = match drawn {
        drawn if drawn < l => ("L", 1 + rng.u8(..3)),
        drawn if drawn < l + m => ("M", 1 + rng.u8(..2)),
        drawn if drawn < l + m + d => ("D", 1),
        _ => ("inconnu", 1),
    };
    let regime = if rng.f64() < school.apprentices {
        Some(Regime::ContratApprentissage)
    } else {
        match rng.u8(..50) {
            0 => Some(Regime::FormationContinue),
            1 => None,
            _ => Some(Regime::FormationInitiale),
        }
    };
    let there = school.second.filter(|_| rng.u8(..40) == 0).unwrap_or(school.home);
    EnrolmentFact {
        uai: school.uai,
        department: Some(there),
        cursus,
        regime,
        status: if rng.u8(..20) == 0 { Status::Admis } else { Status::Inscrit },
        diploma: Some(format!("{cursus:.1}{:06}", rng.u32(..400).pow(2) / 400)),
        level: Some(level.to_string()),
        cpge: false,
        first_day: date(2026, 9, 1),
    }
}

pub(crate) fn fact(rng: &mut Rng, schools: &[School], school: &School) -> Fact {
    let mut enrolments = vec![enrolment(rng, school)];
    if rng.u8(..25) == 0 {
        let other = &schools[rng.usize(..schools.len())];
        enrolments.push(enrolment(rng, other));
    }
    let sex = if rng.f64() < school.women { Sex::Female } else { Sex::Male };
    let main = statistics::main_enrolment::main_enrolment(&enrolments).unwrap();
    Fact {
        student: StudentId::random(),
        sex: (rng.u16(..500) > 0).then_some(sex),
        age: Some(
            18 + i16::from(rng.u8(..5))
                + if rng.u8(..8) == 0 { i16::from(rng.u8(..20)) } else { 0 },
        ),
        birth: match rng.u8(..20) {
            0..2 => BirthClass::Abroad,
            2 => BirthClass::Unknown,
            _ => BirthClass::France,
        },
        enrolments,
        main,
    }
}

pub(crate) fn nomenclature(schools: &[School]) -> Nomenclature {
    let mut all = Nomenclature::new();
    for school in schools {
        all.register(school.uai, school.kind, &format!("Établissement {}", school.uai));
    }
    all
}

/// What is counted of a country, and where.
pub(crate) struct Counted {
    pub(crate) tally: Tally,
    pub(crate) whereabouts: Whereabouts,
}

impl Counted {
    fn nothing(schools: &[School]) -> Self {
        Self { tally: Tally::new(nomenclature(schools)), whereabouts: Whereabouts::default() }
    }

    fn add(&mut self, fact: &Fact) {
        self.tally.add(fact);
        self.whereabouts.add(fact);
    }
}

/// What is counted of a country of `scale`: in October, and in January with who came, moved and left
/// since.
pub(crate) fn country(scale: f64) -> [Counted; 2] {
    let mut rng = Rng::with_seed(19);
    let schools = schools(&mut rng, scale);
    let mut counted = [Counted::nothing(&schools), Counted::nothing(&schools)];
    let started = Instant::now();
    let mut students = 0;
    for school in &schools {
        for _ in 0..school.students {
            let fact = fact(&mut rng, &schools, school);
            let drawn = rng.u16(..1000);
            // Two in a hundred come in between, one leaves, and one in two hundred is elsewhere.
            if drawn >= 20 {
                counted[0].add(&fact);
                students += 1;
            }
            match drawn {
                990.. => {}
                985.. => {
                    let other = &schools[rng.usize(..schools.len())];
                    let elsewhere = self::fact(&mut rng, &schools, other);
                    counted[1].add(&Fact { student: fact.student, ..elsewhere });
                }
                _ => counted[1].add(&fact),
            }
        }
    }
    println!(
        "{students} students of {} establishments: drawn and counted twice in {:.1} s",
        schools.len(),
        started.elapsed().as_secs_f64()
    );
    counted
}
