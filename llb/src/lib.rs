//! A typed graph builder for BuildKit's LLB.
