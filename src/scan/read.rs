//! One file: opened once, read for secrets and packages together.

use std::convert::Infallible;
use std::ffi::CString;
use std::io;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::feed::{Beginning, Feeder, hole, next_but};
use super::silent;
use crate::analyze::{self, Analyzer, HEAD, Input, Unread};
use crate::model::{Chunk, Content, FileFacts, LayerPath, SecretHit};
use crate::source::{Directory, File};

/// Looks for secrets in one file after the other. Each thread has its own.
pub trait FileScanner: Send {
    /// Starts with a new file, whatever became of the one before.
    fn begin(&mut self, path: &LayerPath);
    /// Takes the next bytes of the file. A long run of zeros that are not stored comes shortened.
    fn feed(&mut self, chunk: &[u8]);
    /// Ends the file: what was found, and notes on what could not be looked at.
    fn finish(&mut self) -> (Vec<SecretHit>, Vec<String>);
}

/// Makes a scanner for a thread, and a new one after a file that broke it.
pub type ScannerFactory<'a> = dyn Fn() -> Box<dyn FileScanner> + Sync + 'a;

const BUFFER: usize = 256 << 10;

/// What is read of a file of which only the first bytes may matter.
const FRONT: usize = 4 << 10;

/// One worker for each thread of the pool, made when it reads its first file.
pub(super) struct Workers<'w> {
    slots: Vec<Mutex<Option<Worker<'w>>>>,
    factory: Option<&'w ScannerFactory<'w>>,
}

impl<'w> Workers<'w> {
    /// Secrets are looked for if there is a factory.
    pub(super) fn new(factory: Option<&'w ScannerFactory<'w>>) -> Self {
        let slots = (0..rayon::current_num_threads()).map(|_| Mutex::default()).collect();
        Self { slots, factory }
    }

    pub(super) fn look_for_secrets(&self) -> bool {
        self.factory.is_some()
    }

    /// Lends the worker of this thread. The job must not wait for others.
    pub(super) fn lend<T>(&self, job: impl FnOnce(&mut Worker<'w>) -> T) -> T {
        let slot = rayon::current_thread_index().and_then(|it| self.slots.get(it));
        // There is a slot for each thread of the pool, and only those run this.
        let mut spare = None;
        let mut slot = slot.map(lock);
        let worker = slot.as_deref_mut().unwrap_or(&mut spare);
        job(worker.get_or_insert_with(|| Worker::new(self.factory)))
    }

    /// How many bytes all of them read.
    pub(super) fn n_bytes(&self) -> u64 {
        self.slots.iter().map(|it| lock(it).as_ref().map_or(0, |it| it.n_bytes)).sum()
    }
}

/// What one thread needs to read files.
pub(super) struct Worker<'w> {
    buffer: Vec<u8>,
    scanner: Option<Box<dyn FileScanner>>,
    factory: Option<&'w ScannerFactory<'w>>,
    pub(super) n_bytes: u64,
}

/// What one file says.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub(super) facts: FileFacts,
    /// The disk failed; another scan may read more.
    pub(super) failed: bool,
}

impl<'w> Worker<'w> {
    fn new(factory: Option<&'w ScannerFactory<'w>>) -> Self {
        Self { buffer: vec![0; BUFFER], scanner: factory.map(|it| it()), factory, n_bytes: 0 }
    }

    /// Reads the file `name`. Nothing in it can stop the scan.
    pub(super) fn read(
        &mut self,
        directory: &Directory,
        name: &CString,
        path: &LayerPath,
    ) -> Reading {
        let mut reading = Reading::default();
        match directory.file(name) {
            Ok(file) => self.read_open(file, path, &mut reading),
            Err(error) => reading.fail("cannot be opened", &error),
        }
        reading.facts.sort();
        reading
    }

    fn read_open(&mut self, mut file: File, path: &LayerPath, into: &mut Reading) {
        let by_path = analyze::wanting(path);
        let length = if by_path.is_empty() && self.scanner.is_none() { FRONT } else { BUFFER };
        let first = match file.next(self.buffer.get_mut(..length).unwrap_or_default()) {
            Ok(first) => first,
            Err(error) => return into.fail("cannot be read", &error),
        };
        let front = match first {
            Chunk::Data(n) => self.buffer.get(..n).unwrap_or_default(),
            Chunk::Hole(_) | Chunk::End => &[],
        };
        // A file that fits the buffer is not read again.
        let is_whole = front.len() as u64 == file.size();
        let content: &dyn Content = if is_whole { &front } else { &file };
        into.analyze(path, front, content);
        let silent = if self.scanner.is_some() && !is_whole {
            silent::parts(path, front.get(..HEAD).unwrap_or(front), &file)
        } else {
            Vec::new()
        };
        let mut next = |buffer: &mut [u8]| next_but(&silent, &mut file, buffer);
        if let Err(error) = self.look(path, first, &mut next, into) {
            into.fail("cannot be read to its end", &error);
        }
    }

    /// Reads a file that is in memory.
    pub(super) fn read_whole(&mut self, path: &LayerPath, bytes: &[u8]) -> Reading {
        let mut reading = Reading::default();
        reading.analyze(path, bytes, &bytes);
        self.n_bytes += bytes.len() as u64;
        let silent = self.silent(path, bytes, &bytes);
        self.guard(path, &mut reading, |scanner, _, _| {
            Feeder { silent: &silent, position: 0 }.feed(scanner, bytes);
            Ok::<_, Infallible>(())
        })
        .unwrap_or_default();
        reading.facts.sort();
        reading
    }

    /// Reads a file that comes as a stream, and of which the first bytes, `front`, did come. It is
    /// analyzed if it can be read at any place as well.
    pub(super) fn read_on<E>(
        &mut self,
        path: &LayerPath,
        Coming { front, size, content }: &Coming<'_>,
        next: &mut dyn FnMut(&mut [u8]) -> Result<Chunk, E>,
    ) -> Result<Reading, E> {
        let mut reading = Reading::default();
        if let Some(content) = content {
            reading.analyze(path, front, *content);
        }
        let beginning = Beginning { front, size: *size };
        let silent = self.silent(path, front, content.unwrap_or(&beginning));
        self.guard(path, &mut reading, |scanner, buffer, n_bytes| {
            let mut feeder = Feeder { silent: &silent, position: 0 };
            feeder.feed(scanner, front);
            *n_bytes += front.len() as u64;
            loop {
                match next(buffer)? {
                    Chunk::Data(n) => {
                        feeder.feed(scanner, buffer.get(..n).unwrap_or_default());
                        *n_bytes += n as u64;
                    }
                    Chunk::Hole(n) => feeder.pass(scanner, n),
                    Chunk::End => return Ok(()),
                }
            }
        })?;
        reading.facts.sort();
        Ok(reading)
    }

    /// The parts of a file that are passed over: as in a directory, not in the first piece of it, and
    /// not in a file that is no longer than that.
    fn silent(&self, path: &LayerPath, front: &[u8], content: &dyn Content) -> Vec<Range<u64>> {
        if self.scanner.is_none() || content.size() <= BUFFER as u64 {
            return Vec::new();
        }
        let parts = silent::parts(path, front.get(..HEAD).unwrap_or(front), content).into_iter();
        let parts = parts.map(|it| it.start.max(BUFFER as u64)..it.end);
        parts.filter(|it| !it.is_empty()).collect()
    }

    /// Looks for secrets in the first piece, which is in the buffer, and all that follow.
    fn look<E>(
        &mut self,
        path: &LayerPath,
        first: Chunk,
        next: &mut dyn FnMut(&mut [u8]) -> Result<Chunk, E>,
        into: &mut Reading,
    ) -> Result<(), E> {
        self.guard(path, into, |scanner, buffer, n_bytes| {
            stream(scanner, buffer, n_bytes, first, next)
        })
    }

    /// Runs the scanner, if there is one. One that breaks is replaced.
    fn guard<E>(
        &mut self,
        path: &LayerPath,
        into: &mut Reading,
        job: impl FnOnce(&mut dyn FileScanner, &mut [u8], &mut u64) -> Result<(), E>,
    ) -> Result<(), E> {
        let Self { buffer, scanner: Some(scanner), n_bytes, .. } = self else { return Ok(()) };
        let streamed = catch_unwind(AssertUnwindSafe(|| {
            scanner.begin(path);
            let end = job(scanner.as_mut(), buffer, n_bytes);
            (end, scanner.finish())
        }));
        let Ok((end, (secrets, notes))) = streamed else {
            // The scanner may be in any state.
            self.scanner = self.factory.map(|it| it());
            into.facts.notes.push("the scan of this file broke off".to_owned());
            return Ok(());
        };
        into.facts.secrets = secrets;
        into.facts.notes.extend(notes);
        end
    }
}

/// A file that comes as a stream.
pub(super) struct Coming<'a> {
    pub(super) front: &'a [u8],
    pub(super) size: u64,
    /// The same, to be read at any place.
    pub(super) content: Option<&'a dyn Content>,
}

fn stream<E>(
    scanner: &mut dyn FileScanner,
    buffer: &mut [u8],
    n_bytes: &mut u64,
    first: Chunk,
    next: &mut dyn FnMut(&mut [u8]) -> Result<Chunk, E>,
) -> Result<(), E> {
    let mut chunk = first;
    loop {
        match chunk {
            Chunk::Data(n) => {
                let data = buffer.get(..n).unwrap_or_default();
                *n_bytes += data.len() as u64;
                scanner.feed(data);
            }
            Chunk::Hole(n) => scanner.feed(hole(n)),
            Chunk::End => return Ok(()),
        }
        chunk = next(buffer)?;
    }
}

impl Reading {
    /// Reads the symlink `name`: its content is where it leads to.
    pub(super) fn of_link(directory: &Directory, name: &CString, path: &LayerPath) -> Self {
        match directory.link(name) {
            Ok(target) => Self::of_target(path, &target),
            Err(error) => {
                let mut reading = Self::default();
                reading.fail("cannot be read", &error);
                reading
            }
        }
    }

    /// Reads a symlink that leads to `target`.
    pub(super) fn of_target(path: &LayerPath, target: &[u8]) -> Self {
        let mut reading = Self::default();
        for analyzer in analyze::wanting_link(path).iter() {
            reading.run(analyzer, &Input { path, content: &target });
        }
        reading.facts.sort();
        reading
    }

    /// Judges a directory by its path.
    pub(super) fn of_directory(path: &LayerPath) -> Self {
        let mut reading = Self::default();
        for analyzer in analyze::wanting_directory(path).iter() {
            reading.run(analyzer, &Input { path, content: &&[][..] });
        }
        reading.facts.sort();
        reading
    }

    /// Analyzes a file that can be read at any place, and nothing else.
    pub(super) fn of_content(path: &LayerPath, content: &dyn Content) -> Self {
        let mut reading = Self::default();
        let mut head = [0; HEAD];
        match content.read_at(0, &mut head) {
            Ok(n) => reading.analyze(path, head.get(..n).unwrap_or_default(), content),
            Err(error) => reading.fail("cannot be read", &error),
        }
        reading.facts.sort();
        reading
    }

    /// Lets those analyzers read the file that want it, by its path or by its first bytes.
    fn analyze(&mut self, path: &LayerPath, front: &[u8], content: &dyn Content) {
        let head = front.get(..HEAD).unwrap_or(front);
        let wanting = analyze::wanting(path).and(analyze::wanting_head(path, head));
        for analyzer in wanting.iter() {
            self.run(analyzer, &Input { path, content });
        }
    }

    /// Adds what one analyzer finds in a file.
    fn run(&mut self, analyzer: &Analyzer, input: &Input<'_>) {
        let facts = &mut self.facts;
        // The input is only read, and what an analyzer has in hand goes with it.
        match catch_unwind(AssertUnwindSafe(|| analyze::analyze(analyzer, input))) {
            Ok(Ok(found)) => {
                facts.distro = found.distro.or(facts.distro.take());
                facts.database = found.database.or(facts.database);
                facts.components.extend(found.components);
                facts.owns.extend(found.owns);
                facts.about.extend(found.about);
                facts.hazards.extend(found.hazards);
                facts.notes.extend(found.notes);
            }
            Ok(Err(Unread::TooLarge { size, limit })) => {
                let id = analyzer.id;
                facts
                    .notes
                    .push(format!("{id}: too large to analyze: {size} bytes, limit {limit}"));
            }
            Ok(Err(Unread::Io(error))) => {
                self.fail(&format!("{}: cannot be read", analyzer.id), &error);
            }
            Err(_) => facts.notes.push(format!("{}: broke off", analyzer.id)),
        }
    }

    fn fail(&mut self, what: &str, error: &io::Error) {
        self.facts.notes.push(format!("{what}: {error}"));
        self.failed = true;
    }
}

/// A thread that panicked while it held the lock left whole values behind.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
