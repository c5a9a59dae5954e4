//! One row of a table: the record format, section 2.1 of the file format.

/// One row of a table.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// Also the value of a column that is `INTEGER PRIMARY KEY`, which is null in the row.
    pub id: i64,
    record: &'a [u8],
}

/// One value of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    Null,
    Integer(i64),
    Real(f64),
    Text(&'a [u8]),
    Blob(&'a [u8]),
}

impl<'a> Row<'a> {
    pub(super) fn new(id: i64, record: &'a [u8]) -> Self {
        Self { id, record }
    }

    /// The value of a column, counted from 0; `None` if the row is malformed. Rows that are older
    /// than a column end before it: it is null.
    pub fn value(&self, column: usize) -> Option<Value<'a>> {
        let (header_end, mut at) = varint(self.record, 0)?;
        let header = self.record.get(..usize::try_from(header_end).ok()?)?;
        let mut from = header.len();
        for before in 0.. {
            if at >= header.len() {
                return Some(Value::Null);
            }
            let (kind, next) = varint(header, at)?;
            let end = from.checked_add(length(kind)?)?;
            if before == column {
                return value(kind, self.record.get(from..end)?);
            }
            (at, from) = (next, end);
        }
        None
    }

    /// Where the table begins, if this row of the schema makes the table `name`.
    pub(super) fn root_of(&self, name: &str) -> Option<u32> {
        match (self.value(0)?, self.value(1)?, self.value(3)?) {
            (Value::Text(b"table"), Value::Text(it), Value::Integer(root))
                if it.eq_ignore_ascii_case(name.as_bytes()) =>
            {
                u32::try_from(root).ok()
            }
            _ => None,
        }
    }
}

/// The number of bytes that a value of this serial type has.
fn length(kind: u64) -> Option<usize> {
    match kind {
        0 | 8 | 9 => Some(0),
        1..=4 => usize::try_from(kind).ok(),
        5 => Some(6),
        6 | 7 => Some(8),
        10 | 11 => None,
        _ => usize::try_from((kind - 12) / 2).ok(),
    }
}

fn value(kind: u64, bytes: &[u8]) -> Option<Value<'_>> {
    Some(match kind {
        0 => Value::Null,
        7 => Value::Real(f64::from_be_bytes(*bytes.first_chunk()?)),
        1..=6 => Value::Integer(integer(bytes)),
        8 | 9 => Value::Integer(i64::from(kind == 9)),
        _ if kind.is_multiple_of(2) => Value::Blob(bytes),
        _ => Value::Text(bytes),
    })
}

/// A big-endian number with a sign, of up to 8 bytes.
fn integer(bytes: &[u8]) -> i64 {
    let sign = if bytes.first().is_some_and(|it| *it >= 0x80) { -1 } else { 0 };
    bytes.iter().fold(sign, |number, it| number << 8 | i64::from(*it))
}

/// A number of 1 to 9 bytes, and where it ends.
pub(super) fn varint(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let mut number = 0;
    for (n, byte) in (1..=9).zip(bytes.get(at..)?) {
        if n == 9 {
            return Some((number << 8 | u64::from(*byte), at + n));
        }
        number = number << 7 | u64::from(byte & 0x7f);
        if *byte < 0x80 {
            return Some((number, at + n));
        }
    }
    None
}
