//! The documents of an image: index, manifest, config, and what `docker save` adds.
//!
//! Formats: <https://github.com/opencontainers/image-spec>, and the Docker image specification 1.2 for
//! `manifest.json`. Only what is used is read; what is unknown is passed over.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Digest;

/// An index or a manifest: which of the two shows only by what it holds.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Manifest {
    pub(super) schema_version: Option<u64>,
    #[serde(default)]
    pub(super) manifests: Option<Vec<Descriptor>>,
    pub(super) config: Option<Descriptor>,
    #[serde(default)]
    pub(super) layers: Vec<Descriptor>,
    /// Of what is no image.
    pub(super) artifact_type: Option<String>,
}

/// What refers to a blob.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    #[serde(default)]
    pub(super) media_type: String,
    pub(super) digest: Digest,
    pub(super) size: Option<u64>,
    pub(super) platform: Option<PlatformText>,
    #[serde(default)]
    pub(super) annotations: Option<BTreeMap<String, String>>,
    pub(super) artifact_type: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct PlatformText {
    #[serde(default)]
    pub(super) os: String,
    #[serde(default)]
    pub(super) architecture: String,
    #[serde(default)]
    pub(super) variant: Option<String>,
}

/// The config of an image.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Config {
    #[serde(flatten)]
    pub(super) platform: PlatformText,
    #[serde(default)]
    pub(super) rootfs: Option<RootFs>,
    #[serde(default)]
    pub(super) history: Option<Vec<HistoryText>>,
    #[serde(default, rename = "config")]
    pub(super) run: Option<Run>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct RootFs {
    #[serde(default)]
    pub(super) diff_ids: Option<Vec<Digest>>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct HistoryText {
    #[serde(default)]
    pub(super) created_by: Option<String>,
    #[serde(default)]
    pub(super) empty_layer: Option<bool>,
}

/// How the image is run.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Run {
    #[serde(default)]
    pub(super) env: Option<Vec<String>>,
    #[serde(default)]
    pub(super) labels: Option<BTreeMap<String, String>>,
}

/// An image in `manifest.json`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Saved {
    pub(super) config: String,
    #[serde(default)]
    pub(super) repo_tags: Option<Vec<String>>,
    #[serde(default)]
    pub(super) layers: Option<Vec<String>>,
}
