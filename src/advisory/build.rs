//! From a directory of OSV records to one database file.
//!
//! The same records give the same bytes, wherever they lie and in whatever order they are read:
//! no clock, no path and no hash order reaches the file. A record that cannot be used is counted
//! and named. The file appears whole or not at all, so the last good one stays until then.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process;

use thiserror::Error;

use super::osv::{self, Record};
use super::table::{self, Directory};
use super::{Advisory, record};

/// The longest record that is read. The longest published ones are below 3 MB.
const MAX_RECORD: u64 = 32 << 20;
/// How deep directories are followed.
const MAX_DEPTH: usize = 16;

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
    /// The newest change in the records.
    pub source_date: String,
    /// The size of the file.
    pub bytes: usize,
}

/// A record that cannot be used, and why.
#[derive(Debug, PartialEq, Eq)]
pub struct BadRecord {
    pub path: PathBuf,
    pub problem: String,
}

/// No database was built.
#[derive(Debug, Error)]
pub enum BuildError {
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot write {}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("no usable OSV record in {} ({bad} bad, {others} of other ecosystems or withdrawn)", dir.display())]
    Empty { dir: PathBuf, bad: usize, others: usize },
    #[error("the advisories do not fit one database file")]
    TooLarge,
}

/// Builds `out` from every `*.json` below `dir`.
///
/// `built` is the date that the database will give as its own; without it, it is the newest date
/// of the records.
pub fn build(dir: &Path, out: &Path, built: Option<&str>) -> Result<BuildReport, BuildError> {
    let mut report = BuildReport::default();
    let mut files = Vec::new();
    list(dir, MAX_DEPTH, &mut files)?;
    let records = read_all(&files, &mut report);

    let mut packages: BTreeMap<String, Vec<Advisory>> = BTreeMap::new();
    let mut others = 0;
    for record in records.into_values() {
        report.withdrawn += usize::from(record.is_withdrawn);
        for (ecosystem, count) in &record.skipped {
            *report.skipped.entry(ecosystem.clone()).or_default() += count;
        }
        if record.is_withdrawn || record.advisories.is_empty() {
            others += 1;
            continue;
        }
        report.records += 1;
        report.source_date = record.modified.max(report.source_date);
        for ((ecosystem, name), advisory) in record.advisories {
            packages.entry(table::key(&ecosystem, &name)).or_default().push(advisory);
        }
    }
    if packages.is_empty() {
        return Err(BuildError::Empty { dir: dir.to_owned(), bad: report.bad.len(), others });
    }
    report.packages = packages.len();
    let entries = packages.into_iter().map(|(key, mut advisories)| {
        advisories.sort_unstable();
        advisories.dedup();
        report.advisories += advisories.len();
        let mut value = Vec::new();
        record::encode(&advisories, &mut value);
        (key, value)
    });
    let directory = Directory {
        built: built.unwrap_or(&report.source_date).to_owned(),
        source_date: report.source_date.clone(),
        records: report.records,
        ..Directory::default()
    };
    let bytes = table::write(directory, entries).ok_or(BuildError::TooLarge)?;
    write_whole(out, &bytes)
        .map_err(|source| BuildError::Write { path: out.to_owned(), source })?;
    report.bytes = bytes.len();
    Ok(report)
}

/// Lists the records below `dir` in order. Links are not followed: they could lead in circles.
fn list(dir: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), BuildError> {
    let failed = |source| BuildError::Read { path: dir.to_owned(), source };
    let mut entries =
        fs::read_dir(dir).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(failed)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (path, kind) = (entry.path(), entry.file_type().map_err(failed)?);
        if kind.is_dir() && depth > 0 {
            list(&path, depth - 1, files)?;
        } else if kind.is_file() && path.extension().is_some_and(|it| it == "json") {
            files.push(path);
        }
    }
    Ok(())
}

/// Reads the records by id. Of several with one id the newest counts.
fn read_all(files: &[PathBuf], report: &mut BuildReport) -> BTreeMap<String, Record> {
    let mut records: BTreeMap<String, Record> = BTreeMap::new();
    for path in files {
        match read(path) {
            Ok(record) => {
                let so_far = records.get(&record.id);
                report.duplicates += usize::from(so_far.is_some());
                if so_far.is_none_or(|it| it.sort_key() < record.sort_key()) {
                    records.insert(record.id.clone(), record);
                }
            }
            Err(problem) => report.bad.push(BadRecord { path: path.clone(), problem }),
        }
    }
    records
}

fn read(path: &Path) -> Result<Record, String> {
    let file = File::open(path).map_err(|it| it.to_string())?;
    let mut bytes = Vec::new();
    file.take(MAX_RECORD + 1).read_to_end(&mut bytes).map_err(|it| it.to_string())?;
    if bytes.len() as u64 > MAX_RECORD {
        return Err(format!("larger than {} MB", MAX_RECORD >> 20));
    }
    osv::parse(&bytes).map_err(|it| it.to_string())
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

    use super::build;
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
        let report = match build(&from, &out, None) {
            Ok(report) => report,
            Err(error) => return error.to_string().replace(&*from.to_string_lossy(), "DIR"),
        };
        let bad: Vec<String> = report
            .bad
            .iter()
            .map(|it| format!("{}: {}", it.path.file_name().unwrap().to_string_lossy(), it.problem))
            .collect();
        let known = Database::open(&out).unwrap().lookup("npm", "p").unwrap();
        let known: Vec<String> =
            known.into_iter().map(|it| format!("{} {}", it.id, it.summary)).collect();
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
        insta::assert_snapshot!(check(&[("a.json", withdrawn)]), @"no usable OSV record in DIR (0 bad, 1 of other ecosystems or withdrawn)");
    }

    #[test]
    fn without_a_usable_record_nothing_is_written() {
        insta::assert_snapshot!(check(&[("a.json", "{}".to_owned())]), @"no usable OSV record in DIR (1 bad, 0 of other ecosystems or withdrawn)");
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
            build(from, &out, Some("2024-02-01")).unwrap();
            fs::read(out).unwrap()
        };
        assert_eq!(bytes(&one, "1.db"), bytes(&two, "2.db"));
        assert_eq!(bytes(&one, "1.db"), bytes(&one, "1.db"));
        let left: Vec<_> =
            fs::read_dir(dir.path()).unwrap().map(|it| it.unwrap().file_name()).collect();
        assert_eq!(left.len(), 4, "{left:?}");
    }

    #[test]
    fn a_place_that_cannot_be_written_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), &[("a.json", record("A", 1, ""))]);
        let error = build(dir.path(), &dir.path().join("missing/out.db"), None).unwrap_err();
        assert!(error.to_string().starts_with("cannot write "), "{error}");
    }
}
