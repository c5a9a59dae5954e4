//! When the releases of distributions end, as endoflife.date collects it.
//!
//! Format: <https://endoflife.date/docs/api/v1/>: `api/debian.json` is a list of `cycle`s and does not
//! say what of, so its file must be called `debian.json`; `api/v1/products/debian` says it. A release is
//! named as in `os-release`; of some distributions only by the front of that, `3.20` for `3.20.3`.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::Intake;
use crate::advisory::layout::EndOfLife;
use crate::advisory::text::{day, is_plain};

/// Products, and the `ID` of their `os-release`.
const DISTROS: &[(&str, &str)] = &[
    ("almalinux", "almalinux"),
    ("alpine", "alpine"),
    ("alpine-linux", "alpine"),
    ("amazon-linux", "amzn"),
    ("azure-linux", "azurelinux"),
    ("centos", "centos"),
    ("debian", "debian"),
    ("fedora", "fedora"),
    ("fedora-linux", "fedora"),
    ("mageia", "mageia"),
    ("opensuse", "opensuse-leap"),
    ("oracle-linux", "ol"),
    ("photon", "photon"),
    ("redhat", "rhel"),
    ("rhel", "rhel"),
    ("rocky-linux", "rocky"),
    ("sles", "sles"),
    ("ubuntu", "ubuntu"),
];

/// A release in the old form.
#[derive(Deserialize)]
struct Cycle {
    cycle: Value,
    #[serde(default)]
    eol: Value,
}

/// The new form.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    last_modified: Option<String>,
    result: Product,
}

#[derive(Deserialize)]
struct Product {
    name: String,
    releases: Vec<Release>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Release {
    name: String,
    #[serde(default)]
    is_eol: Option<bool>,
    #[serde(default)]
    eol_from: Option<String>,
}

/// Whether a file is of one of the two forms.
pub(super) fn is(path: &Path, head: &[u8]) -> bool {
    let holds = |text: &str| memchr::memmem::find(head, text.as_bytes()).is_some();
    let is_old = head.trim_ascii_start().starts_with(b"[") && holds("\"cycle\"");
    let is_below = path.parent().is_some_and(|it| it.ends_with("eol"));
    is_old || is_below || holds("\"schema_version\"") && holds("\"generated_at\"")
}

pub(super) fn read(path: &Path, bytes: &[u8], intake: &mut Intake<'_>) -> Result<(), String> {
    let file = path.file_name().and_then(|it| it.to_str()).unwrap_or_default();
    let (product, releases, date) = if bytes.trim_ascii_start().starts_with(b"[") {
        let cycles: Vec<Value> = serde_json::from_slice(bytes).map_err(|it| broken(&it))?;
        let product = file.split('.').next().unwrap_or_default().to_owned();
        (product, cycles.into_iter().map(of_cycle).collect(), String::new())
    } else {
        let answer: Answer = serde_json::from_slice(bytes).map_err(|it| broken(&it))?;
        let releases: Vec<Stated> = answer.result.releases.into_iter().map(of_release).collect();
        (answer.result.name, releases, day(&answer.last_modified.unwrap_or_default()))
    };
    let Some((_, distro)) = DISTROS.iter().find(|it| it.0 == product) else {
        intake.gathered.skip("endoflife.date's other products", 1);
        return Ok(());
    };
    let mut n_releases = 0;
    for release in releases {
        match release {
            Ok((version, Some(date))) if is_plain(&version) => {
                let distro = (*distro).to_owned();
                intake.gathered.ends.insert(EndOfLife { distro, version, date });
                n_releases += 1;
            }
            Ok((_, None)) => {}
            Ok((version, Some(_))) => intake.bad.name(&version, "not a plain version"),
            Err(problem) => intake.bad.name(&product, &problem),
        }
    }
    intake.gathered.source("endoflife.date", &date, n_releases);
    Ok(())
}

fn broken(error: &serde_json::Error) -> String {
    format!("not a list of releases: {error}")
}

/// A release and its last day: empty where it has ended, nothing where it has not and nobody knows.
type Stated = Result<(String, Option<String>), String>;

fn of_cycle(value: Value) -> Stated {
    let cycle: Cycle = serde_json::from_value(value).map_err(|it| it.to_string())?;
    let version = match cycle.cycle {
        Value::String(version) => version,
        Value::Number(version) => version.to_string(),
        _ => return Err("a release without a name".to_owned()),
    };
    let end = match cycle.eol {
        Value::Bool(false) | Value::Null => None,
        Value::Bool(true) => Some(String::new()),
        Value::String(date) if !day(&date).is_empty() => Some(day(&date)),
        _ => return Err(format!("release {} ends on no day", super::short(&version))),
    };
    Ok((version, end))
}

fn of_release(release: Release) -> Stated {
    let end = match release.eol_from {
        Some(date) if !day(&date).is_empty() => Some(day(&date)),
        Some(_) => return Err(format!("release {} ends on no day", super::short(&release.name))),
        None => release.is_eol.filter(|it| *it).map(|_| String::new()),
    };
    Ok((release.name, end))
}
