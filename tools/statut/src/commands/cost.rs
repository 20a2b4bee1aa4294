//! `statut cost`.

use anyhow::Result;
use serde::Serialize;

use crate::cli::cost::Cost;
use crate::cost::{Assumptions, Bill, Limit, Line, Load, Month, limits};
use crate::shown::Format;
use crate::ui;

/// Everything that is said, for scripts.
#[derive(Debug, Serialize)]
struct Estimate {
    prices_as_of: String,
    region: String,
    load: Load,
    months: [Bill; 2],
    /// By how many times the students.
    limits: Vec<(u32, Vec<Limit>)>,
}

/// How many times the load.
const FACTORS: [u32; 3] = [1, 10, 100];

/// Prints what a deployment costs, and which limit it meets first.
pub(super) fn run(format: Format, options: &Cost) -> Result<()> {
    let assumptions = match &options.assumptions {
        Some(path) => Assumptions::of(path)?,
        None => Assumptions::ours()?,
    };
    let load = options.load();
    let months =
        [Month::Rentree, Month::Ordinary].map(|month| Bill::of(&load, month, &assumptions));
    let estimate = Estimate {
        prices_as_of: assumptions.as_of.clone(),
        region: assumptions.region.clone(),
        load,
        months,
        limits: FACTORS
            .map(|factor| (factor, limits(&load.times(factor.into()), &assumptions)))
            .into(),
    };
    format.show(&estimate, || print(&estimate, &assumptions))
}

fn print(estimate: &Estimate, assumptions: &Assumptions) {
    let [rentree, ordinary] = &estimate.months;
    ui::heading("Euros a month");
    let mut rows = vec![["service", "", "rentrée", "", "ordinary", ""].map(str::to_owned).to_vec()];
    for (one, other) in rentree.lines.iter().zip(&ordinary.lines) {
        rows.push(vec![
            one.service.to_owned(),
            one.what.to_owned(),
            euros(one.euros),
            quantity(one),
            euros(other.euros),
            quantity(other),
        ]);
    }
    rows.push(vec![
        "all".to_owned(),
        String::new(),
        euros(rentree.total),
        String::new(),
        euros(ordinary.total),
        String::new(),
    ]);
    ui::table(&rows);

    ui::heading("Where it stops");
    let mut rows = vec![
        ["limit", "needed", "given", "", "×1", "×10", "×100", "what raises it"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for limit in &estimate.limits[0].1 {
        let mut row = vec![
            limit.what.to_owned(),
            short(limit.needed),
            short(limit.given),
            limit.unit.to_owned(),
        ];
        row.extend(estimate.limits.iter().map(|(_, limits)| {
            let same = limits.iter().find(|other| other.what == limit.what);
            same.map_or_else(String::new, |same| format!("{:.0} %", same.used() * 100.0))
        }));
        row.push(limit.parameter.clone());
        rows.push(row);
    }
    ui::table(&rows);
    for (factor, limits) in &estimate.limits {
        if let Some(first) = limits.first() {
            let holds = if first.used() > 1.0 { "is exceeded first" } else { "is the nearest" };
            ui::line(&format!("×{factor}: {} {holds}", first.what));
        }
    }

    ui::heading("What it rests on");
    ui::line(&format!(
        "Prices of {} in {}, {} € a dollar; without free tier, discount, support plan and tax.",
        assumptions.as_of, assumptions.region, assumptions.euros_per_dollar
    ));
    ui::line(&assumptions.source);
    ui::line(&format!(
        "{} counts of work are estimates, the others were measured: --json and the file of assumptions have them.",
        assumptions.estimates
    ));
}

fn euros(amount: f64) -> String {
    format!("{amount:.2}")
}

fn quantity(line: &Line) -> String {
    format!("{} {}", short(line.quantity), line.unit).trim_end().to_owned()
}

/// Two or three figures are all that an estimate has.
fn short(number: f64) -> String {
    match number {
        number if number >= 100.0 => format!("{number:.0}"),
        number if number >= 1.0 => format!("{number:.1}"),
        number => format!("{number:.3}"),
    }
}
