//! Opens a directory tree that somebody else filled.
//!
//! The only module that opens scanned files. Every name is resolved from the root's descriptor
//! downwards, without following a symlink, so nothing in the tree leads out of it. Only regular
//! files and directories are opened, never a FIFO, device or socket: nothing blocks. No descriptor
//! is held for longer than its directory is worked on, so depth costs none.

mod file;
pub mod image;
mod list;

use std::ffi::CString;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{Mode, OFlags, ResolveFlags};

pub use file::File;
pub use list::{Entry, Kind, Meta, Stamp};

const DIRECTORY: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Stays below `PATH_MAX`, the most that one system call takes.
const MAX_HOP: usize = 4000;

/// `OVERLAYFS_SUPER_MAGIC` of `linux/magic.h`.
const OVERLAYFS: u64 = 0x794c_7630;

/// A tree of files, entered at its root and never left.
#[derive(Debug)]
pub struct Tree {
    root: OwnedFd,
}

/// One open directory of a tree.
#[derive(Debug)]
pub struct Directory {
    fd: OwnedFd,
}

impl Tree {
    /// Opens the tree at `path`, which is the caller's own and may be a symlink.
    pub fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self { root: rustix::fs::open(path, flags, Mode::empty())? })
    }

    /// Whether an unchanged inode number and ctime prove a subtree unchanged.
    pub fn is_overlay(&self) -> bool {
        rustix::fs::fstatfs(&self.root)
            .is_ok_and(|it| u64::try_from(it.f_type).is_ok_and(|it| it == OVERLAYFS))
    }

    /// What identifies the root directory.
    pub fn stamp(&self) -> io::Result<Stamp> {
        Ok(list::meta(&self.root, c"")?.stamp)
    }

    /// Opens the directory at `path`, whose parts are the names that listings gave; empty for the
    /// root.
    pub fn directory(&self, path: &[u8]) -> io::Result<Directory> {
        let mut fd: Option<OwnedFd> = None;
        for hop in hops(path) {
            fd = Some(descend(fd.as_ref().unwrap_or(&self.root), hop)?);
        }
        let root = || rustix::fs::openat(&self.root, c".", DIRECTORY, Mode::empty());
        Ok(Directory { fd: fd.map_or_else(root, Ok)? })
    }
}

impl Directory {
    /// Opens the regular file `name`, and nothing else under that name.
    pub fn file(&self, name: &CString) -> io::Result<File> {
        File::open(&self.fd, name)
    }

    /// Where the symlink `name` leads to. It is not followed.
    pub fn link(&self, name: &CString) -> io::Result<Vec<u8>> {
        Ok(rustix::fs::readlinkat(&self.fd, name, Vec::new())?.into_bytes())
    }

    /// Everything in it but `.` and `..`, sorted by name. Regular files that are not `wanted` by
    /// their names are not looked at, and left out.
    pub fn list(&self, wanted: impl Fn(&[u8]) -> bool) -> io::Result<Vec<Entry>> {
        list::list(&self.fd, wanted)
    }
}

/// Cuts `path` at slashes into pieces that one system call takes.
fn hops(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = path;
    std::iter::from_fn(move || {
        let (hop, after) = match rest.split_at_checked(MAX_HOP) {
            // A name has at most 255 bytes, so there is a slash.
            Some((head, _)) => rest.split_at_checked(memchr::memrchr(b'/', head)?)?,
            None => (rest, &[][..]),
        };
        rest = after.strip_prefix(b"/").unwrap_or(after);
        (!hop.is_empty()).then_some(hop)
    })
}

fn descend(from: &OwnedFd, hop: &[u8]) -> io::Result<OwnedFd> {
    let flags = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    match rustix::fs::openat2(from, hop, DIRECTORY, Mode::empty(), flags) {
        // Linux before 5.6, or a sandbox that does not know the call: name by name.
        Err(rustix::io::Errno::NOSYS | rustix::io::Errno::PERM) => {
            let mut fd: Option<OwnedFd> = None;
            for name in hop.split(|it| *it == b'/') {
                let at = fd.as_ref().unwrap_or(from);
                fd = Some(rustix::fs::openat(at, name, DIRECTORY, Mode::empty())?);
            }
            fd.ok_or_else(|| io::ErrorKind::NotFound.into())
        }
        other => Ok(other?),
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_HOP, hops};

    #[test]
    fn a_long_path_is_cut_at_slashes() {
        let path = ["n".repeat(255).as_str(); 40].join("/");
        let pieces: Vec<_> = hops(path.as_bytes()).collect();
        assert!(pieces.iter().all(|it| it.len() <= MAX_HOP));
        assert_eq!(pieces.join(&b'/'), path.as_bytes());
        assert_eq!(hops(b"").count(), 0);
        assert_eq!(hops(b"a/b").collect::<Vec<_>>(), [b"a/b"]);
    }
}
