//! Store paths of Nix and Guix: a directory `nix/store/HASH-NAME-VERSION` for each output of each
//! build, <https://nix.dev/manual/nix/latest/store/store-path>.
//!
//! The directory is the proof, and nothing in it is needed: images that hold what one program needs,
//! and neither Nix nor its database, are common, and no file is in all of them. A derivation (`.drv`)
//! says how something can be built, not that it was. What has no version is no package: sources,
//! environments, configuration; nor is what only a build needs.

use super::{Analyzer, Found, Want, text};
use crate::model::{Component, Ecosystem, LayerPath};

/// Outputs of one build that get directories of their own, and parts of what nixpkgs splits.
const OUTPUTS: &[&str] = &[
    "bin", "data", "debug", "dev", "devdoc", "devman", "dist", "doc", "env", "getent", "headers",
    "info", "lib", "libgcc", "locales", "man", "modules", "out", "py", "python", "static",
    "terminfo", "tools",
];

/// What a build fetches, by the end of the name.
const FETCHED: &[&str] = &[
    ".diff",
    ".drv",
    ".lock",
    ".patch",
    ".tar",
    ".tar.bz2",
    ".tar.gz",
    ".tar.xz",
    ".tgz",
    ".zip",
    "-cargo-deps",
    "-go-modules",
    "-npm-deps",
    "-source",
    "-src",
    "-vendor",
];

pub(super) const ANALYZER: Analyzer = Analyzer {
    id: "nix",
    wants: &[Want::In("store")],
    accepts: |path| is_in_store(path) && StorePath::of(path.file_name()).is_some(),
    directories: true,
    read: |input| {
        let mut found = Found::default();
        if let Some(path) = StorePath::of(input.path.file_name()) {
            found.component(path.component());
        }
        Ok(found)
    },
    ..Analyzer::BASE
};

fn is_in_store(path: &LayerPath) -> bool {
    let parent = path.parent();
    ["nix/store", "gnu/store"]
        .iter()
        .filter_map(|it| parent.strip_suffix(it))
        .any(|root| root.is_empty() || root.ends_with('/'))
}

#[derive(Debug, PartialEq, Eq)]
struct StorePath<'a> {
    hash: &'a str,
    name: &'a str,
    version: &'a str,
    output: Option<&'a str>,
}

impl<'a> StorePath<'a> {
    fn of(file_name: &'a str) -> Option<Self> {
        let (hash, full) = file_name.split_at_checked(32)?;
        let full = full.strip_prefix('-')?;
        // The digits of Nix leave out e, o, t and u.
        let is_digit = |it: u8| {
            it.is_ascii_digit()
                || it.is_ascii_lowercase() && !matches!(it, b'e' | b'o' | b't' | b'u')
        };
        let is_fetched = FETCHED.iter().any(|it| full.ends_with(it));
        if !hash.bytes().all(is_digit) || is_fetched || text::value(full.as_bytes()).is_none() {
            return None;
        }
        // The version begins after the first dash that no letter follows.
        let begins = |at: usize| full.as_bytes().get(at + 1).is_some_and(u8::is_ascii_digit);
        let dash = full.match_indices('-').map(|(at, _)| at).find(|at| begins(*at))?;
        let (name, rest) = full.split_at_checked(dash)?;
        let rest = rest.strip_prefix('-')?;
        let (version, output) = match rest.rsplit_once('-') {
            Some((version, output)) if OUTPUTS.contains(&output) => (version, Some(output)),
            _ => (rest, None),
        };
        // A snapshot without a version: `NAME-unstable-DATE`.
        let (name, version) = match name.strip_suffix("-unstable") {
            Some(short) => (short, full.get(short.len() + 1..short.len() + 10 + version.len())?),
            None => (name, version),
        };
        (!name.is_empty()).then_some(Self { hash, name, version, output })
    }

    fn component(&self) -> Component {
        let mut component = Component::new(Ecosystem::Nix, self.name, self.version)
            .property("store-hash", self.hash);
        if let Some(output) = self.output {
            component = component.property("output", output);
        }
        component
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{find, shown, wants};
    use super::{ANALYZER, StorePath};

    const HASH: &str = "h0cnbmfcn93xm5dg2x27ixhag1cwndga";

    fn check(full: &str) -> String {
        match StorePath::of(&format!("{HASH}-{full}")) {
            Some(it) => format!("{} {} {}", it.name, it.version, it.output.unwrap_or("-")),
            None => "no package".to_owned(),
        }
    }

    #[test]
    fn a_directory_in_the_store_is_a_package() {
        let found = find(&ANALYZER, &format!("nix/store/{HASH}-glibc-2.34-210-bin"), b"");
        insta::assert_snapshot!(shown(&found), @"nix glibc 2.34-210 output=bin store-hash=h0cnbmfcn93xm5dg2x27ixhag1cwndga");
        assert!(wants(&ANALYZER, &format!("x/gnu/store/{HASH}-hello-2.12.1")));
        for path in [
            format!("store/{HASH}-a-1"),
            format!("nix/store/{HASH}-a-1/bin"),
            format!("nix/store/{HASH}-a"),
        ] {
            assert!(!wants(&ANALYZER, &path), "{path}");
        }
        assert!(!wants(&ANALYZER, "nix/store/h0cnbmfcn93xm5dg2x27ixhag1cwndge-a-1"));
    }

    #[test]
    fn names_versions_and_outputs_are_told_apart() {
        for (full, expected) in [
            ("glibc-2.34-210", "glibc 2.34-210 -"),
            ("libcap-2.63-lib", "libcap 2.63 lib"),
            ("bash-interactive-5.1-p16-man", "bash-interactive 5.1-p16 man"),
            ("perl5.38.2-FCGI-ProcManager-0.28", "perl5.38.2-FCGI-ProcManager 0.28 -"),
            ("python3.11-requests-2.31.0", "python3.11-requests 2.31.0 -"),
            (
                "busybox-static-x86_64-unknown-linux-musl-1.35.0",
                "busybox-static-x86_64-unknown-linux-musl 1.35.0 -",
            ),
            ("openssl-1.1.1q", "openssl 1.1.1q -"),
            ("tzdata-2022a", "tzdata 2022a -"),
            ("linux-6.1.62-rc1", "linux 6.1.62-rc1 -"),
            ("webdav-server-rs-unstable-2021-08-16", "webdav-server-rs unstable-2021-08-16 -"),
            ("a-unstable-2021-08-16-doc", "a unstable-2021-08-16 doc"),
            ("a-0-unstable-2024-01-01", "a 0-unstable-2024-01-01 -"),
        ] {
            assert_eq!(check(full), expected);
        }
    }

    #[test]
    fn what_has_no_version_or_was_only_fetched_is_no_package() {
        for full in [
            "source",
            "system-path",
            "base-system",
            "hello-2.12.1.tar.gz",
            "hello-2.12.1.drv",
            "fix-1.patch",
            "ripgrep-13.0.0-vendor",
            "a-1.2-go-modules",
            "-1",
            "",
            "a-1\u{1b}",
        ] {
            assert_eq!(check(full), "no package", "{full}");
        }
    }
}
