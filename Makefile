# The two commands of the README, and the checks that CI runs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := $(if $(QUICK),--quick,)

.PHONY: demo test nightly check docs clean

$(VENV)/installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: $(PYTHON) is older than Python 3.11; install a newer one or run: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/installed-test: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --editable '.[test,docs]'
	touch $@

demo: $(VENV)/installed
	@$(BIN)/codescale demo $(DEMO)

# Tests that start Ray have both cores to themselves: beside others it does not start in time.
test: check
	$(BIN)/python -m pytest -m "not ray and not slow" -n 2 --dist loadfile
	$(BIN)/python -m pytest -m "ray and not slow"

# What takes long: all held-out programs and whole studies, those on a store each in a process of its own, and the same
# properties as in `make test`, with twenty times as many examples.
nightly: $(VENV)/installed-test
	$(BIN)/python -m pytest -m "slow and not ray"
	$(BIN)/python -m pytest -m "ray and slow" -k a_whole_study
	$(BIN)/python -m pytest -m "ray and slow" -k shared_disk
	$(BIN)/python -m pytest -m "ray and slow" -k "not a_whole_study and not shared_disk"
	$(BIN)/python -m pytest -m fuzz --hypothesis-profile nightly -n 2

check: $(VENV)/installed-test docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/installed-test
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

clean:
	rm -rf $(VENV) demo demo-quick site
