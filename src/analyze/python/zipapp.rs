//! Python distributions that are used without being unpacked.
//!
//! - `*.egg`, <https://setuptools.pypa.io/en/latest/deprecated/python_eggs.html>: one distribution.
//! - `*.pex` and `*.pyz`, programs as one file, <https://docs.python.org/3/library/zipapp.html>,
//!   with their dependencies inside.
//!
//! Wheels are not installed, whatever directory they lie in.

use super::dist_metadata::distribution;
use super::{is_installed, last, metadata_in};
use crate::analyze::{Analyzer, Found, Input, Unread, Want};
use crate::format::FormatError;
use crate::format::zip::{Entry, Zip};
use crate::model::LayerPath;

/// The largest metadata in an archive; a long description makes it 200 KB.
const MAX_METADATA: u64 = 4 << 20;

/// The most that is taken out of one archive.
const MAX_TAKEN: u64 = 64 << 20;

pub(in crate::analyze) const ANALYZER: Analyzer = Analyzer {
    id: "python-archive",
    wants: &[Want::Extension(".egg"), Want::Extension(".pex"), Want::Extension(".pyz")],
    accepts: |path| {
        // Setuptools builds into `dist`.
        is_installed(path.as_str()) && last(path.parent()) != "dist"
    },
    read,
    ..Analyzer::BASE
};

fn read(input: &Input<'_>) -> Result<Found, Unread> {
    let mut found = Found::default();
    // Other programs have other files with these extensions.
    let head = input.part(0, 2)?;
    if !matches!(head.as_slice(), b"PK" | b"#!") {
        return Ok(found);
    }
    let extension = input.path.file_name().rsplit_once('.').map_or("", |(_, it)| it);
    let mut reader =
        Reader { input, is_egg: extension.eq_ignore_ascii_case("egg"), left: MAX_TAKEN };
    match reader.read(&mut found) {
        Ok(()) if reader.is_egg && found.components.is_empty() && found.notes.is_empty() => {
            found.remark("an egg without metadata");
        }
        Ok(()) => {}
        Err(FormatError::Io(error)) => return Err(error.into()),
        Err(error) => found.remark(error.to_string()),
    }
    Ok(found)
}

struct Reader<'a> {
    input: &'a Input<'a>,
    is_egg: bool,
    /// How much may still be taken out.
    left: u64,
}

impl Reader<'_> {
    fn read(&mut self, found: &mut Found) -> Result<(), FormatError> {
        let archive = Zip::read(self.input.content)?;
        for entry in metadata(&archive) {
            if self.left == 0 {
                let what = "the metadata in the archive is too large";
                return Err(FormatError::Limit { what, limit: MAX_TAKEN });
            }
            match self.distribution(entry, found) {
                Err(FormatError::Io(error)) => return Err(error.into()),
                Err(error) => found.remark(error.to_string()),
                Ok(()) => {}
            }
        }
        Ok(())
    }

    fn distribution(&mut self, entry: &Entry, found: &mut Found) -> Result<(), FormatError> {
        // What cannot be read costs as much as the most that can.
        let most = MAX_METADATA.min(self.left);
        self.left -= most;
        let bytes = entry.bytes(self.input.content, most)?;
        self.left += most.saturating_sub(bytes.len() as u64);
        let directory = entry.name.rsplit_once('/').map_or("", |(it, _)| it);
        let record = if self.is_egg { self.input.path.as_str() } else { directory };
        if let Some(mut component) = distribution(&bytes, record, found) {
            // An egg is its distribution; in a program it has a place.
            component.within = (!self.is_egg).then(|| place(directory)).flatten();
            found.component(component);
        }
        Ok(())
    }
}

/// The metadata in the archive, of eggs and wheels.
fn metadata(archive: &Zip) -> impl Iterator<Item = &Entry> {
    archive.entries.iter().filter(|it| {
        let (directory, file) = it.name.rsplit_once('/').unwrap_or(("", &it.name));
        metadata_in(last(directory)) == Some(file) && is_installed(directory)
    })
}

/// A directory in the archive, if it is fit to be told.
fn place(directory: &str) -> Option<String> {
    let is_fit = directory.len() <= 512 && !directory.contains(char::is_control);
    (is_fit && LayerPath::new(directory).is_ok()).then(|| directory.to_owned())
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use crate::analyze::tests::{find, shown, wants};
    use crate::format::zip::made::zip;

    fn check(path: &str, bytes: &[u8]) -> String {
        shown(&find(&ANALYZER, path, bytes))
    }

    #[test]
    fn an_egg_is_its_distribution() {
        let egg = zip(&[
            ("a/__init__.py", b""),
            ("EGG-INFO/PKG-INFO.z", b"Metadata-Version: 1.1\nName: A.b\nVersion: 1.6\n"),
        ]);
        assert_eq!(check("s/a-1.6-py3.8.egg", &egg), "pypi a-b 1.6\n");
        let bare = zip(&[("a.py", b"")]);
        assert_eq!(check("s/a.egg", &bare), "note python-archive: an egg without metadata\n");
        assert_eq!(check("s/a.pyz", &bare), "");
    }

    #[test]
    fn a_program_has_its_dependencies_in_places() {
        let wheel = ".deps/a-1-py3-none-any.whl/a-1.dist-info/METADATA.z";
        let zip =
            zip(&[(wheel, b"Name: a\nVersion: 1\n"), ("x/_vendor/b.dist-info/METADATA", b"")]);
        let program = [b"#!/usr/bin/env python3\n".as_slice(), &zip].concat();
        assert_eq!(
            check("app/bin.pex", &program),
            "pypi a 1 in .deps/a-1-py3-none-any.whl/a-1.dist-info\n"
        );
    }

    #[test]
    fn what_is_no_archive_is_somebody_else_s() {
        assert_eq!(check("game/models/panda.egg", b"<CoordinateSystem> { Z-Up }"), "");
        let cut = &zip(&[("EGG-INFO/PKG-INFO", b"Name: a\n")])[..40];
        assert_eq!(check("s/a.egg", cut), "note python-archive: the archive has no end record\n");
    }

    #[test]
    fn an_archive_that_grows_without_end_is_given_up() {
        let large = [b"Name: a\nVersion: 1\n\n".as_slice(), &vec![b'x'; 5 << 20]].concat();
        let entries: Vec<String> = (0..20).map(|it| format!("{it}.dist-info/METADATA.z")).collect();
        let files: Vec<(&str, &[u8])> =
            entries.iter().map(|it| (it.as_str(), large.as_slice())).collect();
        let found = find(&ANALYZER, "s/a.pex", &zip(&files));
        let last = "python-archive: the metadata in the archive is too large, limit 67108864";
        assert_eq!(found.notes.last().map(String::as_str), Some(last));
        assert_eq!(found.notes.len(), 17);
    }

    #[test]
    fn what_a_build_left_is_not_installed() {
        for path in ["src/dist/a-1.0-py3.8.egg", "src/.eggs/a.egg", "s/a-1.0-py3-none-any.whl"] {
            assert!(!wants(&ANALYZER, path), "{path}");
        }
    }
}
