//! Forms to send files with, and what became of the files.

mod form;

use std::time::Duration;

use aws_config::SdkConfig;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_sdk_s3::presigning::PresigningConfig;
use jiff::{SignedDuration, Timestamp};
use lambda_http::http::StatusCode;
use lambda_http::{Body, Request, RequestExt as _, Response};
use shared::api::reply::json;
use shared::config;
use shared::contract::deposit::{
    DepositForm, DepositState, DepositStatus, Lines, ReportLinks, Wish,
};
use shared::contract::finding::{Findings, LineFinding};
use shared::contract::parameters::Parameters;
use shared::registry::deposits::{Deposit, Followed};
use shared::registry::findings::{MOST_IN_PAGE, Page, Position};
use shared::registry::imports::ImportState;

use self::form::Policy;
use crate::caller::Caller;
use crate::context::Context;
use crate::handler::{RequestContext, charge};
use crate::refusal::{ApiError, Refusal};
use crate::traces;

/// How long a deposit can be followed.
const KEPT: SignedDuration = SignedDuration::from_hours(400 * 24);
/// How long a link to a report lasts.
const LINK_LIFETIME: Duration = Duration::from_mins(5);

/// The inbox and the reports, and who signs for them.
#[derive(Debug)]
pub(crate) struct Buckets {
    s3: aws_sdk_s3::Client,
    credentials: Option<SharedCredentialsProvider>,
    region: String,
    /// Where the inbox takes forms.
    inbox_url: String,
    inbox: String,
    reports: String,
    max_bytes: u64,
    lifetime: Duration,
}

impl Buckets {
    pub(crate) fn new(
        aws: &SdkConfig,
        inbox: String,
        reports: String,
        max_bytes: u64,
        lifetime: Duration,
    ) -> Self {
        let region = aws.region().map(ToString::to_string).unwrap_or_default();
        let inbox_url = match aws.endpoint_url() {
            Some(endpoint) => format!("{}/{inbox}", endpoint.trim_end_matches('/')),
            None => format!("https://{inbox}.s3.{region}.amazonaws.com/"),
        };
        Self {
            s3: config::s3(aws),
            credentials: aws.credentials_provider(),
            region,
            inbox_url,
            inbox,
            reports,
            max_bytes,
            lifetime,
        }
    }

    /// A form that puts one object under one key.
    async fn form(&self, id: &str, key: &str, now: Timestamp) -> Result<DepositForm, ApiError> {
        let provider = self.credentials.as_ref().ok_or(Refusal::Unsigned)?;
        let credentials = provider.provide_credentials().await.map_err(|_| Refusal::Unsigned)?;
        let lifetime = SignedDuration::try_from(self.lifetime).map_err(|_| Refusal::Unsigned)?;
        let expires = now.saturating_add(lifetime).map_err(|_| Refusal::Unsigned)?;
        let policy = Policy { bucket: &self.inbox, key, largest: self.max_bytes, expires };
        Ok(DepositForm {
            id: id.to_owned(),
            url: self.inbox_url.clone(),
            champs: form::sign(&policy, &credentials, &self.region, now),
            expire: format!("{expires:.0}"),
            largest: self.max_bytes,
        })
    }

    /// A link to a report, that a browser saves under a name of its own.
    async fn link(&self, key: &str, name: &str) -> Result<String, ApiError> {
        let lifetime =
            PresigningConfig::expires_in(LINK_LIFETIME).map_err(|_| Refusal::Unsigned)?;
        let request = self
            .s3
            .get_object()
            .bucket(&self.reports)
            .key(key)
            .response_content_disposition(format!("attachment; filename=\"{name}\""))
            .presigned(lifetime)
            .await
            .map_err(|_| Refusal::Unsigned)?;
        Ok(request.uri().to_owned())
    }

    async fn links(&self, json: &str) -> Result<ReportLinks, ApiError> {
        let csv = format!("{}.csv", json.strip_suffix(".json").unwrap_or(json));
        Ok(ReportLinks {
            json: self.link(json, "rapport.json").await?,
            csv: self.link(&csv, "rapport.csv").await?,
        })
    }
}

/// Gives the form of one upload.
///
/// Asked for twice, there are two forms, and each that is used is an import of its own. The deposit
/// is stored before its form is given: whatever is uploaded can be followed.
pub(crate) async fn open(
    context: &Context,
    caller: &Caller,
    wish: &Wish,
    request_context: &mut RequestContext,
) -> Result<Response<Body>, ApiError> {
    let own = caller.depositor.establishment().uai;
    // The prefix of the inbox is who the depositor is, so a key writes under its own and no other.
    if wish.uai.is_some_and(|uai| uai != own) {
        return Err(Refusal::EstablishmentNotFound.into());
    }
    charge(context, caller, request_context, 1).await?;
    let id = uuid::Uuid::new_v4().simple().to_string();
    let deposit = Deposit {
        uai: own,
        client: caller.client.client_id.clone(),
        key: wish.key(own, &id),
        created_at: request_context.now,
        expires_at: request_context.now.as_second() + KEPT.as_secs(),
        import: None,
    };
    let form = context.buckets.form(&id, &deposit.key, request_context.now).await?;
    context.deposits.put(&id, &deposit).await?;
    Ok(json(StatusCode::CREATED, &form))
}

/// Says how far the import of a deposit has come.
pub(crate) async fn follow(
    context: &Context,
    caller: &Caller,
    id: &str,
    request_context: &mut RequestContext,
) -> Result<Response<Body>, ApiError> {
    charge(context, caller, request_context, 1).await?;
    let deposit = own(context, caller, id).await?;
    let followed = match &deposit.import {
        Some(import) => context.deposits.follow(import).await?,
        None => None,
    };
    let report = followed.as_ref().and_then(|followed| followed.report_key.as_deref());
    let rapport = match report {
        Some(key) => Some(context.buckets.links(key).await?),
        None => None,
    };
    Ok(json(StatusCode::OK, &status(id, followed, rapport)))
}

/// Says what was found about the identity of its rows: some seconds after its import is over, and
/// later for those that a person or INES has to decide.
pub(crate) async fn findings(
    context: &Context,
    caller: &Caller,
    id: &str,
    request: &Request,
    request_context: &mut RequestContext,
) -> Result<Response<Body>, ApiError> {
    let parameters = request.query_string_parameters();
    let parameters: Parameters = parameters.iter().collect();
    let after = parameters.one("apres").map_err(|_| not_a_place())?;
    let after = after.map(|after| Position::parse(after).ok_or_else(not_a_place)).transpose()?;
    charge(context, caller, request_context, 1).await?;
    let deposit = own(context, caller, id).await?;
    if let Some(import) = &deposit.import {
        traces::of_findings(context, caller, request_context, import).await?;
    }
    let page = match &deposit.import {
        Some(import) => context.findings.page(import, after.as_ref(), MOST_IN_PAGE).await?,
        None => Page::default(),
    };
    let constats = page.findings.iter().filter_map(LineFinding::of).collect();
    let suivant = page.after.map(|after| after.as_str().to_owned());
    Ok(json(StatusCode::OK, &Findings { id, constats, suivant }))
}

fn not_a_place() -> Refusal {
    Refusal::Invalid("apres : la valeur de suivant, telle quelle".to_owned())
}

/// A deposit of the caller's establishment.
async fn own(context: &Context, caller: &Caller, id: &str) -> Result<Deposit, ApiError> {
    let is_id = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let deposit = if is_id { context.deposits.get(id).await? } else { None };
    let own = deposit.filter(|deposit| deposit.uai == caller.depositor.establishment().uai);
    Ok(own.ok_or(Refusal::DepositNotFound)?)
}

fn status(id: &str, followed: Option<Followed>, rapport: Option<ReportLinks>) -> DepositStatus {
    let Some(followed) = followed else {
        return DepositStatus {
            id: id.to_owned(),
            etat: DepositState::Awaited,
            lignes: Lines::default(),
            progression: 0.0,
            raison: None,
            rapport,
        };
    };
    let etat = match followed.state {
        ImportState::Received => DepositState::Received,
        ImportState::Running => DepositState::Running,
        ImportState::Done => DepositState::Done,
        ImportState::Failed => DepositState::Failed,
    };
    DepositStatus {
        id: id.to_owned(),
        etat,
        lignes: Lines {
            lues: followed.rows_read,
            acceptees: followed.accepted,
            depassees: followed.superseded,
            rejetees: followed.rejected,
            averties: followed.warned,
        },
        progression: progress(&followed),
        raison: followed.reason,
        rapport,
    }
}

/// The part that is read, to the hundredth: bytes rather than rows, whose number only the end
/// tells.
fn progress(followed: &Followed) -> f64 {
    if followed.state.is_final() {
        return 1.0;
    }
    let hundredths = followed
        .bytes_read
        .saturating_mul(100)
        .checked_div(followed.bytes)
        .unwrap_or_default()
        .min(100);
    u32::try_from(hundredths).map_or(0.0, |hundredths| f64::from(hundredths) / 100.0)
}
