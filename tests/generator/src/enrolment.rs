//! Inventing what a student is enrolled for.

use std::borrow::Cow;

use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::dice::Dice;
use crate::settings::{Establishment, Kind, Rates};

/// One enrolment, as a row writes it.
#[derive(Debug, Clone)]
pub(crate) struct Enrolment {
    pub(crate) first_day: Date,
    pub(crate) last_day: Date,
    pub(crate) status: Cow<'static, str>,
    pub(crate) regime: Cow<'static, str>,
    pub(crate) commune: String,
    pub(crate) uai: String,
    pub(crate) cursus: &'static str,
    pub(crate) diploma: String,
    pub(crate) level: &'static str,
}

/// The civil year in which the academic year of `day` starts. Enrolment for the coming year opens
/// in July.
pub(crate) fn first_year(day: Date) -> i16 {
    if day.month() >= 7 { day.year() } else { day.year() - 1 }
}

const STATUSES: [(&str, u32); 3] = [("inscrit", 86), ("admis", 12), ("annulé", 2)];

/// Label, Apogée's number (domain.md §2.2), weight. Apogée has no number for plain initial
/// training: its users write the one without apprenticeship.
const REGIMES: [((&str, &str), u32); 7] = [
    (("formation initiale", "1"), 620),
    (("formation initiale hors apprentissage", "1"), 180),
    (("reprise d'études non financée sans convention", "3"), 15),
    (("contrat d'apprentissage", "4"), 120),
    (("formation continue", "2"), 40),
    (("formation continue hors contrat professionnel", "5"), 15),
    (("contrat de professionnalisation", "6"), 10),
];

/// Years within each cursus.
const CURSUS: [(&str, &[&str]); 3] =
    [("L", &["01", "02", "03"]), ("M", &["01", "02"]), ("D", &["01", "02", "03"])];

/// How many diplomas an establishment gives.
const DIPLOMAS: u64 = 180;

impl Enrolment {
    pub(crate) fn draw(
        establishment: &Establishment,
        birth_year: i16,
        first_year: i16,
        rates: &Rates,
        regime_codes: bool,
        dice: &mut Dice,
    ) -> Self {
        let (first_day, last_day) = period(first_year, dice);
        let status = *dice.weighted(&STATUSES);
        let (label, code) = *dice.weighted(&REGIMES);
        let postal = !establishment.postal_code.is_empty() && dice.chance(rates.postal_code);
        let commune = if postal { &establishment.postal_code } else { &establishment.commune };
        let (cursus, level, diploma) = match establishment.kind {
            Kind::University => {
                let (cursus, levels) = *dice.weighted(&cursus_at(first_year - birth_year));
                (cursus, *dice.pick(levels), sise(dice))
            }
            Kind::School => ("", *dice.pick(&["01", "02", "03", "04", "05"]), sise(dice)),
            Kind::Lycee => (
                "",
                *dice.pick(&["01", "02"]),
                format!("3{:010}", dice.below(DIPLOMAS) * 1_000_003),
            ),
        };
        Self {
            first_day,
            last_day,
            status: freely(status, rates, dice),
            regime: if regime_codes { code.into() } else { freely(label, rates, dice) },
            commune: commune.clone(),
            uai: establishment.uai.clone(),
            cursus,
            diploma,
            level,
        }
    }
}

/// What people of an age study at a university, with weights.
fn cursus_at(age: i16) -> [((&'static str, &'static [&'static str]), u32); 3] {
    let weights = match age {
        ..=20 => [98, 2, 0],
        21..=23 => [40, 59, 1],
        _ => [25, 45, 30],
    };
    [0, 1, 2].map(|index: usize| (CURSUS[index], weights[index]))
}

/// Most start with the academic year, the others when they paid.
fn period(first_year: i16, dice: &mut Dice) -> (Date, Date) {
    let first_day = if dice.chance(0.6) {
        Date::constant(first_year, 9, 1)
    } else {
        let opening = Date::constant(first_year, 7, 1);
        opening.saturating_add(i64::from(dice.between(0, 76)).days())
    };
    let last_day = if dice.chance(0.85) { (8, 31) } else { (6, 30) };
    (first_day, Date::constant(first_year + 1, last_day.0, last_day.1))
}

/// A diploma's code in SISE: seven digits.
fn sise(dice: &mut Dice) -> String {
    format!("2{:06}", dice.below(DIPLOMAS) * 5_501)
}

/// A label as people type it.
fn freely(label: &'static str, rates: &Rates, dice: &mut Dice) -> Cow<'static, str> {
    if !dice.chance(rates.free_spelling) {
        return label.into();
    }
    match dice.index(3) {
        0 => label.to_uppercase().into(),
        1 => label.replace('é', "e").into(),
        _ => {
            let (initial, rest) = label.split_at(1);
            format!("{}{rest}", initial.to_uppercase()).into()
        }
    }
}
