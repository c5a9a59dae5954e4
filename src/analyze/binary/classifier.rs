//! Programs and libraries that no package manager brought, by the version that is written in them.
//!
//! A table says which files are looked at, by name, and how the version stands in them. Files are
//! read in pieces: an interpreter has 30 megabytes, a browser 250. What is found may still be a
//! package's own file; whoever knows the packages drops it then, and tells it by `classified`.

use super::classifiers::{CLASSIFIERS, Classifier};
use super::go::{self, Tells};
use super::go_version;
use super::pattern::{Pattern, REACH, Window};
use crate::analyze::{Analyzer, Found, Input, Unread, Want};
use crate::model::{Component, Ecosystem, LayerPath, Standing};

pub(in crate::analyze) const ANALYZER: Analyzer =
    Analyzer { id: "classifier", wants: &WANTS, read, ..Analyzer::BASE };

const PIECE: usize = 1 << 20;

/// The most of a file that is searched.
const MAX_SEARCH: u64 = 1 << 30;

/// The files of all classifiers.
#[expect(clippy::indexing_slicing, reason = "it is evaluated by the compiler, which stops at once")]
const WANTS: [Want; N_WANTS] = {
    let mut wants = [Want::Name(""); N_WANTS];
    let (mut at, mut n) = (0, 0);
    while at < CLASSIFIERS.len() {
        let files = CLASSIFIERS[at].files;
        let mut file = 0;
        while file < files.len() {
            wants[n] = files[file];
            (file, n) = (file + 1, n + 1);
        }
        at += 1;
    }
    wants
};

#[expect(clippy::indexing_slicing, reason = "as above")]
const N_WANTS: usize = {
    let (mut at, mut n) = (0, 0);
    while at < CLASSIFIERS.len() {
        n += CLASSIFIERS[at].files.len();
        at += 1;
    }
    n
};

/// A pattern that is looked for, and whose it is.
struct Search {
    classifier: &'static Classifier,
    pattern: Pattern,
}

fn read(input: &Input<'_>) -> Result<Found, Unread> {
    let mut found = Found::default();
    let fitting = CLASSIFIERS.iter().filter(|it| it.files.iter().any(|want| want.fits(input.path)));
    let fitting: Vec<_> = fitting.collect();
    let in_go = fitting.iter().copied().find(|it| it.is_go);
    // What it begins like does not matter: without readable build information it tells nothing.
    let tells =
        in_go.map_or(Tells::Nothing, |_| go::tells(input.content).unwrap_or(Tells::Nothing));
    if tells == Tells::Version {
        return Ok(found);
    }
    let by_pattern = search(input, &fitting)?;
    let told = match (by_pattern, in_go) {
        (None, Some(classifier)) if tells == Tells::Nothing => {
            let version = go_version::of_constants(input.content, 0, input.size());
            version.ok().flatten().map(|it| (classifier, it))
        }
        (told, _) => told,
    };
    if let Some((classifier, version)) = told
        && (classifier.unless.is_empty() || !contains(input, classifier.unless)?)
    {
        found.component(component(classifier, version.trim_start_matches('v'), input.path));
    }
    Ok(found)
}

/// What the first pattern that is in the file tells.
fn search(
    input: &Input<'_>,
    fitting: &[&'static Classifier],
) -> Result<Option<(&'static Classifier, String)>, Unread> {
    let mut searches = searches(input.path, fitting);
    // What comes first in the table is worth more than what comes first in the file.
    let mut best: Option<(usize, String)> = None;
    let end = input.size().min(MAX_SEARCH);
    let mut from = 0;
    while from < end && best.as_ref().is_none_or(|it| it.0 > 0) {
        let start = from.saturating_sub(REACH as u64);
        let ahead = usize::try_from(from - start).unwrap_or(0);
        let bytes = input.part(start, ahead + PIECE + REACH)?;
        let window = Window { bytes: &bytes, is_first: start == 0 };
        let n_better = best.as_ref().map_or(searches.len(), |it| it.0);
        for (place, search) in searches.iter_mut().enumerate().take(n_better) {
            if let Some(version) = search.pattern.find(window, &(ahead..ahead + PIECE)) {
                best = Some((place, version));
                break;
            }
        }
        from += PIECE as u64;
    }
    Ok(best.and_then(|(place, version)| Some((searches.get(place)?.classifier, version))))
}

/// Whether the text is anywhere in the file.
fn contains(input: &Input<'_>, text: &[u8]) -> Result<bool, Unread> {
    let end = input.size().min(MAX_SEARCH);
    let mut from = 0;
    while from < end {
        let bytes = input.part(from, PIECE + text.len())?;
        if memchr::memmem::find(&bytes, text).is_some() {
            return Ok(true);
        }
        from += PIECE as u64;
    }
    Ok(false)
}

/// The patterns for a file of this name, in the order of the table.
fn searches(path: &LayerPath, fitting: &[&'static Classifier]) -> Vec<Search> {
    let in_name = version_in(path.file_name());
    let parsed = fitting.iter().flat_map(|classifier| {
        let patterns = classifier.patterns.iter();
        patterns.filter_map(move |it| {
            Some(Search { classifier, pattern: Pattern::parse(it, in_name)? })
        })
    });
    parsed.collect()
}

/// The first numbers with a dot between them: `3.11` of `libpython3.11.so.1.0`.
fn version_in(name: &str) -> Option<&str> {
    let begins = name.find(|it: char| it.is_ascii_digit())?;
    let rest = name.get(begins..)?;
    let length = rest.find(|it: char| !it.is_ascii_digit() && it != '.').unwrap_or(rest.len());
    let version = rest.get(..length)?.trim_end_matches('.');
    version.contains('.').then_some(version)
}

fn component(classifier: &Classifier, version: &str, path: &LayerPath) -> Component {
    let mut component = Component::new(classifier.ecosystem, classifier.name, version)
        .property("classified", classifier.id);
    if classifier.ecosystem == Ecosystem::Golang {
        component.version = format!("v{version}");
    }
    if !classifier.cpe.is_empty() {
        component = component.property("cpe", classifier.cpe);
    }
    if is_in_wheel(path) {
        component.standing = Standing::Bundled;
    }
    component
}

/// Whether a Python package brought the file: wheels hold copies of the libraries that they need, in
/// a directory of their own or in their modules.
fn is_in_wheel(path: &LayerPath) -> bool {
    let directory = path.parent().rsplit('/').next().unwrap_or_default();
    let name = path.file_name();
    let is_module = name.contains(".abi3.") || name.contains(".cpython-");
    is_module || directory.rsplit('.').next().is_some_and(|it| matches!(it, "libs" | "dylibs"))
}

#[cfg(test)]
mod tests {
    use super::{ANALYZER, PIECE, version_in};
    use crate::analyze::binary::build_info::made;
    use crate::analyze::tests::{find, seed, shown, wants};

    #[test]
    fn a_program_is_known_by_its_name_and_what_is_in_it() {
        let text = b"\x7fELF ... \0nginx version: nginx/1.25.1\n";
        insta::assert_snapshot!(
            shown(&find(&ANALYZER, "opt/nginx/sbin/nginx", text)),
            @"generic nginx 1.25.1 classified=nginx cpe=f5:nginx,nginx:nginx"
        );
        assert_eq!(shown(&find(&ANALYZER, "usr/bin/nginx", b"#!/bin/sh\nexec nginx\n")), "");
        assert!(!wants(&ANALYZER, "opt/nginx/sbin/nginx.conf"));
        for path in
            ["a/libpython3.11.so.1.0", "a/python3.11", "lib/libssl-3f2c.so.3", "a/libz.1.dylib"]
        {
            assert!(wants(&ANALYZER, path), "{path}");
        }
    }

    #[test]
    fn a_copy_in_a_wheel_is_part_of_the_wheel() {
        let text = b"\0OpenSSL 3.5.8 1 Oct 2026\0";
        insta::assert_snapshot!(
            shown(&find(&ANALYZER, "site-packages/psycopg2_binary.libs/libcrypto-fb8d5b21.so.3", text)),
            @"generic openssl 3.5.8 bundled classified=openssl cpe=openssl:openssl"
        );
        insta::assert_snapshot!(
            shown(&find(&ANALYZER, "site-packages/cryptography/hazmat/bindings/_rust.abi3.so", text)),
            @"generic openssl 3.5.8 bundled classified=openssl-in-module cpe=openssl:openssl"
        );
    }

    #[test]
    fn a_module_that_loads_a_library_does_not_hold_it() {
        let path = "dist-packages/cryptography/hazmat/bindings/_openssl.abi3.so";
        let text = b"\0libcrypto.so.3\0 built with \0OpenSSL 3.0.14 4 Jun 2024\0";
        assert_eq!(shown(&find(&ANALYZER, path, text)), "");
    }

    #[test]
    fn an_interpreter_s_version_begins_as_its_name_says() {
        let text = b"\x003.5.3\0 \x003.11.2\0";
        assert!(
            shown(&find(&ANALYZER, "usr/bin/python3.11", text))
                .starts_with("generic python 3.11.2 ")
        );
        assert_eq!(shown(&find(&ANALYZER, "usr/bin/python3", text)), "");
        for (name, version) in [
            ("libpython3.7m.so.1.0", Some("3.7")),
            ("python3", None),
            ("python", None),
            ("libtcl8.6.so", Some("8.6")),
        ] {
            assert_eq!(version_in(name), version, "{name}");
        }
    }

    #[test]
    fn a_version_is_found_across_the_border_of_two_pieces() {
        let text = b"\0Bash version 5.2.15(1) release\0";
        for before in [PIECE - 40, PIECE - 20, PIECE - 1, PIECE, 2 * PIECE - 10] {
            let bytes = [&vec![b'.'; before][..], text, &[b'.'; 10_000]].concat();
            let found = shown(&find(&ANALYZER, "bin/bash", &bytes));
            assert!(found.starts_with("generic bash 5.2.15 "), "{before} {found}");
        }
    }

    #[test]
    fn what_is_derived_stands_before_what_it_is_derived_from() {
        let text = b"/mysql-8.0.35/sql /BUILD/percona-server-8.0.35-27/percona";
        assert!(
            shown(&find(&ANALYZER, "usr/bin/mysql", text)).starts_with("generic percona-server ")
        );
    }

    #[test]
    fn each_kind_of_pattern_is_a_seed_for_fuzzing() {
        let texts: [(&str, &[u8]); 4] = [
            ("bin/envoy", b"\x001.36.4\0 runtime envoy_quiche_reloadable"),
            ("bin/redis-server", b"\x004.0.11841ce7054bd9-1542359302000000000\0"),
            ("lib/libpython3.11.so", b"\x003.11.2\0%.80s (%.80s) %.80s\0"),
            ("bin/helm", b"\0\x07v3.11.1\0\0"),
        ];
        for (which, (path, text)) in (0..).zip(texts) {
            assert_ne!(shown(&find(&ANALYZER, path, text)), "", "{path}");
            seed("classifier", path.rsplit('/').next().unwrap(), &[&[which], text].concat());
        }
    }

    #[test]
    fn a_go_program_is_left_to_its_build_information() {
        let text = b"\0\x07v3.11.1\0\0";
        insta::assert_snapshot!(
            shown(&find(&ANALYZER, "usr/bin/helm", text)),
            @"generic helm 3.11.1 classified=helm cpe=helm:helm"
        );
        let modules = "path\thelm.sh/helm/v3/cmd/helm\nmod\thelm.sh/helm/v3\tv3.11.1\t\n";
        let program = made::program(&made::inline("go1.20", modules), text);
        assert_eq!(shown(&find(&ANALYZER, "usr/bin/helm", &program)), "");
    }
}
