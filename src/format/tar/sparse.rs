//! The map of a sparse file: which parts of it are stored, one behind the other.

use super::header::number;

/// A hostile map would fill memory; a file of this many pieces is none that anyone made.
const MAX_SEGMENTS: usize = 1 << 20;

const BROKEN: &str = "a map of a sparse file is broken";

/// A part that is stored.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment {
    pub(super) offset: u64,
    pub(super) length: u64,
}

/// Stored parts in the order of the file.
#[derive(Clone, Debug, Default)]
pub(super) struct Segments(Vec<Segment>);

impl Segments {
    pub(super) fn add(&mut self, segment: Segment) -> Result<(), &'static str> {
        if self.0.len() == MAX_SEGMENTS {
            return Err("a sparse file has too many pieces");
        }
        self.0.push(segment);
        Ok(())
    }

    /// Adds segments as header blocks of GNU tar list them, 24 bytes each.
    pub(super) fn add_all(&mut self, fields: &[u8]) -> Result<(), &'static str> {
        for field in fields.chunks_exact(24) {
            let (offset, length) = field.split_at(12);
            if offset.first().is_none_or(|it| *it == 0) {
                return Ok(());
            }
            let (offset, length) = number(offset).zip(number(length)).ok_or(BROKEN)?;
            self.add(Segment { offset, length })?;
        }
        Ok(())
    }

    /// Checks that they are in order, lie within `size`, and take up what is `stored`.
    pub(super) fn check(self, size: u64, stored: u64) -> Result<Holes, &'static str> {
        let (mut end, mut total) = (0_u64, 0_u64);
        for Segment { offset, length } in &self.0 {
            if *offset < end {
                return Err(BROKEN);
            }
            end = offset.checked_add(*length).filter(|it| *it <= size).ok_or(BROKEN)?;
            // They do not overlap, so the sum is no more than the end.
            total += length;
        }
        if total != stored {
            return Err("the map of a sparse file does not fit what is stored");
        }
        let mut segments = self.0;
        segments.reverse();
        Ok(Holes { segments, position: 0, size })
    }
}

/// Where in a sparse file the reading is.
#[derive(Debug)]
pub(super) struct Holes {
    /// The next one last.
    segments: Vec<Segment>,
    position: u64,
    size: u64,
}

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    Hole(u64),
    /// So many stored bytes.
    Stored(u64),
    End,
}

impl Holes {
    pub(super) fn next(&mut self) -> Part {
        while let Some(segment) = self.segments.last_mut() {
            if segment.offset > self.position {
                let hole = segment.offset - self.position;
                self.position = segment.offset;
                return Part::Hole(hole);
            }
            if segment.length > 0 {
                return Part::Stored(segment.length);
            }
            self.segments.pop();
        }
        let rest = self.size - self.position;
        self.position = self.size;
        if rest > 0 { Part::Hole(rest) } else { Part::End }
    }

    /// Tells that so many stored bytes were read.
    pub(super) fn advance(&mut self, n: u64) {
        self.position += n;
        if let Some(segment) = self.segments.last_mut() {
            segment.offset += n;
            segment.length -= n;
        }
    }
}
