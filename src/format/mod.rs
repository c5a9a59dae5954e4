//! Binary formats that several others are made of: archives, executables, databases.
//!
//! Bytes in, structure out, and nothing of what the structure means. What they read is hostile:
//! every length is checked against what is there, memory is bounded by the caller, and what does
//! not fit ends the reading with an error that never repeats what the file says.

pub mod bytes;
pub mod cursor;
pub mod elf;
pub mod pickle;
pub mod protobuf;
pub mod zip;

use std::io;

use thiserror::Error;

/// Why a file of a format cannot be read, or not further.
#[derive(Debug, Error)]
pub enum FormatError {
    /// The disk failed.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    /// It is not what it begins like; the text says where it departs.
    #[error("{0}")]
    Malformed(&'static str),
    /// It asks for more than is given to any file.
    #[error("{what}, limit {limit}")]
    Limit { what: &'static str, limit: u64 },
}
