//! One enrolment, and the row of a feed that says it.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::academic_year::AcademicYear;
use super::birth_date::BirthDate;
use super::civil_identity::CivilIdentity;
use super::commune::CommuneCode;
use super::ine::Ine;
use super::regime::Regime;
use super::status::Status;
use super::uai::Uai;

/// An enrolment (*inscription*) of a person in an establishment, for a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Enrolment {
    /// First day.
    pub date_debut: Date,
    /// Last day, included; never before the first.
    pub date_fin: Date,
    /// How far it has come.
    pub statut: Status,
    /// Who pays, and how.
    pub regime: Regime,
    /// Where the studies take place.
    pub code_commune: CommuneCode,
    /// What the feed wrote for it, when that was something else (a postal code).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_commune_brut: Option<String>,
    /// The establishment.
    pub uai: Uai,
    /// The establishment's name on the day of the feed.
    pub nom_etablissement: String,
    /// `L`, `M` or `D`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursus: Option<String>,
    /// A SISE diploma code, or a MEFSTAT11 for a lycée.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diplome: Option<String>,
    /// The year within the diploma.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub niveau_diplome: Option<String>,
    /// What a rule filled in because the feed left it out. Statistics count it as unknown; no
    /// answer tells it.
    #[serde(default, skip_serializing_if = "Unsaid::is_nothing")]
    pub non_dit: Unsaid,
}

/// The values of an enrolment that its feed left out. Stored before this was kept, an enrolment has
/// every value as if it had been said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsaid {
    /// The régime is [`Regime::UNSAID`] for want of one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub regime: bool,
    /// The commune of study is the establishment's for want of one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub commune: bool,
}

impl Unsaid {
    /// Whether the feed said everything.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        !self.regime && !self.commune
    }
}

impl Enrolment {
    /// The academic year it belongs to: that of its first day.
    #[must_use]
    pub fn academic_year(&self) -> AcademicYear {
        AcademicYear::starting_on(self.date_debut)
    }

    /// All that an answer tells of it: two with equal ones are one enrolment, however the commune
    /// and the establishment's name were written.
    #[must_use]
    pub fn told(&self) -> impl Ord + use<'_> {
        let studies = (&self.diplome, &self.niveau_diplome, &self.cursus);
        (
            self.date_debut,
            self.date_fin,
            self.uai,
            studies,
            self.statut,
            self.regime.code(),
            self.code_commune.as_str(),
        )
    }

    /// Whether it may be told on `today`: not cancelled, not over, and begun, or beginning within
    /// `starts_within_days` (domain.md §4.4: current admissions and enrolments only).
    #[must_use]
    pub fn is_current(&self, today: Date, starts_within_days: u16) -> bool {
        let horizon = today.saturating_add(jiff::Span::new().days(i64::from(starts_within_days)));
        self.statut != Status::Annule && self.date_fin >= today && self.date_debut <= horizon
    }
}

/// What an establishment says in one row: this person, this enrolment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Declaration {
    /// The INE, when the establishment knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ine: Option<Ine>,
    /// The establishment's own number for the student.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numero_etudiant: Option<String>,
    pub identite: StatedPerson,
    pub inscription: Enrolment,
}

impl Declaration {
    /// Whether both name the same person in the same words. What the register had for a pair is
    /// nobody's words.
    #[must_use]
    pub fn names_as(&self, other: &Self) -> bool {
        let person = match (&self.identite, &other.identite) {
            (StatedPerson::Pair(one), StatedPerson::Pair(other)) => {
                one.date_naissance == other.date_naissance
            }
            (one, other) => one == other,
        };
        person && self.ine == other.ine && self.numero_etudiant == other.numero_etudiant
    }
}

/// Whom a declaration is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum StatedPerson {
    /// A person who is named, as in an enrolment file.
    Civil(CivilIdentity),
    /// A person who is known by the declaration's INE and this birth date.
    Pair(Pair),
}

/// The write contract's way to name a person, beside the INE (domain.md §2: no nominative data in
/// the feed).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pair {
    pub date_naissance: BirthDate,
    /// The identity that the register had for the pair when the declaration was attached to a
    /// student: it is told with the enrolment, but it is no evidence, for nobody has said it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registre: Option<Box<CivilIdentity>>,
}

impl StatedPerson {
    /// The birth date, which both ways give.
    #[must_use]
    pub fn birth_date(&self) -> BirthDate {
        match self {
            Self::Civil(identity) => identity.date_naissance,
            Self::Pair(pair) => pair.date_naissance,
        }
    }

    /// The identity that the establishment itself wrote.
    #[must_use]
    pub fn said(&self) -> Option<&CivilIdentity> {
        match self {
            Self::Civil(identity) => Some(identity),
            Self::Pair(_) => None,
        }
    }

    /// The identity to tell: what was said, else what the register had.
    #[must_use]
    pub fn told(&self) -> Option<&CivilIdentity> {
        match self {
            Self::Civil(identity) => Some(identity),
            Self::Pair(pair) => pair.registre.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn an_enrolment_is_current_up_to_its_last_day_and_shortly_before_its_first() {
        let enrolment =
            crate::identity::fixtures::enrolment("0751967F", date(2026, 9, 1), date(2027, 8, 31));
        for (today, current) in [
            (date(2026, 6, 2), false),
            (date(2026, 6, 3), true),
            (date(2026, 9, 1), true),
            (date(2027, 8, 31), true),
            (date(2027, 9, 1), false),
        ] {
            assert_eq!(enrolment.is_current(today, 90), current, "{today}");
        }
        let cancelled = Enrolment { statut: Status::Annule, ..enrolment };
        assert!(!cancelled.is_current(date(2026, 10, 1), 90));
    }

    #[test]
    fn a_person_reads_back_whichever_way_it_is_known() {
        let identity = crate::identity::fixtures::identity("Lefèvre", "Zoé", "2004-03-02");
        let pair = Pair { date_naissance: identity.date_naissance, registre: None };
        let registered = Pair { registre: Some(Box::new(identity.clone())), ..pair.clone() };
        for person in [
            StatedPerson::Civil(identity.clone()),
            StatedPerson::Pair(pair),
            StatedPerson::Pair(registered),
        ] {
            let stored = serde_json::to_string(&person).unwrap();
            assert_eq!(serde_json::from_str::<StatedPerson>(&stored).unwrap(), person);
            assert_eq!(person.birth_date(), identity.date_naissance);
        }
    }
}
