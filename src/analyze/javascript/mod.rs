//! JavaScript packages, wherever they lie: in a directory, in an archive of Yarn's or Electron's.

pub(super) mod asar;
pub(super) mod bower;
pub(super) mod npm;
pub(super) mod yarn;

mod manifest;
mod place;
