//! ELF files: sections, segments, notes and the name a library goes by.
//!
//! Format: the System V gABI, <https://gabi.xinuos.com/>. Of a file of gigabytes only the tables and
//! what is asked for are read.

use super::FormatError;
use super::bytes::{be16, be32, be64, le16, le32, le64, part};
use crate::model::Content;

/// Sections of one file that are listed. Linkers stay below 100, compilers with
/// `-ffunction-sections` may write some 10,000.
const MAX_SECTIONS: usize = 1 << 16;

/// The most of a table of names that is read.
const MAX_NAMES: u64 = 4 << 20;

const SHT_DYNAMIC: u32 = 6;
const SHT_NOTE: u32 = 7;
const SHT_NOBITS: u32 = 8;
const DT_SONAME: u64 = 14;

/// A file's tables.
#[derive(Debug, Default)]
pub struct Elf {
    pub is_64: bool,
    pub is_big_endian: bool,
    /// `ET_EXEC` is 2, `ET_DYN` 3, `ET_CORE` 4.
    pub kind: u16,
    /// `EM_…`: 62 is x86-64, 183 is AArch64.
    pub machine: u16,
    pub sections: Vec<Section>,
    segments_at: u64,
    segment_size: u16,
    n_segments: u16,
}

/// A part of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    pub name: String,
    /// `SHT_…`.
    pub kind: u32,
    /// `SHF_…`: 4 is executable, 2 is loaded.
    pub flags: u64,
    /// Where it is loaded.
    pub address: u64,
    pub offset: u64,
    pub size: u64,
    /// Another section that it refers to: that of its strings, for a dynamic one.
    link: u32,
}

/// A part of the file as it is loaded, whatever sections it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// `PT_…`: 1 is loaded.
    pub kind: u32,
    /// `PF_…`: 1 is executable, 2 is writable.
    pub flags: u32,
    pub address: u64,
    pub offset: u64,
    /// In the file; in memory it may be larger.
    pub size: u64,
}

/// A note of one kind by one author.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    pub owner: Vec<u8>,
    pub kind: u32,
    pub bytes: Vec<u8>,
}

impl Elf {
    /// Reads the header and the table of sections.
    pub fn read(content: &dyn Content) -> Result<Self, FormatError> {
        let header = part(content, 0, 64)?;
        let broken = || FormatError::Malformed("the header is cut off");
        let (is_64, is_big_endian) = match header.as_slice() {
            [0x7f, b'E', b'L', b'F', class @ (1 | 2), order @ (1 | 2), ..] => {
                (*class == 2, *order == 2)
            }
            _ => return Err(FormatError::Malformed("not an ELF file")),
        };
        let mut elf = Self { is_64, is_big_endian, ..Self::default() };
        let fields = (|| {
            let word = elf.word();
            let base = 24 + 3 * word;
            let kind = elf.u16(&header, 16)?;
            let machine = elf.u16(&header, 18)?;
            elf.segments_at = elf.address(&header, 24 + word)?;
            elf.segment_size = elf.u16(&header, base + 6)?;
            elf.n_segments = elf.u16(&header, base + 8)?;
            let table = elf.address(&header, 24 + 2 * word)?;
            let size = elf.u16(&header, base + 10)?;
            let count = elf.u16(&header, base + 12)?;
            let names = elf.u16(&header, base + 14)?;
            Some((kind, machine, table, size, count, names))
        })();
        let (kind, machine, table, size, count, names) = fields.ok_or_else(broken)?;
        (elf.kind, elf.machine) = (kind, machine);
        if table == 0 {
            return Ok(elf);
        }
        if usize::from(size) < elf.header_size() {
            return Err(FormatError::Malformed("the table of sections has too short records"));
        }
        elf.read_sections(content, table, size, count, names)?;
        Ok(elf)
    }

    fn read_sections(
        &mut self,
        content: &dyn Content,
        table: u64,
        size: u16,
        count: u16,
        names: u16,
    ) -> Result<(), FormatError> {
        // With very many sections, the first record holds what has no room in the header.
        let first = part(content, table, u64::from(size))?;
        let first = self.section(&first).map(|it| it.0);
        let count = match (count, &first) {
            (0, Some(it)) => usize::try_from(it.size).unwrap_or(usize::MAX),
            (count, _) => usize::from(count),
        };
        let names = match (names, &first) {
            (0xffff, Some(it)) => usize::try_from(it.link).unwrap_or(usize::MAX),
            (names, _) => usize::from(names),
        };
        if count > MAX_SECTIONS {
            let limit = MAX_SECTIONS as u64;
            return Err(FormatError::Limit { what: "too many sections", limit });
        }
        let bytes = part(content, table, count as u64 * u64::from(size))?;
        let read = bytes.chunks_exact(usize::from(size).max(1)).map_while(|it| self.section(it));
        let (mut sections, name_offsets): (Vec<Section>, Vec<u32>) = read.unzip();
        if let Some(table) = sections.get(names) {
            let strings = part(content, table.offset, table.size.min(MAX_NAMES))?;
            for (section, offset) in sections.iter_mut().zip(name_offsets) {
                section.name = text_at(&strings, u64::from(offset)).unwrap_or_default();
            }
        }
        self.sections = sections;
        Ok(())
    }

    /// Reads the table of segments, which a file without one of sections has, too.
    pub fn segments(&self, content: &dyn Content) -> Result<Vec<Segment>, FormatError> {
        let size = usize::from(self.segment_size);
        let length = u64::from(self.segment_size) * u64::from(self.n_segments);
        let table = part(content, self.segments_at, length)?;
        Ok(table.chunks_exact(size.max(1)).map_while(|it| self.segment(it)).collect())
    }

    /// The section of this name that has bytes in the file.
    pub fn section_named(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|it| it.name == name && it.is_stored())
    }

    /// The bytes of a section, up to `limit`.
    pub fn bytes(
        &self,
        content: &dyn Content,
        section: &Section,
        limit: u64,
    ) -> Result<Vec<u8>, FormatError> {
        if section.size > limit {
            return Err(FormatError::Limit { what: "a section is too large", limit });
        }
        Ok(part(content, section.offset, section.size)?)
    }

    /// The name by which other files ask for this library.
    pub fn soname(&self, content: &dyn Content) -> Result<Option<String>, FormatError> {
        let Some(dynamic) = self.sections.iter().find(|it| it.kind == SHT_DYNAMIC) else {
            return Ok(None);
        };
        let table = self.bytes(content, dynamic, 1 << 20)?;
        let entry = |it: &[u8]| Some((self.address(it, 0)?, self.address(it, self.word())?));
        let mut entries = table.chunks_exact(2 * self.word()).filter_map(entry);
        let soname = entries.find(|(tag, _)| *tag == DT_SONAME).map(|it| it.1);
        let strings = usize::try_from(dynamic.link).ok().and_then(|it| self.sections.get(it));
        let (Some(at), Some(strings)) = (soname, strings) else { return Ok(None) };
        if at >= strings.size {
            return Ok(None);
        }
        let text = part(content, strings.offset.saturating_add(at), 4096)?;
        Ok(text_at(&text, 0))
    }

    /// The notes in all sections of notes, as far as they can be read.
    pub fn notes(&self, content: &dyn Content) -> Result<Vec<Note>, FormatError> {
        let mut notes = Vec::new();
        for section in self.sections.iter().filter(|it| it.kind == SHT_NOTE) {
            let bytes = part(content, section.offset, section.size.min(1 << 20))?;
            let mut rest = bytes.as_slice();
            while let Some((note, after)) = self.note(rest) {
                notes.push(note);
                rest = after;
            }
        }
        Ok(notes)
    }

    fn note<'a>(&self, bytes: &'a [u8]) -> Option<(Note, &'a [u8])> {
        let length = |at| usize::try_from(self.u32(bytes, at)?).ok();
        let (n_owner, n_bytes, kind) = (length(0)?, length(4)?, self.u32(bytes, 8)?);
        let rest = bytes.get(12..)?;
        let owner = rest.get(..n_owner)?;
        let rest = rest.get(n_owner.checked_next_multiple_of(4)?..)?;
        let content = rest.get(..n_bytes)?;
        // The last one need not be padded.
        let after = rest.get(n_bytes.checked_next_multiple_of(4)?..).unwrap_or_default();
        let owner = owner.strip_suffix(b"\0").unwrap_or(owner).to_vec();
        Some((Note { owner, kind, bytes: content.to_vec() }, after))
    }

    /// Reads a record of the table of sections; the number is where its name is.
    fn section(&self, record: &[u8]) -> Option<(Section, u32)> {
        let word = self.word();
        let section = Section {
            name: String::new(),
            kind: self.u32(record, 4)?,
            flags: self.address(record, 8)?,
            address: self.address(record, 8 + word)?,
            offset: self.address(record, 8 + 2 * word)?,
            size: self.address(record, 8 + 3 * word)?,
            link: self.u32(record, 8 + 4 * word)?,
        };
        Some((section, self.u32(record, 0)?))
    }

    fn segment(&self, record: &[u8]) -> Option<Segment> {
        let word = self.word();
        // With 64 bits the flags come second, for the sake of alignment.
        let (flags, fields) = if self.is_64 { (4, 8) } else { (24, 4) };
        Some(Segment {
            kind: self.u32(record, 0)?,
            flags: self.u32(record, flags)?,
            offset: self.address(record, fields)?,
            address: self.address(record, fields + word)?,
            size: self.address(record, fields + 3 * word)?,
        })
    }

    fn word(&self) -> usize {
        if self.is_64 { 8 } else { 4 }
    }

    fn header_size(&self) -> usize {
        if self.is_64 { 64 } else { 40 }
    }

    fn u16(&self, bytes: &[u8], at: usize) -> Option<u16> {
        if self.is_big_endian { be16(bytes, at) } else { le16(bytes, at) }
    }

    fn u32(&self, bytes: &[u8], at: usize) -> Option<u32> {
        if self.is_big_endian { be32(bytes, at) } else { le32(bytes, at) }
    }

    /// A number as wide as the file's addresses.
    fn address(&self, bytes: &[u8], at: usize) -> Option<u64> {
        if !self.is_64 {
            return self.u32(bytes, at).map(u64::from);
        }
        if self.is_big_endian { be64(bytes, at) } else { le64(bytes, at) }
    }
}

impl Section {
    /// Whether its bytes lie in the file; others are zeros that are made when it is loaded.
    pub fn is_stored(&self) -> bool {
        self.kind != SHT_NOBITS
    }
}

/// The text that ends with a zero.
fn text_at(strings: &[u8], at: u64) -> Option<String> {
    let rest = strings.get(usize::try_from(at).ok()?..)?;
    let end = memchr::memchr(0, rest).unwrap_or(rest.len());
    Some(String::from_utf8_lossy(rest.get(..end)?).into_owned())
}

/// Files for tests.
#[cfg(test)]
pub(crate) mod made {
    /// A little-endian library of 64 bits with these sections: name, `SHT_…`, `SHF_…`, bytes.
    pub(crate) fn elf(sections: &[(&str, u32, u64, &[u8])]) -> Vec<u8> {
        let mut names = vec![0];
        let mut bodies: Vec<u8> = Vec::new();
        let mut records = vec![0; 64];
        let all = sections.iter().copied().chain([(".shstrtab", 3, 0, &[][..])]);
        for (name, kind, flags, body) in all {
            let mut record = u32::try_from(names.len()).unwrap().to_le_bytes().to_vec();
            names.extend(name.as_bytes());
            names.push(0);
            let is_last = name == ".shstrtab";
            let body = if is_last { names.clone() } else { body.to_vec() };
            while !bodies.len().is_multiple_of(16) {
                bodies.push(0);
            }
            let offset = 64 + bodies.len() as u64;
            record.extend(kind.to_le_bytes());
            record.extend(flags.to_le_bytes());
            record.extend((0x40_0000 + offset).to_le_bytes());
            record.extend(offset.to_le_bytes());
            record.extend((body.len() as u64).to_le_bytes());
            // A dynamic section's strings are taken from the section after it.
            let next = u32::try_from(records.len() / 64 + 1).unwrap();
            record.extend(next.to_le_bytes());
            record.resize(64, 0);
            records.extend(record);
            bodies.extend(body);
        }
        let count = u16::try_from(records.len() / 64).unwrap();
        let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
        bytes.resize(16, 0);
        bytes.extend([3, 0, 62, 0, 1, 0, 0, 0]);
        bytes.extend([0; 16]);
        bytes.extend((64 + bodies.len() as u64).to_le_bytes());
        bytes.extend([0; 4]);
        bytes.extend([64, 0, 0, 0, 0, 0, 64, 0]);
        bytes.extend(count.to_le_bytes());
        bytes.extend((count - 1).to_le_bytes());
        assert_eq!(bytes.len(), 64);
        [bytes, bodies, records].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::made::elf;
    use super::{Elf, SHT_DYNAMIC, SHT_NOTE};

    fn sample() -> Vec<u8> {
        let mut dynamic = 14_u64.to_le_bytes().to_vec();
        dynamic.extend(3_u64.to_le_bytes());
        let note = b"\x04\0\0\0\x03\0\0\0\x07\0\0\0FDO\0{}\n\0";
        elf(&[
            (".dynamic", SHT_DYNAMIC, 2, &dynamic),
            (".dynstr", 3, 2, b"no\0libfoo.so.1\0"),
            (".note.package", SHT_NOTE, 0, note),
            (".rodata", 1, 2, b"text"),
        ])
    }

    #[test]
    fn sections_names_and_notes_are_read() {
        let bytes = sample();
        let elf = Elf::read(&bytes.as_slice()).unwrap();
        let names: Vec<_> = elf.sections.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["", ".dynamic", ".dynstr", ".note.package", ".rodata", ".shstrtab"]);
        assert_eq!(elf.soname(&bytes.as_slice()).unwrap().as_deref(), Some("libfoo.so.1"));
        let notes = elf.notes(&bytes.as_slice()).unwrap();
        assert_eq!((notes[0].owner.as_slice(), notes[0].kind), (&b"FDO"[..], 7));
        assert_eq!(notes[0].bytes, b"{}\n");
        let section = elf.section_named(".rodata").unwrap();
        assert_eq!(elf.bytes(&bytes.as_slice(), section, 10).unwrap(), b"text");
        assert!(elf.bytes(&bytes.as_slice(), section, 3).is_err());
    }

    #[test]
    fn this_very_program_is_read() {
        let bytes = std::fs::read("/proc/self/exe").unwrap();
        let elf = Elf::read(&bytes.as_slice()).unwrap();
        let text = elf.section_named(".text").filter(|it| it.flags & 4 != 0).unwrap();
        let segments = elf.segments(&bytes.as_slice()).unwrap();
        let holds = |it: &super::Segment| {
            let at = text.address.checked_sub(it.address);
            at.is_some_and(|at| at < it.size && it.offset + at == text.offset)
        };
        assert!(segments.iter().any(|it| (it.kind, it.flags & 1) == (1, 1) && holds(it)));
    }

    #[test]
    fn a_file_may_end_anywhere_and_hold_any_byte() {
        let good = sample();
        let read = |bytes: &[u8]| {
            if let Ok(elf) = Elf::read(&bytes) {
                drop(elf.soname(&bytes));
                drop(elf.notes(&bytes));
                drop(elf.segments(&bytes));
            }
        };
        for at in 0..good.len() {
            read(&good[..at]);
            for byte in [0, 1, 0x7f, 0xff] {
                let mut bad = good.clone();
                bad[at] = byte;
                read(&bad);
            }
        }
    }
}
