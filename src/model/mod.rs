//! The vocabulary: small values that every other module speaks in.

mod component;
mod content;
mod distro;
mod ecosystem;
mod finding;
mod inventory;
pub mod nvidia;
mod owned;
mod path;
mod purl;

pub use component::{Component, SourcePackage, Standing};
pub use content::{Chunk, Content};
pub use distro::Distro;
pub use ecosystem::Ecosystem;
pub use finding::{Epss, Fix, Secret, Severity, Vulnerability};
pub use inventory::{
    About, FileFacts, Fingerprint, Hazard, HazardKind, Inventory, InventoryError, Redacted,
    SecretHit,
};
pub use owned::{Owns, PathSet};
pub use path::{InvalidPath, LayerPath};
