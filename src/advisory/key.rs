//! Keys that sign databases: Ed25519 (RFC 8032), in the forms that OpenSSL writes (RFC 8410).
//!
//! What is signed is the digest of a database's directory, 32 bytes, as it stands in the header.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use thiserror::Error;

use super::layout::SIGNATURE;

/// The length of a public key.
const LENGTH: usize = 32;
/// What stands before the bytes of an Ed25519 key in a `SubjectPublicKeyInfo`.
const PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// Says who signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey([u8; LENGTH]);

/// Signs.
#[derive(Debug)]
pub struct SecretKey(Ed25519KeyPair);

/// A text is not the key that it should be.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum KeyError {
    #[error(
        "this is no public Ed25519 key, as PEM (-----BEGIN PUBLIC KEY-----) or as base64 of 32 bytes"
    )]
    Public,
    #[error("this is a secret key where a public one is wanted; `openssl pkey -pubout` gives that")]
    IsSecret,
    #[error("this is no secret Ed25519 key as `openssl genpkey -algorithm ed25519` writes it")]
    Secret,
    #[error("the secret key is encrypted; take one without a passphrase")]
    Encrypted,
}

impl PublicKey {
    /// Reads a key as PEM, or as base64 of its bytes or of the DER form.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        if text.contains("PRIVATE KEY-----") {
            return Err(KeyError::IsSecret);
        }
        let bytes = match pem(text, "PUBLIC KEY") {
            Some(der) => der,
            None => STANDARD.decode(text.trim()).map_err(|_| KeyError::Public)?,
        };
        let bytes = bytes.strip_prefix(&PREFIX[..]).unwrap_or(&bytes);
        bytes.try_into().map(Self).map_err(|_| KeyError::Public)
    }

    /// Whether whoever has the secret key signed the message.
    pub(super) fn has_signed(&self, message: &[u8], signature: &[u8; SIGNATURE]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0).verify(message, signature).is_ok()
    }
}

/// Base64 of its bytes, which is read again.
impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl SecretKey {
    /// Reads PKCS#8 as PEM.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        if text.contains("ENCRYPTED PRIVATE KEY-----") {
            return Err(KeyError::Encrypted);
        }
        let der = pem(text, "PRIVATE KEY").ok_or(KeyError::Secret)?;
        // OpenSSL writes no public half beside the secret one.
        Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).map(Self).map_err(|_| KeyError::Secret)
    }

    /// The key that others verify with; nothing only if the library broke its word.
    pub fn public(&self) -> Option<PublicKey> {
        self.0.public_key().as_ref().try_into().ok().map(PublicKey)
    }

    pub(super) fn sign(&self, message: &[u8]) -> [u8; SIGNATURE] {
        // Ed25519's are all of this length; zeros would be no signature at all.
        self.0.sign(message).as_ref().try_into().unwrap_or([0; SIGNATURE])
    }
}

/// The first block of this kind.
fn pem(text: &str, kind: &str) -> Option<Vec<u8>> {
    let after = text.split_once(&format!("-----BEGIN {kind}-----"))?.1;
    let body = after.split_once(&format!("-----END {kind}-----"))?.0;
    STANDARD.decode(body.split_ascii_whitespace().collect::<String>()).ok()
}

#[cfg(test)]
mod tests {
    use super::{KeyError, PublicKey, SecretKey};

    // Test 1 of RFC 8032, section 7.1, in the forms of RFC 8410.
    const SECRET: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";
    const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n";
    const BARE: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

    #[test]
    fn one_key_has_several_forms() {
        let key = PublicKey::parse(PUBLIC).unwrap();
        assert_eq!(key.to_string(), BARE);
        let der = "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
        for text in [BARE, der, &format!(" {BARE}\n"), &format!("a comment\n{PUBLIC}")] {
            assert_eq!(PublicKey::parse(text), Ok(key), "{text}");
        }
        assert_eq!(SecretKey::parse(SECRET).unwrap().public(), Some(key));
    }

    #[test]
    fn a_signature_is_of_one_key_and_one_message() {
        let secret = SecretKey::parse(SECRET).unwrap();
        let signature = secret.sign(b"");
        assert_eq!(signature[..4], [0xe5, 0x56, 0x43, 0x00], "that of the specification");
        let key = PublicKey::parse(BARE).unwrap();
        assert!(key.has_signed(b"", &signature));
        assert!(!key.has_signed(b"a", &signature));
        assert!(!PublicKey([1; 32]).has_signed(b"", &signature));
        assert!(!key.has_signed(b"", &[0; 64]));
    }

    #[test]
    fn what_is_no_key_is_told_apart() {
        assert_eq!(PublicKey::parse(SECRET), Err(KeyError::IsSecret));
        for text in ["", "AAAA", "-----BEGIN PUBLIC KEY-----", "not base64"] {
            assert_eq!(PublicKey::parse(text), Err(KeyError::Public), "{text}");
        }
        let secret = |text: &str| SecretKey::parse(text).map(|_| ()).unwrap_err();
        assert_eq!(secret(PUBLIC), KeyError::Secret);
        assert_eq!(secret(&SECRET.replace("PRIVATE", "ENCRYPTED PRIVATE")), KeyError::Encrypted);
        assert_eq!(secret(&SECRET.replace("MC4C", "MC4D")), KeyError::Secret);
        let shown = format!("{:?}", SecretKey::parse(SECRET).unwrap());
        assert!(!shown.contains("9d61") && !shown.contains("nWGx"), "{shown}");
    }
}
