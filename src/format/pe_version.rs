//! What a Windows executable or library says of its own version, and whether it is one of .NET.
//!
//! Format: <https://learn.microsoft.com/en-us/windows/win32/debug/pe-format>, the section `.rsrc`,
//! and <https://learn.microsoft.com/en-us/windows/win32/menurc/vs-versioninfo>. Of the tree of
//! resources only the branch to the version is followed, and of its languages the first.

use std::collections::BTreeMap;

use super::FormatError;
use super::bytes::{le16, le32, part};
use crate::model::Content;

/// A program of DOS before the headers is short.
const MAX_STUB: u32 = 1 << 20;

/// Entries of one directory of resources that are looked at.
const MAX_ENTRIES: u64 = 4096;

/// The longest description of a version, and how many fields it may have.
const MAX_VERSION: u64 = 64 << 10;
const MAX_FIELDS: usize = 100;

/// The kind of resource that describes a version.
const RT_VERSION: u32 = 16;

/// What a file says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeVersion {
    /// It holds code for .NET.
    pub is_managed: bool,
    /// Fields such as `ProductVersion`, by their names.
    pub fields: BTreeMap<String, String>,
}

/// Where the parts of a file lie.
struct Layout {
    /// Address, size and offset of each section.
    sections: Vec<(u32, u32, u32)>,
    resources: u32,
    managed: u32,
}

impl PeVersion {
    /// Reads the description of the version.
    pub fn read(content: &dyn Content) -> Result<Self, FormatError> {
        let layout = Layout::read(content)?;
        let mut version = Self { is_managed: layout.managed != 0, ..Self::default() };
        if let Some(bytes) = layout.version(content)? {
            version.fields = fields(&bytes);
        }
        Ok(version)
    }
}

impl Layout {
    fn read(content: &dyn Content) -> Result<Self, FormatError> {
        let dos = part(content, 0, 64)?;
        let at = dos.strip_prefix(b"MZ").and_then(|_| le32(&dos, 60)).filter(|it| *it < MAX_STUB);
        let at = at.ok_or(FormatError::Malformed("not a Windows executable"))?;
        // The signature, the header of COFF, and the optional header with 16 directories.
        let header = part(content, u64::from(at), 24 + 240)?;
        let fields = (|| {
            let coff = header.strip_prefix(b"PE\0\0")?;
            let optional = coff.get(20..)?;
            let directories = match le16(optional, 0)? {
                0x10b => 96,
                0x20b => 112,
                _ => return None,
            };
            let n_directories = le32(optional, directories - 4)?;
            let directory = |number: u32| {
                let at = directories + 8 * usize::try_from(number).ok()?;
                le32(optional, at).filter(|_| number < n_directories)
            };
            let (resources, managed) = (directory(2), directory(14));
            Some((le16(coff, 2)?, le16(coff, 16)?, resources, managed))
        })();
        let (n_sections, optional_size, resources, managed) =
            fields.ok_or(FormatError::Malformed("the header is cut off or of another kind"))?;
        let table = u64::from(at) + 24 + u64::from(optional_size);
        let table = part(content, table, u64::from(n_sections) * 40)?;
        let section = |it: &[u8]| Some((le32(it, 12)?, le32(it, 16)?, le32(it, 20)?));
        Ok(Self {
            sections: table.chunks_exact(40).filter_map(section).collect(),
            resources: resources.unwrap_or_default(),
            managed: managed.unwrap_or_default(),
        })
    }

    /// Where in the file the byte lies that is loaded at this address.
    fn offset(&self, address: u32) -> Option<u64> {
        self.sections.iter().find_map(|(from, size, offset)| {
            let at = address.checked_sub(*from).filter(|it| it < size)?;
            Some(u64::from(*offset) + u64::from(at))
        })
    }

    /// The description of the version.
    fn version(&self, content: &dyn Content) -> Result<Option<Vec<u8>>, FormatError> {
        if self.resources == 0 {
            return Ok(None);
        }
        let Some(root) = self.offset(self.resources) else { return Ok(None) };
        // Kind, number and language.
        let mut at = 0;
        for kind in [Some(RT_VERSION), None, None] {
            let directory = part(content, root.saturating_add(at), 16)?;
            let (Some(n_names), Some(n_numbers)) = (le16(&directory, 12), le16(&directory, 14))
            else {
                return Ok(None);
            };
            let n_entries = (u64::from(n_names) + u64::from(n_numbers)).min(MAX_ENTRIES);
            let entries = part(content, root.saturating_add(at + 16), 8 * n_entries)?;
            let entry = entries.chunks_exact(8).find(|it| kind.is_none() || le32(it, 0) == kind);
            let Some(next) = entry.and_then(|it| le32(it, 4)) else { return Ok(None) };
            at = u64::from(next & 0x7fff_ffff);
        }
        let data = part(content, root.saturating_add(at), 8)?;
        let (Some(address), Some(size)) = (le32(&data, 0), le32(&data, 4)) else { return Ok(None) };
        let Some(offset) = self.offset(address) else { return Ok(None) };
        Ok(Some(part(content, offset, u64::from(size).min(MAX_VERSION))?))
    }
}

/// A piece of the description: a name, a value and further pieces.
struct Piece<'a> {
    name: String,
    value: &'a [u8],
    inside: &'a [u8],
    rest: &'a [u8],
}

/// The fields in all tables of texts, as far as they can be read; of one name the first.
fn fields(bytes: &[u8]) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    let Some(root) = Piece::split(bytes) else { return fields };
    for group in pieces(root.inside).filter(|it| it.name == "StringFileInfo") {
        for field in pieces(group.inside).flat_map(|it| pieces(it.inside)) {
            if fields.len() == MAX_FIELDS {
                return fields;
            }
            let value = utf16(field.value).trim().to_owned();
            if !value.is_empty() {
                fields.entry(field.name).or_insert(value);
            }
        }
    }
    fields
}

fn pieces(mut bytes: &[u8]) -> impl Iterator<Item = Piece<'_>> {
    std::iter::from_fn(move || {
        let piece = Piece::split(bytes)?;
        bytes = piece.rest;
        Some(piece)
    })
}

impl<'a> Piece<'a> {
    /// Reads the piece at the front. Everything in it begins at a multiple of four bytes.
    fn split(bytes: &'a [u8]) -> Option<Self> {
        let length = usize::from(le16(bytes, 0)?);
        let piece = bytes.get(..length)?;
        let value_length = usize::from(le16(piece, 2)?);
        let is_text = le16(piece, 4)? == 1;
        let name = piece.get(6..)?;
        let name_length = name.chunks_exact(2).position(|it| it == [0, 0])? * 2;
        let from = (6 + name_length + 2).next_multiple_of(4);
        let to = from + if is_text { 2 * value_length } else { value_length };
        // Some writers count the value of a text in bytes.
        let value = piece.get(from..to.min(length)).unwrap_or_default();
        Some(Self {
            name: utf16(name.get(..name_length)?),
            value,
            inside: piece.get(to.next_multiple_of(4)..).unwrap_or_default(),
            rest: bytes.get(length.next_multiple_of(4)..).unwrap_or_default(),
        })
    }
}

/// A text up to its end or a zero.
fn utf16(bytes: &[u8]) -> String {
    let units = bytes.chunks_exact(2).filter_map(|it| le16(it, 0)).take_while(|it| *it != 0);
    char::decode_utf16(units).map(|it| it.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// Libraries for tests.
#[cfg(test)]
pub(crate) mod made {
    /// A library of 64 bits with these fields.
    pub(crate) fn dll(is_managed: bool, fields: &[(&str, &str)]) -> Vec<u8> {
        let texts = fields.iter().flat_map(|(name, value)| piece(name, 1, &text(value), &[]));
        let table = piece("000004b0", 1, &[], &texts.collect::<Vec<u8>>());
        let group = piece("StringFileInfo", 1, &[], &table);
        let version = piece("VS_VERSION_INFO", 0, &[0; 52], &group);
        let mut section = Vec::new();
        for (key, next) in [(16, 0x8000_0018), (1, 0x8000_0030), (0, 0x48_u32)] {
            section.extend([0; 14]);
            section.extend([1, 0]);
            section.extend(u32::to_le_bytes(key));
            section.extend(next.to_le_bytes());
        }
        section.extend(0x2058_u32.to_le_bytes());
        section.extend(u32::try_from(version.len()).unwrap().to_le_bytes());
        section.extend([0; 8]);
        section.extend(version);
        let mut bytes = b"MZ".to_vec();
        bytes.resize(60, 0);
        bytes.extend([64, 0, 0, 0]);
        bytes.extend(b"PE\0\0\x64\x86\x01\0");
        bytes.extend([0; 12]);
        bytes.extend([240, 0, 0, 0]);
        let mut optional = vec![0x0b, 2];
        optional.resize(108, 0);
        optional.extend([16, 0, 0, 0]);
        optional.resize(240, 0);
        optional[112 + 16..][..4].copy_from_slice(&0x2000_u32.to_le_bytes());
        optional[112 + 14 * 8] = u8::from(is_managed);
        bytes.extend(optional);
        bytes.extend(b".rsrc\0\0\0");
        let size = u32::try_from(section.len()).unwrap();
        let offset = u32::try_from(bytes.len() + 32).unwrap();
        for field in [size, 0x2000, size, offset, 0, 0, 0, 0] {
            bytes.extend(field.to_le_bytes());
        }
        bytes.extend(section);
        bytes
    }

    fn text(text: &str) -> Vec<u8> {
        text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
    }

    fn piece(name: &str, kind: u16, value: &[u8], inside: &[u8]) -> Vec<u8> {
        let n_value = if kind == 1 { value.len() / 2 } else { value.len() };
        let mut bytes = vec![0; 2];
        bytes.extend(u16::try_from(n_value).unwrap().to_le_bytes());
        bytes.extend(kind.to_le_bytes());
        bytes.extend(text(name));
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes.extend(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes.extend(inside);
        let length = u16::try_from(bytes.len()).unwrap();
        bytes[..2].copy_from_slice(&length.to_le_bytes());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::PeVersion;
    use super::made::dll;

    #[test]
    fn fields_are_read_with_their_names() {
        let bytes = dll(true, &[("ProductName", "A ö"), ("ProductVersion", "1.0.2+abc")]);
        let version = PeVersion::read(&bytes.as_slice()).unwrap();
        assert!(version.is_managed);
        assert_eq!(version.fields["ProductName"], "A ö");
        assert_eq!(version.fields["ProductVersion"], "1.0.2+abc");
        assert!(!PeVersion::read(&dll(false, &[]).as_slice()).unwrap().is_managed);
    }

    #[test]
    fn a_file_may_end_anywhere_and_hold_any_byte() {
        let good = dll(true, &[("ProductName", "A"), ("ProductVersion", "1")]);
        assert!(PeVersion::read(&b"\x7fELF".as_slice()).is_err());
        for at in 0..good.len() {
            drop(PeVersion::read(&&good[..at]));
            for byte in [0, 1, 0x7f, 0xff] {
                let mut bad = good.clone();
                bad[at] = byte;
                drop(PeVersion::read(&bad.as_slice()));
            }
        }
    }
}
