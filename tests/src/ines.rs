//! The identity service of the platform knows the people of the tests, as the ministry's knows
//! those of the country.

use shared::config::StoredKey;
use shared::domain::birth_date::BirthDate;
use shared::domain::civil_identity::CivilIdentity;
use shared::domain::commune::CommuneCode;
use shared::domain::ine::Ine;
use shared::domain::name::PersonName;
use shared::domain::sex::Sex;
use shared::identity::digest::{DigestKey, IdentityKeys};
use shared::identity::immatriculation::Registration;
use shared::registry::ines::InesStore;
use shared::registry::ines::load::{BLOCKS_AT_ONCE, PEOPLE_AT_ONCE, block_entries};
use tokio::sync::OnceCell;

use crate::people::HEADER;
use crate::stack::Stack;

/// The keys are read once for all tests; a client isn't kept, since its connections end with the
/// runtime of the test that opened them.
static KEYS: OnceCell<IdentityKeys> = OnceCell::const_new();

impl Stack {
    /// Registers whoever a file under the documented header names with an INE. An INE that has
    /// somebody already keeps them, so that the second to claim it is the one who is wrong.
    ///
    /// # Panics
    ///
    /// When the register can't be written.
    pub async fn register_people(&self, file: &[u8]) {
        let Some(rows) = str::from_utf8(file).ok().and_then(|text| text.strip_prefix(HEADER))
        else {
            return;
        };
        let mut people: Vec<Registration> = Vec::new();
        for person in rows.lines().filter_map(person) {
            if !people.iter().any(|known| known.ine == person.ine) {
                people.push(person);
            }
        }
        if people.is_empty() {
            return;
        }
        let deployment = self.deployment();
        let keys = KEYS.get_or_init(|| self.read_keys(deployment)).await;
        let store = InesStore::new(
            self.dynamodb.clone(),
            format!("{deployment}-ines"),
            format!("{deployment}-ines-blocks"),
            0,
        );
        for people in people.chunks(PEOPLE_AT_ONCE) {
            let (_, standing) =
                store.load_registrations(keys, people).await.expect("people are registered");
            let wanted: Vec<_> = block_entries(keys, &standing).into_iter().collect();
            for wanted in wanted.chunks(BLOCKS_AT_ONCE) {
                store
                    .load_blocks(&wanted.iter().cloned().collect())
                    .await
                    .expect("people are indexed");
            }
        }
    }

    /// Registers the people of an extract, as an operator does.
    ///
    /// # Panics
    ///
    /// When they can't be.
    pub async fn load_register(&self, extract: &[u8]) {
        let path = std::env::temp_dir().join(format!("ines-{}.csv", uuid::Uuid::new_v4()));
        std::fs::write(&path, extract).expect("the extract is written");
        let loaded = self.tool(&["ines", "load", &path.to_string_lossy()]).await;
        std::fs::remove_file(&path).expect("the extract is removed");
        assert!(loaded.success, "{}", loaded.errors);
    }

    fn deployment(&self) -> &str {
        let students = self.output("students_table");
        students.strip_suffix("-students").expect("tables are named after their deployment")
    }

    async fn read_keys(&self, deployment: &str) -> IdentityKeys {
        let key = async |purpose: &str| {
            let secret = self
                .secrets
                .get_secret_value()
                .secret_id(format!("{deployment}/ines/{purpose}"))
                .send()
                .await;
            let secret = secret.expect("the secret is there");
            let StoredKey { id, key } =
                serde_json::from_str(secret.secret_string().expect("text")).expect("a key");
            DigestKey::new(id, key)
        };
        IdentityKeys::new(key("ine").await, &key("identity").await)
    }
}

/// Whom a row names, if it names somebody and gives an INE.
fn person(row: &str) -> Option<Registration> {
    let fields: Vec<&str> = row.split(';').collect();
    let [ine, birth, family, usage, given, second, third, sex, birthplace, ..] = fields.as_slice()
    else {
        return None;
    };
    let name = |text: &str| PersonName::parse(text).ok();
    let identity = CivilIdentity {
        nom_famille: name(family)?,
        nom_usage: name(usage),
        prenom1: name(given)?,
        autres_prenoms: [second, third].into_iter().filter_map(|text| name(text)).collect(),
        sexe: Sex::parse_forgiving(sex).ok()?,
        date_naissance: BirthDate::parse(birth).ok()?,
        lieu_naissance: CommuneCode::parse(birthplace).ok(),
        libelle_naissance: None,
    };
    Some(Registration::new(Ine::parse(ine).ok()?, identity))
}
