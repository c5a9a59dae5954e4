//! Records as dpkg and its kin write them: `Key: value` lines between blank lines, deb822(5).
//!
//! Only the fields that matter are kept, as they stand. A field that is given twice counts as it is
//! given last, as dpkg reads it.

use super::text;
use crate::model::SourcePackage;

/// What one record says.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Record<'a> {
    /// Where it begins.
    pub(super) line: usize,
    pub(super) package: Option<&'a [u8]>,
    pub(super) status: Option<&'a [u8]>,
    pub(super) version: Option<&'a [u8]>,
    pub(super) source: Option<&'a [u8]>,
    pub(super) source_name: Option<&'a [u8]>,
    pub(super) architecture: Option<&'a [u8]>,
    pub(super) maintainer: Option<&'a [u8]>,
    pub(super) vendor: Option<&'a [u8]>,
    pub(super) origin: Option<&'a [u8]>,
    pub(super) license: Option<&'a [u8]>,
    /// Its first line.
    pub(super) description: Option<&'a [u8]>,
}

/// The records of a file, in its order.
pub(super) fn records(bytes: &[u8]) -> impl Iterator<Item = Record<'_>> {
    let mut lines = text::lines(bytes);
    std::iter::from_fn(move || {
        let mut record = Record::default();
        for (number, line) in lines.by_ref() {
            if !line.trim_ascii().is_empty() {
                record.line = if record.line == 0 { number } else { record.line };
                record.add(line);
            } else if record.line > 0 {
                return Some(record);
            }
        }
        (record.line > 0).then_some(record)
    })
}

impl<'a> Record<'a> {
    fn add(&mut self, line: &'a [u8]) {
        let Some((key, value)) = text::field(line) else { return };
        let known: [(&[u8], _); 11] = [
            (b"Package", &mut self.package),
            (b"Status", &mut self.status),
            (b"Version", &mut self.version),
            (b"Source", &mut self.source),
            (b"SourceName", &mut self.source_name),
            (b"Architecture", &mut self.architecture),
            (b"Maintainer", &mut self.maintainer),
            (b"Vendor", &mut self.vendor),
            (b"Origin", &mut self.origin),
            (b"License", &mut self.license),
            (b"Description", &mut self.description),
        ];
        for (name, into) in known {
            if name.eq_ignore_ascii_case(key) {
                *into = Some(value);
            }
        }
    }

    /// Whether the package's files are gone.
    pub(super) fn is_absent(&self) -> bool {
        self.state().is_some_and(|it| matches!(it, b"not-installed" | b"config-files"))
    }

    /// The third word of the status says what is on the disk; the first only what is wanted.
    pub(super) fn state(&self) -> Option<&'a [u8]> {
        let mut words = self.status?.split(u8::is_ascii_whitespace).filter(|it| !it.is_empty());
        words.nth(2)
    }
}

/// Reads `name` or `name (version)`; without a version it is the package's own.
pub(super) fn source_of(raw: &[u8], version: &str) -> Option<SourcePackage> {
    let mut parts = raw.splitn(2, |it| *it == b'(');
    let name = text::value(parts.next()?)?.to_owned();
    let version = match parts.next() {
        Some(rest) => text::value(rest.strip_suffix(b")")?)?,
        None => version,
    };
    Some(SourcePackage { name, version: version.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::{records, source_of};

    #[test]
    fn records_end_at_blank_lines_and_at_the_end() {
        let text = b"\n \nPackage: a\nVersion: 1\n\n\t\nPackage: b\nDescription: x\n Package: c";
        let names: Vec<_> = records(text).map(|it| (it.line, it.package)).collect();
        assert_eq!(names, [(3, Some(&b"a"[..])), (7, Some(&b"b"[..]))]);
    }

    #[test]
    fn the_last_of_two_equal_fields_counts() {
        let versions: Vec<_> = records(b"version: 1\nVERSION: 2\n").map(|it| it.version).collect();
        assert_eq!(versions, [Some(&b"2"[..])]);
    }

    #[test]
    fn a_source_may_have_a_version_of_its_own() {
        let check =
            |raw: &[u8]| source_of(raw, "1+b1").map(|it| format!("{} {}", it.name, it.version));
        assert_eq!(check(b"openssl").as_deref(), Some("openssl 1+b1"));
        assert_eq!(check(b"openssl (1)").as_deref(), Some("openssl 1"));
        for raw in [&b""[..], b"openssl (1", b"openssl ()", b"open ssl"] {
            assert_eq!(check(raw), None);
        }
    }
}
