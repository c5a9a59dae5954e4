//! One header block: fields at fixed places, numbers in octal or as bytes.

/// Headers and content are stored in blocks of this size.
pub(super) const BLOCK: usize = 512;

pub(super) type Block = [u8; BLOCK];

/// A block whose checksum is right.
pub(super) struct Header<'a>(&'a Block);

impl<'a> Header<'a> {
    pub(super) fn new(block: &'a Block) -> Option<Self> {
        let header = Self(block);
        let stored = number(header.field(148, 8))?;
        let at_sum = 148..156;
        let bytes = || {
            block.iter().enumerate().map(|(at, it)| if at_sum.contains(&at) { b' ' } else { *it })
        };
        let unsigned: u64 = bytes().map(u64::from).sum();
        // Some old writers summed signed bytes.
        let signed: i64 = bytes().map(|it| i64::from(it.cast_signed())).sum();
        (stored == unsigned || i64::try_from(stored) == Ok(signed)).then_some(header)
    }

    pub(super) fn kind(&self) -> u8 {
        self.field(156, 1).first().copied().unwrap_or_default()
    }

    /// The name; the part of it that has a field of its own comes first.
    pub(super) fn name(&self) -> Vec<u8> {
        let name = text(self.field(0, 100));
        let is_ustar = self.field(257, 6) == b"ustar\0";
        let is_by_star = is_ustar && self.field(508, 4) == b"tar\0";
        let prefix = match (is_ustar, is_by_star) {
            (_, true) => text(self.field(345, 131)),
            (true, false) => text(self.field(345, 155)),
            // GNU keeps times and the map of a sparse file there.
            (false, false) => &[],
        };
        if prefix.is_empty() { name.to_vec() } else { [prefix, b"/", name].concat() }
    }

    pub(super) fn link(&self) -> Vec<u8> {
        text(self.field(157, 100)).to_vec()
    }

    /// `None` if it is no number; an absent one is 0.
    pub(super) fn size(&self) -> Option<u64> {
        number(self.field(124, 12))
    }

    pub(super) fn mode(&self) -> u32 {
        number(self.field(100, 8)).and_then(|it| u32::try_from(it).ok()).unwrap_or_default()
    }

    /// The size of an old sparse file with its holes.
    pub(super) fn real_size(&self) -> Option<u64> {
        number(self.field(483, 12))
    }

    /// The first segments of an old sparse file, and whether blocks with more of them follow.
    pub(super) fn segments(&self) -> (&'a [u8], bool) {
        (self.field(386, 4 * 24), self.field(482, 1) != [0])
    }

    fn field(&self, at: usize, length: usize) -> &'a [u8] {
        self.0.get(at..at + length).unwrap_or_default()
    }
}

/// The text of a field, which ends at a zero or with the field.
fn text(field: &[u8]) -> &[u8] {
    field.get(..memchr::memchr(0, field).unwrap_or(field.len())).unwrap_or_default()
}

/// A number in octal digits, or, with the highest bit set, in the bytes of the field.
pub(super) fn number(field: &[u8]) -> Option<u64> {
    let (first, rest) = field.split_first()?;
    if first & 0x80 != 0 {
        // The next bit is the sign.
        let start = (first & 0x40 == 0).then_some(u64::from(first & 0x3f))?;
        return rest.iter().try_fold(start, |number, byte| {
            number.checked_mul(256).map(|it| it | u64::from(*byte))
        });
    }
    let is_filler = |it: &u8| matches!(it, b' ' | 0);
    let digits = field.trim_ascii_start();
    let end = digits.iter().position(is_filler).unwrap_or(digits.len());
    let (digits, rest) = digits.split_at_checked(end)?;
    if !rest.iter().all(is_filler) {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, digit| {
        let digit = (b'0'..=b'7').contains(digit).then(|| u64::from(digit - b'0'))?;
        number.checked_mul(8)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_come_in_octal_and_in_bytes() {
        assert_eq!(number(b"00000001750\0"), Some(1000));
        assert_eq!(number(b"   1750 \0"), Some(1000));
        assert_eq!(number(b"177777777777"), Some(0o177_777_777_777));
        assert_eq!(number(b"\0\0\0\0\0\0\0\0"), Some(0));
        assert_eq!(number(b"\x80\0\0\0\0\0\0\x01\0\0\0\0"), Some(1 << 32));
        assert_eq!(number(b"\x80\0\0\x01\0\0\0\0\0\0\0\0"), None);
        assert_eq!(number(b"\xff\xff\xff\xff\xff\xff\xff\xff"), None);
        for wrong in [&b"9"[..], b"17x", b"1 7\0", b"-1", b""] {
            assert_eq!(number(wrong), None, "{wrong:?}");
        }
    }
}
