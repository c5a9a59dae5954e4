//! Debian's database of installed packages.
//!
//! Records between blank lines, deb822(5). Ordinary images keep all of
//! them in `status`; distroless images keep one file per package in `status.d`, without a `Status`.
//! A package counts while its files are there: also half-configured, also marked for removal.

use super::{Analyzer, Found, Want, root_of, text};
use crate::model::{Component, Ecosystem, SourcePackage};

const STATUS: &str = "var/lib/dpkg/status";

pub(super) const ANALYZER: Analyzer = Analyzer {
    id: "dpkg",
    wants: &[Want::Name("status"), Want::In("status.d")],
    accepts: |path| {
        let per_package = path.parent().ends_with("var/lib/dpkg/status.d")
            && !path.as_str().as_bytes().ends_with(b".md5sums");
        root_of(path, STATUS).is_some() || per_package
    },
    read: |input| Ok(read(&input.whole()?, root_of(input.path, STATUS).is_some())),
    ..Analyzer::BASE
};

/// The fields of one record that matter, as they stand.
#[derive(Default)]
struct Record<'a> {
    line: usize,
    package: Option<&'a [u8]>,
    status: Option<&'a [u8]>,
    version: Option<&'a [u8]>,
    source: Option<&'a [u8]>,
    architecture: Option<&'a [u8]>,
}

fn read(bytes: &[u8], has_status: bool) -> Found {
    let database = has_status.then_some(Ecosystem::Deb);
    let mut found = Found { database, ..Found::default() };
    let mut record = Record::default();
    let mut last = 0;
    for (number, line) in text::lines(bytes) {
        last = number;
        if line.trim_ascii().is_empty() {
            std::mem::take(&mut record).close(has_status, &mut found);
        } else {
            record.line = if record.line == 0 { number } else { record.line };
            record.add(line);
        }
    }
    record.close(has_status, &mut found);
    if has_status && bytes.last().is_some_and(|it| *it != b'\n') {
        // dpkg ends its file with a blank line; a version that is cut off looks like another one.
        found.note(last, "the file is cut off");
    }
    found
}

impl<'a> Record<'a> {
    fn add(&mut self, line: &'a [u8]) {
        let Some((key, value)) = text::field(line) else { return };
        let known: [(&[u8], _); 5] = [
            (b"Package", &mut self.package),
            (b"Status", &mut self.status),
            (b"Version", &mut self.version),
            (b"Source", &mut self.source),
            (b"Architecture", &mut self.architecture),
        ];
        for (name, into) in known {
            if name.eq_ignore_ascii_case(key) {
                *into = Some(value);
            }
        }
    }

    /// Turns the record into a package, or into a note that says why not.
    fn close(self, has_status: bool, found: &mut Found) {
        if self.line == 0 {
            return;
        }
        match self.status {
            Some(status) if is_absent(status) => return,
            None if has_status => found.note(self.line, "a package without a status"),
            _ => {}
        }
        let Some(name) = self.package.and_then(text::value) else {
            return found.note(self.line, "a package without a readable name");
        };
        let Some(version) = self.version.and_then(text::value) else {
            return found.note(self.line, "a package without a readable version");
        };
        let source = self.source.and_then(|raw| source_of(raw, version));
        if self.source.is_some() && source.is_none() {
            found.note(self.line, "a package with an unreadable source");
        }
        found.component(Component {
            source: source.filter(|it| it.name != name || it.version != version),
            arch: self.architecture.and_then(text::value).map(str::to_owned),
            ..Component::new(Ecosystem::Deb, name, version)
        });
    }
}

/// The third word says what is on the disk; the first only what is wanted.
fn is_absent(status: &[u8]) -> bool {
    let mut words = status.split(u8::is_ascii_whitespace).filter(|it| !it.is_empty());
    matches!(words.nth(2), Some(b"not-installed" | b"config-files"))
}

/// Reads `name` or `name (version)`; without a version it is the package's own.
fn source_of(raw: &[u8], version: &str) -> Option<SourcePackage> {
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
    use super::read;

    fn check(text: &str) -> Vec<String> {
        let found = read(text.as_bytes(), true);
        let shown = found.components.iter().map(|it| {
            let source = it.source.as_ref().map(|it| format!(" from {} {}", it.name, it.version));
            format!("{} {}{}", it.name, it.version, source.unwrap_or_default())
        });
        shown.chain(found.notes.iter().cloned()).collect()
    }

    fn with_status(status: &str) -> Vec<String> {
        check(&format!("Package: a\nStatus: {status}\nVersion: 1\n\n"))
    }

    #[test]
    fn a_package_counts_while_its_files_are_there() {
        for status in [
            "install ok installed",
            "hold ok installed",
            "deinstall ok installed",
            "install ok unpacked",
            "install ok half-configured",
            "install reinstreq half-installed",
            "install ok triggers-awaited",
            "install ok triggers-pending",
        ] {
            assert_eq!(with_status(status), ["a 1"], "{status}");
        }
        for status in ["deinstall ok config-files", "purge ok not-installed"] {
            assert!(with_status(status).is_empty(), "{status}");
        }
    }

    #[test]
    fn the_source_package_is_named_where_it_differs() {
        let record = |source| {
            check(&format!(
                "Package: libssl3\nStatus: install ok installed\nSource: {source}\nVersion: 3.0+b1\n\n"
            ))
        };
        assert_eq!(record("openssl"), ["libssl3 3.0+b1 from openssl 3.0+b1"]);
        assert_eq!(record("openssl (3.0)"), ["libssl3 3.0+b1 from openssl 3.0"]);
        assert_eq!(record("libssl3"), ["libssl3 3.0+b1"]);
        assert_eq!(
            record("openssl (3.0"),
            ["libssl3 3.0+b1", "line 1: a package with an unreadable source"]
        );
    }

    #[test]
    fn one_bad_record_does_not_hide_the_next() {
        let text = "Package: a\nStatus: install ok installed\n\n\
                    Package: b\nStatus: install ok installed\nVersion: 2\nDescription: x\n Version: 9\n\n";
        assert_eq!(check(text), ["b 2", "line 1: a package without a readable version"]);
    }

    #[test]
    fn a_file_that_is_cut_off_says_so() {
        let text =
            "Package: a\nStatus: install ok installed\nVersion: 1\n\nPackage: b\nStatus: inst";
        assert_eq!(
            check(text),
            ["a 1", "line 5: a package without a readable version", "line 6: the file is cut off"]
        );
    }

    #[test]
    fn a_distroless_record_has_no_status() {
        let found = read(b"Package: tzdata\nVersion: 2024a\nArchitecture: all", false);
        assert_eq!(found.components.len(), 1);
        assert!(found.notes.is_empty());
    }
}
