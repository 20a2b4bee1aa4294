//! What was counted of what an establishment sends, beside the others: the same as `/api/qualite`
//! gives to its software.

use std::cmp::Reverse;

use shared::contract::quality::Quality;
use shared::domain::uai::Uai;
use shared::files::problem::RowRule;
use shared::registry::StoreError;

use crate::context::Context;
use crate::words::{count, date};

/// Rules that are named, those that most rows break.
const MOST_RULES: usize = 3;

/// The figures of an establishment's page.
pub(crate) struct Figures {
    /// `20/10/2026`.
    pub(crate) day: String,
    /// Days that the files are of.
    pub(crate) days: u16,
    /// Rows rejected of a thousand, and the median of all.
    pub(crate) rejected: Option<String>,
    pub(crate) usual: Option<String>,
    pub(crate) enrolments: String,
    pub(crate) visible: String,
    pub(crate) in_doubt: String,
    /// Within how long nineteen rows in twenty of a file are visible.
    pub(crate) delay: Option<String>,
    pub(crate) rules: Vec<Broken>,
}

/// A rule that rows break.
pub(crate) struct Broken {
    pub(crate) rows: String,
    pub(crate) message: &'static str,
}

/// Those of the last night; none before the first, or where what was counted has another form: the
/// page is whole without them.
pub(crate) async fn of(context: &Context, uai: Uai) -> Result<Option<Figures>, StoreError> {
    let Some(counted) = context.quality.of(uai).await? else { return Ok(None) };
    match serde_json::from_str::<Quality>(&counted) {
        Ok(quality) => Ok(Some(Figures::of(&quality))),
        Err(error) => {
            tracing::warn!(%error, "what was counted of an establishment can't be read");
            Ok(None)
        }
    }
}

impl Figures {
    fn of(quality: &Quality) -> Self {
        let of_a_thousand = |rows: u64| format!("{}\u{202f}‰", count(rows));
        let mut rules: Vec<_> = quality.imports.par_regle.iter().collect();
        rules.sort_by_key(|(_, rows)| Reverse(**rows));
        let broken = |(code, rows): (&String, &u64)| {
            let rule = RowRule::ALL.iter().find(|rule| rule.code() == code)?;
            Some(Broken { rows: count(*rows), message: rule.sheet().message })
        };
        let enrolments = &quality.inscriptions;
        Self {
            day: date(quality.date),
            days: quality.imports.jours,
            rejected: quality.imports.rejetees_pour_mille.map(of_a_thousand),
            usual: quality.imports.mediane_nationale.map(of_a_thousand),
            enrolments: count(enrolments.nombre),
            visible: count(enrolments.visibles),
            in_doubt: count(enrolments.en_doute),
            delay: quality.delais.fichiers.map(|delays| span(delays.p95)),
            rules: rules.into_iter().filter_map(broken).take(MOST_RULES).collect(),
        }
    }
}

/// `40 s`, `12 min`, `3 h`: rounded up.
fn span(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds}\u{a0}s"),
        120..=7_199 => format!("{}\u{a0}min", seconds.div_ceil(60)),
        _ => format!("{}\u{a0}h", count(seconds.div_ceil(3_600))),
    }
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn a_span_is_rounded_up() {
        for (seconds, told) in
            [(0, "0\u{a0}s"), (119, "119\u{a0}s"), (121, "3\u{a0}min"), (7_201, "3\u{a0}h")]
        {
            assert_eq!(span(seconds), told);
        }
    }
}
