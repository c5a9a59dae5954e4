//! The repairs that Alpine, Wolfi and Chainguard list for each package of a repository.
//!
//! Format: <https://secdb.alpinelinux.org/>, `v3.20/main.json`;
//! <https://packages.wolfi.dev/os/security.json>; <https://packages.cgr.dev/chainguard/security.json>.
//! A package has versions, a version the flaws that it repaired; version `0` lists those that were
//! never in the package. An entry may be several names of one flaw and a remark in brackets.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{Intake, short};
use crate::advisory::gather::{Record, Row};
use crate::advisory::primary;
use crate::advisory::text::is_plain;
use crate::advisory::{Advisory, Affected, End, Flaw, Range, Status};
use crate::version::{Scheme, compare};

#[derive(Deserialize)]
struct Repository {
    #[serde(default)]
    distroversion: Option<String>,
    #[serde(default)]
    reponame: Option<String>,
    #[serde(default)]
    urlprefix: Option<String>,
    packages: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    pkg: Package,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    #[serde(default)]
    secfixes: Option<BTreeMap<String, Option<Vec<String>>>>,
}

pub(super) fn read(bytes: &[u8], intake: &mut Intake<'_>) -> Result<(), String> {
    let repository: Repository =
        serde_json::from_slice(bytes).map_err(|it| format!("not a list of repairs: {it}"))?;
    let Some((ecosystem, source)) = repository.ecosystem() else {
        let release = repository.distroversion.as_deref().unwrap_or("without a release");
        if release == "edge" {
            intake.gathered.skip("Alpine edge", repository.packages.len() as u64);
            return Ok(());
        }
        return Err(format!("repairs of an unknown distribution, {}", short(release)));
    };
    let mut n_records = 0;
    for Entry { pkg } in &repository.packages {
        if !is_plain(&pkg.name) {
            intake.bad.name(&pkg.name, "not a plain name");
            continue;
        }
        let said = said(pkg, intake);
        let row =
            |advisory| Row { ecosystem: ecosystem.clone(), package: pkg.name.clone(), advisory };
        let repository = repository.reponame.as_deref().unwrap_or_default();
        let record = Record {
            id: format!("SECDB:{ecosystem}:{}:{}", short(repository), pkg.name),
            rows: said.into_iter().map(row).collect(),
            ..Record::default()
        };
        n_records += usize::from(!record.rows.is_empty());
        intake.gathered.record(record);
    }
    intake.gathered.source(source, "", n_records);
    Ok(())
}

impl Repository {
    /// The shard, and the source's name.
    fn ecosystem(&self) -> Option<(String, &'static str)> {
        if let Some(release) = &self.distroversion {
            let (major, minor) = release.strip_prefix('v')?.split_once('.')?;
            let is_number = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
            let is_release = release.len() < 16 && is_number(major) && is_number(minor);
            return is_release.then(|| (format!("Alpine:{release}"), "Alpine secdb"));
        }
        let address = self.urlprefix.as_deref().unwrap_or_default();
        if address.contains("//packages.wolfi.dev") {
            Some(("Wolfi".to_owned(), "Wolfi secdb"))
        } else if address.contains("//packages.cgr.dev") {
            Some(("Chainguard".to_owned(), "Chainguard secdb"))
        } else {
            None
        }
    }
}

/// What is known of one flaw: its other names, and the versions that repaired it.
#[derive(Default)]
struct Known {
    aliases: BTreeSet<String>,
    fixed: BTreeSet<String>,
}

fn said(package: &Package, intake: &mut Intake<'_>) -> Vec<Advisory> {
    let mut flaws: BTreeMap<String, Known> = BTreeMap::new();
    for (version, entries) in package.secfixes.iter().flatten() {
        let is_version = is_plain(version) && compare(Scheme::Apk, version, version).is_some();
        if !is_version {
            let problem = format!("not a version: {}", short(version));
            intake.bad.name(&package.name, &problem);
            continue;
        }
        for entry in entries.iter().flatten() {
            for (id, aliases) in names(entry) {
                let known = flaws.entry(id).or_default();
                known.aliases.extend(aliases);
                if version != "0" {
                    known.fixed.insert(version.clone());
                }
            }
        }
    }
    let advisory = |(id, known): (String, Known)| {
        // What was repaired once was there, whatever else is said.
        let status = if known.fixed.is_empty() { Status::NotAffected } else { Status::Affected };
        let range = |it| Range { introduced: None, end: End::Fixed(it) };
        let ranges = known.fixed.into_iter().map(range).collect();
        let aliases = known.aliases.into_iter().collect();
        let flaw = Flaw { id, aliases, status, ..Flaw::default() };
        Advisory { flaw, affected: Affected { versions: Vec::new(), ranges } }
    };
    flaws.into_iter().map(advisory).collect()
}

/// The flaws in an entry, each with its other names. A notice on several flaws is a name of none.
fn names(entry: &str) -> Vec<(String, Vec<String>)> {
    let said = entry.split('(').next().unwrap_or_default();
    let is_id = |it: &&str| {
        is_plain(it) && it.len() <= 64 && it.contains('-') && it.starts_with(char::is_uppercase)
    };
    let ids: Vec<&str> = said.split([' ', '\t', ',', ';']).filter(is_id).collect();
    let (cves, others): (Vec<&str>, Vec<&str>) = ids.iter().partition(|it| it.starts_with("CVE-"));
    if cves.len() > 1 {
        return cves.into_iter().map(|it| (it.to_owned(), Vec::new())).collect();
    }
    let Some(id) = primary(ids.iter().copied()) else { return Vec::new() };
    let aliases = others.into_iter().filter(|it| *it != id).map(str::to_owned).collect();
    vec![(id.to_owned(), aliases)]
}
