//! What each step of a build brought: its inventory minus its parent's.
//!
//! Packages follow the filesystem: one that goes away takes its findings with it. Secrets follow
//! history: one that was deleted is still in its layer. A package database that was deleted hides
//! its packages and removes none, so they stay. A finding keeps the step that first brought it,
//! also when the package moves to another place, or to another version with the same flaw.

mod changes;
mod compare;
mod owners;
mod packages;
mod view;

use std::collections::BTreeMap;

use crate::advisory::{Database, DatabaseError};
use crate::model::{Hazard, Inventory, LayerPath, Secret, Vulnerability};

pub use changes::{Change, Move};
pub use packages::{Evidence, Package};
pub use view::View;

/// The steps heard so far.
#[derive(Debug, Default)]
pub struct Fold {
    views: BTreeMap<usize, View>,
}

/// Where a step stands among the others.
#[derive(Clone, Debug, Default)]
pub struct Place {
    pub step: usize,
    /// The step whose filesystem it started from.
    pub parent: Option<usize>,
    /// Steps of other stages that it copied from.
    pub copied_from: Vec<usize>,
}

/// Where something comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Since {
    /// The step that first brought it into this filesystem.
    pub step: usize,
    /// The step of another stage that had made it, if it was copied from there.
    pub made_by: Option<usize>,
}

/// A vulnerable package and the step to blame for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub vulnerability: Vulnerability,
    pub since: Since,
}

/// A file that harms whoever uses it, and the step to blame for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsafeFile {
    pub hazard: Hazard,
    pub path: LayerPath,
    pub since: Since,
}

/// What a step brought that its parent did not have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Brought {
    /// The worst first.
    pub vulnerabilities: Vec<Finding>,
    pub hazards: Vec<UnsafeFile>,
    pub secrets: Vec<Secret>,
    /// Packages that came, went, or changed their version.
    pub changes: Vec<Change>,
    /// What could not be read, with its path.
    pub notes: Vec<String>,
    /// Package databases that were deleted while their packages stayed.
    pub lost: Vec<LayerPath>,
}

impl Fold {
    /// Adds the inventory of a step, after those of its parent and of what it copied from. Without a
    /// database, packages are not matched.
    pub fn add(
        &mut self,
        place: &Place,
        inventory: Inventory,
        database: Option<&Database>,
    ) -> Result<Brought, DatabaseError> {
        let nothing = View::default();
        let parent = place.parent.and_then(|it| self.views.get(&it)).unwrap_or(&nothing);
        let sources = place.copied_from.iter().filter_map(|it| self.views.get(it)).collect();
        let (view, brought) = compare::compare(place.step, parent, sources, inventory, database)?;
        self.views.insert(place.step, view);
        Ok(brought)
    }

    /// The filesystem after `step`.
    pub fn view(&self, step: usize) -> Option<&View> {
        self.views.get(&step)
    }

    /// Everything that is known against the packages of the filesystem after `step`.
    pub fn findings(&self, step: usize) -> impl Iterator<Item = &Finding> {
        self.views.get(&step).into_iter().flat_map(View::findings)
    }

    /// Every file of the filesystem after `step` that harms.
    pub fn hazards(&self, step: usize) -> impl Iterator<Item = &UnsafeFile> {
        self.views.get(&step).into_iter().flat_map(View::hazards)
    }
}

#[cfg(test)]
mod tests;
