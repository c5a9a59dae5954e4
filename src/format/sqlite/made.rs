//! Databases for tests.

use super::{FILE_HEADER, INTERIOR, LEAF, MAGIC, Value};

/// Small, so that few rows make a deep tree and long chains.
const PAGE: usize = 512;

/// A database of these tables; rows have the ids 1, 2, 3, …
pub(crate) fn database(tables: &[(&str, Vec<Vec<Value<'_>>>)]) -> Vec<u8> {
    let mut maker = Maker { pages: vec![Vec::new()] };
    let mut schema = Vec::new();
    for (id, (name, rows)) in (1..).zip(tables) {
        let cells = (1..).zip(rows).map(|(id, row)| maker.cell(id, &record(row))).collect();
        let root = i64::from(maker.tree(cells));
        let name = Value::Text(name.as_bytes());
        let row = [Value::Text(b"table"), name, name, Value::Integer(root), Value::Null];
        schema.push(maker.cell(id, &record(&row)));
    }
    let mut header = MAGIC.to_vec();
    header.extend(u16::try_from(PAGE).unwrap().to_be_bytes());
    header.extend([2, 2, 0, 64, 32, 32]);
    header.resize(FILE_HEADER, 0);
    header[59] = 1;
    maker.pages[0] = page(header, LEAF, &schema, None);
    maker.pages.concat()
}

struct Maker {
    pages: Vec<Vec<u8>>,
}

impl Maker {
    fn add(&mut self, page: Vec<u8>) -> u32 {
        self.pages.push(page);
        u32::try_from(self.pages.len()).unwrap()
    }

    /// The cell of a record, the end of which may go to pages of its own.
    fn cell(&mut self, id: u64, record: &[u8]) -> Vec<u8> {
        let (most, least) = (PAGE - 35, (PAGE - 12) * 32 / 255 - 23);
        let fitting = least + record.len().saturating_sub(least) % (PAGE - 4);
        let local = match record.len() {
            all if all <= most => all,
            _ if fitting <= most => fitting,
            _ => least,
        };
        let (local, rest) = record.split_at(local);
        let mut cell = [varint(record.len() as u64), varint(id), local.to_vec()].concat();
        if !rest.is_empty() {
            let mut next = 0_u32;
            for chunk in rest.chunks(PAGE - 4).rev() {
                let mut page = [&next.to_be_bytes(), chunk].concat();
                page.resize(PAGE, 0);
                next = self.add(page);
            }
            cell.extend(next.to_be_bytes());
        }
        cell
    }

    /// The number of the page at which a tree with these rows begins.
    fn tree(&mut self, cells: Vec<Vec<u8>>) -> u32 {
        let mut leaves: Vec<Vec<Vec<u8>>> = vec![Vec::new()];
        for cell in cells {
            let taken: usize = leaves.last().unwrap().iter().map(|it| it.len() + 2).sum();
            if taken + cell.len() + 10 > PAGE {
                leaves.push(Vec::new());
            }
            leaves.last_mut().unwrap().push(cell);
        }
        let mut level: Vec<u32> =
            leaves.iter().map(|it| self.add(page(Vec::new(), LEAF, it, None))).collect();
        while level.len() > 1 {
            let above = level.chunks(4).map(|children| {
                let (last, others) = children.split_last().unwrap();
                let cells: Vec<Vec<u8>> =
                    others.iter().map(|it| [&it.to_be_bytes()[..], &[7]].concat()).collect();
                self.add(page(Vec::new(), INTERIOR, &cells, Some(*last)))
            });
            level = above.collect();
        }
        level[0]
    }
}

/// A page: what is at its front, its header, the offsets of the cells, and they from its end.
fn page(mut front: Vec<u8>, kind: u8, cells: &[Vec<u8>], last: Option<u32>) -> Vec<u8> {
    front.extend([kind, 0, 0]);
    front.extend(u16::try_from(cells.len()).unwrap().to_be_bytes());
    front.extend([0; 3]);
    front.extend(last.iter().flat_map(|it| it.to_be_bytes()));
    let mut end = PAGE;
    let mut back = Vec::new();
    for cell in cells {
        end -= cell.len();
        front.extend(u16::try_from(end).unwrap().to_be_bytes());
        back.splice(..0, cell.iter().copied());
    }
    assert!(front.len() <= end, "too much for a page");
    front.resize(end, 0);
    front.extend(back);
    front
}

fn record(row: &[Value<'_>]) -> Vec<u8> {
    let (mut kinds, mut body) = (Vec::new(), Vec::new());
    for value in row {
        let (kind, bytes) = match value {
            Value::Null => (0, Vec::new()),
            Value::Integer(it) => (6, it.to_be_bytes().to_vec()),
            Value::Real(it) => (7, it.to_be_bytes().to_vec()),
            Value::Blob(it) => (12 + 2 * it.len() as u64, it.to_vec()),
            Value::Text(it) => (13 + 2 * it.len() as u64, it.to_vec()),
        };
        kinds.extend(varint(kind));
        body.extend(bytes);
    }
    let header = varint(kinds.len() as u64 + 1);
    [header, kinds, body].concat()
}

fn varint(number: u64) -> Vec<u8> {
    assert!(number < 1 << 28);
    let groups = [21, 14, 7, 0].map(|it| u8::try_from(number >> it & 0x7f).unwrap());
    let first = groups.iter().position(|it| *it != 0).unwrap_or(3);
    let n_more = 3 - first;
    (0..).zip(&groups[first..]).map(|(at, it)| if at < n_more { it | 0x80 } else { *it }).collect()
}
