//! Archives of Java classes, and archives in them.
//!
//! Format: <https://docs.oracle.com/en/java/javase/21/docs/specs/jar/jar.html>. An archive is one
//! component, named by what it says of itself (see `identity`). Metadata of other artifacts in it
//! stand for classes that were copied into it: they are there, and have their flaws, but only the
//! archive can be replaced; the property `shaded-into` names it. Archives in it are read in their
//! place where they are stored, or unpacked within limits; a limit that is reached is a note.
//! Archives of sources and of documentation hold no code and are left out.

use std::io;

use sha1::{Digest, Sha1};

use super::contents::{Place, Shell};
use super::entries::{Entries, MAX_POMS};
use super::file_name::FileName;
use super::identity::Evidence;
use super::manifest::Manifest;
use super::pom::{self, Pom};
use crate::analyze::{Analyzer, Found, Input, Unread, Want};
use crate::format::FormatError;
use crate::format::zip::Entry;
use crate::model::Content;

/// Archives in archives. The deepest in use are libraries in a web application in a larger one.
const MAX_DEPTH: usize = 16;

/// Archives in one file, at any depth.
const MAX_ARCHIVES: usize = 10_000;

/// Unpacked archives that are in memory at a time.
const MAX_HELD: u64 = 256 << 20;

/// Bytes of all archives in one file; those that overlap count each time.
const MAX_WORK: u64 = 2 << 30;

/// The largest file that is hashed.
const MAX_HASHED: u64 = 2 << 30;

/// What is read of a file at a time.
const PIECE: usize = 256 << 10;

/// The longest manifest and metadata. Of a manifest, only the beginning matters.
const MAX_MANIFEST: u64 = 1 << 20;
const MAX_POM: u64 = 1 << 20;

pub(in crate::analyze) const ANALYZER: Analyzer = Analyzer {
    id: "jar",
    wants: &[
        Want::Extension(".aar"),
        Want::Extension(".ear"),
        Want::Extension(".esa"),
        Want::Extension(".far"),
        Want::Extension(".hpi"),
        Want::Extension(".jar"),
        Want::Extension(".jpi"),
        Want::Extension(".kar"),
        Want::Extension(".lpkg"),
        Want::Extension(".nar"),
        Want::Extension(".nbm"),
        Want::Extension(".par"),
        Want::Extension(".rar"),
        Want::Extension(".sar"),
        Want::Extension(".war"),
        Want::Extension(".zap"),
    ],
    read,
    ..Analyzer::BASE
};

fn read(input: &Input<'_>) -> Result<Found, Unread> {
    let mut walk = Walk::default();
    // Other programs use some of the extensions, too.
    if is_zip(input)? {
        walk.archive(input.content, input.path.as_str(), &Place::default())?;
    }
    Ok(walk.found)
}

/// A zip archive, perhaps behind a script that starts it. An empty file stands for none.
fn is_zip(input: &Input<'_>) -> io::Result<bool> {
    let head = input.part(0, 4)?;
    let is_java = matches!(extension(input.path.as_str()).as_deref(), Some("jar" | "war" | "ear"));
    Ok(head.starts_with(b"PK") || (is_java && !head.is_empty()))
}

/// The extension, in lower case.
fn extension(path: &str) -> Option<String> {
    let name = path.rsplit('/').next()?;
    name.rsplit_once('.').map(|it| it.1.to_ascii_lowercase())
}

/// A way of taking an entry out of an archive, up to a limit.
type Take = fn(&Entry, &dyn Content, u64) -> Result<Vec<u8>, FormatError>;

/// Reads one file with all archives in it.
#[derive(Debug, Default)]
struct Walk {
    found: Found,
    n_archives: usize,
    held: u64,
    work: u64,
}

impl Walk {
    /// Adds the archive at `path` and those in it. What cannot be read of it is a note.
    fn archive(&mut self, content: &dyn Content, path: &str, place: &Place) -> io::Result<()> {
        self.n_archives += 1;
        let entries = match Entries::read(content, MAX_ARCHIVES) {
            Ok(entries) => entries,
            Err(error) => return self.fail(error, place.depth),
        };
        if entries.has_more_poms {
            self.limit("files of Maven's metadata in an archive", MAX_POMS);
        }
        let (places, poms) = self.poms(content, &entries.poms, place)?;
        let manifest = match &entries.manifest {
            Some(entry) => self.take(content, entry, MAX_MANIFEST, place, Entry::head)?,
            None => None,
        };
        let manifest = Manifest::read(&manifest.unwrap_or_default());
        let file = FileName::new(path.rsplit('/').next().unwrap_or(path));
        let mut around = None;
        if !(file.is_of_no_code() && entries.packages.is_empty() && entries.archives.is_empty()) {
            let package = entries.packages.main();
            let evidence = Evidence { path, file, manifest, poms: &poms, package };
            let identity = evidence.identity();
            let shell = Shell { evidence: &evidence, identity: identity.as_ref(), place };
            around = shell.name_and_version();
            // Where its metadata tells what it is, nobody needs to look it up.
            let is_sure = identity.as_ref().is_some_and(|it| it.told_by.is_none());
            let sha1 = if is_sure { None } else { sha1(content)? };
            for component in shell.components(&places, sha1.as_deref(), entries.has_loader) {
                self.found.component(component);
            }
        }
        self.archives(content, entries.archives, place, around.as_ref())
    }

    /// Maven's metadata with their places, one for each directory.
    fn poms(
        &mut self,
        content: &dyn Content,
        entries: &[Entry],
        place: &Place,
    ) -> io::Result<(Vec<String>, Vec<Pom>)> {
        let (mut places, mut poms): (Vec<String>, Vec<Pom>) = (Vec::new(), Vec::new());
        let directory =
            |it: &Entry| it.name.rsplit_once('/').map_or(String::new(), |it| it.0.to_owned());
        let mut rest = entries.iter().peekable();
        while let Some(first) = rest.next() {
            let mut all = vec![first];
            while let Some(next) = rest.next_if(|it| directory(it) == directory(first)) {
                all.push(next);
            }
            let (mut stated, mut written) = (None, None);
            for entry in all {
                let bytes =
                    self.take(content, entry, MAX_POM, place, Entry::bytes)?.unwrap_or_default();
                if entry.name.ends_with(".properties") {
                    stated = pom::properties(&bytes);
                } else {
                    match pom::project(&bytes) {
                        Ok(project) => written = project,
                        Err(error) => self.fail(error, place.depth)?,
                    }
                }
            }
            let pom = match (stated, written) {
                (Some(stated), Some(written)) => Pom { licenses: written.licenses, ..stated },
                (stated, written) => match stated.or(written) {
                    Some(pom) => pom,
                    None => continue,
                },
            };
            places.push(first.name.clone());
            poms.push(pom);
        }
        Ok((places, poms))
    }

    /// Reads the archives in an archive, one after the other.
    fn archives(
        &mut self,
        content: &dyn Content,
        entries: Vec<Entry>,
        place: &Place,
        around: Option<&(String, String)>,
    ) -> io::Result<()> {
        for entry in entries {
            if place.depth == MAX_DEPTH {
                self.limit("archives in each other", MAX_DEPTH);
                break;
            }
            if self.n_archives == MAX_ARCHIVES {
                self.limit("archives in the file", MAX_ARCHIVES);
                break;
            }
            if self.work == MAX_WORK {
                break;
            }
            let inner = Place {
                within: Some(place.inside(&entry.name)),
                depth: place.depth + 1,
                around: around.cloned(),
            };
            match entry.in_place(content) {
                Ok(Some(slice)) => {
                    self.spend(slice.size());
                    self.archive(&slice, &entry.name, &inner)?;
                }
                Ok(None) => self.unpacked(content, &entry, &inner)?,
                Err(error) => self.fail(error, inner.depth)?,
            }
        }
        Ok(())
    }

    /// Reads an archive that must be unpacked, if there is room for it.
    fn unpacked(&mut self, content: &dyn Content, entry: &Entry, place: &Place) -> io::Result<()> {
        let room = MAX_HELD - self.held;
        let Some(bytes) = self.take(content, entry, room, place, Entry::bytes)? else {
            return Ok(());
        };
        let size = bytes.len() as u64;
        self.held += size;
        let read = self.archive(&bytes.as_slice(), &entry.name, place);
        self.held -= size;
        read
    }

    /// Takes an entry out; `None` if that cannot be done.
    fn take(
        &mut self,
        content: &dyn Content,
        entry: &Entry,
        limit: u64,
        place: &Place,
        take: Take,
    ) -> io::Result<Option<Vec<u8>>> {
        let left = MAX_WORK - self.work;
        if left == 0 {
            return Ok(None);
        }
        let limit = limit.min(left);
        match take(entry, content, limit) {
            Ok(bytes) => {
                self.spend(bytes.len() as u64);
                Ok(Some(bytes))
            }
            Err(error) => {
                self.spend(entry.cost(limit));
                self.fail(error, place.depth)?;
                Ok(None)
            }
        }
    }

    /// Counts what is unpacked, and what is read of archives in their place.
    fn spend(&mut self, n: u64) {
        self.work = self.work.saturating_add(n).min(MAX_WORK);
        if self.work == MAX_WORK {
            self.limit("bytes in archives in the file", MAX_WORK);
        }
    }

    fn limit(&mut self, what: &str, limit: impl std::fmt::Display) {
        let note = format!("more than {limit} {what}; the rest is not read");
        if !self.found.notes.contains(&note) {
            self.found.remark(note);
        }
    }

    /// What is wrong with an archive is a note; what is wrong with the disk ends the reading.
    fn fail(&mut self, error: FormatError, depth: usize) -> io::Result<()> {
        match error {
            FormatError::Io(error) => return Err(error),
            error if depth == 0 => self.found.remark(error),
            error => self.found.note_at("an archive in it", error),
        }
        Ok(())
    }
}

/// The hash by which Maven's repositories know the archive.
fn sha1(content: &dyn Content) -> io::Result<Option<String>> {
    if content.size() > MAX_HASHED {
        return Ok(None);
    }
    let mut hash = Sha1::new();
    if let Some(bytes) = content.as_slice() {
        hash.update(bytes);
    } else {
        let mut buffer = vec![0; PIECE];
        let mut at = 0;
        loop {
            let n = content.read_at(at, &mut buffer)?;
            hash.update(buffer.get(..n).unwrap_or_default());
            at += n as u64;
            if n < PIECE {
                break;
            }
        }
    }
    Ok(Some(format!("{:x}", hash.finalize())))
}

/// Archives for tests.
#[cfg(test)]
pub(in crate::analyze) mod made {
    use crate::format::zip::made::zip;

    /// An archive with metadata of its own and of another artifact, and with two archives in it.
    pub(in crate::analyze) fn sample() -> Vec<u8> {
        let inner = zip(&[("META-INF/MANIFEST.MF.z", b"Implementation-Version: 3.0\r\n")]);
        zip(&[
            ("META-INF/MANIFEST.MF.z", b"Bundle-License: MIT\r\n"),
            (
                "META-INF/maven/org.a/a/pom.properties.z",
                b"groupId=org.a\nartifactId=a\nversion=1.0\n",
            ),
            (
                "META-INF/maven/org.b/b/pom.properties.z",
                b"groupId=org.b\nartifactId=b\nversion=2.0\n",
            ),
            ("a/A.class", b""),
            ("lib/c-3.0.jar", &inner),
            ("lib/d-3.0.jar.z", &inner),
        ])
    }
}
