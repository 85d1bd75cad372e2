# make sim    a robot learns a simulated person's reward, end to end
# make test   the tests; make check also lints
# Both make .venv on the first call and install nothing on the next ones.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
ARGS ?=

# With a ROS 2 environment sourced, its own rclpy is used instead of the PyPI wheels.
ifdef ROS_DISTRO
SYSTEM := --system-site-packages
EXTRAS := sim,test
else
EXTRAS := sim,ros,test
endif

.PHONY: sim test test-fast lint check clean

sim: $(STAMP)
	@$(BIN)/bisirl sim $(ARGS)

test: $(STAMP)
	$(BIN)/python -m pytest -m "not slow" $(ARGS)
	$(BIN)/python -m pytest -m slow $(ARGS)

test-fast: $(STAMP)
	$(BIN)/python -m pytest -m "not slow" $(ARGS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@mkdir -p $(VENV)/typing && ln -sfn ../../sim $(VENV)/typing/bisirl_sim
	$(BIN)/mypy

check: lint test

$(STAMP): constraints.txt setup.py pyproject.toml
	$(PYTHON) -m venv $(SYSTEM) $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[$(EXTRAS)]'
	@touch $@

clean:
	rm -rf $(VENV) build install log *.egg-info
