//! One file: opened once, read for secrets and packages together.

use std::ffi::CString;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

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

/// What a hole is to the secret scanner: enough to end a match.
const HOLE: [u8; 4096] = [0; 4096];

/// What one thread needs to read files.
pub(super) struct Worker<'a> {
    buffer: Vec<u8>,
    scanner: Box<dyn FileScanner>,
    factory: &'a ScannerFactory<'a>,
    pub(super) n_bytes: u64,
}

/// What one file says.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub(super) facts: FileFacts,
    /// The disk failed; another scan may read more.
    pub(super) failed: bool,
}

impl<'a> Worker<'a> {
    pub(super) fn new(factory: &'a ScannerFactory<'a>) -> Self {
        Self { buffer: vec![0; BUFFER], scanner: factory(), factory, n_bytes: 0 }
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
        let first = match file.next(&mut self.buffer) {
            Ok(first) => first,
            Err(error) => return into.fail("cannot be read", &error),
        };
        self.analyze(&file, &first, path, into);
        let streamed = catch_unwind(AssertUnwindSafe(|| {
            self.scanner.begin(path);
            let end = self.stream(&mut file, first);
            (end, self.scanner.finish())
        }));
        let Ok((end, (secrets, notes))) = streamed else {
            // The scanner may be in any state.
            self.scanner = (self.factory)();
            into.facts.notes.push("the scan of this file broke off".to_owned());
            return;
        };
        into.facts.secrets = secrets;
        into.facts.notes.extend(notes);
        if let Err(error) = end {
            into.fail("cannot be read to its end", &error);
        }
    }

    /// Lets those analyzers read the file that want it, by its path or by its first bytes. A file
    /// that fits the buffer is not read again.
    fn analyze(&self, file: &File, first: &Chunk, path: &LayerPath, into: &mut Reading) {
        let front = match first {
            Chunk::Data(n) => self.buffer.get(..*n).unwrap_or_default(),
            Chunk::Hole(_) | Chunk::End => &[],
        };
        let head = front.get(..HEAD).unwrap_or(front);
        let wanting = analyze::wanting(path).and(analyze::wanting_head(path, head));
        let is_whole = front.len() as u64 == file.size();
        let content: &dyn Content = if is_whole { &front } else { file };
        for analyzer in wanting.iter() {
            into.run(analyzer, &Input { path, content });
        }
    }

    fn stream(&mut self, file: &mut File, first: Chunk) -> io::Result<()> {
        let mut chunk = first;
        loop {
            match chunk {
                Chunk::Data(n) => {
                    let data = self.buffer.get(..n).unwrap_or_default();
                    self.n_bytes += data.len() as u64;
                    self.scanner.feed(data);
                }
                Chunk::Hole(n) => {
                    let length = usize::try_from(n).unwrap_or(usize::MAX);
                    self.scanner.feed(HOLE.get(..length).unwrap_or(&HOLE));
                }
                Chunk::End => return Ok(()),
            }
            chunk = file.next(&mut self.buffer)?;
        }
    }
}

impl Reading {
    /// Reads the symlink `name`: its content is where it leads to.
    pub(super) fn of_link(directory: &Directory, name: &CString, path: &LayerPath) -> Self {
        let mut reading = Self::default();
        match directory.link(name) {
            Ok(target) => {
                let content: &dyn Content = &target.as_slice();
                for analyzer in analyze::wanting_link(path).iter() {
                    reading.run(analyzer, &Input { path, content });
                }
            }
            Err(error) => reading.fail("cannot be read", &error),
        }
        reading.facts.sort();
        reading
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
