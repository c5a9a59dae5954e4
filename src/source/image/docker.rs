//! `manifest.json`, by which `docker save` and others list the images of an archive.

use super::document::Saved;
use super::oci::parse;
use super::store::shown;
use super::{ImageError, Wanted};

/// The image that is wanted among those of `manifest.json`.
pub(super) fn choose(manifest: &[u8], wanted: &Wanted) -> Result<Saved, ImageError> {
    let mut images: Vec<Saved> = parse(manifest, "manifest.json")?;
    let names = |images: &[Saved]| {
        let name = |it: &Saved| match it.repo_tags.as_deref() {
            None | Some([]) => vec![it.config.clone()],
            Some(tags) => tags.to_vec(),
        };
        images.iter().flat_map(name).map(|it| shown(&it)).collect::<Vec<_>>()
    };
    if let Some(name) = &wanted.name {
        let there = names(&images);
        images.retain(|it| {
            let is_digest = |hex: &str| hex.len() >= 12 && it.config.contains(hex);
            it.repo_tags.iter().flatten().any(|it| is_name(it, name))
                || is_digest(name.strip_prefix("sha256:").unwrap_or(name))
        });
        if images.is_empty() {
            return Err(ImageError::NotNamed { name: shown(name), there });
        }
    }
    // One image may be listed for each of its names.
    images.dedup_by(|a, b| a.config == b.config && a.layers == b.layers);
    let there = names(&images);
    match (images.pop(), images.is_empty()) {
        (Some(only), true) => Ok(only),
        (Some(_), false) => Err(ImageError::Several { there }),
        (None, _) => Err(ImageError::NoImage("manifest.json lists no image")),
    }
}

/// Whether `wanted` is `name` as people write it: without the usual registry and tag.
pub(super) fn is_name(name: &str, wanted: &str) -> bool {
    full(name) == full(wanted)
}

fn full(name: &str) -> String {
    let name = name.strip_prefix("docker.io/").unwrap_or(name);
    let name = name.strip_prefix("library/").unwrap_or(name);
    let last = name.rsplit('/').next().unwrap_or(name);
    if last.contains([':', '@']) { name.to_owned() } else { format!("{name}:latest") }
}

#[cfg(test)]
mod tests {
    use super::is_name;

    #[test]
    fn names_are_compared_as_people_write_them() {
        for (name, wanted) in [
            ("docker.io/library/debian:12", "debian:12"),
            ("debian:latest", "debian"),
            ("localhost:5000/a", "localhost:5000/a:latest"),
            ("latest", "latest"),
        ] {
            assert!(is_name(name, wanted) && is_name(wanted, name), "{name} {wanted}");
        }
        assert!(!is_name("debian:12", "debian:11"));
        assert!(!is_name("a/debian", "debian"));
    }
}
