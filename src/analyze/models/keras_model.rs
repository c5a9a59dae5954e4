//! Keras models: `.keras`, a zip archive with `metadata.json` and `config.json`, and the older HDF5
//! files, <https://keras.io/guides/serialization_and_saving/>.
//!
//! HDF5 holds data of every kind. It is a model if it has the attributes that Keras gives to one.

use serde::Deserialize;

use super::{Model, explain};
use crate::analyze::{Analyzer, Found, Input, Magic, Unread, Want};
use crate::format::FormatError;
use crate::format::zip::Zip;

pub(in crate::analyze) const ANALYZER: Analyzer = Analyzer {
    id: "keras-model",
    wants: &[Want::Extension(".keras"), Want::Magic(Magic::Hdf5)],
    read,
    ..Analyzer::BASE
};

const MAX_METADATA: u64 = 1 << 20;
const MAX_CONFIG: u64 = 64 << 20;

/// Attributes lie at the front of the file.
const MAX_SEARCHED: usize = 4 << 20;

#[derive(Deserialize)]
struct Metadata {
    keras_version: Option<String>,
}

#[derive(Deserialize)]
struct Config {
    class_name: Option<String>,
    config: Option<Inner>,
}

#[derive(Deserialize)]
struct Inner {
    name: Option<String>,
}

fn read(input: &Input<'_>) -> Result<Found, Unread> {
    let mut found = Found::default();
    let head = input.part(0, 4)?;
    if head.starts_with(b"PK") {
        let mut model = Model::new(input.path, "keras");
        let outcome = archive(input, &mut model);
        let is_archive = outcome.is_ok();
        explain(outcome, &mut found)?;
        if is_archive {
            model.add(input, &mut found)?;
        }
    } else if head == b"\x89HDF" && is_keras(&input.part(0, MAX_SEARCHED)?) {
        Model::new(input.path, "keras-hdf5").add(input, &mut found)?;
    }
    Ok(found)
}

fn is_keras(bytes: &[u8]) -> bool {
    [&b"keras_version"[..], b"layer_names", b"model_config"]
        .iter()
        .any(|it| memchr::memmem::find(bytes, it).is_some())
}

fn archive(input: &Input<'_>, model: &mut Model) -> Result<(), FormatError> {
    let archive = Zip::read(input.content)?;
    let json = |name, limit| match archive.entry(name) {
        Some(entry) => entry.bytes(input.content, limit).map(Some),
        None => Ok(None),
    };
    let metadata = json("metadata.json", MAX_METADATA)?;
    let metadata = metadata.and_then(|it| serde_json::from_slice::<Metadata>(&it).ok());
    if let Some(version) = metadata.and_then(|it| it.keras_version) {
        model.property("keras", &version);
    }
    let config = json("config.json", MAX_CONFIG)?;
    let Some(config) = config.and_then(|it| serde_json::from_slice::<Config>(&it).ok()) else {
        return Ok(());
    };
    if let Some(class) = config.class_name {
        model.property("architecture", &class);
    }
    // Keras numbers what nobody named: `functional`, `sequential_1`.
    let name = config.config.and_then(|it| it.name);
    let is_given = |it: &String| {
        let bare = it.trim_end_matches(|it: char| it.is_ascii_digit() || it == '_');
        !matches!(bare, "functional" | "model" | "sequential")
    };
    if let Some(name) = name.filter(is_given) {
        model.name(&name);
    }
    Ok(())
}

/// Files for tests.
#[cfg(test)]
pub(in crate::analyze) mod made {
    use crate::format::zip::made::zip;

    pub(in crate::analyze) fn sample() -> Vec<u8> {
        zip(&[
            ("metadata.json", br#"{"keras_version": "3.5.0"}"#),
            ("config.json", br#"{"class_name": "Functional", "config": {"name": "digits"}}"#),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use super::made::sample;
    use crate::analyze::tests::{find, shown};
    use crate::format::zip::made::zip;

    fn check(path: &str, bytes: &[u8]) -> String {
        let mut found = find(&ANALYZER, path, bytes);
        for it in &mut found.components {
            it.properties.remove("sha256");
        }
        shown(&found)
    }

    #[test]
    fn an_archive_has_its_name_and_version() {
        assert_eq!(
            check("m/a.keras", &sample()),
            "generic digits  architecture=Functional format=keras keras=3.5.0\n"
        );
        let unnamed = br#"{"class_name": "Sequential", "config": {"name": "sequential_1"}}"#;
        assert_eq!(
            check("m/a.keras", &zip(&[("config.json", unnamed)])),
            "generic a  architecture=Sequential format=keras\n"
        );
    }

    #[test]
    fn of_hdf5_only_what_keras_wrote_is_a_model() {
        let hdf5 = b"\x89HDF\r\n\x1a\n";
        assert_eq!(check("m/data.h5", hdf5), "");
        let model = [&hdf5[..], b"....keras_version...."].concat();
        assert_eq!(check("m/net.h5", &model), "generic net  format=keras-hdf5\n");
    }
}
