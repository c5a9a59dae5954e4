//! Berkeley DB: the entries of a hash table, in either byte order.
//!
//! Format: `src/dbinc/db_page.h` of the library, <https://www.oracle.com/database/berkeley-db/>.
//! Every page names its kind, so the buckets need not be followed: the pages are read one after the
//! other. Not read: other access methods, encryption, several values of one key.

use rustc_hash::FxHashSet;

use super::FormatError;
use super::bytes::{be16, be32, le16, le32, part};
use crate::model::Content;

/// Pages of one database: 16 GiB of the usual size.
const MAX_PAGES: u64 = 1 << 22;

const HASH_MAGIC: u32 = 0x0006_1561;

/// The front of the first page, as far as it matters.
const META: u64 = 72;
/// The header of a page.
const HEAD: usize = 26;

const OVERFLOW: u8 = 7;
/// Pages of entries, as older and newer libraries write them.
const HASH: [u8; 2] = [2, 13];

/// Kinds of key and of value: in the page, or in a chain of pages of its own.
const INLINE: u8 = 1;
const OFF_PAGE: u8 = 3;

/// Is told each key and value, and why one cannot be read. A key that is not in the page is empty.
pub type Each<'a> = dyn FnMut(Result<(&[u8], &[u8]), FormatError>) + 'a;

/// Whether a file that begins with these bytes is a hash table.
pub fn is_database(head: &[u8]) -> bool {
    is_big_endian(head).is_some()
}

fn is_big_endian(head: &[u8]) -> Option<bool> {
    match (le32(head, 12), be32(head, 12)) {
        (Some(HASH_MAGIC), _) => Some(false),
        (_, Some(HASH_MAGIC)) => Some(true),
        _ => None,
    }
}

/// Reads all entries. A value of more than `limit` bytes is told as an error, and so is a damaged
/// one; the others follow.
pub fn entries(content: &dyn Content, limit: u64, each: &mut Each<'_>) -> Result<(), FormatError> {
    let table = Table::open(content)?;
    let mut seen = FxHashSet::default();
    let mut value = Vec::new();
    for number in 1..=table.last_page {
        let head = part(content, u64::from(number) * table.page_size, HEAD as u64)?;
        if head.len() < HEAD {
            each(Err(FormatError::Malformed("the last pages are missing")));
            break;
        }
        if !head.last().is_some_and(|it| HASH.contains(it)) {
            continue;
        }
        let page = table.page(number)?;
        // Entries do not overlap. If they did, one page could hold thousands of its own size.
        let mut left = page.len();
        for at in 0..table.u16(&page, 20).unwrap_or(0) / 2 {
            let Some(entry) = table.entry(&page, usize::from(at)) else {
                each(Err(FormatError::Malformed("an entry that does not fit its page")));
                continue;
            };
            let Some(rest) = left.checked_sub(entry.key.len() + entry.value.len()) else {
                each(Err(FormatError::Malformed("entries that overlap")));
                break;
            };
            left = rest;
            match table.value(&entry, limit, &mut seen, &mut value) {
                Err(FormatError::Io(error)) => return Err(error.into()),
                value => each(value.map(|value| (entry.key, value))),
            }
        }
    }
    Ok(())
}

struct Table<'a> {
    content: &'a dyn Content,
    is_big_endian: bool,
    page_size: u64,
    last_page: u32,
}

impl<'a> Table<'a> {
    fn open(content: &'a dyn Content) -> Result<Self, FormatError> {
        let meta = part(content, 0, META)?;
        let Some(is_big_endian) = is_big_endian(&meta) else {
            return Err(FormatError::Malformed("not a hash table of Berkeley DB"));
        };
        let mut table = Self { content, is_big_endian, page_size: 0, last_page: 0 };
        let fields = || Some((table.u32(&meta, 20)?, *meta.get(24)?, table.u32(&meta, 32)?));
        let Some((page_size, encryption, last_page)) = fields() else {
            return Err(FormatError::Malformed("the header is cut off"));
        };
        if !page_size.is_power_of_two() || !(512..=1 << 16).contains(&page_size) {
            return Err(FormatError::Malformed("pages of no possible size"));
        }
        if encryption != 0 {
            return Err(FormatError::Malformed("it is encrypted"));
        }
        if content.size() / u64::from(page_size) > MAX_PAGES {
            return Err(FormatError::Limit { what: "too many pages", limit: MAX_PAGES });
        }
        (table.page_size, table.last_page) = (u64::from(page_size), last_page);
        Ok(table)
    }

    fn u16(&self, bytes: &[u8], at: usize) -> Option<u16> {
        if self.is_big_endian { be16(bytes, at) } else { le16(bytes, at) }
    }

    fn u32(&self, bytes: &[u8], at: usize) -> Option<u32> {
        if self.is_big_endian { be32(bytes, at) } else { le32(bytes, at) }
    }

    fn page(&self, number: u32) -> Result<Vec<u8>, FormatError> {
        Ok(part(self.content, u64::from(number) * self.page_size, self.page_size)?)
    }

    /// The entry `at` of a page.
    fn entry<'b>(&self, page: &'b [u8], at: usize) -> Option<Entry<'b>> {
        let (key_kind, key) = self.item(page, 2 * at)?;
        let (kind, value) = self.item(page, 2 * at + 1)?;
        let key = if key_kind == INLINE { key } else { &[] };
        Some(Entry { key, kind, value })
    }

    /// One item of a page: its kind, and what follows. Items lie from the end of the page to its
    /// front, each up to the one before it.
    fn item<'b>(&self, page: &'b [u8], at: usize) -> Option<(u8, &'b [u8])> {
        let offset = |at: usize| self.u16(page, HEAD + 2 * at).map(usize::from);
        let end = match at.checked_sub(1) {
            Some(before) => offset(before)?,
            None => usize::try_from(self.page_size).ok()?,
        };
        let (kind, item) = page.get(offset(at)?..end)?.split_first()?;
        Some((*kind, item))
    }

    /// The value of an entry, collected from its chain of pages if it has one.
    fn value<'b>(
        &self,
        entry: &Entry<'b>,
        limit: u64,
        seen: &mut FxHashSet<u32>,
        into: &'b mut Vec<u8>,
    ) -> Result<&'b [u8], FormatError> {
        let damaged = || FormatError::Malformed("a value whose pages are damaged");
        if entry.kind == INLINE {
            return Ok(entry.value);
        }
        if entry.kind != OFF_PAGE {
            return Err(FormatError::Malformed("an entry with several values, which are not read"));
        }
        // Three bytes before them are not used.
        let fields = self.u32(entry.value, 3).zip(self.u32(entry.value, 7));
        let (mut number, length) = fields.ok_or_else(damaged)?;
        if u64::from(length) > limit {
            return Err(FormatError::Limit { what: "a value that is too large", limit });
        }
        into.clear();
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        while into.len() < length {
            // A page has one place in one chain; with a second one, the reading might never end.
            if number == 0 || number > self.last_page || !seen.insert(number) {
                return Err(damaged());
            }
            let page = self.page(number)?;
            let fields = (self.u32(&page, 16), self.u16(&page, 22), page.get(HEAD - 1));
            let (Some(next), Some(n_bytes), Some(&OVERFLOW)) = fields else {
                return Err(damaged());
            };
            let data = page.get(HEAD..).and_then(|it| it.get(..usize::from(n_bytes)));
            into.extend(data.unwrap_or_default());
            number = next;
        }
        into.truncate(length);
        Ok(into)
    }
}

/// An entry as it stands in its page.
struct Entry<'a> {
    key: &'a [u8],
    /// Of the value.
    kind: u8,
    value: &'a [u8],
}

/// Tables for tests.
#[cfg(test)]
pub(crate) mod made {
    use super::{HASH_MAGIC, HEAD, INLINE, OFF_PAGE, OVERFLOW};

    const PAGE: usize = 512;

    /// A table of these values, with the keys 1, 2, 3, …, and rpm's counter with the key 0.
    pub(crate) fn table(values: &[Vec<u8>], is_big_endian: bool) -> Vec<u8> {
        let maker = Maker { is_big_endian };
        let mut pages: Vec<Vec<u8>> = Vec::new();
        // The first page, then one of entries for each value, then the chains.
        let counter = vec![7, 0, 0, 0];
        let mut next = values.len() + 2;
        let mut chains = Vec::new();
        for (key, value) in [&counter].into_iter().chain(values).enumerate() {
            let mut item = vec![INLINE];
            if value.len() > PAGE / 4 {
                item = vec![OFF_PAGE, 0, 0, 0];
                item.extend([maker.u32(next), maker.u32(value.len())].concat());
                let chunks = value.chunks(PAGE - HEAD);
                let n_chunks = chunks.len();
                for (at, chunk) in chunks.enumerate() {
                    let after = if at + 1 < n_chunks { next + 1 } else { 0 };
                    chains.push(maker.page(next, after, 1, chunk.len(), OVERFLOW, chunk));
                    next += 1;
                }
            } else {
                item.extend(value);
            }
            let key = [&[INLINE][..], &maker.u32(key)].concat();
            let (key_at, value_at) = (PAGE - key.len(), PAGE - key.len() - item.len());
            let mut body = [maker.u16(key_at), maker.u16(value_at)].concat();
            body.resize(value_at - HEAD, 0);
            body.extend([item, key].concat());
            let kind = super::HASH[pages.len() % 2];
            pages.push(maker.page(pages.len() + 1, 0, 2, value_at, kind, &body));
        }
        pages.extend(chains);
        let mut meta = vec![0; 12];
        meta.extend(maker.u32(usize::try_from(HASH_MAGIC).unwrap()));
        meta.extend([maker.u32(9), maker.u32(PAGE), vec![0, 8, 0, 0, 0, 0, 0, 0]].concat());
        meta.extend(maker.u32(pages.len()));
        meta.resize(PAGE, 0);
        [meta, pages.concat()].concat()
    }

    struct Maker {
        is_big_endian: bool,
    }

    impl Maker {
        fn u32(&self, it: usize) -> Vec<u8> {
            let it = u32::try_from(it).unwrap();
            if self.is_big_endian { it.to_be_bytes() } else { it.to_le_bytes() }.to_vec()
        }

        fn u16(&self, it: usize) -> Vec<u8> {
            let it = u16::try_from(it).unwrap();
            if self.is_big_endian { it.to_be_bytes() } else { it.to_le_bytes() }.to_vec()
        }

        fn page(
            &self,
            number: usize,
            next: usize,
            n_items: usize,
            offset: usize,
            kind: u8,
            body: &[u8],
        ) -> Vec<u8> {
            let mut page = vec![0; 8];
            page.extend([self.u32(number), self.u32(0), self.u32(next)].concat());
            page.extend(
                [self.u16(n_items), self.u16(offset), vec![0, kind], body.to_vec()].concat(),
            );
            page.resize(PAGE, 0);
            page
        }
    }
}

#[cfg(test)]
mod tests {
    use super::entries;
    use super::made::table;

    /// The length of each value, with what is told of the others.
    fn read(bytes: &[u8]) -> Vec<String> {
        let mut told = Vec::new();
        let end = entries(&bytes, 3000, &mut |entry| {
            told.push(match entry {
                Ok((key, value)) => format!("{key:?} {}", value.len()),
                Err(error) => error.to_string(),
            });
        });
        told.extend(end.err().map(|it| it.to_string()));
        told
    }

    fn of_lengths(lengths: &[usize]) -> Vec<u8> {
        table(&lengths.iter().map(|it| vec![7; *it]).collect::<Vec<_>>(), false)
    }

    fn with(good: &[u8], at: usize, bytes: &[u8]) -> Vec<String> {
        let mut bad = good.to_vec();
        bad[at..at + bytes.len()].copy_from_slice(bytes);
        read(&bad)
    }

    const COUNTER: &str = "[0, 0, 0, 0] 4";

    #[test]
    fn both_byte_orders_are_read() {
        let values = [vec![1; 5], vec![2; 700], vec![3; 2000]];
        let little = ["[1, 0, 0, 0] 5", "[2, 0, 0, 0] 700", "[3, 0, 0, 0] 2000"];
        assert_eq!(read(&table(&values, false)), [&[COUNTER], &little[..]].concat());
        let big = ["[0, 0, 0, 1] 5", "[0, 0, 0, 2] 700", "[0, 0, 0, 3] 2000"];
        assert_eq!(read(&table(&values, true)), [&[COUNTER], &big[..]].concat());
    }

    #[test]
    fn one_bad_value_does_not_hide_the_next() {
        let good = of_lengths(&[1, 4000, 3]);
        let next = "[3, 0, 0, 0] 3";
        let told = [COUNTER, "[1, 0, 0, 0] 1", "a value that is too large, limit 3000", next];
        assert_eq!(read(&good), told);

        let good = of_lengths(&[1, 1000, 3]);
        let entry = 3 * 512;
        // The first item of its page ends the page; the second holds the chain.
        let item = entry + 512 - 5 - 12;
        for bad in [with(&good, item + 4, &[1]), with(&good, 5 * 512 + 25, &[13])] {
            assert_eq!(bad, [COUNTER, told[1], "a value whose pages are damaged", next]);
        }
        let told_of = |what| [COUNTER, told[1], what, next];
        assert_eq!(
            with(&good, item, &[4]),
            told_of("an entry with several values, which are not read")
        );
        assert_eq!(
            with(&good, entry + 26, &[0xff, 0xff]),
            told_of("an entry that does not fit its page")
        );
    }

    #[test]
    fn a_circle_of_pages_is_left() {
        let good = of_lengths(&[1, 2000]);
        // The second page of the chain leads to the first.
        let told = [COUNTER, "[1, 0, 0, 0] 1", "a value whose pages are damaged"];
        assert_eq!(with(&good, 5 * 512 + 16, &[4]), told);
    }

    #[test]
    fn entries_do_not_overlap() {
        let mut bytes = of_lengths(&[100]);
        let entry = 2 * 512;
        bytes[entry + 20] = 40;
        for at in 0..20 {
            // Of each two, one does not fit, and the next has most of the page.
            let offsets = if at % 2 == 0 { [510_u16, 120] } else { [100, 511] };
            for (n, it) in offsets.iter().enumerate() {
                let from = entry + 26 + 4 * at + 2 * n;
                bytes[from..from + 2].copy_from_slice(&it.to_le_bytes());
            }
        }
        let told = read(&bytes);
        assert_eq!(told.last().unwrap(), "entries that overlap");
        assert!(told.len() < 6, "{told:?}");
    }

    #[test]
    fn what_is_no_such_table_says_why() {
        let good = of_lengths(&[1]);
        assert_eq!(read(b""), ["not a hash table of Berkeley DB"]);
        assert_eq!(read(&good[..20]), ["the header is cut off"]);
        assert_eq!(with(&good, 20, &[1]), ["pages of no possible size"]);
        assert_eq!(with(&good, 24, &[1]), ["it is encrypted"]);
        assert_eq!(read(&good[..1024]), [COUNTER, "the last pages are missing"]);
    }

    #[test]
    fn a_table_may_end_anywhere_and_hold_any_byte() {
        let good = of_lengths(&[1, 700, 2]);
        for at in 0..good.len() {
            read(&good[..at]);
            for byte in [0, 1, 7, 0x7f, 0xff] {
                with(&good, at, &[byte]);
            }
        }
    }
}
