//! JavaScript packages that Yarn loads out of archives (Plug'n'Play).
//!
//! <https://yarnpkg.com/features/pnp>. Each package is one zip archive, in `.yarn/cache` of the
//! project or in the cache of the user; the loader, `.pnp.cjs`, reads modules out of it. A project
//! that was installed with `nodeLinker: node-modules` has the same packages in `node_modules`, too.

use super::manifest;
use super::place::{Place, place};
use crate::analyze::{Analyzer, Found, Input, Unread, Want, text};
use crate::format::FormatError;
use crate::format::zip::Zip;
use crate::model::{LayerPath, Standing};

pub(in crate::analyze) const ANALYZER: Analyzer = Analyzer {
    id: "yarn",
    wants: &[Want::Extension(".zip")],
    accepts: is_cached,
    read,
    ..Analyzer::BASE
};

/// All manifests of one archive together. A package brings along few others.
const MAX_MANIFESTS: u64 = 16 << 20;

/// `NAME-npm-VERSION-…`, or another protocol where a package does not come from a registry.
fn is_cached(path: &LayerPath) -> bool {
    let directory = path.parent();
    let is_in = |it: &str| directory.ends_with(it);
    is_in(".yarn/cache") || is_in("yarn/berry/cache")
}

fn read(input: &Input<'_>) -> Result<Found, Unread> {
    let mut found = Found::default();
    let archive = match Zip::read(input.content) {
        Ok(archive) => archive,
        Err(FormatError::Io(error)) => return Err(error.into()),
        Err(error) => {
            found.remark(error.to_string());
            return Ok(found);
        }
    };
    let mut left = MAX_MANIFESTS;
    for entry in &archive.entries {
        let Some(place @ (Place::Package | Place::Copy)) = place(&entry.name) else { continue };
        let limit = left.min(manifest::MAX_MANIFEST);
        let bytes = match entry.bytes(input.content, limit) {
            Ok(bytes) => bytes,
            Err(FormatError::Io(error)) => return Err(error.into()),
            Err(error) => {
                left -= entry.cost(limit);
                found.remark(error.to_string());
                continue;
            }
        };
        left = left.saturating_sub(bytes.len() as u64);
        match manifest::read(&bytes) {
            Ok(Some(manifest)) => {
                let mut component = manifest.component;
                let is_own = entry.name.matches("node_modules/").count() == 1;
                if place == Place::Copy || !is_own {
                    component.standing = Standing::Bundled;
                }
                component.within = text::value(entry.name.as_bytes()).map(str::to_owned);
                found.component(component);
            }
            Ok(None) => {}
            Err(broken) => found.remark(broken.what),
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use crate::analyze::tests::{find, shown, wants};
    use crate::format::zip::made::zip;

    const PATH: &str = "app/.yarn/cache/a-npm-1.0.0-0123456789-abcdef.zip";

    #[test]
    fn the_package_is_in_the_archive_with_what_it_brings_along() {
        let archive = zip(&[
            ("node_modules/", b""),
            ("node_modules/a/", b""),
            ("node_modules/a/package.json.z", br#"{"name":"a","version":"1.0.0","license":"MIT"}"#),
            ("node_modules/a/esm/package.json", br#"{"type":"module"}"#),
            ("node_modules/a/node_modules/b/package.json", br#"{"name":"b","version":"2.0.0"}"#),
            ("node_modules/a/test/node_modules/c/package.json", br#"{"name":"c","version":"3"}"#),
            ("node_modules/a/node_modules/d/package.json", b"{"),
        ]);
        insta::assert_snapshot!(shown(&find(&ANALYZER, PATH, &archive)), @r#"
        npm a 1.0.0 in node_modules/a/package.json licensed ["MIT"]
        npm b 2.0.0 bundled in node_modules/a/node_modules/b/package.json
        note yarn: not a package manifest
        "#);
    }

    #[test]
    fn an_archive_that_is_cut_off_is_noted() {
        let archive = zip(&[("node_modules/a/package.json", b"{}")]);
        let found = find(&ANALYZER, PATH, &archive[..archive.len() - 22]);
        assert_eq!(shown(&found), "note yarn: the archive has no end record\n");
    }

    #[test]
    fn only_archives_that_are_loaded_are_read() {
        assert!(wants(&ANALYZER, PATH));
        assert!(wants(&ANALYZER, "root/.yarn/berry/cache/a-npm-1.0.0-0123-10c0.zip"));
        assert!(!wants(&ANALYZER, "root/cache/a.zip"));
    }
}
