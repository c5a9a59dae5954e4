//! The distribution's name and version.
//!
//! `KEY=value` lines with shell quoting, <https://www.freedesktop.org/software/systemd/man/os-release.html>.
//! `/etc/os-release` is a symlink on most images; the file it leads to is then read at its own path.

use super::{Analyzer, Found, Want, root_of, text};
use crate::model::Distro;

pub(super) const ANALYZER: Analyzer = Analyzer {
    id: "os-release",
    wants: &[Want::Name("os-release")],
    accepts: |path| {
        ["etc/os-release", "usr/lib/os-release"].iter().any(|it| root_of(path, it).is_some())
    },
    read: |input| Ok(read(&input.whole()?)),
    ..Analyzer::BASE
};

fn read(bytes: &[u8]) -> Found {
    let mut found = Found::default();
    let (mut id, mut version) = (None, None);
    for (number, line) in text::lines(bytes) {
        let into = match line.split(|it| *it == b'=').next() {
            Some(b"ID") => &mut id,
            Some(b"VERSION_ID") => &mut version,
            _ => continue,
        };
        // The part before `=` was matched, so there is one.
        let raw = line.splitn(2, |it| *it == b'=').nth(1).unwrap_or_default();
        match text::value(unquoted(raw)) {
            Some(value) => *into = Some(value.to_owned()),
            None if unquoted(raw).is_empty() => {}
            None => found.note(number, "an unreadable value"),
        }
    }
    found.distro = id.map(|id| Distro { id, version, ..Distro::default() });
    found
}

fn unquoted(raw: &[u8]) -> &[u8] {
    let raw = raw.trim_ascii();
    match raw {
        [b'"', inner @ .., b'"'] | [b'\'', inner @ .., b'\''] => inner,
        _ => raw,
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    fn check(text: &str) -> Option<(String, Option<String>)> {
        read(text.as_bytes()).distro.map(|it| (it.id, it.version))
    }

    #[test]
    fn quotes_are_taken_off() {
        let debian = check("PRETTY_NAME=\"Debian\"\nID=debian\nVERSION_ID=\"12\"\n");
        assert_eq!(debian, Some(("debian".to_owned(), Some("12".to_owned()))));
    }

    #[test]
    fn a_rolling_release_has_no_version() {
        assert_eq!(check("ID='arch'\nID_LIKE=x\n"), Some(("arch".to_owned(), None)));
    }

    #[test]
    fn a_hostile_value_is_noted_and_not_repeated() {
        let found = read(b"ID=\x1b[31mred\nVERSION_ID=1\n");
        assert_eq!(found.distro, None);
        assert_eq!(found.notes, ["line 1: an unreadable value"]);
    }
}
