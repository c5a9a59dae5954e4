//! `package.json`, <https://docs.npmjs.com/cli/configuring-npm/package-json>.

use serde_json::value::RawValue;

use crate::analyze::{json, text};
use crate::model::{Component, Ecosystem};

/// What one manifest says of the package that it lies in.
#[derive(Debug)]
pub(super) struct Manifest {
    pub(super) component: Component,
    /// It was never published, whatever package has its name elsewhere.
    pub(super) is_private: bool,
    /// It is an extension of an editor or engine, which only borrows the format.
    pub(super) is_extension: bool,
}

/// Why a manifest cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) line: usize,
    pub(super) what: &'static str,
}

/// The most of a manifest in an archive that is read; real ones stay below 200 KiB.
pub(super) const MAX_MANIFEST: u64 = 1 << 20;

/// Reads a manifest. `None` is one that names no package: a helper, which switches a module format,
/// or a template that was never filled in.
pub(super) fn read(bytes: &[u8]) -> Result<Option<Manifest>, Broken> {
    let document = json::document(bytes);
    let (mut name, mut version) = (None, None);
    let mut licenses = Vec::new();
    let (mut is_private, mut is_extension) = (false, false);
    json::entries(&document, |key, raw| match key {
        "name" => name = json::string(raw),
        "version" => version = json::string(raw),
        "license" | "licenses" if licenses.is_empty() => licenses = json::licenses(raw),
        "private" => is_private = json::is_true(raw),
        "engines" => is_extension |= names_editor(raw),
        "unity" => is_extension = true,
        _ => {}
    })
    .map_err(|error| Broken { line: error.line(), what: "not a package manifest" })?;
    let (Some(name), Some(version)) = (name, version) else { return Ok(None) };
    if name.is_empty() || version.is_empty() {
        return Ok(None);
    }
    let what = "a package without a readable name and version";
    let (Some(name), Some(version)) =
        (text::value(name.as_bytes()), text::value(version.as_bytes()))
    else {
        return Err(Broken { line: 1, what });
    };
    // As npm cleans it.
    let version = version.trim_start_matches(['v', '=']);
    if !version.starts_with(|it: char| it.is_ascii_digit()) {
        return Ok(None);
    }
    let component = Component { licenses, ..Component::new(Ecosystem::Npm, name, version) };
    Ok(Some(Manifest { component, is_private, is_extension }))
}

fn names_editor(engines: &RawValue) -> bool {
    let mut names = false;
    let read = json::entries(engines.get(), |key, _| names |= key == "vscode");
    read.is_ok() && names
}

#[cfg(test)]
mod tests {
    use super::{Broken, read};

    fn check(text: &str) -> String {
        match read(text.as_bytes()) {
            Ok(None) => String::new(),
            Ok(Some(it)) => format!("{} {}", it.component.name, it.component.version),
            Err(Broken { line, what }) => format!("{line}: {what}"),
        }
    }

    #[test]
    fn a_package_has_a_name_and_a_version() {
        assert_eq!(check(r#"{"name":"@a/b","version":"1.0.0","main":[]}"#), "@a/b 1.0.0");
        assert_eq!(check(r#"{"name":"a","version":"v1.0.0"}"#), "a 1.0.0");
        assert_eq!(check("\u{feff}{\"name\":\"a\",\"version\":\"1\"}"), "a 1");
        assert_eq!(check(r#"{"name":"a","name":"b","version":"1"}"#), "b 1");
        for helper in [
            r#"{"type":"module"}"#,
            r#"{"name":"a"}"#,
            r#"{"name":"","version":"1"}"#,
            r#"{"name":"a","version":"${version}"}"#,
            r#"{"name":"a","version":"workspace:*"}"#,
        ] {
            assert_eq!(check(helper), "", "{helper}");
        }
        let unreadable = "1: a package without a readable name and version";
        assert_eq!(check(r#"{"name":"a b","version":"1"}"#), unreadable);
        assert_eq!(check("{\n\"name\": \"sec"), "2: not a package manifest");
    }

    #[test]
    fn an_author_in_another_encoding_does_not_hide_the_package() {
        let text = b"{\"author\":\"Caf\xe9\",\"name\":\"a\",\"version\":\"1\",\"license\":7}";
        assert_eq!(read(text).unwrap().unwrap().component.name, "a");
    }

    #[test]
    fn extensions_of_editors_only_borrow_the_format() {
        let is_extension = |more: &str| {
            let text = format!(r#"{{"name":"a","version":"1",{more}}}"#);
            read(text.as_bytes()).unwrap().unwrap().is_extension
        };
        assert!(is_extension(r#""engines":{"vscode":"^1.80"}"#));
        assert!(is_extension(r#""unity":"2021.3""#));
        assert!(!is_extension(r#""engines":{"node":">=18"}"#));
        assert!(!is_extension(r#""engines":["node"]"#));
    }
}
