//! The SHA-256 of a whole file, in pieces.

use std::io;

use sha2::{Digest as _, Sha256};

use super::Input;

const PIECE: usize = 1 << 20;

/// The largest file that is read for it. Models of this size come in several files; what is larger
/// is likely to have holes.
const MAX_HASHED: u64 = 1 << 40;

/// The digest in hexadecimal, or `None` of a file that is too large to be read.
///
/// A file that a cache names by its digest is taken at its word: the cache's owner checked it, and
/// who can write there can write anything.
pub(super) fn sha256(input: &Input<'_>) -> io::Result<Option<String>> {
    if let Some(digest) = named(input.path.file_name(), input.path.parent()) {
        return Ok(Some(digest.to_owned()));
    }
    if input.size() > MAX_HASHED {
        return Ok(None);
    }
    let mut hasher = Sha256::new();
    if let Some(bytes) = input.content.as_slice() {
        hasher.update(bytes);
    } else {
        let mut piece = vec![0; PIECE];
        let mut offset = 0;
        loop {
            let n = input.content.read_at(offset, &mut piece)?;
            hasher.update(piece.get(..n).unwrap_or_default());
            offset += n as u64;
            if n < PIECE {
                break;
            }
        }
    }
    Ok(Some(format!("{:x}", hasher.finalize())))
}

/// The digest that the file is named by: `blobs/<64 digits>`, `blobs/sha256-<64 digits>`.
pub(super) fn named<'a>(file_name: &'a str, parent: &str) -> Option<&'a str> {
    let digest = file_name.strip_prefix("sha256-").unwrap_or(file_name);
    (parent.ends_with("/blobs") && is_hex(digest, 64)).then_some(digest)
}

/// Whether it is so many digits, as tools write them: in lower case.
pub(super) fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::{PIECE, named, sha256};
    use crate::analyze::Input;
    use crate::model::{Content, LayerPath};

    /// A file on a disk.
    struct OnDisk(Vec<u8>);

    impl Content for OnDisk {
        fn size(&self) -> u64 {
            self.0.len() as u64
        }

        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.as_slice().read_at(offset, buffer)
        }
    }

    fn check(path: &str, content: &dyn Content) -> Option<String> {
        sha256(&Input { path: &LayerPath::new(path).unwrap(), content }).unwrap()
    }

    #[test]
    fn a_file_is_read_to_its_end_in_pieces() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(check("m", &&b"abc"[..]).as_deref(), Some(abc));
        assert_eq!(check("m", &OnDisk(b"abc".into())).as_deref(), Some(abc));
        for length in [0, PIECE - 1, PIECE, 2 * PIECE + 1] {
            let bytes = vec![b'x'; length];
            assert_eq!(
                check("m", &OnDisk(bytes.clone())),
                check("m", &bytes.as_slice()),
                "{length}"
            );
        }
    }

    #[test]
    fn a_file_that_is_named_by_its_digest_is_not_read() {
        struct Unreadable;
        impl Content for Unreadable {
            fn size(&self) -> u64 {
                1 << 50
            }

            fn read_at(&self, _: u64, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("read"))
            }
        }
        let digest = "0123456789abcdef".repeat(4);
        let path = format!("h/models--a--b/blobs/{digest}");
        assert_eq!(check(&path, &Unreadable), Some(digest.clone()));
        assert_eq!(check(&format!("o/blobs/sha256-{digest}"), &Unreadable), Some(digest.clone()));
        assert_eq!(check("m", &Unreadable), None);
        assert_eq!(named(&digest, "somewhere"), None);
        assert_eq!(named(&digest[1..], "h/blobs"), None);
    }
}
