//! Why a package has a finding, or has none: every record that was looked at.

use super::databases::databases;
use super::{Subject, is_matched, looked_up_as, module};
use crate::advisory::{Affected, Database, DatabaseError, Flaw};
use crate::model::Fix;
use crate::version::Scheme;

/// What was looked at for one package.
#[derive(Clone, Debug, Default)]
pub struct Explained {
    /// The name and version by which records were looked up.
    pub name: String,
    pub version: String,
    /// Whose records, and how many packages the database knows of each: none where it holds nothing.
    pub asked: Vec<(String, Option<usize>)>,
    pub words: Vec<Word>,
    /// Why nothing was asked, if that is so.
    pub not_asked: Option<&'static str>,
}

/// What one record says of the package.
#[derive(Clone, Debug)]
pub struct Word {
    pub ecosystem: String,
    pub flaw: Flaw,
    /// As people read it: `before 2.10.1`.
    pub versions: String,
    pub outcome: Outcome,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    Affected(Fix),
    /// The version is in none of the ranges.
    Outside,
    /// The publisher says that the flaw is not in this package.
    Denied,
    /// It is about another stream of the module.
    OtherModule,
}

/// Looks at all that is known of one package, as [`super::find`] does, and leaves nothing out.
pub fn explain(subject: &Subject<'_>, database: &Database) -> Result<Explained, DatabaseError> {
    let component = subject.component;
    let (name, version) = looked_up_as(component);
    let mut explained =
        Explained { name: name.to_owned(), version: version.to_owned(), ..Explained::default() };
    let Some(scheme) = Scheme::of(component.ecosystem) else {
        explained.not_asked = Some("versions of this kind of package are not ordered here");
        return Ok(explained);
    };
    if !is_matched(component) {
        explained.not_asked =
            Some("advisories do not apply to it: it has no version, or is no release");
        return Ok(explained);
    }
    for ecosystem in databases(component, subject.distro) {
        let known = database.shard(&ecosystem)?.map(crate::advisory::Shard::n_packages);
        explained.asked.push((ecosystem.clone(), known));
        for row in database.rows(&ecosystem, name)? {
            let flaw = row.flaw().ok_or_else(|| database.broken("shard"))?;
            let outcome = match row.affected.fix_for(scheme, version) {
                _ if row.affected == Affected::default() => Outcome::Denied,
                Some(_) if !module::fits(&flaw, &row.affected, component) => Outcome::OtherModule,
                Some(fix) => Outcome::Affected(flaw.status.outcome(fix)),
                None => Outcome::Outside,
            };
            let versions = row.affected.to_string();
            explained.words.push(Word { ecosystem: ecosystem.clone(), flaw, versions, outcome });
        }
    }
    explained.words.sort_by(|a, b| (&a.outcome, &a.flaw.id).cmp(&(&b.outcome, &b.flaw.id)));
    Ok(explained)
}
