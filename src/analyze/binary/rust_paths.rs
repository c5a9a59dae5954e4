//! The crates of a Rust program that has no list of them, by the paths in its messages.
//!
//! Where code may panic, the compiler keeps the place in the source, and cargo unpacks a crate of a
//! registry into a directory with its version: `registry/src/index.crates.io-1949cf8c6b5b557f/serde-1.0.190`.
//! Such a crate is in the program. One that never panics is missed, so the list is no whole one.

use std::collections::BTreeSet;

use crate::analyze::Found;
use crate::format::FormatError;
use crate::format::bytes::part;
use crate::format::executable::Executable;
use crate::model::{Component, Content, Ecosystem, Standing};

const PLACE: &[u8] = b"registry/src/";

/// Compilers name themselves here; the texts are short.
const COMMENT: &str = ".comment";
const MAX_COMMENT: u64 = 4096;

/// The most of a program's constants that is searched.
const MAX_SEARCH: u64 = 256 << 20;
const CHUNK: u64 = 1 << 20;

/// Longer than the directories of a registry and a crate.
const MAX_LENGTH: usize = 256;

/// The largest programs have about 1,000.
const MAX_CRATES: usize = 10_000;

/// Adds the crates whose sources one executable names.
pub(super) fn read(
    executable: &Executable,
    content: &dyn Content,
    found: &mut Found,
) -> Result<(), FormatError> {
    if executable.section_named(".dep-v0").is_some() || !is_rust(executable, content)? {
        return Ok(());
    }
    let Some(section) = executable.section_named(".rodata") else { return Ok(()) };
    let end = section.size.min(MAX_SEARCH);
    let mut crates = BTreeSet::new();
    let mut from = 0;
    while from < end && crates.len() < MAX_CRATES {
        // Chunks overlap, as a path may begin at the end of one.
        let length = (CHUNK + MAX_LENGTH as u64).min(end - from);
        let chunk = part(content, section.offset.saturating_add(from), length)?;
        let places = memchr::memmem::find_iter(&chunk, PLACE);
        crates.extend(places.filter_map(|at| named(chunk.get(at + PLACE.len()..)?)));
        from += CHUNK;
    }
    for (name, version) in crates {
        let component =
            Component::new(Ecosystem::Cargo, name, version).property("found-in", "paths");
        found.component(Component { standing: Standing::Bundled, ..component });
    }
    Ok(())
}

fn is_rust(executable: &Executable, content: &dyn Content) -> Result<bool, FormatError> {
    let Some(section) = executable.section_named(COMMENT) else { return Ok(false) };
    let comment = part(content, section.offset, section.size.min(MAX_COMMENT))?;
    Ok(memchr::memmem::find(&comment, b"rustc version ").is_some())
}

/// Name and version of the crate whose directory comes second in the path.
fn named(path: &[u8]) -> Option<(String, String)> {
    let mut directories =
        path.get(..path.len().min(MAX_LENGTH))?.split(|it| matches!(it, b'/' | b'\\'));
    // Cargo names the directory of a registry by its host and a hash.
    let registry = directories.next()?;
    let hash = registry.get(registry.len().checked_sub(17)?..)?.strip_prefix(b"-")?;
    let directory = str::from_utf8(directories.next()?).ok()?;
    // It is a directory: something comes below it.
    directories.next()?;
    let is_name = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'_');
    let is_version = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'.' | b'+');
    let (name, version) = directory.match_indices('-').find_map(|(at, _)| {
        let (name, version) = (directory.get(..at)?, directory.get(at + 1..)?);
        let mut numbers = version.splitn(3, '.');
        let is_number = |it: Option<&str>| {
            it.is_some_and(|it| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit()))
        };
        let fits = is_number(numbers.next()) && is_number(numbers.next());
        let last = numbers.next().filter(|it| it.starts_with(|it: char| it.is_ascii_digit()));
        (fits && last.is_some()).then_some((name, version))
    })?;
    let fits = hash.iter().all(u8::is_ascii_hexdigit)
        && !name.is_empty()
        && name.bytes().all(is_name)
        && version.bytes().all(is_version);
    fits.then(|| (name.to_owned(), version.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::{CHUNK, named};
    use crate::analyze::executable::ANALYZER;
    use crate::analyze::tests::{find, shown};
    use crate::format::elf::made::elf;

    const RUSTC: &[u8] =
        b"GCC: (Debian 12.2.0-14) 12.2.0\0rustc version 1.83.0 (90b35a623 2024-11-26)\0";

    fn check(comment: &[u8], constants: &[u8]) -> String {
        shown(&find(
            &ANALYZER,
            "usr/bin/a",
            &elf(&[(".rodata", 1, 2, constants), (".comment", 1, 0x30, comment)]),
        ))
    }

    #[test]
    fn crates_are_told_by_the_paths_of_their_sources() {
        let constants = b"/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/serde_json-1.0.133/src/de.rs\
            /build/registry/src/github.com-1ecc6299db9ec823/wasi-0.11.0+wasi-snapshot-preview1/src/lib.rs\
            registry/src/github.com-1ecc6299db9ec823/serde_json-1.0.133/src/ser.rs";
        insta::assert_snapshot!(check(RUSTC, constants), @r"
        cargo serde_json 1.0.133 bundled found-in=paths
        cargo wasi 0.11.0+wasi-snapshot-preview1 bundled found-in=paths
        ");
        assert_eq!(check(b"GCC: (Debian 12.2.0-14) 12.2.0\0", constants), "");
    }

    #[test]
    fn a_path_is_found_across_the_border_of_two_chunks() {
        let path = b"registry/src/index.crates.io-1949cf8c6b5b557f/itoa-1.0.1/src/lib.rs";
        let chunk = usize::try_from(CHUNK).unwrap();
        for before in [chunk - 60, chunk - 20, chunk - 1, chunk] {
            let constants = [&vec![b'.'; before][..], path].concat();
            assert!(check(RUSTC, &constants).starts_with("cargo itoa 1.0.1 "), "{before}");
        }
    }

    #[test]
    fn other_paths_name_no_crate() {
        let check =
            |path: &str| named(path.as_bytes()).map(|(name, version)| format!("{name} {version}"));
        let hash = "index.crates.io-1949cf8c6b5b557f";
        for (directory, crate_) in [
            ("sha-1-0.10.0", Some("sha-1 0.10.0")),
            ("a-1.0.0-rc.1", Some("a 1.0.0-rc.1")),
            ("windows_x86_64-0.48.5", Some("windows_x86_64 0.48.5")),
            ("serde", None),
            ("serde-1.0", None),
            ("-1.0.0", None),
            ("a b-1.0.0", None),
            ("a-1.0.0 b", None),
            ("..", None),
        ] {
            assert_eq!(
                check(&format!("{hash}/{directory}/src/lib.rs")).as_deref(),
                crate_,
                "{directory}"
            );
        }
        for path in [
            format!("{hash}/a-1.0.0"),
            "x/a-1.0.0/src".to_owned(),
            "x-zzzzzzzzzzzzzzzz/a-1.0.0/src".to_owned(),
            String::new(),
        ] {
            assert_eq!(check(&path), None, "{path}");
        }
    }
}
