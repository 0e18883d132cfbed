# The commands of the house. `make demo` and `make test` are all a newcomer needs; CI calls the same targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PURE := --cov=ffd --cov=kkt_driver --cov=fn_emulator --cov=fleet

.PHONY: install install-dev demo test check ci bench lock fmt soak clean

# Stamps: packages are installed again only when a lock file or setup.cfg changed.
$(VENV)/.run: requirements.txt setup.cfg
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@

install: $(VENV)/.run

install-dev: $(VENV)/.dev

demo: $(VENV)/.run
	@exec $(BIN)/fleet demo $(ARGS)

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n auto -m "not slow" $(ARGS)

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

ci: $(VENV)/.dev
	$(BIN)/python -m pytest -n auto $(PURE) --cov-branch --cov-report=term:skip-covered $(ARGS)

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks.codec
	$(BIN)/python -m benchmarks.driver
	$(BIN)/python -m benchmarks.emulator
	$(BIN)/python -m benchmarks.journal
	$(BIN)/python -m benchmarks.one_rack

soak: $(VENV)/.dev
	SOAK=1 $(BIN)/python -m pytest -m "slow" --timeout=3600 $(ARGS)

fmt: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Exact pins without addresses; setup.cfg holds the ranges.
lock: $(VENV)/.dev
	$(BIN)/uv pip compile --quiet --no-annotate --no-header --no-emit-index-url --universal --python-version 3.11 setup.cfg --extra render -o requirements.txt
	$(BIN)/uv pip compile --quiet --no-annotate --no-header --no-emit-index-url --universal --python-version 3.11 setup.cfg --extra render --extra dev -o requirements-dev.txt

clean:
	rm -rf $(VENV) var build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .coverage .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
