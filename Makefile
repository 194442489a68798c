# make run     set up what is missing, then the page on http://127.0.0.1:8501  (PORT=8601 for another)
# make test    set up what is missing, a browser included, then every test
# make setup   the installation alone
# make check   format, lint, types, and which way imports point
# make bench   measure, and write benchmarks/RESULTS.md (ONLY=throughput measures one part, prints it)
# make lock    write requirements*.txt anew from pyproject.toml, with uv; pins stay where they still
#              fit, LOCK_FLAGS=--upgrade moves them

PORT ?= 8501
PYTHON := .venv/bin/python
# Any Python 3 can start the set-up, which then looks for the newest that TensorFlow supports.
# A name may be there and not work (a version manager's shim), hence the trial.
BOOT := $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info[0] != 3)' 2>/dev/null && echo $$p && break; done)
SET_UP = @$(or $(BOOT),$(error Python is not here. Install Python 3.11, 3.12 or 3.13, then run make again)) .ci/setup.py

.PHONY: run setup test check bench lock

run:
	$(SET_UP)
	@.venv/bin/convscope serve --port $(PORT)

setup:
	$(SET_UP)

# Two parts: what measures time or drives a browser wants both cores for itself.
test:
	$(SET_UP) --browser
	@export CHROMIUM_PATH="$$($(PYTHON) tests/end_to_end/browser.py)"; status=0; \
	$(PYTHON) -m pytest -n 2 --dist loadfile -m "not browser and not processes" || status=1; \
	$(PYTHON) -m pytest -m "browser or processes" || status=1; \
	exit $$status

check:
	$(SET_UP) --dev
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-logo

bench:
	$(SET_UP) --browser
	@$(PYTHON) -m benchmarks $(if $(ONLY),--only $(ONLY))

# One lock for every supported Python and platform; the others agree with the first.
LOCK := uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --no-emit-index-url --custom-compile-command "make lock"
lock:
	@command -v uv > /dev/null || { echo "make lock needs uv: https://docs.astral.sh/uv/" >&2; exit 1; }
	$(LOCK) --extra cpu -o requirements.txt $(LOCK_FLAGS)
	for extra in dev gpu jax torch; do \
		$(LOCK) --extra $$extra -c requirements.txt -o requirements-$$extra.txt $(LOCK_FLAGS) || exit 1; done
