//! Who sends a file.

use std::collections::BTreeMap;

use super::mapping::Mapping;
use crate::domain::establishment::Establishment;
use crate::domain::uai::Uai;

/// Who sends a file, and for whom.
#[derive(Debug, Clone)]
pub struct Depositor {
    establishment: Establishment,
    sends_for: BTreeMap<Uai, Establishment>,
    mapping: Mapping,
}

impl Depositor {
    /// `establishment` with the establishments that it may send for, itself included if it may.
    #[must_use]
    pub fn new(
        establishment: Establishment,
        sends_for: impl IntoIterator<Item = Establishment>,
    ) -> Self {
        Self {
            establishment,
            sends_for: sends_for.into_iter().map(|target| (target.uai, target)).collect(),
            mapping: Mapping::default(),
        }
    }

    /// The same, that calls its columns so.
    #[must_use]
    pub fn calling(self, mapping: Mapping) -> Self {
        Self { mapping, ..self }
    }

    /// What it calls its columns.
    #[must_use]
    pub fn mapping(&self) -> &Mapping {
        &self.mapping
    }

    /// The depositor itself; its software's code tables apply to the whole file.
    #[must_use]
    pub fn establishment(&self) -> &Establishment {
        &self.establishment
    }

    /// The establishments that it may send for.
    pub fn establishments(&self) -> impl Iterator<Item = Uai> {
        self.sends_for.keys().copied()
    }

    /// The establishment, if the depositor may send for it.
    #[must_use]
    pub fn may_send_for(&self, uai: Uai) -> Option<&Establishment> {
        self.sends_for.get(&uai)
    }
}
