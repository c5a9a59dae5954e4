//! Pieces of the file: compressed with zstd, each with its lengths and its checksum.

use std::io;

use super::wire::{Reader, put_number};

/// The level at which pieces are compressed: databases are made once a day and read a million times.
const LEVEL: i32 = 19;

/// The most that one piece may unpack to. The largest, of all advisories on one ecosystem, are below
/// a tenth of it.
const MAX_RAW: usize = 256 << 20;

/// Where a piece lies and what it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// From the beginning of the part of the file that it is in.
    pub(super) offset: u64,
    pub(super) packed: usize,
    pub(super) raw: usize,
    /// BLAKE3 of the packed bytes.
    pub(super) digest: [u8; 32],
}

/// Compresses a piece; it lies at the front until its place is known.
pub(super) fn pack(raw: &[u8]) -> io::Result<(Vec<u8>, Piece)> {
    let bytes = zstd::bulk::compress(raw, LEVEL)?;
    let digest = *blake3::hash(&bytes).as_bytes();
    let piece = Piece { offset: 0, packed: bytes.len(), raw: raw.len(), digest };
    Ok((bytes, piece))
}

impl Piece {
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        put_number(out, self.packed);
        put_number(out, self.raw);
        out.extend_from_slice(&self.digest);
    }

    /// Reads one that lies at `offset`, and moves that behind it.
    pub(super) fn read(reader: &mut Reader<'_>, offset: &mut u64) -> Option<Self> {
        let (packed, raw) = (reader.number()?, reader.number()?);
        let digest = reader.bytes(32)?.try_into().ok()?;
        let piece = Self { offset: *offset, packed, raw, digest };
        *offset = offset.checked_add(packed as u64)?;
        Some(piece)
    }

    pub(super) fn is_intact(&self, packed: &[u8]) -> bool {
        *blake3::hash(packed).as_bytes() == self.digest
    }

    /// Unpacks the bytes; nothing if that is not what was stated.
    pub(super) fn unpack(&self, packed: &[u8]) -> Option<Vec<u8>> {
        if self.raw > MAX_RAW {
            return None;
        }
        let mut raw = Vec::with_capacity(self.raw);
        let mut decoder = ruzstd::decoding::FrameDecoder::new();
        decoder.decode_all_to_vec(packed, &mut raw).ok()?;
        (raw.len() == self.raw).then_some(raw)
    }
}
