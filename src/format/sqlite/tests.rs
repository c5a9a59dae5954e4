use super::made::database;
use super::row::{Row, varint};
use super::{Database, FormatError, Value};

const LIMIT: u64 = 100_000;

/// The second value of each row of the table `t`, with what is told of the others.
fn read(bytes: &[u8]) -> Vec<String> {
    let content: &dyn crate::model::Content = &bytes;
    let (mut told, database) = (Vec::new(), Database::open(content));
    let root = match database.as_ref().map(|it| it.table("t")) {
        Ok(Ok(root)) => root.unwrap_or(0),
        Ok(Err(error)) => return vec![error.to_string()],
        Err(error) => return vec![error.to_string()],
    };
    let rows = database.unwrap().rows(root, LIMIT, &mut |row| {
        told.push(match row.map(|it| (it.id, it.value(1))) {
            Ok((id, Some(Value::Blob(it)))) => format!("{id} {}", it.len()),
            Ok((id, other)) => format!("{id} {other:?}"),
            Err(error) => error.to_string(),
        });
    });
    told.extend(rows.err().map(|it| it.to_string()));
    told
}

/// A table of blobs of these lengths.
fn blobs(lengths: &[usize]) -> Vec<u8> {
    let most = vec![7; 1 << 20];
    let rows = lengths.iter().map(|it| vec![Value::Null, Value::Blob(&most[..*it])]).collect();
    database(&[("other", vec![vec![Value::Integer(1)]]), ("t", rows)])
}

#[test]
fn rows_come_in_order_also_from_a_deep_tree() {
    let lengths: Vec<usize> = (0..500).collect();
    let shown = read(&blobs(&lengths));
    let expected: Vec<String> = lengths.iter().map(|it| format!("{} {it}", it + 1)).collect();
    assert_eq!(shown, expected);
}

#[test]
fn a_record_goes_on_in_as_many_pages_as_it_needs() {
    // Around the lengths at which another page begins.
    let lengths: Vec<usize> = (460..490).chain(960..1030).chain([5000, 90_000]).collect();
    let shown = read(&blobs(&lengths));
    let lengths: Vec<String> = (1..).zip(lengths).map(|(id, it)| format!("{id} {it}")).collect();
    assert_eq!(shown, lengths);
}

#[test]
fn values_have_the_type_that_the_row_says() {
    // The integers 1, -2 and 0x0102_0304_0506 in few bytes, the constants, a real, text.
    let header = [9, 1, 1, 5, 8, 9, 7, 17, 0];
    let body = [&[1, 0xfe, 1, 2, 3, 4, 5, 6][..], &1.5_f64.to_be_bytes(), b"ab"].concat();
    let record = [&header[..], &body].concat();
    let row = Row::new(1, &record);
    let values: Vec<Value<'_>> = (0..10).map(|it| row.value(it).unwrap()).collect();
    let integers = [1, -2, 0x0102_0304_0506, 0, 1].map(Value::Integer);
    assert_eq!(values[..5], integers);
    let rest = [Value::Real(1.5), Value::Text(b"ab"), Value::Null, Value::Null, Value::Null];
    assert_eq!(values[5..], rest);
    assert_eq!(Row::new(1, &record[..18]).value(6), None);
    assert_eq!(Row::new(1, &[2, 10]).value(0), None);
    assert_eq!(Row::new(1, &[]).value(0), None);
}

#[test]
fn a_number_has_up_to_nine_bytes() {
    assert_eq!(varint(&[0x81, 0x00], 0), Some((128, 2)));
    assert_eq!(varint(&[0xff; 9], 0), Some((u64::MAX, 9)));
    assert_eq!(varint(&[0xff; 8], 0), None);
    assert_eq!(varint(&[], 1), None);
}

#[test]
fn a_row_that_is_too_large_does_not_hide_the_next() {
    assert_eq!(
        read(&blobs(&[1, 200_000, 3])),
        ["1 1", "a row that is too large, limit 100000", "3 3"]
    );
}

#[test]
fn a_circle_of_pages_is_left() {
    let good = blobs(&[2000; 8]);
    let pages = good.len() / 512;
    for page in 1..pages {
        // Whatever it is, it leads to every other page, and to itself.
        for other in 1..=u32::try_from(pages).unwrap() {
            let mut bad = good.clone();
            bad[page * 512..page * 512 + 4].copy_from_slice(&other.to_be_bytes());
            assert!(read(&bad).len() <= 60);
        }
    }
}

#[test]
fn rows_that_overlap_are_read_no_further() {
    let mut bytes = blobs(&[400]);
    let leaf = bytes.len() - 512;
    let cell: [u8; 2] = bytes[leaf + 8..leaf + 10].try_into().unwrap();
    bytes[leaf + 3..leaf + 5].copy_from_slice(&40_u16.to_be_bytes());
    for at in 0..40 {
        bytes[leaf + 8 + 2 * at..leaf + 10 + 2 * at].copy_from_slice(&cell);
    }
    assert_eq!(read(&bytes), ["1 400", "rows that overlap"]);
}

#[test]
fn what_is_no_such_database_says_why() {
    let good = blobs(&[1]);
    let with = |at: usize, bytes: &[u8]| {
        let mut bad = good.clone();
        bad[at..at + bytes.len()].copy_from_slice(bytes);
        read(&bad)
    };
    assert_eq!(read(b""), ["not a SQLite database"]);
    assert_eq!(read(b"SQLite format 3\0"), ["the header is cut off"]);
    assert_eq!(with(16, &[3, 0]), ["pages of no possible size"]);
    assert_eq!(with(20, &[99]), ["pages of no possible size"]);
    assert_eq!(with(59, &[2]), ["text in UTF-16, which is not read"]);
    assert_eq!(with(100, &[2]), ["a page that is not of a table"]);
    assert_eq!(with(103, &[0xff, 0xff]), ["a page without room for its rows"]);
    assert_eq!(read(&database(&[])), ["a page outside of the file"]);
}

#[test]
fn a_file_of_holes_ends_at_a_limit() {
    struct Holes;
    impl crate::model::Content for Holes {
        fn size(&self) -> u64 {
            1 << 50
        }
        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
            buffer.fill(0);
            if offset == 0 {
                (&blobs(&[])[..]).read_at(0, buffer)?;
            }
            Ok(buffer.len())
        }
    }
    assert!(matches!(Database::open(&Holes), Err(FormatError::Limit { .. })));
}

#[test]
fn a_database_may_end_anywhere_and_hold_any_byte() {
    let good = blobs(&[1, 700, 2000, 3, 4, 5]);
    for at in 0..good.len() {
        read(&good[..at]);
        for byte in [0, 1, 5, 13, 0x7f, 0xff] {
            let mut bad = good.clone();
            bad[at] = byte;
            read(&bad);
        }
    }
}
