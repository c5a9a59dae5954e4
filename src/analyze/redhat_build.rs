//! How Red Hat built an image: the repositories that its packages are from, and its own name. Which
//! advisories apply to an rpm of Red Hat depends on both.
//!
//! `root/buildinfo/content_manifests/*.json`, and `usr/share/buildinfo/*.json` since RHEL 10, hold
//! content sets, <https://github.com/containerbuildsystem/atomic-reactor/blob/master/atomic_reactor/schemas/content_manifest.json>.
//! `labels.json` beside them, or the `Dockerfile-NAME-VERSION-RELEASE` of older builds, has the
//! image's name. All are facts about the directories in which rpm may keep its database. The packages
//! that a content manifest may also list are the manifest's word, and not read.

use serde::Deserialize;

use super::{Analyzer, Found, Input, Unread, Want, text};
use crate::model::LayerPath;

/// Content sets of one file.
const MAX_SETS: usize = 200;

/// Where rpm keeps its database: by tradition, in newer systems, and in images that boot.
const DATABASES: &[&str] = &["usr/lib/sysimage/rpm/", "usr/share/rpm/", "var/lib/rpm/"];

/// No such file comes near this.
const MAX_SIZE: u64 = 16 << 20;

pub(super) const ANALYZER: Analyzer = Analyzer {
    id: "redhat-build",
    wants: &[Want::In("content_manifests"), Want::In("buildinfo")],
    accepts: |path| Kind::of(path).is_some(),
    read,
    ..Analyzer::BASE
};

#[derive(Clone, Copy)]
enum Kind {
    Manifest,
    Labels,
    Dockerfile,
}

impl Kind {
    /// What the file is, and what comes before it: empty, or a directory with `/` at its end.
    fn of(path: &LayerPath) -> Option<(Self, &str)> {
        let name = path.file_name();
        let (directories, kind): (&[&str], _) = match name {
            "labels.json" => (&["root/buildinfo", "usr/share/buildinfo"], Self::Labels),
            _ if name.starts_with("Dockerfile-") => (&["root/buildinfo"], Self::Dockerfile),
            _ if name.as_bytes().ends_with(b".json") => {
                (&["root/buildinfo/content_manifests", "usr/share/buildinfo"], Self::Manifest)
            }
            _ => return None,
        };
        let mut roots = directories.iter().filter_map(|it| path.parent().strip_suffix(it));
        Some((kind, roots.find(|it| it.is_empty() || it.ends_with('/'))?))
    }
}

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    content_sets: Vec<String>,
}

#[derive(Deserialize)]
struct Labels {
    #[serde(rename = "com.redhat.component")]
    component: Option<String>,
    version: Option<String>,
    release: Option<String>,
    cpe: Option<String>,
}

fn read(input: &Input<'_>) -> Result<Found, Unread> {
    let mut found = Found::default();
    let Some((kind, root)) = Kind::of(input.path) else { return Ok(found) };
    let bytes = input.up_to(MAX_SIZE)?;
    let facts = match kind {
        Kind::Manifest => serde_json::from_slice(&bytes).ok().map(content_sets),
        Kind::Labels => serde_json::from_slice(&bytes).ok().map(labels),
        Kind::Dockerfile => Some(dockerfile(input.path.file_name(), &bytes)),
    };
    let Some(facts) = facts else {
        found.remark("not the record of a build");
        return Ok(found);
    };
    for (key, value) in facts {
        for database in DATABASES.iter().filter(|_| text::value(value.as_bytes()).is_some()) {
            found.about(format!("{root}{database}"), key, &value);
        }
    }
    Ok(found)
}

type Facts = Vec<(&'static str, String)>;

fn content_sets(manifest: Manifest) -> Facts {
    let sets = manifest.content_sets.into_iter().take(MAX_SETS);
    sets.map(|it| ("content-set", plain(&it).to_owned())).collect()
}

/// Takes off the release that some builds add: `…-baseos-rpms__9`, but not `…-rpms__9_DOT_2`, which
/// is another repository.
fn plain(set: &str) -> &str {
    match set.rsplit_once("__") {
        Some((rest, release)) if release.bytes().all(|it| it.is_ascii_digit()) => rest,
        _ => set,
    }
}

fn labels(labels: Labels) -> Facts {
    let mut facts = Vec::new();
    if let (Some(component), Some(version), Some(release)) =
        (labels.component, labels.version, labels.release)
    {
        facts.push(("nvr", format!("{component}-{version}-{release}")));
    }
    facts.extend(labels.cpe.map(|it| ("cpe", it)));
    facts
}

/// The component is a label; version and release are the last two parts of the file's name.
fn dockerfile(name: &str, bytes: &[u8]) -> Facts {
    let dashes: Vec<usize> = name.match_indices('-').map(|(at, _)| at).collect();
    let release = dashes.iter().rev().nth(1).and_then(|at| name.get(at + 1..));
    let component = label(bytes, b"com.redhat.component").or_else(|| label(bytes, b"BZComponent"));
    match (component, release) {
        (Some(component), Some(release)) => vec![("nvr", format!("{component}-{release}"))],
        _ => Vec::new(),
    }
}

/// The value after a label's name: `name="value"`, `"name"="value"`, `name value`.
fn label<'a>(bytes: &'a [u8], name: &[u8]) -> Option<&'a str> {
    let at = memchr::memmem::find(bytes, name)? + name.len();
    let is_between = |it: &u8| matches!(it, b'"' | b'\'' | b'=' | b' ' | b'\t');
    let rest = bytes.get(at..)?;
    let begin = rest.iter().position(|it| !is_between(it))?;
    let rest = rest.get(begin..)?;
    let is_end = |it: &u8| matches!(it, b'"' | b'\'' | b'\\') || it.is_ascii_whitespace();
    let value = text::value(rest.get(..rest.iter().position(is_end).unwrap_or(rest.len()))?)?;
    // A variable is not resolved.
    (begin > 0 && !value.contains('$')).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{find, shown, wants};
    use super::ANALYZER;

    /// The facts about one of the directories.
    fn check(path: &str, text: &str) -> String {
        let found = shown(&find(&ANALYZER, path, text.as_bytes()));
        found.split_inclusive('\n').filter(|it| !it.contains("/usr/")).collect()
    }

    #[test]
    fn only_the_records_of_builds_are_read() {
        for path in [
            "root/buildinfo/content_manifests/ubi9-container-9.4-1214.json",
            "usr/share/buildinfo/content-sets.json",
            "x/root/buildinfo/labels.json",
            "root/buildinfo/Dockerfile-ubi8-8.3-227",
        ] {
            assert!(wants(&ANALYZER, path), "{path}");
        }
        for path in ["buildinfo/a.json", "root/buildinfo/a.json", "root/buildinfo/Dockerfile"] {
            assert!(!wants(&ANALYZER, path), "{path}");
        }
    }

    #[test]
    fn content_sets_are_about_the_database_wherever_it_is() {
        let path = "root/buildinfo/content_manifests/a-1-1.json";
        let text = r#"{"metadata": {"icm_version": 1}, "content_sets":
            ["rhel-9-for-x86_64-baseos-rpms__9", "rhel-9-for-x86_64-appstream-rpms__9_DOT_2"]}"#;
        insta::assert_snapshot!(check(path, text), @r"
        /var/lib/rpm/ content-set=rhel-9-for-x86_64-appstream-rpms__9_DOT_2
        /var/lib/rpm/ content-set=rhel-9-for-x86_64-baseos-rpms
        ");
        let found = shown(&find(&ANALYZER, path, text.as_bytes()));
        assert_eq!(found.matches("/usr/lib/sysimage/rpm/ ").count(), 2);
        assert_eq!(check(path, r#"{"image_contents": {"dependencies": [{"purl": "x"}]}}"#), "");
        assert_eq!(check(path, "broken"), "note redhat-build: not the record of a build\n");
    }

    #[test]
    fn the_image_is_named_by_its_labels() {
        let text = r#"{"com.redhat.component": "ubi9-container", "version": "9.4", "release": "1214",
            "cpe": "cpe:/o:redhat:enterprise_linux:9::baseos", "maintainer": "x"}"#;
        insta::assert_snapshot!(check("usr/share/buildinfo/labels.json", text), @r"
        /var/lib/rpm/ cpe=cpe:/o:redhat:enterprise_linux:9::baseos
        /var/lib/rpm/ nvr=ubi9-container-9.4-1214
        ");
    }

    #[test]
    fn older_images_are_named_by_their_dockerfile() {
        let check = |text| check("root/buildinfo/Dockerfile-ubi8-8.3-227", text);
        let named = "/var/lib/rpm/ nvr=ubi8-container-8.3-227\n";
        for label in [
            "LABEL com.redhat.component=\"ubi8-container\" \\\n",
            "LABEL \"com.redhat.component\"=\"ubi8-container\"\n",
            "LABEL BZComponent ubi8-container\n",
        ] {
            assert_eq!(check(label), named, "{label}");
        }
        for label in ["", "LABEL com.redhat.component=\"$NAME\"\n", "com.redhat.component"] {
            assert_eq!(check(label), "", "{label}");
        }
    }
}
