//! What was read before: most values of a file are among a few hundred that come again and again.

/// Longest text that is remembered, in bytes. No code, date or label of the contract is longer.
const LONGEST: usize = 56;

/// A small direct-mapped table from what was written to what it means: a text takes the place of
/// the one that happened to have its slot. Bounded, without allocation once made, and empty when
/// nothing is to be remembered.
#[derive(Debug)]
pub(super) struct Recent<T> {
    slots: Vec<Slot<T>>,
}

#[derive(Debug, Clone)]
struct Slot<T> {
    text: [u8; LONGEST],
    length: u8,
    meaning: Option<T>,
}

impl<T: Copy> Recent<T> {
    /// Remembers up to `slots` texts; a power of two, or none.
    pub(super) fn new(slots: usize) -> Self {
        Self { slots: vec![Slot { text: [0; LONGEST], length: 0, meaning: None }; slots] }
    }

    /// What `text` means, which `read` finds out the first time.
    pub(super) fn get(&mut self, text: &str, read: impl FnOnce() -> T) -> T {
        let bytes = text.as_bytes();
        let Some(mask) = self.slots.len().checked_sub(1) else { return read() };
        let (Ok(length), true) = (u8::try_from(bytes.len()), bytes.len() <= LONGEST) else {
            return read();
        };
        let slot = &mut self.slots[hash(bytes) & mask];
        if let Some(meaning) = slot.meaning
            && slot.length == length
            && slot.text[..bytes.len()] == *bytes
        {
            return meaning;
        }
        let meaning = read();
        slot.text[..bytes.len()].copy_from_slice(bytes);
        slot.length = length;
        slot.meaning = Some(meaning);
        meaning
    }
}

/// FNV-1a. An adversary who finds collisions gains slots that are read anew, which is what they
/// cost without a table.
fn hash(bytes: &[u8]) -> usize {
    let hash = bytes
        .iter()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    (hash ^ (hash >> 16)) as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_text_means_the_same_remembered_or_not(texts in prop::collection::vec("[ab]{0,3}|[a-z]{50,70}", 0..60), slots in prop_oneof![Just(0_usize), Just(1), Just(4)]) {
            let mut recent = Recent::new(slots);
            for text in &texts {
                prop_assert_eq!(recent.get(text, || text.len()), text.len());
            }
        }
    }

    #[test]
    fn a_remembered_text_is_not_read_again() {
        let mut recent = Recent::new(4);
        assert_eq!(recent.get("inscrit", || 1), 1);
        assert_eq!(recent.get("inscrit", || 2), 1);
    }
}
