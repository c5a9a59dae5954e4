//! Which rules an ecosystem has.

use super::Scheme;
use crate::model::Ecosystem;

/// What publishers of advisories call an ecosystem: the names of OSV,
/// <https://ossf.github.io/osv-schema/#defined-ecosystems>, and of those that OSV lacks.
const NAMES: &[(&str, Scheme)] = &[
    ("AlmaLinux", Scheme::Rpm),
    ("Alpaquita", Scheme::Apk),
    ("Alpine", Scheme::Apk),
    ("Amazon Linux", Scheme::Rpm),
    ("Arch Linux", Scheme::Alpm),
    ("Azure Linux", Scheme::Rpm),
    ("BellSoft Hardened Containers", Scheme::Apk),
    ("Bioconductor", Scheme::Cran),
    ("Bitnami", Scheme::Bitnami),
    ("Chainguard", Scheme::Apk),
    ("CleanStart", Scheme::Apk),
    ("ConanCenter", Scheme::Semver),
    ("conda", Scheme::Conda),
    ("CPAN", Scheme::Perl),
    ("CRAN", Scheme::Cran),
    ("crates.io", Scheme::Semver),
    ("Debian", Scheme::Deb),
    ("Docker Hardened Images", Scheme::Semver),
    ("Echo", Scheme::Deb),
    ("Fedora", Scheme::Rpm),
    ("generic", Scheme::Generic),
    ("Gentoo", Scheme::Ebuild),
    ("GHC", Scheme::Semver),
    ("GitHub Actions", Scheme::Semver),
    ("Go", Scheme::Go),
    ("Hackage", Scheme::Hackage),
    ("Hex", Scheme::Semver),
    ("Homebrew", Scheme::Brew),
    ("Java", Scheme::Jvm),
    ("Julia", Scheme::Julia),
    ("Kubernetes", Scheme::Semver),
    ("Mageia", Scheme::Rpm),
    ("Maven", Scheme::Maven),
    ("MinimOS", Scheme::Apk),
    ("npm", Scheme::Npm),
    ("NuGet", Scheme::Nuget),
    ("NVIDIA", Scheme::Numbers),
    ("opam", Scheme::Opam),
    ("openEuler", Scheme::Rpm),
    ("openSUSE", Scheme::Rpm),
    ("OpenWrt", Scheme::Deb),
    ("Oracle Linux", Scheme::Rpm),
    ("OTP", Scheme::Numbers),
    ("Packagist", Scheme::Composer),
    ("PECL", Scheme::Php),
    ("Photon OS", Scheme::Rpm),
    ("Pub", Scheme::Pub),
    ("PyPI", Scheme::Pypi),
    ("Red Hat", Scheme::Rpm),
    ("Rocky Linux", Scheme::Rpm),
    ("RubyGems", Scheme::Gem),
    ("SUSE", Scheme::Rpm),
    ("SwiftURL", Scheme::Semver),
    ("Ubuntu", Scheme::Deb),
    ("VSCode", Scheme::Semver),
    ("Wolfi", Scheme::Apk),
    ("WordPress", Scheme::Php),
];

/// Publishers of repaired builds of others' packages: the ecosystem stands after their own name.
const REPAIRERS: &[&str] = &["Echo", "Root", "TuxCare"];

impl Scheme {
    /// The rules of the ecosystem that advisories call `name`; a release after a colon says nothing.
    /// Nothing where the name is not known, or stands for what has no order: `GIT`.
    pub fn named(name: &str) -> Option<Self> {
        let find = |name: &str| NAMES.iter().find(|it| it.0.eq_ignore_ascii_case(name));
        let mut parts = name.split(':');
        let first = parts.next()?;
        let is_repairer = REPAIRERS.iter().any(|it| it.eq_ignore_ascii_case(first));
        let inner = parts.next().filter(|_| is_repairer).and_then(find);
        inner.or_else(|| find(first)).map(|it| it.1)
    }

    /// Every name that [`Scheme::named`] knows, in alphabetical order.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|it| it.0)
    }

    /// The rules of `ecosystem`; none where its versions are not ordered here.
    pub fn of(ecosystem: Ecosystem) -> Option<Self> {
        match ecosystem {
            Ecosystem::Alpm => Some(Self::Alpm),
            Ecosystem::Apk => Some(Self::Apk),
            Ecosystem::Bitnami => Some(Self::Bitnami),
            Ecosystem::Brew => Some(Self::Brew),
            Ecosystem::Cargo | Ecosystem::Hex => Some(Self::Semver),
            Ecosystem::Composer => Some(Self::Composer),
            Ecosystem::Conda => Some(Self::Conda),
            Ecosystem::Cpan => Some(Self::Perl),
            Ecosystem::Cran => Some(Self::Cran),
            Ecosystem::Deb | Ecosystem::Opkg => Some(Self::Deb),
            Ecosystem::Ebuild => Some(Self::Ebuild),
            Ecosystem::Gem => Some(Self::Gem),
            Ecosystem::Generic => Some(Self::Generic),
            Ecosystem::Golang => Some(Self::Go),
            Ecosystem::Julia => Some(Self::Julia),
            Ecosystem::Maven => Some(Self::Maven),
            Ecosystem::Npm => Some(Self::Npm),
            Ecosystem::Nuget => Some(Self::Nuget),
            Ecosystem::Nvidia | Ecosystem::Otp => Some(Self::Numbers),
            Ecosystem::Pear | Ecosystem::WordPress => Some(Self::Php),
            Ecosystem::Pypi => Some(Self::Pypi),
            Ecosystem::Rpm => Some(Self::Rpm),
            // Commits and hashes have no order, and nobody publishes advisories on the rest.
            Ecosystem::Git
            | Ecosystem::HuggingFace
            | Ecosystem::Luarocks
            | Ecosystem::Model
            | Ecosystem::Nix
            | Ecosystem::Spack => None,
        }
    }
}
