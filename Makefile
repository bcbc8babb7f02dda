# Everything that is done with Tollgate's sources. `make help` lists it.

SWIFT ?= swift
# One configuration for unit tests and the server that the acceptance tests start: dependencies are built once.
CONFIGURATION ?= debug
# The server that the acceptance tests start, for example a release build.
TOLLGATE_BINARY ?= $(CURDIR)/.build/$(CONFIGURATION)/tollgate
# Options of the benchmarks: --only checks --rounds 5
BENCH ?=
VENV := .build/venv
SOURCES := Package.swift Sources Tests benchmarks
BUILD := $(SWIFT) build -c $(CONFIGURATION)

.DEFAULT_GOAL := help
.PHONY: help demo test lint format build unit acceptance fuzz thread-sanitizer address-sanitizer crash-test bench \
	simulate stream-test verify-calendar install install-bench install-test

help: ## This list.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' Makefile

demo: install ## Build it and see it work: a month of a million events, limits, invoices.
	$(SWIFT) build -c release --product tollgate
	@.build/release/tollgate demo

test: SECONDS = 15
test: install-test lint build unit acceptance fuzz ## Build everything and run every test.

build: ## Build all targets; a module that imports what it does not declare is an error.
	$(BUILD) --build-tests --explicit-target-dependency-import-check error

unit: ## The tests in Swift, the tidy checks among them.
	$(SWIFT) test -c $(CONFIGURATION) --skip-build --disable-xctest

PYTEST := TOLLGATE_BINARY=$(TOLLGATE_BINARY) $(VENV)/bin/python -m pytest -q Tests/Acceptance

# Files of tests side by side; then, one after another, tests that measure.
acceptance: $(VENV)/ready ## The tests in Python against a server: the SDK, crashes, bad input, a year of flights.
	$(PYTEST) -n auto --dist loadfile -m 'not alone'
	$(PYTEST) -m alone

# Compiled apart from everything else. SwiftPM hands the compiler one option for each sanitizer, of which the last
# counts: so both are said once more in one. Undefined behaviour is looked for in the C++ part only, and traps.
FUZZ_BUILD = TOLLGATE_FUZZER=1 $(SWIFT) build -c release --product tollgate-fuzz --scratch-path .build/fuzz \
	--sanitize=address --sanitize=fuzzer -Xswiftc -sanitize=fuzzer,address \
	-Xcxx -fsanitize=undefined -Xcxx -fsanitize-trap=undefined
# Swift's own report of a crash would hang the process under a sanitizer.
SANITIZED := SWIFT_BACKTRACE=enable=no
SANITIZED_TESTS := debug/tollgatePackageTests.xctest --testing-library swift-testing --filter

FUZZED := $(addprefix fuzz-,$(notdir $(wildcard Tests/Fuzz/corpus/*)))
.PHONY: $(FUZZED)

fuzz: install ## Throw changed bytes at all that reads bytes, SECONDS=600 for each kind, else a minute.
	$(FUZZ_BUILD)
	@$(MAKE) --no-print-directory --jobs $$(nproc) $(FUZZED) SECONDS=$(or $(SECONDS),60)

$(FUZZED): fuzz-%:
	@mkdir -p .build/fuzz/found/$*
	@$(SANITIZED) ENTRY=$* .build/fuzz/release/tollgate-fuzz -max_total_time=$(SECONDS) -timeout=10 \
		-rss_limit_mb=4096 -artifact_prefix=.build/fuzz/$*- .build/fuzz/found/$* \
		Tests/Fuzz/corpus/$* > .build/fuzz/$*.log 2>&1 || { tail -n 60 .build/fuzz/$*.log; exit 1; }
	@echo "$*: $$(grep '^Done' .build/fuzz/$*.log)"

# What runs at once, in the engine and under it.
THREADED := LMDBTests|MeteringTests|Concurrency|Consume|Dedupe|FailedCommit|CloseTests|RecordCache|Lane|Server|Budget|Follow|Stream

thread-sanitizer: install ## Run what runs at once, and the simulation, under ThreadSanitizer.
	$(SWIFT) build --build-tests --sanitize=thread -Xswiftc -DTOLLGATE_POSIX_LOCKS --scratch-path .build/thread
	$(SANITIZED) TSAN_OPTIONS=suppressions=Tests/thread-sanitizer.supp .build/thread/$(SANITIZED_TESTS) '$(THREADED)' \
		--skip 'address space is scarce'
	$(SANITIZED) TSAN_OPTIONS=suppressions=Tests/thread-sanitizer.supp .build/thread/debug/tollgate-simulate \
		--seconds $(or $(SECONDS),60)

# What touches memory by its address, or reads bytes of others.
READING := BasicsTests|ModelTests|EventScannerTests|LMDBTests|MeteringTests|FuzzTests|APITests|KeyTableTests

address-sanitizer: install ## Run what reads bytes, and what holds tables, under AddressSanitizer.
	$(SWIFT) build --build-tests --sanitize=address --scratch-path .build/address
	$(SANITIZED) .build/address/$(SANITIZED_TESTS) '$(READING)' --skip 'address space is scarce'

# The long forms want a fast server.
CRASH_BINARY ?= $(CURDIR)/.build/release/tollgate

crash-test: install-test $(VENV)/ready ## Kill a server 200 times, and break its disk for a minute: takes many minutes.
	$(SWIFT) build -c release --product tollgate
	TOLLGATE_BINARY=$(CRASH_BINARY) TOLLGATE_CRASHES=200 TOLLGATE_FAULT_SECONDS=60 \
		$(VENV)/bin/python -m pytest -q -s Tests/Acceptance/test_crash.py Tests/Acceptance/test_disk.py

stream-test: install-test $(VENV)/ready ## How soon 1,000 clients hear of a change, and what they cost: takes minutes.
	$(SWIFT) build -c release --product tollgate
	TOLLGATE_BINARY=$(CRASH_BINARY) TOLLGATE_STREAM_ROUNDS=20 TOLLGATE_STREAM_SECONDS=2 TOLLGATE_STREAM_BOUND=0.25 \
		$(VENV)/bin/python -m pytest -q -s Tests/Acceptance/test_stream_load.py

lint: ## Check the format.
	$(SWIFT) format lint --strict --parallel --recursive $(SOURCES)

format: ## Put everything in format.
	$(SWIFT) format --in-place --parallel --recursive $(SOURCES)

bench: install-bench ## Measure beside Redis, PostgreSQL and nginx, and add the figures to benchmarks/results.
	$(SWIFT) build -c release --product tollgate
	$(SWIFT) build -c release --product tollgate-bench
	.build/release/tollgate-bench --label "$$(git describe --always --dirty)" $(BENCH)

simulate: install ## Random lives beside a plain model: SECONDS=600 SEED=1, else a minute and a fresh seed.
	$(SWIFT) build -c release --product tollgate-simulate
	.build/release/tollgate-simulate --seconds $(or $(SECONDS),60) $(if $(SEED),--seed $(SEED))

verify-calendar: install ## Check the billing calendar for every zone, anchor and cadence: takes minutes.
	TOLLGATE_CALENDAR_FULL=1 $(SWIFT) test -c release -Xswiftc -enable-testing --disable-xctest --filter BillingCalendar

install: ## Install the system packages that a build needs and this machine lacks.
	@.ci/install git pkg-config liblmdb-dev libsimdjson-dev zlib1g-dev tzdata

# The peers that benchmarks compare with, and util-linux, which pins programs to a core.
install-bench: install
	@.ci/install redis-server postgresql nginx util-linux

install-test:
	@.ci/install git pkg-config liblmdb-dev libsimdjson-dev zlib1g-dev tzdata python3-venv

$(VENV)/ready: Tests/Acceptance/requirements.txt
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r Tests/Acceptance/requirements.txt
	touch $@
