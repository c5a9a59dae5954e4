//! The distribution's name and version.
//!
//! `KEY=value` lines with shell quoting, <https://www.freedesktop.org/software/systemd/man/os-release.html>.
//! `/etc/os-release` is a symlink on most images; the file it leads to is then read at its own path.

use super::{Analyzer, Found, Want, root_of, text};
use crate::model::Distro;

/// The distributions of which `ID_LIKE` may name many.
const MAX_LIKE: usize = 20;

pub(super) const ANALYZER: Analyzer = Analyzer {
    id: "os-release",
    wants: &[Want::Name("os-release")],
    accepts: |path| {
        ["etc/os-release", "usr/lib/os-release"].iter().any(|it| root_of(path, it).is_some())
    },
    read: |input| Ok(read(&input.whole()?)),
    ..Analyzer::BASE
};

#[derive(Default)]
struct Fields {
    id: Option<String>,
    like: Option<String>,
    name: Option<String>,
    pretty_name: Option<String>,
    version: Option<String>,
    version_id: Option<String>,
    codename: Option<String>,
    ubuntu_codename: Option<String>,
    debian_codename: Option<String>,
    support_end: Option<String>,
}

fn read(bytes: &[u8]) -> Found {
    let mut found = Found::default();
    let mut fields = Fields::default();
    for (number, line) in text::lines(bytes) {
        let Some((key, raw)) = assignment(line) else { continue };
        let (into, is_word) = match key {
            b"ID" => (&mut fields.id, true),
            b"ID_LIKE" => (&mut fields.like, false),
            b"NAME" => (&mut fields.name, false),
            b"PRETTY_NAME" => (&mut fields.pretty_name, false),
            b"VERSION" => (&mut fields.version, false),
            b"VERSION_ID" => (&mut fields.version_id, true),
            b"VERSION_CODENAME" => (&mut fields.codename, true),
            b"UBUNTU_CODENAME" => (&mut fields.ubuntu_codename, true),
            b"DEBIAN_CODENAME" => (&mut fields.debian_codename, true),
            b"SUPPORT_END" => (&mut fields.support_end, true),
            _ => continue,
        };
        let value = unquoted(raw);
        let fit = if is_word { text::value(&value) } else { text::phrase(&value) };
        match fit {
            Some(value) => *into = Some(value.to_owned()),
            None if value.trim_ascii().is_empty() => {}
            None => found.note(number, "an unreadable value"),
        }
    }
    found.distro = fields.distro();
    found
}

impl Fields {
    fn distro(self) -> Option<Distro> {
        let like: Vec<String> = self.like.as_deref().map_or_else(Vec::new, |it| {
            it.split_ascii_whitespace().take(MAX_LIKE).map(str::to_owned).collect()
        });
        let id = match self.id {
            Some(id) => id,
            // What os-release(5) takes it for, where something else tells what it is.
            None if !like.is_empty() => "linux".to_owned(),
            None => return None,
        };
        let old = self.version.as_deref().filter(|_| id == "debian").and_then(codename_in);
        let base = self.ubuntu_codename.or(self.debian_codename);
        let codename = self.codename.or(old).or_else(|| base.clone());
        Some(Distro {
            id,
            version: self.version_id,
            base: base.filter(|it| codename.as_ref() != Some(it)),
            codename,
            like,
            name: self.pretty_name.or(self.name),
            support_end: self.support_end.filter(|it| is_date(it)),
            ..Distro::default()
        })
    }
}

/// Debian's releases that are older than the field tell it in `VERSION`: `8 (jessie)`.
fn codename_in(version: &str) -> Option<String> {
    let codename = version.split_once('(')?.1.strip_suffix(')')?;
    let is_word = !codename.is_empty() && codename.bytes().all(|it| it.is_ascii_lowercase());
    is_word.then(|| codename.to_owned())
}

fn is_date(text: &str) -> bool {
    let fits =
        |(at, it): (usize, u8)| if matches!(at, 4 | 7) { it == b'-' } else { it.is_ascii_digit() };
    text.len() == 10 && text.bytes().enumerate().all(fits)
}

/// Splits `KEY=value`.
pub(super) fn assignment(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let (key, value) = line.split_at_checked(memchr::memchr(b'=', line)?)?;
    Some((key.trim_ascii(), value.get(1..)?.trim_ascii()))
}

/// Takes off what a shell would: a pair of quotes, and the backslashes that double quotes keep.
pub(super) fn unquoted(raw: &[u8]) -> Vec<u8> {
    let inner = match raw {
        [b'\'', inner @ .., b'\''] => return inner.to_vec(),
        [b'"', inner @ .., b'"'] => inner,
        _ => raw,
    };
    let mut value = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        let escaped = |it: &u8| matches!(it, b'"' | b'$' | b'\\' | b'`');
        match bytes.next_if(|it| byte == b'\\' && escaped(it)) {
            Some(next) => value.push(next),
            None => value.push(byte),
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::super::tests::find;
    use super::ANALYZER;

    fn check(text: &str) -> String {
        let found = find(&ANALYZER, "etc/os-release", text.as_bytes());
        let Some(it) = found.distro else { return found.notes.join("\n") };
        let or_none = |it: Option<String>| it.unwrap_or("-".to_owned());
        format!(
            "{} {} {} like {:?}, {}, until {}",
            it.id,
            or_none(it.version),
            or_none(it.codename),
            it.like,
            or_none(it.name),
            or_none(it.support_end)
        )
    }

    #[test]
    fn every_field_is_read() {
        let text = "PRETTY_NAME=\"Ubuntu 22.04.4 LTS\"\nNAME=\"Ubuntu\"\nVERSION_ID=\"22.04\"\n\
                    VERSION=\"22.04.4 LTS (Jammy Jellyfish)\"\nVERSION_CODENAME=jammy\nID=ubuntu\n\
                    ID_LIKE=debian\nUBUNTU_CODENAME=jammy\nSUPPORT_END=2027-06-01\n";
        insta::assert_snapshot!(check(text), @r#"ubuntu 22.04 jammy like ["debian"], Ubuntu 22.04.4 LTS, until 2027-06-01"#);
    }

    #[test]
    fn derivatives_say_what_they_are_like() {
        let mint = "ID=linuxmint\nID_LIKE=\"ubuntu debian\"\nVERSION_ID=\"21.3\"\n\
                    VERSION_CODENAME=virginia\nUBUNTU_CODENAME=jammy\nNAME='Linux Mint'\n";
        insta::assert_snapshot!(check(mint), @r#"linuxmint 21.3 virginia like ["ubuntu", "debian"], Linux Mint, until -"#);
        assert_eq!(
            find(&ANALYZER, "etc/os-release", mint.as_bytes()).distro.unwrap().base.as_deref(),
            Some("jammy")
        );
        let amazon = "NAME=\"Amazon Linux\"\nID=\"amzn\"\nID_LIKE=\"fedora\"\nVERSION_ID=\"2023\"\n\
                      SUPPORT_END=\"2028-03-15\"\n";
        insta::assert_snapshot!(check(amazon), @r#"amzn 2023 - like ["fedora"], Amazon Linux, until 2028-03-15"#);
    }

    #[test]
    fn an_old_release_tells_its_codename_in_its_version() {
        let jessie = "ID=debian\nVERSION_ID=\"8\"\nVERSION=\"8 (jessie)\"\n";
        assert_eq!(check(jessie), "debian 8 jessie like [], -, until -");
        let rhel = "ID=rhel\nVERSION_ID=\"9.4\"\nVERSION=\"9.4 (Plow)\"\n";
        assert_eq!(check(rhel), "rhel 9.4 - like [], -, until -");
        let trusty = "ID=ubuntu\nVERSION=\"14.04, Trusty Tahr\"\nUBUNTU_CODENAME=trusty\n";
        assert_eq!(check(trusty), "ubuntu - trusty like [], -, until -");
    }

    #[test]
    fn a_rolling_release_has_no_version() {
        assert_eq!(check("ID='arch'\nVERSION_ID=\"\"\n"), "arch - - like [], -, until -");
    }

    #[test]
    fn without_an_id_it_is_like_something_or_nothing() {
        assert_eq!(check("NAME=x\nID_LIKE=debian\n"), "linux - - like [\"debian\"], x, until -");
        assert_eq!(check("NAME=x\nVERSION_ID=8\n"), "");
        assert_eq!(check(""), "");
    }

    #[test]
    fn quotes_and_backslashes_are_taken_off() {
        let text =
            "ID=\"a\\$b\"\nPRETTY_NAME=\"x \\\"y\\\" \\n \\\\\"\nVERSION_ID='1\\0'\nNAME=\"\n";
        assert_eq!(check(text), "a$b 1\\0 - like [], x \"y\" \\n \\, until -");
    }

    #[test]
    fn a_hostile_value_is_noted_and_not_repeated() {
        assert_eq!(
            check("ID=\x1b[31mred\nVERSION_ID=1\n"),
            "os-release: line 1: an unreadable value"
        );
        assert_eq!(check("ID=a b\n"), "os-release: line 1: an unreadable value");
        assert_eq!(check("ID=a\nSUPPORT_END=soon\n"), "a - - like [], -, until -");
    }
}
