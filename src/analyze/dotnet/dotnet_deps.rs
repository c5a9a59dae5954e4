//! What a .NET application is made of, by the file `<application>.deps.json` beside it.
//!
//! Format:
//! <https://github.com/dotnet/sdk/blob/main/documentation/specs/runtime-configuration-file.md>. The
//! runtime loads what is listed here, so the packages whose files are listed are installed. The
//! shared runtimes have such a file, too, and so have applications that carry a runtime: it is
//! called `Microsoft.NETCore.App.Runtime.<platform>`, as its advisories name it. A package that
//! brings no file of its own but others that do is a name for those: it is declared. What was only
//! compiled against, and analyzers, are not there.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::analyze::{Analyzer, Found, Owning, Want, text};
use crate::model::{Component, Ecosystem, LayerPath, Standing};

/// How the SDK marks a runtime that an application carries.
const RUNTIME_PACK: &str = "runtimepack.";

pub(in crate::analyze) const ANALYZER: Analyzer = Analyzer {
    id: "dotnet",
    wants: &[Want::Extension(".json")],
    accepts: |path| path.file_name().ends_with(".deps.json"),
    read: |input| Ok(read(input.path, None, &input.whole()?)),
    ..Analyzer::BASE
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    runtime_target: Option<Target>,
    #[serde(default)]
    targets: BTreeMap<String, BTreeMap<String, Assets>>,
    #[serde(default)]
    libraries: BTreeMap<String, Library>,
}

/// Early versions write the name alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum Target {
    Name(String),
    Object { name: String },
}

/// What one package is for one platform, by the path in the package.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Assets {
    dependencies: BTreeMap<String, IgnoredOr>,
    runtime: BTreeMap<String, Asset>,
    native: BTreeMap<String, Asset>,
    resources: BTreeMap<String, Asset>,
    runtime_targets: BTreeMap<String, Asset>,
}

/// A version; anything else is of no interest.
#[derive(Deserialize)]
#[serde(untagged)]
enum IgnoredOr {
    Version(String),
    Other(IgnoredAny),
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Asset {
    /// Where the file is, if not where its path in the package says.
    local_path: Option<String>,
}

#[derive(Deserialize)]
struct Library {
    #[serde(rename = "type", default)]
    kind: String,
}

/// Reads the file at `path`, or one `within` it.
pub(super) fn read(path: &LayerPath, within: Option<&str>, bytes: &[u8]) -> Found {
    let mut found = Found::default();
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let document = match serde_json::from_slice::<Document>(bytes) {
        Ok(document) => document,
        Err(error) => {
            found.note(error.line(), "not a list of an application's dependencies");
            return found;
        }
    };
    let target = document.runtime_target.as_ref().map(|it| match it {
        Target::Name(name) | Target::Object { name } => name,
    });
    let assets = target.and_then(|it| document.targets.get(it));
    let named = assets.map(naming_others).unwrap_or_default();
    for (key, library) in &document.libraries {
        let own = assets.and_then(|it| it.get(key));
        let standing = match own {
            Some(own) if own.has_files() => Standing::Installed,
            Some(_) if named.contains(key.as_str()) && !is_platform(key) => Standing::Declared,
            Some(_) => continue,
            // Without the platform's list all are taken to be there.
            None => Standing::Installed,
        };
        let Some(component) = component(key, &library.kind) else {
            if Kind::of(&library.kind).is_some() {
                found.remark("a package without a readable name and version");
            }
            continue;
        };
        if let (Some(own), None) = (own, within) {
            found.owns(owning(path, &component.name, own));
        }
        found.component(Component { standing, within: within.map(str::to_owned), ..component });
    }
    found
}

/// Names of the shared runtime itself, which may be there in another version or not at all.
fn is_platform(key: &str) -> bool {
    let name = key.split('/').next().unwrap_or_default();
    name == "NETStandard.Library"
        || name
            .strip_prefix("Microsoft.")
            .is_some_and(|it| matches!(it, "NETCore.App" | "AspNetCore.App" | "AspNetCore.All"))
}

/// Kinds of library that have files of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Package,
    /// The application, or a part of it.
    Project,
    /// An assembly that is in no package.
    Reference,
    Runtime,
}

impl Kind {
    fn of(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "package" => Some(Self::Package),
            "project" => Some(Self::Project),
            "reference" => Some(Self::Reference),
            "runtimepack" => Some(Self::Runtime),
            _ => None,
        }
    }
}

/// The package `<name>/<version>`.
fn component(key: &str, kind: &str) -> Option<Component> {
    let kind = Kind::of(kind)?;
    let (name, version) = key.split_once('/')?;
    let name = text::value(name.strip_prefix(RUNTIME_PACK).unwrap_or(name).as_bytes())?;
    let version = text::value(version.as_bytes())?;
    let component = Component::new(Ecosystem::Nuget, name, version);
    Some(match kind {
        Kind::Package | Kind::Runtime => component,
        Kind::Project => component.property("type", "project"),
        Kind::Reference => component.property("type", "reference"),
    })
}

/// The packages without a file that lead to one which has some.
fn naming_others(assets: &BTreeMap<String, Assets>) -> BTreeSet<&str> {
    let mut dependents: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (key, own) in assets {
        for (name, version) in &own.dependencies {
            if let IgnoredOr::Version(version) = version {
                dependents.entry(format!("{name}/{version}")).or_default().push(key);
            }
        }
    }
    let mut open: Vec<&str> =
        assets.iter().filter(|it| it.1.has_files()).map(|it| it.0.as_str()).collect();
    let mut leading = BTreeSet::new();
    while let Some(key) = open.pop() {
        for dependent in dependents.get(key).into_iter().flatten() {
            if leading.insert(*dependent) {
                open.push(dependent);
            }
        }
    }
    leading
}

impl Assets {
    fn all(&self) -> impl Iterator<Item = (&String, &Asset)> {
        let all = [&self.runtime, &self.native, &self.resources, &self.runtime_targets];
        // An empty file of this name stands for "nothing, on this platform".
        all.into_iter().flatten().filter(|it| !it.0.ends_with("_._"))
    }

    fn has_files(&self) -> bool {
        self.all().next().is_some()
    }
}

/// The files of one package, which lie beside the list.
fn owning(path: &LayerPath, name: &str, assets: &Assets) -> Owning {
    let mut owning = Owning::named(path, name, None);
    for (listed, asset) in assets.all() {
        let is_for_all = assets.runtime_targets.contains_key(listed);
        let usual = if is_for_all { listed } else { flat(listed) };
        let local = asset.local_path.as_deref().unwrap_or(usual);
        owning.add(path.parent(), local);
    }
    owning
}

/// Where a file of a package lies that was made for one platform: `lib/net8.0/de/a.dll` is
/// `de/a.dll` and `runtimes/linux-x64/native/a.so` is `a.so`.
fn flat(listed: &str) -> &str {
    let parts: Vec<&str> = listed.splitn(5, '/').collect();
    let n = match parts.as_slice() {
        ["lib", _, ..] => 2,
        ["runtimes", _, "lib", _, _] => 4,
        ["runtimes", _, "native", ..] => 3,
        _ => 0,
    };
    (0..n).fold(listed, |rest, _| rest.split_once('/').map_or(rest, |it| it.1))
}

#[cfg(test)]
mod tests {
    use super::{ANALYZER, flat};
    use crate::analyze::tests::{find, shown, wants};

    fn check(path: &str, text: &str) -> String {
        shown(&find(&ANALYZER, path, text.as_bytes()))
    }

    const APPLICATION: &str = r#"{
      "runtimeTarget": {"name": ".NETCoreApp,Version=v8.0/linux-x64", "signature": ""},
      "compilationOptions": {},
      "targets": {
        ".NETCoreApp,Version=v8.0": {},
        ".NETCoreApp,Version=v8.0/linux-x64": {
          "App/1.0.0": {
            "dependencies": {"All": "2.0.0", "Newtonsoft.Json": "13.0.1"},
            "runtime": {"App.dll": {}}
          },
          "All/2.0.0": {"dependencies": {"Some": "2.0.0"}},
          "Microsoft.NETCore.App/2.1.0": {"dependencies": {"Newtonsoft.Json": "13.0.1"}},
          "Some/2.0.0": {"dependencies": {"Newtonsoft.Json": "13.0.1"}},
          "Analyzer/1.0.0": {},
          "Empty/4.3.0": {"runtime": {"lib/netstandard1.0/_._": {}}},
          "Newtonsoft.Json/13.0.1": {
            "runtime": {"lib/netstandard2.0/Newtonsoft.Json.dll": {"assemblyVersion": "13.0.0.0"}},
            "resources": {"lib/netstandard2.0/de/Newtonsoft.Json.resources.dll": {"locale": "de"}}
          },
          "runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/8.0.1": {
            "runtime": {"System.Private.CoreLib.dll": {"fileVersion": "8.0.123.58001"}},
            "native": {"libcoreclr.so": {"fileVersion": "0.0.0.0"}}
          },
          "Microsoft.AspNetCore.Antiforgery/8.0.0.0": {"compile": {"a.dll": {}}, "compileOnly": true}
        }
      },
      "libraries": {
        "App/1.0.0": {"type": "project", "serviceable": false, "sha512": ""},
        "All/2.0.0": {"type": "package"},
        "Microsoft.NETCore.App/2.1.0": {"type": "package"},
        "Some/2.0.0": {"type": "package"},
        "Analyzer/1.0.0": {"type": "package"},
        "Empty/4.3.0": {"type": "package"},
        "Newtonsoft.Json/13.0.1": {"type": "package", "serviceable": true, "sha512": "sha512-x=="},
        "runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/8.0.1": {"type": "runtimepack"},
        "Microsoft.AspNetCore.Antiforgery/8.0.0.0": {"type": "referenceassembly"}
      }
    }"#;

    #[test]
    fn packages_are_there_whose_files_are_listed() {
        insta::assert_snapshot!(check("app/App.deps.json", APPLICATION), @r"
        nuget All 2.0.0 declared
        nuget App 1.0.0 type=project
        nuget Microsoft.NETCore.App.Runtime.linux-x64 8.0.1
        nuget Newtonsoft.Json 13.0.1
        nuget Some 2.0.0 declared
        /app/App.deps.json App owns 1 of 1
        /app/App.deps.json Microsoft.NETCore.App.Runtime.linux-x64 owns 2 of 2
        /app/App.deps.json Newtonsoft.Json owns 2 of 2
        ");
    }

    #[test]
    fn a_shared_runtime_is_a_package_of_its_platform() {
        let text = r#"{"runtimeTarget": {"name": ".NETCoreApp,Version=v8.0/linux-musl-x64"},
            "targets": {".NETCoreApp,Version=v8.0/linux-musl-x64": {
              "Microsoft.NETCore.App.Runtime.linux-musl-x64/8.0.1": {
                "runtime": {"System.Runtime.dll": {}}, "native": {"libhostpolicy.so": {}}}}},
            "libraries": {"Microsoft.NETCore.App.Runtime.linux-musl-x64/8.0.1": {"type": "package"}}}"#;
        let path = "d/shared/Microsoft.NETCore.App/8.0.1/Microsoft.NETCore.App.deps.json";
        insta::assert_snapshot!(check(path, text), @r"
        nuget Microsoft.NETCore.App.Runtime.linux-musl-x64 8.0.1
        /d/shared/Microsoft.NETCore.App/8.0.1/Microsoft.NETCore.App.deps.json Microsoft.NETCore.App.Runtime.linux-musl-x64 owns 2 of 2
        ");
    }

    #[test]
    fn without_the_platform_s_list_all_are_taken_to_be_there() {
        let text = r#"{"runtimeTarget": "other", "libraries":
            {"A/1.0": {"type": "Package"}, "B": {"type": "package"}, "C/1 0": {"type": "package"},
             "D/1.0": {"type": "msbuildproject"}}}"#;
        insta::assert_snapshot!(check("app/App.deps.json", text), @r"
        nuget A 1.0
        note dotnet: a package without a readable name and version
        note dotnet: a package without a readable name and version
        ");
    }

    #[test]
    fn what_is_no_such_list_is_told() {
        assert_eq!(
            check("a.deps.json", "\u{feff}{\n\"libraries\": 7}"),
            "note dotnet: line 2: not a list of an application's dependencies\n"
        );
        assert_eq!(check("a.deps.json", "{}"), "");
        assert!(!wants(&ANALYZER, "a/package.json"));
    }

    #[test]
    fn files_for_one_platform_lie_flat() {
        for (listed, expected) in [
            ("lib/net8.0/A.dll", "A.dll"),
            ("lib/net8.0/de/A.resources.dll", "de/A.resources.dll"),
            ("runtimes/linux-x64/native/liba.so", "liba.so"),
            ("runtimes/unix/lib/net6.0/A.dll", "A.dll"),
            ("System.Runtime.dll", "System.Runtime.dll"),
            ("lib", "lib"),
        ] {
            assert_eq!(flat(listed), expected);
        }
    }
}
