//! What machine an image is for.

use std::fmt;

use super::document::PlatformText;
use super::store::shown;

/// An operating system and an architecture, as images name them: `linux/arm64/v8`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Platform {
    pub os: String,
    pub architecture: String,
    pub variant: Option<String>,
}

impl Platform {
    /// Reads `linux/amd64` or `linux/arm/v7`. The names that `uname` has are understood, too.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/');
        let (os, architecture, variant) = (parts.next()?, parts.next()?, parts.next());
        let is_part = |it: &str| {
            !it.is_empty()
                && it
                    .bytes()
                    .all(|it| it.is_ascii_alphanumeric() || matches!(it, b'_' | b'.' | b'-'))
        };
        let fits = is_part(os) && is_part(architecture) && variant.is_none_or(is_part);
        (fits && parts.next().is_none()).then(|| Self {
            os: os.to_ascii_lowercase(),
            architecture: architecture_of(architecture),
            variant: variant.map(str::to_owned),
        })
    }

    /// Linux on this machine.
    pub(super) fn usual() -> Self {
        let architecture = architecture_of(std::env::consts::ARCH);
        Self { os: "linux".to_owned(), architecture, variant: None }
    }

    pub(super) fn of(text: &PlatformText) -> Self {
        let PlatformText { os, architecture, variant } = text;
        let variant = variant.as_deref().filter(|it| !it.is_empty()).map(shown);
        Self { os: shown(os), architecture: architecture_of(&shown(architecture)), variant }
    }

    /// Whether an image for `other` is what is wanted. Only a variant that was asked for counts.
    pub(super) fn fits(&self, other: &Self) -> bool {
        let variant = |it: &Self| match (it.architecture.as_str(), it.variant.as_deref()) {
            // There is no other one.
            ("arm64", None) => Some("v8".to_owned()),
            (_, it) => it.map(str::to_owned),
        };
        self.os == other.os
            && self.architecture == other.architecture
            && (self.variant.is_none() || variant(self) == variant(other))
    }
}

fn architecture_of(name: &str) -> String {
    match name {
        "x86_64" | "x86-64" => "amd64",
        "aarch64" => "arm64",
        "x86" | "i386" | "i686" => "386",
        "loongarch64" => "loong64",
        "powerpc64" => "ppc64",
        other => other,
    }
    .to_owned()
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        self.variant.as_ref().map_or(Ok(()), |it| write!(f, "/{it}"))
    }
}

#[cfg(test)]
mod tests {
    use super::Platform;

    #[test]
    fn a_platform_is_read_in_either_spelling() {
        let parse = |text| Platform::parse(text).map(|it| it.to_string());
        assert_eq!(parse("linux/x86_64").as_deref(), Some("linux/amd64"));
        assert_eq!(parse("linux/arm/v7").as_deref(), Some("linux/arm/v7"));
        for bad in ["linux", "linux/", "/amd64", "linux/arm/v7/x", "linux/a b"] {
            assert_eq!(parse(bad), None);
        }
    }

    #[test]
    fn a_variant_counts_if_it_was_asked_for() {
        let fits = |wanted, other| {
            let parse = |it| Platform::parse(it).unwrap();
            parse(wanted).fits(&parse(other))
        };
        assert!(fits("linux/arm64", "linux/arm64/v8"));
        assert!(fits("linux/arm64/v8", "linux/arm64"));
        assert!(fits("linux/arm", "linux/arm/v6"));
        assert!(!fits("linux/arm/v7", "linux/arm/v6"));
        assert!(!fits("linux/arm/v7", "linux/arm"));
    }
}
