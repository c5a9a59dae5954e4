//! Software bills of materials that lie in the filesystem.

pub(super) mod bitnami;
pub(super) mod document;

mod purl;
mod reader;

pub use purl::component as component_of_purl;
