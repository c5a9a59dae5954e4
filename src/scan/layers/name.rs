//! What the names in a layer's archive mean.

use crate::model::LayerPath;
use crate::scan::plan::{MAX_DEPTH, MAX_PATH};

/// What an entry's name tells.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Name {
    /// Of a file or directory.
    Of(LayerPath),
    /// What lower layers have at the path is not there any more.
    Whiteout(LayerPath),
    /// Nothing that lower layers have in the directory is there any more; none is the root.
    Opaque(Option<LayerPath>),
    /// It lies in or is this directory, which is too deep to be scanned.
    TooDeep(LayerPath),
    /// The root, or something that means nothing to an image.
    Nothing,
}

const WHITEOUT: &[u8] = b".wh.";

/// Other names that begin so are AUFS's own.
const OPAQUE: &[u8] = b".wh..wh..opq";

impl Name {
    /// Reads a name as it is in the archive. It is taken as a path from the root, which nothing leads
    /// out of: `..` is followed by name, and at the root leads nowhere.
    pub(super) fn of(raw: &[u8], is_directory: bool) -> Self {
        let mut parts: Vec<&[u8]> = Vec::new();
        for part in raw.split(|it| *it == b'/') {
            match part {
                b"" | b"." => {}
                b".." => drop(parts.pop()),
                name => parts.push(name),
            }
        }
        let Some(last) = parts.last().copied() else { return Self::Nothing };
        if let Some(deep) = too_deep(&parts, is_directory) {
            return deep;
        }
        if last == OPAQUE {
            parts.pop();
            return Self::Opaque(path(&parts));
        }
        if parts.iter().any(|it| it.starts_with(b".wh..wh.")) {
            return Self::Nothing;
        }
        let Some(hidden) = last.strip_prefix(WHITEOUT) else {
            return path(&parts).map_or(Self::Nothing, Self::Of);
        };
        parts.pop();
        parts.push(hidden);
        // Where nothing follows the mark, or dots do, it hides nothing.
        path(&parts).map_or(Self::Nothing, Self::Whiteout)
    }

    /// Whether the entry has a number in the log.
    pub(super) fn is_logged(&self) -> bool {
        matches!(self, Self::Of(_) | Self::TooDeep(_))
    }

    /// The path of another file of the archive.
    pub(super) fn target(raw: &[u8]) -> Option<LayerPath> {
        match Self::of(raw, false) {
            Self::Of(path) => Some(path),
            _ => None,
        }
    }
}

fn path(parts: &[&[u8]]) -> Option<LayerPath> {
    LayerPath::from_bytes(&parts.join(&b'/')).ok()
}

/// The first directory on the way that a walk of the tree would not enter.
fn too_deep(parts: &[&[u8]], is_directory: bool) -> Option<Name> {
    let n_directories = parts.len() - usize::from(!is_directory);
    let length: usize = parts.iter().map(|it| it.len() + 1).sum();
    // An escaped byte of a path takes four.
    if n_directories <= MAX_DEPTH && length <= MAX_PATH / 4 {
        return None;
    }
    let whole = path(parts.get(..n_directories)?)?;
    let ends = whole.as_str().match_indices('/').map(|it| it.0).chain([whole.as_str().len()]);
    let is_too_deep = |(at, end): &(usize, usize)| *at >= MAX_DEPTH || *end > MAX_PATH;
    let (_, end) = ends.enumerate().find(is_too_deep)?;
    LayerPath::new(whole.as_str().get(..end)?).ok().map(Name::TooDeep)
}

#[cfg(test)]
mod tests {
    use super::Name;

    fn read(raw: &[u8]) -> String {
        match Name::of(raw, false) {
            Name::Of(path) => format!("file {path}"),
            Name::Whiteout(path) => format!("no {path}"),
            Name::Opaque(path) => {
                format!("nothing in {}", path.map_or("/".into(), |it| it.to_string()))
            }
            Name::TooDeep(path) => format!("too deep: {} bytes", path.as_str().len()),
            Name::Nothing => "nothing".to_owned(),
        }
    }

    #[test]
    fn hostile_names_stay_in_the_tree() {
        assert_eq!(read(b"./a/b/"), "file /a/b");
        assert_eq!(read(b"/../../etc/passwd"), "file /etc/passwd");
        assert_eq!(read(b"a/../../b//c"), "file /b/c");
        assert_eq!(read(b"caf\xe9"), "file /caf\\xe9");
        for name in [&b""[..], b"/", "./".as_bytes(), b"..", b"a/.."] {
            assert_eq!(read(name), "nothing");
        }
    }

    #[test]
    fn marks_hide_what_they_name() {
        assert_eq!(read(b"a/.wh.b"), "no /a/b");
        assert_eq!(read(b".wh.b"), "no /b");
        assert_eq!(read(b"a/.wh..wh..opq"), "nothing in /a");
        assert_eq!(read(b".wh..wh..opq"), "nothing in /");
        for name in [&b"a/.wh."[..], b"a/.wh..", b"a/.wh...", b".wh..wh.plnk/x", b".wh..wh.aufs"] {
            assert_eq!(read(name), "nothing", "{}", name.escape_ascii());
        }
        assert_eq!(read(b"a/.wh.b/c"), "file /a/.wh.b/c");
    }

    #[test]
    fn what_is_too_deep_is_named_once() {
        let deep = "d/".repeat(1500);
        assert_eq!(read(format!("{deep}f").as_bytes()), "too deep: 2001 bytes");
        assert_eq!(read(format!("{}f", &deep[..2000]).as_bytes()).len(), "file /".len() + 2001);
        assert_eq!(read(format!("{}/x/f", "n".repeat(20_000)).as_bytes()), "too deep: 20000 bytes");
        let long = vec![0xff; 5000];
        assert_eq!(read(&[&long[..], b"/f"].concat()), "too deep: 20000 bytes");
    }
}
