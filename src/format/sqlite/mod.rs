//! SQLite databases: the rows of a table, one after the other.
//!
//! Format: <https://www.sqlite.org/fileformat.html>. Of a database of hundreds of megabytes, only
//! the pages of one table pass through memory. Not read: indexes, tables `WITHOUT ROWID`, text in
//! UTF-16, and a `-wal` file: a database in WAL mode is read as its last checkpoint left it.

mod row;

#[cfg(test)]
pub(crate) mod made;
#[cfg(test)]
mod tests;

use std::fmt;
use std::iter;

use rustc_hash::FxHashSet;

use super::FormatError;
use super::bytes::{be16, be32, part};
use crate::model::Content;
use row::varint;

pub use row::{Row, Value};

/// Pages of one database: 16 GiB of the usual size.
const MAX_PAGES: u64 = 1 << 22;

/// No statement that makes a table comes near this.
const MAX_SCHEMA_ROW: u64 = 1 << 20;

const MAGIC: &[u8] = b"SQLite format 3\0";

/// The length of the file's header, which stands at the front of its first page.
const FILE_HEADER: usize = 100;

const INTERIOR: u8 = 5;
const LEAF: u8 = 13;

/// A database.
#[derive(Clone, Copy)]
pub struct Database<'a> {
    content: &'a dyn Content,
    page_size: usize,
    /// The front of each page, without what is reserved for extensions.
    usable: usize,
    n_pages: u32,
}

/// Is told each row, and why at one place there is none.
pub type Each<'a> = dyn FnMut(Result<Row<'_>, FormatError>) + 'a;

/// Whether a file that begins with these bytes is a database.
pub fn is_database(head: &[u8]) -> bool {
    head.starts_with(MAGIC)
}

impl<'a> Database<'a> {
    /// Reads the header.
    pub fn open(content: &'a dyn Content) -> Result<Self, FormatError> {
        let header = part(content, 0, FILE_HEADER as u64)?;
        if !is_database(&header) {
            return Err(FormatError::Malformed("not a SQLite database"));
        }
        let fields = || Some((be16(&header, 16)?, *header.get(20)?, be32(&header, 56)?));
        let Some((page_size, reserved, encoding)) = fields() else {
            return Err(FormatError::Malformed("the header is cut off"));
        };
        let page_size = if page_size == 1 { 1 << 16 } else { usize::from(page_size) };
        let usable = page_size.saturating_sub(usize::from(reserved));
        if !page_size.is_power_of_two() || page_size < 512 || usable < 480 {
            return Err(FormatError::Malformed("pages of no possible size"));
        }
        if encoding > 1 {
            return Err(FormatError::Malformed("text in UTF-16, which is not read"));
        }
        let n_pages = content.size() / page_size as u64;
        match u32::try_from(n_pages) {
            Ok(n_pages) if u64::from(n_pages) <= MAX_PAGES => {
                Ok(Self { content, page_size, usable, n_pages })
            }
            _ => Err(FormatError::Limit { what: "too many pages", limit: MAX_PAGES }),
        }
    }

    /// The page at which a table begins, if there is that table.
    pub fn table(&self, name: &str) -> Result<Option<u32>, FormatError> {
        let (mut root, mut lost) = (None, None);
        self.rows(1, MAX_SCHEMA_ROW, &mut |row| match row {
            Ok(row) => root = root.or_else(|| row.root_of(name)),
            Err(error) => lost = Some(error),
        })?;
        match (root, lost) {
            (None, Some(error)) => Err(error),
            (root, _) => Ok(root),
        }
    }

    /// Reads all rows of the table that begins at the page `root`. A row of more than `limit` bytes
    /// is told as an error, and so is every place where some are lost; the others follow. Only a
    /// failing disk ends the reading.
    pub fn rows(&self, root: u32, limit: u64, each: &mut Each<'_>) -> Result<(), FormatError> {
        let mut walk =
            Walk { database: self, limit, seen: FxHashSet::default(), record: Vec::new() };
        let mut open = Vec::new();
        tell(walk.visit(root).map(|()| open.push(root)), each)?;
        while let Some(number) = open.pop() {
            let page = walk.page(number).and_then(|it| Page::read(it, number));
            let Some(page) = tell(page, each)? else { continue };
            if page.is_leaf {
                walk.leaf(&page, each)?;
                continue;
            }
            // The last that is put there is read first.
            for child in page.children().rev() {
                let child = child.and_then(|it| walk.visit(it).map(|()| it));
                open.extend(tell(child, each)?);
            }
        }
        Ok(())
    }
}

/// Tells what is wrong at one place, unless nothing more can be read.
fn tell<T>(read: Result<T, FormatError>, each: &mut Each<'_>) -> Result<Option<T>, FormatError> {
    match read {
        Ok(read) => return Ok(Some(read)),
        Err(FormatError::Io(error)) => return Err(error.into()),
        Err(error) => each(Err(error)),
    }
    Ok(None)
}

/// One table while it is read.
struct Walk<'a> {
    database: &'a Database<'a>,
    limit: u64,
    /// A page has one place in the table; with a second one, the reading might never end.
    seen: FxHashSet<u32>,
    /// What does not lie in one page.
    record: Vec<u8>,
}

impl Walk<'_> {
    fn visit(&mut self, number: u32) -> Result<(), FormatError> {
        if number == 0 || number > self.database.n_pages {
            return Err(FormatError::Malformed("a page outside of the file"));
        }
        if !self.seen.insert(number) {
            return Err(FormatError::Malformed("a page with two places"));
        }
        Ok(())
    }

    /// The usable part of a page.
    fn page(&self, number: u32) -> Result<Vec<u8>, FormatError> {
        let offset = u64::from(number.saturating_sub(1)) * self.database.page_size as u64;
        let page = part(self.database.content, offset, self.database.usable as u64)?;
        if page.len() < self.database.usable {
            return Err(FormatError::Malformed("a page that is cut off"));
        }
        Ok(page)
    }

    /// Tells the rows of a leaf.
    fn leaf(&mut self, page: &Page, each: &mut Each<'_>) -> Result<(), FormatError> {
        // Rows do not overlap. If they did, one page could hold 30,000 of its own size.
        let mut left = page.bytes.len();
        for at in page.cells() {
            let Some(cell) = tell(at.and_then(|at| self.cell(page, at)), each)? else { continue };
            let Some(rest) = left.checked_sub(cell.local.len()) else {
                each(Err(FormatError::Malformed("rows that overlap")));
                return Ok(());
            };
            left = rest;
            if let Some(record) = tell(self.record(&cell), each)? {
                each(Ok(Row::new(cell.id, record)));
            }
        }
        Ok(())
    }

    /// The cell of a leaf. How much of a record stays in the page: section 1.6 of the format.
    fn cell<'b>(&self, page: &'b Page, at: usize) -> Result<Cell<'b>, FormatError> {
        let read = || {
            let (length, at) = varint(&page.bytes, at)?;
            let (id, at) = varint(&page.bytes, at)?;
            let usable = self.database.usable as u64;
            let (most, least) = (usable - 35, (usable - 12) * 32 / 255 - 23);
            let local = match least + length.saturating_sub(least) % (usable - 4) {
                _ if length <= most => length,
                fitting if fitting <= most => fitting,
                _ => least,
            };
            let end = at.checked_add(usize::try_from(local).ok()?)?;
            let overflow = if local < length { Some(be32(&page.bytes, end)?) } else { None };
            Some(Cell { length, id: id.cast_signed(), local: page.bytes.get(at..end)?, overflow })
        };
        read().ok_or(FormatError::Malformed("a row that does not fit its page"))
    }

    /// The whole record of a cell, with what lies on its chain of overflow pages.
    fn record<'b>(&'b mut self, cell: &Cell<'b>) -> Result<&'b [u8], FormatError> {
        let limit = self.limit;
        let length = usize::try_from(cell.length).unwrap_or(usize::MAX);
        if cell.length > limit {
            return Err(FormatError::Limit { what: "a row that is too large", limit });
        }
        let Some(mut number) = cell.overflow else { return Ok(cell.local) };
        self.record.clear();
        self.record.extend(cell.local);
        while self.record.len() < length {
            if number == 0 {
                return Err(FormatError::Malformed("a row that is cut off"));
            }
            self.visit(number)?;
            let page = self.page(number)?;
            let (next, data) = page.split_first_chunk().unwrap_or((&[0; 4], &[]));
            let missing = length - self.record.len();
            self.record.extend(data.get(..missing).unwrap_or(data));
            number = u32::from_be_bytes(*next);
        }
        Ok(&self.record)
    }
}

struct Cell<'a> {
    /// Of the whole record.
    length: u64,
    id: i64,
    local: &'a [u8],
    /// The page on which the record goes on.
    overflow: Option<u32>,
}

/// A page of a table's tree.
struct Page {
    bytes: Vec<u8>,
    is_leaf: bool,
    /// Where the offsets of the cells begin.
    offsets: usize,
    n_cells: usize,
}

impl Page {
    fn read(bytes: Vec<u8>, number: u32) -> Result<Self, FormatError> {
        let at = if number == 1 { FILE_HEADER } else { 0 };
        let fields = || Some((*bytes.get(at)?, be16(&bytes, at + 3)?));
        let (is_leaf, header, n_cells) = match fields() {
            Some((INTERIOR, n_cells)) => (false, 12, n_cells),
            Some((LEAF, n_cells)) => (true, 8, n_cells),
            _ => return Err(FormatError::Malformed("a page that is not of a table")),
        };
        let (offsets, n_cells) = (at + header, usize::from(n_cells));
        if bytes.len() < offsets + 2 * n_cells {
            return Err(FormatError::Malformed("a page without room for its rows"));
        }
        Ok(Self { bytes, is_leaf, offsets, n_cells })
    }

    /// Where each cell begins.
    fn cells(&self) -> impl DoubleEndedIterator<Item = Result<usize, FormatError>> {
        (0..self.n_cells).map(|it| {
            let at = be16(&self.bytes, self.offsets + 2 * it).map(usize::from);
            at.ok_or(FormatError::Malformed("a page that is cut off"))
        })
    }

    /// The pages below an interior one: one for each cell, and one for what comes after the last.
    fn children(&self) -> impl DoubleEndedIterator<Item = Result<u32, FormatError>> {
        let cells = self.cells().chain(iter::once(Ok(self.offsets - 4)));
        cells.map(|at| {
            at.and_then(|at| {
                be32(&self.bytes, at).ok_or(FormatError::Malformed("a page that is cut off"))
            })
        })
    }
}

impl fmt::Debug for Database<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").field("n_pages", &self.n_pages).finish_non_exhaustive()
    }
}
