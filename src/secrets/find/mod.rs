//! Secrets that are known by their structure, one file for each.

pub(super) mod dotfiles;
pub(super) mod jwt;
pub(super) mod pem;
pub(super) mod url;
