//! `statut client`: what an operator does to clients, keys and tokens. Only keys go to the standard
//! output of the commands that make one, so that it can be piped into a vault.

use std::collections::BTreeSet;
use std::io::Write as _;

use anyhow::{Context as _, Result, bail};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use shared::access::client::{Client, Key, State};
use shared::access::key::{KeyDigest, new_key};
use shared::access::keys::{self, Rotation};
use shared::access::route::Route;
use shared::auth::token::LONGEST_LIFE;
use shared::registry::clients::ClientStore;
use shared::registry::withdrawals::{WithdrawalStore, Withdrawn};

use crate::cli::client::{self as cli, Action};
use crate::clients;
use crate::place::Place;
use crate::shown::Format;
use crate::ui;

/// How long a revocation is kept that doesn't say when its token ends: a day longer than any token
/// lives.
const KEPT: SignedDuration = SignedDuration::from_secs(LONGEST_LIFE.as_secs() + 24 * 60 * 60);

const UNREADABLE: &str = "the clients can't be read";
const UNWRITABLE: &str = "the client can't be written";

/// Does it, to the deployment that was named or to the local platform.
pub(super) async fn run(place: &Place, format: Format, options: &cli::Client) -> Result<()> {
    let deployment = place.deployment().await?;
    let registry = Registry {
        store: ClientStore::new(deployment.dynamodb.clone(), deployment.table("clients")),
        withdrawals: WithdrawalStore::new(
            deployment.dynamodb.clone(),
            deployment.table("withdrawals"),
        ),
        format,
        now: Timestamp::now(),
    };
    match &options.action {
        Action::Create(create) => registry.create(create).await,
        Action::List => registry.list().await,
        Action::Show { id } => registry.show(id).await,
        Action::Set(set) => registry.set(set).await,
        Action::NewKey { id, routes } => registry.new_key(id, routes.as_ref()).await,
        Action::Rotate { id, overlap, routes } => {
            registry.rotate(id, *overlap, routes.as_ref()).await
        }
        Action::Revoke { id } => registry.change_state(id, State::Revoked).await,
        Action::Reinstate { id } => registry.change_state(id, State::Active).await,
        Action::RevokeKey { id, locator } => registry.revoke_key(id, locator).await,
        Action::RevokeToken { jti, until } => registry.revoke_token(jti, *until).await,
        Action::ServiceProvider { france_connect_client_id, client } => {
            registry.service_provider(france_connect_client_id, client).await
        }
    }
}

/// A key that opens nothing from `until` on.
fn ended(key: &Key, until: Timestamp) -> Withdrawn {
    Withdrawn::Key { client_id: key.client_id.clone(), key: key.digest, until }
}

/// The table, at one moment.
struct Registry {
    store: ClientStore,
    /// Told before anything is taken back, so that no restore gives it back.
    withdrawals: WithdrawalStore,
    format: Format,
    now: Timestamp,
}

impl Registry {
    async fn create(&self, options: &cli::Create) -> Result<()> {
        let client = clients::created(options, self.now)?;
        if self.store.by_id(&client.client_id).await.context(UNREADABLE)?.is_some() {
            bail!("{} exists: `set` changes it", client.client_id);
        }
        let key = new_key();
        let keys =
            if options.key { vec![keys::new(&client, &key, None, self.now)?] } else { Vec::new() };
        self.store.put(&client).await.context(UNWRITABLE)?;
        eprintln!("{} is registered", client.client_id);
        for own in &keys {
            self.hand_over(own, &key).await?;
        }
        warn(&client, &keys, self.now);
        Ok(())
    }

    async fn list(&self) -> Result<()> {
        let (clients, keys) = self.store.list().await.context(UNREADABLE)?;
        let shown: Vec<_> = clients.iter().map(|client| clients::json(client, &keys)).collect();
        self.format.show(&shown, || ui::table(&clients::list(&clients, &keys, self.now)))
    }

    async fn show(&self, id: &str) -> Result<()> {
        let (client, keys) = self.client_and_keys(id).await?;
        warn(&client, &keys, self.now);
        self.format.show(&clients::json(&client, &keys), || {
            let (settings, table) = clients::card(&client, &keys, self.now);
            for (name, value) in settings {
                ui::line(&format!("{name:<10}  {value}"));
            }
            if !keys.is_empty() {
                ui::line("");
                ui::table(&table);
            }
        })
    }

    async fn set(&self, options: &cli::Set) -> Result<()> {
        let (client, keys) = self.client_and_keys(&options.id).await?;
        let changed = clients::changed(client.clone(), options, self.now)?;
        if changed == client {
            bail!("nothing changes: say what, see `statut client set --help`");
        }
        self.store.put(&changed).await.context(UNWRITABLE)?;
        eprintln!("{} is changed", changed.client_id);
        warn(&changed, &keys, self.now);
        Ok(())
    }

    async fn new_key(&self, id: &str, routes: Option<&BTreeSet<Route>>) -> Result<()> {
        let (client, mut own) = self.client_and_keys(id).await?;
        let key = new_key();
        let made = keys::new(&client, &key, routes, self.now)?;
        self.hand_over(&made, &key).await?;
        own.push(made);
        warn(&client, &own, self.now);
        Ok(())
    }

    async fn rotate(
        &self,
        id: &str,
        overlap: SignedDuration,
        routes: Option<&BTreeSet<Route>>,
    ) -> Result<()> {
        let (client, own) = self.client_and_keys(id).await?;
        let key = new_key();
        let Rotation { new, ending } = keys::rotate(&client, &own, routes, &key, overlap, self.now)
            .map_err(clients::explained)?;
        // The old keys last: if this fails before, whoever uses them notices nothing.
        self.hand_over(&new, &key).await?;
        for old in ending {
            let end = old.valid_until.unwrap_or(self.now);
            self.note(ended(&old, end)).await?;
            self.store
                .end_key(&old.digest, end, None)
                .await
                .context("an old key can't be given its end: it still opens")?;
            eprintln!("the old key {} opens until {end:.0}", old.digest.locator());
        }
        Ok(())
    }

    async fn change_state(&self, id: &str, state: State) -> Result<()> {
        let (client, keys) = self.client_and_keys(id).await?;
        let (verb, before) =
            (if state == State::Revoked { "revoked" } else { "active" }, client.state);
        let client = Client { state, ..client };
        if before == state {
            eprintln!("{id} was {verb} already");
        } else {
            if state == State::Revoked {
                self.note(Withdrawn::Client { client_id: client.client_id.clone() }).await?;
            }
            self.store.put(&client).await.context(UNWRITABLE)?;
            eprintln!(
                "{id} is {verb}, for every function within client_cache_seconds (a minute at most)"
            );
        }
        if state == State::Active {
            warn(&client, &keys, self.now);
        }
        Ok(())
    }

    async fn revoke_key(&self, id: &str, locator: &str) -> Result<()> {
        let (_, keys) = self.client_and_keys(id).await?;
        let key = clients::find(&keys, locator)?;
        self.note(ended(key, self.now)).await?;
        self.store.revoke_key(&key.digest, None).await.context(UNWRITABLE)?;
        eprintln!(
            "the key {} is revoked, for every function within a minute",
            key.digest.locator()
        );
        Ok(())
    }

    async fn revoke_token(&self, jti: &str, until: Option<Timestamp>) -> Result<()> {
        // A token instead of its id would be stored as the id of none, and nobody would notice.
        if jti.trim() != jti || jti.is_empty() || jti.starts_with("eyJ") {
            bail!("{} is not a `jti`: it is a claim of the token, not the token", ui::masked(jti));
        }
        let until = match until {
            Some(time) => time,
            None => self.now.saturating_add(KEPT).context("the clock is far in the future")?,
        };
        if until <= self.now {
            bail!("--until {until} is over, and so is the token");
        }
        let token = KeyDigest::of(jti);
        self.note(Withdrawn::Token { token, until }).await?;
        self.store.revoke_token(&token, until).await.context("the token can't be revoked")?;
        eprintln!(
            "the token is revoked, for every function within a minute, and until {until:.0} at least"
        );
        Ok(())
    }

    async fn service_provider(&self, provider: &str, id: &str) -> Result<()> {
        let (client, keys) = self.client_and_keys(id).await?;
        if provider.trim().is_empty() {
            bail!("the service provider's id at FranceConnect is empty");
        }
        let before = self.store.service_provider(provider).await.context(UNREADABLE)?;
        self.store
            .put_service_provider(provider, id)
            .await
            .context("the service provider can't be written")?;
        let before =
            before.map(|client| format!(", and was {}", client.client_id)).unwrap_or_default();
        eprintln!("at FranceConnect, {provider} is {id}{before}");
        if !client.may(Route::FranceConnect) {
            eprintln!(
                "warning: {id} has no route france_connect: its tokens will be refused (set --routes)"
            );
        }
        warn(&client, &keys, self.now);
        Ok(())
    }

    async fn note(&self, withdrawn: Withdrawn) -> Result<()> {
        self.withdrawals
            .note(withdrawn, self.now)
            .await
            .context("nothing is taken back, for a restore could not be told of it")
    }

    /// The client of an id, and all its keys.
    async fn client_and_keys(&self, id: &str) -> Result<(Client, Vec<Key>)> {
        let client = self.store.by_id(id).await.context(UNREADABLE)?;
        let client = client
            .with_context(|| format!("no client is called {id:?}: see `statut client list`"))?;
        let (_, mut keys) = self.store.list().await.context(UNREADABLE)?;
        keys.retain(|key| key.client_id == client.client_id);
        Ok((client, keys))
    }

    /// Stores what is left of a key, and prints the key: the only time that it is seen.
    async fn hand_over(&self, own: &Key, key: &str) -> Result<()> {
        self.store.put_key(own).await.context("the key can't be written")?;
        let mut output = std::io::stdout().lock();
        let text = match self.format {
            Format::Table => key.to_owned(),
            Format::Json => json!({ "key": key, "locator": own.digest.locator() }).to_string(),
        };
        let printed = writeln!(output, "{text}").and_then(|()| output.flush());
        drop(output);
        if let Err(error) = printed {
            // Nobody has it: it must not stay among those that open.
            self.store
                .revoke_key(&own.digest, None)
                .await
                .context("the new key is lost and can't be revoked")?;
            return Err(error).context("the new key could not be printed, and is revoked");
        }
        eprintln!(
            "its key {} is the one line of the standard output, and is kept nowhere",
            own.digest.locator()
        );
        Ok(())
    }
}

fn warn(client: &Client, keys: &[Key], now: Timestamp) {
    for warning in clients::warnings(client, keys, now) {
        eprintln!("warning: {warning}");
    }
}
