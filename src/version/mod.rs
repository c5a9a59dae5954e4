//! Which of two versions is newer: one ordering for each ecosystem.
//!
//! Two versions that the ecosystem's rules cannot order have no ordering here either. Whoever
//! asks decides what that means; a guess would hide a flaw or invent one. Every ordering is a total
//! one on what it takes, also where an ecosystem's own program goes in circles, and takes time
//! linear in the length of the versions.

mod alpm;
mod apk;
mod bitnami;
mod conda;
mod deb;
mod dotted;
mod ebuild;
mod gem;
mod generic;
mod go;
mod jvm;
mod maven;
mod names;
mod nuget;
mod perl;
mod php;
mod pypi;
mod rpm;
mod semver;
#[cfg(test)]
mod tests;
mod text;

use std::cmp::Ordering;

/// A set of rules for ordering versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// pacman's comparison of epoch, version and release.
    Alpm,
    /// apk-package(5).
    Apk,
    /// Semantic versions, and how often that version was packaged.
    Bitnami,
    /// Homebrew's, with the revision of the formula.
    Brew,
    /// Composer's, of packages of PHP.
    Composer,
    Conda,
    /// R's: numbers of which a longer version is later.
    Cran,
    /// Debian policy, section 5.6.12.
    Deb,
    /// The Package Manager Specification of Gentoo.
    Ebuild,
    /// `RubyGems`.
    Gem,
    /// Of programs that nobody packaged: numbers, and letters as OpenSSL has them.
    Generic,
    /// Semantic versions with a `v` before them, and the releases of Go itself.
    Go,
    /// The Haskell Package Versioning Policy.
    Hackage,
    /// Semantic versions of which builds have an order, too.
    Julia,
    /// Of Java's runtimes, in both of the forms they have had.
    Jvm,
    /// Maven's, of Java's artifacts.
    Maven,
    /// Semantic versions as npm reads them.
    Npm,
    /// Semantic versions with four numbers.
    Nuget,
    /// Numbers between dots, as NVIDIA's parts have them.
    Numbers,
    /// Debian's rules on what may be made of any character.
    Opam,
    /// Perl's, decimal or with dots.
    Perl,
    /// PHP's own comparison.
    Php,
    /// As [`Scheme::Julia`], of packages of Dart.
    Pub,
    /// PEP 440, and the rule before it for what PEP 440 rejects.
    Pypi,
    /// rpm's comparison of epoch, version and release.
    Rpm,
    /// Semantic versions.
    Semver,
}

/// Returns how `a` relates to `b`, or nothing where one of them is not a version.
pub fn compare(scheme: Scheme, a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = (a.trim(), b.trim());
    match scheme {
        Scheme::Alpm => alpm::compare(a, b),
        Scheme::Apk => apk::compare(a, b),
        Scheme::Bitnami => bitnami::compare(a, b),
        Scheme::Brew => generic::brew(a, b),
        Scheme::Composer => php::composer(a, b),
        Scheme::Conda => conda::compare(a, b),
        Scheme::Cran => dotted::cran(a, b),
        Scheme::Deb => deb::compare(a, b),
        Scheme::Ebuild => ebuild::compare(a, b),
        Scheme::Gem => gem::compare(a, b),
        Scheme::Generic => generic::compare(a, b),
        Scheme::Go => go::compare(a, b),
        Scheme::Hackage => dotted::hackage(a, b),
        Scheme::Jvm => jvm::compare(a, b),
        Scheme::Maven => maven::compare(a, b),
        Scheme::Npm => semver::loose(a, b),
        Scheme::Nuget => nuget::compare(a, b),
        Scheme::Numbers => dotted::padded(a, b),
        Scheme::Opam => deb::opam(a, b),
        Scheme::Perl => perl::compare(a, b),
        Scheme::Php => php::compare(a, b),
        Scheme::Julia | Scheme::Pub => semver::with_build(a, b),
        Scheme::Pypi => pypi::compare(a, b),
        Scheme::Rpm => rpm::compare(a, b),
        Scheme::Semver => semver::compare(a, b),
    }
}

/// Returns how the installed version relates to a bound that an advisory states.
///
/// Some versions have a part at their end that says how, or how often, one and the same source was
/// built: `2.1.0+cu121` of PyPI. A bound without such a part speaks of every build, though they
/// sort after it: `2.1.0+cu121` is 2.1.0 for an advisory that ends at 2.1.0. PEP 440, pacman and rpm
/// say so of their own ranges.
pub fn compare_to_bound(scheme: Scheme, installed: &str, bound: &str) -> Option<Ordering> {
    let (installed, bound) = (installed.trim(), bound.trim());
    let is_of_source = source(scheme, bound) == bound;
    compare(scheme, if is_of_source { source(scheme, installed) } else { installed }, bound)
}

/// The version without the part that tells builds of one source apart.
fn source(scheme: Scheme, version: &str) -> &str {
    match scheme {
        Scheme::Alpm | Scheme::Rpm => rpm::split(version).0,
        Scheme::Bitnami => bitnami::split(version).0,
        Scheme::Brew => generic::brew_split(version).0,
        Scheme::Julia | Scheme::Pub | Scheme::Pypi => version.split('+').next().unwrap_or(version),
        Scheme::Jvm => jvm::source(version),
        Scheme::Apk
        | Scheme::Composer
        | Scheme::Conda
        | Scheme::Cran
        | Scheme::Deb
        | Scheme::Ebuild
        | Scheme::Gem
        | Scheme::Generic
        | Scheme::Go
        | Scheme::Hackage
        | Scheme::Maven
        | Scheme::Npm
        | Scheme::Nuget
        | Scheme::Numbers
        | Scheme::Opam
        | Scheme::Perl
        | Scheme::Php
        | Scheme::Semver => version,
    }
}
