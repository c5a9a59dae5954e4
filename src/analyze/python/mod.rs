//! Installed Python distributions, and what lies beside their metadata.
//!
//! A distribution is installed where a directory `*.dist-info`, `*.egg-info` or `EGG-INFO` records
//! it, <https://packaging.python.org/en/latest/specifications/recording-installed-packages/>, in
//! whatever directory that is: an environment may be anywhere, and so may be what
//! `pip install --target` fills. Not installed are
//! - copies that pip and setuptools carry in `_vendor`: theirs to update,
//! - what a broken upgrade left behind, renamed from `name` to `~ame`,
//! - caches of uv and conda, from which environments are filled,
//! - what a build fetched for itself into `.eggs`,
//! - examples in the tests of Python and of other distributions,
//! - an unpacked source distribution, which has an `.egg-info`, too.

pub(super) mod dist_metadata;
pub(super) mod dist_metadata_link;
pub(super) mod dist_origin;
pub(super) mod dist_record;
pub(super) mod egg_link;
pub(super) mod venv;
pub(super) mod wheel_sbom;
pub(super) mod zipapp;

use super::conda::is_cached_by_conda;
use crate::model::LayerPath;

/// The file that describes a distribution, by the directory that records it.
fn metadata_in(directory: &str) -> Option<&'static str> {
    let is = |suffix: &str| {
        let at = directory.len().checked_sub(suffix.len())?;
        let (front, back) = directory.split_at_checked(at)?;
        let fits = back.eq_ignore_ascii_case(suffix) && (front.is_empty() || front.ends_with('.'));
        fits.then_some(())
    };
    let of_wheel = is("dist-info").map(|()| "METADATA");
    of_wheel.or_else(|| is("egg-info").map(|()| "PKG-INFO"))
}

/// The metadata of the distribution that the file at `path`, in the same directory, belongs to.
/// `None` if it belongs to none, or to one that is not installed.
fn metadata_beside(path: &LayerPath) -> Option<LayerPath> {
    let directory = path.parent();
    let metadata = metadata_in(last(directory))?;
    is_installed(directory).then(|| LayerPath::join(directory, metadata))?
}

/// Whether what the directory or file at `record` records is installed there.
fn is_installed(record: &str) -> bool {
    let is_leftover = last(record).starts_with(['~', '-', '=', '%']);
    let is_carried = || record.split('/').any(|it| matches!(it, "_vendor" | ".eggs"));
    let is_cached = || is_cached_by_uv(record) || is_cached_by_conda(record);
    !is_leftover
        && !is_carried()
        && !is_cached()
        && !is_example(record)
        && !is_unpacked_source(record)
}

/// Whether the path leads through tests that lie where modules are looked for.
fn is_example(path: &str) -> bool {
    let is_library = |it: &str| {
        let version = it.strip_prefix("python");
        matches!(it, "site-packages" | "dist-packages")
            || version.is_some_and(|it| it.starts_with(|it: char| it.is_ascii_digit()))
    };
    let after = path.rsplit('/').take_while(|it| !is_library(it));
    after.clone().any(|it| matches!(it, "test" | "tests")) && path.split('/').any(is_library)
}

/// Whether the path leads through a bucket of uv's cache that nothing is run from.
fn is_cached_by_uv(path: &str) -> bool {
    let mut before = "";
    path.split('/').any(|part| {
        let bucket = part.rsplit_once("-v").filter(|(_, it)| is_number(it)).map(|it| it.0);
        let is_in_uv = std::mem::replace(&mut before, part) == "uv";
        match bucket {
            // The only one with unpacked wheels, so it is known also where the cache was moved to.
            Some("archive") => true,
            Some("built-wheels" | "builds" | "git" | "sdists" | "wheels") => is_in_uv,
            _ => false,
        }
    })
}

/// Whether this is the `x.egg-info` of an unpacked source distribution `x-1.0`, in its top directory
/// or that of its sources.
fn is_unpacked_source(record: &str) -> bool {
    let Some(name) = last(record).strip_suffix(".egg-info") else { return false };
    let mut above = record.rsplit('/').skip(1);
    let directory = match above.next() {
        Some("src" | "lib") => above.next(),
        other => other,
    };
    let version = directory.map(canonical).and_then(|it| {
        it.strip_prefix(&canonical(name)).and_then(|it| it.strip_prefix('-').map(str::to_owned))
    });
    version.is_some_and(|it| it.starts_with(|it: char| it.is_ascii_digit()))
}

/// The name and the version in what records a distribution: `name-1.0.dist-info`,
/// `name-1.0-py3.8.egg-info`, or `name-1.0-py3.8.egg/EGG-INFO`.
fn named_by(record: &str) -> Option<(&str, Option<&str>)> {
    let directory = match record.rsplit_once('/') {
        Some((egg, "EGG-INFO")) => egg,
        _ => record,
    };
    let (stem, _) = last(directory).rsplit_once('.')?;
    let (name, rest) = stem.split_once('-').unwrap_or((stem, ""));
    let version = rest.split_once("-py").map_or(rest, |(version, _)| version);
    let is_version = version.starts_with(|it: char| it.is_ascii_digit());
    (!name.is_empty()).then_some((name, Some(version).filter(|_| is_version)))
}

/// PEP 503: lower case, and one `-` for each run of `-`, `_` and `.`.
fn canonical(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut after_separator = false;
    for char in name.chars() {
        let is_separator = matches!(char, '-' | '_' | '.');
        match (is_separator, after_separator) {
            (true, true) => {}
            (true, false) => out.push('-'),
            (false, _) => out.extend(char.to_lowercase()),
        }
        after_separator = is_separator;
    }
    out
}

/// The last part of a path.
fn last(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, it)| it)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::{canonical, is_installed, metadata_in, named_by};

    #[test]
    fn names_are_written_as_pep_503_says() {
        assert_eq!(canonical("Jinja2.._Ext"), "jinja2-ext");
        assert_eq!(canonical("zope.interface"), "zope-interface");
    }

    #[test]
    fn a_directory_is_told_by_its_end() {
        assert_eq!(metadata_in("Jinja2-2.10.dist-info"), Some("METADATA"));
        assert_eq!(metadata_in("dist-info"), Some("METADATA"));
        assert_eq!(metadata_in("a.egg-info"), Some("PKG-INFO"));
        assert_eq!(metadata_in("EGG-INFO"), Some("PKG-INFO"));
        for other in ["", "info", "xdist-info", "a.dist-info.bak", "é-info"] {
            assert_eq!(metadata_in(other), None, "{other}");
        }
    }

    #[test]
    fn copies_caches_and_sources_are_not_installed() {
        for record in [
            "usr/lib/python3/dist-packages/Jinja2-2.10.dist-info",
            "root/.cache/pypoetry/virtualenvs/a-py3.11/lib/python3.11/site-packages/a-1.dist-info",
            "root/.cache/uv/environments-v2/a/lib/python3.11/site-packages/a-1.dist-info",
            "root/.local/share/uv/tools/ruff/lib/python3.11/site-packages/ruff-1.dist-info",
            "opt/pkgs/a-1.dist-info",
            "app/src/a.egg-info",
            "srv/tests/lib/python3.11/site-packages/a-1.dist-info",
            "srv/tests/a-1.dist-info",
            "app-2/a.egg-info",
            "s/a-1.0-py3.8.egg/EGG-INFO",
        ] {
            assert!(is_installed(record), "{record}");
        }
        for record in [
            "s/~inja2-2.10.dist-info",
            "s/-inja2-2.10.dist-info",
            "s/setuptools/_vendor/wheel-0.43.0.dist-info",
            "root/.cache/uv/archive-v0/0Ab_-x/a-1.dist-info",
            "cache/archive-v12/x/a-1.dist-info",
            "root/.cache/uv/sdists-v9/pypi/a/1/src/a.egg-info",
            "opt/conda/pkgs/a-1.0-pyhd8ed1ab_0/site-packages/a-1.0.dist-info",
            "app/.eggs/setuptools_scm-7-py3.8.egg/EGG-INFO",
            "s/site-packages/pkg_resources/tests/data/a-1.0-py3.7.egg/EGG-INFO",
            "usr/lib/python3.11/test/test_importlib/data/a-21.12-py3.6.egg",
            "tmp/zope.interface-5.4/zope_interface.egg-info",
            "tmp/a-1.0/src/a.egg-info",
        ] {
            assert!(!is_installed(record), "{record}");
        }
    }

    #[test]
    fn a_record_is_named_after_its_distribution() {
        for (record, named) in [
            ("s/torch-2.5.1+cu124.dist-info", Some(("torch", Some("2.5.1+cu124")))),
            ("s/a_b-1.0-py3.8.egg-info", Some(("a_b", Some("1.0")))),
            ("s/a_b-1.0-py3.8.egg/EGG-INFO", Some(("a_b", Some("1.0")))),
            ("s/a.egg-info", Some(("a", None))),
            ("a-py3.8.egg-info", Some(("a", None))),
            ("dist-info", None),
            (".egg-info", None),
        ] {
            assert_eq!(named_by(record), named, "{record}");
        }
    }
}
