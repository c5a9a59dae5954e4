//! What a scan of a filesystem or an image says, before it is put into words.

use std::fmt;

use crate::fold::{self, Brought, Change, Fold, Move, Package, UnsafeFile};
use crate::model::{Distro, Inventory, LayerPath, SecretHit};

/// A filesystem, or an image layer by layer.
#[derive(Debug)]
pub struct Scanned {
    pub target: Target,
    /// The distribution of the filesystem itself.
    pub distro: Option<Distro>,
    /// The layers of an image, the lowest first; none of a directory.
    pub layers: Vec<Layer>,
    pub packages: Vec<Package>,
    pub unsafe_files: Vec<UnsafeFile>,
    pub secrets: Vec<FoundSecret>,
    /// What could not be read, and why.
    pub notes: Vec<(Place, String)>,
}

/// Where something is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    File(LayerPath),
    /// A text that the image carries: which one, in words.
    Text(String),
    /// The image as a whole.
    Image,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.fmt(f),
            Self::Text(which) => f.write_str(which),
            Self::Image => f.write_str("the image"),
        }
    }
}

/// What was scanned.
#[derive(Clone, Debug, Default)]
pub struct Target {
    /// As it was given.
    pub path: String,
    pub image: Option<Image>,
}

/// What an image says of itself.
#[derive(Clone, Debug, Default)]
pub struct Image {
    /// As it was asked for.
    pub name: Option<String>,
    /// The digest of the manifest.
    pub digest: Option<String>,
    /// The digest of the image's configuration.
    pub config: Option<String>,
    /// `os/architecture[/variant]`.
    pub platform: Option<String>,
}

/// One layer of an image.
#[derive(Clone, Debug, Default)]
pub struct Layer {
    /// The digest of the layer as it is stored.
    pub digest: Option<String>,
    /// The digest of the layer unpacked.
    pub diff_id: Option<String>,
    /// The instruction that made it, as the image's history has it.
    pub created_by: Option<String>,
    pub changes: Vec<Change>,
    /// Package databases that it deleted while their packages stayed.
    pub lost: Vec<LayerPath>,
}

/// A secret, and what became of it.
#[derive(Clone, Debug)]
pub struct FoundSecret {
    pub hit: SecretHit,
    pub place: Place,
    /// The layer that brought it, if it is in a file.
    pub layer: Option<usize>,
    /// A later layer deleted it, which does not take it out of its own.
    pub is_deleted: bool,
}

impl Scanned {
    /// Folds the inventories after each layer; a directory is one layer without a name.
    pub fn new(target: Target, mut layers: Vec<Layer>, inventories: Vec<Inventory>) -> Self {
        let mut fold = Fold::default();
        let mut secrets = Vec::new();
        let mut last = None;
        for (step, inventory) in inventories.into_iter().enumerate() {
            let place = fold::Place { step, parent: last, copied_from: Vec::new() };
            // Without a database there is nothing to fail.
            let Ok(brought) = fold.add(&place, inventory, None) else { continue };
            let Brought { changes, lost, secrets: came, .. } = brought;
            secrets.extend(came.into_iter().map(|it| (step, it)));
            if let Some(layer) = layers.get_mut(step) {
                (layer.changes, layer.lost) = (changes, lost);
            }
            last = Some(step);
        }
        let view = last.and_then(|it| fold.view(it));
        let is_there = |path: &LayerPath, hit: &SecretHit| {
            view.is_some_and(|it| {
                it.secrets().any(|(at, it)| at == path && it.fingerprint == hit.fingerprint)
            })
        };
        let secret = |(layer, it): (usize, crate::model::Secret)| FoundSecret {
            is_deleted: !is_there(&it.path, &it.hit),
            layer: Some(layer),
            hit: it.hit,
            place: Place::File(it.path),
        };
        Self {
            target,
            distro: view.and_then(|it| it.distro_of_root()).cloned(),
            layers,
            packages: view.map(|it| it.packages()).unwrap_or_default(),
            unsafe_files: view.into_iter().flat_map(|it| it.unsafe_files()).cloned().collect(),
            secrets: secrets.into_iter().map(secret).collect(),
            notes: view
                .into_iter()
                .flat_map(|it| it.notes())
                .map(|(path, note)| (Place::File(path.clone()), note.to_owned()))
                .collect(),
        }
    }
}

/// The word for what became of a package, and the version before.
pub(super) fn change(what: &Move) -> (&'static str, Option<&str>) {
    match what {
        Move::Added => ("added", None),
        Move::Removed => ("removed", None),
        Move::Upgraded(from) => ("upgraded", Some(from)),
        Move::Downgraded(from) => ("downgraded", Some(from)),
        Move::Changed(from) => ("changed", Some(from)),
    }
}
