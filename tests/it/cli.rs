//! The binary, from outside: what it writes where, and its exit code.

use std::fs;
use std::io::{Read as _, Write as _};
use std::process::Stdio;

use crate::run::{layergate, run, show};

const GOOD: &str = r#"{"id":"TEST-1","modified":"2026-01-02T00:00:00Z","affected":[{"package":{"ecosystem":"PyPI","name":"thing"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1.1"}]}]}]}"#;

/// `text` with the words that change with the database's format left out.
fn without_format(text: &str) -> String {
    let is_size = |it: &[&str]| it.get(1).is_some_and(|it| it.starts_with("bytes"));
    let line = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        let shown = words.iter().enumerate().map(|(at, word)| match word.split_once(':') {
            Some(("blake3", _)) => "blake3:…",
            _ if is_size(&words[at..]) => "…",
            _ => word,
        });
        shown.collect::<Vec<_>>().join(" ") + "\n"
    };
    text.lines().map(line).collect()
}

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// A database of one advisory, beside a record that cannot be read.
fn with_database() -> tempfile::TempDir {
    let directory = directory();
    fs::create_dir(directory.path().join("osv")).unwrap();
    fs::write(directory.path().join("osv/good.json"), GOOD).unwrap();
    fs::write(directory.path().join("osv/bad.json"), "{\"id\": ").unwrap();
    directory
}

#[test]
fn help_says_what_it_is_for() {
    insta::assert_snapshot!(run(directory().path(), &["--help"]), @"
    exit 0
    out| Gates container builds: scans each instruction's layer as it is built
    out|
    out| Usage: layergate <COMMAND>
    out|
    out| Commands:
    out|   scan       Lists packages, secrets and harmful files of a directory or an image
    out|   scan-step  Scans one step of a build into an inventory: what the frontend runs inside the build
    out|   db         Makes, describes and moves advisory databases
    out|   help       Print this message or the help of the given subcommand(s)
    out|
    out| Options:
    out|   -h, --help     Print help
    out|   -V, --version  Print version
    out|
    out| As a BuildKit frontend it takes no arguments: put it on the first line of a Dockerfile,
    out|     # syntax=layergate/frontend:dev
    out| and its options after the image, in layergate.toml or as --build-arg LAYERGATE_<NAME>=.
    ");
}

#[test]
fn scan_help_names_every_mount() {
    insta::assert_snapshot!(run(directory().path(), &["scan-step", "--help"]), @"
    exit 0
    out| Scans one step of a build into an inventory: what the frontend runs inside the build
    out|
    out| Usage: layergate scan-step [OPTIONS] --out <DIR>
    out|
    out| Options:
    out|       --view <DIR>    The filesystem to scan
    out|       --parent <DIR>  The output of the scan of the filesystem that this one was made from
    out|       --over <DIR>    A tree laid over the parent; may be given several times, the lowest first
    out|       --out <DIR>     Where the inventory and the directory index are written
    out|       --whole         Reads everything, whatever the parent's scan says
    out|       --attachable    Leaves an empty directory `attestations` in the output: BuildKit can attach
    out|                       only what has one
    out|   -h, --help          Print help
    out|
    out| Example:
    out|     layergate scan-step --view ./rootfs --out ./scanned
    ");
}

#[test]
#[cfg(feature = "network")]
fn db_help_names_every_command() {
    insta::assert_snapshot!(run(directory().path(), &["db", "--help"]), @r"
    exit 0
    out| Makes, describes and moves advisory databases
    out|
    out| Usage: layergate db <COMMAND>
    out|
    out| Commands:
    out|   build    Compiles what OSV and other sources publish, in folders or at addresses, into one file
    out|   sign     Signs a database that is there already
    out|   verify   Checks every byte of a database and, with a key, who signed it; exit code 1 if it is
    out|            wrong
    out|   push     Puts a database into a registry
    out|   pull     Takes a database out of a registry
    out|   query    Says what is known of a package or of a flaw, and why a version is or is not affected
    out|   diff     Says what changed between two databases: sources, and advisories package by package
    out|   compare  Checks comparisons of versions, one a line, against how they are ordered here
    out|   info     Checks a database and says what is in it
    out|   help     Print this message or the help of the given subcommand(s)
    out|
    out| Options:
    out|   -h, --help  Print help
    ");
}

#[test]
fn a_bad_record_is_named_and_the_good_ones_are_taken() {
    let directory = with_database();
    let built = run(directory.path(), &["db", "build", "osv", "-o", "layergate.db"]);
    insta::assert_snapshot!(without_format(&built), @r"
    exit 0
    err| layergate.db: 1 records, 1 advisories on 1 packages, newest 2026-01-02T00:00:00Z, … bytes
    err| OSV PyPI: 1 records, newest 2026-01-02T00:00:00Z
    err| bad record osv/bad.json: not an OSV record: EOF while parsing a value at line 1 column 7
    ");
    let told = run(directory.path(), &["db", "info", "layergate.db"]);
    insta::assert_snapshot!(without_format(&told), @r"
    exit 0
    out| date     2026-01-02T00:00:00Z
    out| built    2026-01-02T00:00:00Z
    out| records  1
    out| digest   blake3:…
    out| signed   no
    out| source   OSV PyPI: 1 records, newest 2026-01-02T00:00:00Z
    out| holds    PyPI: 1 advisories on 1 packages
    ");
}

#[test]
fn a_corrupt_database_is_refused_by_its_checksum() {
    let directory = with_database();
    run(directory.path(), &["db", "build", "osv", "-o", "layergate.db"]);
    let path = directory.path().join("layergate.db");
    let whole = fs::read(&path).unwrap();
    for at in [whole.len() / 2, whole.len() - 1] {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        fs::write(&path, bytes).unwrap();
        let told = run(directory.path(), &["db", "info", "layergate.db"]);
        assert!(told.starts_with("exit 2\nerr| layergate: "), "{told}");
        assert!(told.contains("layergate.db") && told.contains("checksum"), "{told}");
    }
}

#[test]
fn errors_say_what_is_missing_and_where() {
    let directory = directory();
    insta::assert_snapshot!(run(directory.path(), &["db", "info", "absent.db"]), @r"
    exit 2
    err| layergate: cannot read advisory database absent.db: cannot read the file: No such file or directory (os error 2)
    err| make one with: layergate db build DIRECTORY -o FILE
    ");
    insta::assert_snapshot!(run(directory.path(), &["db", "build", "absent", "-o", "x"]), @r"
    exit 2
    err| layergate: cannot read absent: No such file or directory (os error 2)
    err| it takes what OSV and the other sources publish; see README.md
    ");
    insta::assert_snapshot!(run(directory.path(), &["scan-step", "--view", "absent", "--out", "out"]), @r"
    exit 2
    err| layergate: cannot open the tree absent: No such file or directory (os error 2)
    ");
    insta::assert_snapshot!(run(directory.path(), &["scam"]), @r"
    exit 2
    err| error: unrecognized subcommand 'scam'
    err|
    err|   tip: a similar subcommand exists: 'scan'
    err|
    err| Usage: layergate <COMMAND>
    err|
    err| For more information, try '--help'.
    ");
}

#[test]
fn two_scans_of_a_tree_are_the_same_bytes() {
    let directory = directory();
    let metadata = directory.path().join("view/usr/lib/python3/thing-1.0.dist-info");
    fs::create_dir_all(&metadata).unwrap();
    fs::write(metadata.join("METADATA"), "Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n")
        .unwrap();
    let scan = |out: &str| {
        fs::create_dir(directory.path().join(out)).unwrap();
        assert_eq!(
            run(directory.path(), &["scan-step", "--view", "view", "--out", out]),
            "exit 0\n"
        );
        fs::read_to_string(directory.path().join(out).join("inventory.jsonl")).unwrap()
    };
    let first = scan("first");
    assert_eq!(first, scan("second"));
    insta::assert_snapshot!(first, @r#"
    {"layergate":2,"files":1}
    {"path":"usr/lib/python3/thing-1.0.dist-info/METADATA","components":[{"ecosystem":"pypi","name":"thing","version":"1.0"}]}
    "#);
}

#[test]
fn no_colour_is_written_where_none_is_wanted() {
    let directory = directory();
    let mut command = layergate(directory.path(), &["scam"]);
    assert!(show(command.env("CLICOLOR_FORCE", "1")).contains('\u{1b}'));
    let told = show(command.env("NO_COLOR", "1"));
    assert!(!told.contains('\u{1b}'), "{told}");
}

#[test]
fn a_closed_output_is_no_crash() {
    let directory = with_database();
    run(directory.path(), &["db", "build", "osv", "-o", "layergate.db"]);
    for arguments in [&["--help"][..], &["db", "info", "layergate.db"]] {
        let mut command = layergate(directory.path(), arguments);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let mut told = String::new();
        child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
        assert!(child.wait().unwrap().code().is_some_and(|it| it != 101), "{arguments:?}: {told}");
        assert!(!told.contains("panicked"), "{told}");
    }
}

/// Runs `db compare` on these lines.
fn compare(ecosystem: &str, lines: &str) -> String {
    let directory = directory();
    let path = directory.path().join("lines");
    fs::write(&path, lines).unwrap();
    let mut command = layergate(directory.path(), &["db", "compare", ecosystem]);
    show(command.stdin(fs::File::open(path).unwrap()))
}

#[test]
fn comparisons_that_hold_are_only_counted() {
    let lines =
        "# Debian's own\n\n1.0-1 < 1.0-1.1\n  // and an epoch\n1:0.1-1 > 2.0-1\r\n\t1.0 = 1.0-0\n";
    assert_eq!(compare("Debian:12", lines), "exit 0\nout| 3 of 3 lines hold\n");
    assert_eq!(compare("rocky linux", ""), "exit 0\nout| 0 of 0 lines hold\n");
}

#[test]
fn comparisons_that_do_not_hold_are_named() {
    let lines = "1.0rc1 < 1.0\n1.10 < 1.9\n1.0 = 1.0.1\nlatest > 1.0.0\n1.0.0 = \u{1b}[31m\n";
    insta::assert_snapshot!(compare("npm", lines), @r"
    exit 1
    out| line 2: 1.10 < 1.9, but found 1.10 > 1.9
    out| line 3: 1.0 = 1.0.1, but found 1.0 < 1.0.1
    out| line 4: latest > 1.0.0, but latest is not a version
    out| line 5: 1.0.0 = \u{1b}[31m, but \u{1b}[31m is not a version
    out| 1 of 5 lines hold
    err| layergate: some comparisons do not hold
    ");
}

#[test]
fn what_is_no_comparison_is_refused() {
    for line in ["1.0", "1.0 <= 1.1", "1.0 < 1.1 1.2", "1.0 <", "1.0<1.1"] {
        let told = compare("npm", &format!("1 = 1\n{line}\n"));
        assert!(
            told.starts_with("exit 2\nerr| layergate: line 2 is not a comparison: 1.0"),
            "{told}"
        );
        assert!(told.contains("1.0 < 1.1"), "{told}");
    }
    let directory = directory();
    let mut command = layergate(directory.path(), &["db", "compare", "npm"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"1.0 < \xff\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("UTF-8"));
}

#[test]
fn an_unknown_ecosystem_is_answered_with_those_that_are_known() {
    let told = compare("Nowhere", "");
    assert!(told.starts_with("exit 2\nerr| error: invalid value 'Nowhere'"), "{told}");
    for known in ["AlmaLinux", "crates.io", "Packagist", "Wolfi", "conda", "Arch Linux"] {
        assert!(told.contains(known), "{told}");
    }
}
