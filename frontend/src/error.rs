//! What can end a build early, other than a finding.

use layergate_proto::rpc;
use thiserror::Error;

/// Why a gated build could not go on.
#[derive(Debug, Error)]
pub enum Error {
    /// Something is asked for that cannot be done; the text says what to do about it.
    #[error("{0}")]
    Refused(String),

    /// BuildKit answered with an error: the user's own, or one of a step before ours. It is handed
    /// back as it came.
    #[error("{}", .0.message)]
    BuildKit(Box<rpc::Status>),

    /// A scan could not be made. Never a finding, never a pass.
    #[error("could not scan {instruction}: {reason}")]
    Scan {
        /// `instruction 3/7 (RUN pip install …)`.
        instruction: String,
        reason: String,
        step: usize,
    },

    /// What BuildKit sent is not what its protocol says.
    #[error("BuildKit's answer cannot be understood: {0}")]
    Protocol(String),
}

impl From<tonic::Status> for Error {
    /// Takes the full status out of the trailer, where BuildKit puts the details.
    fn from(status: tonic::Status) -> Self {
        use prost::Message as _;
        let detailed = rpc::Status::decode(status.details()).ok().filter(|it| it.code != 0);
        Self::BuildKit(Box::new(detailed.unwrap_or_else(|| rpc::Status {
            code: status.code().into(),
            message: status.message().to_owned(),
            details: Vec::new(),
        })))
    }
}
