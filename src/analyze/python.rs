//! Installed Python distributions.
//!
//! A header of `Key: value` lines up to the first blank line,
//! <https://packaging.python.org/en/latest/specifications/core-metadata/>. Names are compared as
//! PEP 503 writes them. Copies that pip and setuptools carry in `_vendor` are theirs to update, and
//! a directory that begins with `~` is what a broken upgrade left behind: neither is installed.

use super::{Analyzer, Found, Want, text};
use crate::model::{Component, Ecosystem, LayerPath};

pub(super) const ANALYZER: Analyzer = Analyzer {
    id: "python",
    wants: &[Want::Name("METADATA"), Want::Name("PKG-INFO"), Want::Extension(".egg-info")],
    accepts: is_metadata,
    read: |input| Ok(read(&input.whole()?)),
    ..Analyzer::BASE
};

fn is_metadata(path: &LayerPath) -> bool {
    let directory = LayerPath::new(path.parent()).ok();
    let inside = directory.as_ref().map_or("", LayerPath::file_name);
    let (evidence, fits) = match path.file_name() {
        "METADATA" => (inside, inside.ends_with(".dist-info")),
        "PKG-INFO" => (inside, inside.ends_with(".egg-info") || inside == "EGG-INFO"),
        file => (file, file.ends_with(".egg-info")),
    };
    fits && !evidence.starts_with('~') && !path.as_str().split('/').any(|it| it == "_vendor")
}

fn read(bytes: &[u8]) -> Found {
    let mut found = Found::default();
    let (mut name, mut version) = (None, None);
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    for (_, line) in text::lines(bytes).take_while(|(_, line)| !line.is_empty()) {
        match text::field(line) {
            Some((key, value)) if key.eq_ignore_ascii_case(b"Name") => name = name.or(Some(value)),
            Some((key, value)) if key.eq_ignore_ascii_case(b"Version") => {
                version = version.or(Some(value));
            }
            _ => {}
        }
    }
    let Some(name) = name.and_then(text::value) else {
        found.note(1, "a distribution without a readable name");
        return found;
    };
    let Some(version) = version.and_then(text::value) else {
        found.note(1, "a distribution without a readable version");
        return found;
    };
    found.component(Component::new(Ecosystem::Pypi, canonical(name), version));
    found
}

/// PEP 503: lower case, and one `-` for each run of `-`, `_` and `.`.
fn canonical(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut after_separator = false;
    for char in name.chars() {
        let is_separator = matches!(char, '-' | '_' | '.');
        match (is_separator, after_separator) {
            (true, true) => {}
            (true, false) => out.push('-'),
            (false, _) => out.extend(char.to_lowercase()),
        }
        after_separator = is_separator;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{LayerPath, is_metadata, read};

    fn check(text: &str) -> Vec<String> {
        let found = read(text.as_bytes());
        let shown = found.components.iter().map(|it| format!("{} {}", it.name, it.version));
        shown.chain(found.notes.iter().cloned()).collect()
    }

    #[test]
    fn names_are_written_as_pep_503_says() {
        let text =
            "Metadata-Version: 2.1\nName: Jinja2.._Ext\nVersion: 2.10+cu124\n\nName: other\n";
        assert_eq!(check(text), ["jinja2-ext 2.10+cu124"]);
    }

    #[test]
    fn a_description_cannot_name_the_distribution() {
        assert_eq!(
            check("Version: 1\nSummary: x\n Name: folded\n\nName: body\n"),
            ["line 1: a distribution without a readable name"]
        );
    }

    #[test]
    fn only_installed_distributions_are_read() {
        let wants = |path: &str| is_metadata(&LayerPath::new(path).unwrap());
        assert!(wants("usr/lib/python3/dist-packages/Jinja2-2.10.dist-info/METADATA"));
        assert!(wants("s/a.egg-info/PKG-INFO"));
        assert!(wants("s/a.egg/EGG-INFO/PKG-INFO"));
        assert!(wants("s/a-1.egg-info"));
        assert!(!wants("s/~inja2-2.10.dist-info/METADATA"));
        assert!(!wants("s/pip/_vendor/rich-13.dist-info/METADATA"));
        assert!(!wants("s/a.dist-info/RECORD"));
        assert!(!wants("METADATA"));
    }
}
