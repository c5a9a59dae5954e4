//! What Jupyter finds below `share/jupyter`.

pub(super) mod jupyter_kernel;
pub(super) mod labextension;

/// The environment that a file belongs to which lies at `share/jupyter/<inside>/…`, and what of its
/// path is further inside.
fn split<'a>(path: &'a str, inside: &str) -> Option<(&'a str, &'a str)> {
    let marker = format!("share/jupyter/{inside}/");
    let at = path.rfind(&marker)?;
    let (prefix, rest) = (path.get(..at)?, path.get(at + marker.len()..)?);
    (prefix.is_empty() || prefix.ends_with('/')).then(|| (prefix.trim_end_matches('/'), rest))
}
