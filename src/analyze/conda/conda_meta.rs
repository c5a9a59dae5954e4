//! Packages that conda, mamba, micromamba, pixi and rattler installed.
//!
//! An environment has a record for each in `conda-meta/<name>-<version>-<build>.json`,
//! <https://docs.conda.io/projects/conda/en/stable/dev-guide/deep-dives/install.html>: the base
//! environment as well as others, wherever they are. `history`, which every environment has, tells
//! what is below to be in one. The packages that lie unpacked in `pkgs` are a cache: environments
//! are filled from there.
//!
//! What a record lists counts from the environment's directory, a Python package's files, too: the
//! record is written when they are at their places.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::channel::{Place, kind};
use super::split_name;
use crate::analyze::json::{document, elements, entries, string};
use crate::analyze::{Analyzer, Found, Owning, Want, text};
use crate::model::{Component, Ecosystem, LayerPath};

pub(in crate::analyze) const ANALYZER: Analyzer = Analyzer {
    id: "conda",
    wants: &[Want::In("conda-meta")],
    accepts: |path| {
        let is_record = path.as_str().as_bytes().ends_with(b".json");
        is_record || (path.file_name() == "history" && !prefix(path).is_empty())
    },
    read: |input| {
        if input.path.file_name() == "history" {
            return Ok(environment(input.path));
        }
        Ok(read(input.path, &input.whole()?))
    },
    ..Analyzer::BASE
};

/// The directory of the environment.
fn prefix(path: &LayerPath) -> &str {
    path.parent().rsplit_once('/').map_or("", |(it, _)| it)
}

fn environment(path: &LayerPath) -> Found {
    let mut found = Found::default();
    let prefix = prefix(path);
    if let Some(place) = text::phrase(format!("/{prefix}").as_bytes()) {
        found.about(format!("{prefix}/"), "conda-env", place);
    }
    found
}

/// The fields of a record that matter, where they are texts.
const FIELDS: &[&str] =
    &["build", "channel", "fn", "license", "md5", "name", "sha256", "subdir", "url", "version"];

/// What matters of a record.
#[derive(Default)]
struct Record {
    fields: BTreeMap<&'static str, String>,
    is_requested: bool,
}

fn read(path: &LayerPath, bytes: &[u8]) -> Found {
    let mut found = Found::default();
    let prefix = prefix(path);
    let mut record = Record::default();
    // Both lists name the same files; old records lack the second, a foreign one may lack the first.
    let (mut files, mut paths) = (None, None);
    let text = document(bytes);
    let whole = entries(&text, |key, raw| match key {
        "files" => files = Some(raw),
        "paths_data" => paths = Some(raw),
        _ => record.add(key, raw),
    });
    if let Err(error) = whole {
        // Tools keep other documents there. The error's text could repeat what the file says; its
        // place cannot.
        let stem = path.file_name().strip_suffix(".json").unwrap_or_default();
        if split_name(stem).is_some() {
            found.note(error.line(), "not a record of a package");
        }
        return found;
    }
    if let Some(component) = record.component(&mut found) {
        let mut owning = Owning::new(path);
        let listed = files.map_or(0, |it| own_files(it, prefix, &mut owning));
        if listed == 0
            && let Some(paths) = paths
        {
            own_paths(paths, prefix, &mut owning);
        }
        found.component(component);
        found.owns(owning);
    }
    found
}

fn own_files(list: &RawValue, prefix: &str, owning: &mut Owning) -> usize {
    let mut n = 0;
    elements(list, |it| {
        if let Some(file) = string(it) {
            owning.add(prefix, &file);
            n += 1;
        }
    });
    n
}

fn own_paths(paths: &RawValue, prefix: &str, owning: &mut Owning) {
    let own = |it: &RawValue| {
        // What is no object has no path.
        entries(it.get(), |key, raw| {
            if let Some(file) = string(raw).filter(|_| key == "_path") {
                owning.add(prefix, &file);
            }
        })
        .unwrap_or_default();
    };
    let mut list = None;
    entries(paths.get(), |key, raw| list = Some(raw).filter(|_| key == "paths").or(list))
        .unwrap_or_default();
    if let Some(list) = list {
        elements(list, own);
    }
}

impl Record {
    fn add(&mut self, key: &str, raw: &RawValue) {
        match key {
            // Conda writes a text, `None` if nobody asked; rattler a list.
            "requested_spec" => {
                self.is_requested |= string(raw).is_some_and(|it| !it.is_empty() && it != "None");
            }
            "requested_specs" => elements(raw, |_| self.is_requested = true),
            _ => {
                let known = FIELDS.iter().find(|it| **it == key);
                if let Some((field, text)) = known.zip(string(raw)) {
                    self.fields.insert(field, text);
                }
            }
        }
    }

    fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }

    /// The field as a fact.
    fn fact(&self, name: &str) -> Option<&str> {
        text::value(self.field(name)?.as_bytes())
    }

    /// `None` for a document that is no record, with a note if it looks like one.
    fn component(&self, found: &mut Found) -> Option<Component> {
        let Some((name, version)) = self.fact("name").zip(self.fact("version")) else {
            if self.field("name").or(self.field("version")).is_some() {
                found.note(1, "a package without a readable name and version");
            }
            return None;
        };
        let mut component = Component::new(Ecosystem::Conda, name, version);
        let place = Place::of(self.field("url"), self.field("channel"));
        for (key, value) in [
            ("build", self.fact("build")),
            ("channel", place.channel.as_deref()),
            ("subdir", self.fact("subdir").or(place.subdir.as_deref())),
            ("type", place.kind.or_else(|| kind(self.field("fn")?))),
        ] {
            if let Some(value) = value {
                component = component.qualifier(key, value);
            }
        }
        for key in ["md5", "sha256"] {
            if let Some(value) = self.fact(key) {
                component = component.property(key, value);
            }
        }
        if self.is_requested {
            component = component.property("requested", "true");
        }
        let license = self.field("license").filter(|it| !it.eq_ignore_ascii_case("none"));
        component.licenses = text::licenses(license.map(str::as_bytes));
        Some(component)
    }
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use crate::analyze::tests::{find, shown, wants};
    use crate::model::LayerPath;

    /// As conda writes it.
    const CONDA: &str = r#"{
      "arch": "x86_64", "build": "py312h06a4308_0", "build_number": 0,
      "channel": "https://repo.anaconda.com/pkgs/main/linux-64", "constrains": [],
      "depends": ["python >=3.12,<3.13.0a0"],
      "extracted_package_dir": "/opt/conda/pkgs/requests-2.32.3-py312h06a4308_0",
      "features": "",
      "files": ["bin/a", "lib/python3.12/site-packages/requests-2.32.3.dist-info/METADATA",
                "lib/python3.12/site-packages/requests/__init__.py", "lib/libz.so.1"],
      "fn": "requests-2.32.3-py312h06a4308_0.conda", "license": "Apache-2.0",
      "link": {"source": "/opt/conda/pkgs/requests-2.32.3-py312h06a4308_0", "type": 1},
      "md5": "81e30d0d0b5d8d9e2ae5f9dbd1a4a6e4", "name": "requests", "noarch": null,
      "package_tarball_full_path": "/opt/conda/pkgs/requests-2.32.3-py312h06a4308_0.conda",
      "paths_data": {"paths": [{"_path": "bin/a", "path_type": "hardlink", "sha256": "ff",
                                "sha256_in_prefix": "ff", "size_in_bytes": 1}], "paths_version": 1},
      "requested_spec": "requests", "sha256": "0011", "size": 1, "subdir": "linux-64",
      "timestamp": 1731000000000, "track_features": "",
      "url": "https://repo.anaconda.com/pkgs/main/linux-64/requests-2.32.3-py312h06a4308_0.conda",
      "version": "2.32.3"}"#;

    fn check(prefix: &str, text: &str) -> String {
        let path = format!("{prefix}conda-meta/requests-2.32.3-py312h06a4308_0.json");
        shown(&find(&ANALYZER, &path, text.as_bytes()))
    }

    #[test]
    fn a_record_tells_the_package_and_its_files() {
        insta::assert_snapshot!(check("opt/conda/", CONDA), @r#"
        conda requests 2.32.3 licensed ["Apache-2.0"] build=py312h06a4308_0 channel=main subdir=linux-64 type=conda md5=81e30d0d0b5d8d9e2ae5f9dbd1a4a6e4 requested=true sha256=0011
        /opt/conda/conda-meta/requests-2.32.3-py312h06a4308_0.json owns 3 of 4
        "#);
    }

    #[test]
    fn an_environment_may_be_anywhere() {
        for prefix in ["", "opt/conda/", "opt/conda/envs/ds/", "app/.pixi/envs/default/"] {
            let path = format!("{prefix}conda-meta/a-1-0.json");
            let found = find(&ANALYZER, &path, CONDA.as_bytes());
            let owns = |path: &str| {
                found.owns[0].paths.contains(&LayerPath::new(&format!("{prefix}{path}")).unwrap())
            };
            assert!(owns("lib/python3.12/site-packages/requests-2.32.3.dist-info/METADATA"));
            assert!(owns("bin/a") && owns("lib/libz.so.1"), "{prefix}");
            assert!(!owns("lib/python3.12/site-packages/requests/__init__.py"));
        }
    }

    #[test]
    fn a_record_without_files_may_have_paths() {
        let paths = r#""paths_data": {"paths_version": 1, "paths": [{"_path": "bin/a"}, {}, 7]}"#;
        let record =
            |files: &str| check("", &format!(r#"{{"name": "a", "version": "1", {paths}{files}}}"#));
        let owns = "conda a 1\n/conda-meta/requests-2.32.3-py312h06a4308_0.json owns 1 of ";
        assert_eq!(record(""), format!("{owns}1\n"));
        assert_eq!(record(r#", "files": []"#), format!("{owns}1\n"));
        assert_eq!(record(r#", "files": ["bin/a", "lib/b.py", 7]"#), format!("{owns}2\n"));
        assert_eq!(record(r#", "files": "x""#), format!("{owns}1\n"));
        assert_eq!(
            check("", r#"{"name": "a", "version": "1", "paths_data": {"paths": {}}}"#),
            "conda a 1\n"
        );
    }

    #[test]
    fn somebody_asked_for_it_or_not() {
        let record =
            |field: &str| check("", &format!(r#"{{"name": "a", "version": "1", {field}}}"#));
        for field in [r#""requested_spec": "a=1""#, r#""requested_specs": ["a", "a >0"]"#] {
            assert_eq!(record(field), "conda a 1 requested=true\n");
        }
        for field in
            [r#""requested_spec": "None""#, r#""requested_spec": "", "requested_specs": []"#]
        {
            assert_eq!(record(field), "conda a 1\n");
        }
    }

    #[test]
    fn one_odd_field_does_not_hide_a_package() {
        assert_eq!(
            check(
                "",
                r#"{"name": "a", "version": "1", "build": 0, "license": "None", "url": {}, "md5": null,
                "channel": "a b", "fn": "a-1-0.tar.bz2", "subdir": "no\narch", "sha256": "\u001b"}"#
            ),
            "conda a 1 type=tar.bz2\n"
        );
        let note = "note conda: line 1: a package without a readable name and version\n";
        for text in [r#"{"name": "a"}"#, r#"{"name": "a b", "version": "1"}"#] {
            assert_eq!(check("", text), note);
        }
    }

    #[test]
    fn other_documents_say_nothing() {
        let at = |name: &str, text: &str| {
            shown(&find(&ANALYZER, &format!("v/conda-meta/{name}"), text.as_bytes()))
        };
        assert_eq!(at("state.json", r#"{"env_vars": {"A": "b"}}"#), "");
        assert_eq!(at("state.json", "not json"), "");
        assert_eq!(
            at("a-1.0-0.json", "{\n\"name\": \"sec"),
            "note conda: line 2: not a record of a package\n"
        );
        for other in ["pixi", "state", "pinned", "initial-state.explicit.txt"] {
            assert!(!wants(&ANALYZER, &format!("v/conda-meta/{other}")), "{other}");
        }
        assert!(!wants(&ANALYZER, "opt/conda/pkgs/a-1.0-0/info/index.json"));
    }

    #[test]
    fn the_history_tells_what_is_in_an_environment() {
        let found = find(&ANALYZER, "opt/conda/envs/ds/conda-meta/history", b"==> 2024 <==\n");
        assert_eq!(shown(&found), "/opt/conda/envs/ds/ conda-env=/opt/conda/envs/ds\n");
        assert!(!wants(&ANALYZER, "conda-meta/history"));
    }

    #[test]
    fn a_long_list_takes_no_more_than_its_hashes() {
        let files: Vec<String> = (0..200_000).map(|it| format!("\"share/x/{it}.py\"")).collect();
        let text =
            format!(r#"{{"name": "a", "version": "1", "files": [{}, "bin/a"]}}"#, files.join(","));
        assert!(check("", &text).ends_with(" owns 1 of 200001\n"));
    }
}
