//! Symbols that an ELF file exports, and where in the file they lie.
//!
//! Format: the System V gABI, <https://gabi.xinuos.com/>, "Symbol Table". A file of another byte order
//! than little-endian with 64 bits has none here: the programs that are asked do not come so.

use super::FormatError;
use super::bytes::{le32, le64};
use super::elf::Elf;
use crate::model::Content;

/// The most of the table and of its names that is read.
const MAX_TABLE: u64 = 16 << 20;

/// The addresses of the exported symbols of these names, 0 where there is none.
pub fn exported<const N: usize>(
    elf: &Elf,
    content: &dyn Content,
    names: [&str; N],
) -> Result<[u64; N], FormatError> {
    let mut found = [0; N];
    let (table, strings) = (elf.section_named(".dynsym"), elf.section_named(".dynstr"));
    let (Some(table), Some(strings), true, false) = (table, strings, elf.is_64, elf.is_big_endian)
    else {
        return Ok(found);
    };
    let table = elf.bytes(content, table, MAX_TABLE)?;
    let strings = elf.bytes(content, strings, MAX_TABLE)?;
    for symbol in table.chunks_exact(24) {
        let name = le32(symbol, 0).and_then(|it| strings.get(usize::try_from(it).ok()?..));
        let Some(name) = name else { continue };
        let is =
            |it: &&str| name.strip_prefix(it.as_bytes()).is_some_and(|it| it.starts_with(&[0]));
        if let Some(at) = names.iter().position(is)
            && let (Some(into), Some(address)) = (found.get_mut(at), le64(symbol, 8))
        {
            *into = address;
        }
    }
    Ok(found)
}

/// Where in the file the byte lies that is loaded at `address`.
pub fn offset_of(elf: &Elf, address: u64) -> Option<u64> {
    let loaded = elf.sections.iter().filter(|it| it.is_stored() && it.flags & 2 != 0);
    loaded.into_iter().find_map(|it| {
        let at = address.checked_sub(it.address).filter(|at| *at < it.size)?;
        it.offset.checked_add(at)
    })
}

#[cfg(test)]
mod tests {
    use super::{Elf, exported, offset_of};
    use crate::format::elf::made::elf;

    fn sample() -> Vec<u8> {
        let mut symbols = vec![0; 24];
        symbols.extend([4, 0, 0, 0, 0, 0, 0, 0]);
        symbols.extend(0x40_0042_u64.to_le_bytes());
        symbols.extend([0; 8]);
        elf(&[(".dynsym", 11, 2, &symbols), (".dynstr", 3, 2, b"\0no\0sbom\0sbom_length\0")])
    }

    #[test]
    fn exported_symbols_are_found_by_their_names() {
        let bytes = sample();
        let elf = Elf::read(&bytes.as_slice()).unwrap();
        let found = exported(&elf, &bytes.as_slice(), ["sbom", "sbom_length"]).unwrap();
        assert_eq!(found, [0x40_0042, 0]);
        assert_eq!(offset_of(&elf, 0x40_0042), Some(0x42));
        assert_eq!(offset_of(&elf, 0x50_0000), None);
    }

    #[test]
    fn a_file_may_end_anywhere_and_hold_any_byte() {
        let good = sample();
        for at in 0..good.len() {
            for byte in [0, 1, 0x7f, 0xff] {
                let mut bad = good.clone();
                bad[at] = byte;
                if let Ok(elf) = Elf::read(&bad.as_slice()) {
                    drop(exported(&elf, &bad.as_slice(), ["a"]));
                }
            }
        }
    }
}
