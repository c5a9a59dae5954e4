//! Extended headers: records `LENGTH KEY=VALUE` and a line end, for what has no room in a block.

use super::sparse::{Segment, Segments};

/// What is told of the next entry, or of all that follow.
#[derive(Clone, Debug, Default)]
pub(super) struct Pax {
    pub(super) path: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) sparse: Sparse,
}

/// The three ways in which GNU tar tells of holes.
#[derive(Clone, Debug, Default)]
pub(super) struct Sparse {
    /// The map lies at the beginning of the content.
    pub(super) is_stored: bool,
    /// The map itself, in the older ways.
    pub(super) segments: Segments,
    pub(super) name: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    /// An offset whose length has not come yet.
    offset: Option<u64>,
    /// It says something of holes at all.
    pub(super) is_told: bool,
}

impl Pax {
    /// Reads the records over what was told before; the text says what is wrong with them.
    pub(super) fn read(&mut self, mut bytes: &[u8]) -> Result<(), &'static str> {
        while !bytes.is_empty() {
            let (key, value, rest) =
                record(bytes).ok_or("a record of an extended header is broken")?;
            self.take(key, value)?;
            bytes = rest;
        }
        Ok(())
    }

    fn take(&mut self, key: &[u8], value: &[u8]) -> Result<(), &'static str> {
        let name = || match value {
            [] => Ok(None),
            _ if value.contains(&0) => Err("a name holds a zero byte"),
            _ => Ok(Some(value.to_vec())),
        };
        let number = || match value {
            [] => Ok(None),
            _ => decimal(value).map(Some).ok_or("an extended header has a wrong number"),
        };
        match key {
            b"path" => self.path = name()?,
            b"linkpath" => self.link = name()?,
            b"size" => self.size = number()?,
            _ => {
                let Some(key) = key.strip_prefix(b"GNU.sparse.") else { return Ok(()) };
                self.sparse.is_told = true;
                match key {
                    b"major" => self.sparse.is_stored = value != b"0",
                    b"name" => self.sparse.name = name()?,
                    b"realsize" | b"size" => self.sparse.size = number()?,
                    b"offset" => self.sparse.offset = number()?,
                    b"numbytes" => {
                        let offset = self.sparse.offset.take();
                        let (Some(offset), Some(length)) = (offset, number()?) else {
                            return Err("a map of a sparse file is broken");
                        };
                        self.sparse.segments.add(Segment { offset, length })?;
                    }
                    b"map" => self.sparse.segments = map(value)?,
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

fn map(value: &[u8]) -> Result<Segments, &'static str> {
    let mut segments = Segments::default();
    let mut numbers = value.split(|it| *it == b',').map(decimal);
    while let Some(offset) = numbers.next() {
        let (Some(offset), Some(Some(length))) = (offset, numbers.next()) else {
            return Err("a map of a sparse file is broken");
        };
        segments.add(Segment { offset, length })?;
    }
    Ok(segments)
}

/// Splits off the first record.
fn record(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = memchr::memchr(b' ', bytes.get(..bytes.len().min(20))?)?;
    let length = usize::try_from(decimal(bytes.get(..space)?)?).ok()?;
    let (record, rest) = bytes.split_at_checked(length)?;
    let record = record.get(space + 1..)?.strip_suffix(b"\n")?;
    let equals = memchr::memchr(b'=', record)?;
    Some((record.get(..equals)?, record.get(equals + 1..)?, rest))
}

/// A number in decimal digits and nothing else.
pub(super) fn decimal(digits: &[u8]) -> Option<u64> {
    let (_, _) = digits.split_first()?;
    digits.iter().try_fold(0_u64, |number, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}
