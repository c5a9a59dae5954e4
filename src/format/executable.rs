//! Executables and libraries of every system: what they are made of, in one form.

use super::FormatError;
use super::bytes::part;
use super::elf::Elf;
use super::macho::MachO;
use super::pe::Pe;
use crate::model::Content;

/// What is built for one architecture; some files hold several.
#[derive(Debug)]
pub struct Executable {
    pub kind: Kind,
    pub is_64: bool,
    pub is_big_endian: bool,
    /// Parts that have bytes in the file. Where an ELF file has no sections, its segments without
    /// names.
    pub sections: Vec<Section>,
}

/// The system whose format it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Elf,
    Pe,
    MachO,
}

/// A part of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    pub name: String,
    pub is_writable: bool,
    pub is_executable: bool,
    /// Where it is loaded.
    pub address: u64,
    pub offset: u64,
    /// In the file.
    pub size: u64,
}

impl Executable {
    /// Reads the tables of ELF, PE or Mach-O, told by the first bytes.
    pub fn read(content: &dyn Content) -> Result<Vec<Self>, FormatError> {
        let head = part(content, 0, 4)?;
        match head.as_slice() {
            [0x7f, b'E', b'L', b'F'] => Ok(vec![Self::of_elf(&Elf::read(content)?, content)?]),
            [b'M', b'Z', ..] => Ok(vec![Self::of_pe(Pe::read(content)?)]),
            _ => Ok(MachO::read(content)?.into_iter().map(Self::of_macho).collect()),
        }
    }

    fn of_elf(elf: &Elf, content: &dyn Content) -> Result<Self, FormatError> {
        let mut sections: Vec<Section> = elf
            .sections
            .iter()
            .filter(|it| it.is_stored())
            .map(|it| Section {
                name: it.name.clone(),
                is_writable: it.flags & 1 != 0,
                is_executable: it.flags & 4 != 0,
                address: it.address,
                offset: it.offset,
                size: it.size,
            })
            .collect();
        if sections.is_empty() {
            let loaded = elf.segments(content)?.into_iter().filter(|it| it.kind == 1);
            sections.extend(loaded.map(|it| Section {
                name: String::new(),
                is_writable: it.flags & 2 != 0,
                is_executable: it.flags & 1 != 0,
                address: it.address,
                offset: it.offset,
                size: it.size,
            }));
        }
        Ok(Self { kind: Kind::Elf, is_64: elf.is_64, is_big_endian: elf.is_big_endian, sections })
    }

    fn of_pe(pe: Pe) -> Self {
        let sections = pe.sections.into_iter().map(|it| Section {
            name: it.name,
            is_writable: it.flags & 0x8000_0000 != 0,
            is_executable: it.flags & 0x2000_0000 != 0,
            address: it.address,
            offset: it.offset,
            size: it.size,
        });
        Self { kind: Kind::Pe, is_64: pe.is_64, is_big_endian: false, sections: sections.collect() }
    }

    fn of_macho(file: MachO) -> Self {
        let sections = file.sections.into_iter().map(|it| Section {
            name: it.name,
            is_writable: it.protection & 2 != 0,
            is_executable: it.protection & 4 != 0,
            address: it.address,
            offset: it.offset,
            size: it.size,
        });
        Self {
            kind: Kind::MachO,
            is_64: file.is_64,
            is_big_endian: false,
            sections: sections.collect(),
        }
    }

    pub fn section_named(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|it| it.name == name)
    }

    /// The bytes that are loaded at `address`; fewer than `length` where its section ends, none
    /// where there is no section.
    pub fn loaded_at(
        &self,
        content: &dyn Content,
        address: u64,
        length: u64,
    ) -> Result<Vec<u8>, FormatError> {
        let place = self.sections.iter().find_map(|it| {
            let at = address.checked_sub(it.address).filter(|at| *at < it.size)?;
            // What is not loaded has no address.
            (it.address != 0).then_some((it.offset.checked_add(at)?, it.size - at))
        });
        let Some((offset, left)) = place else { return Ok(Vec::new()) };
        Ok(part(content, offset, length.min(left))?)
    }
}
