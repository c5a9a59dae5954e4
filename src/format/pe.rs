//! Windows executables and libraries: their sections.
//!
//! Format: <https://learn.microsoft.com/en-us/windows/win32/debug/pe-format>. Only the headers are
//! read; where a section lies in memory is told from where the file wants to be loaded.

use super::FormatError;
use super::bytes::{le16, le32, le64, part};
use crate::model::Content;

/// A program of DOS before the headers is short.
const MAX_STUB: u32 = 1 << 20;

/// A file's tables. They are little-endian.
#[derive(Debug)]
pub struct Pe {
    pub is_64: bool,
    /// `IMAGE_FILE_MACHINE_…`: 0x8664 is x86-64, 0xaa64 is AArch64.
    pub machine: u16,
    pub sections: Vec<Section>,
}

/// A part of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// At most eight bytes; a longer name is a number after a slash, which is not followed.
    pub name: String,
    /// `IMAGE_SCN_…`: 0x80000000 is writable, 0x20000000 is executable.
    pub flags: u32,
    pub address: u64,
    pub offset: u64,
    /// In the file.
    pub size: u64,
}

impl Pe {
    /// Reads the headers and the table of sections.
    pub fn read(content: &dyn Content) -> Result<Self, FormatError> {
        let dos = part(content, 0, 64)?;
        let at = dos.strip_prefix(b"MZ").and_then(|_| le32(&dos, 60)).filter(|it| *it < MAX_STUB);
        let at = at.ok_or(FormatError::Malformed("not a Windows executable"))?;
        // The signature, the header of COFF, and the first fields of the optional header.
        let header = part(content, u64::from(at), 24 + 32)?;
        let fields = (|| {
            let coff = header.strip_prefix(b"PE\0\0")?;
            let (machine, count) = (le16(coff, 0)?, le16(coff, 2)?);
            let (optional_size, kind) = (le16(coff, 16)?, le16(coff, 20)?);
            let (is_64, base) = match kind {
                0x10b => (false, u64::from(le32(coff, 20 + 28)?)),
                0x20b => (true, le64(coff, 20 + 24)?),
                _ => return None,
            };
            Some((machine, count, optional_size, is_64, base))
        })();
        let (machine, count, optional_size, is_64, base) =
            fields.ok_or(FormatError::Malformed("the header is cut off or of another kind"))?;
        let table = u64::from(at) + 24 + u64::from(optional_size);
        let table = part(content, table, u64::from(count) * 40)?;
        let sections = table.chunks_exact(40).map_while(|it| section(it, base)).collect();
        Ok(Self { is_64, machine, sections })
    }
}

fn section(record: &[u8], base: u64) -> Option<Section> {
    let name = record.get(..8)?;
    let end = memchr::memchr(0, name).unwrap_or(name.len());
    Some(Section {
        name: String::from_utf8_lossy(name.get(..end)?).into_owned(),
        flags: le32(record, 36)?,
        address: base.wrapping_add(u64::from(le32(record, 12)?)),
        offset: u64::from(le32(record, 20)?),
        size: u64::from(le32(record, 16)?),
    })
}

/// Files for tests.
#[cfg(test)]
pub(crate) mod made {
    /// A library of 64 bits with these sections: name, `IMAGE_SCN_…`, bytes.
    pub(crate) fn pe(sections: &[(&str, u32, &[u8])]) -> Vec<u8> {
        let mut bytes = b"MZ".to_vec();
        bytes.resize(60, 0);
        bytes.extend(64_u32.to_le_bytes());
        bytes.extend(b"PE\0\0\x64\x86");
        bytes.extend(u16::try_from(sections.len()).unwrap().to_le_bytes());
        bytes.extend([0; 12]);
        bytes.extend([32, 0, 0, 0, 0x0b, 2]);
        bytes.resize(64 + 24 + 24, 0);
        bytes.extend(0x40_0000_u64.to_le_bytes());
        let mut bodies: Vec<u8> = Vec::new();
        for (name, flags, body) in sections {
            let offset = u32::try_from(64 + 56 + 40 * sections.len() + bodies.len()).unwrap();
            let size = u32::try_from(body.len()).unwrap();
            let mut record = name.as_bytes().to_vec();
            record.resize(8, 0);
            for field in [size, offset, size, offset, 0, 0, 0, *flags] {
                record.extend(field.to_le_bytes());
            }
            bytes.extend(record);
            bodies.extend(*body);
        }
        bytes.extend(bodies);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::Pe;
    use super::made::pe;

    #[test]
    fn sections_are_read() {
        let bytes = pe(&[(".text", 0x2000_0000, b"code"), (".dep-v0", 0, b"data")]);
        let pe = Pe::read(&bytes.as_slice()).unwrap();
        assert!(pe.is_64 && pe.machine == 0x8664);
        let section = &pe.sections[1];
        assert_eq!((section.name.as_str(), section.size), (".dep-v0", 4));
        assert_eq!(section.address, 0x40_0000 + section.offset);
        assert!(bytes[usize::try_from(section.offset).unwrap()..].starts_with(b"data"));
    }

    #[test]
    fn text_and_programs_of_dos_are_no_windows_executables() {
        for bytes in [&b"MZ"[..], &[b'M'; 100], &pe(&[])[..80], &[b"MZ", &[0; 100][..]].concat()] {
            assert!(Pe::read(&bytes).is_err());
        }
    }

    #[test]
    fn a_file_may_end_anywhere_and_hold_any_byte() {
        let good = pe(&[(".text", 0x2000_0000, b"code"), (".data", 0, b"data")]);
        for at in 0..good.len() {
            drop(Pe::read(&&good[..at]));
            for byte in [0, 1, 0x7f, 0xff] {
                let mut bad = good.clone();
                bad[at] = byte;
                drop(Pe::read(&bad.as_slice()));
            }
        }
    }
}
