//! `layergate scan`: a filesystem in, its inventory out.

use std::io::{self, Write as _};
use std::panic::{self, PanicHookInfo};
use std::path::PathBuf;

use clap::Args;

use super::Failure;
use crate::model::{LayerPath, SecretHit};
use crate::scan::{self, FileScanner, ScanPaths};
use crate::secrets::FileScan;

/// Scans a filesystem into an inventory. Frontends run this inside the build; it needs no network.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n    layergate scan --view ./rootfs --out ./scanned")]
pub(super) struct Arguments {
    /// The filesystem to scan
    #[arg(long, value_name = "DIR")]
    view: Option<PathBuf>,
    /// The output of the scan of the filesystem that this one was made from
    #[arg(long, value_name = "DIR")]
    parent: Option<PathBuf>,
    /// A tree laid over the parent; may be given several times, the lowest first
    #[arg(long, value_name = "DIR")]
    over: Vec<PathBuf>,
    /// Where the inventory and the directory index are written
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Reads everything, whatever the parent's scan says
    #[arg(long)]
    whole: bool,
    /// Leaves an empty directory `attestations` in the output: BuildKit can attach only what has one
    #[arg(long)]
    attachable: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Arguments { view, parent, over, out, whole, attachable } = arguments;
    let paths = ScanPaths {
        view: view.clone(),
        parent: parent.clone(),
        over: over.clone(),
        out: out.clone(),
        whole: *whole,
    };
    panic::set_hook(Box::new(tell_where));
    // What can be scanned is the user's to say; where the answer goes is made if it is not there.
    let made = if *attachable { &out.join("attestations") } else { out };
    std::fs::create_dir_all(made).map_err(|it| Failure::new(&it))?;
    scan::run(&paths, &|| Box::new(Secrets(None))).map_err(|it| Failure::new(&it))?;
    Ok(())
}

/// A panic's message may quote what was being read, and standard error is the build's log. The scan
/// goes on without the file; the inventory says so.
fn tell_where(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map_or_else(String::new, ToString::to_string);
    writeln!(io::stderr(), "layergate: a file broke the scanner at {place}").unwrap_or_default();
}

/// The secret engine as the scan wants it: one for each thread, used for one file after the other.
struct Secrets(Option<FileScan>);

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
