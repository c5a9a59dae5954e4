//! The manifest of an artifact of one file.
//!
//! Specification: <https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md>, "Guidelines for
//! Artifact Usage".

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::checks::is_sha256;
use crate::error::Problem;

pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(super) const EMPTY: &str = "application/vnd.oci.empty.v1+json";
/// The configuration of what has none, and its digest.
pub(super) const EMPTY_BYTES: &[u8] = b"{}";
pub(super) const EMPTY_DIGEST: &str =
    "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    pub(super) media_type: String,
    pub(super) digest: String,
    pub(super) size: u64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) annotations: BTreeMap<String, String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Manifest {
    pub(super) schema_version: u32,
    #[serde(default)]
    pub(super) media_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) artifact_type: Option<String>,
    pub(super) config: Descriptor,
    pub(super) layers: Vec<Descriptor>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) annotations: BTreeMap<String, String>,
}

impl Manifest {
    /// Of one file.
    pub(super) fn new(
        artifact_type: &str,
        layer: Descriptor,
        annotations: BTreeMap<String, String>,
    ) -> Self {
        let config = Descriptor {
            media_type: EMPTY.to_owned(),
            digest: EMPTY_DIGEST.to_owned(),
            size: EMPTY_BYTES.len() as u64,
            ..Descriptor::default()
        };
        Self {
            schema_version: 2,
            media_type: MANIFEST.to_owned(),
            artifact_type: Some(artifact_type.to_owned()),
            config,
            layers: vec![layer],
            annotations,
        }
    }

    /// The one file of an artifact of this type.
    pub(super) fn only_layer(bytes: &[u8], artifact_type: &str) -> Result<Self, Problem> {
        let broken = |why: String| Err(Problem::Protocol(why));
        let manifest: Self = match serde_json::from_slice(bytes) {
            Ok(manifest) => manifest,
            Err(error) => return broken(format!("its manifest cannot be read: {error}")),
        };
        // Registries that do not know of artifact types leave it to the layer.
        let is_of_type = match &manifest.artifact_type {
            Some(it) => it == artifact_type,
            None => manifest.layers.first().is_some_and(|it| it.media_type == artifact_type),
        };
        if !is_of_type {
            let found = manifest.artifact_type.as_deref().unwrap_or("an image");
            let found: String = found.chars().filter(|it| !it.is_control()).take(100).collect();
            return broken(format!("it is {found}, not {artifact_type}"));
        }
        let [layer] = &manifest.layers[..] else {
            return broken(format!("it has {} layers instead of one", manifest.layers.len()));
        };
        if !layer.digest.strip_prefix("sha256:").is_some_and(is_sha256) {
            return broken("its layer has no SHA-256".to_owned());
        }
        Ok(manifest)
    }
}

#[cfg(test)]
mod tests {
    use super::{EMPTY_BYTES, EMPTY_DIGEST, Manifest};
    use crate::checks::Sums;

    #[test]
    fn the_empty_configuration_has_its_digest() {
        let sums = Sums::of(&mut &*EMPTY_BYTES).unwrap();
        assert_eq!(format!("sha256:{}", sums.sha256), EMPTY_DIGEST);
    }

    #[test]
    fn only_an_artifact_of_one_layer_of_the_right_type_is_taken() {
        let layer =
            |digest: &str| format!(r#"{{"mediaType": "a/b", "digest": "{digest}", "size": 1}}"#);
        let digest = format!("sha256:{}", "0".repeat(64));
        let read = |kind: &str, layers: &[String]| {
            let json = format!(
                r#"{{"schemaVersion": 2, {kind} "config": {}, "layers": [{}]}}"#,
                layer(&digest),
                layers.join(",")
            );
            Manifest::only_layer(json.as_bytes(), "a/b").map(|_| ()).map_err(|it| it.to_string())
        };
        assert_eq!(read(r#""artifactType": "a/b","#, &[layer(&digest)]), Ok(()));
        assert_eq!(read("", &[layer(&digest)]), Ok(()));
        assert!(
            read(r#""artifactType": "c/d","#, &[layer(&digest)])
                .unwrap_err()
                .ends_with("it is c/d, not a/b")
        );
        assert!(read(r#""artifactType": "a/b","#, &[]).is_err());
        assert!(read("", &[layer("sha256:../..")]).is_err());
        assert!(Manifest::only_layer(b"<html>", "a/b").is_err());
    }
}
