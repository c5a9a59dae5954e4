//! Java: archives of classes, what runs them, and programs that were compiled from them.

pub(super) mod jar;
pub(super) mod jvm;
pub(super) mod native_image;
pub(super) mod unpacked;

mod contents;
mod entries;
mod file_name;
mod group;
mod identity;
mod known;
mod manifest;
mod packages;
mod pom;
mod repository;

#[cfg(test)]
mod tests;
