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
    let head = part(content, 0, 12)?;
    let data = head.strip_prefix(b"\x93NUMPY").and_then(|it| match it.first()? {
        1 => Some(10 + u64::from(le16(it, 2)?)),
        _ => Some(12 + u64::from(le32(it, 2)?)),
    });
    let data = data.ok_or(FormatError::Malformed("an array without a header"))?;
    let header = part(content, 0, data.min(MAX_HEADER))?;
    if is_of_objects(&header) { look(content, data, within, found) } else { Ok(()) }
}

/// Whether an array in an archive may be of objects. One that is packed is unpacked to tell.
pub(super) fn may_hold_objects(entry: &Entry, content: &dyn Content) -> Result<bool, FormatError> {
    if !entry.is_stored() {
        return Ok(true);
    }
    let header = part(content, entry.data_offset(content)?, entry.size.min(4096))?;
    Ok(is_of_objects(&header))
}

/// Whether the type is `|O`, or has a field of it.
fn is_of_objects(header: &[u8]) -> bool {
    memchr::memmem::find(header, b"|O").is_some() || memchr::memmem::find(header, b"'O'").is_some()
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
