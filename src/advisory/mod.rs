//! What is published about flaws in packages: OSV records in, one database file out, look-ups.
//!
//! The keys are OSV's: an ecosystem with its release (`Debian:12`, `PyPI`) and a package name.
//! For distributions the name is that of the source package.

mod affected;
mod build;
mod database;
mod names;
mod osv;
mod record;
mod severity;
mod table;

pub use affected::{Affected, End, Range};
pub use build::{BadRecord, BuildError, BuildReport, build};
pub use database::{Database, DatabaseError, Problem, Provenance};
pub use names::primary;

use crate::model::Severity;

/// One flaw in one package, as one record states it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Advisory {
    /// The CVE where there is one, else GitHub's id, else the record's own.
    pub id: String,
    /// Other names of the same flaw, sorted.
    pub aliases: Vec<String>,
    pub severity: Severity,
    /// One line, free of control characters.
    pub summary: String,
    pub affected: Affected,
}
