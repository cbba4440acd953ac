//! A BuildKit frontend for Cargo projects.
//!
//! Data flows one way: options and files -> [`spec`] -> `project` -> `plan` -> LLB -> result.
//! I/O lives at the two ends; everything between is a pure function of values.

pub mod diagnostic;
pub mod image_ref;
pub mod platform;
pub mod project;
pub mod recipe;
pub mod source;
pub mod spec;
