//! Which files a Python distribution brought.
//!
//! - `RECORD`, <https://packaging.python.org/en/latest/specifications/recording-installed-packages/>:
//!   CSV, a path from the directory that the `.dist-info` is in, a hash and a size.
//! - `installed-files.txt` of an `.egg-info`, as older versions of pip write it: a path a line, from
//!   that directory itself.
//!
//! `SOURCES.txt` lists what a source distribution has, and proves nothing. Eggs record nothing: all
//! in their directory is theirs.

use std::borrow::Cow;

use super::metadata_beside;
use crate::analyze::{Analyzer, Found, Owning, Want, text};
use crate::model::LayerPath;

pub(in crate::analyze) const ANALYZER: Analyzer = Analyzer {
    id: "python-record",
    wants: &[Want::Name("RECORD"), Want::Name("installed-files.txt")],
    accepts: |path| metadata_beside(path).is_some(),
    read: |input| Ok(read(input.path, &input.whole()?)),
    ..Analyzer::BASE
};

fn read(path: &LayerPath, bytes: &[u8]) -> Found {
    let mut found = Found::default();
    let Some(metadata) = metadata_beside(path) else { return found };
    let mut owning = Owning::new(&metadata);
    let record = path.parent();
    if path.file_name() == "RECORD" {
        let site = record.rsplit_once('/').map_or("", |(it, _)| it);
        for listed in FirstFields(bytes) {
            add(&mut owning, site, &listed);
        }
    } else {
        for (_, line) in text::lines(bytes).filter(|(_, it)| !it.is_empty()) {
            add(&mut owning, record, line);
        }
    }
    found.owns(owning);
    found
}

fn add(owning: &mut Owning, base: &str, listed: &[u8]) {
    let listed = String::from_utf8_lossy(listed);
    // Programs and data lie above the distributions, a list may lie beside what it names: such a path
    // tells what it leads to only once it is followed.
    let is_blind = listed.starts_with("..") || !listed.contains('/');
    match LayerPath::join(base, &listed).filter(|_| is_blind) {
        Some(path) => owning.add("", path.as_str()),
        None => owning.add(base, &listed),
    }
}

/// The first field of each record of a CSV file.
struct FirstFields<'a>(&'a [u8]);

impl<'a> Iterator for FirstFields<'a> {
    type Item = Cow<'a, [u8]>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let end = self.0.iter().position(|it| !matches!(it, b'\r' | b'\n'))?;
            self.0 = self.0.get(end..)?;
            let (field, rest) = if let Some(quoted) = self.0.strip_prefix(b"\"") {
                unquoted(quoted)
            } else {
                let end = memchr::memchr3(b',', b'\r', b'\n', self.0).unwrap_or(self.0.len());
                let (field, rest) = self.0.split_at_checked(end)?;
                (Cow::Borrowed(field), rest)
            };
            let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            self.0 = rest.get(end..)?;
            if !field.is_empty() {
                return Some(field);
            }
        }
    }
}

/// Splits what follows a quote at the quote that ends it; two of them are one in the text.
fn unquoted(bytes: &[u8]) -> (Cow<'_, [u8]>, &[u8]) {
    let mut text = Vec::new();
    let mut rest = bytes;
    while let Some((front, after)) =
        memchr::memchr(b'"', rest).and_then(|it| rest.split_at_checked(it))
    {
        text.extend_from_slice(front);
        match after {
            [b'"', b'"', more @ ..] => {
                text.push(b'"');
                rest = more;
            }
            _ => return (Cow::Owned(text), after),
        }
    }
    text.extend_from_slice(rest);
    (Cow::Owned(text), &[])
}

#[cfg(test)]
mod tests {
    use super::{ANALYZER, FirstFields};
    use crate::analyze::tests::{find, shown, wants};
    use crate::model::{LayerPath, PathSet};

    fn fields(text: &str) -> Vec<String> {
        FirstFields(text.as_bytes()).map(|it| String::from_utf8_lossy(&it).into_owned()).collect()
    }

    #[test]
    fn a_path_may_be_quoted() {
        assert_eq!(
            fields("a.py,sha256=x,1\r\n\"b,c \"\"d\"\".py\",,\n\n,,\ne\n\"f\ng\",\n\"h"),
            ["a.py", "b,c \"d\".py", "e", "f\ng", "h"]
        );
        assert!(fields("\n\r\n").is_empty());
    }

    #[test]
    fn a_distribution_owns_its_metadata_and_what_lies_above() {
        let record =
            b"a/__init__.py,sha256=x,1\na-1.dist-info/METADATA,,\na-1.dist-info/RECORD,,\n\
                       ../../../bin/a,,\n../../../share/jupyter/labextensions/@s/a/install.json,,\n\
                       a/lib.cpython-311.so,,\n../../../../../../../etc/passwd,,\n";
        let found = find(&ANALYZER, "v/lib/python3/site-packages/a-1.dist-info/RECORD", record);
        let metadata = "v/lib/python3/site-packages/a-1.dist-info/METADATA";
        assert!(shown(&found).ends_with(" of 7\n"));
        assert_eq!(found.owns[0].of.as_str(), metadata);
        let owns = |path: &str| found.owns[0].paths.contains(&LayerPath::new(path).unwrap());
        assert!(owns(metadata) && owns("v/bin/a"));
        assert!(owns("v/lib/python3/site-packages/a/lib.cpython-311.so"));
        assert!(owns("v/share/jupyter/labextensions/@s/a/install.json"));
        assert!(!owns("etc/passwd"));
        let hash =
            PathSet::hash(&LayerPath::new("v/lib/python3/site-packages/a/__init__.py").unwrap());
        assert!(!found.owns[0].paths.hashes().contains(&hash));
    }

    #[test]
    fn an_egg_s_list_is_counted_from_its_directory() {
        let list = b"../a/__init__.py\nPKG-INFO\n../../../../bin/a\n";
        let found =
            find(&ANALYZER, "v/lib/python3/site-packages/a.egg-info/installed-files.txt", list);
        assert_eq!(shown(&found), "/v/lib/python3/site-packages/a.egg-info/PKG-INFO owns 2 of 3\n");
        assert!(found.owns[0].paths.contains(&LayerPath::new("v/bin/a").unwrap()));
    }

    #[test]
    fn only_lists_of_installed_distributions_are_read() {
        assert!(!wants(&ANALYZER, "s/a/_vendor/a.dist-info/RECORD"));
        assert!(!wants(&ANALYZER, "s/RECORD"));
        assert!(!wants(&ANALYZER, "s/a.egg-info/SOURCES.txt"));
    }
}
