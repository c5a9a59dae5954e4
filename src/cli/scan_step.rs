//! `layergate scan-step`: the filesystem after a step of a build in, its inventory out.

use std::path::PathBuf;

use clap::Args;

use super::Failure;
use super::secrets::{Secrets, hide_panics};
use crate::scan::{self, ScanPaths};

/// Scans one step of a build into an inventory: what the frontend runs inside the build.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n    layergate scan-step --view ./rootfs --out ./scanned")]
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
    hide_panics();
    // What can be scanned is the user's to say; where the answer goes is made if it is not there.
    let made = if *attachable { &out.join("attestations") } else { out };
    std::fs::create_dir_all(made).map_err(|it| Failure::new(&it))?;
    scan::run(&paths, &|| Box::new(Secrets::default())).map_err(|it| Failure::new(&it))?;
    Ok(())
}
