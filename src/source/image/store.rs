//! Where the blobs of an image lie: in a directory, in an archive at places that can be gone to, or,
//! of an archive that has passed by, the small ones in memory.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use super::{Digest, ImageError};
use crate::format::tar::{Archive, Kind, Source};
use crate::model::{Content, LayerPath};
use crate::source::{File, Tree};

/// Entries of an archive. An image has some for each layer, and there are 127 layers at most.
const MAX_ENTRIES: usize = 100_000;

/// Documents are JSON of at most this size, as registries have it.
pub(super) const MAX_DOCUMENT: u64 = 4 << 20;

/// Links that lead to links.
const MAX_HOPS: usize = 40;

/// The blobs by their names.
#[derive(Debug)]
pub(super) enum Store {
    Directory(Tree),
    Archive {
        whole: Part,
        entries: BTreeMap<String, Entry>,
    },
    /// What was kept of an archive that was read once.
    Past {
        entries: BTreeMap<String, Entry>,
    },
}

/// What is under one name in an archive.
#[derive(Debug)]
pub(super) enum Entry {
    At {
        offset: u64,
        size: u64,
    },
    Kept(Vec<u8>),
    /// A layer that was read as it came.
    Read {
        size: u64,
    },
    /// Where it leads to, from the root of the archive.
    Link(String),
    /// Stored in a way that is not read at offsets.
    Holes,
}

/// A blob that is there.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// The name under which its bytes are, behind all links.
    pub(super) name: String,
    pub(super) size: u64,
}

/// A blob that is open.
pub(super) struct Blob<'a> {
    pub(super) stream: Box<dyn Read + Send + 'a>,
    /// The same, where it can be read at any place.
    pub(super) part: Option<Part>,
}

/// The name of an archive's entry, if it is one that documents can refer to.
pub(super) fn name_of(raw: &[u8]) -> Option<String> {
    let name = str::from_utf8(raw).ok()?;
    Some(LayerPath::join("", name)?.as_str().to_owned())
}

/// What the entry `name` is, if it is a link within the archive.
pub(super) fn link_of(name: &str, kind: &Kind) -> Option<Entry> {
    let (base, to) = match kind {
        Kind::Symlink(to) => (name.rsplit_once('/').map_or("", |it| it.0), to),
        Kind::HardLink(to) => ("", to),
        Kind::File | Kind::Directory | Kind::Other => return None,
    };
    let to = LayerPath::join(base, str::from_utf8(to).ok()?)?;
    Some(Entry::Link(to.as_str().to_owned()))
}

impl Store {
    /// Reads the headers of an archive.
    pub(super) fn of_archive(file: File) -> Result<Self, ImageError> {
        let whole = whole(file);
        let mut archive = Archive::new(Section::new(whole.clone()));
        let mut entries = BTreeMap::new();
        while let Some(entry) = archive.entry()? {
            let Some(name) = name_of(&entry.name) else { continue };
            let found = match (&entry.kind, entry.at) {
                (Kind::File, Some(offset)) => Some(Entry::At { offset, size: entry.size }),
                (Kind::File, None) => Some(Entry::Holes),
                (kind, _) => link_of(&name, kind),
            };
            if let Some(found) = found {
                add(&mut entries, name, found)?;
            }
        }
        Ok(Self::Archive { whole, entries })
    }

    /// Looks for the blob `name`.
    pub(super) fn find(&self, name: &str) -> Result<Option<Found>, ImageError> {
        let entries = match self {
            Self::Directory(tree) => {
                return match open_in(tree, name) {
                    Ok(file) => Ok(Some(Found { name: name.to_owned(), size: file.size() })),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                    Err(source) => Err(ImageError::Blob { name: shown(name), source }),
                };
            }
            Self::Archive { entries, .. } | Self::Past { entries } => entries,
        };
        let mut name = name;
        for _ in 0..MAX_HOPS {
            let size = match entries.get(name) {
                None => return Ok(None),
                Some(Entry::Link(to)) => {
                    name = to;
                    continue;
                }
                Some(Entry::Holes) => {
                    let source = io::Error::other("it is stored as a sparse file");
                    return Err(ImageError::Blob { name: shown(name), source });
                }
                Some(Entry::At { size, .. } | Entry::Read { size }) => *size,
                Some(Entry::Kept(bytes)) => bytes.len() as u64,
            };
            return Ok(Some(Found { name: name.to_owned(), size }));
        }
        let source = io::Error::other("links lead in a circle");
        Err(ImageError::Blob { name: shown(name), source })
    }

    /// Opens a blob that was found.
    pub(super) fn open(&self, found: &Found) -> Result<Blob<'_>, ImageError> {
        let name = found.name.as_str();
        let blob = |source| ImageError::Blob { name: shown(name), source };
        let part = match self {
            Self::Directory(tree) => whole(open_in(tree, name).map_err(blob)?),
            Self::Archive { whole, entries } => match entries.get(name) {
                Some(Entry::At { offset, size }) => whole.part(*offset, *size),
                _ => return Err(blob(io::ErrorKind::NotFound.into())),
            },
            Self::Past { entries } => {
                return match entries.get(name) {
                    Some(Entry::Kept(bytes)) => {
                        Ok(Blob { stream: Box::new(bytes.as_slice()), part: None })
                    }
                    _ => Err(blob(io::ErrorKind::NotFound.into())),
                };
            }
        };
        Ok(Blob { stream: Box::new(Section::new(part.clone())), part: Some(part) })
    }

    /// Reads a document; `None` if it is not there.
    pub(super) fn document(
        &self,
        name: &str,
        digest: Option<&Digest>,
    ) -> Result<Option<Vec<u8>>, ImageError> {
        let Some(found) = self.find(name)? else { return Ok(None) };
        if found.size > MAX_DOCUMENT {
            return Err(ImageError::LargeDocument { name: shown(name), limit: MAX_DOCUMENT });
        }
        let mut bytes = Vec::new();
        let read = self.open(&found)?.stream.take(MAX_DOCUMENT).read_to_end(&mut bytes);
        read.map_err(|source| ImageError::Blob { name: shown(name), source })?;
        if let Some(expected) = digest {
            let actual = expected.of_same_kind(&bytes);
            if actual != *expected {
                let expected = expected.clone();
                return Err(ImageError::Digest { what: "a document".to_owned(), expected, actual });
            }
        }
        Ok(Some(bytes))
    }
}

/// Adds an entry; the last one of a name counts.
pub(super) fn add(
    entries: &mut BTreeMap<String, Entry>,
    name: String,
    entry: Entry,
) -> Result<(), ImageError> {
    entries.insert(name, entry);
    if entries.len() > MAX_ENTRIES {
        return Err(ImageError::NoImage("it has more files than the archive of an image"));
    }
    Ok(())
}

fn whole(file: File) -> Part {
    Part { size: file.size(), file: Arc::new(file), offset: 0 }
}

fn open_in(tree: &Tree, name: &str) -> io::Result<File> {
    let (directory, file) = name.rsplit_once('/').unwrap_or(("", name));
    let file = std::ffi::CString::new(file)?;
    tree.directory(directory.as_bytes())?.file(&file)
}

/// A text of the image's as people may see it.
pub(super) fn shown(text: &str) -> String {
    let is_plain = |it: char| it.is_ascii_graphic() || it == ' ';
    text.chars().take(200).map(|it| if is_plain(it) { it } else { '?' }).collect()
}

/// A part of a file, to be read at any place.
#[derive(Clone, Debug)]
pub struct Part {
    file: Arc<File>,
    offset: u64,
    size: u64,
}

impl Part {
    /// A part of this one.
    #[must_use]
    pub fn part(&self, offset: u64, size: u64) -> Self {
        let size = size.min(self.size.saturating_sub(offset));
        Self { file: Arc::clone(&self.file), offset: self.offset.saturating_add(offset), size }
    }
}

impl Content for Part {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX);
        let length = left.min(buffer.len());
        let front = buffer.get_mut(..length).unwrap_or_default();
        self.file.read_at(self.offset.saturating_add(offset), front)
    }
}

/// The same as a stream.
#[derive(Debug)]
pub(super) struct Section {
    part: Part,
    position: u64,
}

impl Section {
    pub(super) fn new(part: Part) -> Self {
        Self { part, position: 0 }
    }
}

impl Read for Section {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.part.read_at(self.position, buffer)?;
        self.position += n as u64;
        Ok(n)
    }
}

impl Source for Section {
    fn skip(&mut self, n: u64) -> io::Result<()> {
        if n > self.part.size.saturating_sub(self.position) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.position += n;
        Ok(())
    }
}

/// Opens the file of an archive, which is the caller's own and may be a symlink.
pub(super) fn open_file(path: &Path) -> io::Result<File> {
    File::of_caller(path)
}
