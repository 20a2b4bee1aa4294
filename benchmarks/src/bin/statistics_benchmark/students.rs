//! Invented students, always the same: as many establishments as the country has, a tenth of the
//! students enrolled twice.

use fastrand::Rng;
use jiff::civil::date;
use shared::domain::commune::CommuneCode;
use shared::domain::enrolment::{Enrolment, Unsaid};
use shared::domain::regime::Regime;
use shared::domain::sex::Sex;
use shared::domain::status::Status;
use shared::domain::territory::{self, Department};
use shared::domain::uai::Uai;
use shared::identity::stat::{BirthClass, Stat};
use shared::identity::student::StudentId;
use shared::registry::answers::Scanned;

/// The academic year.
pub(crate) const YEAR: &str = "2026-2027";
/// How the MEFSTAT11 of a CPGE begins.
pub(crate) const CPGE: &str = "31";
/// Students of a page: what a megabyte of the table has.
const PAGE: usize = 1_000;
const SCHOOLS: u32 = 3_580;
const REGIMES: [Regime; 5] = [
    Regime::FormationInitiale,
    Regime::FormationInitiale,
    Regime::ContratApprentissage,
    Regime::RepriseEtudesNonFinancee,
    Regime::FormationContinue,
];

/// The establishments, with the kind of each.
pub(crate) fn schools() -> impl Iterator<Item = (Uai, &'static str)> {
    (0..SCHOOLS).filter_map(|number| {
        let digits = format!("{:07}", 750_000 + number);
        let uai = (b'A'..=b'Z')
            .find_map(|letter| Uai::parse(&format!("{digits}{}", char::from(letter))).ok())?;
        Some((uai, ["universite", "ecole", "lycee", "lycee"][number as usize % 4]))
    })
}

/// They are given page by page.
pub(crate) struct Students {
    rng: Rng,
    left: u64,
    schools: Vec<Uai>,
    communes: Vec<CommuneCode>,
}

impl Students {
    /// As many as have so many enrolments.
    pub(crate) fn new(enrolments: u64) -> Self {
        let is_inland = |one: &&Department| one.code.len() == 2 && one.code != "99";
        Self {
            rng: Rng::with_seed(20_261_020),
            left: enrolments,
            schools: schools().map(|(uai, _)| uai).collect(),
            communes: territory::departments()
                .filter(is_inland)
                .filter_map(|one| CommuneCode::parse(&format!("{}001", one.code)).ok())
                .collect(),
        }
    }

    /// The next ones; none once there are enough enrolments.
    pub(crate) fn page(&mut self) -> Vec<Scanned> {
        let mut page = Vec::with_capacity(PAGE);
        while page.len() < PAGE && self.left > 0 {
            let second = self.left > 1 && self.rng.u8(..10) == 0;
            let enrolments: Vec<Enrolment> =
                (0..=u8::from(second)).map(|_| self.enrolment()).collect();
            self.left -= if second { 2 } else { 1 };
            let sex = if self.rng.bool() { Sex::Female } else { Sex::Male };
            let stat = Stat {
                sexe: Some(sex),
                naissance: Some(self.rng.i16(1990..=2009)),
                lieu: if self.rng.u8(..10) == 0 { BirthClass::Abroad } else { BirthClass::France },
            };
            page.push(Scanned::Published { student: StudentId::random(), stat, enrolments });
        }
        page
    }

    fn enrolment(&mut self) -> Enrolment {
        let rng = &mut self.rng;
        // A few establishments have most students.
        let school = (0..4).map(|_| rng.usize(..self.schools.len())).min().unwrap_or_default();
        let commune = self.communes[school % self.communes.len()];
        let is_lycee = rng.u8(..20) == 0;
        Enrolment {
            date_debut: date(2026, 9, rng.i8(1..=20)),
            date_fin: date(2027, 8, 31),
            statut: if rng.u8(..12) == 0 { Status::Admis } else { Status::Inscrit },
            regime: REGIMES[rng.usize(..REGIMES.len())],
            code_commune: commune,
            code_commune_brut: None,
            uai: self.schools[school],
            nom_etablissement: String::new(),
            cursus: Some(["L", "L", "M", "D"][rng.usize(..4)].to_owned()),
            diplome: Some(if is_lycee {
                format!("{CPGE}{:09}", rng.u32(..40))
            } else {
                format!("2{:06}", rng.u32(..2_000))
            }),
            niveau_diplome: Some(format!("0{}", rng.u8(1..=5))),
            non_dit: Unsaid::default(),
        }
    }
}
