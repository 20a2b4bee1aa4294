//! Every state, and that whatever is changed is found out.

use std::collections::BTreeSet;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use crate::keys::{KeyError, SIGNATURE, fixed};
use crate::picture::Picture;
use crate::sign1::Flaw;
use crate::status_list::{FRESH, ListError, SIZE, UnsignedList};
use crate::*;

const LIST: &str = "https://statutetudiant.example/portail/attestation/etats";

/// A key pair, as KMS has one: it signs in DER.
struct Signer(EcdsaKeyPair);

impl Signer {
    fn new() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap())
    }

    fn public(&self) -> PublicKey {
        let point = self.0.public_key().as_ref();
        let head = "3059301306072a8648ce3d020106082a8648ce3d030107034200";
        let head = (0..head.len()).step_by(2).map(|at| &head[at..at + 2]);
        let mut spki: Vec<u8> = head.map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
        spki.extend(point);
        PublicKey::from_spki(&spki).unwrap()
    }

    fn sign(&self, message: &[u8]) -> [u8; SIGNATURE] {
        fixed(self.0.sign(&SystemRandom::new(), message).unwrap().as_ref()).unwrap()
    }

    fn attest(&self, claims: &Claims) -> String {
        let unsigned = Unsigned::new(claims, self.public().id());
        let signature = self.sign(&unsigned.message());
        unsigned.signed(&signature).unwrap()
    }

    fn list(&self, revoked: &[u32], as_of: Timestamp) -> String {
        let revoked: BTreeSet<u32> = revoked.iter().copied().collect();
        let unsigned = UnsignedList::new(LIST, &revoked, as_of, self.public().id());
        let signature = self.sign(unsigned.message());
        unsigned.signed(&signature)
    }

    fn keys(&self) -> KeySet {
        KeySet::parse(&KeySet::new(vec![self.public()]).json()).unwrap()
    }
}

fn now() -> Timestamp {
    "2026-12-01T10:00:00Z".parse().unwrap()
}

fn claims() -> Claims {
    Claims {
        nom_famille: "LEFÈVRE".into(),
        prenom: "Zoé".into(),
        date_naissance: date(2004, 3, 2),
        uai: "0751717J".into(),
        etablissement: "Université d'essai".into(),
        statut: "inscrit".into(),
        date_fin_inscription: date(2027, 8, 31),
        issued_at: now(),
        expires_at: now() + SignedDuration::from_hours(24 * 30),
        status: StatusReference { list: LIST.into(), index: 123_456 },
    }
}

#[test]
fn an_attestation_is_valid_until_it_ends_is_revoked_or_its_list_is_a_day_old() {
    let signer = Signer::new();
    let (keys, text) = (signer.keys(), signer.attest(&claims()));
    let open = |revoked: &[u32]| StatusList::open(&signer.list(revoked, now()), &keys).unwrap();
    let (clear, revoked) = (open(&[123_455, 123_457]), open(&[0, 123_456, SIZE - 1]));
    let (claims, as_of) = (claims(), now());
    let valid = Verdict::Valid { claims: claims.clone(), as_of };
    assert_eq!(verify(&text, &keys, Some(&clear), now()), valid);
    assert_eq!(verify(&format!(" {text}\r\n"), &keys, Some(&clear), now()), valid);
    assert_eq!(
        verify(&text, &keys, Some(&revoked), now()),
        Verdict::Revoked { claims: claims.clone(), as_of }
    );
    let last = now() + FRESH - SignedDuration::from_secs(1);
    assert_eq!(verify(&text, &keys, Some(&clear), last), valid);
    let old = now() + FRESH;
    assert_eq!(
        verify(&text, &keys, Some(&clear), old),
        Verdict::StatusTooOld { claims: claims.clone(), as_of: Some(as_of) }
    );
    // What was revoked stays so.
    assert!(matches!(verify(&text, &keys, Some(&revoked), old), Verdict::Revoked { .. }));
    let none = Verdict::StatusTooOld { claims: claims.clone(), as_of: None };
    assert_eq!(verify(&text, &keys, None, now()), none);
    let mut other = clear.clone();
    other.name = "https://elsewhere.example/etats".into();
    assert_eq!(verify(&text, &keys, Some(&other), now()), none);
    let end = claims.expires_at;
    assert!(matches!(verify(&text, &keys, Some(&clear), end), Verdict::Expired { .. }));
    let before = end - SignedDuration::from_secs(1);
    assert!(matches!(verify(&text, &keys, None, before), Verdict::StatusTooOld { .. }));
}

#[test]
fn keys_overlap_and_a_key_that_is_gone_is_unknown() {
    let (old, new, stranger) = (Signer::new(), Signer::new(), Signer::new());
    let both = KeySet::parse(&KeySet::new(vec![new.public(), old.public()]).json()).unwrap();
    for signer in [&old, &new] {
        let text = signer.attest(&claims());
        assert!(matches!(verify(&text, &both, None, now()), Verdict::StatusTooOld { .. }));
        assert_eq!(verify(&text, &stranger.keys(), None, now()), Verdict::UnknownKey);
    }
    // Signed by another, in the name of ours.
    let unsigned = Unsigned::new(&claims(), new.public().id());
    let signature = stranger.sign(&unsigned.message());
    let forged = unsigned.signed(&signature).unwrap();
    assert_eq!(verify(&forged, &both, None, now()), Verdict::Altered(Flaw::Signature));
}

#[test]
fn a_list_is_of_a_key_we_know_or_none() {
    let signer = Signer::new();
    let (keys, text) = (signer.keys(), signer.list(&[7], now()));
    let list = StatusList::open(&text, &keys).unwrap();
    assert_eq!(
        [6, 7, 8, SIZE - 1, SIZE].map(|index| list.is_revoked(index)),
        [Some(false), Some(true), Some(false), Some(false), None]
    );
    assert_eq!(StatusList::open(&text, &Signer::new().keys()), Err(ListError::UnknownKey));
    let (message, signature) = text.rsplit_once('.').unwrap();
    let other = signer.list(&[8], now());
    let (other, _) = other.rsplit_once('.').unwrap();
    assert_eq!(StatusList::open(&format!("{other}.{signature}"), &keys), Err(ListError::Signature));
    for none in ["", "a.b.c", message, &text.replace('.', ""), &format!("{text}.x")] {
        assert!(StatusList::open(none, &keys).is_err(), "{none}");
    }
}

#[test]
fn a_million_of_which_one_in_two_hundred_was_revoked_is_a_small_list() {
    let signer = Signer::new();
    // A step that has no factor in common with the size: spread like random ones.
    let revoked: Vec<u32> =
        (0..SIZE / 200).map(|number| number.wrapping_mul(2_654_435_761) % SIZE).collect();
    let text = signer.list(&revoked, now());
    assert!(text.len() < 20_000, "{} bytes", text.len());
    assert!(signer.list(&[], now()).len() < 700);
    let list = StatusList::open(&text, &signer.keys()).unwrap();
    assert!(revoked.iter().all(|index| list.is_revoked(*index) == Some(true)));
}

#[test]
fn a_qr_has_a_margin_and_the_same_squares_as_its_path() {
    let text = Signer::new().attest(&claims());
    let picture = Picture::of(&text).unwrap();
    assert!(picture.side() <= 93, "{} squares on a side", picture.side());
    let (mut dark, mut drawn) = (0, 0);
    for (at, row) in picture.rows().enumerate() {
        let edge = at < 4 || at >= picture.side() - 4;
        assert!(row[..4].iter().chain(&row[row.len() - 4..]).all(|square| !square));
        assert!(!edge || row.iter().all(|square| !square));
        dark += row.iter().filter(|square| **square).count();
    }
    for run in picture.path().split('h').skip(1).step_by(2) {
        drawn += run.split('v').next().unwrap().parse::<usize>().unwrap();
    }
    assert_eq!(dark, drawn);
    assert!(Picture::of(&"A".repeat(5_000)).is_err());
}

#[test]
fn claims_say_what_is_wrong_with_them_and_name_nobody() {
    use crate::claims::ClaimsError;
    let whole = claims().encode();
    assert_eq!(Claims::decode(&whole), Ok(claims()));
    let without = |name: &str| {
        let mut value: ciborium::Value = ciborium::from_reader(whole.as_slice()).unwrap();
        value.as_map_mut().unwrap().retain(|(key, _)| key.as_text() != Some(name));
        let mut bytes = Vec::new();
        ciborium::into_writer(&value, &mut bytes).unwrap();
        Claims::decode(&bytes)
    };
    for name in ["nomFamille", "prenom", "dateNaissance", "uai", "etablissement", "statut"] {
        assert_eq!(without(name), Err(ClaimsError::Missing(name.into())));
    }
    let mut twice: ciborium::Value = ciborium::from_reader(whole.as_slice()).unwrap();
    let first = twice.as_map().unwrap()[0].clone();
    twice.as_map_mut().unwrap().push(first);
    let mut bytes = Vec::new();
    ciborium::into_writer(&twice, &mut bytes).unwrap();
    assert!(matches!(Claims::decode(&bytes), Err(ClaimsError::Twice(_))));
    let said = format!("{:?}", claims());
    assert!(!said.contains("LEF") && !said.contains("2004"), "{said}");
}

#[test]
fn a_signature_and_a_key_in_der_are_read_strictly() {
    assert_eq!(
        fixed(&[0x30, 6, 2, 1, 5, 2, 1, 7]).map(|signature| (signature[31], signature[63])),
        Ok((5, 7))
    );
    for none in [
        &[][..],
        &[0x30, 0],
        &[0x30, 5, 2, 1, 5, 2, 1, 7],
        &[0x30, 7, 2, 1, 5, 2, 1, 7, 0],
        &[0x30, 6, 2, 1, 5, 2, 9, 7],
        &[0x31, 6, 2, 1, 5, 2, 1, 7],
    ] {
        assert_eq!(fixed(none), Err(KeyError::Der), "{none:?}");
    }
    for none in [&[][..], &[0x30; 91], &[0x30; 27]] {
        assert_eq!(PublicKey::from_spki(none), Err(KeyError::Spki));
    }
    let json = Signer::new().keys().json();
    assert_eq!(KeySet::parse(&json.replace("\"kid\":\"", "\"kid\":\"x")), Err(KeyError::KeyId));
    assert_eq!(KeySet::parse(&json.replace("\"x\":\"", "\"x\":\"A")), Err(KeyError::Coordinates));
    assert_eq!(KeySet::parse(r#"{"keys":[{"kty":"RSA"}]}"#), Err(KeyError::Empty));
    assert_eq!(KeySet::parse("[]"), Err(KeyError::NotASet));
}

proptest! {
    #[test]
    fn nothing_that_is_read_panics(text in "(ETU1:)?[0-9A-Z $%*+./:-]{0,400}", bytes: Vec<u8>) {
        let signer = Signer::new();
        let keys = signer.keys();
        let verdict = verify(&text, &keys, None, now());
        prop_assert!(matches!(verdict, Verdict::Altered(_) | Verdict::UnknownKey));
        let text = format!("{PREFIX}{}", base45::encode(&bytes));
        let verdict = verify(&text, &keys, None, now());
        prop_assert!(matches!(verdict, Verdict::Altered(_) | Verdict::UnknownKey));
        let _ = Claims::decode(&bytes);
        let _ = StatusList::open(&String::from_utf8_lossy(&bytes), &keys);
        let _ = KeySet::parse(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn one_byte_changed_is_found_out(at: prop::sample::Index, change in 1_u8..) {
        let signer = Signer::new();
        let text = signer.attest(&claims());
        let mut bytes = base45::decode(&text[PREFIX.len()..]).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= change;
        let text = format!("{PREFIX}{}", base45::encode(&bytes));
        let verdict = verify(&text, &signer.keys(), None, now());
        prop_assert!(matches!(verdict, Verdict::Altered(_) | Verdict::UnknownKey), "{verdict:?}");
    }

    #[test]
    fn one_letter_changed_is_found_out(at: prop::sample::Index, letter in "[0-9A-Z $%*+./:-]") {
        let signer = Signer::new();
        let text = signer.attest(&claims());
        let at = at.index(text.len());
        let mut changed = text.clone();
        changed.replace_range(at..=at, &letter);
        prop_assume!(changed != text && changed.trim() != text);
        let verdict = verify(&changed, &signer.keys(), None, now());
        prop_assert!(matches!(verdict, Verdict::Altered(_) | Verdict::UnknownKey), "{verdict:?}");
    }

    #[test]
    fn whatever_is_said_is_read_back(
        nom in "\\PC{1,60}", prenom in "\\PC{1,40}", etablissement in "\\PC{0,90}", index in 0..SIZE,
    ) {
        let signer = Signer::new();
        let mut said = Claims { nom_famille: nom, prenom, etablissement, ..claims() };
        said.status.index = index;
        let text = signer.attest(&said);
        prop_assert!(Picture::of(&text).is_ok());
        let read = verify(&text, &signer.keys(), None, now());
        prop_assert_eq!(read, Verdict::StatusTooOld { claims: said, as_of: None });
    }
}
