//! Which runtime a .NET application asks for, by the file `<application>.runtimeconfig.json`.
//!
//! Format: <https://learn.microsoft.com/en-us/dotnet/core/runtime-config/>. It proves nothing: the
//! runtime may be there in a later version, or not at all. It says something of the application,
//! whose list of dependencies lies beside it.

use serde::Deserialize;

use crate::analyze::{Analyzer, Found, Want, text};
use crate::model::LayerPath;

const SUFFIX: &str = ".runtimeconfig.json";

/// More than any application asks for.
const MAX_FRAMEWORKS: usize = 8;

pub(in crate::analyze) const ANALYZER: Analyzer = Analyzer {
    id: "dotnet-config",
    wants: &[Want::Extension(".json")],
    accepts: |path| path.file_name().ends_with(SUFFIX),
    read: |input| Ok(read(input.path, &input.whole()?)),
    ..Analyzer::BASE
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    #[serde(default)]
    runtime_options: Options,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Options {
    framework: Option<Framework>,
    frameworks: Vec<Framework>,
    /// Those that the application carries.
    included_frameworks: Vec<Framework>,
}

#[derive(Deserialize)]
struct Framework {
    name: String,
    version: Option<String>,
}

fn read(path: &LayerPath, bytes: &[u8]) -> Found {
    let mut found = Found::default();
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let options = match serde_json::from_slice::<Document>(bytes) {
        Ok(document) => document.runtime_options,
        Err(error) => {
            found.note(error.line(), "not a configuration of a runtime");
            return found;
        }
    };
    let Some(application) = path.as_str().strip_suffix(SUFFIX) else { return found };
    let all = options.framework.iter().chain(&options.frameworks);
    let all = all.chain(&options.included_frameworks).take(MAX_FRAMEWORKS);
    let mut shown: Vec<String> = all.filter_map(Framework::shown).collect();
    shown.sort_unstable();
    shown.dedup();
    if !shown.is_empty() {
        found.about(format!("{application}.deps.json"), "framework", shown.join(", "));
    }
    found
}

impl Framework {
    fn shown(&self) -> Option<String> {
        let name = text::value(self.name.as_bytes())?;
        let version = self.version.as_deref().and_then(|it| text::value(it.as_bytes()));
        Some(version.map_or(name.to_owned(), |it| format!("{name} {it}")))
    }
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use crate::analyze::tests::{find, shown, wants};

    fn check(text: &str) -> String {
        shown(&find(&ANALYZER, "app/App.runtimeconfig.json", text.as_bytes()))
    }

    #[test]
    fn the_runtimes_are_said_of_the_list_beside() {
        assert_eq!(
            check(
                r#"{"runtimeOptions": {"tfm": "net8.0", "frameworks": [
                {"name": "Microsoft.NETCore.App", "version": "8.0.0"},
                {"name": "Microsoft.AspNetCore.App"}], "configProperties": {}}}"#
            ),
            "/app/App.deps.json framework=Microsoft.AspNetCore.App, Microsoft.NETCore.App 8.0.0\n"
        );
        assert_eq!(
            check(r#"{"runtimeOptions": {"framework": {"name": "A", "version": "1"}}}"#),
            "/app/App.deps.json framework=A 1\n"
        );
        assert_eq!(check(r#"{"runtimeOptions": {"frameworks": [{"name": "a b"}]}}"#), "");
        assert_eq!(check("7"), "note dotnet-config: line 1: not a configuration of a runtime\n");
        assert!(!wants(&ANALYZER, "app/App.runtimeconfig.dev.json"));
    }
}
