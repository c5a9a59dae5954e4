//! Whether a scan that came from the cache is of the layer that is there.
//!
//! A scan's cache key says how the layer was made, not what is in it. When BuildKit threw the layer
//! away and kept the scan, the instruction runs again, perhaps with another outcome, and the old
//! scan would speak for it. The scan names a trace that the run left, with its mtime; another run
//! leaves it at another time, or not at all.
//!
//! With a remote cache to import this is not asked: looking at a layer would pull it. There the scan
//! and the layer were exported together.

use serde::Deserialize;

use crate::bridge::{Bridge, is_absent};
use crate::error::Error;
use crate::scan_op::WITNESS;

#[derive(Deserialize)]
struct Witness {
    path: String,
    mtime: i64,
}

/// Whether the filesystem `view` still bears what the scan `reference` saw there.
pub(crate) async fn confirms(
    bridge: &Bridge,
    reference: &str,
    view: layergate_proto::llb::Definition,
) -> Result<bool, Error> {
    let json = match bridge.read_file(reference, WITNESS).await {
        Ok(json) => json,
        // A run that left no trace left nothing to scan either.
        Err(Error::BuildKit(status)) if is_absent(&status.message) => return Ok(true),
        Err(error) => return Err(error),
    };
    let Ok(witness) = serde_json::from_slice::<Witness>(&json) else { return Ok(false) };
    let view = bridge.build(view).await?;
    Ok(bridge.mtime(&view, &format!("/{}", witness.path)).await? == Some(witness.mtime))
}
