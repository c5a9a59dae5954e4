//! What is known against a package.
//!
//! A distribution's packages are matched with that distribution's advisories only: it repairs old
//! versions, and only it knows which. Language packages are matched by name; of one that a
//! distribution's package brought, the distribution's word on a flaw goes before upstream's. One
//! flaw in one package is one finding, however many databases describe it under however many names.

mod conda;
mod databases;
mod explain;
mod kernel;
mod merge;
mod module;
mod query;

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BTreeSet};

pub use self::explain::{Asked, Explained, Outcome, Word, explain};

use self::databases::extended;
use self::merge::Flaws;
use self::query::{Query, queries};
use crate::advisory::{Affected, Database, DatabaseError, Flaw, Row};
use crate::model::{Component, Distro, Ecosystem, Fix, LayerPath, Standing, Vulnerability};

/// A component in its place.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    pub component: &'a Component,
    /// The file that proves it.
    pub path: &'a LayerPath,
    /// The distribution that it is in.
    pub distro: Option<&'a Distro>,
    /// The package that the file belongs to.
    pub owner: Option<&'a Component>,
}

/// Returns the findings on one component, the worst first; they depend on nothing but the arguments.
pub fn find(
    subject: &Subject<'_>,
    database: &Database,
) -> Result<Vec<Vulnerability>, DatabaseError> {
    let component = subject.component;
    if !is_matched(component) {
        return Ok(Vec::new());
    }
    let queries = queries(component, subject.distro);
    let mut flaws = Flaws::default();
    for query in &queries {
        for row in database.rows(&query.database, query.name)? {
            let is_denial = row.affected == Affected::default();
            let fix = query.fix_for(&row.affected);
            if !is_denial && fix.is_none() {
                continue;
            }
            let flaw = flaw_of(&row, database)?;
            if !module::fits(&flaw, &row.affected, component) {
                continue;
            }
            match fix {
                Some(fix) => flaws.add(query.scheme, flaw, fix),
                None => flaws.deny(flaw),
            }
        }
    }
    if let Some(query) = queries.first() {
        with_extended_support(&mut flaws, query, subject, database)?;
    }
    if !flaws.is_empty() {
        flaws.leave(&spoken_of_by_owner(subject, database)?);
    }
    let mut found = flaws.found_in(component, subject.path, database)?;
    found.sort_by(order);
    found.dedup();
    Ok(found)
}

/// Counts the packages about which the database holds nothing, by kind: neither their flaws nor
/// their being free of them is known.
pub fn unjudged<'a>(
    subjects: impl Iterator<Item = Subject<'a>>,
    database: &Database,
) -> BTreeMap<String, usize> {
    let mut unjudged = BTreeMap::new();
    for subject in subjects.filter(|it| is_matched(it.component)) {
        let ecosystem = subject.component.ecosystem;
        let is_judged = |component: &Component| {
            queries(component, subject.distro).iter().any(|it| database.covers(&it.database))
        };
        if !is_judged(subject.component) && !distro_owner(&subject).is_some_and(is_judged) {
            *unjudged.entry(kind(ecosystem, subject.distro)).or_default() += 1;
        }
    }
    unjudged
}

/// Orders findings: the worst first, then by id, package and place.
pub fn order(a: &Vulnerability, b: &Vulnerability) -> Ordering {
    let severity = |it: &Vulnerability| Reverse(it.severity);
    severity(a)
        .cmp(&severity(b))
        .then_with(|| (&a.id, &a.component, &a.path).cmp(&(&b.id, &b.component, &b.path)))
}

fn flaw_of(row: &Row<'_>, database: &Database) -> Result<Flaw, DatabaseError> {
    row.flaw().ok_or_else(|| database.broken("shard"))
}

/// Takes in what is known for those who pay for longer support.
///
/// Where the package is of it, a flaw that either archive repaired is repaired, and one that both
/// leave open is one. Where it is not, what only that support repairs is told as such.
fn with_extended_support(
    flaws: &mut Flaws,
    query: &Query<'_>,
    subject: &Subject<'_>,
    database: &Database,
) -> Result<(), DatabaseError> {
    let Some(extended) = extended(subject.component, subject.distro) else { return Ok(()) };
    if flaws.is_empty() && !extended.is_on {
        return Ok(());
    }
    let rows = database.rows(&extended.database, query.name)?;
    if !extended.is_on {
        for row in &rows {
            if let Some(Fix::Fixed(version)) = query.fix_for(&row.affected) {
                flaws.offer(&names_of(flaw_of(row, database)?), &version);
            }
        }
        return Ok(());
    }
    let mut repaired = BTreeSet::new();
    let (of_release, n_own) = (database.rows(&query.database, query.name)?, rows.len());
    for (at, row) in rows.iter().chain(&of_release).enumerate() {
        let flaw = flaw_of(row, database)?;
        match query.fix_for(&row.affected) {
            Some(fix) if at < n_own => flaws.add(query.scheme, flaw, fix),
            Some(_) => {}
            None => repaired.extend(names_of(flaw)),
        }
    }
    flaws.leave(&repaired);
    Ok(())
}

/// What a document declares proves nothing, and nobody publishes flaws of a model, of a program that
/// goes by its name only, or of a package that is published nowhere.
fn is_matched(component: &Component) -> bool {
    let has_advisories = !matches!(
        component.ecosystem,
        Ecosystem::Generic | Ecosystem::Git | Ecosystem::HuggingFace | Ecosystem::Model
    );
    let is_private = component.properties.get("private").is_some_and(|it| it == "true");
    // A program that was not built from a release calls itself older than everything.
    let is_unreleased = component.ecosystem == Ecosystem::Golang
        && component.standing == Standing::Installed
        && component.version.starts_with("v0.0.0-");
    has_advisories
        && !is_private
        && !is_unreleased
        && component.standing != Standing::Declared
        && !matches!(component.version.as_str(), "" | "(devel)" | "unknown")
        && !kernel::is_beside(component)
}

/// The distribution's package that brought a language package.
fn distro_owner<'a>(subject: &Subject<'a>) -> Option<&'a Component> {
    let owner = subject.owner.filter(|it| it.ecosystem.is_of_distro());
    owner.filter(|_| !subject.component.ecosystem.is_of_distro())
}

/// The flaws of which the distribution speaks in the package that brought this one, also where it
/// says that they are not there. It keeps the upstream version when it repairs a module, so upstream
/// would report what is repaired; what the distribution says is found with its own package.
fn spoken_of_by_owner(
    subject: &Subject<'_>,
    database: &Database,
) -> Result<BTreeSet<String>, DatabaseError> {
    let mut names = BTreeSet::new();
    let Some(owner) = distro_owner(subject) else { return Ok(names) };
    for query in queries(owner, subject.distro) {
        for row in database.rows(&query.database, query.name)? {
            names.extend(names_of(flaw_of(&row, database)?));
        }
    }
    Ok(names)
}

fn names_of(flaw: Flaw) -> BTreeSet<String> {
    flaw.aliases.into_iter().chain([flaw.id]).collect()
}

/// What people call packages of this kind.
fn kind(ecosystem: Ecosystem, distro: Option<&Distro>) -> String {
    let name = match ecosystem {
        Ecosystem::Pypi => "Python",
        Ecosystem::Golang => "Go",
        Ecosystem::Nvidia => "NVIDIA",
        other => other.purl_type(),
    };
    if !ecosystem.is_of_distro() {
        return format!("{name} packages");
    }
    let release = distro.map_or("an unknown distribution".to_owned(), |it| {
        format!("{} {}", it.id, it.version.as_deref().unwrap_or("without a version"))
    });
    format!("{name} packages of {release}")
}

#[cfg(test)]
mod tests;
