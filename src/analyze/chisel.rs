//! The packages of images that Chisel cut, <https://documentation.ubuntu.com/chisel/>.
//!
//! Such an image has parts of Ubuntu's packages, called slices, and no database of dpkg. What was
//! cut stands in `manifest.wall`: a Zstandard stream of JSON lines, of which `package` names a
//! package and `path` a file with the slices (`PACKAGE_PART`) that brought it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Read;

use serde::Deserialize;

use super::listing::Listing;
use super::{Analyzer, Found, Input, Owning, Unread, Want, root_of, text};
use crate::format::FormatError;
use crate::format::compression::{Compression, decompress};
use crate::model::{Component, Ecosystem};

const MANIFEST: &str = "var/lib/chisel/manifest.wall";

/// The most that is unpacked, and the longest line; lines have about 150 bytes.
const MAX_MANIFEST: u64 = 16 << 20;
const MAX_LINE: usize = 64 << 10;

pub(super) const ANALYZER: Analyzer = Analyzer {
    id: "chisel",
    wants: &[Want::Name("manifest.wall")],
    accepts: |path| root_of(path, MANIFEST).is_some(),
    read,
    ..Analyzer::BASE
};

/// A line; other kinds have other fields.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Line<'a> {
    Package {
        name: String,
        version: String,
        arch: Option<String>,
        sha256: Option<String>,
    },
    Path {
        #[serde(borrow)]
        path: Cow<'a, str>,
        #[serde(default)]
        slices: Vec<String>,
    },
    #[serde(other)]
    Other,
}

fn read(input: &Input<'_>) -> Result<Found, Unread> {
    let mut found = Found { database: Some(Ecosystem::Deb), ..Found::default() };
    let bytes = match unpacked(&input.whole()?) {
        Ok(bytes) => bytes,
        Err(error) => {
            found.remark(error.to_string());
            return Ok(found);
        }
    };
    let mut files: BTreeMap<String, Vec<Cow<'_, str>>> = BTreeMap::new();
    for (number, line) in text::lines(&bytes).filter(|(_, it)| !it.is_empty()) {
        // The first line is about the file.
        let is_header = number == 1 && memchr::memmem::find(line, b"\"jsonwall\"").is_some();
        let line = Some(line).filter(|it| it.len() <= MAX_LINE).unwrap_or_default();
        match serde_json::from_slice(line) {
            Ok(Line::Package { name, version, arch, sha256 }) => {
                let line = Package { name: &name, version: &version, arch, sha256 };
                line.add(number, &mut found);
            }
            Ok(Line::Path { path, mut slices }) => {
                for slice in &mut slices {
                    slice.truncate(slice.find('_').unwrap_or(slice.len()));
                }
                slices.sort_unstable();
                slices.dedup();
                for package in slices {
                    files.entry(package).or_default().push(path.clone());
                }
            }
            Ok(Line::Other) => {}
            Err(_) if is_header => {}
            Err(_) => found.note(number, "not a record of a manifest"),
        }
    }
    let root = root_of(input.path, MANIFEST).unwrap_or_default();
    for (package, paths) in &files {
        let Some(package) = text::value(package.as_bytes()) else { continue };
        let mut listing = Listing::new(Owning::named(input.path, package, None), root);
        for path in paths {
            listing.add(path);
        }
        listing.finish(&mut found);
    }
    Ok(found)
}

fn unpacked(bytes: &[u8]) -> Result<Vec<u8>, FormatError> {
    let (compression, plain) = decompress(bytes)?;
    if compression != Compression::Zstd {
        return Err(FormatError::Malformed("not a Zstandard stream"));
    }
    let mut unpacked = Vec::new();
    // One byte more, to tell a stream that ends at the limit from one that goes on.
    plain.take(MAX_MANIFEST + 1).read_to_end(&mut unpacked)?;
    if unpacked.len() as u64 > MAX_MANIFEST {
        return Err(FormatError::Limit { what: "too much to unpack", limit: MAX_MANIFEST });
    }
    Ok(unpacked)
}

struct Package<'a> {
    name: &'a str,
    version: &'a str,
    arch: Option<String>,
    sha256: Option<String>,
}

impl Package<'_> {
    fn add(self, line: usize, found: &mut Found) {
        let (Some(name), Some(version)) =
            (text::value(self.name.as_bytes()), text::value(self.version.as_bytes()))
        else {
            return found.note(line, "a package without a readable name and version");
        };
        let mut component = Component::new(Ecosystem::Deb, name, version);
        let value = |it: Option<String>| it.filter(|it| text::value(it.as_bytes()).is_some());
        component.arch = value(self.arch);
        if let Some(digest) = value(self.sha256) {
            component = component.property("sha256", &digest);
        }
        found.component(component);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::super::tests::{find, shown};
    use super::ANALYZER;

    pub(in super::super) fn packed(text: &str) -> Vec<u8> {
        compress_to_vec(text.as_bytes(), CompressionLevel::Fastest)
    }

    fn check(bytes: &[u8]) -> String {
        shown(&find(&ANALYZER, "var/lib/chisel/manifest.wall", bytes))
    }

    #[test]
    fn slices_own_files_for_their_package() {
        let text = r#"{"jsonwall":"1.0","schema":"1.0","count":6}
{"kind":"content","slice":"openssl_bins","path":"/usr/bin/openssl"}
{"kind":"package","name":"openssl","version":"3.0.13-0ubuntu3.5","sha256":"00f9","arch":"amd64"}
{"kind":"path","path":"/usr/bin/","mode":"0755","slices":["openssl_bins"]}
{"kind":"path","path":"/usr/bin/openssl","mode":"0755","slices":["openssl_bins","openssl_all"],"size":1}
{"kind":"path","path":"/usr/share/doc/openssl/copyright","mode":"0644","slices":["openssl_copyright"]}
{"kind":"path","path":"/var/lib/chisel/manifest.wall","mode":"0644","slices":["base-files_chisel"]}
{"kind":"slice","name":"openssl_bins"}
"#;
        insta::assert_snapshot!(check(&packed(text)), @r"
        deb openssl 3.0.13-0ubuntu3.5 amd64 sha256=00f9
        /var/lib/chisel/manifest.wall base-files owns 0 of 1
        /var/lib/chisel/manifest.wall openssl owns 1 of 2
        ");
    }

    #[test]
    fn one_bad_line_does_not_hide_the_next() {
        let text = "{\"jsonwall\":\"1.0\"}\nnot json\n{\"kind\":\"package\",\"name\":\"a b\",\"version\":\"1\"}\n\
                    {\"kind\":\"package\",\"name\":\"a\"}\n\
                    {\"kind\":\"package\",\"name\":\"b\",\"version\":\"1\",\"arch\":7}\n\
                    {\"kind\":\"package\",\"name\":\"c\",\"version\":\"1\",\"arch\":null,\"more\":[]}\n";
        insta::assert_snapshot!(check(&packed(text)), @r"
        deb c 1
        note chisel: line 2: not a record of a manifest
        note chisel: line 3: a package without a readable name and version
        note chisel: line 4: not a record of a manifest
        note chisel: line 5: not a record of a manifest
        ");
    }

    #[test]
    fn what_is_no_stream_is_noted() {
        assert_eq!(check(b"invalid"), "note chisel: not a Zstandard stream\n");
        let bomb = packed(&"x".repeat(17 << 20));
        assert_eq!(check(&bomb), "note chisel: too much to unpack, limit 16777216\n");
        let text = "{\"kind\":\"package\",\"name\":\"a\",\"version\":\"1\"}\n".repeat(20);
        let cut = packed(&text);
        assert!(check(&cut[..cut.len() / 2]).starts_with("note chisel: cannot be read: zstd: "));
    }
}
