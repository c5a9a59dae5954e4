//! Files and artifacts from servers that break every promise.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that panics says where"
)]

mod files;
mod folders;
mod registry;
mod server;

use std::path::Path;
use std::time::Duration;

use layergate_fetch::{Address, Client, FetchError, Mirror, Mirrored, Settings};

/// A client without patience.
fn client(change: impl FnOnce(&mut Settings)) -> Client {
    let mut settings = Settings {
        tries: 3,
        pause: Duration::from_millis(1),
        read: Duration::from_secs(5),
        ..Settings::default()
    };
    change(&mut settings);
    Client::new(settings).unwrap()
}

/// Brings what is at the address into the cache.
fn fetch(client: &Client, url: &str, cache: &Path) -> Result<Mirrored, FetchError> {
    Mirror { from: &Address::parse(url).unwrap(), cache, skip: &[] }.fetch(client, &|_| {})
}

/// An error with its cause.
fn told(error: &FetchError) -> String {
    format!("{error}: {}", error.source)
}
