//! What version a Go program is, where its build information does not say.
//!
//! A build from a checkout has the main module's version `(devel)`. Many projects then set a
//! variable of their program when they link it, `-ldflags "-X main.version=v1.2.3"`. The flags are
//! part of the build information, unless paths were trimmed off it; the text itself is in the file
//! in any case, and ends with a zero as no other text of a Go program does.

use crate::format::FormatError;
use crate::format::bytes::part;
use crate::model::Content;

/// The most of a program's constants that is searched.
const MAX_SEARCH: u64 = 256 << 20;
const CHUNK: u64 = 1 << 20;

const OVERLAP: usize = 2 * MAX_LENGTH;

/// So many letters before a version are a text that it ends.
const MAX_CHANCE: usize = 6;

/// Longer than any version.
const MAX_LENGTH: usize = 64;

/// The version of the toolchain, as advisories on its library spell it: without its name, and
/// without what a vendor or an experiment appended. Empty for a toolchain between two releases.
pub(super) fn of_toolchain(go: &str) -> &str {
    // `devel go1.23-abcdef Mon …` is older than 1.23, but nobody knows how much.
    let Some(version) = go.strip_prefix("go") else { return "" };
    let is_numeric = |it: char| it.is_ascii_digit() || it == '.';
    let numbers = version.trim_start_matches(is_numeric);
    let mut length = version.len() - numbers.len();
    for stage in ["rc", "beta"] {
        if let Some(rest) = numbers.strip_prefix(stage) {
            let digits = rest.len() - rest.trim_start_matches(|it: char| it.is_ascii_digit()).len();
            length += if digits > 0 { stage.len() + digits } else { 0 };
        }
    }
    version.get(..length).unwrap_or_default().trim_end_matches('.')
}

/// Whether the version was made up from a commit, `v0.0.0-20240102030405-0123456789ab`.
pub(super) fn is_pseudo(version: &str) -> bool {
    let version = version.split('+').next().unwrap_or_default();
    let Some((rest, commit)) = version.rsplit_once('-') else { return false };
    let time = rest.rsplit(['-', '.']).next().unwrap_or_default();
    let is_time = time.len() == 14 && time.bytes().all(|it| it.is_ascii_digit());
    is_time && commit.len() == 12 && commit.bytes().all(|it| it.is_ascii_hexdigit())
}

/// The version that the linker's flags give the program, if they agree on one.
pub(super) fn of_flags(flags: &str, module: &str) -> Option<String> {
    let mut best: Option<(u8, &str)> = None;
    let mut is_ambiguous = false;
    let words = words(flags);
    for (at, word) in words.iter().enumerate() {
        let assignment = match word.strip_prefix("-X").or_else(|| word.strip_prefix("--X")) {
            Some("") => words.get(at + 1).copied(),
            Some(rest) => rest.strip_prefix('='),
            None => None,
        };
        let Some((name, value)) = assignment.and_then(|it| it.split_once('=')) else { continue };
        let Some(rank) = rank(name.trim_matches(['\'', '"']), module) else { continue };
        let value = value.trim_matches(['\'', '"']);
        // Some name themselves before it: `app/v1.2.3`.
        let value = value.rsplit('/').next().unwrap_or(value);
        if !is_version(value) {
            continue;
        }
        let (best_rank, known) = best.unwrap_or((u8::MAX, ""));
        if rank < best_rank {
            (best, is_ambiguous) = (Some((rank, value)), false);
        } else if rank == best_rank && bare(known) != bare(value) {
            is_ambiguous = true;
        }
    }
    best.filter(|_| !is_ambiguous).map(|it| with_v(it.1))
}

/// How surely the variable `name` is the version of the program: the less, the surer.
fn rank(name: &str, module: &str) -> Option<u8> {
    let (package, variable) = name.rsplit_once('.')?;
    let variable = variable.to_ascii_lowercase();
    let variable = variable.trim_start_matches('_');
    let base = match variable {
        "version" => 0,
        "ver" | "gitversion" | "appversion" | "buildversion" | "releaseversion" | "fullversion"
        | "semver" | "versionstring" | "currentversion" | "versionnumber" => 1,
        "gitdescribe" | "gittag" | "tag" | "release" | "versiontag" | "releasetag" | "buildtag" => {
            2
        }
        _ => return None,
    };
    let is_own = package == "main"
        || package.strip_prefix(module).is_some_and(|it| it.is_empty() || it.starts_with('/'));
    Some(if is_own { base } else { base + 3 })
}

/// Splits at blanks; a word that begins with a quote ends with it, as the Go command has it.
fn words(flags: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = flags.trim_start();
    while let Some(first) = rest.chars().next() {
        let is_quoted = matches!(first, '"' | '\'');
        let inside = if is_quoted { rest.get(1..).unwrap_or_default() } else { rest };
        let is_end = |it: char| if is_quoted { it == first } else { it.is_whitespace() };
        let (word, after) = inside.split_once(is_end).unwrap_or((inside, ""));
        words.push(word);
        rest = after.trim_start();
    }
    words
}

/// The one version among the program's constants, which lie there, that was set by the linker; `None`
/// if there are several, as then nobody knows whose they are.
pub(super) fn of_constants(
    content: &dyn Content,
    offset: u64,
    size: u64,
) -> Result<Option<String>, FormatError> {
    let end = size.min(MAX_SEARCH);
    let mut known: Option<String> = None;
    let mut from = 0;
    while from < end {
        // Chunks overlap by more than a version and what is looked at before it.
        let length = (CHUNK + OVERLAP as u64).min(end - from);
        let chunk = part(content, offset.saturating_add(from), length)?;
        let seen = if from == 0 { 0 } else { OVERLAP };
        for at in memchr::memchr_iter(0, &chunk).skip_while(|at| *at < seen) {
            let Some(version) = chunk.get(..at).and_then(ending) else { continue };
            match &known {
                None => known = Some(version.to_owned()),
                Some(known) if bare(known) == bare(version) => {}
                Some(_) => return Ok(None),
            }
        }
        from += CHUNK;
    }
    Ok(known.map(|it| with_v(&it)))
}

/// The version that these bytes end with, if it stands for itself.
fn ending(bytes: &[u8]) -> Option<&str> {
    let is_part = |it: &u8| it.is_ascii_alphanumeric() || matches!(it, b'.' | b'-' | b'+');
    if !bytes.last().is_some_and(is_part) {
        return None;
    }
    let length = bytes.iter().rev().take(MAX_LENGTH).take_while(|it| is_part(it)).count();
    let start = bytes.len() - length;
    let text = str::from_utf8(bytes.get(start..)?).ok()?;
    // Numbers lie before it, of which some bytes may look like letters.
    let begins = |at: &usize| {
        let before = text.get(..*at).unwrap_or_default();
        let is_digit =
            text.get(*at..).is_some_and(|it| it.starts_with(|it: char| it.is_ascii_digit()));
        is_digit && !before.ends_with(|it: char| it.is_ascii_digit() || it == '.')
    };
    let is_whole = |it: &str| it.split('.').count() > 2 && is_version(it);
    let at = (0..length).filter(begins).find(|at| text.get(*at..).is_some_and(is_whole))?;
    let before = bytes.get(..start + at)?;
    let before = before.strip_suffix(b"v").unwrap_or(before);
    let before = before.strip_suffix(b"release-").unwrap_or(before);
    let n_letters =
        before.iter().rev().take_while(|it| it.is_ascii_graphic()).take(MAX_CHANCE).count();
    (n_letters < MAX_CHANCE && !before.ends_with(b"go")).then(|| text.get(at..)).flatten()
}

/// Numbers with dots, and perhaps a stage or a build after them.
fn is_version(text: &str) -> bool {
    let text = bare(text);
    let tail = text.trim_start_matches(|it: char| it.is_ascii_digit() || it == '.');
    let numbers = text.get(..text.len() - tail.len()).unwrap_or_default();
    let parts = numbers.split('.');
    let is_number = |it: &str| !it.is_empty() && it.len() < 9;
    let is_tail_part = |it: u8| it.is_ascii_alphanumeric() || b".-+~".contains(&it);
    (2..=4).contains(&parts.clone().count())
        && parts.into_iter().all(is_number)
        && (tail.is_empty() || tail.starts_with(['-', '+', '~']))
        && tail.len() < MAX_LENGTH
        && tail.bytes().all(is_tail_part)
}

fn bare(version: &str) -> &str {
    version.strip_prefix('v').unwrap_or(version)
}

/// As module versions are spelled.
fn with_v(version: &str) -> String {
    format!("v{}", bare(version))
}

#[cfg(test)]
mod tests {
    use super::{CHUNK, OVERLAP, ending, is_pseudo, of_constants, of_flags, of_toolchain};

    #[test]
    fn a_toolchain_s_version_ends_before_what_others_append() {
        for (go, version) in [
            ("go1.22.1", "1.22.1"),
            ("go1.22", "1.22"),
            ("go1.21rc2", "1.21rc2"),
            ("go1.18beta1", "1.18beta1"),
            ("go1.22.1 X:loopvar", "1.22.1"),
            ("go1.26.0-X:jsonv2", "1.26.0"),
            ("go1.26.5 (Red Hat 1.26.5-1.el10)", "1.26.5"),
            ("go1.20.10b4", "1.20.10"),
            ("go1.21.3-custom", "1.21.3"),
            ("devel go1.25-d524e1e Sun Feb 16 07:23:13 2025 -0800", ""),
            ("gollvm", ""),
            ("", ""),
        ] {
            assert_eq!(of_toolchain(go), version, "{go}");
        }
    }

    #[test]
    fn a_version_that_was_made_up_from_a_commit_is_known() {
        for version in [
            "v0.0.0-20210121094942-22b2f8951d46",
            "v1.0.1-0.20220426205730-d0a4cdb22955",
            "v1.2.3-rc.1.0.20220426205730-d0a4cdb22955+dirty",
        ] {
            assert!(is_pseudo(version), "{version}");
        }
        for version in ["v1.2.3", "v1.2.3-rc.1", "v1.2.3+incompatible", "v1.2.3-20210121", ""] {
            assert!(!is_pseudo(version), "{version}");
        }
    }

    #[test]
    fn the_flags_tell_the_version_that_is_most_surely_the_program_s() {
        let check = |flags| of_flags(flags, "github.com/a/b").unwrap_or_default();
        for (flags, version) in [
            ("-w -X main.version=v1.0.0", "v1.0.0"),
            ("-X=main.Version=1.0.0 -s", "v1.0.0"),
            ("-s -X 'github.com/a/b/cmd.version=1.2.3-rc.1'", "v1.2.3-rc.1"),
            ("-X \"main.version=2.0.0\" -X main.commit=abc", "v2.0.0"),
            ("-X k8s.io/x/version.gitVersion=v1.29.0 -X main.goVersion=1.22.0", "v1.29.0"),
            ("-X other.org/lib.Version=v9.0.0 -X main.version=v1.0.0", "v1.0.0"),
            ("-X github.com/a/b/version.GitDescribe=1.12.9", "v1.12.9"),
            ("-X main.version=b/v1.0.0", "v1.0.0"),
            ("-X main.version=20.10.24+dfsg1", "v20.10.24+dfsg1"),
            ("-X main.version=v1.0.0 -X main.Version=v2.0.0", ""),
            ("-X main.version=v1.0.0 -X main.Version=1.0.0", "v1.0.0"),
            ("-X main.version=master -X main.date=2024.01.02", ""),
            ("-X main.version", ""),
            ("-X", ""),
            ("", ""),
        ] {
            assert_eq!(check(flags), version, "{flags}");
        }
    }

    #[test]
    fn a_constant_stands_for_itself() {
        let check = |text: &[u8]| ending(text).map(str::to_owned);
        for (text, version) in [
            (&b"\0v3.15.2"[..], "3.15.2"),
            (b"\xa0Lv1.9.6", "1.9.6"),
            (b"\xd7Xb1.7.3-rc.1", "1.7.3-rc.1"),
            (b"\0release-12.3.1", "12.3.1"),
            (b"1.2.3+meta", "1.2.3+meta"),
        ] {
            assert_eq!(check(text).as_deref(), Some(version), "{text:?}");
        }
        for text in [
            &b"\0go1.22.1"[..],
            b"crypto/internal/entropy/v1.0.0",
            b"M3.2.0,M11.1.0",
            b"net.init.OnceFunc.func7.1.1",
            b"\x001.2",
            b"\x001.2.3.",
            b"\x001.2.3 ",
            b"",
            &[b'1'; 100],
            &[b'.'; 100],
        ] {
            assert_eq!(check(text), None, "{text:?}");
        }
    }

    #[test]
    fn several_constants_are_nobody_s() {
        let check = |text: &[u8]| of_constants(&text, 0, text.len() as u64).unwrap();
        assert_eq!(check(b"\0v1.7.3\0\0go1.22.1\0").as_deref(), Some("v1.7.3"));
        assert_eq!(check(b"\x001.7.3\0\0\0v1.7.3\0").as_deref(), Some("v1.7.3"));
        assert_eq!(check(b"\x001.7.3\0\x001.7.4\0"), None);
        assert_eq!(check(b""), None);
        let chunk = usize::try_from(CHUNK).unwrap();
        for before in chunk - OVERLAP - 19..chunk + OVERLAP + 9 {
            let text = [&vec![1; before][..], b"v1.7.3-beta.1\0", &[1; 200]].concat();
            assert_eq!(check(&text).as_deref(), Some("v1.7.3-beta.1"), "{before}");
        }
    }
}
