//! The layout of the database file.
//!
//! ```text
//! header     magic, schema: u32, directory's packed and raw length: u32, length of the rest: u64,
//!            BLAKE3 of the packed directory, signature of that or zeros          (little-endian)
//! directory  when it was built, the newest change in it, sources, ends of life, shards,
//!            and the indexes of the two parts below
//! shards     one for each ecosystem and release
//! flaws      use of flaws (KEV, EPSS), by CVE
//! details    summaries and references, by the flaw's first name; none in a slim database
//! ```
//!
//! The directory vouches for every piece, and its own digest for the directory; that digest names
//! the whole database, and is what is signed.

use super::packed::Piece;
use super::wire::{Reader, put_number, put_text};

/// The first bytes of the file.
pub(super) const MAGIC: &[u8; 8] = b"LGADVDB\n";
/// Changes with every change of the layout or of its meaning.
pub const SCHEMA: u32 = 2;
/// The length of what stands before the directory.
pub(super) const HEADER: usize = 8 + 4 + 4 + 4 + 8 + 32 + SIGNATURE;
/// The length of an Ed25519 signature.
pub(super) const SIGNATURE: usize = 64;

/// The fixed part at the beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) schema: u32,
    pub(super) packed: u32,
    pub(super) raw: u32,
    pub(super) rest: u64,
    pub(super) digest: [u8; 32],
    pub(super) signature: [u8; SIGNATURE],
}

impl Header {
    /// Nothing if the bytes do not begin with the magic.
    pub(super) fn parse(bytes: &[u8; HEADER]) -> Option<Self> {
        let mut reader = Reader(bytes);
        if reader.bytes(MAGIC.len())? != MAGIC {
            return None;
        }
        let mut number = || Some(u32::from_le_bytes(reader.bytes(4)?.try_into().ok()?));
        let (schema, packed, raw) = (number()?, number()?, number()?);
        Some(Self {
            schema,
            packed,
            raw,
            rest: u64::from_le_bytes(reader.bytes(8)?.try_into().ok()?),
            digest: reader.bytes(32)?.try_into().ok()?,
            signature: reader.bytes(SIGNATURE)?.try_into().ok()?,
        })
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        for number in [self.schema, self.packed, self.raw] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(&self.rest.to_le_bytes());
        out.extend_from_slice(&self.digest);
        out.extend_from_slice(&self.signature);
        out
    }
}

/// What the database was made from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// `OSV PyPI`, `CISA KEV`.
    pub name: String,
    /// The newest change in it, or the date that it gives as its own.
    pub date: String,
    pub records: usize,
}

/// When a release of a distribution is no longer maintained.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct EndOfLife {
    /// As in `os-release`.
    pub(super) distro: String,
    pub(super) version: String,
    /// `YYYY-MM-DD`: the last day; empty, and so before any day, where it has ended and nobody says
    /// when.
    pub(super) date: String,
}

/// One shard in the file.
#[derive(Clone, Debug)]
pub(super) struct ShardEntry {
    /// `Debian:12`.
    pub(super) ecosystem: String,
    pub(super) n_packages: usize,
    pub(super) n_rows: usize,
    pub(super) piece: Piece,
}

/// What the directory says of the whole.
#[derive(Clone, Debug, Default)]
pub(super) struct Directory {
    pub(super) built: String,
    pub(super) newest: String,
    pub(super) n_records: usize,
    pub(super) sources: Vec<Source>,
    pub(super) ends: Vec<EndOfLife>,
    /// In the order of their names. Places count from the end of the directory.
    pub(super) shards: Vec<ShardEntry>,
    /// The indexes of flaws and details. They lie behind the shards, their blocks behind them.
    pub(super) indexes: Vec<Piece>,
    /// How long the blocks of flaws and details are.
    pub(super) blocks: Vec<usize>,
}

/// The parts of the file that are looked up by key.
pub(super) const FLAWS: usize = 0;
pub(super) const DETAILS: usize = 1;

impl Directory {
    pub(super) fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_text(&mut out, &self.built);
        put_text(&mut out, &self.newest);
        put_number(&mut out, self.n_records);
        put_number(&mut out, self.sources.len());
        for it in &self.sources {
            put_text(&mut out, &it.name);
            put_text(&mut out, &it.date);
            put_number(&mut out, it.records);
        }
        put_number(&mut out, self.ends.len());
        for it in &self.ends {
            for text in [&it.distro, &it.version, &it.date] {
                put_text(&mut out, text);
            }
        }
        put_number(&mut out, self.shards.len());
        for it in &self.shards {
            put_text(&mut out, &it.ecosystem);
            put_number(&mut out, it.n_packages);
            put_number(&mut out, it.n_rows);
            it.piece.put(&mut out);
        }
        for (index, blocks) in self.indexes.iter().zip(&self.blocks) {
            index.put(&mut out);
            put_number(&mut out, *blocks);
        }
        out
    }

    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let (built, newest) = (reader.owned()?, reader.owned()?);
        let n_records = reader.number()?;
        let sources = reader.list(|it| {
            Some(Source { name: it.owned()?, date: it.owned()?, records: it.number()? })
        })?;
        let ends = reader.list(|it| {
            Some(EndOfLife { distro: it.owned()?, version: it.owned()?, date: it.owned()? })
        })?;
        let mut offset = 0;
        let shards = reader.list(|it| {
            Some(ShardEntry {
                ecosystem: it.owned()?,
                n_packages: it.number()?,
                n_rows: it.number()?,
                piece: Piece::read(it, &mut offset)?,
            })
        })?;
        // Shards are looked up by bisection.
        if !shards.is_sorted_by(|a, b| a.ecosystem < b.ecosystem) {
            return None;
        }
        let (mut indexes, mut blocks) = (Vec::new(), Vec::new());
        for _ in [FLAWS, DETAILS] {
            indexes.push(Piece::read(&mut reader, &mut offset)?);
            let length = reader.number()?;
            blocks.push(length);
            offset = offset.checked_add(length as u64)?;
        }
        let directory = Self { built, newest, n_records, sources, ends, shards, indexes, blocks };
        reader.is_at_end().then_some(directory)
    }

    /// The length of all that follows the directory.
    pub(super) fn rest(&self) -> u64 {
        let pieces = self.shards.iter().map(|it| &it.piece).chain(&self.indexes);
        let pieces: u64 = pieces.map(|it| it.packed as u64).sum();
        pieces + self.blocks.iter().map(|it| *it as u64).sum::<u64>()
    }
}
