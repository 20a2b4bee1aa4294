//! Blocking keys: who is compared with whom.
//!
//! Every key is composite, so that few strangers share one: a birth date with one name or with a
//! place, two names alone when they are rare, else with a part of the date, a small commune with
//! the beginning of a name. Each survives some errors, and together they survive most. Keys are
//! keyed digests; none can be reversed by trying names.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use super::frequency;
use super::name::Word;
use super::person::ComparedPerson;
use super::sound::Sound;
use super::weight::{Bits, bits};

/// At most so many keys a person: with one query each, a look-up stays within ten calls to the
/// store.
pub const MOST_KEYS: usize = 7;

/// The digest of a blocking key: 128 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlockingKey(pub [u8; 16]);

/// Computes blocking keys under a secret.
#[derive(Clone)]
pub struct Blocking {
    /// Keyed once: the two hash blocks that the secret costs aren't paid for each key.
    mac: Hmac<Sha256>,
}

/// The kind of a blocking key, so that a date with a name never meets an identifier.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Kind {
    Identifier = 1,
    DateAndName = 2,
    Names = 3,
    NamesAndYear = 4,
    NamesAndAnniversary = 5,
    DateAndPlace = 6,
    DateAndCode = 7,
    PlaceAndName = 8,
}

/// Two names that say so much make a key alone: a dozen people in six million records share them.
const RARE_NAMES: Bits = bits(19.0);

/// Letters of a name that make a key with a small commune: slips are rarer in the first ones.
const PREFIX: usize = 3;

impl Blocking {
    /// Keys under this secret.
    #[must_use]
    pub fn new(secret: &SecretString) -> Self {
        // An HMAC takes a key of any length; the fallback, a key of zeros, is unreachable.
        let mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
            .unwrap_or_else(|_| Hmac::<Sha256>::new(&hmac::digest::Key::<Hmac<Sha256>>::default()));
        Self { mac }
    }

    /// The keys of a person, without duplicates, the most telling first; at most [`MOST_KEYS`].
    #[must_use]
    pub fn keys(&self, person: &ComparedPerson) -> Vec<BlockingKey> {
        let mut keys = Vec::with_capacity(MOST_KEYS);
        let mut push = |kind: Kind, parts: &[&[u8]]| {
            if keys.len() < MOST_KEYS {
                let key = self.digest(kind, parts);
                if !keys.contains(&key) {
                    keys.push(key);
                }
            }
        };
        if let Some(identifier) = &person.identifier {
            push(Kind::Identifier, &[identifier.text.as_bytes()]);
        }
        let birth = (!person.birth.is_missing()).then_some(person.birth);
        let given = person.given.as_ref().and_then(|given| given.firsts().first());
        let surname = person.surname.as_ref().and_then(|surname| surname.cores().first());
        if let Some(birth) = birth {
            for name in dated_names(person, given) {
                push(Kind::DateAndName, &[&birth.0, &name.sound.skeleton().to_bytes()]);
            }
        }
        if let (Some(surname), Some(given)) = (surname, given) {
            // Sorted, so that names in each other's place share the key.
            let mut sounds = [surname.sound, given.sound].map(Sound::skeleton);
            let mut rare = sounds.map(frequency::skeleton).into_iter().sum::<Bits>() >= RARE_NAMES;
            if !person.is_civil() {
                // A mere list is short: the beginnings of two names are enough.
                sounds = [surname.sound, given.sound].map(|sound| sound.prefix(PREFIX));
                rare = true;
            }
            sounds.sort_unstable();
            let [one, other] = sounds.map(Sound::to_bytes);
            match birth {
                Some(birth) if !rare => {
                    push(Kind::NamesAndYear, &[&one, &other, birth.year()]);
                    push(Kind::NamesAndAnniversary, &[&one, &other, birth.anniversary()]);
                }
                _ => push(Kind::Names, &[&one, &other]),
            }
        }
        let place = person.place.sound();
        if let (Some(birth), Some(place)) = (birth, place) {
            push(Kind::DateAndPlace, &[&birth.0, &place.to_bytes()]);
        }
        let code = person.place.foreign_code();
        if let (Some(birth), Some(code)) = (birth, code) {
            push(Kind::DateAndCode, &[&birth.0, &code]);
        }
        let place = code.or_else(|| place.filter(|_| person.place.is_small()).map(Sound::to_bytes));
        if let Some(place) = place {
            for name in [surname, given].into_iter().flatten() {
                push(Kind::PlaceAndName, &[&place, &name.sound.prefix(PREFIX).to_bytes()]);
            }
        }
        keys
    }

    fn digest(&self, kind: Kind, parts: &[&[u8]]) -> BlockingKey {
        let mut mac = self.mac.clone();
        mac.update(&[kind as u8]);
        for part in parts {
            mac.update(&[u8::try_from(part.len()).unwrap_or(u8::MAX)]);
            mac.update(part);
        }
        let digest = mac.finalize().into_bytes();
        let mut key = [0; 16];
        key.copy_from_slice(&digest[..16]);
        BlockingKey(key)
    }
}

/// The names that are worth a key with the birth date: the given name, the parts of the surname,
/// the usage name.
fn dated_names<'a>(
    person: &'a ComparedPerson,
    given: Option<&'a Word>,
) -> impl Iterator<Item = &'a Word> {
    let surnames = person.surname.iter().flat_map(|surname| surname.cores().iter().take(2));
    let usages = person.usage.iter().flat_map(|usage| usage.cores().iter().take(1));
    surnames.take(2).chain(given).chain(usages)
}
