//! What of a file the secret scanner gets to see: all but holes and silent parts, of which it gets some
//! zeros instead.

use std::io;
use std::ops::Range;

use super::read::FileScanner;
use crate::model::{Chunk, Content};
use crate::source::File;

/// What a hole is to the secret scanner: enough to end a match.
static HOLE: [u8; 4096] = [0; 4096];

/// The next piece of `file` outside the `silent` parts, which are passed over like holes.
pub(super) fn next_but(
    silent: &[Range<u64>],
    file: &mut File,
    buffer: &mut [u8],
) -> io::Result<Chunk> {
    let position = file.position();
    let part = silent.get(silent.partition_point(|it| it.end <= position));
    match part {
        None => file.next(buffer),
        Some(part) if part.start <= position => {
            file.skip_to(part.end)?;
            Ok(Chunk::Hole(part.end - position))
        }
        Some(part) => {
            let room = usize::try_from(part.start - position).unwrap_or(usize::MAX);
            let length = room.min(buffer.len());
            file.next(buffer.get_mut(..length).unwrap_or_default())
        }
    }
}

/// A file of which only the beginning is there.
pub(super) struct Beginning<'a> {
    pub(super) front: &'a [u8],
    pub(super) size: u64,
}

impl Content for Beginning<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.front.read_at(offset, buffer)
    }
}

/// Feeds what lies outside of the silent parts, which are told like holes.
pub(super) struct Feeder<'a> {
    pub(super) silent: &'a [Range<u64>],
    pub(super) position: u64,
}

impl Feeder<'_> {
    pub(super) fn feed(&mut self, scanner: &mut dyn FileScanner, mut data: &[u8]) {
        while !data.is_empty() {
            let length = |n: u64| usize::try_from(n).unwrap_or(usize::MAX).min(data.len());
            let n = match self.silent.split_first() {
                Some((part, rest)) if part.end <= self.position => {
                    self.silent = rest;
                    continue;
                }
                Some((part, _)) if part.start <= self.position => {
                    if part.start == self.position {
                        scanner.feed(hole(part.end - part.start));
                    }
                    length(part.end - self.position)
                }
                part => {
                    let n = part.map_or(data.len(), |it| length(it.0.start - self.position));
                    scanner.feed(data.get(..n).unwrap_or_default());
                    n
                }
            };
            self.position += n as u64;
            data = data.get(n..).unwrap_or_default();
        }
    }

    /// Passes over zeros that are not stored.
    pub(super) fn pass(&mut self, scanner: &mut dyn FileScanner, n: u64) {
        scanner.feed(hole(n));
        self.position += n;
    }
}

/// What a run of `n` zeros that are not stored is to the scanner.
pub(super) fn hole(n: u64) -> &'static [u8] {
    HOLE.get(..usize::try_from(n).unwrap_or(usize::MAX)).unwrap_or(&HOLE)
}

#[cfg(test)]
mod tests {
    use super::{Feeder, FileScanner};
    use crate::model::{LayerPath, SecretHit};

    #[derive(Default)]
    struct Seen(Vec<u8>);

    impl FileScanner for Seen {
        fn begin(&mut self, _: &LayerPath) {}

        fn feed(&mut self, chunk: &[u8]) {
            self.0.extend(chunk);
        }

        fn finish(&mut self) -> (Vec<SecretHit>, Vec<String>) {
            (Vec::new(), Vec::new())
        }
    }

    #[test]
    fn silent_parts_are_told_once_however_the_file_comes() {
        let bytes: Vec<u8> = (1..=100).collect();
        let silent = [10..20, 20..21, 90..200];
        for step in [1, 7, 10, 100] {
            let mut seen = Seen::default();
            let mut feeder = Feeder { silent: &silent, position: 0 };
            for chunk in bytes.chunks(step) {
                feeder.feed(&mut seen, chunk);
            }
            let expected = [&bytes[..10], &[0; 11], &bytes[21..90], &[0; 110]].concat();
            assert_eq!(seen.0, expected, "{step}");
        }
    }
}
