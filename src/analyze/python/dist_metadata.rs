//! What a Python distribution says of itself: `METADATA`, `PKG-INFO`, or a file `*.egg-info`.
//!
//! A header of `Key: value` lines up to the first blank line,
//! <https://packaging.python.org/en/latest/specifications/core-metadata/>. Of a field that is there
//! twice the first counts, as for Python itself. The interpreter, of which Python 2 left an
//! `.egg-info` in its own library, is no distribution.

use super::{canonical, is_installed, last, metadata_in, named_by};
use crate::analyze::{Analyzer, Found, Want, text};
use crate::model::{Component, Ecosystem, LayerPath};

pub(in crate::analyze) const ANALYZER: Analyzer = Analyzer {
    id: "python",
    wants: &[Want::Name("METADATA"), Want::Name("PKG-INFO"), Want::Extension(".egg-info")],
    accepts: is_metadata,
    read: |input| Ok(read(input.path, &input.whole()?)),
    ..Analyzer::BASE
};

fn is_metadata(path: &LayerPath) -> bool {
    let directory = path.parent();
    match (path.file_name(), metadata_in(last(directory))) {
        // Some tools write a wheel's file into an egg's directory.
        ("METADATA", Some(_)) | ("PKG-INFO", Some("PKG-INFO")) => is_installed(directory),
        ("METADATA" | "PKG-INFO", _) => false,
        _ => is_installed(path.as_str()),
    }
}

fn read(path: &LayerPath, bytes: &[u8]) -> Found {
    let mut found = Found::default();
    let record = if path.file_name().contains('.') { path.as_str() } else { path.parent() };
    if let Some(component) = distribution(bytes, record, &mut found) {
        found.component(component);
    }
    found
}

/// The distribution of which `bytes` are the metadata, or a note that says why there is none. One
/// that does not tell its version has that of `record`, which is named after it, or none.
pub(super) fn distribution(bytes: &[u8], record: &str, found: &mut Found) -> Option<Component> {
    let header = Header::read(bytes);
    let Some(name) = header.name.and_then(text::value) else {
        found.note(1, "a distribution without a readable name");
        return None;
    };
    if name == "Python" {
        return None;
    }
    let recorded = || text::value(named_by(record)?.1?.as_bytes());
    let version = header.version.and_then(text::value).or_else(recorded);
    if version.is_none() {
        found.note(1, "a distribution without a readable version");
    }
    let component = Component::new(Ecosystem::Pypi, canonical(name), version.unwrap_or_default());
    Some(Component { licenses: header.licenses(), ..component })
}

/// The fields that matter, as they stand.
#[derive(Default)]
struct Header<'a> {
    name: Option<&'a [u8]>,
    version: Option<&'a [u8]>,
    expression: Option<&'a [u8]>,
    license: Option<&'a [u8]>,
    /// The last parts of the classifiers below `License`.
    classified: Vec<&'a [u8]>,
}

impl<'a> Header<'a> {
    fn read(bytes: &'a [u8]) -> Self {
        let mut header = Self::default();
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let lines = text::lines(bytes).map(|(_, line)| line).skip_while(|it| it.is_empty());
        let mut lines = lines.take_while(|it| !it.is_empty()).peekable();
        while let Some(line) = lines.next() {
            let Some((key, value)) = text::field(line) else { continue };
            let is_folded =
                lines.peek().is_some_and(|it| it.starts_with(b" ") || it.starts_with(b"\t"));
            header.add(key, value, is_folded);
        }
        header
    }

    fn add(&mut self, key: &[u8], value: &'a [u8], is_folded: bool) {
        let into = match key.to_ascii_lowercase().as_slice() {
            b"name" => &mut self.name,
            b"version" => &mut self.version,
            b"license-expression" => &mut self.expression,
            // One of several lines is the licence's text and not its name.
            b"license" if !is_folded && !value.eq_ignore_ascii_case(b"UNKNOWN") => {
                &mut self.license
            }
            b"classifier" => {
                self.classified.extend(license_of(value));
                return;
            }
            _ => return,
        };
        *into = into.or(Some(value));
    }

    /// An expression replaces the older fields; of these, either may be the more exact one.
    fn licenses(&self) -> Vec<String> {
        if self.expression.is_some() {
            return text::licenses(self.expression);
        }
        text::licenses(self.license.into_iter().chain(self.classified.iter().copied()).take(32))
    }
}

/// The licence that a classifier names: `License :: OSI Approved :: MIT License`.
fn license_of(classifier: &[u8]) -> Option<&[u8]> {
    let rest = classifier.strip_prefix(b"License ::")?;
    let at = memchr::memmem::rfind(rest, b"::").map_or(0, |it| it + 2);
    // A group of licences is none.
    rest.get(at..).map(<[u8]>::trim_ascii).filter(|it| *it != b"OSI Approved")
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use crate::analyze::tests::{find, shown, wants};

    fn check(text: &str) -> String {
        shown(&find(&ANALYZER, "s/a-1.dist-info/METADATA", text.as_bytes()))
    }

    #[test]
    fn the_first_of_a_field_counts_and_case_does_not() {
        let text = "\u{feff}\nMetadata-Version: 2.1\nname: Jinja2.._Ext\nVERSION: 2.10+cu124\n\
                    Version: 3\nno colon\n\nName: other\n";
        assert_eq!(check(text), "pypi jinja2-ext 2.10+cu124\n");
    }

    #[test]
    fn a_description_cannot_name_the_distribution() {
        assert_eq!(
            check("Version: 1\nSummary: x\n Name: folded\n\nName: body\n"),
            "note python: line 1: a distribution without a readable name\n"
        );
    }

    #[test]
    fn a_version_that_is_not_told_is_that_of_the_directory() {
        let at = |path: &str, text: &str| shown(&find(&ANALYZER, path, text.as_bytes()));
        assert_eq!(at("s/a-1.2.dist-info/METADATA", "Name: a\nVersion: \n"), "pypi a 1.2\n");
        assert_eq!(at("s/a-1.2-py3.8.egg-info", "Name: a\n"), "pypi a 1.2\n");
        assert_eq!(
            at("s/a.egg-info/PKG-INFO", "Name: a\nVersion: \u{1b}\n"),
            "pypi a \nnote python: line 1: a distribution without a readable version\n"
        );
    }

    #[test]
    fn licences_are_told_in_the_words_of_the_distribution() {
        let with = |fields: &str| check(&format!("Name: a\nVersion: 1\n{fields}"));
        assert_eq!(
            with("License-Expression: MIT AND (Apache-2.0 OR BSD-2-Clause)\nLicense: x\n"),
            "pypi a 1 licensed [\"MIT AND (Apache-2.0 OR BSD-2-Clause)\"]\n"
        );
        assert_eq!(
            with(
                "Classifier: License :: OSI Approved\nLicense: Dual\n\
                  Classifier: License :: OSI Approved :: BSD License\n\
                  Classifier: License :: Public Domain\nClassifier: Topic :: License :: x\n"
            ),
            "pypi a 1 licensed [\"BSD License\", \"Dual\", \"Public Domain\"]\n"
        );
        assert_eq!(with("License: Copyright 2020\n        All rights\n"), "pypi a 1\n");
        assert_eq!(with("License: UNKNOWN\n"), "pypi a 1\n");
    }

    #[test]
    fn the_interpreter_is_no_distribution() {
        let text = b"Metadata-Version: 1.1\nName: Python\nVersion: 2.7.18\n";
        assert_eq!(shown(&find(&ANALYZER, "usr/lib/python2.7/Python-2.7.egg-info", text)), "");
    }

    #[test]
    fn only_installed_distributions_are_read() {
        for path in [
            "usr/lib/python3/dist-packages/Jinja2-2.10.dist-info/METADATA",
            "s/a.egg-info/PKG-INFO",
            "s/a.egg-info/METADATA",
            "s/a.egg/EGG-INFO/PKG-INFO",
            "s/a-1.egg-info",
        ] {
            assert!(wants(&ANALYZER, path), "{path}");
        }
        for path in [
            "s/~inja2-2.10.dist-info/METADATA",
            "s/~a-1.egg-info",
            "s/pip/_vendor/rich-13.dist-info/METADATA",
            "s/a.dist-info/RECORD",
            "s/a.dist-info/PKG-INFO",
            "a-1.0/PKG-INFO",
            "METADATA",
        ] {
            assert!(!wants(&ANALYZER, path), "{path}");
        }
    }
}
