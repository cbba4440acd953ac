//! The gateway against a scripted engine.
