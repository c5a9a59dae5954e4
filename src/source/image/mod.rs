//! Images outside an engine: what `docker save` writes, OCI layouts, and those as archives.
//!
//! Nothing is unpacked. A directory, and an archive that can be gone back in, is opened by its
//! documents, and layers are read where they lie ([`Image`]). Any other archive is read once, from
//! front to back ([`Once`]). Every blob is hashed as it is read.
//!
//! All of it is hostile: documents are bounded, links are followed by name within the archive, and
//! what a document says reaches people only as plain text.

mod digest;
mod docker;
mod document;
mod layer;
mod oci;
mod once;
mod platform;
mod store;

#[cfg(test)]
pub(crate) mod made;
#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::path::Path;

use thiserror::Error;

pub use digest::Digest;
pub use layer::{Counter, Hashes, LayerStream};
pub use once::{Coming, Once, Passing};
pub use platform::Platform;
pub use store::Part;

use super::Tree;
use crate::format::FormatError;
use crate::format::compression::{self, Compression};
use crate::format::tar;
use crate::model::Content as _;
use document::{Config, Descriptor, RootFs};
use layer::Checks;
use store::{Found, Store, shown};

/// Docker's limit is 127; a manifest of 4 MiB has room for some 20,000.
const MAX_LAYERS: usize = 1000;

/// Which image is meant, where there are several.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// A name, or the beginning of a digest.
    pub name: Option<String>,
    /// Linux on this machine's architecture, or else the only one, if none is given.
    pub platform: Option<Platform>,
}

/// What is at a path.
#[derive(Debug)]
pub enum Opened {
    Image(Box<Image>),
    Once(Once),
}

/// An image whose layers can be read in any order, and again.
#[derive(Debug)]
pub struct Image {
    pub facts: ImageFacts,
    store: Store,
}

/// What the documents say of an image.
#[derive(Clone, Debug)]
pub struct ImageFacts {
    /// Of the manifest; what `docker save` wrote before version 25 has none.
    pub digest: Option<Digest>,
    pub config: ImageConfig,
    /// The lowest first.
    pub layers: Vec<Layer>,
    /// What is not there, in words for people.
    pub notes: Vec<String>,
}

/// How the image was made and is to be run. It may hold secrets: they are not looked for here.
#[derive(Clone, Debug, Default)]
pub struct ImageConfig {
    pub digest: Option<Digest>,
    pub platform: Option<Platform>,
    /// One entry for each instruction, where the builder wrote it.
    pub history: Vec<History>,
    pub env: Vec<String>,
    pub labels: Vec<(String, String)>,
}

/// One instruction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    pub created_by: String,
    /// The layer it left, counted from 0; none if it changed no file.
    pub layer: Option<usize>,
}

/// One layer.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Of the bytes as they are stored.
    pub digest: Option<Digest>,
    /// Of the archive in them.
    pub diff_id: Option<Digest>,
    /// The instruction that made it.
    pub created_by: Option<String>,
    /// As it is stored.
    pub size: u64,
    found: Option<Found>,
}

/// There is no image, or it is not whole.
#[derive(Debug, Error)]
pub enum ImageError {
    #[error("cannot open {path}")]
    Open { path: String, source: io::Error },
    #[error("this is no image: {0}")]
    NoImage(&'static str),
    #[error("the archive cannot be read")]
    Archive(#[from] FormatError),
    #[error("cannot read {name} in the image")]
    Blob { name: String, source: io::Error },
    #[error("line {line}, column {column} of {name} is not what an image has there")]
    Document { name: String, line: usize, column: usize },
    #[error("{name} is too large for a document of an image, limit {limit} bytes")]
    LargeDocument { name: String, limit: u64 },
    #[error("{what} is not whole: its digest is {actual}, and should be {expected}")]
    Digest { what: String, expected: Digest, actual: Digest },
    #[error("the image lacks {what}")]
    Missing { what: String },
    #[error("there are several images; name one of: {}", there.join(", "))]
    Several { there: Vec<String> },
    #[error("there is no image {name}; there are: {}", there.join(", "))]
    NotNamed { name: String, there: Vec<String> },
    #[error("there is no image for {platform}; there are: {}", there.join(", "))]
    NoPlatform { platform: String, there: Vec<String> },
    #[error("layer {number} is of a kind that cannot be scanned: {what}")]
    LayerKind { number: usize, what: String },
    #[error("config and manifest disagree on the number of layers")]
    Layers,
}

/// Whether there is an image at `path`, and not just a tree of files.
pub fn is_image(path: &Path) -> bool {
    path.as_os_str() == "-"
        || !path.is_dir()
        || ["oci-layout", "index.json"].iter().all(|it| path.join(it).is_file())
}

/// Opens the image at `path`; `-` is standard input.
pub fn open(path: &Path, wanted: &Wanted) -> Result<Opened, ImageError> {
    let failed = |source| ImageError::Open { path: path.display().to_string(), source };
    if path.as_os_str() == "-" {
        return Ok(Opened::Once(Once { path: None, can_repeat: false, size: None }));
    }
    let kind = fs::metadata(path).map_err(failed)?.file_type();
    let store = if kind.is_dir() {
        Store::Directory(Tree::open(path).map_err(failed)?)
    } else if kind.is_file() {
        let file = store::open_file(path).map_err(failed)?;
        let mut head = [0; compression::HEAD];
        let n = file.read_at(0, &mut head).map_err(failed)?;
        let head = head.get(..n).unwrap_or_default();
        match Compression::of(head) {
            Compression::Gzip | Compression::Zstd => {
                let (path, size) = (Some(path.to_owned()), Some(file.size()));
                return Ok(Opened::Once(Once { path, can_repeat: true, size }));
            }
            Compression::Other(name) => return Err(FormatError::Compression(name).into()),
            Compression::Plain if tar::begins_archive(head) => {}
            Compression::Plain => {
                return Err(ImageError::NoImage("it is neither a directory nor an archive"));
            }
        }
        Store::of_archive(file)?
    } else {
        let path = Some(path.to_owned());
        return Ok(Opened::Once(Once { path, can_repeat: false, size: None }));
    };
    Ok(Opened::Image(Box::new(Image { facts: resolve(&store, wanted)?, store })))
}

impl Image {
    /// Opens layer `number`, counted from 0; `None` if it is one that need not be there. Only what is
    /// read to its end can be checked.
    pub fn layer(
        &self,
        number: usize,
        is_checked: bool,
    ) -> Result<Option<LayerStream<'_>>, ImageError> {
        let layer = self.facts.layers.get(number);
        let Some((layer, found)) = layer.and_then(|it| Some((it, it.found.as_ref()?))) else {
            return Ok(None);
        };
        let checks = Checks {
            stored: layer.digest.as_ref().map(Digest::algorithm).filter(|_| is_checked),
            unpacked: layer.digest.is_none() && layer.diff_id.is_some() && is_checked,
        };
        Ok(Some(LayerStream::new(self.store.open(found)?, checks)?))
    }
}

impl Layer {
    /// What the layer's bytes go by in the image; equal layers go by one name.
    pub fn place(&self) -> Option<&str> {
        self.found.as_ref().map(|it| it.name.as_str())
    }
}

impl Passing {
    /// What the documents that came by say of the image.
    pub fn finish(self, wanted: &Wanted) -> Result<ImageFacts, ImageError> {
        resolve(&self.into_store(), wanted)
    }
}

/// Reads the documents of the image that is wanted.
fn resolve(store: &Store, wanted: &Wanted) -> Result<ImageFacts, ImageError> {
    let index = store.document("index.json", None)?;
    let saved = store.document("manifest.json", None)?;
    let chosen = index.map(|it| oci::choose(store, &it, wanted));
    let facts = match (chosen, saved) {
        // An engine may have listed what it did not save.
        (None | Some(Err(ImageError::Missing { .. } | ImageError::NoImage(_))), Some(saved)) => {
            of_saved(store, &docker::choose(&saved, wanted)?)?
        }
        (Some(chosen), _) => {
            let (digest, manifest) = chosen?;
            of_manifest(store, digest, manifest)?
        }
        (None, None) => {
            return Err(ImageError::NoImage("it has neither index.json nor manifest.json"));
        }
    };
    match (&wanted.platform, &facts.config.platform) {
        (Some(platform), Some(there)) if !platform.fits(there) => Err(ImageError::NoPlatform {
            platform: platform.to_string(),
            there: vec![there.to_string()],
        }),
        _ => Ok(facts),
    }
}

fn of_manifest(
    store: &Store,
    digest: Digest,
    manifest: document::Manifest,
) -> Result<ImageFacts, ImageError> {
    let of_config = manifest.config.map(|it| it.digest);
    let of_config = of_config.ok_or(ImageError::NoImage("its manifest names no config"))?;
    let config = store.document(&of_config.path(), Some(&of_config))?;
    let missing = || ImageError::Missing { what: format!("the config {of_config}") };
    let config: Config = oci::parse(&config.ok_or_else(missing)?, &of_config.path())?;
    let mut notes = Vec::new();
    let layers = manifest.layers.iter().enumerate();
    let layers = layers.map(|(at, it)| of_descriptor(store, at + 1, it, &mut notes));
    let layers = layers.take(MAX_LAYERS + 1).collect::<Result<Vec<_>, _>>()?;
    Ok(ImageFacts { notes, ..facts(Some(digest), Some(of_config), config, layers)? })
}

fn of_descriptor(
    store: &Store,
    number: usize,
    descriptor: &Descriptor,
    notes: &mut Vec<String>,
) -> Result<Layer, ImageError> {
    let Descriptor { media_type, digest, size, .. } = descriptor;
    let is_tar = media_type.is_empty() || media_type.contains("tar");
    if !is_tar || media_type.contains("encrypted") {
        return Err(ImageError::LayerKind { number, what: shown(media_type) });
    }
    let found = store.find(&digest.path())?;
    if found.is_none() {
        if !media_type.contains("foreign") && !media_type.contains("nondistributable") {
            return Err(ImageError::Missing { what: format!("layer {number}, {digest}") });
        }
        notes.push(format!("layer {number} is kept elsewhere and was not scanned: {digest}"));
    }
    let size = found.as_ref().map_or(size.unwrap_or_default(), |it| it.size);
    Ok(Layer { digest: Some(digest.clone()), diff_id: None, created_by: None, size, found })
}

fn of_saved(store: &Store, saved: &document::Saved) -> Result<ImageFacts, ImageError> {
    let missing = |what: String| ImageError::Missing { what };
    let name = store::name_of(saved.config.as_bytes()).unwrap_or_default();
    let hex = name.strip_suffix(".json").unwrap_or(&name);
    let digest = [name.clone(), format!("sha256:{hex}")];
    let digest = Digest::of_path(&name).or_else(|| digest.iter().find_map(|it| Digest::parse(it)));
    let config = store.document(&name, digest.as_ref())?;
    let config: Config =
        oci::parse(&config.ok_or_else(|| missing(format!("the config {}", shown(&name))))?, &name)?;
    let mut layers = Vec::new();
    for name in saved.layers.iter().flatten().take(MAX_LAYERS + 1) {
        let place = store::name_of(name.as_bytes()).unwrap_or_default();
        let found = store.find(&place)?;
        let found = found.ok_or_else(|| missing(format!("the layer {}", shown(name))))?;
        let digest = Digest::of_path(&found.name);
        layers.push(Layer {
            digest,
            diff_id: None,
            created_by: None,
            size: found.size,
            found: Some(found),
        });
    }
    facts(None, digest, config, layers)
}

/// Puts together what the documents say.
fn facts(
    digest: Option<Digest>,
    of_config: Option<Digest>,
    config: Config,
    mut layers: Vec<Layer>,
) -> Result<ImageFacts, ImageError> {
    if layers.len() > MAX_LAYERS {
        return Err(ImageError::NoImage("it has too many layers"));
    }
    let Config { platform, rootfs, history, run } = config;
    let diff_ids = rootfs.and_then(|RootFs { diff_ids }| diff_ids);
    if let Some(diff_ids) = diff_ids {
        if diff_ids.len() != layers.len() {
            return Err(ImageError::Layers);
        }
        for (layer, diff_id) in layers.iter_mut().zip(diff_ids) {
            layer.diff_id = Some(diff_id);
        }
    }
    let mut numbers = 0..layers.len();
    let mut entries = Vec::new();
    for entry in history.unwrap_or_default() {
        let created_by = entry.created_by.unwrap_or_default();
        let is_empty = entry.empty_layer.unwrap_or_default();
        let layer = if is_empty { None } else { numbers.next() };
        if let Some(layer) = layer.and_then(|it| layers.get_mut(it)) {
            layer.created_by = Some(created_by.clone());
        }
        entries.push(History { created_by, layer });
    }
    let run = run.unwrap_or_default();
    let config = ImageConfig {
        digest: of_config,
        platform: (!platform.os.is_empty()).then(|| Platform::of(&platform)),
        history: entries,
        env: run.env.unwrap_or_default(),
        labels: run.labels.into_iter().flatten().collect(),
    };
    Ok(ImageFacts { digest, config, layers, notes: Vec::new() })
}
