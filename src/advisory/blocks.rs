//! Values by key, in compressed blocks: a look-up reads the index and one block.
//!
//! Entries are sorted by key; the index has the last key, the lengths and the checksum of each block.

use std::io;

use super::packed::{Piece, pack};
use super::wire::{Broken, Reader, put_number, put_text};

/// A block is closed when it reaches this size; an entry is never split.
const BLOCK: usize = 16 * 1024;

/// Where a block lies and what it must be.
#[derive(Clone, Debug)]
pub(super) struct Block {
    last_key: String,
    pub(super) piece: Piece,
}

/// What was written: the index, and the blocks that it points into.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) index: Vec<u8>,
    pub(super) blocks: Vec<u8>,
}

/// Lays out the entries, which come in the order of their keys.
pub(super) fn write(entries: impl Iterator<Item = (String, Vec<u8>)>) -> io::Result<Written> {
    let (mut written, mut block, mut last_key) = (Written::default(), Vec::new(), String::new());
    let mut index = Vec::new();
    let mut close = |block: &mut Vec<u8>, last_key: &str| {
        let (packed, piece) = pack(block)?;
        put_text(&mut index, last_key);
        piece.put(&mut index);
        written.blocks.extend_from_slice(&packed);
        block.clear();
        io::Result::Ok(())
    };
    for (key, value) in entries {
        put_text(&mut block, &key);
        put_number(&mut block, value.len());
        block.extend_from_slice(&value);
        last_key = key;
        if block.len() >= BLOCK {
            close(&mut block, &last_key)?;
        }
    }
    if !block.is_empty() {
        close(&mut block, &last_key)?;
    }
    written.index = index;
    Ok(written)
}

/// Reads an index; nothing if it is anything else.
pub(super) fn index(bytes: &[u8]) -> Option<Vec<Block>> {
    let (mut reader, mut blocks, mut offset) = (Reader(bytes), Vec::new(), 0u64);
    while !reader.is_at_end() {
        let last_key = reader.owned()?;
        let piece = Piece::read(&mut reader, &mut offset)?;
        blocks.push(Block { last_key, piece });
    }
    Some(blocks)
}

/// The place of the one block that can hold `key`.
pub(super) fn place(blocks: &[Block], key: &str) -> usize {
    blocks.partition_point(|it| it.last_key.as_str() < key)
}

/// Finds the value of `key` in a block.
pub(super) fn find<'a>(block: &'a [u8], key: &str) -> Result<Option<&'a [u8]>, Broken> {
    let mut reader = Reader(block);
    while !reader.is_at_end() {
        let (found, length) = reader.text().zip(reader.number()).ok_or(Broken)?;
        let value = reader.bytes(length).ok_or(Broken)?;
        if found == key {
            return Ok(Some(value));
        }
    }
    Ok(None)
}
