//! What the fuzz targets of archives share.

use std::fs;
use std::io::{BufReader, Read};

use layergate::format::compression::decompress;
use layergate::format::tar::{Archive, Kind, Source};
use layergate::model::{Chunk, Inventory};
use layergate::scan;
use layergate::source::image::Wanted;

/// What is unpacked of one input; a bomb takes time for each byte.
const MAX_UNPACKED: u64 = 16 << 20;

const BLOCK: usize = 512;

/// The archive with a right checksum in each header: no mutation would find one.
#[must_use]
pub fn with_checksums(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for block in bytes.chunks_exact_mut(BLOCK).filter(|it| it[257..262] == *b"ustar") {
        block[148..156].fill(b' ');
        let sum: u32 = block.iter().map(|it| u32::from(*it)).sum();
        block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    }
    bytes
}

/// Reads an archive to its end or to what is wrong with it.
///
/// # Panics
///
/// If an entry holds more or less than it should.
pub fn read_archive(bytes: impl Read) {
    let mut archive = Archive::new(BufReader::new(bytes));
    while let Ok(Some(entry)) = archive.entry() {
        assert!(entry.kind == Kind::File || entry.size == 0, "content of what has none");
        if entry.size % 3 == 0 {
            continue;
        }
        let Some(n) = content(&mut archive) else { return };
        assert_eq!(n, entry.size, "another size than was told");
    }
}

/// How much the current entry holds; `None` if it cannot be read.
fn content<R: Source>(archive: &mut Archive<R>) -> Option<u64> {
    let mut buffer = [0; 600];
    let mut n = 0;
    loop {
        match archive.content(&mut buffer).ok()? {
            Chunk::Data(more) => n += more as u64,
            Chunk::Hole(more) => n += more,
            Chunk::End => return Some(n),
        }
    }
}

/// Reads a compressed stream, and what is in it as an archive.
pub fn read_compressed(bytes: &[u8]) {
    let plain = || decompress(bytes).map(|it| it.1.take(MAX_UNPACKED));
    if let Ok(plain) = plain() {
        read_archive(plain);
    }
    if let Ok(mut plain) = plain() {
        std::io::copy(&mut plain, &mut std::io::sink()).ok();
    }
}

/// Scans an image and lays its layers over each other.
///
/// # Panics
///
/// If the file cannot be written, or the inventory cannot be read again.
pub fn scan_image(bytes: &[u8]) {
    let path = std::env::temp_dir().join(format!("layergate-fuzz-{}", std::process::id()));
    fs::write(&path, bytes).expect("the file of the image");
    let Ok(image) = scan::image(&path, &Wanted::default(), None, &|_| {}) else { return };
    let mut inventory = Inventory::default();
    for layer in &image.layers {
        inventory = layer.apply(inventory);
    }
    let mut written = Vec::new();
    inventory.write(&mut written).expect("memory takes every write");
    assert_eq!(Inventory::read(&mut written.as_slice()).expect("what was written"), inventory);
}
