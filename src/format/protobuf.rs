//! Protocol buffers, field by field, without their schema.
//!
//! Format: <https://protobuf.dev/programming-guides/encoding/>. A message is read at one level only;
//! what lies in a field that nobody asks for is not read, however large it is.

use super::FormatError;
use super::cursor::Cursor;
use crate::model::Content;

/// More than any message has fields that is not a list of values.
const MAX_READS: u64 = 4 << 20;

/// The fields of a message.
pub struct Message<'a> {
    content: &'a dyn Content,
    cursor: Cursor<'a>,
}

/// One field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    pub number: u32,
    pub value: Value,
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    Number(u64),
    /// A text, bytes or another message: where, and how long.
    Bytes {
        offset: u64,
        length: u64,
    },
}

impl<'a> Message<'a> {
    /// The message that all of the file is.
    pub fn new(content: &'a dyn Content) -> Self {
        Self { content, cursor: Cursor::new(content, 0, u64::MAX, MAX_READS) }
    }

    /// The message that a field holds; one without fields if it holds a number.
    #[must_use]
    pub fn within(&self, value: Value) -> Self {
        let (from, to) = match value {
            Value::Bytes { offset, length } => (offset, offset.saturating_add(length)),
            Value::Number(_) => (0, 0),
        };
        Self { content: self.content, cursor: Cursor::new(self.content, from, to, MAX_READS) }
    }

    /// The next field; `None` at the end.
    pub fn next_field(&mut self) -> Result<Option<Field>, FormatError> {
        if self.cursor.is_at_end() {
            return Ok(None);
        }
        let key = self.varint()?;
        let number = u32::try_from(key >> 3).ok().filter(|it| *it > 0);
        let number = number.ok_or(FormatError::Malformed("a field without a number"))?;
        let value = match key & 7 {
            0 => Value::Number(self.varint()?),
            1 => Value::Number(u64::from_le_bytes(self.cursor.array()?)),
            2 => {
                let length = self.varint()?;
                let offset = self.cursor.position();
                self.cursor.skip(length)?;
                Value::Bytes { offset, length }
            }
            5 => Value::Number(u64::from(u32::from_le_bytes(self.cursor.array()?))),
            _ => return Err(FormatError::Malformed("a field of an unknown kind")),
        };
        Ok(Some(Field { number, value }))
    }

    /// A short text that a field holds.
    pub fn text(&self, value: Value) -> Result<Option<String>, FormatError> {
        let Value::Bytes { offset, length } = value else { return Ok(None) };
        if length > 4096 {
            return Ok(None);
        }
        let bytes = Cursor::new(self.content, offset, u64::MAX, 1).bytes(length)?;
        Ok(String::from_utf8(bytes).ok())
    }

    fn varint(&mut self) -> Result<u64, FormatError> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let [byte] = self.cursor.array()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(FormatError::Malformed("a number without an end"))
    }
}

impl std::fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message").field("cursor", &self.cursor).finish_non_exhaustive()
    }
}

/// Messages for tests.
#[cfg(test)]
pub(crate) mod made {
    fn varint(mut value: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        while value >= 0x80 {
            bytes.push(value.to_le_bytes()[0] | 0x80);
            value >>= 7;
        }
        bytes.push(value.to_le_bytes()[0]);
        bytes
    }

    pub(crate) fn number(field: usize, value: usize) -> Vec<u8> {
        [varint(field << 3), varint(value)].concat()
    }

    pub(crate) fn bytes(field: usize, value: &[u8]) -> Vec<u8> {
        [&varint(field << 3 | 2), &varint(value.len()), value].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::made::{bytes, number};
    use super::{Message, Value};

    fn all(content: &[u8]) -> (Vec<(u32, Value)>, bool) {
        let mut message = Message::new(&content);
        let mut fields = Vec::new();
        loop {
            match message.next_field() {
                Ok(Some(field)) => fields.push((field.number, field.value)),
                end => return (fields, end.is_ok()),
            }
        }
    }

    #[test]
    fn fields_of_every_kind_are_read() {
        let message =
            [number(1, 9), bytes(20, b"ab"), vec![0x19], vec![1; 8], vec![0x25, 2, 0, 0, 0]]
                .concat();
        let (fields, whole) = all(&message);
        assert!(whole);
        assert_eq!(
            fields,
            [
                (1, Value::Number(9)),
                (20, Value::Bytes { offset: 5, length: 2 }),
                (3, Value::Number(0x0101_0101_0101_0101)),
                (4, Value::Number(2)),
            ]
        );
    }

    #[test]
    fn a_message_in_a_field_ends_where_the_field_does() {
        let outer = [bytes(2, &bytes(5, b"2.16.1")), number(1, 1)].concat();
        let content = outer.as_slice();
        let mut message = Message::new(&content);
        let field = message.next_field().unwrap().unwrap();
        let mut inner = message.within(field.value);
        let version = inner.next_field().unwrap().unwrap();
        assert_eq!(inner.text(version.value).unwrap().as_deref(), Some("2.16.1"));
        assert_eq!(inner.next_field().unwrap(), None);
        assert_eq!(message.within(Value::Number(1)).next_field().unwrap(), None);
    }

    #[test]
    fn what_is_cut_off_or_no_message_ends_the_reading() {
        for bad in [
            &b"\x0a\x05ab"[..],
            b"\x08\xff",
            b"\x0b",
            b"\0\0",
            b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        ] {
            assert!(!all(bad).1, "{bad:?}");
        }
        assert!(all(b"").1);
    }
}
