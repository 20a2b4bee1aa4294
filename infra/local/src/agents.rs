//! The people of the portal on the local platform: accounts at the test double of the agents'
//! provider, and what each is a member of.

use std::fmt;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use shared::access::key::new_key;
use shared::access::officer::Officer;
use shared::domain::uai::Uai;
use shared::registry::members::{EstablishmentRole, Grant, NationalRole};
use statut::aws;
use statut::members::Members;
use statut::ui::Step;

use crate::double;
use crate::outputs::Outputs;

/// Our id at the agents' provider.
pub(crate) const CLIENT_ID: &str = "statut-etudiant-portail";

/// `portal_accounts` of the sandbox: who may log in, by choosing their name at the provider.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Account {
    /// The `sub` at the provider, and the id of their link on its page.
    pub(crate) login_hint: String,
    pub(crate) name: String,
    /// `gestionnaire`, `deposant`, `lecteur`, `relecteur`, `operateur`, or none.
    pub(crate) role: Option<String>,
    pub(crate) establishment: Option<Uai>,
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let role = self.role.as_deref().unwrap_or("member of nothing");
        write!(f, "{}: {role}", self.name)?;
        self.establishment.map_or(Ok(()), |uai| write!(f, ", {uai}"))
    }
}

struct Person {
    sub: &'static str,
    given_name: &'static str,
    usual_name: &'static str,
    grant: Option<Grant>,
    /// Of a reviewer.
    officer: Option<&'static str>,
}

/// Gives the portal its client secret, and registers it and its people at the provider.
pub(crate) async fn register(outputs: &Outputs) -> Result<Vec<Account>> {
    let step = Step::start("registering the portal at the agents' test double");
    let client_secret = new_key();
    let secret = json!({ "id": "1", "key": client_secret });
    aws::secrets_manager(&outputs.endpoint_url)
        .put_secret_value()
        .secret_id(&outputs.portal_provider_secret_arn)
        .secret_string(secret.to_string())
        .send()
        .await
        .context("the portal's client secret can't be written")?;
    let people = people()?;
    let accounts: Map<String, Value> = people
        .iter()
        .map(|person| {
            let claims = json!({
                "given_name": person.given_name, "usual_name": person.usual_name,
                "label": person.grant.map_or_else(|| "membre de rien".to_owned(), label),
            });
            (person.sub.to_owned(), claims)
        })
        .collect();
    double::register_portal(&outputs.double_url, CLIENT_ID, &client_secret, &accounts).await?;
    let members = Members::of(&outputs.deployment()?).await?;
    let mut listed = Vec::new();
    for person in people {
        let name = format!("{} {}", person.given_name, person.usual_name);
        let grants: Vec<Grant> = person.grant.into_iter().collect();
        let officer = person.officer.map(Officer::parse).transpose()?;
        members.join(person.sub, &name, officer.as_ref(), &grants).await?;
        let (role, establishment) = match person.grant {
            Some(Grant::Establishment { uai, role }) => (Some(role.name()), Some(uai)),
            Some(Grant::National { role }) => (Some(role.name()), None),
            None => (None, None),
        };
        listed.push(Account {
            login_hint: person.sub.to_owned(),
            name,
            role: role.map(str::to_owned),
            establishment,
        });
    }
    step.done(&format!("{} accounts", listed.len()));
    Ok(listed)
}

fn label(grant: Grant) -> String {
    match grant {
        Grant::Establishment { uai, role } => format!("{}, {uai}", role.name()),
        Grant::National { role } => role.name().to_owned(),
    }
}

fn people() -> Result<[Person; 5]> {
    let university = Uai::parse("0751967F").context("the university's UAI")?;
    let of_university = |role| Some(Grant::Establishment { uai: university, role });
    Ok([
        Person {
            sub: "gestionnaire",
            given_name: "Ada",
            usual_name: "LEROUX",
            grant: of_university(EstablishmentRole::Gestionnaire),
            officer: None,
        },
        Person {
            sub: "deposant",
            given_name: "Blaise",
            usual_name: "MOREL",
            grant: of_university(EstablishmentRole::Deposant),
            officer: None,
        },
        Person {
            sub: "relecteur",
            given_name: "Colette",
            usual_name: "GARNIER",
            grant: Some(Grant::National { role: NationalRole::Relecteur }),
            officer: Some("c.garnier@example.org"),
        },
        Person {
            sub: "operateur",
            given_name: "Denis",
            usual_name: "FAURE",
            grant: Some(Grant::National { role: NationalRole::Operateur }),
            officer: None,
        },
        Person {
            sub: "inconnu",
            given_name: "Élise",
            usual_name: "PETIT",
            grant: None,
            officer: None,
        },
    ])
}
