//! Packages of conda and its kin.

pub(super) mod conda_meta;

mod channel;

/// Whether the path leads into a package that lies unpacked in a directory `pkgs`. That is the cache
/// from which conda, mamba and rattler fill environments, and not in use itself.
pub(super) fn is_cached_by_conda(path: &str) -> bool {
    let mut parts = path.split('/').peekable();
    let mut before = "";
    while let Some(part) = parts.next() {
        let is_in_cache = std::mem::replace(&mut before, part) == "pkgs" && parts.peek().is_some();
        if is_in_cache && split_name(part).is_some_and(|(.., build)| !is_egg(build)) {
            return true;
        }
    }
    false
}

/// Whether it is the end of an egg's name, which has as many parts.
fn is_egg(build: &str) -> bool {
    build.rsplit_once('.').is_some_and(|(_, it)| it == "egg")
}

/// Splits `name-version-build`, as conda names a package's directories and records.
fn split_name(text: &str) -> Option<(&str, &str, &str)> {
    let mut parts = text.rsplitn(3, '-');
    let (build, version, name) = (parts.next()?, parts.next()?, parts.next()?);
    let is_version = version.starts_with(|it: char| it.is_ascii_digit());
    (is_version && !name.is_empty() && !build.is_empty()).then_some((name, version, build))
}

#[cfg(test)]
mod tests {
    use super::is_cached_by_conda;

    #[test]
    fn a_package_in_the_cache_is_told_by_its_directory() {
        for path in [
            "opt/conda/pkgs/ca-certificates-2024.3.11-h06a4308_0/info/index.json",
            "root/.cache/rattler/cache/pkgs/_libgcc_mutex-0.1-main/info",
            "pkgs/tzdata-2024a-h04d1e81_0/x",
        ] {
            assert!(is_cached_by_conda(path), "{path}");
        }
        for path in [
            "opt/pkgs/a/x",
            "opt/pkgs/my-own-app/x",
            "opt/pkgs/a-1.dist-info",
            "opt/pkgs/a-1-py3.8.egg/EGG-INFO",
            "opt/conda/lib/a-1.0-0/x",
            "pkgs",
        ] {
            assert!(!is_cached_by_conda(path), "{path}");
        }
    }
}
