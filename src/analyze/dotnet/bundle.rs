//! .NET applications in a single file: a program with the application behind it.
//!
//! Format: <https://github.com/dotnet/designs/blob/main/accepted/2020/single-file/bundler.md>.
//! Somewhere in the program's data, a signature follows the place of a header, and that has the
//! place of the list of dependencies, which is never compressed. Programs before .NET 5 unpack
//! themselves when they start; their header lacks the place.

use memchr::memmem;

use super::dotnet_deps;
use crate::analyze::{Analyzer, Found, Input, MAX_FILE, Magic, Unread, Want};
use crate::format::FormatError;
use crate::format::bytes::{le32, le64, part};
use crate::format::elf::Elf;

/// The SHA-256 of `.net core bundle`.
const SIGNATURE: &[u8; 32] = b"\x8b\x12\x02\xb9\x6a\x61\x20\x38\x72\x7b\x93\x02\x14\xd7\xa0\x32\
    \x13\xf5\xb9\xe6\xef\xae\x33\x18\xee\x3b\x2d\xce\x24\xb3\x6a\xae";

/// The data of a program that starts .NET; also of one that has all of the runtime in it.
const MAX_DATA: u64 = 4 << 20;

/// What a length takes at most that is written in steps of 7 bits, and the text that follows.
const MAX_ID: u64 = 5 + 1024;

pub(in crate::analyze) const ANALYZER: Analyzer = Analyzer {
    id: "dotnet-bundle",
    wants: &[Want::Magic(Magic::Executable)],
    read,
    ..Analyzer::BASE
};

fn read(input: &Input<'_>) -> Result<Found, Unread> {
    match dependencies(input) {
        Ok(Some(bytes)) => Ok(dotnet_deps::read(input.path, Some("deps.json"), &bytes)),
        Ok(None) => Ok(Found::default()),
        Err(FormatError::Io(error)) => Err(error.into()),
        Err(error) => {
            let mut found = Found::default();
            found.remark(error.to_string());
            Ok(found)
        }
    }
}

/// The list in the bundle; `None` if there is no bundle or no list.
fn dependencies(input: &Input<'_>) -> Result<Option<Vec<u8>>, FormatError> {
    // What is no ELF file, or a broken one, is not for this analyzer to tell.
    let Ok(elf) = Elf::read(input.content) else { return Ok(None) };
    let Some(data) = elf.section_named(".data").filter(|it| it.size <= MAX_DATA) else {
        return Ok(None);
    };
    let data = elf.bytes(input.content, data, MAX_DATA)?;
    let Some(at) = memmem::find(&data, SIGNATURE).and_then(|it| it.checked_sub(8)) else {
        return Ok(None);
    };
    // The same program without a bundle has zero there.
    let Some(header) = le64(&data, at).filter(|it| *it != 0) else { return Ok(None) };
    let broken = FormatError::Malformed("the bundle's header is cut off");
    let header = part(input.content, header, 12 + MAX_ID + 32)?;
    if le32(&header, 0).is_some_and(|it| it < 2) {
        return Ok(None);
    }
    let (offset, size) = place(&header).ok_or(broken)?;
    if size > MAX_FILE {
        let what = "the bundle's list of dependencies is too large";
        return Err(FormatError::Limit { what, limit: MAX_FILE });
    }
    Ok(Some(part(input.content, offset, size)?).filter(|it| !it.is_empty()))
}

/// Offset and size of the list of dependencies, behind the numbers of version and files and a name.
fn place(header: &[u8]) -> Option<(u64, u64)> {
    let mut at = 12;
    let mut length = 0;
    for shift in [0, 7, 14] {
        let byte = *header.get(at)?;
        at += 1;
        length |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    let at = at.checked_add(length)?;
    Some((le64(header, at)?, le64(header, at + 8)?))
}

/// Programs for tests.
#[cfg(test)]
pub(in crate::analyze) mod made {
    use super::SIGNATURE;
    use crate::format::elf::made::elf;

    /// A program with an application that has one package.
    pub(in crate::analyze) fn sample() -> Vec<u8> {
        program(6, br#"{"libraries": {"A/1.0.0": {"type": "package"}}}"#)
    }

    pub(super) fn program(version: u32, list: &[u8]) -> Vec<u8> {
        let with = |header: u64| {
            let data = [b"x", header.to_le_bytes().as_slice(), SIGNATURE, b"y"].concat();
            elf(&[(".data", 1, 3, &data)])
        };
        let length = with(0).len() as u64;
        let mut bytes = with(length + list.len() as u64);
        bytes.extend(list);
        for number in [version, 0, 3] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(b"\x05ident");
        for number in [length, list.len() as u64, 0, 0, 0] {
            bytes.extend(number.to_le_bytes());
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use super::made::{program, sample};
    use crate::analyze::tests::{find, seed, shown};

    #[test]
    fn a_program_is_a_seed_for_fuzzing() {
        assert_eq!(find(&ANALYZER, "app/App", &sample()).components.len(), 1);
        seed("dotnet_bundle", "good", &sample());
    }

    #[test]
    fn a_program_lists_the_packages_behind_it() {
        let shown = |bytes: &[u8]| shown(&find(&ANALYZER, "app/App", bytes));
        assert_eq!(shown(&sample()), "nuget A 1.0.0 in deps.json\n");
        assert_eq!(shown(&program(1, b"{}")), "");
        assert_eq!(shown(&program(6, b"")), "");
        let mut cut = sample();
        cut.truncate(cut.len() - 40);
        assert_eq!(shown(&cut), "note dotnet-bundle: the bundle's header is cut off\n");
    }
}
