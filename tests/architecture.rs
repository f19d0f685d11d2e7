//! Which crate may use which: compared with `cargo metadata`, as an equality, so that a dependency that comes
//! or goes is a decision and not an accident.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// Every crate with all its normal dependencies.
const ALLOWED: &[(&str, &[&str])] = &[
    (
        "domain",
        &["async-trait", "bigdecimal", "chrono", "chrono-tz", "mockall", "roaring", "thiserror", "uuid"],
    ),
    ("catalog", &["chrono", "domain", "thiserror"]),
    ("idempotency", &["chrono", "domain"]),
    ("identity", &["chrono", "domain", "thiserror"]),
    ("payment", &["domain", "futures-util", "thiserror", "tracing"]),
    ("reservation", &["domain", "futures-util", "thiserror"]),
    ("waiting-room", &["chrono", "domain", "futures-util", "thiserror", "tracing"]),
    ("wallet", &["domain", "thiserror"]),
    (
        "adapter-credentials",
        &["argon2", "async-trait", "chrono", "domain", "jsonwebtoken", "serde", "tokio", "uuid"],
    ),
    (
        "adapter-http",
        &[
            "actix-web",
            "async-trait",
            "bigdecimal",
            "catalog",
            "chrono",
            "chrono-tz",
            "domain",
            "futures-util",
            "identity",
            "metrics",
            "metrics-exporter-prometheus",
            "payment",
            "reservation",
            "serde",
            "serde_json",
            "serde_path_to_error",
            "sha2",
            "socket2",
            "thiserror",
            "tokio",
            "tracing",
            "utoipa",
            "utoipa-swagger-ui",
            "uuid",
            "waiting-room",
            "wallet",
        ],
    ),
    ("adapter-live", &["async-trait", "chrono", "domain", "metrics", "tokio", "tracing"]),
    (
        "adapter-persistence",
        &[
            "async-trait",
            "bigdecimal",
            "chrono",
            "deadpool",
            "diesel",
            "diesel-async",
            "diesel_migrations",
            "domain",
            "fail",
            "futures-util",
            "libsqlite3-sys",
            "quick_cache",
            "thiserror",
            "tokio",
            "tokio-postgres",
            "tracing",
            "uuid",
        ],
    ),
    ("adapter-scheduler", &["domain", "idempotency", "reservation", "tokio", "tracing", "waiting-room"]),
    (
        "app",
        &[
            "adapter-credentials",
            "adapter-http",
            "adapter-live",
            "adapter-persistence",
            "adapter-scheduler",
            "async-trait",
            "catalog",
            "chrono",
            "clap",
            "domain",
            "figment",
            "idempotency",
            "identity",
            "metrics-exporter-prometheus",
            "payment",
            "reservation",
            "serde",
            "thiserror",
            "tikv-jemallocator",
            "tokio",
            "tracing-subscriber",
            "uuid",
            "waiting-room",
            "wallet",
        ],
    ),
    // What judges the service from outside shares nothing with it.
    ("encore-processes", &["tempfile", "tokio", "tokio-postgres"]),
    (
        "encore-storm",
        &[
            "chrono",
            "diesel",
            "encore-processes",
            "fastrand",
            "futures-util",
            "http-body-util",
            "hyper",
            "hyper-util",
            "serde",
            "serde_json",
            "tempfile",
            "tokio",
            "tokio-postgres",
            "uuid",
        ],
    ),
];

#[test]
fn every_crate_uses_exactly_what_it_is_allowed_to() {
    let metadata = MetadataCommand::new().no_deps().exec().unwrap();
    let found: BTreeMap<&str, BTreeSet<&str>> = metadata
        .packages
        .iter()
        .filter(|package| !["encore-benches", "encore-tests"].contains(&package.name.as_str()))
        .map(|package| {
            let normal = package.dependencies.iter().filter(|used| used.kind == DependencyKind::Normal);
            (package.name.as_str(), normal.map(|used| used.name.as_str()).collect())
        })
        .collect();
    let allowed: BTreeMap<&str, BTreeSet<&str>> =
        ALLOWED.iter().map(|(name, uses)| (*name, uses.iter().copied().collect())).collect();
    assert_eq!(found, allowed, "what is used (left) and what is allowed (right) differ");
}

#[test]
fn nothing_that_ships_can_be_made_to_fail() {
    let metadata = MetadataCommand::new().no_deps().exec().unwrap();
    for package in &metadata.packages {
        let normal = package.dependencies.iter().filter(|used| used.kind == DependencyKind::Normal);
        for used in normal {
            let switches_on = used.features.iter().any(|feature| feature.contains("failpoints"));
            assert!(!switches_on, "{} lets {} fail", package.name, used.name);
            assert!(used.name != "fail" || used.optional, "{} needs fail points", package.name);
        }
        for (feature, switched_on) in &package.features {
            let is_theirs = package.name.as_str() == "adapter-persistence" && feature == "failpoints";
            let lets_fail = switched_on.iter().any(|on| on.contains("fail"));
            assert!(is_theirs || !lets_fail, "{feature} of {} lets the store fail", package.name);
        }
    }
}

#[test]
fn mocks_are_for_tests_alone() {
    let metadata = MetadataCommand::new().no_deps().exec().unwrap();
    for package in &metadata.packages {
        let normal = package.dependencies.iter().filter(|used| used.kind == DependencyKind::Normal);
        for used in normal.filter(|used| used.name == "domain") {
            assert!(used.features.is_empty(), "{} switches on {:?} of domain", package.name, used.features);
        }
    }
}
