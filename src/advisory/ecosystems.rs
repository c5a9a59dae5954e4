//! The ecosystems of OSV that are read, and the shard that each goes into.

use crate::version::Scheme;

/// The shard, which names an ecosystem and a release as an image can tell it, and the ordering of
/// its versions. Releases without a number (Debian's sid) have no counterpart in an image's `os-release`.
pub(super) fn shard_of(ecosystem: &str) -> Option<(String, Scheme)> {
    let (family, release) =
        ecosystem.split_once(':').map_or((ecosystem, None), |it| (it.0, Some(it.1)));
    let is_number = |it: &str| it.parse::<u16>().is_ok();
    let scheme = match (family, release) {
        ("PyPI", None) => Scheme::Pypi,
        ("npm", None) => Scheme::Npm,
        ("Go", None) => Scheme::Go,
        ("crates.io", None) => Scheme::Semver,
        ("Wolfi" | "Chainguard", None) => Scheme::Apk,
        // Not one of OSV's: NVIDIA's bulletins, by the names of its parts.
        ("NVIDIA", None) => Scheme::Numbers,
        ("Debian", Some(release)) if is_number(release) => Scheme::Deb,
        ("Ubuntu", Some(release)) => {
            // Long support is a promise, not another release.
            let release = release.strip_suffix(":LTS").unwrap_or(release);
            return Some((format!("Ubuntu:{release}"), Scheme::Deb));
        }
        ("AlmaLinux" | "Rocky Linux", Some(release)) if is_number(release) => Scheme::Rpm,
        ("Alpine", Some(release)) if release.starts_with('v') => Scheme::Apk,
        _ => return None,
    };
    Some((ecosystem.to_owned(), scheme))
}

/// The spelling under which the package is looked up: for Python that of PEP 503.
pub(super) fn canonical(scheme: Scheme, name: &str) -> String {
    if scheme != Scheme::Pypi {
        return name.to_owned();
    }
    let lower = name.to_ascii_lowercase();
    lower.split(['-', '_', '.']).filter(|it| !it.is_empty()).collect::<Vec<_>>().join("-")
}
