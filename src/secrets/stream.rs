//! Streams a file of any size through a buffer of fixed size.
//!
//! The file is looked through in blocks at fixed offsets, whatever the chunks it comes in. A
//! literal is confirmed once [`AHEAD`] bytes after it are there, or the file has ended, and
//! [`BEHIND`] bytes before it are kept; so every confirmation sees the same window.

use std::fmt;
use std::ops::Range;

use super::encoding::{Encoding, HEAD, Utf16};
use super::hits::{FileHits, Hits};
use super::index::{Event, INDEX};
use super::rule::{Rule, Shape};
use super::shape;
use super::window::{AHEAD, BEHIND, Found, Window};
use crate::model::{LayerPath, Redacted};

/// The most bytes held at a time.
const BUFFER: usize = 256 * 1024;

/// Looks for secrets in one file after the other; keeps its buffer in between.
pub struct FileScan {
    name: String,
    /// Not known until the first [`HEAD`] bytes are there.
    encoding: Option<Encoding>,
    utf16: Utf16,
    buffer: Vec<u8>,
    /// The offset of the buffer in the file.
    offset: u64,
    /// How many of the buffer's bytes were looked through before.
    done: usize,
    /// The line ends before the buffer.
    lines: u64,
    hits: Hits,
}

impl FileScan {
    /// Begins with the file at `path`.
    pub fn new(path: &LayerPath) -> Self {
        Self::begin(path.file_name().to_owned(), None)
    }

    fn begin(name: String, encoding: Option<Encoding>) -> Self {
        Self {
            name,
            encoding,
            utf16: Utf16::default(),
            buffer: Vec::new(),
            offset: 0,
            done: 0,
            lines: 0,
            hits: Hits::default(),
        }
    }

    /// Begins with text that is in no file.
    pub(super) fn of_text() -> Self {
        Self::begin(String::new(), Some(Encoding::Text))
    }

    /// Begins anew with another file; what was fed and not taken is forgotten.
    pub fn reset(&mut self, path: &LayerPath) {
        path.file_name().clone_into(&mut self.name);
        self.encoding = None;
        self.utf16 = Utf16::default();
        self.buffer.clear();
        self.offset = 0;
        self.done = 0;
        self.lines = 0;
        drop(self.hits.take());
    }

    /// Takes the next bytes of the file.
    pub fn feed(&mut self, chunk: &[u8]) {
        let mut rest = chunk;
        while !rest.is_empty() {
            let limit = if self.encoding.is_some() { BUFFER } else { HEAD };
            let (now, later) = rest.split_at(rest.len().min(limit - self.buffer.len()));
            rest = later;
            if let Some(Encoding::Utf16 { big_endian }) = self.encoding {
                self.utf16.fold(now, big_endian, &mut self.buffer);
            } else {
                self.buffer.extend_from_slice(now);
            }
            if self.buffer.len() == HEAD && self.encoding.is_none() {
                self.decide();
            }
            if self.buffer.len() == BUFFER {
                self.look(BUFFER - AHEAD);
                self.keep_from(BUFFER - AHEAD - BEHIND);
            }
        }
    }

    /// Ends the file and hands out what was found; [`FileScan::reset`] begins the next.
    pub fn take(&mut self) -> FileHits {
        if self.encoding.is_none() {
            self.decide();
        }
        self.look(self.buffer.len());
        self.hits.take()
    }

    /// Ends the file and tells where the secrets are instead of what they are.
    pub(super) fn places(mut self) -> Vec<(Range<u64>, Redacted)> {
        self.look(self.buffer.len());
        self.hits.places()
    }

    /// Ends the file.
    pub fn finish(mut self) -> FileHits {
        self.take()
    }

    fn decide(&mut self) {
        let encoding = Encoding::of(&self.buffer);
        if let Encoding::Utf16 { big_endian } = encoding {
            let head = std::mem::take(&mut self.buffer);
            self.utf16.fold(&head, big_endian, &mut self.buffer);
        }
        self.encoding = Some(encoding);
    }

    /// Looks through the buffer up to `end`.
    fn look(&mut self, end: usize) {
        let Self { name, encoding, buffer, offset, done, lines, hits, .. } = self;
        let is_text = *encoding != Some(Encoding::Binary);
        INDEX.find(buffer, *done..end, |Event { rule, at }| {
            if !is_text && rule.text_only() {
                return;
            }
            let begin = at.start.saturating_sub(BEHIND);
            let window = Window::cut(buffer, at, name);
            let Some(found) = confirm(rule, &window) else { return };
            let start = begin + found.span.start;
            let span = *offset + start as u64..*offset + (begin + found.span.end) as u64;
            hits.add(rule, found, span, || {
                *lines + count_lines(buffer.get(..start).unwrap_or_default()) + 1
            });
        });
        self.done = end;
    }

    /// Forgets the buffer up to `from`.
    fn keep_from(&mut self, from: usize) {
        self.lines += count_lines(self.buffer.get(..from).unwrap_or_default());
        self.buffer.drain(..from);
        self.offset += from as u64;
        self.done -= from;
    }
}

/// Says nothing of the buffer.
impl fmt::Debug for FileScan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileScan").field("offset", &self.offset).finish_non_exhaustive()
    }
}

fn confirm<'a>(rule: &Rule, window: &Window<'a>) -> Option<Found<'a>> {
    match &rule.shape {
        Shape::Token(it) => shape::token(it, window),
        Shape::Assigned(it) => shape::assigned(it, window),
        Shape::Structure(it) => (it.find)(window),
    }
}

fn count_lines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}
