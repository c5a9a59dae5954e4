//! Components out of package URLs, <https://github.com/package-url/purl-spec>.

use std::str::FromStr as _;

use packageurl::PackageUrl;

use crate::analyze::text;
use crate::model::{Component, Ecosystem, SourcePackage};

/// Qualifiers that say which package it is, and not where to get it.
const KEPT: &[&str] =
    &["arch", "build", "channel", "classifier", "distro", "platform", "subdir", "type", "uuid"];

/// The longest that is read. Package URLs are written in one line.
const MAX_LENGTH: usize = 4096;

/// What a document names.
pub(super) enum Named {
    Package(Box<Component>),
    /// No package, or one without a version, which says too little.
    Nothing,
    Unreadable,
}

/// What is named by the first of `purls` that can be read, or else by its bare name.
pub(super) fn named(purls: &[String], name: Option<&str>, version: Option<&str>) -> Named {
    // An image is not installed in itself.
    if purls.iter().any(|it| it.starts_with("pkg:docker/") || it.starts_with("pkg:oci/")) {
        return Named::Nothing;
    }
    if let Some(component) = purls.iter().find_map(|it| component(it)) {
        return Named::Package(Box::new(component));
    }
    let fact = |raw: &str| text::value(raw.as_bytes()).map(str::to_owned);
    match (name.and_then(fact), version.and_then(fact)) {
        (None, _) => Named::Unreadable,
        (Some(name), Some(version)) => {
            Named::Package(Box::new(Component::new(Ecosystem::Generic, name, version)))
        }
        (Some(_), None) => Named::Nothing,
    }
}

/// The component that `raw` names, if it can be read.
pub fn component(raw: &str) -> Option<Component> {
    let purl = PackageUrl::from_str(raw).ok().filter(|_| raw.len() <= MAX_LENGTH)?;
    let kind = purl.ty();
    let ecosystem = ecosystem(kind);
    let name = name(ecosystem, &purl);
    let name = text::value(name.as_bytes())?;
    let qualifiers = purl.qualifiers();
    let qualifier = |key: &str| {
        let value = qualifiers.iter().find(|(it, _)| it.as_ref() == key)?.1;
        text::value(value.as_bytes()).map(str::to_owned)
    };
    let mut version = match purl.version() {
        Some(version) => text::value(version.as_bytes())?.to_owned(),
        None => String::new(),
    };
    if let Some(epoch) = qualifier("epoch").filter(|it| it != "0" && !version.contains(':')) {
        version = format!("{epoch}:{version}");
    }
    let mut component = Component::new(ecosystem, name, version);
    if ecosystem.is_of_distro() {
        // Its vendor and release are those of the filesystem.
        component.arch = qualifier("arch");
        component.source = qualifier("upstream").map(|it| match it.rsplit_once('@') {
            Some((name, version)) => {
                SourcePackage { name: name.to_owned(), version: version.to_owned() }
            }
            None => SourcePackage { name: it, version: String::new() },
        });
    } else {
        for key in KEPT {
            if let Some(value) = qualifier(key) {
                component.qualifiers.insert((*key).to_owned(), value);
            }
        }
    }
    if ecosystem == Ecosystem::Generic && kind != "generic" {
        component = component.property("type", text::value(kind.as_bytes())?);
    }
    Some(component)
}

/// The kind of package that a type of package URL stands for.
fn ecosystem(kind: &str) -> Ecosystem {
    match kind {
        "alpm" => Ecosystem::Alpm,
        "apk" => Ecosystem::Apk,
        "bitbucket" | "github" | "gitlab" => Ecosystem::Git,
        "bitnami" => Ecosystem::Bitnami,
        "brew" | "homebrew" => Ecosystem::Brew,
        "cargo" => Ecosystem::Cargo,
        "composer" => Ecosystem::Composer,
        "conda" => Ecosystem::Conda,
        "cpan" => Ecosystem::Cpan,
        "cran" => Ecosystem::Cran,
        "deb" => Ecosystem::Deb,
        "ebuild" => Ecosystem::Ebuild,
        "gem" => Ecosystem::Gem,
        "golang" => Ecosystem::Golang,
        "hex" => Ecosystem::Hex,
        "huggingface" => Ecosystem::HuggingFace,
        "julia" => Ecosystem::Julia,
        "luarocks" => Ecosystem::Luarocks,
        "maven" => Ecosystem::Maven,
        "nix" => Ecosystem::Nix,
        "npm" => Ecosystem::Npm,
        "nuget" => Ecosystem::Nuget,
        "opkg" => Ecosystem::Opkg,
        "otp" => Ecosystem::Otp,
        "pear" => Ecosystem::Pear,
        "pypi" => Ecosystem::Pypi,
        "rpm" => Ecosystem::Rpm,
        "spack" => Ecosystem::Spack,
        "wordpress-plugin" => Ecosystem::WordPress,
        _ => Ecosystem::Generic,
    }
}

/// The name as the ecosystem spells it, with the namespace where that is part of it.
fn name(ecosystem: Ecosystem, purl: &PackageUrl<'_>) -> String {
    let name = purl.name();
    let namespace = purl.namespace().filter(|it| !it.is_empty());
    match (ecosystem, namespace) {
        (Ecosystem::Git, Some(owner)) => {
            let end = if purl.ty() == "bitbucket" { "org" } else { "com" };
            format!("{}.{end}/{owner}/{name}", purl.ty())
        }
        (Ecosystem::Maven, Some(group)) => format!("{group}:{name}"),
        (
            Ecosystem::Composer
            | Ecosystem::Ebuild
            | Ecosystem::Generic
            | Ecosystem::Golang
            | Ecosystem::HuggingFace
            | Ecosystem::Npm
            | Ecosystem::Pear,
            Some(namespace),
        ) => format!("{namespace}/{name}"),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::component;

    fn check(raw: &str) -> String {
        let Some(it) = component(raw) else { return String::new() };
        let source = it.source.map(|it| format!(" from {} {}", it.name, it.version));
        let more = [it.arch.map(|it| format!(" {it}")), source].into_iter().flatten();
        let pairs = it.qualifiers.iter().chain(&it.properties);
        let pairs = pairs.map(|(key, value)| format!(" {key}={value}"));
        let more: String = more.chain(pairs).collect();
        format!("{:?} {} {}{more}", it.ecosystem, it.name, it.version)
    }

    #[test]
    fn names_are_spelled_as_their_ecosystem_does() {
        for (purl, expected) in [
            ("pkg:npm/%40babel/core@7.0.0", "Npm @babel/core 7.0.0"),
            (
                "pkg:maven/org.slf4j/slf4j-api@2.0?type=jar",
                "Maven org.slf4j:slf4j-api 2.0 type=jar",
            ),
            ("pkg:golang/golang.org/x/net@v0.1.0#http", "Golang golang.org/x/net v0.1.0"),
            ("pkg:composer/symfony/yaml@6.0", "Composer symfony/yaml 6.0"),
            ("pkg:pypi/jinja2@2.10", "Pypi jinja2 2.10"),
            ("pkg:pypi/Jinja2_X@2.10", "Pypi jinja2-x 2.10"),
            ("pkg:github/a/b@v1", "Git github.com/a/b v1"),
            ("pkg:bitbucket/a/b@v1", "Git bitbucket.org/a/b v1"),
            ("pkg:generic/openssl@3.0?download_url=https://x", "Generic openssl 3.0"),
            ("pkg:swift/github.com/a/b@1", "Generic github.com/a/b 1 type=swift"),
            ("pkg:cpan/ABC/JSON-PP@4", "Cpan JSON-PP 4"),
            ("pkg:gem/nokogiri@1?platform=java", "Gem nokogiri 1 platform=java"),
            ("pkg:npm/a", "Npm a "),
        ] {
            assert_eq!(check(purl), expected, "{purl}");
        }
    }

    #[test]
    fn a_distribution_s_package_has_its_epoch_and_source() {
        assert_eq!(
            check(
                "pkg:rpm/redhat/bind@9.1-2?arch=x86_64&epoch=32&distro=rhel-9&upstream=bind.src.rpm"
            ),
            "Rpm bind 32:9.1-2 x86_64 from bind.src.rpm "
        );
        assert_eq!(
            check("pkg:deb/debian/libssl3@3.0?arch=amd64&upstream=openssl%403.0.1"),
            "Deb libssl3 3.0 amd64 from openssl 3.0.1"
        );
    }

    #[test]
    fn what_names_no_package_is_none() {
        for purl in ["", "npm/a@1", "pkg:npm", "pkg:npm/a%20b@1", "pkg:npm/a@1%1b"] {
            assert_eq!(check(purl), "", "{purl}");
        }
        assert_eq!(check(&format!("pkg:npm/{}", "a".repeat(5000))), "");
    }
}
