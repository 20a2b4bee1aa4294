//! One invented student, one client, and the tables that they are in.

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};
use shared::domain::academic_year::day_in_france;
use shared::domain::enrolment::Declaration;
use shared::identity::digest::{DigestKey, IdentityKeys};

/// The INE that is asked about.
pub const INE: &str = "0AYIOP071Y8";
/// The client that asks.
pub const CLIENT_ID: &str = "benchmark";
pub const CLIENT_KEY: &str = "3f1c5a9e7b2d4860a1c3e5f7092b4d6e8fa0c2b4d6e8f0123456789abcdef012";
/// On whose behalf it says it asks.
pub const CALLER: &str = "DINUM - 00000000-0000-0000-0000-000000000000";
/// The id of both digest keys.
pub const DIGEST_KEY_ID: &str = "1";
/// Both digest keys.
pub const DIGEST_KEY: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";
/// Enrolments that start within so many days are told: the default of `infra/variables.tf`.
pub const STARTS_WITHIN_DAYS: u16 = 90;

/// The tables, by the variable that names each to the functions.
pub const TABLES: [(&str, &str); 6] = [
    ("STUDENTS_TABLE", "students"),
    ("BLOCKS_TABLE", "blocks"),
    ("CLIENTS_TABLE", "clients"),
    ("ACCESS_LOG_TABLE", "access_log"),
    ("QUOTAS_TABLE", "quotas"),
    ("ESTABLISHMENTS_TABLE", "establishments"),
];

/// The keys that the tables' own keys are made with.
#[must_use]
pub fn identity_keys() -> IdentityKeys {
    let key = || DigestKey::new(DIGEST_KEY_ID.into(), DIGEST_KEY.to_owned().into());
    IdentityKeys::new(key(), &key())
}

/// What two establishments said of the student: an enrolment that is over, and a current one.
pub fn declarations() -> Result<[Declaration; 2], serde_json::Error> {
    let (first, last) = current_period();
    let (over, since) = (years_before(first, 2), years_before(last, 2));
    let establishments = [
        ("0691774D", "UFR SCIENCES UNIVERSITE LYON 1 (69123)", over, since),
        ("0751967F", "UFR ECONOMIE UNIVERSITE PARIS 1 (75634)", first, last),
    ];
    let [old, current] = establishments.map(|(uai, name, first, last)| {
        serde_json::from_value(json!({
            "ine": INE,
            "identite": {
                "nomFamille": "Lefèvre",
                "prenom1": "Zoé",
                "sexe": "2",
                "dateNaissance": "2004-03-02",
                "lieuNaissance": "44109",
            },
            "inscription": {
                "dateDebut": first,
                "dateFin": last,
                "statut": "inscrit",
                "regime": "RF1",
                "codeCommune": "75113",
                "uai": uai,
                "nomEtablissement": name,
                "cursus": "L",
                "diplome": "2400001",
                "niveauDiplome": "01",
            },
        }))
    });
    Ok([old?, current?])
}

/// The look-up by civil identity.
#[must_use]
pub fn question() -> Value {
    json!({
        "nomFamille": "LEFEVRE", "prenom1": "Zoe", "dateNaissance": "2004-03-02", "sexe": "2",
        "lieuNaissance": "44109",
    })
}

/// The answer to the look-up by INE, whatever the language. By civil identity it is the same
/// without the INE.
#[must_use]
pub fn expected_answer() -> Value {
    let (first, last) = current_period();
    json!({
        "ine": INE,
        "nomFamille": "Lefèvre",
        "prenom": "Zoé",
        "dateNaissance": "2004-03-02",
        "inscriptions": [{
            "dateDebutInscription": first,
            "dateFinInscription": last,
            "statut": "inscrit",
            "regime": "formation initiale",
            "codeCommune": "75113",
            "etablissement": {"uai": "0751967F", "nomEtablissement": "UFR ECONOMIE UNIVERSITE PARIS 1 (75634)"},
        }],
    })
}

/// A year around today, whose ends no run of the benchmark reaches.
fn current_period() -> (Date, Date) {
    let today = day_in_france(Timestamp::now());
    let days = |days: i64| today.saturating_add(jiff::Span::new().days(days));
    (days(-60), days(300))
}

fn years_before(day: Date, years: i64) -> Date {
    day.saturating_add(jiff::Span::new().years(-years))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_student_is_of_the_shape_that_the_registry_stores() {
        assert_eq!(
            declarations().unwrap().map(|declaration| declaration.ine.is_some()),
            [true, true]
        );
    }
}
