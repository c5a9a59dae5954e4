//! The distribution.

use serde::{Deserialize, Serialize};

/// What a filesystem says of the distribution it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Distro {
    /// `ID` of `os-release`, for example `debian`.
    pub id: String,
    /// `VERSION_ID`, for example `12`; rolling releases have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// `VERSION_CODENAME`, for example `bookworm`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codename: Option<String>,
    /// `ID_LIKE`: what it is derived from, the nearest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub like: Vec<String>,
    /// `PRETTY_NAME`, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `SUPPORT_END`, `YYYY-MM-DD`, where the distribution states it itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub support_end: Option<String>,
}
