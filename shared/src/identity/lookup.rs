//! Which student a look-up by civil identity means.

use super::digest::{CivilDigest, IdentityKeys};
use super::student::{Posting, StudentId};
use crate::domain::birth_date::BirthDate;
use crate::domain::commune::CommuneCode;
use crate::domain::name::PersonName;
use crate::domain::sex::Sex;

/// A person who is asked about, by civil identity, whichever contract asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CivilQuestion {
    /// The birth name.
    pub nom_famille: PersonName,
    /// The first given name.
    pub prenom1: PersonName,
    /// The birth date, known to the day.
    pub date_naissance: BirthDate,
    /// The sex.
    pub sexe: Sex,
    /// The commune of birth, when the caller knows it.
    pub lieu_naissance: Option<CommuneCode>,
}

impl CivilQuestion {
    /// The key under which the students who may be meant are posted.
    #[must_use]
    pub fn digest(&self, keys: &IdentityKeys) -> CivilDigest {
        keys.civil_of(&self.nom_famille.folded(), &self.prenom1.folded(), self.date_naissance, self.sexe)
    }
}

/// The only student that may be told among those who share the folded civil identity, if there is exactly one.
///
/// Upstream has no code for "several": none and several are both `None`, and callers can't tell them apart
/// (domain.md §1.3). A birthplace decides between homonyms, and excludes a student known to be born elsewhere
/// even when it is the only one.
#[must_use]
pub fn unique(postings: &[Posting], birthplace: Option<CommuneCode>) -> Option<StudentId> {
    let Some(birthplace) = birthplace else {
        return single(postings.iter());
    };
    let mut born_there = postings.iter().filter(|posting| posting.lieux_naissance.contains(&birthplace)).peekable();
    if born_there.peek().is_some() {
        return single(born_there);
    }
    single(postings.iter().filter(|posting| posting.lieux_naissance.is_empty()))
}

fn single<'a>(mut postings: impl Iterator<Item = &'a Posting>) -> Option<StudentId> {
    let first = postings.next()?.student;
    postings.all(|posting| posting.student == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posting(birthplace: Option<&str>) -> Posting {
        Posting {
            student: StudentId::random(),
            lieux_naissance: birthplace.map(|code| CommuneCode::parse(code).unwrap()).into_iter().collect(),
        }
    }

    #[test]
    fn nobody_and_several_are_the_same() {
        assert_eq!(unique(&[], None), None);
        assert_eq!(unique(&[posting(Some("44109")), posting(Some("35238"))], None), None);
    }

    #[test]
    fn a_birthplace_decides_between_homonyms() {
        let homonyms = [posting(Some("44109")), posting(Some("35238")), posting(None)];
        assert_eq!(unique(&homonyms, CommuneCode::parse("35238").ok()), Some(homonyms[1].student));
        assert_eq!(unique(&homonyms[..2], CommuneCode::parse("75113").ok()), None);
    }

    #[test]
    fn a_birthplace_excludes_one_known_to_be_born_elsewhere() {
        let known = [posting(Some("44109"))];
        assert_eq!(unique(&known, None), Some(known[0].student));
        assert_eq!(unique(&known, CommuneCode::parse("35238").ok()), None);
        let unsaid = [posting(None)];
        assert_eq!(unique(&unsaid, CommuneCode::parse("35238").ok()), Some(unsaid[0].student));
    }
}
