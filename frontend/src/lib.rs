//! BuildKit mechanics.
