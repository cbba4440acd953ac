//! Hermetic tests of the whole library: one binary, one module an area.

mod context;
mod gateway;
mod support;
