//! What a wheel says that was built into it.
//!
//! `*.dist-info/sboms/*.json`, CycloneDX or SPDX, <https://peps.python.org/pep-0770/>. auditwheel lists
//! the libraries of the system that it put into the wheel, maturin the crates. No file of their own
//! proves them, so they are declared only. A library of a distribution other than this image's is
//! not one of this image's packages: it goes by its name, with the package URL as it stands.

use std::str::FromStr;

use packageurl::PackageUrl;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{canonical, is_installed, last, metadata_in, named_by};
use crate::analyze::json::{document, elements, entries};
use crate::analyze::{Analyzer, Found, Want, text};
use crate::model::{Component, Ecosystem, LayerPath, Standing};

/// Licences of one component.
const MAX_LICENSES: usize = 32;

pub(in crate::analyze) const ANALYZER: Analyzer = Analyzer {
    id: "wheel-sbom",
    wants: &[Want::In("sboms")],
    accepts: |path| {
        let record = record(path);
        metadata_in(last(record)) == Some("METADATA")
            && is_installed(record)
            && path.as_str().as_bytes().ends_with(b".json")
    },
    read: |input| Ok(read(input.path, &input.whole()?)),
    ..Analyzer::BASE
};

/// The directory that records the distribution.
fn record(path: &LayerPath) -> &str {
    path.parent().rsplit_once('/').map_or("", |(it, _)| it)
}

fn read(path: &LayerPath, bytes: &[u8]) -> Found {
    let mut found = Found::default();
    let wheel = named_by(record(path)).map(|(name, version)| {
        let name = canonical(name);
        let wheel = Component::new(Ecosystem::Pypi, name.as_str(), version.unwrap_or_default());
        Wheel { purl: wheel.purl(None), name }
    });
    let text = document(bytes);
    let read = entries(&text, |key, raw| {
        let declared = match key {
            "components" => cyclonedx,
            "packages" => spdx,
            _ => return,
        };
        elements(raw, |it| {
            let component = declared(it).and_then(|it| it.component(wheel.as_ref()));
            if let Some(component) = component {
                found.component(component);
            }
        });
    });
    if let Err(error) = read {
        // The error's text could repeat what the file says; its place cannot.
        found.note(error.line(), "not a bill of materials");
    }
    found
}

/// The distribution that the document is about.
struct Wheel {
    name: String,
    purl: Option<String>,
}

/// A component as either format states it.
struct Declared {
    name: Option<String>,
    version: Option<String>,
    purl: Option<String>,
    licenses: Vec<String>,
}

#[derive(Deserialize)]
struct CycloneDx<'a> {
    name: Option<String>,
    version: Option<String>,
    purl: Option<String>,
    #[serde(borrow)]
    licenses: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct LicenseChoice {
    expression: Option<String>,
    license: Option<License>,
}

#[derive(Deserialize)]
struct License {
    id: Option<String>,
    name: Option<String>,
}

/// `None` for what is no component.
fn cyclonedx(raw: &RawValue) -> Option<Declared> {
    let it: CycloneDx<'_> = serde_json::from_str(raw.get()).ok()?;
    let mut licenses = Vec::new();
    each(it.licenses, |choice: LicenseChoice| {
        let named = choice.license.and_then(|it| it.id.or(it.name));
        licenses.extend(choice.expression.or(named).filter(|_| licenses.len() < MAX_LICENSES));
    });
    Some(Declared { name: it.name, version: it.version, purl: it.purl, licenses })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spdx<'a> {
    name: Option<String>,
    version_info: Option<String>,
    license_declared: Option<String>,
    #[serde(borrow)]
    external_refs: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    reference_type: String,
    reference_locator: String,
}

/// `None` for what is no package.
fn spdx(raw: &RawValue) -> Option<Declared> {
    let it: Spdx<'_> = serde_json::from_str(raw.get()).ok()?;
    let mut purl = None;
    each(it.external_refs, |it: Reference| {
        if it.reference_type == "purl" {
            purl = Some(it.reference_locator);
        }
    });
    let is_told = |it: &String| !matches!(it.as_str(), "NOASSERTION" | "NONE");
    let licenses = it.license_declared.filter(is_told).into_iter().collect();
    Some(Declared { name: it.name, version: it.version_info, purl, licenses })
}

/// Hands on the elements of a list that are what they should be.
fn each<'a, T: Deserialize<'a>>(list: Option<&'a RawValue>, mut hand_on: impl FnMut(T)) {
    if let Some(list) = list {
        elements(list, |it| {
            if let Ok(element) = serde_json::from_str(it.get()) {
                hand_on(element);
            }
        });
    }
}

impl Declared {
    /// `None` for the wheel itself, and for what has no readable name.
    fn component(self, wheel: Option<&Wheel>) -> Option<Component> {
        let fact = |it: Option<&str>| text::value(it?.as_bytes()).map(str::to_owned);
        let purl = self.purl.as_deref().and_then(|it| PackageUrl::from_str(it).ok());
        let version = fact(purl.as_ref().and_then(|it| it.version()).or(self.version.as_deref()));
        let known = purl.as_ref().and_then(named);
        let mut component = match known {
            Some((ecosystem, name)) => Component::new(ecosystem, fact(Some(&name))?, ""),
            None => Component::new(Ecosystem::Generic, fact(self.name.as_deref())?, ""),
        };
        if wheel.is_some_and(|it| it.name == canonical(&component.name)) {
            return None;
        }
        component.standing = Standing::Declared;
        component.version = version.unwrap_or_default();
        component.licenses = text::licenses(self.licenses.iter().map(String::as_bytes));
        let stands =
            fact(self.purl.as_deref()).filter(|_| component.ecosystem == Ecosystem::Generic);
        for (key, value) in [("part-of", wheel.and_then(|it| it.purl.clone())), ("purl", stands)] {
            if let Some(value) = value {
                component = component.property(key, &value);
            }
        }
        Some(component)
    }
}

/// The ecosystem and the name in it, where that does not depend on a distribution.
fn named(purl: &PackageUrl<'_>) -> Option<(Ecosystem, String)> {
    let ecosystem = match purl.ty() {
        "cargo" => Ecosystem::Cargo,
        "composer" => Ecosystem::Composer,
        "conda" => Ecosystem::Conda,
        "cran" => Ecosystem::Cran,
        "gem" => Ecosystem::Gem,
        "golang" => Ecosystem::Golang,
        "hex" => Ecosystem::Hex,
        "maven" => Ecosystem::Maven,
        "npm" => Ecosystem::Npm,
        "nuget" => Ecosystem::Nuget,
        "pypi" => Ecosystem::Pypi,
        _ => return None,
    };
    let separator = if ecosystem == Ecosystem::Maven { ':' } else { '/' };
    let name = match purl.namespace() {
        Some(namespace) => format!("{namespace}{separator}{}", purl.name()),
        None if ecosystem == Ecosystem::Pypi => canonical(purl.name()),
        None => purl.name().to_owned(),
    };
    Some((ecosystem, name))
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use crate::analyze::tests::{find, shown, wants};

    fn check(json: &str) -> String {
        shown(&find(&ANALYZER, "s/num_py-1.26.dist-info/sboms/a.cdx.json", json.as_bytes()))
    }

    #[test]
    fn what_was_built_in_is_declared_of_the_wheel() {
        insta::assert_snapshot!(check(r#"{"bomFormat": "CycloneDX", "components": [
            {"name": "num-py", "version": "1.26", "purl": "pkg:pypi/Num.py@1.26?file_name=x.whl"},
            {"name": "libgfortran", "version": "8.5", "purl": "pkg:rpm/almalinux/libgfortran@8.5-1.el8"},
            {"name": "x", "purl": "pkg:cargo/ring@0.17.8", "licenses": [{"expression": "MIT OR ISC"}]},
            {"name": "y", "purl": "pkg:npm/%40babel/core@7.0.0",
             "licenses": [{"license": {"id": "MIT"}}, {"license": {"name": "An Other"}}, 7]},
            {"name": "z", "purl": "pkg:maven/org.x/y@1"}, {"name": "plain", "version": "3"},
            {"version": "1"}, "text", {"name": ["a"]}, {"name": "a b"}]}"#), @r#"
        cargo ring 0.17.8 declared licensed ["MIT OR ISC"] part-of=pkg:pypi/num-py@1.26
        generic libgfortran 8.5-1.el8 declared part-of=pkg:pypi/num-py@1.26 purl=pkg:rpm/almalinux/libgfortran@8.5-1.el8
        generic plain 3 declared part-of=pkg:pypi/num-py@1.26
        maven org.x:y 1 declared part-of=pkg:pypi/num-py@1.26
        npm @babel/core 7.0.0 declared licensed ["An Other", "MIT"] part-of=pkg:pypi/num-py@1.26
        "#);
    }

    #[test]
    fn spdx_says_the_same_in_other_words() {
        insta::assert_snapshot!(check(r#"{"spdxVersion": "SPDX-2.3", "packages": [
            {"name": "num_py", "versionInfo": "1.26"},
            {"name": "zlib", "versionInfo": "1.3", "licenseDeclared": "Zlib", "externalRefs": [
              {"referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a"},
              {"referenceType": "purl", "referenceLocator": "pkg:conda/zlib@1.3"}]},
            {"name": "b", "versionInfo": "2", "licenseDeclared": "NOASSERTION"}]}"#), @r#"
        conda zlib 1.3 declared licensed ["Zlib"] part-of=pkg:pypi/num-py@1.26
        generic b 2 declared part-of=pkg:pypi/num-py@1.26
        "#);
    }

    #[test]
    fn what_is_no_bill_of_materials_says_nothing() {
        assert_eq!(check("{}"), "");
        assert_eq!(
            check("{\n\"components\": ["),
            "note wheel-sbom: line 2: not a bill of materials\n"
        );
        assert!(!wants(&ANALYZER, "app/sboms/a.json"));
        assert!(!wants(&ANALYZER, "s/a-1.dist-info/sboms/a.xml"));
        assert!(!wants(&ANALYZER, "s/_vendor/a-1.dist-info/sboms/a.json"));
    }
}
