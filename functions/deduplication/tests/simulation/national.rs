//! The national register in memory: what it knows is true, and it takes its time.

use std::collections::BTreeMap;

use shared::domain::birth_date::BirthDate;
use shared::domain::civil_identity::CivilIdentity;
use shared::domain::ine::Ine;
use shared::identity::ines::{Immatriculated, Registered, Verified};

/// Everybody whom it knows, and the requests that wait there.
#[derive(Debug, Default)]
pub(crate) struct National {
    known: BTreeMap<Ine, Registered>,
    /// How many times more an INE is said to wait for a decision.
    waits: BTreeMap<Ine, u32>,
    /// What each request led to, and whether a new INE was given for it.
    requests: BTreeMap<String, (Ine, bool)>,
    given: u32,
}

impl National {
    /// A person, under each of its INEs; asked about them, INES says `waits` times that it has yet
    /// to decide.
    pub(crate) fn learn(
        &mut self,
        identity: &CivilIdentity,
        master: Ine,
        ines: &[Ine],
        waits: u32,
    ) {
        for ine in ines {
            self.known.insert(*ine, Registered { identite: identity.clone(), ine_maitre: master });
            self.waits.insert(*ine, waits);
        }
    }

    pub(crate) fn verify(&mut self, ine: &Ine, birth: BirthDate) -> Verified {
        let known = self.known.get(ine).filter(|known| known.identite.date_naissance == birth);
        let Some(known) = known.cloned() else { return Verified::Unknown };
        if self.wait(*ine) { Verified::Pending } else { Verified::Known(Box::new(known)) }
    }

    /// The INE of who has that very name and date, else a new one. The same request has the same
    /// answer.
    pub(crate) fn immatriculate(
        &mut self,
        identity: &CivilIdentity,
        reference: &str,
    ) -> Immatriculated {
        let key = |one: &CivilIdentity| {
            (one.nom_famille.folded(), one.prenom1.folded(), one.date_naissance)
        };
        let mut found = self.known.values().filter(|known| key(&known.identite) == key(identity));
        let (ine, new) = match (self.requests.get(reference), found.next(), found.next()) {
            (Some(before), _, _) => *before,
            (None, Some(one), Some(other)) if one.ine_maitre != other.ine_maitre => {
                return Immatriculated::Refused;
            }
            (None, Some(found), _) => (found.ine_maitre, false),
            (None, None, _) => {
                self.given += 1;
                let ine = Ine::parse(&format!("{:09}HK", 900_000_000 + self.given)).unwrap();
                self.learn(identity, ine, &[ine], self.given % 3);
                (ine, true)
            }
        };
        self.requests.insert(reference.to_owned(), (ine, new));
        if self.wait(ine) { Immatriculated::Pending } else { Immatriculated::Granted { ine, new } }
    }

    fn wait(&mut self, ine: Ine) -> bool {
        let left = self.waits.entry(ine).or_default();
        let waits = *left > 0;
        *left = left.saturating_sub(1);
        waits
    }
}
