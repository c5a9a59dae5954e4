//! Versions in the code and data of a library.
//!
//! Few of NVIDIA's libraries have their version as text, but each exports a function for it, such
//! as `curandGetVersion`, in which it stands as one number: 10305 is 10.3.5. The number is taken
//! only if its major version is the one that the library's `SONAME` tells, and no other such number
//! is there.

use super::is_dotted;
use crate::format::FormatError;
use crate::format::bytes::{le16, le32, le64, part};
use crate::format::elf::{Elf, Section};
use crate::model::Content;

/// The most of a table of symbols, or of their names, that is looked at.
const MAX_SYMBOLS: u64 = 8 << 20;

/// More than any function that only returns a number.
const MAX_FUNCTION: u64 = 4096;

/// The most that is searched for a text, or for code without a name.
const MAX_SEARCHED: u64 = 96 << 20;

const PIECE: usize = 1 << 20;

const SHF_ALLOC: u64 = 2;
const EM_X86_64: u16 = 62;
const EM_AARCH64: u16 = 183;

/// Size of an entry in a table of symbols.
const SYMBOL: usize = 24;

/// The version that the exported function or variable `name` has.
pub(super) fn number(
    elf: &Elf,
    content: &dyn Content,
    name: &str,
    major: u32,
) -> Result<Option<String>, FormatError> {
    let Some(bytes) = symbol(elf, content, name)? else { return Ok(None) };
    if let &[a, b, c, d] = bytes.as_slice() {
        return Ok(decode(u32::from_le_bytes([a, b, c, d]), major));
    }
    Ok(only(constants(elf.machine, &bytes).filter_map(|it| decode(it, major))))
}

/// The version of CUDA's runtime, 12040 for 12.4, as it stores it at an address that it was given:
/// no function with a name of its own does.
pub(super) fn runtime(
    elf: &Elf,
    content: &dyn Content,
    major: u32,
) -> Result<Option<String>, FormatError> {
    let Some(text) = elf.section_named(".text").filter(|_| elf.machine == EM_X86_64) else {
        return Ok(None);
    };
    let bytes = elf.bytes(content, text, MAX_SYMBOLS)?;
    // movl $12040, (%register)
    let at = memchr::memchr_iter(0xc7, &bytes);
    let stored = at.filter(|at| bytes.get(at + 1).is_some_and(|it| *it < 8));
    let versions = stored.filter_map(|at| {
        let value = le32(&bytes, at + 2)?;
        let fits = value / 1000 == major && value % 10 == 0 && value % 1000 < 200;
        fits.then(|| format!("{major}.{}", value % 1000 / 10))
    });
    Ok(only(versions))
}

/// The version behind the first such `text` in the constants that has one, and the CUDA that it
/// names.
pub(super) fn said(
    elf: &Elf,
    content: &dyn Content,
    text: &str,
) -> Result<Option<(String, Option<String>)>, FormatError> {
    let Some(section) = elf.section_named(".rodata") else { return Ok(None) };
    let finder = memchr::memmem::Finder::new(text);
    let end = section.offset.saturating_add(section.size.min(MAX_SEARCHED));
    let mut offset = section.offset;
    while offset < end {
        let piece = part(content, offset, PIECE as u64)?;
        for at in finder.find_iter(&piece) {
            let from = offset.saturating_add((at + text.len()) as u64);
            if let Some(version) = version_in(&part(content, from, 64)?) {
                return Ok(Some(version));
            }
        }
        // The next piece begins where a text that this one cuts would begin.
        let step = piece.len().saturating_sub(text.len());
        if step == 0 {
            break;
        }
        offset = offset.saturating_add(step as u64);
    }
    Ok(None)
}

/// `12.4, V12.4.127` and `2.21.5+cuda12.4`.
fn version_in(text: &[u8]) -> Option<(String, Option<String>)> {
    let is_end = |it: &u8| !it.is_ascii_graphic() && *it != b' ';
    let end = text.iter().position(is_end).unwrap_or(text.len());
    let text = str::from_utf8(text.get(..end)?).ok()?;
    let numbers = |it: &str| {
        let end = it.find(|it: char| !(it.is_ascii_digit() || it == '.')).unwrap_or(it.len());
        it.get(..end).filter(|it| is_dotted(it)).map(str::to_owned)
    };
    let version = numbers(text.split_once(", V").map_or(text, |it| it.1))?;
    Some((version, text.split_once("+cuda").and_then(|it| numbers(it.1))))
}

/// The bytes of an exported function or variable, where they are not too many.
fn symbol(elf: &Elf, content: &dyn Content, name: &str) -> Result<Option<Vec<u8>>, FormatError> {
    let is_ours = elf.is_64 && !elf.is_big_endian;
    let tables = (elf.section_named(".dynsym"), elf.section_named(".dynstr"));
    let (true, (Some(symbols), Some(names))) = (is_ours, tables) else { return Ok(None) };
    let symbols = elf.bytes(content, symbols, MAX_SYMBOLS)?;
    let names = elf.bytes(content, names, MAX_SYMBOLS)?;
    let is_named = |entry: &&[u8]| {
        let at = le32(entry, 0).and_then(|it| usize::try_from(it).ok());
        let rest = at.and_then(|it| names.get(it..)?.strip_prefix(name.as_bytes()));
        rest.is_some_and(|it| it.first() == Some(&0)) && le16(entry, 6) != Some(0)
    };
    let found = symbols.chunks_exact(SYMBOL).find(is_named);
    let place = found.and_then(|it| Some((le64(it, 8)?, le64(it, 16)?)));
    let Some((address, size)) = place.filter(|it| (4..=MAX_FUNCTION).contains(&it.1)) else {
        return Ok(None);
    };
    let holds = |it: &&Section| {
        let end = it.address.checked_add(it.size);
        let inside = it.address <= address && end.is_some_and(|end| address < end);
        inside && it.flags & SHF_ALLOC != 0 && it.is_stored()
    };
    let Some(section) = elf.sections.iter().find(holds) else { return Ok(None) };
    let offset = section.offset.saturating_add(address - section.address);
    Ok(Some(part(content, offset, size)?))
}

/// The 32-bit constants that the code uses.
fn constants(machine: u16, code: &[u8]) -> Box<dyn Iterator<Item = u32> + '_> {
    match machine {
        EM_X86_64 => {
            // mov $constant, %register; movl $constant, somewhere, by several forms of address.
            let at = (0..code.len()).filter_map(|at| {
                let follows = |n: usize| le32(code, at + n);
                match (*code.get(at)?, code.get(at + 1).copied()) {
                    (0xb8..=0xbf, _) => follows(1),
                    (0xc7, Some(0x04 | 0x44)) => follows(4).or_else(|| follows(3)),
                    (0xc7, Some(0x00..=0x07)) => follows(2),
                    (0xc7, Some(0x40..=0x47)) => follows(3),
                    (0xc7, Some(0x80..=0x87)) => follows(6),
                    _ => None,
                }
            });
            Box::new(at)
        }
        EM_AARCH64 => {
            let words: Vec<u32> = code.chunks_exact(4).filter_map(|it| le32(it, 0)).collect();
            Box::new((0..words.len()).filter_map(move |at| {
                // movz register, #low; its upper half comes in one of the next instructions.
                let word = *words.get(at)?;
                let (register, low) = (word & 0x1f, word >> 5 & 0xffff);
                let is_low = word & 0x7fe0_0000 == 0x5280_0000;
                let high = words.get(at + 1..).unwrap_or_default().iter().take(4);
                let is_high = |it: &&u32| *it & 0x7fe0_001f == 0x72a0_0000 | register;
                let high = high.copied().find(|it| is_high(&it)).map_or(0, |it| it >> 5 & 0xffff);
                is_low.then_some(high << 16 | low)
            }))
        }
        _ => Box::new(std::iter::empty()),
    }
}

/// 90100 is 9.1.0, and where the major version says so, 8907 is 8.9.7, and 0x080907 is that, too.
fn decode(number: u32, major: u32) -> Option<String> {
    let [patch, minor, high, zero] = number.to_le_bytes();
    if major > 0 && u32::from(high) == major && zero == 0 && minor < 100 && patch < 100 {
        return Some(format!("{major}.{minor}.{patch}"));
    }
    // A library in its first versions has a small number, which could be any.
    let (min, max) = (100, 10_000 * 100);
    let unit = [10_000, 1000].into_iter().find(|it| number / it == major)?;
    let (minor, patch) = (number % unit / 100, number % 100);
    (min..max).contains(&number).then(|| format!("{major}.{minor}.{patch}"))
}

/// The one value that is there, however often.
fn only(mut values: impl Iterator<Item = String>) -> Option<String> {
    let first = values.next()?;
    values.all(|it| it == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::{EM_AARCH64, EM_X86_64, constants, decode, version_in};

    #[test]
    fn numbers_are_read_by_the_major_version() {
        let check = |number, major| decode(number, major).unwrap_or_default();
        assert_eq!(check(90_100, 9), "9.1.0");
        assert_eq!(check(8907, 8), "8.9.7");
        assert_eq!(check(0x08_0907, 8), "8.9.7");
        assert_eq!(check(12_301, 12), "12.3.1");
        assert_eq!(check(120_405, 12), "12.4.5");
        assert_eq!(check(10_305, 10), "10.3.5");
        assert_eq!(check(22_105, 2), "2.21.5");
        assert_eq!(check(2804, 2), "2.8.4");
        assert_eq!(check(801, 0), "0.8.1");
        assert_eq!(check(100_001, 10), "10.0.1");
        for (number, major) in [(90_100, 8), (16, 0), (u32::MAX, 9), (12_040, 9)] {
            assert_eq!(decode(number, major), None, "{number}");
        }
    }

    #[test]
    fn texts_tell_the_version_and_the_cuda() {
        let check = |text: &[u8]| version_in(text).unwrap_or_default();
        assert_eq!(check(b"12.4, V12.4.127\0Build"), ("12.4.127".to_owned(), None));
        assert_eq!(check(b"13.5, V13.5.37, Build cuda_13.5.r13.5/"), ("13.5.37".to_owned(), None));
        let nccl = ("2.21.5".to_owned(), Some("12.4".to_owned()));
        assert_eq!(check(b"2.21.5+cuda12.4\0"), nccl);
        assert_eq!(version_in(b"%d.%d, "), None);
        assert_eq!(version_in(b""), None);
    }

    #[test]
    fn constants_are_found_in_code_of_both_machines() {
        let x86 = b"\x48\x85\xff\x74\x08\xc7\x07\xc1\x2b\0\0\x31\xc0\xc3\x41\xc7\x45\0\x0d\x30\0\0";
        let found: Vec<u32> = constants(EM_X86_64, x86).collect();
        assert!(found.contains(&11_201) && found.contains(&12_301), "{found:?}");
        // mov w9, #0xd655; mov x8, #10; movk w9, #1, lsl #16; mov w1, #0x2841
        let words: [u32; 4] = [0x529a_caa9, 0xd280_0148, 0x72a0_0029, 0x5285_0821];
        let arm: Vec<u8> = words.iter().flat_map(|it| it.to_le_bytes()).collect();
        let found: Vec<u32> = constants(EM_AARCH64, &arm).collect();
        assert_eq!(found, [120_405, 10, 10_305]);
        assert_eq!(constants(0, x86).count(), 0);
    }
}
