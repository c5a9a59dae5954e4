//! The secret engine as scans want it, and panics that tell nothing of what was read.

use std::io::{self, Write as _};
use std::panic::{self, PanicHookInfo};

use crate::model::{LayerPath, SecretHit};
use crate::scan::FileScanner;
use crate::secrets::FileScan;

/// One for each thread, used for one file after the other.
#[derive(Default)]
pub(super) struct Secrets(Option<FileScan>);

impl FileScanner for Secrets {
    fn begin(&mut self, path: &LayerPath) {
        match &mut self.0 {
            Some(scan) => scan.reset(path),
            None => self.0 = Some(FileScan::new(path)),
        }
    }

    fn feed(&mut self, chunk: &[u8]) {
        if let Some(scan) = &mut self.0 {
            scan.feed(chunk);
        }
    }

    fn finish(&mut self) -> (Vec<SecretHit>, Vec<String>) {
        let found = self.0.as_mut().map(FileScan::take).unwrap_or_default();
        (found.hits, found.notes)
    }
}

/// Lets a panic tell its place only. Its message may quote what was being read, and standard error
/// may be a build's log. The scan goes on without the file; what it writes says so.
pub(super) fn hide_panics() {
    panic::set_hook(Box::new(tell_where));
}

fn tell_where(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map_or_else(String::new, ToString::to_string);
    writeln!(io::stderr(), "layergate: a file broke the scanner at {place}").unwrap_or_default();
}
