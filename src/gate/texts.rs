//! Secrets that the image carries as text: in the Dockerfile's instructions, in the values of
//! build arguments and in the image's configuration, which holds the build's history.

use std::collections::BTreeSet;

use layergate_frontend::{Build, Instruction, Lines};
use serde_json::Value;

use crate::model::SecretHit;
use crate::secrets::scan_text;

/// A secret in a text.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) hit: SecretHit,
    /// The instruction that wrote it.
    pub(super) lines: Option<Lines>,
    /// Where, in words.
    pub(super) place: String,
}

/// Every secret once, at the instruction that wrote it.
pub(super) fn secrets(build: &Build<'_>) -> Vec<Written> {
    let mut found = Vec::new();
    for instruction in build.instructions {
        let line = |it: &SecretHit| u64::from(instruction.first_line) + it.line - 1;
        found.extend(scan_text("", &instruction.text).into_iter().map(|hit| Written {
            place: format!("the text of {}, line {}", instruction.keyword, line(&hit)),
            lines: Some(lines(instruction)),
            hit,
        }));
    }
    for instruction in build.instructions.iter().filter(|it| it.keyword == "ARG") {
        for name in names(instruction) {
            let value = build.arguments.get(name).map_or("", String::as_str);
            found.extend(scan_text(name, value).into_iter().map(|hit| Written {
                place: format!("the build argument {name}"),
                lines: Some(lines(instruction)),
                hit,
            }));
        }
    }
    for config in build.configs {
        // BuildKit's own frontend made it; what is not JSON is not for us to judge.
        let config: Value = serde_json::from_slice(config).unwrap_or_default();
        for (key, value, place) in config_texts(&config) {
            let writer = writer(build, &key);
            found.extend(scan_text(&key, &value).into_iter().map(|hit| Written {
                place: place.clone(),
                lines: writer,
                hit,
            }));
        }
    }
    let mut seen = BTreeSet::new();
    found.retain(|it| seen.insert((it.hit.rule.clone(), it.hit.fingerprint.to_string())));
    found
}

fn lines(instruction: &Instruction) -> Lines {
    Lines { file: instruction.file, first: instruction.first_line, last: instruction.last_line }
}

/// The names that `ARG` declares.
fn names(instruction: &Instruction) -> impl Iterator<Item = &str> {
    let words = instruction.text.split_whitespace().skip(1);
    words.map(|it| it.split_once('=').map_or(it, |(name, _)| name)).filter(|it| *it != "\\")
}

/// The texts of an image's configuration: key, value and where it stands.
fn config_texts(config: &Value) -> Vec<(String, String, String)> {
    let inner = config.get("config").unwrap_or(&Value::Null);
    let mut texts = Vec::new();
    for variable in strings(inner.get("Env")) {
        let (key, value) = variable.split_once('=').unwrap_or((variable, ""));
        texts.push((key.to_owned(), value.to_owned(), format!("the environment variable {key}")));
    }
    let labels = inner.get("Labels").and_then(Value::as_object);
    for (key, value) in labels.into_iter().flatten() {
        let value = value.as_str().unwrap_or_default();
        texts.push((key.clone(), value.to_owned(), format!("the label {key}")));
    }
    for key in ["Cmd", "Entrypoint", "OnBuild", "Shell"] {
        for value in strings(inner.get(key)) {
            texts.push((String::new(), value.to_owned(), format!("the image's {key}")));
        }
    }
    for value in strings(inner.get("Healthcheck").and_then(|it| it.get("Test"))) {
        texts.push((String::new(), value.to_owned(), "the image's health check".to_owned()));
    }
    let history = config.get("history").and_then(Value::as_array);
    for entry in history.into_iter().flatten() {
        for key in ["created_by", "comment"] {
            let value = entry.get(key).and_then(Value::as_str).unwrap_or_default();
            texts.push((String::new(), value.to_owned(), "the image's history".to_owned()));
        }
    }
    texts
}

fn strings(value: Option<&Value>) -> impl Iterator<Item = &str> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// The instruction that most likely wrote `key`: the last one that names it, else the last `FROM`,
/// whose image brought it.
fn writer(build: &Build<'_>, key: &str) -> Option<Lines> {
    let sets = |it: &&Instruction| {
        matches!(it.keyword.as_str(), "ENV" | "ARG" | "LABEL")
            && !key.is_empty()
            && it.text.contains(key)
    };
    let named = build.instructions.iter().rev().find(sets);
    named.or_else(|| build.instructions.iter().rev().find(|it| it.keyword == "FROM")).map(lines)
}
