//! The note by which a distribution's compiler says whose package an executable is of.
//!
//! Format: <https://uapi-group.org/specifications/specs/package_metadata_for_executable_files/>:
//! JSON in a note of the owner `FDO`. Some tools write the JSON alone into the section. The name is
//! that of the package's source; what was built from it is not told. The package manager's database
//! knows better where there is one, but a file that was copied out of its image has only the note.

use serde::Deserialize;

use crate::analyze::{Found, text};
use crate::format::FormatError;
use crate::format::bytes::part;
use crate::format::executable::Executable;
use crate::model::{Component, Content, Ecosystem};

const SECTION: &str = ".note.package";
const OWNER: &[u8] = b"FDO\0";

/// Those of distributions have about 200 bytes.
const MAX_NOTE: u64 = 64 << 10;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Note {
    r#type: Option<String>,
    name: Option<String>,
    version: Option<String>,
    architecture: Option<String>,
    os: Option<String>,
    os_version: Option<String>,
    #[serde(alias = "osCPE")]
    os_cpe: Option<String>,
    #[serde(alias = "cpe")]
    app_cpe: Option<String>,
    license: Option<String>,
}

/// Adds the package that one executable names.
pub(super) fn read(
    executable: &Executable,
    content: &dyn Content,
    found: &mut Found,
) -> Result<(), FormatError> {
    let Some(section) = executable.section_named(SECTION) else { return Ok(()) };
    let bytes = part(content, section.offset, section.size.min(MAX_NOTE))?;
    // The owner comes after three numbers.
    let json = match bytes.get(12..).and_then(|it| it.strip_prefix(OWNER)) {
        Some(json) => json,
        None => &bytes,
    };
    let json = json.split(|it| *it == 0).next().unwrap_or_default();
    let Ok(note) = serde_json::from_slice::<Note>(json) else {
        return Err(FormatError::Malformed("the note on the package cannot be read"));
    };
    match note.component() {
        Some(it) => found.component(it),
        None => found.remark("the note on the package has no readable name and version"),
    }
    Ok(())
}

impl Note {
    fn component(&self) -> Option<Component> {
        let value = |it: &Option<String>| {
            it.as_deref().and_then(|it| text::value(it.as_bytes())).map(str::to_owned)
        };
        let kind = value(&self.r#type).unwrap_or_default();
        let ecosystem = match kind.as_str() {
            "rpm" => Ecosystem::Rpm,
            "deb" => Ecosystem::Deb,
            "apk" => Ecosystem::Apk,
            "alpm" | "pacman" => Ecosystem::Alpm,
            "ebuild" => Ecosystem::Ebuild,
            _ => Ecosystem::Generic,
        };
        let mut component = Component::new(ecosystem, value(&self.name)?, value(&self.version)?)
            .property("classified", "elf-note");
        component.arch = value(&self.architecture);
        component.licenses = text::licenses(self.license.as_deref().map(str::as_bytes));
        let mut add = |key: &str, value: Option<String>| {
            component.properties.extend(value.map(|it| (key.to_owned(), it)));
        };
        let os = match (value(&self.os), value(&self.os_version)) {
            (Some(os), Some(version)) => Some(format!("{os}-{version}")),
            (os, _) => os.or_else(|| value(&self.os_cpe)),
        };
        add("os", os);
        add("cpe", value(&self.app_cpe));
        Some(component)
    }
}

/// Files for tests.
#[cfg(test)]
pub(crate) mod made {
    /// The note as compilers write it.
    pub(crate) fn note(json: &str) -> Vec<u8> {
        let length = u32::try_from(json.len() + 1).unwrap().to_le_bytes();
        let mut bytes =
            [&4_u32.to_le_bytes()[..], &length, &0xcafe_1a7e_u32.to_le_bytes()].concat();
        bytes.extend(super::OWNER);
        bytes.extend(json.bytes());
        bytes.resize((bytes.len() + 1).next_multiple_of(4), 0);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::made::note;
    use crate::analyze::executable::ANALYZER;
    use crate::analyze::tests::{find, shown};
    use crate::format::elf::made::elf;

    fn check(note: &[u8]) -> String {
        shown(&find(&ANALYZER, "usr/bin/a", &elf(&[(".note.package", 7, 2, note)])))
    }

    #[test]
    fn the_package_is_of_the_distribution_s_kind() {
        let fedora = r#"{"type":"rpm","name":"curl","version":"7.85.0-6.fc37","architecture":"x86_64","osCpe":"cpe:/o:fedoraproject:fedora:37"}"#;
        insta::assert_snapshot!(check(&note(fedora)), @"rpm curl 7.85.0-6.fc37 x86_64 classified=elf-note os=cpe:/o:fedoraproject:fedora:37");
        let ubuntu = r#"{"type":"deb","os":"ubuntu","osVersion":"24.10","name":"curl","version":"8.9.1-2ubuntu2","architecture":"amd64"}"#;
        insta::assert_snapshot!(check(&note(ubuntu)), @"deb curl 8.9.1-2ubuntu2 amd64 classified=elf-note os=ubuntu-24.10");
        let other = r#"{"type":"x","name":"a","version":"1.0","license":"BSD 3-Clause","appCpe":"cpe:/a:b:c:1.0"}"#;
        insta::assert_snapshot!(check(&note(other)), @r#"generic a 1.0 licensed ["BSD 3-Clause"] classified=elf-note cpe=cpe:/a:b:c:1.0"#);
    }

    #[test]
    fn json_without_the_head_of_a_note_is_read_too() {
        insta::assert_snapshot!(check(br#"{"name":"a","version":"1.0"}"#), @"generic a 1.0 classified=elf-note");
    }

    #[test]
    fn a_note_that_tells_nothing_is_noted() {
        for bytes in [&b""[..], b"{", &note("[1]"), &note(r#"{"name": 1}"#)] {
            insta::allow_duplicates! {
                insta::assert_snapshot!(check(bytes), @"note executable: the note on the package cannot be read");
            }
        }
        insta::assert_snapshot!(check(&note(r#"{"name":"a b","version":"1"}"#)), @"note executable: the note on the package has no readable name and version");
    }
}
