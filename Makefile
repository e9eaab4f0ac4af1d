# Everything of a checkout. Nothing is done twice: .venv/.installed remembers the install,
# deploy/build_backend.py the front-end.

# 3.11 is what the tests run on; any newer one is taken too
PYTHON ?= $(shell for p in python3.11 python3 python3.12 python3.13 python3.14; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
DATA ?= var

.PHONY: help install run demo test soak bench lint clean

help:
	@echo "make install   everything into .venv, front-end bundled"
	@echo "make run       the daemon, on http://localhost:8080 (data in $(DATA)/)"
	@echo "make demo      the daemon, virtual cameras, watches, a cabinet, a campus, and half a year of two patients (data in var/demo/)"
	@echo "make test      lint and all tests; missing Debian packages are installed first"
	@echo "make soak      random tests, kills and looks again, for as long as it takes to find rare faults"
	@echo "make bench     the table of docs/performance.md"
	@echo "make lint      flake8, mypy, import-linter"
	@echo "make clean     remove what was built (not the data)"

.venv/.installed: setup.cfg pyproject.toml
	@test -n "$(PYTHON)" || { echo "iotd: needs Python 3.11 or newer: none found on the PATH"; exit 1; }
	@echo "iotd: making .venv with $(PYTHON)"
	@$(PYTHON) -m venv .venv || { echo "iotd: no venv module? On Debian: apt install python3-venv"; exit 1; }
	@echo "iotd: installing iotd and its development tools into .venv (some minutes the first time)"
	@$(BIN)/pip install --disable-pip-version-check --quiet --editable '.[dev]'
	@touch $@

install: .venv/.installed
	@$(BIN)/python deploy/build_backend.py

run: install
	@echo "iotd: starting; open the address that it prints (the first time with a token in it)"
	@exec $(BIN)/twistd --pidfile= -n iotd --data $(DATA)

demo: install
	@BIN=$(BIN) deploy/demo.sh

test: install
	@deploy/test-setup.sh
	@$(BIN)/python tests/run.py

soak: install
	@echo "iotd: the random sessions of the quick tests, millions of them; Ctrl-C ends it"
	@IOTD_SOAK_SESSIONS=$${IOTD_SOAK_SESSIONS:-5000000} \
	IOTD_SOAK_SOCKETS=$${IOTD_SOAK_SOCKETS:-200000} IOTD_SOAK_KILLS=$${IOTD_SOAK_KILLS:-20} $(BIN)/python -m twisted.trial tests.soak

bench: install
	@echo "iotd: measuring; keep the machine otherwise idle"
	@$(BIN)/python -m bench
	@$(BIN)/python -m bench.counting

lint: .venv/.installed
	@$(BIN)/python tests/run.py --lint-only

clean:
	rm -rf .venv build dist *.egg-info web/node_modules web/static/dist _trial_temp* .mypy_cache .import_linter_cache
