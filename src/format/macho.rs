//! Executables and libraries of macOS: their sections, also of several architectures in one file.
//!
//! Format: `<mach-o/loader.h>` and `<mach-o/fat.h>` of Apple's SDK,
//! <https://github.com/apple-oss-distributions/xnu/tree/main/EXTERNAL_HEADERS/mach-o>.

use super::FormatError;
use super::bytes::{be32, le32, le64, part};
use crate::model::Content;

/// Architectures in one file; a Java class begins with the same bytes and a larger number.
const MAX_ARCHITECTURES: u32 = 31;

/// The most of one file's load commands that is read.
const MAX_COMMANDS: u32 = 4 << 20;

/// Sections of one file that are listed.
const MAX_SECTIONS: usize = 4096;

const LC_SEGMENT: u32 = 0x1;
const LC_SEGMENT_64: u32 = 0x19;

/// One architecture's tables.
#[derive(Debug)]
pub struct MachO {
    pub is_64: bool,
    /// `CPU_TYPE_…`: 0x01000007 is x86-64, 0x0100000c is AArch64.
    pub machine: u32,
    pub sections: Vec<Section>,
}

/// A part of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    pub name: String,
    /// `VM_PROT_…` of its segment: 2 is writable, 4 is executable.
    pub protection: u32,
    pub address: u64,
    /// From the beginning of the file, whatever architecture it is of.
    pub offset: u64,
    pub size: u64,
}

impl MachO {
    /// Reads the tables of every architecture. Those of processors that store the high byte first
    /// are left out: nothing has been built for them since 2009.
    pub fn read(content: &dyn Content) -> Result<Vec<Self>, FormatError> {
        let head = part(content, 0, 8)?;
        if !head.starts_with(&[0xca, 0xfe, 0xba, 0xbe]) {
            return Ok(vec![Self::read_at(content, 0)?]);
        }
        let count = be32(&head, 4).filter(|it| *it <= MAX_ARCHITECTURES);
        let count = count.ok_or(FormatError::Malformed("not a file of several architectures"))?;
        let table = part(content, 8, u64::from(count) * 20)?;
        let starts = table.chunks_exact(20).filter_map(|it| be32(it, 8));
        let mut files = Vec::new();
        for start in starts {
            match Self::read_at(content, u64::from(start)) {
                Ok(file) => files.push(file),
                Err(FormatError::Malformed(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(files)
    }

    fn read_at(content: &dyn Content, start: u64) -> Result<Self, FormatError> {
        let header = part(content, start, 32)?;
        let broken = FormatError::Malformed("not an executable of macOS");
        let is_64 = match header.as_slice() {
            [0xce, 0xfa, 0xed, 0xfe, ..] => false,
            [0xcf, 0xfa, 0xed, 0xfe, ..] => true,
            _ => return Err(broken),
        };
        let fields = (|| Some((le32(&header, 4)?, le32(&header, 20)?)))();
        let Some((machine, size)) = fields else { return Err(broken) };
        if size > MAX_COMMANDS {
            let limit = u64::from(MAX_COMMANDS);
            return Err(FormatError::Limit { what: "too many load commands", limit });
        }
        let header_size = if is_64 { 32 } else { 28 };
        let commands = part(content, start.saturating_add(header_size), u64::from(size))?;
        let mut file = Self { is_64, machine, sections: Vec::new() };
        let mut rest = commands.as_slice();
        while let (Some(kind), Some(size)) = (le32(rest, 0), le32(rest, 4)) {
            let size = usize::try_from(size).unwrap_or(usize::MAX);
            // No command is shorter than its own head.
            let Some((command, after)) = rest.split_at_checked(size.max(8)) else { break };
            match kind {
                LC_SEGMENT if !is_64 => file.add_segment(command, start),
                LC_SEGMENT_64 if is_64 => file.add_segment(command, start),
                _ => {}
            }
            rest = after;
        }
        Ok(file)
    }

    fn add_segment(&mut self, command: &[u8], start: u64) {
        let (head, record) = if self.is_64 { (72, 80) } else { (56, 68) };
        let Some(protection) = le32(command, head - 12) else { return };
        let records = command.get(head..).unwrap_or_default().chunks_exact(record);
        let sections = records.filter_map(|it| self.section(it, protection, start));
        let room = MAX_SECTIONS.saturating_sub(self.sections.len());
        let sections: Vec<_> = sections.take(room).collect();
        self.sections.extend(sections);
    }

    /// Reads a record of a segment's table; `None` for what has no bytes in the file.
    fn section(&self, record: &[u8], protection: u32, start: u64) -> Option<Section> {
        let name = record.get(..16)?;
        let end = memchr::memchr(0, name).unwrap_or(name.len());
        let (address, size, offset, flags) = if self.is_64 {
            (le64(record, 32)?, le64(record, 40)?, le32(record, 48)?, le32(record, 64)?)
        } else {
            let (address, size) = (le32(record, 32)?, le32(record, 36)?);
            (u64::from(address), u64::from(size), le32(record, 40)?, le32(record, 56)?)
        };
        // The kinds that are filled with zeros when they are loaded.
        let is_stored = !matches!(flags & 0xff, 0x1 | 0xc | 0x12);
        is_stored.then(|| Section {
            name: String::from_utf8_lossy(name.get(..end).unwrap_or_default()).into_owned(),
            protection,
            address,
            offset: start.saturating_add(u64::from(offset)),
            size,
        })
    }
}

/// Files for tests.
#[cfg(test)]
pub(crate) mod made {
    /// An executable of 64 bits with one segment and these sections: name, bytes.
    pub(crate) fn macho(protection: u32, sections: &[(&str, &[u8])]) -> Vec<u8> {
        let size = u32::try_from(72 + 80 * sections.len()).unwrap();
        let mut bytes = vec![0xcf, 0xfa, 0xed, 0xfe, 7, 0, 0, 1];
        for field in [0, 2, 1, size, 0, 0, super::LC_SEGMENT_64, size] {
            bytes.extend(field.to_le_bytes());
        }
        bytes.resize(32 + 60, 0);
        for field in [protection, u32::try_from(sections.len()).unwrap(), 0] {
            bytes.extend(field.to_le_bytes());
        }
        let mut bodies: Vec<u8> = Vec::new();
        for (name, body) in sections {
            let offset = 32 + 72 + 80 * sections.len() + bodies.len();
            let mut record = name.as_bytes().to_vec();
            record.resize(32, 0);
            record.extend((0x1_0000_0000 + offset as u64).to_le_bytes());
            record.extend((body.len() as u64).to_le_bytes());
            record.extend(u32::try_from(offset).unwrap().to_le_bytes());
            record.resize(80, 0);
            bytes.extend(record);
            bodies.extend(*body);
        }
        bytes.extend(bodies);
        bytes
    }

    /// Several of them in one file.
    pub(crate) fn fat(files: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = vec![0xca, 0xfe, 0xba, 0xbe];
        bytes.extend(u32::try_from(files.len()).unwrap().to_be_bytes());
        let mut offset = 8 + 20 * files.len();
        for file in files {
            let (start, size) =
                (u32::try_from(offset).unwrap(), u32::try_from(file.len()).unwrap());
            for field in [0x0100_0007, 3, start, size, 0] {
                bytes.extend(field.to_be_bytes());
            }
            offset += file.len();
        }
        [bytes, files.concat()].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::MachO;
    use super::made::{fat, macho};

    #[test]
    fn sections_of_every_architecture_are_read() {
        let one = macho(3, &[("__go_buildinfo", b"info"), ("__data", b"data")]);
        for bytes in [one.clone(), fat(&[one.clone(), one])] {
            let files = MachO::read(&bytes.as_slice()).unwrap();
            for file in &files {
                assert!(file.is_64 && file.sections[0].protection == 3);
                let names: Vec<_> = file.sections.iter().map(|it| it.name.as_str()).collect();
                assert_eq!(names, ["__go_buildinfo", "__data"]);
                let at = usize::try_from(file.sections[1].offset).unwrap();
                assert_eq!(&bytes[at..at + 4], b"data");
            }
            assert!(!files.is_empty());
        }
    }

    #[test]
    fn a_java_class_is_no_executable() {
        assert!(MachO::read(&&b"\xca\xfe\xba\xbe\0\0\0\x3d\0\0"[..]).is_err());
    }

    #[test]
    fn a_file_may_end_anywhere_and_hold_any_byte() {
        let one = macho(3, &[("__go_buildinfo", b"info"), ("__data", b"data")]);
        let good = fat(&[one.clone(), one]);
        for at in 0..good.len() {
            drop(MachO::read(&&good[..at]));
            for byte in [0, 1, 0x7f, 0xff] {
                let mut bad = good.clone();
                bad[at] = byte;
                drop(MachO::read(&bad.as_slice()));
            }
        }
    }
}
