//! A definition for people.
