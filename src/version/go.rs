//! Versions of Go modules and of Go itself.
//!
//! Modules have semantic versions with a `v`, <https://go.dev/ref/mod#versions>; advisories leave it
//! out. Releases of the toolchain, which are those of the standard library, may have two numbers
//! only, and write a pre-release without a dash: `1.21rc2`, <https://go.dev/doc/toolchain#version>.

use semver::Version;

/// Reads either form; nothing if it is neither.
pub(super) fn parse(text: &str) -> Option<Version> {
    let text = text.trim();
    let text = text.strip_prefix("go").or_else(|| text.strip_prefix('v')).unwrap_or(text);
    Version::parse(text).ok().or_else(|| release(text))
}

fn release(text: &str) -> Option<Version> {
    let end = text.find(|it: char| !it.is_ascii_digit() && it != '.').unwrap_or(text.len());
    let (numbers, kind) = text.split_at_checked(end)?;
    let mut parts = numbers.split('.').map(|it| it.parse::<u64>().ok());
    let (major, minor, patch) = (parts.next()??, parts.next()??, parts.next().unwrap_or(Some(0))?);
    if parts.next().is_some() {
        return None;
    }
    let suffix =
        match kind.find(|it: char| it.is_ascii_digit()).and_then(|at| kind.split_at_checked(at)) {
            Some((word @ ("beta" | "rc"), number)) => {
                format!("-{word}.{}", number.parse::<u64>().ok()?)
            }
            _ if kind.is_empty() => String::new(),
            _ => return None,
        };
    Version::parse(&format!("{major}.{minor}.{patch}{suffix}")).ok()
}
