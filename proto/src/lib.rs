//! Names for BuildKit's wire types, and the error details that the published crate lacks.
