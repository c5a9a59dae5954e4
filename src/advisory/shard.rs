//! What is known of the packages of one ecosystem and release: one piece of the file.
//!
//! Four tables: texts, flaws, sets of versions, and packages in the order of their names. Things
//! that are said of many packages are kept once, so that a package is a list of pairs of numbers.
//! The lengths of all entries stand first; where they begin is added up when the piece is opened.
//!
//! ```text
//! texts, flaws, versions, packages: for each the number of entries and their lengths
//! text:     its bytes
//! flaw:     id, aliases, severity and status, whose word (text), module (text)
//! versions: list of texts; list of ranges: introduced (text + 1, or 0), kind of end, end (text)
//! package:  name, then pairs of flaw and versions
//! ```

use rustc_hash::FxHashMap;

use super::affected::{Affected, Range};
use super::record::{end_of, end_parts, grade, graded};
use super::wire::{Broken, Reader, put_number, put_text};
use super::{Advisory, Flaw, ids};

/// A piece that is being written; packages come in the order of their names.
#[derive(Debug, Default)]
pub(super) struct Writer {
    texts: Table<String>,
    flaws: Table<Vec<u8>>,
    versions: Table<Vec<u8>>,
    packages: Vec<Vec<u8>>,
    pub(super) n_rows: usize,
}

/// Entries that are kept once.
#[derive(Debug)]
struct Table<T> {
    numbers: FxHashMap<T, usize>,
    entries: Vec<T>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { numbers: FxHashMap::default(), entries: Vec::new() }
    }
}

impl<T: Clone + Eq + std::hash::Hash> Table<T> {
    fn number_of(&mut self, entry: T) -> usize {
        if let Some(number) = self.numbers.get(&entry) {
            return *number;
        }
        let number = self.entries.len();
        self.entries.push(entry.clone());
        self.numbers.insert(entry, number);
        number
    }
}

impl Writer {
    pub(super) fn package(&mut self, name: &str, advisories: &[Advisory]) {
        let mut entry = Vec::new();
        put_text(&mut entry, name);
        for advisory in advisories {
            let flaw = self.flaw(&advisory.flaw);
            let versions = self.versions_of(&advisory.affected);
            put_number(&mut entry, flaw);
            put_number(&mut entry, versions);
        }
        self.n_rows += advisories.len();
        self.packages.push(entry);
    }

    fn flaw(&mut self, flaw: &Flaw) -> usize {
        let mut entry = Vec::new();
        ids::put(&mut entry, &flaw.id);
        put_number(&mut entry, flaw.aliases.len());
        for alias in &flaw.aliases {
            ids::put(&mut entry, alias);
        }
        entry.push(grade(flaw.severity, flaw.status));
        for text in [&flaw.rated_by, &flaw.module] {
            let number = self.texts.number_of(text.clone());
            put_number(&mut entry, number);
        }
        self.flaws.number_of(entry)
    }

    fn versions_of(&mut self, affected: &Affected) -> usize {
        let mut entry = Vec::new();
        let mut number = |it: &str| self.texts.number_of(it.to_owned());
        put_number(&mut entry, affected.versions.len());
        for version in &affected.versions {
            put_number(&mut entry, number(version));
        }
        put_number(&mut entry, affected.ranges.len());
        for range in &affected.ranges {
            let introduced = range.introduced.as_deref().map_or(0, |it| number(it) + 1);
            put_number(&mut entry, introduced);
            let (kind, bound) = end_parts(&range.end);
            entry.push(kind);
            if let Some(bound) = bound {
                put_number(&mut entry, number(bound));
            }
        }
        self.versions.number_of(entry)
    }

    pub(super) fn n_packages(&self) -> usize {
        self.packages.len()
    }

    pub(super) fn finish(self) -> Vec<u8> {
        let mut out = Vec::new();
        let texts: Vec<Vec<u8>> = self.texts.entries.into_iter().map(String::into_bytes).collect();
        let tables = [texts, self.flaws.entries, self.versions.entries, self.packages];
        for table in &tables {
            put_number(&mut out, table.len());
            for entry in table {
                put_number(&mut out, entry.len());
            }
        }
        for entry in tables.iter().flatten() {
            out.extend_from_slice(entry);
        }
        out
    }
}

/// A piece that was opened. What it claims is looked at when it is asked for.
#[derive(Debug)]
pub struct Shard {
    bytes: Vec<u8>,
    texts: Vec<usize>,
    flaws: Vec<usize>,
    versions: Vec<usize>,
    packages: Vec<usize>,
}

impl Shard {
    /// Nothing if the lengths do not add up.
    pub(super) fn open(bytes: Vec<u8>) -> Option<Self> {
        let mut reader = Reader(&bytes);
        let mut lengths = || reader.list(Reader::number);
        let (texts, flaws, versions, packages) = (lengths()?, lengths()?, lengths()?, lengths()?);
        let mut at = bytes.len() - reader.0.len();
        let mut starts = |lengths: Vec<usize>| {
            let mut starts = Vec::with_capacity(lengths.len() + 1);
            for length in lengths {
                starts.push(at);
                at = at.checked_add(length)?;
            }
            starts.push(at);
            Some(starts)
        };
        let (texts, flaws, versions, packages) =
            (starts(texts)?, starts(flaws)?, starts(versions)?, starts(packages)?);
        (at == bytes.len()).then_some(Self { bytes, texts, flaws, versions, packages })
    }

    fn entry(&self, starts: &[usize], number: usize) -> Option<&[u8]> {
        let end = number.checked_add(1)?;
        self.bytes.get(*starts.get(number)?..*starts.get(end)?)
    }

    fn text(&self, number: usize) -> Option<&str> {
        str::from_utf8(self.entry(&self.texts, number)?).ok()
    }

    /// How many packages it speaks of.
    pub fn n_packages(&self) -> usize {
        self.packages.len().saturating_sub(1)
    }

    /// The name of a package and what is known of it, by its place in the order of names.
    pub fn package(&self, number: usize) -> Option<(&str, Rows<'_>)> {
        let mut reader = Reader(self.entry(&self.packages, number)?);
        let name = reader.text()?;
        Some((name, Rows { shard: self, reader }))
    }

    /// What is known of the package `name`.
    pub(super) fn find(&self, name: &str) -> Result<Option<Rows<'_>>, Broken> {
        let (mut low, mut high) = (0, self.n_packages());
        while low < high {
            let middle = usize::midpoint(low, high);
            let (found, rows) = self.package(middle).ok_or(Broken)?;
            match found.cmp(name) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Ok(Some(rows)),
            }
        }
        Ok(None)
    }

    fn affected(&self, number: usize) -> Option<Affected<&str>> {
        let mut reader = Reader(self.entry(&self.versions, number)?);
        let versions = reader.list(|it| self.text(it.number()?))?;
        let ranges = reader.list(|it| {
            let introduced = match it.number()? {
                0 => None,
                number => Some(self.text(number - 1)?),
            };
            let kind = it.byte()?;
            let bound = if kind == 0 { None } else { Some(self.text(it.number()?)?) };
            Some(Range { introduced, end: end_of(kind, bound)? })
        })?;
        Some(Affected { versions, ranges })
    }
}

/// What is known of one package. A row that cannot be read is nothing, and the last one.
#[derive(Clone, Debug)]
pub struct Rows<'a> {
    shard: &'a Shard,
    reader: Reader<'a>,
}

impl<'a> Iterator for Rows<'a> {
    type Item = Option<Row<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.reader.is_at_end() {
            return None;
        }
        let row = self.row();
        if row.is_none() {
            self.reader = Reader(&[]);
        }
        Some(row)
    }
}

impl<'a> Rows<'a> {
    fn row(&mut self) -> Option<Row<'a>> {
        let (flaw, versions) = (self.reader.number()?, self.reader.number()?);
        Some(Row { shard: self.shard, flaw, affected: self.shard.affected(versions)? })
    }
}

/// One flaw in one package. The flaw itself is read if it matters.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    shard: &'a Shard,
    flaw: usize,
    pub affected: Affected<&'a str>,
}

impl Row<'_> {
    /// Nothing if it cannot be read.
    pub fn flaw(&self) -> Option<Flaw> {
        let mut reader = Reader(self.shard.entry(&self.shard.flaws, self.flaw)?);
        let (id, aliases) = (ids::read(&mut reader)?, reader.list(ids::read)?);
        let (severity, status) = graded(reader.byte()?)?;
        let rated_by = self.shard.text(reader.number()?)?.to_owned();
        let module = self.shard.text(reader.number()?)?.to_owned();
        reader.is_at_end().then_some(Flaw { id, aliases, severity, rated_by, status, module })
    }
}
