//! The stretch of a file that one confirmation may look at.

use std::borrow::Cow;
use std::ops::Range;

/// How far left of a literal a rule may look.
pub(super) const BEHIND: usize = 1024;
/// How far right of the beginning of a literal a rule may look. The longest secret is a private
/// key: an RSA key of 16,384 bits is 12.7 kB as PEM.
pub(super) const AHEAD: usize = 16 * 1024;

/// The bytes around a literal. Always cut in the same way, so that what a rule answers does not
/// depend on how the file arrived.
pub(super) struct Window<'a> {
    pub bytes: &'a [u8],
    /// Where the literal is in `bytes`.
    pub literal: Range<usize>,
    /// The name of the file, without directories; empty for an instruction's text.
    pub name: &'a str,
}

/// A secret, on its way from the function that matched it to its redaction. Deliberately neither
/// `Debug` nor `Display`.
pub(super) struct Found<'a> {
    /// Where it is in the window.
    pub span: Range<usize>,
    /// What it is, freed from escapes and line breaks.
    pub secret: Cow<'a, [u8]>,
}

impl<'a> Window<'a> {
    /// Cuts the window around the literal at `literal` of `bytes`.
    pub(super) fn cut(bytes: &'a [u8], literal: Range<usize>, name: &'a str) -> Self {
        let from = literal.start.saturating_sub(BEHIND);
        let to = bytes.len().min(literal.start.saturating_add(AHEAD));
        Self {
            bytes: bytes.get(from..to).unwrap_or_default(),
            literal: literal.start - from..literal.end - from,
            name,
        }
    }

    /// What follows the literal.
    pub(super) fn right(&self) -> &'a [u8] {
        self.from(self.literal.end)
    }

    /// What stands before the literal.
    pub(super) fn left(&self) -> &'a [u8] {
        self.bytes.get(..self.literal.start).unwrap_or_default()
    }

    /// What begins at `at`.
    pub(super) fn from(&self, at: usize) -> &'a [u8] {
        self.bytes.get(at..).unwrap_or_default()
    }

    /// The secret that stands at `span` as it is.
    pub(super) fn found(&self, span: Range<usize>) -> Option<Found<'a>> {
        Some(Found { secret: Cow::Borrowed(self.bytes.get(span.clone())?), span })
    }
}

/// How many bytes at the beginning satisfy `is`.
pub(super) fn run(bytes: &[u8], is: impl Fn(u8) -> bool) -> usize {
    bytes.iter().position(|&it| !is(it)).unwrap_or(bytes.len())
}

/// How many bytes at the end satisfy `is`.
pub(super) fn run_back(bytes: &[u8], is: impl Fn(u8) -> bool) -> usize {
    bytes.iter().rev().position(|&it| !is(it)).unwrap_or(bytes.len())
}

/// Whether a token may begin after `left`.
///
/// A letter or a digit there makes it the middle of something longer, unless it belongs to an
/// escape: `\n`, `%3D`, `\u003d`.
pub(super) fn begins_after(left: &[u8]) -> bool {
    match left {
        [.., b'%', a, b] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => true,
        [.., b'\\', b'n' | b'r' | b't'] | [.., b'\\', b'u', b'0', b'0', _, _] => true,
        _ => left.last().is_none_or(|last| !last.is_ascii_alphanumeric()),
    }
}

#[cfg(test)]
mod tests {
    use super::begins_after;

    #[test]
    fn a_token_begins_after_a_boundary_or_an_escape() {
        for left in ["", "\"", "=", "a\\n", "x%3D", "\\u0022", "-", "_"] {
            assert!(begins_after(left.as_bytes()), "{left}");
        }
        for left in ["a", "Z9", "n", "3D"] {
            assert!(!begins_after(left.as_bytes()), "{left}");
        }
    }
}
