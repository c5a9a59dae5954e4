//! The modules and settings of a Go build, as its executable lists them.
//!
//! Format: `BuildInfo.String` in <https://go.dev/src/runtime/debug/mod.go>: lines of fields that are
//! separated by tabs, each with its kind first.

/// What the lines say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct BuildInfo {
    /// The import path of the main package.
    pub(super) path: Option<String>,
    pub(super) main: Option<Module>,
    pub(super) dependencies: Vec<Module>,
    pub(super) settings: Vec<(String, String)>,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Module {
    pub(super) path: String,
    pub(super) version: String,
    /// `h1:` and a hash of the module's files.
    pub(super) sum: String,
    /// What was compiled in its place.
    pub(super) replacement: Option<Box<Module>>,
}

impl BuildInfo {
    /// Reads the lines; the ones that are of no use are left out.
    pub(super) fn parse(modules: &str) -> Self {
        let mut info = Self::default();
        // The module that a replacement on the next line is about.
        let mut is_main = false;
        for line in modules.lines() {
            let (kind, rest) = line.split_once('\t').unwrap_or((line, ""));
            match kind {
                "path" => info.path = Some(rest.to_owned()),
                "mod" => {
                    info.main = Some(Module::parse(rest));
                    is_main = true;
                }
                "dep" => {
                    info.dependencies.push(Module::parse(rest));
                    is_main = false;
                }
                "=>" => {
                    let last = info.dependencies.last_mut();
                    let last = if is_main { info.main.as_mut() } else { last };
                    if let Some(module) = last {
                        module.replacement = Some(Box::new(Module::parse(rest)));
                    }
                }
                "build" => info.settings.extend(setting(rest)),
                _ => {}
            }
        }
        info
    }

    pub(super) fn setting(&self, key: &str) -> Option<&str> {
        self.settings.iter().find(|it| it.0 == key).map(|it| it.1.as_str())
    }
}

impl Module {
    fn parse(fields: &str) -> Self {
        let mut fields = fields.split('\t').map(str::to_owned);
        let mut field = || fields.next().unwrap_or_default();
        Self { path: field(), version: field(), sum: field(), replacement: None }
    }

    /// A directory of the machine that built it, rather than a module.
    pub(super) fn is_directory(&self) -> bool {
        let path = self.path.as_str();
        let has_drive = path.as_bytes().get(1) == Some(&b':');
        has_drive
            || matches!(path, "." | "..")
            || path.starts_with(['/', '\\'])
            || ["./", "../", ".\\", "..\\"].iter().any(|it| path.starts_with(it))
    }
}

/// Reads `key=value`, where either may be quoted.
fn setting(text: &str) -> Option<(String, String)> {
    let (key, rest) = if text.starts_with(['"', '`']) {
        unquote(text)?
    } else {
        let at = text.find('=')?;
        (text.get(..at)?.to_owned(), text.get(at..)?)
    };
    let value = rest.strip_prefix('=')?;
    let is_quoted = value.starts_with(['"', '`']);
    let value = if is_quoted { unquote(value)?.0 } else { value.to_owned() };
    Some((key, value))
}

/// Takes a quoted text off the front, and what comes after it.
fn unquote(text: &str) -> Option<(String, &str)> {
    if let Some(raw) = text.strip_prefix('`') {
        let (inside, rest) = raw.split_once('`')?;
        return Some((inside.to_owned(), rest));
    }
    let mut inside = String::new();
    let mut chars = text.strip_prefix('"')?.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return Some((inside, text.get(at + 2..)?)),
            '\\' => match chars.next()?.1 {
                escaped @ ('"' | '\\') => inside.push(escaped),
                // Others stand for what is no part of a name or version.
                _ => inside.push(' '),
            },
            char => inside.push(char),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{BuildInfo, setting};

    #[test]
    fn quotes_around_settings_are_taken_off() {
        let check = |text: &str| setting(text).map(|(key, value)| format!("{key}|{value}"));
        assert_eq!(check("GOOS=linux").as_deref(), Some("GOOS|linux"));
        assert_eq!(
            check("-ldflags=\"-w -X a.b=\\\"c\\\"\"").as_deref(),
            Some("-ldflags|-w -X a.b=\"c\"")
        );
        assert_eq!(check("`a=b`=`c d`").as_deref(), Some("a=b|c d"));
        assert_eq!(check("CGO_CFLAGS=").as_deref(), Some("CGO_CFLAGS|"));
        for text in ["", "x", "\"x", "\"x\"", "a=\"x", "\"\\"] {
            assert_eq!(check(text), None, "{text}");
        }
    }

    #[test]
    fn a_replacement_belongs_to_the_line_before() {
        let info = BuildInfo::parse(
            "mod\ta\t(devel)\t\n=>\t./a\t\t\ndep\tb\tv1\th1:x\ndep\tc\tv1\n=>\td\tv2\th1:y\n\n",
        );
        assert!(info.main.unwrap().replacement.unwrap().is_directory());
        assert!(info.dependencies[0].replacement.is_none());
        assert_eq!(info.dependencies[1].replacement.as_ref().unwrap().path, "d");
        assert_eq!(BuildInfo::parse("=>\tx\tv1\n"), BuildInfo::default());
    }
}
