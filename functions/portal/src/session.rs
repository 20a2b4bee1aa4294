//! Who is logged in, shown by a cookie; and forms that only our own pages may send.
//!
//! The cookie holds 256 random bits; the table knows their keyed digest. `__Host-` ties it to this
//! origin and to TLS; `Lax` lets it come along when the provider sends the browser back.
//!
//! Agents and students have cookies and sessions of their own: what opens the pages of one opens
//! none of the other. Who a student is is encrypted under the cookie, so that the table doesn't
//! tell it.

use cookie::{Cookie, SameSite};
use jiff::Timestamp;
use lambda_http::Request;
use lambda_http::http::{HeaderMap, Method, header};
use shared::contract::pivot::PivotIdentity;
use shared::domain::uai::Uai;
use shared::identity::digest::DigestKey;
use shared::registry::members::{EstablishmentRole, Member, NationalRole};
use shared::registry::sealed::Seal;
use shared::registry::sessions::{Session, StudentSession};
use shared::reviewing::Reviewer;
use subtle::ConstantTimeEq as _;

use crate::context::{Address, Context};
use crate::handler::Access;
use crate::refusal::{ApiError, Refusal};

/// The cookie of a session.
pub(crate) const SESSION: &str = "__Host-session";
/// The cookie of a student's session.
pub(crate) const STUDENT: &str = "__Host-etudiant";
/// Digests and numbers of forms are shorter.
const LONGEST_DIGEST: usize = 128;
/// No form of ours that isn't a file is longer.
pub(crate) const LARGEST_FORM: usize = 16 * 1024;

/// Whoever looks at a page. One who is logged in twice is whom the page asks for.
#[derive(Debug)]
pub enum Visitor {
    Nobody,
    Agent(Box<LoggedIn>),
    Student(Box<LoggedInStudent>),
}

/// Somebody who is logged in, member of something or not.
#[derive(Debug)]
pub struct LoggedIn {
    /// The digest that the session is stored under.
    pub(crate) digest: String,
    pub(crate) session: Session,
    pub(crate) member: Member,
}

/// A student who is logged in, whether the register knows them or not.
#[derive(Debug)]
pub struct LoggedInStudent {
    /// The digest that the session is stored under.
    pub(crate) digest: String,
    pub(crate) session: StudentSession,
    /// Who it is, as their provider says.
    pub(crate) identity: PivotIdentity,
}

impl LoggedIn {
    /// The person, as traces name them.
    pub(crate) fn trace_name(&self) -> String {
        format!("membre-{}", self.session.member)
    }
}

impl Visitor {
    /// The agent, on a page that asks for one.
    pub(crate) fn person(&self) -> Result<&LoggedIn, ApiError> {
        match self {
            Self::Agent(person) => Ok(person),
            Self::Nobody | Self::Student(_) => Err(Refusal::LogIn.into()),
        }
    }

    /// The student, on a page that asks for one.
    pub(crate) fn student(&self) -> Result<&LoggedInStudent, ApiError> {
        match self {
            Self::Student(student) => Ok(student),
            Self::Nobody | Self::Agent(_) => Err(Refusal::StudentLogIn.into()),
        }
    }

    /// What the person may do for an establishment, if it is at least this. One that they are no
    /// member of is answered like one that doesn't exist.
    pub(crate) fn role(
        &self,
        uai: Uai,
        least: EstablishmentRole,
        now: Timestamp,
    ) -> Result<EstablishmentRole, ApiError> {
        let role = self.person()?.member.role(uai, now).ok_or(Refusal::NotFound)?;
        if role >= least { Ok(role) } else { Err(Refusal::RoleTooLow.into()) }
    }

    /// The establishment of a path, for which the person is at least this.
    pub(crate) fn establishment(
        &self,
        id: &str,
        least: EstablishmentRole,
        now: Timestamp,
    ) -> Result<Uai, ApiError> {
        let uai = Uai::parse(id).map_err(|_| Refusal::NotFound)?;
        self.role(uai, least, now)?;
        Ok(uai)
    }

    /// The person, as a reviewer. Pages of reviewing are for nobody else.
    pub(crate) fn reviewer(&self, now: Timestamp) -> Result<Reviewer, ApiError> {
        let person = self.person()?;
        let member = &person.member;
        if member.national(now) != Some(NationalRole::Relecteur) {
            return Err(Refusal::NotFound.into());
        }
        Ok(Reviewer {
            id: person.trace_name(),
            officer: member.officer.clone().ok_or(Refusal::Nameless)?,
            member_of: member.establishments.keys().copied().collect(),
        })
    }
}

/// Who visits, if they show what the page asks for.
pub(crate) async fn visitor(
    context: &Context,
    access: Access,
    request: &Request,
    now: Timestamp,
) -> Result<Visitor, ApiError> {
    let headers = request.headers();
    match access {
        Access::Anybody => Ok(match logged_in(context, headers, now).await? {
            Visitor::Nobody => student(context, headers, now).await?,
            agent => agent,
        }),
        Access::LoggedIn | Access::OwnForm => {
            let visitor = logged_in(context, headers, now).await?;
            let csrf = &visitor.person()?.session.csrf;
            if access == Access::OwnForm {
                is_of_session(request, &context.address, csrf)?;
            }
            Ok(visitor)
        }
        Access::Student | Access::StudentForm => {
            // Where students can't log in there is nothing to log in for.
            context.own()?;
            let visitor = student(context, headers, now).await?;
            let csrf = &visitor.student()?.session.csrf;
            if access == Access::StudentForm {
                is_of_session(request, &context.address, csrf)?;
            }
            Ok(visitor)
        }
        Access::PublicForm if is_from(request, &context.address) => Ok(Visitor::Nobody),
        Access::PublicForm => Err(Refusal::ForeignForm.into()),
    }
}

async fn logged_in(
    context: &Context,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<Visitor, ApiError> {
    let Some(id) = cookie(headers, SESSION) else { return Ok(Visitor::Nobody) };
    let digest = session_digest(&context.key, &id);
    let Some(session) = context.sessions.find::<Session>(&digest, now).await? else {
        return Ok(Visitor::Nobody);
    };
    let member = context.members.member(&session.member).await?.unwrap_or_default();
    Ok(Visitor::Agent(Box::new(LoggedIn { digest, session, member })))
}

async fn student(
    context: &Context,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<Visitor, ApiError> {
    let Some(id) = cookie(headers, STUDENT).filter(|_| context.own.is_some()) else {
        return Ok(Visitor::Nobody);
    };
    let digest = student_digest(&context.key, &id);
    let Some(session) = context.sessions.find::<StudentSession>(&digest, now).await? else {
        return Ok(Visitor::Nobody);
    };
    // A session whose secret was renewed meanwhile names nobody: they log in again.
    let identity = student_seal(&context.key, &id).open_value(&digest, &session.identity);
    Ok(identity.map_or(Visitor::Nobody, |identity| {
        Visitor::Student(Box::new(LoggedInStudent { digest, session, identity }))
    }))
}

/// Refuses a form that no page of this session sent.
fn is_of_session(request: &Request, address: &Address, csrf: &str) -> Result<(), ApiError> {
    let sent = field(request.body().as_ref(), "jeton").unwrap_or_default();
    if is_from(request, address) && bool::from(sent.as_bytes().ct_eq(csrf.as_bytes())) {
        Ok(())
    } else {
        Err(Refusal::ForeignForm.into())
    }
}

/// Whether the browser says that one of our pages sent this. One too old to say so is believed for
/// the token alone.
fn is_from(request: &Request, address: &Address) -> bool {
    let headers = request.headers();
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let by_origin = text("origin").is_none_or(|origin| origin == address.origin);
    let by_site = text("sec-fetch-site").is_none_or(|site| site == "same-origin");
    request.method() == Method::POST && by_origin && by_site
}

/// The value of a cookie.
pub(crate) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let sent = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    sent.flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .find(|cookie| cookie.name() == name)
        .map(|cookie| cookie.value().to_owned())
}

/// A cookie to set, or, without a value, to forget.
pub(crate) fn set_cookie(name: &'static str, value: Option<&str>, seconds: i64) -> String {
    let age = if value.is_some() { seconds } else { 0 };
    Cookie::build((name, value.unwrap_or_default().to_owned()))
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        .max_age(cookie::time::Duration::seconds(age))
        .build()
        .to_string()
}

/// A field of a form.
pub(crate) fn field(form: &[u8], name: &str) -> Option<String> {
    form_urlencoded::parse(form).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// A field that holds the digest of a member or of an invitation.
pub(crate) fn digest_field(form: &[u8], name: &str) -> Option<String> {
    let is_digest =
        |text: &String| !text.is_empty() && text.len() <= LONGEST_DIGEST && is_plain(text);
    field(form, name).filter(is_digest)
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// Whether a form that gives a secret away comes for the first time, by the number that its page
/// drew for it.
pub(crate) async fn is_first_time(
    context: &Context,
    visitor: &Visitor,
    form: &[u8],
) -> Result<bool, ApiError> {
    let number = digest_field(form, "formulaire").ok_or(Refusal::ForeignForm)?;
    Ok(match visitor {
        Visitor::Student(student) => {
            context.sessions.use_form::<StudentSession>(&student.digest, &number).await?
        }
        _ => context.sessions.use_form::<Session>(&visitor.person()?.digest, &number).await?,
    })
}

pub(crate) fn session_digest(key: &DigestKey, id: &str) -> String {
    key.of(&["session", id])
}

pub(crate) fn student_digest(key: &DigestKey, id: &str) -> String {
    key.of(&["etudiant", id])
}

/// What a student's identity is encrypted with while they are logged in.
pub(crate) fn student_seal(key: &DigestKey, id: &str) -> Seal {
    Seal::of(key, &["identite d'etudiant", id])
}
