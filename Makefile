# Everything a checkout can do. `make run` and `make test` build their own .venv; Python 3.11 or newer is all they need.

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$python; break; }; done)

.DEFAULT_GOAL := help
.PHONY: help run test test-versions test-cluster lint bench catalogue crash judge faults shots locale

help:  ## what can be made
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 22

run: $(READY)  ## start the lab on the article's incident and open wayhome on it
	@WAYHOME_STATE_DIR=$$(mktemp -d "$${TMPDIR:-/tmp}/wayhome.XXXXXX"); export WAYHOME_STATE_DIR; \
	trap 'trap "" HUP INT TERM; $(BIN)/wayhome lab stop >/dev/null 2>&1; rm -rf "$$WAYHOME_STATE_DIR"' EXIT; \
	trap 'exit 129' HUP; trap 'exit 130' INT; trap 'exit 143' TERM; \
	$(BIN)/wayhome lab start article >/dev/null && eval "$$($(BIN)/wayhome lab env)" && $(BIN)/wayhome --lab article

# Most tests wait for a lab, an agent or a deadline rather than compute: twice as many of them as processors.
WORKERS ?= $(shell python3 -c 'import os; print(2 * (os.cpu_count() or 1))' 2>/dev/null || echo auto)

test: $(READY)  ## run the tests (ARGS="-k name" picks some)
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "not cluster" $(ARGS)

# Another Python than that of .venv where one is at hand, the newest first.
OTHER ?= $(shell for python in python3.14 python3.13 python3.12 python3.11 $(PYTHON); do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$python; break; }; done)
KUBERNETES ?= 35 36
CLIENTS := tests/probes/test_kube.py tests/probes/test_kubeconfig.py tests/probes/test_exec.py \
	tests/probes/test_compute.py tests/probes/test_write.py

test-versions:  ## run the tests of the clients with older Kubernetes clients, the newest Google client, another Python
	@for version in $(KUBERNETES); do \
		venv=.venv-kubernetes-$$version; \
		$(OTHER) -m venv --clear $$venv || exit 1; \
		grep -v -e '^kubernetes==' -e '^google-cloud-compute==' constraints.txt > $$venv/constraints.txt; \
		$$venv/bin/python -m pip install -q --disable-pip-version-check -c $$venv/constraints.txt -e '.[dev]' \
			"kubernetes==$$version.*" google-cloud-compute || exit 1; \
		$$venv/bin/python -c 'import sys; from importlib.metadata import version as of; print("Python", \
			sys.version.split()[0], *(f"{name} {of(name)}" for name in ("kubernetes", "google-cloud-compute")))'; \
		$$venv/bin/python -m pytest -q -n $(WORKERS) $(CLIENTS) $(ARGS) || exit 1; \
		rm -rf $$venv; \
	done

test-cluster: $(READY)  ## run the tests on a real Kubernetes that WAYHOME_CLUSTER_UP starts (ARGS="--kubeconfig FILE")
	@$(BIN)/python -m pytest -m cluster tests/cluster $(ARGS)

lint: $(READY)  ## check style, types, the borders between the rooms, and shell scripts
	@$(BIN)/python -m ruff format --check .
	@$(BIN)/python -m ruff check .
	@$(BIN)/python -m mypy
	@$(BIN)/lint-imports
	@if command -v shellcheck >/dev/null; then shellcheck .ci/run; else echo "no shellcheck here: shell scripts not checked"; fi

bench: $(READY)  ## measure speed, as ratios within one run
	@$(BIN)/python -m bench $(ARGS)

catalogue: $(READY)  ## hold every cause against its scenarios, alone and in pairs, on both fabrics; writes docs/catalogue.md
	@$(BIN)/python -m catalogue $(ARGS)

crash: $(READY)  ## kill apply and rollback at every step, on both fabrics; writes docs/crash.md
	@$(BIN)/python -m crash $(ARGS)

judge: $(READY)  ## hold the model against the kernel on 10,000 random worlds (ARGS="--worlds 500")
	@$(BIN)/python -m lab.judge $(ARGS)

faults: $(READY)  ## draw docs/faults.md, the table of faults and calls, from the lab
	@$(BIN)/python tests/faults

shots: $(READY)  ## draw screenshots/ from the lab
	@$(BIN)/python -m tui.shots screenshots

CATALOGUE := rules/locale/ja/LC_MESSAGES/wayhome
locale: $(READY)  ## bring the translations up to date with the code, and compile them
	@mkdir -p build
	@$(BIN)/pybabel -q extract -F pyproject.toml -k N_ -k plural:1,2 --no-location --sort-output --no-wrap --project wayhome \
		-o build/wayhome.pot rules probes lab tui
	@test -e $(CATALOGUE).po || $(BIN)/pybabel -q init -l ja --no-wrap -i build/wayhome.pot -o $(CATALOGUE).po
	@$(BIN)/pybabel -q update -N --no-wrap --ignore-obsolete --ignore-pot-creation-date -l ja \
		-i build/wayhome.pot -o $(CATALOGUE).po
	@$(BIN)/pybabel -q compile -i $(CATALOGUE).po -o $(CATALOGUE).mo

# A .venv that does not run, or that was built for another place, counts as absent.
ifneq ($(shell $(BIN)/python -c 'print(open("$(READY)").read())' 2>/dev/null),$(CURDIR))
.PHONY: $(READY)
endif

$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "wayhome needs Python 3.11 or newer; make PYTHON=/path/to/python names one." >&2; exit 2; }
	@echo "building $(VENV) …" >&2
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt hatchling editables
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt --no-build-isolation -e '.[dev]'
	@printf '%s' '$(CURDIR)' > $(READY)
