//! Binary formats that several others are made of: archives, executables, databases.
//!
//! Bytes in, structure out, and nothing of what the structure means. What they read is hostile:
//! every length is checked against what is there, memory is bounded by the caller, and what does
//! not fit ends the reading with an error that never repeats what the file says.

pub mod bdb;
pub mod bytes;
pub mod compression;
pub mod cursor;
pub mod elf;
pub mod elf_symbols;
pub mod executable;
pub mod macho;
pub mod ndb;
pub mod pe;
pub mod pe_version;
pub mod pickle;
pub mod protobuf;
pub mod rpm_header;
pub mod sqlite;
pub mod tar;
pub mod xml;
pub mod zip;
mod zstd;

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
    /// The same, of a format that is read front to back, at a place that people can look at.
    #[error("at byte {offset}: {what}")]
    At { offset: u64, what: &'static str },
    /// It is compressed in a way that is not read here.
    #[error("it is compressed with {0}, which cannot be read; gzip and zstd can")]
    Compression(&'static str),
    /// It asks for more than is given to any file.
    #[error("{what}, limit {limit}")]
    Limit { what: &'static str, limit: u64 },
}
