//! Software bills of materials that lie in the filesystem.

pub(super) mod bitnami;
pub(super) mod document;

mod purl;
mod reader;
