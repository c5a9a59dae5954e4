//! One layer as a stream: hashed as it is stored, decompressed, and read as an archive.

use std::fmt;
use std::io::Read;

use super::digest::{Algorithm, Hashed};
use super::store::{Blob, Part};
use super::{Digest, ImageError};
use crate::format::FormatError;
use crate::format::compression::{Compression, Plain, decompress};
use crate::format::tar::Archive;

/// A layer that is being read.
pub struct LayerStream<'a> {
    pub archive: Archive<Plain<'a>>,
    stored: Hashed<Box<dyn Read + Send + 'a>>,
    unpacked: Option<Hashed<Plain<'a>>>,
    compression: Compression,
    /// The archive, where it can be read at any place as well.
    part: Option<Part>,
}

/// What is to be hashed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Checks {
    /// The bytes as they are stored.
    pub(super) stored: Option<Algorithm>,
    /// The archive in them, where those are not the same.
    pub(super) unpacked: bool,
}

/// What a layer's bytes hash to.
#[derive(Clone, Debug, Default)]
pub struct Hashes {
    stored: Option<Digest>,
    unpacked: Option<Digest>,
}

impl<'a> LayerStream<'a> {
    pub(super) fn new(blob: Blob<'a>, checks: Checks) -> Result<Self, FormatError> {
        let stored = Hashed::new(blob.stream, checks.stored);
        let (compression, plain) = decompress(stored.clone())?;
        let is_same = compression == Compression::Plain && checks.stored == Some(Algorithm::Sha256);
        let (unpacked, plain) = if checks.unpacked && !is_same {
            let unpacked = Hashed::new(plain, Some(Algorithm::Sha256));
            let boxed: Box<dyn Read + Send + 'a> = Box::new(unpacked.clone());
            (Some(unpacked), Plain::with_capacity(128 << 10, boxed))
        } else {
            (None, plain)
        };
        let part = blob.part.filter(|_| compression == Compression::Plain);
        Ok(Self { archive: Archive::new(plain), stored, unpacked, compression, part })
    }

    /// The archive, where it can be read at any place without being read through.
    pub fn part(&self) -> Option<Part> {
        self.part.clone()
    }

    /// Tells how far it is while its archive is being read.
    pub fn counter(&self) -> Counter<'a> {
        Counter(self.stored.clone())
    }

    /// Reads what follows the end of the archive; only a hash needs it.
    pub fn finish(mut self) -> Result<Hashes, FormatError> {
        drop(self.archive);
        let unpacked = self.unpacked.as_mut().map(Hashed::finish).transpose()?.flatten();
        let stored = self.stored.finish()?;
        let is_plain = self.compression == Compression::Plain;
        let unpacked = unpacked.or_else(|| stored.clone().filter(|_| is_plain));
        Ok(Hashes { stored, unpacked })
    }
}

/// Counts the stored bytes that were read.
pub struct Counter<'a>(Hashed<Box<dyn Read + Send + 'a>>);

impl Counter<'_> {
    pub fn n_bytes(&self) -> u64 {
        self.0.n_bytes()
    }
}

impl fmt::Debug for Counter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Counter").field(&self.n_bytes()).finish()
    }
}

impl fmt::Debug for LayerStream<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("LayerStream");
        shown.field("offset", &self.archive.offset()).finish_non_exhaustive()
    }
}

impl Hashes {
    /// Compares with what the manifest says of layer `number`; of two digests, with the one of the
    /// stored bytes: the config's is the manifest's to vouch for.
    pub fn check(
        &self,
        number: usize,
        digest: Option<&Digest>,
        diff_id: Option<&Digest>,
    ) -> Result<(), ImageError> {
        let of_stored = digest.zip(self.stored.as_ref());
        let of_unpacked = diff_id.zip(self.unpacked.as_ref());
        match of_stored.or(of_unpacked) {
            Some((expected, actual)) if expected != actual => Err(ImageError::Digest {
                what: format!("layer {number}"),
                expected: expected.clone(),
                actual: actual.clone(),
            }),
            _ => Ok(()),
        }
    }
}
