//! Installed PHP packages.
//!
//! Composer lists what it installed in `vendor/composer/installed.json`,
//! <https://getcomposer.org/doc/07-runtime.md#installed-versions>: version 1 as a list, version 2 as
//! an object with the list under `packages`. A version may begin with a `v`, as the tag does that it
//! comes from. `composer.lock` is a wish, `installed.php` has the same without licences.

use serde_json::value::RawValue;

use crate::analyze::{Analyzer, Found, Want, json};
use crate::model::{Component, Ecosystem, LayerPath};

pub(in crate::analyze) const ANALYZER: Analyzer = Analyzer {
    id: "composer",
    wants: &[Want::Name("installed.json")],
    read: |input| Ok(read(input.path, &input.whole()?)),
    ..Analyzer::BASE
};

/// Entries of one list. The largest projects have some hundred.
const MAX_PACKAGES: usize = 100_000;

/// Names of packages for development that are remembered.
const MAX_DEV_PACKAGES: usize = 10_000;

fn read(path: &LayerPath, bytes: &[u8]) -> Found {
    let mut found = Found::default();
    let document = json::document(bytes);
    // Elsewhere, a file of this name may be about anything.
    let is_expected = path.parent().ends_with("composer");
    let (mut packages, mut dev) = (None, Vec::new());
    let whole: Result<&RawValue, _> = serde_json::from_str(&document);
    match whole {
        Ok(list) if list.get().starts_with('[') => packages = Some(list),
        Ok(object) => {
            let read = json::entries(object.get(), |key, raw| match key {
                "packages" => packages = Some(raw),
                "dev-package-names" => json::elements(raw, |raw| {
                    if dev.len() < MAX_DEV_PACKAGES {
                        dev.extend(json::value(raw).map(|it| it.to_lowercase()));
                    }
                }),
                _ => {}
            });
            read.unwrap_or_default();
        }
        Err(error) if is_expected => found.note(error.line(), "not a list of packages"),
        Err(_) => {}
    }
    dev.sort_unstable();
    let Some(packages) = packages else { return found };
    let mut lines = json::Lines::new(&document);
    let mut n_packages = 0;
    json::elements(packages, |raw| {
        n_packages += 1;
        match Some(raw).filter(|_| n_packages <= MAX_PACKAGES).map(package) {
            Some(Some(mut package)) => {
                if dev.binary_search(&package.name).is_ok() {
                    package = package.property("dev", "true");
                }
                found.component(package);
            }
            Some(None) if is_expected => {
                found.note(lines.of(raw), "a package without a readable name and version");
            }
            _ => {}
        }
    });
    if n_packages > MAX_PACKAGES {
        found.remark("too many packages; the rest is not read");
    }
    found
}

fn package(raw: &RawValue) -> Option<Component> {
    let (mut name, mut version, mut commit) = (None, None, None);
    let mut licenses = Vec::new();
    json::entries(raw.get(), |key, raw| match key {
        "name" => name = json::value(raw),
        "version" => version = json::value(raw),
        "license" => licenses = json::licenses(raw),
        "source" => commit = reference(raw),
        _ => {}
    })
    .ok()?;
    // Names compare without regard to case, and are published in lower case.
    let name = name.filter(|it| it.contains('/'))?.to_lowercase();
    let package = Component::new(Ecosystem::Composer, name, version?);
    let package = Component { licenses, ..package };
    Some(match commit {
        Some(commit) => package.property("commit", &commit),
        None => package,
    })
}

fn reference(source: &RawValue) -> Option<String> {
    let mut reference = None;
    let read = json::entries(source.get(), |key, raw| {
        if key == "reference" {
            reference = json::value(raw);
        }
    });
    read.ok()?;
    reference
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use crate::analyze::tests::{find, shown};

    fn check(text: &str) -> String {
        shown(&find(&ANALYZER, "app/vendor/composer/installed.json", text.as_bytes()))
    }

    #[test]
    fn both_versions_of_the_format_are_read() {
        let package = r#"{"name":"Psr/log","version":"v3.0.0","license":["MIT"],
            "source":{"type":"git","reference":"fe5ea303"}}"#;
        let expected = "composer psr/log v3.0.0 licensed [\"MIT\"] commit=fe5ea303";
        assert_eq!(check(&format!("[{package}]")), format!("{expected}\n"));
        assert_eq!(
            check(&format!(
                r#"{{"packages":[{package}],"dev":true,"dev-package-names":["psr/log"]}}"#
            )),
            format!("{expected} dev=true\n")
        );
    }

    #[test]
    fn one_bad_record_does_not_hide_the_next() {
        insta::assert_snapshot!(check(
            "{\"packages\":[\n{\"name\":\"a/b\"},\n7,\n{\"name\":\"c\",\"version\":\"1\"},\n\
             {\"name\":\"d/e\",\"version\":\"dev-main\",\"license\":{},\"source\":null}]}"
        ), @"
        composer d/e dev-main
        note composer: line 2: a package without a readable name and version
        note composer: line 3: a package without a readable name and version
        note composer: line 4: a package without a readable name and version
        ");
        assert_eq!(check("[{\n"), "note composer: line 2: not a list of packages\n");
    }

    #[test]
    fn other_files_of_this_name_are_left_alone() {
        for text in ["{", "[1, 2]", "{\"packages\": [{\"name\": \"a\"}]}", "7"] {
            assert_eq!(shown(&find(&ANALYZER, "a/installed.json", text.as_bytes())), "");
        }
    }
}
