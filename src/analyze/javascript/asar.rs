//! JavaScript packages in the archive of an Electron application.
//!
//! <https://github.com/electron/asar#format>: a header in JSON that is a tree of directories, then
//! the files, one after the other. What is marked as unpacked lies beside the archive, as files. All
//! packages in it are part of the application, which alone can replace them.

use serde_json::value::RawValue;

use super::manifest;
use super::place::{Place, place};
use crate::analyze::{Analyzer, Found, Input, Unread, Want, json, text};
use crate::format::bytes::le32;
use crate::model::Standing;

pub(in crate::analyze) const ANALYZER: Analyzer =
    Analyzer { id: "asar", wants: &[Want::Extension(".asar")], read, ..Analyzer::BASE };

/// The largest applications have 100,000 files, at some 150 bytes each.
const MAX_HEADER: u32 = 16 << 20;

/// Directories in directories. Each level is read once more, so there must not be any number.
const MAX_DEPTH: usize = 24;

/// All manifests of one archive together.
const MAX_MANIFESTS: u64 = 64 << 20;

/// A manifest, and where it lies among the files.
struct Entry {
    path: String,
    offset: u64,
    size: u64,
}

fn read(input: &Input<'_>) -> Result<Found, Unread> {
    let mut found = Found::default();
    // Two pickles: one that holds the size of the other, and that with the header as a string.
    let head = input.part(0, 16)?;
    let sizes = || Some((le32(&head, 0)?, le32(&head, 4)?, le32(&head, 12)?));
    let Some((4, pickle, header)) = sizes() else {
        found.remark("not an archive of Electron's");
        return Ok(found);
    };
    if header > MAX_HEADER {
        found.remark("the archive's directory is too large");
        return Ok(found);
    }
    let header = input.part(16, header as usize)?;
    let document = json::document(&header);
    let mut entries = Vec::new();
    let result = json::entries(&document, |key, raw| {
        if key == "files" {
            walk(raw, "", MAX_DEPTH, &mut entries);
        }
    });
    if result.is_err() {
        found.remark("the archive's directory is damaged");
    }
    let files = 8 + u64::from(pickle);
    let mut left = MAX_MANIFESTS;
    for entry in entries {
        let Some(rest) = left.checked_sub(entry.size) else {
            found.remark("too many package manifests in the archive");
            break;
        };
        left = rest;
        let length = usize::try_from(entry.size.min(manifest::MAX_MANIFEST)).unwrap_or(0);
        let bytes = input.part(files.saturating_add(entry.offset), length)?;
        match manifest::read(&bytes) {
            Ok(Some(manifest)) => {
                let mut component = manifest.component;
                component.standing = Standing::Bundled;
                component.within = text::value(entry.path.as_bytes()).map(str::to_owned);
                found.component(component);
            }
            Ok(None) => {}
            Err(broken) => found.remark(broken.what),
        }
    }
    Ok(found)
}

/// Collects the manifests of packages in the directory `files`.
fn walk(files: &RawValue, directory: &str, depth: usize, entries: &mut Vec<Entry>) {
    let Some(depth) = depth.checked_sub(1) else { return };
    // It was read once already, so it is whole.
    let read = json::entries(files.get(), |name, raw| {
        let path = format!("{directory}{name}");
        if name == "package.json" {
            if matches!(place(&path), Some(Place::Package | Place::Copy)) {
                entries.extend(entry(raw, path));
            }
            return;
        }
        let inner = json::entries(raw.get(), |key, raw| {
            if key == "files" {
                walk(raw, &format!("{path}/"), depth, entries);
            }
        });
        inner.unwrap_or_default();
    });
    read.unwrap_or_default();
}

fn entry(raw: &RawValue, path: String) -> Option<Entry> {
    let (mut offset, mut size, mut is_unpacked) = (None, None, false);
    let read = json::entries(raw.get(), |key, raw| match key {
        // A string, as it may be more than a number holds in JavaScript.
        "offset" => offset = json::string(raw).and_then(|it| it.parse().ok()),
        "size" => size = raw.get().parse().ok(),
        "unpacked" => is_unpacked = json::is_true(raw),
        _ => {}
    });
    read.ok().filter(|()| !is_unpacked)?;
    Some(Entry { path, offset: offset?, size: size? })
}

/// Archives for tests.
#[cfg(test)]
pub(in crate::analyze) mod made {
    /// An archive with this header; `{}` in it stands for the place of each file.
    pub(in crate::analyze) fn asar(header: &str, files: &[u8]) -> Vec<u8> {
        let padded = header.len().next_multiple_of(4);
        let mut bytes = Vec::new();
        for number in [4, padded + 8, padded + 4, header.len()] {
            bytes.extend(u32::try_from(number).unwrap().to_le_bytes());
        }
        bytes.extend(header.as_bytes());
        bytes.resize(16 + padded, 0);
        bytes.extend(files);
        bytes
    }

    /// An archive with one package.
    pub(in crate::analyze) fn sample() -> Vec<u8> {
        let manifest = br#"{"name":"a","version":"1.0.0"}"#;
        let header = format!(
            r#"{{"files":{{"main.js":{{"size":2,"offset":"0"}},"node_modules":{{"files":{{"a":{{"files":{{
                "package.json":{{"size":{},"offset":"2"}}}}}},"b":{{"files":{{"package.json":
                {{"size":1,"offset":"2","unpacked":true}}}}}}}}}}}}}}"#,
            manifest.len()
        );
        asar(&header, &[b"//", &manifest[..]].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use super::made::{asar, sample};
    use crate::analyze::tests::{find, shown};

    fn check(bytes: &[u8]) -> String {
        shown(&find(&ANALYZER, "opt/app/resources/app.asar", bytes))
    }

    #[test]
    fn packages_are_part_of_the_application() {
        assert_eq!(check(&sample()), "npm a 1.0.0 bundled in node_modules/a/package.json\n");
    }

    #[test]
    fn a_damaged_header_is_noted() {
        assert_eq!(check(b"PK\x03\x04"), "note asar: not an archive of Electron's\n");
        let cut = asar(r#"{"files":{"node_modules":{"#, b"");
        assert_eq!(check(&cut), "note asar: the archive's directory is damaged\n");
        let wrong = asar(
            r#"{"files":{"node_modules":{"files":{"a":{"files":{"package.json":{"size":9,"offset":"x"}}}}}}}"#,
            b"",
        );
        assert_eq!(check(&wrong), "");
        let mut large = sample();
        large[12..16].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(check(&large), "note asar: the archive's directory is too large\n");
    }

    #[test]
    fn directories_in_directories_end_somewhere() {
        let deep = r#"{"files":{"d":"#.repeat(20_000) + &"}}".repeat(20_000);
        assert_eq!(check(&asar(&deep, b"")), "note asar: the archive's directory is damaged\n");
        let whole = r#"{"files":{"d":"#.repeat(20_000) + "{}" + &"}}".repeat(20_000);
        assert_eq!(check(&asar(&whole, b"")), "");
    }
}
