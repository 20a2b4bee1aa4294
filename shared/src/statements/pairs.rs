//! The pairs of INE and birth date of a request: charged, then checked, each once.
//!
//! Whoever may ask whether a pair is right finds a birth date by trying them, so the order matters:
//! a unit of the depositor's day is reserved for each pair as if nobody had it, its INE gives it
//! one of few dates, and only then is anything looked up. What was known is given back. Beyond
//! either allowance nothing is looked up, and every pair is answered alike (decision 18).
//!
//! A request that comes twice finds its pairs admitted: they are checked again and charged once. A
//! crash leaves units that are charged for nothing until the day is over.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::{Keys, Sender, Statements};
use crate::domain::birth_date::BirthDate;
use crate::domain::ine::Ine;
use crate::domain::uai::Uai;
use crate::identity::digest::PairDigest;
use crate::identity::ines::{Ines as _, Verified};
use crate::identity::student::Student;
use crate::registry::StoreError;
use crate::registry::pairs::{Admission, Drawer};

/// Pairs checked side by side, and charged together: what another request of the same depositor
/// can't have meanwhile.
const SIDE_BY_SIDE: usize = 20;

/// What a pair turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checked {
    /// Somebody's: a student of the register, or one whom INES alone has.
    Known(Option<Arc<Student>>),
    /// Nobody's.
    Nobody,
    /// INES couldn't be asked, or has to decide first. The statement is taken: deduplication will
    /// ask, and publishes nothing before.
    Unanswered,
    /// It wasn't looked up.
    Beyond,
}

/// A pair to check.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    pub digest: PairDigest,
    ine: Ine,
    birth_date: BirthDate,
}

impl Pair {
    #[must_use]
    pub fn of(keys: &Keys, ine: Ine, birth_date: BirthDate) -> Self {
        Self { digest: keys.identity.pair(&ine, birth_date), ine, birth_date }
    }
}

impl Statements {
    /// Checks pairs, in their order, as far as the depositor's allowances go.
    pub async fn check(
        &self,
        sender: Sender<'_>,
        pairs: impl IntoIterator<Item = Pair>,
    ) -> Result<BTreeMap<PairDigest, Checked>, StoreError> {
        let sends_for: Vec<Uai> = sender.depositor.establishments().collect();
        let depositor = sender.depositor.establishment().uai;
        let drawer = Drawer { depositor, sends_for: &sends_for, now: sender.now };
        let mut checked = BTreeMap::new();
        let mut waiting = VecDeque::new();
        for pair in pairs {
            if checked.insert(pair.digest.clone(), Checked::Beyond).is_none() {
                waiting.push_back(pair);
            }
        }
        while !waiting.is_empty() {
            let wanted = u32::try_from(waiting.len().min(SIDE_BY_SIDE)).unwrap_or(u32::MAX);
            let room = self.pairs.reserve(drawer, wanted, &self.records).await?;
            if room == 0 {
                break;
            }
            let taken: Vec<Pair> = waiting.drain(..waiting.len().min(room as usize)).collect();
            let each: Vec<_> = taken.iter().map(|pair| self.check_one(drawer, pair)).collect();
            let found: Vec<(Checked, bool)> =
                stream::iter(each).buffered(SIDE_BY_SIDE).try_collect().await?;
            let charged = found.iter().filter(|(_, charged)| *charged).count();
            self.pairs
                .refund(drawer, room.saturating_sub(u32::try_from(charged).unwrap_or(room)))
                .await?;
            checked.extend(
                taken.into_iter().zip(found).map(|(pair, (found, _))| (pair.digest, found)),
            );
        }
        Ok(checked)
    }

    /// What one pair is, and whether it stays charged.
    async fn check_one(
        &self,
        drawer: Drawer<'_>,
        pair: &Pair,
    ) -> Result<(Checked, bool), StoreError> {
        let admission = self.pairs.admit(drawer, &pair.digest).await?;
        if admission == Admission::Exhausted {
            return Ok((Checked::Beyond, false));
        }
        let found = self.look_up(drawer.depositor, pair).await?;
        let is_first = admission == Admission::First;
        if found == Checked::Unanswered && is_first {
            self.pairs.release(drawer, &pair.digest).await?;
        }
        let is_charged = found == Checked::Nobody && is_first;
        Ok((found, is_charged))
    }

    /// A student of the register has the pair by some record, or INES has somebody under it: perhaps a
    /// student whom the register knows by the INE to keep.
    async fn look_up(&self, depositor: Uai, pair: &Pair) -> Result<Checked, StoreError> {
        let student = self.students.by_ine(&pair.ine, &self.keys.identity).await?;
        let is_theirs = |student: &Student| {
            student.edges().any(|edge| edge.declaration.identite.birth_date() == pair.birth_date)
        };
        let known = student.filter(is_theirs);
        Ok(match (known, &self.ines) {
            (Some(student), _) => Checked::Known(Some(Arc::new(student))),
            (None, Some(ines)) => {
                match ines.verify_for(depositor, &pair.ine, pair.birth_date).await {
                    Ok(Verified::Known(registered)) => {
                        let master = self
                            .students
                            .by_ine(&registered.ine_maitre, &self.keys.identity)
                            .await?;
                        Checked::Known(master.filter(is_theirs).map(Arc::new))
                    }
                    Ok(Verified::Unknown) => Checked::Nobody,
                    Ok(Verified::Pending) | Err(_) => Checked::Unanswered,
                }
            }
            (None, None) => Checked::Nobody,
        })
    }
}
