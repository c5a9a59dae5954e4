//! A tree laid over an inventory, as `COPY --link` lays files over an image.
//!
//! What results is the inventory of the merged view, without that view being mounted: the layers
//! below need not even be on this machine.

use std::collections::HashSet;

use super::lines::{Lines, Piece};
use super::plan::DIRECTORY;
use super::walk::Walked;

/// The lines of `below` that the walked tree does not hide, and the tree's own.
///
/// A file hides what was at its path and below it. A directory hides what was at its path, if that
/// was a file, and joins it if it was a directory; what a directory's path says, the tree says again.
pub(super) fn lay<'a>(below: &'a Lines, over: Walked<'a>) -> Vec<Piece<'a>> {
    let names = |directories| {
        let wanted = over.names.iter().filter(move |it| it.1 == directories);
        wanted.map(|it| it.0.as_str()).collect::<HashSet<_>>()
    };
    let (files, directories) = (names(false), names(true));
    let is_hidden = |path: &str, piece: &Piece<'_>| {
        let above = path.match_indices('/').filter_map(|(at, _)| path.get(..at));
        above.chain([path]).any(|it| files.contains(it))
            || (directories.contains(path) && !is_of_directory(piece.bytes()))
    };
    let kept = below.iter().filter(|(path, piece)| !is_hidden(path, piece));
    kept.map(|(_, piece)| piece).chain(over.pieces).collect()
}

/// Whether a line is the note on a directory: what it holds was not scanned, and still is there.
fn is_of_directory(line: &[u8]) -> bool {
    // A quote inside a JSON string is escaped, so this is no part of a name.
    let front = format!("\"notes\":[\"{DIRECTORY}");
    memchr::memmem::find(line, front.as_bytes()).is_some()
}
