//! The place of an archive in a repository, which has its coordinates.
//!
//! Maven's layout is `org/example/thing/1.0/thing-1.0.jar`,
//! <https://maven.apache.org/repositories/layout.html>; Karaf's `system` and archives for Karaf
//! have it too. Gradle keeps `files-2.1/org.example/thing/1.0/<sha1>/thing-1.0.jar`, Ivy
//! `cache/org.example/thing/jars/thing-1.0.jar`.

use super::group::is_domain;
use super::pom::coordinate;

/// Directories in which repositories of Maven's layout begin.
const ROOTS: &[&str] = &["maven2", "repository", "system", "m2", "maven-repo", "repo"];

/// What a place tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) group: Option<String>,
    pub(super) artifact: String,
    pub(super) version: String,
}

/// The coordinates of the archive at `path`, if that is a place in a repository.
pub(super) fn place(path: &str) -> Option<Place> {
    let mut parts: Vec<&str> = path.split('/').collect();
    let file = parts.pop()?;
    maven(&parts, file).or_else(|| gradle(&parts, file)).or_else(|| ivy(&parts, file))
}

fn maven(parts: &[&str], file: &str) -> Option<Place> {
    let [rest @ .., artifact, version] = parts else { return None };
    if !goes_with(file, artifact, version) {
        return None;
    }
    let root = rest.iter().rposition(|it| ROOTS.contains(it)).map(|it| it + 1);
    let domain = || rest.iter().position(|it| is_domain(it));
    let group = root.filter(|it| *it < rest.len()).or_else(domain).and_then(|it| rest.get(it..));
    checked(group.map(|it| it.join(".")).as_deref(), artifact, version)
}

fn gradle(parts: &[&str], file: &str) -> Option<Place> {
    let [.., root, group, artifact, version, _] = parts else { return None };
    let fits = root.starts_with("files-2.") && goes_with(file, artifact, version);
    fits.then(|| checked(Some(group), artifact, version))?
}

fn ivy(parts: &[&str], file: &str) -> Option<Place> {
    let [.., "cache", group, artifact, "jars" | "bundles"] = parts else { return None };
    let version = file.strip_prefix(artifact)?.strip_prefix('-')?.rsplit_once('.')?.0;
    checked(Some(group), artifact, version)
}

/// Whether the file is one of this artifact in this version. A snapshot's may have its time
/// instead.
fn goes_with(file: &str, artifact: &str, version: &str) -> bool {
    let version = version.strip_suffix("-SNAPSHOT").unwrap_or(version);
    let rest = file.strip_prefix(artifact).and_then(|it| it.strip_prefix('-'));
    rest.and_then(|it| it.strip_prefix(version)).is_some_and(|it| it.starts_with(['-', '.']))
}

fn checked(group: Option<&str>, artifact: &str, version: &str) -> Option<Place> {
    let begins = version.starts_with(|it: char| it.is_ascii_alphanumeric());
    let version = coordinate(version).filter(|_| begins)?.to_owned();
    let group = group.and_then(coordinate).map(str::to_owned);
    Some(Place { group, artifact: coordinate(artifact)?.to_owned(), version })
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn a_place_in_a_repository_has_the_coordinates() {
        let shown = |path: &str| {
            let found = place(path)?;
            let group = found.group.as_deref().unwrap_or("-");
            Some(format!("{group}:{}:{}", found.artifact, found.version))
        };
        for (path, expected) in [
            ("root/.m2/repository/org/a/b/1.0/b-1.0.jar", "org.a:b:1.0"),
            ("root/.m2/repository/junit/junit/4.12/junit-4.12-sources.jar", "junit:junit:4.12"),
            (
                "v1/https/repo1.maven.org/maven2/com/a/b/1-SNAPSHOT/b-1-20200101.000000-1.jar",
                "com.a:b:1-SNAPSHOT",
            ),
            ("opt/karaf/system/org/a/b.c/1.0.0/b.c-1.0.0.jar", "org.a:b.c:1.0.0"),
            ("opt/lib/com/a/b/1.0/b-1.0.jar", "com.a:b:1.0"),
            ("opt/libs/b/1.0/b-1.0.jar", "-:b:1.0"),
            ("root/.gradle/caches/modules-2/files-2.1/org.a/b/1.0/0a1b/b-1.0.jar", "org.a:b:1.0"),
            ("root/.ivy2/cache/org.a/b/jars/b-1.0.jar", "org.a:b:1.0"),
        ] {
            assert_eq!(shown(path).as_deref(), Some(expected), "{path}");
        }
        for path in ["b-1.0.jar", "opt/b/1.0/c-1.0.jar", "opt/b/1.0/b-1.01.jar", "a/b/c/d/e/f.jar"]
        {
            assert_eq!(shown(path), None, "{path}");
        }
    }
}
