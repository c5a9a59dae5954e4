//! An archive that cannot be gone back in: every layer is handed out as it comes, and what is small
//! and no layer is kept, until the documents tell which layers are the image's.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::ImageError;
use super::digest::{Algorithm, Digest};
use super::layer::{Checks, LayerStream};
use super::store::{Blob, Entry, MAX_DOCUMENT, Store, add, link_of, name_of};
use crate::format::FormatError;
use crate::format::compression::{Compression, HEAD, Plain, decompress};
use crate::format::tar::{Archive, Kind};
use crate::model::Chunk;

/// All documents together.
const MAX_KEPT: u64 = 64 << 20;

/// Where the archive comes from.
#[derive(Clone, Debug)]
pub struct Once {
    /// Standard input, if there is none.
    pub(super) path: Option<PathBuf>,
    /// Whether it can be read again from its beginning.
    pub can_repeat: bool,
    /// How many bytes it has, if that is known.
    pub size: Option<u64>,
}

/// An archive that passes by.
pub struct Passing {
    archive: Archive<Plain<'static>>,
    entries: BTreeMap<String, Entry>,
    kept: u64,
    n_bytes: Arc<AtomicU64>,
}

/// A layer that comes by.
#[derive(Debug)]
pub struct Coming<'a> {
    /// Its name in the archive.
    pub name: String,
    pub stream: Result<LayerStream<'a>, FormatError>,
}

impl Once {
    /// Begins to read it.
    pub fn begin(&self) -> Result<Passing, ImageError> {
        let from: Box<dyn Read + Send> =
            match &self.path {
                None => Box::new(io::stdin()),
                Some(path) => Box::new(fs::File::open(path).map_err(|source| {
                    ImageError::Open { path: path.display().to_string(), source }
                })?),
            };
        Passing::new(from)
    }
}

impl Passing {
    pub(super) fn new(from: Box<dyn Read + Send>) -> Result<Self, ImageError> {
        let n_bytes = Arc::new(AtomicU64::new(0));
        let (_, plain) = decompress(Counted { from, n_bytes: Arc::clone(&n_bytes) })?;
        Ok(Self { archive: Archive::new(plain), entries: BTreeMap::new(), kept: 0, n_bytes })
    }

    /// How many bytes of the file have passed by, to be looked up while a layer is being read.
    pub fn n_bytes(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.n_bytes)
    }

    /// Goes on to the next layer.
    pub fn layer(&mut self) -> Result<Option<Coming<'_>>, ImageError> {
        while let Some(entry) = self.archive.entry()? {
            let Some(name) = name_of(&entry.name) else { continue };
            if let Some(link) = link_of(&name, &entry.kind) {
                add(&mut self.entries, name, link)?;
                continue;
            }
            if entry.kind != Kind::File {
                continue;
            }
            let head = self.head()?;
            let is_layer = match Compression::of(&head) {
                Compression::Plain => crate::format::tar::begins_archive(&head),
                Compression::Gzip | Compression::Zstd | Compression::Other(_) => true,
            };
            if is_layer {
                add(&mut self.entries, name.clone(), Entry::Read { size: entry.size })?;
                let of_name = Digest::of_path(&name);
                let checks = Checks {
                    stored: Some(of_name.as_ref().map_or(Algorithm::Sha256, Digest::algorithm)),
                    unpacked: of_name.is_none(),
                };
                let rest = Content { archive: &mut self.archive, n_zeros: 0 };
                let stream = Box::new(io::Cursor::new(head).chain(rest));
                let stream = LayerStream::new(Blob { stream, part: None }, checks);
                return Ok(Some(Coming { name, stream }));
            }
            if entry.size <= MAX_DOCUMENT {
                self.keep(name, head, entry.size)?;
            }
        }
        Ok(None)
    }

    /// What was kept.
    pub(super) fn into_store(self) -> Store {
        Store::Past { entries: self.entries }
    }

    fn head(&mut self) -> Result<Vec<u8>, ImageError> {
        let mut head = Vec::new();
        let content = Content { archive: &mut self.archive, n_zeros: 0 };
        content.take(HEAD as u64).read_to_end(&mut head).map_err(FormatError::from)?;
        Ok(head)
    }

    fn keep(&mut self, name: String, head: Vec<u8>, size: u64) -> Result<(), ImageError> {
        self.kept += size;
        if self.kept > MAX_KEPT {
            return Err(ImageError::NoImage("its documents are too large"));
        }
        let mut bytes = head;
        let mut content = Content { archive: &mut self.archive, n_zeros: 0 };
        content.read_to_end(&mut bytes).map_err(FormatError::from)?;
        add(&mut self.entries, name, Entry::Kept(bytes))
    }
}

impl fmt::Debug for Passing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passing").field("entries", &self.entries.len()).finish_non_exhaustive()
    }
}

/// The content of the archive's current entry.
struct Content<'a> {
    archive: &'a mut Archive<Plain<'static>>,
    /// Of a hole, still to be told.
    n_zeros: u64,
}

impl Read for Content<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.n_zeros == 0 {
            match self.archive.content(buffer) {
                Ok(Chunk::Data(n)) => return Ok(n),
                Ok(Chunk::Hole(n)) => self.n_zeros = n,
                Ok(Chunk::End) => return Ok(0),
                Err(FormatError::Io(error)) => return Err(error),
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        let n = usize::try_from(self.n_zeros).unwrap_or(usize::MAX).min(buffer.len());
        if let Some(zeros) = buffer.get_mut(..n) {
            zeros.fill(0);
        }
        self.n_zeros -= n as u64;
        Ok(n)
    }
}

/// A stream that tells how much of it was read.
struct Counted {
    from: Box<dyn Read + Send>,
    n_bytes: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.from.read(buffer)?;
        self.n_bytes.fetch_add(n as u64, Relaxed);
        Ok(n)
    }
}
