//! Installed packages of R.
//!
//! `DESCRIPTION` in a package's directory, in a library anywhere: fields as Debian's control files
//! have them, <https://cran.r-project.org/doc/manuals/r-release/R-exts.html#The-DESCRIPTION-file>.
//! Installing a package adds `Built`; without it R does not take a package for installed, and so it
//! is declared only. Packages of priority `base` are part of R itself. renv keeps packages in its
//! cache and links libraries to them, so there they are in use.

use super::{Analyzer, Found, Want, text, url};
use crate::model::{Component, Ecosystem, LayerPath, Standing};

pub(super) const ANALYZER: Analyzer = Analyzer {
    id: "r",
    wants: &[Want::Name("DESCRIPTION")],
    read: |input| Ok(read(input.path, &input.whole()?)),
    ..Analyzer::BASE
};

/// The fields that matter, as they stand.
#[derive(Default)]
struct Description<'a> {
    package: Option<&'a [u8]>,
    version: Option<&'a [u8]>,
    license: Option<&'a [u8]>,
    priority: Option<&'a [u8]>,
    built: Option<&'a [u8]>,
    repository: Option<&'a [u8]>,
    /// Where it was installed from, if that was no repository; `remotes` and its kin add these.
    remote_type: Option<&'a [u8]>,
    remote_url: Option<&'a [u8]>,
    remote_username: Option<&'a [u8]>,
    remote_repo: Option<&'a [u8]>,
    remote_sha: Option<&'a [u8]>,
}

fn read(path: &LayerPath, bytes: &[u8]) -> Found {
    let mut found = Found::default();
    let mut description = Description::default();
    for (key, value) in text::lines(bytes).filter_map(|(_, line)| text::field(line)) {
        description.add(key, value);
    }
    let name = description.package.and_then(text::value);
    let Some((name, version)) = name.zip(description.version.and_then(text::value)) else {
        // Other things have descriptions, too.
        if description.built.is_some() {
            found.note(1, "a package without a readable name and version");
        }
        return found;
    };
    let mut component = Component::new(Ecosystem::Cran, name, version);
    component.standing = match description.built {
        Some(_) if description.priority == Some(b"base") => Standing::Bundled,
        Some(_) => Standing::Installed,
        // A library has packages in directories of their names.
        None if path.parent().rsplit('/').next() == Some(name) => Standing::Declared,
        None => return found,
    };
    // Alternatives stand between bars.
    let licenses = description.license.unwrap_or_default().split(|it| *it == b'|');
    component.licenses = text::licenses(licenses.take(32));
    for (key, value) in [
        ("r", description.built.and_then(r_version)),
        ("repository", description.repository()),
        ("remote", description.remote()),
        ("commit", description.commit()),
    ] {
        if let Some(value) = value {
            component = component.property(key, &value);
        }
    }
    found.component(component);
    found
}

impl<'a> Description<'a> {
    fn add(&mut self, key: &[u8], value: &'a [u8]) {
        let into = match key {
            b"Package" => &mut self.package,
            b"Version" => &mut self.version,
            b"License" => &mut self.license,
            b"Priority" => &mut self.priority,
            b"Built" => &mut self.built,
            b"Repository" => &mut self.repository,
            b"RemoteType" => &mut self.remote_type,
            b"RemoteUrl" => &mut self.remote_url,
            b"RemoteUsername" => &mut self.remote_username,
            b"RemoteRepo" => &mut self.remote_repo,
            b"RemoteSha" => &mut self.remote_sha,
            _ => return,
        };
        *into = Some(value);
    }

    /// `CRAN`, or where else it was published.
    fn repository(&self) -> Option<String> {
        let repository = text::phrase(self.repository?)?;
        if repository.contains("://") {
            url::public(repository)
        } else {
            Some(repository.to_owned())
        }
    }

    /// `github:user/repository`, or a URL.
    fn remote(&self) -> Option<String> {
        let kind = self.remote_type.and_then(text::value).filter(|it| *it != "standard")?;
        let user = self.remote_username.and_then(text::value);
        if let Some((user, repo)) = user.zip(self.remote_repo.and_then(text::value)) {
            return Some(format!("{kind}:{user}/{repo}"));
        }
        url::public(text::value(self.remote_url?)?)
    }

    /// The commit. Of a package from a repository, the field holds its version.
    fn commit(&self) -> Option<String> {
        let sha = text::value(self.remote_sha?)?;
        (sha.len() >= 40 && sha.bytes().all(|it| it.is_ascii_hexdigit())).then(|| sha.to_owned())
    }
}

/// The version of R in `R 4.2.2; x86_64-pc-linux-gnu; 2022-11-10 20:21:31 UTC; unix`.
fn r_version(built: &[u8]) -> Option<String> {
    let first = built.split(|it| *it == b';').next()?;
    text::value(first.strip_prefix(b"R ")?).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use crate::analyze::tests::{find, shown, wants};

    fn check(text: &str) -> String {
        shown(&find(&ANALYZER, "usr/lib/R/site-library/x/DESCRIPTION", text.as_bytes()))
    }

    #[test]
    fn a_package_from_a_repository() {
        insta::assert_snapshot!(check(
            "Package: data.table\nVersion: 1.14.8\nTitle: Extension of\n  Version: 9\n\
             License: GPL-2 | MPL-2.0 | file LICENSE\nRepository: CRAN\nRemoteSha: 1.14.8\n\
             RemoteType: standard\nBuilt: R 4.2.2; x86_64-pc-linux-gnu; 2023-02-18; unix\n"
        ), @r#"cran data.table 1.14.8 licensed ["GPL-2", "MPL-2.0", "file LICENSE"] r=4.2.2 repository=CRAN"#);
    }

    #[test]
    fn a_package_from_a_commit() {
        insta::assert_snapshot!(check(
            "Package: cli\nVersion: 3.6.1.9000\nLicense: MIT + file LICENSE\nRemoteType: github\n\
             RemoteHost: api.github.com\nRemoteRepo: cli\nRemoteUsername: r-lib\n\
             RemoteSha: 7921be1537eac1e97bc40179a57f0349c2aee67d\nBuilt: R 4.3.1; ; x; unix\n"
        ), @r#"cran cli 3.6.1.9000 licensed ["MIT + file LICENSE"] commit=7921be1537eac1e97bc40179a57f0349c2aee67d r=4.3.1 remote=github:r-lib/cli"#);
        let git = "Package: a\nVersion: 1\nBuilt: R 4.3.1\nRemoteType: git\n\
                   RemoteUrl: https://user:t0ken@h/a.git\nRepository: https://u:p@h/cran\n";
        assert_eq!(
            check(git),
            "cran a 1 r=4.3.1 remote=https://h/a.git repository=https://h/cran\n"
        );
    }

    #[test]
    fn what_r_brings_is_part_of_it() {
        let text = "Package: stats\nVersion: 4.2.2\nPriority: base\nLicense: Part of R 4.2.2\nBuilt: R 4.2.2; ; x; unix\n";
        assert_eq!(
            check(text),
            "cran stats 4.2.2 bundled licensed [\"Part of R 4.2.2\"] r=4.2.2\n"
        );
    }

    #[test]
    fn a_source_is_not_installed() {
        assert_eq!(check("Package: a\nVersion: 1\n"), "");
        assert_eq!(check("Package: x\nVersion: 1\n"), "cran x 1 declared\n");
        assert_eq!(check("A text.\n"), "");
        assert_eq!(
            check("Built: x\n"),
            "note r: line 1: a package without a readable name and version\n"
        );
        assert!(!wants(&ANALYZER, "opt/conda/pkgs/r-a-1.0-r43_0/lib/R/library/a/DESCRIPTION"));
        assert!(wants(
            &ANALYZER,
            "root/.cache/R/renv/cache/v5/R-4.3/x86_64/a/1.0/0ab/a/DESCRIPTION"
        ));
    }
}
