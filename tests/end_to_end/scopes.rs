//! Which fields each scope grants, on each route: the table of domain.md §4.2, and not the code's
//! own.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use shared::access::scope::{Scope, Scopes};
use tests::http::{HttpAnswer, told_fields};
use tests::people::Person;
use tests::stack::Stack;

use crate::population::population;

const FIELDS: [(&str, &[&str]); 6] = [
    ("mesri_identite", &["nom_naissance", "prenom", "date_naissance"]),
    ("mesri_admissions", &["date_debut", "date_fin"]),
    ("mesri_admission_inscrit", &["est_inscrit"]),
    ("mesri_admission_regime_formation", &["regime_formation"]),
    ("mesri_admission_commune_etudes", &["code_cog_insee_commune"]),
    ("mesri_admission_etablissement_etudes", &["etablissement_etudes"]),
];
/// What the route of FranceConnect never tells.
const IDENTITY: &str = "mesri_identite";

/// How a person may be asked about.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    Ine,
    Identity,
    FranceConnect,
    BatchByIne,
    BatchByIdentity,
}

const WAYS: [Way; 5] =
    [Way::Ine, Way::Identity, Way::FranceConnect, Way::BatchByIne, Way::BatchByIdentity];

/// A client of every scope, which asks with tokens of fewer.
struct Asker {
    stack: Stack,
    client: shared::access::client::Client,
    provider: String,
}

impl Asker {
    async fn new(stack: Stack, scopes: Scopes) -> Self {
        let (client, provider) = stack.service_provider(|client| client.scopes = scopes).await;
        Self { stack, client, provider }
    }

    /// Asks, and gives the whole answer and what it says of the person.
    async fn ask(&self, way: Way, person: &Person, scopes: &[&str]) -> (HttpAnswer, Value) {
        let stack = &self.stack;
        let token = if way == Way::FranceConnect {
            stack.france_connect_token(&self.provider, person, json!({ "scopes": scopes })).await
        } else {
            stack.token_with(&self.client, json!({ "scopes": scopes })).await
        };
        let answer = match way {
            Way::Ine => stack.direct_by_ine(&person.ine, &token).await,
            Way::Identity => stack.direct_by_identity(person, &token).await,
            Way::FranceConnect => stack.france_connect(&token).await,
            Way::BatchByIne => stack.batch(&[json!({ "ine": person.ine })], &token).await,
            Way::BatchByIdentity => stack.batch(&[person.line()], &token).await,
        };
        let data = &answer.json()["data"];
        let told = if matches!(way, Way::BatchByIne | Way::BatchByIdentity) {
            &data[0]["statut"]
        } else {
            data
        };
        let told = told.clone();
        (answer, told)
    }
}

/// `mesri_admissions` gates the list, whatever the other scopes say.
const LIST: &str = "mesri_admissions";

fn fields_of(scopes: &[&str]) -> BTreeSet<String> {
    let is_told = |scope: &str| scope == IDENTITY || scopes.contains(&LIST);
    let granted = FIELDS.iter().filter(|(scope, _)| scopes.contains(scope) && is_told(scope));
    granted.flat_map(|(_, fields)| fields.iter().map(|field| (*field).to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_scope_grants_its_fields_on_each_route_and_no_other() {
    let stack = Stack::connect().await;
    let student = &population(&stack).await.student;
    let asker = Asker::new(stack, Scopes::ALL).await;
    let all = FIELDS.map(|(scope, _)| scope);
    let with_the_list = all.map(|scope| [LIST, scope]);
    let pairs = with_the_list.iter().map(|pair| &pair[..]);
    let sets: Vec<&[&str]> = all
        .chunks(1)
        .chain(pairs)
        .chain([&all[..], &all[2..], &[], &["openid", "profile"]])
        .collect();
    for way in WAYS {
        for scopes in &sets {
            let granted: Vec<&str> = scopes
                .iter()
                .copied()
                .filter(|scope| {
                    scope.starts_with("mesri_") && (way != Way::FranceConnect || *scope != IDENTITY)
                })
                .collect();
            let (answer, told) = asker.ask(way, student, scopes).await;
            if granted.is_empty() {
                assert_eq!(
                    answer.refusal(),
                    "403 00100",
                    "{way:?} with {scopes:?}: {}",
                    answer.text
                );
                continue;
            }
            assert_eq!(answer.status, 200, "{way:?} with {scopes:?}: {}", answer.text);
            assert_eq!(told_fields(&told), fields_of(&granted), "{way:?} with {scopes:?}");
            // Not even how many enrolments there are.
            assert_eq!(
                told.get("identite").is_some(),
                granted.contains(&IDENTITY),
                "{way:?} with {scopes:?}"
            );
            assert_eq!(
                told.get("admissions").is_some(),
                granted.contains(&LIST),
                "{way:?} with {scopes:?}"
            );
            assert!(
                !answer.text.to_uppercase().contains(&student.ine),
                "{way:?} with {scopes:?} tells the INE"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_grants_no_more_than_its_client_has() {
    let stack = Stack::connect().await;
    let student = &population(&stack).await.student;
    let own = [Scope::Admissions, Scope::AdmissionInscrit].into_iter().collect();
    let asker = Asker::new(stack, own).await;
    for way in WAYS {
        let wanted = [LIST, "mesri_admission_inscrit", "mesri_admission_commune_etudes", IDENTITY];
        let (_, told) = asker.ask(way, student, &wanted).await;
        let expected = ["date_debut", "date_fin", "est_inscrit"].map(str::to_owned);
        assert_eq!(told_fields(&told), expected.into(), "{way:?}");
        let (answer, _) =
            asker.ask(way, student, &["mesri_admission_commune_etudes", IDENTITY]).await;
        assert_eq!(answer.refusal(), "403 00100", "{way:?}: nothing in common");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_scope_not_even_an_absence_is_told() {
    let stack = Stack::connect().await;
    let nobody = Person::at(tests::stack::UNIVERSITY);
    let asker = Asker::new(stack, Scopes::ALL).await;
    for way in WAYS {
        let (answer, _) = asker.ask(way, &nobody, &[]).await;
        assert_eq!(answer.refusal(), "403 00100", "{way:?}");
        assert!(
            asker.stack.traces(&answer, &asker.client.client_id).await.is_empty(),
            "{way:?}: nobody was looked up"
        );
    }
}
