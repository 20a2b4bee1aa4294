//! Keyed digests: table keys that hold nothing personal.
//!
//! A bare hash of an INE is reversed by trying them all; without its secret an HMAC is not. There
//! is one secret per purpose, and each digest starts with its secret's id, so that old and new ones
//! can live together.

use std::borrow::Cow;
use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::block::BlockIds;
use crate::domain::academic_year::AcademicYear;
use crate::domain::birth_date::BirthDate;
use crate::domain::civil_identity::CivilIdentity;
use crate::domain::enrolment::{Declaration, StatedPerson};
use crate::domain::ine::Ine;
use crate::domain::uai::Uai;

/// A secret and its id.
#[derive(Clone)]
pub struct DigestKey {
    id: String,
    secret: SecretString,
}

impl DigestKey {
    /// Digests made with it start with `id` and a dot.
    #[must_use]
    pub fn new(id: String, secret: SecretString) -> Self {
        Self { id, secret }
    }

    /// What digests made with it start with.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The secret, for other digests than [`Self::of`].
    pub(crate) fn secret(&self) -> &SecretString {
        &self.secret
    }

    /// `<key id>.<32 hexadecimal digits>`: 128 bits of HMAC-SHA256, so that among ten million
    /// digests the chance of one collision is below 10⁻²⁴.
    ///
    /// Each part is preceded by its length: `("AB", "C")` and `("A", "BC")` differ.
    fn digest(&self, parts: &[&str]) -> String {
        self.of(parts)
    }

    /// The same of any bytes.
    #[must_use]
    pub fn of<P: AsRef<[u8]>>(&self, parts: &[P]) -> String {
        self.bytes(parts)
            .map_or_else(String::new, |bytes| format!("{}.{}", self.id, hex::encode(&bytes[..16])))
    }

    /// The whole digest of parts, without the id: 256 bits, for a key to encrypt with. An HMAC
    /// takes a key of any length, so there always is one.
    pub(crate) fn bytes<P: AsRef<[u8]>>(&self, parts: &[P]) -> Option<[u8; 32]> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.secret.expose_secret().as_bytes()).ok()?;
        for part in parts.iter().map(AsRef::as_ref) {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        Some(mac.finalize().into_bytes().into())
    }
}

/// The subject of a record: one student of one establishment, one academic year, one diploma.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject<'a> {
    /// The establishment.
    pub uai: Uai,
    pub year: AcademicYear,
    pub student: Named<'a>,
    /// The diploma, when it is given.
    pub diplome: Option<Cow<'a, str>>,
}

/// The establishment's name for a student: its own number if it gives one, else the INE, else the
/// civil identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named<'a> {
    /// The establishment's own number.
    Number(Cow<'a, str>),
    Ine(Ine),
    Identity(Cow<'a, CivilIdentity>),
    /// Nothing but a birth date, which no reader accepts without an INE.
    BirthDate(BirthDate),
}

impl<'a> Subject<'a> {
    /// The subject of a declaration.
    #[must_use]
    pub fn of(declaration: &'a Declaration) -> Self {
        let Declaration { ine, numero_etudiant, identite, inscription } = declaration;
        let student = match (numero_etudiant, ine, identite) {
            (Some(number), _, _) => Named::Number(Cow::Borrowed(number)),
            (None, Some(ine), _) => Named::Ine(*ine),
            (None, None, StatedPerson::Civil(identity)) => Named::Identity(Cow::Borrowed(identity)),
            (None, None, StatedPerson::Pair(pair)) => Named::BirthDate(pair.date_naissance),
        };
        Self {
            uai: inscription.uai,
            year: inscription.academic_year(),
            student,
            diplome: inscription.diplome.as_deref().map(Cow::Borrowed),
        }
    }
}

/// Opaque id of a source record, which is also the public id of its enrolment (`id_inscription`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecordId(String);

impl RecordId {
    /// The id of what a declaration is about.
    #[must_use]
    pub fn of(key: &DigestKey, declaration: &Declaration) -> Self {
        Self::of_subject(key, &Subject::of(declaration))
    }

    /// The id of a subject: a correction of dates, status or names finds its record again, whatever
    /// it corrects.
    #[must_use]
    pub fn of_subject(key: &DigestKey, subject: &Subject<'_>) -> Self {
        let Subject { uai, year, student, diplome } = subject;
        let year = year.to_string();
        let student = match student {
            Named::Number(number) => [
                "numero".to_owned(),
                number.clone().into_owned(),
                String::new(),
                String::new(),
                String::new(),
            ],
            Named::Ine(ine) => [
                "ine".to_owned(),
                ine.expose().to_owned(),
                String::new(),
                String::new(),
                String::new(),
            ],
            Named::Identity(identity) => {
                let [name, given, birth, sex] = civil_parts(identity);
                [name, given, birth, sex, "identite".to_owned()]
            }
            Named::BirthDate(birth) => [
                "naissance".to_owned(),
                birth.expose(),
                String::new(),
                String::new(),
                String::new(),
            ],
        };
        let mut parts = vec![uai.as_str(), &year];
        parts.extend(student.iter().map(String::as_str));
        parts.push(diplome.as_deref().unwrap_or_default());
        Self(key.digest(&parts))
    }

    /// The id as it was given out, in a pointer or a path. Only its form is checked.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        is_digest(text).then(|| Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a text has the form of a digest with its key's id: `<key id>.<32 hexadecimal digits>`.
pub(crate) fn is_digest(text: &str) -> bool {
    text.split_once('.').is_some_and(|(id, digest)| {
        !id.is_empty()
            && id.len() <= 16
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && digest.len() == 32
            && digest.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The digest of an INE: the key of its published answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IneDigest(String);

/// A pair of INE and birth date, as what was checked is remembered by: neither can be read from it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PairDigest {
    /// The INE's.
    pub ine: IneDigest,
    /// The birth date's, which another INE makes another one of. `<key id>.<32 hexadecimal
    /// digits>`.
    pub date: String,
}

/// The two secrets of the identity register.
#[derive(Clone)]
pub struct IdentityKeys {
    /// For [`IneDigest`].
    pub ine: DigestKey,
    /// For the keys that people are indexed under.
    pub blocks: BlockIds,
    /// Those before, while the register is re-keyed: what isn't moved yet is under them.
    previous: Option<Box<IdentityKeys>>,
}

impl IdentityKeys {
    /// The keys under these two secrets.
    #[must_use]
    pub fn new(ine: DigestKey, civil: &DigestKey) -> Self {
        Self { ine, blocks: BlockIds::new(civil), previous: None }
    }

    /// The same, people being indexed by `blocks`.
    #[must_use]
    pub fn with_blocks(self, blocks: BlockIds) -> Self {
        Self { blocks, ..self }
    }

    /// The same, while the register is re-keyed from `previous`.
    #[must_use]
    pub fn after(self, previous: Self) -> Self {
        Self { previous: Some(Box::new(previous)), ..self }
    }

    /// Every pair of secrets that something may be under, the one that it leaves first: what moves
    /// from one to the other at once is found under one of them by whoever asks in this order.
    pub fn alive(&self) -> impl Iterator<Item = &Self> {
        self.previous.as_deref().into_iter().chain([self])
    }

    /// Whether two pairs are alive.
    #[must_use]
    pub fn are_changing(&self) -> bool {
        self.previous.is_some()
    }

    /// The key of an INE.
    #[must_use]
    pub fn ine(&self, ine: &Ine) -> IneDigest {
        IneDigest(self.ine.digest(&[ine.expose()]))
    }

    /// The key of a pair.
    #[must_use]
    pub fn pair(&self, ine: &Ine, birth_date: BirthDate) -> PairDigest {
        PairDigest {
            ine: self.ine(ine),
            date: self.ine.digest(&["pair", ine.expose(), &birth_date.expose()]),
        }
    }

    /// The name under which INES is asked for the INE of a record's person: the same whenever the
    /// same is asked, and another once the record names somebody else. INES isn't told the name of
    /// a birthplace, so that name changes nothing. 34 characters.
    #[must_use]
    pub fn reference(&self, record: &RecordId, identity: &CivilIdentity) -> String {
        // An identity has no map with keys that aren't text, so this never fails.
        let asked = CivilIdentity { libelle_naissance: None, ..identity.clone() };
        let said = serde_json::to_vec(&asked).unwrap_or_default();
        self.ine.of(&[record.as_str().as_bytes(), &said])
    }
}

fn civil_parts(identity: &CivilIdentity) -> [String; 4] {
    [
        identity.nom_famille.folded(),
        identity.prenom1.folded(),
        identity.date_naissance.expose(),
        identity.sexe.code().to_owned(),
    ]
}

impl IneDigest {
    /// Whether it was made with this key.
    #[must_use]
    pub fn is_of(&self, key: &DigestKey) -> bool {
        self.0.split_once('.').is_some_and(|(id, _)| id == key.id)
    }

    /// The text, `<key id>.<32 hexadecimal digits>`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::place_name::PlaceName;
    use crate::identity::fixtures::{declaration, identity, keys};

    #[test]
    fn parts_do_not_run_into_each_other() {
        let key = DigestKey::new("1".into(), "secret".to_owned().into());
        assert_ne!(key.digest(&["AB", "C"]), key.digest(&["A", "BC"]));
        assert_ne!(key.digest(&["AB"]), key.digest(&["AB", ""]));
    }

    #[test]
    fn purposes_and_secrets_separate_digests() {
        let other = DigestKey::new("1".into(), "civil secret".to_owned().into());
        assert_ne!(keys().ine.digest(&["X"]), other.digest(&["X"]));
    }

    #[test]
    fn spelling_does_not_change_the_record_of_a_civil_identity() {
        let key = DigestKey::new("1".into(), "secret".to_owned().into());
        let record =
            |family, given, birth| RecordId::of(&key, &declaration(None, family, given, birth));
        assert_eq!(
            record("Lefèvre-d’Été", "Zoé", "2004-03-02"),
            record("LEFEVRE D ETE", "ZOE", "2004-03-02")
        );
        assert_ne!(record("Lefèvre", "Zoé", "2004-03-02"), record("Lefèvre", "Zoé", "2004-03-03"));
    }

    #[test]
    fn a_record_is_found_again_whatever_is_corrected() {
        let key = DigestKey::new("1".into(), "secret".to_owned().into());
        let sent = declaration(Some("070578267KH"), "Martin", "Léa", "2004-03-02");
        let mut corrected = sent.clone();
        corrected.inscription.statut = crate::domain::status::Status::Annule;
        corrected.identite = StatedPerson::Civil(identity("Martín", "Lea", "2004-02-03"));
        assert_eq!(RecordId::of(&key, &sent), RecordId::of(&key, &corrected));
        corrected.inscription.diplome = Some("2400000".into());
        assert_ne!(RecordId::of(&key, &sent), RecordId::of(&key, &corrected));
    }

    #[test]
    fn the_name_of_a_birthplace_changes_no_id() {
        let key = DigestKey::new("1".into(), "secret".to_owned().into());
        let mut sent = declaration(None, "Martin", "Léa", "2004-03-02");
        let StatedPerson::Civil(before) = sent.identite.clone() else { panic!("it names nobody") };
        let id = RecordId::of(&key, &sent);
        let named = CivilIdentity {
            libelle_naissance: PlaceName::parse("Saint-Denis").ok(),
            ..before.clone()
        };
        sent.identite = StatedPerson::Civil(named.clone());
        assert_eq!(RecordId::of(&key, &sent), id);
        assert_eq!(
            keys().reference(&id, &named),
            keys().reference(&id, &before),
            "INES is asked the same"
        );
        let said = r#"{"nomFamille":"Martin","prenom1":"Léa","sexe":"2","dateNaissance":"2004-03-02","lieuNaissance":"44109"}"#;
        let given = keys().ine.of(&[id.as_str(), said]);
        assert_eq!(
            keys().reference(&id, &before),
            given,
            "references that were given go on being asked"
        );
    }

    #[test]
    fn nothing_personal_is_in_an_id() {
        let key = DigestKey::new("1".into(), "secret".to_owned().into());
        let id = RecordId::of(&key, &declaration(None, "Martin", "Léa", "2004-03-02"));
        assert_eq!(RecordId::parse(id.as_str()), Some(id));
    }

    proptest! {
        #[test]
        fn garbage_is_no_record_id(text in "\\PC{0,60}") {
            if let Some(id) = RecordId::parse(&text) {
                prop_assert_eq!(id.as_str(), text);
            }
        }
    }
}
