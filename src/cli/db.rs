//! `layergate db`: makes and describes the advisory database.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::Failure;
use crate::advisory::{self, BuildReport, Database};
use crate::report::plain;

/// The most bad records that are named one by one.
const MAX_NAMED: usize = 20;

/// Makes or describes an advisory database.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Compiles a directory of OSV records (JSON files, at any depth) into one file
    #[command(after_help = "Example:\n    layergate db build ./advisories -o layergate.db")]
    Build {
        /// The directory
        #[arg(value_name = "DIR")]
        from: PathBuf,
        /// The file to write; the old one stays until the new one is complete
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
        /// The date that the database gives as its own [default: the newest date among the records]
        #[arg(long, value_name = "DATE")]
        built: Option<String>,
    },
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
        Command::Build { from, output, built } => build(from, output, built.as_deref()),
        Command::Info { file } => info(file),
    }
}

fn build(from: &Path, output: &Path, built: Option<&str>) -> Result<(), Failure> {
    let options = advisory::Options { built, ..advisory::Options::default() };
    let report = advisory::build(from, output, options).map_err(|it| {
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
        lines.push(format!("left out: {count} of {}, which is not read yet", plain(ecosystem)));
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
    let text = format!(
        "date     {}\nbuilt    {}\nrecords  {}\ndigest   {}\n",
        it.source_date, it.built, it.records, it.digest
    );
    io::stdout().write_all(text.as_bytes()).unwrap_or_default();
    Ok(())
}
