//! What is published about flaws in packages: records of many sources in, one database file out,
//! look-ups.
//!
//! The keys are OSV's: an ecosystem with its release (`Debian:12`, `PyPI`) and a package name. For
//! Debian, Ubuntu and Alpine the name is that of the source package; for rpm that of the package
//! itself.

mod affected;
mod blocks;
mod bounds;
mod build;
mod database;
mod detail;
mod ecosystems;
mod gather;
mod ids;
mod input;
mod key;
mod layout;
mod modular;
mod names;
mod osv;
mod packed;
mod record;
mod severity;
mod shard;
mod sources;
mod text;
mod wire;

pub use affected::{Affected, End, Range};
pub use build::{BuildError, BuildReport, Options, build, build_from, sign};
pub use database::{Database, DatabaseError, Problem, Provenance};
pub use detail::{Detail, Exploitation};
pub use input::{BadRecord, Progress};
pub use key::{KeyError, PublicKey, SecretKey};
pub use layout::{SCHEMA, Source};
pub use names::primary;
pub use shard::{Row, Rows, Shard};

use crate::model::{Fix, Severity};

/// A flaw, as one source sees it in one package.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flaw {
    /// The CVE where there is one, else GitHub's id, else the record's own.
    pub id: String,
    /// Other names of the same flaw, sorted.
    pub aliases: Vec<String>,
    pub severity: Severity,
    /// Whose word the severity is; empty where nobody says.
    pub rated_by: String,
    pub status: Status,
    /// The streams of modular rpms that it is about, with spaces between: `nodejs:20`. Empty where
    /// it names none.
    pub module: String,
}

/// What the source says of the package beside versions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    #[default]
    Affected,
    /// The flaw is not in this package, whatever others say. Such a row has no versions.
    NotAffected,
    Deferred,
    WontFix,
    EndOfLife,
}

impl Status {
    /// What becomes of a flaw to which the versions offer `fix`.
    pub fn outcome(self, fix: Fix) -> Fix {
        match self {
            _ if fix.version().is_some() => fix,
            Self::Affected | Self::NotAffected => fix,
            Self::Deferred => Fix::Deferred,
            Self::WontFix => Fix::WontFix,
            Self::EndOfLife => Fix::EndOfLife,
        }
    }
}

/// One flaw in one package.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Advisory {
    pub flaw: Flaw,
    pub affected: Affected,
}
