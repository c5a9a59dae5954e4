//! Snapshots in the cache of the Hugging Face hub: links named like a repository's files, to where
//! their bytes are.

use super::repository::Repository;
use crate::analyze::{Analyzer, Found, Want, text};
use crate::model::LayerPath;

pub(in crate::analyze) const ANALYZER: Analyzer = Analyzer {
    id: "hub-link",
    wants: &[Want::Below("snapshots")],
    accepts: |path| Repository::of(path).is_some_and(|it| it.component().is_some()),
    links: true,
    read: |input| Ok(read(input.path, &input.part(0, 4096)?)),
    ..Analyzer::BASE
};

/// Files whose bytes are a model; in the cache they have no name that says so.
const MODELS: &[&str] =
    &[".bin", ".gguf", ".h5", ".keras", ".onnx", ".pt", ".pth", ".ckpt", ".safetensors"];

fn read(path: &LayerPath, target: &[u8]) -> Found {
    let mut found = Found::default();
    let Some(repository) = Repository::of(path) else { return found };
    let blob = str::from_utf8(target).ok().and_then(|it| LayerPath::join(path.parent(), it));
    let is_its_own = |it: &LayerPath| {
        let inside = it.as_str().strip_prefix(repository.directory.as_str());
        inside.is_some_and(|it| it.starts_with("/blobs/"))
    };
    let Some(blob) = blob.filter(is_its_own) else {
        found.remark("a link that leads out of its repository");
        return found;
    };
    found.components.extend(repository.component());
    let name = path.file_name();
    if MODELS.iter().any(|it| name.ends_with(it))
        && let Some(name) = text::phrase(name.as_bytes())
    {
        found.about(blob.as_str(), "file-name", name);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use crate::analyze::tests::{find, shown, wants};

    const ROOT: &str = "r/hub/models--org--tiny/snapshots/0123456789012345678901234567890123456789";

    #[test]
    fn each_file_of_a_snapshot_proves_the_repository() {
        let check = |file, target| shown(&find(&ANALYZER, &format!("{ROOT}/{file}"), target));
        insta::assert_snapshot!(check("unet/model.safetensors", b"../../../blobs/ab"), @r"
        huggingface org/tiny 0123456789012345678901234567890123456789
        /r/hub/models--org--tiny/blobs/ab file-name=model.safetensors
        ");
        let text = check("config.json", b"../../blobs/cd");
        assert_eq!(text, "huggingface org/tiny 0123456789012345678901234567890123456789\n");
    }

    #[test]
    fn a_link_out_of_the_repository_proves_nothing() {
        for target in [&b"../../../../../../etc/passwd"[..], b"/etc/passwd", b"", b"\xff"] {
            let text = shown(&find(&ANALYZER, &format!("{ROOT}/config.json"), target));
            assert_eq!(text, "note hub-link: a link that leads out of its repository\n");
        }
        assert!(!wants(&ANALYZER, "r/hub/models--org--tiny/snapshots/main/config.json"));
        assert!(!wants(&ANALYZER, "var/lib/snapshots/a/b"));
    }
}
