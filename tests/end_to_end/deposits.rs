//! How an establishment sends a file with its write key, and what it can't do with it.

use std::io::Write as _;

use generator::column::Column;
use generator::format::{Compression, Format, Layout};
use generator::{Establishment, Generator, Kind, Rates, Settings};
use serde_json::{Value, json};
use shared::access::client::State;
use shared::access::route::Route;
use tests::depositors::{fetched, post_form};
use tests::eventually;
use tests::people::{HEADER, Person, file, fresh_name};
use tests::stack::{LYCEE, Stack};
use ureq::http::Method;

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_sent_with_a_write_key_and_followed_to_its_report() {
    let stack = Stack::connect().await;
    let depositor = stack.depositor().await;
    let person = Person::at(&depositor.uai);
    let form = stack.form(&depositor.key, &json!({ "uai": depositor.uai })).await;
    assert_eq!(form.status, 201, "{}", form.text);
    let form = form.json();
    let id = form["id"].as_str().unwrap();
    assert_eq!(form["champs"]["key"], format!("{}/depot/{id}", depositor.uai));

    let awaited = stack.follow(&depositor.key, id).await;
    assert_eq!(
        (awaited.status, &awaited.json()["etat"]),
        (200, &json!("attendu")),
        "nothing was sent yet"
    );
    let content = file(&[person.row(), "broken".to_owned()]);
    stack.register_people(content.as_bytes()).await;
    let posted = post_form(&form, content.as_bytes()).await;
    assert_eq!(posted.status, 204, "{}", posted.text);

    let followed = stack.ended(&depositor, id).await;
    assert_eq!(
        (&followed["etat"], &followed["progression"]),
        (&json!("terminé"), &json!(1.0)),
        "{followed}"
    );
    assert_eq!(
        followed["lignes"],
        json!({
            "lues": 2, "acceptees": 1, "depassees": 0, "inchangees": 0, "nouvelles": 1, "rejetees": 1, "averties": 0,
        })
    );
    let report = fetched(&followed["rapport"]["json"]).await.json();
    assert_eq!(
        (&report["uai"], &report["mode"], &report["essai"]),
        (&json!(depositor.uai), &json!("delta"), &json!(false))
    );
    let table = fetched(&followed["rapport"]["csv"]).await;
    assert_eq!(table.status, 200);
    assert!(table.text.contains("ligne;colonne;regle;gravite;message"), "{}", table.text);
    assert!(table.header("content-disposition").contains("rapport.csv"), "a browser saves it");
    stack.shows(&person.ine, &[(&depositor.uai, "inscrit")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_good_for_its_own_key_and_its_own_size() {
    let stack = Stack::connect().await;
    let depositor = stack.depositor().await;
    let form = stack.form(&depositor.key, &json!({})).await.json();
    let content = file(&[Person::at(LYCEE).row()]);
    let changed = |name: &str, value: String| {
        let mut changed = form.clone();
        changed["champs"][name] = value.into();
        changed
    };
    for (what, form, content) in [
        (
            "the folder of another",
            changed("key", format!("{LYCEE}/{}.csv", fresh_name())),
            content.as_bytes(),
        ),
        (
            "another name",
            changed("key", format!("{}/depot/other", depositor.uai)),
            content.as_bytes(),
        ),
        (
            "a confirmation",
            changed("key", format!("{}/complete/2026/confirm/x", depositor.uai)),
            content.as_bytes(),
        ),
        (
            "other metadata",
            changed("x-amz-meta-date-extraction", "2030-01-01".into()),
            content.as_bytes(),
        ),
        ("nothing at all", form.clone(), b""),
    ] {
        let refused = post_form(&form, content).await;
        assert!(matches!(refused.status, 400 | 403), "{what}: {} {}", refused.status, refused.text);
    }
    let awaited = stack.follow(&depositor.key, form["id"].as_str().unwrap()).await;
    assert_eq!(awaited.json()["etat"], "attendu", "nothing of that arrived");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_deposits_for_its_own_establishment_and_while_it_is_good() {
    let stack = Stack::connect().await;
    let (own, other) = tokio::join!(stack.depositor(), stack.depositor());
    let id = stack.deposit(&own, &json!({}), HEADER.as_bytes()).await;

    let wish = json!({ "uai": other.uai });
    assert_eq!(stack.form(&own.key, &wish).await.status, 404, "for another establishment");
    assert_eq!(stack.follow(&other.key, &id).await.status, 404, "another's deposit is like none");
    assert_eq!(stack.follow(&own.key, &"0".repeat(32)).await.status, 404);
    assert_eq!(stack.form("not a key", &json!({})).await.status, 401);
    assert_eq!(
        stack.form(&stack.ine_key, &json!({})).await.status,
        401,
        "a key of the consultation"
    );
    let narrow = stack.key(&own.client, |key| key.routes = [Route::Enrolment].into()).await;
    assert_eq!(stack.form(&narrow, &json!({})).await.status, 401, "a key of another route");

    let mut revoked = own.client.clone();
    revoked.state = State::Revoked;
    stack.put(&revoked).await;
    eventually("the key no longer opens", || async {
        (stack.form(&own.key, &json!({})).await.status == 401).then_some(())
    })
    .await;
}

/// A file of invented people, its rows, and the register that its people are in.
fn generated(
    uai: &str,
    seed: u64,
    format: Format,
) -> (Vec<u8>, Vec<generator::GeneratedRow>, Vec<u8>) {
    let establishment = Establishment {
        uai: uai.to_owned(),
        kind: Kind::University,
        commune: "44109".into(),
        postal_code: String::new(),
    };
    let today = shared::domain::academic_year::day_in_france(jiff::Timestamp::now());
    let settings = Settings {
        rates: Rates { without_ine: 0.0, ..Rates::default() },
        ..Settings::new(seed, 12, today, vec![establishment])
    };
    let mut content = Vec::new();
    generator::write(settings.clone(), format, &mut content).unwrap();
    let mut register = Vec::new();
    generator::write_ines(settings.clone(), &mut register).unwrap();
    (content, Generator::new(settings).unwrap().collect(), register)
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_school_sends_is_read() {
    let stack = Stack::connect().await;
    let depositor = stack.depositor().await;
    let plain = |layout| Format { layout, compression: Compression::None };
    let csv = Layout::Csv(generator::format::Csv::DOCUMENTED);
    for (seed, (what, format)) in [
        ("CSV", plain(csv)),
        ("gzip", Format { layout: csv, compression: Compression::Gzip }),
        ("zstd", Format { layout: csv, compression: Compression::Zstd }),
        ("NDJSON", plain(Layout::Ndjson)),
        ("a workbook", plain(Layout::Xlsx)),
    ]
    .into_iter()
    .enumerate()
    {
        // The seed of this run: people of an earlier one would be unchanged.
        let seed =
            u64::from(jiff::Timestamp::now().subsec_nanosecond().unsigned_abs()) + seed as u64;
        let what = format!("{what}, seed {seed}");
        let (content, rows, register) = generated(&depositor.uai, seed, format);
        stack.load_register(&register).await;
        let report = stack.deposited(&depositor, &json!({}), &content).await;
        assert_eq!(report["etat"], "terminé", "{what}: {report}");
        let counts = &report["lignes"];
        assert_eq!(
            (&counts["lues"], &counts["rejetees"]),
            (&json!(rows.len()), &json!(0)),
            "{what}: {report}"
        );
        // One in fifty is cancelled, and then not told.
        let shown =
            rows.iter().find(|row| !row.is_cancelled()).expect("not all of them are cancelled");
        let ine = shown.value(Column::Ine);
        eventually(&what, || async { (stack.by_ine(ine).await.status == 200).then_some(()) }).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_enrolment_file_fails_and_says_so() {
    let stack = Stack::connect().await;
    let depositor = stack.depositor().await;
    let mut bomb = zstd::Encoder::new(Vec::new(), 3).unwrap();
    let blanks = vec![b' '; 1 << 20];
    for _ in 0..2_048 {
        bomb.write_all(&blanks).unwrap();
    }
    let bomb = bomb.finish().unwrap();
    for (what, content) in [
        ("an image", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec()),
        ("two gigabytes of blanks in some kilobytes", bomb),
        ("an archive that is no workbook", b"PK\x03\x04\x14\0\0\0\x08\0".to_vec()),
        ("half of a gzip", {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(file(&[Person::at(&depositor.uai).row()]).as_bytes()).unwrap();
            let mut whole = encoder.finish().unwrap();
            whole.truncate(whole.len() / 2);
            whole
        }),
        ("columns of something else", b"nom;age\nx;1\n".to_vec()),
        ("dates with the month first", include_bytes!("../corpus/F26-mois-jour.csv").to_vec()),
        ("letters of another alphabet", include_bytes!("../corpus/cyrillique-1251.csv").to_vec()),
    ] {
        let id = stack.deposit(&depositor, &json!({}), &content).await;
        let followed = stack.ended(&depositor, &id).await;
        assert_eq!(followed["etat"], "échoué", "{what}: {followed}");
        let reason = followed["raison"].as_str().unwrap_or_default();
        assert!(!reason.is_empty(), "{what}: {followed}");
        let report: Value = fetched(&followed["rapport"]["json"]).await.json();
        assert_eq!(report["raison"], reason, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_with_columns_of_its_own_is_imported_by_an_order_without_being_dropped_again() {
    let stack = Stack::connect().await;
    let depositor = stack.depositor().await;
    let people = [Person::at(&depositor.uai), Person::at(&depositor.uai)];
    let own = |rows: &[Person]| {
        let rows: Vec<_> = rows.iter().map(Person::row).collect();
        file(&rows).replacen("dateNaissance", "DT_NAIS_ETU", 1).replacen("statut", "SIT", 1)
    };
    let content = own(&people);
    stack.register_people(file(&people.clone().map(|person| person.row())).as_bytes()).await;
    let wish = json!({ "essai": true });
    let id = stack.deposit_strangers(&depositor, &wish, content.as_bytes()).await;
    let failed = stack.ended(&depositor, &id).await;
    assert_eq!((&failed["etat"], &failed["essai"]), (&json!("échoué"), &json!(true)), "{failed}");
    let order = async |what: &str, body: Value| {
        let path = format!("/api/depots/{id}/{what}");
        stack.call(Method::POST, &path).key(&depositor.key).json(&body).send().await
    };
    let columns = json!({ "DT_NAIS_ETU": "dateNaissance", "SIT": "statut" });
    let body = json!({ "import": failed["import"], "colonnes": columns });
    let said = order("colonnes", body).await;
    assert_eq!(said.status, 202, "{}", said.text);
    let tried = stack.ended(&depositor, &id).await;
    assert_eq!((&tried["etat"], &tried["lignes"]["nouvelles"]), (&json!("terminé"), &json!(2)));
    assert_eq!(stack.by_ine(&people[0].ine).await.status, 404, "a trial changes nothing");

    for _ in 0..2 {
        let confirmed = order("confirmation", json!({ "import": tried["import"] })).await;
        assert_eq!(confirmed.status, 202, "{}", confirmed.text);
    }
    let done = stack.ended(&depositor, &id).await;
    assert_eq!((&done["essai"], &done["lignes"]["acceptees"]), (&json!(false), &json!(2)));
    for person in &people {
        stack.shows(&person.ine, &[(&depositor.uai, "inscrit")]).await;
    }
    // The next file of the establishment needs no saying.
    let third = Person::at(&depositor.uai);
    stack.register_people(file(&[third.row()]).as_bytes()).await;
    let content = own(std::slice::from_ref(&third));
    let id = stack.deposit_strangers(&depositor, &json!({}), content.as_bytes()).await;
    assert_eq!(stack.ended(&depositor, &id).await["etat"], "terminé");
    stack.shows(&third.ine, &[(&depositor.uai, "inscrit")]).await;
}
