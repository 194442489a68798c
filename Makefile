# make run     set up what is missing, then the page on http://127.0.0.1:8501  (PORT=8601 for another)
# make test    set up what is missing, a browser included, then every test
# make quick   the fast tests alone: no browser, no page, no processes, no engine
# make dev     the page as with make run, read again whenever a source file is saved
# make setup   the installation alone
# make check   format, lint, types, and which way imports point
# make bench   measure, and write benchmarks/RESULTS.md (ONLY=throughput measures one part, prints it)
# make lock    write requirements*.txt again from pyproject.toml, with uv; pins stay where they still
#              fit, LOCK_FLAGS=--upgrade moves them

PORT ?= 8501
PYTHON := .venv/bin/python
# Any Python 3 can start the set-up, which then looks for the newest that TensorFlow supports.
# A name may be there and not work (a version manager's shim), hence the trial.
BOOT := $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info[0] != 3)' 2>/dev/null && echo $$p && break; done)
SET_UP = @$(or $(BOOT),$(error Python is not here. Install Python 3.11, 3.12 or 3.13, then run make again)) .ci/setup.py

.PHONY: run dev setup test quick check bench lock

run:
	$(SET_UP)
	@.venv/bin/convscope serve --port $(PORT)

# The server's settings in .streamlit/config.toml are for use; these two are for work on the code.
dev:
	$(SET_UP) --dev
	@STREAMLIT_SERVER_FILE_WATCHER_TYPE=auto STREAMLIT_SERVER_RUN_ON_SAVE=true \
	.venv/bin/convscope serve --port $(PORT)

setup:
	$(SET_UP)

# Files go to the two workers whole, those with slow tests first (tests/conftest.py).
PARALLEL := -n 2 --dist loadfile --no-loadscope-reorder

# Three parts: what measures time or drives a browser needs both cores for itself.
test:
	$(SET_UP) --browser
	@export CHROMIUM_PATH="$$($(PYTHON) tests/end_to_end/browser.py)"; status=0; \
	$(PYTHON) -m pytest $(PARALLEL) -m "not browser and not processes" || status=1; \
	$(PYTHON) -m pytest $(PARALLEL) -m "processes and not browser and not timing" || status=1; \
	$(PYTHON) -m pytest -m "browser or timing" || status=1; \
	exit $$status

quick:
	$(SET_UP) --dev
	@$(PYTHON) -m pytest $(PARALLEL) -m "not browser and not processes and not slow"

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
