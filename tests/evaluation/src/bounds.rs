//! What must be reached: the *musts* of docs/identity.md, in one place for whatever is judged.

use crate::look_ups::LookUpScore;
use crate::resolution::{Resolution, Share};
use crate::tables::Judged;

/// What a figure has to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Must {
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
}

impl Must {
    /// Whether a figure is within; what isn't a number never is.
    #[must_use]
    pub fn is_met_by(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::AtMost(most) => value <= most,
        }
    }
}

/// A figure and what it has to be.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// The figure's name.
    pub measure: &'static str,
    /// The figure.
    pub value: f64,
    /// What it has to be.
    pub must: Must,
}

impl Check {
    /// Whether the figure is within.
    #[must_use]
    pub fn is_met(&self) -> bool {
        self.must.is_met_by(self.value)
    }
}

/// A population by how often its people resemble each other: what must be reached depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rates {
    /// Homonyms at their real rate.
    Natural,
    /// 35 times the real homonyms.
    Adversarial,
    /// Real homonyms, and twins named a letter apart, of whom few may be joined or told about.
    Twins,
}

/// What look-ups must reach: shares of all that is asked, and of those who are there.
#[derive(Debug, Clone, Copy)]
pub struct LookUpBounds {
    /// Answered with somebody else, at most.
    pub leaks: f64,
    /// Found of what is asked as the register has it, at least.
    pub found_clean: f64,
    /// Found of what is asked with mistakes, at least; a strict client isn't promised any.
    pub found_noisy: Option<f64>,
}

impl LookUpBounds {
    /// A client that takes the standard, in a natural population.
    pub const STANDARD: Self = Self { leaks: 0.0020, found_clean: 0.90, found_noisy: Some(0.84) };
    /// The same in an adversarial population.
    pub const STANDARD_ADVERSARIAL: Self =
        Self { leaks: 0.0035, found_clean: 0.895, found_noisy: Some(0.83) };
    /// A client that wants to be certain, in a natural population.
    pub const STRICT: Self = Self { leaks: 0.00055, found_clean: 0.87, found_noisy: None };
    /// The same in an adversarial population.
    pub const STRICT_ADVERSARIAL: Self =
        Self { leaks: 0.00045, found_clean: 0.85, found_noisy: None };

    fn checks(self, names: [&'static str; 3], score: &LookUpScore) -> Vec<Check> {
        let [leaks, clean, noisy] = names;
        let mut checks = vec![
            Check { measure: leaks, value: score.leak_rate(), must: Must::AtMost(self.leaks) },
            Check {
                measure: clean,
                value: score.found_clean(),
                must: Must::AtLeast(self.found_clean),
            },
        ];
        checks.extend(self.found_noisy.map(|least| Check {
            measure: noisy,
            value: score.found_noisy(),
            must: Must::AtLeast(least),
        }));
        checks
    }
}

/// How much recall may be lost to people born abroad.
const GAP_OF_RECALL: f64 = 0.03;
/// How much the order of arrival may move F1.
pub const ORDER_MOVES: f64 = 0.002;

/// Everything that a population of these rates must reach.
#[must_use]
pub fn checks(rates: Rates, judged: &Judged) -> Vec<Check> {
    let Judged { resolution, measures, look_ups } = judged;
    let mut checks = match rates {
        Rates::Natural => natural(resolution),
        Rates::Adversarial => adversarial(resolution),
        Rates::Twins => twins(judged),
    };
    if rates != Rates::Twins {
        checks.extend(common(resolution));
    }
    checks.push(Check {
        measure: "keys a record",
        value: measures.keys_per_record,
        must: Must::AtMost(10.0),
    });
    let standard = ["standard: leaks", "standard: found clean", "standard: found noisy"];
    let strict = ["strict: leaks", "strict: found clean", "strict: found noisy"];
    if let Some(look_ups) = look_ups {
        let (in_standard, in_strict) = match rates {
            Rates::Natural => (LookUpBounds::STANDARD, LookUpBounds::STRICT),
            Rates::Adversarial => {
                (LookUpBounds::STANDARD_ADVERSARIAL, LookUpBounds::STRICT_ADVERSARIAL)
            }
            Rates::Twins => return checks,
        };
        checks.extend(in_standard.checks(standard, &look_ups.standard));
        checks.extend(in_strict.checks(strict, &look_ups.strict));
    }
    checks
}

fn natural(resolution: &Resolution) -> Vec<Check> {
    let mut checks = pairs(resolution, [0.9995, 0.955], [0.992, 40.0]);
    let misplaced = resolution.misplaced_per_10000();
    checks.push(Check {
        measure: "wrongly attached per 10,000",
        value: misplaced,
        must: Must::AtMost(1.0),
    });
    checks
}

fn adversarial(resolution: &Resolution) -> Vec<Check> {
    let mut checks = pairs(resolution, [0.998, 0.92], [0.990, 55.0]);
    let relatives = count(resolution.relatives());
    checks.push(Check {
        measure: "false pairs of twins or siblings",
        value: relatives,
        must: Must::AtMost(15.0),
    });
    checks
}

/// Two twins joined by mistake may be a slip, more are a rule that is wrong; and no absent twin is
/// told of the other.
fn twins(judged: &Judged) -> Vec<Check> {
    let joined = count(judged.resolution.wrong_by_kind.get("twin").copied().unwrap_or_default());
    let mut checks =
        vec![Check { measure: "twins joined", value: joined, must: Must::AtMost(1.0) }];
    if let Some(look_ups) = &judged.look_ups {
        for (measure, score) in [
            ("standard: an absent twin is told of the other", &look_ups.standard),
            ("strict: an absent twin is told of the other", &look_ups.strict),
        ] {
            let told = count(score.kind("absent_twin").leaks);
            checks.push(Check { measure, value: told, must: Must::AtMost(0.0) });
        }
    }
    checks
}

fn pairs(resolution: &Resolution, least: [f64; 2], review: [f64; 2]) -> Vec<Check> {
    let ([precision, recall], [or_waiting, per_1000]) = (least, review);
    let mut checks = vec![
        Check {
            measure: "precision",
            value: resolution.precision.of_one(),
            must: Must::AtLeast(precision),
        },
        Check { measure: "recall", value: resolution.recall.of_one(), must: Must::AtLeast(recall) },
    ];
    let measured = [
        (
            "recall of match or review",
            resolution.joined_or_waiting.map(Share::of_one),
            Must::AtLeast(or_waiting),
        ),
        ("review pairs per 1,000", resolution.review_per_1000(), Must::AtMost(per_1000)),
        (
            "share of review pairs that are true",
            resolution.review.map(Share::of_one),
            Must::AtLeast(0.5),
        ),
    ];
    checks.extend(
        measured
            .into_iter()
            .filter_map(|(measure, value, must)| Some(Check { measure, value: value?, must })),
    );
    checks
}

fn common(resolution: &Resolution) -> Vec<Check> {
    let gap = resolution.recall_of("born in France") - resolution.recall_of("born abroad");
    let without = resolution.recall_of("INE missing");
    let blocking = resolution.blocking.map(Share::of_one);
    let mut checks = vec![
        Check {
            measure: "gap of recall of those born abroad",
            value: gap,
            must: Must::AtMost(GAP_OF_RECALL),
        },
        Check { measure: "recall of pairs without INE", value: without, must: Must::AtLeast(0.82) },
    ];
    checks.extend(blocking.map(|value| Check {
        measure: "pair completeness",
        value,
        must: Must::AtLeast(0.995),
    }));
    checks
}

#[allow(clippy::cast_precision_loss, reason = "counts of pairs are far below 2^52")]
fn count(count: usize) -> f64 {
    count as f64
}
