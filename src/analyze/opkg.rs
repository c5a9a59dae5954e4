//! The packages of OpenWrt and Yocto: opkg's `status`, and one `info/NAME.control` for each.
//!
//! Both are in dpkg's format, <https://git.yoctoproject.org/opkg/tree/README>. `status` alone says
//! what is installed; `control` adds licence, maintainer and source.

use super::deb822::{Record, records};
use super::{Analyzer, Found, Input, Unread, Want, dpkg, text};
use crate::model::{Ecosystem, LayerPath};

const DIRECTORIES: &[&str] = &["lib/opkg", "lib/ipkg"];

pub(super) const ANALYZER: Analyzer = Analyzer {
    id: "opkg",
    wants: &[Want::Name("status"), Want::Extension(".control")],
    accepts: |path| database(path).is_some(),
    read,
    ..Analyzer::BASE
};

/// The directory of the database that the file is in.
fn database(path: &LayerPath) -> Option<&str> {
    let parent = path.parent();
    let database = if path.file_name() == "status" {
        parent
    } else {
        parent.strip_suffix("/info").filter(|_| path.file_name().ends_with(".control"))?
    };
    let fits = |it: &&str| database.strip_suffix(*it).is_some_and(|it| it.ends_with('/'));
    DIRECTORIES.iter().any(fits).then_some(database)
}

fn read(input: &Input<'_>) -> Result<Found, Unread> {
    let mut found = Found::default();
    let bytes = input.whole()?;
    if input.path.file_name() == "status" {
        found.database = Some(Ecosystem::Opkg);
        for record in records(&bytes).filter(|it| !it.is_absent()) {
            dpkg::package(&record, Ecosystem::Opkg, &mut found);
        }
    } else if let Some(record) = records(&bytes).next() {
        control(&record, database(input.path).unwrap_or_default(), &mut found);
    }
    Ok(found)
}

fn control(record: &Record<'_>, database: &str, found: &mut Found) {
    let Some(name) = record.package.and_then(text::value) else {
        return found.note(record.line, "a package without a readable name");
    };
    let status = format!("{database}/status");
    for (key, value) in [
        ("license", record.license),
        ("maintainer", record.maintainer),
        // `Source` is the place of a recipe.
        ("source", record.source_name),
    ] {
        if let Some(value) = value.and_then(text::phrase) {
            found.about_one(&status, name, key, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{find, shown, wants};
    use super::ANALYZER;

    #[test]
    fn databases_are_found_where_systems_keep_them() {
        for path in [
            "usr/lib/opkg/status",
            "var/lib/opkg/status",
            "opt/lib/opkg/status",
            "usr/lib/ipkg/status",
            "usr/lib/opkg/info/busybox.control",
        ] {
            assert!(wants(&ANALYZER, path), "{path}");
        }
        for path in ["usr/lib/opkg/a.control", "opkg/status", "usr/lib/opkg/info/a.list"] {
            assert!(!wants(&ANALYZER, path), "{path}");
        }
    }

    #[test]
    fn a_package_counts_while_its_files_are_there() {
        let text =
            b"Package: a\nVersion: 1-2\nStatus: install user installed\nArchitecture: mips\n\
            Installed-Time: 1700000000\n\nPackage: b\nVersion: 1\nStatus: install ok unpacked\n\n\
            Package: c\nVersion: 1\nStatus: deinstall user not-installed\n";
        let found = find(&ANALYZER, "usr/lib/opkg/status", text);
        insta::assert_snapshot!(shown(&found), @r"
        opkg a 1-2 mips
        opkg b 1 state=unpacked
        ");
    }

    #[test]
    fn a_control_file_speaks_of_a_package_in_the_status() {
        let text = b"Package: libopenssl3\nVersion: 3.0.13-r1\nSource: package/libs/openssl\n\
            SourceName: openssl\nLicense: Apache-2.0\nMaintainer: Some One <a@example.com>\n";
        let found = find(&ANALYZER, "usr/lib/opkg/info/libopenssl3.control", text);
        insta::assert_snapshot!(shown(&found), @r"
        /usr/lib/opkg/status libopenssl3 license=Apache-2.0
        /usr/lib/opkg/status libopenssl3 maintainer=Some One <a@example.com>
        /usr/lib/opkg/status libopenssl3 source=openssl
        ");
    }
}
