//! Programs that GraalVM compiled from Java, with the list of what they were compiled from.
//!
//! `native-image` embeds a software bill of materials in CycloneDX's form, compressed with gzip,
//! <https://www.graalvm.org/latest/security-guide/native-image/sbom/>. The symbol `sbom` is where
//! it begins, at `sbom_length` lies its length. What it lists is part of the program: there is no
//! other file of it. A program without the list says nothing of what is in it.

use std::io::Read as _;

use flate2::bufread::GzDecoder;
use serde::Deserialize;

use super::pom::coordinate;
use crate::analyze::{Analyzer, Found, Input, Magic, Unread, Want, text};
use crate::format::bytes::{le64, part};
use crate::format::elf::Elf;
use crate::format::{FormatError, elf_symbols};
use crate::model::{Component, Ecosystem};

/// Lists of single classes are the longest, and they are made on demand only.
const MAX_PACKED: u64 = 16 << 20;
const MAX_DOCUMENT: u64 = 64 << 20;

/// The section with the objects that the program starts with; only these programs have one.
const HEAP: &str = ".svm_heap";

pub(in crate::analyze) const ANALYZER: Analyzer = Analyzer {
    id: "native-image",
    wants: &[Want::Magic(Magic::Executable)],
    read,
    ..Analyzer::BASE
};

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    components: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    group: Option<String>,
    name: Option<String>,
    version: Option<String>,
}

fn read(input: &Input<'_>) -> Result<Found, Unread> {
    let mut found = Found::default();
    let packed = match packed(input) {
        Ok(Some(packed)) => packed,
        Ok(None) => return Ok(found),
        Err(FormatError::Io(error)) => return Err(error.into()),
        Err(error) => {
            found.remark(error.to_string());
            return Ok(found);
        }
    };
    let mut bytes = Vec::new();
    let unpacked = GzDecoder::new(packed.as_slice()).take(MAX_DOCUMENT).read_to_end(&mut bytes);
    let document = unpacked.ok().and_then(|_| serde_json::from_slice::<Document>(&bytes).ok());
    let Some(document) = document else {
        found.remark("the list of what the program was compiled from cannot be read");
        return Ok(found);
    };
    for (number, listed) in (1_usize..).zip(document.components) {
        match component(&listed) {
            Some(component) => found.component(component),
            None => found.note_at(format_args!("entry {number}"), "no readable coordinates"),
        }
    }
    Ok(found)
}

/// The list as it lies in the program; `None` if the program is of another kind or has none.
fn packed(input: &Input<'_>) -> Result<Option<Vec<u8>>, FormatError> {
    // What is no ELF file, or a broken one, is not for this analyzer to tell.
    let Ok(elf) = Elf::read(input.content) else { return Ok(None) };
    if !elf.sections.iter().any(|it| it.name == HEAP) {
        return Ok(None);
    }
    let [list, length] = elf_symbols::exported(&elf, input.content, ["sbom", "sbom_length"])?;
    let offset_of = |address| elf_symbols::offset_of(&elf, address);
    let (Some(list), Some(length)) = (offset_of(list), offset_of(length)) else { return Ok(None) };
    let length = le64(&part(input.content, length, 8)?, 0).unwrap_or_default();
    if length > MAX_PACKED {
        let what = "the list of what the program was compiled from is too large";
        return Err(FormatError::Limit { what, limit: MAX_PACKED });
    }
    Ok(Some(part(input.content, list, length)?))
}

fn component(listed: &Listed) -> Option<Component> {
    let group = coordinate(listed.group.as_deref()?)?;
    let artifact = coordinate(listed.name.as_deref()?)?;
    let version = text::value(listed.version.as_deref().unwrap_or_default().as_bytes());
    let name = format!("{group}:{artifact}");
    Some(Component::new(Ecosystem::Maven, name, version.unwrap_or_default()))
}

/// Programs for tests.
#[cfg(test)]
pub(in crate::analyze) mod made {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use crate::format::elf::made::elf;

    /// A program that was compiled from two artifacts.
    pub(in crate::analyze) fn sample() -> Vec<u8> {
        program(
            br#"{"bomFormat": "CycloneDX", "components": [
                {"type": "library", "group": "org.a", "name": "b", "version": "1.0", "x": []},
                {"type": "library", "group": "org.c", "name": "d"}]}"#,
        )
    }

    pub(super) fn program(document: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(document).unwrap();
        let packed = encoder.finish().unwrap();
        let mut data = (packed.len() as u64).to_le_bytes().to_vec();
        data.extend(packed);
        // The first section lies behind the header.
        let address = 0x40_0000 + 64;
        let mut symbols = vec![0; 24];
        for (name, address) in [(1_u32, address + 8), (6, address)] {
            symbols.extend(name.to_le_bytes());
            symbols.extend([0; 4]);
            symbols.extend(u64::to_le_bytes(address));
            symbols.extend([0; 8]);
        }
        elf(&[
            (".data", 1, 3, &data),
            (".svm_heap", 1, 3, b"heap"),
            (".dynsym", 11, 2, &symbols),
            (".dynstr", 3, 2, b"\0sbom\0sbom_length\0"),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use super::made::{program, sample};
    use crate::analyze::tests::{find, seed, shown};

    #[test]
    fn a_program_lists_what_it_was_compiled_from() {
        insta::assert_snapshot!(shown(&find(&ANALYZER, "app", &sample())), @r"
        maven org.a:b 1.0
        maven org.c:d
        ");
    }

    #[test]
    fn a_program_is_a_seed_for_fuzzing() {
        assert_eq!(find(&ANALYZER, "srv/app", &sample()).components.len(), 2);
        seed("native_image", "good", &sample());
    }

    #[test]
    fn a_list_that_cannot_be_read_is_told() {
        let read = |document: &[u8]| shown(&find(&ANALYZER, "app", &program(document)));
        assert_eq!(
            read(b"[["),
            "note native-image: the list of what the program was compiled from cannot be read\n"
        );
        assert_eq!(
            read(br#"{"components": [{"name": "x"}]}"#),
            "note native-image: entry 1: no readable coordinates\n"
        );
        let mut other = sample();
        let at = memchr::memmem::rfind(&other, b".svm_heap").unwrap();
        other[at] = b'_';
        assert_eq!(shown(&find(&ANALYZER, "app", &other)), "");
    }
}
