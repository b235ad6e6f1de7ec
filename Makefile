# Thin on purpose: what the targets do stands in scripts/.
# CARGO_TARGET_DIR may be given from outside.

SHELL := bash
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help run test soak fuzz bench build fmt lint test-unit test-e2e sqlx sqlx-check setup clean

help: ## print this
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

run: ## install what is missing, build, and serve the demo
	@scripts/run.sh

test: ## run every test: formatting, lints, Rust, the release build, the browser
	@scripts/test.sh

soak: ## kill it a hundred times, ask it a thousand at once, and the like: about ten minutes
	@scripts/soak.sh

fuzz: ## FUZZ_SECONDS (60) for each target: calendar objects, hours, slots, bodies, and the API by its document
	@scripts/fuzz.sh && scripts/schemathesis.sh

bench: ## measure a release: each figure beside its aim and the limit of this machine
	@scripts/bench.sh

build: ## put a release into dist/
	@scripts/setup.sh build && scripts/build.sh

fmt: ## format the code
	@. scripts/env.sh && cargo fmt --all

lint: ## formatting and lints
	@scripts/test.sh format lint

test-unit: ## Rust tests only: unit, property, database
	@scripts/test.sh rust

test-e2e: ## browser tests only, against a fresh release build
	@scripts/test.sh build browser

sqlx: ## after a change of SQL: ask PostgreSQL about every query, keep the answers in .sqlx
	@scripts/setup.sh build && scripts/sqlx.sh write

sqlx-check: ## does .sqlx fit the queries and the migrations?
	@scripts/setup.sh build && scripts/sqlx.sh check

setup: ## install what is missing, for building and for testing
	@scripts/setup.sh test

clean: ## remove what was built; data/ stays
	@. scripts/env.sh && cargo clean && rm -rf dist end2end/test-results end2end/playwright-report
