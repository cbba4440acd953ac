//! A BuildKit frontend for Cargo projects.
//!
//! Data flows one way: options and files -> [`spec`] -> `project` -> `plan` -> LLB -> result.
//! I/O lives at the two ends; everything between is a pure function of values.

pub mod calls;
pub mod cli;
pub mod context;
pub mod diagnostic;
mod distribution;
pub mod eject;
pub mod explain;
#[cfg(test)]
mod fresh;
pub mod frontend;
pub mod gateway;
mod hints;
pub mod ignorefile;
pub mod image;
pub mod image_ref;
pub mod init;
pub mod inspect;
pub mod lint;
pub mod lower;
pub mod options;
pub mod plan;
pub mod platform;
pub mod project;
pub mod recipe;
pub mod show;
pub mod source;
pub mod spec;
pub mod stage;
pub mod units;
pub mod verify;
