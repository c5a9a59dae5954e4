//! Advisories as bytes, as they lie in the database file.
//!
//! A number is a LEB128 varint, a text its length and its bytes, a list its length and its items.
//! Reading trusts nothing: every length is checked against what is left.

use super::Advisory;
use super::affected::{Affected, End, Range};
use crate::model::Severity;

const SEVERITIES: [Severity; 5] =
    [Severity::Unknown, Severity::Low, Severity::Medium, Severity::High, Severity::Critical];

/// Appends `advisories` to `out`.
pub(super) fn encode(advisories: &[Advisory], out: &mut Vec<u8>) {
    put_number(out, advisories.len());
    for it in advisories {
        put_text(out, &it.id);
        put_texts(out, &it.aliases);
        put_number(out, it.severity as usize);
        put_text(out, &it.summary);
        put_texts(out, &it.affected.versions);
        put_number(out, it.affected.ranges.len());
        for range in &it.affected.ranges {
            // Nothing is introduced in the empty version, so it says "from the beginning".
            put_text(out, range.introduced.as_deref().unwrap_or_default());
            let (kind, bound) = match &range.end {
                End::Open => (0, ""),
                End::Fixed(bound) => (1, bound.as_str()),
                End::LastAffected(bound) => (2, bound.as_str()),
                End::Limit(bound) => (3, bound.as_str()),
            };
            put_number(out, kind);
            put_text(out, bound);
        }
    }
}

/// Reads what [`encode`] wrote; nothing if the bytes are anything else.
pub(super) fn decode(bytes: &[u8]) -> Option<Vec<Advisory>> {
    let mut reader = Reader(bytes);
    let advisories = reader.list(Reader::advisory)?;
    reader.is_at_end().then_some(advisories)
}

pub(super) fn put_number(out: &mut Vec<u8>, number: usize) {
    let mut rest = number;
    while rest >= 0x80 {
        out.push(rest.to_le_bytes()[0] | 0x80);
        rest >>= 7;
    }
    out.push(rest.to_le_bytes()[0]);
}

pub(super) fn put_text(out: &mut Vec<u8>, text: &str) {
    put_number(out, text.len());
    out.extend_from_slice(text.as_bytes());
}

fn put_texts(out: &mut Vec<u8>, texts: &[String]) {
    put_number(out, texts.len());
    for text in texts {
        put_text(out, text);
    }
}

/// What is left to read.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn bytes(&mut self, len: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(bytes)
    }

    pub(super) fn number(&mut self) -> Option<usize> {
        let mut number = 0u64;
        for shift in (0..63).step_by(7) {
            let byte = *self.bytes(1)?.first()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return usize::try_from(number).ok();
            }
        }
        None
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        let len = self.number()?;
        str::from_utf8(self.bytes(len)?).ok()
    }

    fn owned(&mut self) -> Option<String> {
        self.text().map(str::to_owned)
    }

    /// Nothing is reserved for the stated length: it may be a lie.
    pub(super) fn list<T>(&mut self, item: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let len = self.number()?;
        let mut items = Vec::new();
        for _ in 0..len {
            items.push(item(self)?);
        }
        Some(items)
    }

    fn advisory(&mut self) -> Option<Advisory> {
        Some(Advisory {
            id: self.owned()?,
            aliases: self.list(Self::owned)?,
            severity: *SEVERITIES.get(self.number()?)?,
            summary: self.owned()?,
            affected: Affected {
                versions: self.list(Self::owned)?,
                ranges: self.list(Self::range)?,
            },
        })
    }

    fn range(&mut self) -> Option<Range> {
        let introduced = self.owned().map(|it| Some(it).filter(|it| !it.is_empty()))?;
        let (kind, bound) = (self.number()?, self.owned()?);
        let end = match kind {
            0 => End::Open,
            1 => End::Fixed(bound),
            2 => End::LastAffected(bound),
            3 => End::Limit(bound),
            _ => return None,
        };
        Some(Range { introduced, end })
    }
}
