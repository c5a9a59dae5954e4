//! Distributions that are used where their source lies.
//!
//! `*.egg-link` is how `setup.py develop` and older versions of pip point there: the directory with
//! the `.egg-info` on the first line, <https://setuptools.pypa.io/en/latest/deprecated/python_eggs.html#egg-links>.
//! `easy-install.pth` lists the same directories without their names. Newer versions install a
//! `.dist-info` that says so itself.

use super::is_installed;
use crate::analyze::{Analyzer, Found, Want, text};
use crate::model::LayerPath;

pub(in crate::analyze) const ANALYZER: Analyzer = Analyzer {
    id: "python-editable",
    wants: &[Want::Extension(".egg-link")],
    accepts: |path| is_installed(path.as_str()),
    read: |input| Ok(read(input.path, &input.whole()?)),
    ..Analyzer::BASE
};

fn read(path: &LayerPath, bytes: &[u8]) -> Found {
    let mut found = Found::default();
    let directory = text::lines(bytes).next().and_then(|(_, it)| text::phrase(it));
    let name = path.file_name().rsplit_once('.').map_or("", |(it, _)| it);
    // Setuptools writes the same name with other separators.
    let record = format!("{}.egg-info/PKG-INFO", name.replace('-', "_"));
    let source = directory.filter(|it| it.starts_with('/'));
    match source.and_then(|it| LayerPath::join(it, &record)) {
        Some(metadata) => found.about(metadata.as_str(), "editable", "true"),
        None => found.note(1, "a link to no directory"),
    }
    found
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use crate::analyze::tests::{find, shown};

    #[test]
    fn the_source_is_told_to_be_in_use() {
        let check = |bytes: &[u8]| shown(&find(&ANALYZER, "v/my-app.egg-link", bytes));
        assert_eq!(check(b"/app/src\n../"), "/app/src/my_app.egg-info/PKG-INFO editable=true\n");
        let note = "note python-editable: line 1: a link to no directory\n";
        assert_eq!(check(b""), note);
        assert_eq!(check(b"C:\\app"), note);
    }
}
