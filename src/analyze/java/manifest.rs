//! The manifest of an archive, `META-INF/MANIFEST.MF`.
//!
//! Format: <https://docs.oracle.com/en/java/javase/21/docs/specs/jar/jar.html#jar-manifest>; OSGi's
//! headers in it: <https://docs.osgi.org/specification/osgi.core/8.0.0/framework.module.html>. Only
//! the main section tells of the archive; those after it are about single packages and files in it.

use crate::analyze::text;

/// More than any archive has.
const MAX_LICENSES: usize = 10;

/// What a manifest says of its archive, as far as it can be believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Manifest {
    pub(super) implementation_title: Option<String>,
    pub(super) implementation_version: Option<String>,
    pub(super) implementation_vendor_id: Option<String>,
    pub(super) specification_title: Option<String>,
    pub(super) specification_version: Option<String>,
    pub(super) bundle_symbolic_name: Option<String>,
    pub(super) bundle_version: Option<String>,
    pub(super) automatic_module_name: Option<String>,
    pub(super) extension_name: Option<String>,
    /// Of a plugin for Jenkins.
    pub(super) short_name: Option<String>,
    pub(super) plugin_version: Option<String>,
    pub(super) group_id: Option<String>,
    /// Of an archive for NiFi.
    pub(super) nar_id: Option<String>,
    pub(super) nar_group: Option<String>,
    pub(super) nar_version: Option<String>,
    pub(super) spring_boot_version: Option<String>,
    /// The archive changes another one's classes, and is made to be taken for it.
    pub(super) weaves: bool,
    pub(super) licenses: Vec<String>,
}

impl Manifest {
    /// Reads the main section.
    pub(super) fn read(bytes: &[u8]) -> Self {
        let mut manifest = Self::default();
        for line in main_section(bytes) {
            if let Some((key, value)) = text::field(&line)
                && let (Ok(key), Ok(value)) = (str::from_utf8(key), str::from_utf8(value))
            {
                manifest.add(&key.to_ascii_lowercase(), value);
            }
        }
        manifest.licenses = text::licenses(manifest.licenses.iter().map(String::as_bytes));
        manifest.licenses.truncate(MAX_LICENSES);
        manifest
    }

    fn add(&mut self, key: &str, value: &str) {
        let into = match key {
            "implementation-title" => &mut self.implementation_title,
            "implementation-version" => &mut self.implementation_version,
            "implementation-vendor-id" => &mut self.implementation_vendor_id,
            "specification-title" => &mut self.specification_title,
            "specification-version" => &mut self.specification_version,
            "bundle-symbolicname" => &mut self.bundle_symbolic_name,
            "bundle-version" => &mut self.bundle_version,
            "automatic-module-name" => &mut self.automatic_module_name,
            "extension-name" => &mut self.extension_name,
            "short-name" => &mut self.short_name,
            "plugin-version" => &mut self.plugin_version,
            "group-id" => &mut self.group_id,
            "nar-id" => &mut self.nar_id,
            "nar-group" => &mut self.nar_group,
            "nar-version" => &mut self.nar_version,
            "spring-boot-version" => &mut self.spring_boot_version,
            "weave-classes" => {
                self.weaves = true;
                return;
            }
            "bundle-license" => return self.licenses.extend(bundle_licenses(value)),
            _ if key.starts_with("plugin-license-name") => {
                return self.licenses.push(value.to_owned());
            }
            _ => return,
        };
        // OSGi allows parameters after a name. What is to be put in when the archive is built or
        // shown was not.
        let value =
            value.split(';').next().filter(|_| key == "bundle-symbolicname").unwrap_or(value);
        let value = value.trim();
        if !value.is_empty() && !value.starts_with(['%', '$']) {
            *into = Some(value.to_owned());
        }
    }

    /// The version, by the first field that has one. Some write a date or a commit after it.
    pub(super) fn version(&self) -> Option<&str> {
        self.own_version().or_else(|| version(self.specification_version.as_deref()?))
    }

    /// Whether the archive is a part of a Java installation.
    pub(super) fn is_of_runtime(&self) -> bool {
        self.implementation_title.as_deref() == Some("Java Runtime Environment")
            || self.specification_title.as_deref() == Some("Java Platform API Specification")
    }

    /// The same, but not that of a specification.
    pub(super) fn own_version(&self) -> Option<&str> {
        let fields = [
            &self.implementation_version,
            &self.plugin_version,
            &self.nar_version,
            &self.bundle_version,
        ];
        fields.into_iter().find_map(|it| version(it.as_deref()?))
    }
}

/// The first word, if it looks like a version.
pub(super) fn version(raw: &str) -> Option<&str> {
    let word = text::value(raw.split_whitespace().next()?.as_bytes())?;
    let digits = word.strip_prefix(['v', 'r']).unwrap_or(word);
    digits.starts_with(|it: char| it.is_ascii_digit()).then_some(word)
}

/// The lines up to the first section about something in the archive, put together again: a line
/// that begins with a blank continues the one before.
fn main_section(bytes: &[u8]) -> Vec<Vec<u8>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut lines: Vec<Vec<u8>> = Vec::new();
    let mut after_blank = false;
    // A line ends with CR, LF or both; the empty line between both counts for nothing.
    let ends = |it: &u8| matches!(it, b'\r' | b'\n');
    let mut rest = bytes;
    while !rest.is_empty() {
        let end = rest.iter().position(ends).unwrap_or(rest.len());
        let (line, after) = rest.split_at_checked(end).unwrap_or_default();
        rest = after.strip_prefix(b"\r\n").or_else(|| after.get(1..)).unwrap_or_default();
        match line {
            // Sections begin after a blank line with a name. Some tools leave blank lines
            // elsewhere.
            [] => after_blank = true,
            [b'N' | b'n', rest @ ..]
                if after_blank && rest.to_ascii_lowercase().starts_with(b"ame:") =>
            {
                break;
            }
            [b' ', more @ ..] => {
                if let Some(last) = lines.last_mut() {
                    last.extend(more);
                }
            }
            line => {
                after_blank = false;
                lines.push(line.to_vec());
            }
        }
    }
    lines
}

/// The licences of an OSGi bundle: entries between commas, each with parameters after a `;`.
fn bundle_licenses(header: &str) -> Vec<String> {
    let mut is_quoted = false;
    let entries = header.split(|it: char| {
        is_quoted ^= it == '"';
        it == ',' && !is_quoted
    });
    let names = entries.filter_map(|it| it.split(';').next());
    names.map(|it| it.trim_matches([' ', '"']).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::{Manifest, version};

    #[test]
    fn only_the_main_section_tells_of_the_archive() {
        let text = "Manifest-Version: 1.0\r\nImplementation-Title: a-very-lo\r\n ng-title\r\n\
            Bundle-SymbolicName: org.a.b;singleton:=true\r\nBundle-Name: %name\r\n\
            Implementation-Version: ${version}\r\nBundle-Version: 1.2\r\n\r\n\
            Name: org/x/\r\nImplementation-Title: x\r\nImplementation-Version: 9\r\n";
        let manifest = Manifest::read(text.as_bytes());
        assert_eq!(manifest.implementation_title.as_deref(), Some("a-very-long-title"));
        assert_eq!(manifest.bundle_symbolic_name.as_deref(), Some("org.a.b"));
        assert_eq!(manifest.version(), Some("1.2"));
    }

    #[test]
    fn lines_may_end_in_any_way_and_be_blank() {
        let text = " lost\n\nManifest-Version: 1.0\n\nimplementation-title: a\r\rBundle-Version: 2";
        let manifest = Manifest::read(text.as_bytes());
        assert_eq!(manifest.implementation_title.as_deref(), Some("a"));
        assert_eq!(manifest.version(), Some("2"));
    }

    #[test]
    fn a_version_is_the_word_that_looks_like_one() {
        for (raw, expected) in [
            ("1.4 1855 April 22 2006", Some("1.4")),
            ("9.8.0 d914b3722bd5b8ef31ccf7e8ddc638a87fd648db -", Some("9.8.0")),
            ("v1.0", Some("v1.0")),
            ("Xerces-J 2.9", None),
            ("release", None),
            ("", None),
        ] {
            assert_eq!(version(raw), expected, "{raw}");
        }
    }

    #[test]
    fn licences_are_kept_as_they_are_written() {
        let text = "Bundle-License: \"Apache License, Version 2.0\";link=\"http://a, b\", MIT\n\
            Plugin-License-Name: BSD\nPlugin-License-Name-2: MIT\n";
        let manifest = Manifest::read(text.as_bytes());
        assert_eq!(manifest.licenses, ["Apache License, Version 2.0", "BSD", "MIT"]);
    }
}
