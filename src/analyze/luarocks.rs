//! Lua rocks.
//!
//! LuaRocks keeps `lib/luarocks/rocks-LUA/NAME/VERSION/` for each rock,
//! <https://github.com/luarocks/luarocks/wiki/Rock-manifest-file-format>: the rockspec that it was
//! built by, and `rock_manifest`, which lists the files by kind. Both are Lua; only plain strings in
//! plain tables are looked at. The directory says name and version, as a rockspec may compute them.
//! A rockspec anywhere else is part of a source tree: what it names is declared, if it does so plainly.

use super::{Analyzer, Found, Owning, Want, text};
use crate::model::{Component, Ecosystem, LayerPath, Standing};

pub(super) const ANALYZER: Analyzer = Analyzer {
    id: "luarocks",
    wants: &[Want::Extension(".rockspec"), Want::Name("rock_manifest")],
    accepts: |path| path.file_name() != "rock_manifest" || Rock::of(path).is_some(),
    read: |input| {
        let bytes = input.whole()?;
        let Some(rock) = Rock::of(input.path) else { return Ok(read_source(&bytes)) };
        let is_list = input.path.file_name() == "rock_manifest";
        Ok(if is_list { rock.read_list(&bytes) } else { rock.read_rockspec(&bytes) })
    },
    ..Analyzer::BASE
};

/// Tables in tables.
const MAX_DEPTH: usize = 64;

/// What the path says.
struct Rock<'a> {
    directory: &'a str,
    name: &'a str,
    version: &'a str,
}

impl<'a> Rock<'a> {
    fn of(path: &'a LayerPath) -> Option<Self> {
        let directory = path.parent();
        let (above, version) = directory.rsplit_once('/')?;
        let (_, name) = above.rsplit_once('/')?;
        let file = path.file_name();
        let is_spec = || {
            let stem = file.strip_suffix(".rockspec")?;
            let rest = stem.strip_prefix(name)?.strip_prefix('-')?;
            (rest == version).then_some(())
        };
        let fits = file == "rock_manifest" || is_spec().is_some();
        fits.then_some(Self { directory, name, version })
    }

    fn read_rockspec(&self, bytes: &[u8]) -> Found {
        let mut found = Found::default();
        let mut license: Option<&[u8]> = None;
        let mut is_spec = false;
        walk(bytes, |keys, value| match keys {
            [b"description", b"license"] => license = Some(value),
            [b"package" | b"version"] | [b"source", ..] => is_spec = true,
            _ => {}
        });
        let name_and_version =
            (text::value(self.name.as_bytes()), text::value(self.version.as_bytes()));
        let ((Some(name), Some(version)), true) = (name_and_version, is_spec) else {
            found.note(1, "not a rock's specification");
            return found;
        };
        let component = Component::new(Ecosystem::Luarocks, name, version);
        found.component(Component { licenses: text::licenses(license), ..component });
        found
    }

    /// Modules and programs lie outside, in the same tree.
    fn read_list(&self, bytes: &[u8]) -> Found {
        let mut found = Found::default();
        let Some((tree, inside)) = self.directory.split_once("lib/luarocks/rocks") else {
            return found;
        };
        let lua = inside.split('/').next().and_then(|it| it.strip_prefix('-'));
        let rockspec = format!("{}/{}-{}.rockspec", self.directory, self.name, self.version);
        let Ok(rockspec) = LayerPath::new(&rockspec) else { return found };
        let mut owning = Owning::new(&rockspec);
        walk(bytes, |keys, _| {
            let [b"rock_manifest", kind, path @ ..] = keys else { return };
            let Ok(kind) = str::from_utf8(kind) else { return };
            let path = path.join(&b'/');
            let Ok(path) = str::from_utf8(&path) else { return };
            match (kind, lua) {
                ("lua", Some(lua)) => owning.add(tree, &format!("share/lua/{lua}/{path}")),
                ("lib", Some(lua)) => owning.add(tree, &format!("lib/lua/{lua}/{path}")),
                ("bin", _) => owning.add(tree, &format!("bin/{path}")),
                (kind, _) => owning.add(self.directory, &format!("{kind}/{path}")),
            }
        });
        found.owns(owning);
        found
    }
}

/// A rockspec that nothing was installed by.
fn read_source(bytes: &[u8]) -> Found {
    let mut found = Found::default();
    let (mut name, mut version, mut license) = (None, None, None);
    walk(bytes, |keys, value| match keys {
        [b"package"] => name = text::value(value),
        [b"version"] => version = text::value(value),
        [b"description", b"license"] => license = Some(value),
        _ => {}
    });
    if let (Some(name), Some(version)) = (name, version) {
        let component = Component::new(Ecosystem::Luarocks, name.to_lowercase(), version);
        let licenses = text::licenses(license);
        found.component(Component { licenses, standing: Standing::Declared, ..component });
    }
    found
}

enum Token<'a> {
    Word,
    Text(&'a [u8]),
    Symbol(u8),
}

/// Hands each string in `code` to `f` that is the value of a key, with the keys that lead there.
fn walk<'a>(code: &'a [u8], mut f: impl FnMut(&[&'a [u8]], &'a [u8])) {
    let mut keys: Vec<&[u8]> = Vec::new();
    let mut rest = code;
    // The last thing that may turn out to be a key, and whether `=` came after it.
    let (mut key, mut is_value): (Option<&[u8]>, bool) = (None, false);
    while let Some((token, raw, after)) = next(rest) {
        rest = after;
        match token {
            Token::Symbol(b'=') => {
                is_value = key.is_some();
                continue;
            }
            Token::Symbol(b'[' | b']') if !is_value => continue,
            Token::Symbol(b'{') if keys.len() == MAX_DEPTH => return,
            Token::Symbol(b'{') => keys.push(key.filter(|_| is_value).unwrap_or_default()),
            Token::Symbol(b'}') => {
                keys.pop();
            }
            Token::Text(text) if is_value => {
                // What is put together is not known.
                let is_whole = !matches!(next(rest), Some((Token::Symbol(b'.'), ..)));
                if let Some(key) = key.filter(|_| is_whole) {
                    keys.push(key);
                    f(&keys, text);
                    keys.pop();
                }
            }
            Token::Text(text) => {
                key = Some(text);
                continue;
            }
            Token::Word if !is_value => {
                key = Some(raw);
                continue;
            }
            _ => {}
        }
        (key, is_value) = (None, false);
    }
}

/// The first token of `code` with how it is written, and what follows.
fn next(code: &[u8]) -> Option<(Token<'_>, &[u8], &[u8])> {
    let mut code = code.trim_ascii_start();
    while let Some(comment) = code.strip_prefix(b"--") {
        let after = if is_bracketed(comment) {
            bracketed(comment)?.1
        } else {
            comment.get(memchr::memchr(b'\n', comment)?..)?
        };
        code = after.trim_ascii_start();
    }
    let is_word = |it: &u8| it.is_ascii_alphanumeric() || matches!(it, b'_' | b'#');
    let first = *code.first()?;
    if is_word(&first) {
        let end = code.iter().position(|it| !is_word(it)).unwrap_or(code.len());
        let (word, rest) = code.split_at_checked(end)?;
        return Some((Token::Word, word, rest));
    }
    let text = match first {
        // One that does not end is no Lua. To go on would be to look for the end at every quote.
        b'"' | b'\'' => Some(quoted(code.get(1..)?, first)?),
        b'[' if is_bracketed(code) => Some(bracketed(code)?),
        _ => None,
    };
    if let Some((text, rest)) = text {
        return Some((Token::Text(text), text, rest));
    }
    let (symbol, rest) = code.split_at_checked(1)?;
    Some((Token::Symbol(first), symbol, rest))
}

fn quoted(code: &[u8], quote: u8) -> Option<(&[u8], &[u8])> {
    let mut at = 0;
    loop {
        at += memchr::memchr3(quote, b'\\', b'\n', code.get(at..)?)?;
        match code.get(at)? {
            b'\\' => at += 2,
            it if *it == quote => return Some((code.get(..at)?, code.get(at + 1..)?)),
            _ => return None,
        }
    }
}

fn is_bracketed(code: &[u8]) -> bool {
    let inside = code.strip_prefix(b"[").unwrap_or_default();
    inside.iter().take(10).find(|it| **it != b'=') == Some(&b'[')
}

/// Reads `[[text]]` or `[==[text]==]`.
fn bracketed(code: &[u8]) -> Option<(&[u8], &[u8])> {
    let inside = code.strip_prefix(b"[")?;
    let level = inside.iter().take_while(|it| **it == b'=').count();
    let (equals, inside) = inside.split_at_checked(level)?;
    let inside = inside.strip_prefix(b"[")?;
    let close = [b"]", equals, b"]"].concat();
    let end = memchr::memmem::find(inside, &close)?;
    Some((inside.get(..end)?, inside.get(end + close.len()..)?))
}

#[cfg(test)]
mod tests {
    use super::{ANALYZER, walk};
    use crate::analyze::tests::{find, shown, wants};

    const ROCK: &str = "usr/local/lib/luarocks/rocks-5.1/luasec/1.3.2-1";

    fn check(file: &str, text: &str) -> String {
        shown(&find(&ANALYZER, &format!("{ROCK}/{file}"), text.as_bytes()))
    }

    #[test]
    fn strings_in_tables_are_told_with_their_keys() {
        let mut shown = Vec::new();
        let code = r#"
            -- comment = "no"
            --[==[ a = "no" ]] ]==]
            local _V = "1.0"
            package = 'A\'s'; version = _V .. "-1"
            description = { summary = [[ a
                "b" ]], license = "MIT" .. "", ["detailed"] = "x", "positional", tags = { "y" } }
            source = { f("z"), url = "u" }"#;
        walk(code.as_bytes(), |keys, value| {
            let parts = keys.iter().chain([&value]).map(|it| String::from_utf8_lossy(it));
            shown.push(parts.collect::<Vec<_>>().join("|"));
        });
        assert_eq!(
            shown,
            [
                "_V|1.0",
                "package|A\\'s",
                "description|summary| a\n                \"b\" ",
                "description|detailed|x",
                "source|url|u",
            ]
        );
        for text in ["\"", "[[", "--[[", "{".repeat(1000).as_str(), "a = \"\\", "[=", "}}}"] {
            walk(text.as_bytes(), |_, _| panic!("nothing is there"));
        }
    }

    #[test]
    fn the_directory_says_name_and_version() {
        let text = r#"package = "LuaSec" version = V.."-1" description = { license = "MIT" }"#;
        assert_eq!(
            check("luasec-1.3.2-1.rockspec", text),
            "luarocks luasec 1.3.2-1 licensed [\"MIT\"]\n"
        );
        assert_eq!(
            check("luasec-1.3.2-1.rockspec", "return {}"),
            "note luarocks: line 1: not a rock's specification\n"
        );
        assert!(!wants(&ANALYZER, "src/rock_manifest"));
    }

    #[test]
    fn a_rockspec_of_a_source_tree_declares() {
        let text = r#"package = "LuaSec" version = "1.3.2-1" description = { license = "MIT" }"#;
        let source = |text: &str| shown(&find(&ANALYZER, "src/a.rockspec", text.as_bytes()));
        assert_eq!(source(text), "luarocks luasec 1.3.2-1 declared licensed [\"MIT\"]\n");
        assert_eq!(source(r#"package = "LuaSec" version = V.."-1""#), "");
    }

    #[test]
    fn a_rock_owns_what_it_put_elsewhere() {
        let text = r#"rock_manifest = { bin = { ["tool.lua"] = "00" },
            doc = { ["README.md"] = "00" }, ["luasec-1.3.2-1.rockspec"] = "00",
            lib = { ["ssl.so"] = "00" }, lua = { ssl = { ["https.lua"] = "00" } } }"#;
        let found = find(&ANALYZER, &format!("{ROCK}/rock_manifest"), text.as_bytes());
        assert_eq!(shown(&found), format!("/{ROCK}/luasec-1.3.2-1.rockspec owns 4 of 5\n"));
        let owns =
            |path: &str| found.owns[0].paths.contains(&crate::model::LayerPath::new(path).unwrap());
        assert!(owns("usr/local/lib/lua/5.1/ssl.so") && owns("usr/local/bin/tool.lua"));
    }
}
