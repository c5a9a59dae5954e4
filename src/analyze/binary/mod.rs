//! Executables and shared libraries: what was compiled into them, as far as they say so.

pub(super) mod classifier;
pub(super) mod executable;

mod build_info;
mod classifiers;
mod go;
mod go_modules;
mod go_version;
mod note;
mod pattern;
mod rust;
mod rust_paths;
