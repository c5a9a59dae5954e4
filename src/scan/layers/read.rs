//! Reads the archive of one layer from front to back.
//!
//! What an analyzer wants, and what is small, is taken into memory and worked on by whichever thread
//! is free; what is large and only looked through for secrets never is. No thread waits for another:
//! when too much is on its way, the reading thread does the work itself. A hard link to a file that
//! is still in memory is read as that file.

use std::ops::Range;
use std::sync::Arc;

use rayon::Scope;

use super::log::{Left, Log, hash};
use super::name::Name;
use super::recent::Recent;
use super::shared::{Found, LARGE, Shared};
use crate::analyze::{self, HEAD};
use crate::format::FormatError;
use crate::format::compression::Plain;
use crate::format::tar::{Archive, Entry, Kind};
use crate::model::{Chunk, Content, FileFacts, LayerPath};
use crate::scan::plan::too_deep;
use crate::scan::read::{Coming, Reading};
use crate::scan::silent;
use crate::source::image::Part;

/// The largest file that analyzers see where it cannot be read at any place.
pub(super) const MAX_ANALYZED: u64 = 256 << 20;

/// A larger file that nobody wants is not taken into memory for the sake of another thread.
const MAX_HANDED: u64 = 4 << 20;

/// What is handed to another thread at once.
const BATCH: usize = 512 << 10;

/// So are so many files, however small.
const MAX_BATCH_FILES: usize = 4096;

/// What is kept of the files that went by, for hard links to them, where the archive can be read
/// again, and where it cannot.
const RECENT: usize = 16 << 20;
const RECENT_ONCE: usize = 128 << 20;

/// The largest file that is kept for hard links only.
const MAX_KEPT: u64 = 1 << 20;

/// What is read for hard links, over and over; enough for 30 names of the largest file.
pub(super) const MAX_LINKED: u64 = 8 << 30;

pub(super) const TOO_LARGE: &str = "too large to be analyzed inside an archive";

/// A layer whose archive was read, while its files may still be worked on.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    pub(super) log: Log,
    pub(super) found: Arc<Found>,
}

/// Reads a layer, which may lie in `part` as it is; tells `on_entry` how far it is.
pub(crate) fn read<'s, 'w: 's>(
    archive: &mut Archive<Plain<'_>>,
    part: Option<Part>,
    shared: &'s Shared<'w>,
    scope: &Scope<'s>,
    on_entry: &mut dyn FnMut(u64),
) -> Result<Pending, FormatError> {
    let mut reader = Reader {
        archive,
        part,
        shared,
        scope,
        on_entry,
        pending: Pending::default(),
        bytes: Vec::new(),
        files: Vec::new(),
        n_files: 0,
        names: 0,
        recent: Recent::new(if shared.can_repeat { RECENT } else { RECENT_ONCE }),
        linked: MAX_LINKED,
    };
    while let Some(entry) = reader.archive.entry()? {
        (reader.on_entry)(1);
        reader.entry(&entry)?;
    }
    reader.flush();
    Ok(reader.pending)
}

struct Reader<'r, 'a, 's, 'w> {
    archive: &'r mut Archive<Plain<'a>>,
    /// The same, where it can be read at any place.
    part: Option<Part>,
    shared: &'s Shared<'w>,
    scope: &'r Scope<'s>,
    on_entry: &'r mut dyn FnMut(u64),
    pending: Pending,
    /// The files in memory that were not handed over yet, one behind the other.
    bytes: Vec<u8>,
    /// Those of them that are to be worked on.
    files: Vec<InMemory>,
    /// How many files are in memory, and how long their names are.
    n_files: usize,
    names: usize,
    recent: Recent,
    /// What may still be read for hard links.
    linked: u64,
}

/// A file in memory: the number of its entry, its path, and where its bytes are.
type InMemory = (u32, LayerPath, Range<usize>);

impl<'s, 'w: 's> Reader<'_, '_, 's, 'w> {
    fn entry(&mut self, entry: &Entry) -> Result<(), FormatError> {
        self.shared.takes_entry()?;
        let log = &mut self.pending.log;
        let number = log.next();
        let path = match Name::of(&entry.name, entry.kind == Kind::Directory) {
            Name::Of(path) => path,
            Name::Whiteout(path) => {
                log.whiteouts.push(hash(path.as_str()));
                return Ok(());
            }
            Name::Opaque(path) => {
                log.opaque.push(hash(path.as_ref().map_or("", LayerPath::as_str)));
                return Ok(());
            }
            Name::TooDeep(path) => {
                let facts = FileFacts { notes: vec![too_deep()], ..FileFacts::default() };
                log.add(hash(path.as_str()), Left::Directory);
                self.found(number, path, facts);
                return Ok(());
            }
            Name::Nothing => return Ok(()),
        };
        let is_executable = entry.mode & 0o111 != 0;
        let at = hash(path.as_str());
        let target = match &entry.kind {
            Kind::HardLink(target) => Name::target(target),
            _ => None,
        };
        // A link to itself finds itself.
        let is_here = |it: &LayerPath| self.recent.get(hash(it.as_str()), &self.bytes).is_some();
        let target_here = target.as_ref().is_some_and(is_here);
        if !target_here {
            self.recent.forget(at);
        }
        let left = match (&entry.kind, target) {
            (Kind::Directory, _) => {
                let facts = Reading::of_directory(&path).facts;
                self.found(number, path, facts);
                Left::Directory
            }
            (Kind::Symlink(to), _) => {
                let facts = Reading::of_target(&path, to).facts;
                self.found(number, path, facts);
                Left::Symlink
            }
            (Kind::HardLink(_), Some(target)) if target_here => {
                let Some(left) = self.recent_file(number, &path, &target, is_executable) else {
                    self.recent.forget(at);
                    return self.pending.log.link(path, target, is_executable);
                };
                left
            }
            (Kind::HardLink(_), Some(target)) => {
                return self.pending.log.link(path, target, is_executable);
            }
            (Kind::Other | Kind::HardLink(_), _) => Left::Other,
            (Kind::File, _) => self.file(number, &path, entry, is_executable)?,
        };
        self.pending.log.add(at, left);
        Ok(())
    }

    fn file(
        &mut self,
        number: u32,
        path: &LayerPath,
        entry: &Entry,
        is_executable: bool,
    ) -> Result<Left, FormatError> {
        let size = entry.size;
        let has_scanner = self.shared.workers.look_for_secrets();
        let by_path = !analyze::wanting(path).is_empty();
        let is_read = by_path || has_scanner || analyze::may_sniff(path, is_executable);
        let is_kept = !self.shared.can_repeat && size <= MAX_KEPT;
        if !is_read && !is_kept {
            return Ok(Left::File { was_read: false, has_magic: false });
        }
        let start = self.bytes.len();
        let hole = take(self.archive, &mut self.bytes, HEAD as u64)?;
        let front = self.bytes.get(start..).unwrap_or_default();
        let head = front.get(..HEAD).unwrap_or(front);
        let left = Left::File { was_read: is_read, has_magic: analyze::magic(head).is_some() };
        let is_wanted = is_read && (by_path || !analyze::wanting_head(path, head).is_empty());
        let is_worked_on = is_wanted || has_scanner;
        let has_tables = is_wanted || (has_scanner && silent::needs_tables(path, head));
        let limit = if has_tables { LARGE } else { MAX_HANDED };
        if is_kept || (is_worked_on && size <= limit) {
            self.rest(size, start, hole)?;
            self.in_memory(number, path, start, number, is_worked_on);
            return Ok(left);
        }
        let part = self.part.as_ref().zip(entry.at).map(|(it, at)| it.part(at, size));
        if has_tables && part.is_none() && size <= MAX_ANALYZED {
            self.large(number, path.clone(), start, size, hole)?;
        } else if is_worked_on {
            let is_analyzed = is_wanted && part.is_some();
            let mut facts =
                self.stream(path, start, entry, part.as_ref().filter(|_| has_tables), hole)?;
            if is_wanted && !is_analyzed {
                facts.notes.push(format!("{TOO_LARGE}: {size} bytes, limit {MAX_ANALYZED}"));
            }
            self.found(number, path.clone(), facts);
        } else {
            self.bytes.truncate(start);
        }
        Ok(left)
    }

    /// Reads a file that is never in memory; what came of it is there from `start` on.
    fn stream(
        &mut self,
        path: &LayerPath,
        start: usize,
        entry: &Entry,
        part: Option<&Part>,
        hole: u64,
    ) -> Result<FileFacts, FormatError> {
        let front = self.bytes.split_off(start);
        let content = part.map(|it| -> &dyn Content { it });
        let coming = Coming { front: &front, size: entry.size, content };
        let (archive, on_entry) = (&mut *self.archive, &mut *self.on_entry);
        let mut hole = hole;
        let mut next = |buffer: &mut [u8]| {
            (on_entry)(0);
            match std::mem::take(&mut hole) {
                0 => archive.content(buffer),
                n => Ok(Chunk::Hole(n)),
            }
        };
        let read = self.shared.workers.lend(|worker| worker.read_on(path, &coming, &mut next));
        Ok(read?.facts)
    }

    /// Takes note of the file that is in memory from `start` on; its bytes are those of entry `of`.
    fn in_memory(
        &mut self,
        number: u32,
        path: &LayerPath,
        start: usize,
        of: u32,
        is_worked_on: bool,
    ) {
        let at = start..self.bytes.len();
        self.recent.add(hash(path.as_str()), of, at.clone());
        if is_worked_on {
            self.files.push((number, path.clone(), at));
        }
        self.n_files += 1;
        self.names += path.as_str().len();
        // Empty files fill no memory, but what is known of them would.
        if self.bytes.len() + self.names >= BATCH || self.n_files >= MAX_BATCH_FILES {
            self.flush();
        }
    }

    /// Reads a hard link as the file in memory that it leads to, unless there were too many.
    fn recent_file(
        &mut self,
        number: u32,
        path: &LayerPath,
        target: &LayerPath,
        is_executable: bool,
    ) -> Option<Left> {
        let (of, bytes) = self.recent.get(hash(target.as_str()), &self.bytes)?;
        self.linked = self.linked.checked_sub(bytes.len() as u64)?;
        let bytes = bytes.to_vec();
        let head = bytes.get(..HEAD).unwrap_or(&bytes);
        let is_worked_on = self.shared.workers.look_for_secrets()
            || !analyze::wanting(path).is_empty()
            || (analyze::may_sniff(path, is_executable)
                && !analyze::wanting_head(path, head).is_empty());
        let left = Left::File { was_read: true, has_magic: analyze::magic(head).is_some() };
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&bytes);
        self.in_memory(number, path, start, of, is_worked_on);
        self.pending.log.copies.push((number, of));
        Some(left)
    }

    /// A file that is in memory alone.
    fn large(
        &mut self,
        number: u32,
        path: LayerPath,
        start: usize,
        size: u64,
        hole: u64,
    ) -> Result<(), FormatError> {
        let front = self.bytes.split_off(start);
        self.flush();
        let shared = self.shared;
        shared.with_room_for(size, || {
            self.bytes = front;
            self.rest(size, 0, hole)?;
            let bytes = std::mem::take(&mut self.bytes);
            let facts = shared.workers.lend(|worker| worker.read_whole(&path, &bytes)).facts;
            drop(bytes);
            self.found(number, path, facts);
            Ok(())
        })
    }

    /// Takes the rest of a file into memory.
    fn rest(&mut self, size: u64, start: usize, hole: u64) -> Result<(), FormatError> {
        let bytes = &mut self.bytes;
        zeros(bytes, hole, start, size);
        loop {
            let left = size - (bytes.len() - start) as u64;
            let hole = take(self.archive, bytes, left)?;
            if hole == 0 {
                return Ok(());
            }
            zeros(bytes, hole, start, size);
        }
    }

    /// Hands over what is in memory.
    fn flush(&mut self) {
        if self.n_files == 0 {
            return;
        }
        let names = std::mem::take(&mut self.names);
        self.n_files = 0;
        let bytes = Arc::new(std::mem::take(&mut self.bytes));
        let spare = self.recent.close(&bytes);
        let files = std::mem::take(&mut self.files);
        let found = Arc::clone(&self.pending.found);
        self.shared.hand_over(bytes.len() + names, self.scope, move |shared| {
            for (number, path, at) in files {
                let bytes = bytes.get(at).unwrap_or_default();
                let reading = shared.workers.lend(|worker| worker.read_whole(&path, bytes));
                found.add(shared, number, path, reading.facts);
            }
        });
        // Of one size, so that the allocator need not ask for memory again and again.
        self.bytes = spare.filter(|it| it.capacity() <= 4 * BATCH).unwrap_or_default();
        self.bytes.reserve(2 * BATCH);
    }

    fn found(&self, number: u32, path: LayerPath, facts: FileFacts) {
        self.pending.found.add(self.shared, number, path, facts);
    }
}

/// Takes bytes of the current entry to the end of `bytes`, until there are `n` more or a hole, whose
/// length is returned.
pub(super) fn take(
    archive: &mut Archive<Plain<'_>>,
    bytes: &mut Vec<u8>,
    n: u64,
) -> Result<u64, FormatError> {
    /// What is made room for before it is there.
    const STEP: u64 = 256 << 10;
    let mut left = n;
    while left > 0 {
        let start = bytes.len();
        let room = usize::try_from(left.min(STEP)).unwrap_or_default();
        bytes.resize(start + room, 0);
        let chunk = archive.content(bytes.get_mut(start..).unwrap_or_default());
        let n = if let Ok(Chunk::Data(n)) = chunk { n } else { 0 };
        bytes.truncate(start + n);
        left -= n as u64;
        match chunk? {
            Chunk::Data(_) => {}
            Chunk::Hole(n) => return Ok(n),
            Chunk::End => break,
        }
    }
    Ok(0)
}

/// Adds a hole to a file that begins at `start`, no further than the file goes.
pub(super) fn zeros(bytes: &mut Vec<u8>, n: u64, start: usize, size: u64) {
    let end = ((bytes.len() - start) as u64).saturating_add(n).min(size);
    bytes.resize(start + usize::try_from(end).unwrap_or_default(), 0);
}
