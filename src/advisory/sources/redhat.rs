//! Red Hat's VEX documents: one for each flaw, with what it means for each package of each product.
//!
//! Format: <https://redhatproductsecurity.github.io/security-data-guidelines/csaf-vex/>, in the form of
//! `vex` and that of `vex-feed`. A product has a CPE, a component a package URL, and a relationship
//! joins them. Repaired packages are listed by binary, others by source; a row is on the name that
//! the document gives. What is not of Enterprise Linux itself is passed over.
//!
//! A release has a main stream and streams with longer support, whose versions are not comparable
//! with its own. An image does not tell its stream, so what is said of the main one counts where
//! anything is. Of a package that the main stream repaired, older statements do not count; a module's
//! streams are kept apart; and a package is only called free of the flaw where no other statement in
//! the document says else.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use super::Parsed;
use super::csaf::{Branch, Csaf, Product, Vulnerability};
use crate::advisory::gather::{Record, Row};
use crate::advisory::severity::impact;
use crate::advisory::text::is_plain;
use crate::advisory::{Advisory, Affected, End, Flaw, Range, Status};
use crate::model::Severity;
use crate::version::{Scheme, compare};

/// Streams with longer support, beside `enterprise_linux`.
const STREAMS: &[&str] =
    &["rhel_aus", "rhel_e4s", "rhel_els", "rhel_eus", "rhel_eus_long_life", "rhel_tus"];

/// A package in a module in a release: no chain of relationships is longer.
const MAX_CHAIN: usize = 4;

pub(super) fn parsed(csaf: &Csaf) -> Parsed {
    let about = &csaf.document;
    let mut parsed = Parsed { source: "Red Hat VEX", date: about.modified(), ..Parsed::default() };
    if about.category != "csaf_vex" {
        parsed.skipped.push(("Red Hat's documents other than VEX", 1));
        return parsed;
    }
    let tree = Tree::of(csaf);
    for vulnerability in &csaf.vulnerabilities {
        let id = vulnerability.cve.as_deref().unwrap_or(&about.tracking.id);
        if !is_plain(id) {
            parsed.bad.push((id.to_owned(), "not a plain name".to_owned()));
            continue;
        }
        let mut said =
            Said { tree: &tree, bad: &mut parsed.bad, vulnerability, rows: BTreeMap::new() };
        said.collect();
        let rows = said.rows(id, &about.aggregate_severity.text);
        parsed.records.push(Record {
            id: format!("REDHAT-VEX:{id}"),
            modified: about.modified(),
            rows,
            detail: vulnerability.detail(about),
            ..Record::default()
        });
    }
    parsed
}

/// The products of a document by their ids, and of which two those are that join others.
struct Tree<'a> {
    products: FxHashMap<&'a str, &'a Product>,
    joined: FxHashMap<&'a str, (&'a str, &'a str)>,
}

/// A package in a release.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Package {
    shard: String,
    name: String,
    /// `nodejs:20`; empty outside of modules.
    module: String,
}

/// A package as a product's id names it.
struct Named {
    package: Package,
    /// With the epoch, where it has one; nothing where none repairs it yet.
    version: Option<String>,
    is_main: bool,
    is_source: bool,
}

impl<'a> Tree<'a> {
    fn of(csaf: &'a Csaf) -> Self {
        let mut products = FxHashMap::default();
        let mut open: Vec<&Branch> = csaf.product_tree.branches.iter().collect();
        while let Some(branch) = open.pop() {
            if let Some(product) = &branch.product {
                products.insert(product.id.as_str(), product);
            }
            open.extend(&branch.branches);
        }
        let joined = csaf.product_tree.relationships.iter().map(|it| {
            let parts = (it.product_reference.as_str(), it.relates_to_product_reference.as_str());
            (it.full_product_name.id.as_str(), parts)
        });
        Self { products, joined: joined.collect() }
    }

    /// Nothing for what is not an rpm of Enterprise Linux.
    fn named(&self, id: &str) -> Option<Named> {
        let (mut product, mut components) = (id, Vec::new());
        while let Some((component, of)) = self.joined.get(product) {
            components.push(*self.products.get(component)?);
            product = of;
            if components.len() > MAX_CHAIN {
                return None;
            }
        }
        let cpe = self.products.get(product)?.identification.cpe.as_deref()?;
        let (major, is_main) = release(cpe)?;
        let component = components.first()?;
        let purl = |it: &Product| Purl::parse(it.identification.purl.as_deref()?);
        let package = purl(component).filter(|it| it.kind == "rpm")?;
        let module = package.module.clone().or_else(|| {
            let of = components.iter().skip(1).filter_map(|it| purl(it));
            of.into_iter().find(|it| it.kind == "rpmmod").map(|it| stream(&it.name, &it.version))
        });
        let module = module.or_else(|| {
            // `nodejs:18/nodejs`, where nothing else says it.
            component.name.split_once('/').map(|it| it.0.to_owned()).filter(|it| it.contains(':'))
        });
        let version = (!package.version.is_empty()).then(|| package.evr(&component.id));
        Some(Named {
            package: Package {
                shard: format!("Red Hat:{major}"),
                name: package.name,
                module: module.unwrap_or_default(),
            },
            version,
            is_main,
            is_source: package.is_source,
        })
    }
}

/// The major release that a CPE is of, and whether it is the main stream.
fn release(cpe: &str) -> Option<(u8, bool)> {
    let fields = cpe.strip_prefix("cpe:/").or_else(|| cpe.strip_prefix("cpe:2.3:"))?;
    let mut fields = fields.split(':').skip(1);
    let (vendor, product, version) = (fields.next()?, fields.next()?, fields.next()?);
    let is_main = product == "enterprise_linux";
    let is_read = vendor == "redhat" && (is_main || STREAMS.contains(&product));
    let major = version.split('.').next()?.parse().ok()?;
    is_read.then_some((major, is_main))
}

/// A package URL of Red Hat's.
struct Purl {
    kind: &'static str,
    name: String,
    /// Without its epoch.
    version: String,
    epoch: Option<String>,
    module: Option<String>,
    is_source: bool,
}

impl Purl {
    fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = match text.strip_prefix("pkg:rpm/redhat/") {
            Some(rest) => ("rpm", rest),
            None => ("rpmmod", text.strip_prefix("pkg:rpmmod/redhat/")?),
        };
        let (named, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
        let (name, version) = named.split_once('@').unwrap_or((named, ""));
        let qualifier = |key: &str| {
            let mut all = qualifiers.split('&').filter_map(|it| it.split_once('='));
            all.find(|it| it.0 == key).map(|it| decoded(it.1))
        };
        let module = qualifier("rpmmod").map(|label| {
            let (name, rest) = label.split_once(':').unwrap_or((&label, ""));
            stream(name, rest)
        });
        Some(Self {
            kind,
            name: decoded(name),
            version: decoded(version),
            epoch: qualifier("epoch"),
            module,
            is_source: qualifier("arch").is_some_and(|it| it == "src"),
        })
    }

    /// Epoch, version and release; the epoch may stand only in the product's id: `curl-1:7.6-1.x86_64`.
    fn evr(&self, product_id: &str) -> String {
        let in_id = || {
            let rest = product_id.strip_prefix(&self.name)?.strip_prefix('-')?;
            rest.split_once(':').map(|it| it.0.to_owned())
        };
        let is_number = |it: &String| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
        match self.epoch.clone().or_else(in_id).filter(is_number) {
            Some(epoch) if epoch != "0" => format!("{epoch}:{}", self.version),
            _ => self.version.clone(),
        }
    }
}

/// `nodejs:20` of `nodejs:20:820…:a1b2`.
fn stream(module: &str, rest: &str) -> String {
    format!("{module}:{}", rest.split(':').next().unwrap_or_default())
}

/// Undoes the percent-encoding of a package URL. What is no encoding stays as it is.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = (*first == b'%').then(|| after.get(..2)).flatten();
        let code = code.and_then(|it| u8::from_str_radix(str::from_utf8(it).ok()?, 16).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What a document says of each package.
struct Said<'a> {
    tree: &'a Tree<'a>,
    bad: &'a mut Vec<(String, String)>,
    vulnerability: &'a Vulnerability,
    rows: BTreeMap<Package, Statements>,
}

/// The statements on one package, those on the main stream apart.
#[derive(Default)]
struct Statements {
    fixed: Vec<String>,
    open: Vec<Status>,
    is_free: bool,
    fixed_elsewhere: Vec<String>,
    severity: Severity,
}

impl Said<'_> {
    fn collect(&mut self) {
        let severities = severities(self.vulnerability);
        let named = |status: &'static str| {
            self.vulnerability.products(status).filter_map(|id| Some((id, self.tree.named(id)?)))
        };
        let fixed: Vec<(&str, Named)> = named("fixed").collect();
        let affected: Vec<(&str, Named)> = named("known_affected").collect();
        let free: Vec<(&str, Named)> = named("known_not_affected").collect();
        // A source package counts where its binaries are not listed.
        let binaries: FxHashSet<(String, String)> = fixed
            .iter()
            .filter(|it| !it.1.is_source)
            .filter_map(|it| Some((it.1.package.shard.clone(), it.1.version.clone()?)))
            .collect();
        for (id, named) in fixed {
            let Some(version) = named.version else { continue };
            if named.is_source && binaries.contains(&(named.package.shard.clone(), version.clone()))
            {
                continue;
            }
            if !is_plain(&version) || compare(Scheme::Rpm, &version, &version).is_none() {
                self.bad.push((id.to_owned(), "not a version".to_owned()));
                continue;
            }
            let entry = self.entry(named.package, severities.get(id));
            let fixed = if named.is_main { &mut entry.fixed } else { &mut entry.fixed_elsewhere };
            fixed.push(version);
        }
        let statuses = statuses(self.vulnerability);
        for (id, named) in affected.into_iter().filter(|it| it.1.is_main) {
            let status = statuses.get(id).copied().unwrap_or_default();
            self.entry(named.package, severities.get(id)).open.push(status);
        }
        for (_, named) in free.into_iter().filter(|it| it.1.is_main) {
            self.entry(named.package, None).is_free = true;
        }
    }

    fn entry(&mut self, package: Package, severity: Option<&Severity>) -> &mut Statements {
        let entry = self.rows.entry(package).or_default();
        entry.severity = entry.severity.max(severity.copied().unwrap_or_default());
        entry
    }

    fn rows(self, id: &str, aggregate: &str) -> Vec<Row> {
        let overall = impact(aggregate).unwrap_or_default();
        let harmed: FxHashSet<(&str, &str)> = self
            .rows
            .iter()
            .filter(|it| it.1.is_harmed())
            .map(|it| (it.0.shard.as_str(), it.0.name.as_str()))
            .collect();
        let mut rows = Vec::new();
        for (package, said) in &self.rows {
            if ![&package.name, &package.shard].into_iter().all(|it| is_plain(it))
                || !(package.module.is_empty() || is_plain(&package.module))
            {
                self.bad.push((id.to_owned(), "not a plain name".to_owned()));
                continue;
            }
            let is_denied = package.module.is_empty()
                && !harmed.contains(&(package.shard.as_str(), package.name.as_str()));
            let Some((status, affected)) = said.judged(is_denied) else { continue };
            let severity = if said.severity == Severity::Unknown { overall } else { said.severity };
            let is_rated = severity != Severity::Unknown && status != Status::NotAffected;
            let flaw = Flaw {
                id: id.to_owned(),
                severity: if is_rated { severity } else { Severity::Unknown },
                rated_by: if is_rated { "Red Hat" } else { "" }.to_owned(),
                status,
                module: package.module.clone(),
                ..Flaw::default()
            };
            rows.push(Row {
                ecosystem: package.shard.clone(),
                package: package.name.clone(),
                advisory: Advisory { flaw, affected },
            });
        }
        rows
    }
}

impl Statements {
    fn is_harmed(&self) -> bool {
        !(self.fixed.is_empty() && self.open.is_empty() && self.fixed_elsewhere.is_empty())
    }

    /// What the statements come to; a denial only where that is allowed.
    fn judged(&self, is_denied: bool) -> Option<(Status, Affected)> {
        let until = |versions: &[String]| {
            let range = |it: &String| Range { introduced: None, end: End::Fixed(it.clone()) };
            let mut ranges: Vec<Range> = versions.iter().map(range).collect();
            ranges.sort();
            ranges.dedup();
            Affected { versions: Vec::new(), ranges }
        };
        if !self.fixed.is_empty() {
            Some((Status::Affected, until(&self.fixed)))
        } else if let Some(status) = self.open.iter().min() {
            let ranges = vec![Range { introduced: None, end: End::Open }];
            Some((*status, Affected { versions: Vec::new(), ranges }))
        } else if self.is_free {
            is_denied.then(|| (Status::NotAffected, Affected::default()))
        } else {
            let elsewhere = Some(&self.fixed_elsewhere).filter(|it| !it.is_empty());
            elsewhere.map(|it| (Status::Affected, until(it)))
        }
    }
}

/// How bad the flaw is in each product that is named with it.
fn severities(vulnerability: &Vulnerability) -> FxHashMap<&str, Severity> {
    let impacts = vulnerability.threats.iter().filter(|it| it.category == "impact");
    let rated = impacts.filter_map(|it| Some((it, impact(&it.details)?)));
    rated
        .flat_map(|(it, rated)| it.product_ids.iter().map(move |id| (id.as_str(), rated)))
        .collect()
}

/// What becomes of the flaw in each product that nothing repairs yet.
fn statuses(vulnerability: &Vulnerability) -> FxHashMap<&str, Status> {
    let status = |category: &str, details: &str| match (category, details) {
        ("no_fix_planned", "Out of support scope") => Some(Status::EndOfLife),
        ("no_fix_planned", _) => Some(Status::WontFix),
        ("none_available", "Deferred" | "Fix deferred") => Some(Status::Deferred),
        _ => None,
    };
    let said = vulnerability.remediations.iter();
    let said = said.filter_map(|it| Some((it, status(&it.category, it.details.trim())?)));
    said.flat_map(|(it, status)| it.product_ids.iter().map(move |id| (id.as_str(), status)))
        .collect()
}
