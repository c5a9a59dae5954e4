//! Keras models with a layer that holds a function.
//!
//! A `Lambda` layer carries compiled code, which runs when the model is loaded. A `.keras` file is a
//! zip archive with `config.json`, <https://keras.io/guides/serialization_and_saving/>; an HDF5 file
//! has the same text among its attributes, as has `keras_metadata.pb` beside a SavedModel.

use super::super::{Analyzer, Found, Input, Unread, Want};
use super::{add, explain};
use crate::format::FormatError;
use crate::format::zip::Zip;
use crate::model::Severity;

pub(in super::super) const ANALYZER: Analyzer = Analyzer {
    id: "keras",
    wants: &[
        Want::Extension(".keras"),
        Want::Extension(".h5"),
        Want::Extension(".hdf5"),
        Want::Name("keras_metadata.pb"),
    ],
    caches: true,
    read,
    ..Analyzer::BASE
};

const MAX_CONFIG: u64 = 64 << 20;

/// Of an HDF5 file: attributes lie before the weights.
const MAX_SEARCHED: usize = 32 << 20;

fn read(input: &Input<'_>) -> Result<Found, Unread> {
    let mut found = Found::default();
    let head = input.part(0, 4)?;
    if head.starts_with(b"PK") {
        let outcome = config(input, &mut found);
        explain(outcome, &mut found)?;
    } else {
        search(&input.part(0, MAX_SEARCHED)?, None, &mut found);
    }
    Ok(found)
}

fn config(input: &Input<'_>, found: &mut Found) -> Result<(), FormatError> {
    let archive = Zip::read(input.content)?;
    let name = "config.json";
    let Some(entry) = archive.entry(name) else { return Ok(()) };
    search(&entry.bytes(input.content, MAX_CONFIG)?, Some(name), found);
    Ok(())
}

/// Looks for a class of that name, however the JSON around it is laid out.
fn search(bytes: &[u8], within: Option<&str>, found: &mut Found) {
    let mut rest = bytes;
    while let Some(at) = memchr::memmem::find(rest, b"class_name") {
        rest = rest.get(at + b"class_name".len()..).unwrap_or_default();
        let is_filler = |it: &u8| matches!(it, b'"' | b':' | b'\\') || it.is_ascii_whitespace();
        let value = rest.iter().position(|it| !is_filler(it)).and_then(|it| rest.get(it..));
        let is_lambda = value.and_then(|it| it.strip_prefix(b"Lambda"));
        if is_lambda.is_some_and(|it| matches!(it.first(), Some(b'"' | b'\\'))) {
            return add(Severity::High, "keras.layers.Lambda".to_owned(), within, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{find, seed, shown};
    use super::ANALYZER;
    use crate::format::zip::made::zip;

    #[test]
    fn a_lambda_layer_is_told_in_every_format() {
        let config = br#"{"config": {"layers": [{"class_name" : "Lambda", "config": {}}]}}"#;
        let archive = zip(&[("config.json.z", config), ("metadata.json", b"{}")]);
        assert_eq!(
            shown(&find(&ANALYZER, "m.keras", &archive)),
            "HIGH unsafe-model keras.layers.Lambda in config.json\n"
        );
        let hdf5 = [&b"\x89HDF\r\n\x1a\n...model_config"[..], config].concat();
        assert_eq!(
            shown(&find(&ANALYZER, "m.h5", &hdf5)),
            "HIGH unsafe-model keras.layers.Lambda\n"
        );
    }

    #[test]
    fn a_layer_in_every_format_is_a_seed_for_fuzzing() {
        let config = br#"{"layers": [{"class_name": "Dense"}, {"class_name": "Lambda"}]}"#;
        let hdf5 = [&b"\x89HDF\r\n\x1a\n...model_config"[..], config].concat();
        for (name, bytes) in [
            ("stored", zip(&[("config.json", config)])),
            ("deflated", zip(&[("config.json.z", config), ("metadata.json", b"{}")])),
            ("hdf5", hdf5),
        ] {
            let found = find(&ANALYZER, "models/m.keras", &bytes);
            assert_eq!((found.hazards.len(), found.notes.len()), (1, 0), "{name}");
            seed("keras", name, &bytes);
        }
    }

    #[test]
    fn other_layers_are_harmless() {
        let config = br#"{"class_name": "Dense", "name": "Lambda", "class_name": "LambdaLike"}"#;
        assert_eq!(shown(&find(&ANALYZER, "m.keras", &zip(&[("config.json", config)]))), "");
    }
}
