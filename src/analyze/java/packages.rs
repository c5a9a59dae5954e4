//! The packages of an archive's classes, as far as they tell whose it is.

use std::collections::BTreeMap;

/// Names that are counted; an archive with more is of nobody in particular.
const MAX_NAMES: usize = 64;

/// Words of a package that are looked at.
const DEPTH: usize = 3;

/// How many classes there are below each package.
#[derive(Debug, Default)]
pub(super) struct Packages {
    names: BTreeMap<String, u32>,
    n_classes: u32,
}

impl Packages {
    /// Counts the class at this place in the archive.
    pub(super) fn add(&mut self, class: &str) {
        self.n_classes = self.n_classes.saturating_add(1);
        let ends = memchr::memchr_iter(b'/', class.as_bytes()).take(DEPTH);
        for name in ends.filter_map(|end| class.get(..end)) {
            if let Some(n) = self.names.get_mut(name) {
                *n = n.saturating_add(1);
            } else if self.names.len() < MAX_NAMES && name.len() < 100 {
                self.names.insert(name.to_owned(), 1);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.n_classes == 0
    }

    /// The longest package that holds most classes.
    pub(super) fn main(&self) -> Option<String> {
        let most = self.names.iter().filter(|it| *it.1 > self.n_classes / 2);
        most.map(|it| it.0.replace('/', ".")).max_by_key(String::len)
    }
}

#[cfg(test)]
mod tests {
    use super::Packages;

    fn main(classes: &[&str]) -> Option<String> {
        let mut packages = Packages::default();
        for class in classes {
            packages.add(class);
        }
        packages.main()
    }

    #[test]
    fn the_main_package_holds_most_classes() {
        assert_eq!(main(&["a/b/c/d/E", "a/b/c/F", "x/Y"]).as_deref(), Some("a.b.c"));
        assert_eq!(main(&["a/b/C", "a/c/D"]).as_deref(), Some("a"));
        assert_eq!(main(&["a/B", "c/D"]), None);
        assert_eq!(main(&["A", "B"]), None);
        assert_eq!(main(&[]), None);
    }
}
