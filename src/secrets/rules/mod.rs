//! The rules, by what they open.

mod access;
mod ai;
mod cloud;
mod code;
mod services;

use super::rule::Rule;

/// Every rule, in a fixed order.
pub(super) fn all() -> impl Iterator<Item = &'static Rule> {
    [access::RULES, ai::RULES, cloud::RULES, code::RULES, services::RULES].into_iter().flatten()
}
