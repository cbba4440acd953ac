//! Hermetic tests of the whole library: one binary, one module an area.

mod gateway;
mod support;
