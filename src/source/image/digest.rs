//! What a blob must hash to, and streams that are hashed as they are read.

use std::fmt;
use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Deserialize;
use sha2::{Digest as _, Sha256, Sha512};

/// A digest as manifests state it: `sha256:` and 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Digest {
    algorithm: Algorithm,
    hex: String,
}

/// The algorithms that image specifications name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Algorithm {
    Sha256,
    Sha512,
}

impl Algorithm {
    fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    fn n_digits(self) -> usize {
        match self {
            Self::Sha256 => 64,
            Self::Sha512 => 128,
        }
    }
}

impl Digest {
    /// Reads `sha256:…` or `sha512:…`. What passes is safe as part of a path.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, hex) = text.split_once(':')?;
        let algorithm =
            [Algorithm::Sha256, Algorithm::Sha512].into_iter().find(|it| it.name() == name)?;
        let is_digit = |it: u8| matches!(it, b'0'..=b'9' | b'a'..=b'f');
        let fits = hex.len() == algorithm.n_digits() && hex.bytes().all(is_digit);
        fits.then(|| Self { algorithm, hex: hex.to_owned() })
    }

    /// The digest of `bytes`, by the algorithm of this one.
    pub(super) fn of_same_kind(&self, bytes: &[u8]) -> Self {
        let mut hasher = Hasher::new(Some(self.algorithm));
        hasher.update(bytes);
        hasher.finish().unwrap_or_else(|| self.clone())
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Where a layout keeps the blob.
    pub(super) fn path(&self) -> String {
        format!("blobs/{}/{}", self.algorithm.name(), self.hex)
    }

    /// The digest that the name of a blob states.
    pub(super) fn of_path(path: &str) -> Option<Self> {
        let (name, hex) = path.strip_prefix("blobs/")?.split_once('/')?;
        Self::parse(&format!("{name}:{hex}"))
    }

    /// The digits after the algorithm.
    pub fn hex(&self) -> &str {
        &self.hex
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm.name(), self.hex)
    }
}

impl TryFrom<String> for Digest {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("not a digest")
    }
}

enum Hasher {
    None,
    Sha256(Sha256),
    Sha512(Sha512),
}

impl Hasher {
    fn new(algorithm: Option<Algorithm>) -> Self {
        match algorithm {
            None => Self::None,
            Some(Algorithm::Sha256) => Self::Sha256(Sha256::new()),
            Some(Algorithm::Sha512) => Self::Sha512(Sha512::new()),
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::None => {}
            Self::Sha256(it) => it.update(bytes),
            Self::Sha512(it) => it.update(bytes),
        }
    }

    fn finish(&mut self) -> Option<Digest> {
        let (algorithm, bytes) = match std::mem::replace(self, Self::None) {
            Self::None => return None,
            Self::Sha256(it) => (Algorithm::Sha256, it.finalize().to_vec()),
            Self::Sha512(it) => (Algorithm::Sha512, it.finalize().to_vec()),
        };
        let digit = |it: u8| char::from_digit(u32::from(it), 16).unwrap_or_default();
        let hex = bytes.iter().flat_map(|it| [digit(it >> 4), digit(it & 15)]).collect();
        Some(Digest { algorithm, hex })
    }
}

/// A stream that is hashed as it is read. Its clones are the same stream, so that what a decoder
/// leaves can be read behind it.
pub(super) struct Hashed<R>(Arc<Mutex<State<R>>>);

struct State<R> {
    from: R,
    hasher: Hasher,
    n_bytes: u64,
}

impl<R: Read> Hashed<R> {
    /// Only counts, if there is no algorithm.
    pub(super) fn new(from: R, algorithm: Option<Algorithm>) -> Self {
        let hasher = Hasher::new(algorithm);
        Self(Arc::new(Mutex::new(State { from, hasher, n_bytes: 0 })))
    }

    /// How much was read.
    pub(super) fn n_bytes(&self) -> u64 {
        self.lock().n_bytes
    }

    /// Reads what is left, and tells the digest of all of it.
    pub(super) fn finish(&mut self) -> io::Result<Option<Digest>> {
        io::copy(&mut *self, &mut io::sink())?;
        Ok(self.lock().hasher.finish())
    }

    fn lock(&self) -> MutexGuard<'_, State<R>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R> Clone for Hashed<R> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut state = self.lock();
        let n = state.from.read(buffer)?;
        state.hasher.update(buffer.get(..n).unwrap_or_default());
        state.n_bytes += n as u64;
        Ok(n)
    }
}

impl<R> fmt::Debug for Hashed<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hashed").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::{Algorithm, Digest, Hashed};

    #[test]
    fn only_digests_are_digests() {
        let good = format!("sha256:{}", "0a".repeat(32));
        let digest = Digest::parse(&good).unwrap();
        assert_eq!(digest.to_string(), good);
        assert_eq!(Digest::of_path(&digest.path()).unwrap(), digest);
        for bad in [
            "sha256:",
            "0a",
            "sha1:0a",
            &good.replace("0a", "0A"),
            &good[..70],
            &format!("{good}0"),
            &good.replace("0a0a", "../."),
            &good.replace("256", "512"),
        ] {
            assert!(Digest::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn what_a_reader_leaves_counts_as_well() {
        let mut hashed = Hashed::new(&b"abc"[..], Some(Algorithm::Sha256));
        hashed.clone().read_exact(&mut [0; 1]).unwrap();
        let digest = hashed.finish().unwrap().unwrap();
        // The example of FIPS 180.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!((digest.hex(), hashed.n_bytes()), (expected, 3));
    }
}
