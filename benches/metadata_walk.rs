//! A bare walk of a tree: every directory listed, every entry's metadata asked for, on all cores, and
//! nothing else. What a scan costs is measured against it.
//!
//!     cargo bench --bench metadata_walk -- DIR

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a measuring tool")]

use std::ffi::OsStr;
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rayon::Scope;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, RawDir, StatxFlags};

static FILES: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);

fn main() {
    let directory = std::env::args_os().skip(1).find(|it| it != "--bench").map(PathBuf::from);
    let Some(directory) = directory else { return println!("usage: metadata_walk DIR") };
    rayon::scope(|scope| walk(&directory, scope));
    println!("{} files, {} bytes", FILES.load(Relaxed), BYTES.load(Relaxed));
}

/// A directory is opened when its turn comes: a tree has more of them than a process may hold open.
fn walk<'s>(path: &Path, scope: &Scope<'s>) {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let Ok(directory) = rustix::fs::open(path, flags, Mode::empty()) else { return };
    let mut buffer = [MaybeUninit::uninit(); 64 << 10];
    let mut entries = RawDir::new(&directory, &mut buffer);
    while let Some(Ok(entry)) = entries.next() {
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        let flags = AtFlags::SYMLINK_NOFOLLOW;
        let wanted = StatxFlags::BASIC_STATS;
        let Ok(meta) = rustix::fs::statx(&directory, name, flags, wanted) else { continue };
        if FileType::from_raw_mode(u32::from(meta.stx_mode)) == FileType::Directory {
            let child = path.join(OsStr::from_bytes(name.to_bytes()));
            scope.spawn(move |scope| walk(&child, scope));
        } else {
            FILES.fetch_add(1, Relaxed);
            BYTES.fetch_add(meta.stx_size, Relaxed);
        }
    }
}
