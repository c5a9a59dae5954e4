//! The record that Go's linker leaves in every executable: the toolchain's version and the modules.
//!
//! Format: <https://go.dev/src/debug/buildinfo/buildinfo.go>. It is data, so it is there in stripped
//! files, too. Executables that are packed as a whole hold none that could be read.

use crate::format::FormatError;
use crate::format::bytes::{be32, be64, le32, le64, part};
use crate::format::executable::{Executable, Kind, Section};
use crate::model::Content;

const MAGIC: &[u8] = b"\xff Go buildinf:";
const HEADER: u64 = 32;

/// Linkers put the record at the beginning of the data; there may be gigabytes of it.
const MAX_SEARCH: u64 = 16 << 20;
const CHUNK: u64 = 1 << 20;

/// The modules of the largest programs take about 200 KiB.
const MAX_MODULES: u64 = 8 << 20;
const MAX_VERSION: u64 = 4096;

/// The list of modules lies between marks of this length.
const MARK: usize = 16;

/// The record as it is written.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Record {
    /// `go1.22.1`, or what else the toolchain calls itself.
    pub(super) go: String,
    /// Lines of fields that are separated by tabs; empty where the build had no modules.
    pub(super) modules: String,
}

/// Reads the record of one executable; `None` where there is none.
pub(super) fn read(
    executable: &Executable,
    content: &dyn Content,
) -> Result<Option<Record>, FormatError> {
    let is_named = |it: &&Section| is_named(&it.name);
    let is_data = |it: &&Section| {
        // Only Windows files, and those without names, have it among other data.
        let may_hold = executable.kind == Kind::Pe || it.name.is_empty();
        may_hold && it.is_writable && !it.is_executable
    };
    let sections = &executable.sections;
    let mut places = sections.iter().filter(is_named).chain(sections.iter().filter(is_data));
    let found = places.find_map(|it| find(it, content).transpose()).transpose()?;
    let Some(at) = found else { return Ok(None) };
    let header = part(content, at, HEADER)?;
    let (Some(size), Some(flags)) = (header.get(14), header.get(15)) else { return Ok(None) };
    let (go, modules) = if flags & 2 == 0 {
        let pointers = Pointers { executable, content, is_64: *size == 8, flags: *flags };
        (pointers.text(&header, 0, MAX_VERSION)?, pointers.text(&header, 1, MAX_MODULES)?)
    } else {
        let (go, next) = inline(content, at + HEADER, MAX_VERSION)?;
        (go, inline(content, next, MAX_MODULES)?.0)
    };
    let go = String::from_utf8_lossy(&go).into_owned();
    let modules = String::from_utf8_lossy(unmarked(&modules)).into_owned();
    Ok((!go.is_empty()).then_some(Record { go, modules }))
}

fn is_named(section: &str) -> bool {
    matches!(section, ".go.buildinfo" | "__go_buildinfo")
}

/// Where the record begins in this section.
fn find(section: &Section, content: &dyn Content) -> Result<Option<u64>, FormatError> {
    let end = section.size.min(MAX_SEARCH);
    let mut from = 0;
    while from < end {
        // Chunks overlap, as a record may begin at the end of one.
        let chunk = part(content, section.offset.saturating_add(from), CHUNK + HEADER)?;
        let is_aligned = |at: &usize| {
            is_named(&section.name)
                || section.address.wrapping_add(from + *at as u64).is_multiple_of(16)
        };
        if let Some(at) = memchr::memmem::find_iter(&chunk, MAGIC).find(is_aligned) {
            return Ok(Some(section.offset + from + at as u64));
        }
        from += CHUNK;
    }
    Ok(None)
}

/// A text that lies after its length, and where it ends.
fn inline(content: &dyn Content, at: u64, limit: u64) -> Result<(Vec<u8>, u64), FormatError> {
    let head = part(content, at, 10)?;
    let mut length = 0_u64;
    for (place, byte) in (0_u32..).zip(&head) {
        let bits = u64::from(byte & 0x7f).checked_shl(7 * place).unwrap_or(u64::MAX);
        length |= bits;
        if byte & 0x80 == 0 {
            let at = at + u64::from(place) + 1;
            return Ok((limited(content, at, length, limit)?, at.saturating_add(length)));
        }
    }
    Err(FormatError::Malformed("the Go build information is cut off"))
}

fn limited(
    content: &dyn Content,
    at: u64,
    length: u64,
    limit: u64,
) -> Result<Vec<u8>, FormatError> {
    if length > limit {
        return Err(FormatError::Limit { what: "the Go build information is too large", limit });
    }
    let bytes = part(content, at, length)?;
    if (bytes.len() as u64) < length {
        return Err(FormatError::Malformed("the Go build information is cut off"));
    }
    Ok(bytes)
}

/// How Go before 1.18 refers to the two texts: by the places of a pointer and a length.
struct Pointers<'a> {
    executable: &'a Executable,
    content: &'a dyn Content,
    is_64: bool,
    flags: u8,
}

impl Pointers<'_> {
    /// The first or second text, empty where the pointer leads nowhere.
    fn text(&self, header: &[u8], number: usize, limit: u64) -> Result<Vec<u8>, FormatError> {
        let size = if self.is_64 { 8 } else { 4 };
        let Some(at) = self.word(header, 16 + number * size) else { return Ok(Vec::new()) };
        let pair = self.executable.loaded_at(self.content, at, 2 * size as u64)?;
        let (Some(at), Some(length)) = (self.word(&pair, 0), self.word(&pair, size)) else {
            return Ok(Vec::new());
        };
        if length > limit {
            return Err(FormatError::Limit {
                what: "the Go build information is too large",
                limit,
            });
        }
        self.executable.loaded_at(self.content, at, length)
    }

    fn word(&self, bytes: &[u8], at: usize) -> Option<u64> {
        match (self.flags & 1 != 0, self.is_64) {
            (false, false) => le32(bytes, at).map(u64::from),
            (false, true) => le64(bytes, at),
            (true, false) => be32(bytes, at).map(u64::from),
            (true, true) => be64(bytes, at),
        }
    }
}

/// The text between the marks; none where they are missing.
fn unmarked(modules: &[u8]) -> &[u8] {
    let is_marked = modules.len() > 2 * MARK && modules.iter().nth_back(MARK) == Some(&b'\n');
    let inside = modules.get(MARK..modules.len().saturating_sub(MARK));
    inside.filter(|_| is_marked).unwrap_or_default()
}

/// Files for tests.
#[cfg(test)]
pub(crate) mod made {
    use super::{MAGIC, MARK};
    use crate::format::elf::made::elf;

    fn marked(modules: &str) -> Vec<u8> {
        [&[b'<'; MARK][..], modules.as_bytes(), &[b'>'; MARK]].concat()
    }

    fn prefixed(text: &[u8]) -> Vec<u8> {
        let (low, high) = (text.len() & 0x7f | 0x80, text.len() >> 7);
        assert!(high < 0x80);
        [&[u8::try_from(low).unwrap(), u8::try_from(high).unwrap()], text].concat()
    }

    /// The record as Go 1.18 and later write it.
    pub(crate) fn inline(go: &str, modules: &str) -> Vec<u8> {
        let header = [MAGIC, &[8, 2], &[0; 16]].concat();
        [header, prefixed(go.as_bytes()), prefixed(&marked(modules))].concat()
    }

    /// The record as Go before 1.18 writes it, to be loaded at `address`.
    pub(crate) fn pointers(go: &str, modules: &str, address: u64, is_big_endian: bool) -> Vec<u8> {
        let word = |it: u64| if is_big_endian { it.to_be_bytes() } else { it.to_le_bytes() };
        let modules = marked(modules);
        let texts = [(80, go.as_bytes()), (80 + go.len() as u64, modules.as_slice())];
        let mut bytes = [MAGIC, &[8, u8::from(is_big_endian)]].concat();
        bytes.extend([word(address + 32), word(address + 48)].concat());
        bytes.resize(32, 0);
        for (at, text) in texts {
            bytes.extend([word(address + at), word(text.len() as u64)].concat());
        }
        bytes.resize(80, 0);
        [&bytes, go.as_bytes(), &modules].concat()
    }

    /// A program with this record and these constants.
    pub(crate) fn program(record: &[u8], constants: &[u8]) -> Vec<u8> {
        elf(&[(".rodata", 1, 2, constants), (".go.buildinfo", 1, 3, record)])
    }
}

#[cfg(test)]
mod tests {
    use super::{Record, made, read};
    use crate::format::FormatError;
    use crate::format::elf::made::elf;
    use crate::format::executable::Executable;
    use crate::format::macho::made::{fat, macho};
    use crate::format::pe::made::pe;

    const MODULES: &str = "path\ta.org/b\nmod\ta.org/b\tv1.0.0\th1:x=\n";

    fn records(bytes: &[u8]) -> Vec<Option<Record>> {
        let all = Executable::read(&bytes).unwrap();
        all.iter().map(|it| read(it, &bytes).unwrap()).collect()
    }

    fn record() -> Record {
        Record { go: "go1.22.1".to_owned(), modules: MODULES.to_owned() }
    }

    #[test]
    fn the_record_is_found_in_the_files_of_every_system() {
        let inline = made::inline("go1.22.1", MODULES);
        assert_eq!(records(&made::program(&inline, b"")), [Some(record())]);
        let one = macho(3, &[("__data", b"data"), ("__go_buildinfo", &inline)]);
        assert_eq!(records(&fat(&[one.clone(), one])), [Some(record()), Some(record())]);
        // The data of a Windows file lies at a multiple of 16 when it is loaded.
        let sections =
            |data: &[u8]| pe(&[(".text", 0x6000_0020, b""), (".data", 0xc000_0040, data)]);
        let offset = sections(b"").len();
        let data = [&vec![0; 16 - offset % 16 + 64][..], &inline].concat();
        assert_eq!(records(&sections(&data)), [Some(record())]);
        assert_eq!(records(&sections(&data[1..])), [None]);
    }

    #[test]
    fn the_record_of_a_file_without_sections_is_found_among_its_data() {
        let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
        bytes.resize(32, 0);
        bytes.extend(64_u64.to_le_bytes());
        bytes.resize(54, 0);
        bytes.extend([56, 0, 1, 0]);
        bytes.resize(64, 0);
        let body = [&[0; 16 + 56][..], &made::inline("go1.22.1", MODULES)].concat();
        bytes.extend([1, 0, 0, 0, 6, 0, 0, 0]);
        for field in [64, 0x40_0040, 0, body.len() as u64 + 56] {
            bytes.extend(field.to_le_bytes());
        }
        bytes.resize(64 + 56, 0);
        bytes.extend(body);
        assert_eq!(records(&bytes), [Some(record())]);
    }

    #[test]
    fn pointers_lead_to_the_texts_of_older_programs() {
        for is_big_endian in [false, true] {
            // The first section of a file that is made lies here.
            let record = made::pointers("go1.22.1", MODULES, 0x40_0040, is_big_endian);
            assert_eq!(records(&elf(&[(".go.buildinfo", 1, 3, &record)])), [Some(self::record())]);
        }
        // A pointer that is filled in when the program is loaded.
        let record = made::pointers("go1.16", MODULES, 0x99_0000, false);
        assert_eq!(records(&elf(&[(".go.buildinfo", 1, 3, &record)])), [None]);
    }

    #[test]
    fn other_executables_have_none() {
        assert_eq!(records(&elf(&[(".rodata", 1, 2, &made::inline("go1.22.1", MODULES))])), [None]);
        assert_eq!(records(&elf(&[(".go.buildinfo", 1, 3, b"\xff Go buildinf:")])), [None]);
    }

    #[test]
    fn a_section_may_claim_to_lie_anywhere() {
        let mut bytes = pe(&[(".data", 0xc000_0040, &[0; 100])]);
        // Where the file wants to be loaded.
        bytes[64 + 24 + 24..][..8].fill(0xff);
        assert_eq!(records(&bytes), [None]);
        let mut bytes = macho(3, &[("__go_buildinfo", &made::inline("go1.22.1", MODULES))]);
        bytes[32 + 72 + 32..][..8].fill(0xff);
        assert_eq!(records(&bytes), [Some(record())]);
    }

    #[test]
    fn a_length_that_is_a_lie_is_an_error() {
        let mut record = made::inline("go1.22.1", MODULES);
        record.truncate(record.len() - 1);
        let bytes = elf(&[(".rodata", 1, 2, b""), (".go.buildinfo", 1, 3, &record)]);
        // What lies behind the section is taken for a part of it: the file goes on.
        assert_eq!(records(&bytes).len(), 1);
        for length in [&[0xff, 0xff, 0xff, 0x7f][..], &[0xff; 10]] {
            let record = [super::MAGIC, &[8, 2], &[0; 16], length].concat();
            let bytes = made::program(&record, b"");
            let executables = Executable::read(&bytes.as_slice()).unwrap();
            let error = read(&executables[0], &bytes.as_slice()).unwrap_err();
            assert!(matches!(error, FormatError::Limit { .. } | FormatError::Malformed(_)));
        }
    }
}
