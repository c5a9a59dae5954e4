//! The ecosystems of OSV that are read, and the shard that each goes into.

use crate::version::Scheme;

/// The shard, which names an ecosystem and a release as an image can tell it, and the ordering of
/// its versions. Releases without a number (Debian's sid) have no counterpart in an image's
/// `os-release`.
pub(super) fn shard_of(ecosystem: &str) -> Option<(String, Scheme)> {
    let (family, release) =
        ecosystem.split_once(':').map_or((ecosystem, None), |it| (it.0, Some(it.1)));
    let release = match (family, release) {
        (
            "PyPI" | "npm" | "Go" | "crates.io" | "NuGet" | "RubyGems" | "Hex" | "Pub" | "CRAN"
            | "Bioconductor" | "Julia" | "Bitnami" | "Wolfi" | "Chainguard" | "MinimOS"
            // Not one of OSV's: NVIDIA's bulletins, by the names of its parts.
            | "NVIDIA",
            None,
        )
        // Behind a colon stands another repository; a name means the same package in all of them.
        | ("Maven" | "Packagist", _) => None,
        ("Debian" | "AlmaLinux" | "Rocky Linux" | "Oracle Linux" | "Mageia", Some(release)) => {
            Some(Some(release).filter(|it| is_number(it))?.to_owned())
        }
        ("Azure Linux", Some(release)) => Some(whole_number(release)?.to_owned()),
        ("Ubuntu", Some(release)) => Some(ubuntu(release)?),
        ("Alpine", Some(release)) if release.starts_with('v') || release == "edge" => {
            Some(release.to_owned())
        }
        ("Red Hat", Some(release)) => Some(red_hat(release)?.to_owned()),
        ("SUSE", Some(release)) => Some(suse(release)?),
        ("openSUSE", Some(release)) if is_open_suse(release) => Some(release.to_owned()),
        // OSV has no such records; other sources do, by `VERSION_ID`.
        ("Amazon Linux", Some(release)) => Some(amazon(release)?.to_owned()),
        ("Photon OS", Some(release)) => Some(format!("{}.0", whole_number(release)?)),
        ("openEuler", Some(release)) if release.starts_with(|it: char| it.is_ascii_digit()) => {
            Some(release.to_owned())
        }
        _ => return None,
    };
    let scheme = Scheme::named(family)?;
    Some((release.map_or_else(|| family.to_owned(), |it| format!("{family}:{it}")), scheme))
}

/// The spelling under which the package is looked up: for Python that of PEP 503, and small letters
/// where the ecosystem takes all spellings for one name.
pub(super) fn canonical(scheme: Scheme, name: &str) -> String {
    match scheme {
        Scheme::Pypi => {
            let lower = name.to_ascii_lowercase();
            lower.split(['-', '_', '.']).filter(|it| !it.is_empty()).collect::<Vec<_>>().join("-")
        }
        Scheme::Nuget | Scheme::Bitnami | Scheme::Composer => name.to_ascii_lowercase(),
        _ => name.to_owned(),
    }
}

fn is_number(text: &str) -> bool {
    text.parse::<u16>().is_ok()
}

/// `2` of `2` and of `2.0`.
fn whole_number(text: &str) -> Option<&str> {
    Some(text.strip_suffix(".0").unwrap_or(text)).filter(|it| is_number(it))
}

/// `22.04`; `Pro:18.04` of paid support, `Pro:FIPS:22.04` of its certified builds.
fn ubuntu(release: &str) -> Option<String> {
    // Long support is a promise, not another release.
    let release = release.strip_suffix(":LTS").unwrap_or(release);
    let number = release.rsplit(':').next().unwrap_or(release);
    let is_release = number.split('.').all(is_number) && number.contains('.');
    let before = release.strip_suffix(number)?;
    let is_read = matches!(before, "" | "Pro:" | "Pro:FIPS:" | "Pro:FIPS-updates:");
    (is_release && is_read).then(|| release.to_owned())
}

/// `9` of `enterprise_linux:9::appstream`. Other products have builds of their own of packages that
/// Enterprise Linux has, too, with numbers that cannot be compared; so have its extended releases.
fn red_hat(product: &str) -> Option<&str> {
    if is_number(product) {
        return Some(product);
    }
    let mut parts = product.split(':');
    let (name, release) = (parts.next()?, parts.next()?);
    let major = match name {
        "enterprise_linux" | "rhel_extras" => release.split('.').next()?,
        "rhel_software_collections" => parts.nth(1)?.strip_prefix("el")?,
        _ => return None,
    };
    Some(major).filter(|it| is_number(it))
}

/// `15.5` of `Linux Enterprise Module for Basesystem 15 SP5`: what is sold apart, is one system in
/// an image. Only Micro is another, and modules of version 12 were for all its service packs.
fn suse(product: &str) -> Option<String> {
    let is_read = product.starts_with("Linux Enterprise ") || product.starts_with("Package Hub ");
    let mut words = product.split(' ').rev().filter(|_| is_read);
    let last = words.next()?;
    // `SP4-LTSS` is for those who pay for longer support, in the same line of builds.
    let last = last.split('-').next().unwrap_or(last);
    let is_release = |it: &str| it.split('.').all(is_number);
    let number = match last.strip_prefix("SP").filter(|it| is_number(it)) {
        Some(pack) => format!("{}.{pack}", words.next().filter(|it| is_number(it))?),
        None => Some(last).filter(|it| is_release(it))?.to_owned(),
    };
    if product.contains(" Micro ") {
        return Some(format!("Micro {number}"));
    }
    let is_for_all = product.contains(" Module for ") && !number.contains('.');
    Some(if is_for_all { format!("Modules {number}") } else { number })
}

fn is_open_suse(release: &str) -> bool {
    let number = release.strip_prefix("Leap Micro ").or_else(|| release.strip_prefix("Leap "));
    release == "Tumbleweed" || number.is_some_and(|it| it.split('.').all(is_number))
}

/// The first Amazon Linux counted years and months, and ended with 2018.03.
fn amazon(release: &str) -> Option<&str> {
    let is_first = release == "1"
        || release.split_once('.').is_some_and(|it| is_number(it.0) && is_number(it.1));
    if is_first { Some("2018.03") } else { Some(release).filter(|it| is_number(it)) }
}

#[cfg(test)]
mod tests {
    use super::shard_of;

    #[test]
    fn a_release_is_named_as_an_image_can_tell_it() {
        for (ecosystem, shard) in [
            ("PyPI", "PyPI"),
            ("PyPI:x", "-"),
            ("Debian:12", "Debian:12"),
            ("Debian", "-"),
            ("Debian:sid", "-"),
            ("Ubuntu:22.04:LTS", "Ubuntu:22.04"),
            ("Ubuntu:24.10", "Ubuntu:24.10"),
            ("Ubuntu:Pro:18.04:LTS", "Ubuntu:Pro:18.04"),
            ("Ubuntu:Pro:FIPS:20.04:LTS", "Ubuntu:Pro:FIPS:20.04"),
            ("Ubuntu:Pro:22.04:LTS:Realtime:Kernel", "-"),
            ("Alpine:v3.20", "Alpine:v3.20"),
            ("Alpine:edge", "Alpine:edge"),
            ("Alpine", "-"),
            ("AlmaLinux:9", "AlmaLinux:9"),
            ("Red Hat:9", "Red Hat:9"),
            ("Red Hat:enterprise_linux:9::appstream", "Red Hat:9"),
            ("Red Hat:enterprise_linux:10.0", "Red Hat:10"),
            ("Red Hat:rhel_software_collections:3::el7", "Red Hat:7"),
            ("Red Hat:rhel_extras:7", "Red Hat:7"),
            ("Red Hat:rhel_eus:9.2::baseos", "-"),
            ("Red Hat:openshift:4.12::el8", "-"),
            ("Rocky Linux:8", "Rocky Linux:8"),
            ("SUSE:Linux Enterprise Server 15 SP4-LTSS", "SUSE:15.4"),
            ("SUSE:Linux Enterprise Module for Basesystem 15 SP5", "SUSE:15.5"),
            ("SUSE:Linux Enterprise Server LTSS Extended Security 12 SP5", "SUSE:12.5"),
            ("SUSE:Linux Enterprise Server 16.0", "SUSE:16.0"),
            ("SUSE:Linux Enterprise Module for Web and Scripting 12", "SUSE:Modules 12"),
            ("SUSE:Linux Enterprise Micro 5.5", "SUSE:Micro 5.5"),
            ("SUSE:Package Hub 15 SP6", "SUSE:15.6"),
            ("SUSE:Manager Server 4.3", "-"),
            ("openSUSE:Leap 15.5", "openSUSE:Leap 15.5"),
            ("openSUSE:Leap Micro 5.5", "openSUSE:Leap Micro 5.5"),
            ("openSUSE:Tumbleweed", "openSUSE:Tumbleweed"),
            ("Azure Linux:3", "Azure Linux:3"),
            ("Azure Linux:2.0", "Azure Linux:2"),
            ("Amazon Linux:2023", "Amazon Linux:2023"),
            ("Amazon Linux:1", "Amazon Linux:2018.03"),
            ("Amazon Linux:2018.03", "Amazon Linux:2018.03"),
            ("Oracle Linux:8", "Oracle Linux:8"),
            ("Photon OS:5.0", "Photon OS:5.0"),
            ("Mageia:9", "Mageia:9"),
            ("openEuler:24.03-LTS", "openEuler:24.03-LTS"),
            ("Maven:https://example.org/m2/", "Maven"),
            ("Packagist:https://packages.drupal.org/8", "Packagist"),
            ("GitHub Actions", "-"),
            ("GIT", "-"),
        ] {
            let found = shard_of(ecosystem).map_or("-".to_owned(), |it| it.0);
            assert_eq!(found, shard, "{ecosystem}");
        }
    }
}
