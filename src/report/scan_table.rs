//! A scan for people: tables, the worst first.

use std::cmp::Reverse;
use std::io::{self, Write};

use super::plain::plain;
use super::scanned::{Layer, Place, Scanned, change};
use super::table::aligned;
use crate::fold::{Move, Package};
use crate::model::Standing;
use crate::secrets;

/// The most notes that are shown; the rest are counted.
const MAX_NOTES: usize = 20;

/// Writes the tables.
pub fn scan_table(scanned: &Scanned, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", headline(scanned))?;
    section(out, "Files that harm", &["SEVERITY", "WHAT", "FILE"], unsafe_files(scanned))?;
    section(out, "Secrets", &["SEVERITY", "RULE", "SECRET", "FILE"], secrets_found(scanned))?;
    layers(scanned, out)?;
    let is_image = !scanned.layers.is_empty();
    let mut head = vec!["TYPE", "NAME", "VERSION"];
    head.extend(is_image.then_some("LAYER"));
    head.push("EVIDENCE");
    let rows = scanned.packages.iter().map(|it| package(it, is_image)).collect();
    section(out, "Packages", &head, rows)?;
    notes(scanned, out)
}

fn headline(scanned: &Scanned) -> String {
    let distro = scanned.distro.as_ref().map(|it| {
        let version = it.version.as_deref().unwrap_or_default();
        let name = it.name.clone().unwrap_or_else(|| format!("{} {version}", it.id));
        format!(", {}", plain(name.trim()))
    });
    let count = |n: usize, what: &str, many: &str| match n {
        1 => format!("1 {what}"),
        n => format!("{n} {many}"),
    };
    let mut parts = vec![count(scanned.packages.len(), "package", "packages")];
    if !scanned.layers.is_empty() {
        parts.insert(0, count(scanned.layers.len(), "layer", "layers"));
    }
    parts.push(count(scanned.secrets.len(), "secret", "secrets"));
    if !scanned.unsafe_files.is_empty() {
        parts.push(count(scanned.unsafe_files.len(), "harmful file", "harmful files"));
    }
    format!("{}{}: {}", plain(&scanned.target.path), distro.unwrap_or_default(), parts.join(", "))
}

fn unsafe_files(scanned: &Scanned) -> Vec<Vec<String>> {
    let mut files: Vec<_> = scanned.unsafe_files.iter().collect();
    files.sort_by_key(|it| (Reverse(it.hazard.severity), &it.path));
    let row = |it: &&crate::fold::UnsafeFile| {
        let within = it.hazard.within.as_ref().map_or(String::new(), |it| format!("!/{it}"));
        vec![
            it.hazard.severity.to_string(),
            format!("{} {}", it.hazard.kind.id(), it.hazard.what),
            format!("{}{within}", it.path),
        ]
    };
    files.iter().map(row).collect()
}

fn secrets_found(scanned: &Scanned) -> Vec<Vec<String>> {
    let mut secrets: Vec<_> = scanned.secrets.iter().collect();
    secrets.sort_by_key(|it| (Reverse(secrets::severity(&it.hit.rule)), &it.place, it.hit.line));
    let row = |it: &&super::FoundSecret| {
        let deleted = if it.is_deleted { ", deleted later" } else { "" };
        let place = match &it.place {
            Place::File(path) => format!("{path}:{}", it.hit.line),
            other => other.to_string(),
        };
        vec![
            secrets::severity(&it.hit.rule).to_string(),
            it.hit.rule.clone(),
            it.hit.preview.to_string(),
            format!("{place}{deleted}"),
        ]
    };
    secrets.iter().map(row).collect()
}

/// What each layer did, in one line each.
fn layers(scanned: &Scanned, out: &mut dyn Write) -> io::Result<()> {
    let row = |(number, layer): (usize, &Layer)| {
        let n = |is: fn(&Move) -> bool| layer.changes.iter().filter(|it| is(&it.what)).count();
        let counts = [
            (n(|it| *it == Move::Added), "added"),
            (n(|it| change(it).1.is_some()), "changed"),
            (n(|it| *it == Move::Removed), "removed"),
        ];
        let counts = counts.iter().filter(|it| it.0 > 0);
        let mut what: Vec<String> = counts.map(|(n, what)| format!("{n} {what}")).collect();
        what.extend(layer.lost.iter().map(|it| format!("deleted the database {it}")));
        let created_by = layer.created_by.as_deref().unwrap_or("(not told)");
        vec![number.to_string(), what.join(", "), created_by.to_owned()]
    };
    let rows = scanned.layers.iter().enumerate().map(row).collect();
    section(out, "Layers", &["LAYER", "PACKAGES", "INSTRUCTION"], rows)
}

fn package(it: &Package, is_image: bool) -> Vec<String> {
    let component = &it.component;
    let standing = match component.standing {
        Standing::Installed => "",
        Standing::Bundled => " (bundled)",
        Standing::Declared => " (declared)",
    };
    let mut row = vec![
        component.ecosystem.word(),
        component.name.clone(),
        format!("{}{standing}", component.version),
    ];
    if is_image {
        let first = it.evidence.iter().map(|it| it.since.step).min();
        row.push(first.map_or(String::new(), |it| it.to_string()));
    }
    row.push(it.evidence.first().map_or(String::new(), |first| {
        let within = first.within.as_ref().map_or(String::new(), |it| format!("!/{it}"));
        let others = match it.evidence.len() {
            1 => String::new(),
            n => format!(" and {} more", n - 1),
        };
        format!("{}{within}{others}", first.path)
    }));
    row
}

fn notes(scanned: &Scanned, out: &mut dyn Write) -> io::Result<()> {
    let shown = scanned.notes.iter().take(MAX_NOTES);
    let rows: Vec<_> = shown.map(|(place, note)| vec![place.to_string(), note.clone()]).collect();
    section(out, "Could not be read", &["FILE", "WHY"], rows)?;
    match scanned.notes.len().checked_sub(MAX_NOTES) {
        Some(more @ 1..) => writeln!(out, "… and {more} more; --format json has them all"),
        _ => Ok(()),
    }
}

/// A table under its title; nothing if it has no rows.
fn section(
    out: &mut dyn Write,
    title: &str,
    head: &[&str],
    rows: Vec<Vec<String>>,
) -> io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{title}")?;
    let shown = |row: Vec<String>| row.iter().map(|it| plain(it)).collect();
    let head = head.iter().map(|it| (*it).to_owned()).collect();
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(rows.into_iter().map(shown)).collect();
    aligned(&rows).into_iter().try_for_each(|it| writeln!(out, "  {it}"))
}
