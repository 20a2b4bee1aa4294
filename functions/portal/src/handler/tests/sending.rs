//! A file from its deposit to its import, by pages alone.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;
use shared::feeding::import::{Arrival, GoOn};
use shared::files::column::Column;
use shared::files::problem::{Problem, RowRule};
use shared::files::report::{self, Complete, Ending, Tally};
use shared::registry::imports::{End, Import, ImportId, LeaseHolder, Progress};

use super::*;

pub(super) const TOKEN: &str = "jeton=a-token-of-this-session";

/// What ingestion found of a file.
pub(super) struct Found {
    pub(super) rejected: u64,
    pub(super) complete: Option<Complete>,
    pub(super) failure: Option<&'static str>,
}

pub(super) const FINE: Found = Found { rejected: 0, complete: None, failure: None };

fn absent(absent: u64, refused: Option<&str>) -> Complete {
    Complete {
        year: shared::domain::academic_year::AcademicYear::parse("2026-2027").unwrap(),
        covered: vec![Uai::parse(UNIVERSITY).unwrap()],
        present: 40,
        absent,
        cancelled: 0,
        refused: refused.map(str::to_owned),
        confirmable: refused.is_some(),
    }
}

impl World {
    /// Opens a deposit by the form, and gives its id.
    pub(super) async fn open(&self, what: &str) -> String {
        let path = format!("/portail/etablissements/{UNIVERSITY}/envoi");
        let opened = self.ask("POST", &path, Some("ada"), &format!("{TOKEN}&{what}")).await;
        assert_eq!(opened.status, 303, "{}", opened.text);
        header(&opened, "location").rsplit('/').next().unwrap().to_owned()
    }

    /// What ingestion does with the file that is dropped under a key, but for its rows.
    pub(super) async fn drop_file(&self, key: &str, found: &Found) -> ImportId {
        let id = ImportId::of("inbox", key, "v1");
        let arrival = Arrival {
            object_key: key.to_owned(),
            version_id: "v1".into(),
            bytes: 1_000,
            event_time: Some(Timestamp::now()),
            sequencer: "00".into(),
        };
        self.carry_out(&id, Some(&arrival), found).await;
        id
    }

    pub(super) async fn carry_out(&self, id: &ImportId, arrival: Option<&Arrival>, found: &Found) {
        let imports = self.api.deposits.imports();
        let holder = LeaseHolder { import: id, owner: "owner" };
        imports.claim(holder, "message", arrival, Timestamp::now()).await.unwrap();
        let import = imports.get(id).await.unwrap().unwrap();
        let (uai, deposit) = parts(&import);
        if let Some(deposit) = deposit.filter(|_| import.order.is_none()) {
            imports.link_deposit(&deposit, uai, id).await.unwrap();
        }
        let mut tally = Tally::default();
        tally.accept(2, &[Problem { column: None, rule: RowRule::ChampsManquants }]);
        tally.accept(3, &[]);
        tally.create(1);
        for line in 4..4 + found.rejected {
            let column = Some(Column::DateNaissance);
            tally.reject(line, &[Problem { column, rule: RowRule::DateInvalide }]);
        }
        let ending = found.failure.map_or(Ending::Done, Ending::Failed);
        let mode =
            if found.complete.is_some() { report::Mode::Complete } else { report::Mode::Delta };
        let report = tally
            .report(id.as_str(), UNIVERSITY, ending)
            .asked(mode, import.is_trial())
            .complete(found.complete.as_ref());
        let report_key = format!("{UNIVERSITY}/{}/rapport.json", id.as_str());
        self.put("reports", &report_key, &serde_json::to_string(&report).unwrap());
        let counts = tally.counts();
        let progress = Progress {
            read: counts.read,
            accepted: counts.accepted,
            created: counts.created,
            rejected: counts.rejected,
            warned: counts.warned,
            ..Progress::default()
        };
        let rules = BTreeMap::new();
        let failure = found.failure;
        let end = End { progress, rules: &rules, report_key: &report_key, failure };
        imports.finish(holder, end, Timestamp::now()).await.unwrap();
    }

    pub(super) async fn page(&self, path: &str, id: &str) -> Reply {
        self.ask("GET", &format!("/portail/{path}"), Some(id), "").await
    }

    /// The bodies that ask for imports.
    pub(super) fn asked_for(&self) -> Vec<String> {
        self.queues.drain().into_iter().map(|sent| sent.body).collect()
    }
}

fn parts(import: &Import) -> (Uai, Option<String>) {
    let key = shared::feeding::key::DepositKey::parse(&import.object_key).unwrap();
    (key.uai, key.deposit)
}

pub(super) async fn world() -> World {
    let world = World::new();
    let now = Timestamp::now();
    world.session("ada", &[depositor(UNIVERSITY)], now).await;
    let reader = Grant::Establishment {
        uai: Uai::parse(UNIVERSITY).unwrap(),
        role: EstablishmentRole::Lecteur,
    };
    world.session("ned", &[reader], now).await;
    world.session("eve", &[depositor(LYCEE)], now).await;
    world
}

#[tokio::test]
async fn a_file_is_dropped_tried_confirmed_and_followed() {
    let world = world().await;
    let id = world.open("contenu=delta").await;
    let path = format!("depots/{id}");
    let form = world.page(&path, "ada").await;
    let key = format!("{UNIVERSITY}/dry-run/depot/{id}");
    assert!(form.text.contains(&format!("name=\"key\" value=\"{key}\"")), "{}", form.text);
    assert!(form.text.contains("action=\"https://inbox.s3.eu-west-3.amazonaws.com/\""));
    let then = format!("value=\"{ORIGIN}/v1/portail/{path}\"");
    assert!(form.text.contains(&format!("name=\"success_action_redirect\" {then}")));
    let policy = header(&form, "content-security-policy");
    for needed in [
        "form-action 'self' https://inbox.s3.eu-west-3.amazonaws.com",
        "connect-src 'self' https://inbox.s3.eu-west-3.amazonaws.com",
    ] {
        assert!(policy.contains(needed) && !policy.contains("unsafe"), "{policy}");
    }
    // What the script sends is signed without the page that follows.
    let by_script = form.text.split("data-envoi=\"").nth(1).unwrap().split('"').next().unwrap();
    assert!(by_script.contains("policy") && !by_script.contains("success_action_redirect"));

    // S3 sends the browser back before anything has been read.
    let sent = world.page(&format!("{path}?bucket=inbox&key=k&etag=e"), "ada").await;
    assert!(sent.text.contains("Sa lecture va commencer") && !sent.text.contains("type=\"file\""));
    let tried = world.drop_file(&key, &Found { rejected: 3, ..FINE }).await;
    let columns = world.page(&path, "ada").await;
    assert!(columns.text.contains("Vérifier les colonnes"), "{}", columns.text);
    let told: Value = world.page(&format!("{path}/suivi"), "ada").await.json();
    assert_eq!((&told["etape"], &told["fini"]), (&json!("essai terminé"), &json!(true)));
    let report = world.page(&format!("{path}/rapport"), "ada").await;
    for needed in
        ["3 lignes · la date doit exister", "30/02/2004", "4, 5, 6", "1 ligne · la ligne a moins"]
    {
        assert!(report.text.contains(needed), "{needed}: {}", report.text);
    }
    let one = world.page(&format!("{path}/rapport?colonne=uai"), "ada").await;
    assert!(!one.text.contains("3 lignes ·") && one.text.contains("Aucune pour cette colonne"));

    let confirming = format!("{path}/confirmation");
    assert!(world.page(&confirming, "ada").await.text.contains("Nouvelles inscriptions"));
    let sent = format!("{TOKEN}&import={}", tried.as_str());
    for _ in 0..2 {
        let done = world.ask("POST", &format!("/portail/{confirming}"), Some("ada"), &sent).await;
        assert_eq!(done.status, 303, "{}", done.text);
    }
    assert_eq!(world.asked_for(), [GoOn::body(&tried.after())]);
    let waiting = world.page(&path, "ada").await;
    assert!(waiting.text.contains("L&#39;import va commencer."), "{}", waiting.text);

    world.carry_out(&tried.after(), None, &Found { rejected: 3, ..FINE }).await;
    let followed = world.page(&path, "ada").await;
    for needed in [
        row("Envoyées", 5),
        row("Rejetées", 3),
        row("En attente d&#39;une identité certaine", 0),
        row("Visibles, ou sur le point de l&#39;être", 2),
        "Ada Test".to_owned(),
    ] {
        assert!(followed.text.contains(&needed), "{needed}: {}", followed.text);
    }
    let csv = format!("imports/{}/rapport.csv", tried.after().as_str());
    let link = world.page(&csv, "ned").await;
    assert!(link.status == 303 && header(&link, "location").contains("rapport.csv"));
    // Everything of it is in the list, and nothing of it is a stranger's.
    let list = world.page(&format!("etablissements/{UNIVERSITY}"), "ned").await;
    assert!(list.text.contains("importé en partie") && list.text.contains("essai, rien"));
    assert!(!list.text.contains("Envoyer un fichier"), "who reads doesn't send");
}

/// A row of the table of what became of the lines.
fn row(name: &str, number: u64) -> String {
    format!("{name}</th><td class=\"number\">{number}<")
}

#[tokio::test]
async fn another_establishments_deposit_is_none_and_a_reader_sends_nothing() {
    let world = world().await;
    let id = world.open("contenu=delta").await;
    let import = world.drop_file(&format!("{UNIVERSITY}/dry-run/depot/{id}"), &FINE).await;
    let import = import.as_str();
    let pages = [
        format!("depots/{id}"),
        format!("depots/{id}/suivi"),
        format!("depots/{id}/rapport"),
        format!("depots/{id}/confirmation"),
        format!("imports/{import}"),
        format!("imports/{import}/rapport.csv"),
        format!("imports/{import}/rapport.json"),
    ];
    for path in &pages {
        assert_eq!(world.page(path, "eve").await.status, 404, "{path}");
        let forbidden = path.ends_with("confirmation");
        let reader = world.page(path, "ned").await.status;
        assert_eq!(reader == 403, forbidden, "{path}: {reader}");
        assert_eq!(world.get(&format!("/portail/{path}")).await.status, 303, "{path}");
    }
    for path in ["depots/x", "imports/x", "depots/0123456789abcdef0123456789abcdef"] {
        assert_eq!(world.page(path, "ada").await.status, 404, "{path}");
    }
    let sent = format!("{TOKEN}&import={import}&contenu=delta");
    for (who, status) in [("eve", 404), ("ned", 403)] {
        for path in
            [format!("depots/{id}/confirmation"), format!("etablissements/{UNIVERSITY}/envoi")]
        {
            let refused = world.ask("POST", &format!("/portail/{path}"), Some(who), &sent).await;
            assert_eq!(refused.status, status, "{who} {path}");
        }
    }
    assert_eq!(world.asked_for(), [] as [String; 0]);
}

#[tokio::test]
async fn many_cancellations_are_typed_or_not_made() {
    let world = world().await;
    for (typed, cancellations) in [
        ("annuler=non", Some(0)),
        ("annuler=oui&saisie=12", Some(12)),
        ("annuler=oui&saisie=%2012%20", Some(12)),
        ("annuler=oui&saisie=11", None),
        ("annuler=oui&saisie=", None),
    ] {
        let id = world.open("contenu=complet&annee=2026-2027").await;
        let key = format!("{UNIVERSITY}/complete/2026/dry-run/depot/{id}");
        let complete = Some(absent(12, Some("12 inscriptions sur 52 manquent au fichier")));
        let tried = world.drop_file(&key, &Found { complete, ..FINE }).await;
        let path = format!("/portail/depots/{id}/confirmation");
        let shown = world.ask("GET", &path, Some("ada"), "").await;
        assert!(shown.text.contains("12 inscriptions sur 52") && shown.text.contains("saisie"));
        let sent = format!("{TOKEN}&import={}&{typed}", tried.as_str());
        let done = world.ask("POST", &path, Some("ada"), &sent).await;
        let ordered = world.api.deposits.get(&id).await.unwrap().unwrap().ordered;
        let ordered = ordered.map(|ordered| ordered.order.cancellations);
        assert_eq!(ordered, cancellations, "{typed}");
        if cancellations.is_none() {
            assert!(done.text.contains("aria-invalid=\"true\""), "{}", done.text);
            assert!(done.text.contains("<title>Erreur"));
        }
    }
}

#[tokio::test]
async fn few_cancellations_need_no_typing_and_a_broken_file_says_why() {
    let world = world().await;
    let id = world.open("contenu=complet&annee=2026-2027").await;
    let key = format!("{UNIVERSITY}/complete/2026/dry-run/depot/{id}");
    let tried = world.drop_file(&key, &Found { complete: Some(absent(2, None)), ..FINE }).await;
    let path = format!("/portail/depots/{id}/confirmation");
    let shown = world.ask("GET", &path, Some("ada"), "").await;
    assert!(!shown.text.contains("saisie") && shown.text.contains("2 qu'il ne contient pas"));
    let sent = format!("{TOKEN}&import={}", tried.as_str());
    world.ask("POST", &path, Some("ada"), &sent).await;
    let ordered = world.api.deposits.get(&id).await.unwrap().unwrap().ordered.unwrap();
    assert_eq!(ordered.order.cancellations, 2);

    let broken = world.open("contenu=delta").await;
    let failure = Some("l'en-tête ne contient pas les colonnes obligatoires : <uai>");
    let key = format!("{UNIVERSITY}/dry-run/depot/{broken}");
    world.drop_file(&key, &Found { failure, ..FINE }).await;
    let page = world.page(&format!("depots/{broken}"), "ada").await;
    assert!(page.text.contains("colonnes obligatoires : &#60;uai&#62;"), "{}", page.text);
    let confirmation = world.page(&format!("depots/{broken}/confirmation"), "ada").await;
    assert_eq!(confirmation.status, 409);
}

#[tokio::test]
async fn what_the_file_holds_has_to_be_said() {
    let world = world().await;
    let path = format!("/portail/etablissements/{UNIVERSITY}/envoi");
    for what in ["", "contenu=autre", "contenu=complet&annee=26"] {
        let asked = world.ask("POST", &path, Some("ada"), &format!("{TOKEN}&{what}")).await;
        assert!(asked.status == 200 && asked.text.contains("id=\"erreur\""), "{what}");
    }
    assert!(world.tables.items("imports").is_empty());
}

#[tokio::test]
async fn imports_are_listed_by_pages_the_latest_first() {
    let world = world().await;
    for number in 0..45 {
        world.drop_file(&format!("{UNIVERSITY}/fichier-{number:02}.csv"), &FINE).await;
    }
    world.drop_file(&format!("{LYCEE}/autre.csv"), &FINE).await;
    let (mut path, mut seen) = (format!("etablissements/{UNIVERSITY}"), Vec::new());
    loop {
        let list = world.page(&path, "ada").await;
        let links = list.text.split("/v1/portail/imports/").skip(1);
        seen.push(links.map(|link| link[..32].to_owned()).collect::<Vec<_>>());
        assert!(list.text.contains("dépôt S3") && !list.text.contains("fichier-"));
        assert!(seen.len() < 5, "pages go round and round");
        let Some(next) = list.text.split("?avant=").nth(1) else { break };
        path = format!("etablissements/{UNIVERSITY}?avant={}", next.split('"').next().unwrap());
    }
    assert_eq!(seen.iter().map(Vec::len).collect::<Vec<_>>(), [20, 20, 5]);
    let all: std::collections::BTreeSet<_> = seen.concat().into_iter().collect();
    assert_eq!(all.len(), 45, "each once");
}

#[tokio::test]
async fn what_was_found_about_identities_adds_up_and_leaves_a_trace() {
    let world = world().await;
    let key = format!("{UNIVERSITY}/rentree.csv");
    let import = world.drop_file(&key, &Found { rejected: 1, ..FINE }).await;
    for (line, code) in [(2, "en_revue"), (3, "ine_corrige")] {
        let (id, record) = (import.as_str(), format!("1.{line:032x}"));
        let finding = json!({
            "import": id, "position": format!("{line:010}.{record}"), "code": code,
            "version": format!("1790000000000.{:024}.{id}.{line:010}", 0),
            "statut_ine": "CONFIRME", "expires_at": 4_000_000_000_u64,
        });
        world.tables.put("findings", item(&finding));
    }
    let path = format!("imports/{}", import.as_str());
    let page = world.page(&path, "ned").await;
    for needed in [
        row("Envoyées", 3),
        row("Rejetées", 1),
        row("En attente d&#39;une identité certaine", 1),
        row("Visibles, ou sur le point de l&#39;être", 1),
    ] {
        assert!(page.text.contains(&needed), "{needed}: {}", page.text);
    }
    let found = world.page(&format!("{path}/identites"), "ned").await;
    for needed in ["À corriger chez vous", "En attente", "ine_corrige", "en_revue"] {
        assert!(found.text.contains(needed), "{needed}: {}", found.text);
    }
    let traces = world.tables.plain("access_log");
    assert_eq!(traces.len(), 2, "one for each page");
    for trace in traces {
        assert_eq!(trace["subject"], format!("F#{}", import.as_str()));
        assert!(trace["client"].as_str().unwrap().starts_with("membre-"), "{trace}");
    }
    assert_eq!(world.page(&format!("{path}/identites"), "eve").await.status, 404);
}
