//! What is known against a filesystem.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Component, LayerPath, SecretHit};

/// How bad it is. Ordered; `Unknown` is the least.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    #[default]
    Unknown,
    Low,
    Medium,
    High,
    Critical,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Unknown => "UNKNOWN",
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::High => "HIGH",
            Self::Critical => "CRITICAL",
        })
    }
}

impl FromStr for Severity {
    type Err = ();

    /// Reads the word in any case; `moderate`, GitHub's word, is medium.
    fn from_str(word: &str) -> Result<Self, ()> {
        match word.to_ascii_lowercase().as_str() {
            "low" => Ok(Self::Low),
            "medium" | "moderate" => Ok(Self::Medium),
            "high" => Ok(Self::High),
            "critical" => Ok(Self::Critical),
            _ => Err(()),
        }
    }
}

/// What is known of a version without the flaw.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fix {
    /// The first version without it.
    Fixed(String),
    /// The first version without it, for those only who pay for longer support of the release.
    Extended(String),
    /// There is none yet.
    NotFixed,
    /// The publisher put it off.
    Deferred,
    /// The publisher decided against one.
    WontFix,
    /// Nobody maintains this release any more.
    EndOfLife,
    /// Nobody says.
    Unknown,
}

impl Fix {
    /// The first version without the flaw that everybody can have.
    pub fn version(&self) -> Option<&str> {
        match self {
            Self::Fixed(version) => Some(version),
            Self::Extended(_)
            | Self::NotFixed
            | Self::Deferred
            | Self::WontFix
            | Self::EndOfLife
            | Self::Unknown => None,
        }
    }
}

/// How likely a flaw is used against somebody within 30 days: FIRST's Exploit Prediction Scoring
/// System, in hundred-thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Epss {
    pub score: u32,
    /// The share of all flaws that are less likely.
    pub percentile: u32,
}

/// A package in a version that an advisory names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vulnerability {
    /// The CVE where there is one, else the advisory's own id.
    pub id: String,
    /// Every other name of it, sorted.
    pub aliases: Vec<String>,
    pub severity: Severity,
    /// Whose word the severity is: `Debian`, `GHSA`, `CVSS:3.1`; empty where nobody says.
    pub rated_by: String,
    /// It is in CISA's catalogue of flaws that are known to be used.
    pub is_exploited: bool,
    pub epss: Option<Epss>,
    pub summary: String,
    pub fix: Fix,
    pub component: Component,
    /// The file that proves the package.
    pub path: LayerPath,
}

impl Vulnerability {
    /// The package was published to do harm, which OSV tells by the id.
    pub fn is_malware(&self) -> bool {
        std::iter::once(&self.id).chain(&self.aliases).any(|it| it.starts_with("MAL-"))
    }
}

/// A secret in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    pub hit: SecretHit,
    pub path: LayerPath,
}
