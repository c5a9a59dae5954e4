//! What all sources said, on its way into one file.
//!
//! Millions of records pass through: each is kept as bytes, by ecosystem, until all are there. The same
//! records give the same file, in whatever order they come: of several with one id the newest
//! counts, and of the rest nothing is left to chance.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use super::detail::{Detail, Exploitation};
use super::layout::{EndOfLife, Source};
use super::shard::Writer;
use super::wire::{Reader, put_number, put_text};
use super::{Advisory, record};
use crate::model::Epss;

/// A record of any source.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) id: String,
    /// RFC 3339, or a day; empty where the record has no date.
    pub(super) modified: String,
    pub(super) is_withdrawn: bool,
    pub(super) rows: Vec<Row>,
    pub(super) detail: Detail,
    /// Affected packages of ecosystems that are not read, by ecosystem.
    pub(super) skipped: BTreeMap<String, u64>,
}

/// One flaw in one package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row {
    /// `Debian:12`, `PyPI`.
    pub(super) ecosystem: String,
    pub(super) package: String,
    pub(super) advisory: Advisory,
}

/// Numbers for the one who builds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Records that are in the database.
    pub(super) records: usize,
    /// Records that their source has withdrawn.
    pub(super) withdrawn: usize,
    /// Records left out because a newer one has the same id.
    pub(super) duplicates: usize,
    /// Records that are about nothing that is read.
    pub(super) others: usize,
    /// Packages of ecosystems that are not read, by ecosystem.
    pub(super) skipped: BTreeMap<String, u64>,
}

/// The state of one id.
#[derive(Debug)]
struct State {
    modified: String,
    is_withdrawn: bool,
    /// Tells records of one day apart.
    digest: [u8; 8],
    /// How many records of this id have been replaced; rows of earlier ones do not count.
    generation: usize,
    is_empty: bool,
}

/// All that was read so far.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    numbers: FxHashMap<String, usize>,
    states: Vec<State>,
    /// Rows as bytes, by ecosystem.
    rows: BTreeMap<String, Vec<u8>>,
    details: BTreeMap<String, (u8, Detail)>,
    exploited: BTreeMap<String, String>,
    epss: BTreeMap<String, Epss>,
    pub(super) ends: BTreeSet<EndOfLife>,
    pub(super) sources: BTreeMap<String, Source>,
    duplicates: usize,
    skipped: BTreeMap<String, u64>,
}

impl Gathered {
    pub(super) fn record(&mut self, mut record: Record) {
        for (ecosystem, count) in &record.skipped {
            *self.skipped.entry(ecosystem.clone()).or_default() += count;
        }
        record.rows.sort();
        record.rows.dedup();
        let bytes: Vec<Vec<u8>> = record
            .rows
            .iter()
            .map(|it| {
                let mut bytes = Vec::new();
                record::encode(&it.advisory, &mut bytes);
                bytes
            })
            .collect();
        let digest = digest(&record, &bytes);
        let Some((number, generation)) = self.number(&record, digest) else { return };
        if record.is_withdrawn {
            return;
        }
        for (row, bytes) in record.rows.iter().zip(&bytes) {
            let rows = match self.rows.get_mut(&row.ecosystem) {
                Some(rows) => rows,
                None => self.rows.entry(row.ecosystem.clone()).or_default(),
            };
            put_number(rows, number);
            put_number(rows, generation);
            put_text(rows, &row.package);
            put_number(rows, bytes.len());
            rows.extend_from_slice(bytes);
        }
        self.detail(&record);
    }

    /// A place for the record, if it is the newest of its id.
    fn number(&mut self, record: &Record, digest: [u8; 8]) -> Option<(usize, usize)> {
        let Record { id, modified, is_withdrawn, rows, .. } = record;
        let state = |generation| State {
            modified: modified.clone(),
            is_withdrawn: *is_withdrawn,
            digest,
            generation,
            is_empty: rows.is_empty(),
        };
        if let Some(number) = self.numbers.get(id) {
            self.duplicates += 1;
            let before = self.states.get_mut(*number)?;
            let old = (&before.modified, before.is_withdrawn, before.digest);
            if old >= (modified, *is_withdrawn, digest) {
                return None;
            }
            *before = state(before.generation + 1);
            return Some((*number, before.generation));
        }
        let number = self.states.len();
        self.states.push(state(0));
        self.numbers.insert(id.clone(), number);
        Some((number, 0))
    }

    /// Of all that is told of a flaw, GitHub's is read best, then that of its ecosystem.
    fn detail(&mut self, record: &Record) {
        let rank = match record.id.split('-').next() {
            Some("GHSA") => 0,
            Some("PYSEC" | "GO" | "RUSTSEC" | "NVIDIA") => 1,
            _ => 2,
        };
        for row in &record.rows {
            let told = (rank, record.detail.clone());
            let known = self.details.get_mut(&row.advisory.flaw.id);
            let is_better = |it: &(u8, Detail)| {
                (told.1.summary.is_empty(), &told) < (it.1.summary.is_empty(), it)
            };
            match known {
                Some(known) if is_better(known) => *known = told,
                Some(_) => {}
                None => {
                    self.details.insert(row.advisory.flaw.id.clone(), told);
                }
            }
        }
    }

    /// A flaw that is known to be used, since the day `date`.
    pub(super) fn exploited(&mut self, cve: &str, date: &str) {
        let since = self.exploited.entry(cve.to_owned()).or_insert_with(|| date.to_owned());
        if date < since.as_str() {
            date.clone_into(since);
        }
    }

    pub(super) fn epss(&mut self, cve: &str, epss: Epss) {
        let known = self.epss.entry(cve.to_owned()).or_insert(epss);
        *known = epss.max(*known);
    }

    /// Something that is left out on purpose.
    pub(super) fn skip(&mut self, what: &str, count: u64) {
        *self.skipped.entry(what.to_owned()).or_default() += count;
    }

    /// A source that was read; of one that was read in several files, the newest date counts.
    pub(super) fn source(&mut self, name: &str, date: &str, records: usize) {
        let new = || Source { name: name.to_owned(), date: String::new(), records: 0 };
        let source = self.sources.entry(name.to_owned()).or_insert_with(new);
        source.records += records;
        if date > source.date.as_str() {
            date.clone_into(&mut source.date);
        }
    }

    pub(super) fn counts(&self) -> Counts {
        let mut counts = Counts {
            duplicates: self.duplicates,
            skipped: self.skipped.clone(),
            ..Counts::default()
        };
        for state in &self.states {
            match (state.is_withdrawn, state.is_empty) {
                (true, _) => counts.withdrawn += 1,
                (false, true) => counts.others += 1,
                (false, false) => counts.records += 1,
            }
        }
        counts
    }

    /// The newest change in what is kept.
    pub(super) fn newest(&self) -> String {
        let kept = self.states.iter().filter(|it| !it.is_withdrawn && !it.is_empty);
        kept.map(|it| &it.modified).max().cloned().unwrap_or_default()
    }

    pub(super) fn ecosystems(&self) -> impl Iterator<Item = &str> {
        self.rows.keys().map(String::as_str)
    }

    /// The shard of one ecosystem; the ids of the flaws in it are added to `ids`.
    pub(super) fn shard(&self, ecosystem: &str, ids: &mut BTreeSet<String>) -> Writer {
        let mut rows = self.live(ecosystem);
        rows.sort_unstable();
        rows.dedup();
        let mut writer = Writer::default();
        for group in rows.chunk_by(|a, b| a.0 == b.0) {
            let advisories: Vec<Advisory> =
                group.iter().filter_map(|it| record::decode(it.1)).collect();
            for advisory in &advisories {
                if !ids.contains(&advisory.flaw.id) {
                    ids.insert(advisory.flaw.id.clone());
                }
            }
            if let Some((name, _)) = group.first() {
                writer.package(name, &advisories);
            }
        }
        writer
    }

    /// Package and advisory of each row that no newer record replaced.
    fn live(&self, ecosystem: &str) -> Vec<(&str, &[u8])> {
        let mut reader = Reader(self.rows.get(ecosystem).map_or(&[], Vec::as_slice));
        let mut live = Vec::new();
        // What was written here reads back; the loop ends with the bytes.
        while let Some((number, generation)) = reader.number().zip(reader.number()) {
            let Some((name, length)) = reader.text().zip(reader.number()) else { break };
            let Some(bytes) = reader.bytes(length) else { break };
            let state = self.states.get(number);
            if state.is_some_and(|it| it.generation == generation && !it.is_withdrawn) {
                live.push((name, bytes));
            }
        }
        live
    }

    /// What is known of the use of those flaws among `ids`, in their order.
    pub(super) fn exploitations<'a>(
        &'a self,
        ids: &'a BTreeSet<String>,
    ) -> impl Iterator<Item = (String, Vec<u8>)> + 'a {
        ids.iter().filter_map(|id| {
            let known_since = self.exploited.get(id).cloned();
            let epss = self.epss.get(id).copied();
            let is_known = known_since.is_some() || epss.is_some();
            is_known.then(|| (id.clone(), Exploitation { known_since, epss }.encode()))
        })
    }

    /// What is told of those flaws among `ids`, in their order.
    pub(super) fn told<'a>(
        &'a self,
        ids: &'a BTreeSet<String>,
    ) -> impl Iterator<Item = (String, Vec<u8>)> + 'a {
        let told = ids.iter().filter_map(|id| Some((id, &self.details.get(id)?.1)));
        told.filter(|it| *it.1 != Detail::default()).map(|(id, it)| (id.clone(), it.encode()))
    }
}

fn digest(record: &Record, rows: &[Vec<u8>]) -> [u8; 8] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&record.detail.encode());
    for (row, bytes) in record.rows.iter().zip(rows) {
        hasher.update(row.ecosystem.as_bytes()).update(b"\n").update(row.package.as_bytes());
        hasher.update(b"\n").update(bytes);
    }
    let mut digest = [0; 8];
    hasher.finalize_xof().fill(&mut digest);
    digest
}
