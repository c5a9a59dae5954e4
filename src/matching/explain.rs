//! Why a package has a finding, or has none: every record that was looked at.

use super::query::queries;
use super::{Subject, flaw_of, is_matched, module};
use crate::advisory::{Affected, Database, DatabaseError, Flaw, Shard};
use crate::model::Fix;

/// What was looked at for one package.
#[derive(Clone, Debug, Default)]
pub struct Explained {
    pub asked: Vec<Asked>,
    pub words: Vec<Word>,
    /// Advisories do not apply to the package, whatever they say.
    pub is_exempt: bool,
}

/// One look-up.
#[derive(Clone, Debug)]
pub struct Asked {
    pub ecosystem: String,
    pub name: String,
    pub version: String,
    /// How many packages the database knows there; nothing where it holds nothing.
    pub n_known: Option<usize>,
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

/// Looks at every record that [`super::find`] asks for first, also those that say nothing of the version.
/// Longer support and the owner of the file, which a package URL does not tell, are left out.
pub fn explain(subject: &Subject<'_>, database: &Database) -> Result<Explained, DatabaseError> {
    let component = subject.component;
    let mut explained = Explained { is_exempt: !is_matched(component), ..Explained::default() };
    for query in queries(component, subject.distro) {
        explained.asked.push(Asked {
            ecosystem: query.database.clone(),
            name: query.name.to_owned(),
            version: query.version.to_owned(),
            n_known: database.shard(&query.database)?.map(Shard::n_packages),
        });
        for row in database.rows(&query.database, query.name)? {
            let flaw = flaw_of(&row, database)?;
            let outcome = match query.fix_for(&row.affected) {
                _ if row.affected == Affected::default() => Outcome::Denied,
                Some(_) if !module::fits(&flaw, &row.affected, component) => Outcome::OtherModule,
                Some(fix) => Outcome::Affected(flaw.status.outcome(fix)),
                None => Outcome::Outside,
            };
            let (ecosystem, versions) = (query.database.clone(), row.affected.to_string());
            explained.words.push(Word { ecosystem, flaw, versions, outcome });
        }
    }
    explained.words.sort_by(|a, b| (&a.outcome, &a.flaw.id).cmp(&(&b.outcome, &b.flaw.id)));
    Ok(explained)
}
