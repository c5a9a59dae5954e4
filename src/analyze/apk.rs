//! Alpine's database of installed packages.
//!
//! Records between blank lines; each line is `<letter>:<value>`,
//! <https://wiki.alpinelinux.org/wiki/Apk_spec>. Version 3 of apk-tools keeps the format and moves
//! the file below `usr`. What follows a package are its directories (`F:`), each with its files
//! (`R:`). A virtual package, which `apk add --virtual` makes of nothing, does not count.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Analyzer, Found, Input, Owning, Want, listing, root_of, text};
use crate::model::{Component, Ecosystem, LayerPath, SourcePackage};

/// Where it lies in a root; the longer path first, as it ends like the shorter.
const PLACES: &[&str] =
    &["usr/lib/apk/db/installed", "var/lib/apk/db/installed", "lib/apk/db/installed"];

pub(super) const ANALYZER: Analyzer = Analyzer {
    id: "apk",
    wants: &[Want::Name("installed")],
    accepts: |path| root(path).is_some(),
    read: |input| Ok(read(input, &input.whole()?)),
    ..Analyzer::BASE
};

fn root(path: &LayerPath) -> Option<&str> {
    PLACES.iter().find_map(|it| root_of(path, it))
}

#[derive(Default)]
struct Record<'a> {
    line: usize,
    name: Option<&'a [u8]>,
    version: Option<&'a [u8]>,
    arch: Option<&'a [u8]>,
    origin: Option<&'a [u8]>,
    license: Option<&'a [u8]>,
    maintainer: Option<&'a [u8]>,
    checksum: Option<&'a [u8]>,
    description: Option<&'a [u8]>,
    directory: Option<&'a str>,
    owning: Option<Owning>,
}

fn read(input: &Input<'_>, bytes: &[u8]) -> Found {
    let mut found = Found { database: Some(Ecosystem::Apk), ..Found::default() };
    let mut record = Record::default();
    let mut last = 0;
    for (number, line) in text::lines(bytes) {
        last = number;
        if line.is_empty() {
            std::mem::take(&mut record).close(&mut found);
            continue;
        }
        record.line = if record.line == 0 { number } else { record.line };
        match line {
            [b'P', b':', value @ ..] => record.name = Some(value),
            [b'V', b':', value @ ..] => record.version = Some(value),
            [b'A', b':', value @ ..] => record.arch = Some(value),
            [b'o', b':', value @ ..] => record.origin = Some(value),
            [b'L', b':', value @ ..] => record.license = Some(value),
            [b'm', b':', value @ ..] => record.maintainer = Some(value),
            [b'C', b':', value @ ..] => record.checksum = Some(value),
            [b'T', b':', value @ ..] => record.description = Some(value),
            [b'F', b':', value @ ..] => record.directory = str::from_utf8(value).ok(),
            [b'R', b':', value @ ..] => record.own(value, input.path),
            _ => {}
        }
    }
    record.close(&mut found);
    if bytes.last().is_some_and(|it| *it != b'\n') {
        found.note(last, "the file is cut off");
    }
    found
}

impl Record<'_> {
    fn close(self, found: &mut Found) {
        if self.line == 0 {
            return;
        }
        let Some(name) = self.name.and_then(text::value) else {
            return found.note(self.line, "a package without a readable name");
        };
        let Some(version) = self.version.and_then(text::value) else {
            return found.note(self.line, "a package without a readable version");
        };
        if name.starts_with('.') || self.description == Some(b"virtual meta package") {
            return;
        }
        let mut component = Component::new(Ecosystem::Apk, name, version);
        let origin = self.origin.and_then(text::value).filter(|it| *it != name);
        // Packages of one origin are built together, in one version.
        component.source =
            origin.map(|it| SourcePackage { name: it.to_owned(), version: version.to_owned() });
        component.arch = self.arch.and_then(text::value).map(str::to_owned);
        component.licenses =
            self.license.and_then(text::phrase).map(str::to_owned).into_iter().collect();
        if let Some(maintainer) = self.maintainer.and_then(text::phrase) {
            component = component.property("maintainer", maintainer);
        }
        if let Some((kind, digest)) = self.checksum.and_then(checksum) {
            component = component.property(kind, &digest);
        }
        found.component(component);
        if let Some(owning) = self.owning {
            found.owns(owning);
        }
    }

    /// Adds a file of the directory before; the name of the package comes before both.
    fn own(&mut self, file: &[u8], path: &LayerPath) {
        let (Some(directory), Ok(file)) = (self.directory, str::from_utf8(file)) else { return };
        let Some(name) = self.name.and_then(text::value) else { return };
        let owning = self.owning.get_or_insert_with(|| Owning::named(path, name, None));
        let root = root(path).unwrap_or_default();
        if directory.is_empty() {
            listing::own(owning, root, file);
        } else {
            listing::own(owning, root, &format!("{directory}/{file}"));
        }
    }
}

/// Reads what names the package's control data: `Q1` and a SHA-1, `Q2` and a SHA-256, in base64.
fn checksum(raw: &[u8]) -> Option<(&'static str, String)> {
    let (kind, length, digits) = match raw {
        [b'Q', b'1', digits @ ..] => ("sha1", 20, digits),
        [b'Q', b'2', digits @ ..] => ("sha256", 32, digits),
        _ => return None,
    };
    let digits = digits.get(..64.min(digits.len()))?;
    let digest = STANDARD.decode(digits).ok().filter(|it| it.len() == length)?;
    let mut hex = String::with_capacity(2 * length);
    for byte in digest {
        // Writing to a String cannot fail.
        write!(hex, "{byte:02x}").unwrap_or_default();
    }
    Some((kind, hex))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{find, shown, wants};
    use super::ANALYZER;
    use crate::model::LayerPath;

    fn check(text: &str) -> String {
        shown(&find(&ANALYZER, "lib/apk/db/installed", text.as_bytes()))
    }

    #[test]
    fn the_database_lies_in_one_of_three_places() {
        for path in
            ["lib/apk/db/installed", "usr/lib/apk/db/installed", "x/var/lib/apk/db/installed"]
        {
            assert!(wants(&ANALYZER, path), "{path}");
        }
        assert!(!wants(&ANALYZER, "lib/apk/db/installed.old"));
        assert!(!wants(&ANALYZER, "db/installed"));
    }

    #[test]
    fn the_origin_is_the_source_package() {
        let text = "P:libcrypto3\nV:3.1.4-r5\nA:x86_64\no:openssl\n\nP:musl\nV:1.2-r0\no:musl\n\n";
        insta::assert_snapshot!(check(text), @r"
        apk libcrypto3 3.1.4-r5 x86_64 from openssl 3.1.4-r5
        apk musl 1.2-r0
        ");
    }

    #[test]
    fn a_record_tells_licence_maintainer_and_digest() {
        let text = "C:Q1AAECAwQFBgcICQoLDA0ODxAREhM=\nP:a\nV:1-r0\nL:MIT AND BSD-2-Clause\n\
                    m:Some One <a@example.com>\n\nC:Q1short\nP:b\nV:1-r0\n\n";
        insta::assert_snapshot!(check(text), @r#"
        apk a 1-r0 licensed ["MIT AND BSD-2-Clause"] maintainer=Some One <a@example.com> sha1=000102030405060708090a0b0c0d0e0f10111213
        apk b 1-r0
        "#);
    }

    #[test]
    fn files_are_those_of_the_directory_before() {
        let text = "P:a\nV:1-r0\nF:\nR:.x\nF:usr\nF:usr/bin\nM:0:0:755\nR:a\na:0:0:755\nZ:Q1x\n\
                    F:usr/lib\nR:liba.so.1\nR:x.py\n\nP:b\nV:1\nF:etc\n\n";
        for (path, root) in [("lib/apk/db/installed", ""), ("r/usr/lib/apk/db/installed", "r/")] {
            let found = find(&ANALYZER, path, text.as_bytes());
            let [owns] = &found.owns[..] else { panic!("{}", shown(&found)) };
            assert_eq!((owns.name.as_deref(), owns.n_files), (Some("a"), 4));
            let owned = |path: &str| owns.paths.contains(&LayerPath::new(path).unwrap());
            assert!(
                owned(&format!("{root}usr/bin/a")) && owned(&format!("{root}usr/lib/liba.so.1"))
            );
        }
    }

    #[test]
    fn a_virtual_package_is_not_there() {
        let text = "P:.build-deps\nV:20240101.0\nS:0\n\nP:deps\nV:1\nT:virtual meta package\n\nP:a\nV:1\n\n";
        assert_eq!(check(text), "apk a 1\n");
    }

    #[test]
    fn a_package_without_a_version_is_noted() {
        let text = "P:a\nF:usr\n\nP:b\nV:1\n\n";
        insta::assert_snapshot!(check(text), @r"
        apk b 1
        note apk: line 1: a package without a readable version
        ");
    }
}
