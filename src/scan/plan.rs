//! What is done with the entries of one directory: carry over, read, or note.

use std::ffi::CString;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::index::{self, Child, Index, Listed, Seen};
use super::lines::{Lines, Piece};
use super::place::Place;
use super::witness::Witness;
use crate::analyze;
use crate::model::{FileFacts, LayerPath};
use crate::source::{Entry, Kind, Meta, Stamp};

/// Directories deeper than this are noted, not read.
pub(super) const MAX_DEPTH: usize = 1000;

/// As are directories whose path has more bytes than this, four times what a program can name.
pub(super) const MAX_PATH: usize = 16 << 10;

/// Notes on directories begin so; nothing that is said of a file does.
pub(super) const DIRECTORY: &str = "this directory ";

/// What a scan starts from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parent<'p> {
    pub(super) lines: &'p Lines,
    pub(super) index: &'p Index,
}

/// A directory to list.
#[derive(Debug)]
pub(super) struct Task<'p> {
    /// Its place in the new index.
    pub(super) number: usize,
    /// Of the directory it is in; its own is made when its turn comes.
    pub(super) place: Arc<Place>,
    pub(super) name: CString,
    pub(super) stamp: Stamp,
    /// What the parent's scan saw there.
    pub(super) before: Option<Seen<'p>>,
}

/// What threads hand in.
#[derive(Debug, Default)]
pub(super) struct Found<'p> {
    /// Lines that are carried over.
    pub(super) pieces: Vec<Piece<'p>>,
    /// What was read or noted now.
    pub(super) files: Vec<(LayerPath, FileFacts)>,
    pub(super) listed: Vec<(usize, Listed<'p>)>,
    /// Every path and whether it is a directory, if asked for.
    pub(super) names: Vec<(LayerPath, bool)>,
    /// The newest ctime.
    pub(super) newest: Option<i64>,
    /// The best witness of what changed.
    pub(super) witness: Option<Witness>,
    /// Something could not be read: the next scan must try again.
    pub(super) failed: bool,
}

/// What to do in one directory.
#[derive(Debug)]
pub(super) struct Plan<'p> {
    pub(super) found: Found<'p>,
    pub(super) listed: Listed<'p>,
    /// The directories to list.
    pub(super) tasks: Vec<Task<'p>>,
    /// The files to read, with their sizes.
    pub(super) files: Vec<(CString, u64)>,
    /// The symlinks to read.
    pub(super) links: Vec<CString>,
}

/// Decides by what the parent's scan saw.
#[derive(Debug)]
pub(super) struct Planner<'p> {
    pub(super) parent: Option<Parent<'p>>,
    pub(super) wants_names: bool,
    /// Every file is read, and the next scan starts from what is seen here. Otherwise only files
    /// that an analyzer may want are looked at.
    pub(super) reads_all: bool,
    /// Directories that were given a number.
    pub(super) n_directories: AtomicUsize,
}

impl<'p> Planner<'p> {
    pub(super) fn plan(
        &self,
        task: &Task<'p>,
        place: &Arc<Place>,
        entries: Vec<Entry>,
    ) -> Plan<'p> {
        let mut within = task.before.map(|it| it.within());
        let name = task.name.as_bytes().to_vec();
        let mut plan = Plan {
            found: Found::default(),
            listed: Listed { name, stamp: task.stamp, files: Vec::new(), within: Vec::new() },
            tasks: Vec::new(),
            files: Vec::new(),
            links: Vec::new(),
        };
        plan.found.saw(task.stamp);
        for Entry { name, meta } in entries {
            let Some(path) = place.path_of(name.as_bytes()) else {
                plan.found.failed = true;
                continue;
            };
            if self.wants_names {
                let is_directory = meta.as_ref().is_ok_and(|it| it.kind == Kind::Directory);
                plan.found.names.push((path.clone(), is_directory));
            }
            match meta {
                Ok(meta @ Meta { kind: Kind::Directory, stamp, .. }) => {
                    let before = within.as_mut().and_then(|it| it(name.as_bytes()));
                    let number = task.number;
                    let task = Task { number, place: Arc::clone(place), name, stamp, before };
                    self.directory(task, &path, &meta, &mut plan);
                }
                Ok(Meta { kind: Kind::File, is_executable, .. })
                    if !self.reads_all && !may_want(&path, is_executable) => {}
                Ok(meta @ Meta { kind: Kind::File, .. }) => {
                    self.file(name, &path, meta, task.before, &mut plan);
                }
                Ok(Meta { kind: Kind::Link, .. }) => {
                    if !analyze::wanting_link(&path).is_empty() {
                        plan.links.push(name);
                    }
                }
                Ok(Meta { kind: Kind::Mount, .. }) => {
                    let what = "another filesystem is mounted here; it was not scanned";
                    plan.found.note(&path, what.to_owned());
                }
                Ok(Meta { kind: Kind::Other, .. }) => {}
                Err(error) => {
                    plan.found.failed = true;
                    plan.found.note(&path, format!("cannot be examined: {error}"));
                }
            }
        }
        plan
    }

    fn directory(&self, mut task: Task<'p>, path: &LayerPath, meta: &Meta, plan: &mut Plan<'p>) {
        if task.place.depth() >= MAX_DEPTH || path.as_str().len() > MAX_PATH {
            return plan.found.note(path, too_deep());
        }
        if let (Some(parent), Some(seen)) = (&self.parent, task.before)
            && parent.index.trusts(seen.stamp, task.stamp)
        {
            plan.found.pieces.extend(parent.lines.below(path.as_str()));
            plan.listed.within.push(Child::Kept(seen));
            return;
        }
        plan.found.witnessed(path, meta);
        task.number = self.n_directories.fetch_add(1, Relaxed);
        plan.listed.within.push(Child::Listed(task.number));
        plan.tasks.push(task);
    }

    fn file(
        &self,
        name: CString,
        path: &LayerPath,
        meta: Meta,
        before: Option<Seen<'p>>,
        plan: &mut Plan<'p>,
    ) {
        if !self.reads_all {
            plan.files.push((name, meta.size));
            return;
        }
        let mark = index::file_mark(name.as_bytes(), &meta);
        plan.listed.files.push(mark);
        plan.found.saw(meta.stamp);
        match (&self.parent, before) {
            // The mark holds the ctime that was seen; it is as old as the one that is there now.
            (Some(parent), Some(seen))
                if seen.has_file(mark) && parent.index.trusts(meta.stamp, meta.stamp) =>
            {
                plan.found.pieces.extend(parent.lines.at(path.as_str()));
            }
            _ => {
                plan.found.witnessed(path, &meta);
                plan.files.push((name, meta.size));
            }
        }
    }
}

/// The note on a directory that is not entered.
pub(super) fn too_deep() -> String {
    format!("{DIRECTORY}is too deep to be scanned: limit {MAX_DEPTH} levels, {MAX_PATH} bytes")
}

/// Whether an analyzer may want the file, by its path or by its first bytes.
pub(super) fn may_want(path: &LayerPath, is_executable: bool) -> bool {
    !analyze::wanting(path).is_empty() || analyze::may_sniff(path, is_executable)
}

impl Found<'_> {
    /// Adds what a file says, if it says anything.
    pub(super) fn add(&mut self, path: LayerPath, facts: FileFacts) {
        if !facts.is_empty() {
            self.files.push((path, facts));
        }
    }

    pub(super) fn note(&mut self, path: &LayerPath, what: String) {
        self.add(path.clone(), FileFacts { notes: vec![what], ..FileFacts::default() });
    }

    fn witnessed(&mut self, path: &LayerPath, meta: &Meta) {
        self.witness = Witness::better(self.witness.take(), Witness::new(path, meta));
    }

    fn saw(&mut self, stamp: Stamp) {
        self.newest = self.newest.max(Some(stamp.ctime));
    }
}
