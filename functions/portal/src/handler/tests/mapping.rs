//! Columns that a file calls otherwise, said once for all files of an establishment.

use shared::feeding::import::GoOn;
use shared::files::column::Column;
use shared::registry::imports::ImportId;

use super::sending::{FINE, Found, TOKEN, world};
use super::*;

const FILE: &str = "DT_NAIS;INE;Prénom;X;x\n2004-03-02;070578267KH;Zoé;1;2\n";

/// A trial that failed for want of columns.
async fn tried(world: &World) -> (String, ImportId) {
    let id = world.open("contenu=delta").await;
    let key = format!("{UNIVERSITY}/dry-run/depot/{id}");
    let failure = Some("l'en-tête ne contient pas les colonnes obligatoires");
    let import = world.drop_file(&key, &Found { failure, ..FINE }).await;
    let object = Object {
        bytes: FILE.as_bytes().to_vec().into(),
        last_modified: Timestamp::now(),
        metadata: std::collections::BTreeMap::new(),
    };
    world.buckets.put("inbox", &key, "v1", object);
    (id, import)
}

#[tokio::test]
async fn what_columns_are_is_said_kept_and_tried_anew() {
    let world = world().await;
    let (id, import) = tried(&world).await;
    let path = format!("depots/{id}/colonnes");
    let failed = world.page(&format!("depots/{id}"), "ada").await;
    assert!(failed.text.contains(&format!("/portail/{path}")), "{}", failed.text);
    let asked = world.page(&path, "ada").await;
    for needed in [
        "Colonne 1 : DT_NAIS",
        "<option selected>ine</option>",
        "<option selected>prenom1</option>",
        "« x » est là deux fois",
    ] {
        assert!(asked.text.contains(needed), "{needed}: {}", asked.text);
    }
    let stale = format!("{TOKEN}&import={}&c1=dateNaissance", import.after().as_str());
    let refused = world.ask("POST", &format!("/portail/{path}"), Some("ada"), &stale).await;
    assert_eq!(refused.status, 409, "of another import");
    let said = format!("{TOKEN}&import={}&c1=dateNaissance&c2=ine&c3=", import.as_str());
    for _ in 0..2 {
        let sent = world.ask("POST", &format!("/portail/{path}"), Some("ada"), &said).await;
        assert_eq!(sent.status, 303, "{}", sent.text);
    }
    assert_eq!(world.asked_for(), [GoOn::body(&import.after())], "sent twice, ordered once");
    let uai = Uai::parse(UNIVERSITY).unwrap();
    let mapping = world.api.deposits.imports().mapping(uai).await.unwrap();
    assert_eq!(mapping.named("dt nais"), Some(Column::DateNaissance));
    assert_eq!(mapping.named("Prénom"), None, "it isn't to be read");
    assert!(!mapping.tells_of("INE"), "what is usual needs no saying");
    let ordered = world.api.deposits.imports().get(&import.after()).await.unwrap().unwrap();
    let order = ordered.order.unwrap();
    assert_eq!((order.dry_run, order.columns.as_ref()), (true, Some(&mapping)));

    // What was tried by some columns is imported by them, whatever is said meanwhile.
    world.carry_out(&import.after(), None, &FINE).await;
    let sent = format!("{TOKEN}&import={}", import.after().as_str());
    let path = format!("/portail/depots/{id}/confirmation");
    assert_eq!(world.ask("POST", &path, Some("ada"), &sent).await.status, 303);
    let last = world.api.deposits.imports().get(&import.after().after()).await.unwrap().unwrap();
    let order = last.order.unwrap();
    assert_eq!((order.dry_run, order.columns.as_ref()), (false, Some(&mapping)));
}

#[tokio::test]
async fn two_labels_are_not_one_column_and_a_reader_says_nothing() {
    let world = world().await;
    let (id, import) = tried(&world).await;
    let path = format!("/portail/depots/{id}/colonnes");
    let said = format!("{TOKEN}&import={}&c1=prenom1&c2=ine&c3=prenom1", import.as_str());
    let refused = world.ask("POST", &path, Some("ada"), &said).await;
    assert!(refused.text.contains("<title>Erreur"), "{}", refused.text);
    assert_eq!(refused.text.matches("aria-invalid=\"true\"").count(), 2);
    for (who, status) in [("ned", 403), ("eve", 404)] {
        assert_eq!(world.ask("GET", &path, Some(who), "").await.status, status);
        assert_eq!(world.ask("POST", &path, Some(who), &said).await.status, status);
    }
    assert!(world.asked_for().is_empty());
    let fine = world.open("contenu=delta").await;
    let nothing = world.page(&format!("depots/{fine}/colonnes"), "ada").await;
    assert_eq!(nothing.status, 409, "nothing was dropped");
}
