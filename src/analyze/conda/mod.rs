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
    use crate::analyze::{wanting, wanting_head};
    use crate::model::LayerPath;

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

    #[test]
    fn in_the_cache_only_hazards_are_looked_for() {
        let readers = |path: String, head: &[u8]| {
            let path = LayerPath::new(&path).unwrap();
            let set = wanting(&path).and(wanting_head(&path, head));
            set.iter().map(|it| it.id).collect::<Vec<_>>()
        };
        let (elf, zip) = (b"\x7fELF\x02\x01\x01", b"PK\x03\x04");
        for (id, file, head) in [
            ("npm", "lib/node_modules/npm/package.json", &b"{"[..]),
            ("classifier", "bin/node", elf),
            ("executable", "bin/any", elf),
            ("cuda-library", "lib/libcurand.so.10", elf),
            ("runtime", "include/node/node_version.h", b""),
            ("jar", "share/a/a-1.0.jar", zip),
            ("jar-unpacked", "share/META-INF/maven/org.a/b/pom.properties", b""),
            ("r", "lib/R/library/a/DESCRIPTION", b""),
        ] {
            assert!(readers(format!("opt/conda/{file}"), head).contains(&id), "{id}");
            let cached = readers(format!("opt/conda/pkgs/a-1.0-h06a4308_0/{file}"), head);
            assert!(cached.is_empty(), "{cached:?}");
        }
        assert_eq!(readers("pkgs/a-1.0-0/share/m.pkl".to_owned(), b"\x80\x04"), ["pickle"]);
    }
}
