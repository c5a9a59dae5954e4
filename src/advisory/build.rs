//! From folders of published records to one database file.
//!
//! The same records give the same bytes, wherever they lie and in whatever order they are read:
//! no clock, no path and no hash order reaches the file. A record that cannot be used is counted
//! and named. The file appears whole or not at all, so the last good one stays until then.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process;

use rayon::prelude::*;
use thiserror::Error;

use super::blocks;
use super::database::{Database, DatabaseError};
use super::gather::Gathered;
use super::input::{self, BadRecord, Progress, Reading};
use super::key::SecretKey;
use super::layout::{Directory, HEADER, Header, SCHEMA, SIGNATURE, ShardEntry, Source};
use super::packed::{Piece, pack};

/// How a database is built.
#[derive(Clone, Copy, Default)]
#[expect(missing_debug_implementations, reason = "a function has none")]
pub struct Options<'a> {
    /// The date that the database will give as its own; without it, the newest date of the records.
    pub built: Option<&'a str>,
    /// Without summaries and references: all that is needed to judge.
    pub is_slim: bool,
    /// Signs the database.
    pub key: Option<&'a SecretKey>,
    pub progress: Option<Progress<'a>>,
}

/// What a build did.
#[derive(Debug, Default)]
pub struct BuildReport {
    /// Records that are in the database.
    pub records: usize,
    /// Advisories in it: one for each flaw and package.
    pub advisories: usize,
    /// Packages in it: one for each ecosystem, release and name.
    pub packages: usize,
    /// Records that their source has withdrawn.
    pub withdrawn: usize,
    /// Records left out because a newer one has the same id.
    pub duplicates: usize,
    /// Packages of ecosystems that are not read, by ecosystem.
    pub skipped: BTreeMap<String, u64>,
    /// Records that cannot be used.
    pub bad: Vec<BadRecord>,
    pub sources: Vec<Source>,
    /// The newest change in the records.
    pub source_date: String,
    /// The size of the file.
    pub bytes: usize,
}

/// No database was built.
#[derive(Debug, Error)]
pub enum BuildError {
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot write {}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("no usable record in {dir} ({bad} bad, {others} of other ecosystems or withdrawn)")]
    Empty { dir: String, bad: usize, others: usize },
    #[error("the advisories do not fit one database file")]
    TooLarge,
}

/// Builds `out` from every file below `dir` that a source publishes.
pub fn build(dir: &Path, out: &Path, options: Options<'_>) -> Result<BuildReport, BuildError> {
    build_from(&[dir], out, options)
}

/// Builds `out` from every file of a source below any of these folders.
pub fn build_from(
    from: &[&Path],
    out: &Path,
    options: Options<'_>,
) -> Result<BuildReport, BuildError> {
    let listed: Result<Vec<_>, _> = from.iter().map(|it| input::list(it)).collect();
    let files = listed.map_err(|(path, source)| BuildError::Read { path, source })?.concat();
    let (mut gathered, mut bad) = (Gathered::default(), Vec::new());
    let progress = options.progress.unwrap_or(&|_, _| {});
    let mut reading = Reading { into: &mut gathered, bad: &mut bad, progress };
    for file in &files {
        reading.file(file);
    }
    progress("writing", 0);
    let counts = gathered.counts();
    if counts.records == 0 {
        let others = counts.others + counts.withdrawn;
        let dirs: Vec<String> = from.iter().map(|it| it.display().to_string()).collect();
        return Err(BuildError::Empty { dir: dirs.join(", "), bad: bad.len(), others });
    }
    let failed = |source| BuildError::Write { path: out.to_owned(), source };
    let (bytes, directory) = file_of(&gathered, counts.records, options).map_err(failed)?;
    let bytes = bytes.ok_or(BuildError::TooLarge)?;
    write_whole(out, &bytes).map_err(failed)?;
    Ok(BuildReport {
        records: counts.records,
        advisories: directory.shards.iter().map(|it| it.n_rows).sum(),
        packages: directory.shards.iter().map(|it| it.n_packages).sum(),
        withdrawn: counts.withdrawn,
        duplicates: counts.duplicates,
        skipped: counts.skipped,
        bad,
        sources: directory.sources,
        source_date: directory.newest,
        bytes: bytes.len(),
    })
}

/// Lays out the whole file; nothing if it is too large for its own numbers.
fn file_of(
    gathered: &Gathered,
    n_records: usize,
    options: Options<'_>,
) -> io::Result<(Option<Vec<u8>>, Directory)> {
    let newest = gathered.newest();
    let mut directory = Directory {
        built: options.built.unwrap_or(&newest).to_owned(),
        newest,
        n_records,
        sources: gathered.sources.values().cloned().collect(),
        ends: gathered.ends.iter().cloned().collect(),
        ..Directory::default()
    };
    let ecosystems: Vec<&str> = gathered.ecosystems().collect();
    let shards: Vec<_> = ecosystems
        .par_iter()
        .map(|ecosystem| {
            let mut ids = BTreeSet::new();
            let shard = gathered.shard(ecosystem, &mut ids);
            let (n_packages, n_rows) = (shard.n_packages(), shard.n_rows);
            let (bytes, piece) = pack(&shard.finish())?;
            let ecosystem = (*ecosystem).to_owned();
            Ok((ShardEntry { ecosystem, n_packages, n_rows, piece }, bytes, ids))
        })
        .collect::<io::Result<Vec<_>>>()?;
    let (mut rest, mut ids) = (Vec::new(), BTreeSet::new());
    for (entry, bytes, of_shard) in shards.into_iter().filter(|it| it.0.n_rows > 0) {
        directory.shards.push(entry);
        rest.extend_from_slice(&bytes);
        ids.extend(of_shard);
    }
    let flaws = blocks::write(gathered.exploitations(&ids))?;
    let told: Box<dyn Iterator<Item = _>> =
        if options.is_slim { Box::new(std::iter::empty()) } else { Box::new(gathered.told(&ids)) };
    for written in [flaws, blocks::write(told)?] {
        let (index, piece) = pack(&written.index)?;
        directory.indexes.push(piece);
        directory.blocks.push(written.blocks.len());
        rest.extend_from_slice(&index);
        rest.extend_from_slice(&written.blocks);
    }
    let raw = directory.write();
    let (packed, Piece { digest, .. }) = pack(&raw)?;
    let lengths = u32::try_from(packed.len()).ok().zip(u32::try_from(raw.len()).ok());
    let bytes = lengths.map(|(packed_len, raw_len)| {
        let header = Header {
            schema: SCHEMA,
            packed: packed_len,
            raw: raw_len,
            rest: rest.len() as u64,
            digest,
            signature: options.key.map_or([0; SIGNATURE], |it| it.sign(&digest)),
        };
        let mut bytes = Vec::with_capacity(HEADER + packed.len() + rest.len());
        bytes.extend_from_slice(&header.write());
        bytes.extend_from_slice(&packed);
        bytes.extend_from_slice(&rest);
        bytes
    });
    Ok((bytes, directory))
}

/// Signs a database that is there already; it stays as it is otherwise, and as a whole.
pub fn sign(file: &Path, key: &SecretKey) -> Result<(), DatabaseError> {
    let database = Database::open(file)?;
    database.verify()?;
    let (digest, _) = database.seal();
    let failed = |it: io::Error| DatabaseError { path: file.to_owned(), source: it.into() };
    let mut bytes = fs::read(file).map_err(failed)?;
    if let Some(place) = bytes.get_mut(HEADER - SIGNATURE..HEADER) {
        place.copy_from_slice(&key.sign(digest));
    }
    write_whole(file, &bytes).map_err(failed)
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", process::id()));
    let temporary = path.with_file_name(name);
    let written = File::create(&temporary)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // What is reported is why it could not be written, not that it could not be removed.
        fs::remove_file(&temporary).unwrap_or_default();
    }
    written
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{Options, build};
    use crate::advisory::Database;

    fn record(id: &str, day: u8, extra: &str) -> String {
        format!(
            r#"{{"id":"{id}","modified":"2024-01-{day:02}T00:00:00Z",{extra}"summary":"s{day}",
                "affected":[{{"package":{{"ecosystem":"npm","name":"p"}},"versions":["1.0.0"]}}]}}"#
        )
    }

    fn write(dir: &Path, files: &[(&str, String)]) {
        for (name, text) in files {
            let path = dir.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }

    /// Builds from `files`; prints what was counted and what is known of the npm package `p`.
    fn check(files: &[(&str, String)]) -> String {
        let dir = tempfile::tempdir().unwrap();
        let (from, out) = (dir.path().join("in"), dir.path().join("out.db"));
        write(&from, files);
        let report = match build(&from, &out, Options::default()) {
            Ok(report) => report,
            Err(error) => return error.to_string().replace(&*from.to_string_lossy(), "DIR"),
        };
        let bad: Vec<String> = report
            .bad
            .iter()
            .map(|it| format!("{}: {}", it.path.file_name().unwrap().to_string_lossy(), it.problem))
            .collect();
        let database = Database::open(&out).unwrap();
        let rows = database.rows("npm", "p").unwrap();
        let known = rows.into_iter().map(|it| {
            let id = it.flaw().unwrap().id;
            let told = database.detail(&id).unwrap().unwrap();
            format!("{id} {}", told.summary)
        });
        let known: Vec<String> = known.collect();
        format!(
            "{} used, {} withdrawn, {} duplicate, bad {bad:?}, to {}: {known:?}",
            report.records, report.withdrawn, report.duplicates, report.source_date,
        )
    }

    #[test]
    fn records_are_found_at_any_depth() {
        let files = [
            ("a.json", record("A", 1, "")),
            ("x/y/b.json", record("B", 2, "")),
            ("x/notes.txt", String::new()),
        ];
        insta::assert_snapshot!(check(&files), @r#"2 used, 0 withdrawn, 0 duplicate, bad [], to 2024-01-02T00:00:00Z: ["A s1", "B s2"]"#);
    }

    #[test]
    fn a_bad_record_is_named_and_the_rest_is_used() {
        let files = [("a.json", record("A", 1, "")), ("b.json", "{".to_owned())];
        insta::assert_snapshot!(check(&files), @r#"1 used, 0 withdrawn, 0 duplicate, bad ["b.json: not an OSV record: EOF while parsing an object at line 1 column 1"], to 2024-01-01T00:00:00Z: ["A s1"]"#);
    }

    #[test]
    fn the_newest_of_several_with_one_id_counts() {
        let files = [
            ("a.json", record("A", 3, "")),
            ("b.json", record("A", 1, "")),
            ("c.json", record("A", 2, "")),
        ];
        insta::assert_snapshot!(check(&files), @r#"1 used, 0 withdrawn, 2 duplicate, bad [], to 2024-01-03T00:00:00Z: ["A s3"]"#);
    }

    #[test]
    fn a_withdrawn_record_is_dropped() {
        let withdrawn = record("A", 1, r#""withdrawn":"2024-02-01T00:00:00Z","#);
        insta::assert_snapshot!(check(&[("a.json", withdrawn.clone()), ("b.json", record("B", 1, ""))]), @r#"1 used, 1 withdrawn, 0 duplicate, bad [], to 2024-01-01T00:00:00Z: ["B s1"]"#);
        insta::assert_snapshot!(check(&[("a.json", withdrawn)]), @"no usable record in DIR (0 bad, 1 of other ecosystems or withdrawn)");
    }

    #[test]
    fn without_a_usable_record_nothing_is_written() {
        insta::assert_snapshot!(check(&[("a.json", "{}".to_owned())]), @"no usable record in DIR (1 bad, 0 of other ecosystems or withdrawn)");
        insta::assert_snapshot!(check(&[]), @"cannot read DIR");
    }

    #[test]
    fn the_same_records_give_the_same_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let (one, two) = (dir.path().join("1"), dir.path().join("2"));
        write(&one, &[("a.json", record("A", 1, "")), ("b.json", record("B", 2, ""))]);
        write(&two, &[("z/a.json", record("B", 2, "")), ("y.json", record("A", 1, ""))]);
        let bytes = |from: &Path, out: &str| {
            let out = dir.path().join(out);
            build(from, &out, Options { built: Some("2024-02-01"), ..Options::default() }).unwrap();
            fs::read(out).unwrap()
        };
        assert_eq!(bytes(&one, "1.db"), bytes(&two, "2.db"));
        assert_eq!(bytes(&one, "1.db"), bytes(&one, "1.db"));
        let left: Vec<_> =
            fs::read_dir(dir.path()).unwrap().map(|it| it.unwrap().file_name()).collect();
        assert_eq!(left.len(), 4, "{left:?}");
    }

    #[test]
    fn a_slim_database_knows_the_same_and_tells_nothing() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), &[("a.json", record("A", 1, ""))]);
        let told = |is_slim| {
            let out = dir.path().join("out.db");
            build(dir.path(), &out, Options { is_slim, ..Options::default() }).unwrap();
            let database = Database::open(&out).unwrap();
            database.verify().unwrap();
            (database.rows("npm", "p").unwrap().len(), database.detail("A").unwrap().is_some())
        };
        assert_eq!((told(false), told(true)), ((1, true), (1, false)));
    }

    #[test]
    fn a_place_that_cannot_be_written_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), &[("a.json", record("A", 1, ""))]);
        let error =
            build(dir.path(), &dir.path().join("missing/out.db"), Options::default()).unwrap_err();
        assert!(error.to_string().starts_with("cannot write "), "{error}");
    }

    /// npm has 200,000 of them. What tells one from the next is its name, its number and, of some, an
    /// id of GitHub's.
    #[test]
    fn malicious_packages_take_few_bytes() {
        const COUNT: u32 = 20_000;
        const SYLLABLES: [&str; 13] =
            ["al", "be", "cor", "dan", "eth", "fi", "gul", "hex", "jar", "kit", "lo", "mu", "net"];
        let dir = tempfile::tempdir().unwrap();
        let (from, out) = (dir.path().join("in"), dir.path().join("out.db"));
        fs::create_dir_all(&from).unwrap();
        let mut records = Vec::new();
        let mut random = 7_u32;
        let mut next = |below: u32| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (random >> 8) % below
        };
        let letters = b"23456789cfghjmpqrvwx";
        for number in 0..COUNT {
            let n_syllables = 3 + next(4);
            let name: String = (0..n_syllables).map(|_| SYLLABLES[next(13) as usize]).collect();
            let name = format!("{name}-{}", next(1000));
            let alias: String = (0..12).map(|_| char::from(letters[next(20) as usize])).collect();
            let alias = format!(r#""GHSA-{}-{}-{}""#, &alias[..4], &alias[4..8], &alias[8..]);
            let aliases = if next(3) == 0 { alias } else { String::new() };
            let versions = match next(3) {
                0 => r#""ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}]"#.to_owned(),
                _ => format!(r#""versions":["1.0.{}","{}.9.{}"]"#, next(10), next(99), next(99)),
            };
            let json = format!(
                r#"{{"id":"MAL-202{}-{number}","modified":"2025-01-{:02}T00:00:00Z","aliases":[{aliases}],
                    "summary":"Malicious code in {name} (npm)","details":"It was made to harm.",
                    "references":[{{"type":"WEB","url":"https://example.org/{name}"}}],
                    "affected":[{{"package":{{"ecosystem":"npm","name":"{name}"}},{versions}}}]}}"#,
                2 + next(4),
                1 + next(28),
            );
            records.push((format!("{number}.json"), json));
        }
        let files: Vec<(&str, &[u8])> =
            records.iter().map(|it| (it.0.as_str(), it.1.as_bytes())).collect();
        fs::write(from.join("all.zip"), crate::format::zip::made::zip(&files)).unwrap();
        let report = build(&from, &out, Options::default()).unwrap();
        assert_eq!(report.records, COUNT as usize);
        // Of 21.9; without details it is 18.4.
        let size = report.bytes / report.records;
        assert!(size < 24, "{size} bytes for each");
    }
}
