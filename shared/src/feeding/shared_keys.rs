//! Student numbers and INEs that a file gives to several people.
//!
//! A record is named by the number, else by the INE
//! ([`Subject`](crate::identity::digest::Subject)), so that of rows of two people under one key
//! only the last would exist. Which of them has it rightly nobody can tell from the file: neither
//! row is read, and both are told. For that the file is gone through once before anything of it is
//! stored, and what it says about whom is kept in sixteen bytes a key.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher as _};

use serde::{Deserialize, Serialize};

use crate::domain::enrolment::{Declaration, StatedPerson};
use crate::files::column::Column;
use crate::files::problem::{Problem, RowRule, Severity};
use crate::identity::digest::DigestKey;

/// Keys of a file at most: half a gigabyte of memory, four times the keys of the whole country's
/// students.
pub const MOST_KEYS: usize = 1 << 25;
/// Shared keys of a file at most. With more, a column isn't what its label says.
pub const MOST_SHARED: usize = 100_000;
/// Places that are remembered of one shared key.
const MOST_PLACES: usize = 8;

/// The reason for which a file's keys can't be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Uncomparable {
    /// More than [`MOST_KEYS`].
    #[error(
        "le fichier a trop de lignes pour qu'elles soient comparées : le partager en plusieurs"
    )]
    TooLarge,
    /// More than [`MOST_SHARED`].
    #[error(
        "plus de 100 000 numéros d'étudiant ou INE sont donnés chacun à plusieurs personnes : une colonne ne contient \
         sans doute pas ce que dit son intitulé"
    )]
    TooManyShared,
}

/// Under which key a row names its student, as 64 bits of a keyed digest, and the rule that a
/// shared one breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Key {
    digest: u64,
    column: Column,
    rule: RowRule,
}

/// A digest of the person that a row names: the birth date, and the name if it gives one (0 if it
/// doesn't). Never stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Who {
    birth: u32,
    name: u32,
}

impl Who {
    fn of(declaration: &Declaration) -> Self {
        let birth = hash(&declaration.identite.birth_date().expose());
        let name = match &declaration.identite {
            StatedPerson::Civil(identity) => {
                hash(&(identity.nom_famille.folded(), identity.prenom1.folded())).max(1)
            }
            StatedPerson::Pair(_) => 0,
        };
        Self { birth, name }
    }

    fn may_be(self, other: Self) -> bool {
        self.birth == other.birth && (self.name == other.name || self.name == 0 || other.name == 0)
    }
}

fn hash(value: &impl std::hash::Hash) -> u32 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    // Half of it is as good a hash.
    (hasher.finish() >> 32) as u32
}

/// The keys of a row. Two with equal digests share one.
fn keys(secret: &DigestKey, declaration: &Declaration) -> impl Iterator<Item = Key> {
    let Declaration { ine, numero_etudiant, inscription, .. } = declaration;
    let digest = |parts: &[&str]| {
        let bytes = secret.bytes(parts).unwrap_or_default();
        bytes.iter().take(8).fold(0, |digest, byte| digest << 8 | u64::from(*byte))
    };
    let uai = inscription.uai;
    let number = numero_etudiant.as_ref().map(|number| Key {
        digest: digest(&["numero", uai.as_str(), number]),
        column: Column::NumeroEtudiant,
        rule: RowRule::NumeroDePlusieurs,
    });
    let own_ine = ine.filter(|_| numero_etudiant.is_none()).map(|ine| Key {
        digest: digest(&["ine", uai.as_str(), ine.expose()]),
        column: Column::Ine,
        rule: RowRule::IneDePlusieurs,
    });
    let any_ine = ine.map(|ine| Key {
        digest: digest(&["ine", ine.expose()]),
        column: Column::Ine,
        rule: RowRule::InePartage,
    });
    [number, own_ine, any_ine].into_iter().flatten()
}

/// The people that the rows of a file name under each key, collected in a first reading.
#[derive(Debug, Default)]
pub struct Claims(Vec<(u64, Who)>);

impl Claims {
    /// Takes note of an accepted row.
    pub fn note(
        &mut self,
        secret: &DigestKey,
        declaration: &Declaration,
    ) -> Result<(), Uncomparable> {
        let who = Who::of(declaration);
        self.0.extend(keys(secret, declaration).map(|key| (key.digest, who)));
        if self.0.len() > MOST_KEYS { Err(Uncomparable::TooLarge) } else { Ok(()) }
    }

    /// The keys that several people have.
    pub fn shared(mut self) -> Result<SharedKeys, Uncomparable> {
        self.0.sort_unstable();
        let is_shared = |claims: &&[(u64, Who)]| {
            let people = || claims.iter().map(|(_, who)| *who);
            // Those without a name may be any of those with the same birth date.
            let named = people().find(|who| who.name > 0).or_else(|| people().next());
            named.is_some_and(|one| people().any(|other| !one.may_be(other)))
        };
        let claimed = self.0.chunk_by(|one, other| one.0 == other.0);
        let shared: BTreeMap<_, _> = claimed
            .filter(is_shared)
            .filter_map(|claims| Some((claims.first()?.0, Vec::new())))
            .collect();
        if shared.len() > MOST_SHARED {
            Err(Uncomparable::TooManyShared)
        } else {
            Ok(SharedKeys(shared))
        }
    }
}

/// The keys that several people have in a file, each with the places of the rows that were met
/// under it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SharedKeys(BTreeMap<u64, Vec<u64>>);

impl SharedKeys {
    /// The problems of the accepted row at `place` that come from keys it shares. The place is
    /// remembered for the other rows.
    pub fn problems(
        &mut self,
        secret: &DigestKey,
        declaration: &Declaration,
        place: u64,
    ) -> Vec<Problem> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let mut problems = Vec::new();
        for Key { digest, column, rule } in keys(secret, declaration) {
            let Some(places) = self.0.get_mut(&digest) else { continue };
            if places.len() < MOST_PLACES && !places.contains(&place) {
                places.push(place);
            }
            let is_said = |problem: &Problem| problem.column == Some(column);
            if rule.severity() == Severity::Reject || !problems.iter().any(is_said) {
                problems.push(Problem { column: Some(column), rule });
            }
        }
        problems
    }

    /// For each row under a shared key, the other rows under it, as far as they are remembered.
    #[must_use]
    pub fn others(&self) -> BTreeMap<u64, Vec<u64>> {
        let mut others: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        for places in self.0.values() {
            for place in places {
                let met = others.entry(*place).or_default();
                met.extend(places.iter().filter(|other| *other != place));
                met.sort_unstable();
                met.dedup();
            }
        }
        others
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::fixtures::{declaration, keys as identity_keys};

    fn row(
        number: Option<&str>,
        ine: Option<&str>,
        family: &str,
        given: &str,
        birth: &str,
    ) -> Declaration {
        Declaration {
            numero_etudiant: number.map(str::to_owned),
            ..declaration(ine, family, given, birth)
        }
    }

    /// The rules that each of these rows breaks, from line 2 on, and the lines of the others.
    fn told(rows: &[Declaration]) -> Vec<(Vec<&'static str>, Vec<u64>)> {
        let secret = identity_keys().ine;
        let mut claims = Claims::default();
        for row in rows {
            claims.note(&secret, row).unwrap();
        }
        let mut shared = claims.shared().unwrap();
        let rules: Vec<Vec<_>> = (2..)
            .zip(rows)
            .map(|(line, row)| {
                shared
                    .problems(&secret, row, line)
                    .iter()
                    .map(|problem| problem.rule.code())
                    .collect()
            })
            .collect();
        // A checkpoint keeps it.
        let shared: SharedKeys =
            serde_json::from_str(&serde_json::to_string(&shared).unwrap()).unwrap();
        let others = shared.others();
        (2..)
            .zip(rules)
            .map(|(line, rules)| (rules, others.get(&line).cloned().unwrap_or_default()))
            .collect()
    }

    const INE: &str = "934567812CJ";

    #[test]
    fn a_number_of_two_people_is_a_problem_of_each_of_their_rows() {
        let hermine = row(Some("F02A"), None, "HOMONUMERE", "Hermine", "2005-02-28");
        let ismerie = row(Some("F02A"), None, "HETERONUME", "Ismérie", "2004-05-29");
        let other = row(Some("F02B"), None, "Martin", "Léa", "2004-05-29");
        let rows = [hermine.clone(), other.clone(), ismerie.clone(), hermine.clone()];
        let rule = || vec!["numero_de_plusieurs"];
        let told_of = told(&rows);
        assert_eq!(told_of[0], (rule(), vec![4, 5]));
        assert_eq!(told_of[1], (vec![], vec![]));
        assert_eq!((&told_of[2].0, &told_of[3].0), (&rule(), &rule()));
        // Twins, whom nothing but the given name tells apart.
        let twins = ["Naïlys", "Maïlys"]
            .map(|given| row(Some("F02A"), None, "PENVENNE", given, "2005-08-27"));
        assert!(told(&twins).iter().all(|(rules, _)| *rules == rule()));
        // Another diploma is another record of the same student, who has one number.
        let mut diploma = ismerie;
        diploma.inscription.diplome = Some("2400123".into());
        assert!(told(&[hermine.clone(), diploma]).iter().all(|(rules, _)| *rules == rule()));
        // Two establishments number their students each for itself.
        let mut elsewhere = other;
        elsewhere.numero_etudiant = Some("F02A".into());
        elsewhere.inscription.uai = crate::domain::uai::Uai::parse("0011402U").unwrap();
        assert!(told(&[hermine, elsewhere]).iter().all(|(rules, _)| rules.is_empty()));
    }

    #[test]
    fn an_ine_of_two_people_is_one_too_where_it_names_the_record_and_odd_where_it_does_not() {
        let [copied, pasted] =
            [("COPIEUSE", "Delphine", "2005-02-24"), ("COLLEUSE", "Ernestine", "2004-05-25")];
        let with = |number, (family, given, birth): (&str, &str, &str)| {
            row(number, Some(INE), family, given, birth)
        };
        let told_of = told(&[with(None, copied), with(None, pasted)]);
        assert_eq!(
            told_of,
            [(vec!["ine_de_plusieurs"], vec![3]), (vec!["ine_de_plusieurs"], vec![2])]
        );
        let told_of = told(&[with(Some("1"), copied), with(Some("2"), pasted)]);
        assert_eq!(told_of, [(vec!["ine_partage"], vec![3]), (vec!["ine_partage"], vec![2])]);
    }

    #[test]
    fn one_person_may_have_several_rows_however_the_name_is_written() {
        let lea = row(Some("1"), Some(INE), "Lefèvre-Martin", "Léa", "2004-03-02");
        let again = row(Some("1"), Some(INE), "LEFEVRE MARTIN", "LEA", "2004-03-02");
        let mut unnamed = lea.clone();
        unnamed.identite = StatedPerson::Pair(crate::domain::enrolment::Pair {
            date_naissance: lea.identite.birth_date(),
            registre: None,
        });
        for rows in [[&lea, &again, &unnamed], [&unnamed, &lea, &again]] {
            let rows = rows.map(Clone::clone);
            assert!(
                told(&rows).iter().all(|(rules, others)| rules.is_empty() && others.is_empty())
            );
        }
        let mut other = unnamed.clone();
        other.identite = row(None, None, "x", "y", "2004-03-03").identite;
        assert!(told(&[unnamed, other]).iter().all(|(rules, _)| rules[0] == "numero_de_plusieurs"));
    }
}
