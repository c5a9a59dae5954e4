//! A filesystem in, its inventory out.
//!
//! The inventory of a view is the same bytes whether it is computed whole or from the parent's.
//! Scanned content is hostile: it gives facts and notes, and cannot stop the scan.

mod feed;
mod image;
mod index;
mod layers;
mod lines;
mod overlay;
mod place;
mod plan;
mod progress;
mod read;
mod silent;
mod walk;
mod witness;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

pub use image::{ScannedImage, image};
pub use layers::LayerFacts;
pub use lines::ParentError;
pub use progress::{Listener, Progress};
pub use read::{FileScanner, ScannerFactory};
pub use witness::Witness;

use crate::format::FormatError;
use crate::model::Inventory;
use crate::source::Tree;
use crate::source::image::ImageError;
use index::Index;
use lines::{Lines, assemble};
use plan::Parent;
use progress::Meter;
use read::Workers;
use walk::{Purpose, Walked, walk};

/// The file in a scan's output that says what the filesystem holds.
pub const INVENTORY: &str = "inventory.jsonl";

/// The file beside it that lets the next scan skip what did not change.
pub const INDEX: &str = "index";

/// The file beside it that tells whether the step has run again since; absent if nothing can.
pub const WITNESS: &str = "witness.json";

/// What is scanned, from what, to where.
#[derive(Clone, Debug, Default)]
pub struct ScanPaths {
    /// The filesystem after the step, mounted.
    pub view: Option<PathBuf>,
    /// The output of the parent's scan.
    pub parent: Option<PathBuf>,
    /// Trees laid over it, the first one lowest.
    pub over: Vec<PathBuf>,
    /// The directory that receives [`INVENTORY`] and [`INDEX`].
    pub out: PathBuf,
    /// Does not use the parent: for a step that could have set the clock.
    pub whole: bool,
}

/// What a scan did. None of it is in the inventory.
#[derive(Debug)]
pub struct ScanSummary {
    /// Files with facts or notes.
    pub n_lines: usize,
    /// Files and bytes that were read.
    pub n_files: u64,
    pub n_bytes: u64,
    /// Directories that were listed.
    pub n_listed: usize,
    pub parent: ParentUse,
    /// What the step's own run left in the view.
    pub witness: Option<Witness>,
}

/// What became of the parent's scan.
#[derive(Debug)]
pub enum ParentUse {
    /// There is none, or the scan was to be whole.
    None,
    Used,
    /// The view is not an overlayfs, or the index is absent or broken.
    NoIndex,
    /// It cannot be read; the scan was whole.
    Refused(ParentError),
}

/// A scan could not be made. What the scanned files hold never causes this, their number may.
#[derive(Debug, Error)]
pub enum ScanError {
    #[error("nothing to scan: neither a view nor a tree to lay over the parent")]
    Nothing,
    #[error("cannot open the tree {path}")]
    Open { path: String, source: io::Error },
    #[error("cannot list the root of the tree")]
    Root(#[source] io::Error),
    #[error("the parent's inventory cannot be used")]
    Parent(#[source] ParentError),
    #[error(transparent)]
    Image(#[from] ImageError),
    #[error("layer {number} of the image cannot be read")]
    Layer { number: usize, source: FormatError },
    #[error("more than {limit} bytes of facts")]
    TooManyFacts { limit: usize },
    #[error("cannot write {path}")]
    Write { path: String, source: io::Error },
}

/// What a scan of a tree or an image did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Files and bytes that were read.
    pub n_files: u64,
    pub n_bytes: u64,
}

/// Scans a tree whole. Without a factory no secrets are looked for, and only files that may say
/// something of packages are opened.
pub fn tree(
    path: &Path,
    factory: Option<&ScannerFactory<'_>>,
    listener: &Listener<'_>,
) -> Result<(Inventory, Summary), ScanError> {
    let meter = Meter::new(listener, None);
    let purpose = Purpose { wants_facts: true, ..Purpose::default() };
    let walked = walk(&open(path)?, purpose, &Workers::new(factory), &meter)?;
    let summary = Summary { n_files: walked.n_files, n_bytes: walked.n_bytes };
    Ok((Inventory { files: walked.files.into_iter().collect() }, summary))
}

/// Scans the view, lays the other trees over it, and writes inventory and index.
pub fn run(paths: &ScanPaths, factory: &ScannerFactory<'_>) -> Result<ScanSummary, ScanError> {
    let parent = paths.parent.as_deref().map(|it| Lines::open(&it.join(INVENTORY)));
    let index = paths.parent.as_deref().and_then(|it| Index::open(&it.join(INDEX)));
    let (mut inventory, index, mut summary) = match &paths.view {
        Some(view) => scan_view(view, parent.filter(|_| !paths.whole), index, factory)?,
        None if paths.over.is_empty() => return Err(ScanError::Nothing),
        None => start_from(parent, index)?,
    };
    for path in &paths.over {
        let below = Lines::parse(inventory).map_err(ScanError::Parent)?;
        let purpose = Purpose { wants_names: true, ..Purpose::default() };
        let meter = Meter::new(&|_| {}, None);
        let walked = walk(&open(path)?, purpose, &Workers::new(Some(factory)), &meter)?;
        summary.add(&walked);
        (inventory, summary.n_lines) = assemble(overlay::lay(&below, walked));
    }
    write(&paths.out.join(INVENTORY), &inventory)?;
    write(&paths.out.join(INDEX), &index)?;
    if let Some(witness) = &summary.witness {
        let path = paths.out.join(WITNESS);
        let json = serde_json::to_vec(witness).map_err(io::Error::from);
        let json =
            json.map_err(|source| ScanError::Write { path: path.display().to_string(), source })?;
        write(&path, &json)?;
    }
    Ok(summary)
}

type Output = (Vec<u8>, Vec<u8>, ScanSummary);

fn scan_view(
    path: &Path,
    parent: Option<Result<Lines, ParentError>>,
    index: Option<Index>,
    factory: &ScannerFactory<'_>,
) -> Result<Output, ScanError> {
    let tree = open(path)?;
    let index = index.filter(|_| tree.is_overlay());
    let (from, parent_use) = match (&parent, &index) {
        (Some(Ok(lines)), Some(index)) => (Some(Parent { lines, index }), ParentUse::Used),
        (Some(Ok(_)), None) => (None, ParentUse::NoIndex),
        _ => (None, ParentUse::None),
    };
    let mut summary = ScanSummary::new(parent_use);
    let purpose = Purpose { parent: from, ..Purpose::default() };
    let meter = Meter::new(&|_| {}, None);
    let walked = walk(&tree, purpose, &Workers::new(Some(factory)), &meter)?;
    summary.add(&walked);
    let Walked { pieces, index, witness, .. } = walked;
    summary.witness = witness;
    let (inventory, n_lines) = assemble(pieces);
    summary.n_lines = n_lines;
    if let Some(Err(error)) = parent {
        summary.parent = ParentUse::Refused(error);
    }
    Ok((inventory, index, summary))
}

/// Only trees laid over the parent: it is all that is known of what lies below.
fn start_from(
    parent: Option<Result<Lines, ParentError>>,
    index: Option<Index>,
) -> Result<Output, ScanError> {
    let parent_use = if parent.is_some() { ParentUse::Used } else { ParentUse::None };
    let lines = parent.transpose().map_err(ScanError::Parent)?.unwrap_or_default();
    // The index still describes the directories that the trees do not touch; the next scan sees
    // which ones those are.
    let index = index.map_or_else(index::empty, |it| it.as_bytes().to_vec());
    let (inventory, n_lines) = assemble(lines.iter().map(|it| it.1).collect());
    Ok((inventory, index, ScanSummary { n_lines, ..ScanSummary::new(parent_use) }))
}

fn open(path: &Path) -> Result<Tree, ScanError> {
    Tree::open(path).map_err(|source| ScanError::Open { path: path.display().to_string(), source })
}

/// Writes under another name first: a scan that is killed leaves no file that looks complete.
fn write(path: &Path, bytes: &[u8]) -> Result<(), ScanError> {
    let partial = path.with_extension("partial");
    fs::write(&partial, bytes)
        .and_then(|()| fs::rename(&partial, path))
        .map_err(|source| ScanError::Write { path: path.display().to_string(), source })
}

impl ScanSummary {
    fn new(parent: ParentUse) -> Self {
        Self { n_lines: 0, n_files: 0, n_bytes: 0, n_listed: 0, parent, witness: None }
    }

    fn add(&mut self, walked: &Walked<'_>) {
        self.n_files += walked.n_files;
        self.n_bytes += walked.n_bytes;
        self.n_listed += walked.n_listed;
    }
}

#[cfg(test)]
mod every_analyzer;
#[cfg(test)]
mod tests;
