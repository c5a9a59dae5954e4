//! Applications of Erlang and Elixir.
//!
//! Compiled applications have a resource file, `ebin/NAME.app`, which is one Erlang term:
//! `{application, NAME, [{vsn, "1.0"}, …]}`, <https://www.erlang.org/doc/apps/kernel/app>. Those of
//! Erlang itself say on which versions of each other they depend, and nobody else does; Elixir's are
//! a few. The rest comes from Hex, or is the application that it was compiled for. An `.app.src` is
//! source, and so is what Mix fetched to `deps`, until it is compiled.

use super::{Analyzer, Found, Want, text};
use crate::model::{Component, Ecosystem, LayerPath};

pub(super) const ANALYZER: Analyzer = Analyzer {
    id: "beam",
    wants: &[Want::Extension(".app")],
    accepts: |path| path.parent() == "ebin" || path.parent().ends_with("/ebin"),
    read: |input| Ok(read(input.path, &input.whole()?)),
    ..Analyzer::BASE
};

/// Elixir's own, which are released with it.
const ELIXIR: &[&str] = &["eex", "elixir", "ex_unit", "iex", "logger", "mix"];

/// Licences of one application.
const MAX_LICENSES: usize = 32;

/// The terms that matter are in a tuple in a list in a tuple, or in a list there.
const MAX_DEPTH: usize = 4;

#[derive(Default)]
struct Application {
    name: Option<String>,
    version: Option<String>,
    licenses: Vec<String>,
    is_of_erlang: bool,
}

fn read(path: &LayerPath, bytes: &[u8]) -> Found {
    let mut found = Found::default();
    let Some(application) = Application::read(bytes) else {
        found.note(1, "not an application's resource file");
        return found;
    };
    let fact = |it: &Option<String>| Some(text::value(it.as_ref()?.as_bytes())?.to_owned());
    let (Some(name), Some(version)) = (fact(&application.name), fact(&application.version)) else {
        found.note(1, "an application without a readable name and version");
        return found;
    };
    let is_of_elixir = ELIXIR.contains(&name.as_str());
    let is_of_erlang = application.is_of_erlang || path.as_str().contains("lib/erlang/lib/");
    let ecosystem = if is_of_erlang || is_of_elixir { Ecosystem::Otp } else { Ecosystem::Hex };
    let licenses = text::licenses(application.licenses.iter().map(String::as_bytes));
    found.component(Component { licenses, ..Component::new(ecosystem, name, version) });
    found
}

impl Application {
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut application = Self::default();
        let mut is_application = false;
        // How many brackets are open, and which element of each comes next.
        let (mut depth, mut places) = (0_usize, [0_usize; MAX_DEPTH + 1]);
        let mut key = String::new();
        let mut rest = bytes;
        while let Some((token, after)) = next(rest) {
            rest = after;
            match token {
                Token::Open => {
                    depth += 1;
                    if let Some(place) = places.get_mut(depth) {
                        *place = 0;
                    }
                }
                Token::Close => depth = depth.checked_sub(1)?,
                Token::Comma => {
                    if let Some(place) = places.get_mut(depth) {
                        *place += 1;
                    }
                }
                Token::Text(text) => match (depth, places.get(depth)) {
                    (1, Some(0)) => is_application = text == "application",
                    (1, Some(1)) => application.name = Some(text),
                    (3, Some(0)) => {
                        application.is_of_erlang |= text == "runtime_dependencies";
                        key = text;
                    }
                    (3, Some(1)) if key == "vsn" => application.version = Some(text),
                    (4, Some(_))
                        if key == "licenses" && application.licenses.len() < MAX_LICENSES =>
                    {
                        application.licenses.push(text);
                    }
                    _ => {}
                },
                Token::Other => {}
            }
        }
        is_application.then_some(application)
    }
}

enum Token {
    Open,
    Close,
    Comma,
    /// An atom or a string.
    Text(String),
    Other,
}

/// The first token of `code`, and what follows.
fn next(code: &[u8]) -> Option<(Token, &[u8])> {
    let mut code = code.trim_ascii_start();
    while let Some(comment) = code.strip_prefix(b"%") {
        code = comment.get(memchr::memchr(b'\n', comment)?..)?.trim_ascii_start();
    }
    let (first, rest) = code.split_first()?;
    let is_part = |it: &u8| it.is_ascii_alphanumeric() || matches!(it, b'_' | b'@');
    Some(match first {
        b'{' | b'[' => (Token::Open, rest),
        b'}' | b']' => (Token::Close, rest),
        b',' => (Token::Comma, rest),
        b'"' | b'\'' => {
            let (text, rest) = quoted(rest, *first)?;
            (Token::Text(text), rest)
        }
        // A character: `$,`
        b'$' => (Token::Other, rest.get(1..)?),
        it if it.is_ascii_alphabetic() => {
            let end = code.iter().position(|it| !is_part(it)).unwrap_or(code.len());
            let (atom, rest) = code.split_at_checked(end)?;
            (Token::Text(String::from_utf8_lossy(atom).into_owned()), rest)
        }
        _ => (Token::Other, rest),
    })
}

fn quoted(code: &[u8], quote: u8) -> Option<(String, &[u8])> {
    let mut text = Vec::new();
    let mut rest = code;
    loop {
        let at = memchr::memchr2(quote, b'\\', rest)?;
        text.extend(rest.get(..at)?);
        let (found, after) = rest.get(at..)?.split_first()?;
        rest = after;
        if *found == quote {
            return Some((String::from_utf8_lossy(&text).into_owned(), rest));
        }
        let (escaped, after) = rest.split_first()?;
        text.push(*escaped);
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use crate::analyze::tests::{find, shown, wants};

    fn check(text: &str) -> String {
        shown(&find(&ANALYZER, "opt/app/lib/a-1.0/ebin/a.app", text.as_bytes()))
    }

    #[test]
    fn what_depends_on_versions_of_erlang_s_parts_is_one() {
        let text = "%% Copyright\n{application, crypto,\n [{description, \"CRYPTO {vsn, \\\"0\\\"}\"},\n  \
                    {vsn, \"5.1.2\"}, {env, [{vsn, \"9\"}]},\n  {runtime_dependencies, [\"erts-9.0\"]}]}.\n";
        assert_eq!(check(text), "otp crypto 5.1.2\n");
    }

    #[test]
    fn the_rest_comes_from_hex_but_for_elixir() {
        let text = |name: &str| {
            format!(
                "{{application,{name},[{{vsn,\"1.0\"}},{{licenses,[\"MIT\",<<\"ISC\">>]}},{{modules,['Elixir.A']}}]}}."
            )
        };
        assert_eq!(check(&text("cowboy")), "hex cowboy 1.0 licensed [\"ISC\", \"MIT\"]\n");
        assert_eq!(check(&text("'my-app'")), "hex my-app 1.0 licensed [\"ISC\", \"MIT\"]\n");
        assert_eq!(check(&text("logger")), "otp logger 1.0 licensed [\"ISC\", \"MIT\"]\n");
        let path = "usr/lib/erlang/lib/a-1/ebin/a.app";
        let old = "{application,a,[{vsn,\"1\"}]}.";
        assert_eq!(shown(&find(&ANALYZER, path, old.as_bytes())), "otp a 1\n");
    }

    #[test]
    fn what_is_no_application_is_noted() {
        for text in ["", "{foo, bar}.", "}", "{application", "\"application\"", "%"] {
            assert!(
                check(text).contains("not an application's resource file")
                    || check(text).contains("without a readable name and version"),
                "{text}"
            );
        }
        let computed = "{application,a,[{vsn,{cmd,\"git describe\"}}]}.";
        assert_eq!(
            check(computed),
            "note beam: line 1: an application without a readable name and version\n"
        );
        check(&"{".repeat(1 << 20));
    }

    #[test]
    fn only_compiled_applications_are_read() {
        assert!(wants(&ANALYZER, "app/_build/prod/lib/plug/ebin/plug.app"));
        assert!(!wants(&ANALYZER, "app/deps/cowboy/src/cowboy.app"));
        assert!(!wants(&ANALYZER, "app/deps/cowboy/ebin/cowboy.app.src"));
    }
}
