//! How well records are put together: pairs of records, which are one person's or not, and are
//! joined or not.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Map, Value, json};

use crate::linkage::{Linkage, Pair, pair};
use crate::set::{LabelledSet, Record};

/// A part and its whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Share {
    /// How many of them.
    pub part: usize,
    /// Of how many.
    pub whole: usize,
}

impl Share {
    fn count(&mut self, is_part: bool) {
        self.part += usize::from(is_part);
        self.whole += 1;
    }

    /// From 0 to 1; of nothing, everything.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "counts of pairs are far below 2^52")]
    pub fn of_one(self) -> f64 {
        if self.whole == 0 { 1.0 } else { self.part as f64 / self.whole as f64 }
    }

    /// The parts for so many of the whole.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "counts of records are far below 2^52")]
    fn per(self, many: f64) -> f64 {
        many * self.part as f64 / self.whole.max(1) as f64
    }
}

/// The counts of one linkage.
#[derive(Debug, Default)]
pub struct Resolution {
    /// Records of the set.
    pub records: usize,
    /// People of the set.
    pub people: usize,
    /// Of the pairs that are joined, those that are one person's.
    pub precision: Share,
    /// Of the pairs that are one person's, those that are joined.
    pub recall: Share,
    /// Pairs that are joined and two people's, by what the two have in common.
    pub wrong_by_kind: BTreeMap<String, usize>,
    /// Records of a student who is mostly somebody else.
    pub misplaced: usize,
    /// Recall of women, of those born abroad, of pairs without INE…
    pub recall_by_group: BTreeMap<&'static str, Share>,
    /// Of the pairs that wait for a person, those that are one person's; if it is known which wait.
    pub review: Option<Share>,
    /// Of the pairs that are one person's, those that are joined or wait; if it is known which
    /// wait.
    pub joined_or_waiting: Option<Share>,
    /// Of the pairs that are one person's, those that were compared; if it is known which were.
    pub blocking: Option<Share>,
}

impl Resolution {
    /// Judges a linkage by the pairs that count: all, those of two sources, those of records that
    /// were accepted.
    #[must_use]
    pub fn of(
        set: &LabelledSet,
        linkage: &Linkage,
        counts: impl Fn(&Record, &Record) -> bool,
    ) -> Self {
        let mut result = Self { records: set.records.len(), ..Self::default() };
        let counts = |one: usize, other: usize| counts(&set.records[one], &set.records[other]);
        let mut by_entity: HashMap<usize, Vec<usize>> = HashMap::new();
        let mut by_person: HashMap<&str, Vec<usize>> = HashMap::new();
        for number in 0..set.records.len() {
            by_entity.entry(linkage.entities[number]).or_default().push(number);
            by_person.entry(set.person(number)).or_default().push(number);
        }
        result.people = by_person.len();
        for members in by_entity.values() {
            result.misplaced += misplaced(set, members);
            for (one, other) in pairs(members).filter(|(one, other)| counts(*one, *other)) {
                let people = (set.person(one), set.person(other));
                result.precision.count(people.0 == people.1);
                if people.0 != people.1 {
                    *result
                        .wrong_by_kind
                        .entry(set.kinship(people.0, people.1).to_owned())
                        .or_default() += 1;
                }
            }
        }
        let mut waiting = Share::default();
        let mut compared = Share::default();
        for members in by_person.values() {
            for (one, other) in pairs(members).filter(|(one, other)| counts(*one, *other)) {
                let joined = linkage.joins(one, other);
                let among = |pairs: &Option<HashSet<Pair>>| {
                    pairs.as_ref().is_some_and(|pairs| pairs.contains(&pair(one, other)))
                };
                result.recall.count(joined);
                waiting.count(joined || among(&linkage.review));
                compared.count(among(&linkage.compared));
                for group in groups(&set.records[one], &set.records[other]) {
                    result.recall_by_group.entry(group).or_default().count(joined);
                }
            }
        }
        if let Some(review) = &linkage.review {
            let one_persons =
                review.iter().filter(|(one, other)| set.person(*one) == set.person(*other)).count();
            result.review = Some(Share { part: one_persons, whole: review.len() });
            result.joined_or_waiting = Some(waiting);
        }
        result.blocking = linkage.compared.as_ref().map(|_| compared);
        result
    }

    /// Pairs that are joined and two people's.
    #[must_use]
    pub fn wrong(&self) -> usize {
        self.precision.whole - self.precision.part
    }

    /// Those of them that are twins or siblings.
    #[must_use]
    pub fn relatives(&self) -> usize {
        ["twin", "sibling"].iter().filter_map(|kind| self.wrong_by_kind.get(*kind)).sum()
    }

    /// The harmonic mean of precision and recall.
    #[must_use]
    pub fn f1(&self) -> f64 {
        let (precision, recall) = (self.precision.of_one(), self.recall.of_one());
        if precision + recall > 0.0 { 2.0 * precision * recall / (precision + recall) } else { 0.0 }
    }

    /// Records of a student who is mostly somebody else, of ten thousand.
    #[must_use]
    pub fn misplaced_per_10000(&self) -> f64 {
        Share { part: self.misplaced, whole: self.records }.per(10_000.0)
    }

    /// Pairs that wait for a person, for a thousand records.
    #[must_use]
    pub fn review_per_1000(&self) -> Option<f64> {
        self.review.map(|review| Share { part: review.whole, whole: self.records }.per(1000.0))
    }

    /// The recall of a group; of one that the set doesn't have, everything.
    #[must_use]
    pub fn recall_of(&self, group: &str) -> f64 {
        self.recall_by_group.get(group).copied().unwrap_or_default().of_one()
    }

    /// The counts and rates by name.
    #[must_use]
    pub fn json(&self) -> Map<String, Value> {
        let groups = self.recall_by_group.iter();
        let recall: BTreeMap<_, _> =
            groups.clone().map(|(group, share)| (*group, share.of_one())).collect();
        let sizes: BTreeMap<_, _> = groups.map(|(group, share)| (*group, share.whole)).collect();
        let mut fields = Map::new();
        let mut field = |name: &str, value: Value| fields.insert(name.to_owned(), value);
        field("records", self.records.into());
        field("people", self.people.into());
        field("true_pairs", self.recall.whole.into());
        field("precision", self.precision.of_one().into());
        field("recall", self.recall.of_one().into());
        field("f1", self.f1().into());
        field("false_pairs", self.wrong().into());
        field("false_pairs_by_kind", json!(self.wrong_by_kind));
        field("wrongly_attached_per_10000", self.misplaced_per_10000().into());
        field("recall_by_group", json!(recall));
        field("pairs_by_group", json!(sizes));
        let rates = [
            ("review_per_1000", self.review_per_1000()),
            ("review_share_true", self.review.map(Share::of_one)),
            ("recall_match_or_review", self.joined_or_waiting.map(Share::of_one)),
            ("pair_completeness", self.blocking.map(Share::of_one)),
        ];
        for (name, rate) in rates.into_iter().filter_map(|(name, rate)| Some((name, rate?))) {
            field(name, rate.into());
        }
        fields
    }
}

/// What a pair is an instance of, for the recall of each group.
fn groups(one: &Record, other: &Record) -> [&'static str; 3] {
    let place = if one.is_born_abroad() || other.is_born_abroad() {
        "born abroad"
    } else {
        "born in France"
    };
    let sex = match if one.sexe.is_empty() { other.sexe.as_str() } else { one.sexe.as_str() } {
        "F" => "women",
        "M" => "men",
        _ => "sex unknown",
    };
    let ine = if one.ine.is_empty() || other.ine.is_empty() {
        "INE missing"
    } else if one.ine == other.ine {
        "INE equal"
    } else {
        "INE different"
    };
    [place, sex, ine]
}

/// Records of one student that aren't of the person who has most of them.
fn misplaced(set: &LabelledSet, members: &[usize]) -> usize {
    let mut people: HashMap<&str, usize> = HashMap::new();
    for member in members {
        *people.entry(set.person(*member)).or_default() += 1;
    }
    members.len() - people.values().max().copied().unwrap_or_default()
}

fn pairs(members: &[usize]) -> impl Iterator<Item = (usize, usize)> {
    members
        .iter()
        .enumerate()
        .flat_map(|(at, one)| members[at + 1..].iter().map(move |other| (*one, *other)))
}
