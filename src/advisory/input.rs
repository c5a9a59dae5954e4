//! Where records come from: a folder with files of any source.
//!
//! OSV's bucket has an archive for each ecosystem, `PyPI/all.zip`; its records may also lie as files of
//! their own, at any depth. Any file may be packed with gzip or zstd, and documents may come in a tar
//! archive. What a file is, is told by its content.

use std::fs::{self, File};
use std::io::{self, BufReader, Cursor, Read};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::gather::{Gathered, Record};
use super::osv;
use super::sources::{self, Intake, Kind, Parsed};
use crate::format::compression::decompress;
use crate::format::tar::{self, Archive};
use crate::format::zip::Zip;
use crate::model::{Chunk, Content};

/// The longest record that is read. The longest published ones are below 3 MB.
const MAX_RECORD: u64 = 32 << 20;
/// The longest document in an archive. Red Hat's on flaws of the kernel are the longest.
const MAX_DOCUMENT: usize = 64 << 20;
/// The longest file of any other source, unpacked. Debian's tracker has 70 MB.
const MAX_FILE: u64 = 1 << 30;
/// How deep directories are followed.
const MAX_DEPTH: usize = 16;
/// Records of an archive that are read together, on all cores.
const BATCH: usize = 2048;
/// The same of documents, which are longer, and their length.
const DOCUMENTS: usize = 256;
const DOCUMENTS_SIZE: usize = 64 << 20;
/// What is looked at of a file to tell what it is.
const HEAD: usize = 4096;

/// A file or record that cannot be used, and why.
#[derive(Debug, PartialEq, Eq)]
pub struct BadRecord {
    pub path: PathBuf,
    pub problem: String,
}

/// Is told what is read, and how many records of it have been.
pub type Progress<'a> = &'a dyn Fn(&str, usize);

/// What happens while a folder is read.
pub(super) struct Reading<'a> {
    pub(super) into: &'a mut Gathered,
    pub(super) bad: &'a mut Vec<BadRecord>,
    pub(super) progress: Progress<'a>,
}

/// Lists the files below `dir` in order. Links are not followed: they could lead in circles.
pub(super) fn list(dir: &Path) -> Result<Vec<PathBuf>, (PathBuf, io::Error)> {
    let mut files = Vec::new();
    list_into(dir, MAX_DEPTH, &mut files)?;
    Ok(files)
}

fn list_into(
    dir: &Path,
    depth: usize,
    files: &mut Vec<PathBuf>,
) -> Result<(), (PathBuf, io::Error)> {
    let failed = |error| (dir.to_owned(), error);
    let mut entries =
        fs::read_dir(dir).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(failed)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (path, kind) = (entry.path(), entry.file_type().map_err(failed)?);
        if kind.is_dir() && depth > 0 {
            list_into(&path, depth - 1, files)?;
        } else if kind.is_file() {
            files.push(path);
        }
    }
    Ok(())
}

impl Reading<'_> {
    /// Reads one file, if it is of a source.
    pub(super) fn file(&mut self, path: &Path) {
        let done = if path.extension().is_some_and(|it| it == "zip") {
            self.archive(path)
        } else if sources::format(path).is_some() {
            self.document(path)
        } else {
            Ok(())
        };
        if let Err(problem) = done {
            self.bad(path, problem);
        }
    }

    fn bad(&mut self, path: &Path, problem: String) {
        self.bad.push(BadRecord { path: path.to_owned(), problem });
    }

    fn document(&mut self, path: &Path) -> Result<(), String> {
        let failed = |it: io::Error| it.to_string();
        let file = File::open(path).map_err(failed)?;
        let (_, mut plain) = decompress(file).map_err(|it| it.to_string())?;
        let mut head = Vec::new();
        plain.by_ref().take(HEAD as u64).read_to_end(&mut head).map_err(failed)?;
        if tar::begins_archive(&head) {
            return self.tar(path, Cursor::new(head).chain(plain));
        }
        let Some(kind) = Kind::of(path, &head) else { return Ok(()) };
        let limit = if kind == Kind::Osv { MAX_RECORD } else { MAX_FILE };
        let mut from = Cursor::new(head).chain(plain).take(limit + 1);
        if kind == Kind::Osv {
            let mut bytes = Vec::new();
            from.read_to_end(&mut bytes).map_err(failed)?;
            is_within(&from, limit)?;
            self.record(osv::parse(&bytes).map_err(|it| it.to_string())?);
            return Ok(());
        }
        (self.progress)(&path.display().to_string(), 0);
        let mut intake = Intake::new(self.into);
        let done = sources::read(kind, path, &mut from, &mut intake);
        for problem in intake.bad.told() {
            self.bad(path, problem);
        }
        done.and_then(|()| is_within(&from, limit))
    }

    /// Takes each document out of an archive. What is cut off ends the reading; what came before counts.
    fn tar(&mut self, path: &Path, from: impl Read) -> Result<(), String> {
        let mut archive = Archive::new(BufReader::new(from));
        let (mut batch, mut size, mut n_read) = (Vec::new(), 0, 0);
        let done = loop {
            match document_of(&mut archive) {
                Ok(Some((name, Ok(bytes)))) => {
                    size += bytes.len();
                    batch.push((name, bytes));
                }
                Ok(Some((name, Err(problem)))) => self.bad(&path.join(name), problem),
                Ok(None) => break Ok(()),
                Err(problem) => break Err(problem),
            }
            if batch.len() == DOCUMENTS || size >= DOCUMENTS_SIZE {
                (self.progress)(&path.display().to_string(), n_read);
                n_read += batch.len();
                self.documents(path, &batch);
                batch.clear();
                size = 0;
            }
        };
        self.documents(path, &batch);
        done
    }

    /// Reads documents on all cores, and takes them in their order.
    fn documents(&mut self, path: &Path, batch: &[(PathBuf, Vec<u8>)]) {
        enum Read {
            Record(Box<Record>),
            Parsed(Parsed),
            Nothing,
        }
        let read: Vec<Result<Read, String>> = batch
            .par_iter()
            .map(|(name, bytes)| match Kind::of(name, bytes.get(..HEAD).unwrap_or(bytes)) {
                Some(Kind::Csaf) => sources::csaf(bytes).map(Read::Parsed),
                Some(Kind::Osv) => {
                    let record = osv::parse(bytes).map_err(|it| it.to_string())?;
                    Ok(Read::Record(Box::new(record)))
                }
                _ => Ok(Read::Nothing),
            })
            .collect();
        for ((name, _), read) in batch.iter().zip(read) {
            match read {
                Ok(Read::Record(record)) => self.record(*record),
                Ok(Read::Parsed(parsed)) => {
                    let mut intake = Intake::new(self.into);
                    intake.take(parsed);
                    for problem in intake.bad.told() {
                        self.bad(&path.join(name), problem);
                    }
                }
                Ok(Read::Nothing) => {}
                Err(problem) => self.bad(&path.join(name), problem),
            }
        }
    }

    /// Takes each record out of an archive of OSV's.
    fn archive(&mut self, path: &Path) -> Result<(), String> {
        let content = OnDisk::open(path).map_err(|it| it.to_string())?;
        let archive = Zip::of_any_size(&content).map_err(|it| it.to_string())?;
        let records: Vec<_> = archive
            .entries
            .iter()
            .filter(|it| Path::new(&it.name).extension().is_some_and(|it| it == "json"))
            .collect();
        for (number, batch) in records.chunks(BATCH).enumerate() {
            (self.progress)(&path.display().to_string(), number * BATCH);
            let read: Vec<Result<Record, String>> = batch
                .par_iter()
                .map(|it| {
                    let bytes = it.bytes(&content, MAX_RECORD).map_err(|it| it.to_string())?;
                    osv::parse(&bytes).map_err(|it| it.to_string())
                })
                .collect();
            for (entry, record) in batch.iter().zip(read) {
                match record {
                    Ok(record) => self.record(record),
                    Err(problem) => {
                        self.bad.push(BadRecord { path: path.join(&entry.name), problem });
                    }
                }
            }
        }
        Ok(())
    }

    fn record(&mut self, record: Record) {
        let families: std::collections::BTreeSet<String> = record
            .rows
            .iter()
            .map(|it| format!("OSV {}", it.ecosystem.split(':').next().unwrap_or_default()))
            .collect();
        for family in families {
            self.into.source(&family, &record.modified, 1);
        }
        self.into.record(record);
    }
}

/// Whether the file ended before its limit.
fn is_within<R>(from: &io::Take<R>, limit: u64) -> Result<(), String> {
    if from.limit() == 0 { Err(format!("larger than {} MB", limit >> 20)) } else { Ok(()) }
}

/// The next JSON document of an archive with its name, or why it is not read.
type Document = (PathBuf, Result<Vec<u8>, String>);

fn document_of<R: Read>(archive: &mut Archive<BufReader<R>>) -> Result<Option<Document>, String> {
    while let Some(entry) = archive.entry().map_err(|it| it.to_string())? {
        // Below the archive, whatever the name says.
        let name = String::from_utf8_lossy(&entry.name);
        let name: PathBuf = name.split('/').filter(|it| !matches!(*it, "" | "." | "..")).collect();
        let is_wanted = entry.kind == tar::Kind::File && sources::format(&name) == Some("json");
        if !is_wanted {
            continue;
        }
        if entry.size > MAX_DOCUMENT as u64 {
            return Ok(Some((name, Err(format!("larger than {} MB", MAX_DOCUMENT >> 20)))));
        }
        let mut bytes = Vec::new();
        let mut buffer = vec![0; 64 << 10];
        loop {
            match archive.content(&mut buffer).map_err(|it| it.to_string())? {
                Chunk::Data(n) => bytes.extend_from_slice(buffer.get(..n).unwrap_or_default()),
                Chunk::Hole(_) => return Ok(Some((name, Err("has holes".to_owned())))),
                Chunk::End => break,
            }
        }
        return Ok(Some((name, Ok(bytes))));
    }
    Ok(None)
}

/// A file of which parts are read.
struct OnDisk {
    file: File,
    size: u64,
}

impl OnDisk {
    fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        Ok(Self { file, size })
    }
}

impl Content for OnDisk {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut n_read = 0;
        while let Some(rest) = buffer.get_mut(n_read..).filter(|it| !it.is_empty()) {
            match self.file.read_at(rest, offset.saturating_add(n_read as u64))? {
                0 => break,
                more => n_read += more,
            }
        }
        Ok(n_read)
    }
}
