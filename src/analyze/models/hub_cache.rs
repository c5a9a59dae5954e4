//! What downloads from model hubs note about themselves.
//!
//! | file | says |
//! |---|---|
//! | `models--ORG--NAME/refs/…` | which commit a branch or tag was |
//! | `DIR/.cache/huggingface/download/FILE.metadata` | the commit and the digest of `DIR/FILE` |
//! | `…/hub/models/ORG/NAME/.mv` of ModelScope | `Revision:master,CreatedAt:1691474132` |

use super::hash::is_hex;
use super::repository::Repository;
use crate::analyze::{Analyzer, Found, Input, Unread, Want, text};
use crate::model::{Component, Ecosystem, LayerPath};

pub(in crate::analyze) const ANALYZER: Analyzer = Analyzer {
    id: "hub-cache",
    wants: &[Want::Below("refs"), Want::Extension(".metadata"), Want::Name(".mv")],
    accepts: |path| {
        reference(path).is_some() || download(path).is_some() || modelscope(path).is_some()
    },
    read,
    ..Analyzer::BASE
};

const MAX_SIZE: usize = 4096;

fn read(input: &Input<'_>) -> Result<Found, Unread> {
    let bytes = input.part(0, MAX_SIZE)?;
    let mut found = Found::default();
    if let Some((repository, name)) = reference(input.path) {
        let Some(commit) = commit(&bytes) else {
            found.remark("not the name of a commit");
            return Ok(found);
        };
        let mut component = repository.at(commit);
        if let Some(name) = text::value(name.as_bytes()) {
            component = component.property("ref", name);
        }
        found.component(component);
        let all = format!("{}/", repository.directory);
        found.about(all, "repository", repository.name);
    } else if let Some(file) = download(input.path) {
        let mut lines = text::lines(&bytes).map(|it| it.1);
        let commit = lines.next().and_then(commit);
        let digest = lines.next().and_then(text::value).filter(|it| is_hex(it, 64));
        for (key, value) in [("hub-commit", commit), ("hub-sha256", digest)] {
            if let Some(value) = value {
                found.about(file.as_str(), key, value);
            }
        }
    } else if let Some(name) = modelscope(input.path) {
        let revision =
            bytes.strip_prefix(b"Revision:").and_then(|it| it.split(|it| *it == b',').next());
        let revision = revision.and_then(text::value).unwrap_or_default();
        let component = Component::new(Ecosystem::Model, name, revision);
        found.component(component.property("hub", "modelscope"));
    }
    Ok(found)
}

fn commit(bytes: &[u8]) -> Option<&str> {
    text::value(bytes).filter(|it| is_hex(it, 40))
}

/// The repository whose branch or tag this is, and its name.
fn reference(path: &LayerPath) -> Option<(Repository, String)> {
    let repository = Repository::of(path)?;
    let name = repository.rest.strip_prefix("refs/")?.to_owned();
    Some((repository, name))
}

/// The file that was downloaded into the directory that has this cache.
fn download(path: &LayerPath) -> Option<String> {
    let (directory, file) = path.as_str().rsplit_once(".cache/huggingface/download/")?;
    let file = file.strip_suffix(".metadata")?;
    (directory.is_empty() || directory.ends_with('/')).then(|| format!("{directory}{file}"))
}

/// The repository of ModelScope's hub that this directory is a copy of.
fn modelscope(path: &LayerPath) -> Option<String> {
    let mut parts = path.as_str().strip_suffix("/.mv")?.rsplit('/');
    let (name, owner, above) = (parts.next()?, parts.next()?, parts.next()?);
    let is_name = |it: &str| text::value(it.as_bytes()).is_some() && !it.starts_with('.');
    let fits = matches!(above, "hub" | "models") && is_name(name) && is_name(owner);
    // A point in a name is written as three underscores there.
    fits.then(|| format!("{owner}/{}", name.replace("___", ".")))
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use crate::analyze::tests::{find, shown, wants};

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn a_reference_names_the_commit_of_its_repository() {
        let text = shown(&find(&ANALYZER, "h/models--a--b/refs/main", COMMIT.as_bytes()));
        insta::assert_snapshot!(text, @r"
        huggingface a/b 0123456789abcdef0123456789abcdef01234567 ref=main
        /h/models--a--b/ repository=a/b
        ");
        let text = shown(&find(&ANALYZER, "h/datasets--a--b/refs/pr/1", COMMIT.as_bytes()));
        assert!(text.contains("kind=dataset ref=pr/1"), "{text}");
        let text = shown(&find(&ANALYZER, "h/models--a--b/refs/main", b"main"));
        assert_eq!(text, "note hub-cache: not the name of a commit\n");
    }

    #[test]
    fn a_download_notes_commit_and_digest_of_the_file() {
        let digest = "ab".repeat(32);
        let text = format!("{COMMIT}\n{digest}\n1723024871.2\n");
        let path = "opt/m/.cache/huggingface/download/unet/w.safetensors.metadata";
        assert_eq!(
            shown(&find(&ANALYZER, path, text.as_bytes())),
            format!(
                "/opt/m/unet/w.safetensors hub-commit={COMMIT}\n\
                 /opt/m/unet/w.safetensors hub-sha256={digest}\n"
            )
        );
        assert_eq!(shown(&find(&ANALYZER, path, b"\x1b\nx")), "");
    }

    #[test]
    fn a_copy_of_modelscope_has_a_revision() {
        let path = "root/.cache/modelscope/hub/models/Qwen/Qwen2___5-7B/.mv";
        let text = shown(&find(&ANALYZER, path, b"Revision:master,CreatedAt:1691474132"));
        assert_eq!(text, "generic Qwen/Qwen2.5-7B master hub=modelscope\n");
    }

    #[test]
    fn git_and_others_have_refs_too() {
        for path in ["a/.git/refs/heads/main", "a/x.metadata", "a/b/.mv", "models--a--b/refs"] {
            assert!(!wants(&ANALYZER, path), "{path}");
        }
    }
}
