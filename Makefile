# The commands of the course. `make` alone lists them. On Windows, README.md gives the same steps without make.

PYTHON ?= python3
# The versions to install; `make test CONSTRAINTS=` takes the newest ones.
CONSTRAINTS ?= constraints.txt
# For `make lab`, more options for JupyterLab; for `make notebooks`, `make seeds` and `make test-colab`, notebooks.
LAB ?=
NB ?=
# Where `make address` says that the course lives: REPO=owner/name, and a branch or a tag.
REPO ?=
REF ?= main

BIN := .venv/bin
READY := .venv/.ready
BENCH := build/bench
NBVAL := --nbval-lax --nbval-current-env --nbval-cell-timeout=600 --nbval-kernel-startup-timeout=180 \
  --nbval-sanitize-with=tests/nbval_sanitize.cfg -p no:cacheprovider
# JupyterLab shows the whole course, not only notebooks/, and asks the network for nothing.
HERE := --ServerApp.root_dir=. --LabApp.news_url=None --LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate

# Notebooks show what a learner sees who has set nothing.
unexport SEQCOURSE_DATA MPLBACKEND

.PHONY: help lab test test-colab notebooks weights bench seeds address
.DEFAULT_GOAL := help

help: ## list these commands
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

$(READY): pyproject.toml constraints.txt tools/environment.py
	@$(PYTHON) tools/environment.py "$(CONSTRAINTS)"

lab: $(READY) ## open the course in JupyterLab, at lesson 00
	$(BIN)/python -m jupyterlab $(HERE) $(LAB) notebooks/00_start_here.ipynb

test: $(READY) ## run every check: style, tests, all notebooks
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/python -m pytest tests
	$(BIN)/python -m pytest $(NBVAL) notebooks

test-colab: $(READY) ## run the notebooks and the playground with the versions of Colab (NB=... for one)
	$(BIN)/python -m tools.colab $(NB)

notebooks: $(READY) ## run the notebooks again, in place (NB=00_start_here for one)
	$(BIN)/python tools/run_notebooks.py $(NB)

seeds: $(READY) ## run the notebooks with seeds 0 to 4, changing no file (NB=... for one)
	$(BIN)/python tools/run_notebooks.py --seeds $(NB)

weights: $(READY) ## train the models that come with the course again
	$(BIN)/python tools/make_weights.py

# Real corpora are measured where they are.
ifdef SEQCOURSE_DATA
bench: export SEQCOURSE_DATA := $(SEQCOURSE_DATA)
endif
bench: $(READY) ## measure speed beside other libraries, half an hour, into build/bench
	@$(BIN)/python -c "import ctranslate2, sentencepiece, transformers" 2>/dev/null || $(BIN)/python -m pip \
	  install --quiet $(if $(CONSTRAINTS),--constraint $(CONSTRAINTS)) --editable ".[bench]"
	$(BIN)/python benchmarks/decoding_speed.py --out $(BENCH)/decoding_speed.json
	$(BIN)/python benchmarks/training_speed.py --out $(BENCH)/training_speed.json
	$(BIN)/python benchmarks/cost_growth.py --out $(BENCH)/cost_growth.json
	$(BIN)/python benchmarks/speed_report.py --results $(BENCH) --figure $(BENCH)/speed.png

address: ## write the repository's address into README and notebooks (REPO=owner/name)
	@$(PYTHON) tools/address.py "$(REPO)" "$(REF)"
