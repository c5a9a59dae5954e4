//! Package formats: the bytes of one file in, its facts out.
//!
//! One file per format, each a constant in [`ANALYZERS`]. They are pure: no other file, no clock,
//! no environment. What they read is hostile, so one bad record gives a note and never hides the
//! records around it, and a note never repeats what the file says.

mod deb822;
mod found;
mod input;
mod json;
mod listing;
mod text;
mod url;
mod want;

mod apk;
mod beam;
mod binary;
mod bottlerocket;
mod busybox_distro;
mod chisel;
mod conda;
mod cos;
mod deb_copyright;
mod deb_copyright_link;
mod distro_files;
mod dotnet;
mod dpkg;
mod dpkg_files;
mod gem;
mod git;
mod homebrew;
mod java;
mod javascript;
mod julia;
mod jupyter;
mod luarocks;
mod models;
mod nix;
mod nvidia;
mod opkg;
mod os_release;
mod pacman;
mod perl;
mod php;
mod portage;
mod python;
mod r_package;
mod redhat_build;
mod rpm;
mod rpm_manifest;
mod rpm_package;
mod runtime;
mod sbom;
mod spack;
mod ubuntu_pro;
mod unsafe_model;
mod wordpress;

use crate::model::{Component, LayerPath};

pub use found::Found;
pub use input::{Input, Unread};
pub use sbom::component_of_purl;
pub use want::{
    DirectoryWants, HEAD, Magic, Set, Want, magic, may_sniff, wanting, wanting_directory,
    wanting_head, wanting_link,
};

use binary::{classifier, executable};
use conda::conda_meta;
use dotnet::{assembly, bundle, dotnet_deps, runtimeconfig};
use found::Owning;
use java::{jar, jvm, native_image, unpacked};
use javascript::{asar, bower, npm, yarn};
use jupyter::{jupyter_kernel, labextension};
use models::{
    gguf, hub_cache, hub_link, keras_model, model_card, ollama, onnx, pytorch_model, safetensors,
    tensorflow_model, tensorrt_engine,
};
use nvidia::{accelerator, cuda_header, cuda_library, cuda_program, cuda_version};
use perl::{cpan, perllocal};
use php::{composer, pear};
use python::{
    dist_metadata, dist_metadata_link, dist_origin, dist_record, egg_link, venv, wheel_sbom, zipapp,
};
use sbom::{bitnami, document};
use unsafe_model::{keras, numpy, pickle, savedmodel, torch};

/// Every built-in analyzer, sorted by id.
pub const ANALYZERS: &[Analyzer] = &[
    accelerator::ANALYZER,
    apk::ANALYZER,
    asar::ANALYZER,
    beam::ANALYZER,
    bitnami::ANALYZER,
    bottlerocket::ANALYZER,
    bower::ANALYZER,
    busybox_distro::ANALYZER,
    chisel::ANALYZER,
    classifier::ANALYZER,
    composer::ANALYZER,
    conda_meta::ANALYZER,
    cos::ANALYZER,
    cpan::ANALYZER,
    cuda_header::ANALYZER,
    cuda_library::ANALYZER,
    cuda_program::ANALYZER,
    cuda_version::ANALYZER,
    deb_copyright::ANALYZER,
    deb_copyright_link::ANALYZER,
    distro_files::ANALYZER,
    dotnet_deps::ANALYZER,
    assembly::ANALYZER,
    bundle::ANALYZER,
    runtimeconfig::ANALYZER,
    dpkg::ANALYZER,
    dpkg_files::ANALYZER,
    executable::ANALYZER,
    gem::ANALYZER,
    gguf::ANALYZER,
    git::ANALYZER,
    homebrew::ANALYZER,
    hub_cache::ANALYZER,
    hub_link::ANALYZER,
    jar::ANALYZER,
    unpacked::ANALYZER,
    julia::ANALYZER,
    jupyter_kernel::ANALYZER,
    jvm::ANALYZER,
    keras::ANALYZER,
    keras_model::ANALYZER,
    labextension::ANALYZER,
    luarocks::ANALYZER,
    model_card::ANALYZER,
    native_image::ANALYZER,
    nix::ANALYZER,
    npm::ANALYZER,
    numpy::ANALYZER,
    ollama::ANALYZER,
    onnx::ANALYZER,
    opkg::ANALYZER,
    os_release::ANALYZER,
    pacman::ANALYZER,
    pear::ANALYZER,
    perllocal::ANALYZER,
    pickle::ANALYZER,
    portage::ANALYZER,
    dist_metadata::ANALYZER,
    zipapp::ANALYZER,
    egg_link::ANALYZER,
    dist_metadata_link::ANALYZER,
    dist_origin::ANALYZER,
    dist_record::ANALYZER,
    venv::ANALYZER,
    pytorch_model::ANALYZER,
    r_package::ANALYZER,
    redhat_build::ANALYZER,
    rpm::ANALYZER,
    rpm_manifest::ANALYZER,
    runtime::ANALYZER,
    safetensors::ANALYZER,
    savedmodel::ANALYZER,
    document::ANALYZER,
    spack::ANALYZER,
    tensorflow_model::ANALYZER,
    tensorrt_engine::ANALYZER,
    torch::ANALYZER,
    ubuntu_pro::ANALYZER,
    wheel_sbom::ANALYZER,
    wordpress::ANALYZER,
    yarn::ANALYZER,
];

/// The most of a file that an analyzer takes into memory as a whole.
pub const MAX_FILE: u64 = 64 << 20;

/// How one format is recognized and read.
#[derive(Debug)]
pub struct Analyzer {
    pub id: &'static str,
    /// Which files it is about; one of these must fit.
    pub wants: &'static [Want],
    /// Looks at the whole path of a file that fits.
    pub accepts: fn(&LayerPath) -> bool,
    /// It reads symlinks, and no regular file.
    pub links: bool,
    /// It judges directories by their path, and reads no file; the content is empty.
    pub directories: bool,
    /// It also reads what lies unpacked in a package cache of conda, which is not in use.
    pub caches: bool,
    pub read: fn(&Input<'_>) -> Result<Found, Unread>,
}

impl Analyzer {
    /// What the constants start from: any path, and nothing to be found.
    const BASE: Self = Self {
        id: "",
        wants: &[],
        accepts: |_| true,
        links: false,
        directories: false,
        caches: false,
        read: |_| Ok(Found::default()),
    };
}

/// Reads one file with one analyzer; its notes begin with the analyzer's id.
pub fn analyze(analyzer: &Analyzer, input: &Input<'_>) -> Result<Found, Unread> {
    let mut found = (analyzer.read)(input)?;
    let parts: Vec<Component> = found.components.iter().filter_map(nvidia::of_package).collect();
    found.components.extend(parts);
    let mut found = found.finish();
    for note in &mut found.notes {
        *note = format!("{}: {note}", analyzer.id);
    }
    Ok(found)
}

/// What comes before `suffix`, the path of a file in a root file system: empty, or the directory
/// that holds another root. `None` if the path does not end so.
fn root_of<'a>(path: &'a LayerPath, suffix: &str) -> Option<&'a str> {
    let root = path.as_str().strip_suffix(suffix)?;
    if root.is_empty() { Some(root) } else { root.strip_suffix('/') }
}

#[cfg(test)]
pub(crate) mod tests;
