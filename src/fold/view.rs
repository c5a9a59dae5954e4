//! One filesystem with what is known of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::owners::{self, Owners};
use super::{Finding, Since, UnsafeFile};
use crate::model::{Component, Distro, FileFacts, Inventory, LayerPath};

/// A filesystem on the way to the result.
#[derive(Clone, Debug, Default)]
pub struct View {
    pub(super) files: BTreeMap<LayerPath, Arc<FileState>>,
    /// By the root that they are in.
    pub(super) distros: BTreeMap<String, Distro>,
    pub(super) owners: Owners,
    /// Every secret that this filesystem or one below it ever had.
    pub(super) secrets: BTreeSet<(LayerPath, String, String)>,
}

/// A file that states something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FileState {
    pub(super) facts: FileFacts,
    /// What came of each of its components, in their order.
    pub(super) parts: Vec<Part>,
    pub(super) hazards: Vec<UnsafeFile>,
    /// The file is a package database that was deleted while its packages stayed.
    pub(super) is_lost: bool,
}

/// What is known of a component at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) since: Since,
    pub(super) findings: Vec<Finding>,
    /// Who owned the evidence when it was matched.
    pub(super) owner: Option<Component>,
}

impl View {
    /// The view of an inventory in which nothing was compared yet.
    pub(super) fn new(inventory: &Inventory) -> Self {
        Self {
            files: BTreeMap::new(),
            distros: inventory.distros(),
            owners: Owners::new(&inventory.files),
            secrets: BTreeSet::new(),
        }
    }

    /// The distribution whose root `path` is in.
    pub fn distro(&self, path: &LayerPath) -> Option<&Distro> {
        owners::by_root(&self.distros, path)
    }

    /// The distribution of the filesystem itself.
    pub fn distro_of_root(&self) -> Option<&Distro> {
        self.distros.get("")
    }

    /// What is known against the components and files.
    pub(super) fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.files.values().flat_map(|it| it.parts.iter().flat_map(|it| &it.findings))
    }

    pub(super) fn hazards(&self) -> impl Iterator<Item = &UnsafeFile> {
        self.files.values().flat_map(|it| &it.hazards)
    }

    /// Each component with its place and what is known of it.
    pub(super) fn components(
        &self,
    ) -> impl Iterator<Item = (&LayerPath, &FileState, &Component, &Part)> {
        self.files.iter().flat_map(|(path, state)| {
            state
                .facts
                .components
                .iter()
                .zip(&state.parts)
                .map(move |(it, part)| (path, &**state, it, part))
        })
    }
}
