//! JavaScript packages installed under `node_modules`.
//!
//! Only the `package.json` of the package itself counts, `node_modules/<name>/package.json` or
//! `node_modules/@<scope>/<name>/package.json`: packages carry more of them inside, to switch a
//! module format or as test data. One without a name or a version is such a helper too.

use serde::Deserialize;

use super::{Analyzer, Found, Want, text};
use crate::model::{Component, Ecosystem, LayerPath};

pub(super) const ANALYZER: Analyzer = Analyzer {
    id: "npm",
    wants: &[Want::Name("package.json")],
    accepts: is_package,
    read: |input| Ok(read(&input.whole()?)),
    ..Analyzer::BASE
};

fn is_package(path: &LayerPath) -> bool {
    let mut parts = path.as_str().rsplit('/');
    if parts.next() != Some("package.json") {
        return false;
    }
    match (parts.next(), parts.next(), parts.next()) {
        (Some(name), Some("node_modules"), _) => !name.starts_with(['.', '@']),
        (Some(_), Some(scope), Some("node_modules")) => scope.starts_with('@'),
        _ => false,
    }
}

/// Strings only: a name that is a list of a million lists stops the reader at its first byte.
#[derive(Deserialize)]
struct Manifest {
    name: Option<String>,
    version: Option<String>,
}

fn read(bytes: &[u8]) -> Found {
    let mut found = Found::default();
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    // The error's text could repeat what the file says; its place cannot.
    let manifest = match serde_json::from_slice::<Manifest>(bytes) {
        Ok(manifest) => manifest,
        Err(error) => {
            found.note(error.line(), "not a package manifest");
            return found;
        }
    };
    let (Some(name), Some(version)) = (manifest.name, manifest.version) else { return found };
    match (text::value(name.as_bytes()), text::value(version.as_bytes())) {
        (Some(name), Some(version)) => {
            found.component(Component::new(Ecosystem::Npm, name, version));
        }
        _ => found.note(1, "a package without a readable name and version"),
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{LayerPath, is_package, read};

    fn check(text: &str) -> Vec<String> {
        let found = read(text.as_bytes());
        let shown = found.components.iter().map(|it| format!("{} {}", it.name, it.version));
        shown.chain(found.notes.iter().cloned()).collect()
    }

    #[test]
    fn a_package_has_a_name_and_a_version() {
        assert_eq!(check(r#"{"name":"@a/b","version":"1.0.0","main":[]}"#), ["@a/b 1.0.0"]);
        assert!(check(r#"{"type":"module"}"#).is_empty());
        assert_eq!(check(r#"{"name":[7],"version":"1"}"#), ["line 1: not a package manifest"]);
        assert_eq!(
            check(r#"{"name":"a b","version":"1"}"#),
            ["line 1: a package without a readable name and version"]
        );
        assert_eq!(check("{\n\"name\": \"sec"), ["line 2: not a package manifest"]);
    }

    #[test]
    fn only_the_package_itself_is_read() {
        let wants = |path: &str| is_package(&LayerPath::new(path).unwrap());
        assert!(wants("app/node_modules/lodash/package.json"));
        assert!(wants("node_modules/@babel/core/package.json"));
        assert!(wants("n/node_modules/.pnpm/a@1/node_modules/a/package.json"));
        assert!(!wants("app/package.json"));
        assert!(!wants("node_modules/rxjs/ajax/package.json"));
        assert!(!wants("node_modules/.cache/package.json"));
        assert!(!wants("node_modules/@babel/package.json"));
    }
}
