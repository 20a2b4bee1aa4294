//! A sender of our own, so that each part can be made wrong. That another implementation (jwcrypto,
//! in the local platform's FranceConnect) is understood as well is an end-to-end test.

use std::sync::OnceLock;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeySize, OaepPublicEncryptingKey};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use pem::Pem;
use proptest::prelude::*;

use super::*;

/// Made once: an RSA key takes a while.
fn rsa() -> &'static PrivateDecryptingKey {
    static KEY: OnceLock<PrivateDecryptingKey> = OnceLock::new();
    KEY.get_or_init(|| PrivateDecryptingKey::generate(KeySize::Rsa2048).unwrap())
}

/// PKCS#8.
fn ec() -> &'static [u8] {
    static KEY: OnceLock<Vec<u8>> = OnceLock::new();
    KEY.get_or_init(|| {
        EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
            .unwrap()
            .as_ref()
            .to_vec()
    })
}

/// As the secret holds them.
pub(crate) fn stored_keys() -> Vec<StoredKey> {
    let rsa: Pkcs8V1Der<'_> = rsa().as_der().unwrap();
    let stored = |kid: &str, alg: &str, der: &[u8]| StoredKey {
        kid: kid.to_owned(),
        alg: alg.to_owned(),
        pem: pem::encode(&Pem::new("PRIVATE KEY", der)),
    };
    vec![stored("rsa", "RSA-OAEP-256", rsa.as_ref()), stored("ec", "ECDH-ES", ec())]
}

fn keys() -> DecryptionKeys {
    DecryptionKeys::new(stored_keys()).unwrap()
}

fn seal(
    header: &Value,
    encrypted_key: &[u8],
    content_key: &[u8; KEY_BYTES],
    content: &[u8],
) -> String {
    let protected = URL_SAFE_NO_PAD.encode(header.to_string());
    let iv = [7; 12];
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, content_key).unwrap());
    let mut sealed = content.to_vec();
    let aad = Aad::from(protected.as_bytes());
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(iv), aad, &mut sealed).unwrap();
    let (ciphertext, tag) = sealed.split_at(sealed.len() - TAG_BYTES);
    let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    format!("{protected}.{}.{}.{}.{}", part(encrypted_key), part(&iv), part(ciphertext), part(tag))
}

/// A JWE for the RSA key.
pub(crate) fn seal_for_rsa(content: &[u8]) -> String {
    seal_with_header(
        &json!({ "alg": "RSA-OAEP-256", "enc": "A256GCM", "kid": "rsa", "cty": "JWT" }),
        content,
    )
}

fn seal_with_header(header: &Value, content: &[u8]) -> String {
    let content_key = [42; KEY_BYTES];
    let public = OaepPublicEncryptingKey::new(rsa().public_key()).unwrap();
    let mut output = vec![0; public.ciphertext_size()];
    let encrypted =
        public.encrypt(&OAEP_SHA256_MGF1SHA256, &content_key, &mut output, None).unwrap();
    seal(header, encrypted, &content_key, content)
}

fn seal_for_ec(apu: &str, content: &[u8]) -> String {
    let ephemeral = PrivateKey::generate(&ECDH_P256).unwrap();
    let point = ephemeral.compute_public_key().unwrap();
    let (x, y) = point.as_ref()[1..].split_at(32);
    let header = json!({
        "alg": "ECDH-ES", "enc": "A256GCM", "kid": "ec", "apu": URL_SAFE_NO_PAD.encode(apu),
        "epk": { "kty": "EC", "crv": "P-256", "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y) },
    });
    // SHA-256(counter ‖ Z ‖ other info), as NIST SP 800-56A writes it for a key of one digest.
    let public =
        PrivateKey::from_private_key_der(&ECDH_P256, ec()).unwrap().compute_public_key().unwrap();
    let mut hashed = 1_u32.to_be_bytes().to_vec();
    agree(&ephemeral, UnparsedPublicKey::new(&ECDH_P256, public), (), |secret| {
        hashed.extend_from_slice(secret);
        Ok(())
    })
    .unwrap();
    for part in ["A256GCM", apu, ""] {
        hashed.extend(u32::try_from(part.len()).unwrap().to_be_bytes());
        hashed.extend(part.as_bytes());
    }
    hashed.extend(256_u32.to_be_bytes());
    let content_key: [u8; KEY_BYTES] =
        sha2::Digest::finalize(sha2::Digest::chain_update(sha2::Sha256::default(), hashed)).into();
    seal(&header, &[], &content_key, content)
}

#[test]
fn both_algorithms_open() {
    assert_eq!(keys().decrypt(&seal_for_rsa(b"content")).unwrap(), b"content");
    assert_eq!(keys().decrypt(&seal_for_ec("", b"content")).unwrap(), b"content");
    assert_eq!(keys().decrypt(&seal_for_ec("Alice", b"content")).unwrap(), b"content");
}

#[test]
fn a_key_id_is_not_needed_but_is_respected() {
    let header = |kid: Value| json!({ "alg": "RSA-OAEP-256", "enc": "A256GCM", "kid": kid });
    assert!(keys().decrypt(&seal_with_header(&header(Value::Null), b"x")).is_ok());
    assert_eq!(
        keys().decrypt(&seal_with_header(&header("another".into()), b"x")),
        Err(JweError::NotForUs)
    );
}

#[test]
fn while_a_key_replaces_another_both_open() {
    let other = PrivateDecryptingKey::generate(KeySize::Rsa2048).unwrap();
    let other: Pkcs8V1Der<'_> = other.as_der().unwrap();
    let former = StoredKey {
        kid: "former".into(),
        alg: "RSA-OAEP-256".into(),
        pem: pem::encode(&Pem::new("PRIVATE KEY", other.as_ref())),
    };
    let mut stored = stored_keys();
    stored.insert(0, former);
    let keys = DecryptionKeys::new(stored).unwrap();
    let unnamed = seal_with_header(&json!({ "alg": "RSA-OAEP-256", "enc": "A256GCM" }), b"content");
    assert_eq!(keys.decrypt(&unnamed).unwrap(), b"content");
    assert_eq!(keys.decrypt(&seal_for_rsa(b"content")).unwrap(), b"content");
}

#[test]
fn other_algorithms_are_refused() {
    for header in [
        json!({ "alg": "RSA-OAEP", "enc": "A256GCM" }),
        json!({ "alg": "RSA1_5", "enc": "A256GCM" }),
        json!({ "alg": "dir", "enc": "A256GCM" }),
        json!({ "alg": "RSA-OAEP-256", "enc": "A128CBC-HS256" }),
        json!({ "alg": "RSA-OAEP-256", "enc": "A256GCM", "zip": "DEF" }),
        json!({ "alg": "RSA-OAEP-256", "enc": "A256GCM", "crit": ["exp"] }),
        json!({ "alg": "ECDH-ES", "enc": "A256GCM" }),
    ] {
        assert_eq!(
            keys().decrypt(&seal_with_header(&header, b"x")),
            Err(JweError::NotForUs),
            "{header}"
        );
    }
}

#[test]
fn what_is_published_is_public() {
    let published = keys().public();
    assert_eq!(published["keys"].as_array().map(Vec::len), Some(2));
    for (key, expected) in published["keys"].as_array().unwrap().iter().zip([
        &["alg", "e", "kid", "kty", "n", "use"][..],
        &["alg", "crv", "kid", "kty", "use", "x", "y"],
    ]) {
        let mut names: Vec<_> = key.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, expected);
        assert_eq!(key["use"], "enc");
    }
}

#[test]
fn a_key_that_cannot_be_used_is_named() {
    for (alg, pem) in
        [("RSA-OAEP-256", "nonsense"), ("ECDH-ES", "nonsense"), ("RSA1_5", "nonsense")]
    {
        let stored = StoredKey { kid: "k".into(), alg: alg.into(), pem: pem.into() };
        assert_eq!(
            DecryptionKeys::new(vec![stored]).err(),
            Some(StoredKeyError { kid: "k".into() })
        );
    }
}

proptest! {
    #[test]
    fn any_text_is_refused(text in "\\PC{0,200}|[A-Za-z0-9_-]{0,80}(\\.[A-Za-z0-9_-]{0,80}){3,5}") {
        prop_assert!(keys().decrypt(&text).is_err());
    }

    #[test]
    fn any_changed_byte_is_refused(position in any::<usize>(), byte in b'A'..=b'z', ec in any::<bool>()) {
        let good = if ec { seal_for_ec("", b"content") } else { seal_for_rsa(b"content") };
        let mut bytes = good.clone().into_bytes();
        let position = position % bytes.len();
        bytes[position] = byte;
        let changed = String::from_utf8(bytes).unwrap();
        if changed != good {
            prop_assert!(keys().decrypt(&changed).is_err());
        }
    }

    #[test]
    fn any_header_is_read_or_refused(header in "\\PC{0,80}", alg in "RSA-OAEP-256|ECDH-ES|x", x in "[A-Za-z0-9_-]{0,50}") {
        let _ = keys().decrypt(&format!("{}....", URL_SAFE_NO_PAD.encode(&header)));
        let header = json!({ "alg": alg, "enc": "A256GCM", "epk": { "crv": "P-256", "x": x, "y": x }, "apu": x });
        let text = format!("{}....", URL_SAFE_NO_PAD.encode(header.to_string()));
        prop_assert!(keys().decrypt(&text).is_err());
    }
}
