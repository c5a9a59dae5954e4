//! Bitnami's components, in its own images.
//!
//! `opt/bitnami/.bitnami_components.json` lists what was unpacked. Later images have a document of
//! SPDX in each component's directory, `.spdx-NAME.spdx`, with the component itself and what was
//! built into it, <https://github.com/bitnami/vulndb#how-to-consume-this-cve-feed>. A version ends in
//! the revision of the packaging, `1.2.3-4`, which advisories do not know.

use super::reader;
use crate::analyze::{Analyzer, Found, Want, json, text};
use crate::model::{Component, Ecosystem, Standing};

const COMPONENTS: &str = ".bitnami_components.json";

pub(in crate::analyze) const ANALYZER: Analyzer = Analyzer {
    id: "bitnami",
    wants: &[Want::Name(COMPONENTS), Want::Extension(".spdx")],
    accepts: |path| {
        let name = path.file_name();
        name == COMPONENTS || (path.as_str().contains("opt/bitnami/") && main(name).is_some())
    },
    read: |input| {
        let bytes = input.whole()?;
        Ok(match main(input.path.file_name()) {
            Some(main) => read_document(main, &bytes),
            None => read_components(&bytes),
        })
    },
    ..Analyzer::BASE
};

/// The component in whose directory a document lies.
fn main(file: &str) -> Option<&str> {
    file.strip_prefix(".spdx-")?.strip_suffix(".spdx")
}

fn read_document(main: &str, bytes: &[u8]) -> Found {
    let mut found = Found::default();
    reader::read(&json::document(bytes), &mut found, |component| {
        let is_main = component.ecosystem == Ecosystem::Bitnami && component.name == main;
        let standing = if is_main { Standing::Installed } else { Standing::Bundled };
        Component { standing, ..component }
    });
    found
}

fn read_components(bytes: &[u8]) -> Found {
    let mut found = Found::default();
    let document = json::document(bytes);
    let mut lines = json::Lines::new(&document);
    let result = json::entries(&document, |name, raw| {
        let (mut version, mut arch, mut distro) = (None, None, None);
        let read = json::entries(raw.get(), |key, raw| match key {
            "version" => version = json::value(raw),
            "arch" => arch = json::value(raw),
            "distro" => distro = json::value(raw),
            _ => {}
        });
        let name = text::value(name.as_bytes());
        let (Ok(()), Some(name), Some(version)) = (read, name, version) else {
            return found.note(lines.of(raw), "a component without a readable version");
        };
        let mut component = Component::new(Ecosystem::Bitnami, name, version);
        for (key, value) in [("arch", arch), ("distro", distro)] {
            if let Some(value) = value {
                component = component.qualifier(key, &value);
            }
        }
        found.component(component);
    });
    if let Err(error) = result {
        found.note(error.line(), "not a list of components");
    }
    found
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use crate::analyze::tests::{find, shown, wants};

    #[test]
    fn the_list_names_every_component() {
        let text = "{\n\"redis\": {\"arch\": \"amd64\", \"distro\": \"debian-12\", \"type\": \"NAMI\", \
                    \"version\": \"7.2.4-0\"},\n\"a\": {},\n\"b\": 7}";
        let found = find(&ANALYZER, "opt/bitnami/.bitnami_components.json", text.as_bytes());
        insta::assert_snapshot!(shown(&found), @"
        bitnami redis 7.2.4-0 arch=amd64 distro=debian-12
        note bitnami: line 3: a component without a readable version
        note bitnami: line 4: a component without a readable version
        ");
    }

    #[test]
    fn a_document_names_the_component_and_what_is_built_in() {
        let package = |name: &str, purl: &str| {
            format!(
                r#"{{"name": "{name}", "versionInfo": "1", "licenseDeclared": "MIT", "externalRefs":
                    [{{"referenceType": "purl", "referenceLocator": "{purl}"}}]}}"#
            )
        };
        let text = format!(
            r#"{{"spdxVersion": "SPDX-2.3", "packages": [{}, {}, {}]}}"#,
            package("redis", "pkg:bitnami/redis@7.2.4-0?arch=amd64&distro=debian-12"),
            package("jemalloc", "pkg:bitnami/jemalloc@5.3.0?arch=amd64"),
            package("a", "pkg:maven/g/a@1"),
        );
        let found = find(&ANALYZER, "opt/bitnami/redis/.spdx-redis.spdx", text.as_bytes());
        insta::assert_snapshot!(shown(&found), @r#"
        bitnami jemalloc 5.3.0 bundled licensed ["MIT"] arch=amd64
        bitnami redis 7.2.4-0 licensed ["MIT"] arch=amd64 distro=debian-12
        maven g:a 1 bundled licensed ["MIT"]
        "#);
        let other = b"SPDXVersion: SPDX-2.3\n";
        assert_eq!(shown(&find(&ANALYZER, "opt/bitnami/redis/.spdx-redis.spdx", other)), "");
        assert!(!wants(&ANALYZER, "app/.spdx-redis.spdx"));
    }
}
