//! Packages of Spack.
//!
//! Each lies in a directory of its own with `.spack/spec.json`, the concrete specification,
//! <https://spack.readthedocs.io/en/latest/spec_syntax.html>, and `.spack/install_manifest.json`,
//! the files. A specification lists everything that went into the build; only its root lies there.

use serde_json::value::RawValue;

use super::{Analyzer, Found, Owning, Want, json};
use crate::model::{Component, Ecosystem, LayerPath};

pub(super) const ANALYZER: Analyzer = Analyzer {
    id: "spack",
    wants: &[Want::In(".spack")],
    accepts: |path| matches!(path.file_name(), "spec.json" | "install_manifest.json"),
    read: |input| {
        let bytes = input.whole()?;
        let is_spec = input.path.file_name() == "spec.json";
        Ok(if is_spec { read_spec(input.path, &bytes) } else { read_files(input.path, &bytes) })
    },
    ..Analyzer::BASE
};

#[derive(Default)]
struct Node {
    name: Option<String>,
    version: Option<String>,
    arch: Option<String>,
    compiler: Option<String>,
    hash: Option<String>,
}

/// The directory of the package.
fn prefix(path: &LayerPath) -> &str {
    path.parent().rsplit_once('/').map_or("", |(prefix, _)| prefix)
}

fn read_spec(path: &LayerPath, bytes: &[u8]) -> Found {
    let mut found = Found::default();
    let document = json::document(bytes);
    // The root comes first. Where the directory is named after a hash, it is the one that counts.
    let (mut first, mut named) = (None, None);
    let mut look = |raw| {
        let node = Node::read(raw);
        let is_named = node.hash.as_ref().is_some_and(|it| prefix(path).ends_with(it.as_str()));
        if is_named {
            named = named.take().or(Some(node));
        } else if first.is_none() {
            first = Some(node);
        }
    };
    let result = json::entries(&document, |key, spec| {
        if key == "spec" {
            let read = json::entries(spec.get(), |key, nodes| {
                if key == "nodes" {
                    json::elements(nodes, &mut look);
                }
            });
            read.unwrap_or_default();
        }
    });
    if let Err(error) = result {
        found.note(error.line(), "not a specification");
        return found;
    }
    let Some(Node { name: Some(name), version: Some(version), arch, compiler, hash }) =
        named.or(first)
    else {
        found.note(1, "a package without a readable name and version");
        return found;
    };
    let mut component = Component { arch, ..Component::new(Ecosystem::Spack, name, version) };
    for (key, value) in [("compiler", compiler), ("hash", hash)] {
        if let Some(value) = value {
            component = component.property(key, &value);
        }
    }
    found.component(component);
    found
}

impl Node {
    fn read(raw: &RawValue) -> Self {
        let mut node = Self::default();
        let read = json::entries(raw.get(), |key, raw| match key {
            "name" => node.name = json::value(raw),
            "version" => node.version = json::value(raw),
            "hash" => node.hash = json::value(raw),
            // A target is a name, or an object that has one.
            "arch" => node.arch = field(raw, "target", |it| json::value(it).or_else(|| name(it))),
            "compiler" => {
                let version = field(raw, "version", json::value);
                node.compiler = name(raw).zip(version).map(|(name, it)| format!("{name}@{it}"));
            }
            _ => {}
        });
        read.unwrap_or_default();
        node
    }
}

fn name(raw: &RawValue) -> Option<String> {
    field(raw, "name", json::value)
}

fn field(raw: &RawValue, name: &str, read: impl Fn(&RawValue) -> Option<String>) -> Option<String> {
    let mut value = None;
    json::entries(raw.get(), |key, raw| {
        if key == name {
            value = read(raw);
        }
    })
    .ok()?;
    value
}

/// The files, by where they lay when the package was built: it may have been moved since.
fn read_files(path: &LayerPath, bytes: &[u8]) -> Found {
    let mut found = Found::default();
    let document = json::document(bytes);
    let prefix = prefix(path);
    let Ok(spec) = LayerPath::new(&format!("{}/spec.json", path.parent())) else { return found };
    let mut owning = Owning::new(&spec);
    let directory = format!("/{}/", prefix.rsplit('/').next().unwrap_or_default());
    let result = json::entries(&document, |file, _| {
        if let Some((_, inside)) = file.split_once(&directory) {
            owning.add(prefix, inside);
        }
    });
    if let Err(error) = result {
        found.note(error.line(), "not a list of files");
    }
    found.owns(owning);
    found
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use crate::analyze::tests::{find, shown};
    use crate::model::LayerPath;

    const PREFIX: &str = "opt/spack/linux-ubuntu22.04-x86_64/gcc-11.3.0/zlib-1.2.13-abcdefg";

    fn check(text: &str) -> String {
        shown(&find(&ANALYZER, &format!("{PREFIX}/.spack/spec.json"), text.as_bytes()))
    }

    #[test]
    fn only_the_root_lies_in_the_directory() {
        let zlib = r#"{"name":"zlib","version":"1.2.13","arch":{"platform":"linux","target":{"name":"zen2"}},
            "compiler":{"name":"gcc","version":"11.3.0"},"hash":"HASH"}"#;
        let gmake = r#"{"name":"gmake","version":"4.4","arch":{"target":"x86_64"},"hash":"other"}"#;
        let spec = |nodes: &[&str]| {
            format!(r#"{{"spec":{{"_meta":{{"version":4}},"nodes":[{}]}}}}"#, nodes.join(","))
        };
        let own = zlib.replace("HASH", "abcdefg");
        let expected = "spack zlib 1.2.13 zen2 compiler=gcc@11.3.0 hash=abcdefg\n";
        assert_eq!(check(&spec(&[&own, gmake])), expected);
        assert_eq!(check(&spec(&[gmake, &own])), expected);
        assert_eq!(check(&spec(&[gmake])), "spack gmake 4.4 x86_64 hash=other\n");
        let none = "note spack: line 1: a package without a readable name and version\n";
        for text in ["{}", r#"{"spec":7}"#, &spec(&[]), &spec(&["7"])] {
            assert_eq!(check(text), none, "{text}");
        }
        assert_eq!(check("{\n"), "note spack: line 2: not a specification\n");
    }

    #[test]
    fn files_are_found_where_the_package_was_moved_to() {
        let text = format!(
            r#"{{"/build/{PREFIX}/lib/libz.so.1.2.13":{{}},"/build/{PREFIX}/include/zlib.h":{{}},"/x":{{}}}}"#
        );
        let path = format!("{PREFIX}/.spack/install_manifest.json");
        let found = find(&ANALYZER, &path, text.as_bytes());
        assert_eq!(shown(&found), format!("/{PREFIX}/.spack/spec.json owns 1 of 2\n"));
        let library = LayerPath::new(&format!("{PREFIX}/lib/libz.so.1.2.13")).unwrap();
        assert!(found.owns[0].paths.contains(&library));
    }
}
