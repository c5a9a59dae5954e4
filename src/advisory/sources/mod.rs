//! The sources beside OSV: one file each, which adds what it reads to the same records.
//!
//! Each reads the bytes of one file. What a source's file is, is told by its content, so that it
//! may have any name.

mod epss;
mod kev;

use std::path::Path;

use super::gather::Gathered;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One record of OSV's.
    Osv,
    /// CISA's catalogue of exploited flaws.
    Kev,
    /// FIRST's scores of a day.
    Epss,
}

impl Kind {
    /// Tells a file by its name and its first bytes; nothing for what no source publishes.
    pub(super) fn of(path: &Path, head: &[u8]) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let extension = path.extension()?.to_str()?;
        let holds = |text: &str| memchr::memmem::find(head, text.as_bytes()).is_some();
        match extension {
            "csv" if holds("cve,epss,percentile") => Some(Self::Epss),
            // Scores come packed; nothing else of that name does.
            "gz" if name.starts_with("epss") => Some(Self::Epss),
            "json" if holds("\"catalogVersion\"") && holds("\"vulnerabilities\"") => {
                Some(Self::Kev)
            }
            "json" => Some(Self::Osv),
            _ => None,
        }
    }
}

/// Reads the whole file.
pub(super) fn read(kind: Kind, bytes: &[u8], into: &mut Gathered) -> Result<(), String> {
    match kind {
        Kind::Osv => Ok(()),
        Kind::Kev => kev::read(bytes, into),
        Kind::Epss => epss::read(bytes, into),
    }
}
