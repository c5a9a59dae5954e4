//! A root file system that is busybox and nothing else, as the image of that name.
//!
//! Its version stands in the program as `BusyBox v1.36.1`, <https://busybox.net>. Many distributions
//! have the program too; what they say of themselves goes before (`model::Inventory::distros`).

use super::{Analyzer, Found, Want};
use crate::model::Distro;

/// No build of it with everything comes near this.
const MAX_PROGRAM: usize = 8 << 20;

const BANNER: &[u8] = b"BusyBox v";

pub(super) const ANALYZER: Analyzer = Analyzer {
    id: "busybox-distro",
    wants: &[Want::Name("busybox")],
    // In any other directory it is one of somebody's tools.
    accepts: |path| matches!(path.as_str(), "bin/busybox" | "usr/bin/busybox"),
    read: |input| {
        let version = version(&input.part(0, MAX_PROGRAM)?);
        let distro = version.map(|it| Distro {
            id: "busybox".to_owned(),
            version: Some(it),
            ..Distro::default()
        });
        Ok(Found { distro, ..Found::default() })
    },
    ..Analyzer::BASE
};

/// Digits between dots.
fn version(program: &[u8]) -> Option<String> {
    memchr::memmem::find_iter(program, BANNER).take(100).find_map(|at| {
        let rest = program.get(at + BANNER.len()..)?;
        let is_part = |it: &u8| it.is_ascii_digit() || *it == b'.';
        let length = rest.iter().take(16).take_while(|it| is_part(it)).count();
        let version = str::from_utf8(rest.get(..length)?).ok()?;
        let fits = version.starts_with(|it: char| it.is_ascii_digit()) && version.contains('.');
        fits.then(|| version.trim_end_matches('.').to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{find, shown, wants};
    use super::ANALYZER;

    #[test]
    fn only_that_of_the_root_is_read() {
        assert!(wants(&ANALYZER, "bin/busybox") && wants(&ANALYZER, "usr/bin/busybox"));
        assert!(!wants(&ANALYZER, "opt/bin/busybox"));
    }

    #[test]
    fn the_banner_tells_the_version() {
        let check = |bytes: &[u8]| shown(&find(&ANALYZER, "bin/busybox", bytes));
        assert_eq!(
            check(b"\x7fELF..BusyBox v%s\0BusyBox v1.36.1 (x)\0"),
            "distro busybox 1.36.1\n"
        );
        assert_eq!(check(b"BusyBox v1.31.1more"), "distro busybox 1.31.1\n");
        for bytes in [&b""[..], b"BusyBox v", b"BusyBox v.", b"BusyBox v1", b"busybox"] {
            assert_eq!(check(bytes), "");
        }
    }
}
