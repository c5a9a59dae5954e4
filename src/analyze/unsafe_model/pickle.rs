//! Pickles: of Python's own module, of joblib and dill, and PyTorch's format before 1.6.
//!
//! A pickle of protocol 2 or later is known by its first bytes whatever the file is called; one
//! before that has none, and is known by its name. joblib compresses, and lays arrays as they are
//! between the opcodes: where the walk stops for that, the rest is searched for the imports that
//! matter.

use std::io::Read as _;

use flate2::bufread::{MultiGzDecoder, ZlibDecoder};

use super::super::{Analyzer, Found, Input, Magic, Unread, Want};
use super::{explain, look, told};
use crate::format::FormatError;
use crate::format::pickle::Import;

pub(in super::super) const ANALYZER: Analyzer = Analyzer {
    id: "pickle",
    wants: &[
        Want::Magic(Magic::Pickle),
        Want::Extension(".pkl"),
        Want::Extension(".pickle"),
        Want::Extension(".joblib"),
        Want::Extension(".dill"),
        Want::Extension(".pt"),
        Want::Extension(".pth"),
        Want::Extension(".ckpt"),
    ],
    caches: true,
    read,
    ..Analyzer::BASE
};

/// What is unpacked of a compressed pickle. Imports come before the data they are for.
const MAX_UNPACKED: u64 = 32 << 20;

/// What is searched behind the place where the walk stopped.
const MAX_SEARCHED: usize = 32 << 20;

fn read(input: &Input<'_>) -> Result<Found, Unread> {
    let mut found = Found::default();
    let head = input.part(0, 4)?;
    match head.as_slice() {
        [0x80, 2..=5, ..] => {
            let outcome = look(input.content, 0, None, &mut found);
            let is_named = is_named_so(input.path.file_name());
            if outcome.is_err() {
                search(&input.part(0, MAX_SEARCHED)?, &mut found);
            }
            // Two bytes that any data may begin with are no reason for a note.
            if is_named && !is_joblib(input.path.file_name()) || !found.hazards.is_empty() {
                explain(outcome, &mut found)?;
            }
        }
        [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] => {
            let packed = input.part(0, MAX_SEARCHED)?;
            unpacked(ZlibDecoder::new(packed.as_slice()).take(MAX_UNPACKED), &mut found)?;
        }
        [0x1f, 0x8b, ..] => {
            let packed = input.part(0, MAX_SEARCHED)?;
            unpacked(MultiGzDecoder::new(packed.as_slice()).take(MAX_UNPACKED), &mut found)?;
        }
        [b'B', b'Z', b'h', ..] | [0xfd, b'7', b'z', b'X'] | [0x04, 0x22, 0x4d, 0x18] => {
            found.remark("compressed in a way that is not read");
        }
        // A zip archive is another analyzer's. Protocols 0 and 1 begin with any of these.
        [b'(' | b'c' | b']' | b'}' | b')' | b'l' | b'd' | b'i', ..] => {
            let outcome = look(input.content, 0, None, &mut found);
            if !found.hazards.is_empty() {
                explain(outcome, &mut found)?;
            }
        }
        _ => {}
    }
    Ok(found)
}

fn is_named_so(name: &str) -> bool {
    let extensions = [".pkl", ".pickle", ".joblib", ".dill", ".pt", ".pth", ".ckpt"];
    extensions.iter().any(|it| name.to_ascii_lowercase().ends_with(it))
}

/// joblib's arrays stop every walk, which is no fault of the file.
fn is_joblib(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [".joblib", ".pkl"].iter().any(|it| name.ends_with(it))
}

/// Walks what comes out of a decompressor as far as it goes: where it breaks off, by its own fault
/// or for the limit, what came before still counts.
fn unpacked(mut reader: impl std::io::Read, found: &mut Found) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    let broke = reader.read_to_end(&mut bytes).is_err();
    if broke {
        found.remark("compressed data that breaks off");
    }
    if let Err(FormatError::Io(error)) = look(&bytes.as_slice(), 0, None, found) {
        return Err(error);
    }
    search(&bytes, found);
    Ok(())
}

/// Finds the opcodes that import by name, wherever they stand.
fn search(bytes: &[u8], found: &mut Found) {
    let mut rest = bytes;
    while let Some(at) = memchr::memchr2(b'c', 0x8c, rest) {
        let Some((opcode, after)) = rest.get(at..).and_then(<[u8]>::split_first) else { return };
        let names = if *opcode == b'c' { lines(after) } else { texts(after) };
        if let Some((module, name)) = names {
            told(Import::Named { module, name }, None, found);
        }
        rest = after;
    }
}

/// Module and name, as GLOBAL has them.
fn lines(bytes: &[u8]) -> Option<(&str, &str)> {
    let front = bytes.get(..bytes.len().min(256))?;
    let mut lines = front.splitn(3, |it| *it == b'\n');
    let (module, name) = (lines.next()?, lines.next()?);
    lines.next()?;
    Some((word(module)?, word(name)?))
}

/// Module and name as texts one behind the other, as they stand before STACK_GLOBAL.
fn texts(bytes: &[u8]) -> Option<(&str, &str)> {
    let (length, rest) = bytes.split_first()?;
    let (module, rest) = rest.split_at_checked(usize::from(*length))?;
    let rest = rest.strip_prefix(&[0x94]).unwrap_or(rest);
    let (length, rest) = rest.strip_prefix(&[0x8c])?.split_first()?;
    Some((word(module)?, word(rest.get(..usize::from(*length))?)?))
}

fn word(bytes: &[u8]) -> Option<&str> {
    let is_part = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'_' | b'.');
    let is_word = !bytes.is_empty() && bytes.iter().all(|it| is_part(*it));
    is_word.then(|| str::from_utf8(bytes).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::time::{Duration, Instant};

    use super::super::super::tests::{find, seed, shown, wants};
    use super::ANALYZER;

    fn check(path: &str, bytes: &[u8]) -> String {
        shown(&find(&ANALYZER, path, bytes))
    }

    const EVIL: &[u8] =
        b"\x80\x04\x8c\x05posix\x94\x8c\x06system\x94\x93\x94\x8c\x02id\x94\x85\x94R.";

    #[test]
    fn a_pickle_is_known_by_its_bytes_or_by_its_name() {
        assert_eq!(check("data/anything", EVIL), "CRITICAL unsafe-model posix.system\n");
        let text = b"cos\nsystem\n(S'id'\ntR.";
        assert_eq!(check("m.pkl", text), "CRITICAL unsafe-model os.system\n");
        assert!(!wants(&ANALYZER, "app/notes.txt"));
    }

    #[test]
    fn an_honest_pickle_says_nothing() {
        let honest = b"\x80\x02ccollections\nOrderedDict\nq\x00)Rq\x01X\x01\0\0\0aq\x02K\x01s.";
        assert_eq!(check("m.pkl", honest), "");
    }

    #[test]
    fn every_pickle_of_a_file_is_walked() {
        let many = [b"\x80\x02K\x01.", EVIL, b"raw tensors follow"].concat();
        assert_eq!(check("old.pt", &many), "CRITICAL unsafe-model posix.system\n");
    }

    #[test]
    fn a_break_hides_nothing() {
        let broken = [&EVIL[..EVIL.len() - 1], b"\xff"].concat();
        assert_eq!(
            check("m.pth", &broken),
            "CRITICAL unsafe-model posix.system\nnote pickle: a pickle with an unknown opcode\n"
        );
        // joblib lays arrays between the opcodes; what stands behind them is found all the same.
        let joblib = [b"\x80\x04K\x01\xff\xff\xff\xff", &EVIL[2..]].concat();
        assert_eq!(
            check("m.joblib", &joblib),
            "CRITICAL unsafe-model posix.system\nnote pickle: a pickle with an unknown opcode\n"
        );
        assert_eq!(check("image.raw", b"\x80\x04\xff\xff and more"), "");
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        zlib.write_all(bytes).unwrap();
        zlib.finish().unwrap()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(bytes).unwrap();
        gzip.finish().unwrap()
    }

    #[test]
    fn compressed_pickles_are_unpacked() {
        assert_eq!(check("m.joblib", &zlib(EVIL)), "CRITICAL unsafe-model posix.system\n");
        let mut gzip = gzip(EVIL);
        assert_eq!(check("m.pkl", &gzip), "CRITICAL unsafe-model posix.system\n");
        gzip.truncate(gzip.len() - 8);
        assert!(check("m.pkl", &gzip).ends_with("note pickle: compressed data that breaks off\n"));
        assert_eq!(
            check("m.pkl", b"BZh91AY"),
            "note pickle: compressed in a way that is not read\n"
        );
    }

    #[test]
    fn pickles_of_every_protocol_are_seeds_for_fuzzing() {
        let text = b"(S'a'\np0\ng0\ncos\nsystem\n(S'id'\ntR.";
        let binary = b"\x80\x02K\x01.\x80\x02cposix\nsystem\nq\0X\x02\0\0\0idq\x01\x85q\x02Rq\x03.";
        let framed = [b"\x80\x04\x95\x1d\0\0\0\0\0\0\0", &EVIL[2..]].concat();
        let joblib = [b"\x80\x04K\x01\xff\xff\xff\xff", &EVIL[2..]].concat();
        for (name, bytes) in [
            ("text", text.to_vec()),
            ("binary", binary.to_vec()),
            ("framed", framed),
            ("zlib", zlib(&joblib)),
            ("gzip", gzip(EVIL)),
            ("joblib", joblib),
        ] {
            assert_eq!(find(&ANALYZER, "models/m.pt", &bytes).hazards.len(), 1, "{name}");
            seed("pickle", name, &bytes);
        }
    }

    #[test]
    fn names_are_shown_only_where_they_can_be() {
        let odd = b"\x80\x04cos\n\x1b[2J\n.";
        assert_eq!(check("m.pkl", odd), "CRITICAL unsafe-model a name that cannot be shown\n");
        let computed = b"\x80\x04cbuiltins\nstr\n)RS'system'\n\x93.";
        assert_eq!(check("m.pkl", computed), "HIGH unsafe-model a name that is made on the way\n");
    }

    #[test]
    fn names_of_many_parts_take_little_time() {
        let name = "b.".repeat(250) + "b";
        let many = format!("ca\n{name}\n0").repeat(1000);
        let start = Instant::now();
        assert_eq!(check("m.pkl", &[b"\x80\x02", many.as_bytes(), b"."].concat()), "");
        assert!(start.elapsed() < Duration::from_secs(10));
    }
}
