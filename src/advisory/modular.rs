//! Errata of modular rpms: which streams they are about, and which of their builds count.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::affected::{Affected, End, Range};
use crate::version::{Scheme, compare};

/// What releases of modular rpms hold: `1.0-1.module_el8.3.0+1`.
const MARK: &str = ".module";

/// The streams that a title names, `Important: nodejs:20 security update`, if the versions are of
/// modules. Kernels have a colon in theirs, too.
pub(super) fn streams<'a>(
    title: &str,
    mut bounds: impl Iterator<Item = &'a str>,
) -> Option<String> {
    let (_severity, title) = title.split_once(": ")?;
    let streams: Vec<&str> = title.split([' ', ',']).filter(|it| it.contains(':')).collect();
    let is_modular = !streams.is_empty() && bounds.any(|it| it.contains(MARK));
    is_modular.then(|| streams.join(" "))
}

/// Leaves of one version's builds for several module releases the first: all of them hold the
/// repair, and a record that lists them all would call the earlier ones affected.
pub(super) fn join_builds(affected: &mut Affected) {
    let mut first: BTreeMap<Version, Range> = BTreeMap::new();
    for range in &affected.ranges {
        let Some(version) = Version::of(range) else { continue };
        let known = first.entry(version).or_insert_with(|| range.clone());
        if is_earlier(range, known) {
            known.clone_from(range);
        }
    }
    affected.ranges.retain(|range| {
        Version::of(range).and_then(|it| first.get(&it)).is_none_or(|it| it == range)
    });
}

/// What was repaired, without the number of the build.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Version {
    introduced: Option<String>,
    fixed: String,
}

impl Version {
    fn of(range: &Range) -> Option<Self> {
        let End::Fixed(fixed) = &range.end else { return None };
        let fixed = fixed.split_once(MARK)?.0.to_owned();
        Some(Self { introduced: range.introduced.clone(), fixed })
    }
}

fn is_earlier(a: &Range, b: &Range) -> bool {
    match (&a.end, &b.end) {
        (End::Fixed(a), End::Fixed(b)) => compare(Scheme::Rpm, a, b) == Some(Ordering::Less),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{join_builds, streams};
    use crate::advisory::{Affected, End, Range};

    #[test]
    fn a_title_names_the_streams() {
        let of = |title: &str, bound: &str| streams(title, [bound].into_iter());
        let build = "1-1.module_el8";
        assert_eq!(of("Low: nodejs:20 security update", build).as_deref(), Some("nodejs:20"));
        let two = of("Moderate: virt:rhel and virt-devel:rhel security update", build);
        assert_eq!(two.as_deref(), Some("virt:rhel virt-devel:rhel"));
        assert_eq!(of("Low: varnish security update", build), None);
        assert_eq!(of("Moderate: kernel:4.18.0 security update", "4.18.0-553.el8_10"), None);
        assert_eq!(of("", build), None);
    }

    #[test]
    fn the_first_build_of_a_version_holds_the_repair() {
        let fixed = |it: &str| Range { introduced: None, end: End::Fixed(it.to_owned()) };
        let mut affected = Affected {
            versions: Vec::new(),
            ranges: vec![
                fixed("6-1.module_el8.6.0+2"),
                fixed("6-1.module_el8.5.0+1"),
                fixed("7-1.module_el8.5.0+1"),
                fixed("5-1.el8"),
            ],
        };
        join_builds(&mut affected);
        let left = [fixed("6-1.module_el8.5.0+1"), fixed("7-1.module_el8.5.0+1"), fixed("5-1.el8")];
        assert_eq!(affected.ranges, left);
    }
}
