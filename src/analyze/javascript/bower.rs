//! Packages that Bower installed, <https://github.com/bower/spec>.
//!
//! Bower writes `.bower.json` beside the package's own `bower.json`, with the release that it took.
//! No registry of advisories knows Bower: the packages are listed as what they are, libraries.

use crate::analyze::{Analyzer, Found, Want, json, text};
use crate::model::{Component, Ecosystem};

pub(in crate::analyze) const ANALYZER: Analyzer = Analyzer {
    id: "bower",
    wants: &[Want::Name(".bower.json")],
    read: |input| Ok(read(&input.whole()?)),
    ..Analyzer::BASE
};

fn read(bytes: &[u8]) -> Found {
    let mut found = Found::default();
    let document = json::document(bytes);
    let (mut name, mut version, mut release) = (None, None, None);
    let mut licenses = Vec::new();
    let result = json::entries(&document, |key, raw| match key {
        "name" => name = json::value(raw),
        "version" => version = json::value(raw),
        "_release" => release = json::value(raw),
        "license" => licenses = json::licenses(raw),
        _ => {}
    });
    if let Err(error) = result {
        found.note(error.line(), "not a package manifest");
        return found;
    }
    // A release that is no version is the beginning of a commit.
    let Some(name) = name else {
        found.note(1, "a package without a readable name");
        return found;
    };
    let version = version.or(release).unwrap_or_default();
    let version = text::value(version.trim_start_matches('v').as_bytes()).unwrap_or_default();
    let component = Component::new(Ecosystem::Generic, name, version);
    found.component(Component { licenses, ..component }.property("format", "bower"));
    found
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use crate::analyze::tests::{find, shown};

    fn check(text: &str) -> String {
        shown(&find(&ANALYZER, "www/bower_components/a/.bower.json", text.as_bytes()))
    }

    #[test]
    fn a_package_without_a_version_goes_by_its_release() {
        assert_eq!(
            check(r#"{"name":"jquery","version":"v3.1.0","_release":"3.1.0","license":["MIT"]}"#),
            "generic jquery 3.1.0 licensed [\"MIT\"] format=bower\n"
        );
        assert_eq!(
            check(r#"{"name":"a","_release":"0123456789"}"#),
            "generic a 0123456789 format=bower\n"
        );
        assert_eq!(
            check(r#"{"version":"1"}"#),
            "note bower: line 1: a package without a readable name\n"
        );
        assert_eq!(check("{"), "note bower: line 1: not a package manifest\n");
    }
}
