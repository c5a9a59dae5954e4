//! Steps that change a tree at random, wherever the tree is.

use std::cell::Cell;
use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File, FileTimes, OpenOptions};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};

/// What is written. A failure shows it by its name: some are whole databases.
#[derive(Clone)]
pub(crate) struct Text {
    name: Rc<str>,
    bytes: Rc<[u8]>,
}

/// What a step does. What cannot be done, it leaves.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Write(&'static str, Text),
    Append(&'static str, Text),
    /// Overwrites in place and puts the times back.
    Disguise(&'static str, Text),
    Chmod(&'static str),
    Rename(&'static str, &'static str),
    Remove(&'static str),
    Directory(&'static str),
    /// Removes and makes the directory again, which makes it opaque.
    Replace(&'static str),
    Link(&'static str, &'static str),
    /// Puts a link that leads to the text.
    Symlink(Text, &'static str),
}

/// One layer.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Changes made through the mounted view.
    Run(Vec<Change>),
    /// Made on an empty directory which is then laid over, as `COPY --link` does.
    Link(Vec<Change>),
}

/// What the steps of one chain choose from.
#[derive(Clone, Debug)]
pub(crate) struct Ground {
    pub(crate) paths: Vec<&'static str>,
    pub(crate) texts: Vec<Text>,
    /// Changes that bring something about, each as likely as the other.
    pub(crate) writes: Vec<Change>,
}

impl Text {
    pub(crate) fn new(name: &str, bytes: &[u8]) -> Self {
        Self { name: name.into(), bytes: bytes.into() }
    }
}

impl From<&'static str> for Text {
    fn from(text: &'static str) -> Self {
        Self::new(text, text.as_bytes())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)
    }
}

impl Ground {
    pub(crate) fn steps(&self) -> impl Strategy<Value = Step> + use<> {
        let changes = prop::collection::vec(self.change(), 0..6);
        prop_oneof![
            3 => changes.clone().prop_map(Step::Run),
            1 => changes.prop_map(Step::Link),
        ]
    }

    fn change(&self) -> impl Strategy<Value = Change> + Clone + use<> {
        let path = || select(self.paths.clone());
        let text = || select(self.texts.clone());
        prop_oneof![
            2 => select(self.writes.clone()),
            1 => (path(), text()).prop_map(|(path, text)| Change::Append(path, text)),
            1 => (path(), text()).prop_map(|(path, text)| Change::Disguise(path, text)),
            1 => path().prop_map(Change::Chmod),
            1 => (path(), path()).prop_map(|(from, to)| Change::Rename(from, to)),
            1 => path().prop_map(Change::Remove),
            1 => path().prop_map(Change::Directory),
            1 => path().prop_map(Change::Replace),
            1 => (path(), path()).prop_map(|(from, to)| Change::Link(from, to)),
            // Relative and without `..`: a later change that follows it stays in this tree.
            1 => (path(), path()).prop_map(|(from, to)| Change::Symlink(from.into(), to)),
        ]
    }
}

impl Step {
    pub(crate) fn into_changes(self) -> Vec<Change> {
        match self {
            Self::Run(changes) | Self::Link(changes) => changes,
        }
    }
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
        match self {
            Self::Write(path, text) => {
                fs::create_dir_all(at(path).parent().unwrap())?;
                fs::write(at(path), &text.bytes)
            }
            Self::Append(path, text) => {
                OpenOptions::new().append(true).open(at(path))?.write_all(&text.bytes)
            }
            Self::Disguise(path, text) => {
                let meta = fs::metadata(at(path))?;
                let times = FileTimes::new().set_modified(meta.modified()?);
                let mut file = OpenOptions::new().write(true).open(at(path))?;
                file.write_all(&text.bytes)?;
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
            Self::Symlink(text, to) => {
                fs::create_dir_all(at(to).parent().unwrap())?;
                if at(to).is_symlink() || at(to).exists() {
                    remove(&at(to))?;
                }
                symlink(OsStr::from_bytes(&text.bytes), at(to))
            }
        }
    }
}

/// Tries so many random values, each with a directory of its own below `root`.
pub(crate) fn try_random<S: Strategy>(
    cases: u32,
    values: &S,
    root: &Path,
    test: impl Fn(PathBuf, S::Value),
) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let n_tried = Cell::new(0);
    let outcome = TestRunner::new(config).run(values, |value| {
        n_tried.set(n_tried.get() + 1);
        let root = root.join(n_tried.get().to_string());
        fs::create_dir(&root).unwrap();
        test(root.clone(), value);
        fs::remove_dir_all(root).unwrap();
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

fn remove(path: &Path) -> std::io::Result<()> {
    if fs::symlink_metadata(path)?.is_dir() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    }
}
