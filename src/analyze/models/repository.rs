//! Repositories of the Hugging Face hub, as its cache lays them out,
//! <https://huggingface.co/docs/hub/local-cache>.
//!
//! ```text
//! models--ORG--NAME/refs/main                  the commit's name
//! models--ORG--NAME/snapshots/COMMIT/FILE      a link to ../../blobs/DIGEST
//! models--ORG--NAME/blobs/DIGEST               the bytes
//! ```

use super::hash::is_hex;
use crate::model::{Component, Ecosystem, LayerPath};

/// The repository that a path lies in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Repository {
    kind: &'static str,
    pub(super) name: String,
    /// The directory of all of it.
    pub(super) directory: String,
    /// If the path lies in a snapshot.
    commit: Option<String>,
    /// The path inside the repository's directory.
    pub(super) rest: String,
}

impl Repository {
    pub(super) fn of(path: &LayerPath) -> Option<Self> {
        let parts: Vec<&str> = path.as_str().split('/').collect();
        let found = parts.iter().enumerate().rev().find_map(|(at, it)| Some((at, split(it)?)));
        let (at, (kind, name)) = found?;
        let rest = parts.get(at + 1..)?;
        let commit = match rest {
            ["snapshots", commit, _, ..] if is_hex(commit, 40) => Some((*commit).to_owned()),
            _ => None,
        };
        let directory = parts.get(..=at)?.join("/");
        Some(Self { kind, name, directory, commit, rest: rest.join("/") })
    }

    /// The repository in the version that the path shows; `None` if it shows none.
    pub(super) fn component(&self) -> Option<Component> {
        self.commit.as_deref().map(|it| self.at(it))
    }

    /// The repository at this commit.
    pub(super) fn at(&self, commit: &str) -> Component {
        let component = Component::new(Ecosystem::HuggingFace, self.name.as_str(), commit);
        if self.kind == "model" { component } else { component.property("kind", self.kind) }
    }
}

/// `models--ORG--NAME`, or without an owner `models--NAME`.
fn split(directory: &str) -> Option<(&'static str, String)> {
    let (kind, name) = directory.split_once("--")?;
    let kind = match kind {
        "models" => "model",
        "datasets" => "dataset",
        "spaces" => "space",
        _ => return None,
    };
    // A repository's name has no two dashes in a row; there is at most one owner.
    let is_part = |it: &str| {
        let is_fit = |it: char| it.is_ascii_alphanumeric() || matches!(it, '-' | '_' | '.');
        !it.is_empty() && it.len() <= 96 && it.chars().all(is_fit)
    };
    let parts: Vec<&str> = name.split("--").collect();
    (parts.len() <= 2 && parts.iter().all(|it| is_part(it))).then(|| (kind, parts.join("/")))
}

#[cfg(test)]
mod tests {
    use super::Repository;
    use crate::model::LayerPath;

    fn check(path: &str) -> String {
        let Some(it) = Repository::of(&LayerPath::new(path).unwrap()) else { return String::new() };
        let version = it.component().map_or(String::new(), |it| it.version);
        format!("{} {} {version} {}", it.kind, it.name, it.rest)
    }

    #[test]
    fn a_repository_is_told_by_its_directory() {
        let commit = "0123456789".repeat(4);
        assert_eq!(
            check(&format!("root/hub/models--Qwen--Qwen2-7B/snapshots/{commit}/a/b.json")),
            format!("model Qwen/Qwen2-7B {commit} snapshots/{commit}/a/b.json")
        );
        assert_eq!(check("h/datasets--glue/refs/main"), "dataset glue  refs/main");
        assert_eq!(check("h/spaces--a--b/blobs/00"), "space a/b  blobs/00");
        for path in
            ["h/models--a--b--c/refs/main", "h/models--/x", "models/a/b", "h/x--a/refs/main"]
        {
            assert_eq!(check(path), "", "{path}");
        }
    }

    #[test]
    fn what_is_no_commit_is_no_version() {
        assert_eq!(check("h/models--a--b/snapshots/main/x"), "model a/b  snapshots/main/x");
    }
}
