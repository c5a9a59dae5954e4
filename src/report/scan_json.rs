//! A scan as one JSON document, for programs. README.md tells what each field means.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::scanned::{FoundSecret, Layer, Scanned, change};
use crate::fold::{Change, Evidence, Package, UnsafeFile};
use crate::model::{Component, Distro, SourcePackage, Standing};
use crate::secrets;

/// Changes with every change of meaning. A new field is none.
const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    layergate: &'static str,
    target: TargetOut<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    distro: Option<&'a Distro>,
    layers: Vec<LayerOut<'a>>,
    packages: Vec<PackageOut<'a>>,
    unsafe_files: Vec<UnsafeFileOut<'a>>,
    secrets: Vec<SecretOut<'a>>,
    notes: Vec<NoteOut<'a>>,
}

#[derive(Serialize)]
struct TargetOut<'a> {
    path: &'a str,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    config: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<&'a str>,
}

#[derive(Serialize)]
struct LayerOut<'a> {
    number: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    diff_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by: Option<&'a str>,
    changes: Vec<ChangeOut<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lost_databases: Vec<String>,
}

#[derive(Serialize)]
struct ChangeOut<'a> {
    change: &'static str,
    #[serde(flatten)]
    package: NameOut<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'a str>,
    path: String,
}

#[derive(Serialize)]
struct NameOut<'a> {
    #[serde(rename = "type")]
    kind: String,
    name: &'a str,
    version: &'a str,
}

#[derive(Serialize)]
struct PackageOut<'a> {
    #[serde(flatten)]
    name: NameOut<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purl: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a SourcePackage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arch: Option<&'a str>,
    standing: Standing,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    licenses: &'a [String],
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    properties: &'a BTreeMap<String, String>,
    evidence: Vec<EvidenceOut<'a>>,
}

#[derive(Serialize)]
struct EvidenceOut<'a> {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    within: Option<&'a str>,
    layer: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    owned_by: Option<NameOut<'a>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    deleted: bool,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    about: &'a BTreeMap<String, String>,
}

#[derive(Serialize)]
struct UnsafeFileOut<'a> {
    kind: &'static str,
    severity: crate::model::Severity,
    what: &'a str,
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    within: Option<&'a str>,
    layer: usize,
}

#[derive(Serialize)]
struct SecretOut<'a> {
    rule: &'a str,
    title: &'a str,
    severity: crate::model::Severity,
    place: String,
    line: u64,
    preview: String,
    fingerprint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    layer: Option<usize>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    deleted: bool,
}

#[derive(Serialize)]
struct NoteOut<'a> {
    place: String,
    note: &'a str,
}

/// Writes the document and a line end.
pub fn scan_json(scanned: &Scanned, out: &mut dyn Write) -> io::Result<()> {
    let image = scanned.target.image.as_ref();
    let document = Document {
        schema: SCHEMA,
        layergate: env!("CARGO_PKG_VERSION"),
        target: TargetOut {
            path: &scanned.target.path,
            kind: if image.is_some() { "image" } else { "directory" },
            name: image.and_then(|it| it.name.as_deref()),
            digest: image.and_then(|it| it.digest.as_deref()),
            config: image.and_then(|it| it.config.as_deref()),
            platform: image.and_then(|it| it.platform.as_deref()),
        },
        distro: scanned.distro.as_ref(),
        layers: scanned.layers.iter().enumerate().map(layer).collect(),
        packages: scanned.packages.iter().map(package).collect(),
        unsafe_files: scanned.unsafe_files.iter().map(unsafe_file).collect(),
        secrets: scanned.secrets.iter().map(secret).collect(),
        notes: scanned
            .notes
            .iter()
            .map(|(place, note)| NoteOut { place: place.to_string(), note })
            .collect(),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    out.write_all(b"\n")
}

fn layer((number, layer): (usize, &Layer)) -> LayerOut<'_> {
    LayerOut {
        number,
        digest: layer.digest.as_deref(),
        diff_id: layer.diff_id.as_deref(),
        created_by: layer.created_by.as_deref(),
        changes: layer.changes.iter().map(change_out).collect(),
        lost_databases: layer.lost.iter().map(ToString::to_string).collect(),
    }
}

fn change_out(it: &Change) -> ChangeOut<'_> {
    let (change, from) = change(&it.what);
    ChangeOut { change, package: name(&it.component), from, path: it.path.to_string() }
}

fn name(component: &Component) -> NameOut<'_> {
    let kind = component.ecosystem.word();
    NameOut { kind, name: &component.name, version: &component.version }
}

fn package(it: &Package) -> PackageOut<'_> {
    let component = &it.component;
    PackageOut {
        name: name(component),
        purl: it.purl.as_deref(),
        source: component.source.as_ref(),
        arch: component.arch.as_deref(),
        standing: component.standing,
        licenses: &component.licenses,
        properties: &component.properties,
        evidence: it.evidence.iter().map(evidence).collect(),
    }
}

fn evidence(it: &Evidence) -> EvidenceOut<'_> {
    EvidenceOut {
        path: it.path.to_string(),
        within: it.within.as_deref(),
        layer: it.since.step,
        owned_by: it.owner.as_ref().map(name),
        deleted: it.is_lost,
        about: &it.about,
    }
}

fn unsafe_file(it: &UnsafeFile) -> UnsafeFileOut<'_> {
    UnsafeFileOut {
        kind: it.hazard.kind.id(),
        severity: it.hazard.severity,
        what: &it.hazard.what,
        path: it.path.to_string(),
        within: it.hazard.within.as_deref(),
        layer: it.since.step,
    }
}

fn secret(it: &FoundSecret) -> SecretOut<'_> {
    let rule = it.hit.rule.as_str();
    SecretOut {
        rule,
        title: secrets::rule(rule).map_or(rule, |it| it.title),
        severity: secrets::severity(rule),
        place: it.place.to_string(),
        line: it.hit.line,
        preview: it.hit.preview.to_string(),
        fingerprint: it.hit.fingerprint.to_string(),
        layer: it.layer,
        deleted: it.is_deleted,
    }
}
