//! Archives of every kind, and archives that mean harm.

use std::fmt::Write as _;
use std::io::BufReader;
use std::process::Command;

use super::made::{Tar, header, records_of, summed};
use super::{Archive, Kind};
use crate::format::FormatError;
use crate::model::Chunk;
use crate::source::image::made::seed;

/// Lists an archive: names, kinds, sizes and what the content is.
fn list(bytes: &[u8]) -> String {
    let mut text = String::new();
    if let Err(error) = try_list(bytes, &mut text) {
        writeln!(text, "error: {error}").unwrap();
    }
    text
}

fn try_list(bytes: &[u8], into: &mut String) -> Result<(), FormatError> {
    let mut archive = Archive::new(BufReader::new(bytes));
    while let Some(entry) = archive.entry()? {
        let kind = match &entry.kind {
            Kind::File => "file".to_owned(),
            Kind::Directory => "directory".to_owned(),
            Kind::Symlink(to) => format!("symlink to {}", to.escape_ascii()),
            Kind::HardLink(to) => format!("hard link to {}", to.escape_ascii()),
            Kind::Other => "other".to_owned(),
        };
        write!(into, "{} {kind} {}", entry.name.escape_ascii(), entry.size).unwrap();
        let mut buffer = [0; 7];
        loop {
            match archive.content(&mut buffer)? {
                Chunk::Data(n) => write!(into, " {}", buffer[..n].escape_ascii()).unwrap(),
                Chunk::Hole(n) => write!(into, " ({n} zeros)").unwrap(),
                Chunk::End => break,
            }
        }
        into.push('\n');
    }
    Ok(())
}

#[test]
fn every_kind_of_entry_is_read() {
    let long = "d/".repeat(80) + "name";
    let archive = Tar::default()
        .directory("a/")
        .file("a/f", b"content")
        .entry(b"old/", 0, "", b"")
        .file(&long, b"x")
        .entry(b"././@LongLink", b'K', "", b"a/long/target\0")
        .symlink("s", "cut")
        .hard_link("h", "a/f")
        .entry(b"fifo", b'6', "", b"")
        .entry(b"label", b'V', "", b"")
        .entry(b"what", b'?', "", b"is this")
        .file("empty", b"");
    let text = list(&archive.end()).replace(&"d/".repeat(80), "d/…/");
    insta::assert_snapshot!(text, @"
    a/ directory 0
    a/f file 7 content
    old/ directory 0
    d/…/name file 1 x
    s symlink to a/long/target 0
    h hard link to a/f 0
    fifo other 0
    what file 7 is this
    empty file 0
    ");
}

#[test]
fn extended_headers_are_read() {
    let global = Tar::default().entry(b"g", b'g', "", &records_of(&[("linkpath", "everywhere")]));
    let archive = global
        .pax(&[("path", "caf\u{e9}/\u{4e2d}"), ("mtime", "1.5"), ("size", "3")])
        .header(&header(b"short", b'0', "", 0))
        .bytes(b"abc")
        .symlink("s", "no")
        .pax(&[("linkpath", "")])
        .symlink("s", "yes");
    insta::assert_snapshot!(list(&archive.end()), @r"
    caf\xc3\xa9/\xe4\xb8\xad file 3 abc
    s symlink to everywhere 0
    s symlink to yes 0
    ");
}

#[test]
fn an_extended_header_that_is_broken_is_an_error_at_its_place() {
    let front = || Tar::default().file("a", b"x");
    for broken in [
        &b"9 path=ab\n"[..],
        b"11 path=abc",
        b"x",
        b"10 pathabc\n",
        b"99999999999999999999999 a=b\n",
        b"0 a=b\n",
    ] {
        let archive = front().entry(b"x", b'x', "", broken).file("b", b"").end();
        let text = list(&archive);
        assert!(
            text.ends_with("error: at byte 1024: a record of an extended header is broken\n"),
            "{text}"
        );
    }
    for (key, value) in [
        ("path", "a\0b"),
        ("size", "-1"),
        ("GNU.sparse.map", "1,2,3"),
        ("GNU.sparse.numbytes", "1"),
    ] {
        let archive = front().pax(&[(key, value)]).file("b", b"").end();
        assert!(list(&archive).contains("error: at byte 1024: "), "{key}");
    }
}

#[test]
fn sizes_beyond_octal_are_read_and_no_size_is_trusted() {
    let mut block = header(b"big", b'0', "", 0);
    block[124..136].copy_from_slice(&[0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5]);
    insta::assert_snapshot!(list(&Tar::default().header(&summed(block.clone())).bytes(b"12345").end()), @"big file 5 12345");
    block[124..136]
        .copy_from_slice(&[0x80, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    insta::assert_snapshot!(list(&Tar::default().header(&summed(block.clone())).end()), @"error: at byte 0: a size is too large");
    block[124..136].copy_from_slice(&[0x80, 0, 0, 0, 0, 0, 0x01, 0, 0, 0, 0, 0]);
    let claims = list(&Tar::default().header(&summed(block.clone())).end());
    assert!(claims.starts_with("big file 1099511627776 "), "{claims}");
    assert!(claims.ends_with("error: at byte 1536: the archive is cut off within a file\n"));
    block[124..136].copy_from_slice(b"not a number");
    insta::assert_snapshot!(list(&Tar::default().header(&summed(block)).end()), @"error: at byte 0: a size is no number");
}

#[test]
fn a_wrong_checksum_is_an_error_that_says_where() {
    let mut archive = Tar::default().file("a", b"x").file("b", b"y").end();
    archive[1024] = b'c';
    insta::assert_snapshot!(list(&archive), @"
    a file 1 x
    error: at byte 1024: this is no header: its checksum is wrong
    ");
}

#[test]
fn the_end_is_two_blocks_of_zeros_or_none() {
    let archive = || Tar::default().file("a", b"x");
    assert_eq!(list(&archive().cut()), "a file 1 x\n");
    assert_eq!(list(&archive().bytes(&[0; 512]).cut()), "a file 1 x\n");
    let after = [archive().end(), b"garbage".to_vec(), archive().end()].concat();
    assert_eq!(list(&after), "a file 1 x\n");
    let between = archive().bytes(&[0; 512]).file("b", b"").end();
    insta::assert_snapshot!(list(&between), @"
    a file 1 x
    error: at byte 2048: a block of zeros is between files
    ");
    assert_eq!(list(b""), "");
    let lonely = archive().pax(&[("path", "b")]).end();
    insta::assert_snapshot!(list(&lonely), @"
    a file 1 x
    error: at byte 3072: the archive is cut off: a file is missing
    ");
}

#[test]
fn an_extended_header_does_not_fill_memory() {
    let archive = Tar::default().header(&header(b"x", b'x', "", 1 << 32)).cut();
    insta::assert_snapshot!(list(&archive), @"error: an extended header is too large, limit 1048576");
}

#[test]
fn prefixes_belong_to_names_in_ustar_only() {
    let mut block = header(b"name", b'0', "", 0);
    block[345..348].copy_from_slice(b"dir");
    let ustar = summed(block.clone());
    block[257..265].copy_from_slice(b"ustar  \0");
    let gnu = summed(block);
    insta::assert_snapshot!(list(&Tar::default().header(&ustar).header(&gnu).end()), @"
    dir/name file 0
    name file 0
    ");
}

/// A file with holes, as the tool writes it.
fn sparse(arguments: &[&str], n_pieces: u64) -> Vec<u8> {
    use std::os::unix::fs::FileExt;
    let directory = tempfile::tempdir().unwrap();
    let file = std::fs::File::create(directory.path().join("f")).unwrap();
    for at in 0..n_pieces {
        file.write_all_at(b"data", at << 20).unwrap();
    }
    file.set_len(1 << 30).unwrap();
    std::fs::write(directory.path().join("g"), "after").unwrap();
    let mut tar = Command::new("tar");
    tar.args(["--sparse", "--create", "--file=-"]).args(arguments).arg("--directory");
    let output = tar.arg(directory.path()).args(["f", "g"]).output().unwrap();
    assert!(output.status.success());
    output.stdout
}

#[test]
fn every_way_to_store_holes_is_read() {
    for arguments in [
        &["--format=gnu"][..],
        &["--format=pax", "--sparse-version=0.0"],
        &["--format=pax", "--sparse-version=0.1"],
        &["--format=pax", "--sparse-version=1.0"],
    ] {
        let archive = sparse(arguments, 30);
        let mut reading = Archive::new(BufReader::new(archive.as_slice()));
        let entry = reading.entry().unwrap().unwrap();
        assert_eq!((entry.name.as_slice(), entry.size), (&b"f"[..], 1 << 30), "{arguments:?}");
        let (mut position, mut buffer) = (0, vec![0; 1 << 16]);
        loop {
            match reading.content(&mut buffer).unwrap() {
                Chunk::Data(n) => {
                    for (at, byte) in buffer[..n].iter().enumerate().filter(|it| *it.1 != 0) {
                        let at = position + at as u64;
                        assert!(at >> 20 < 30 && at % (1 << 20) < 4, "{arguments:?}: {at}");
                        assert_eq!(*byte, b"data"[usize::try_from(at % (1 << 20)).unwrap()]);
                    }
                    position += n as u64;
                }
                Chunk::Hole(n) => position += n,
                Chunk::End => break,
            }
        }
        assert_eq!(position, 1 << 30);
        let after = reading.entry().unwrap().unwrap();
        assert_eq!((after.name.as_slice(), after.size), (&b"g"[..], 5), "{arguments:?}");
        assert!(reading.entry().unwrap().is_none());
        // A sparse file that nobody reads is passed over as well.
        let mut reading = Archive::new(BufReader::new(archive.as_slice()));
        reading.entry().unwrap().unwrap();
        assert_eq!(reading.entry().unwrap().unwrap().name, b"g");
    }
}

#[test]
fn a_map_that_does_not_fit_is_an_error() {
    for map in ["0,4,2,4", "0,9", "8,4,0,4", "0,18446744073709551615,1,1", "0,4"] {
        let records = [("GNU.sparse.map", map), ("GNU.sparse.size", "10")];
        let archive = Tar::default().pax(&records).file("f", b"12345678").end();
        assert!(list(&archive).starts_with("error: at byte "), "{map}: {}", list(&archive));
    }
    let records = [("GNU.sparse.map", "1,4,6,4"), ("GNU.sparse.size", "20")];
    let archive = Tar::default().pax(&records).file("f", b"12345678").end();
    insta::assert_snapshot!(list(&archive), @"f file 20 (1 zeros) 1234 (1 zeros) 5678 (10 zeros)");
}

#[test]
fn an_archive_may_end_anywhere_and_hold_any_byte() {
    let records = [("GNU.sparse.map", "1,4,6,4"), ("GNU.sparse.size", "20")];
    let good = Tar::default()
        .pax(&[("path", "p"), ("size", "2")])
        .file("a", b"xy")
        .pax(&records)
        .file("f", b"12345678")
        .entry(b"././@LongLink", b'L', "", b"long\0")
        .symlink("s", "t")
        .end();
    let whole = list(&good);
    for at in 0..good.len() {
        let cut = list(&good[..at]);
        assert!(cut == whole || cut.contains("cut off") || at % 512 == 0, "{at}: {cut}");
        for byte in [0, b'7', 0xff].into_iter().filter(|_| good[at] != 0 || at % 5 == 0) {
            let mut bad = good.clone();
            bad[at] = byte;
            drop(list(&bad));
            // The same with a checksum that fits.
            let block = at / 512 * 512;
            let fitting = summed(bad[block..block + 512].to_vec());
            bad[block..block + 512].copy_from_slice(&fitting);
            drop(list(&bad));
        }
    }
}

#[test]
fn archives_are_read_for_fuzzing() {
    let records = [("GNU.sparse.map", "1,4,6,4"), ("GNU.sparse.size", "20")];
    let every = Tar::default()
        .directory("a/")
        .pax(&[("path", "p"), ("size", "2")])
        .file("a", b"xy")
        .pax(&records)
        .file("f", b"12345678")
        .entry(b"././@LongLink", b'K', "", b"long\0")
        .symlink("s", "t")
        .hard_link("h", "f")
        .end();
    assert_eq!(list(&every).lines().count(), 5);
    seed("tar", "every", &every);
    for (name, arguments) in [
        ("gnu", &["--format=gnu"][..]),
        ("pax00", &["--format=pax", "--sparse-version=0.0"]),
        ("pax10", &["--format=pax", "--sparse-version=1.0"]),
    ] {
        seed("tar", name, &sparse(arguments, 5));
    }
}
