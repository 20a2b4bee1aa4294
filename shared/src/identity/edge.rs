//! The evidence of an attachment: one record, what it says, what INES said of it, what people
//! decided about it, and why it is this student's.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::block::Traits;
use super::digest::RecordId;
use super::engine::compare::Comparison;
use super::engine::person::ComparedPerson;
use super::moves::Moves;
use super::review::CaseId;
use super::student::RecordVersion;
use crate::domain::civil_identity::CivilIdentity;
use crate::domain::enrolment::{Declaration, Enrolment, StatedPerson};
use crate::domain::ine::Ine;
use crate::domain::status::Status;

/// The rule by which a record is a student's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// A person decided so.
    Decided,
    /// INES says that the INE is this student's, and the names agree.
    Verified,
    /// Same INE and same birth date, of a record that names nobody.
    SameIne,
    /// The engine's evidence.
    Evidence,
    /// The only record of this student says something new about the same person.
    Correction,
    /// Nobody resembles, or nobody who is certain.
    Newcomer,
}

/// INES's verdict on the INE of a record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "etat", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum InesVerification {
    /// INES was not asked: there is no INES, or no INE. The INE is what the establishment says.
    #[default]
    Unasked,
    /// The INE is this person's.
    Confirmed {
        /// The person, as the national register writes it: it wins over what establishments write.
        registre: Box<CivilIdentity>,
        /// The INE to keep.
        ine_maitre: Ine,
    },
    /// INES found or gave this INE, in place of one that was missing.
    Granted {
        ine: Ine,
        /// INES knew the person before we asked. Else it has the person on this record's word
        /// alone.
        #[serde(default)]
        known_before: bool,
    },
    /// Nobody has the INE with that birth date: it is not believed.
    Unknown,
    /// Somebody else has it: it is not believed.
    Differs,
    /// There is no INES to ask, and another student has it: it is not believed.
    Taken,
}

/// The links that reviewers made of a record, by the case that they decided in, so that each
/// decision can be undone alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Links {
    /// Records that are the same person's.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub same: BTreeMap<CaseId, BTreeSet<RecordId>>,
    /// Records that are other people's.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub different: BTreeMap<CaseId, BTreeSet<RecordId>>,
}

impl Links {
    /// People decided that the record is the same person's as `other`.
    #[must_use]
    pub fn join(&self, other: &RecordId) -> bool {
        self.same.values().any(|records| records.contains(other))
    }

    /// People decided that the record is another person's than `other`.
    #[must_use]
    pub fn part(&self, other: &RecordId) -> bool {
        self.different.values().any(|records| records.contains(other))
    }

    /// Nobody decided anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.same.is_empty() && self.different.is_empty()
    }

    /// Forgets what was decided in a case.
    pub fn forget(&mut self, case: &CaseId) {
        self.same.remove(case);
        self.different.remove(case);
    }
}

/// One record of a student.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edge {
    pub record: RecordId,
    /// The version of the record that was attached.
    pub version: RecordVersion,
    pub declaration: Declaration,
    /// INES's verification of its INE.
    #[serde(default)]
    pub verification: InesVerification,
    /// The rule by which it is this student's.
    pub reason: Reason,
    /// The comparison that decided, if one did: the levels, the bits and the vetoes. Nothing
    /// personal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Comparison>,
    /// The comparison with the next closest student, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runner_up: Option<Comparison>,
    /// The version of the rules that decided.
    pub rules_version: u16,
    /// The links that reviewers made.
    #[serde(default, skip_serializing_if = "Links::is_empty")]
    pub links: Links,
    /// The places that it had before reviewers' decisions moved it.
    #[serde(default, skip_serializing_if = "Moves::is_empty")]
    pub moves: Moves,
}

impl Edge {
    /// The INEs that it gives its student.
    pub fn ines(&self) -> impl Iterator<Item = Ine> {
        let (one, other) = match &self.verification {
            InesVerification::Unasked => (self.declaration.ine, None),
            InesVerification::Confirmed { ine_maitre, .. } => {
                (self.declaration.ine, Some(*ine_maitre))
            }
            InesVerification::Granted { ine, .. } => (Some(*ine), None),
            InesVerification::Unknown | InesVerification::Differs | InesVerification::Taken => {
                (None, None)
            }
        };
        one.into_iter().chain(other)
    }

    /// The INE to keep, when INES vouches for it.
    #[must_use]
    pub fn verified(&self) -> Option<Ine> {
        match &self.verification {
            InesVerification::Confirmed { ine_maitre, .. } => Some(*ine_maitre),
            InesVerification::Granted { ine, .. } => Some(*ine),
            _ => None,
        }
    }

    /// INES has the person whatever this record says: it confirmed the INE, or knew the person
    /// before we asked.
    #[must_use]
    pub fn is_known_to_ines(&self) -> bool {
        matches!(
            self.verification,
            InesVerification::Confirmed { .. }
                | InesVerification::Granted { known_before: true, .. }
        )
    }

    /// INES has the person on this record's word.
    #[must_use]
    pub fn made_known(&self) -> bool {
        matches!(self.verification, InesVerification::Granted { known_before: false, .. })
    }

    /// Whether one establishment gives the two records two student numbers for one academic year,
    /// and INES the same INE.
    #[must_use]
    pub fn has_another_number(&self, other: &Self) -> bool {
        let (own, known) = (&self.declaration, &other.declaration);
        let numbers = own.numero_etudiant.as_ref().zip(known.numero_etudiant.as_ref());
        let of_one_year = own.inscription.uai == known.inscription.uai
            && own.inscription.academic_year() == known.inscription.academic_year();
        let enrolled = !self.is_cancelled() && !other.is_cancelled();
        let confirmed = self.registered().is_some() && other.registered().is_some();
        numbers.is_some_and(|(one, other)| one != other) && of_one_year && enrolled && confirmed
    }

    /// The enrolment was cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.declaration.inscription.statut == Status::Annule
    }

    /// The person, as INES writes it.
    #[must_use]
    pub fn registered(&self) -> Option<&CivilIdentity> {
        match &self.verification {
            InesVerification::Confirmed { registre, .. } => Some(registre),
            _ => None,
        }
    }

    /// The traits of the record that are compared.
    #[must_use]
    pub fn traits(&self) -> Vec<Traits> {
        traits(&self.declaration, &self.verification)
    }

    /// The same, prepared for comparison, for traits that name somebody.
    pub fn people(&self) -> impl Iterator<Item = ComparedPerson> {
        people(&self.declaration, &self.verification)
    }

    /// The cases in which people decided about it, or about what moved it.
    pub fn decisions(&self) -> impl Iterator<Item = &CaseId> {
        let Links { same, different } = &self.links;
        same.keys().chain(different.keys()).chain(self.moves.cases())
    }

    /// Whether it is the statement that `earlier` is, and INES says the same of it. Whether another
    /// student has its INE is nothing that it says.
    #[must_use]
    pub fn repeats(&self, earlier: &Self) -> bool {
        let taken = self.verification == InesVerification::Taken
            || earlier.verification == InesVerification::Taken;
        let stands = taken || self.verification == earlier.verification;
        self.record == earlier.record && self.version == earlier.version && stands
    }

    /// Whether people decided that the two records are two people's. Either record may hold the
    /// decision.
    #[must_use]
    pub fn parts_from(&self, record: &RecordId, links: &Links) -> bool {
        self.links.part(record) || links.part(&self.record)
    }

    /// Whether people decided that the two records are one person's.
    #[must_use]
    pub fn joins(&self, record: &RecordId, links: &Links) -> bool {
        self.links.join(record) || links.join(&self.record)
    }
}

/// Whether a student of these records may be meant instead of somebody whom it resembles. One whose
/// records were all cancelled, and whom INES has on their word alone, may not: anybody who sends
/// enrolments could hide a person by a row that resembles it. Whom INES confirmed, or knew before
/// we asked, is a person who exists, enrolled or not.
pub fn compete<'a>(edges: impl Iterator<Item = &'a Edge>) -> bool {
    let (mut stands, mut made_known, mut known_before) = (false, false, false);
    for edge in edges {
        stands |= !edge.is_cancelled() || edge.registered().is_some();
        made_known |= edge.made_known();
        known_before |= edge.is_known_to_ines();
    }
    stands || known_before && !made_known
}

/// The people whom a record names, as the engine compares them: with the number that its
/// establishment gives them, while the enrolment stands. A number that was cancelled was most
/// likely given in place of another.
pub fn people(
    declaration: &Declaration,
    verification: &InesVerification,
) -> impl Iterator<Item = ComparedPerson> + use<> {
    let Enrolment { uai, statut, .. } = declaration.inscription.clone();
    let year = declaration.inscription.academic_year().first_year();
    let number = declaration.numero_etudiant.clone().filter(|_| statut != Status::Annule);
    let named = traits(declaration, verification).into_iter().filter(Traits::is_named);
    named.map(move |traits| match &number {
        Some(number) => traits.person().numbered(uai.as_str(), year, number),
        None => traits.person(),
    })
}

/// The traits of a record: what the establishment states, with the INE that is believed, and what
/// INES says.
#[must_use]
pub fn traits(declaration: &Declaration, verification: &InesVerification) -> Vec<Traits> {
    let (ine, registered) = match verification {
        InesVerification::Unasked => (declaration.ine, None),
        InesVerification::Confirmed { registre, ine_maitre } => {
            (declaration.ine, Some((registre, *ine_maitre)))
        }
        InesVerification::Granted { ine, .. } => (Some(*ine), None),
        InesVerification::Unknown | InesVerification::Differs | InesVerification::Taken => {
            (None, None)
        }
    };
    let registered = registered.map(|(identity, master)| Traits {
        ine: Some(master),
        confirme: true,
        annule: false,
        identite: StatedPerson::Civil(CivilIdentity::clone(identity)),
    });
    // A pair says nothing that INES doesn't say better.
    let said = match &declaration.identite {
        StatedPerson::Pair(_) if registered.is_some() => None,
        StatedPerson::Pair(pair) => Some(StatedPerson::Pair(crate::domain::enrolment::Pair {
            registre: None,
            ..pair.clone()
        })),
        StatedPerson::Civil(identity) => Some(StatedPerson::Civil(identity.clone())),
    };
    let said = said.map(|identite| Traits::said(ine, identite));
    let repeated =
        |said: &Traits| registered.as_ref().is_some_and(|registered| registered.repeats(said));
    let said = said.filter(|said| !repeated(said));
    said.into_iter().chain(registered).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::fixtures::{declaration, identity};

    const INE: &str = "070578267KH";

    fn confirmed(name: &str) -> InesVerification {
        let ine_maitre = Ine::parse(INE).unwrap();
        InesVerification::Confirmed {
            registre: Box::new(identity(name, "Zoé", "2004-03-02")),
            ine_maitre,
        }
    }

    #[test]
    fn an_ine_that_is_not_believed_is_no_trait() {
        let said = declaration(Some(INE), "Lefèvre", "Zoé", "2004-03-02");
        assert_eq!(traits(&said, &InesVerification::Unasked)[0].ine, said.ine);
        for verification in
            [InesVerification::Unknown, InesVerification::Differs, InesVerification::Taken]
        {
            assert_eq!(traits(&said, &verification)[0].ine, None);
        }
    }

    #[test]
    fn what_ines_says_is_compared_beside_what_the_establishment_says() {
        let said = declaration(Some(INE), "Lefèvre", "Zoé", "2004-03-02");
        assert_eq!(traits(&said, &confirmed("LEFEVRE")).len(), 1, "the same in other letters");
        assert_eq!(traits(&said, &confirmed("Lefèvre-Martin")).len(), 2);
        let mut pair = said;
        let birth = pair.identite.birth_date();
        pair.identite = StatedPerson::Pair(crate::domain::enrolment::Pair {
            date_naissance: birth,
            registre: None,
        });
        assert_eq!(traits(&pair, &confirmed("Lefèvre")).len(), 1);
    }

    #[test]
    fn a_decision_is_forgotten_alone() {
        let record =
            |digit: char| RecordId::parse(&format!("1.{}", digit.to_string().repeat(32))).unwrap();
        let case = |digit| CaseId::attachment(&record(digit));
        let mut links = Links::default();
        links.different.entry(case('a')).or_default().insert(record('1'));
        links.different.entry(case('b')).or_default().insert(record('1'));
        links.forget(&case('a'));
        assert!(links.part(&record('1')) && !links.join(&record('1')));
        links.forget(&case('b'));
        assert!(links.is_empty());
    }

    #[test]
    fn an_edge_reads_back() {
        for verification in [
            InesVerification::Unasked,
            confirmed("Lefèvre"),
            InesVerification::Granted { ine: Ine::parse(INE).unwrap(), known_before: true },
            InesVerification::Unknown,
            InesVerification::Differs,
            InesVerification::Taken,
        ] {
            let stored = serde_json::to_string(&verification).unwrap();
            assert_eq!(serde_json::from_str::<InesVerification>(&stored).unwrap(), verification);
        }
    }
}
