//! Parts of a file that hold no text: machine code, GPU kernels, symbols, weights.
//!
//! Nine tenths of an image with PyTorch are such parts. No secret gets into them by accident, and
//! looking for one there takes most of a scan. They are told by the file's own tables; what those do
//! not name is looked through.

use std::ops::Range;

use crate::analyze::{Magic, magic};
use crate::format::elf::{Elf, Section};
use crate::format::zip::Zip;
use crate::model::{Content, LayerPath};

/// A smaller part is not worth the jump.
const LEAST: u64 = 64 << 10;

/// `SHF_EXECINSTR`.
const EXECUTABLE: u64 = 4;

/// `SHT_SYMTAB`, `SHT_STRTAB`, `SHT_RELA`, `SHT_HASH`, `SHT_REL`, `SHT_DYNSYM`, `SHT_RELR`,
/// `SHT_GNU_HASH`.
const TABLES: [u32; 8] = [2, 3, 4, 5, 9, 11, 19, 0x6fff_fff6];

/// Sections of code for GPUs, of what unwinds the stack, and of debuggers' numbers.
const SECTIONS: [&str; 14] = [
    ".nv_fatbin",
    "__nv_relfatbin",
    ".cask_resource",
    ".hip_fatbin",
    ".eh_frame",
    ".eh_frame_hdr",
    ".gcc_except_table",
    ".debug_info",
    ".debug_loc",
    ".debug_loclists",
    ".debug_line",
    ".debug_ranges",
    ".debug_rnglists",
    ".debug_abbrev",
];

/// Whether the parts are told by tables that may be anywhere in the file, and not by its beginning.
pub(super) fn needs_tables(path: &LayerPath, head: &[u8]) -> bool {
    match magic(head) {
        Some(Magic::Executable) => true,
        Some(Magic::Zip) => is_checkpoint(path.file_name()),
        _ => false,
    }
}

/// The parts of the file at `path` that begins with `head`: in order, and apart from each other.
pub(super) fn parts(path: &LayerPath, head: &[u8], content: &dyn Content) -> Vec<Range<u64>> {
    if content.size() < LEAST {
        return Vec::new();
    }
    let mut parts = match magic(head) {
        Some(Magic::Executable) => of_elf(content),
        Some(Magic::Safetensors) => Vec::from([of_safetensors(head, content)]),
        Some(Magic::Zip) if is_checkpoint(path.file_name()) => of_checkpoint(content),
        _ => Vec::new(),
    };
    parts.retain(|it| it.end.saturating_sub(it.start) >= LEAST);
    parts.sort_unstable_by_key(|it| (it.start, it.end));
    parts.dedup_by(|next, so_far| {
        let overlaps = next.start < so_far.end;
        if overlaps {
            so_far.end = so_far.end.max(next.end);
        }
        overlaps
    });
    parts
}

fn of_elf(content: &dyn Content) -> Vec<Range<u64>> {
    let Ok(elf) = Elf::read(content) else { return Vec::new() };
    let is_silent = |it: &&Section| {
        let is_one = it.flags & EXECUTABLE != 0
            || TABLES.contains(&it.kind)
            || SECTIONS.contains(&it.name.as_str());
        is_one && it.is_stored()
    };
    let part = |it: &Section| it.offset..it.offset.saturating_add(it.size);
    elf.sections.iter().filter(is_silent).map(part).collect()
}

/// What follows the header is numbers.
fn of_safetensors(head: &[u8], content: &dyn Content) -> Range<u64> {
    let length = head.first_chunk().map_or(0, |it| u64::from_le_bytes(*it));
    8_u64.saturating_add(length)..content.size()
}

fn is_checkpoint(name: &str) -> bool {
    [".pt", ".pth", ".bin", ".ckpt"].iter().any(|it| name.ends_with(it))
}

/// PyTorch's weights lie in entries `NAME/data/NUMBER`.
fn of_checkpoint(content: &dyn Content) -> Vec<Range<u64>> {
    let Ok(archive) = Zip::read(content) else { return Vec::new() };
    let is_weights = |name: &str| {
        let number = name.rsplit_once("/data/").map(|it| it.1);
        number.is_some_and(|it| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit()))
    };
    let weights = archive.entries.iter().filter(|it| it.is_stored() && is_weights(&it.name));
    let large = weights.filter(|it| it.size >= LEAST);
    let part = |start: u64, size: u64| start..start.saturating_add(size);
    large.filter_map(|it| Some(part(it.data_offset(content).ok()?, it.packed))).collect()
}

#[cfg(test)]
mod tests {
    use super::{LEAST, parts};
    use crate::format::elf::made::elf;
    use crate::format::zip::made::zip;
    use crate::model::LayerPath;

    /// The parts, as what lies in them and how much that is.
    fn check(path: &str, bytes: &[u8]) -> Vec<(char, usize)> {
        let path = LayerPath::new(path).unwrap();
        let found = parts(&path, &bytes[..bytes.len().min(16)], &bytes);
        let end = |at: u64| usize::try_from(at).unwrap().min(bytes.len());
        found
            .iter()
            .map(|it| (char::from(bytes[end(it.start)]), end(it.end) - end(it.start)))
            .collect()
    }

    #[test]
    fn code_and_kernels_are_silent_and_data_is_not() {
        let large = |with| vec![with; usize::try_from(LEAST).unwrap()];
        let (code, kernels, data) = (large(b'x'), large(b'k'), large(b'd'));
        let bytes = elf(&[
            (".text", 1, 6, &code),
            (".rodata", 1, 2, &data),
            (".nv_fatbin", 1, 2, &kernels),
            (".init", 1, 6, b"small"),
            (".symtab", 2, 0, &code),
        ]);
        let size = code.len();
        assert_eq!(check("lib/a.so", &bytes), [('x', size), ('k', size), ('x', size)]);
        // A section that claims more than there is ends with the file, and hides what is behind.
        assert!(check("lib/a.so", &bytes[..bytes.len() - 1]).len() <= 3);
        assert_eq!(check("lib/a.so", &code), []);
    }

    #[test]
    fn weights_are_silent() {
        let weights = vec![b'w'; usize::try_from(LEAST).unwrap()];
        let mut safetensors = 2_u64.to_le_bytes().to_vec();
        safetensors.extend(b"{}");
        safetensors.extend(&weights);
        assert_eq!(check("m.safetensors", &safetensors), [('w', weights.len())]);
        let archive =
            zip(&[("m/data.pkl", &weights), ("m/data/0", &weights), ("m/data/x", &weights)]);
        assert_eq!(check("m.pt", &archive), [('w', weights.len())]);
        assert_eq!(check("m.zip", &archive), []);
    }
}
