//! Scans of trees that mean harm, without any mount.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use super::{FileScanner, INVENTORY, ParentUse, ScanError, ScanPaths, ScanSummary, run};
use crate::model::{Fingerprint, LayerPath, Redacted, SecretHit};

/// Finds the word `SECRET`, and breaks on the word `BREAK`.
#[derive(Default)]
pub(super) struct Stub {
    text: Vec<u8>,
    found: bool,
}

impl FileScanner for Stub {
    fn begin(&mut self, _: &LayerPath) {
        *self = Self::default();
    }

    fn feed(&mut self, chunk: &[u8]) {
        assert!(!chunk.starts_with(b"BREAK"), "told to");
        self.text.extend_from_slice(chunk);
        self.found |= memchr::memmem::find(&self.text, b"SECRET").is_some();
        self.text.drain(..self.text.len().saturating_sub(5));
    }

    fn finish(&mut self) -> (Vec<SecretHit>, Vec<String>) {
        let hit = self.found.then(|| SecretHit {
            line: 1,
            rule: "stub".to_owned(),
            preview: Redacted::new(b"SECRET"),
            fingerprint: Fingerprint::new("stub", b"SECRET"),
        });
        (hit.into_iter().collect(), Vec::new())
    }
}

fn scan(paths: &ScanPaths) -> Result<ScanSummary, ScanError> {
    run(paths, &|| Box::new(Stub::default()))
}

/// Scans `view` whole; the inventory without its header.
fn inventory(view: &Path) -> String {
    let out = tempfile::tempdir().unwrap();
    let view = Some(view.to_owned());
    scan(&ScanPaths { view, out: out.path().to_owned(), ..ScanPaths::default() }).unwrap();
    let text = fs::read_to_string(out.path().join(INVENTORY)).unwrap();
    text.split_once('\n').unwrap().1.to_owned()
}

fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    root
}

const HIT: &str = r#""secrets":[{"line":1,"rule":"stub","preview":"S…","fingerprint":"#;

#[test]
fn facts_are_sorted_by_path() {
    let root = tree(&[("a/x", "SECRET"), ("a-b", "SECRET"), ("etc/os-release", "ID=debian\n")]);
    let text = inventory(root.path());
    let starts: Vec<_> = text.lines().map(|it| it.split(',').next().unwrap()).collect();
    let wanted = [r#"{"path":"a-b""#, r#"{"path":"a/x""#, r#"{"path":"etc/os-release""#];
    assert_eq!(starts, wanted);
    assert!(text.contains(HIT));
}

#[test]
fn nothing_but_regular_files_is_opened_and_nothing_outside() {
    let outside = tree(&[("shadow", "SECRET")]);
    let root = tree(&[("plain", "x")]);
    let at = |name: &str| root.path().join(name);
    symlink(outside.path(), at("dir")).unwrap();
    symlink(outside.path().join("shadow"), at("file")).unwrap();
    symlink("/etc/shadow", at("shadow")).unwrap();
    symlink("loop", at("loop")).unwrap();
    symlink("..", at("up")).unwrap();
    assert!(Command::new("mkfifo").arg(at("fifo")).status().unwrap().success());
    // Only root may make devices; for others there is one kind less to try.
    drop(Command::new("mknod").arg(at("tty")).args(["c", "5", "0"]).output());
    let socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    assert_eq!(inventory(root.path()), "");
    drop(socket);
}

#[test]
fn names_may_hold_any_byte() {
    let root = tree(&[]);
    for name in [&b"caf\xe9"[..], b"caf\\xe9", b"new\nline", b"\x1b[31mred", b"quote\""] {
        fs::write(root.path().join(OsStr::from_bytes(name)), "SECRET").unwrap();
    }
    let text = inventory(root.path());
    assert_eq!(text.lines().count(), 5);
    assert!(text.contains(r#""caf\\xe9""#) && text.contains(r#""caf\\x5cxe9""#));
}

#[test]
fn a_file_that_breaks_the_scanner_is_noted_and_the_others_are_read() {
    let root = tree(&[("a", "BREAK"), ("b", "SECRET")]);
    let text = inventory(root.path());
    assert!(text.starts_with(
        "{\"path\":\"a\",\"notes\":[\"the scan of this file broke off\"]}\n{\"path\":\"b\""
    ));
}

#[test]
fn a_huge_file_is_streamed_and_its_holes_cost_nothing() {
    let root = tree(&[("var/lib/dpkg/status", "")]);
    let file = fs::File::create(root.path().join("var/lib/dpkg/status")).unwrap();
    file.write_all_at(b"SECRET", 1 << 31).unwrap();
    file.set_len(1 << 40).unwrap();
    let text = inventory(root.path());
    assert!(text.contains(HIT));
    assert!(text.contains("too large to analyze: 1099511627776 bytes, limit 67108864"));
}

#[test]
fn a_truncated_status_gives_what_it_has_and_a_note() {
    let text = "Package: a\nStatus: install ok installed\nVersion: 1\n\nPackage: b\nSta";
    let root = tree(&[("var/lib/dpkg/status", text)]);
    let text = inventory(root.path());
    assert!(text.contains(r#""name":"a","version":"1""#));
    assert!(text.contains("the file is cut off"));
}

/// Goes down name by name; no path of this length can be opened.
fn bury(root: &Path, name: &str, depth: usize) {
    use rustix::fs::{Mode, OFlags, mkdirat, openat};
    let (read, write) = (OFlags::RDONLY, OFlags::WRONLY | OFlags::CREATE);
    let mut fd = rustix::fs::open(root, read, Mode::empty()).unwrap();
    for _ in 0..depth {
        mkdirat(&fd, name, Mode::RWXU).unwrap();
        fd = openat(&fd, name, read, Mode::empty()).unwrap();
    }
    let file = openat(&fd, "f", write, Mode::RUSR).unwrap();
    rustix::io::write(file, b"SECRET").unwrap();
}

#[test]
fn deeper_than_a_path_can_be_and_then_no_deeper() {
    let root = tree(&[]);
    bury(root.path(), &"n".repeat(200), 40);
    assert!(inventory(root.path()).contains(HIT));
    bury(root.path(), "d", 1005);
    let text = inventory(root.path());
    assert_eq!(text.matches("this directory is too deep to be scanned").count(), 1);
    assert_eq!(text.matches(HIT).count(), 1);
    // What removes temporary directories would run out of descriptors.
    assert!(Command::new("rm").arg("-rf").arg(root.path()).status().unwrap().success());
}

#[test]
fn an_unusable_parent_is_refused_and_the_scan_is_whole() {
    let root = tree(&[("a", "SECRET")]);
    let parent = tree(&[(INVENTORY, "{\"layergate\":99,\"files\":0}\n")]);
    let out = tempfile::tempdir().unwrap();
    let mut paths = ScanPaths {
        view: Some(root.path().to_owned()),
        parent: Some(parent.path().to_owned()),
        out: out.path().to_owned(),
        ..ScanPaths::default()
    };
    let summary = scan(&paths).unwrap();
    assert!(matches!(summary.parent, ParentUse::Refused(_)));
    assert_eq!(summary.n_lines, 1);
    // A tree laid over something needs that something.
    paths.over = vec![paths.view.take().unwrap()];
    assert!(matches!(scan(&paths), Err(ScanError::Parent(_))));
    paths.over.clear();
    assert!(matches!(scan(&paths), Err(ScanError::Nothing)));
}

#[test]
fn a_directory_may_prove_something_itself() {
    const STORE: &str = "nix/store/h0cnbmfcn93xm5dg2x27ixhag1cwndga-a-1";
    let root = tree(&[(&format!("{STORE}/bin/x"), "x"), (&format!("{STORE}.drv"), "x")]);
    let line = format!("{{\"path\":\"{STORE}\",\"components\":[{{");
    let text = inventory(root.path());
    assert!(text.starts_with(&line) && text.lines().count() == 1);
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let view = Some(root.path().to_owned());
    scan(&ScanPaths { view, out: first.path().to_owned(), ..ScanPaths::default() }).unwrap();
    let laid = |over: &[(&str, &str)]| {
        let over = tree(over);
        let (parent, over) = (Some(first.path().to_owned()), vec![over.path().to_owned()]);
        let out = second.path().to_owned();
        scan(&ScanPaths { parent, over, out, ..ScanPaths::default() }).unwrap();
        fs::read_to_string(second.path().join(INVENTORY)).unwrap()
    };
    assert_eq!(laid(&[(&format!("{STORE}/lib/y"), "y")]).matches(&line).count(), 1);
    assert_eq!(laid(&[("nix/store/other", "y")]).matches(&line).count(), 1);
    assert_eq!(laid(&[(STORE, "y")]).matches(&line).count(), 0);
}

#[test]
fn a_tree_laid_over_hides_what_it_replaces() {
    let base = tree(&[("a/f", "SECRET"), ("b", "SECRET"), ("c", "SECRET"), ("d/e", "SECRET")]);
    let over = tree(&[("a", "x"), ("b/new", "SECRET"), ("d/f", "x")]);
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let view = Some(base.path().to_owned());
    scan(&ScanPaths { view, out: first.path().to_owned(), ..ScanPaths::default() }).unwrap();
    scan(&ScanPaths {
        parent: Some(first.path().to_owned()),
        over: vec![over.path().to_owned()],
        out: second.path().to_owned(),
        ..ScanPaths::default()
    })
    .unwrap();
    let text = fs::read_to_string(second.path().join(INVENTORY)).unwrap();
    let paths: Vec<_> = text.lines().skip(1).map(|it| it.split('"').nth(3).unwrap()).collect();
    assert_eq!(paths, ["b/new", "c", "d/e"]);
}

#[test]
fn a_tree_is_scanned_with_and_without_secrets() {
    let root = tree(&[
        ("etc/os-release", "ID=debian\n"),
        ("home/key", "SECRET"),
        ("usr/bin/tool", "#!/bin/sh\n"),
        ("usr/bin/tool.py", "#!/usr/bin/python\n"),
        ("lib/x.so", "x"),
    ]);
    for name in ["tool", "tool.py"] {
        let path = root.path().join("usr/bin").join(name);
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let paths = |factory: Option<&super::ScannerFactory<'_>>| {
        let (inventory, summary) = super::tree(root.path(), factory, &|_| {}).unwrap();
        let paths = inventory.files.keys().map(ToString::to_string).collect::<Vec<_>>();
        (paths.join(" "), summary.n_files)
    };
    let factory = || -> Box<dyn FileScanner> { Box::new(Stub::default()) };
    assert_eq!(paths(Some(&factory)), ("/etc/os-release /home/key".to_owned(), 5));
    // A program and a library might be of interest; a script by its name is not.
    assert_eq!(paths(None), ("/etc/os-release".to_owned(), 3));
}
