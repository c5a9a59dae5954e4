//! `layergate scan PATH`: what is in a directory or an image.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Failure;
use super::progress::Meter;
use super::secrets::Secrets;
use crate::model::{Inventory, SecretHit};
use crate::report::{self, FoundSecret, Image, Layer, Place, Scanned, Target};
use crate::scan::{self, FileScanner};
use crate::secrets;
use crate::source::image::{self, ImageConfig, ImageFacts, Platform, Wanted};

/// Lists packages, secrets and harmful files of a directory or an image.
///
/// An image is an archive as `docker save` writes it, an OCI layout or an archive of one, also packed
/// with gzip or zstd. It is read layer by layer and never unpacked. Nothing is judged: that is what a
/// build does, by its policy.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
    layergate scan ./rootfs
    layergate scan image.tar --format json --output image.json
    docker save alpine | layergate scan -")]
pub(super) struct Arguments {
    /// A directory, an image, or - for an image from standard input
    #[arg(value_name = "PATH")]
    path: PathBuf,
    /// How the result is written
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Writes to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Does not look for secrets, and opens only files that tell of packages or models
    #[arg(long)]
    no_secrets: bool,
    /// The image to scan, where an archive holds several: a name, or the beginning of a digest
    #[arg(long, value_name = "NAME")]
    image: Option<String>,
    /// The platform to scan, where an image has several: linux/arm64
    #[arg(long, value_name = "OS/ARCH", value_parser = platform)]
    platform: Option<Platform>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Table,
    Json,
}

fn platform(text: &str) -> Result<Platform, &'static str> {
    Platform::parse(text).ok_or("a platform is written as linux/amd64 or linux/arm/v7")
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    super::secrets::hide_panics();
    let scanned = scan(arguments)?;
    let write = |out: &mut dyn Write| match arguments.format {
        Format::Table => report::scan_table(&scanned, out),
        Format::Json => report::scan_json(&scanned, out),
    };
    let written = match &arguments.output {
        Some(path) => File::create(path).and_then(|file| {
            let mut out = BufWriter::new(file);
            write(&mut out).and_then(|()| out.flush())
        }),
        None => {
            let mut out = BufWriter::new(io::stdout().lock());
            write(&mut out).and_then(|()| out.flush())
        }
    };
    match written {
        // Whoever reads has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::new(&error)),
        Ok(()) => Ok(()),
    }
}

fn scan(arguments: &Arguments) -> Result<Scanned, Failure> {
    let make = || -> Box<dyn FileScanner> { Box::new(Secrets::default()) };
    let factory: Option<&scan::ScannerFactory<'_>> =
        if arguments.no_secrets { None } else { Some(&make) };
    let meter = Meter::new(io::stderr().is_terminal());
    let listener = |it| meter.show(it);
    let path = &arguments.path;
    let target = Target { path: path.display().to_string(), image: None };
    if !image::is_image(path) {
        let scanned = scan::tree(path, factory, &listener);
        meter.clear();
        let (inventory, _) = scanned.map_err(|it| Failure::new(&it))?;
        return Ok(Scanned::new(target, Vec::new(), vec![inventory]));
    }
    let wanted = Wanted { name: arguments.image.clone(), platform: arguments.platform.clone() };
    let scanned = scan::image(path, &wanted, factory, &listener);
    meter.clear();
    let scanned = scanned.map_err(|it| Failure::new(&it))?;
    let layers = scanned.facts.layers.iter().map(layer).collect();
    let mut inventories: Vec<Inventory> = Vec::new();
    for facts in &scanned.layers {
        inventories.push(facts.apply(inventories.last().cloned().unwrap_or_default()));
    }
    let target = Target { image: Some(image_of(arguments, &scanned.facts)), ..target };
    let mut report = Scanned::new(target, layers, inventories);
    report.notes.extend(scanned.facts.notes.into_iter().map(|it| (Place::Image, it)));
    if !arguments.no_secrets {
        let written = texts(&scanned.facts.config).into_iter();
        report.secrets.extend(written.flat_map(|(key, value, place)| {
            let found = secrets::scan_text(&key, &value).into_iter();
            found.map(move |hit| written_secret(hit, place.clone()))
        }));
    }
    Ok(report)
}

fn layer(layer: &image::Layer) -> Layer {
    let digest = |it: &Option<image::Digest>| it.as_ref().map(ToString::to_string);
    Layer {
        digest: digest(&layer.digest),
        diff_id: digest(&layer.diff_id),
        // It may hold a secret, as all that a builder was told.
        created_by: layer.created_by.as_deref().map(secrets::redact),
        ..Layer::default()
    }
}

fn image_of(arguments: &Arguments, facts: &ImageFacts) -> Image {
    let config = &facts.config;
    Image {
        name: arguments.image.clone(),
        digest: facts.digest.as_ref().map(ToString::to_string),
        config: config.digest.as_ref().map(ToString::to_string),
        platform: config.platform.as_ref().map(ToString::to_string),
    }
}

/// What an image carries as text: key, value and where it stands.
fn texts(config: &ImageConfig) -> Vec<(String, String, String)> {
    let env = config.env.iter().map(|it| {
        let (key, value) = it.split_once('=').unwrap_or((it, ""));
        (key.to_owned(), value.to_owned(), format!("the environment variable {key}"))
    });
    let labels = config.labels.iter();
    let labels =
        labels.map(|(key, value)| (key.clone(), value.clone(), format!("the label {key}")));
    let history = config
        .history
        .iter()
        .map(|it| (String::new(), it.created_by.clone(), "the image's history".to_owned()));
    env.chain(labels).chain(history).collect()
}

fn written_secret(hit: SecretHit, place: String) -> FoundSecret {
    FoundSecret { hit, place: Place::Text(place), layer: None, is_deleted: false }
}
