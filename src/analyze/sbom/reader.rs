//! CycloneDX 1.2 to 1.7 and SPDX 2, in JSON.
//!
//! <https://cyclonedx.org/docs/1.6/json/>, <https://spdx.github.io/spdx-spec/v2.3/>. A document may
//! have 50 MB: it is read package by package, and components in components are followed to a limit.
//! What is no package is passed over: files, operating systems, images.

use serde_json::value::RawValue;

use super::purl::{self, Named};
use crate::analyze::Found;
use crate::analyze::json::{self, Lines};
use crate::model::Component;

/// Components in components. Each level is read once more.
const MAX_DEPTH: usize = 16;

/// Entries of all lists together. No more than a quarter could become components.
const MAX_ENTRIES: usize = 400_000;

/// Identifiers of one package that are looked at.
const MAX_PURLS: usize = 8;

struct Reader<'a, 'f, F> {
    lines: Lines<'a>,
    found: &'f mut Found,
    finish: F,
    /// Entries that may still be looked at.
    left: usize,
}

/// Adds each package in `document` to what is found, as `finish` leaves it. A document of another
/// kind, or in another form than JSON, says nothing.
pub(super) fn read(document: &str, found: &mut Found, finish: impl Fn(Component) -> Component) {
    if !document.trim_ascii_start().starts_with('{') {
        return;
    }
    let (mut is_cyclonedx, mut is_spdx) = (false, false);
    let (mut components, mut packages, mut metadata) = (None, None, None);
    let result = json::entries(document, |key, raw| match key {
        "bomFormat" => is_cyclonedx = json::string(raw).as_deref() == Some("CycloneDX"),
        "spdxVersion" => is_spdx = json::string(raw).is_some_and(|it| it.starts_with("SPDX-2")),
        "components" => components = Some(raw),
        "packages" => packages = Some(raw),
        "metadata" => metadata = Some(raw),
        _ => {}
    });
    if let Err(error) = result {
        found.note(error.line(), "not a bill of materials that can be read");
    }
    let mut reader = Reader { lines: Lines::new(document), found, finish, left: MAX_ENTRIES };
    if is_cyclonedx {
        if let Some(metadata) = metadata {
            reader.metadata(metadata);
        }
        if let Some(list) = components {
            json::elements(list, |raw| reader.component(raw, MAX_DEPTH));
        }
    } else if is_spdx && let Some(list) = packages {
        json::elements(list, |raw| reader.package(raw));
    }
}

impl<F: Fn(Component) -> Component> Reader<'_, '_, F> {
    fn add(&mut self, raw: &RawValue, named: Named) {
        match named {
            Named::Package(component) => self.found.component((self.finish)(*component)),
            Named::Nothing => {}
            Named::Unreadable => {
                self.found.note(self.lines.of(raw), "a package without a readable name");
            }
        }
    }

    /// What the whole document is about is a package if it has the address of one.
    fn metadata(&mut self, raw: &RawValue) {
        let read = json::entries(raw.get(), |key, raw| {
            if key == "component" {
                let (parts, inner) = Parts::of_component(raw);
                if !parts.purls.is_empty() {
                    self.add(raw, parts.named());
                }
                if let Some(inner) = inner {
                    json::elements(inner, |raw| self.component(raw, MAX_DEPTH));
                }
            }
        });
        read.unwrap_or_default();
    }

    fn component(&mut self, raw: &RawValue, depth: usize) {
        if !self.goes_on() {
            return;
        }
        let (parts, inner) = Parts::of_component(raw);
        self.add(raw, parts.named());
        if let (Some(inner), Some(depth)) = (inner, depth.checked_sub(1)) {
            json::elements(inner, |raw| self.component(raw, depth));
        }
    }

    fn package(&mut self, raw: &RawValue) {
        if self.goes_on() {
            self.add(raw, Parts::of_package(raw).named());
        }
    }

    fn goes_on(&mut self) -> bool {
        if self.left == 1 {
            self.found.remark("too many packages; the rest is not read");
        }
        self.left = self.left.saturating_sub(1);
        self.left > 0
    }
}

/// What either format says of a package.
#[derive(Default)]
struct Parts {
    /// It is something else than a package.
    is_other: bool,
    name: Option<String>,
    version: Option<String>,
    purls: Vec<String>,
    licenses: Vec<String>,
}

impl Parts {
    fn named(self) -> Named {
        if self.is_other {
            return Named::Nothing;
        }
        match purl::named(&self.purls, self.name.as_deref(), self.version.as_deref()) {
            Named::Package(mut component) => {
                component.licenses = self.licenses;
                Named::Package(component)
            }
            other => other,
        }
    }

    /// A component of CycloneDX, and the list of those in it.
    fn of_component(raw: &RawValue) -> (Self, Option<&RawValue>) {
        let mut parts = Self::default();
        let (mut inner, mut group) = (None, None);
        let read = json::entries(raw.get(), |key, raw| match key {
            "type" => {
                parts.is_other = matches!(
                    json::string(raw).as_deref(),
                    Some(
                        "container"
                            | "cryptographic-asset"
                            | "data"
                            | "device"
                            | "file"
                            | "operating-system"
                    )
                );
            }
            "group" => group = json::string(raw).filter(|it| !it.is_empty()),
            "name" => parts.name = json::string(raw),
            "version" => parts.version = json::string(raw),
            "purl" => parts.purls.extend(json::string(raw)),
            "licenses" => parts.licenses = chosen(raw),
            "components" => inner = Some(raw),
            _ => {}
        });
        read.unwrap_or_default();
        if let (Some(group), Some(name)) = (group, &mut parts.name) {
            *name = format!("{group}/{name}");
        }
        (parts, inner)
    }

    /// A package of SPDX.
    fn of_package(raw: &RawValue) -> Self {
        let mut parts = Self::default();
        let (mut declared, mut concluded) = (Vec::new(), Vec::new());
        let read = json::entries(raw.get(), |key, raw| match key {
            "name" => parts.name = json::string(raw),
            "versionInfo" => parts.version = json::string(raw),
            "licenseDeclared" => declared = known(raw),
            "licenseConcluded" => concluded = known(raw),
            "primaryPackagePurpose" => {
                parts.is_other = matches!(
                    json::string(raw).as_deref(),
                    Some("CONTAINER" | "DEVICE" | "FILE" | "OPERATING-SYSTEM")
                );
            }
            "externalRefs" => json::elements(raw, |raw| {
                if parts.purls.len() < MAX_PURLS {
                    parts.purls.extend(reference(raw));
                }
            }),
            _ => {}
        });
        read.unwrap_or_default();
        parts.licenses = if declared.is_empty() { concluded } else { declared };
        parts
    }
}

/// Licences of SPDX, where something is known of them.
fn known(raw: &RawValue) -> Vec<String> {
    let mut licenses = json::licenses(raw);
    licenses.retain(|it| !matches!(it.as_str(), "NOASSERTION" | "NONE"));
    licenses
}

/// Licences of CycloneDX: each an expression, or an object with an id or a name.
fn chosen(raw: &RawValue) -> Vec<String> {
    let mut licenses = Vec::new();
    json::elements(raw, |raw| {
        let read = json::entries(raw.get(), |key, raw| match key {
            "expression" => licenses.extend(json::licenses(raw)),
            "license" => {
                let (mut id, mut name) = (Vec::new(), Vec::new());
                let read = json::entries(raw.get(), |key, raw| match key {
                    "id" => id = json::licenses(raw),
                    "name" => name = json::licenses(raw),
                    _ => {}
                });
                read.unwrap_or_default();
                licenses.extend(if id.is_empty() { name } else { id });
            }
            _ => {}
        });
        read.unwrap_or_default();
        licenses.truncate(json::MAX_LICENSES);
    });
    licenses.sort_unstable();
    licenses.dedup();
    licenses
}

/// The package URL in an external reference of SPDX.
fn reference(raw: &RawValue) -> Option<String> {
    let (mut is_purl, mut locator) = (false, None);
    json::entries(raw.get(), |key, raw| match key {
        "referenceType" => is_purl = json::string(raw).is_some_and(|it| it.ends_with("purl")),
        "referenceLocator" => locator = json::string(raw),
        _ => {}
    })
    .ok()?;
    locator.filter(|_| is_purl)
}
