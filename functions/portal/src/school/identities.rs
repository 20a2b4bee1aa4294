//! What was found about the identity of the rows of an import: by its cause, with what to do. It names
//! lines and nobody, and leaves a trace all the same.

use std::collections::BTreeMap;

use askama::Template;
use lambda_http::{Body, Response};
use shared::audit::Action;
use shared::files::reader::place;
use shared::identity::finding::{FindingCode, Severity};
use shared::registry::StoreError;
use shared::registry::findings::MOST_IN_PAGE;
use shared::registry::imports::Import;

use crate::context::Context;
use crate::handler::RequestContext;
use crate::refusal::{ApiError, Refusal};
use crate::school::deposit::Frame;
use crate::school::establishment::name_or_number;
use crate::school::followed;
use crate::session::{LoggedIn, Visitor};
use crate::view::{View, page};
use crate::words;

/// Pages of findings that are read at most: a file has thousands of them where something of it is
/// wrong as a whole.
const MOST_PAGES: usize = 40;
/// Lines of a cause that are named.
const MOST_NAMED: usize = 50;

/// Findings by their code.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    by_code: BTreeMap<FindingCode, Lines>,
    /// Whether there are more than were read.
    pub(crate) more: bool,
}

#[derive(Debug, Default)]
struct Lines {
    count: u64,
    first: Vec<(Option<u16>, u64)>,
}

impl Tally {
    /// The findings of an import. That somebody reads them is traced before.
    pub(crate) async fn read(
        context: &Context,
        import: &Import,
        person: &LoggedIn,
        request_context: &RequestContext,
    ) -> Result<Self, StoreError> {
        followed::trace(context, import, person, Action::FindingsRead, request_context).await?;
        let (mut tally, mut after) = (Self::default(), None);
        for _ in 0..MOST_PAGES {
            let page = context.findings.page(&import.id, after.as_ref(), MOST_IN_PAGE).await?;
            for finding in &page.findings {
                let lines = tally.by_code.entry(finding.code).or_default();
                lines.count += 1;
                if let Some(line) =
                    finding.version.line().filter(|_| lines.first.len() < MOST_NAMED)
                {
                    lines.first.push(place::read(line));
                }
            }
            after = page.after;
            tally.more = after.is_some();
            if !tally.more {
                break;
            }
        }
        Ok(tally)
    }

    /// Rows of which nothing is told yet.
    pub(crate) fn waiting(&self) -> u64 {
        let waits = |code: &FindingCode| code.sheet().severity == Severity::Waiting;
        self.by_code.iter().filter(|(code, _)| waits(code)).map(|(_, lines)| lines.count).sum()
    }

    /// Rows that something was found about.
    pub(crate) fn total(&self) -> u64 {
        self.by_code.values().map(|lines| lines.count).sum()
    }
}

#[derive(Template)]
#[template(path = "school/identities.html")]
struct IdentitiesPage {
    view: View,
    frame: Frame,
    import: String,
    groups: Vec<Group>,
    more: bool,
}

/// Findings of one severity, with what it asks.
struct Group {
    title: &'static str,
    hint: &'static str,
    causes: Vec<Cause>,
}

struct Cause {
    count: String,
    code: &'static str,
    message: &'static str,
    lines: String,
}

/// The page of what was found.
pub(crate) async fn show(
    context: &Context,
    id: &str,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let import = followed::seen(context, id, visitor, request_context).await?;
    let uai = import.uai.ok_or(Refusal::NotFound)?;
    let name = name_or_number(context, uai).await?;
    let tally = Tally::read(context, &import, visitor.person()?, request_context).await?;
    let view = View::new(context, "/etablissements", "Identité des lignes", visitor);
    let group = |severity, title, hint| Group { title, hint, causes: causes(&tally, severity) };
    let groups = [
        group(
            Severity::Warning,
            "À corriger chez vous",
            "Corrigez ces lignes dans votre logiciel, puis renvoyez-les : le prochain envoi remplace celui-ci.",
        ),
        group(
            Severity::Waiting,
            "En attente",
            "Rien n'en est encore visible. Vous n'avez rien à renvoyer : ces lignes seront publiées quand leur identité sera certaine.",
        ),
        group(Severity::Information, "Pour information", "Ces lignes sont visibles."),
    ];
    let template = IdentitiesPage {
        view: view.clone(),
        frame: Frame { view: view.clone(), uai, name, deposit: String::new() },
        import: id.to_owned(),
        groups: groups.into_iter().filter(|group| !group.causes.is_empty()).collect(),
        more: tally.more,
    };
    Ok(page(context, &view, &template))
}

fn causes(tally: &Tally, severity: Severity) -> Vec<Cause> {
    let of_it = tally.by_code.iter().filter(|(code, _)| code.sheet().severity == severity);
    let mut of_it: Vec<_> = of_it.collect();
    of_it.sort_by_key(|(_, lines)| std::cmp::Reverse(lines.count));
    of_it
        .into_iter()
        .map(|(code, lines)| {
            let more = if lines.count > lines.first.len() as u64 { ", …" } else { "" };
            Cause {
                count: words::rows(lines.count),
                code: code.sheet().code,
                message: code.sheet().message,
                lines: format!("{}{more}", words::lines(&lines.first)),
            }
        })
        .collect()
}
