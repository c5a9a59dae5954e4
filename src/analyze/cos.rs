//! The packages of Google's Container-Optimized OS, which has no database: a list that its build
//! writes, <https://cloud.google.com/container-optimized-os/docs/concepts/security>.
//!
//! The packages are Gentoo's. Those that only the build needed, in a list of their own, do not count.

use serde::Deserialize;

use super::{Analyzer, Found, Input, Unread, Want, root_of, text};
use crate::model::{Component, Ecosystem};

const LIST: &str = "etc/cos-package-info.json";

/// No such file comes near this.
const MAX_SIZE: u64 = 4 << 20;

pub(super) const ANALYZER: Analyzer = Analyzer {
    id: "cos",
    wants: &[Want::Name("cos-package-info.json")],
    accepts: |path| root_of(path, LIST).is_some(),
    read,
    ..Analyzer::BASE
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    #[serde(default)]
    installed_packages: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Package {
    category: String,
    name: String,
    /// That of the image it was built for.
    version: String,
    /// Its own; older lists have none.
    #[serde(default)]
    ebuild_version: String,
}

fn read(input: &Input<'_>) -> Result<Found, Unread> {
    let mut found = Found::default();
    let Ok(list) = serde_json::from_slice::<List>(&input.up_to(MAX_SIZE)?) else {
        found.remark("not a list of packages");
        return Ok(found);
    };
    for (at, package) in list.installed_packages.into_iter().enumerate() {
        match serde_json::from_value(package).ok().and_then(|it| component(&it)) {
            Some(component) => found.component(component),
            None => found.note_at(format_args!("package {}", at + 1), "cannot be read"),
        }
    }
    Ok(found)
}

fn component(package: &Package) -> Option<Component> {
    let name = format!("{}/{}", package.category, package.name);
    let (name, build) = (text::value(name.as_bytes())?, text::value(package.version.as_bytes())?);
    Some(match text::value(package.ebuild_version.as_bytes()) {
        Some(version) => Component::new(Ecosystem::Ebuild, name, version).property("build", build),
        None => Component::new(Ecosystem::Ebuild, name, build),
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{find, shown};
    use super::ANALYZER;

    fn check(text: &str) -> String {
        shown(&find(&ANALYZER, "etc/cos-package-info.json", text.as_bytes()))
    }

    #[test]
    fn only_what_is_installed_counts() {
        let text = r#"{"installedPackages": [
            {"category": "sys-libs", "name": "zlib", "version": "17162.336.17", "ebuild_version": "1.2.11-r5"},
            {"category": "sys-apps", "name": "old", "version": "17162.336.17"}, {"name": "x"}],
            "buildTimePackages": [{"category": "a", "name": "b", "version": "1"}]}"#;
        insta::assert_snapshot!(check(text), @r"
        ebuild sys-apps/old 17162.336.17
        ebuild sys-libs/zlib 1.2.11-r5 build=17162.336.17
        note cos: package 3: cannot be read
        ");
        assert_eq!(check("{}"), "");
        assert_eq!(check("x"), "note cos: not a list of packages\n");
    }
}
