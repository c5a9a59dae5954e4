//! `layergate db query`: what is known of a package or of a flaw, and why.

use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::Args;

use crate::advisory::{Database, DatabaseError, Detail, Flaw, Status};
use crate::analyze::component_of_purl;
use crate::cli::Failure;
use crate::matching::{self, Asked, Explained, Outcome, Subject};
use crate::model::{Component, Distro, Epss, Fix, LayerPath};
use crate::report::{aligned, fix_words, plain};

/// Says what is known of a package or of a flaw, and why a version is or is not affected
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n    \
                        layergate db query pkg:pypi/jinja2@2.10\n    \
                        layergate db query 'pkg:deb/debian/libssl3@3.0.9-1?distro=debian-12&upstream=openssl'\n    \
                        layergate db query CVE-2019-10906 --database advisories.db")]
pub(in crate::cli) struct Query {
    /// A package URL with a version, or the name of a flaw: CVE-…, GHSA-…
    #[arg(value_name = "PURL|ID")]
    what: String,
    /// The database
    #[arg(short, long, value_name = "FILE", default_value = "layergate.db")]
    database: PathBuf,
}

impl Query {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let database = Database::open(&self.database).map_err(|it| {
            Failure::new(&it)
                .hint("name a database with --database FILE, or make one: layergate db build")
        })?;
        let text = if self.what.starts_with("pkg:") {
            let (component, distro) = package(&self.what)?;
            of_package(&component, distro.as_ref(), &database)
        } else {
            of_flaw(&self.what, &database)
        };
        let text = text.map_err(|it| Failure::new(&it))?;
        io::stdout().write_all(text.as_bytes()).unwrap_or_default();
        Ok(())
    }
}

/// The package, and the distribution that the URL says it is of.
fn package(purl: &str) -> Result<(Component, Option<Distro>), Failure> {
    let component = component_of_purl(purl).ok_or_else(|| {
        Failure::of(format!("{} is not a package URL", plain(purl)))
            .hint("write it as pkg:TYPE/NAME@VERSION, with ?distro=debian-12 for a distribution's package")
    })?;
    let query = purl.split_once('?').map_or("", |it| it.1);
    let stated = query.split('&').find_map(|it| it.strip_prefix("distro="));
    let distro = stated.map(|it| {
        let (id, version) =
            it.rsplit_once('-').map_or((it, None), |(id, version)| (id, Some(version)));
        Distro { id: id.to_owned(), version: version.map(str::to_owned), ..Distro::default() }
    });
    Ok((component, distro))
}

fn of_package(
    component: &Component,
    distro: Option<&Distro>,
    database: &Database,
) -> Result<String, DatabaseError> {
    let Ok(path) = LayerPath::new("query") else { return Ok(String::new()) };
    let subject = Subject { component, path: &path, distro, owner: None };
    let Explained { asked, words, is_exempt } = matching::explain(&subject, database)?;
    let mut lines = Vec::new();
    let named = format!("{} {}", component.name, component.version);
    if is_exempt {
        lines.push(format!(
            "{named}: never judged: it has no version, is no release, or never runs"
        ));
    } else if asked.is_empty() {
        lines.push(format!(
            "{named}: nobody's advisories are known to apply; for a distribution's package, say which with ?distro=ID-VERSION"
        ));
    }
    for Asked { ecosystem, name, version, n_known } in &asked {
        let known = n_known.map_or("the database holds nothing of it".to_owned(), |it| {
            format!("of {it} packages known there")
        });
        let n_words = words.iter().filter(|it| it.ecosystem == *ecosystem).count();
        lines.push(format!("{name} {version} in {ecosystem}: {n_words} records, {known}"));
    }
    let rows: Vec<Vec<String>> = words
        .iter()
        .map(|it| {
            let outcome = match &it.outcome {
                Outcome::Affected(fix) => format!("affected, {}", fix_words(fix)),
                Outcome::Outside => "not affected".to_owned(),
                Outcome::Denied => "not affected, says the publisher".to_owned(),
                Outcome::OtherModule => "not affected: another stream".to_owned(),
            };
            vec![
                it.flaw.id.clone(),
                rating(&it.flaw),
                outcome,
                it.versions.clone(),
                it.flaw.aliases.join(" "),
            ]
        })
        .collect();
    lines.extend(aligned(&rows).into_iter().map(|it| format!("  {it}")));
    Ok(text(&lines))
}

fn of_flaw(id: &str, database: &Database) -> Result<String, DatabaseError> {
    let mut rows = vec![["PACKAGE", "VERSIONS", "SEVERITY", "STATE"].map(str::to_owned).to_vec()];
    let mut names = std::collections::BTreeSet::from([id.to_owned()]);
    let ecosystems: Vec<String> = database.ecosystems().map(|it| it.0.to_owned()).collect();
    for ecosystem in &ecosystems {
        let Some(shard) = database.shard(ecosystem)? else { continue };
        for number in 0..shard.n_packages() {
            let (name, known) = shard.package(number).ok_or_else(|| database.broken("shard"))?;
            for row in known {
                let row = row.ok_or_else(|| database.broken("shard"))?;
                let flaw = row.flaw().ok_or_else(|| database.broken("shard"))?;
                if flaw.id != id && !flaw.aliases.iter().any(|it| it == id) {
                    continue;
                }
                let (versions, state) = (row.affected.to_string(), state(flaw.status));
                rows.push(vec![format!("{ecosystem} {name}"), versions, rating(&flaw), state]);
                names.extend(flaw.aliases.into_iter().chain([flaw.id]));
            }
        }
    }
    if rows.len() == 1 {
        return Ok(text(&[format!("{}: nothing is known of it", plain(id))]));
    }
    let mut lines = vec![names.iter().cloned().collect::<Vec<_>>().join(" ")];
    for name in &names {
        if let Some(detail) = database.detail(name)? {
            lines.extend(told(&detail));
            break;
        }
    }
    for name in &names {
        let exploitation = database.exploitation(name)?;
        if let Some(since) = exploitation.known_since {
            lines.push(format!("known to be used since {since} (CISA KEV)"));
        }
        if let Some(Epss { score, percentile }) = exploitation.epss {
            let share = |it: u32| f64::from(it) / 1e5;
            lines.push(format!("EPSS {:.5}, percentile {:.5}", share(score), share(percentile)));
        }
    }
    lines.extend(aligned(&rows).into_iter().map(|it| format!("  {it}")));
    Ok(text(&lines))
}

fn told(detail: &Detail) -> Vec<String> {
    let published = if detail.published.is_empty() {
        Vec::new()
    } else {
        vec![format!("published {}", detail.published)]
    };
    let weaknesses = Some(detail.weaknesses.join(" ")).filter(|it| !it.is_empty());
    let lines = std::iter::once(detail.summary.clone()).filter(|it| !it.is_empty());
    lines.chain(published).chain(weaknesses).chain(detail.references.iter().cloned()).collect()
}

fn rating(flaw: &Flaw) -> String {
    let by = if flaw.rated_by.is_empty() { String::new() } else { format!(" ({})", flaw.rated_by) };
    format!("{}{by}", flaw.severity)
}

/// What the source says of the package beside versions; nothing where versions say it all.
fn state(status: Status) -> String {
    match status {
        Status::Affected => String::new(),
        Status::NotAffected => "not affected".to_owned(),
        Status::Deferred | Status::WontFix | Status::EndOfLife => {
            fix_words(&status.outcome(Fix::NotFixed))
        }
    }
}

fn text(lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|it| plain(it)).collect();
    lines.join("\n") + "\n"
}
