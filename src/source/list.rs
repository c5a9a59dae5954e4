//! What is in one directory.

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{AtFlags, FileType, RawDir, Statx, StatxAttributes, StatxFlags, StatxTimestamp};

/// Big enough that most directories take one system call.
const BUFFER: usize = 64 << 10;

/// A name in a directory, and what it names.
#[derive(Debug)]
pub struct Entry {
    pub name: CString,
    /// An error if it vanished or the disk could not tell.
    pub meta: io::Result<Meta>,
}

/// What a directory entry is.
#[derive(Clone, Copy, Debug)]
pub struct Meta {
    pub kind: Kind,
    pub stamp: Stamp,
    /// When the content was last written, in nanoseconds since 1970. Anyone can set it.
    pub mtime: i64,
    pub size: u64,
    /// Somebody may run it.
    pub is_executable: bool,
}

impl Meta {
    /// Of what is not looked at any further.
    const NOTHING: Self = Self {
        kind: Kind::Other,
        stamp: Stamp { inode: 0, ctime: 0 },
        mtime: 0,
        size: 0,
        is_executable: false,
    };
}

/// Only the kinds that are read are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Directory,
    File,
    /// The root of another mount, which is not part of the tree.
    Mount,
    /// It is read, but never followed.
    Link,
    /// A FIFO, socket or device: it has no content of its own.
    Other,
}

/// What identifies one state of a file or directory while the machine keeps its layers.
///
/// A process can set every other time of a file; the ctime is the kernel's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    pub inode: u64,
    /// Nanoseconds since 1970.
    pub ctime: i64,
}

pub(super) fn list(directory: &OwnedFd, wanted: impl Fn(&[u8]) -> bool) -> io::Result<Vec<Entry>> {
    let mut buffer = Vec::with_capacity(BUFFER);
    let mut entries = Vec::new();
    let mut raw = RawDir::new(directory, buffer.spare_capacity_mut());
    while let Some(entry) = raw.next() {
        let entry = entry?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        let meta = match entry.file_type() {
            FileType::RegularFile if !wanted(name.to_bytes()) => continue,
            FileType::Directory | FileType::RegularFile | FileType::Unknown => {
                meta(directory, name)
            }
            FileType::Symlink => Ok(Meta { kind: Kind::Link, ..Meta::NOTHING }),
            _ => Ok(Meta::NOTHING),
        };
        entries.push(Entry { name: name.to_owned(), meta });
    }
    entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}

/// Looks at `name`, or at the directory itself when it is empty.
pub(super) fn meta(directory: impl AsFd, name: &CStr) -> io::Result<Meta> {
    let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT | AtFlags::EMPTY_PATH;
    let wanted = StatxFlags::TYPE
        | StatxFlags::MODE
        | StatxFlags::INO
        | StatxFlags::CTIME
        | StatxFlags::MTIME
        | StatxFlags::SIZE;
    let statx = rustix::fs::statx(directory, name, flags, wanted)?;
    Ok(Meta {
        kind: kind(&statx),
        stamp: Stamp { inode: statx.stx_ino, ctime: nanoseconds(statx.stx_ctime) },
        mtime: nanoseconds(statx.stx_mtime),
        size: statx.stx_size,
        is_executable: statx.stx_mode & 0o111 != 0,
    })
}

fn kind(statx: &Statx) -> Kind {
    let is_mount = statx.stx_attributes.contains(StatxAttributes::MOUNT_ROOT);
    match FileType::from_raw_mode(u32::from(statx.stx_mode)) {
        FileType::Directory | FileType::RegularFile if is_mount => Kind::Mount,
        FileType::Directory => Kind::Directory,
        FileType::RegularFile => Kind::File,
        FileType::Symlink => Kind::Link,
        _ => Kind::Other,
    }
}

fn nanoseconds(time: StatxTimestamp) -> i64 {
    time.tv_sec.saturating_mul(1_000_000_000).saturating_add(i64::from(time.tv_nsec))
}
