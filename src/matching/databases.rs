//! Whose advisories apply to a package, as the database names them.

use super::conda;
use crate::model::{Component, Distro, Ecosystem};

/// The ecosystems, with their releases, that speak of the package; none where it is not known.
pub(super) fn databases(component: &Component, distro: Option<&Distro>) -> Vec<String> {
    let one = |name: &str| vec![name.to_owned()];
    match component.ecosystem {
        Ecosystem::Deb => distro.and_then(deb).into_iter().collect(),
        Ecosystem::Apk => distro.and_then(apk).into_iter().collect(),
        Ecosystem::Rpm => distro.map_or_else(Vec::new, rpm),
        Ecosystem::Bitnami => one("Bitnami"),
        Ecosystem::Cargo => one("crates.io"),
        Ecosystem::Composer => one("Packagist"),
        Ecosystem::Conda => {
            conda::upstream(component).map(|it| it.ecosystem.to_owned()).into_iter().collect()
        }
        // R keeps packages of both in one library.
        Ecosystem::Cran => vec!["CRAN".to_owned(), "Bioconductor".to_owned()],
        Ecosystem::Gem => one("RubyGems"),
        Ecosystem::Golang => one("Go"),
        Ecosystem::Hex => one("Hex"),
        Ecosystem::Julia => one("Julia"),
        Ecosystem::Maven => one("Maven"),
        Ecosystem::Npm => one("npm"),
        Ecosystem::Nuget => one("NuGet"),
        Ecosystem::Nvidia => one("NVIDIA"),
        Ecosystem::Pypi => one("PyPI"),
        // Nobody publishes flaws of these by package and version.
        Ecosystem::Alpm
        | Ecosystem::Brew
        | Ecosystem::Cpan
        | Ecosystem::Ebuild
        | Ecosystem::Generic
        | Ecosystem::Git
        | Ecosystem::HuggingFace
        | Ecosystem::Luarocks
        | Ecosystem::Model
        | Ecosystem::Nix
        | Ecosystem::Opkg
        | Ecosystem::Otp
        | Ecosystem::Pear
        | Ecosystem::Spack
        | Ecosystem::WordPress => Vec::new(),
    }
}

/// What those get who pay for longer support of the distribution's release, as far as the package
/// may come from there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Extended {
    pub(super) database: String,
    /// The package is of that support, or would be with its next update.
    pub(super) is_on: bool,
}

/// The extended support of an Ubuntu release: whether it is on is told by its client's file, or by
/// the package, as builds mostly leave its archives when they are done.
pub(super) fn extended(component: &Component, distro: Option<&Distro>) -> Option<Extended> {
    let distro = distro.filter(|_| component.ecosystem == Ecosystem::Deb)?;
    let release = deb(distro)?.strip_prefix("Ubuntu:")?.to_owned();
    let is_of_it = |version: &str| version.contains("esm");
    let is_on = distro.archives.iter().any(|it| it.starts_with("esm-"))
        || is_of_it(&component.version)
        || component.source.as_ref().is_some_and(|it| is_of_it(&it.version));
    Some(Extended { database: format!("Ubuntu:Pro:{release}"), is_on })
}

/// Debian's releases by their codenames.
const DEBIAN: &[(&str, &str)] = &[
    ("wheezy", "7"),
    ("jessie", "8"),
    ("stretch", "9"),
    ("buster", "10"),
    ("bullseye", "11"),
    ("bookworm", "12"),
    ("trixie", "13"),
    ("forky", "14"),
];

/// Ubuntu's releases with long support, on which others build theirs.
const UBUNTU: &[(&str, &str)] = &[
    ("trusty", "14.04"),
    ("xenial", "16.04"),
    ("bionic", "18.04"),
    ("focal", "20.04"),
    ("jammy", "22.04"),
    ("noble", "24.04"),
    ("resolute", "26.04"),
];

fn deb(distro: &Distro) -> Option<String> {
    let named = |table: &[(&str, &'static str)]| {
        let names = [&distro.base, &distro.codename].into_iter().flatten();
        names.filter_map(|name| table.iter().find(|it| it.0 == name)).map(|it| it.1).next()
    };
    let is_like = |id: &str| distro.like.iter().any(|it| it == id);
    match (distro.id.as_str(), distro.version.as_deref()) {
        // Without a number it is no release: the codename is that of the one to come.
        ("debian" | "raspbian", version) => Some(format!("Debian:{}", major(version?))),
        ("ubuntu", Some(version)) => Some(format!("Ubuntu:{version}")),
        ("ubuntu", None) => Some(format!("Ubuntu:{}", named(UBUNTU)?)),
        // They rebuild what they take, in versions of their own.
        ("devuan" | "kali" | "parrot" | "deepin", _) => None,
        _ if is_like("ubuntu") && named(UBUNTU).is_some() => {
            Some(format!("Ubuntu:{}", named(UBUNTU)?))
        }
        // A release of theirs is built on one of Debian's; a rolling one is on none.
        (_, Some(_)) if is_like("debian") => Some(format!("Debian:{}", named(DEBIAN)?)),
        _ => None,
    }
}

fn apk(distro: &Distro) -> Option<String> {
    let release = distro.repositories.as_deref();
    match distro.id.as_str() {
        "wolfi" => Some("Wolfi".to_owned()),
        "chainguard" => Some("Chainguard".to_owned()),
        "minimos" => Some("MinimOS".to_owned()),
        "alpine" => alpine_branch(release.or(distro.version.as_deref())?),
        "postmarketos" => match (release, distro.version.as_deref()?) {
            (Some(release), _) => alpine_branch(release),
            (None, version) => post_market(version).map(str::to_owned),
        },
        _ => None,
    }
}

/// `3.20.3` is of the branch `v3.20`; a development snapshot (`3.21.0_alpha…`) is of `edge`.
fn alpine_branch(version: &str) -> Option<String> {
    if version == "edge" || version.contains("_alpha") {
        return Some("Alpine:edge".to_owned());
    }
    let mut parts = version.split('.');
    let (major, minor) = (parts.next()?, parts.next()?);
    let is_number = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
    (is_number(major) && is_number(minor)).then(|| format!("Alpine:v{major}.{minor}"))
}

/// postmarketOS, by the Alpine that each of its releases is built on.
fn post_market(version: &str) -> Option<&'static str> {
    let version = version.trim_start_matches('v');
    let release = [
        ("edge", "Alpine:edge"),
        ("22.06", "Alpine:v3.16"),
        ("22.12", "Alpine:v3.17"),
        ("23.06", "Alpine:v3.18"),
        ("23.12", "Alpine:v3.19"),
        ("24.06", "Alpine:v3.20"),
        ("24.12", "Alpine:v3.21"),
        ("25.06", "Alpine:v3.22"),
        ("25.12", "Alpine:v3.23"),
    ];
    release.iter().find(|it| version.starts_with(it.0)).map(|it| it.1)
}

fn rpm(distro: &Distro) -> Vec<String> {
    let Some(version) = distro.version.as_deref() else {
        let is_rolling = distro.id == "opensuse-tumbleweed";
        return is_rolling.then(|| "openSUSE:Tumbleweed".to_owned()).into_iter().collect();
    };
    let major = major(version);
    let name = match distro.id.as_str() {
        // Built from Red Hat's sources, with its versions.
        "rhel" | "centos" | "scientific" => format!("Red Hat:{major}"),
        "almalinux" => format!("AlmaLinux:{major}"),
        "rocky" => format!("Rocky Linux:{major}"),
        "ol" => format!("Oracle Linux:{major}"),
        // The first one counted years and months, and ended with that.
        "amzn" if version.contains('.') && !version.starts_with("2023") => {
            "Amazon Linux:2018.03".to_owned()
        }
        "amzn" => format!("Amazon Linux:{major}"),
        "azurelinux" | "mariner" => format!("Azure Linux:{major}"),
        "mageia" => format!("Mageia:{major}"),
        "photon" => format!("Photon OS:{major}.0"),
        "openEuler" | "openeuler" => format!("openEuler:{}", open_euler(distro, version)),
        "opensuse-leap" | "opensuse" => format!("openSUSE:Leap {version}"),
        "opensuse-leap-micro" => format!("openSUSE:Leap Micro {version}"),
        "opensuse-tumbleweed" => "openSUSE:Tumbleweed".to_owned(),
        "sle-micro" | "sl-micro" | "suse-microos" => format!("SUSE:Micro {version}"),
        "sles" | "sled" | "sles_sap" | "sle_hpc" => {
            // Those of version 12 are for all its service packs.
            let modules = (major == "12").then(|| "SUSE:Modules 12".to_owned());
            return std::iter::once(format!("SUSE:{version}")).chain(modules).collect();
        }
        _ => return Vec::new(),
    };
    vec![name]
}

/// `22.03-LTS-SP3`: the support and the service pack stand in the name for people only,
/// `openEuler 22.03 (LTS-SP3)`.
fn open_euler(distro: &Distro, version: &str) -> String {
    let name = distro.name.as_deref().unwrap_or_default();
    let support = name.split_once(version).map_or("", |it| it.1);
    let support = support.trim_matches([' ', '(', ')', '-']).replace(' ', "-");
    if support.is_empty() { version.to_owned() } else { format!("{version}-{support}") }
}

fn major(version: &str) -> &str {
    version.split('.').next().unwrap_or(version)
}
