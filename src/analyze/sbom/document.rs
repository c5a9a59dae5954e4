//! Bills of materials that somebody left in the filesystem.
//!
//! Build systems of distributions put one there for each package (apko: `var/lib/db/sbom`), Java
//! archives in `META-INF/sbom`, others beside the application; those of wheels are read elsewhere.
//! Nothing proves what they say: their packages are declared. Only JSON is read, of CycloneDX and SPDX 2;
//! XML, YAML, RDF and tag-value are passed over.

use super::reader;
use crate::analyze::{Analyzer, Found, Want, json};
use crate::model::{Component, LayerPath, Standing};

pub(in crate::analyze) const ANALYZER: Analyzer = Analyzer {
    id: "sbom",
    wants: &[Want::Extension(".json"), Want::Extension(".cdx"), Want::Extension(".spdx")],
    accepts: is_document,
    read: |input| {
        let mut found = Found::default();
        let bytes = input.whole()?;
        let declared = |it| Component { standing: Standing::Declared, ..it };
        reader::read(&json::document(&bytes), &mut found, declared);
        Ok(found)
    },
    ..Analyzer::BASE
};

fn is_document(path: &LayerPath) -> bool {
    let name = path.file_name().to_ascii_lowercase();
    let directory = path.parent().rsplit('/').next().unwrap_or_default();
    // Bitnami's own are told apart.
    let Some(stem) = name.strip_suffix(".json") else { return !name.starts_with(".spdx-") };
    // Of a Python distribution: `*.dist-info/sboms/*.json`.
    if path.parent().ends_with(".dist-info/sboms") {
        return false;
    }
    // Docker's hardened images begin the name with a dot and the format.
    let is_marked = |it: &str| {
        stem.strip_suffix(it).is_some_and(|before| before.is_empty() || before.ends_with('.'))
    };
    matches!(directory, "sbom" | "sboms")
        || ["bom", "cdx", "sbom", "spdx"].into_iter().any(is_marked)
        || stem.starts_with(".spdx.")
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use crate::analyze::tests::{find, shown, wants};

    fn check(text: &str) -> String {
        shown(&find(&ANALYZER, "var/lib/db/sbom/a.spdx.json", text.as_bytes()))
    }

    #[test]
    fn components_of_cyclonedx_are_declared_at_any_depth() {
        insta::assert_snapshot!(check(r#"{
            "bomFormat": "CycloneDX", "specVersion": "1.6",
            "metadata": {"component": {"type": "application", "name": "whole", "version": "1",
                "components": [{"type": "library", "name": "part", "version": "2"}]}},
            "components": [
                {"type": "library", "group": "g", "name": "x", "version": "0", "purl": "pkg:npm/a@1",
                 "licenses": [{"license": {"id": "MIT"}}, {"license": {"name": "My own"}}],
                 "components": [{"type": "library", "group": "g", "name": "b", "version": "2",
                    "licenses": [{"expression": "MIT OR Apache-2.0"}]}]},
                {"type": "file", "name": "usr/bin/c"},
                {"type": "operating-system", "name": "debian", "version": "12"},
                {"type": "library", "name": "without-version"},
                {"type": "library", "name": 7},
                {"type": "container", "name": "d", "version": "1", "components": [
                    {"type": "library", "name": "e", "version": "3", "purl": "nonsense"}]}
            ]}"#), @r#"
        generic e 3 declared
        generic g/b 2 declared licensed ["MIT OR Apache-2.0"]
        generic part 2 declared
        npm a 1 declared licensed ["MIT", "My own"]
        note sbom: line 13: a package without a readable name
        "#);
    }

    #[test]
    fn packages_of_spdx_are_declared() {
        insta::assert_snapshot!(check(r#"{"spdxVersion": "SPDX-2.3", "packages": [
            {"name": "curl", "versionInfo": "8.5.0-r0", "licenseDeclared": "MIT", "licenseConcluded": "curl",
             "externalRefs": [{"referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a:b"},
                {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                 "referenceLocator": "pkg:apk/wolfi/curl@8.5.0-r0?arch=x86_64&distro=wolfi"}]},
            {"name": "python", "versionInfo": "3.14.3", "licenseDeclared": "NOASSERTION",
             "licenseConcluded": "PSF-2.0", "externalRefs": [{
                "referenceType": "http://spdx.org/rdf/references/purl",
                "referenceLocator": "pkg:dhi/python@3.14.3"}]},
            {"name": "image", "versionInfo": "1", "primaryPackagePurpose": "CONTAINER"},
            {"name": "wolfi", "versionInfo": "1", "externalRefs": [
                {"referenceType": "purl", "referenceLocator": "pkg:oci/wolfi@sha256:00"}]},
            {"name": "openssl", "versionInfo": "3.0"},
            null
        ]}"#), @r#"
        apk curl 8.5.0-r0 x86_64 declared licensed ["MIT"]
        generic openssl 3.0 declared
        generic python 3.14.3 declared licensed ["PSF-2.0"] type=dhi
        note sbom: line 14: a package without a readable name
        "#);
    }

    #[test]
    fn other_documents_and_other_forms_say_nothing() {
        for text in [
            "",
            "SPDXVersion: SPDX-2.3\nPackageName: a\nPackageVersion: 1\n",
            "<?xml version=\"1.0\"?><bom/>",
            r#"{"artifacts": [{"name": "a", "version": "1"}]}"#,
            r#"{"bomFormat": "CycloneDX", "components": 7}"#,
            r#"{"spdxVersion": "SPDX-2.3"}"#,
            r#"{"components": [{"name": "a", "version": "1"}]}"#,
        ] {
            assert_eq!(check(text), "", "{text}");
        }
        assert_eq!(
            check("{\"spdxVersion\": \"SPDX-2.3\",\n\"packages\": ["),
            "note sbom: line 2: not a bill of materials that can be read\n"
        );
    }

    #[test]
    fn components_in_components_end_somewhere() {
        let open =
            r#"{"bomFormat":"CycloneDX","components":[{"name":"a","version":"1","components":["#;
        let text = open.to_owned()
            + &r#"{"name":"a","version":"1","components":["#.repeat(5000)
            + &"]}".repeat(5002);
        assert_eq!(check(&text), "generic a 1 declared\n");
    }

    #[test]
    fn documents_are_told_by_their_names() {
        for path in [
            "var/lib/db/sbom/curl-8.5.0-r0.spdx.json",
            "usr/share/sbom/app.json",
            "usr/share/sboms/auditwheel.cdx.json",
            "app/bom.json",
            "app/target/app.CDX.json",
            "app/sbom.json",
            "opt/docker/sbom/python/.spdx.python.json",
            "app/a.spdx",
        ] {
            assert!(wants(&ANALYZER, path), "{path}");
        }
        for path in [
            "app/package.json",
            "app/abom.json",
            "opt/bitnami/a/.spdx-a.spdx",
            "s/a-1.dist-info/sboms/auditwheel.cdx.json",
        ] {
            assert!(!wants(&ANALYZER, path), "{path}");
        }
    }
}
