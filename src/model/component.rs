//! What is installed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Ecosystem;

/// A package, library, program or model as one file states it.
///
/// Equal components are the same thing in the same version, stated with the same words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Component {
    pub ecosystem: Ecosystem,
    /// The name in the ecosystem's canonical spelling, as advisories spell it: for Python that of
    /// PEP 503, for npm with the scope, for Maven `group:artifact`, for Composer `vendor/name`.
    pub name: String,
    /// The version as the evidence spells it, an rpm's with its epoch; empty where there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// The package it was built from, where that is not the package itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourcePackage>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arch: Option<String>,
    /// How it comes to be there.
    #[serde(default, skip_serializing_if = "Standing::is_installed")]
    pub standing: Standing,
    /// Where in the evidence, if that is an archive: `BOOT-INF/lib/a.jar`, with `!/` between
    /// archives in archives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    /// The licences that the package declares, in its own words, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub licenses: Vec<String>,
    /// What its package URL has beyond name, version, architecture, epoch and distribution.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub qualifiers: BTreeMap<String, String>,
    /// What else the evidence says, by name: `vendor`, `sha256`, `format`, …
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, String>,
}

/// How a component comes to be where it is.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// A package manager put it there, or it stands for itself.
    #[default]
    Installed,
    /// Part of another component, which alone can replace it.
    Bundled,
    /// A document says so, and no file of its own proves it.
    Declared,
}

/// The source package of a distribution's binary package; most distribution advisories name it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SourcePackage {
    pub name: String,
    /// Empty where the evidence does not tell it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
}

impl Component {
    /// An installed component of which no more is known.
    pub fn new(ecosystem: Ecosystem, name: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            ecosystem,
            name: name.into(),
            version: version.into(),
            source: None,
            arch: None,
            standing: Standing::Installed,
            within: None,
            licenses: Vec::new(),
            qualifiers: BTreeMap::new(),
            properties: BTreeMap::new(),
        }
    }

    /// Adds what the package URL says besides.
    #[must_use]
    pub fn qualifier(mut self, name: &str, value: &str) -> Self {
        self.qualifiers.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Adds what the evidence says besides.
    #[must_use]
    pub fn property(mut self, name: &str, value: &str) -> Self {
        self.properties.insert(name.to_owned(), value.to_owned());
        self
    }
}

impl Standing {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde asks")]
    fn is_installed(&self) -> bool {
        *self == Self::Installed
    }
}
