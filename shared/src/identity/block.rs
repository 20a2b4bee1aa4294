//! Who resembles whom, as it is stored: for each blocking key one *block*, with the traits of
//! everybody who has it.
//!
//! A block is one item with a version, rather than an item a person: whoever decides reads the
//! whole block, and writes only if none of the blocks that the decision rests on has moved since.
//! Of two newcomers who resemble each other, at the same moment, the second finds that its blocks
//! have moved, looks again, and sees the first.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::digest::DigestKey;
use super::engine::blocking::{Blocking, BlockingKey};
use super::engine::decide::Reads;
use super::engine::person::{ComparedPerson, Written};
use super::engine::register::MOST_READ;
use crate::domain::civil_identity::CivilIdentity;
use crate::domain::enrolment;
use crate::domain::ine::Ine;
use crate::domain::name::PersonName;
use crate::domain::place_name::PlaceName;

/// The values of a person that are compared, as somebody stated them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Traits {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ine: Option<Ine>,
    /// The civil identity, or a birth date alone. What the register had is no trait: nobody has
    /// said it.
    pub identite: enrolment::StatedPerson,
    /// INES says so itself, of a person whose INE it confirmed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub confirme: bool,
    /// The student can't be meant instead of anybody else: all its enrolments were cancelled, and
    /// nothing else says that it exists.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub annule: bool,
}

impl Traits {
    /// The person as the engine compares it.
    #[must_use]
    pub fn person(&self) -> ComparedPerson {
        match &self.identite {
            enrolment::StatedPerson::Civil(identity) => {
                ComparedPerson::of(identity, self.ine.as_ref()).confirmed(self.confirme)
            }
            enrolment::StatedPerson::Pair(pair) => ComparedPerson::read(&Written {
                identifier: self.ine.as_ref().map_or("", Ine::expose),
                birth: &pair.date_naissance.expose(),
                ..Written::default()
            }),
        }
    }
}

impl Traits {
    /// Traits stated by an establishment.
    #[must_use]
    pub fn said(ine: Option<Ine>, identite: enrolment::StatedPerson) -> Self {
        Self { ine, identite, confirme: false, annule: false }
    }

    /// Whether the person is named, beside a birth date.
    #[must_use]
    pub fn is_named(&self) -> bool {
        matches!(self.identite, enrolment::StatedPerson::Civil(_))
    }

    /// Whether it says all that `other` says, perhaps in other letters: comparing both tells
    /// nothing more.
    #[must_use]
    pub fn repeats(&self, other: &Self) -> bool {
        let (enrolment::StatedPerson::Civil(own), enrolment::StatedPerson::Civil(others)) =
            (&self.identite, &other.identite)
        else {
            return self == other;
        };
        let folded = |identity: &CivilIdentity| {
            let rest =
                identity.nom_usage.iter().chain(&identity.autres_prenoms).map(PersonName::folded);
            let names = [identity.nom_famille.folded(), identity.prenom1.folded()];
            (names, rest.collect::<Vec<_>>())
        };
        let place =
            |identity: &CivilIdentity| identity.libelle_naissance.as_ref().map(PlaceName::folded);
        // What INES says is worth more than the same in an establishment's words.
        self.confirme >= other.confirme
            && self.ine == other.ine
            && own.date_naissance == others.date_naissance
            && own.sexe == others.sexe
            && own.lieu_naissance == others.lieu_naissance
            && place(own) == place(others)
            && own.nom_usage.is_some() == others.nom_usage.is_some()
            && folded(own) == folded(others)
    }
}

/// The key of a block: `<key id>.<32 hexadecimal digits>`. Nothing personal can be read from it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BlockId(String);

impl BlockId {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Computes the keys that people are indexed under.
#[derive(Clone)]
pub struct BlockIds {
    id: String,
    blocking: Blocking,
}

impl BlockIds {
    /// Keys under this secret.
    #[must_use]
    pub fn new(key: &DigestKey) -> Self {
        Self { id: key.id().to_owned(), blocking: Blocking::new(key.secret()) }
    }

    /// The id of the secret.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// The keys of a person, the most telling first; at most
    /// [`MOST_KEYS`](super::engine::blocking::MOST_KEYS).
    #[must_use]
    pub fn of(&self, person: &ComparedPerson) -> Vec<BlockId> {
        let text = |BlockingKey(digest)| BlockId(format!("{}.{}", self.id, hex::encode(digest)));
        self.blocking.keys(person).into_iter().map(text).collect()
    }

    /// The blocks of these traits, and the traits that each holds.
    #[must_use]
    pub fn spread<'a>(
        &self,
        traits: impl IntoIterator<Item = &'a Traits>,
    ) -> BTreeMap<BlockId, Vec<Traits>> {
        let mut spread: BTreeMap<BlockId, Vec<Traits>> = BTreeMap::new();
        for traits in traits {
            for key in self.of(&traits.person()) {
                let indexed = spread.entry(key).or_default();
                if !indexed.contains(traits) {
                    indexed.push(traits.clone());
                }
            }
        }
        spread
    }
}

/// Traits, and whose they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry<H> {
    /// The student, or the INE, that has the traits.
    pub holder: H,
    pub traits: Traits,
}

/// Everybody who has a blocking key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block<H> {
    /// The number of writes; 0 when the block was never written.
    pub version: u64,
    /// Somebody was left out, once: nothing can be said of who isn't in it.
    #[serde(default)]
    pub cut: bool,
    /// Traits, the latest last.
    pub entries: Vec<Entry<H>>,
}

impl<H> Default for Block<H> {
    fn default() -> Self {
        Self { version: 0, cut: false, entries: Vec::new() }
    }
}

/// Traits in one block at most. An item of DynamoDB has 400 KB, and traits some 300 bytes; a key
/// that more people share says little, and each of them has other keys.
pub const MOST_ENTRIES: usize = MOST_READ;

impl<H> Block<H> {
    /// Whether nobody is in it, and nobody ever was left out of it: it says no more than no block.
    #[must_use]
    pub fn is_void(&self) -> bool {
        self.entries.is_empty() && !self.cut
    }
}

impl<H: Clone + PartialEq> Block<H> {
    /// Puts these traits in place of all that were indexed of `holder`. Beyond [`MOST_ENTRIES`] the
    /// oldest go.
    pub fn set(&mut self, holder: &H, traits: &[Traits]) {
        self.entries.retain(|entry| entry.holder != *holder);
        self.entries.extend(
            traits.iter().map(|traits| Entry { holder: holder.clone(), traits: traits.clone() }),
        );
        if let Some(excess) =
            self.entries.len().checked_sub(MOST_ENTRIES).filter(|excess| *excess > 0)
        {
            self.entries.drain(..excess);
            self.cut = true;
        }
    }
}

/// Everybody in some blocks, each with its distinct traits.
#[derive(Debug)]
pub struct Sharing<'a, H> {
    /// The traits, by their holder.
    pub traits: BTreeMap<&'a H, Vec<&'a Traits>>,
    /// Whether somebody may have been left out of a block.
    pub reads: Reads,
}

impl<'a, H: Ord> Sharing<'a, H> {
    /// Those of these blocks. Whoever shares several keys is indexed under each of them, and counts
    /// once.
    #[must_use]
    pub fn of(blocks: impl IntoIterator<Item = &'a Block<H>>) -> Self {
        let mut sharing = Self { traits: BTreeMap::new(), reads: Reads::Whole };
        for block in blocks {
            if block.cut {
                sharing.reads = Reads::Cut;
            }
            for entry in &block.entries {
                let known = sharing.traits.entry(&entry.holder).or_default();
                if !known.contains(&&entry.traits) {
                    known.push(&entry.traits);
                }
            }
        }
        sharing
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::commune::CommuneCode;
    use crate::domain::enrolment::Pair;
    use crate::identity::fixtures::identity;

    fn civil(name: &str) -> Traits {
        Traits::said(None, enrolment::StatedPerson::Civil(identity(name, "Zoé", "2004-03-02")))
    }

    fn keys() -> BlockIds {
        BlockIds::new(&DigestKey::new("1".into(), "blocks".to_owned().into()))
    }

    #[test]
    fn a_pair_is_posted_under_its_ine_alone() {
        let ine = Ine::parse("070578267KH").unwrap();
        let birth = identity("x", "y", "2004-03-02").date_naissance;
        let pair = Pair { date_naissance: birth, registre: None };
        let pair = Traits::said(Some(ine), enrolment::StatedPerson::Pair(pair));
        let spread = keys().spread([&pair]);
        let named = Traits { ine: Some(ine), ..civil("Lefèvre") };
        assert_eq!(spread.len(), 1);
        assert!(keys().of(&named.person()).contains(spread.keys().next().unwrap()));
    }

    #[test]
    fn spellings_share_their_keys() {
        let (one, other) = (civil("Lefèvre"), civil("LEFEVRE"));
        assert_eq!(keys().of(&one.person()), keys().of(&other.person()));
        let spread = keys().spread([&one, &other, &one]);
        assert!(spread.values().all(|traits| traits.len() == 2), "each spelling once");
    }

    #[test]
    fn a_birthplace_by_name_is_a_trait() {
        let born = |name: &str| {
            let mut identity = identity("Lefèvre", "Zoé", "2004-03-02");
            identity.lieu_naissance = None;
            identity.libelle_naissance = PlaceName::parse(name).ok();
            Traits::said(None, enrolment::StatedPerson::Civil(identity))
        };
        let there = born("Saint-Denis");
        assert!(there.repeats(&born("SAINT DENIS")), "in other letters");
        assert!(
            !there.repeats(&born("Saint-Pierre"))
                && !there.repeats(&born(""))
                && !born("").repeats(&there)
        );
        let mut by_code = civil("Lefèvre");
        if let enrolment::StatedPerson::Civil(identity) = &mut by_code.identite {
            identity.lieu_naissance = CommuneCode::parse("97411").ok();
        }
        assert_eq!(
            keys().of(&there.person()),
            keys().of(&by_code.person()),
            "who has the code meets who has the name"
        );
        let stored = serde_json::to_string(&there).unwrap();
        assert!(stored.contains(r#""libelleNaissance":"Saint-Denis""#), "{stored}");
        assert_eq!(serde_json::from_str::<Traits>(&stored).unwrap(), there);
    }

    #[test]
    fn what_was_stored_before_names_of_birthplaces_is_read_and_written_as_it_was() {
        let stored = r#"{"identite":{"nomFamille":"Lefèvre","prenom1":"Zoé","sexe":"2","dateNaissance":"2004-03-02","lieuNaissance":"44109"}}"#;
        let traits: Traits = serde_json::from_str(stored).unwrap();
        assert_eq!(traits, civil("Lefèvre"));
        assert_eq!(serde_json::to_string(&traits).unwrap(), stored);
    }

    #[test]
    fn a_full_block_drops_the_oldest_and_says_so() {
        let mut block = Block::default();
        for holder in 0..MOST_ENTRIES {
            block.set(&holder, &[civil("Lefèvre")]);
        }
        assert!(!block.cut);
        block.set(&MOST_ENTRIES, &[civil("Lefèvre")]);
        assert_eq!(
            (block.cut, block.entries.len(), block.entries[0].holder),
            (true, MOST_ENTRIES, 1)
        );
        block.set(&7, &[]);
        assert!(block.cut, "who was left out is still not in it");
        assert!(block.entries.iter().all(|entry| entry.holder != 7));
    }

    #[test]
    fn it_is_stored_as_it_is_read() {
        let mut block = Block::default();
        block.set(&"a".to_owned(), &[civil("Lefèvre")]);
        let stored = serde_json::to_string(&block).unwrap();
        assert_eq!(serde_json::from_str::<Block<String>>(&stored).unwrap(), block);
    }
}
