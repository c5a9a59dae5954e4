//! Files that lie beside a model in its repository and say what it is: `config.json`,
//! `generation_config.json`, `adapter_config.json`, `model_index.json` and the front matter of
//! `README.md`, <https://huggingface.co/docs/hub/model-cards>.
//!
//! They speak of all models in their directory. Other files have these names, so one counts only
//! if it has the keys that the libraries of Hugging Face write. In the hub's cache such a file is
//! named by its digest.

use serde::Deserialize;
use serde_json::Value;

use super::hash::is_hex;
use super::repository::Repository;
use crate::analyze::{Analyzer, Found, Input, Unread, Want, text};
use crate::model::LayerPath;

pub(in crate::analyze) const ANALYZER: Analyzer = Analyzer {
    id: "model-card",
    wants: &[
        Want::Name("README.md"),
        Want::Name("adapter_config.json"),
        Want::Name("config.json"),
        Want::Name("generation_config.json"),
        Want::Name("model_index.json"),
        Want::In("blobs"),
    ],
    accepts: |path| {
        let is_blob = || is_hex(path.file_name(), 40) && Repository::of(path).is_some();
        let is_foreign = || path.as_str().split('/').any(|it| it == "node_modules");
        if path.file_name().contains('.') { !is_foreign() } else { is_blob() }
    },
    read,
    ..Analyzer::BASE
};

const MAX_SIZE: u64 = 1 << 20;

fn read(input: &Input<'_>) -> Result<Found, Unread> {
    let mut found = Found::default();
    let is_card = input.part(0, 4)?.starts_with(b"---");
    let kind = input.path.file_name().rsplit_once('.').map(|it| it.1);
    let (is_json, is_text) = (kind == Some("json"), kind == Some("md"));
    // At the top there is no directory for it to speak of.
    if input.size() > MAX_SIZE || (is_text && !is_card) || input.path.parent().is_empty() {
        return Ok(found);
    }
    let bytes = input.whole()?;
    let facts = if is_card && !is_json { card(&bytes) } else { config(&bytes) };
    let directory = directory(input.path);
    for (key, value) in facts.into_iter().flatten() {
        if let Some(value) = text::phrase(value.as_bytes()) {
            found.about(directory.as_str(), key, value);
        }
    }
    Ok(found)
}

/// What the file speaks of; a file of the hub's cache, of all of its repository.
fn directory(path: &LayerPath) -> String {
    match Repository::of(path) {
        Some(repository) if repository.rest.starts_with("blobs/") => {
            format!("{}/", repository.directory)
        }
        _ => format!("{}/", path.parent()),
    }
}

type Facts = Vec<(&'static str, String)>;

/// The keys of all these files. Those that matter have their own form; any other is not one of
/// ours.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Config {
    architectures: Option<Value>,
    model_type: Option<Value>,
    transformers_version: Option<Value>,
    #[serde(rename = "quantization_config")]
    quantization: Option<Value>,
    #[serde(rename = "_class_name")]
    class_name: Option<Value>,
    #[serde(rename = "_diffusers_version")]
    diffusers_version: Option<Value>,
    base_model_name_or_path: Option<Value>,
    peft_type: Option<Value>,
    #[serde(rename = "_name_or_path")]
    name: Option<Value>,
}

/// The facts of a JSON file; `None` if it is another one.
fn config(bytes: &[u8]) -> Option<Facts> {
    let config: Config = serde_json::from_slice(bytes).ok()?;
    let text = |value: &Option<Value>| value.as_ref()?.as_str().map(str::to_owned);
    let architecture = config.architectures.as_ref().and_then(|it| it.get(0)?.as_str());
    let architecture = architecture.map(str::to_owned).or_else(|| text(&config.class_name));
    let quantization = config.quantization.as_ref().and_then(|it| it.get("quant_method"));
    let facts = [
        ("architecture", architecture),
        ("model-type", text(&config.model_type)),
        ("transformers-version", text(&config.transformers_version)),
        ("diffusers-version", text(&config.diffusers_version)),
        ("quantization", quantization.and_then(Value::as_str).map(str::to_owned)),
        ("base-model", text(&config.base_model_name_or_path)),
        ("adapter", text(&config.peft_type)),
        ("declared-name", text(&config.name)),
    ];
    let has = |key| facts.iter().any(|it| it.0 == key && it.1.is_some());
    let is_ours = has("transformers-version")
        || has("diffusers-version")
        || has("adapter")
        || has("declared-name")
        || (has("architecture") && has("model-type"));
    let known = facts.into_iter().filter_map(|it| Some((it.0, it.1?)));
    is_ours.then(|| known.collect())
}

/// The facts in the YAML between two lines of dashes; `None` if it is that of another document.
fn card(bytes: &[u8]) -> Option<Facts> {
    let mut facts = Facts::new();
    let (mut is_ours, mut license_name, mut open) = (false, None, "");
    for (number, line) in text::lines(bytes) {
        if line.starts_with(b"---") && number > 1 {
            break;
        }
        if let Some((key, value)) = text::field(line) {
            open = "";
            let value = scalar(value);
            match (key, value) {
                (b"license", Some(it)) => facts.push(("license", it)),
                (b"license_name", Some(it)) => license_name = Some(it),
                (b"base_model", Some(it)) => facts.push(("base-model", it)),
                (b"base_model", None) => open = "base-model",
                (b"license", None) => open = "license",
                (b"pipeline_tag", Some(it)) => facts.push(("task", it)),
                (b"library_name", Some(it)) => facts.push(("library", it)),
                _ => {}
            }
            is_ours |= matches!(key, b"base_model" | b"pipeline_tag" | b"library_name");
        } else if !open.is_empty()
            && let Some(item) = line.trim_ascii().strip_prefix(b"-").and_then(scalar)
        {
            facts.push((if open == "license" { "license" } else { "base-model" }, item));
        }
    }
    // "other" says that the name is elsewhere.
    if let Some(name) = license_name {
        facts.retain(|it| it.0 != "license" || it.1 != "other");
        facts.push(("license", name));
    }
    facts.truncate(32);
    is_ours.then_some(facts)
}

/// A value on one line, without quotes; `None` where a list begins.
fn scalar(raw: &[u8]) -> Option<String> {
    let raw = text::phrase(raw)?;
    let raw = raw.strip_prefix('[').map_or(raw, |it| it.split([',', ']']).next().unwrap_or(it));
    let value = raw.trim().trim_matches(['"', '\'']);
    (!value.is_empty() && !value.starts_with(['>', '|'])).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use crate::analyze::tests::{find, shown, wants};

    fn check(path: &str, text: &str) -> String {
        shown(&find(&ANALYZER, path, text.as_bytes()))
    }

    #[test]
    fn configurations_speak_of_their_directory() {
        let text = r#"{"architectures": ["LlamaForCausalLM"], "model_type": "llama", "x": [[1]],
                       "quantization_config": {"quant_method": "awq", "bits": 4}}"#;
        insta::assert_snapshot!(check("m/a/config.json", text), @r"
        /m/a/ architecture=LlamaForCausalLM
        /m/a/ model-type=llama
        /m/a/ quantization=awq
        ");
        let text = r#"{"_class_name": "UNet2DConditionModel", "_diffusers_version": "0.29.0"}"#;
        insta::assert_snapshot!(check("m/unet/config.json", text), @r"
        /m/unet/ architecture=UNet2DConditionModel
        /m/unet/ diffusers-version=0.29.0
        ");
        let text = r#"{"_name_or_path": "org/Llama-3-8B"}"#;
        assert_eq!(check("m/config.json", text), "/m/ declared-name=org/Llama-3-8B\n");
        let text = r#"{"base_model_name_or_path": "org/base", "peft_type": "LORA"}"#;
        insta::assert_snapshot!(check("m/adapter_config.json", text), @r"
        /m/ adapter=LORA
        /m/ base-model=org/base
        ");
    }

    #[test]
    fn the_front_matter_of_a_card_is_read() {
        let text = "---\nlanguage:\n- en\nlicense: \"other\"\nlicense_name: llama3\nbase_model:\n  - org/base\n\
                    - org/second\ntags:\n- x\npipeline_tag: text-generation\n---\nlicense: mit\n";
        insta::assert_snapshot!(check("m/README.md", text), @r"
        /m/ base-model=org/base
        /m/ base-model=org/second
        /m/ license=llama3
        /m/ task=text-generation
        ");
        let list = "---\nlicense: [mit, apache-2.0]\nlibrary_name: transformers\n---\n";
        assert_eq!(check("m/README.md", list), "/m/ library=transformers\n/m/ license=mit\n");
    }

    #[test]
    fn in_the_cache_a_file_speaks_of_its_repository() {
        let path = format!("h/models--a--b/blobs/{}", "ab".repeat(20));
        let text = r#"{"transformers_version": "4.41.2", "eos_token_id": 2}"#;
        assert_eq!(check(&path, text), "/h/models--a--b/ transformers-version=4.41.2\n");
        let card = "---\r\nlicense: mit\r\nbase_model: org/base\r\n---\r\n";
        assert!(check(&path, card).contains("/h/models--a--b/ base-model=org/base\n"));
        assert_eq!(check(&path, "from transformers import x\n"), "");
    }

    #[test]
    fn other_files_of_these_names_say_nothing() {
        for text in
            ["{}", "[1]", r#"{"model_type": "car"}"#, r#"{"name": "x", "license": "MIT"}"#, "x"]
        {
            assert_eq!(check("app/config.json", text), "", "{text}");
        }
        for text in ["# Title\n", "---\ntitle: A page\nlicense: mit\n---\n", "---\n"] {
            assert_eq!(check("app/README.md", text), "", "{text}");
        }
        assert!(!wants(&ANALYZER, "app/node_modules/a/README.md"));
        assert!(!wants(&ANALYZER, "srv/blobs/0123"));
    }

    #[test]
    fn what_cannot_be_shown_is_left_out() {
        let text =
            r#"{"transformers_version": "4\u001b[2J", "architectures": [["x"]], "peft_type": "A"}"#;
        assert_eq!(check("m/config.json", text), "/m/ adapter=A\n");
    }
}
