//! Why something could not be had.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

/// Something could not be brought, or not be sent.
#[derive(Debug, Error)]
#[error("cannot transfer {url}")]
pub struct FetchError {
    /// Without its query.
    pub url: String,
    pub source: Problem,
}

/// What went wrong.
#[derive(Debug, Error)]
pub enum Problem {
    #[error("this is no usable address: {0}")]
    Address(&'static str),
    #[error("the server answers {}", status(*code))]
    Status { code: u16, retry_after: Option<Duration> },
    #[error("the server asks to wait for {} s, which is too long; try again later", .0.as_secs())]
    Wait(Duration),
    #[error("no connection: {0}")]
    Connection(String),
    #[error("the answer broke off after {n_bytes} bytes{}: {cause}", of(*total))]
    Cut { n_bytes: u64, total: Option<u64>, cause: String },
    #[error("the server sends too slowly")]
    Slow,
    #[error("the file has {found} bytes where the server announced {expected}")]
    Length { found: u64, expected: u64 },
    #[error("the file changed while it was read")]
    Changed,
    #[error("it is larger than {} MB, the most that is taken", .0 >> 20)]
    TooLarge(u64),
    #[error("its {0} is not the one that the server states: what came is damaged")]
    Digest(&'static str),
    #[error("the server does not send {expected}: what came {found}")]
    Nonsense { expected: &'static str, found: &'static str },
    #[error("redirected too often")]
    Redirects,
    #[error("redirected to {0}, which is neither https nor the same host")]
    Redirect(String),
    #[error("the answer breaks the protocol: {0}")]
    Protocol(String),
    #[error(
        "nothing that is known lies below it; give a single file's address, with #NAME.json behind it if its name does not tell"
    )]
    Nothing,
    #[error("it has not been fetched completely yet, and without the network it cannot be")]
    Offline,
    #[error("another process uses the cache {}", .0.display())]
    InUse(PathBuf),
    #[error("cannot use {}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{0}")]
    Credentials(String),
}

impl Problem {
    /// Whether it may be gone a little later.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Status { code, .. } => matches!(code, 408 | 425 | 429 | 500 | 502 | 503 | 504),
            Self::Connection(_)
            | Self::Cut { .. }
            | Self::Slow
            | Self::Length { .. }
            | Self::Changed
            | Self::Digest(_) => true,
            _ => false,
        }
    }

    pub(crate) fn at(self, url: &(impl fmt::Display + ?Sized)) -> FetchError {
        FetchError { url: url.to_string(), source: self }
    }

    pub(crate) fn file(path: &std::path::Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |source| Self::File { path, source }
    }
}

fn of(total: Option<u64>) -> String {
    total.map_or(String::new(), |it| format!(" of {it}"))
}

fn status(code: u16) -> String {
    let meaning = match code {
        401 => "it wants credentials",
        403 => "it forbids this",
        404 => "there is no such thing",
        429 => "too many requests",
        500..=599 => "it has a problem of its own",
        _ => return format!("{code}"),
    };
    format!("{code}: {meaning}")
}
