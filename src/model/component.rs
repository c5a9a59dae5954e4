//! What is installed.

use serde::{Deserialize, Serialize};

/// The kind of package, which decides how versions are ordered and whose advisories apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ecosystem {
    /// Debian and its derivatives (dpkg).
    Deb,
    /// Alpine and its derivatives (apk).
    Apk,
    /// Python distributions.
    Pypi,
    /// JavaScript packages.
    Npm,
}

/// A package as one file states it. Equal components are the same package in the same version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Component {
    pub ecosystem: Ecosystem,
    /// The name in the ecosystem's canonical spelling (for Python, PEP 503).
    pub name: String,
    /// The version as the evidence spells it.
    pub version: String,
    /// The package it was built from, where that is not the package itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourcePackage>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arch: Option<String>,
}

/// The source package of a distribution's binary package; most distribution advisories name it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SourcePackage {
    pub name: String,
    pub version: String,
}

/// The distribution, from `os-release`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Distro {
    /// `ID`, for example `debian`.
    pub id: String,
    /// `VERSION_ID`, for example `12`; rolling releases have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}
