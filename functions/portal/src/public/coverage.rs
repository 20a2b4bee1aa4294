//! Who feeds the register, and when they last did: what readers of a "not found" need to weigh it.

use askama::Template;
use jiff::{SignedDuration, Timestamp};
use lambda_http::{Body, Request, RequestExt as _, Response};
use shared::contract::v3::coverage::Coverage;
use shared::domain::academic_year::day_in_france;
use shared::domain::fold::fold;
use shared::domain::uai::Uai;
use shared::registry::StoreError;
use tokio::sync::Mutex;

use crate::context::Context;
use crate::handler::RequestContext;
use crate::refusal::ApiError;
use crate::session::Visitor;
use crate::view::{View, page};
use crate::words::date;

/// Establishments on a page.
const ON_A_PAGE: usize = 50;
/// Establishments that one call reads.
const AT_ONCE: u16 = 1000;
/// The list is read again after this: a feed shows within minutes, and a page costs no scan.
const KEPT: SignedDuration = SignedDuration::from_mins(5);

/// The list of establishments, remembered.
#[derive(Debug, Default)]
pub(crate) struct Remembered(Mutex<Option<(Timestamp, Vec<Coverage>)>>);

#[derive(Template)]
#[template(path = "public/coverage.html")]
struct CoveragePage {
    view: View,
    query: String,
    summary: String,
    rows: Vec<Row>,
    next: Option<usize>,
}

/// A line of the table.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    name: String,
    uai: String,
    last_feed: Option<Feed>,
}

/// Whoever sends each week is fresh.
const FRESH_DAYS: i32 = 7;
/// Who hasn't sent for longer has stopped: the threshold at which the apprenticeship register reminds
/// (mission-apprentissage/flux-retour-cfas#2751).
const STOPPED_DAYS: i32 = 60;

/// How long ago an establishment sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Freshness {
    Fresh,
    Aging,
    Stopped,
    Never,
}

impl Freshness {
    /// All, the freshest first.
    pub(crate) const ALL: [Self; 4] = [Self::Fresh, Self::Aging, Self::Stopped, Self::Never];

    /// That of a last feed, seen now.
    pub(crate) fn of(last_feed: Option<Timestamp>, now: Timestamp) -> Self {
        match last_feed.map(|at| days(at, now)) {
            None => Self::Never,
            Some(days) if days <= FRESH_DAYS => Self::Fresh,
            Some(days) if days <= STOPPED_DAYS => Self::Aging,
            Some(_) => Self::Stopped,
        }
    }

    /// The name in addresses.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Fresh => "frais",
            Self::Aging => "vieillissant",
            Self::Stopped => "arrete",
            Self::Never => "jamais",
        }
    }

    /// The freshness of that name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|freshness| freshness.name() == name)
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Fresh => "Depuis 7 jours au plus",
            Self::Aging => "De 8 à 60 jours",
            Self::Stopped => "Plus rien depuis 60 jours",
            Self::Never => "Jamais",
        }
    }

    fn tone(self) -> &'static str {
        match self {
            Self::Fresh => "good",
            Self::Aging => "warn",
            Self::Stopped | Self::Never => "bad",
        }
    }
}

/// Days between two instants, by the calendar of Paris; none for a clock that is behind.
fn days(at: Timestamp, now: Timestamp) -> i32 {
    day_in_france(now).since(day_in_france(at)).map_or(0, |span| span.get_days()).max(0)
}

/// The last feed, as people say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Feed {
    /// `il y a 3 jours`.
    pub(crate) age: String,
    /// `14/09/2026`.
    pub(crate) day: String,
    /// The class of its tag.
    pub(crate) tone: &'static str,
}

impl Feed {
    /// The feed of that time, seen now.
    pub(crate) fn of(at: Timestamp, now: Timestamp) -> Self {
        let day = day_in_france(at);
        let age = match days(at, now) {
            0 => "aujourd'hui".to_owned(),
            1 => "hier".to_owned(),
            days => format!("il y a {days} jours"),
        };
        let tone = Freshness::of(Some(at), now).tone();
        Self { age, day: date(day), tone }
    }
}

/// How long ago the others last sent, as people say it: the median, for one that is sent rarely says
/// nothing of the rest. None where nobody else has sent yet.
pub(crate) fn median_of_others(all: &[Coverage], own: Uai, now: Timestamp) -> Option<String> {
    let others = all.iter().filter(|one| one.uai != own);
    let mut feeds: Vec<Timestamp> = others.filter_map(|one| one.last_feed_at).collect();
    feeds.sort_unstable();
    feeds.get(feeds.len() / 2).map(|at| Feed::of(*at, now).age)
}

impl Remembered {
    pub(crate) async fn get(
        &self,
        context: &Context,
        now: Timestamp,
    ) -> Result<Vec<Coverage>, StoreError> {
        let mut remembered = self.0.lock().await;
        if let Some((read, all)) = &*remembered
            && now.duration_since(*read) < KEPT
        {
            return Ok(all.clone());
        }
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let (page, next) = context.establishments.coverage_page(after, AT_ONCE).await?;
            all.extend(page);
            after = next;
            if after.is_none() {
                break;
            }
        }
        all.sort_by_key(|one| (fold(&one.name), one.uai));
        *remembered = Some((now, all.clone()));
        Ok(all)
    }
}

/// The page, of those that answer the search.
pub(crate) async fn coverage(
    context: &Context,
    request: &Request,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let now = request_context.now;
    let query = request.query_string_parameters();
    let wanted: String = query.first("q").unwrap_or_default().trim().chars().take(60).collect();
    let number: usize = query.first("page").and_then(|page| page.parse().ok()).unwrap_or(1).max(1);
    let all = context.coverage.get(context, now).await?;
    let found: Vec<&Coverage> = all.iter().filter(|one| answers(one, &wanted)).collect();
    let start = (number - 1).saturating_mul(ON_A_PAGE).min(found.len());
    let end = (start + ON_A_PAGE).min(found.len());
    let shown = &found[start..end];
    let view = View::new(context, "/couverture", "Établissements couverts", visitor);
    let template = CoveragePage {
        view: view.clone(),
        summary: summary(found.len(), &wanted, start, shown.len()),
        query: wanted,
        rows: shown.iter().map(|one| row(one, now)).collect(),
        next: (end < found.len()).then(|| number + 1),
    };
    Ok(page(context, &view, &template))
}

/// Each word of the search is in the name, or is the beginning of the UAI.
pub(crate) fn answers(one: &Coverage, wanted: &str) -> bool {
    let (name, uai) = (fold(&one.name), fold(one.uai.as_str()));
    let mut words = wanted.split_whitespace().map(fold);
    words.all(|word| name.contains(&word) || uai.starts_with(&word))
}

fn row(one: &Coverage, now: Timestamp) -> Row {
    Row {
        name: one.name.clone(),
        uai: one.uai.to_string(),
        last_feed: one.last_feed_at.map(|at| Feed::of(at, now)),
    }
}

fn summary(found: usize, wanted: &str, start: usize, shown: usize) -> String {
    match (found, wanted.is_empty()) {
        (0, true) => "Aucun établissement n'est encore enregistré.".to_owned(),
        (0, false) => {
            "Aucun établissement ne répond à cette recherche. Essayez un seul mot du nom."
                .to_owned()
        }
        (1, _) => "1 établissement".to_owned(),
        (found, _) if shown < found => {
            format!("{found} établissements, du {}ᵉ au {}ᵉ", start + 1, start + shown)
        }
        (found, _) => format!("{found} établissements"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coverage(name: &str) -> Coverage {
        Coverage { uai: Uai::parse("0751717J").unwrap(), name: name.to_owned(), last_feed_at: None }
    }

    #[test]
    fn a_search_is_by_words_of_the_name_or_by_the_uai() {
        let one = coverage("Université Paris-Cité");
        for found in ["", "paris", "CITE universite", "0751717j", "0751"] {
            assert!(answers(&one, found), "{found}");
        }
        for missing in ["lyon", "paris lyon", "1717"] {
            assert!(!answers(&one, missing), "{missing}");
        }
    }

    #[test]
    fn the_others_are_told_by_their_median() {
        let now: Timestamp = "2026-09-14T08:00:00Z".parse().unwrap();
        let fed = |uai: &str, days: i64| Coverage {
            uai: Uai::parse(uai).unwrap(),
            last_feed_at: Some(now - SignedDuration::from_hours(24 * days)),
            ..coverage("Autre")
        };
        let own = Uai::parse("0751717J").unwrap();
        let all = [fed("0751717J", 0), fed("0750655E", 3), fed("0751967F", 40), fed("0010006B", 5)];
        assert_eq!(median_of_others(&all, own, now).as_deref(), Some("il y a 5 jours"));
        assert_eq!(median_of_others(&all[..1], own, now), None);
        assert_eq!(median_of_others(&[coverage("Jamais")], fed("0750655E", 1).uai, now), None);
    }

    #[test]
    fn days_are_those_of_paris() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let feed = Feed::of(at("2026-09-13T22:30:00Z"), at("2026-09-14T08:00:00Z"));
        assert_eq!((feed.age.as_str(), feed.day.as_str()), ("aujourd'hui", "14/09/2026"));
        let old = Feed::of(at("2026-06-01T08:00:00Z"), at("2026-09-14T08:00:00Z"));
        assert_eq!((old.age.as_str(), old.tone), ("il y a 105 jours", "bad"));
        let freshness = |last: &str| Freshness::of(Some(at(last)), at("2026-09-14T08:00:00Z"));
        assert_eq!(freshness("2026-09-07T08:00:00Z"), Freshness::Fresh);
        assert_eq!(freshness("2026-07-16T08:00:00Z"), Freshness::Aging);
        assert_eq!(freshness("2026-07-15T08:00:00Z"), Freshness::Stopped);
        // A clock that is behind says nothing odd.
        let later = Feed::of(at("2026-09-15T08:00:00Z"), at("2026-09-14T08:00:00Z"));
        assert_eq!(later.age, "aujourd'hui");
    }
}
