//! What a file's bytes are: text, UTF-16 text or something binary. Decided by its beginning.

/// How many bytes the decision is made on.
pub(super) const HEAD: usize = 4096;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Text,
    /// Whether the more significant byte comes first.
    Utf16 {
        big_endian: bool,
    },
    /// Only rules that need no context apply.
    Binary,
}

impl Encoding {
    /// Judges the first bytes of a file.
    pub(super) fn of(head: &[u8]) -> Self {
        match head {
            [0xFF, 0xFE, ..] => return Self::Utf16 { big_endian: false },
            [0xFE, 0xFF, ..] => return Self::Utf16 { big_endian: true },
            // Nearly every text file ends here; counting the bytes of its beginning would cost a
            // third of the whole scan.
            _ if memchr::memchr(0, head).is_none() => return Self::Text,
            _ => {}
        }
        let nuls =
            |parity: usize| head.iter().skip(parity).step_by(2).filter(|&&it| it == 0).count();
        let (even, odd) = (nuls(0), nuls(1));
        let half = head.len() / 2;
        let controls = head.iter().filter(|&&it| matches!(it, 1..=8 | 14..=26 | 28..=31)).count();
        if controls == 0 && head.len() >= 16 {
            if odd * 10 >= half * 7 && even * 20 <= half {
                return Self::Utf16 { big_endian: false };
            }
            if even * 10 >= half * 7 && odd * 20 <= half {
                return Self::Utf16 { big_endian: true };
            }
        }
        // Text may have stray NULs, as separators in a dumped environment; programs have
        // control characters too, and archives long runs of NULs.
        let is_text = controls * 100 <= head.len() && (even + odd) * 8 <= head.len();
        if is_text { Self::Text } else { Self::Binary }
    }
}

/// Folds UTF-16 to its ASCII; everything else becomes a byte that is in no token.
#[derive(Debug, Default)]
pub(super) struct Utf16 {
    /// The first half of a code unit whose second half has not come yet.
    half: Option<u8>,
}

impl Utf16 {
    pub(super) fn fold(&mut self, bytes: &[u8], big_endian: bool, into: &mut Vec<u8>) {
        for &byte in bytes {
            let Some(first) = self.half.take() else {
                self.half = Some(byte);
                continue;
            };
            let (high, low) = if big_endian { (first, byte) } else { (byte, first) };
            into.push(if high == 0 { low } else { 0xFF });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Encoding, Utf16};

    #[test]
    fn the_beginning_tells_the_encoding() {
        assert_eq!(Encoding::of(b""), Encoding::Text);
        assert_eq!(Encoding::of(b"A=b\0C=d\0PATH=/usr/bin:/bin\0"), Encoding::Text);
        assert_eq!(Encoding::of("caf\u{e9} \u{4e2d}".as_bytes()), Encoding::Text);
        assert_eq!(Encoding::of(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0"), Encoding::Binary);
        assert_eq!(Encoding::of(b"\xff\xfea\0"), Encoding::Utf16 { big_endian: false });
        let wide: Vec<u8> = "[Section]\r\nkey=value".bytes().flat_map(|it| [it, 0]).collect();
        assert_eq!(Encoding::of(&wide), Encoding::Utf16 { big_endian: false });
        assert_eq!(
            Encoding::of(&[b"\0", wide.as_slice()].concat()),
            Encoding::Utf16 { big_endian: true }
        );
    }

    #[test]
    fn code_units_are_folded_across_chunks() {
        let mut folded = Vec::new();
        let mut utf16 = Utf16::default();
        for chunk in [&b"a"[..], b"\0\x0a", b"\x0ab\0"] {
            utf16.fold(chunk, false, &mut folded);
        }
        assert_eq!(folded, b"a\xffb");
    }
}
