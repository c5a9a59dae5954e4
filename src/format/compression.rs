//! Compressed streams, told by their first bytes.
//!
//! gzip (RFC 1952) with any number of members, zstd (RFC 8878) with any number of frames. Output is
//! made as it is read, so a stream that would unpack to a terabyte costs its window.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;

use super::{FormatError, tar, zstd};

/// How a stream is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    Plain,
    Gzip,
    Zstd,
    /// One that is not read here; the text names it.
    Other(&'static str),
}

/// How many first bytes tell a compression from an archive that begins like it.
pub const HEAD: usize = 512;

/// Read at once: enough to make a call cheap.
const BUFFER: usize = 128 << 10;

impl Compression {
    /// Tells it by the first [`HEAD`] bytes, or all of a shorter stream.
    pub fn of(head: &[u8]) -> Self {
        // An archive begins with a name, and a name may begin with anything.
        if tar::begins_archive(head) {
            return Self::Plain;
        }
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Self::Other("bzip2"),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Other("xz"),
            [0x04, 0x22, 0x4d, 0x18, ..] => Self::Other("lz4"),
            [0x1f, 0x9d, ..] => Self::Other("compress"),
            [0x5d, 0, 0, ..] => Self::Other("lzma"),
            _ => Self::Plain,
        }
    }
}

/// A stream as it was before it was compressed.
pub type Plain<'a> = BufReader<Box<dyn Read + Send + 'a>>;

/// Undoes the compression of `from`.
pub fn decompress<'a>(
    mut from: impl Read + Send + 'a,
) -> Result<(Compression, Plain<'a>), FormatError> {
    let mut head = Vec::new();
    from.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
    let compression = Compression::of(&head);
    let whole = io::Cursor::new(head).chain(from);
    let plain: Box<dyn Read + Send> = match compression {
        Compression::Plain => Box::new(whole),
        Compression::Gzip => Box::new(MultiGzDecoder::new(BufReader::with_capacity(BUFFER, whole))),
        Compression::Zstd => Box::new(zstd::Decoder::new(BufReader::with_capacity(BUFFER, whole))),
        Compression::Other(name) => return Err(FormatError::Compression(name)),
    };
    Ok((compression, BufReader::with_capacity(BUFFER, plain)))
}

/// Whether anything is left.
pub(super) fn is_at_end(from: &mut impl BufRead) -> io::Result<bool> {
    loop {
        match from.fill_buf() {
            Ok(there) => return Ok(there.is_empty()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use flate2::write::GzEncoder;

    use super::{Compression, decompress};

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
    }

    fn plain(bytes: &[u8]) -> Result<Vec<u8>, String> {
        let mut out = Vec::new();
        let (_, mut from) = decompress(bytes).map_err(|it| it.to_string())?;
        from.read_to_end(&mut out).map_err(|it| it.to_string())?;
        Ok(out)
    }

    #[test]
    fn members_and_frames_are_joined() {
        assert_eq!(plain(&[gzip(b"one "), gzip(b""), gzip(b"two")].concat()).unwrap(), b"one two");
        let skippable = [&[0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"xxx"].concat();
        let frames = [&skippable[..], &zstd(b"one "), &skippable, &zstd(b"two"), &skippable];
        assert_eq!(plain(&frames.concat()).unwrap(), b"one two");
        assert_eq!(plain(b"as it is").unwrap(), b"as it is");
        assert_eq!(plain(b"").unwrap(), b"");
    }

    #[test]
    fn a_stream_may_end_anywhere_but_is_never_taken_for_whole() {
        let text: Vec<u8> = (0..4_000_u32).flat_map(|it| (it * it).to_le_bytes()).collect();
        for good in [gzip(&text), zstd(&text)] {
            assert_eq!(plain(&good).unwrap(), text);
            for end in 6..good.len() {
                if end < 200 || end % 97 == 0 || end + 20 > good.len() {
                    assert!(plain(&good[..end]).is_err(), "{end} of {}", good.len());
                }
            }
        }
    }

    #[test]
    fn what_is_damaged_ends_the_reading() {
        let text: Vec<u8> = (0..300_u32).flat_map(|it| (it * it).to_le_bytes()).collect();
        for good in [gzip(&text), zstd(&text)] {
            for at in 0..good.len() {
                for bit in [1, 0x80] {
                    let mut bad = good.clone();
                    bad[at] ^= bit;
                    drop(plain(&bad));
                }
            }
        }
    }

    #[test]
    fn a_window_of_more_than_128_mib_is_refused() {
        // 10 + 18 bits: 256 MiB.
        let frame = [0x28, 0xb5, 0x2f, 0xfd, 0, 18 << 3, 1, 0, 0];
        insta::assert_snapshot!(plain(&frame).unwrap_err(), @"zstd: the window is too large, limit 128 MiB");
        let frame = [0x28, 0xb5, 0x2f, 0xfd, 0, 17 << 3, 1, 0, 0];
        assert_eq!(plain(&frame).unwrap(), b"");
    }

    #[test]
    fn streams_are_read_for_fuzzing() {
        use crate::format::tar::made::Tar;
        use crate::source::image::made::seed;
        let archive = Tar::default().file("a", &[b'x'; 700]).hard_link("b", "a").end();
        for (name, stream) in [("gzip", gzip(&archive)), ("zstd", zstd(&archive))] {
            let twice = [&stream[..], &stream].concat();
            assert_eq!(plain(&twice).unwrap(), [&archive[..], &archive].concat());
            seed(name, "once", &stream);
            seed(name, "twice", &twice);
        }
        let text: Vec<u8> = (0..9000_u32).flat_map(|it| (it * it).to_le_bytes()).collect();
        seed("zstd", "numbers", &zstd(&text));
        seed("gzip", "numbers", &gzip(&text));
    }

    #[test]
    fn others_are_named() {
        insta::assert_snapshot!(plain(b"BZh91AY&SY").unwrap_err(), @"it is compressed with bzip2, which cannot be read; gzip and zstd can");
        insta::assert_snapshot!(plain(b"\xfd7zXZ\0\0\x04").unwrap_err(), @"it is compressed with xz, which cannot be read; gzip and zstd can");
    }

    #[test]
    fn an_archive_that_begins_like_something_else_is_an_archive() {
        let archive = crate::format::tar::made::Tar::default().file("BZh9", b"x").end();
        assert_eq!(Compression::of(&archive), Compression::Plain);
        assert_eq!(plain(&archive).unwrap(), archive);
    }
}
