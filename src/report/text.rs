//! The words of a stopped build and of a warning.

use super::plain::plain;
use super::table::aligned;
use crate::model::{Fix, Hazard, HazardKind, LayerPath, Secret, SecretHit, Vulnerability};
use crate::secrets;

/// The most findings that one message lists; the rest are counted.
const MAX_LISTED: usize = 500;

/// A finding to tell.
#[derive(Clone, Debug)]
pub struct Told {
    pub what: What,
    /// Who made it in another stage, from which it was copied, in words.
    pub made_by: Option<String>,
}

/// What is found.
#[derive(Clone, Debug)]
pub enum What {
    Vulnerability(Box<Vulnerability>),
    Secret(Secret),
    /// A secret in the Dockerfile or the image's configuration: where, in words.
    Written {
        hit: SecretHit,
        place: String,
    },
    /// A file that harms whoever uses it.
    Hazard {
        hazard: Hazard,
        path: LayerPath,
    },
}

/// The findings of one instruction that stop a build.
#[derive(Clone, Debug)]
pub struct Blocked {
    /// The instruction as the user wrote it.
    pub instruction: String,
    pub findings: Vec<Told>,
}

/// The error that stops a build.
pub fn stop_message(blocked: &[Blocked]) -> String {
    let n_findings: usize = blocked.iter().map(|it| it.findings.len()).sum();
    let verb = if n_findings == 1 { "finding blocks" } else { "findings block" };
    let what = if blocked.len() == 1 { "this instruction" } else { "this build" };
    let mut lines = vec![format!("layergate: {n_findings} {verb} {what}")];
    for Blocked { instruction, findings } in blocked {
        if blocked.len() > 1 {
            lines.push(format!("  {}", plain(instruction)));
        }
        let rows: Vec<Vec<String>> = findings.iter().take(MAX_LISTED).map(row).collect();
        lines.extend(aligned(&rows).into_iter().map(|it| format!("  {it}")));
        if findings.len() > MAX_LISTED {
            lines.push(format!("  … and {} more", findings.len() - MAX_LISTED));
        }
    }
    lines.extend(advice(blocked));
    lines.join("\n")
}

/// What to do next, for the kinds of finding there are.
fn advice(blocked: &[Blocked]) -> Vec<String> {
    let findings = || blocked.iter().flat_map(|it| &it.findings);
    let mut lines = Vec::new();
    if findings()
        .any(|it| matches!(&it.what, What::Vulnerability(it) if it.fix.version().is_some()))
    {
        lines.push(
            "  Ask for the fixed versions in this instruction, or start from a newer base image."
                .to_owned(),
        );
    }
    let mut remedies: Vec<&str> = findings().filter_map(rule_of).map(|it| it.remedy).collect();
    if !remedies.is_empty() {
        lines.push(
            "  A secret stays in its layer even if a later instruction deletes it. Hand it in with \
             RUN --mount=type=secret."
                .to_owned(),
        );
        remedies.sort_unstable();
        remedies.dedup();
        lines.extend(remedies.into_iter().map(|it| format!("  {it}")));
    }
    if findings().any(|it| matches!(&it.what, What::Hazard { .. })) {
        lines.push(
            "  Loading such a file runs what it names. Take the weights in a format without code, as \
             safetensors, or from a source you trust."
                .to_owned(),
        );
    }
    if let Some(id) = findings().map(id).next() {
        lines.push(format!(
            "  To let one pass, say why in layergate.toml beside the Dockerfile:  \
             [[exempt]]  id = \"{id}\"  reason = \"…\"  expires = YYYY-MM-DD"
        ));
    }
    lines
}

/// The short text and the details of a warning about `findings`; `None` if there are none.
pub fn warning(what: &str, findings: &[Told]) -> Option<(String, Vec<String>)> {
    let first = findings.first()?;
    let name = match &first.what {
        What::Vulnerability(it) => {
            format!("{} in {} {}", it.id, it.component.name, it.component.version)
        }
        What::Secret(it) => format!("{} in {}", title(&it.hit.rule), it.path),
        What::Written { hit, place } => format!("{} in {place}", title(&hit.rule)),
        What::Hazard { hazard, path } => format!("{} in {path}", harm(hazard)),
    };
    let others = match findings.len() {
        1 => String::new(),
        n_findings => format!(" and {} more", n_findings - 1),
    };
    let rows: Vec<Vec<String>> = findings.iter().take(MAX_LISTED).map(row).collect();
    let mut detail = aligned(&rows);
    if findings.len() > MAX_LISTED {
        detail.push(format!("… and {} more", findings.len() - MAX_LISTED));
    }
    Some((plain(&format!("layergate: {what}: {name}{others}")), detail))
}

fn row(finding: &Told) -> Vec<String> {
    let cells = match &finding.what {
        What::Vulnerability(it) => [
            it.severity.to_string(),
            it.id.clone(),
            format!("{} {}", it.component.name, it.component.version),
            match &it.fix {
                fix @ (Fix::Fixed(_) | Fix::Extended(_)) => format!("→ {}", fix_words(fix)),
                fix => fix_words(fix),
            },
            it.path.to_string(),
        ],
        What::Secret(it) => secret_row(&it.hit, format!("{}:{}", it.path, it.hit.line)),
        What::Written { hit, place } => secret_row(hit, place.clone()),
        What::Hazard { hazard, path } => [
            hazard.severity.to_string(),
            hazard.kind.id().to_owned(),
            harm(hazard),
            hazard.within.as_ref().map_or(String::new(), |it| format!("in {it}")),
            path.to_string(),
        ],
    };
    cells.iter().chain(&finding.made_by).map(|it| plain(it)).collect()
}

/// What is known of a version without the flaw, in words.
pub fn fix_words(fix: &Fix) -> String {
    match fix {
        Fix::Fixed(version) => format!("fixed in {version}"),
        Fix::Extended(version) => format!("fixed in {version}, with paid support only"),
        Fix::NotFixed => "no fix yet".to_owned(),
        Fix::Deferred => "fix deferred".to_owned(),
        Fix::WontFix => "will not be fixed".to_owned(),
        Fix::EndOfLife => "no longer maintained".to_owned(),
        Fix::Unknown => "no fix known".to_owned(),
    }
}

fn harm(hazard: &Hazard) -> String {
    match hazard.kind {
        HazardKind::UnsafeModel => format!("calls {} when it is loaded", hazard.what),
    }
}

fn secret_row(hit: &SecretHit, place: String) -> [String; 5] {
    [
        secrets::severity(&hit.rule).to_string(),
        hit.rule.clone(),
        title(&hit.rule).to_owned(),
        hit.preview.to_string(),
        place,
    ]
}

fn title(rule: &str) -> &str {
    secrets::rule(rule).map_or(rule, |it| it.title)
}

fn rule_of(finding: &Told) -> Option<&'static secrets::Rule> {
    match &finding.what {
        What::Vulnerability(_) | What::Hazard { .. } => None,
        What::Secret(it) => secrets::rule(&it.hit.rule),
        What::Written { hit, .. } => secrets::rule(&hit.rule),
    }
}

fn id(finding: &Told) -> &str {
    match &finding.what {
        What::Vulnerability(it) => &it.id,
        What::Secret(it) => &it.hit.rule,
        What::Written { hit, .. } => &hit.rule,
        What::Hazard { hazard, .. } => hazard.kind.id(),
    }
}
