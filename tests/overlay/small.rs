//! A small tree, with the names and kinds of entries that scans could confuse.

use super::changes::{Change, Ground, Text};

const PATHS: &[&str] = &[
    "f",
    "a",
    "a/f",
    "a/c",
    "a/c/f",
    "a/c/d",
    "a/c/d/g",
    "a-b",
    "a-b/f",
    "b",
    "b/f",
    "b/c",
    "b/c/f",
    "caf\u{1}",
    "etc/os-release",
    // What proves a package of Nix is a directory.
    "nix/store/h0cnbmfcn93xm5dg2x27ixhag1cwndga-a-1",
    "nix/store/h0cnbmfcn93xm5dg2x27ixhag1cwndga-a-1/f",
    "x.dist-info/METADATA",
    "x.dist-info",
];

const TEXTS: &[&str] = &[
    "",
    "x",
    "SECRET1",
    "SECRET2",
    "ID=debian\n",
    "Name: a\nVersion: 1\n\n",
    "Name: a\nVersion: 2\n\n",
];

/// Files at every path that can be one.
pub(crate) fn base() -> Vec<Change> {
    let is_file = |it: &&str| !PATHS.iter().any(|other| other.starts_with(&format!("{it}/")));
    let files = PATHS.iter().copied().filter(is_file);
    files.zip(TEXTS.iter().cycle()).map(|(path, text)| write(path, text)).collect()
}

/// Any text at any path.
pub(crate) fn ground() -> Ground {
    let texts: Vec<Text> = TEXTS.iter().map(|it| (*it).into()).collect();
    let all = |path| texts.iter().map(move |it| Change::Write(path, it.clone()));
    Ground { paths: PATHS.to_vec(), writes: PATHS.iter().copied().flat_map(all).collect(), texts }
}

pub(crate) fn write(path: &'static str, text: &'static str) -> Change {
    Change::Write(path, text.into())
}
