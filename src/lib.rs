//! A BuildKit frontend for Cargo projects.
