//! JavaScript packages that lie in directories of their own.
//!
//! Each has a `package.json`. Those below `node_modules` are what npm, pnpm, Yarn, Bun and Deno
//! install, also under another name (an alias): the manifest's name is the right one. Deeper in a
//! package there are helpers, and copies of other packages in directories of their names. Elsewhere one
//! is of a program that was unpacked, if the directory is named after the release, or of a program
//! that was copied there as its source is: that is only declared, as nothing tells whether it is
//! the published one. Lock files, `node_modules/.package-lock.json` among them, prove nothing.

use super::manifest::{self, Manifest};
use super::place::{Place, place};
use crate::analyze::{Analyzer, Found, Want};
use crate::model::{LayerPath, Standing};

pub(in crate::analyze) const ANALYZER: Analyzer = Analyzer {
    id: "npm",
    wants: &[Want::Name("package.json")],
    accepts: |path| place(path.as_str()).is_some(),
    read: |input| Ok(read(input.path, &input.whole()?)),
    ..Analyzer::BASE
};

fn read(path: &LayerPath, bytes: &[u8]) -> Found {
    let mut found = Found::default();
    let Some(place) = place(path.as_str()) else { return found };
    match manifest::read(bytes) {
        Ok(Some(manifest)) => {
            let standing = match place {
                Place::Package => Some(Standing::Installed),
                Place::Copy => Some(Standing::Bundled),
                Place::Inside => is_copy(path, &manifest).then_some(Standing::Bundled),
                Place::Elsewhere => elsewhere(path, &manifest),
            };
            if let Some(standing) = standing {
                let mut component = manifest.component;
                component.standing = standing;
                if manifest.is_private {
                    component = component.property("private", "true");
                }
                found.component(component);
            }
        }
        Ok(None) => {}
        // Other programs have files of this name.
        Err(_) if matches!(place, Place::Inside | Place::Elsewhere) => {}
        Err(broken) => found.note(broken.line, broken.what),
    }
    found
}

/// Whether a manifest deep in a package is that of another one: the directory has its name.
fn is_copy(path: &LayerPath, manifest: &Manifest) -> bool {
    let name = manifest.component.name.as_str();
    let above = path.parent().strip_suffix(name);
    let is_helper = manifest.is_private || manifest.component.version == "0.0.0";
    above.is_some_and(|it| it.ends_with('/')) && !is_helper
}

/// How a package outside `node_modules` comes to be there; `None` if it is none.
fn elsewhere(path: &LayerPath, manifest: &Manifest) -> Option<Standing> {
    if manifest.is_private || manifest.is_extension || manifest.component.version == "0.0.0" {
        return None;
    }
    let directory = path.parent();
    // Python packages bring along what they show in a browser.
    let is_in = |it: &&str| matches!(*it, "labextensions" | "site-packages" | "dist-packages");
    if directory.split('/').any(|it| is_in(&it)) {
        return Some(Standing::Bundled);
    }
    let directory = directory.rsplit('/').next()?;
    let name = manifest.component.name.rsplit('/').next()?;
    let release = directory.strip_prefix(name).and_then(|it| it.strip_prefix('-'));
    let release = release.unwrap_or(directory);
    let is_unpacked = release.strip_prefix('v').unwrap_or(release) == manifest.component.version;
    Some(if is_unpacked { Standing::Installed } else { Standing::Declared })
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use crate::analyze::tests::{find, shown};

    fn check(directory: &str, text: &str) -> String {
        shown(&find(&ANALYZER, &format!("{directory}/package.json"), text.as_bytes()))
    }

    #[test]
    fn an_alias_is_told_by_its_own_name() {
        let text = r#"{"name": "is-number", "version": "7.0.0", "license": "MIT"}"#;
        assert_eq!(check("a/node_modules/num", text), "npm is-number 7.0.0 licensed [\"MIT\"]\n");
    }

    #[test]
    fn a_broken_manifest_of_a_package_is_noted() {
        assert_eq!(
            check("node_modules/a", "{\n\"name\": \"sec"),
            "note npm: line 2: not a package manifest\n"
        );
        assert_eq!(check("opt/a", "{\n\"name\": \"sec"), "");
    }

    #[test]
    fn deep_in_a_package_the_directory_must_have_the_package_s_name() {
        let text = r#"{"name": "@babel/runtime", "version": "7.22.5"}"#;
        let check = |directory: &str| check(&format!("node_modules/next/{directory}"), text);
        assert_eq!(check("dist/compiled/@babel/runtime"), "npm @babel/runtime 7.22.5 bundled\n");
        for directory in ["dist/compiled/runtime", "dist", "dist/x@babel/runtime"] {
            assert_eq!(check(directory), "", "{directory}");
        }
    }

    #[test]
    fn a_private_package_says_so() {
        let text = r#"{"name": "a", "version": "1.0.0", "private": true}"#;
        assert_eq!(check("node_modules/a", text), "npm a 1.0.0 private=true\n");
        assert_eq!(check("app", text), "");
    }

    #[test]
    fn outside_node_modules_a_package_must_be_named_after_its_release() {
        let yarn = r#"{"name": "yarn", "version": "1.22.22"}"#;
        let scoped = r#"{"name": "@s/yarn", "version": "1.22.22"}"#;
        for directory in ["opt/yarn-v1.22.22", "opt/yarn-1.22.22", "v1/yarn/1.22.22"] {
            assert_eq!(check(directory, yarn), "npm yarn 1.22.22\n", "{directory}");
            assert_eq!(check(directory, scoped), "npm @s/yarn 1.22.22\n", "{directory}");
        }
        for directory in ["app", "opt/yarn-1.22.21", "opt/yarn"] {
            assert_eq!(check(directory, yarn), "npm yarn 1.22.22 declared\n", "{directory}");
        }
        assert_eq!(check("app", r#"{"name": "a", "version": "0.0.0"}"#), "");
        let lab = "share/jupyter/labextensions/@s/yarn";
        assert_eq!(check(lab, scoped), "npm @s/yarn 1.22.22 bundled\n");
    }
}
