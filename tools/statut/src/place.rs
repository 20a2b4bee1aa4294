//! Where a command acts.

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use crate::deployment::Deployment;

/// Where `cargo local` says where its platform is, under the checkout.
const OUTPUTS: &str = "target/local/outputs.json";
/// Where it keeps the keys of that platform.
const SANDBOX: &str = "target/local/sandbox.json";
/// Where the key of a reviewer is, elsewhere than on the local platform.
const REVIEW_KEY: &str = "STATUT_ETUDIANT_REVIEW_KEY";

/// What `--deployment` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// The local platform.
    Local,
    /// A deployment on AWS, by what the names of its tables start with.
    Named(String),
    /// A deployment on AWS, by the address of its API.
    Api(String),
}

/// What of `outputs.json` is used here; the file has all of Terraform's outputs.
#[derive(Deserialize)]
struct LocalOutputs {
    endpoint_url: String,
    api_url: String,
    students_table: String,
}

#[derive(Deserialize)]
struct LocalKeys {
    review_keys: Vec<String>,
}

/// The API of reviews, and who asks.
pub(crate) struct ReviewApi {
    pub(crate) url: String,
    pub(crate) key: String,
}

impl Place {
    /// What `--deployment` says for the local platform; it is the default.
    pub(crate) const LOCAL: &'static str = "local";

    /// Reads a name or an address. Names are Terraform's: lower-case letters, digits and hyphens.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text == Self::LOCAL {
            return Ok(Self::Local);
        }
        if text.starts_with("https://") {
            return Ok(Self::Api(text.trim_end_matches('/').to_owned()));
        }
        let is_plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if text.is_empty() || !text.bytes().all(is_plain) {
            return Err(
                "a name such as statut-etudiant-production, or the https:// address of an API"
                    .to_owned(),
            );
        }
        Ok(Self::Named(text.to_owned()))
    }

    /// The tables, queues, buckets and secrets that are there.
    pub(crate) async fn deployment(&self) -> Result<Deployment> {
        match self {
            Self::Local => {
                let LocalOutputs { endpoint_url, students_table, .. } = local_file(OUTPUTS)?;
                Deployment::local(&endpoint_url, &students_table)
            }
            Self::Named(name) => Deployment::of_account(name).await,
            Self::Api(_) => bail!(
                "this command acts on tables and queues: --deployment takes the name of the deployment \
                 (statut-etudiant-production), not the address of its API"
            ),
        }
    }

    /// The API of reviews; on the local platform, as one of the sandbox's two reviewers, counted
    /// from 1.
    pub(crate) fn review_api(&self, reviewer: u8) -> Result<ReviewApi> {
        match self {
            Self::Local => {
                let LocalKeys { review_keys } = local_file(SANDBOX)?;
                let key = review_keys.into_iter().nth(usize::from(reviewer).saturating_sub(1));
                let key = key.with_context(|| format!("{SANDBOX} has no key for that reviewer"))?;
                Ok(ReviewApi { url: local_file::<LocalOutputs>(OUTPUTS)?.api_url, key })
            }
            Self::Api(url) => {
                let key = std::env::var(REVIEW_KEY)
                    .with_context(|| format!("{REVIEW_KEY} has the reviewer's key"))?;
                Ok(ReviewApi { url: url.clone(), key })
            }
            Self::Named(_) => bail!(
                "reviews go through the API, where each voice is a person's: --deployment takes its address here \
                 (https://…)"
            ),
        }
    }
}

/// A file of the local platform, looked for from the current directory upwards. `cargo local`
/// removes it when its platform stops.
fn local_file<T: serde::de::DeserializeOwned>(name: &str) -> Result<T> {
    let here = std::env::current_dir().context("the current directory is gone")?;
    let Some(path) =
        here.ancestors().map(|directory| directory.join(name)).find(|path| path.is_file())
    else {
        bail!(
            "no local platform runs in this checkout: `cargo local up` starts one, and --deployment names another \
             deployment"
        );
    };
    let text = std::fs::read_to_string(&path).with_context(|| format!("{name} can't be read"))?;
    serde_json::from_str(&text).with_context(|| format!("{name} can't be understood"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_name_or_an_address() {
        assert_eq!(Place::parse("local"), Ok(Place::Local));
        assert_eq!(
            Place::parse("statut-etudiant-production"),
            Ok(Place::Named("statut-etudiant-production".to_owned()))
        );
        assert_eq!(
            Place::parse("https://api.example/v1/"),
            Ok(Place::Api("https://api.example/v1".to_owned()))
        );
        // A key would go over the wire in clear.
        for refused in ["", "http://api.example", "Statut", "a b", "../a"] {
            assert!(Place::parse(refused).is_err(), "{refused}");
        }
    }

    #[tokio::test]
    async fn each_command_says_what_it_needs_of_a_place() {
        let error = Place::Api("https://api.example".to_owned()).deployment().await.unwrap_err();
        assert!(error.to_string().contains("the name of the deployment"), "{error}");
        let error = Place::Named("d".to_owned()).review_api(1).err().unwrap();
        assert!(error.to_string().contains("https://"), "{error}");
    }
}
