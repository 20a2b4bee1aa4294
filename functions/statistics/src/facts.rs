//! One student of one academic year, as statistics count it.
//!
//! Facts come from today's scan; an export of the table at a reference date gives the same items.

use std::collections::BTreeMap;

use jiff::civil::Date;
use shared::domain::academic_year::AcademicYear;
use shared::domain::enrolment::Enrolment;
use shared::domain::regime::Regime;
use shared::domain::sex::Sex;
use shared::domain::status::Status;
use shared::domain::territory::{self, Department};
use shared::domain::uai::Uai;
use shared::identity::stat::{BirthClass, Stat};
use shared::identity::student::StudentId;
use shared::registry::answers::Scanned;

use crate::dimensions::{CURSUS, UNKNOWN};
use crate::main_enrolment::main_enrolment;

/// Ages that students have. Another is a birth year that somebody mistyped.
const AGES: std::ops::RangeInclusive<i16> = 12..=99;
/// Unknown codes that are listed apart at most.
const MOST_CODES: usize = 200;

/// One enrolment that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrolmentFact {
    pub uai: Uai,
    /// None where neither a commune nor the UAI tells.
    pub department: Option<&'static Department>,
    /// `L`, `M`, `D` or unknown.
    pub cursus: &'static str,
    /// None where the feed left it out.
    pub regime: Option<Regime>,
    pub status: Status,
    pub diploma: Option<String>,
    pub level: Option<String>,
    /// A class that prepares for the grandes écoles, by its diploma's code.
    pub cpge: bool,
    pub first_day: Date,
}

/// A student with at least one enrolment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Whose it is.
    pub student: StudentId,
    pub sex: Option<Sex>,
    /// The age that is reached in the year in which the academic year begins.
    pub age: Option<i16>,
    pub birth: BirthClass,
    pub enrolments: Vec<EnrolmentFact>,
    /// The place of the main one.
    pub main: usize,
}

/// What is counted, and by which parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    pub year: AcademicYear,
    /// How the MEFSTAT11 of a CPGE begins. The nomenclature isn't public, so without a parameter
    /// no diploma is taken for one.
    pub cpge_prefixes: Vec<String>,
}

/// What was met on the way, for the private tables.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Observed {
    /// Counted students.
    #[serde(rename = "etudiants")]
    pub students: u64,
    /// Students of whom nothing may be told until a person decides.
    #[serde(rename = "enAttente")]
    pub on_hold: u64,
    /// Items that can't be read.
    #[serde(rename = "illisibles")]
    pub malformed: u64,
    /// Students with no enrolment of the year.
    #[serde(rename = "horsAnnee")]
    pub outside: u64,
    /// Students whose item is older than what statistics read of it.
    #[serde(rename = "sansTraits")]
    pub without_stat: u64,
    /// Enrolments whose commune was said, is told by the UAI alone, or by nothing.
    #[serde(rename = "communeDite")]
    pub commune_said: u64,
    #[serde(rename = "communeDeUai")]
    pub commune_of_uai: u64,
    #[serde(rename = "communeInconnue")]
    pub commune_unknown: u64,
    #[serde(rename = "regimeNonDit")]
    pub regime_unsaid: u64,
    /// Codes of cursus that are in no list, with their enrolments.
    #[serde(rename = "cursusInconnus")]
    pub unknown_cursus: BTreeMap<String, u64>,
    /// The same of diplomas and of years within one.
    #[serde(rename = "diplomesInconnus")]
    pub unknown_diplomas: BTreeMap<String, u64>,
    #[serde(rename = "niveauxInconnus")]
    pub unknown_levels: BTreeMap<String, u64>,
}

impl Observed {
    /// Adds what was met elsewhere.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.students += other.students;
        self.on_hold += other.on_hold;
        self.malformed += other.malformed;
        self.outside += other.outside;
        self.without_stat += other.without_stat;
        self.commune_said += other.commune_said;
        self.commune_of_uai += other.commune_of_uai;
        self.commune_unknown += other.commune_unknown;
        self.regime_unsaid += other.regime_unsaid;
        for (own, others) in [
            (&mut self.unknown_cursus, other.unknown_cursus),
            (&mut self.unknown_diplomas, other.unknown_diplomas),
            (&mut self.unknown_levels, other.unknown_levels),
        ] {
            for (code, times) in others {
                list(code, times, own);
            }
        }
    }
}

impl Scope {
    /// The facts of what a scan saw. Nothing stops it: what can't be counted is noted.
    pub fn facts<'a>(
        &'a self,
        scanned: impl IntoIterator<Item = Scanned> + 'a,
        observed: &'a mut Observed,
    ) -> impl Iterator<Item = Fact> + 'a {
        scanned.into_iter().filter_map(move |one| self.fact(one, observed))
    }

    /// The fact of one item of a scan.
    pub fn fact(&self, scanned: Scanned, observed: &mut Observed) -> Option<Fact> {
        let (student, stat, enrolments) = match scanned {
            Scanned::Published { student, stat, enrolments } => (student, stat, enrolments),
            Scanned::OnHold => {
                observed.on_hold += 1;
                return None;
            }
            Scanned::Malformed => {
                observed.malformed += 1;
                return None;
            }
        };
        let enrolments: Vec<EnrolmentFact> = enrolments
            .into_iter()
            .filter(|one| one.statut != Status::Annule && one.academic_year() == self.year)
            .map(|one| self.enrolment(one, observed))
            .collect();
        let Some(main) = main_enrolment(&enrolments) else {
            observed.outside += 1;
            return None;
        };
        observed.students += 1;
        observed.without_stat += u64::from(stat == Stat::default());
        let age = stat.naissance.map(|born| self.year.first_year() - born);
        Some(Fact {
            student,
            sex: stat.sexe,
            age: age.filter(|age| AGES.contains(age)),
            birth: stat.lieu,
            enrolments,
            main,
        })
    }

    fn enrolment(&self, said: Enrolment, observed: &mut Observed) -> EnrolmentFact {
        let by_commune =
            (!said.non_dit.commune).then(|| territory::of_commune(said.code_commune)).flatten();
        let department = by_commune.or_else(|| territory::of_uai(said.uai));
        *match (by_commune, department) {
            (Some(_), _) => &mut observed.commune_said,
            (None, Some(_)) => &mut observed.commune_of_uai,
            (None, None) => &mut observed.commune_unknown,
        } += 1;
        observed.regime_unsaid += u64::from(said.non_dit.regime);
        let text = said.cursus.as_deref().unwrap_or_default().trim().to_uppercase();
        let cursus = CURSUS.into_iter().find(|code| *code == text);
        if cursus.is_none() {
            list(text, 1, &mut observed.unknown_cursus);
        }
        let is_cpge = |code: &String| {
            let mefstat = code.len() == 11 && code.bytes().all(|byte| byte.is_ascii_digit());
            mefstat && self.cpge_prefixes.iter().any(|prefix| code.starts_with(prefix))
        };
        EnrolmentFact {
            uai: said.uai,
            department,
            cursus: cursus.unwrap_or(UNKNOWN),
            regime: (!said.non_dit.regime).then_some(said.regime),
            status: said.statut,
            cpge: said.diplome.as_ref().is_some_and(is_cpge),
            diploma: coded(said.diplome, &[7, 11], &mut observed.unknown_diplomas),
            level: coded(said.niveau_diplome, &[1, 2], &mut observed.unknown_levels),
            first_day: said.date_debut,
        }
    }
}

/// A code of letters and digits, as long as its nomenclature's; another is listed and is unknown.
/// What a feed wrote in the place of a code must not become a row of a public table.
fn coded(
    said: Option<String>,
    lengths: &[usize],
    unknown: &mut BTreeMap<String, u64>,
) -> Option<String> {
    let code = said?.trim().to_uppercase();
    if lengths.contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Some(code);
    }
    list(code, 1, unknown);
    None
}

fn list(code: String, times: u64, unknown: &mut BTreeMap<String, u64>) {
    if !code.is_empty() && (unknown.len() < MOST_CODES || unknown.contains_key(&code)) {
        *unknown.entry(code).or_default() += times;
    }
}

#[cfg(test)]
pub(crate) mod fixtures {
    use jiff::civil::date;

    use super::*;

    pub(crate) fn enrolment(uai: &str) -> EnrolmentFact {
        let uai = Uai::parse(uai).unwrap();
        EnrolmentFact {
            uai,
            department: territory::of_uai(uai),
            cursus: UNKNOWN,
            regime: None,
            status: Status::Inscrit,
            diploma: None,
            level: None,
            cpge: false,
            first_day: date(2026, 9, 1),
        }
    }

    /// An enrolment as it is stored, with these fields over a usual one.
    pub(crate) fn stored(fields: &serde_json::Value) -> Enrolment {
        let mut all = serde_json::json!({
            "dateDebut": "2026-09-01", "dateFin": "2027-08-31", "statut": "inscrit",
            "regime": "RF1", "codeCommune": "75113", "uai": "0751967F", "nomEtablissement": "UFR",
        });
        for (name, value) in fields.as_object().unwrap() {
            all[name] = value.clone();
        }
        serde_json::from_value(all).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::fixtures::stored;
    use super::*;

    fn scope() -> Scope {
        let year = AcademicYear::parse("2026-2027").unwrap();
        Scope { year, cpge_prefixes: vec!["31".to_owned()] }
    }

    fn published(enrolments: &[serde_json::Value]) -> Scanned {
        let stat =
            Stat { sexe: Some(Sex::Female), naissance: Some(2004), lieu: BirthClass::France };
        let student = StudentId::random();
        Scanned::Published { student, stat, enrolments: enrolments.iter().map(stored).collect() }
    }

    #[test]
    fn what_cannot_be_counted_is_noted_and_stops_nothing() {
        let mut observed = Observed::default();
        let scanned = [
            Scanned::Malformed,
            Scanned::OnHold,
            published(&[json!({"statut": "annulé"})]),
            published(&[json!({"dateDebut": "2025-09-01", "dateFin": "2026-08-31"})]),
            published(&[json!({})]),
        ];
        let scope = scope();
        let facts: Vec<Fact> = scope.facts(scanned, &mut observed).collect();
        assert_eq!(facts.len(), 1);
        assert_eq!(facts[0].age, Some(22));
        let seen = (observed.students, observed.on_hold, observed.malformed, observed.outside);
        assert_eq!(seen, (1, 1, 1, 2));
    }

    #[test]
    fn what_was_not_said_is_unknown_and_the_place_is_then_the_uais() {
        let mut observed = Observed::default();
        let unsaid = json!({
            "codeCommune": "44109", "nonDit": {"regime": true, "commune": true}, "cursus": "LP",
        });
        let fact = scope().fact(published(&[unsaid]), &mut observed).unwrap();
        let [one] = &fact.enrolments[..] else { panic!() };
        assert_eq!((one.regime, one.cursus), (None, UNKNOWN));
        assert_eq!(one.department.map(|one| one.code), Some("75"));
        assert_eq!((observed.commune_of_uai, observed.regime_unsaid), (1, 1));
        assert_eq!(observed.unknown_cursus, BTreeMap::from([("LP".to_owned(), 1)]));
    }

    #[test]
    fn a_cpge_is_told_by_its_mefstat_alone() {
        let mut observed = Observed::default();
        let diplomas = [json!({"diplome": "31112345678"}), json!({"diplome": "3111234"})];
        let fact = scope().fact(published(&diplomas), &mut observed).unwrap();
        assert_eq!(fact.enrolments.iter().map(|one| one.cpge).collect::<Vec<_>>(), [true, false]);
        assert_eq!(fact.main, 0);
        let none = Scope { cpge_prefixes: Vec::new(), ..scope() };
        let fact = none.fact(published(&diplomas), &mut observed).unwrap();
        assert!(fact.enrolments.iter().all(|one| !one.cpge));
    }
}
