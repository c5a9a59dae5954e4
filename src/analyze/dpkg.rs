//! Debian's database of installed packages.
//!
//! Records between blank lines, deb822(5), <https://manpages.debian.org/dpkg-query>. Ordinary images
//! keep all of them in `status`; distroless images keep one file per package in `status.d`, without
//! a `Status`. A package counts while its files are there: also half-configured, also marked for
//! removal, not when only its configuration is left.

use super::deb822::{Record, records, source_of};
use super::{Analyzer, Found, Want, root_of, text};
use crate::model::{Component, Ecosystem, LayerPath};

const STATUS: &str = "lib/dpkg/status";

/// What lies beside the records of distroless images, by the end of its name.
const NO_RECORDS: &[&str] = &[
    ".conffiles",
    ".config",
    ".list",
    ".md5sums",
    ".postinst",
    ".postrm",
    ".preinst",
    ".prerm",
    ".shlibs",
    ".symbols",
    ".templates",
    ".triggers",
];

pub(super) const ANALYZER: Analyzer = Analyzer {
    id: "dpkg",
    wants: &[Want::Name("status"), Want::In("status.d")],
    accepts: |path| {
        let is_record = !NO_RECORDS.iter().any(|it| path.file_name().ends_with(it));
        is_status(path) || path.parent().ends_with("lib/dpkg/status.d") && is_record
    },
    read: |input| Ok(read(&input.whole()?, is_status(input.path))),
    ..Analyzer::BASE
};

fn is_status(path: &LayerPath) -> bool {
    root_of(path, STATUS).is_some()
}

fn read(bytes: &[u8], has_status: bool) -> Found {
    let database = has_status.then_some(Ecosystem::Deb);
    let mut found = Found { database, ..Found::default() };
    for record in records(bytes) {
        if !record.is_absent() {
            if record.status.is_none() && has_status {
                found.note(record.line, "a package without a status");
            }
            package(&record, Ecosystem::Deb, &mut found);
        }
    }
    if has_status && bytes.last().is_some_and(|it| *it != b'\n') {
        // dpkg ends its file with a blank line; a version that is cut off looks like another one.
        found.note(text::lines(bytes).count(), "the file is cut off");
    }
    found
}

/// Turns a record into a package, or into a note that says why not.
pub(super) fn package(record: &Record<'_>, ecosystem: Ecosystem, found: &mut Found) {
    let Some(name) = record.package.and_then(text::value) else {
        return found.note(record.line, "a package without a readable name");
    };
    let Some(version) = record.version.and_then(text::value) else {
        return found.note(record.line, "a package without a readable version");
    };
    let mut component = Component::new(ecosystem, name, version);
    if let Some(raw) = record.source.filter(|_| ecosystem == Ecosystem::Deb) {
        match source_of(raw, version) {
            Some(it) if it.name != name || it.version != version => component.source = Some(it),
            Some(_) => {}
            None => found.note(record.line, "a package with an unreadable source"),
        }
    }
    component.arch = record.architecture.and_then(text::value).map(str::to_owned);
    component.licenses =
        record.license.and_then(text::phrase).map(str::to_owned).into_iter().collect();
    let state = record.state().filter(|it| *it != b"installed").and_then(text::value);
    for (key, value) in [
        ("maintainer", record.maintainer.and_then(text::phrase)),
        ("vendor", record.vendor.or(record.origin).and_then(vendor)),
        ("state", state),
        ("transitional", record.description.is_some_and(is_transitional).then_some("yes")),
    ] {
        if let Some(value) = value {
            component.properties.insert(key.to_owned(), value.to_owned());
        }
    }
    found.component(component);
}

/// Packages of a distribution name none, but for a few.
fn vendor(raw: &[u8]) -> Option<&str> {
    let is_own = |it: &&str| ["debian", "ubuntu"].iter().any(|own| it.eq_ignore_ascii_case(own));
    text::phrase(raw).filter(|it| !is_own(it))
}

/// Whether the package has nothing of its own and only brings another one.
fn is_transitional(description: &[u8]) -> bool {
    let text = String::from_utf8_lossy(description).to_lowercase();
    ["transitional package", "transitional dummy", "transitional empty", "dummy transitional"]
        .iter()
        .any(|it| text.contains(it))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{find, shown, wants};
    use super::ANALYZER;

    fn check(text: &str) -> String {
        shown(&find(&ANALYZER, "var/lib/dpkg/status", text.as_bytes()))
    }

    fn with_status(status: &str) -> String {
        check(&format!("Package: a\nStatus: {status}\nVersion: 1\n\n"))
    }

    #[test]
    fn databases_are_found_in_any_root() {
        for path in [
            "var/lib/dpkg/status",
            "mnt/var/lib/dpkg/status",
            "usr/lib/dpkg/status",
            "var/lib/dpkg/status.d/libc6",
            "var/lib/dpkg/status.d/python3.11-minimal",
        ] {
            assert!(wants(&ANALYZER, path), "{path}");
        }
        for path in [
            "var/lib/dpkg/status-old",
            "var/lib/other/status",
            "var/lib/dpkg/status.d/libc6.md5sums",
            "var/lib/dpkg/status.d/libc6.preinst",
            "etc/status.d/a",
        ] {
            assert!(!wants(&ANALYZER, path), "{path}");
        }
    }

    #[test]
    fn a_package_counts_while_its_files_are_there() {
        for status in ["install ok installed", "hold ok installed", "deinstall ok installed"] {
            assert_eq!(with_status(status), "deb a 1\n", "{status}");
        }
        for state in [
            "unpacked",
            "half-configured",
            "half-installed",
            "triggers-awaited",
            "triggers-pending",
        ] {
            let expected = format!("deb a 1 state={state}\n");
            assert_eq!(with_status(&format!("install reinstreq {state}")), expected);
        }
        for status in ["deinstall ok config-files", "purge ok not-installed"] {
            assert_eq!(with_status(status), "", "{status}");
        }
    }

    #[test]
    fn the_source_package_is_named_where_it_differs() {
        let record = |source| {
            check(&format!(
                "Package: libssl3\nStatus: install ok installed\nSource: {source}\nVersion: 3.0+b1\n\n"
            ))
        };
        assert_eq!(record("openssl"), "deb libssl3 3.0+b1 from openssl 3.0+b1\n");
        assert_eq!(record("openssl (3.0)"), "deb libssl3 3.0+b1 from openssl 3.0\n");
        assert_eq!(record("libssl3"), "deb libssl3 3.0+b1\n");
        insta::assert_snapshot!(record("openssl (3.0"), @r"
        deb libssl3 3.0+b1
        note dpkg: line 1: a package with an unreadable source
        ");
    }

    #[test]
    fn who_made_a_package_and_whether_it_is_empty_are_told() {
        let text = "Package: cuda\nStatus: install ok installed\nMaintainer: cudatools <a@example.com>\n\
                    Vendor: Example Inc.\nVersion: 1:12.4-1\nArchitecture: amd64\n\
                    Description: x\n\n\
                    Package: old\nStatus: install ok installed\nVersion: 2\n\
                    Description: Transitional dummy package for new\n\n";
        insta::assert_snapshot!(check(text), @"
        deb cuda 1:12.4-1 amd64 maintainer=cudatools <a@example.com> vendor=Example Inc.
        deb old 2 transitional=yes
        generic cuda-toolkit 12.4 product=NVIDIA CUDA Toolkit title=CUDA Toolkit
        ");
    }

    #[test]
    fn one_bad_record_does_not_hide_the_next() {
        let text = "Package: a\nStatus: install ok installed\n\n\
                    Package: b\nStatus: install ok installed\nVersion: 2\nDescription: x\n Version: 9\n\n\
                    Package: c\nVersion: 3\n\n";
        insta::assert_snapshot!(check(text), @r"
        deb b 2
        deb c 3
        note dpkg: line 1: a package without a readable version
        note dpkg: line 10: a package without a status
        ");
    }

    #[test]
    fn a_file_that_is_cut_off_says_so() {
        let text =
            "Package: a\nStatus: install ok installed\nVersion: 1\n\nPackage: b\nStatus: inst";
        insta::assert_snapshot!(check(text), @r"
        deb a 1
        note dpkg: line 5: a package without a readable version
        note dpkg: line 6: the file is cut off
        ");
    }

    #[test]
    fn a_distroless_record_has_no_status() {
        let text = b"Package: tzdata\nVersion: 2024a\nArchitecture: all";
        let found = find(&ANALYZER, "var/lib/dpkg/status.d/tzdata", text);
        assert_eq!(shown(&found), "deb tzdata 2024a all\n");
        assert_eq!(found.database, None);
    }
}
