//! The header of an rpm package, as a package database keeps it: tags and their values.
//!
//! Format: <https://rpm-software-management.github.io/rpm/manual/format_header.html>, without the
//! eight bytes that come first in a package file. The regions, which a signature covers, have no
//! meaning here. What was added at installation comes after them, and holds where a tag has two
//! values.

use super::FormatError;
use super::bytes::be32;

/// Numbers of tags, as rpm names them.
pub mod tag {
    pub const NAME: u32 = 1000;
    pub const VERSION: u32 = 1001;
    pub const RELEASE: u32 = 1002;
    pub const EPOCH: u32 = 1003;
    pub const VENDOR: u32 = 1011;
    pub const LICENSE: u32 = 1014;
    pub const ARCH: u32 = 1022;
    /// Whole paths, by versions of rpm before 4.
    pub const OLDFILENAMES: u32 = 1027;
    /// Whether each file was installed.
    pub const FILESTATES: u32 = 1029;
    pub const FILEMODES: u32 = 1030;
    pub const SOURCERPM: u32 = 1044;
    /// For each file, the place of its directory among `DIRNAMES`.
    pub const DIRINDEXES: u32 = 1116;
    pub const BASENAMES: u32 = 1117;
    pub const DIRNAMES: u32 = 1118;
    pub const MODULARITYLABEL: u32 = 5096;
}

const CHAR: u32 = 1;
const INT8: u32 = 2;
const INT16: u32 = 3;
const INT32: u32 = 4;
const STRING: u32 = 6;
const BIN: u32 = 7;
const STRING_ARRAY: u32 = 8;
const I18N_STRING: u32 = 9;

/// A record of the index.
const RECORD: usize = 16;

/// The header of one package.
#[derive(Clone, Copy)]
pub struct Header<'a> {
    index: &'a [[u8; RECORD]],
    data: &'a [u8],
}

/// The values of one tag.
#[derive(Clone, Copy)]
struct Values<'a> {
    kind: u32,
    count: usize,
    /// From the first value to the end of the header.
    data: &'a [u8],
}

impl<'a> Header<'a> {
    /// Takes a header apart, without looking at the values.
    pub fn read(blob: &'a [u8]) -> Result<Self, FormatError> {
        let parts = || {
            let n_records = usize::try_from(be32(blob, 0)?).ok()?;
            let length = usize::try_from(be32(blob, 4)?).ok()?;
            let (index, data) = blob.get(8..)?.split_at_checked(n_records.checked_mul(RECORD)?)?;
            let (index, _) = index.as_chunks();
            Some(Self { index, data: data.get(..length)? })
        };
        parts().ok_or(FormatError::Malformed("a header that is cut off"))
    }

    fn values(&self, tag: u32) -> Option<Values<'a>> {
        let tag = tag.to_be_bytes();
        let record = self.index.iter().rev().find(|it| it.starts_with(&tag))?;
        let offset = usize::try_from(be32(record, 8)?).ok()?;
        let count = usize::try_from(be32(record, 12)?).ok()?;
        Some(Values { kind: be32(record, 4)?, count, data: self.data.get(offset..)? })
    }

    /// A text; the first, where there is one for each language.
    pub fn string(&self, tag: u32) -> Option<&'a [u8]> {
        self.strings(tag).next()
    }

    /// The texts of a list. It ends early where one has no end.
    pub fn strings(&self, tag: u32) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let is_text = |it: &Values<'_>| matches!(it.kind, STRING | STRING_ARRAY | I18N_STRING);
        let values = self.values(tag).filter(is_text);
        let mut rest = values.map_or(&[][..], |it| it.data);
        let next = move || {
            let end = memchr::memchr(0, rest)?;
            let (text, after) = rest.split_at_checked(end)?;
            rest = after.get(1..)?;
            Some(text)
        };
        std::iter::from_fn(next).take(values.map_or(0, |it| it.count))
    }

    /// The numbers of a list of 32 bits each.
    pub fn numbers(&self, tag: u32) -> impl Iterator<Item = u32> + use<'a> {
        let values = self.values(tag).filter(|it| it.kind == INT32);
        let (numbers, _) = values.map_or(&[][..], |it| it.data).as_chunks();
        numbers.iter().take(values.map_or(0, |it| it.count)).map(|it| u32::from_be_bytes(*it))
    }

    /// The numbers of a list of 16 bits each.
    pub fn short_numbers(&self, tag: u32) -> impl Iterator<Item = u16> + use<'a> {
        let values = self.values(tag).filter(|it| it.kind == INT16);
        let (numbers, _) = values.map_or(&[][..], |it| it.data).as_chunks();
        numbers.iter().take(values.map_or(0, |it| it.count)).map(|it| u16::from_be_bytes(*it))
    }

    /// The bytes of a list of bytes.
    pub fn bytes(&self, tag: u32) -> Option<&'a [u8]> {
        let values = self.values(tag).filter(|it| matches!(it.kind, CHAR | INT8 | BIN))?;
        values.data.get(..values.count)
    }
}

impl std::fmt::Debug for Header<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Header").field("n_records", &self.index.len()).finish_non_exhaustive()
    }
}

/// Headers for tests.
#[cfg(test)]
pub(crate) mod made {
    use super::{CHAR, INT16, INT32, STRING, STRING_ARRAY};

    #[derive(Clone)]
    pub(crate) enum Value<'a> {
        Text(&'a str),
        Texts(&'a [&'a str]),
        Numbers(&'a [u32]),
        ShortNumbers(&'a [u16]),
        Bytes(&'a [u8]),
    }

    /// A header of these tags.
    pub(crate) fn header(tags: &[(u32, Value<'_>)]) -> Vec<u8> {
        let (mut index, mut data) = (Vec::new(), Vec::new());
        for (tag, value) in tags {
            let (kind, count, bytes) = match value {
                Value::Text(it) => (STRING, 1, [it.as_bytes(), &[0]].concat()),
                Value::Texts(it) => (
                    STRING_ARRAY,
                    it.len(),
                    it.iter().flat_map(|it| [it, "\0"]).collect::<String>().into(),
                ),
                Value::Numbers(it) => {
                    (INT32, it.len(), it.iter().flat_map(|it| it.to_be_bytes()).collect())
                }
                Value::ShortNumbers(it) => {
                    (INT16, it.len(), it.iter().flat_map(|it| it.to_be_bytes()).collect())
                }
                Value::Bytes(it) => (CHAR, it.len(), it.to_vec()),
            };
            let offset = u32::try_from(data.len()).unwrap();
            let count = u32::try_from(count).unwrap();
            index.extend([*tag, kind, offset, count].iter().flat_map(|it| it.to_be_bytes()));
            data.extend(bytes);
        }
        let lengths = [tags.len(), data.len()].map(|it| u32::try_from(it).unwrap().to_be_bytes());
        [lengths.concat(), index, data].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::made::{Value, header};
    use super::{Header, tag};

    #[test]
    fn each_kind_of_value_is_read() {
        let bytes = header(&[
            (1, Value::Text("text")),
            (2, Value::Texts(&["a", "", "b"])),
            (3, Value::Numbers(&[1, u32::MAX])),
            (4, Value::ShortNumbers(&[1, u16::MAX])),
            (5, Value::Bytes(&[1, 0])),
        ]);
        let it = Header::read(&bytes).unwrap();
        assert_eq!(it.string(1), Some(&b"text"[..]));
        assert_eq!(it.strings(2).collect::<Vec<_>>(), [&b"a"[..], b"", b"b"]);
        assert_eq!(it.numbers(3).collect::<Vec<_>>(), [1, u32::MAX]);
        assert_eq!(it.short_numbers(4).collect::<Vec<_>>(), [1, u16::MAX]);
        assert_eq!(it.bytes(5), Some(&[1, 0][..]));
        // What is not there, and what is something else.
        assert_eq!(it.string(6), None);
        assert_eq!((it.string(3), it.bytes(1)), (None, None));
        assert_eq!((it.numbers(1).count(), it.short_numbers(3).count()), (0, 0));
    }

    #[test]
    fn what_was_added_at_installation_holds() {
        let bytes = header(&[
            (tag::DIRNAMES, Value::Texts(&["/usr/"])),
            (tag::DIRNAMES, Value::Texts(&["/opt/"])),
        ]);
        let it = Header::read(&bytes).unwrap();
        assert_eq!(it.string(tag::DIRNAMES), Some(&b"/opt/"[..]));
    }

    #[test]
    fn a_list_is_no_longer_than_what_is_there() {
        let mut bytes = header(&[(1, Value::Texts(&["a", "b"])), (2, Value::Numbers(&[7]))]);
        // The counts of both lists.
        bytes[8 + 12] = 0xff;
        bytes[24 + 12] = 0xff;
        let it = Header::read(&bytes).unwrap();
        assert_eq!(it.strings(1).take(9).collect::<Vec<_>>(), [&b"a"[..], b"b", b"", b"", b""]);
        assert_eq!(it.numbers(2).collect::<Vec<_>>(), [7]);
        // The lengths of the index and of the data.
        for at in [0, 4] {
            let mut bad = bytes.clone();
            bad[at] = 0xff;
            assert!(Header::read(&bad).is_err());
        }
    }

    #[test]
    fn a_header_may_end_anywhere_and_hold_any_byte() {
        let good = header(&[(1, Value::Texts(&["a", "b"])), (2, Value::Numbers(&[7, 8]))]);
        let read = |bytes: &[u8]| {
            if let Ok(it) = Header::read(bytes) {
                assert!(it.strings(1).count() + it.numbers(2).count() <= good.len());
            }
        };
        for at in 0..good.len() {
            assert!(Header::read(&good[..at]).is_err());
            for byte in [0, 1, 0x7f, 0xff] {
                let mut bad = good.clone();
                bad[at] = byte;
                read(&bad);
            }
        }
    }
}
