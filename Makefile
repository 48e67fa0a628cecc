# A front for people: what is built and how stands in CMakeLists.txt and CMakePresets.json.
# `make help` lists the targets.

SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

DATA ?= data
LISTEN ?= 127.0.0.1:8080
TLS_LISTEN ?= 127.0.0.1:8443
JOBS ?= $(shell nproc)
PRESET ?= release
ROUNDS ?= 2000
SECONDS ?= 300
EXAMPLES ?= 30
MINUTES ?= 10
CONNECTIONS ?= 1000

.PHONY: help run serve build test test-contract package bench torture crowd soak fuzz format tidy clean-room clean

help:
	@echo "make run         build, serve on ./data and push the sample to it; Ctrl-C ends it"
	@echo "make serve       the same without the sample"
	@echo "make build       build everything (PRESET=release, dev, asan, tsan, clang-19)"
	@echo "make test        build and run the tests (PRESET as above)"
	@echo "make test-contract  made-up requests for every route of the OpenAPI document: EXAMPLES=30 each, SEED=…"
	@echo "make package     a .deb and a tarball in build/package"
	@echo "make bench       measure against the yardsticks of docs/BENCHMARKS.md; BENCH=--help lists its options"
	@echo "make torture     kill the server, its engines and the power ROUNDS=2000 times and check what is left; SEED= repeats it"
	@echo "make crowd       CONNECTIONS=1000 slow and hostile peers of each kind, and a good client beside them; SEED=…"
	@echo "make soak        use a server in every way for MINUTES=10 and see that what it takes stays the same; SEED=…, SOAK=flags"
	@echo "make fuzz        feed the parsers made-up input for SECONDS=300 altogether; FUZZ=csv takes one of them"
	@echo "make format      clang-format over all sources"
	@echo "make tidy        clang-tidy over src/"
	@echo "make clean-room  try make test and make run on a fresh Debian 12 in a folder (root, debootstrap)"
	@echo "make clean       remove build/; .deps/ and data/ stay"
	@echo
	@echo "make run and make serve take DATA=folder LISTEN=host:port TLS_LISTEN=host:port"

# make run and make serve end with code 0 on SIGINT and SIGTERM: see tools/make_signals.cpp.
ifneq ($(filter run serve,$(MAKECMDGOALS)),)
-load build/make_signals.so
endif
build/make_signals.so: tools/make_signals.cpp
	@tools/setup build
	@mkdir -p build
	@g++ -O1 -shared -fPIC -o $@.new $< && mv $@.new $@

run: sample := --sample
run serve:
	@tools/setup build
	@tools/build release adit
	@DATA='$(DATA)' LISTEN='$(LISTEN)' TLS_LISTEN='$(TLS_LISTEN)' exec setpriv --pdeathsig TERM tools/run $(sample)

build:
	@tools/setup $(if $(filter release,$(PRESET)),test,dev)
	@tools/build $(PRESET)

test:
	@tools/setup $(if $(filter release,$(PRESET)),test,dev)
	@tools/build $(PRESET)
	@ctest --preset $(PRESET) -j$$(($(JOBS) + 1))

test-contract:
	@tools/setup contract
	@tools/build release adit
	@tools/test-contract build/release/adit --examples $(EXAMPLES) $(if $(SEED),--seed $(SEED))

package:
	@tools/setup package
	@tools/package

bench:
	@tools/setup bench
	@tools/bench $(BENCH)

torture:
	@tools/setup test
	@tools/build release adit torture
	@build/release/tests/faults/torture --rounds $(ROUNDS) --processes $$(($(JOBS) + 1)) $(if $(SEED),--seed $(SEED))

crowd:
	@tools/setup test
	@tools/build release adit crowd
	@build/release/tests/faults/crowd --connections $(CONNECTIONS) $(if $(SEED),--seed $(SEED))

soak:
	@tools/setup test
	@tools/build release adit soak
	@build/release/tests/faults/soak --minutes $(MINUTES) $(if $(SEED),--seed $(SEED)) $(SOAK)

fuzz:
	@tools/setup dev
	@tools/fuzz $(SECONDS) $(FUZZ)

format:
	@tools/setup dev
	@tools/format

tidy:
	@tools/setup dev
	@tools/tidy

clean-room:
	@tools/clean-room

clean:
	@rm -rf build
