//! Which of two versions is newer: one ordering for each ecosystem.
//!
//! Two versions that the ecosystem's rules cannot order have no ordering here either. Whoever
//! asks decides what that means; a guess would hide a flaw or invent one.

mod apk;
mod go;
mod pypi;

use std::cmp::Ordering;

use crate::model::Ecosystem;

/// A set of rules for ordering versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Debian policy, section 5.6.12.
    Deb,
    /// apk-package(5).
    Apk,
    /// PEP 440, and the rule before it for what PEP 440 rejects.
    Pypi,
    /// Semantic versions as npm reads them.
    Npm,
    /// Semantic versions with a `v` before them, and the releases of Go itself.
    Go,
    /// Semantic versions, strictly.
    Semver,
    /// rpm's comparison of epoch, version and release.
    Rpm,
    /// Numbers between dots, as NVIDIA's parts have them.
    Numbers,
}

impl Scheme {
    /// The rules of `ecosystem`; none where its versions are not ordered here.
    pub fn of(ecosystem: Ecosystem) -> Option<Self> {
        match ecosystem {
            Ecosystem::Deb => Some(Self::Deb),
            Ecosystem::Apk => Some(Self::Apk),
            Ecosystem::Pypi => Some(Self::Pypi),
            Ecosystem::Npm => Some(Self::Npm),
            Ecosystem::Golang => Some(Self::Go),
            Ecosystem::Cargo => Some(Self::Semver),
            Ecosystem::Rpm => Some(Self::Rpm),
            Ecosystem::Nvidia => Some(Self::Numbers),
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
            | Ecosystem::WordPress => None,
        }
    }
}

/// Returns how `a` relates to `b`, or nothing where one of them is not a version.
pub fn compare(scheme: Scheme, a: &str, b: &str) -> Option<Ordering> {
    match scheme {
        Scheme::Deb => Some(deb(a)?.cmp(&deb(b)?)),
        Scheme::Apk => Some(apk::Version::parse(a)?.cmp(&apk::Version::parse(b)?)),
        Scheme::Pypi => Some(pypi::Version::parse(a)?.cmp(&pypi::Version::parse(b)?)),
        Scheme::Npm => Some(npm(a)?.cmp(&npm(b)?)),
        Scheme::Go => Some(go::parse(a)?.cmp_precedence(&go::parse(b)?)),
        Scheme::Semver => Some(semver(a)?.cmp_precedence(&semver(b)?)),
        Scheme::Rpm => Some(rpm(a)?.cmp(&rpm(b)?)),
        Scheme::Numbers => Some(numbers(a)?.cmp(&numbers(b)?)),
    }
}

/// Returns how the installed version relates to a bound that an advisory states.
///
/// PEP 440 lets a bound without a local part speak for every build of that release: `2.1.0+cu121`
/// is 2.1.0 for an advisory that ends at 2.1.0, though it sorts after it.
pub fn compare_to_bound(scheme: Scheme, installed: &str, bound: &str) -> Option<Ordering> {
    let is_public = scheme == Scheme::Pypi && !bound.contains('+');
    let installed = match installed.split_once('+') {
        Some((public, _)) if is_public => public,
        _ => installed,
    };
    compare(scheme, installed, bound)
}

fn deb(text: &str) -> Option<debversion::Version> {
    // Installed packages are older and stranger than the policy: an underscore does no harm.
    debversion::Version::parse_lenient(text.trim()).ok()
}

fn npm(text: &str) -> Option<nodejs_semver::Version> {
    nodejs_semver::Version::parse(text.trim()).ok()
}

fn semver(text: &str) -> Option<semver::Version> {
    semver::Version::parse(text.trim()).ok()
}

fn rpm(text: &str) -> Option<rpm_version::Evr<'_>> {
    let is_one = |it: char| it.is_ascii_alphanumeric() || "._+~^:-".contains(it);
    let text = text.trim();
    (!text.is_empty() && text.chars().all(is_one)).then(|| rpm_version::Evr::parse(text))
}

/// Zeros at the end say nothing: 9.1 is 9.1.0.
fn numbers(text: &str) -> Option<Vec<u64>> {
    let parts = text.trim().split('.').map(|it| it.parse().ok());
    let mut parts: Vec<u64> = parts.collect::<Option<_>>()?;
    while parts.last() == Some(&0) {
        parts.pop();
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::{Scheme, compare, compare_to_bound};

    /// Versions in rising order; those in one string are equal.
    const LADDERS: &[(Scheme, &[&str])] = &[
        (
            Scheme::Deb,
            &[
                "0~~",
                "0~",
                "0 0-0 0:0",
                "1.0~rc1-1",
                "1.0-1~deb12u1",
                "1.0-1 1.00-1 0:1.0-1",
                "1.0-1+b1",
                "1.0-1+deb12u1",
                "1.0-1.1",
                "1.0-10",
                "1.0a-1",
                "1.0+dfsg-1",
                "1.2.3-1",
                "1.10-1",
                "3.0.11-1~deb12u2",
                "3.0.14-1",
                "2024.1-1",
                "1:0.1-1",
                "2:0-1",
            ],
        ),
        (
            Scheme::Apk,
            &[
                "0",
                "0.1_alpha",
                "0.1_alpha2",
                "0.1_beta",
                "0.1_pre1",
                "0.1_rc1",
                "0.1_rc2",
                "0.1 0.1-r0",
                "0.1-r1",
                "0.1-r10",
                "0.1_cvs1",
                "0.1_svn1",
                "0.1_git20240101",
                "0.1_git20240101-r1",
                "0.1_hg1",
                "0.1_p1",
                "0.1_p1_p2",
                "0.1a",
                "0.1b",
                "0.1p1-r3",
                "0.1p2-r0",
                "0.1.0",
                "0.1.01",
                "0.1.1",
                "0.2",
                "1 1~deadbeef",
                "1.2.5-r0",
                "1.2.5-r2",
                "1.2.10",
                "20240101",
            ],
        ),
        (
            Scheme::Pypi,
            &[
                "0.1-bulbasaur",
                "1.0-legacy.1",
                "0.9",
                "1.0.dev1",
                "1.0a1 1.0-alpha.1",
                "1.0a2.dev3",
                "1.0a2",
                "1.0b1",
                "1.0rc1 1.0c1",
                "1.0 1 v1.0.0 1.0.0.0",
                "1.0+cu118",
                "1.0+cu121",
                "1.0.post1 1.0-1",
                "1.0.1",
                "1.2",
                "1.10",
                "2024.1",
                "1!0.1",
            ],
        ),
        (
            Scheme::Npm,
            &[
                "0.0.1-0",
                "0.0.1",
                "1.0.0-1",
                "1.0.0-alpha",
                "1.0.0-alpha.1",
                "1.0.0-alpha.beta",
                "1.0.0-beta.2",
                "1.0.0-beta.11",
                "1.0.0-rc.1",
                "1.0.0 v1.0.0 1.0.0+build.5",
                "1.0.1",
                "1.2.0",
                "1.10.0",
                "4.17.21",
            ],
        ),
        (
            Scheme::Go,
            &[
                "v0.0.0-20190101000000-abcdefabcdef",
                "v0.0.0-20200101000000-0123456789ab 0.0.0-20200101000000-0123456789ab",
                "v0.1.0",
                "v1.2.3-0.20210101000000-abcdefabcdef",
                "v1.2.3-pre",
                "v1.2.3 1.2.3 v1.2.3+incompatible",
                "1.20rc1 1.20.0-rc.1",
                "1.20 go1.20 1.20.0",
                "1.20.1",
                "1.21beta1",
                "1.21rc2",
                "1.21rc10",
                "1.21.0",
                "v2.0.0+incompatible",
            ],
        ),
        (Scheme::Semver, &["0.1.0-alpha", "0.1.0", "0.1.1 0.1.1+build", "0.2.0", "1.0.0"]),
        (
            Scheme::Rpm,
            &[
                "1.0~rc1-1.el9",
                "1.0-1.el9 0:1.0-1.el9",
                "1.0-1.el9_1",
                "1.0^git1-1.el9",
                "1.0.1-1",
                "1.10-1",
                "1:0.1-1",
            ],
        ),
        (Scheme::Numbers, &["8.9", "9.1 9.1.0", "9.1.0.70", "9.10", "550.54.15", "560"]),
    ];

    const SCHEMES: [Scheme; 8] = [
        Scheme::Deb,
        Scheme::Apk,
        Scheme::Pypi,
        Scheme::Npm,
        Scheme::Go,
        Scheme::Semver,
        Scheme::Rpm,
        Scheme::Numbers,
    ];

    #[test]
    fn every_rung_is_above_the_ones_before_it() {
        for (scheme, ladder) in LADDERS {
            for (i, low) in ladder.iter().enumerate() {
                for (j, high) in ladder.iter().enumerate() {
                    for a in low.split(' ') {
                        for b in high.split(' ') {
                            assert_eq!(
                                compare(*scheme, a, b),
                                Some(i.cmp(&j)),
                                "{scheme:?}: {a} and {b}"
                            );
                        }
                    }
                }
            }
        }
    }

    /// Odd spellings whose place nobody promises; the laws hold for them all the same.
    const ODD: &[&str] = &[
        "",
        " ",
        "-",
        "0",
        "00",
        "0.0",
        "0.00",
        "01",
        "1",
        "1.",
        ".1",
        "1.0",
        "1.00",
        "1.01",
        "1.1",
        "1.10",
        "1.010",
        "1a",
        "a",
        "1_p",
        "1_p0",
        "1_p_rc",
        "1_rc_p",
        "1~",
        "1~ab",
        "1~zz",
        "1-",
        "1-r",
        "1-r0",
        "1-r1",
        "1-1",
        "1-0",
        "1:1",
        "a:1",
        "99999999999:1",
        "1!1",
        "v1",
        "1.0.0-",
        "1.0.0-01",
        "1.0.0+",
        "1.0.0-a.b",
        "x",
        "*",
        "latest",
        "1.x",
        "1.0.0.0",
        "é",
        "１",
        "1.0+é",
        "foo-1",
        "99999999999999999999999",
        "1.0.99999999999999999999999",
        "1.0-final",
        "1.0final",
        "1.0-dev",
        "1.0dev",
        "1.0-pre",
    ];

    #[test]
    fn the_order_is_antisymmetric_and_transitive() {
        for scheme in SCHEMES {
            let order: Vec<Vec<_>> =
                ODD.iter().map(|a| ODD.iter().map(|b| compare(scheme, a, b)).collect()).collect();
            for (a, row) in order.iter().enumerate() {
                for (b, ab) in row.iter().enumerate() {
                    assert_eq!(
                        *ab,
                        order[b][a].map(Ordering::reverse),
                        "{scheme:?}: {:?} {:?}",
                        ODD[a],
                        ODD[b]
                    );
                    for (c, bc) in
                        order[b].iter().enumerate().filter(|(_, bc)| *bc == ab && ab.is_some())
                    {
                        assert_eq!(
                            row[c], *bc,
                            "{scheme:?}: {:?} {:?} {:?}",
                            ODD[a], ODD[b], ODD[c]
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_not_a_version_has_no_order() {
        assert_eq!(compare(Scheme::Deb, "1.0", "not a version"), None);
        assert_eq!(compare(Scheme::Apk, "1.0", "1.0_blah"), None);
        assert_eq!(compare(Scheme::Npm, "latest", "1.0.0"), None);
        assert_eq!(compare(Scheme::Pypi, "", "1.0"), None);
    }

    #[test]
    fn a_local_build_counts_as_its_release() {
        let bound = |installed, bound| compare_to_bound(Scheme::Pypi, installed, bound);
        assert_eq!(bound("2.1.0+cu121", "2.1.0"), Some(Ordering::Equal));
        assert_eq!(bound("2.1.0+cu121", "2.1.0+cu118"), Some(Ordering::Greater));
        assert_eq!(compare_to_bound(Scheme::Deb, "1.0+dfsg-1", "1.0-1"), Some(Ordering::Greater));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_compared_without_a_panic(a in "\\PC{0,24}", b in "[0-9a-z.~_+:!-]{0,24}") {
            for scheme in SCHEMES {
                let ab = compare(scheme, &a, &b);
                proptest::prop_assert_eq!(ab, compare(scheme, &b, &a).map(Ordering::reverse));
            }
        }
    }
}
