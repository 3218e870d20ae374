# labrun: `make sweep` and `make test` work on a fresh machine that has Swift; `make help` lists the rest.
# Works with GNU make 3.81 and newer.

.DEFAULT_GOAL := help
.PHONY: help deps python build sweep test example fuzz kills bench zoo compare docs picture lint format install wheel test-wheel \
  clean check-swift

BINARY := .build/release/labrun
SPEC := Experiments/ablation.json
SWIFT_SOURCES := Sources Tests Examples Package.swift

# Homebrew's libraries are in no default search path.
ifeq ($(shell uname -s),Darwin)
  HOMEBREW := $(shell brew --prefix 2>/dev/null)
  ifneq ($(HOMEBREW),)
    SWIFT_FLAGS := -Xcc -I$(HOMEBREW)/include -Xlinker -L$(HOMEBREW)/lib
  endif
endif

ifndef PREFIX
  PREFIX := $(shell test -w /usr/local/bin && echo /usr/local || echo "$$HOME/.local")
endif
INSTALL_ROOT := $(DESTDIR)$(PREFIX)

help: ## Lists the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1|\2/p' Makefile | awk -F'|' '{ printf "  make %-10s %s\n", $$1, $$2 }'

deps: check-swift ## Installs the system libraries that are missing
	@Scripts/install-dependencies.sh

python: ## Installs Python packages below .build, by which tests check exported models and results
	@Scripts/install-test-python.sh

build: deps ## Builds labrun for release
	swift build -c release --product labrun $(SWIFT_FLAGS)

sweep: build ## Trains the ablation of Experiments/ablation.json and prints its table (SPEC=… for another)
	$(BINARY) sweep $(SPEC)

test: deps python ## Runs every test, built for release, and the example
	swift test -c release --disable-testable-imports --disable-xctest $(SWIFT_FLAGS)
	@Scripts/test-example.sh release $(SWIFT_FLAGS)
	@Scripts/test-client.sh

example: deps ## Builds the program of Examples/CustomBlock, which adds to labrun from outside, and sweeps with it
	@Scripts/test-example.sh release $(SWIFT_FLAGS)

fuzz: deps ## Feeds readers with damaged files for FUZZ_SECONDS each (60; FUZZ_TARGET=… for one, FUZZ_START=… to repeat)
	@Scripts/fuzz.sh $(SWIFT_FLAGS)

KILLS := 200
kills: build ## Kills sweeps at random instants, goes on with them, and compares what they store (KILLS=… for another number)
	Scripts/kill-sweeps.py --labrun $(BINARY) --kills $(KILLS)

bench: build ## Measures one thread's training step
	$(BINARY) bench

zoo: build ## Writes the page of all architectures, Results/zoo.md
	$(BINARY) describe --all --format markdown > Results/zoo.md

.PHONY: schema generated
schema: build ## Writes the JSON Schema of specs, Experiments/spec.schema.json
	$(BINARY) schema > Experiments/spec.schema.json

generated: schema zoo ## Writes what is generated from the registries and committed

compare: build ## Measures the training step in turn with PyTorch's
	python3 Benchmarks/compare.py --labrun $(BINARY)

docs: deps ## Builds the documentation of the API into .build/docs; a warning, such as a broken link, is an error
	@Scripts/build-docs.sh $(SWIFT_FLAGS)

picture: ## Draws the README's picture from the reference result
	python3 Scripts/draw-differences.py Results/reference/ablation.md "Δ accuracy %" > Documentation/ablation.svg

lint: check-swift ## Checks the sources' format, and that what they import is what Package.swift declares
	swift format lint --strict -r $(SWIFT_SOURCES) Scripts
	swift package dump-package | swift Scripts/check-imports.swift

format: check-swift ## Formats the sources in place
	swift format --in-place -r $(SWIFT_SOURCES)

install: build ## Installs labrun and its shell completion (PREFIX=… for another place)
	install -d "$(INSTALL_ROOT)/bin" "$(INSTALL_ROOT)/share/bash-completion/completions" \
	  "$(INSTALL_ROOT)/share/zsh/site-functions" "$(INSTALL_ROOT)/share/fish/vendor_completions.d"
	install -m 755 $(BINARY) "$(INSTALL_ROOT)/bin/labrun"
	$(BINARY) --generate-completion-script bash > "$(INSTALL_ROOT)/share/bash-completion/completions/labrun"
	$(BINARY) --generate-completion-script zsh > "$(INSTALL_ROOT)/share/zsh/site-functions/_labrun"
	$(BINARY) --generate-completion-script fish > "$(INSTALL_ROOT)/share/fish/vendor_completions.d/labrun.fish"
	@case ":$$PATH:" in *":$(PREFIX)/bin:"*) ;; *) echo "Add $(PREFIX)/bin to your PATH to run labrun." ;; esac

wheel: deps ## Builds dist/labrun-….whl, one file for pip with everything that labrun needs, and tests it
	@Scripts/build-wheel.sh $(SWIFT_FLAGS)
	@Scripts/test-wheel.sh

test-wheel: ## Installs the wheel of dist on a bare system, and works with it there
	@Scripts/test-wheel.sh

clean: ## Removes what was built
	swift package clean

check-swift:
	@Scripts/check-swift.sh
