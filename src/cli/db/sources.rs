//! What a database is built from: folders, and addresses that are brought into a folder first.

use std::path::PathBuf;

use clap::Args;

use crate::cli::Failure;

/// Where records come from.
#[derive(Debug, Args)]
pub(in crate::cli) struct Sources {
    /// Folders, or http(s):// addresses: of a folder laid out as OSV's bucket is, or of one file
    #[arg(value_name = "FROM", required = true)]
    from: Vec<String>,
    #[cfg(feature = "network")]
    #[command(flatten)]
    fetching: super::network::Fetching,
}

impl Sources {
    /// The folders, with what lies at addresses in folders of its own.
    pub(super) fn folders(&self) -> Result<Vec<PathBuf>, Failure> {
        let mut folders = Vec::new();
        #[cfg(feature = "network")]
        let mut fetch = self.fetching.start();
        for from in &self.from {
            if !(from.starts_with("http://") || from.starts_with("https://")) {
                folders.push(from.into());
                continue;
            }
            #[cfg(feature = "network")]
            folders.push(fetch.folder(from)?);
            #[cfg(not(feature = "network"))]
            return Err(Failure::of(format!(
                "cannot fetch {from}: this binary was made without the feature `network`"
            )));
        }
        Ok(folders)
    }
}
