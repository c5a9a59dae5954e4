//! What is asked of the database about a package: whose advisories, under which name and version.

use super::databases::databases;
use super::{conda, kernel};
use crate::advisory::{Affected, End, Range};
use crate::model::{Component, Distro, Ecosystem, Fix};
use crate::version::Scheme;

/// One look-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Query<'a> {
    pub(super) database: String,
    pub(super) name: &'a str,
    pub(super) version: &'a str,
    pub(super) scheme: Scheme,
    /// The name and version are those of an rpm's source, of which no epoch is known.
    pub(super) is_without_epoch: bool,
}

/// The look-ups that tell of a package; none where nobody speaks of it.
///
/// Debian, Ubuntu and Alpine name source packages. Red Hat and those whose records are made like
/// its own, `AlmaLinux`, Oracle and Amazon, name each rpm. The records of the others name sources,
/// rpms, or both.
pub(super) fn queries<'a>(component: &'a Component, distro: Option<&Distro>) -> Vec<Query<'a>> {
    let mut queries = Vec::new();
    for database in databases(component, distro) {
        let Some(scheme) = Scheme::named(&database) else { continue };
        let (own, by_source) = (own(component), by_source(component));
        let mut ask = |(name, version): (&'a str, &'a str), is_without_epoch| {
            let database = database.clone();
            queries.push(Query { database, name, version, scheme, is_without_epoch });
        };
        match component.ecosystem {
            Ecosystem::Deb | Ecosystem::Apk => ask(by_source.unwrap_or(own), false),
            Ecosystem::Rpm => {
                ask(own, false);
                if let Some(source) = by_source.filter(|_| names_sources(&database)) {
                    ask(source, true);
                }
            }
            _ => ask(own, false),
        }
    }
    queries
}

fn own(component: &Component) -> (&str, &str) {
    let version = component.version.as_str();
    match component.ecosystem {
        Ecosystem::Conda => {
            (conda::upstream(component).map_or(&component.name, |it| it.name), version)
        }
        // Composer keeps the tag's spelling.
        Ecosystem::Composer => {
            let number = version.strip_prefix(['v', 'V']);
            let number = number.filter(|it| it.starts_with(|it: char| it.is_ascii_digit()));
            (&component.name, number.unwrap_or(version))
        }
        _ => (&component.name, version),
    }
}

/// The source package, where it is told and speaks for this package, too.
fn by_source(component: &Component) -> Option<(&str, &str)> {
    let source = component.source.as_ref()?;
    let is_rpm = component.ecosystem == Ecosystem::Rpm;
    // An rpm that is called like its source is found by its own name, with its epoch.
    if is_rpm && (source.name == component.name || source.version.is_empty()) {
        return None;
    }
    if is_rpm && !kernel::is_kernel(component, &source.name) {
        return None;
    }
    let version = if source.version.is_empty() { &component.version } else { &source.version };
    Some((&source.name, version))
}

/// Whether records of the ecosystem name sources of rpms.
fn names_sources(database: &str) -> bool {
    let family = database.split(':').next().unwrap_or(database);
    matches!(
        family,
        "Rocky Linux" | "SUSE" | "openSUSE" | "openEuler" | "Mageia" | "Azure Linux" | "Photon OS"
    )
}

impl Query<'_> {
    /// Returns the fix for the version asked about if `affected` contains it, else nothing.
    pub(super) fn fix_for(&self, affected: &Affected<&str>) -> Option<Fix> {
        if !self.is_without_epoch {
            return affected.fix_for(self.scheme, self.version);
        }
        // The name of a source does not tell its epoch, and an rpm may have one of its own.
        let fix = bare(affected).fix_for(self.scheme, without_epoch(self.version))?;
        let Some(version) = fix.version() else { return Some(fix) };
        let mut whole = affected.ranges.iter().filter_map(|it| fixed(it));
        let whole = whole.find(|it| without_epoch(it) == version).unwrap_or(version);
        Some(Fix::Fixed(whole.to_owned()))
    }
}

fn bare<'a>(affected: &Affected<&'a str>) -> Affected<&'a str> {
    let range = |it: &Range<&'a str>| Range {
        introduced: it.introduced.map(without_epoch),
        end: match it.end {
            End::Fixed(it) => End::Fixed(without_epoch(it)),
            End::LastAffected(it) => End::LastAffected(without_epoch(it)),
            End::Limit(it) => End::Limit(without_epoch(it)),
            End::Open => End::Open,
        },
    };
    Affected {
        versions: affected.versions.iter().map(|it| without_epoch(it)).collect(),
        ranges: affected.ranges.iter().map(range).collect(),
    }
}

fn fixed<'a>(range: &Range<&'a str>) -> Option<&'a str> {
    match range.end {
        End::Fixed(version) => Some(version),
        End::LastAffected(_) | End::Limit(_) | End::Open => None,
    }
}

fn without_epoch(version: &str) -> &str {
    match version.split_once(':') {
        Some((epoch, rest)) if epoch.bytes().all(|it| it.is_ascii_digit()) => rest,
        _ => version,
    }
}
