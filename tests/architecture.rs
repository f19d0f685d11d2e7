//! Which crate may use which: compared with `cargo metadata`, as an equality, so that a dependency that comes
//! or goes is a decision and not an accident.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// Every crate with all its normal dependencies.
const ALLOWED: &[(&str, &[&str])] =
    &[("domain", &["async-trait", "bigdecimal", "chrono", "chrono-tz", "mockall", "thiserror", "uuid"])];

#[test]
fn every_crate_uses_exactly_what_it_is_allowed_to() {
    let metadata = MetadataCommand::new().no_deps().exec().unwrap();
    let found: BTreeMap<&str, BTreeSet<&str>> = metadata
        .packages
        .iter()
        .filter(|package| package.name.as_str() != "encore-tests")
        .map(|package| {
            let normal = package.dependencies.iter().filter(|used| used.kind == DependencyKind::Normal);
            (package.name.as_str(), normal.map(|used| used.name.as_str()).collect())
        })
        .collect();
    let allowed: BTreeMap<&str, BTreeSet<&str>> =
        ALLOWED.iter().map(|(name, uses)| (*name, uses.iter().copied().collect())).collect();
    assert_eq!(found, allowed, "what is used (left) and what is allowed (right) differ");
}
