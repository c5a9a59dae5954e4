//! The vocabulary: small values that every other module speaks in.

mod component;
mod finding;
mod inventory;
mod path;

pub use component::{Component, Distro, Ecosystem, SourcePackage};
pub use finding::{Fix, Secret, Severity, Vulnerability};
pub use inventory::{FileFacts, Fingerprint, Inventory, InventoryError, Redacted, SecretHit};
pub use path::{InvalidPath, LayerPath};
