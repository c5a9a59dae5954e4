//! Where records come from: a folder with files of any source.
//!
//! OSV's bucket has an archive for each ecosystem, `PyPI/all.zip`; its records may also lie as files of
//! their own, at any depth. What a file is, is told by its content.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::gather::{Gathered, Record};
use super::osv;
use super::sources::{self, Kind};
use crate::format::zip::Zip;
use crate::model::Content;

/// The longest record that is read. The longest published ones are below 3 MB.
const MAX_RECORD: u64 = 32 << 20;
/// The longest file of any other source. Debian's tracker has 70 MB.
const MAX_FILE: u64 = 512 << 20;
/// How deep directories are followed.
const MAX_DEPTH: usize = 16;
/// Records of an archive that are read together, on all cores.
const BATCH: usize = 2048;
/// What is looked at of a file to tell what it is.
const HEAD: u64 = 4096;

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
        } else {
            self.document(path)
        };
        if let Err(problem) = done {
            self.bad.push(BadRecord { path: path.to_owned(), problem });
        }
    }

    fn document(&mut self, path: &Path) -> Result<(), String> {
        let mut head = Vec::new();
        let file = File::open(path).map_err(|it| it.to_string())?;
        file.take(HEAD).read_to_end(&mut head).map_err(|it| it.to_string())?;
        match Kind::of(path, &head) {
            None => Ok(()),
            Some(Kind::Osv) => {
                let bytes = whole(path, MAX_RECORD)?;
                self.record(osv::parse(&bytes).map_err(|it| it.to_string())?);
                Ok(())
            }
            Some(kind) => {
                (self.progress)(&path.display().to_string(), 0);
                let bytes = whole(path, MAX_FILE)?;
                sources::read(kind, &bytes, self.into)
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

fn whole(path: &Path, limit: u64) -> Result<Vec<u8>, String> {
    let file = File::open(path).map_err(|it| it.to_string())?;
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(|it| it.to_string())?;
    if bytes.len() as u64 > limit {
        return Err(format!("larger than {} MB", limit >> 20));
    }
    Ok(bytes)
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
