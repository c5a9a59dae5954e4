//! Executables and shared libraries that tell what was compiled into them.
//!
//! Go's linker always does; Rust programs do if they were built with `cargo auditable`, and others by
//! the paths in their messages; and some distributions have their compilers note the package. Nearly every executable of an image has none
//! of this, and is put aside after its tables.

use super::{go, note, rust, rust_paths};
use crate::analyze::{Analyzer, Found, Input, Magic, Unread, Want};
use crate::format::FormatError;
use crate::format::executable::Executable;

pub(in crate::analyze) const ANALYZER: Analyzer =
    Analyzer { id: "executable", wants: &[Want::Magic(Magic::Executable)], read, ..Analyzer::BASE };

fn read(input: &Input<'_>) -> Result<Found, Unread> {
    let mut found = Found::default();
    let executables = match Executable::read(input.content) {
        Ok(executables) => executables,
        Err(FormatError::Io(error)) => return Err(Unread::Io(error)),
        // It only begins like one, and proves nothing.
        Err(_) => return Ok(found),
    };
    for executable in &executables {
        for read in [go::read, rust::read, rust_paths::read, note::read] {
            match read(executable, input.content, &mut found) {
                Ok(()) => {}
                Err(FormatError::Io(error)) => return Err(Unread::Io(error)),
                Err(error) => found.remark(error.to_string()),
            }
        }
    }
    Ok(found)
}

/// Files for tests.
#[cfg(test)]
pub(in crate::analyze) mod made {
    use crate::analyze::binary::{build_info, note, rust};
    use crate::format::elf::made::elf;

    /// A file that tells everything.
    pub(in crate::analyze) fn sample() -> Vec<u8> {
        let modules = "path\ta.org/b\nmod\ta.org/b\tv1.0.0\th1:x=\ndep\tc.org/d\tv1.2.0\n=>\te.org/f\tv2.0.0\th1:y=\n";
        let list =
            r#"{"packages":[{"name":"a","version":"1.0.0","source":"crates.io","root":true}]}"#;
        let package = r#"{"type":"rpm","name":"a","version":"1-1.fc37","architecture":"x86_64"}"#;
        elf(&[
            (".rodata", 1, 2, b"\0v1.0.0\0"),
            (".go.buildinfo", 1, 3, &build_info::made::inline("go1.22.1", modules)),
            (".dep-v0", 1, 2, &rust::made::list(list)),
            (".note.package", 7, 2, &note::made::note(package)),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use super::made::sample;
    use crate::analyze::binary::build_info::made;
    use crate::analyze::tests::{find, seed, shown};
    use crate::format::elf::made::elf;
    use crate::format::macho::made::{fat, macho};
    use crate::format::pe::made::pe;

    #[test]
    fn each_kind_of_executable_is_a_seed_for_fuzzing() {
        let modules = "mod\ta.org/b\tv1.0.0\t\n";
        let inline = made::inline("go1.22.1", modules);
        let one = macho(3, &[("__go_buildinfo", &inline)]);
        // One section later, data begins at a multiple of 16 in a Windows file that is made.
        let before = [0; 16];
        let pointers = made::pointers("go1.16", modules, 0x40_0040, false);
        for (name, bytes) in [
            ("elf", sample()),
            ("elf-pointers", elf(&[(".go.buildinfo", 1, 3, &pointers)])),
            ("macho", fat(&[one.clone(), one])),
            ("pe", pe(&[(".data", 0xc000_0040, &[&before[..], &inline].concat())])),
        ] {
            let found = shown(&find(&ANALYZER, "usr/bin/a", &bytes));
            assert!(found.contains("golang a.org/b v1.0.0"), "{name}: {found}");
            seed("executable", name, &bytes);
        }
    }

    #[test]
    fn one_file_may_tell_of_several_things() {
        insta::assert_snapshot!(shown(&find(&ANALYZER, "usr/lib/libboth.so", &sample())), @r"
        cargo a 1.0.0
        golang a.org/b v1.0.0 h1=x= path=a.org/b
        golang e.org/f v2.0.0 bundled h1=y= replaces=c.org/d
        golang stdlib 1.22.1 bundled
        rpm a 1-1.fc37 x86_64 classified=elf-note
        ");
    }

    #[test]
    fn what_only_begins_like_an_executable_is_no_trouble() {
        for bytes in [
            &b"MZ is a text"[..],
            b"\x7fELF",
            b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\xff\xff",
            b"\xcf\xfa\xed\xfe\0\0",
        ] {
            assert_eq!(shown(&find(&ANALYZER, "usr/share/a.bin", bytes)), "");
        }
    }
}
