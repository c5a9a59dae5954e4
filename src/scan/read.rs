//! One file: read once, in pieces, for secrets and packages together.

use std::ffi::CString;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::analyze;
use crate::model::{FileFacts, LayerPath, SecretHit};
use crate::source::{Chunk, Directory, File};

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
        reading.facts.components.sort_unstable();
        reading.facts.secrets.sort_unstable();
        reading
    }

    fn read_open(&mut self, mut file: File, path: &LayerPath, into: &mut Reading) {
        let mut whole = Whole::wanted(path, file.size(), &mut into.facts);
        let streamed = catch_unwind(AssertUnwindSafe(|| {
            self.scanner.begin(path);
            let end = self.stream(&mut file, &mut whole);
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
        match end {
            Ok(()) => whole.analyze(path, &mut into.facts),
            Err(error) => into.fail("cannot be read to its end", &error),
        }
    }

    fn stream(&mut self, file: &mut File, whole: &mut Whole) -> io::Result<()> {
        loop {
            match file.next(&mut self.buffer)? {
                Chunk::Data(n) => {
                    let data = self.buffer.get(..n).unwrap_or_default();
                    self.n_bytes += data.len() as u64;
                    self.scanner.feed(data);
                    whole.extend(data);
                }
                Chunk::Hole(n) => {
                    let length = usize::try_from(n).unwrap_or(usize::MAX);
                    self.scanner.feed(HOLE.get(..length).unwrap_or(&HOLE));
                    whole.extend_zeros(length);
                }
                Chunk::End => return Ok(()),
            }
        }
    }
}

/// The bytes for the analyzers, kept only for the few files that one of them reads.
struct Whole {
    bytes: Option<Vec<u8>>,
}

impl Whole {
    fn wanted(path: &LayerPath, size: u64, facts: &mut FileFacts) -> Self {
        let is_wanted = analyze::wanting(path).next().is_some();
        let fits = size <= analyze::MAX_FILE;
        if is_wanted && !fits {
            let limit = analyze::MAX_FILE;
            facts.notes.push(format!("too large to analyze: {size} bytes, limit {limit}"));
        }
        Self { bytes: (is_wanted && fits).then(Vec::new) }
    }

    fn extend(&mut self, data: &[u8]) {
        if let Some(bytes) = &mut self.bytes {
            bytes.extend_from_slice(data);
        }
    }

    /// A hole is never larger than the file, and that was checked.
    fn extend_zeros(&mut self, n: usize) {
        if let Some(bytes) = &mut self.bytes {
            bytes.resize(bytes.len().saturating_add(n), 0);
        }
    }

    fn analyze(&self, path: &LayerPath, into: &mut FileFacts) {
        let Some(bytes) = &self.bytes else { return };
        for analyzer in analyze::wanting(path) {
            match catch_unwind(|| analyze::analyze(analyzer, path, bytes)) {
                Ok(found) => {
                    into.distro = found.distro.or(into.distro.take());
                    into.components.extend(found.components);
                    into.notes.extend(found.notes);
                }
                Err(_) => into.notes.push(format!("{}: broke off", analyzer.id)),
            }
        }
    }
}

impl Reading {
    fn fail(&mut self, what: &str, error: &io::Error) {
        self.facts.notes.push(format!("{what}: {error}"));
        self.failed = true;
    }
}
