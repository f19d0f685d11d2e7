# What people do with Encore. `make help` lists it.

CARGO ?= cargo
TOOLS := $(CURDIR)/target/tools
# cargo-nextest where it is installed, cargo's own runner elsewhere: both run every test.
RUN_TESTS := $(shell command -v cargo-nextest >/dev/null 2>&1 && echo "nextest run" || echo "test")

# The rules and the use cases.
MUTATED := domain waiting-room catalog reservation wallet payment identity idempotency

.DEFAULT_GOAL := help
.PHONY: help run run-postgres test storm controls mutants fuzz-api bench bench-room bench-overload lint format openapi

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Build and serve on 127.0.0.1:8080 with SQLite, in ./data, with demo data
	$(CARGO) build --locked --package app --bin encore
	@exec target/debug/encore serve --demo

run-postgres: ## Serve with two instances and a scheduler on a private PostgreSQL that is gone afterwards
	$(CARGO) build --locked --package app --bins
	@exec tests/with-postgres scripts/run-postgres

test: ## Run every test, with a PostgreSQL of its own (or the one that TEST_DATABASE_URL names)
	$(CARGO) build --locked --workspace --bins
	scripts/ensure-faketime
	tests/with-postgres $(CARGO) $(RUN_TESTS) --locked --workspace

storm: ## Let a storm of a million calls and two hundred kills loose on each store, and judge it; takes half an hour
	$(CARGO) build --locked --release --package app --package encore-storm --bins
	scripts/ensure-faketime
	@for store in $(or $(STORM_STORE),sqlite postgres); do \
		STORM_STORE=$$store $(or $(CARGO_TARGET_DIR),target)/release/storm || exit; \
	done

controls: ## Plant faults into a copy of the project, each of which a test has to find within a minute
	$(CARGO) build --locked --package encore-tests --bin controls
	tests/with-postgres $(or $(CARGO_TARGET_DIR),target)/debug/controls $(FAULTS)

fuzz-api: ## Let a fuzzer that reads the API's description loose on both stores; EXAMPLES and SEED may be given
	$(CARGO) build --locked --package app --bins
	tests/api_fuzz/run --max-examples $(or $(EXAMPLES),200) $(if $(SEED),--seed $(SEED))
	tests/with-postgres tests/api_fuzz/run --max-examples $(or $(EXAMPLES),200) $(if $(SEED),--seed $(SEED))

mutants: $(TOOLS)/bin/cargo-mutants ## Change the rules and the use cases in every way known, and see which changes no test notices
	CARGO_PROFILE_DEV_DEBUG=0 $(TOOLS)/bin/cargo-mutants mutants --output target --timeout 15 $(foreach package,$(MUTATED),--package $(package))

bench: ## Measure the service beside its limits, and write a report; WORK, STORE and ROUNDS narrow it; takes half an hour
	$(CARGO) build --locked --release --package app --package encore-benches --bins
	@TEST_DATABASE_DURABLE=yes tests/with-postgres $(or $(CARGO_TARGET_DIR),target)/release/bench \
		$(if $(STORE),--store $(STORE)) $(if $(ROUNDS),--rounds $(ROUNDS)) $(WORK)

bench-room: ## Measure the waiting room with a million people in it, and print a report; takes some minutes
	$(CARGO) build --locked --release --package app --package encore-benches --bins
	@TEST_DATABASE_DURABLE=yes tests/with-postgres $(or $(CARGO_TARGET_DIR),target)/release/bench-room $(SECTIONS)

bench-overload: ## Ask for more than the machine can serve, on both stores, and print a report; takes some minutes
	$(CARGO) build --locked --release --package app --package encore-benches --bins
	@TEST_DATABASE_DURABLE=yes tests/with-postgres $(or $(CARGO_TARGET_DIR),target)/release/bench-room overload

lint: $(TOOLS)/bin/cargo-deny ## Check format, lints, dependencies, documentation
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	$(TOOLS)/bin/cargo-deny --locked check bans licenses sources
	$(CARGO) test --locked --quiet --package encore-tests --test documents

format: ## Format the code
	$(CARGO) fmt --all

openapi: ## Write docs/openapi.json anew from the handlers
	$(CARGO) run --locked --quiet --package app --bin encore -- openapi > docs/openapi.json

$(TOOLS)/bin/cargo-deny:
	$(CARGO) install --quiet --locked --root $(TOOLS) cargo-deny --version 0.20.2

$(TOOLS)/bin/cargo-mutants:
	$(CARGO) install --quiet --locked --root $(TOOLS) cargo-mutants --version 27.1.0
