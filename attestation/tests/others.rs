//! Attestations for other readers: `infra/local/attestation.py` reads the QR and verifies the CBOR Web
//! Token with libraries that aren't ours, and has to come to what is expected here.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use attestation::keys::fixed;
use attestation::picture::Picture;
use attestation::status_list::{SIZE, UnsignedList};
use attestation::{Claims, KeySet, PublicKey, StatusReference, Unsigned};
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

const LIST: &str = "https://statutetudiant.example/portail/attestation/etats";

/// A QR as a picture in the plainest form that there is (Netpbm, P5), eight pixels a square.
fn picture(text: &str) -> Vec<u8> {
    const PIXELS: usize = 8;
    let picture = Picture::of(text).unwrap();
    let side = picture.side() * PIXELS;
    let mut bytes = format!("P5\n{side} {side}\n255\n").into_bytes();
    for row in picture.rows() {
        let shade = |dark: &bool| if *dark { 0 } else { 255 };
        let pixels: Vec<u8> = row.iter().flat_map(|dark| [shade(dark); PIXELS]).collect();
        for _ in 0..PIXELS {
            bytes.extend(&pixels);
        }
    }
    bytes
}

#[test]
fn attestations_are_written_for_other_readers() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("attestations");
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).unwrap();
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    let key = PublicKey::from_spki(pair.public_key().as_der().unwrap().as_ref()).unwrap();
    let sign =
        |message: &[u8]| fixed(pair.sign(&SystemRandom::new(), message).unwrap().as_ref()).unwrap();
    let now = Timestamp::now();
    let now = Timestamp::from_second(now.as_second()).unwrap();
    let mut expected = Vec::new();
    let people = [
        ("LEFÈVRE", "Zoé", "Université d'essai", 3),
        (
            "N'GUYEN-O’BRIEN",
            "Ÿsoline",
            "École nationale supérieure d'ingénieurs de l'exemple et de ses environs",
            4,
        ),
        ("D'ARGENTRÉ DE LA TOUR DU PIN-VERCLAUSE", "Marie-Éléonore", "Lycée", SIZE - 1),
    ];
    for (nom, prenom, etablissement, index) in people {
        let claims = Claims {
            nom_famille: nom.to_owned(),
            prenom: prenom.to_owned(),
            date_naissance: date(2004, 3, 2),
            uai: "0751717J".to_owned(),
            etablissement: etablissement.to_owned(),
            statut: "inscrit".to_owned(),
            date_fin_inscription: date(2027, 8, 31),
            issued_at: now,
            expires_at: now + SignedDuration::from_hours(24),
            status: StatusReference { list: LIST.to_owned(), index },
        };
        let unsigned = Unsigned::new(&claims, key.id());
        let signature = sign(&unsigned.message());
        let text = unsigned.signed(&signature).unwrap();
        let name = format!("{index}.pgm");
        fs::write(directory.join(&name), picture(&text)).unwrap();
        expected.push(json!({
            "picture": name, "text": text, "revoked": index == 4, "index": index,
            "claims": {
                "nomFamille": nom, "prenom": prenom, "dateNaissance": "2004-03-02", "uai": "0751717J",
                "etablissement": etablissement, "statut": "inscrit", "dateFinInscription": "2027-08-31",
            },
        }));
    }
    let unsigned = UnsignedList::new(LIST, &BTreeSet::from([4]), now, key.id());
    let signature = sign(unsigned.message());
    fs::write(directory.join("etats.jwt"), unsigned.signed(&signature)).unwrap();
    fs::write(directory.join("cles.json"), KeySet::new(vec![key]).json()).unwrap();
    let expected = json!({ "list": LIST, "attestations": expected });
    fs::write(directory.join("expected.json"), expected.to_string()).unwrap();
}
