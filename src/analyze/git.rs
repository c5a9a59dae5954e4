//! Checkouts of Git repositories: `git clone`, `pip install -e`, `ADD` of a repository.
//!
//! Format: gitrepository-layout(5), <https://git-scm.com/docs/gitrepository-layout>. `HEAD` names the
//! branch, and of all branches' files none says that it is the one. But `logs/HEAD` has a line for
//! every move: the last one names the commit, and the first one, after a clone, the repository. That
//! proves the checkout; one whose log was removed is not found. `config` adds the address of the
//! remote about it.
//!
//! A checkout goes by host and path of the repository, without user, password and port, or, where
//! the log does not tell, by its directory.

use super::{Analyzer, Found, Want, text, url};
use crate::model::{Component, Ecosystem, LayerPath};

pub(super) const ANALYZER: Analyzer = Analyzer {
    id: "git",
    wants: &[Want::Name("HEAD"), Want::Name("config")],
    accepts: |path| Kind::of(path).is_some(),
    read: |input| {
        let mut found = Found::default();
        let Some((kind, directory)) = Kind::of(input.path) else { return Ok(found) };
        let bytes = input.whole()?;
        match kind {
            Kind::Log => read_log(directory, &bytes, &mut found),
            Kind::Config => {
                if let Some(remote) = remote(&bytes) {
                    found.about(format!("{directory}/logs/HEAD"), "remote", remote);
                }
            }
        }
        Ok(found)
    },
    ..Analyzer::BASE
};

#[derive(Clone, Copy)]
enum Kind {
    Log,
    Config,
}

impl Kind {
    /// The kind of a file, and the repository that it is in: `.git`, or that of a submodule or of
    /// another worktree below.
    fn of(path: &LayerPath) -> Option<(Self, &str)> {
        let path = path.as_str();
        let (kind, directory) = if let Some(directory) = path.strip_suffix("/logs/HEAD") {
            (Self::Log, directory)
        } else {
            (Self::Config, path.strip_suffix("/config")?)
        };
        let inside = match directory.rsplit_once(".git/") {
            Some((above, inside)) if above.is_empty() || above.ends_with('/') => inside,
            _ => {
                let is_git = directory == ".git" || directory.ends_with("/.git");
                return is_git.then_some((kind, directory));
            }
        };
        let is_repository = match inside.split_once('/') {
            Some(("modules", name)) => !name.split('/').any(|it| matches!(it, "refs" | "logs")),
            // A worktree shares the configuration.
            Some(("worktrees", name)) => !name.contains('/') && !matches!(kind, Self::Config),
            _ => false,
        };
        is_repository.then_some((kind, directory))
    }
}

/// The lines are `OLD NEW AUTHOR <MAIL> TIME ZONE<TAB>WHAT`.
fn read_log(directory: &str, bytes: &[u8], found: &mut Found) {
    let mut cloned_from = None;
    let mut last = None;
    for (number, line) in text::lines(bytes).filter(|(_, line)| !line.is_empty()) {
        let new = line.split(|it| *it == b' ').nth(1);
        last = new.and_then(commit);
        if last.is_none() {
            found.note(number, "a move without a readable commit");
            continue;
        }
        let what = memchr::memchr(b'\t', line).and_then(|at| line.get(at + 1..));
        let address = what.and_then(|it| it.strip_prefix(b"clone: from "));
        cloned_from = address.and_then(repository).or(cloned_from);
    }
    if let Some(commit) = last {
        found.component(checkout(directory, cloned_from.as_deref(), &commit));
    }
}

fn checkout(directory: &str, repository: Option<&str>, commit: &str) -> Component {
    let directory = directory.strip_suffix("/.git").unwrap_or(directory);
    let name = directory.rsplit('/').next().and_then(|it| text::value(it.as_bytes()));
    let name = name.filter(|it| *it != ".git").unwrap_or("checkout");
    Component::new(Ecosystem::Git, repository.unwrap_or(name), commit)
}

/// A commit in full: SHA-1 or SHA-256, and not the one before the first.
fn commit(raw: &[u8]) -> Option<String> {
    let fits = matches!(raw.len(), 40 | 64) && raw.iter().all(u8::is_ascii_hexdigit);
    let is_some = fits && raw.iter().any(|it| *it != b'0');
    Some(str::from_utf8(raw).ok().filter(|_| is_some)?.to_ascii_lowercase())
}

/// The repository of the remote `origin`, or else of the first one.
fn remote(config: &[u8]) -> Option<String> {
    let (mut first, mut origin) = (None, None);
    let mut section: &[u8] = b"";
    for (_, line) in text::lines(config) {
        let line = line.trim_ascii();
        if line.starts_with(b"[") {
            section = line;
            continue;
        }
        let Some(equals) = memchr::memchr(b'=', line).filter(|_| section.starts_with(b"[remote "))
        else {
            continue;
        };
        let (key, value) = line.split_at_checked(equals)?;
        if key.trim_ascii() != b"url" {
            continue;
        }
        let found = value.get(1..).map(<[u8]>::trim_ascii).and_then(repository);
        if section == b"[remote \"origin\"]" {
            origin = found.or(origin);
        } else {
            first = first.or(found);
        }
    }
    origin.or(first)
}

/// Host and path of the address of a repository: `https://USER:TOKEN@HOST:PORT/PATH.git`, or
/// `USER@HOST:PATH`. `None` for a directory.
fn repository(address: &[u8]) -> Option<String> {
    let address = str::from_utf8(address).ok()?;
    let name = if let Some(url) = url::public(address) {
        let (scheme, rest) = url.split_once("://")?;
        let (host, path) = rest.split_once('/').filter(|_| scheme != "file")?;
        name(host.split(':').next()?, path)
    } else {
        // A `/` before the `:` makes it a path.
        let (host, path) = address.split_once(':').filter(|(host, _)| !host.contains('/'))?;
        let (_, host) = host.rsplit_once('@').unwrap_or(("", host));
        name(host, path.split(['?', '#']).next()?)
    };
    Some(text::value(name?.as_bytes())?.to_owned())
}

fn name(host: &str, path: &str) -> Option<String> {
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    let is_host = host.contains('.') || host == "localhost";
    // An `@` in a path is that before the host, and what is before it half a password.
    let fits = is_host && !path.is_empty() && !path.contains('@');
    fits.then(|| format!("{}/{path}", host.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::{ANALYZER, repository};
    use crate::analyze::tests::{find, shown, wants};

    const A: &str = "a92a137a27639128c5c947d7e0fa51e608ca61e3";
    const B: &str = "bec78dcba78874637b95c93c7725fad995e4cea6";
    const ZERO: &str = "0000000000000000000000000000000000000000";

    fn check(path: &str, text: &str) -> String {
        shown(&find(&ANALYZER, path, text.as_bytes()))
    }

    fn line(old: &str, new: &str, what: &str) -> String {
        format!("{old} {new} A U Thor <a@b> 1795535812 +0000\t{what}\n")
    }

    #[test]
    fn the_log_names_the_commit_and_after_a_clone_the_repository() {
        let clone =
            line(ZERO, A, "clone: from https://x:ghp_secret@github.com/vllm-project/vllm.git");
        let pull = line(A, B, "pull: Fast-forward");
        assert_eq!(
            check("srv/vllm/.git/logs/HEAD", &(clone.clone() + &pull)),
            format!("generic github.com/vllm-project/vllm {B}\n")
        );
        assert_eq!(check("srv/work/.git/logs/HEAD", &pull), format!("generic work {B}\n"));
        assert_eq!(check(".git/logs/HEAD", &pull), format!("generic checkout {B}\n"));
        assert_eq!(
            check("srv/work/.git/logs/HEAD", &(pull + "x y\n")),
            "note git: line 2: a move without a readable commit\n"
        );
        assert_eq!(check("srv/work/.git/logs/HEAD", ""), "");
        assert_eq!(
            check("a/.git/modules/libs/sub/logs/HEAD", &clone),
            format!("generic github.com/vllm-project/vllm {A}\n")
        );
    }

    #[test]
    fn the_configuration_names_the_remote() {
        let text = "[core]\n\turl = https://no.example/x\n[remote \"fork\"]\n\turl = git@gitlab.com:me/a.git\n\
                    [remote \"origin\"]\n\turl = https://me:pass@Example.org:8443/team/a/\n\tfetch = +x:y\n\
                    [submodule \"b\"]\n\turl = https://no.example/b\n";
        insta::assert_snapshot!(check("srv/a/.git/config", text), @"
        /srv/a/.git/logs/HEAD remote=example.org/team/a
        ");
        assert_eq!(check("a/.git/config", "[remote \"origin\"]\n\turl = /srv/a.git\n"), "");
    }

    #[test]
    fn no_part_of_an_address_that_may_be_secret_is_kept() {
        for (address, expected) in [
            ("https://github.com/a/b.git", Some("github.com/a/b")),
            ("https://token@github.com/a/b", Some("github.com/a/b")),
            ("https://u:p@ss@github.com/a/b", Some("github.com/a/b")),
            ("https://u:p/ss@github.com/a/b", None),
            ("https://github.com/a/b?token=x", Some("github.com/a/b")),
            ("ssh://git@host.example:2222/a/b/c.git", Some("host.example/a/b/c")),
            ("git@github.com:a/b.git", Some("github.com/a/b")),
            ("user@host.example:/srv/a.git", Some("host.example/srv/a")),
            ("git://localhost/a", Some("localhost/a")),
            ("file:///srv/a.git", None),
            ("/srv/a:b", None),
            ("../a", None),
            ("https://github.com", None),
            ("https://github.com/a b", None),
        ] {
            assert_eq!(repository(address.as_bytes()).as_deref(), expected, "{address}");
        }
    }

    #[test]
    fn only_files_of_a_checkout_are_read() {
        for path in [".git/logs/HEAD", "a/.git/config", "a/.git/worktrees/b/logs/HEAD"] {
            assert!(wants(&ANALYZER, path), "{path}");
        }
        for path in [
            "a/.git/HEAD",
            "a/.git/logs/refs/remotes/origin/HEAD",
            "a/.git/modules/b/logs/refs/remotes/origin/HEAD",
            "srv/a.git/logs/HEAD",
            "root/.config/git/config",
            "etc/ssh/config",
        ] {
            assert!(!wants(&ANALYZER, path), "{path}");
        }
    }
}
