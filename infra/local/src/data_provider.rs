//! Makes the platform a data provider at FranceConnect's test double: what an operator and
//! FranceConnect's team do by hand elsewhere (`docs/deploying.md`).

use anyhow::{Context as _, Result, anyhow};
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rsa::{KeySize, PrivateDecryptingKey};
use pem::{EncodeConfig, LineEnding, Pem};
use serde_json::{Value, json};
use shared::access::key::new_key;
use statut::aws;
use statut::ui::Step;

use crate::double;
use crate::outputs::Outputs;

/// Draws a secret and keys, puts them where the function reads them, and tells FranceConnect.
pub(crate) async fn register(outputs: &Outputs) -> Result<()> {
    let step = Step::start("registering at FranceConnect's test double");
    let client_secret = new_key();
    let secret = json!({ "client_secret": client_secret, "keys": new_keys()? });
    aws::secrets_manager(&outputs.endpoint_url)
        .put_secret_value()
        .secret_id(&outputs.france_connect_secret_arn)
        .secret_string(secret.to_string())
        .send()
        .await
        .context("FranceConnect's secret can't be written")?;
    let jwks_uri = format!("{}/api/france_connect_jwks", outputs.api_url);
    double::register(&outputs.double_url, &client_secret, &jwks_uri).await?;
    step.done("");
    Ok(())
}

/// One key for each algorithm that FranceConnect may be asked to encrypt with.
fn new_keys() -> Result<[Value; 2]> {
    let pem = |key: Result<Pkcs8V1Der<'static>, Unspecified>| {
        let der = key.map_err(|_| anyhow!("no private key can be made"))?;
        let unix = EncodeConfig::new().set_line_ending(LineEnding::LF);
        anyhow::Ok(pem::encode_config(&Pem::new("PRIVATE KEY", der.as_ref()), unix))
    };
    let rsa = PrivateDecryptingKey::generate(KeySize::Rsa2048).and_then(|key| key.as_der());
    let ec = PrivateKey::generate(&ECDH_P256).and_then(|key| key.as_der());
    Ok([
        json!({ "kid": "statut-etudiant-rsa-1", "alg": "RSA-OAEP-256", "pem": pem(rsa)? }),
        json!({ "kid": "statut-etudiant-ec-1", "alg": "ECDH-ES", "pem": pem(ec)? }),
    ])
}

#[cfg(test)]
mod tests {
    use shared::auth::jwe::{DecryptionKeys, StoredKey};

    use super::*;

    #[test]
    fn the_function_can_read_the_keys() {
        let stored: Vec<StoredKey> = serde_json::from_value(json!(new_keys().unwrap())).unwrap();
        let published = DecryptionKeys::new(stored).unwrap().public();
        assert_eq!(published["keys"].as_array().unwrap().len(), 2);
    }
}
