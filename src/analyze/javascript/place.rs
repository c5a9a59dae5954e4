//! What the place of a `package.json` says of it.
//!
//! npm, pnpm, Yarn, Bun and Deno all put a package where Node looks for it: `node_modules/NAME` or
//! `node_modules/@SCOPE/NAME`, beside the packages that may use it or below the one that does. The
//! stores that they link from, `node_modules/.pnpm` and its like, are built the same way.

/// How a manifest comes to be there, as far as the path tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Where a package manager puts a package.
    Package,
    /// A copy that another package brought along.
    Copy,
    /// Deeper in a package: a helper, or a copy that was put there without its `node_modules`.
    Inside,
    /// Anywhere else.
    Elsewhere,
}

/// Directories in which packages keep what they are tested with, and package managers what they
/// downloaded.
const NOT_IN_USE: &[&str] = &[
    "__fixtures__",
    "__tests__",
    "_cacache",
    "example",
    "examples",
    "fixture",
    "fixtures",
    "test",
    "test-fixtures",
    "testdata",
    "tests",
];

/// Stores below `node_modules` in which nothing is that a program would load.
const CACHES: &[&str] = &[".cache", ".vite", ".vite-temp"];

/// Tells the place of the manifest `path`; `None` if it is not that of a package in use.
pub(super) fn place(path: &str) -> Option<Place> {
    let directory = match path.strip_suffix("package.json")? {
        "" => "",
        above => above.strip_suffix('/')?,
    };
    let parts: Vec<&str> = directory.split('/').collect();
    let mut ends = parts.split(|it| *it == "node_modules");
    // What is before the first `node_modules`, between two, and after the last.
    let before = ends.next()?;
    let mut rest: Vec<&[&str]> = ends.collect();
    let Some(package) = rest.pop() else {
        let is_used = !is_cache_of_bun(before) && !before.iter().any(|it| NOT_IN_USE.contains(it));
        return is_used.then_some(Place::Elsewhere);
    };
    let inside = match package {
        // Yarn with `nodeLinker: pnpm`.
        [".store", _, "package", inside @ ..] => inside,
        _ => after_name(package)?,
    };
    if is_cache_of_yarn(before) || inside.iter().any(|it| NOT_IN_USE.contains(it)) {
        return None;
    }
    let is_of_application = before.iter().any(|it| it.ends_with(".asar.unpacked"));
    let mut place = if is_of_application { Place::Copy } else { Place::Package };
    for between in rest {
        match *between {
            // A `node_modules` right in another is a store's.
            [] => {}
            [store, ..] if store.starts_with('.') => {
                if CACHES.contains(&store) {
                    return None;
                }
            }
            // npm brings all that it needs along.
            ["npm"] => place = Place::Copy,
            _ => {
                let inside = after_name(between)?;
                if inside.iter().any(|it| NOT_IN_USE.contains(it)) {
                    return None;
                }
                if !inside.is_empty() {
                    place = Place::Copy;
                }
            }
        }
    }
    Some(if inside.is_empty() { place } else { Place::Inside })
}

/// What is left after the name of a package.
fn after_name<'a, 'b>(parts: &'a [&'b str]) -> Option<&'a [&'b str]> {
    match parts {
        [scope, name, rest @ ..] if scope.starts_with('@') && !name.starts_with('.') => Some(rest),
        [name, rest @ ..] if !name.starts_with(['.', '@']) => Some(rest),
        _ => None,
    }
}

/// `.cache/yarn/v6/npm-NAME-VERSION-HASH/node_modules/NAME`.
fn is_cache_of_yarn(before: &[&str]) -> bool {
    let is_version = |it: &str| it.strip_prefix('v').is_some_and(|it| it.parse::<u8>().is_ok());
    matches!(before, [.., version, slug] if slug.starts_with("npm-") && is_version(version))
}

/// `.bun/install/cache/NAME@VERSION`.
fn is_cache_of_bun(parts: &[&str]) -> bool {
    parts.windows(2).any(|it| it == ["install", "cache"])
}

#[cfg(test)]
mod tests {
    use super::{Place, place};

    fn check(directory: &str) -> Option<Place> {
        place(&format!("{directory}/package.json"))
    }

    #[test]
    fn packages_are_where_node_looks_for_them() {
        for directory in [
            "app/node_modules/lodash",
            "node_modules/@babel/core",
            "usr/local/lib/node_modules/npm",
            "a/node_modules/b/node_modules/c",
            "a/node_modules/@s/b/node_modules/@t/c",
            "n/node_modules/.pnpm/a@1/node_modules/a",
            "n/node_modules/.pnpm/node_modules/a",
            "n/node_modules/.bun/@s+a@1/node_modules/@s/a",
            "n/node_modules/.store/a-npm-1-0123/package",
            "n/.yarn/unplugged/a-npm-1-0123/node_modules/a",
            "root/.npm/_npx/0123/node_modules/a",
            "root/.cache/pre-commit/r/node_env/lib/node_modules/a",
            "app/test/node_modules/a",
        ] {
            assert_eq!(check(directory), Some(Place::Package), "{directory}");
        }
    }

    #[test]
    fn what_a_package_brings_along_is_a_copy() {
        for directory in [
            "lib/node_modules/npm/node_modules/tar",
            "lib/node_modules/npm/node_modules/tar/node_modules/@s/a",
            "lib/node_modules/pnpm/dist/node_modules/tar",
            "opt/app/resources/app.asar.unpacked/node_modules/a",
            "node_modules/@s/a/vendor/node_modules/b/node_modules/c",
        ] {
            assert_eq!(check(directory), Some(Place::Copy), "{directory}");
        }
    }

    #[test]
    fn helpers_test_data_and_caches_are_none() {
        for directory in [
            "node_modules/resolve/test/resolver/baz",
            "node_modules/@babel",
            "node_modules/.cache",
            "node_modules",
            "node_modules/.cache/x/node_modules/a",
            "node_modules/resolve/test/node_modules/a",
            "node_modules/@s/a/lib/__fixtures__/b/node_modules/c",
            "usr/local/share/.cache/yarn/v6/npm-a-1.0.0-0123-integrity/node_modules/a",
            "root/.bun/install/cache/a@1.0.0@@@1",
            "app/tests/data",
        ] {
            assert_eq!(check(directory), None, "{directory}");
        }
        assert_eq!(place("node_modules/a/x-package.json"), None);
    }

    #[test]
    fn what_is_deeper_in_a_package_may_be_a_copy() {
        assert_eq!(check("node_modules/rxjs/ajax"), Some(Place::Inside));
        assert_eq!(check("node_modules/next/dist/compiled/@babel/runtime"), Some(Place::Inside));
    }

    #[test]
    fn other_manifests_are_elsewhere() {
        assert_eq!(check("opt/yarn-v1.22.22"), Some(Place::Elsewhere));
        assert_eq!(check("app"), Some(Place::Elsewhere));
        assert_eq!(place("package.json"), Some(Place::Elsewhere));
    }
}
