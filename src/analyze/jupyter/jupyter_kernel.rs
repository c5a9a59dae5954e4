//! Which environment a notebook runs in.
//!
//! `share/jupyter/kernels/<name>/kernel.json`,
//! <https://jupyter-client.readthedocs.io/en/stable/kernels.html#kernel-specs>. The first of `argv` is
//! the interpreter, `<environment>/bin/python`; without a directory it is that of the environment in
//! which the kernel is listed. What is installed in `<environment>/lib` is what notebooks of this
//! kernel can use. Other environments may lie in the same directory, so no more than that is told.

use super::split;
use crate::analyze::json::{document, elements, entries, string};
use crate::analyze::{Analyzer, Found, Want, text};
use crate::model::LayerPath;

pub(in crate::analyze) const ANALYZER: Analyzer = Analyzer {
    id: "jupyter-kernel",
    wants: &[Want::Name("kernel.json")],
    accepts: |path| kernel(path).is_some(),
    read: |input| Ok(read(input.path, &input.whole()?)),
    ..Analyzer::BASE
};

/// The environment of the kernel, and its name.
fn kernel(path: &LayerPath) -> Option<(&str, &str)> {
    let (prefix, inside) = split(path.as_str(), "kernels")?;
    let name = inside.strip_suffix("/kernel.json")?;
    (!name.contains('/')).then_some((prefix, name))
}

fn read(path: &LayerPath, bytes: &[u8]) -> Found {
    let mut found = Found::default();
    let Some((prefix, name)) = kernel(path) else { return found };
    let text = document(bytes);
    let mut argv = None;
    if let Err(error) =
        entries(&text, |key, raw| argv = Some(raw).filter(|_| key == "argv").or(argv))
    {
        // The error's text could repeat what the file says; its place cannot.
        found.note(error.line(), "not a kernel of Jupyter");
        return found;
    }
    let mut interpreter = None;
    if let Some(argv) = argv {
        elements(argv, |it| interpreter = interpreter.take().or_else(|| string(it)));
    }
    let environment = interpreter.as_deref().and_then(|it| environment(it, prefix));
    if let Some((environment, name)) = environment.zip(text::value(name.as_bytes())) {
        found.about(format!("{environment}/lib/"), "jupyter-kernel", name);
    }
    found
}

/// The environment of an interpreter. `usr` is none: all of a distribution's libraries lie in it.
fn environment(interpreter: &str, prefix: &str) -> Option<String> {
    let environment = match interpreter.rsplit_once('/') {
        None => LayerPath::new(prefix).ok()?,
        Some((directory, _)) if directory.starts_with('/') => {
            LayerPath::join("", directory.strip_suffix("/bin")?)?
        }
        Some(_) => return None,
    };
    let environment = text::phrase(environment.as_str().as_bytes())?;
    (environment != "usr").then(|| environment.to_owned())
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use crate::analyze::tests::{find, shown, wants};

    fn check(prefix: &str, text: &str) -> String {
        let path = format!("{prefix}/share/jupyter/kernels/ds/kernel.json");
        shown(&find(&ANALYZER, &path, text.as_bytes()))
    }

    #[test]
    fn a_kernel_tells_the_environment_that_it_starts() {
        let of =
            |interpreter: &str| format!(r#"{{"argv": ["{interpreter}", "-m", "x"], "env": {{}}}}"#);
        assert_eq!(
            check("usr/local", &of("/opt/conda/envs/ds/bin/python")),
            "/opt/conda/envs/ds/lib/ jupyter-kernel=ds\n"
        );
        assert_eq!(check("opt/venv", &of("python")), "/opt/venv/lib/ jupyter-kernel=ds\n");
        for interpreter in ["/usr/bin/python3", "./python", "/opt/run.sh", "/bin/sh", ""] {
            assert_eq!(check("usr", &of(interpreter)), "", "{interpreter}");
        }
    }

    #[test]
    fn what_is_no_kernel_is_noted() {
        assert_eq!(check("v", "{\n"), "note jupyter-kernel: line 2: not a kernel of Jupyter\n");
        for text in ["{}", r#"{"argv": []}"#, r#"{"argv": [7]}"#, r#"{"argv": "python"}"#] {
            assert_eq!(check("v", text), "", "{text}");
        }
        assert!(!wants(&ANALYZER, "v/share/jupyter/kernels/kernel.json"));
        assert!(!wants(&ANALYZER, "v/share/jupyter/kernels/a/b/kernel.json"));
    }
}
