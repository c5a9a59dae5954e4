//! NumPy's arrays of objects, which are pickles behind a header.
//!
//! Format: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>. An array of
//! numbers holds no code.

use super::super::{Analyzer, Found, Input, Magic, Unread, Want};
use super::{explain, look};
use crate::format::FormatError;
use crate::format::bytes::{le16, le32, part};
use crate::format::zip::Entry;
use crate::model::Content;

pub(in super::super) const ANALYZER: Analyzer = Analyzer {
    id: "numpy",
    wants: &[Want::Magic(Magic::Numpy)],
    caches: true,
    read,
    ..Analyzer::BASE
};

const MAX_HEADER: u64 = 1 << 20;

/// What tells the header's length.
const FRONT: u64 = 12;

fn read(input: &Input<'_>) -> Result<Found, Unread> {
    let mut found = Found::default();
    let outcome = look_at(input.content, None, &mut found);
    explain(outcome, &mut found)?;
    Ok(found)
}

/// Walks the pickle of an array of objects.
pub(super) fn look_at(
    content: &dyn Content,
    within: Option<&str>,
    found: &mut Found,
) -> Result<(), FormatError> {
    let data = data_offset(&part(content, 0, FRONT)?);
    let data = data.ok_or(FormatError::Malformed("an array without a header"))?;
    let header = part(content, 0, data.min(MAX_HEADER))?;
    if is_of_objects(&header) { look(content, data, within, found) } else { Ok(()) }
}

/// Whether an array in an archive is of objects. What is no array is not read as one either.
pub(super) fn holds_objects(entry: &Entry, content: &dyn Content) -> Result<bool, FormatError> {
    let front = entry.head(content, FRONT)?;
    let Some(data) = data_offset(&front) else { return Ok(false) };
    Ok(is_of_objects(&entry.head(content, data.min(MAX_HEADER))?))
}

/// Where the data begin, behind the header.
fn data_offset(front: &[u8]) -> Option<u64> {
    let rest = front.strip_prefix(b"\x93NUMPY")?;
    match rest.first()? {
        1 => Some(10 + u64::from(le16(rest, 2)?)),
        _ => Some(12 + u64::from(le32(rest, 2)?)),
    }
}

/// Whether the type is of objects, or has a field that is. NumPy writes `|O`, but reads `O8`, `2O`
/// and `i4,object`, too, and escapes in all of them.
fn is_of_objects(header: &[u8]) -> bool {
    let is_letter = |it: &u8| it.is_ascii_alphabetic() || *it == b'_';
    let is_type = |at: usize| {
        let (before, after) = header.split_at(at);
        let counted = before.iter().rev().find(|it| !it.is_ascii_digit());
        !counted.is_some_and(is_letter) && !after.get(1).is_some_and(is_letter)
    };
    memchr::memchr_iter(b'O', header).any(is_type)
        || memchr::memchr(b'\\', header).is_some()
        || memchr::memmem::find(header, b"object").is_some()
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{find, seed, shown};
    use super::ANALYZER;

    fn array(header: &str, data: &[u8]) -> Vec<u8> {
        let mut bytes = b"\x93NUMPY\x01\0".to_vec();
        bytes.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        bytes
    }

    fn check(header: &str, data: &[u8]) -> String {
        shown(&find(&ANALYZER, "x.npy", &array(header, data)))
    }

    #[test]
    fn only_objects_are_looked_at() {
        let evil = b"\x80\x04cbuiltins\neval\n.";
        assert_eq!(check("{'descr': '|O', }\n", evil), "CRITICAL unsafe-model builtins.eval\n");
        assert_eq!(check("{'descr': '<f8', }\n", evil), "");
        assert_eq!(
            check("{'descr': '|O', }\n", b"\x80\x04"),
            "note numpy: a pickle that breaks off\n"
        );
    }

    #[test]
    fn objects_are_told_however_they_are_written() {
        let evil = b"\x80\x04cbuiltins\neval\n.";
        for kind in
            ["'O'", "\"O8\"", "'<O'", "'2O'", "'i4,O'", "'object'", "'\\x4f'", "[('a', '|O')]"]
        {
            assert_ne!(check(&format!("{{'descr': {kind}}}"), evil), "", "{kind}");
        }
        for kind in ["'<f8'", "[('Open', '<f8'), ('H2O', '<f8'), ('CO', '<i4')]"] {
            assert_eq!(check(&format!("{{'descr': {kind}}}"), evil), "", "{kind}");
        }
    }

    #[test]
    fn arrays_are_seeds_for_fuzzing() {
        let evil = b"\x80\x04cbuiltins\neval\n.";
        let first = array("{'descr': '|O', }\n", evil);
        let fields = array("{'descr': [('a', 'O'), ('b', '<i8')], }\n", evil);
        // The second version has a longer length.
        let second = [&b"\x93NUMPY\x02\0"[..], &first[8..10], &[0; 2], &first[10..]].concat();
        for (name, bytes) in [("first", first), ("fields", fields), ("second", second)] {
            let found = find(&ANALYZER, "models/x.npy", &bytes);
            assert_eq!((found.hazards.len(), found.notes.len()), (1, 0), "{name}");
            seed("numpy", name, &bytes);
        }
    }
}
