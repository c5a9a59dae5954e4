//! PHP packages: Composer's, and those of PEAR and PECL.

pub(super) mod composer;
pub(super) mod pear;

mod serialized;
