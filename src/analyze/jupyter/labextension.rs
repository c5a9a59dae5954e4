//! Who brought an extension of JupyterLab.
//!
//! The Python distribution or conda package that carries an extension puts `install.json` beside its
//! `package.json`, `share/jupyter/labextensions/<name>/`, and says there what it is called,
//! <https://jupyterlab.readthedocs.io/en/stable/extension/extension_dev.html#distributing-a-prebuilt-extension>.

use serde::Deserialize;

use super::split;
use crate::analyze::{Analyzer, Found, Want, text};
use crate::model::LayerPath;

pub(in crate::analyze) const ANALYZER: Analyzer = Analyzer {
    id: "labextension",
    wants: &[Want::Name("install.json")],
    accepts: |path| {
        let inside = split(path.as_str(), "labextensions").map_or("", |it| it.1);
        let is_scoped = inside.starts_with('@');
        inside.split('/').count() == if is_scoped { 3 } else { 2 }
    },
    read: |input| Ok(read(input.path, &input.whole()?)),
    ..Analyzer::BASE
};

/// Strings only: anything else stops the reader at its first byte.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Install {
    package_manager: Option<String>,
    package_name: Option<String>,
}

fn read(path: &LayerPath, bytes: &[u8]) -> Found {
    let mut found = Found::default();
    // The error's text could repeat what the file says; its place cannot.
    let install: Install = match serde_json::from_slice(bytes) {
        Ok(install) => install,
        Err(error) => {
            found.note(error.line(), "not an account of an installation");
            return found;
        }
    };
    let manifest = format!("{}/package.json", path.parent());
    for (key, value) in [("installer", install.package_manager), ("package", install.package_name)]
    {
        if let Some(value) = value.as_deref().and_then(|it| text::value(it.as_bytes())) {
            found.about(manifest.as_str(), key, value);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use crate::analyze::tests::{find, shown, wants};

    fn check(text: &str) -> String {
        let path = "v/share/jupyter/labextensions/@s/a/install.json";
        shown(&find(&ANALYZER, path, text.as_bytes()))
    }

    #[test]
    fn an_extension_was_brought_by_a_package() {
        insta::assert_snapshot!(check(r#"{"packageManager": "python", "packageName": "a_b",
            "uninstallInstructions": "Use your Python package manager"}"#), @r"
        /v/share/jupyter/labextensions/@s/a/package.json installer=python
        /v/share/jupyter/labextensions/@s/a/package.json package=a_b
        ");
        assert_eq!(check(r#"{"packageName": "a\u001b"}"#), "");
        assert_eq!(check("[]"), "note labextension: line 1: not an account of an installation\n");
    }

    #[test]
    fn only_the_extension_itself_is_read() {
        assert!(wants(&ANALYZER, "share/jupyter/labextensions/a/install.json"));
        for path in [
            "share/jupyter/labextensions/a/static/install.json",
            "share/jupyter/labextensions/install.json",
            "share/jupyter/labextensions/@s/install.json",
            "my-share/jupyter/labextensions/a/install.json",
        ] {
            assert!(!wants(&ANALYZER, path), "{path}");
        }
    }
}
