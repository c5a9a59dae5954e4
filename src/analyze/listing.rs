//! The files of one package, as a package manager's list names them.

use super::{Found, Owning};

/// Collects the paths of one list. They are absolute within `root`.
#[derive(Debug)]
pub(super) struct Listing<'a> {
    owning: Owning,
    root: &'a str,
    last: Option<&'a str>,
}

impl<'a> Listing<'a> {
    pub(super) fn new(owning: Owning, root: &'a str) -> Self {
        Self { owning, root, last: None }
    }

    /// Adds the next path. Managers list a directory before what is in it, so a path that the next
    /// one continues is a directory, which nobody owns alone.
    pub(super) fn add(&mut self, path: &'a str) {
        let path = path.trim_start_matches("./").trim_start_matches('/');
        if let Some(last) = self.last.replace(path) {
            let is_directory = path.strip_prefix(last).is_some_and(|it| it.starts_with('/'));
            if !is_directory {
                self.keep(last);
            }
        }
    }

    /// Hands the files over.
    pub(super) fn finish(mut self, found: &mut Found) {
        if let Some(last) = self.last.take() {
            self.keep(last);
        }
        found.owns(self.owning);
    }

    fn keep(&mut self, path: &str) {
        own(&mut self.owning, self.root, path);
    }
}

/// Adds one file; `path` is absolute within `root`, without the `/` before it. A directory, which
/// ends with a `/`, is none.
pub(super) fn own(owning: &mut Owning, root: &str, path: &str) {
    if path.is_empty() || path == "." || path.ends_with('/') {
        return;
    }
    // Termux and Entware live at one place of a larger system, and list paths of that system.
    let within = path.strip_prefix(root).is_some_and(|it| it.starts_with('/'));
    owning.add(if within { "" } else { root }, path);
}

#[cfg(test)]
mod tests {
    use super::{Found, Listing, Owning};
    use crate::model::{LayerPath, PathSet};

    fn check(root: &str, paths: &[&str]) -> (u64, Vec<u64>) {
        let of = LayerPath::new("x").unwrap();
        let mut listing = Listing::new(Owning::new(&of), root);
        for path in paths {
            listing.add(path);
        }
        let mut found = Found::default();
        listing.finish(&mut found);
        found.owns.first().map_or((0, Vec::new()), |it| (it.n_files, it.paths.hashes().to_vec()))
    }

    fn hash(path: &str) -> Vec<u64> {
        vec![PathSet::hash(&LayerPath::new(path).unwrap())]
    }

    #[test]
    fn directories_are_left_out() {
        let paths = [
            "/.",
            "/usr",
            "/usr/bin",
            "/usr/bin/a",
            "/usr/share",
            "/usr/share/doc",
            "/usr/share/doc/a",
            "/usr/share/doc/a/changelog.gz",
            "/etc/empty/",
        ];
        assert_eq!(check("", &paths), (2, hash("usr/bin/a")));
    }

    #[test]
    fn a_name_that_begins_like_the_one_before_is_no_child() {
        assert_eq!(check("", &["bin/a", "bin/ab"]).0, 2);
    }

    #[test]
    fn paths_are_those_of_the_root() {
        assert_eq!(check("mnt/root", &["/usr/bin/a"]), (1, hash("mnt/root/usr/bin/a")));
        assert_eq!(check("opt", &["/opt/bin/a"]), (1, hash("opt/bin/a")));
        assert_eq!(check("", &["../../bin/a"]), (1, vec![]));
    }
}
