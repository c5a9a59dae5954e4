//! Which files a package says are its own.
//!
//! A distribution's packages own hundreds of thousands of files. What matters is whether one of a
//! few thousand others, that prove something themselves, is among them. So a path is kept as a hash
//! of 64 bits, and only where it may prove something.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::LayerPath;

/// The files of one component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owns {
    /// The evidence of the owner.
    pub of: LayerPath,
    /// The owner's name, where that evidence states several components.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its architecture, where several of that name may be installed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arch: Option<String>,
    /// How many files it has altogether.
    pub n_files: u64,
    #[serde(default, skip_serializing_if = "PathSet::is_empty")]
    pub paths: PathSet,
}

/// A set of paths of which only membership can be asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PathSet(Vec<u64>);

impl PathSet {
    /// The hash of one path.
    ///
    /// Where `/bin` and `/lib` are symlinks into `/usr`, package databases still list files below
    /// either name, and some merge `sbin` into `bin`. All spellings have one hash.
    pub fn hash(path: &LayerPath) -> u64 {
        let mut hasher = blake3::Hasher::new();
        let path = path.as_str();
        let merged = path.strip_prefix("usr/").unwrap_or(path);
        let path = match merged.split_once('/') {
            Some(("sbin", rest)) => {
                hasher.update(b"bin/");
                rest
            }
            Some(("bin" | "lib" | "lib32" | "lib64" | "libx32", _)) => merged,
            _ => path,
        };
        hasher.update(path.as_bytes());
        let mut bytes = [0; 8];
        hasher.finalize_xof().fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    /// Whether `path` is in it.
    pub fn contains(&self, path: &LayerPath) -> bool {
        self.0.binary_search(&Self::hash(path)).is_ok()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The hashes, in ascending order.
    pub fn hashes(&self) -> &[u64] {
        &self.0
    }
}

impl FromIterator<u64> for PathSet {
    fn from_iter<T: IntoIterator<Item = u64>>(hashes: T) -> Self {
        let mut hashes: Vec<u64> = hashes.into_iter().collect();
        hashes.sort_unstable();
        hashes.dedup();
        Self(hashes)
    }
}

impl Serialize for PathSet {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = self.0.iter().flat_map(|it| it.to_le_bytes()).collect();
        to.serialize_str(&STANDARD_NO_PAD.encode(bytes))
    }
}

impl<'de> Deserialize<'de> for PathSet {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let bytes = STANDARD_NO_PAD.decode(text).map_err(D::Error::custom)?;
        let (hashes, rest) = bytes.as_chunks();
        if !rest.is_empty() {
            return Err(D::Error::custom("a hash of a path is cut off"));
        }
        Ok(hashes.iter().map(|it| u64::from_le_bytes(*it)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::{LayerPath, PathSet};

    fn set(paths: &[&str]) -> PathSet {
        paths.iter().map(|it| PathSet::hash(&LayerPath::new(it).unwrap())).collect()
    }

    #[test]
    fn every_spelling_of_a_merged_directory_is_one() {
        let owned = set(&["lib/x86_64-linux-gnu/libc.so.6", "usr/bin/a", "sbin/b", "usr/share/c"]);
        let has = |path: &str| owned.contains(&LayerPath::new(path).unwrap());
        assert!(has("usr/lib/x86_64-linux-gnu/libc.so.6"));
        assert!(has("bin/a") && has("usr/sbin/b") && has("usr/bin/b") && has("usr/share/c"));
        assert!(!has("share/c") && !has("opt/bin/a") && !has("usr/lib/a"));
    }

    #[test]
    fn what_was_written_is_read_again() {
        let owned = set(&["a", "b", "c"]);
        let text = serde_json::to_string(&owned).unwrap();
        assert_eq!(serde_json::from_str::<PathSet>(&text).unwrap(), owned);
        assert!(serde_json::from_str::<PathSet>("\"AAAA\"").is_err());
        assert!(serde_json::from_str::<PathSet>("\"?\"").is_err());
    }
}
