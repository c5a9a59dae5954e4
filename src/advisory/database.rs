//! The compiled database: opened by its directory, read block by block.
//!
//! Opening checks the layout, the length and the directory's checksum; each block is checked when
//! a look-up first needs it, so that a 60 MB file costs what an image asks of it. Wrong bytes are
//! an error or change no answer; they are never a shorter answer.

use std::fmt::Write as _;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use thiserror::Error;

use super::table::{self, Block, Directory, HEADER, Header, SCHEMA};
use super::{Advisory, record};

/// An open database.
#[derive(Debug)]
pub struct Database {
    path: PathBuf,
    file: File,
    directory: Directory,
    digest: [u8; 32],
    blocks_at: u64,
    read: Vec<OnceLock<Box<[u8]>>>,
}

/// Which database this is, for reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provenance {
    /// When it was built, as the builder said.
    pub built: String,
    /// The newest change in what it was built from.
    pub source_date: String,
    /// How many source records are in it.
    pub records: usize,
    /// Names this database and no other: `blake3:…`.
    pub digest: String,
}

/// The advisory database cannot be used.
#[derive(Debug, Error)]
#[error("cannot read advisory database {}", path.display())]
pub struct DatabaseError {
    pub path: PathBuf,
    pub source: Problem,
}

/// What is wrong with a database file.
#[derive(Debug, Error)]
pub enum Problem {
    #[error("cannot read the file")]
    Io(#[from] io::Error),
    #[error("this is not a Layergate advisory database")]
    Foreign,
    #[error("unsupported schema {found} (this version reads {expected})")]
    Schema { found: u32, expected: u32 },
    #[error(
        "the file has {found} bytes where it must have {expected}: it is cut off or was added to"
    )]
    Length { found: u64, expected: u64 },
    #[error("the checksum of the {0} does not match: the file is corrupt")]
    Checksum(&'static str),
    #[error("the {0} cannot be read, though its checksum matches")]
    Malformed(&'static str),
}

impl Database {
    /// Opens the file and checks all but its blocks.
    pub fn open(path: &Path) -> Result<Self, DatabaseError> {
        open(path).map_err(|source| DatabaseError { path: path.to_owned(), source })
    }

    /// Returns what is known of a package, for example `("Debian:12", "openssl")`.
    pub fn lookup(&self, ecosystem: &str, name: &str) -> Result<Vec<Advisory>, DatabaseError> {
        let key = table::key(ecosystem, name);
        self.find(&key).map_err(|source| DatabaseError { path: self.path.clone(), source })
    }

    /// Whether anything is known of any package of an ecosystem, for example `Debian:12`.
    pub fn covers(&self, ecosystem: &str) -> bool {
        self.directory.ecosystems.iter().any(|it| it == ecosystem)
    }

    /// Reads and checks every byte.
    pub fn verify(&self) -> Result<(), DatabaseError> {
        let all = self
            .directory
            .blocks
            .iter()
            .try_for_each(|it| read_block(&self.file, self.blocks_at, it).map(drop));
        all.map_err(|source| DatabaseError { path: self.path.clone(), source })
    }

    /// Returns which database this is.
    pub fn provenance(&self) -> Provenance {
        let mut digest = "blake3:".to_owned();
        for byte in self.digest {
            // Writing to a String cannot fail.
            write!(digest, "{byte:02x}").unwrap_or_default();
        }
        let Directory { built, source_date, records, .. } = self.directory.clone();
        Provenance { built, source_date, records, digest }
    }

    fn find(&self, key: &str) -> Result<Vec<Advisory>, Problem> {
        let at = self.directory.blocks.partition_point(|it| it.last_key.as_str() < key);
        let (Some(block), Some(read)) = (self.directory.blocks.get(at), self.read.get(at)) else {
            return Ok(Vec::new());
        };
        let bytes = if let Some(bytes) = read.get() {
            bytes
        } else {
            let bytes = read_block(&self.file, self.blocks_at, block)?;
            read.get_or_init(|| bytes)
        };
        match table::find(bytes, key)? {
            Some(value) => record::decode(value).ok_or(Problem::Malformed("record")),
            None => Ok(Vec::new()),
        }
    }
}

fn open(path: &Path) -> Result<Database, Problem> {
    let file = File::open(path)?;
    let found = file.metadata()?.len();
    let mut header = [0; HEADER];
    if found < HEADER as u64 {
        return Err(Problem::Foreign);
    }
    file.read_exact_at(&mut header, 0)?;
    let header = Header::parse(&header).ok_or(Problem::Foreign)?;
    if header.schema != SCHEMA {
        return Err(Problem::Schema { found: header.schema, expected: SCHEMA });
    }
    let blocks_at = HEADER as u64 + u64::from(header.directory_len);
    let expected = blocks_at.saturating_add(header.blocks_len);
    // Before anything is reserved: the lengths may be lies, the file's own is not.
    if found != expected {
        return Err(Problem::Length { found, expected });
    }
    let mut bytes = vec![0; header.directory_len as usize];
    file.read_exact_at(&mut bytes, HEADER as u64)?;
    if *blake3::hash(&bytes).as_bytes() != header.digest {
        return Err(Problem::Checksum("directory"));
    }
    let directory = Directory::parse(&bytes).ok_or(Problem::Malformed("directory"))?;
    if directory.blocks_len() != header.blocks_len {
        return Err(Problem::Malformed("directory"));
    }
    let read = directory.blocks.iter().map(|_| OnceLock::new()).collect();
    Ok(Database { path: path.to_owned(), file, directory, digest: header.digest, blocks_at, read })
}

fn read_block(file: &File, blocks_at: u64, block: &Block) -> Result<Box<[u8]>, Problem> {
    let mut bytes = vec![0; block.len].into_boxed_slice();
    file.read_exact_at(&mut bytes, blocks_at.saturating_add(block.offset))?;
    if *blake3::hash(&bytes).as_bytes() != block.digest {
        return Err(Problem::Checksum("block"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::fs;
    use std::path::Path;

    use super::{Database, DatabaseError};
    use crate::advisory::{Advisory, End, build};

    const NAMES: [&str; 4] = ["a", "b", "c", "absent"];

    /// The bytes of a small database on `a`, `b` and `c`.
    fn small(dir: &Path) -> Vec<u8> {
        let from = dir.join("in");
        fs::create_dir_all(&from).unwrap();
        for name in ["a", "b", "c"] {
            let json = format!(
                r#"{{"id":"X-{name}","modified":"2024-01-01T00:00:00Z","aliases":["CVE-2024-1"],"summary":"on {name}",
                    "affected":[{{"package":{{"ecosystem":"npm","name":"{name}"}},"versions":["0.0.1"],"ranges":[
                        {{"type":"SEMVER","events":[{{"introduced":"1.0.0"}},{{"fixed":"1.2.0"}},{{"introduced":"2.0.0"}}]}}]}}]}}"#
            );
            fs::write(from.join(format!("{name}.json")), json).unwrap();
        }
        let out = dir.join("good.db");
        build(&from, &out, None).unwrap();
        fs::read(out).unwrap()
    }

    /// Every answer of the database in `bytes`, or the chain of errors.
    fn answers(dir: &Path, bytes: &[u8]) -> Result<Vec<Vec<Advisory>>, String> {
        let path = dir.join("tried.db");
        fs::write(&path, bytes).unwrap();
        let ask = || -> Result<Vec<_>, DatabaseError> {
            let database = Database::open(&path)?;
            NAMES.iter().map(|name| database.lookup("npm", name)).collect()
        };
        ask().map_err(|error| error.source().unwrap().to_string())
    }

    #[test]
    fn a_look_up_finds_the_package_and_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let bytes = small(dir.path());
        let ids: Vec<usize> = answers(dir.path(), &bytes).unwrap().iter().map(Vec::len).collect();
        assert_eq!(ids, [1, 1, 1, 0]);
        let database = Database::open(&dir.path().join("good.db")).unwrap();
        let [found] = &database.lookup("npm", "b").unwrap()[..] else { panic!() };
        assert_eq!((found.id.as_str(), found.summary.as_str()), ("CVE-2024-1", "on b"));
        assert_eq!(
            (&found.aliases[..], &found.affected.versions[..]),
            (&["X-b".to_owned()][..], &["0.0.1".to_owned()][..])
        );
        let ends: Vec<&End> = found.affected.ranges.iter().map(|it| &it.end).collect();
        assert_eq!(ends, [&End::Fixed("1.2.0".to_owned()), &End::Open]);
        assert!(database.lookup("PyPI", "b").unwrap().is_empty());
        assert!(database.verify().is_ok());
        let provenance = database.provenance();
        assert_eq!((provenance.built.as_str(), provenance.records), ("2024-01-01T00:00:00Z", 3));
        assert_eq!(provenance.digest.len(), "blake3:".len() + 64);
    }

    #[test]
    fn a_file_cut_anywhere_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let bytes = small(dir.path());
        for len in 0..bytes.len() {
            assert!(answers(dir.path(), &bytes[..len]).is_err(), "cut at {len}");
        }
        assert!(answers(dir.path(), &[&bytes[..], b"x"].concat()).is_err());
    }

    #[test]
    fn a_changed_byte_is_refused_wherever_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let good = small(dir.path());
        let expected = answers(dir.path(), &good).unwrap();
        for at in 0..good.len() {
            for change in [0x01, 0x80, 0xff] {
                let mut bytes = good.clone();
                bytes[at] ^= change;
                match answers(dir.path(), &bytes) {
                    Ok(found) => assert_eq!(found, expected, "byte {at}"),
                    Err(error) => assert!(!error.is_empty()),
                }
            }
        }
    }

    /// What a wrong checksum hides: the bytes are hostile, and their checksums are right.
    #[test]
    fn a_hostile_file_with_right_checksums_is_read_without_a_panic() {
        let dir = tempfile::tempdir().unwrap();
        let good = small(dir.path());
        for at in super::HEADER..good.len() {
            for change in [0x01, 0x7f, 0xff] {
                let mut bytes = good.clone();
                bytes[at] ^= change;
                let directory_len = u32::from_le_bytes(bytes[12..16].try_into().unwrap()) as usize;
                let blocks_at = super::HEADER + directory_len;
                if at >= blocks_at {
                    let digest = *blake3::hash(&bytes[blocks_at..]).as_bytes();
                    bytes[blocks_at - 32..blocks_at].copy_from_slice(&digest);
                }
                let digest = *blake3::hash(&bytes[super::HEADER..blocks_at]).as_bytes();
                bytes[24..56].copy_from_slice(&digest);
                drop(answers(dir.path(), &bytes));
            }
        }
    }

    #[test]
    fn what_is_wrong_is_said_in_words() {
        let dir = tempfile::tempdir().unwrap();
        let good = small(dir.path());
        let said = |at: usize, byte: u8| {
            let mut bytes = good.clone();
            bytes[at] = byte;
            answers(dir.path(), &bytes).unwrap_err()
        };
        assert_eq!(said(0, b'X'), "this is not a Layergate advisory database");
        assert_eq!(said(8, 2), "unsupported schema 2 (this version reads 1)");
        assert_eq!(
            said(60, b'X'),
            "the checksum of the directory does not match: the file is corrupt"
        );
        assert_eq!(
            said(good.len() - 1, b'X'),
            "the checksum of the block does not match: the file is corrupt"
        );
        let length = format!(
            "the file has 100 bytes where it must have {}: it is cut off or was added to",
            good.len()
        );
        assert_eq!(answers(dir.path(), &good[..100]).unwrap_err(), length);
        let error = Database::open(&dir.path().join("absent.db")).unwrap_err();
        assert!(error.to_string().starts_with("cannot read advisory database "), "{error}");
    }
}
