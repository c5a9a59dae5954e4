//! Assemblies of .NET that lie by themselves, as modules of PowerShell have them.
//!
//! An assembly does not say which package it came in; most are called as their package is, and have
//! its version as that of the product. So this is a guess, and the property `told-by` says so. What
//! a list of dependencies tells better is said by that list: it owns the file. Not told are
//! assemblies that only describe others, those with texts in one language, and those of a shared
//! runtime.

use crate::analyze::{Analyzer, Found, Input, Unread, Want, text};
use crate::format::FormatError;
use crate::format::pe_version::PeVersion;
use crate::model::{Component, Ecosystem, LayerPath};

pub(in crate::analyze) const ANALYZER: Analyzer = Analyzer {
    id: "dotnet-assembly",
    wants: &[Want::Extension(".dll")],
    accepts: may_be_of_package,
    read,
    ..Analyzer::BASE
};

/// Packages that are called otherwise than their assembly.
const NAMES: &[(&str, &str)] = &[
    ("Antlr3.Runtime", "Antlr3"),
    ("BouncyCastle.Crypto", "BouncyCastle"),
    ("ICSharpCode.SharpZipLib", "SharpZipLib"),
    ("Ionic.Zip", "DotNetZip"),
    ("Renci.SshNet", "SSH.NET"),
    ("itextsharp", "iTextSharp"),
    ("nunit.framework", "NUnit"),
];

fn may_be_of_package(path: &LayerPath) -> bool {
    let mut above = path.parent().split('/');
    let described = |it: &str| {
        matches!(it, "ref" | "refs" | "packs" | "gac" | "analyzers") || it.ends_with(".App")
    };
    // What restores packages for a build keeps each for every platform.
    let is_cache = path.as_str().contains(".nuget/packages/");
    let is_language = path.file_name().to_ascii_lowercase().ends_with(".resources.dll");
    !is_cache && !is_language && !above.any(described)
}

fn read(input: &Input<'_>) -> Result<Found, Unread> {
    let mut found = Found::default();
    let version = match PeVersion::read(input.content) {
        Ok(version) => version,
        Err(FormatError::Io(error)) => return Err(error.into()),
        // Other files have this extension, too.
        Err(_) => return Ok(found),
    };
    if let Some(component) = component(input.path, &version) {
        found.component(component);
    }
    Ok(found)
}

fn component(path: &LayerPath, version: &PeVersion) -> Option<Component> {
    if !version.is_managed {
        return None;
    }
    let field = |name: &str| version.fields.get(name).map(String::as_str);
    let is_dll = |it: &&str| it.to_ascii_lowercase().ends_with(".dll");
    let named = [field("OriginalFilename"), field("InternalName")].into_iter().flatten();
    let file = named.chain([path.file_name()]).find(is_dll)?;
    let name = text::value(file.get(..file.len().checked_sub(4)?)?.as_bytes())?;
    let name = NAMES.iter().find(|it| it.0.eq_ignore_ascii_case(name)).map_or(name, |it| it.1);
    let mut versions = [field("ProductVersion"), field("FileVersion")].into_iter().flatten();
    let version = versions.find_map(package_version)?;
    let component = Component::new(Ecosystem::Nuget, name, version);
    Some(component.property("told-by", "file-version"))
}

/// The version as packages have it: without a commit, and of at most three numbers if the fourth is
/// zero.
fn package_version(raw: &str) -> Option<&str> {
    let word = raw.split([' ', '+', '@']).next()?;
    let version = text::value(word.as_bytes())?;
    let numbers = version.split('-').next()?;
    let is_number = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
    let n_numbers = numbers.split('.').count();
    if !(2..=4).contains(&n_numbers) || !numbers.split('.').all(is_number) || version == "0.0.0.0" {
        return None;
    }
    let is_short = n_numbers == 4 && version == numbers;
    Some(version.strip_suffix(".0").filter(|_| is_short).unwrap_or(version))
}

#[cfg(test)]
mod tests {
    use super::{ANALYZER, package_version};
    use crate::analyze::tests::{find, seed, shown, wants};
    use crate::format::pe_version::made::dll;

    #[test]
    fn an_assembly_is_told_by_its_version() {
        let path = "usr/local/share/powershell/Modules/X/1.0/Newtonsoft.Json.dll";
        let read = |bytes: &[u8]| shown(&find(&ANALYZER, path, bytes));
        let fields = [
            ("InternalName", "Newtonsoft.Json.dll"),
            ("FileVersion", "13.0.3.27908"),
            ("ProductVersion", "13.0.3+0a2e291c0d"),
        ];
        assert_eq!(
            read(&dll(true, &fields)),
            "nuget Newtonsoft.Json 13.0.3 told-by=file-version\n"
        );
        assert_eq!(read(&dll(false, &fields)), "");
        assert_eq!(read(&dll(true, &[])), "");
        assert_eq!(read(b"text"), "");
        let other = [("OriginalFilename", "Renci.SshNet.dll"), ("FileVersion", "2020.0.1.0")];
        assert_eq!(read(&dll(true, &other)), "nuget SSH.NET 2020.0.1 told-by=file-version\n");
    }

    #[test]
    fn an_assembly_is_a_seed_for_fuzzing() {
        let bytes = dll(true, &[("OriginalFilename", "A.dll"), ("ProductVersion", "1.2.3+a")]);
        assert_eq!(find(&ANALYZER, "app/A.dll", &bytes).components.len(), 1);
        seed("dotnet_assembly", "good", &bytes);
    }

    #[test]
    fn a_version_is_written_as_packages_have_it() {
        for (raw, expected) in [
            ("6.0.21+e40b3abf", Some("6.0.21")),
            ("2.0.0.0", Some("2.0.0")),
            ("1.2.3.4", Some("1.2.3.4")),
            ("1.0.0-rc.1.0", Some("1.0.0-rc.1.0")),
            ("4.6.1 built by: X", Some("4.6.1")),
            ("0.0.0.0", None),
            ("1", None),
            ("(c) X", None),
        ] {
            assert_eq!(package_version(raw), expected, "{raw}");
        }
    }

    #[test]
    fn assemblies_of_a_runtime_and_of_languages_are_left_out() {
        assert!(wants(&ANALYZER, "app/A.dll"));
        for path in [
            "app/de/A.resources.dll",
            "usr/share/dotnet/shared/Microsoft.NETCore.App/8.0.1/System.Runtime.dll",
            "usr/share/dotnet/packs/X/1.0/ref/net8.0/A.dll",
            "root/.nuget/packages/a/1.0/lib/net8.0/A.dll",
        ] {
            assert!(!wants(&ANALYZER, path), "{path}");
        }
    }
}
