//! What the name of an archive says: `artifact-version-classifier.jar`, and the ways around it.
//!
//! Maven's layout: <https://maven.apache.org/repositories/layout.html>. Both an artifact and a
//! version may hold dashes and digits (`log4j-1.2-api-2.17.1`, `guava-31.1-jre`), so a version
//! begins at the first part from which on everything looks like one.

use crate::analyze::text;

/// A file name taken apart. Without a version all of it is the artifact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FileName {
    /// The name without its extension.
    pub(super) stem: String,
    pub(super) artifact: String,
    pub(super) version: Option<String>,
    /// Which of the artifact's files it is: `sources`, `linux-x86_64`.
    pub(super) classifier: Option<String>,
}

/// The longest name that file systems have; in an archive it could be longer.
const MAX_NAME: usize = 255;

/// Words that stand in versions after the numbers.
const QUALIFIERS: &[&str] = &[
    "alpha",
    "android",
    "b",
    "beta",
    "build",
    "cr",
    "dev",
    "ea",
    "empty",
    "final",
    "ga",
    "hadoop",
    "incubating",
    "java",
    "jboss",
    "jdk",
    "jre",
    "m",
    "milestone",
    "p",
    "patch",
    "pre",
    "preview",
    "public_draft",
    "r",
    "rc",
    "redhat",
    "release",
    "rev",
    "snapshot",
    "sp",
    "v",
];

/// Classifiers by which build tools name further files of an artifact.
const CLASSIFIERS: &[&str] = &[
    "all",
    "bin",
    "boot",
    "bundle",
    "classes",
    "client",
    "exec",
    "fat",
    "full",
    "jakarta",
    "jar-with-dependencies",
    "javadoc",
    "jvm8",
    "native",
    "nodeps",
    "no_aop",
    "plain",
    "runner",
    "shaded",
    "shadow",
    "sources",
    "standalone",
    "test-fixtures",
    "test-javadoc",
    "test-sources",
    "tests",
    "uber",
    "with-dependencies",
];

/// Beginnings of classifiers that name a platform.
const PLATFORMS: &[&str] =
    &["linux-", "linux_", "macos-", "natives-", "osx-", "windows-", "windows_", "aix-", "sunos-"];

impl FileName {
    /// Takes the name of an archive apart, with its extension.
    pub(super) fn new(name: &str) -> Self {
        if name.len() > MAX_NAME {
            return Self::default();
        }
        let stem = name.rsplit_once('.').map_or(name, |it| it.0);
        let (artifact, version) = match split(stem) {
            (artifact, Some(version)) if is_version(version) => (artifact, Some(version)),
            _ => (stem, None),
        };
        let mut file = Self {
            stem: stem.to_owned(),
            artifact: artifact.to_owned(),
            version: version.map(str::to_owned),
            classifier: None,
        };
        let Some(version) = version else { return file };
        if let Some((front, classifier)) = split_classifier(version) {
            file.version = Some(front.to_owned());
            file.classifier = Some(classifier.to_owned());
        }
        file
    }

    /// Reads the name anew, knowing the version: the rest is a classifier.
    pub(super) fn with_version(&self, version: &str) -> Option<Self> {
        let at = self.stem.rfind(version).filter(|_| !version.is_empty())?;
        let artifact = self.stem.get(..at)?.strip_suffix(['-', '_'])?;
        let classifier = match self.stem.get(at + version.len()..)? {
            "" => None,
            rest => Some(rest.strip_prefix('-')?.to_owned()),
        };
        let (artifact, version) = (artifact.to_owned(), Some(version.to_owned()));
        Some(Self { stem: self.stem.clone(), artifact, version, classifier })
    }

    /// A file that goes with the artifact and holds nothing that runs.
    pub(super) fn is_of_no_code(&self) -> bool {
        let classifier = self.classifier.as_deref().unwrap_or_default();
        classifier.ends_with("sources") || classifier.ends_with("javadoc")
    }
}

/// Something that can be shown, and no name for many versions as `3.x`.
fn is_version(text: &str) -> bool {
    text::value(text.as_bytes()).is_some() && text.rsplit('.').next() != Some("x")
}

/// Artifact and version.
fn split(stem: &str) -> (&str, Option<&str>) {
    if let Some((artifact, version)) = split_bundle(stem) {
        return (artifact, Some(version));
    }
    let starts: Vec<usize> = memchr::memchr_iter(b'-', stem.as_bytes())
        .filter(|at| *at > 0 && begins_version(stem.get(at + 1..).unwrap_or_default()))
        .collect();
    // What Scala was compiled for is part of the artifact: `akka-actor_2.13-2.6.20`.
    let scala = stem.rmatch_indices('_').find(|(at, _)| {
        let after = stem.get(at + 1..).unwrap_or_default();
        let number = after.split('-').next().unwrap_or_default();
        after.contains('-') && is_number(number)
    });
    let after_scala = |at: &&usize| scala.is_none_or(|(scala, _)| **at > scala);
    let whole = |at: &&usize| {
        let parts = stem.get(**at + 1..).unwrap_or_default();
        let parts = split_classifier(parts).map_or(parts, |it| it.0);
        parts.split('-').all(is_like_version)
    };
    let at =
        starts.iter().filter(after_scala).find(whole).or_else(|| starts.iter().find(after_scala));
    if let Some((artifact, version)) = at.and_then(|at| stem.split_at_checked(*at)) {
        return (artifact, version.strip_prefix('-'));
    }
    // `name_1.2`, `name.1.2`.
    for separator in ['_', '.'] {
        let found = stem.match_indices(separator).find(|(at, _)| {
            let after = stem.get(at + 1..).unwrap_or_default();
            *at > 0 && after.contains('.') && after.starts_with(|it: char| it.is_ascii_digit())
        });
        if let Some((artifact, version)) = found.and_then(|(at, _)| stem.split_at_checked(at)) {
            return (artifact, version.strip_prefix(separator));
        }
    }
    (stem, None)
}

/// Eclipse's bundles: `org.eclipse.osgi_3.18.100.v20220817-1601`.
fn split_bundle(stem: &str) -> Option<(&str, &str)> {
    let (artifact, version) = stem.split_once('_')?;
    let mut parts = version.splitn(4, '.');
    let numbers = [parts.next()?, parts.next()?, parts.next()?];
    (artifact.contains('.') && numbers.iter().all(|it| is_number(it)))
        .then_some((artifact, version))
}

/// The version before a classifier, and the classifier.
fn split_classifier(version: &str) -> Option<(&str, &str)> {
    memchr::memchr_iter(b'-', version.as_bytes()).find_map(|at| {
        let (front, rest) = (version.get(..at)?, version.get(at + 1..)?);
        let is_platform = PLATFORMS.iter().any(|it| rest.starts_with(it));
        (is_platform || CLASSIFIERS.contains(&rest)).then_some((front, rest))
    })
}

fn begins_version(text: &str) -> bool {
    let digits = match text.as_bytes() {
        [b'r' | b'v', rest @ ..] => rest,
        all => all,
    };
    digits.first().is_some_and(u8::is_ascii_digit)
}

/// A part between dashes: a number, or a word with a number or none after it, as `rc2`.
fn is_like_version(part: &str) -> bool {
    if part.starts_with(|it: char| it.is_ascii_digit()) {
        return true;
    }
    let lower = part.to_ascii_lowercase();
    let word = lower.trim_end_matches(|it: char| it.is_ascii_digit() || it == '.');
    // A commit: `1.0-g1a2b3c4`.
    let commit =
        lower.strip_prefix('g').is_some_and(|it| it.bytes().all(|it| it.is_ascii_hexdigit()));
    QUALIFIERS.contains(&word) || commit
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit() || it == b'.')
}

#[cfg(test)]
mod tests {
    use super::FileName;

    fn check(name: &str) -> String {
        let name = FileName::new(name);
        let version = name.version.as_deref().unwrap_or("-");
        let classifier = name.classifier.map(|it| format!(" ({it})")).unwrap_or_default();
        format!("{} {version}{classifier}", name.artifact)
    }

    #[test]
    fn artifact_version_and_classifier_are_told_apart() {
        for (name, expected) in [
            ("log4j-core-2.14.1.jar", "log4j-core 2.14.1"),
            ("log4j-1.2-api-2.17.1.jar", "log4j-1.2-api 2.17.1"),
            ("guava-31.1-jre.jar", "guava 31.1-jre"),
            ("guava-r09.jar", "guava r09"),
            ("h2-1.4.200.jar", "h2 1.4.200"),
            ("jsr305-3.0.2.jar", "jsr305 3.0.2"),
            ("foo-1.0-SNAPSHOT.jar", "foo 1.0-SNAPSHOT"),
            ("foo-1.0-20230101.120000-5.jar", "foo 1.0-20230101.120000-5"),
            ("foo-2.0-beta-3.war", "foo 2.0-beta-3"),
            ("foo-2.0-rc.1.jar", "foo 2.0-rc.1"),
            ("bcprov-jdk15on-1.70.jar", "bcprov-jdk15on 1.70"),
            ("hibernate-jpa-2.1-api-1.0.2.Final.jar", "hibernate-jpa-2.1-api 1.0.2.Final"),
            ("geronimo-jms_1.1_spec-1.1.1.jar", "geronimo-jms_1.1_spec 1.1.1"),
            ("akka-actor_2.13-2.6.20.jar", "akka-actor_2.13 2.6.20"),
            ("spark-streaming-kafka-0-10_2.12-3.3.0.jar", "spark-streaming-kafka-0-10_2.12 3.3.0"),
            ("kind-projector_2.13.8-0.13.2.jar", "kind-projector_2.13.8 0.13.2"),
            ("specs2-core_3-4.20.0.jar", "specs2-core_3 4.20.0"),
            (
                "org.eclipse.osgi_3.18.100.v20220817-1601.jar",
                "org.eclipse.osgi 3.18.100.v20220817-1601",
            ),
            (
                "listenablefuture-9999.0-empty-to-avoid-conflict-with-guava.jar",
                "listenablefuture 9999.0-empty-to-avoid-conflict-with-guava",
            ),
            (
                "netty-transport-native-epoll-4.1.86.Final-linux-x86_64.jar",
                "netty-transport-native-epoll 4.1.86.Final (linux-x86_64)",
            ),
            ("a-1.0-sources.jar", "a 1.0 (sources)"),
            ("a-1.0-SNAPSHOT-jar-with-dependencies.jar", "a 1.0-SNAPSHOT (jar-with-dependencies)"),
            ("commons_1.4.jar", "commons 1.4"),
            ("thing.1.2.jar", "thing 1.2"),
            ("app.jar", "app -"),
            ("mod-1.0+build.3.jar", "mod 1.0+build.3"),
            ("a-1.0 (copy).jar", "a-1.0 (copy) -"),
            ("maven-provider-3.x.jar", "maven-provider-3.x -"),
            ("3.jar", "3 -"),
            ("-1.jar", "-1 -"),
            ("", " -"),
        ] {
            assert_eq!(check(name), expected, "{name}");
        }
        assert_eq!(check(&"1-".repeat(1000)), " -");
    }

    #[test]
    fn a_version_that_is_known_leaves_the_classifier() {
        let name = FileName::new("a-b-1.0-tool.jar").with_version("1.0").unwrap();
        assert_eq!((name.artifact.as_str(), name.classifier.as_deref()), ("a-b", Some("tool")));
        assert_eq!(FileName::new("a-1.0.1.jar").with_version("1.0"), None);
        assert_eq!(FileName::new("a.jar").with_version(""), None);
    }
}
