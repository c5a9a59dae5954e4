//! A chain of overlayfs layers, mounted as BuildKit mounts them, and steps that change it.

use std::ffi::OsStr;
use std::fs::{self, File, FileTimes, OpenOptions};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use layergate::model::{Fingerprint, LayerPath, Redacted, SecretHit};
use layergate::scan::{FileScanner, INVENTORY, ScanPaths, ScanSummary, run};
use proptest::prelude::*;

/// What a step does. What cannot be done, it leaves.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Write(&'static str, &'static str),
    Append(&'static str, &'static str),
    /// Overwrites in place and puts the times back.
    Disguise(&'static str, &'static str),
    Chmod(&'static str),
    Rename(&'static str, &'static str),
    Remove(&'static str),
    Directory(&'static str),
    /// Removes and makes the directory again, which makes it opaque.
    Replace(&'static str),
    Link(&'static str, &'static str),
    Symlink(&'static str, &'static str),
}

/// One layer.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Changes made through the mounted view.
    Run(Vec<Change>),
    /// Made on an empty directory which is then laid over, as `COPY --link` does.
    Link(Vec<Change>),
}

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
    files.zip(TEXTS.iter().cycle()).map(|(path, text)| Change::Write(path, text)).collect()
}

fn change() -> impl Strategy<Value = Change> {
    let path = || prop::sample::select(PATHS);
    let text = || prop::sample::select(TEXTS);
    prop_oneof![
        (path(), text()).prop_map(|(path, text)| Change::Write(path, text)),
        (path(), text()).prop_map(|(path, text)| Change::Append(path, text)),
        (path(), text()).prop_map(|(path, text)| Change::Disguise(path, text)),
        path().prop_map(Change::Chmod),
        (path(), path()).prop_map(|(from, to)| Change::Rename(from, to)),
        path().prop_map(Change::Remove),
        path().prop_map(Change::Directory),
        path().prop_map(Change::Replace),
        (path(), path()).prop_map(|(from, to)| Change::Link(from, to)),
        (path(), path()).prop_map(|(from, to)| Change::Symlink(from, to)),
    ]
}

pub(crate) fn steps() -> impl Strategy<Value = Step> {
    let changes = || prop::collection::vec(change(), 0..6);
    prop_oneof![3 => changes().prop_map(Step::Run), 1 => changes().prop_map(Step::Link)]
}

impl Change {
    pub(crate) fn apply(&self, root: &Path) {
        // Most of them cannot be done most of the time; that is part of the game.
        drop(self.try_apply(root));
    }

    fn try_apply(&self, root: &Path) -> std::io::Result<()> {
        // One name is not UTF-8, which a literal cannot hold.
        let at = |path: &str| {
            let bytes: Vec<u8> = path.bytes().map(|it| if it == 1 { 0xe9 } else { it }).collect();
            root.join(OsStr::from_bytes(&bytes))
        };
        match *self {
            Self::Write(path, text) => {
                fs::create_dir_all(at(path).parent().unwrap())?;
                fs::write(at(path), text)
            }
            Self::Append(path, text) => {
                OpenOptions::new().append(true).open(at(path))?.write_all(text.as_bytes())
            }
            Self::Disguise(path, text) => {
                let meta = fs::metadata(at(path))?;
                let times = FileTimes::new().set_modified(meta.modified()?);
                let mut file = OpenOptions::new().write(true).open(at(path))?;
                file.write_all(text.as_bytes())?;
                file.set_len(meta.len())?;
                File::set_times(&file, times)
            }
            Self::Chmod(path) => {
                let mode = fs::metadata(at(path))?.permissions().mode() ^ 0o100;
                fs::set_permissions(at(path), fs::Permissions::from_mode(mode))
            }
            Self::Rename(from, to) => fs::rename(at(from), at(to)),
            Self::Remove(path) => remove(&at(path)),
            Self::Directory(path) => fs::create_dir_all(at(path)),
            Self::Replace(path) => {
                remove(&at(path))?;
                fs::create_dir(at(path))?;
                fs::write(at(path).join("f"), "SECRET4")
            }
            Self::Link(from, to) => fs::hard_link(at(from), at(to)),
            Self::Symlink(from, to) => {
                remove(&at(to))?;
                // Relative and without `..`: a later change that follows it stays in this tree.
                symlink(from, at(to))
            }
        }
    }
}

fn remove(path: &Path) -> std::io::Result<()> {
    if fs::symlink_metadata(path)?.is_dir() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    }
}

/// Layers below each other, with the output of the last scan.
#[derive(Debug)]
pub(crate) struct Chain {
    root: PathBuf,
    /// Lowest first.
    layers: Vec<PathBuf>,
    /// Scans the mount in which the step ran, whose upper files bear the inodes of the lower ones.
    live: bool,
}

impl Chain {
    pub(crate) fn new(root: PathBuf, live: bool) -> Self {
        Self { root, layers: Vec::new(), live }
    }

    /// Makes a layer, scans it both ways, and compares.
    pub(crate) fn step(&mut self, step: &Step) -> ScanSummary {
        let parent = (!self.layers.is_empty()).then(|| self.out());
        let layer = self.directory(&format!("layer{}", self.layers.len()));
        let (Step::Run(changes) | Step::Link(changes)) = step;
        let is_run = matches!(step, Step::Run(_)) && parent.is_some();
        let target = if is_run { self.mount(Some(&layer)) } else { layer.clone() };
        for change in changes {
            change.apply(&target);
        }
        if is_run && !self.live {
            shell(&format!("umount {}", target.display()));
        }
        self.layers.push(layer.clone());
        let view = if is_run && self.live { target } else { self.mount(None) };
        let whole = ScanPaths {
            view: Some(view.clone()),
            out: self.directory("whole"),
            ..Default::default()
        };
        let over = matches!(step, Step::Link(_));
        let partial = ScanPaths {
            view: (!over).then(|| view.clone()),
            over: if over { vec![layer] } else { Vec::new() },
            parent,
            out: self.out(),
            whole: false,
        };
        run(&whole, &|| Box::new(Finder::default())).unwrap();
        let summary = run(&partial, &|| Box::new(Finder::default())).unwrap();
        shell(&format!("umount {}", view.display()));
        let expected = fs::read_to_string(whole.out.join(INVENTORY)).unwrap();
        assert_eq!(self.inventory(), expected, "after {step:?}");
        summary
    }

    /// The inventory that came from the parent's.
    pub(crate) fn inventory(&self) -> String {
        fs::read_to_string(self.out().join(INVENTORY)).unwrap()
    }

    /// Where the last scan's output is.
    pub(crate) fn out(&self) -> PathBuf {
        self.directory(&format!("out{}", self.layers.len()))
    }

    /// Mounts the layers: read-only, or with an upper directory as a running step has them.
    fn mount(&self, upper: Option<&Path>) -> PathBuf {
        let at = self.directory("view");
        let lower: Vec<_> = self.layers.iter().rev().map(|it| it.display().to_string()).collect();
        let lower = lower.join(":");
        let to = at.display();
        match (upper, &*self.layers) {
            (Some(upper), _) => {
                let work = self.directory(&format!("work{}", self.layers.len()));
                let (upper, work) = (upper.display(), work.display());
                shell(&format!(
                    "mount -t overlay overlay -o index=off,lowerdir={lower},upperdir={upper},workdir={work} {to}"
                ));
            }
            (None, [only]) => shell(&format!("mount --bind {} {to}", only.display())),
            (None, _) => {
                shell(&format!("mount -t overlay overlay -o index=off,lowerdir={lower} {to}"));
            }
        }
        at
    }

    fn directory(&self, name: &str) -> PathBuf {
        let path = self.root.join(name);
        fs::create_dir_all(&path).unwrap();
        path
    }
}

/// Runs one command that must succeed.
pub(crate) fn shell(command: &str) {
    let mut words = command.split(' ');
    let output = Command::new(words.next().unwrap()).args(words).output().unwrap();
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Finds the word `SECRET` with the character after it.
#[derive(Default)]
pub(crate) struct Finder {
    text: Vec<u8>,
}

impl FileScanner for Finder {
    fn begin(&mut self, _: &LayerPath) {
        self.text.clear();
    }

    fn feed(&mut self, chunk: &[u8]) {
        self.text.extend_from_slice(chunk);
    }

    fn finish(&mut self) -> (Vec<SecretHit>, Vec<String>) {
        let found = self.text.windows(7).filter(|it| it.starts_with(b"SECRET"));
        let hit = |secret| SecretHit {
            line: 1,
            rule: "stub".to_owned(),
            preview: Redacted::new(secret),
            fingerprint: Fingerprint::new("stub", secret),
        };
        (found.map(hit).collect(), Vec::new())
    }
}
