//! What Maven leaves in an archive: `META-INF/maven/<group>/<artifact>/pom.properties` and
//! `pom.xml`.
//!
//! The first has just the coordinates, <https://maven.apache.org/shared/maven-archiver/>. The
//! second is the project as it was written,
//! <https://maven.apache.org/ref/current/maven-model/maven.html>; what it inherits from a parent
//! that is not there stays unknown.

use std::collections::BTreeMap;

use crate::analyze::text;
use crate::format::{FormatError, xml};

/// Properties of a project that are kept, to be put into its version.
const MAX_PROPERTIES: usize = 1000;

/// More than any project has.
const MAX_LICENSES: usize = 10;

/// Names a build may define as each other.
const MAX_STEPS: usize = 8;

/// The longest text that is put together.
const MAX_TEXT: usize = 256;

/// The coordinates of an artifact; what is not known is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pom {
    pub(super) group: String,
    pub(super) artifact: String,
    pub(super) version: String,
    pub(super) licenses: Vec<String>,
}

/// What may be a group or an artifact: Maven allows no other characters.
pub(super) fn coordinate(raw: &str) -> Option<&str> {
    let raw = raw.trim();
    let is_allowed = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'.' | b'-' | b'_');
    (!raw.is_empty() && raw.len() <= MAX_TEXT && raw.bytes().all(is_allowed)).then_some(raw)
}

/// Reads `pom.properties`; `None` if it does not name all three.
pub(super) fn properties(bytes: &[u8]) -> Option<Pom> {
    let mut pom = Pom::default();
    for (_, line) in text::lines(bytes) {
        let line = line.trim_ascii();
        if matches!(line, [b'#' | b'!', ..]) {
            continue;
        }
        let Some(at) = line.iter().position(|it| matches!(it, b'=' | b':')) else { continue };
        let (key, value) = line.split_at_checked(at)?;
        let value: Vec<u8> = value.get(1..)?.iter().filter(|it| **it != b'\\').copied().collect();
        let Ok(value) = String::from_utf8(value.trim_ascii().to_vec()) else { continue };
        match key.trim_ascii() {
            b"groupId" => pom.group = value,
            b"artifactId" => pom.artifact = value,
            b"version" => pom.version = value,
            _ => {}
        }
    }
    pom.checked().filter(|it| !it.version.is_empty())
}

/// Reads `pom.xml`; `None` if it does not name a group and an artifact.
pub(super) fn project(bytes: &[u8]) -> Result<Option<Pom>, FormatError> {
    let mut own = Pom::default();
    let mut parent = Pom::default();
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    let mut licenses: Vec<String> = Vec::new();
    xml::texts(bytes, |path, text| {
        if text.len() > MAX_TEXT {
            return;
        }
        match path {
            ["project", "groupId"] => text.clone_into(&mut own.group),
            ["project", "artifactId"] => text.clone_into(&mut own.artifact),
            ["project", "version"] => text.clone_into(&mut own.version),
            ["project", "parent", "groupId"] => text.clone_into(&mut parent.group),
            ["project", "parent", "version"] => text.clone_into(&mut parent.version),
            ["project", "properties", name] if names.len() < MAX_PROPERTIES => {
                names.insert((*name).to_owned(), text.to_owned());
            }
            ["project", "licenses", "license", "name"] if licenses.len() < MAX_LICENSES => {
                licenses.push(text.split_whitespace().collect::<Vec<_>>().join(" "));
            }
            _ => {}
        }
    })?;
    for (own, parent) in [(&mut own.group, &parent.group), (&mut own.version, &parent.version)] {
        if own.is_empty() {
            parent.clone_into(own);
        }
    }
    for prefix in ["project.", "pom.", ""] {
        names.entry(format!("{prefix}groupId")).or_insert_with(|| own.group.clone());
        names.entry(format!("{prefix}version")).or_insert_with(|| own.version.clone());
        names.entry(format!("{prefix}parent.groupId")).or_insert_with(|| parent.group.clone());
        names.entry(format!("{prefix}parent.version")).or_insert_with(|| parent.version.clone());
    }
    names.entry("project.artifactId".to_owned()).or_insert_with(|| own.artifact.clone());
    let fill = |text: &str| fill(text, &names).unwrap_or_default();
    own = Pom {
        group: fill(&own.group),
        artifact: fill(&own.artifact),
        version: fill(&own.version),
        licenses: text::licenses(licenses.iter().map(String::as_bytes)),
    };
    Ok(own.checked())
}

impl Pom {
    /// A version that cannot be shown counts as unknown; names that cannot be are none.
    fn checked(mut self) -> Option<Self> {
        coordinate(&self.group)?;
        coordinate(&self.artifact)?;
        if text::value(self.version.as_bytes()).is_none_or(|it| it.contains(['$', '@'])) {
            self.version.clear();
        }
        Some(self)
    }
}

/// Puts the build's own values in place of `${name}`; `None` where one is not known.
fn fill(text: &str, names: &BTreeMap<String, String>) -> Option<String> {
    let mut text = text.trim().to_owned();
    for _ in 0..MAX_STEPS {
        let Some((before, rest)) = text.split_once("${") else { return Some(text) };
        let (name, after) = rest.split_once('}')?;
        let value = names.get(name)?.trim();
        text = format!("{before}{value}{after}");
        if text.len() > MAX_TEXT {
            return None;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Pom, project, properties};

    fn shown(pom: Option<Pom>) -> String {
        pom.map_or("-".to_owned(), |it| {
            let licenses = it.licenses.join("|");
            format!("{}:{}:{} {licenses}", it.group, it.artifact, it.version)
        })
    }

    #[test]
    fn properties_name_all_three() {
        let text =
            "#Generated by Maven\n#Tue Jan 01\nversion=1.0\r\ngroupId = org.a\nartifactId:b\n";
        assert_eq!(shown(properties(text.as_bytes())), "org.a:b:1.0 ");
        for text in [
            "version=1\ngroupId=a\n",
            "version=1\ngroupId=a b\nartifactId=c\n",
            "version=\ngroupId=a\nartifactId=c\n",
            "version=1\x1b\ngroupId=a\nartifactId=c\n",
            "groupId=\n",
            "",
        ] {
            assert_eq!(shown(properties(text.as_bytes())), "-", "{text}");
        }
    }

    fn of_project(inside: &str) -> String {
        shown(project(format!("<project>{inside}</project>").as_bytes()).unwrap())
    }

    #[test]
    fn a_project_inherits_from_its_parent() {
        let parent = "<parent><groupId>org.a</groupId><artifactId>p</artifactId><version>2</version></parent>";
        let shown = of_project(&format!(
            "{parent}<artifactId>b</artifactId><dependencies><dependency><groupId>x</groupId>
             <artifactId>y</artifactId><version>9</version></dependency></dependencies>
             <licenses><license><name>Apache-2.0</name></license><license>
             <name> The\nMIT License </name><url>u</url></license></licenses>"
        ));
        assert_eq!(shown, "org.a:b:2 Apache-2.0|The MIT License");
    }

    #[test]
    fn names_are_filled_in_as_far_as_they_are_known() {
        let rest = "<groupId>org.a</groupId><artifactId>b</artifactId>";
        let with = |version: &str, more: &str| {
            of_project(&format!(
                "{rest}<version>{version}</version><properties>{more}</properties>"
            ))
        };
        assert_eq!(
            with(
                "${revision}${sha1}",
                "<revision>1.${minor}</revision><minor>2</minor><sha1>-x</sha1>"
            ),
            "org.a:b:1.2-x "
        );
        assert_eq!(with("${revision}", ""), "org.a:b: ");
        assert_eq!(with("${a}", "<a>${b}</a><b>${a}</b>"), "org.a:b: ");
        assert_eq!(with("${a}", "<a>${a}${a}${a}${a}</a>"), "org.a:b: ");
        assert_eq!(of_project("<artifactId>b</artifactId>"), "-");
    }
}
