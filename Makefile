# The only task runner: people and CI call the same targets. `make help` lists them.

SHELL := /bin/bash
HOST := $(shell rustc -vV | sed -n 's/^host: //p')
BINARY := target/$(HOST)/release/layergate
DATABASE := target/layergate.db
# Where an engine is needed and none is there, tests/engine/with installs and starts a private one.
WITH := tests/engine/with

.PHONY: help
help: ## This list
	@sed -n 's/^\([a-z-]*\):.*## /\1 \t/p' $(MAKEFILE_LIST) | expand -t 12

.PHONY: demo
demo: binary database ## Three example builds: two stop at the right line, one passes
	$(WITH) any examples/demo $(BINARY) $(DATABASE)

.PHONY: test
test: unit installs e2e ## Every test, on every kind of engine that can be had

.PHONY: unit
unit: ## Tests that need no engine
	cargo test --locked --workspace
	cargo check --locked --no-default-features

.PHONY: installs
installs: ## Packages that are really installed, from the registries; as root on Debian
	cargo test --locked --test installs

.PHONY: e2e
e2e: binary ## Builds against real engines: both Docker image stores, and BuildKit alone
	cargo test --locked --test e2e --no-run
	tests/e2e/run-all $(BINARY)

.PHONY: check
check: fmt lint test ## What must hold before a commit

.PHONY: fmt
fmt: ## Formatting, checked
	cargo fmt --all --check

.PHONY: lint
lint: ## Clippy, warnings are errors
	cargo clippy --locked --workspace --all-targets -- -D warnings

.PHONY: binary
binary: ## The static binary
	RUSTFLAGS="-C target-feature=+crt-static" cargo build --locked --release --target $(HOST)

.PHONY: database
database: binary ## The sample advisory database
	$(BINARY) db build examples/advisories -o $(DATABASE)

.PHONY: image
image: binary database ## The frontend image layergate/frontend:dev, in the engine at hand
	$(WITH) any tests/engine/frontend-image $(BINARY) $(DATABASE)

.PHONY: bench
bench: binary database ## Gated against ungated builds on both image stores, and the scan of a large image
	tests/bench/run $(BINARY) $(DATABASE)

.PHONY: bench-scan
bench-scan: binary database ## Scans of a real tree of 9 GB and of 300,000 files, against a bare walk and other scanners
	tests/bench/run $(BINARY) $(DATABASE) trees

.PHONY: bench-ml
bench-ml: binary database ## Gated against ungated builds of a layer of 10 GB: vLLM with CUDA; needs 30 GB of disk
	tests/bench/run $(BINARY) $(DATABASE) ml

.PHONY: sizes
sizes: ## Rust files over 400 lines, largest first
	@git ls-files '*.rs' | xargs wc -l | sort -rn | awk '$$2 != "total" && $$1 > 400'
