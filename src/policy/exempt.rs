//! Exemptions: findings that may pass, each with a reason and, if wanted, an end.
//!
//! ```toml
//! [[exempt]]
//! id = "CVE-2019-10906"      # an advisory by any of its names, or a secret rule
//! package = "jinja2"         # optional: in this package only
//! path = "opt/app/"          # optional: in this file, or below this directory
//! reason = "templates are ours"
//! expires = 2027-01-31       # optional: the last day on which it holds
//! ```

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::options::{Origin, PolicyError};

/// One exemption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exemption {
    pub id: String,
    pub package: Option<String>,
    /// Without a leading `/`; one that ends in `/` stands for everything below.
    pub path: Option<String>,
    pub reason: String,
    /// `YYYY-MM-DD`
    pub expires: Option<String>,
    /// Where it stands in `layergate.toml`.
    pub line: usize,
}

/// What an exemption is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject<'a> {
    /// Every name of the advisory, or the secret rule.
    pub ids: Vec<&'a str>,
    pub package: Option<&'a str>,
    pub path: Option<&'a str>,
}

impl Exemption {
    /// Whether it speaks of `subject`, still in force or not.
    pub fn covers(&self, subject: &Subject<'_>) -> bool {
        let is_in = |path: &str| match self.path.as_deref() {
            None => true,
            Some(below) if below.ends_with('/') => path.starts_with(below),
            Some(exact) => path == exact,
        };
        subject.ids.iter().any(|it| it.eq_ignore_ascii_case(&self.id))
            && self.package.as_deref().is_none_or(|it| subject.package == Some(it))
            && (self.path.is_none() || subject.path.is_some_and(is_in))
    }

    /// Whether it no longer holds on `today`, a date `YYYY-MM-DD`.
    pub fn is_expired(&self, today: &str) -> bool {
        self.expires.as_deref().is_some_and(|it| it < today)
    }
}

/// Reads the entries of `exempt`.
pub(super) fn read(
    value: &Spanned<DeValue<'_>>,
    line_at: impl Fn(usize) -> usize,
) -> Result<Vec<Exemption>, PolicyError> {
    let wrong = |at: usize, problem: &str| PolicyError {
        origin: Origin::File { line: line_at(at) },
        problem: problem.to_owned(),
    };
    let DeValue::Array(entries) = value.get_ref() else {
        return Err(wrong(value.span().start, "exemptions are written as [[exempt]] tables"));
    };
    let entry = |it: &Spanned<DeValue<'_>>| match it.get_ref() {
        DeValue::Table(table) => one(table, it.span().start, &line_at),
        _ => Err(wrong(it.span().start, "exemptions are written as [[exempt]] tables")),
    };
    entries.iter().map(entry).collect()
}

fn one(
    table: &DeTable<'_>,
    at: usize,
    line_at: &impl Fn(usize) -> usize,
) -> Result<Exemption, PolicyError> {
    let line = line_at(at);
    let wrong = |line, problem: String| PolicyError { origin: Origin::File { line }, problem };
    let mut exemption = Exemption {
        id: String::new(),
        package: None,
        path: None,
        reason: String::new(),
        expires: None,
        line,
    };
    for (name, value) in table {
        let line = line_at(name.span().start);
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Datetime(date) => date.to_string(),
            other => {
                let problem =
                    format!("{} must be a text, not {}", name.get_ref(), other.type_str());
                return Err(wrong(line, problem));
            }
        };
        match name.get_ref().as_ref() {
            "id" => exemption.id = text,
            "package" => exemption.package = Some(text),
            "path" => exemption.path = Some(text.trim_start_matches('/').to_owned()),
            "reason" => exemption.reason = text,
            "expires" if is_date(&text) => exemption.expires = Some(text),
            "expires" => {
                return Err(wrong(
                    line,
                    format!("expires must be a date like 2027-01-31, not {text:?}"),
                ));
            }
            other => {
                let names = "id, package, path, reason, expires";
                return Err(wrong(
                    line,
                    format!("unknown name {other:?} in an exemption (names are {names})"),
                ));
            }
        }
    }
    if exemption.id.trim().is_empty() {
        return Err(wrong(
            line,
            "an exemption needs an id: an advisory or a secret rule".to_owned(),
        ));
    }
    if exemption.reason.trim().is_empty() {
        let problem = format!("the exemption of {} needs a reason", exemption.id);
        return Err(wrong(line, problem));
    }
    Ok(exemption)
}

/// `YYYY-MM-DD`, so that dates compare as text.
fn is_date(text: &str) -> bool {
    let shape = text.bytes().zip(b"0000-00-00").all(|(it, like)| match like {
        b'-' => it == b'-',
        _ => it.is_ascii_digit(),
    });
    text.len() == 10 && shape && text.parse::<toml::value::Datetime>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::Subject;
    use crate::policy::read_file;

    fn check(text: &str) -> String {
        match read_file(text) {
            Ok(file) => format!("{:?}", file.exemptions),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn an_exemption_is_read_with_its_line() {
        insta::assert_snapshot!(check("fail-on = \"low\"\n\n[[exempt]]\nid = \"CVE-1\"\nreason = \"not ours\"\nexpires = 2027-01-31\npath = \"/opt/\"\n"), @r#"[Exemption { id: "CVE-1", package: None, path: Some("opt/"), reason: "not ours", expires: Some("2027-01-31"), line: 3 }]"#);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = [
            "[[exempt]]\nid = \"CVE-1\"\n",
            "[[exempt]]\nreason = \"x\"\n",
            "[[exempt]]\nid = \"CVE-1\"\nreason = \"x\"\nuntil = \"y\"\n",
            "[[exempt]]\nid = \"CVE-1\"\nreason = \"x\"\nexpires = \"soon\"\n",
            "[[exempt]]\nid = \"CVE-1\"\nreason = \"x\"\nexpires = 2027-02-31\n",
            "[exempt]\nid = \"CVE-1\"\n",
            "exempt = [1]\n",
        ];
        insta::assert_snapshot!(wrong.map(check).join("\n"), @r#"
        layergate.toml line 1: the exemption of CVE-1 needs a reason
        layergate.toml line 1: an exemption needs an id: an advisory or a secret rule
        layergate.toml line 4: unknown name "until" in an exemption (names are id, package, path, reason, expires)
        layergate.toml line 4: expires must be a date like 2027-01-31, not "soon"
        layergate.toml line 4: invalid date, expected day between 01 and 28
        layergate.toml line 1: exemptions are written as [[exempt]] tables
        layergate.toml line 1: exemptions are written as [[exempt]] tables
        "#);
    }

    #[test]
    fn an_exemption_covers_no_more_than_it_says() {
        let read = |text: &str| read_file(text).unwrap().exemptions.remove(0);
        let subject = Subject {
            ids: vec!["CVE-1", "GHSA-x"],
            package: Some("jinja2"),
            path: Some("opt/app/METADATA"),
        };
        let covers =
            |more: &str| read(&format!("[[exempt]]\nreason = \"x\"\n{more}")).covers(&subject);
        assert!(covers("id = \"cve-1\""));
        assert!(covers("id = \"GHSA-x\"\npackage = \"jinja2\"\npath = \"/opt/\""));
        assert!(!covers("id = \"CVE-2\""));
        assert!(!covers("id = \"CVE-1\"\npackage = \"jinja\""));
        assert!(!covers("id = \"CVE-1\"\npath = \"opt/app\""));
    }

    #[test]
    fn the_last_day_still_counts() {
        let exemption = read_file("[[exempt]]\nid=\"a\"\nreason=\"b\"\nexpires=2027-01-31\n")
            .unwrap()
            .exemptions;
        assert!(!exemption[0].is_expired("2027-01-31"));
        assert!(exemption[0].is_expired("2027-02-01"));
    }
}
