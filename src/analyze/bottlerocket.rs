//! The packages of Bottlerocket, which has no database: an inventory that its build writes,
//! <https://github.com/bottlerocket-os/bottlerocket/blob/develop/QUICKSTART-LOCAL.md>.
//!
//! The packages are rpms until the image is made.

use serde::Deserialize;

use super::{Analyzer, Found, Input, Unread, Want, root_of, text};
use crate::model::{Component, Ecosystem};

const INVENTORY: &str = "usr/share/bottlerocket/application-inventory.json";

/// No such file comes near this.
const MAX_SIZE: u64 = 4 << 20;

pub(super) const ANALYZER: Analyzer = Analyzer {
    id: "bottlerocket",
    wants: &[Want::Name("application-inventory.json")],
    accepts: |path| root_of(path, INVENTORY).is_some(),
    read,
    ..Analyzer::BASE
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inventory {
    content: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Package {
    name: String,
    version: String,
    #[serde(default)]
    release: String,
    /// Older releases have none.
    #[serde(default)]
    epoch: String,
    #[serde(default)]
    architecture: String,
    #[serde(default)]
    publisher: String,
}

fn read(input: &Input<'_>) -> Result<Found, Unread> {
    let mut found = Found::default();
    let Ok(inventory) = serde_json::from_slice::<Inventory>(&input.up_to(MAX_SIZE)?) else {
        found.remark("not an inventory");
        return Ok(found);
    };
    for (at, package) in inventory.content.into_iter().enumerate() {
        match serde_json::from_value(package).ok().and_then(|it| component(&it)) {
            Some(component) => found.component(component),
            None => found.note_at(format_args!("package {}", at + 1), "cannot be read"),
        }
    }
    Ok(found)
}

fn component(package: &Package) -> Option<Component> {
    let mut version = package.version.clone();
    if !package.release.is_empty() {
        version = format!("{version}-{}", package.release);
    }
    if !matches!(package.epoch.as_str(), "" | "0") {
        version = format!("{}:{version}", package.epoch);
    }
    let (name, version) = (text::value(package.name.as_bytes())?, text::value(version.as_bytes())?);
    let mut component = Component::new(Ecosystem::Rpm, name, version);
    component.arch = text::value(package.architecture.as_bytes()).map(str::to_owned);
    if let Some(vendor) = text::phrase(package.publisher.as_bytes()) {
        component = component.property("vendor", vendor);
    }
    Some(component)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{find, shown};
    use super::ANALYZER;

    fn check(text: &str) -> String {
        let path = "x86_64-bottlerocket-linux-gnu/sys-root/usr/share/bottlerocket/application-inventory.json";
        shown(&find(&ANALYZER, path, text.as_bytes()))
    }

    #[test]
    fn packages_are_rpms() {
        let text = r#"{"Content": [
            {"Name": "glibc", "Publisher": "core kit", "Version": "2.43", "Release": "1.5f13.br1",
             "Epoch": "1", "Architecture": "x86_64", "Url": "http://example.com"},
            {"Name": "acpid", "Version": "1.19.2", "Release": "29cc92cc", "Epoch": "0"},
            {"Name": "x"}, 7]}"#;
        insta::assert_snapshot!(check(text), @r"
        rpm acpid 1.19.2-29cc92cc
        rpm glibc 1:2.43-1.5f13.br1 x86_64 vendor=core kit
        note bottlerocket: package 3: cannot be read
        note bottlerocket: package 4: cannot be read
        ");
        assert_eq!(check("[]"), "note bottlerocket: not an inventory\n");
    }
}
