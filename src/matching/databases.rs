//! Whose advisories apply to a package, as OSV names them.

use crate::model::{Component, Distro, Ecosystem};

/// The ecosystems, with their releases, that speak of the package; none where it is not known.
pub(super) fn databases(component: &Component, distro: Option<&Distro>) -> Vec<String> {
    let release = distro.and_then(|it| Some((it.id.as_str(), it.version.as_deref()?)));
    let known = |name: &str| vec![name.to_owned()];
    match component.ecosystem {
        Ecosystem::Deb => release.map_or_else(Vec::new, |(id, version)| match id {
            "debian" => vec![format!("Debian:{}", major(version))],
            // `Ubuntu:Pro:…` is for machines with a subscription, which an image does not show.
            "ubuntu" => vec![format!("Ubuntu:{version}")],
            _ => Vec::new(),
        }),
        Ecosystem::Apk => match distro.map(|it| it.id.as_str()) {
            Some("wolfi") => known("Wolfi"),
            Some("chainguard") => known("Chainguard"),
            Some("alpine") => release.and_then(|it| alpine_branch(it.1)).into_iter().collect(),
            _ => Vec::new(),
        },
        Ecosystem::Rpm => release.map_or_else(Vec::new, |(id, version)| match id {
            "almalinux" => vec![format!("AlmaLinux:{}", major(version))],
            "rocky" => vec![format!("Rocky Linux:{}", major(version))],
            _ => Vec::new(),
        }),
        Ecosystem::Pypi => known("PyPI"),
        Ecosystem::Npm => known("npm"),
        Ecosystem::Golang => known("Go"),
        Ecosystem::Cargo => known("crates.io"),
        Ecosystem::Nvidia => known("NVIDIA"),
        Ecosystem::Alpm
        | Ecosystem::Bitnami
        | Ecosystem::Brew
        | Ecosystem::Composer
        | Ecosystem::Conda
        | Ecosystem::Cpan
        | Ecosystem::Cran
        | Ecosystem::Ebuild
        | Ecosystem::Gem
        | Ecosystem::Generic
        | Ecosystem::Git
        | Ecosystem::Hex
        | Ecosystem::HuggingFace
        | Ecosystem::Julia
        | Ecosystem::Luarocks
        | Ecosystem::Maven
        | Ecosystem::Model
        | Ecosystem::Nix
        | Ecosystem::Nuget
        | Ecosystem::Opkg
        | Ecosystem::Otp
        | Ecosystem::Pear
        | Ecosystem::Spack
        | Ecosystem::WordPress => Vec::new(),
    }
}

fn major(version: &str) -> &str {
    version.split('.').next().unwrap_or(version)
}

/// `3.20.3` is of the branch `v3.20`; a development snapshot (`3.21_alpha…`) is of none.
fn alpine_branch(version: &str) -> Option<String> {
    let mut parts = version.split('.');
    let (major, minor) = (parts.next()?, parts.next()?);
    let is_number = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
    (is_number(major) && is_number(minor)).then(|| format!("Alpine:v{major}.{minor}"))
}
