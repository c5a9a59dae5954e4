//! `layergate db`: makes and describes the advisory database.

mod compare;
mod diff;
mod keys;
#[cfg(feature = "network")]
mod network;
mod query;
mod sources;

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::Failure;
use crate::advisory::{self, BuildReport, Database};
use crate::report::plain;

/// The most bad records that are named one by one.
const MAX_NAMED: usize = 20;

/// Makes, describes and moves advisory databases.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Compiles what OSV and other sources publish, in folders or at addresses, into one file
    #[command(after_help = "Example:\n    layergate db build ./advisories -o layergate.db")]
    Build {
        #[command(flatten)]
        sources: sources::Sources,
        /// The file to write; the old one stays until the new one is complete
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
        /// The date that the database gives as its own [default: the newest date among the records]
        #[arg(long, value_name = "DATE")]
        built: Option<String>,
        /// Leave out summaries and references: all that judging needs stays
        #[arg(long)]
        slim: bool,
        /// Sign it with this secret Ed25519 key, PKCS#8 as PEM
        #[arg(long, value_name = "KEY.pem")]
        sign: Option<PathBuf>,
    },
    Sign(keys::Sign),
    Verify(keys::Verify),
    #[cfg(feature = "network")]
    Push(network::Push),
    #[cfg(feature = "network")]
    Pull(network::Pull),
    Query(query::Query),
    Diff(diff::Diff),
    Compare(compare::Compare),
    /// Checks a database and says what is in it
    #[command(after_help = "Example:\n    layergate db info layergate.db")]
    Info {
        /// The database
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

pub(super) fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Build { sources, output, built, slim, sign } => {
            build(sources, output, built.as_deref(), *slim, sign.as_deref())
        }
        Command::Sign(command) => command.run(),
        Command::Verify(command) => command.run(),
        #[cfg(feature = "network")]
        Command::Push(command) => command.run(),
        #[cfg(feature = "network")]
        Command::Pull(command) => command.run(),
        Command::Query(command) => command.run(),
        Command::Diff(command) => command.run(),
        Command::Compare(command) => command.run(),
        Command::Info { file } => info(file),
    }
}

fn build(
    sources: &sources::Sources,
    output: &Path,
    built: Option<&str>,
    is_slim: bool,
    sign: Option<&Path>,
) -> Result<(), Failure> {
    // A key that cannot be used is told before anything is fetched.
    let key = sign.map(keys::secret).transpose()?;
    let folders = sources.folders()?;
    let folders: Vec<&Path> = folders.iter().map(PathBuf::as_path).collect();
    let options =
        advisory::Options { built, is_slim, key: key.as_ref(), ..advisory::Options::default() };
    let report = advisory::build_from(&folders, output, options).map_err(|it| {
        Failure::new(&it).hint("it takes what OSV and the other sources publish; see README.md")
    })?;
    tell(&mut io::stderr(), &report, output);
    Ok(())
}

/// Standard error that is closed is no reason to fail.
fn tell(out: &mut dyn io::Write, report: &BuildReport, output: &Path) {
    let BuildReport {
        records,
        advisories,
        packages,
        withdrawn,
        duplicates,
        skipped,
        bad,
        sources,
        source_date,
        bytes,
    } = report;
    let mut lines = vec![format!(
        "{}: {records} records, {advisories} advisories on {packages} packages, newest {source_date}, {bytes} bytes",
        output.display()
    )];
    for source in sources {
        lines.push(format!("{}: {} records, newest {}", source.name, source.records, source.date));
    }
    for (count, what) in
        [(withdrawn, "withdrawn"), (duplicates, "older than another of the same id")]
    {
        if *count > 0 {
            lines.push(format!("left out: {count} {what}"));
        }
    }
    for (ecosystem, count) in skipped {
        lines.push(format!("left out: {count} of {}, which is not read", plain(ecosystem)));
    }
    for record in bad.iter().take(MAX_NAMED) {
        lines.push(format!("bad record {}: {}", record.path.display(), plain(&record.problem)));
    }
    if bad.len() > MAX_NAMED {
        lines.push(format!("and {} more bad records", bad.len() - MAX_NAMED));
    }
    for line in lines {
        writeln!(out, "{line}").unwrap_or_default();
    }
}

fn info(file: &Path) -> Result<(), Failure> {
    let unusable = |error: &dyn std::error::Error| {
        Failure::new(error).hint("make one with: layergate db build DIRECTORY -o FILE")
    };
    let database = Database::open(file).map_err(|it| unusable(&it))?;
    database.verify().map_err(|it| unusable(&it))?;
    let it = database.provenance();
    let signed = match database.seal().1 {
        Some(_) => "yes; check with: layergate db verify --key PUB",
        None => "no",
    };
    let mut lines = vec![format!(
        "date     {}\nbuilt    {}\nrecords  {}\ndigest   {}\nsigned   {signed}",
        it.source_date, it.built, it.records, it.digest
    )];
    lines.extend(database.sources().iter().map(|it| {
        format!("source   {}: {} records, newest {}", plain(&it.name), it.records, plain(&it.date))
    }));
    lines.extend(database.ecosystems().map(|(ecosystem, n_packages, n_advisories)| {
        format!("holds    {}: {n_advisories} advisories on {n_packages} packages", plain(ecosystem))
    }));
    let text = lines.join("\n") + "\n";
    io::stdout().write_all(text.as_bytes()).unwrap_or_default();
    Ok(())
}
