PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --constraint constraints.txt

.PHONY: demo test

demo: .venv/installed
	$(BIN)/fexgan demo --out out/demo

test: .venv/installed-for-tests
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --check --quiet .
	OMP_NUM_THREADS=1 $(BIN)/pytest -q -n logical --maxprocesses 8 --dist loadfile --no-loadscope-reorder

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(INSTALL) torch==2.13.0
	$(INSTALL) --editable '.[web]'
	touch $@

.venv/installed-for-tests: .venv/installed
	$(INSTALL) --editable '.[export,hub,landmarks,ray,studio,test,web]'
	touch $@
