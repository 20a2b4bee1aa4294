//! The keys that an establishment's software sends with: made, renewed and revoked by its managers.
//!
//! A key is shown once, in the answer to the form that makes it. Keys of the portal belong to a
//! client of the establishment that may do nothing but send; those that an operator made are listed
//! beside them.

use askama::Template;
use jiff::{SignedDuration, Timestamp};
use lambda_http::{Body, Response};
use shared::access::client::{Client, Key, State};
use shared::access::key::new_key;
use shared::access::keys::{self, Rotation};
use shared::access::route::Route;
use shared::auth::oidc::random;
use shared::domain::uai::Uai;
use shared::registry::members::{EstablishmentRole, OPERATOR};
use shared::registry::withdrawals::Withdrawn;

use crate::context::Context;
use crate::handler::RequestContext;
use crate::refusal::{ApiError, Refusal};
use crate::school::access::{Names, name};
use crate::session::{Visitor, field, is_first_time};
use crate::view::{View, page, see_other};
use crate::words::{day, hour};

/// Keys that open at a time: one for each piece of software, and one more while it is renewed.
const MOST_ACTIVE: usize = 10;

const DAY: SignedDuration = SignedDuration::from_hours(24);
/// How long a key opens on after it was renewed, by the name in the form.
const OVERLAPS: [(&str, SignedDuration, &str); 3] = [
    ("7", SignedDuration::from_hours(7 * 24), "dans 7 jours"),
    ("30", SignedDuration::from_hours(30 * 24), "dans 30 jours"),
    ("0", SignedDuration::ZERO, "tout de suite : la clé a pu être vue par d'autres"),
];

const SENT_TWICE: &str = "Ce formulaire a déjà été envoyé : la clé est faite, et ne se montre qu'une fois. Si vous ne l'avez pas gardée, révoquez-la et faites-en une autre.";

#[derive(Template)]
#[template(path = "school/keys.html")]
struct KeysPage {
    view: View,
    uai: Uai,
    name: String,
    form: String,
    overlaps: [(&'static str, SignedDuration, &'static str); 3],
    keys: Vec<Row>,
    error: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "school/key_made.html")]
struct MadePage {
    view: View,
    uai: Uai,
    name: String,
    key: String,
    number: u32,
    ending: Option<String>,
}

/// A key, in the list.
struct Row {
    locator: String,
    number: u32,
    client: String,
    opens: String,
    made: String,
    made_by: String,
    state: String,
    tone: &'static str,
    is_active: bool,
}

/// Shows the keys.
pub(crate) async fn show(
    context: &Context,
    id: &str,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let uai = visitor.establishment(id, EstablishmentRole::Gestionnaire, request_context.now)?;
    let owned = of(context, uai).await?;
    list(context, uai, &owned, visitor, request_context.now, None).await
}

/// Does what one of the page's forms says.
///
/// Sent twice, a key is made or renewed once, and one that is revoked stays so.
pub(crate) async fn change(
    context: &Context,
    id: &str,
    sent: &[u8],
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let now = request_context.now;
    let uai = visitor.establishment(id, EstablishmentRole::Gestionnaire, now)?;
    let owned = of(context, uai).await?;
    match field(sent, "faire").as_deref() {
        Some("faire") => {
            let active = owned.iter().filter(|(_, key)| key.is_active(now)).count();
            let error = if active >= MOST_ACTIVE {
                "Dix clés sont actives : révoquez celles qui ne servent plus."
            } else if is_first_time(context, visitor, sent).await? {
                return make(context, uai, visitor, now).await;
            } else {
                SENT_TWICE
            };
            list(context, uai, &owned, visitor, now, Some(error)).await
        }
        Some("renouveler") => {
            let (client, key) = chosen(&owned, sent)?;
            let overlap = field(sent, "delai").unwrap_or_default();
            let overlap = OVERLAPS.iter().find(|(name, ..)| *name == overlap);
            let error = match overlap {
                None => "Choisissez quand l'ancienne clé s'arrête.",
                Some(_) if !key.is_active(now) => {
                    "Cette clé n'ouvre plus rien : faites-en une autre."
                }
                Some(_) if !client.is_active(now) => return Err(Refusal::ClientEnded.into()),
                Some((_, overlap, _)) if is_first_time(context, visitor, sent).await? => {
                    return renew(context, uai, (client, key), *overlap, visitor, now).await;
                }
                Some(_) => SENT_TWICE,
            };
            list(context, uai, &owned, visitor, now, Some(error)).await
        }
        Some("revoquer") => {
            let (_, key) = chosen(&owned, sent)?;
            if key.state == State::Active {
                context.withdrawals.note(ended(key, now), now).await?;
                let by = visitor.person()?.session.member.as_str();
                context.clients.revoke_key(&key.digest, Some(by)).await?;
            }
            Ok(see_other(&context.address.url(&format!("/etablissements/{uai}/cles"))))
        }
        _ => Err(Refusal::NotFound.into()),
    }
}

/// The keys of an establishment that open its sending and nothing else, with their clients: what a
/// client may besides, an operator sees to.
async fn of(context: &Context, uai: Uai) -> Result<Vec<(Client, Key)>, ApiError> {
    let mut owned = Vec::new();
    for (client, keys) in context.clients.of_depositor(uai).await? {
        let sends = keys.into_iter().filter(|key| key.routes.iter().all(|route| route.is_write()));
        owned.extend(sends.map(|key| (client.clone(), key)));
    }
    owned.sort_by_key(|(_, key)| std::cmp::Reverse(key.created_at));
    Ok(owned)
}

/// The key that a form names; another establishment's is none.
fn chosen<'a>(owned: &'a [(Client, Key)], sent: &[u8]) -> Result<(&'a Client, &'a Key), Refusal> {
    let locator = field(sent, "cle").unwrap_or_default();
    let found = owned.iter().find(|(_, key)| key.digest.locator() == locator);
    found.map(|(client, key)| (client, key)).ok_or(Refusal::NotFound)
}

/// Makes a key, and the client that it belongs to if this is the first one. Stopped before the key
/// is shown, it leaves one that nobody has: the list shows it, to be revoked.
async fn make(
    context: &Context,
    uai: Uai,
    visitor: &Visitor,
    now: Timestamp,
) -> Result<Response<Body>, ApiError> {
    let id = format!("portail-{uai}");
    let client = match context.clients.by_id(&id).await? {
        Some(client) if client.depositor != Some(uai) => return Err(Refusal::ClientEnded.into()),
        Some(client) => client,
        None => {
            let client = Client {
                routes: [Route::Enrolment, Route::Deposit].into(),
                depositor: Some(uai),
                ..Client::new(&id, &name(context, uai).await?)
            };
            context.clients.put(&client).await?;
            client
        }
    };
    if !client.is_active(now) {
        return Err(Refusal::ClientEnded.into());
    }
    let text = new_key();
    let made = keys::new(&client, &text, None, now).map_err(|_| Refusal::ClientEnded)?;
    let made = Key { made_by: Some(visitor.person()?.session.member.clone()), ..made };
    context.clients.put_key(&made).await?;
    hand_over(context, uai, &made, text, None, visitor).await
}

/// Puts a new key in the place of one. The old one ends last: stopped before, whoever uses it
/// notices nothing.
async fn renew(
    context: &Context,
    uai: Uai,
    (client, key): (&Client, &Key),
    overlap: SignedDuration,
    visitor: &Visitor,
    now: Timestamp,
) -> Result<Response<Body>, ApiError> {
    let text = new_key();
    let old = std::slice::from_ref(key);
    let rotation = keys::rotate(client, old, None, &text, overlap, now);
    let Rotation { new, ending } = rotation.map_err(|_| Refusal::ClientEnded)?;
    let by = visitor.person()?.session.member.as_str();
    let new = Key { made_by: Some(by.to_owned()), ..new };
    context.clients.put_key(&new).await?;
    let mut until = now;
    for old in ending {
        until = old.valid_until.unwrap_or(now);
        context.withdrawals.note(ended(&old, until), now).await?;
        context.clients.end_key(&old.digest, until, Some(by)).await?;
    }
    let when =
        if overlap < DAY { "dans la minute".to_owned() } else { format!("le {}", hour(until)) };
    hand_over(context, uai, &new, text, Some(when), visitor).await
}

/// Shows a key, the only time that it is seen.
async fn hand_over(
    context: &Context,
    uai: Uai,
    key: &Key,
    text: String,
    ending: Option<String>,
    visitor: &Visitor,
) -> Result<Response<Body>, ApiError> {
    let number = key.digest.number();
    let view = View::new(context, "/etablissements", "Nouvelle clé", visitor);
    let name = name(context, uai).await?;
    let template = MadePage { view: view.clone(), uai, name, key: text, number, ending };
    Ok(page(context, &view, &template))
}

/// A key that opens nothing from `until` on, for whoever restores the table.
fn ended(key: &Key, until: Timestamp) -> Withdrawn {
    Withdrawn::Key { client_id: key.client_id.clone(), key: key.digest, until }
}

async fn list(
    context: &Context,
    uai: Uai,
    owned: &[(Client, Key)],
    visitor: &Visitor,
    now: Timestamp,
    error: Option<&'static str>,
) -> Result<Response<Body>, ApiError> {
    let mut names = Names::empty();
    for (_, key) in owned {
        for by in key.made_by.iter().chain(&key.ended_by) {
            names.learn(context, by).await?;
        }
    }
    let rows = owned.iter().map(|(client, key)| row(client, key, &names, now));
    let title = if error.is_some() { "Erreur : clés d'écriture" } else { "Clés d'écriture" };
    let view = View::new(context, "/etablissements", title, visitor);
    let template = KeysPage {
        view: view.clone(),
        uai,
        name: name(context, uai).await?,
        form: random().map_err(|_| Refusal::NoRandomness)?,
        overlaps: OVERLAPS,
        keys: rows.collect(),
        error,
    };
    Ok(page(context, &view, &template))
}

fn row(client: &Client, key: &Key, names: &Names, now: Timestamp) -> Row {
    let by = |digest: Option<&String>| names.of_digest(digest.map_or(OPERATOR, String::as_str));
    let opens = key.routes.iter().map(|route| match route {
        Route::Enrolment => "inscriptions une à une",
        _ => "fichiers",
    });
    let (state, tone) = match key.valid_until {
        _ if key.state == State::Revoked => {
            (format!("révoquée par {}", by(key.ended_by.as_ref())), "bad")
        }
        _ if !client.is_active(now) => ("suspendue par l'équipe nationale".to_owned(), "bad"),
        Some(end) if end <= now => (format!("finie le {}", day(end)), "bad"),
        Some(end) => (format!("s'arrête le {}", hour(end)), "warn"),
        None => ("active".to_owned(), "good"),
    };
    Row {
        locator: key.digest.locator(),
        number: key.digest.number(),
        client: client.name.clone(),
        opens: opens.collect::<Vec<_>>().join(", "),
        made: day(key.created_at),
        made_by: by(key.made_by.as_ref()),
        state,
        tone,
        is_active: client.is_active(now) && key.is_active(now),
    }
}
