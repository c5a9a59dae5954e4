//! Perl distributions, as the tools record that install them.

pub(super) mod cpan;
pub(super) mod perllocal;
