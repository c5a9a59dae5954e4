//! The layout of the database file: a directory, then blocks of entries sorted by key.
//!
//! ```text
//! magic, schema: u32, directory length: u32, blocks length: u64, blake3 of the directory   (LE)
//! directory: build date, source date, number of records, ecosystems; for each block its last
//!            key, length and blake3
//! blocks:    for each entry its key and its value
//! ```
//!
//! A look-up reads the one block that can hold the key, so the cost of opening does not grow with
//! the number of advisories. The directory vouches for every block and its own digest for the
//! directory; that digest names the whole database.

use super::database::Problem;
use super::record::{Reader, put_number, put_text};

/// The first bytes of the file.
pub(super) const MAGIC: &[u8; 8] = b"LGADVDB\n";
/// Changes with every change of the layout or of its meaning.
pub(super) const SCHEMA: u32 = 1;
/// The length of what stands before the directory.
pub(super) const HEADER: usize = 8 + 4 + 4 + 8 + 32;
/// A block is closed when it reaches this size; an entry is never split.
const BLOCK: usize = 32 * 1024;

/// An entry's key; sorts as its bytes do.
pub(super) fn key(ecosystem: &str, name: &str) -> String {
    format!("{ecosystem}\n{name}")
}

/// What the directory says of the whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Directory {
    pub(super) built: String,
    pub(super) source_date: String,
    pub(super) records: usize,
    /// Those that an entry speaks of, sorted.
    pub(super) ecosystems: Vec<String>,
    pub(super) blocks: Vec<Block>,
}

/// Where a block lies and what it must hash to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) last_key: String,
    /// From the end of the directory.
    pub(super) offset: u64,
    pub(super) len: usize,
    pub(super) digest: [u8; 32],
}

/// The fixed part at the beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) schema: u32,
    pub(super) directory_len: u32,
    pub(super) blocks_len: u64,
    pub(super) digest: [u8; 32],
}

impl Header {
    /// Nothing if the bytes do not begin with the magic.
    pub(super) fn parse(bytes: &[u8; HEADER]) -> Option<Self> {
        let mut reader = Reader(bytes);
        if reader.bytes(MAGIC.len())? != MAGIC {
            return None;
        }
        Some(Self {
            schema: u32::from_le_bytes(reader.bytes(4)?.try_into().ok()?),
            directory_len: u32::from_le_bytes(reader.bytes(4)?.try_into().ok()?),
            blocks_len: u64::from_le_bytes(reader.bytes(8)?.try_into().ok()?),
            digest: reader.bytes(32)?.try_into().ok()?,
        })
    }
}

impl Directory {
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let built = reader.text()?.to_owned();
        let source_date = reader.text()?.to_owned();
        let records = reader.number()?;
        let ecosystems = reader.list(|it| it.text().map(str::to_owned))?;
        let mut blocks = reader.list(|it| {
            let (last_key, len) = (it.text()?.to_owned(), it.number()?);
            Some(Block { last_key, offset: 0, len, digest: it.bytes(32)?.try_into().ok()? })
        })?;
        let mut offset = 0u64;
        for block in &mut blocks {
            block.offset = offset;
            offset = offset.checked_add(block.len as u64)?;
        }
        reader.is_at_end().then_some(Self { built, source_date, records, ecosystems, blocks })
    }

    /// The sum of the blocks' lengths.
    pub(super) fn blocks_len(&self) -> u64 {
        self.blocks.last().map_or(0, |it| it.offset.saturating_add(it.len as u64))
    }

    fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_text(&mut out, &self.built);
        put_text(&mut out, &self.source_date);
        put_number(&mut out, self.records);
        put_number(&mut out, self.ecosystems.len());
        for ecosystem in &self.ecosystems {
            put_text(&mut out, ecosystem);
        }
        put_number(&mut out, self.blocks.len());
        for block in &self.blocks {
            put_text(&mut out, &block.last_key);
            put_number(&mut out, block.len);
            out.extend_from_slice(&block.digest);
        }
        out
    }
}

/// Finds the value of `key` in a block.
pub(super) fn find<'a>(block: &'a [u8], key: &str) -> Result<Option<&'a [u8]>, Problem> {
    let mut reader = Reader(block);
    while !reader.is_at_end() {
        let entry = reader
            .text()
            .zip(reader.number())
            .and_then(|(key, len)| Some((key, reader.bytes(len)?)));
        match entry {
            Some((found, value)) if found == key => return Ok(Some(value)),
            Some(_) => {}
            None => return Err(Problem::Malformed("block")),
        }
    }
    Ok(None)
}

/// Lays out a whole file; `entries` come in the order of their keys.
pub(super) fn write(
    mut directory: Directory,
    entries: impl Iterator<Item = (String, Vec<u8>)>,
) -> Option<Vec<u8>> {
    let (mut blocks, mut start) = (Vec::new(), 0);
    let mut last_key = String::new();
    for (key, value) in entries {
        let ecosystem = key.split('\n').next().unwrap_or_default();
        if directory.ecosystems.last().is_none_or(|it| it != ecosystem) {
            directory.ecosystems.push(ecosystem.to_owned());
        }
        put_text(&mut blocks, &key);
        put_number(&mut blocks, value.len());
        blocks.extend_from_slice(&value);
        last_key = key;
        if blocks.len() - start >= BLOCK {
            directory.close_block(&blocks, &mut start, &last_key);
        }
    }
    if start < blocks.len() {
        directory.close_block(&blocks, &mut start, &last_key);
    }
    let listing = directory.write();
    let mut out = Vec::with_capacity(HEADER + listing.len() + blocks.len());
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&SCHEMA.to_le_bytes());
    out.extend_from_slice(&u32::try_from(listing.len()).ok()?.to_le_bytes());
    out.extend_from_slice(&(blocks.len() as u64).to_le_bytes());
    out.extend_from_slice(blake3::hash(&listing).as_bytes());
    out.extend_from_slice(&listing);
    out.extend_from_slice(&blocks);
    Some(out)
}

impl Directory {
    fn close_block(&mut self, blocks: &[u8], start: &mut usize, last_key: &str) {
        let block = blocks.get(*start..).unwrap_or_default();
        self.blocks.push(Block {
            last_key: last_key.to_owned(),
            offset: *start as u64,
            len: block.len(),
            digest: *blake3::hash(block).as_bytes(),
        });
        *start = blocks.len();
    }
}
