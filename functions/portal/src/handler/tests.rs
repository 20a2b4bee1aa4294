//! Pages over a DynamoDB of the process, as a browser gets them.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};

use fakes::aws::{Call, Faults, item, out_of_reach};
use fakes::dynamodb::Tables;
use fakes::gateway::{Reply, request};
use fakes::kms::{self, SigningKeys};
use fakes::s3::{Buckets, Object, Pieces};
use fakes::sqs::Queues;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde_json::json;
use shared::api::Api;
use shared::auth::oidc::{Profile, Provider};
use shared::deposits::buckets::BucketSettings;
use shared::domain::uai::Uai;
use shared::identity::digest::{DigestKey, IdentityKeys};
use shared::registry::members::{
    EstablishmentRole, Grant, Held, Invitation, Member, NationalRole, invitation_digest,
};
use shared::registry::pairs::Terms;
use shared::registry::sessions::{IDLE, Session};
use shared::statements::Keys;

use super::*;

mod access;
mod by_hand;
mod cases;
mod mapping;
mod national;
mod own;
mod rejected;
mod sending;
mod statistics;
use crate::attesting;
use crate::context::{Secrets, Settings};
use crate::own::Settings as OwnSettings;
use crate::session::{SESSION, session_digest};

const UNIVERSITY: &str = "0751717J";
const LYCEE: &str = "0750655E";
/// Keys at KMS: the first signs.
const NEW_KEY: &str = "arn:aws:kms:eu-west-3:1:key/2";
const OLD_KEY: &str = "arn:aws:kms:eu-west-3:1:key/1";
const ORIGIN: &str = "https://portail.example";
const CSRF: &str = "a-token-of-this-session";

struct World {
    api: Api<Context>,
    tables: Arc<Tables>,
    queues: Arc<Queues>,
    buckets: Arc<Buckets>,
    /// A table, or `kms`, that doesn't answer.
    failing: Arc<Mutex<Option<&'static str>>>,
    /// A call that goes wrong, by its number.
    faults: Arc<Faults>,
}

impl World {
    fn new() -> Self {
        let provider = Provider {
            issuer: "https://etudiants.example/api/v2".into(),
            client_id: "portail".into(),
            profile: Profile::FranceConnect,
        };
        Self::with(Some(OwnSettings {
            provider,
            blocks_table: "blocks".into(),
            shares_table: "shares".into(),
            starts_within_days: 90,
            share_days: 30,
            share_readings_per_hour: NonZeroU32::new(600).unwrap(),
            attesting: attesting::Settings {
                table: "attestations".into(),
                keys: vec![NEW_KEY.into(), OLD_KEY.into()],
                days: 30,
            },
        }))
    }

    /// With the students' pages, or without.
    fn with(own: Option<OwnSettings>) -> Self {
        let tables = Arc::new(Tables::default());
        let settings = Settings {
            sessions_table: "sessions".into(),
            members_table: "members".into(),
            clients_table: "clients".into(),
            withdrawals_table: "withdrawals".into(),
            establishments_table: "establishments".into(),
            imports_table: "imports".into(),
            imports_queue_url: "https://sqs.eu-west-3.amazonaws.com/1/imports".into(),
            findings_table: "findings".into(),
            reviews_table: "reviews".into(),
            requests_table: "requests".into(),
            request_terms: shared::exercising::Terms {
                months: 1,
                ground: shared::rights::Ground::LegalObligation,
            },
            request_retention: None,
            records_table: "records".into(),
            students_table: "students".into(),
            quotas_table: "quotas".into(),
            identity_queue_url: "https://sqs.eu-west-3.amazonaws.com/1/identity".into(),
            pair_terms: Terms {
                dates: NonZeroU32::new(3).unwrap(),
                floor: NonZeroU32::new(4).unwrap(),
                percent: 2,
            },
            clients_kept: std::time::Duration::from_mins(1),
            access_log_table: "access_log".into(),
            access_log_retention_days: 180,
            buckets: BucketSettings {
                inbox: "inbox".into(),
                reports: "reports".into(),
                max_bytes: 1 << 30,
                lifetime: std::time::Duration::from_mins(15),
            },
            statistics_bucket: "statistics".into(),
            public_url: format!("{ORIGIN}/v1/portail"),
            provider: None,
            own,
            environment: "test".into(),
        };
        let (queues, buckets) = (Arc::<Queues>::default(), Arc::<Buckets>::default());
        let answering = (Arc::clone(&tables), Arc::clone(&queues), Arc::clone(&buckets));
        let signing = SigningKeys::default();
        let failing = Arc::<Mutex<Option<&'static str>>>::default();
        let faults = Arc::<Faults>::default();
        let (fails, struck) = (Arc::clone(&failing), Arc::clone(&faults));
        let answer = move |call: &Call| match call.service.as_str() {
            _ if fails.lock().unwrap().is_some_and(|what| is_of(call, what)) => out_of_reach(),
            kms::SERVICE => signing.call(call),
            "AmazonSQS" => answering.1.call(call),
            "s3" => answering.2.call(call, Timestamp::now(), |bytes| Pieces::new([Ok(bytes)])),
            _ => answering.0.call(&call.operation, &call.text),
        };
        let aws = fakes::aws::config(move |call| struck.answer(call, || answer(call)));
        let key = || DigestKey::new("1".into(), SecretString::from("0".repeat(64)));
        let identity = IdentityKeys::new(key(), &key());
        let keys = Keys { record: key(), identity };
        let student_client_secret = Some(SecretString::from("secret"));
        let secrets = Secrets { key: key(), keys, client_secret: None, student_client_secret };
        let context = Context::new(settings, &aws, secrets, Box::new(std::io::sink()));
        for (uai, name) in [(UNIVERSITY, "Université <b>d'essai</b>"), (LYCEE, "Lycée d'essai")] {
            let establishment = json!({
                "uai": uai, "name": name, "kind": "universite", "commune": "75105",
                "postal_code": "75005", "sends_for": [uai],
            });
            tables.put("establishments", item(&establishment));
        }
        Self { api: api(context), tables, queues, buckets, failing, faults }
    }

    fn put(&self, bucket: &str, key: &str, text: &str) {
        let object = Object {
            bytes: text.to_owned().into(),
            last_modified: Timestamp::now(),
            metadata: std::collections::BTreeMap::new(),
        };
        self.buckets.put(bucket, key, "", object);
    }

    async fn ask(&self, method: &str, path: &str, cookie: Option<&str>, form: &str) -> Reply {
        let cookie = cookie.map(|id| format!("other=1; {SESSION}={id}"));
        let mut headers: Vec<(&str, &str)> = Vec::new();
        headers.extend(cookie.as_deref().map(|cookie| ("cookie", cookie)));
        if method == "POST" {
            headers.extend([("origin", ORIGIN), ("sec-fetch-site", "same-origin")]);
        }
        self.send(method, path, &headers, form).await
    }

    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], form: &str) -> Reply {
        let request = request(method, path, headers, form.to_owned());
        Reply::by(&self.api.handle(request).await.unwrap())
    }

    async fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, None, "").await
    }

    /// Somebody logged in, with these roles.
    async fn session(&self, id: &str, grants: &[Grant], seen: Timestamp) {
        let member = member(id);
        let session = Session {
            member: member.clone(),
            name: "Ada Test".into(),
            siret: None,
            csrf: CSRF.into(),
            id_token: "token".into(),
            since: seen,
            seen,
        };
        let digest = session_digest(&self.api.key, id);
        self.api.sessions.begin(&digest, &session).await.unwrap();
        for grant in grants {
            let code = format!("{id}-code");
            self.invite(&code, *grant).await;
            let digest = invitation_digest(&self.api.key, &code);
            let mut stored = self.api.members.member(&member).await.unwrap().unwrap_or_default();
            let invitation =
                Invitation { grant: *grant, officer: None, by: "operator".into(), since: seen };
            "Ada Test".clone_into(&mut stored.name);
            stored.grant(&invitation, Timestamp::now()).unwrap();
            self.api.members.join(&digest, &member, &stored).await.unwrap();
        }
    }

    async fn invite(&self, code: &str, grant: Grant) {
        let invitation =
            Invitation { grant, officer: None, by: "operator".into(), since: Timestamp::now() };
        self.api
            .members
            .invite(&invitation_digest(&self.api.key, code), &invitation)
            .await
            .unwrap();
    }

    async fn member(&self, id: &str) -> Option<Member> {
        self.api.members.member(&member(id)).await.unwrap()
    }
}

/// Whether a call is of a table, or of KMS.
fn is_of(call: &Call, what: &str) -> bool {
    call.concerns(what) || (what == "kms" && call.service == kms::SERVICE)
}

/// The digest of a member, as one of a provider's person would be.
fn member(id: &str) -> String {
    shared::registry::members::member_digest(
        &DigestKey::new("1".into(), SecretString::from("0".repeat(64))),
        None,
        id,
    )
}

fn header<'a>(reply: &'a Reply, name: &str) -> &'a str {
    reply.headers.get(name).map_or("", |value| value.to_str().unwrap())
}

fn depositor(uai: &str) -> Grant {
    Grant::Establishment { uai: Uai::parse(uai).unwrap(), role: EstablishmentRole::Deposant }
}

#[tokio::test]
async fn public_pages_are_small_whole_and_ours_alone() {
    let world = World::new();
    let mut paths: Vec<String> = world
        .get("/portail/plan-du-site")
        .await
        .text
        .split("href=\"/v1")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect();
    paths.sort();
    paths.dedup();
    assert!(paths.len() >= 8, "{paths:?}");
    for path in paths {
        let page = world.get(&path).await;
        if path.ends_with("/etablissements") {
            assert_eq!(
                (page.status, header(&page, "location")),
                (303, "/v1/portail/connexion?retour=/etablissements")
            );
            continue;
        }
        if path.ends_with("/mon-espace") {
            assert_eq!(header(&page, "location"), "/v1/portail/mon-espace/connexion");
            continue;
        }
        assert_eq!(page.status, 200, "{path}");
        assert!(page.text.len() < 40_000, "{path} has {} bytes", page.text.len());
        let policy = header(&page, "content-security-policy").to_owned();
        if path.contains("/fichiers/") {
            assert!(header(&page, "cache-control").contains("immutable"));
            continue;
        }
        assert!(
            policy.contains("default-src 'none'") && !policy.contains("unsafe"),
            "{path}: {policy}"
        );
        assert!(policy.contains("require-trusted-types-for 'script'"), "{policy}");
        for needed in ["lang=\"fr\"", "class=\"skip\"", "<main id=\"contenu\"", "<h1>", "</html>"] {
            assert!(page.text.contains(needed), "{path} lacks {needed}");
        }
        // The page that verifies attestations can't do so without a script, and says so.
        let verifies = path.ends_with("/attestation/verifier");
        assert_eq!(page.text.contains("<script"), verifies, "{path}");
        assert!(!page.text.contains("style=\""), "{path}");
        assert!(!page.text.contains("src=\"http") && !page.text.contains("url(http"), "{path}");
    }
}

#[tokio::test]
async fn coverage_is_searched_and_a_name_is_text() {
    let world = World::new();
    let all = world.get("/portail/couverture").await;
    assert!(all.text.contains("2 établissements") && all.text.contains("jamais"));
    assert!(all.text.contains("Université &#60;b&#62;d&#39;essai") && !all.text.contains("<b>d"));
    let found = world.get("/portail/couverture?q=lycee").await;
    assert!(found.text.contains(LYCEE) && !found.text.contains("<code>0751717J"));
    let hostile = world.get("/portail/couverture?q=\"><script>alert(1)</script>").await;
    assert_eq!(hostile.status, 200);
    assert!(!hostile.text.contains("<script"), "{}", hostile.text);
    let beyond = world.get("/portail/couverture?page=18446744073709551615").await;
    assert_eq!(beyond.status, 200);
}

#[tokio::test]
async fn a_member_sees_their_establishments_and_no_other() {
    let world = World::new();
    world.session("ada", &[depositor(UNIVERSITY)], Timestamp::now()).await;
    let mine = world.ask("GET", "/portail/etablissements", Some("ada"), "").await;
    assert!(mine.status == 200 && mine.text.contains(UNIVERSITY) && !mine.text.contains(LYCEE));
    assert_eq!(header(&mine, "cache-control"), "no-store");
    let one =
        world.ask("GET", &format!("/portail/etablissements/{UNIVERSITY}"), Some("ada"), "").await;
    assert_eq!(one.status, 200);
    for other in [LYCEE, "9999999X", "%3Cscript%3E", "..%2F..%2Fadmin"] {
        let page =
            world.ask("GET", &format!("/portail/etablissements/{other}"), Some("ada"), "").await;
        assert_eq!(page.status, 404, "{other}");
        assert!(!page.text.contains("<script"));
    }
}

#[tokio::test]
async fn a_session_that_is_stolen_late_idle_or_ended_opens_nothing() {
    let world = World::new();
    world.session("idle", &[depositor(UNIVERSITY)], Timestamp::now() - IDLE).await;
    world
        .session("alive", &[depositor(UNIVERSITY)], Timestamp::now() - SignedDuration::from_mins(2))
        .await;
    for id in ["idle", "invented", "", "S#alive"] {
        let page = world.ask("GET", "/portail/etablissements", Some(id), "").await;
        assert_eq!(page.status, 303, "{id}");
    }
    // Nothing that the table holds is the cookie's value.
    let stored = serde_json::to_string(&world.tables.items("sessions")).unwrap();
    assert!(!stored.contains("alive") && stored.contains("Ada Test"));
    let leave =
        world.ask("POST", "/portail/deconnexion", Some("alive"), &format!("jeton={CSRF}")).await;
    assert_eq!(
        (leave.status, header(&leave, "location")),
        (303, "https://portail.example/v1/portail")
    );
    assert!(header(&leave, "set-cookie").contains("Max-Age=0"));
    let after = world.ask("GET", "/portail/etablissements", Some("alive"), "").await;
    assert_eq!(after.status, 303);
}

#[tokio::test]
async fn a_form_of_another_site_does_nothing() {
    let world = World::new();
    world.session("ada", &[], Timestamp::now()).await;
    world.invite("invitation", depositor(UNIVERSITY)).await;
    let path = "/portail/invitations/invitation";
    for form in ["", "jeton=", "jeton=another", "jeton=A-TOKEN-OF-THIS-SESSION"] {
        assert_eq!(world.ask("POST", path, Some("ada"), form).await.status, 403, "{form}");
    }
    for (name, value) in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")] {
        let cookie = format!("{SESSION}=ada");
        let headers = [("cookie", cookie.as_str()), (name, value)];
        let sent = world.send("POST", path, &headers, &format!("jeton={CSRF}")).await;
        assert_eq!(sent.status, 403, "{name}");
    }
    assert_eq!(world.member("ada").await, None);
}

#[tokio::test]
async fn an_invitation_is_taken_once() {
    let world = World::new();
    world.session("ada", &[], Timestamp::now()).await;
    world.session("grace", &[], Timestamp::now()).await;
    world.invite("invitation", depositor(UNIVERSITY)).await;
    let path = "/portail/invitations/invitation";
    let shown = world.ask("GET", path, Some("ada"), "").await;
    assert!(shown.text.contains("envoyer des fichiers"), "{}", shown.text);
    let form = format!("jeton={CSRF}");
    // Sent twice, as by somebody who is impatient.
    for _ in 0..2 {
        let taken = world.ask("POST", path, Some("ada"), &form).await;
        assert_eq!(
            (taken.status, header(&taken, "location")),
            (303, "https://portail.example/v1/portail/etablissements")
        );
    }
    assert_eq!(world.ask("POST", path, Some("grace"), &form).await.status, 404);
    assert_eq!(world.ask("GET", path, Some("grace"), "").await.status, 404);
    let member = world.member("ada").await.unwrap();
    assert_eq!((member.history.len(), member.name.as_str()), (1, "Ada Test"));
}

#[tokio::test]
async fn nobody_reviews_what_they_send() {
    let world = World::new();
    world.session("ada", &[depositor(UNIVERSITY)], Timestamp::now()).await;
    world.invite("review", Grant::National { role: NationalRole::Relecteur }).await;
    let form = format!("jeton={CSRF}");
    let refused = world.ask("POST", "/portail/invitations/review", Some("ada"), &form).await;
    assert_eq!(refused.status, 409);
    assert!(refused.text.contains("envoyer des inscriptions et décider"));
}

#[tokio::test]
async fn without_a_provider_the_public_pages_stay() {
    let world = World::new();
    let page = world.get("/portail/connexion").await;
    assert!(page.status == 200 && page.text.contains("Aucun fournisseur"));
    assert_eq!(world.get("/portail/connexion/depart").await.status, 404);
    assert_eq!(world.get("/portail/nulle-part").await.status, 404);
    assert_eq!(world.ask("POST", "/portail", None, "").await.status, 405);
}
