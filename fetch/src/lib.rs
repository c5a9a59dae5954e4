//! What the database commands need of a network: files over HTTP, and artifacts in a registry.
//!
//! Blocking, without cookies, and with redirects only to HTTPS or to the host that was asked. It
//! knows nothing of what it brings, and nothing that judges a build calls it: neither the frontend
//! nor a scan. Servers are hostile or broken until shown otherwise: every length is bounded, every
//! wait ends, and a file appears under its name whole or not at all.

mod address;
mod checks;
mod client;
mod download;
mod error;
mod known;
mod mirror;
mod patience;
pub mod registry;

pub use address::Address;
pub use client::{Client, Settings};
pub use error::{FetchError, Problem};
pub use known::{FILES, LIST};
pub use mirror::{Mirror, Mirrored};

/// How far a transfer is.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// What is brought, as below its address.
    pub name: &'a str,
    pub n_bytes: u64,
    /// How many there will be, if the server says so.
    pub total: Option<u64>,
}

/// Is told how far a transfer is, often.
pub type Watch<'a> = &'a dyn Fn(Progress<'_>);
