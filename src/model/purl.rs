//! The package URL of a component, <https://github.com/package-url/purl-spec>.

use packageurl::PackageUrl;

use super::{Component, Distro, Ecosystem};

impl Component {
    /// The package URL; `distro` is that of the filesystem. `None` where the name does not fit.
    pub fn purl(&self, distro: Option<&Distro>) -> Option<String> {
        let (kind, namespace, name) = self.parts(distro);
        let mut purl = PackageUrl::new(kind, name).ok()?;
        if let Some(namespace) = namespace {
            purl.with_namespace(namespace).ok()?;
        }
        let (epoch, version) = self.split_epoch();
        if !version.is_empty() {
            purl.with_version(version).ok()?;
        }
        if let Some(epoch) = epoch.filter(|it| *it != "0") {
            purl.add_qualifier("epoch", epoch).ok()?;
        }
        if let Some(arch) = self.arch.as_deref().filter(|_| self.ecosystem.is_of_distro()) {
            purl.add_qualifier("arch", arch).ok()?;
        }
        if let Some(distro) = distro.filter(|_| self.ecosystem.is_of_distro()) {
            let release = distro.version.as_deref().or(distro.codename.as_deref());
            let value =
                release.map_or_else(|| distro.id.clone(), |it| format!("{}-{it}", distro.id));
            purl.add_qualifier("distro", value).ok()?;
        }
        if self.ecosystem == Ecosystem::Model
            && let Some(digest) = self.properties.get("sha256")
        {
            purl.add_qualifier("checksum", format!("sha256:{digest}")).ok()?;
        }
        for (key, value) in &self.qualifiers {
            purl.add_qualifier(key.as_str(), value.as_str()).ok()?;
        }
        Some(purl.to_string())
    }

    /// Type, namespace and name.
    fn parts<'a>(&'a self, distro: Option<&'a Distro>) -> (&'static str, Option<&'a str>, &'a str) {
        let name = self.name.as_str();
        let kind = self.ecosystem.purl_type();
        let split = |separator| match name.rsplit_once(separator) {
            Some((namespace, name)) => (kind, Some(namespace), name),
            None => (kind, None, name),
        };
        match self.ecosystem {
            Ecosystem::Maven => split(':'),
            Ecosystem::Git if name.starts_with("github.com/") => {
                let (_, path) = name.split_once('/').unwrap_or_default();
                match path.split_once('/') {
                    Some((owner, name)) => ("github", Some(owner), name),
                    None => ("github", None, path),
                }
            }
            Ecosystem::Composer
            | Ecosystem::Cpan
            | Ecosystem::Ebuild
            | Ecosystem::Git
            | Ecosystem::Golang
            | Ecosystem::HuggingFace
            | Ecosystem::Npm
            | Ecosystem::Pear => split('/'),
            Ecosystem::Nvidia => (kind, Some("nvidia"), name),
            Ecosystem::Apk | Ecosystem::Alpm | Ecosystem::Deb | Ecosystem::Rpm => {
                (kind, distro.map(|it| vendor(&it.id)), name)
            }
            Ecosystem::Bitnami
            | Ecosystem::Brew
            | Ecosystem::Cargo
            | Ecosystem::Conda
            | Ecosystem::Cran
            | Ecosystem::Gem
            | Ecosystem::Generic
            | Ecosystem::Hex
            | Ecosystem::Julia
            | Ecosystem::Luarocks
            | Ecosystem::Model
            | Ecosystem::Nix
            | Ecosystem::Nuget
            | Ecosystem::Opkg
            | Ecosystem::Otp
            | Ecosystem::Pypi
            | Ecosystem::Spack
            | Ecosystem::WordPress => (kind, None, name),
        }
    }

    /// An rpm's epoch is a qualifier; Debian's and Arch's are part of the version.
    fn split_epoch(&self) -> (Option<&str>, &str) {
        match self.version.split_once(':') {
            Some((epoch, version)) if self.ecosystem == Ecosystem::Rpm => (Some(epoch), version),
            _ => (None, &self.version),
        }
    }
}

impl Ecosystem {
    /// The type in package URLs.
    pub fn purl_type(self) -> &'static str {
        match self {
            Self::Alpm => "alpm",
            Self::Apk => "apk",
            Self::Bitnami => "bitnami",
            Self::Brew => "brew",
            Self::Cargo => "cargo",
            Self::Composer => "composer",
            Self::Conda => "conda",
            Self::Cpan => "cpan",
            Self::Cran => "cran",
            Self::Deb => "deb",
            Self::Ebuild => "ebuild",
            Self::Gem => "gem",
            Self::Generic | Self::Git | Self::Model | Self::Nvidia => "generic",
            Self::Golang => "golang",
            Self::Hex => "hex",
            Self::HuggingFace => "huggingface",
            Self::Julia => "julia",
            Self::Luarocks => "luarocks",
            Self::Maven => "maven",
            Self::Nix => "nix",
            Self::Npm => "npm",
            Self::Nuget => "nuget",
            Self::Opkg => "opkg",
            Self::Otp => "otp",
            Self::Pear => "pear",
            Self::Pypi => "pypi",
            Self::Rpm => "rpm",
            Self::Spack => "spack",
            Self::WordPress => "wordpress-plugin",
        }
    }
}

/// The vendor as package URLs spell it, by the `ID` of `os-release`.
fn vendor(id: &str) -> &str {
    match id {
        "rhel" => "redhat",
        "sles" | "sled" | "sles_sap" => "suse",
        "opensuse-leap" | "opensuse-tumbleweed" => "opensuse",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::{Component, Distro, Ecosystem};

    fn check(ecosystem: Ecosystem, name: &str, version: &str) -> String {
        let component = Component::new(ecosystem, name, version);
        component.purl(None).unwrap_or_default()
    }

    #[test]
    fn names_are_split_as_their_type_asks() {
        use Ecosystem::{
            Composer, Generic, Git, Golang, HuggingFace, Maven, Npm, Nvidia, Pear, Pypi,
        };
        for (ecosystem, name, version, purl) in [
            (Pypi, "jinja2", "2.10+cu1", "pkg:pypi/jinja2@2.10%2Bcu1"),
            (Npm, "@babel/core", "7.0.0", "pkg:npm/%40babel/core@7.0.0"),
            (Npm, "lodash", "4.17.21", "pkg:npm/lodash@4.17.21"),
            (Maven, "org.slf4j:slf4j-api", "2.0", "pkg:maven/org.slf4j/slf4j-api@2.0"),
            (Golang, "golang.org/x/net", "v0.1.0", "pkg:golang/golang.org/x/net@v0.1.0"),
            (Golang, "stdlib", "1.22.1", "pkg:golang/stdlib@1.22.1"),
            (Composer, "symfony/yaml", "6.0", "pkg:composer/symfony/yaml@6.0"),
            (HuggingFace, "Qwen/Qwen2-7B", "ABCDEF", "pkg:huggingface/Qwen/Qwen2-7B@abcdef"),
            (Nvidia, "cudnn", "9.1.0", "pkg:generic/nvidia/cudnn@9.1.0"),
            (Pear, "pecl.php.net/redis", "6.0", "pkg:pear/pecl.php.net/redis@6.0"),
            (Generic, "openssl", "3.0.1", "pkg:generic/openssl@3.0.1"),
            (Git, "github.com/vllm-project/vllm", "abc", "pkg:github/vllm-project/vllm@abc"),
            (Git, "git.example.org/a/b", "abc", "pkg:generic/git.example.org/a/b@abc"),
        ] {
            assert_eq!(check(ecosystem, name, version), purl);
        }
    }

    #[test]
    fn a_distribution_s_package_names_its_vendor_architecture_and_release() {
        let distro = |id: &str, version: &str| Distro {
            id: id.to_owned(),
            version: Some(version.to_owned()),
            ..Distro::default()
        };
        let shown = |ecosystem, version: &str, distro: &Distro| {
            let mut component = Component::new(ecosystem, "libstdc++6", version);
            component.arch = Some("amd64".to_owned());
            component.purl(Some(distro)).unwrap()
        };
        assert_eq!(
            shown(Ecosystem::Deb, "1:12.2.0-14", &distro("debian", "12")),
            "pkg:deb/debian/libstdc%2B%2B6@1:12.2.0-14?arch=amd64&distro=debian-12"
        );
        assert_eq!(
            shown(Ecosystem::Rpm, "1:2.0-3.el9", &distro("rhel", "9.4")),
            "pkg:rpm/redhat/libstdc%2B%2B6@2.0-3.el9?arch=amd64&distro=rhel-9.4&epoch=1"
        );
    }

    #[test]
    fn a_model_is_told_by_its_digest() {
        let model = Component::new(Ecosystem::Model, "m.gguf", "").property("sha256", "00ff");
        assert_eq!(model.purl(None).as_deref(), Some("pkg:generic/m.gguf?checksum=sha256:00ff"));
    }
}
