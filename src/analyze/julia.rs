//! Julia packages.
//!
//! A package lies in `packages/NAME/SLUG` of a depot and has a `Project.toml` with its name, version
//! and UUID, <https://pkgdocs.julialang.org/v1/toml-files/>. Those of `stdlib` come with Julia. The
//! `Manifest.toml` of an environment is what Julia loads by, whether the packages are there or not:
//! what it lists is declared. Both are read line by line, as the package manager writes them.

use super::{Analyzer, Found, Want, text};
use crate::model::{Component, Ecosystem, LayerPath, Standing};

pub(super) const ANALYZER: Analyzer = Analyzer {
    id: "julia",
    wants: &[
        Want::Name("Project.toml"),
        Want::Name("JuliaProject.toml"),
        Want::Name("Manifest.toml"),
        Want::Name("JuliaManifest.toml"),
    ],
    accepts: |path| match place(path) {
        Place::Package | Place::Stdlib => path.file_name().ends_with("Project.toml"),
        Place::Environment => path.file_name().ends_with("Manifest.toml"),
        Place::Inside => false,
    },
    read: |input| {
        let bytes = input.whole()?;
        Ok(match place(input.path) {
            Place::Package => read_project(&bytes, Standing::Installed),
            Place::Stdlib => read_project(&bytes, Standing::Bundled),
            Place::Environment => read_manifest(&bytes),
            Place::Inside => Found::default(),
        })
    },
    ..Analyzer::BASE
};

enum Place {
    Package,
    Stdlib,
    Environment,
    /// Documentation and tests of a package have environments of their own.
    Inside,
}

fn place(path: &LayerPath) -> Place {
    let parts: Vec<&str> = path.parent().split('/').collect();
    let is_version = |it: &str| {
        it.strip_prefix('v').is_some_and(|it| it.starts_with(|it: char| it.is_ascii_digit()))
    };
    match parts.as_slice() {
        [.., "packages", _, slug] if is_slug(slug) => Place::Package,
        [.., "stdlib", version, _] if is_version(version) => Place::Stdlib,
        _ => {
            let is_inside = |it: &[&str]| matches!(it, ["packages", _, slug] if is_slug(slug));
            let is_stdlib = |it: &[&str]| matches!(it, ["stdlib", version] if is_version(version));
            let is_within = parts.windows(3).any(is_inside) || parts.windows(2).any(is_stdlib);
            if is_within { Place::Inside } else { Place::Environment }
        }
    }
}

/// The name of a package's tree: five letters and digits, four in old depots.
fn is_slug(name: &str) -> bool {
    matches!(name.len(), 4 | 5) && name.bytes().all(|it| it.is_ascii_alphanumeric())
}

/// The fields of one package that matter.
#[derive(Default)]
struct Package<'a> {
    line: usize,
    name: Option<&'a str>,
    version: Option<&'a str>,
    uuid: Option<&'a str>,
    commit: Option<&'a str>,
    is_local: bool,
}

impl<'a> Package<'a> {
    fn add(&mut self, key: &[u8], value: &'a [u8]) {
        let text = string(value);
        match key {
            b"name" => self.name = text,
            b"version" => self.version = text,
            b"uuid" => self.uuid = text,
            b"git-tree-sha1" => self.commit = text,
            b"path" => self.is_local = true,
            _ => {}
        }
    }

    fn component(&self, name: &str, version: &str) -> Component {
        let component = Component::new(Ecosystem::Julia, name, version.trim_start_matches('v'));
        match self.uuid {
            Some(uuid) => component.qualifier("uuid", uuid),
            None => component,
        }
    }
}

fn read_project(bytes: &[u8], standing: Standing) -> Found {
    let mut found = Found::default();
    let mut package = Package::default();
    for (_, line) in text::lines(bytes).take_while(|(_, line)| !line.starts_with(b"[")) {
        if let Some((key, value)) = entry(line) {
            package.add(key, value);
        }
    }
    match (package.name, package.version) {
        (Some(name), Some(version)) => {
            found.component(Component { standing, ..package.component(name, version) });
        }
        // A standard library without a version of its own has Julia's.
        (Some(_), None) if standing == Standing::Bundled => {}
        _ => found.note(1, "a package without a readable name and version"),
    }
    found
}

fn read_manifest(bytes: &[u8]) -> Found {
    let mut found = Found::default();
    let (mut julia, mut is_new) = (None, false);
    let mut open: Option<Package<'_>> = None;
    for (number, line) in text::lines(bytes) {
        let line = line.trim_ascii();
        if let Some(header) = line.strip_prefix(b"[[").and_then(|it| it.strip_suffix(b"]]")) {
            close(open.take(), julia, &mut found);
            let name = match header.strip_prefix(b"deps.") {
                Some(name) => name,
                None if is_new => continue,
                None => header,
            };
            let name = text::value(name.strip_prefix(b"\"").unwrap_or(name));
            let name = name.map(|it| it.trim_end_matches('"'));
            open = Some(Package { line: number, name, ..Package::default() });
        } else if line.starts_with(b"[") {
            // A table of one package: its name stays, but what follows is not its own.
            close(open.take(), julia, &mut found);
        } else if let Some((key, value)) = entry(line) {
            match (&mut open, key) {
                (Some(package), key) if key != b"name" => package.add(key, value),
                (None, b"julia_version") => julia = string(value),
                (None, b"manifest_format") => is_new = string(value).is_some_and(|it| it != "1.0"),
                _ => {}
            }
        }
    }
    close(open, julia, &mut found);
    found
}

fn close(package: Option<Package<'_>>, julia: Option<&str>, found: &mut Found) {
    let Some(package) = package else { return };
    let Some(name) = package.name else {
        return found.note(package.line, "a package without a readable name");
    };
    // What has neither a version nor a source is part of Julia.
    let is_part = package.version.is_none() && package.commit.is_none() && !package.is_local;
    let Some(version) = package.version.or(julia.filter(|_| is_part)) else { return };
    let component = package.component(name, version);
    found.component(Component { standing: Standing::Declared, ..component });
}

/// Splits `key = value`.
fn entry(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let equals = memchr::memchr(b'=', line)?;
    Some((line.get(..equals)?.trim_ascii(), line.get(equals + 1..)?.trim_ascii()))
}

fn string(value: &[u8]) -> Option<&str> {
    let inside = value.strip_prefix(b"\"")?;
    text::value(inside.get(..memchr::memchr(b'"', inside)?)?)
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use crate::analyze::tests::{find, shown, wants};

    const PACKAGE: &str = "root/.julia/packages/JSON/93Ea8/Project.toml";
    const STDLIB: &str = "usr/local/julia/share/julia/stdlib/v1.9/LibCURL_jll/Project.toml";
    const MANIFEST: &str = "root/.julia/environments/v1.9/Manifest.toml";

    fn check(path: &str, text: &str) -> String {
        shown(&find(&ANALYZER, path, text.as_bytes()))
    }

    #[test]
    fn a_package_in_a_depot_is_installed_and_a_standard_library_part_of_julia() {
        let text = "name = \"JSON\"\nuuid = \"682c06a0\"\nversion = \"0.21.4\" # x\n\n[deps]\nname = \"no\"\n";
        assert_eq!(check(PACKAGE, text), "julia JSON 0.21.4 uuid=682c06a0\n");
        assert_eq!(check(STDLIB, text), "julia JSON 0.21.4 bundled uuid=682c06a0\n");
        assert_eq!(check(STDLIB, "name = \"Dates\"\n"), "");
        assert_eq!(
            check(PACKAGE, "name = [1]\n"),
            "note julia: line 1: a package without a readable name and version\n"
        );
    }

    #[test]
    fn an_environment_declares() {
        let text = "julia_version = \"1.9.0\"\nmanifest_format = \"2.0\"\n\n[[deps.Dates]]\nuuid = \"ade2\"\n\n\
                    [[deps.JSON]]\ndeps = [\"Dates\"]\ngit-tree-sha1 = \"31e9\"\nuuid = \"682c\"\nversion = \"0.21.4\"\n\n    \
                    [deps.JSON.weakdeps]\n    version = \"9\"\n\n[[deps.Mine]]\npath = \"dev/Mine\"\n\n\
                    [[deps.\x1b]]\nversion = \"1\"\n\n[[registries.General]]\nversion = \"1\"\n";
        insta::assert_snapshot!(check(MANIFEST, text), @"
        julia Dates 1.9.0 declared uuid=ade2
        julia JSON 0.21.4 declared uuid=682c
        note julia: line 19: a package without a readable name
        ");
    }

    #[test]
    fn the_first_form_of_a_manifest_has_no_version_of_julia() {
        let text = "[[Dates]]\nuuid = \"ade2\"\n\n[[JSON]]\nversion = \"0.21.4\"\n";
        assert_eq!(check(MANIFEST, text), "julia JSON 0.21.4 declared\n");
    }

    #[test]
    fn what_packages_carry_inside_is_not_read() {
        for path in [PACKAGE, STDLIB, MANIFEST, "app/Manifest.toml"] {
            assert!(wants(&ANALYZER, path), "{path}");
        }
        for path in [
            "app/Project.toml",
            "root/.julia/packages/JSON/93Ea8/docs/Manifest.toml",
            "root/.julia/packages/JSON/93Ea8/Manifest.toml",
            "share/julia/stdlib/v1.9/Pkg/test/x/Manifest.toml",
        ] {
            assert!(!wants(&ANALYZER, path), "{path}");
        }
    }
}
