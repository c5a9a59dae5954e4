//! Whether the packages of a paid or extended support were switched on when the image was made:
//! `status.json` of Ubuntu's Pro client.
//!
//! <https://documentation.ubuntu.com/pro-client/en/docs/explanations/status_columns/>. The services
//! that bring packages are told as facts about dpkg's database; nothing else of the file is, as it
//! names an account.

use serde::Deserialize;

use super::{Analyzer, Found, Input, Unread, Want, root_of};

const STATUS: &str = "var/lib/ubuntu-advantage/status.json";

/// Services that are archives of packages.
const ARCHIVES: &[&str] = &["esm-apps", "esm-infra", "fips", "fips-updates", "ros", "ros-updates"];

/// No such file comes near this.
const MAX_SIZE: u64 = 4 << 20;

pub(super) const ANALYZER: Analyzer = Analyzer {
    id: "ubuntu-pro",
    wants: &[Want::Name("status.json")],
    accepts: |path| root_of(path, STATUS).is_some(),
    read,
    ..Analyzer::BASE
};

#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    services: Vec<Service>,
}

#[derive(Deserialize)]
struct Service {
    #[serde(default)]
    name: String,
    #[serde(default)]
    status: String,
}

fn read(input: &Input<'_>) -> Result<Found, Unread> {
    let mut found = Found::default();
    let root = input.path.as_str().strip_suffix(STATUS).unwrap_or_default();
    let Ok(status) = serde_json::from_slice::<Status>(&input.up_to(MAX_SIZE)?) else {
        found.remark("not the status of a client");
        return Ok(found);
    };
    for service in status.services.iter().filter(|it| it.status == "enabled") {
        if let Some(name) = ARCHIVES.iter().find(|it| **it == service.name) {
            found.about(format!("{root}var/lib/dpkg/"), "ubuntu-pro", *name);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{find, shown};
    use super::ANALYZER;

    fn check(text: &str) -> String {
        shown(&find(&ANALYZER, "x/var/lib/ubuntu-advantage/status.json", text.as_bytes()))
    }

    #[test]
    fn archives_that_are_switched_on_are_told() {
        let text = r#"{"account": {"name": "x"}, "services": [
            {"name": "esm-infra", "status": "enabled", "entitled": "yes"},
            {"name": "esm-apps", "status": "disabled"}, {"name": "livepatch", "status": "enabled"}]}"#;
        assert_eq!(check(text), "/x/var/lib/dpkg/ ubuntu-pro=esm-infra\n");
        assert_eq!(check("{}"), "");
    }

    #[test]
    fn what_is_no_status_is_noted() {
        assert_eq!(check("invalid"), "note ubuntu-pro: not the status of a client\n");
    }
}
