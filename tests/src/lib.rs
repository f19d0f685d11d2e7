//! encore-tests
