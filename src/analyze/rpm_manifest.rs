//! The list of packages in images of Azure Linux and CBL-Mariner that have no rpm database.
//!
//! Lines of ten fields between tabs, as `rpm -qa` prints them when an image is built:
//! <https://github.com/microsoft/azurelinux/blob/3.0/toolkit/tools/imagegen/installutils/installutils.go>.
//! The sixth says `(none)` also where there is an epoch; the ninth has it.
//!
//! Does not count: `container-manifest-1` beside it. It has the same packages without their epochs,
//! which would read as older versions.

use super::rpm_package::{add_source, component, with_vendor};
use super::{Analyzer, Found, Want, root_of, text};
use crate::model::Ecosystem;

pub(super) const ANALYZER: Analyzer = Analyzer {
    id: "rpm-manifest",
    wants: &[Want::Name("container-manifest-2")],
    accepts: |path| root_of(path, "var/lib/rpmmanifest/container-manifest-2").is_some(),
    read: |input| Ok(read(&input.whole()?)),
    ..Analyzer::BASE
};

fn read(bytes: &[u8]) -> Found {
    let mut found = Found { database: Some(Ecosystem::Rpm), ..Found::default() };
    for (number, line) in text::lines(bytes) {
        if !line.trim_ascii().is_empty()
            && let Err(what) = package(line, &mut found)
        {
            found.note(number, what);
        }
    }
    found
}

fn package(line: &[u8], found: &mut Found) -> Result<(), &'static str> {
    let fields: Vec<&[u8]> = line.splitn(12, |it| *it == b'\t').collect();
    let [name, version, _installed, _built, vendor, _, _size, arch, epoch, source] = *fields else {
        return Err("not ten fields");
    };
    let name = text::value(name).ok_or("a package without a readable name")?;
    if name == "gpg-pubkey" {
        return Ok(());
    }
    let version = text::value(version).filter(|it| it.contains('-'));
    let version = version.ok_or("a package without a readable version")?;
    let epoch = text::value(epoch).and_then(|it| it.parse().ok());
    let epoch = epoch.ok_or("a package without a readable epoch")?;
    let mut component = with_vendor(component(name, epoch, version), vendor);
    component.arch = text::value(arch).map(str::to_owned);
    let has_source = add_source(&mut component, source);
    found.component(component);
    has_source
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use crate::analyze::tests::{find, shown, wants};

    fn check(text: &str) -> String {
        shown(&find(&ANALYZER, "var/lib/rpmmanifest/container-manifest-2", text.as_bytes()))
    }

    #[test]
    fn only_the_manifest_with_epochs_is_read() {
        assert!(wants(&ANALYZER, "x/var/lib/rpmmanifest/container-manifest-2"));
        assert!(!wants(&ANALYZER, "var/lib/rpmmanifest/container-manifest-1"));
        assert!(!wants(&ANALYZER, "var/lib/container-manifest-2"));
    }

    #[test]
    fn the_epoch_is_in_the_ninth_field() {
        insta::assert_snapshot!(check(
            "vim\t9.0-1.cm2\t1\t2\tMicrosoft Corporation\t(none)\t3\tx86_64\t2\tvim-9.0-1.cm2.src.rpm\n\
             openssl-libs\t1.1.1k-15.cm2\t1\t2\tMicrosoft Corporation\t(none)\t3\tx86_64\t0\topenssl-1.1.1k-15.cm2.src.rpm\n"
        ), @"
        rpm openssl-libs 1.1.1k-15.cm2 x86_64 from openssl 1.1.1k-15.cm2 vendor=Microsoft Corporation
        rpm vim 2:9.0-1.cm2 x86_64 vendor=Microsoft Corporation
        ");
    }

    #[test]
    fn one_bad_line_does_not_hide_the_next() {
        insta::assert_snapshot!(check(
            "a\t1-2\n\
             \n\
             gpg-pubkey\t1-2\t1\t2\t(none)\t(none)\t0\t(none)\t0\t(none)\n\
             b\t1\t1\t2\t(none)\t(none)\t3\tnoarch\t0\t(none)\n\
             c\t1-2\t1\t2\t(none)\t(none)\t3\tnoarch\tx\t(none)\n\
             d\t1-2\t1\t2\t(none)\t(none)\t3\tnoarch\t0\td\n\
             e\t1-2\t1\t2\t(none)\t(none)\t3\tnoarch\t0\t(none)"
        ), @"
        rpm d 1-2 noarch
        rpm e 1-2 noarch
        note rpm-manifest: line 1: not ten fields
        note rpm-manifest: line 4: a package without a readable version
        note rpm-manifest: line 5: a package without a readable epoch
        note rpm-manifest: line 6: a package with an unreadable source
        ");
    }
}
