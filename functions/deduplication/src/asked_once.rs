//! INES as one batch asks it: equal questions have one answer, and count once within the rate.
//!
//! An INE that INES doesn't know is asked about for every record that gives it, and a record that
//! is overtaken by another asks again. Within the seconds of a batch INES would answer the same. A
//! question that failed isn't answered: whoever comes next asks it again.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use shared::domain::birth_date::BirthDate;
use shared::domain::civil_identity::CivilIdentity;
use shared::domain::ine::Ine;
use shared::domain::uai::Uai;
use shared::identity::digest::IdentityKeys;
use shared::identity::ines::{Immatriculated, Ines, InesError, Verified};
use shared::identity::student::StudentId;
use shared::registry::identity_queue::IdentityQueue;
use tokio::sync::OnceCell;

use crate::register::Register;
use crate::world::World;

/// A world for the time of a batch, in which INES is asked once.
pub(crate) struct BatchWorld<'a, W: World> {
    world: &'a W,
    ines: Option<AskedOnce<'a, W::Ines>>,
}

impl<'a, W: World> BatchWorld<'a, W> {
    pub(crate) fn of(world: &'a W) -> Self {
        Self { world, ines: world.ines().map(AskedOnce::new) }
    }
}

impl<'a, W: World> World for BatchWorld<'a, W> {
    type Ines = AskedOnce<'a, W::Ines>;

    fn register(&self) -> &Register {
        self.world.register()
    }

    fn queue(&self) -> &IdentityQueue {
        self.world.queue()
    }

    fn ines(&self) -> Option<&Self::Ines> {
        self.ines.as_ref()
    }

    fn keys(&self) -> &IdentityKeys {
        self.world.keys()
    }

    fn now(&self) -> Timestamp {
        self.world.now()
    }

    fn new_student(&self) -> StudentId {
        self.world.new_student()
    }
}

/// INES, and what it answered so far.
pub(crate) struct AskedOnce<'a, I> {
    ines: &'a I,
    /// By what INES is told: whose word it is only where that makes a difference to it.
    verified: Answers<(Ine, BirthDate, Option<Uai>), Verified>,
    /// By the reference, which is of the record and the person.
    immatriculated: Answers<String, Immatriculated>,
}

impl<'a, I> AskedOnce<'a, I> {
    fn new(ines: &'a I) -> Self {
        Self { ines, verified: Answers::default(), immatriculated: Answers::default() }
    }
}

impl<I: Ines> Ines for AskedOnce<'_, I> {
    fn is_told_depositors(&self) -> bool {
        self.ines.is_told_depositors()
    }

    async fn verify(&self, ine: &Ine, birth_date: BirthDate) -> Result<Verified, InesError> {
        let question = (*ine, birth_date, None);
        self.verified.of(question, self.ines.verify(ine, birth_date)).await
    }

    async fn verify_for(
        &self,
        depositor: Uai,
        ine: &Ine,
        birth_date: BirthDate,
    ) -> Result<Verified, InesError> {
        let question = (*ine, birth_date, self.is_told_depositors().then_some(depositor));
        self.verified.of(question, self.ines.verify_for(depositor, ine, birth_date)).await
    }

    async fn immatriculate(
        &self,
        identity: &CivilIdentity,
        reference: &str,
    ) -> Result<Immatriculated, InesError> {
        let answer = self.ines.immatriculate(identity, reference);
        self.immatriculated.of(reference.to_owned(), answer).await
    }
}

/// Answers by their question.
struct Answers<Q, A>(Mutex<HashMap<Q, Arc<OnceCell<A>>>>);

impl<Q, A> Default for Answers<Q, A> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<Q: Eq + Hash, A: Clone> Answers<Q, A> {
    /// The answer that there is, or that is waited for already; else what `ask` gives.
    async fn of(
        &self,
        question: Q,
        ask: impl Future<Output = Result<A, InesError>>,
    ) -> Result<A, InesError> {
        let answer = {
            let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(answers.entry(question).or_default())
        };
        answer.get_or_try_init(|| ask).await.cloned()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::Duration;

    use super::*;

    /// Counts what it is asked, fails the first time, and knows nobody.
    #[derive(Default)]
    struct Counted {
        asked: Cell<usize>,
        is_told: bool,
    }

    impl Ines for Counted {
        fn is_told_depositors(&self) -> bool {
            self.is_told
        }

        async fn verify(&self, _: &Ine, _: BirthDate) -> Result<Verified, InesError> {
            self.asked.set(self.asked.get() + 1);
            let first = self.asked.get() == 1;
            tokio::time::sleep(Duration::from_millis(100)).await;
            if first { Err(InesError::Unavailable) } else { Ok(Verified::Unknown) }
        }

        async fn immatriculate(
            &self,
            _: &CivilIdentity,
            _: &str,
        ) -> Result<Immatriculated, InesError> {
            self.asked.set(self.asked.get() + 1);
            Ok(Immatriculated::Refused)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_asks_the_same_side_by_side_waits_for_one_answer() {
        let [ine, other] = ["070578267KH", "081768862AE"].map(|ine| Ine::parse(ine).unwrap());
        let birth = BirthDate::parse("2004-03-02").unwrap();
        let depositors = ["0751967F", "0010006B"].map(|uai| Uai::parse(uai).unwrap());
        for (is_told, expected) in [(false, 3), (true, 4)] {
            let counted = Counted { is_told, ..Counted::default() };
            let ines = AskedOnce::new(&counted);
            let ask = |depositor, ine| ines.verify_for(depositor, ine, birth);
            let [first, second] = depositors;
            let (failed, same, elsewhere, another) = tokio::join!(
                ask(first, &ine),
                ask(first, &ine),
                ask(second, &ine),
                ask(first, &other)
            );
            failed.unwrap_err();
            for answer in [same, elsewhere, another] {
                assert_eq!(answer, Ok(Verified::Unknown));
            }
            assert_eq!(ask(first, &ine).await, Ok(Verified::Unknown), "known since");
            assert_eq!(counted.asked.get(), expected, "the one that failed is asked again");
        }
    }

    #[tokio::test]
    async fn a_request_for_an_ine_is_made_once_for_its_reference() {
        let counted = Counted::default();
        let ines = AskedOnce::new(&counted);
        let identity: CivilIdentity = serde_json::from_value(serde_json::json!({
            "nomFamille": "Martin", "prenom1": "Léa", "autresPrenoms": [], "sexe": "2",
            "dateNaissance": "2004-03-02",
        }))
        .unwrap();
        for reference in ["one", "other", "one"] {
            let answer = ines.immatriculate(&identity, reference).await;
            assert_eq!(answer, Ok(Immatriculated::Refused));
        }
        assert_eq!(counted.asked.get(), 2);
    }
}
