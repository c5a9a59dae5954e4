//! The crates of a Rust program that was built with `cargo auditable`.
//!
//! Format: <https://github.com/rust-secure-code/cargo-auditable/blob/master/PARSING.md>: JSON,
//! compressed with zlib, in a section of its own. Crates that only took part in the build are in
//! the list, and not in the program.

use std::io::Read as _;

use flate2::read::ZlibDecoder;
use serde::Deserialize;

use crate::analyze::{Found, text};
use crate::format::FormatError;
use crate::format::bytes::part;
use crate::format::executable::Executable;
use crate::model::{Component, Content, Ecosystem, Standing};

/// Lists of the largest programs take a few kilobytes.
const MAX_PACKED: u64 = 4 << 20;
const MAX_LIST: u64 = 32 << 20;

#[derive(Deserialize)]
struct List {
    packages: Vec<Crate>,
}

#[derive(Deserialize)]
struct Crate {
    name: String,
    version: String,
    /// `crates.io`, `git`, `local`, `registry`, or a word of the future.
    source: Option<String>,
    /// `runtime` unless it says `build`.
    kind: Option<String>,
    #[serde(default)]
    root: bool,
}

/// Adds the crates of one executable.
pub(super) fn read(
    executable: &Executable,
    content: &dyn Content,
    found: &mut Found,
) -> Result<(), FormatError> {
    let Some(section) = executable.section_named(".dep-v0") else { return Ok(()) };
    let limit = MAX_PACKED;
    if section.size > limit {
        return Err(FormatError::Limit { what: "the list of crates is too large", limit });
    }
    let packed = part(content, section.offset, section.size)?;
    let mut list = Vec::new();
    let damaged = FormatError::Malformed("the list of crates is damaged");
    let mut reader = ZlibDecoder::new(packed.as_slice()).take(MAX_LIST);
    let Ok(_) = reader.read_to_end(&mut list) else { return Err(damaged) };
    let Ok(list) = serde_json::from_slice::<List>(&list) else { return Err(damaged) };
    for it in list.packages.iter().filter(|it| it.kind.as_deref() != Some("build")) {
        match component(it) {
            Some(it) => found.component(it),
            None => found.remark("a crate without a readable name and version"),
        }
    }
    Ok(())
}

fn component(it: &Crate) -> Option<Component> {
    let (name, version) = (text::value(it.name.as_bytes())?, text::value(it.version.as_bytes())?);
    let mut component = Component::new(Ecosystem::Cargo, name, version);
    if !it.root {
        component.standing = Standing::Bundled;
    }
    let source = it.source.as_deref().filter(|it| *it != "crates.io");
    Some(match source.and_then(|it| text::value(it.as_bytes())) {
        Some(source) => component.property("source", source),
        None => component,
    })
}

/// Files for tests.
#[cfg(test)]
pub(crate) mod made {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::ZlibEncoder;

    /// The list as it lies in its section.
    pub(crate) fn list(json: &str) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(json.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::made::list;
    use crate::analyze::executable::ANALYZER;
    use crate::analyze::tests::{find, shown};
    use crate::format::elf::made::elf;
    use crate::format::macho::made::macho;
    use crate::format::pe::made::pe;

    const LIST: &str = r#"{"packages": [
        {"name": "app", "version": "0.1.0", "source": "local", "dependencies": [1, 2], "root": true},
        {"name": "adler", "version": "1.0.2", "source": "crates.io"},
        {"name": "cc", "version": "1.0.79", "source": "crates.io", "kind": "build"},
        {"name": "mine", "version": "2.0.0-rc.1", "source": "git", "kind": "runtime"},
        {"name": "bad name", "version": "1.0.0", "source": "crates.io"}], "format": 1}"#;

    #[test]
    fn crates_that_are_in_the_program_are_listed() {
        let packed = list(LIST);
        for bytes in [
            elf(&[(".dep-v0", 1, 2, &packed)]),
            pe(&[(".dep-v0", 0x4000_0040, &packed)]),
            macho(3, &[(".dep-v0", &packed)]),
        ] {
            insta::allow_duplicates! {
                insta::assert_snapshot!(shown(&find(&ANALYZER, "usr/bin/app", &bytes)), @r"
                cargo adler 1.0.2 bundled
                cargo app 0.1.0 source=local
                cargo mine 2.0.0-rc.1 bundled source=git
                note executable: a crate without a readable name and version
                ");
            }
        }
    }

    #[test]
    fn a_damaged_list_is_noted() {
        for packed in [
            b"".to_vec(),
            b"{}".to_vec(),
            list("[]"),
            list("{\"packages\": 1}"),
            list(&"[".repeat(1000)),
        ] {
            insta::allow_duplicates! {
                insta::assert_snapshot!(
                    shown(&find(&ANALYZER, "usr/bin/app", &elf(&[(".dep-v0", 1, 2, &packed)]))),
                    @"note executable: the list of crates is damaged"
                );
            }
        }
    }
}
