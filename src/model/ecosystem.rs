//! The kinds of package.

use serde::{Deserialize, Serialize};

/// The kind of package, which decides how versions are ordered and whose advisories apply.
///
/// An inventory writes it as the type of the package URL where that has one of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ecosystem {
    /// Arch Linux (pacman).
    Alpm,
    /// Alpine and its kin (apk).
    Apk,
    Bitnami,
    /// Homebrew.
    Brew,
    /// Rust crates.
    Cargo,
    /// PHP packages.
    Composer,
    Conda,
    /// Perl distributions.
    Cpan,
    /// R packages.
    Cran,
    /// Debian and its derivatives (dpkg).
    Deb,
    /// Gentoo (portage).
    Ebuild,
    /// Ruby gems.
    Gem,
    /// A program or library that no package manager knows.
    Generic,
    /// A checkout of a Git repository.
    Git,
    /// Go modules.
    Golang,
    /// Elixir and Erlang packages.
    Hex,
    /// Repositories of the Hugging Face hub.
    HuggingFace,
    Julia,
    /// Lua rocks.
    Luarocks,
    /// Java artifacts, `group:artifact`.
    Maven,
    /// A machine-learning model in a file of its own.
    Model,
    /// Store paths of Nix and Guix.
    Nix,
    /// JavaScript packages.
    Npm,
    /// .NET packages.
    Nuget,
    /// Parts of NVIDIA's software, however they were installed: `cudnn`, `nccl`, `cuda-cudart`.
    Nvidia,
    /// OpenWrt and Yocto (opkg).
    Opkg,
    /// Applications of Erlang's own libraries.
    Otp,
    /// PHP extensions and classes of PEAR and PECL, `channel/name`.
    Pear,
    /// Python distributions.
    Pypi,
    /// Red Hat, Fedora, SUSE and others (rpm).
    Rpm,
    Spack,
    /// Plugins and themes of WordPress.
    WordPress,
}

impl Ecosystem {
    /// The word for it in inventories and reports.
    pub fn word(self) -> String {
        // A variant without fields is written as a string.
        serde_json::to_value(self)
            .ok()
            .and_then(|it| it.as_str().map(str::to_owned))
            .unwrap_or_default()
    }

    /// Whether a distribution's package manager installed it. What such a package owns is the
    /// distribution's to repair.
    pub fn is_of_distro(self) -> bool {
        matches!(
            self,
            Self::Alpm | Self::Apk | Self::Deb | Self::Ebuild | Self::Nix | Self::Opkg | Self::Rpm
        )
    }
}
