//! What a scan says of one filesystem, file by file.
//!
//! The format is JSON lines: a header, then one line for each file that has anything to say, in
//! path order. A line depends on nothing but that file's path and bytes, so a scan that starts
//! from the parent's inventory copies the lines of the files that did not change.
//!
//! An inventory holds no clock, host name, inode, advisory, policy, layer position or Dockerfile
//! line: the same filesystem gives the same bytes.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufRead, Write};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Component, Distro, Ecosystem, LayerPath, Owns, Severity};

/// The facts of a filesystem.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    pub files: BTreeMap<LayerPath, FileFacts>,
}

/// The facts of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFacts {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distro: Option<Distro>,
    /// The file is the database of a package manager; it says so also when it is empty, so that a
    /// database that was deleted is told from one without packages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<Ecosystem>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<Component>,
    /// Which files belong to components, of this file or of another.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owns: Vec<Owns>,
    /// What this file says of components that others prove.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub about: Vec<About>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hazards: Vec<Hazard>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<SecretHit>,
    /// What could not be read, and why, in words for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl FileFacts {
    /// Nothing was found and nothing went wrong: such a file has no line.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Brings the facts of several readers into their one order.
    pub fn sort(&mut self) {
        self.components.sort_unstable();
        self.components.dedup();
        self.about.sort_unstable();
        self.hazards.sort_unstable();
        self.secrets.sort_unstable();
    }
}

/// A property of components that another file proves.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct About {
    /// The evidence of the component; with a `/` at the end, all evidence below that directory.
    pub of: String,
    pub key: String,
    pub value: String,
}

/// Something in a file that harms whoever uses the file as it is meant to be used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Hazard {
    pub kind: HazardKind,
    pub severity: Severity,
    /// What it would do, in the file's own names: `os.system`. Short and printable.
    pub what: String,
    /// Where in the file, if that is an archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
}

/// The kinds of hazard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HazardKind {
    /// A serialized model that runs code of its choice when it is loaded.
    UnsafeModel,
}

impl HazardKind {
    /// What exemptions and reports call it.
    pub fn id(self) -> &'static str {
        match self {
            Self::UnsafeModel => "unsafe-model",
        }
    }
}

/// Where a rule matched. The secret itself is not kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SecretHit {
    /// Counted from 1.
    pub line: u64,
    pub rule: String,
    pub preview: Redacted,
    pub fingerprint: Fingerprint,
}

/// A secret as it may be shown. The original cannot be recovered from it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Redacted(String);

impl Redacted {
    /// Keeps at most the first four characters, and never more than a quarter of the secret.
    pub fn new(secret: &[u8]) -> Self {
        let text = String::from_utf8_lossy(secret);
        let shown = (text.chars().count() / 4).min(4);
        let mut preview: String =
            text.chars().take(shown).map(|it| if it.is_control() { '?' } else { it }).collect();
        preview.push('…');
        Self(preview)
    }
}

impl fmt::Display for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Tells whether two hits are the same secret, without telling the secret.
///
/// It is a hash cut so short that many guesses fit it: 32 bits for a secret of 20 bytes or more,
/// which cannot be guessed anyway, and 12 bits for a shorter one, which could.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// The fingerprint of `secret` as found by the rule `rule`.
    pub fn new(rule: &str, secret: &[u8]) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("layergate secret fingerprint v1");
        hasher.update(rule.as_bytes()).update(&[0]).update(secret);
        let hex = hasher.finalize().to_hex();
        let digits = if secret.len() >= 20 { 8 } else { 3 };
        Self(hex.chars().take(digits).collect())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The bytes are not an inventory that this version can read.
#[derive(Debug, Error)]
pub enum InventoryError {
    #[error("the inventory is empty")]
    Empty,
    #[error("line {line} of the inventory cannot be read")]
    Line { line: usize, source: serde_json::Error },
    #[error("the inventory has schema {found}, this version reads {expected}")]
    Schema { found: u32, expected: u32 },
    #[error("the inventory is cut off: {found} of {expected} files")]
    Truncated { found: usize, expected: usize },
    #[error("the inventory cannot be read")]
    Io(#[from] io::Error),
}

#[derive(Serialize, Deserialize)]
struct Header {
    layergate: u32,
    files: usize,
}

#[derive(Serialize)]
struct LineOut<'a> {
    path: &'a LayerPath,
    #[serde(flatten)]
    facts: &'a FileFacts,
}

#[derive(Deserialize)]
struct LineIn {
    path: LayerPath,
    #[serde(flatten)]
    facts: FileFacts,
}

impl Inventory {
    /// Changes with every change of meaning, so that older scans are made again.
    pub const SCHEMA: u32 = 2;

    /// Writes the inventory.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        Self::write_header(self.files.len(), out)?;
        for (path, facts) in &self.files {
            Self::write_line(path, facts, out)?;
        }
        Ok(())
    }

    /// Writes the first line of an inventory of `files` lines.
    pub fn write_header(files: usize, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer(&mut *out, &Header { layergate: Self::SCHEMA, files })?;
        out.write_all(b"\n")
    }

    /// Writes the line of one file. It begins `{"path":"`.
    pub fn write_line(path: &LayerPath, facts: &FileFacts, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer(&mut *out, &LineOut { path, facts })?;
        out.write_all(b"\n")
    }

    /// How long the line of one file is.
    pub fn size(path: &LayerPath, facts: &FileFacts) -> usize {
        struct Length(usize);
        impl Write for Length {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0 += bytes.len();
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut length = Length(0);
        // Counting takes every write.
        Self::write_line(path, facts, &mut length).unwrap_or_default();
        length.0
    }

    /// Reads the first line: how many follow.
    pub fn read_header(line: &[u8]) -> Result<usize, InventoryError> {
        let header: Header = serde_json::from_slice(line)
            .map_err(|source| InventoryError::Line { line: 1, source })?;
        if header.layergate != Self::SCHEMA {
            return Err(InventoryError::Schema { found: header.layergate, expected: Self::SCHEMA });
        }
        Ok(header.files)
    }

    /// Reads what [`Inventory::write`] wrote; anything else is an error, never a shorter inventory.
    pub fn read(bytes: &mut dyn BufRead) -> Result<Self, InventoryError> {
        let mut lines = bytes.split(b'\n').enumerate();
        let (_, first) = lines.next().ok_or(InventoryError::Empty)?;
        let expected = Self::read_header(&first?)?;
        let mut files = BTreeMap::new();
        for (at, line) in lines {
            let line: LineIn = serde_json::from_slice(&line?)
                .map_err(|source| InventoryError::Line { line: at + 1, source })?;
            files.insert(line.path, line.facts);
        }
        if files.len() != expected {
            return Err(InventoryError::Truncated { found: files.len(), expected });
        }
        Ok(Self { files })
    }
}

#[cfg(test)]
mod tests {
    use super::{FileFacts, Inventory};
    use crate::model::LayerPath;

    fn written() -> Vec<u8> {
        let mut inventory = Inventory::default();
        for path in ["a", "b/c"] {
            let facts = FileFacts { notes: vec!["x".to_owned()], ..FileFacts::default() };
            inventory.files.insert(LayerPath::new(path).unwrap(), facts);
        }
        let mut bytes = Vec::new();
        inventory.write(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn what_was_written_is_read_again() {
        let mut bytes = Vec::new();
        Inventory::read(&mut written().as_slice()).unwrap().write(&mut bytes).unwrap();
        assert_eq!(bytes, written());
    }

    #[test]
    fn a_cut_an_empty_and_a_foreign_inventory_are_errors() {
        // Only the last line end says nothing.
        for length in 0..written().len() - 1 {
            assert!(Inventory::read(&mut &written()[..length]).is_err(), "{length}");
        }
        let foreign = String::from_utf8(written()).unwrap().replacen(":2", ":3", 1);
        assert!(Inventory::read(&mut foreign.as_bytes()).is_err());
        assert!(Inventory::read(&mut &[0xff; 64][..]).is_err());
    }
}
