//! Which of the images of an OCI layout is meant: by name, then by platform.
//!
//! An index lists manifests and other indexes. Attestations and other artifacts are listed beside
//! the images that they are about, and are passed over. Manifests that are listed without being
//! there are usual: an engine saves what it has of an image for several platforms.

use std::collections::BTreeMap;

use super::document::{Descriptor, Manifest, PlatformText};
use super::store::{Store, shown};
use super::{Digest, ImageError, Platform, Wanted, docker};

/// Indexes within indexes.
const MAX_DEPTH: usize = 8;

/// Manifests of all indexes together.
const MAX_MANIFESTS: usize = 10_000;

const NAMES: [&str; 2] = ["io.containerd.image.name", "org.opencontainers.image.ref.name"];

/// An image that is listed.
#[derive(Debug)]
struct Listed {
    digest: Digest,
    platform: Option<Platform>,
    /// Where it is there.
    manifest: Option<Manifest>,
}

/// What a layout has under one name, or without any.
#[derive(Debug, Default)]
struct Group {
    /// Of what the layout's own index lists.
    digests: Vec<Digest>,
    names: Vec<String>,
    listed: Vec<Listed>,
}

/// Finds the manifest of the image that is wanted.
pub(super) fn choose(
    store: &Store,
    index: &[u8],
    wanted: &Wanted,
) -> Result<(Digest, Manifest), ImageError> {
    let index: Manifest = parse(index, "index.json")?;
    let mut groups: BTreeMap<Option<String>, Group> = BTreeMap::new();
    let mut left = MAX_MANIFESTS;
    for descriptor in index.manifests.unwrap_or_default() {
        if is_beside(&descriptor) {
            continue;
        }
        let name = name_of(&descriptor);
        let group = groups.entry(name.clone()).or_default();
        group.digests.push(descriptor.digest.clone());
        group.names.extend(name);
        list(store, descriptor, MAX_DEPTH, &mut left, &mut group.listed)?;
    }
    // One image under several names is one image.
    let mut images: Vec<Group> = Vec::new();
    for group in groups.into_values().filter(|it| !it.listed.is_empty()) {
        match images.iter_mut().find(|it| it.digests == group.digests) {
            Some(same) => same.names.extend(group.names),
            None => images.push(group),
        }
    }
    of_platform(named(images, wanted)?, wanted)
}

/// Lists the images that a descriptor leads to.
fn list(
    store: &Store,
    descriptor: Descriptor,
    depth: usize,
    left: &mut usize,
    into: &mut Vec<Listed>,
) -> Result<(), ImageError> {
    *left = left.checked_sub(1).ok_or(ImageError::NoImage("it lists too many manifests"))?;
    let platform = descriptor.platform.as_ref().map(Platform::of);
    let Descriptor { digest, .. } = descriptor;
    let Some(bytes) = store.document(&digest.path(), Some(&digest))? else {
        into.push(Listed { digest, platform, manifest: None });
        return Ok(());
    };
    let manifest: Manifest = parse(&bytes, &digest.path())?;
    if let Some(within) = manifest.manifests {
        let depth = depth.checked_sub(1);
        let depth = depth.ok_or(ImageError::NoImage("its indexes lie too deep"))?;
        for descriptor in within.into_iter().filter(|it| !is_beside(it)) {
            list(store, descriptor, depth, left, into)?;
        }
        return Ok(());
    }
    if manifest.schema_version == Some(1) {
        return Err(ImageError::NoImage("its manifest is of the old schema 1"));
    }
    let is_image = |it: &Descriptor| it.media_type.is_empty() || it.media_type.contains("image");
    if manifest.artifact_type.is_none() && manifest.config.as_ref().is_some_and(is_image) {
        into.push(Listed { digest, platform, manifest: Some(manifest) });
    }
    Ok(())
}

/// The image of the name that is wanted, or the only one.
fn named(images: Vec<Group>, wanted: &Wanted) -> Result<Group, ImageError> {
    let names = |images: &[Group]| {
        let name = |it: &Group| {
            let digests = || it.digests.iter().map(ToString::to_string).collect();
            if it.names.is_empty() { digests() } else { it.names.clone() }
        };
        images.iter().flat_map(name).map(|it| shown(&it)).collect::<Vec<_>>()
    };
    let mut fitting = match &wanted.name {
        None => images,
        Some(name) => {
            let there = names(&images);
            let is_named = |it: &Group| {
                it.names.iter().any(|it| docker::is_name(it, name))
                    || it.digests.iter().any(|it| is_digest(it, name))
            };
            let fitting: Vec<_> = images.into_iter().filter(is_named).collect();
            if fitting.is_empty() {
                return Err(ImageError::NotNamed { name: shown(name), there });
            }
            fitting
        }
    };
    let several = names(&fitting);
    match (fitting.pop(), fitting.is_empty()) {
        (Some(only), true) => Ok(only),
        (Some(_), false) => Err(ImageError::Several { there: several }),
        (None, _) => Err(ImageError::NoImage("its index lists no image")),
    }
}

/// The image of the platform that is wanted; of the usual one, or the only one, if none is.
fn of_platform(image: Group, wanted: &Wanted) -> Result<(Digest, Manifest), ImageError> {
    let usual = Platform::usual();
    let platform = wanted.platform.as_ref().unwrap_or(&usual);
    let fits = |it: &&Listed| it.platform.as_ref().is_some_and(|it| platform.fits(it));
    let is_there = |it: &Listed| it.manifest.is_some();
    let (mut present, absent): (Vec<_>, Vec<_>) = image.listed.into_iter().partition(is_there);
    let is_several = image.digests.len() > 1
        && match present.iter().filter(fits).count() {
            0 => present.len() > 1 && present.iter().all(|it| it.platform.is_none()),
            n => n > 1,
        };
    if is_several {
        let there = image.digests.iter().map(ToString::to_string).collect();
        return Err(ImageError::Several { there });
    }
    // What is listed without a platform is told by its config.
    let may_fit = |it: &Listed| it.platform.is_none() || wanted.platform.is_none();
    let at = present.iter().position(|it| fits(&it)).or(match present.as_slice() {
        [only] if may_fit(only) => Some(0),
        _ => None,
    });
    if let Some(Listed { digest, manifest: Some(manifest), .. }) =
        at.map(|it| present.swap_remove(it))
    {
        return Ok((digest, manifest));
    }
    let missing = absent.iter().find(fits).or(absent.first().filter(|_| present.is_empty()));
    if let Some(Listed { digest, .. }) = missing {
        return Err(ImageError::Missing { what: format!("the manifest {digest}") });
    }
    let mut there: Vec<String> =
        present.iter().filter_map(|it| it.platform.as_ref()).map(ToString::to_string).collect();
    there.sort();
    there.dedup();
    Err(ImageError::NoPlatform { platform: platform.to_string(), there })
}

/// Whether it is about an image instead of being one.
fn is_beside(descriptor: &Descriptor) -> bool {
    let is_unknown = |it: &PlatformText| it.os == "unknown" && it.architecture == "unknown";
    let is_about = |it: &BTreeMap<String, String>| it.contains_key("vnd.docker.reference.type");
    descriptor.artifact_type.is_some()
        || descriptor.platform.as_ref().is_some_and(is_unknown)
        || descriptor.annotations.as_ref().is_some_and(is_about)
}

fn name_of(descriptor: &Descriptor) -> Option<String> {
    let annotations = descriptor.annotations.as_ref()?;
    NAMES.iter().find_map(|it| annotations.get(*it)).cloned()
}

fn is_digest(digest: &Digest, name: &str) -> bool {
    let hex = name.strip_prefix("sha256:").unwrap_or(name);
    hex.len() >= 12 && digest.hex().starts_with(hex)
}

/// Reads a document; an error says where it is wrong, and nothing of what it says.
pub(super) fn parse<'a, T: serde::Deserialize<'a>>(
    bytes: &'a [u8],
    name: &str,
) -> Result<T, ImageError> {
    serde_json::from_slice(bytes).map_err(|error| ImageError::Document {
        name: shown(name),
        line: error.line(),
        column: error.column(),
    })
}
