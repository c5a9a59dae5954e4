//! An inventory as lines that are carried, not parsed.

use std::borrow::Cow;
use std::fs;
use std::path::Path;

use thiserror::Error;

use crate::model::{FileFacts, Inventory, InventoryError, LayerPath};

const FRONT: &[u8] = b"{\"path\":\"";

/// The inventory that a scan starts from.
#[derive(Debug, Default)]
pub(super) struct Lines {
    bytes: Vec<u8>,
    lines: Vec<Line>,
}

#[derive(Debug)]
struct Line {
    path: Box<str>,
    start: usize,
    end: usize,
}

/// Lines that stay together in the new inventory.
#[derive(Debug)]
pub(super) struct Piece<'a> {
    /// The path of the first; decides where the piece goes.
    first: Cow<'a, str>,
    n_lines: usize,
    bytes: Cow<'a, [u8]>,
}

/// The parent's inventory cannot be used.
#[derive(Debug, Error)]
pub enum ParentError {
    #[error("cannot read {path}")]
    Read { path: String, source: std::io::Error },
    #[error(transparent)]
    Foreign(#[from] InventoryError),
    #[error("line {0} of the inventory is not what this version writes")]
    Line(usize),
}

impl Lines {
    pub(super) fn open(path: &Path) -> Result<Self, ParentError> {
        let bytes = fs::read(path)
            .map_err(|source| ParentError::Read { path: path.display().to_string(), source })?;
        Self::parse(bytes)
    }

    /// Finds the lines and checks what carrying them needs: whole, and in strict path order.
    pub(super) fn parse(bytes: Vec<u8>) -> Result<Self, ParentError> {
        let first = memchr::memchr(b'\n', &bytes).ok_or(InventoryError::Empty)?;
        let expected = Inventory::read_header(bytes.get(..first).unwrap_or_default())?;
        let mut lines: Vec<Line> = Vec::new();
        let mut start = first + 1;
        while let Some(rest) = bytes.get(start..).filter(|it| !it.is_empty()) {
            let broken = || ParentError::Line(lines.len() + 2);
            let end = start + memchr::memchr(b'\n', rest).ok_or_else(broken)? + 1;
            let line = bytes.get(start..end).unwrap_or_default();
            let path = path_of(line).ok_or_else(broken)?;
            if lines.last().is_some_and(|it| *it.path >= *path) {
                return Err(broken());
            }
            lines.push(Line { path, start, end });
            start = end;
        }
        if lines.len() != expected {
            return Err(InventoryError::Truncated { found: lines.len(), expected }.into());
        }
        Ok(Self { bytes, lines })
    }

    /// The line of the file at `path`.
    pub(super) fn at(&self, path: &str) -> Option<Piece<'_>> {
        let found = self.lines.binary_search_by(|it| (*it.path).cmp(path)).ok()?;
        self.piece(found, found + 1)
    }

    /// The lines of everything below the directory `path`; they lie together.
    pub(super) fn below(&self, path: &str) -> Option<Piece<'_>> {
        let front = format!("{path}/");
        let from = self.lines.partition_point(|it| *it.path < *front);
        let rest = self.lines.get(from..).unwrap_or_default();
        self.piece(from, from + rest.partition_point(|it| it.path.starts_with(&front)))
    }

    /// Every line, with its path and text.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, Piece<'_>)> {
        (0..self.lines.len()).filter_map(|at| {
            let piece = self.piece(at, at + 1)?;
            Some((&*self.lines.get(at)?.path, piece))
        })
    }

    fn piece(&self, from: usize, to: usize) -> Option<Piece<'_>> {
        let lines = self.lines.get(from..to)?;
        let (first, last) = (lines.first()?, lines.last()?);
        let bytes = Cow::Borrowed(self.bytes.get(first.start..last.end)?);
        Some(Piece { first: Cow::Borrowed(&first.path), n_lines: lines.len(), bytes })
    }
}

impl Piece<'_> {
    /// The line of one file, as the model writes it.
    pub(super) fn new(path: &LayerPath, facts: &FileFacts) -> Self {
        let mut bytes = Vec::new();
        // Memory takes every write. A line that were cut off would be an inventory that no one reads.
        Inventory::write_line(path, facts, &mut bytes).unwrap_or_default();
        Self { first: Cow::Owned(path.as_str().to_owned()), n_lines: 1, bytes: Cow::Owned(bytes) }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Puts the pieces in order: the bytes of an inventory, and the number of its lines.
pub(super) fn assemble(mut pieces: Vec<Piece<'_>>) -> (Vec<u8>, usize) {
    pieces.sort_unstable_by(|a, b| a.first.cmp(&b.first));
    let n_lines = pieces.iter().map(|it| it.n_lines).sum();
    let size: usize = pieces.iter().map(|it| it.bytes.len()).sum();
    let mut bytes = Vec::with_capacity(size + 64);
    // As above.
    Inventory::write_header(n_lines, &mut bytes).unwrap_or_default();
    for piece in &pieces {
        bytes.extend_from_slice(&piece.bytes);
    }
    (bytes, n_lines)
}

/// Reads the path at the front of a line and nothing behind it.
fn path_of(line: &[u8]) -> Option<Box<str>> {
    let rest = line.strip_prefix(FRONT)?;
    let mut end = 0;
    loop {
        end += memchr::memchr2(b'"', b'\\', rest.get(end..)?)?;
        if rest.get(end) == Some(&b'"') {
            break;
        }
        end += 2;
    }
    let raw = rest.get(..end)?;
    if memchr::memchr(b'\\', raw).is_none() {
        return Some(str::from_utf8(raw).ok()?.into());
    }
    let quoted = line.get(FRONT.len() - 1..=FRONT.len() + end)?;
    serde_json::from_slice::<String>(quoted).ok().map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::{Lines, Piece, assemble};
    use crate::model::{FileFacts, LayerPath};

    fn inventory(paths: &[&str]) -> Vec<u8> {
        let piece = |path: &&str| {
            let facts = FileFacts { notes: vec!["n\"x".to_owned()], ..FileFacts::default() };
            Piece::new(&LayerPath::new(path).unwrap(), &facts)
        };
        assemble(paths.iter().map(piece).collect()).0
    }

    fn names(piece: Option<Piece<'_>>) -> String {
        String::from_utf8(piece.map_or_else(Vec::new, |it| it.bytes().to_vec())).unwrap()
    }

    #[test]
    fn a_directory_is_one_range_though_its_neighbours_sort_inside_its_name() {
        let lines = Lines::parse(inventory(&["a/x", "a", "a-b", "a/b/c", "a0", "b"])).unwrap();
        assert_eq!(
            names(lines.below("a")),
            "{\"path\":\"a/b/c\",\"notes\":[\"n\\\"x\"]}\n{\"path\":\"a/x\",\"notes\":[\"n\\\"x\"]}\n"
        );
        assert_eq!(names(lines.at("a")), "{\"path\":\"a\",\"notes\":[\"n\\\"x\"]}\n");
        assert!(lines.below("a0").is_none());
        assert!(lines.at("a/b").is_none());
    }

    #[test]
    fn names_with_quotes_newlines_and_escapes_are_found() {
        for name in ["a\"b", "a\nb", "a\\", "\u{1b}[31m", "caf\\xe9", "ü\u{2028}"] {
            let lines = Lines::parse(inventory(&[name, "z"])).unwrap();
            assert!(lines.at(name).is_some(), "{name:?}");
        }
    }

    #[test]
    fn a_foreign_or_cut_off_inventory_is_refused() {
        let good = inventory(&["a", "b"]);
        for end in 0..good.len() {
            assert!(Lines::parse(good[..end].to_vec()).is_err());
        }
        let twice = [&good[..], b"{\"path\":\"a\"}\n"].concat();
        assert!(Lines::parse(twice).is_err());
    }
}
