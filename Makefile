# One set-up for everything: a virtual environment from the lock; for tests also the system's Tesseract.
VENV := .venv
PYTHON ?= python3
BIN := $(VENV)/bin
SETUP := $(VENV)/.set-up
LANGUAGES := eng,ara,rus,fra,deu,spa,tur,fas,urd

.PHONY: demo test check bench setup lock clean

demo: $(SETUP) fixtures/flames.mp4
	@mkdir -p demo
	@$(BIN)/mediaforensics analyze fixtures/flames.mp4 --known fixtures/known --gallery fixtures/gallery \
	  --languages $(LANGUAGES) --json demo/report.json --html demo/report.html; \
	status=$$?; [ $$status -le 1 ] || exit $$status

test: setup fixtures/flames.mp4
	$(BIN)/python -m pytest

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python fixtures/generate.py --check
	$(BIN)/python tools/vendor_models.py --check

bench: setup fixtures/flames.mp4
	$(BIN)/python benchmarks/pipeline.py

setup: $(SETUP)
	@tools/system_packages.sh

$(SETUP): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

fixtures/flames.mp4:
	$(BIN)/python fixtures/generate.py

# Renew the lock after a change of the dependencies: needs pip-tools in the calling environment.
lock:
	pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --extra notebook --extra scale --extra dev \
	  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header -o requirements.lock pyproject.toml

clean:
	rm -rf $(VENV) demo build dist
