//! Text as package databases write it: lines, `Key: value`, records between blank lines.
//!
//! Works on bytes, because descriptions and maintainers are in whatever encoding their author had;
//! only the values that become facts must be UTF-8.

/// No package name or version comes near this; what does is not one.
const MAX_VALUE: usize = 256;

/// A value that may become a fact: short, visible, without blanks.
pub(super) fn value(raw: &[u8]) -> Option<&str> {
    let text = str::from_utf8(raw.trim_ascii()).ok()?;
    let fits = !text.is_empty() && text.len() <= MAX_VALUE;
    (fits && !text.contains(|it: char| it.is_control() || it.is_whitespace())).then_some(text)
}

/// A text that may become a fact and has blanks: a licence, a title.
pub(super) fn phrase(raw: &[u8]) -> Option<&str> {
    let text = str::from_utf8(raw.trim_ascii()).ok()?;
    let fits = !text.is_empty() && text.len() <= MAX_VALUE;
    (fits && !text.contains(char::is_control)).then_some(text)
}

/// Licences as a component has them: those that may become facts, sorted.
pub(super) fn licenses<'a>(raw: impl IntoIterator<Item = &'a [u8]>) -> Vec<String> {
    let mut licenses: Vec<String> = raw.into_iter().filter_map(phrase).map(str::to_owned).collect();
    licenses.sort_unstable();
    licenses.dedup();
    licenses
}

/// The lines with their numbers, counted from 1, without their ends.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let lines = bytes.split(|it| *it == b'\n').map(|it| it.strip_suffix(b"\r").unwrap_or(it));
    (1..).zip(lines)
}

/// Splits `Key: value`; `None` for a continuation line or anything else.
pub(super) fn field(line: &[u8]) -> Option<(&[u8], &[u8])> {
    if line.first().is_none_or(u8::is_ascii_whitespace) {
        return None;
    }
    let colon = memchr::memchr(b':', line)?;
    let (key, rest) = line.split_at_checked(colon)?;
    Some((key, rest.get(1..)?.trim_ascii()))
}

#[cfg(test)]
mod tests {
    use super::{field, licenses, value};

    #[test]
    fn a_value_is_short_and_visible() {
        assert_eq!(value(b" 1.2-3~\xc3\xa9 "), Some("1.2-3~é"));
        for raw in [&b""[..], b"  ", b"a b", b"a\x1b[2J", b"caf\xe9", &[b'x'; 257]] {
            assert_eq!(value(raw), None);
        }
    }

    #[test]
    fn licences_are_sorted_and_short() {
        let raw: [&[u8]; 5] = [b"MIT", b" BSD 3 ", b"MIT", b"a\nb", &[b'x'; 257]];
        assert_eq!(licenses(raw), ["BSD 3", "MIT"]);
    }

    #[test]
    fn a_continuation_line_is_not_a_field() {
        assert_eq!(field(b"Name:  x "), Some((&b"Name"[..], &b"x"[..])));
        assert_eq!(field(b" Name: x"), None);
        assert_eq!(field(b"no colon"), None);
    }
}
