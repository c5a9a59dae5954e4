//! The sources beside OSV: one file each, which adds what it reads to the same records.
//!
//! What a file is, is told by its content, so that it may have any name that ends in its format. Each
//! source reads one file, unpacked; what it cannot use of it is counted and named, and the rest is
//! used.

mod alpine;
mod csaf;
mod debian;
mod eol;
mod epss;
mod kev;
mod nvidia;
mod redhat;
mod updateinfo;

use std::io::BufRead;
use std::path::Path;

use super::gather::{Gathered, Record};

pub(super) use csaf::parse as csaf;

/// The most bad records of one file that are named; the rest is counted.
const MAX_NAMED: usize = 500;
/// The most letters of a record's name or of a text that is told with it.
const MAX_TEXT: usize = 120;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One record of OSV's.
    Osv,
    /// CISA's catalogue of exploited flaws.
    Kev,
    /// FIRST's scores of a day.
    Epss,
    /// Debian's security tracker.
    Debian,
    /// The repairs that Alpine, Wolfi or Chainguard list for a repository.
    Alpine,
    /// One document of Red Hat's or NVIDIA's.
    Csaf,
    /// The errata of a repository of Amazon Linux or Oracle Linux.
    Updateinfo,
    /// NVIDIA's bulletins, reduced to facts.
    Nvidia,
    /// When the releases of a distribution end.
    EndOfLife,
}

impl Kind {
    /// Tells a file by its format and its first bytes, unpacked; nothing for what no source
    /// publishes.
    pub(super) fn of(path: &Path, head: &[u8]) -> Option<Self> {
        let holds = |text: &str| memchr::memmem::find(head, text.as_bytes()).is_some();
        match format(path)? {
            "csv" => holds("cve,epss,percentile").then_some(Self::Epss),
            "xml" => holds("<updates").then_some(Self::Updateinfo),
            "json" if holds("\"catalogVersion\"") && holds("\"vulnerabilities\"") => {
                Some(Self::Kev)
            }
            "json" if holds("\"csaf_version\"") || holds("\"product_tree\"") => Some(Self::Csaf),
            "json" if holds("\"bulletin_id\"") => Some(Self::Nvidia),
            "json" if holds("\"secfixes\"") || holds("\"apkurl\"") => Some(Self::Alpine),
            "json" if eol::is(path, head) => Some(Self::EndOfLife),
            "json" if debian::is(head) => Some(Self::Debian),
            // NVIDIA publishes each flaw a second time, in a form with less in it.
            "json" if holds("\"CVE_RECORD\"") => None,
            "json" => Some(Self::Osv),
            _ => None,
        }
    }
}

/// The ending of a name, without that of its compression; nothing if no source publishes such files.
pub(super) fn format(path: &Path) -> Option<&'static str> {
    let name = path.file_name()?.to_str()?;
    let bare = [".gz", ".zst"].iter().find_map(|it| name.strip_suffix(it)).unwrap_or(name);
    let ending = |it: &&&str| bare.strip_suffix(**it).is_some_and(|it| it.ends_with('.'));
    let known = ["csv", "json", "tar", "tgz", "xml"].iter().find(ending);
    // Scores come packed; nothing else of that name does.
    known.copied().or((bare != name && name.starts_with("epss")).then_some("csv"))
}

/// What becomes of a source's records, and of those that cannot be used.
#[derive(Debug)]
pub(super) struct Intake<'a> {
    pub(super) gathered: &'a mut Gathered,
    pub(super) bad: Bad,
}

/// What cannot be used of a file, by the names of records.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Bad {
    pub(super) named: Vec<String>,
    n_more: usize,
}

impl Bad {
    /// Names a record and says what is wrong with it.
    pub(super) fn name(&mut self, record: &str, problem: &str) {
        if self.named.len() == MAX_NAMED {
            self.n_more += 1;
        } else {
            self.named.push(format!("{}: {problem}", short(record)));
        }
    }

    /// What is told: a line each, and how many more there are.
    pub(super) fn told(mut self) -> Vec<String> {
        if self.n_more > 0 {
            self.named.push(format!("{} more records that cannot be used", self.n_more));
        }
        self.named
    }
}

/// A text from a record, as long as it may be told.
fn short(text: &str) -> String {
    let mut short: String = text.chars().take(MAX_TEXT).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

impl<'a> Intake<'a> {
    pub(super) fn new(gathered: &'a mut Gathered) -> Self {
        Self { gathered, bad: Bad::default() }
    }

    /// Takes what a document gave.
    pub(super) fn take(&mut self, parsed: Parsed) {
        let Parsed { source, date, records, bad, skipped } = parsed;
        for problem in bad {
            self.bad.name(&problem.0, &problem.1);
        }
        for (what, count) in skipped {
            self.gathered.skip(what, count);
        }
        let n_records = records.iter().filter(|it| !it.rows.is_empty()).count();
        if !records.is_empty() {
            self.gathered.source(source, &date, n_records);
        }
        for record in records {
            self.gathered.record(record);
        }
    }
}

/// What one document gives.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    /// `Red Hat VEX`.
    source: &'static str,
    date: String,
    records: Vec<Record>,
    /// Names of records, and what is wrong with them.
    bad: Vec<(String, String)>,
    /// What is left out on purpose.
    skipped: Vec<(&'static str, u64)>,
}

/// Reads a file of `kind`, which is unpacked already.
pub(super) fn read(
    kind: Kind,
    path: &Path,
    mut from: impl BufRead,
    intake: &mut Intake<'_>,
) -> Result<(), String> {
    match kind {
        Kind::Debian => return debian::read(from, intake),
        Kind::Updateinfo => return updateinfo::read(from, intake),
        _ => {}
    }
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes).map_err(|it| it.to_string())?;
    match kind {
        Kind::Osv | Kind::Debian | Kind::Updateinfo => {}
        Kind::Kev => kev::read(&bytes, intake.gathered)?,
        Kind::Epss => epss::read(&bytes, intake.gathered)?,
        Kind::Alpine => alpine::read(&bytes, intake)?,
        Kind::Csaf => intake.take(csaf::parse(&bytes)?),
        Kind::Nvidia => intake.take(nvidia::parse(&bytes)?),
        Kind::EndOfLife => eol::read(path, &bytes, intake)?,
    }
    Ok(())
}

#[cfg(test)]
mod tests;
