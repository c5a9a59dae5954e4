//! Whether what came is what was sent: digests that servers state, and the shape of a file.

use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::error::Problem;

/// What is read of a file at a time.
const CHUNK: usize = 64 << 10;
/// How far from its end a zip archive's last record may begin: its comment has at most 64 KiB.
const ZIP_END: u64 = 22 + 0xffff;

/// What a server says the whole file is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stated {
    /// In hexadecimal digits.
    pub(crate) sha256: Option<String>,
    /// As buckets of Google state it, among them OSV's.
    pub(crate) crc32c: Option<u32>,
}

/// What a file is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) sha256: String,
    pub(crate) crc32c: u32,
    pub(crate) length: u64,
}

impl Stated {
    /// Reads the headers that speak of the whole file, also where a part of it follows:
    /// `Repr-Digest` (RFC 9530), the older `Digest` (RFC 3230), and `x-goog-hash`.
    pub(crate) fn read<'a>(header: impl Fn(&'static str) -> Vec<&'a str>) -> Self {
        let all = |name| header(name).into_iter().flat_map(|it| it.split(',')).map(str::trim);
        let decoded = |text: &str| STANDARD.decode(text.trim_matches(':')).ok();
        let of = |name, key| {
            all(name).find_map(|it: &str| {
                let (found, value) = it.split_once('=')?;
                found.eq_ignore_ascii_case(key).then(|| decoded(value)).flatten()
            })
        };
        let sha256 = of("repr-digest", "sha-256").or_else(|| of("digest", "sha-256"));
        let crc32c = of("x-goog-hash", "crc32c");
        Self {
            sha256: sha256.filter(|it| it.len() == 32).map(|it| hex(&it)),
            crc32c: crc32c.and_then(|it| Some(u32::from_be_bytes(it.try_into().ok()?))),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.sha256.is_none() && self.crc32c.is_none()
    }

    pub(crate) fn check(&self, sums: &Sums) -> Result<(), Problem> {
        if self.sha256.as_ref().is_some_and(|it| *it != sums.sha256) {
            return Err(Problem::Digest("SHA-256"));
        }
        if self.crc32c.is_some_and(|it| it != sums.crc32c) {
            return Err(Problem::Digest("CRC-32C"));
        }
        Ok(())
    }
}

impl Sums {
    pub(crate) fn of(reader: &mut impl Read) -> io::Result<Self> {
        let (mut sha256, mut crc, mut length) = (Sha256::new(), !0, 0);
        let mut buffer = vec![0; CHUNK];
        loop {
            let n_read = reader.read(&mut buffer)?;
            let Some(bytes) = buffer.get(..n_read).filter(|it| !it.is_empty()) else { break };
            sha256.update(bytes);
            crc = crc32c(crc, bytes);
            length += n_read as u64;
        }
        Ok(Self { sha256: hex(&sha256.finalize()), crc32c: !crc, length })
    }

    pub(crate) fn of_file(path: &Path) -> io::Result<Self> {
        Self::of(&mut File::open(path)?)
    }
}

/// The digest in a file beside another, as `sha256sum` writes it; nothing if there is none in it.
pub(crate) fn beside(text: &str) -> Option<String> {
    let word = text.split_ascii_whitespace().next()?;
    is_sha256(word).then(|| word.to_ascii_lowercase())
}

/// Whether these are the hexadecimal digits of a SHA-256.
pub(crate) fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|it| it.is_ascii_hexdigit())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut out, it| {
        write!(out, "{it:02x}").unwrap_or_default();
        out
    })
}

/// One step of Castagnoli's checksum, bit by bit through a table.
fn crc32c(start: u32, bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = table();
    bytes.iter().fold(start, |crc, byte| {
        let at = usize::from(crc.to_le_bytes()[0] ^ byte);
        TABLE.get(at).unwrap_or(&0) ^ (crc >> 8)
    })
}

#[expect(clippy::indexing_slicing, reason = "checked while it is compiled")]
const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let (mut at, mut start) = (0, 0);
    while at < table.len() {
        let (mut value, mut bit): (u32, u32) = (start, 0);
        while bit < 8 {
            value = (value >> 1) ^ if value & 1 == 1 { 0x82f6_3b78 } else { 0 };
            bit += 1;
        }
        table[at] = value;
        (at, start) = (at + 1, start + 1);
    }
    table
}

/// Checks that a file is what its name promises, from its first to its last bytes: a login page or half
/// an answer under a good status is the commonest nonsense.
pub(crate) fn shape(name: &str, path: &Path) -> Result<(), Problem> {
    let read = || -> io::Result<(Vec<u8>, Vec<u8>)> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        let (mut head, mut tail) = (Vec::new(), Vec::new());
        (&file).take(512).read_to_end(&mut head)?;
        file.seek(SeekFrom::Start(length.saturating_sub(ZIP_END)))?;
        file.read_to_end(&mut tail)?;
        Ok((head, tail))
    };
    let (head, tail) = read().map_err(Problem::file(path))?;
    let wrong = |expected, found| Err(Problem::Nonsense { expected, found });
    let expected = match name.rsplit_once('.').map_or("", |it| it.1) {
        "zip" => "a zip archive",
        "gz" => "a gzip file",
        "json" => "JSON",
        "xml" => "XML",
        "csv" | "txt" => "plain text",
        _ => return Ok(()),
    };
    if head.is_empty() {
        return wrong(expected, "is empty");
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head).trim_ascii_start();
    let start = text.get(..14).unwrap_or(text).to_ascii_lowercase();
    if start.starts_with(b"<!doctype html") || start.starts_with(b"<html") {
        return wrong(expected, "is a web page");
    }
    let end = tail.trim_ascii_end().last().copied();
    let (begins, ends) = match expected {
        "a zip archive" => {
            let last = tail.windows(4).any(|it| it == b"PK\x05\x06");
            (head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06"), last)
        }
        "a gzip file" => (head.starts_with(b"\x1f\x8b"), true),
        "JSON" => match text.first() {
            Some(b'{') => (true, end == Some(b'}')),
            Some(b'[') => (true, end == Some(b']')),
            _ => (false, false),
        },
        "XML" => (text.starts_with(b"<"), end == Some(b'>')),
        _ => (!text.starts_with(b"<") && !head.contains(&0), true),
    };
    match (begins, ends) {
        (true, true) => Ok(()),
        (true, false) => wrong(expected, "breaks off before its end"),
        (false, _) => wrong(expected, "is something else"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Stated, Sums, beside, shape};

    #[test]
    fn sums_are_those_of_the_specifications() {
        let sums = Sums::of(&mut &b"123456789"[..]).unwrap();
        assert_eq!((sums.crc32c, sums.length), (0xe306_9283, 9));
        assert!(sums.sha256.starts_with("15e2b0d3c33891eb"), "{}", sums.sha256);
    }

    #[test]
    fn digests_are_found_in_every_header_that_states_one() {
        let empty = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        let with = |header: &'static str, value: String| {
            Stated::read(|name| if name == header { vec![&*value] } else { vec![] })
        };
        let sums = Sums::of(&mut &b""[..]).unwrap();
        for stated in [
            with("repr-digest", format!("sha-512=:AA==:, sha-256=:{empty}:")),
            with("digest", format!("SHA-256={empty}")),
        ] {
            assert_eq!(stated.sha256.as_ref(), Some(&sums.sha256));
            assert!(stated.check(&sums).is_ok());
            assert!(stated.check(&Sums::of(&mut &b"x"[..]).unwrap()).is_err());
        }
        let bucket = with("x-goog-hash", "crc32c=4waSgw==,md5=AAAA".to_owned());
        assert_eq!(bucket.crc32c, Some(0xe306_9283));
        assert!(with("digest", "sha-256=nonsense".to_owned()).is_empty());
    }

    #[test]
    fn a_digest_beside_a_file_is_its_first_word() {
        let digits = "A".repeat(64);
        assert_eq!(beside(&format!("{digits}  all.zip\n")), Some("a".repeat(64)));
        assert_eq!(beside("<html>"), None);
    }

    #[test]
    fn a_file_must_look_as_its_name_says() {
        let dir = tempfile::tempdir().unwrap();
        let said = |name: &str, content: &[u8]| {
            let path = dir.path().join(name);
            std::fs::write(&path, content).unwrap();
            shape(name, &path).map_err(|it| it.to_string())
        };
        let zip = [b"PK\x05\x06".as_slice(), &[0; 18]].concat();
        for (name, content) in [
            ("a.zip", zip.as_slice()),
            ("a.json", b"\xef\xbb\xbf {\"a\": 1}\n"),
            ("a.csv", b"#model\ncve,epss\n"),
            ("a.xml", b"<?xml?><a/>\n"),
            ("a", b"\0"),
        ] {
            assert_eq!(said(name, content), Ok(()), "{name}");
        }
        for (name, content, found) in [
            ("a.zip", b"PK\x03\x04 and no end".as_slice(), "breaks off before its end"),
            ("a.json", b"{\"a\": ", "breaks off before its end"),
            ("a.json", b"<!DOCTYPE html><html>", "is a web page"),
            ("a.json", b"sorry", "is something else"),
            ("a.csv", b"", "is empty"),
        ] {
            let error = said(name, content).unwrap_err();
            assert!(error.ends_with(found), "{error}");
        }
    }
}
