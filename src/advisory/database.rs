//! The compiled database: opened by its directory, read piece by piece.
//!
//! Opening checks the layout, the length and the directory's checksum; every other piece is checked
//! when it is first needed, so that a large file costs what an image asks of it. Wrong bytes are an
//! error; they are never a shorter answer.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use thiserror::Error;

use super::blocks::{self, Block};
use super::detail::{Detail, Exploitation};
use super::ecosystems::{canonical, shard_of};
use super::key::PublicKey;
use super::layout::{DETAILS, Directory, FLAWS, HEADER, Header, SCHEMA, Source};
use super::packed::Piece;
use super::shard::{Row, Rows, Shard};

/// The largest directory that is read. One of 400 ecosystems and releases has 40 kB.
const MAX_DIRECTORY: u32 = 16 << 20;

/// An open database.
#[derive(Debug)]
pub struct Database {
    path: PathBuf,
    store: Store,
    header: Header,
    directory: Directory,
    /// Where the directory ends.
    start: u64,
    shards: Vec<OnceLock<Shard>>,
    indexes: [OnceLock<Vec<Block>>; 2],
}

/// Where the bytes are.
#[derive(Debug)]
enum Store {
    File(File),
    Memory(Vec<u8>),
}

impl Store {
    fn len(&self) -> io::Result<u64> {
        match self {
            Self::File(file) => Ok(file.metadata()?.len()),
            Self::Memory(bytes) => Ok(bytes.len() as u64),
        }
    }

    fn read(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        match self {
            Self::File(file) => file.read_exact_at(buffer, offset),
            Self::Memory(bytes) => {
                let start = usize::try_from(offset).unwrap_or(usize::MAX);
                let end = start.saturating_add(buffer.len());
                let part = bytes.get(start..end).ok_or(io::ErrorKind::UnexpectedEof)?;
                buffer.copy_from_slice(part);
                Ok(())
            }
        }
    }
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
    #[error(
        "unsupported schema {found} (this version reads {expected}); make one with this version"
    )]
    Schema { found: u32, expected: u32 },
    #[error(
        "the file has {found} bytes where it must have {expected}: it is cut off or was added to"
    )]
    Length { found: u64, expected: u64 },
    #[error("the checksum of the {0} does not match: the file is corrupt")]
    Checksum(&'static str),
    #[error("the {0} cannot be read, though its checksum matches")]
    Malformed(&'static str),
    #[error("it is not signed")]
    Unsigned,
    #[error("its signature is not of the key {0}")]
    Signature(PublicKey),
}

impl Database {
    /// Opens the file and checks its directory.
    pub fn open(path: &Path) -> Result<Self, DatabaseError> {
        File::open(path)
            .map_err(Problem::Io)
            .and_then(|it| open(path, Store::File(it)))
            .map_err(|source| DatabaseError { path: path.to_owned(), source })
    }

    /// The same of a database that was read from elsewhere; errors call it `name`.
    pub fn from_bytes(name: &Path, bytes: Vec<u8>) -> Result<Self, DatabaseError> {
        open(name, Store::Memory(bytes))
            .map_err(|source| DatabaseError { path: name.to_owned(), source })
    }

    /// What is known of a package, for example of `("Debian:12", "openssl")`, row by row. The name
    /// may be spelled in every way that its ecosystem takes for one name.
    pub fn rows(&self, ecosystem: &str, name: &str) -> Result<Vec<Row<'_>>, DatabaseError> {
        let Some(shard) = self.shard(ecosystem)? else { return Ok(Vec::new()) };
        let name = shard_of(ecosystem).map_or(name.to_owned(), |it| canonical(it.1, name));
        let rows = shard.find(&name).map_err(|_| self.broken("shard"))?;
        let rows: Option<Vec<Row<'_>>> = rows.into_iter().flat_map(Rows::into_iter).collect();
        rows.ok_or_else(|| self.broken("shard"))
    }

    /// All that is known of an ecosystem and release.
    pub fn shard(&self, ecosystem: &str) -> Result<Option<&Shard>, DatabaseError> {
        let shards = &self.directory.shards;
        let Ok(at) = shards.binary_search_by(|it| it.ecosystem.as_str().cmp(ecosystem)) else {
            return Ok(None);
        };
        let (Some(entry), Some(slot)) = (shards.get(at), self.shards.get(at)) else {
            return Ok(None);
        };
        if slot.get().is_none() {
            let bytes = self.piece(&entry.piece, self.start, "shard")?;
            let shard = Shard::open(bytes).ok_or_else(|| self.broken("shard"))?;
            // Another thread may have been faster; both read the same.
            slot.set(shard).unwrap_or_default();
        }
        Ok(slot.get())
    }

    /// Whether anything is known of any package of an ecosystem, for example `Debian:12`.
    pub fn covers(&self, ecosystem: &str) -> bool {
        self.ecosystems().any(|it| it.0 == ecosystem)
    }

    /// Each ecosystem with its release, and how many packages and advisories are known of it.
    pub fn ecosystems(&self) -> impl Iterator<Item = (&str, usize, usize)> {
        self.directory.shards.iter().map(|it| (it.ecosystem.as_str(), it.n_packages, it.n_rows))
    }

    /// What is told of the flaw that goes by this name; nothing in a slim database.
    pub fn detail(&self, id: &str) -> Result<Option<Detail>, DatabaseError> {
        self.value(DETAILS, id, Detail::decode)
    }

    /// What is known of the use of a flaw.
    pub fn exploitation(&self, cve: &str) -> Result<Exploitation, DatabaseError> {
        Ok(self.value(FLAWS, cve, Exploitation::decode)?.unwrap_or_default())
    }

    /// The last day on which a release of a distribution is maintained.
    pub fn end_of_life(&self, distro: &str, version: &str) -> Option<&str> {
        let is = |it: &&super::layout::EndOfLife| it.distro == distro && it.version == version;
        self.directory.ends.iter().find(is).map(|it| it.date.as_str())
    }

    /// What it was made from.
    pub fn sources(&self) -> &[Source] {
        &self.directory.sources
    }

    /// The digest of the directory, which vouches for all else, and the signature of it.
    pub fn seal(&self) -> (&[u8; 32], Option<&[u8; 64]>) {
        let signature = &self.header.signature;
        (&self.header.digest, Some(signature).filter(|it| it.iter().any(|byte| *byte != 0)))
    }

    /// Checks that whoever has the secret half of `key` signed this database. The rest of the file
    /// hangs on what is signed: each piece is checked when it is read.
    pub fn verify_signature(&self, key: &PublicKey) -> Result<(), DatabaseError> {
        let (digest, signature) = self.seal();
        let signature = signature.ok_or_else(|| self.failed(Problem::Unsigned))?;
        if !key.has_signed(digest, signature) {
            return Err(self.failed(Problem::Signature(*key)));
        }
        Ok(())
    }

    /// Reads and checks every byte.
    pub fn verify(&self) -> Result<(), DatabaseError> {
        for entry in &self.directory.shards {
            let bytes = self.piece(&entry.piece, self.start, "shard")?;
            let shard = Shard::open(bytes).ok_or_else(|| self.broken("shard"))?;
            let whole = (0..shard.n_packages()).all(|number| {
                let rows = shard.package(number).map(|it| it.1);
                rows.is_some_and(|mut it| it.all(|row| row.is_some_and(|it| it.flaw().is_some())))
            });
            if !whole {
                return Err(self.broken("shard"));
            }
        }
        for part in [FLAWS, DETAILS] {
            let start = self.blocks_start(part)?;
            for block in self.index(part)? {
                self.piece(&block.piece, start, "block")?;
            }
        }
        Ok(())
    }

    /// Returns which database this is.
    pub fn provenance(&self) -> Provenance {
        let Directory { built, newest, n_records, .. } = &self.directory;
        Provenance {
            built: built.clone(),
            source_date: newest.clone(),
            records: *n_records,
            digest: format!("blake3:{}", blake3::Hash::from(self.header.digest).to_hex()),
        }
    }

    /// The error for what the checksum vouches for and nobody can read.
    pub fn broken(&self, what: &'static str) -> DatabaseError {
        self.failed(Problem::Malformed(what))
    }

    fn failed(&self, source: Problem) -> DatabaseError {
        DatabaseError { path: self.path.clone(), source }
    }

    fn value<T>(
        &self,
        part: usize,
        key: &str,
        decode: fn(&[u8]) -> Option<T>,
    ) -> Result<Option<T>, DatabaseError> {
        let blocks = self.index(part)?;
        let Some(block) = blocks.get(blocks::place(blocks, key)) else { return Ok(None) };
        let bytes = self.piece(&block.piece, self.blocks_start(part)?, "block")?;
        let value = blocks::find(&bytes, key).map_err(|_| self.broken("block"))?;
        value.map(|it| decode(it).ok_or_else(|| self.broken("block"))).transpose()
    }

    fn index(&self, part: usize) -> Result<&[Block], DatabaseError> {
        let pair = self.indexes.get(part).zip(self.directory.indexes.get(part));
        let Some((slot, piece)) = pair else { return Ok(&[]) };
        if slot.get().is_none() {
            let bytes = self.piece(piece, self.start, "index")?;
            let index = blocks::index(&bytes).ok_or_else(|| self.broken("index"))?;
            slot.set(index).unwrap_or_default();
        }
        Ok(slot.get().map_or(&[], Vec::as_slice))
    }

    /// Where the blocks of a part begin: behind its index.
    fn blocks_start(&self, part: usize) -> Result<u64, DatabaseError> {
        let index = self.directory.indexes.get(part);
        let end = index.and_then(|it| it.offset.checked_add(it.packed as u64));
        end.and_then(|it| it.checked_add(self.start)).ok_or_else(|| self.broken("directory"))
    }

    fn piece(
        &self,
        piece: &Piece,
        start: u64,
        what: &'static str,
    ) -> Result<Vec<u8>, DatabaseError> {
        // The file's length was checked, so that what is reserved here is there.
        if start.saturating_add(piece.offset).saturating_add(piece.packed as u64)
            > self.start.saturating_add(self.header.rest)
        {
            return Err(self.broken(what));
        }
        let mut bytes = vec![0; piece.packed];
        self.store
            .read(&mut bytes, start.saturating_add(piece.offset))
            .map_err(|it| self.failed(it.into()))?;
        if !piece.is_intact(&bytes) {
            return Err(self.failed(Problem::Checksum(what)));
        }
        piece.unpack(&bytes).ok_or_else(|| self.broken(what))
    }
}

fn open(path: &Path, store: Store) -> Result<Database, Problem> {
    let found = store.len()?;
    let mut header = [0; HEADER];
    // The schema stands at the front, so that an older file says what it is.
    let n_read = usize::try_from(found).unwrap_or(HEADER).min(HEADER);
    store.read(header.get_mut(..n_read).unwrap_or_default(), 0)?;
    let header = Header::parse(&header).ok_or(Problem::Foreign)?;
    if header.schema != SCHEMA {
        return Err(Problem::Schema { found: header.schema, expected: SCHEMA });
    }
    let start = HEADER as u64 + u64::from(header.packed);
    let expected = start.saturating_add(header.rest);
    // Before anything is reserved: the lengths may be lies, the file's own is not.
    if found != expected {
        return Err(Problem::Length { found, expected });
    }
    if header.packed > MAX_DIRECTORY || header.raw > MAX_DIRECTORY {
        return Err(Problem::Malformed("directory"));
    }
    let mut bytes = vec![0; header.packed as usize];
    store.read(&mut bytes, HEADER as u64)?;
    let (packed, raw) = (bytes.len(), header.raw as usize);
    let piece = Piece { offset: 0, packed, raw, digest: header.digest };
    if !piece.is_intact(&bytes) {
        return Err(Problem::Checksum("directory"));
    }
    let raw = piece.unpack(&bytes).ok_or(Problem::Malformed("directory"))?;
    let directory = Directory::parse(&raw).ok_or(Problem::Malformed("directory"))?;
    if directory.rest() != header.rest {
        return Err(Problem::Malformed("directory"));
    }
    let shards = directory.shards.iter().map(|_| OnceLock::new()).collect();
    let indexes = [OnceLock::new(), OnceLock::new()];
    Ok(Database { path: path.to_owned(), store, header, directory, start, shards, indexes })
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::fs;
    use std::path::Path;

    use super::{Database, DatabaseError};
    use crate::advisory::{End, Options, Range, build};

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
        build(&from, &out, Options::default()).unwrap();
        fs::read(out).unwrap()
    }

    /// Every answer of the database in `bytes`, or the chain of errors.
    fn answers(dir: &Path, bytes: &[u8]) -> Result<Vec<Vec<String>>, String> {
        let path = dir.join("tried.db");
        fs::write(&path, bytes).unwrap();
        let ask = || -> Result<Vec<_>, DatabaseError> {
            let database = Database::open(&path)?;
            let answer = |name: &&str| {
                let mut told = Vec::new();
                for row in database.rows("npm", name)? {
                    let flaw = row.flaw().ok_or_else(|| database.broken("shard"))?;
                    let detail = database.detail(&flaw.id)?;
                    told.push(format!("{flaw:?} {:?} {detail:?}", row.affected));
                }
                Ok(told)
            };
            NAMES.iter().map(answer).collect()
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
        let [found] = &database.rows("npm", "b").unwrap()[..] else { panic!() };
        let flaw = found.flaw().unwrap();
        let summary = database.detail("CVE-2024-1").unwrap().unwrap().summary;
        assert_eq!((flaw.id.as_str(), summary.as_str()), ("CVE-2024-1", "on a"));
        assert_eq!(
            (&flaw.aliases[..], &found.affected.versions[..]),
            (&["X-b".to_owned()][..], &["0.0.1"][..])
        );
        let range = |introduced, end| Range { introduced: Some(introduced), end };
        assert_eq!(
            found.affected.ranges,
            [range("1.0.0", End::Fixed("1.2.0")), range("2.0.0", End::Open)]
        );
        assert!(database.rows("PyPI", "b").unwrap().is_empty());
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
            // Neither the signature, which others look at, nor what is read of it.
            if (60..super::HEADER).contains(&at) {
                continue;
            }
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
    fn a_hostile_directory_with_a_right_checksum_is_read_without_a_panic() {
        let dir = tempfile::tempdir().unwrap();
        let good = small(dir.path());
        let packed = u32::from_le_bytes(good[12..16].try_into().unwrap()) as usize;
        let (front, rest) = good.split_at(super::HEADER + packed);
        let header = super::Header::parse(front[..super::HEADER].try_into().unwrap()).unwrap();
        let raw = zstd::bulk::decompress(&front[super::HEADER..], header.raw as usize).unwrap();
        for at in 0..raw.len() {
            for change in [0x01, 0x7f, 0xff] {
                let mut raw = raw.clone();
                raw[at] ^= change;
                let (packed, piece) = super::super::packed::pack(&raw).unwrap();
                let header = super::Header {
                    packed: packed.len().try_into().unwrap(),
                    digest: piece.digest,
                    ..header.clone()
                };
                drop(answers(dir.path(), &[&header.write(), &packed, rest].concat()));
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
        assert_eq!(
            said(8, 3),
            "unsupported schema 3 (this version reads 2); make one with this version"
        );
        assert_eq!(
            said(super::HEADER + 4, b'X'),
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
