# Two commands on a fresh machine with Python 3.11+ and make: `make demo` and `make test`.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
CONFIG ?= config
TIMES  ?= 50
# pip alone is enough; uv does the same faster where it is installed.
ifneq ($(shell command -v uv 2>/dev/null),)
INSTALL := uv pip install --quiet --python $(BIN)/python
else
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
endif

.PHONY: demo run test check bench evaluate lock clean soak

demo: $(VENV)/.installed ## the whole main job on a small world on loopback, page at http://127.0.0.1:8000
	$(BIN)/tracker demo

run: $(VENV)/.installed ## the daemon on config/
	$(BIN)/tracker --config $(CONFIG) run

test: check ## everything: style, types, floors, tests
	$(BIN)/python -m pytest

check: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

soak: $(VENV)/.installed-test ## kill -9 in every journey, TIMES times each on both engines (short in `make test`); leases at their shipped length
	TRACKER_SOAK=$(TIMES) $(BIN)/python -m pytest -s tests/soak tests/daemon

evaluate: $(VENV)/.installed-measure ## the classifier's tables, by cross-validation
	$(BIN)/python scripts/train.py --evaluate

bench: $(VENV)/.installed-measure ## the figures of docs/bench.md
	$(BIN)/python -m benchmarks

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml requirements.lock
	$(INSTALL) --require-hashes -r requirements.lock
	$(INSTALL) --no-deps --editable .
	touch $@

$(VENV)/.installed-test: $(VENV)/.installed requirements-test.lock
	$(INSTALL) --require-hashes -r requirements-test.lock
	touch $@

$(VENV)/.installed-measure: $(VENV)/.installed-test requirements-measure.lock
	$(INSTALL) --require-hashes -r requirements-measure.lock
	touch $@

LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
  --no-header --quiet --extra postgresql

lock: ## exact versions with hashes, for every Python from 3.11 on; needs uv
	$(LOCK) -o requirements.lock pyproject.toml
	$(LOCK) --group test -o requirements-test.lock pyproject.toml
	$(LOCK) --group test --group train --group bench -o requirements-measure.lock pyproject.toml

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
