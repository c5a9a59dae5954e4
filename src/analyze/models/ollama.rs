//! Models of Ollama: `models/manifests/HOST/NAMESPACE/NAME/TAG`, a manifest as registries of
//! containers have them, and `models/blobs/sha256-DIGEST`, which are read for themselves.

use serde::Deserialize;

use super::hash::is_hex;
use crate::analyze::{Analyzer, Found, Input, Unread, Want, text};
use crate::model::{Component, Ecosystem, LayerPath};

pub(in crate::analyze) const ANALYZER: Analyzer = Analyzer {
    id: "ollama",
    wants: &[Want::Below("manifests")],
    accepts: |path| Manifest::of(path).is_some(),
    read,
    ..Analyzer::BASE
};

const MAX_SIZE: usize = 1 << 20;
const REGISTRY: &str = "registry.ollama.ai";

/// What the path of a manifest says.
struct Manifest<'a> {
    /// The directory of manifests and blobs.
    root: &'a str,
    host: &'a str,
    namespace: &'a str,
    name: &'a str,
    tag: &'a str,
}

#[derive(Deserialize)]
struct Layers {
    layers: Vec<Layer>,
}

#[derive(Deserialize)]
struct Layer {
    #[serde(rename = "mediaType")]
    kind: String,
    digest: String,
}

impl<'a> Manifest<'a> {
    fn of(path: &'a LayerPath) -> Option<Self> {
        let (root, rest) = path.as_str().rsplit_once("/manifests/")?;
        let parts: Vec<&str> = rest.split('/').collect();
        let &[host, namespace, name, tag] = parts.as_slice() else { return None };
        let is_ours = root.ends_with("/models") || root == "models";
        let is_fit = parts.iter().all(|it| text::value(it.as_bytes()).is_some());
        (is_ours && is_fit).then_some(Self { root, host, namespace, name, tag })
    }

    /// As people ask for it.
    fn full_name(&self) -> String {
        let name = match self.namespace {
            "library" => self.name.to_owned(),
            namespace => format!("{namespace}/{}", self.name),
        };
        if self.host == REGISTRY { name } else { format!("{}/{name}", self.host) }
    }
}

fn read(input: &Input<'_>) -> Result<Found, Unread> {
    let mut found = Found::default();
    let Some(manifest) = Manifest::of(input.path) else { return Ok(found) };
    let Ok(layers) = serde_json::from_slice::<Layers>(&input.part(0, MAX_SIZE)?) else {
        found.remark("not a manifest");
        return Ok(found);
    };
    let name = manifest.full_name();
    let mut component = Component::new(Ecosystem::Model, name.as_str(), manifest.tag);
    component = component.property("format", "ollama");
    for layer in layers.layers {
        let kind = layer.kind.strip_prefix("application/vnd.ollama.image.");
        let digest = layer.digest.strip_prefix("sha256:").filter(|it| is_hex(it, 64));
        let (Some(kind @ ("model" | "adapter" | "projector")), Some(digest)) = (kind, digest)
        else {
            continue;
        };
        if kind == "model" {
            component = component.property("sha256", digest);
        }
        let blob = format!("{}/blobs/sha256-{digest}", manifest.root);
        found.about(blob, "ollama", format!("{name}:{}", manifest.tag));
    }
    found.component(component);
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use crate::analyze::tests::{find, shown, wants};

    fn manifest(kind: &str) -> String {
        let digest = "ab".repeat(32);
        format!(
            r#"{{"layers": [{{"mediaType": "application/vnd.ollama.image.license", "digest": "sha256:0"}},
                {{"mediaType": "application/vnd.ollama.image.{kind}", "digest": "sha256:{digest}", "size": 1}}]}}"#
        )
    }

    #[test]
    fn a_manifest_names_the_model_and_its_digest() {
        let path = "root/.ollama/models/manifests/registry.ollama.ai/library/llama3.2/3b";
        let digest = "ab".repeat(32);
        assert_eq!(
            shown(&find(&ANALYZER, path, manifest("model").as_bytes())),
            format!(
                "generic llama3.2 3b format=ollama sha256={digest}\n\
                 /root/.ollama/models/blobs/sha256-{digest} ollama=llama3.2:3b\n"
            )
        );
        let path = "models/manifests/hf.co/org/tiny-GGUF/Q4";
        let text = shown(&find(&ANALYZER, path, manifest("projector").as_bytes()));
        assert!(text.starts_with("generic hf.co/org/tiny-GGUF Q4 format=ollama\n"), "{text}");
    }

    #[test]
    fn other_manifests_are_none() {
        assert!(!wants(&ANALYZER, "srv/manifests/a/b/c/d"));
        assert!(!wants(&ANALYZER, "root/.ollama/models/manifests/a/b"));
        let path = "models/manifests/registry.ollama.ai/library/a/b";
        assert_eq!(shown(&find(&ANALYZER, path, b"[")), "note ollama: not a manifest\n");
    }
}
