//! Alpine's database of installed packages.
//!
//! Records between blank lines; each line is `<letter>:<value>`,
//! <https://wiki.alpinelinux.org/wiki/Apk_spec>. Used: P name, V version, A architecture, o origin.

use super::{Analyzer, Found, Want, root_of, text};
use crate::model::{Component, Ecosystem, SourcePackage};

pub(super) const ANALYZER: Analyzer = Analyzer {
    id: "apk",
    wants: &[Want::Name("installed")],
    accepts: |path| root_of(path, "lib/apk/db/installed").is_some(),
    read: |input| Ok(read(&input.whole()?)),
    ..Analyzer::BASE
};

#[derive(Default)]
struct Record<'a> {
    line: usize,
    name: Option<&'a [u8]>,
    version: Option<&'a [u8]>,
    arch: Option<&'a [u8]>,
    origin: Option<&'a [u8]>,
}

fn read(bytes: &[u8]) -> Found {
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
        let origin = self.origin.and_then(text::value).filter(|it| *it != name);
        found.component(Component {
            // Packages of one origin are built together, in one version.
            source: origin
                .map(|it| SourcePackage { name: it.to_owned(), version: version.to_owned() }),
            arch: self.arch.and_then(text::value).map(str::to_owned),
            ..Component::new(Ecosystem::Apk, name, version)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    fn check(text: &str) -> Vec<String> {
        let found = read(text.as_bytes());
        let shown = found.components.iter().map(|it| {
            let source = it.source.as_ref().map(|it| format!(" from {}", it.name));
            format!("{} {}{}", it.name, it.version, source.unwrap_or_default())
        });
        shown.chain(found.notes.iter().cloned()).collect()
    }

    #[test]
    fn the_origin_is_the_source_package() {
        let text = "P:libcrypto3\nV:3.1.4-r5\nA:x86_64\no:openssl\n\nP:musl\nV:1.2-r0\no:musl\n\n";
        assert_eq!(check(text), ["libcrypto3 3.1.4-r5 from openssl", "musl 1.2-r0"]);
    }

    #[test]
    fn a_package_without_a_version_is_noted() {
        let text = "P:a\nF:usr\n\nP:b\nV:1\n\n";
        assert_eq!(check(text), ["b 1", "line 1: a package without a readable version"]);
    }
}
