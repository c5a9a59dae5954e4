//! `layergate db diff`: what a newer database knows that an older one does not.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::Args;

use crate::advisory::{Database, DatabaseError};
use crate::cli::Failure;
use crate::report::plain;

/// The most changes that are listed; the rest are counted.
const MAX_LISTED: usize = 100;

/// Says what changed between two databases: sources, and advisories package by package
#[derive(Debug, Args)]
#[command(after_help = "Example:\n    layergate db diff yesterday.db layergate.db")]
pub(in crate::cli) struct Diff {
    /// The older database
    old: PathBuf,
    /// The newer one
    new: PathBuf,
    /// Lists every change, however many there are
    #[arg(long)]
    all: bool,
}

/// What is said of one flaw in one package, by the two.
type Said = BTreeMap<(String, String), BTreeSet<String>>;

impl Diff {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let open = |path| Database::open(path).map_err(|it| Failure::new(&it));
        let (old, new) = (open(&self.old)?, open(&self.new)?);
        let lines = self.lines(&old, &new).map_err(|it| Failure::new(&it))?;
        let text: String = lines.iter().map(|it| plain(it) + "\n").collect();
        io::stdout().write_all(text.as_bytes()).unwrap_or_default();
        Ok(())
    }

    fn lines(&self, old: &Database, new: &Database) -> Result<Vec<String>, DatabaseError> {
        let (before, after) = (old.provenance(), new.provenance());
        let mut lines = vec![
            format!("- {} {} records {}", before.built, before.records, before.digest),
            format!("+ {} {} records {}", after.built, after.records, after.digest),
        ];
        for (sign, sources, others) in [('-', old, new), ('+', new, old)] {
            let gone = sources.sources().iter().filter(|it| !others.sources().contains(it));
            lines.extend(
                gone.map(|it| format!("{sign} {}: {} records, {}", it.name, it.records, it.date)),
            );
        }
        let ecosystems: BTreeSet<&str> =
            old.ecosystems().chain(new.ecosystems()).map(|it| it.0).collect();
        let (mut changes, mut n_changes) = (Vec::new(), 0);
        for ecosystem in ecosystems {
            let (before, after) = (said(old, ecosystem)?, said(new, ecosystem)?);
            let keys: BTreeSet<_> = before.keys().chain(after.keys()).collect();
            for key in keys {
                let (old, new) = (before.get(key), after.get(key));
                if old == new {
                    continue;
                }
                for (sign, said) in [('-', old), ('+', new)] {
                    for said in said.into_iter().flatten() {
                        n_changes += 1;
                        if self.all || changes.len() < MAX_LISTED {
                            changes.push(format!("{sign} {ecosystem} {} {} {said}", key.0, key.1));
                        }
                    }
                }
            }
        }
        let n_left = n_changes - changes.len();
        lines.extend(changes);
        if n_left > 0 {
            lines.push(format!("and {n_left} more; --all lists them"));
        }
        Ok(lines)
    }
}

/// By package and flaw.
fn said(database: &Database, ecosystem: &str) -> Result<Said, DatabaseError> {
    let mut said = Said::new();
    let Some(shard) = database.shard(ecosystem)? else { return Ok(said) };
    for number in 0..shard.n_packages() {
        let (name, rows) = shard.package(number).ok_or_else(|| database.broken("shard"))?;
        for row in rows {
            let row = row.ok_or_else(|| database.broken("shard"))?;
            let flaw = row.flaw().ok_or_else(|| database.broken("shard"))?;
            let text = format!("{} {:?} {}", flaw.severity, flaw.status, row.affected);
            said.entry((name.to_owned(), flaw.id)).or_default().insert(text);
        }
    }
    Ok(said)
}
