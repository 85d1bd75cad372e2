# make sim    a robot learns a simulated person's reward, end to end
# make theory the method against its claims, on exact games; with make peer first, also its speed
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
EXTRAS := sim,orca,bags,foxglove,test
else
EXTRAS := sim,orca,bags,foxglove,ros,test
endif

# The peer of the speed comparison has dependencies of its own, older than ours.
PEER := .venv-peer
PEER_STAMP := $(PEER)/.installed
PEER_PINS := benchmarks/peer-requirements.txt

.PHONY: sim theory test test-fast lint check peer clean

sim: $(STAMP)
	@$(BIN)/bisirl sim $(ARGS)

theory: $(STAMP)
	@$(BIN)/bisirl verify theory $(if $(wildcard $(PEER_STAMP)),--peer $(PEER)/bin/python) $(ARGS)

# Side by side, one process a core; but what starts nodes over DDS keeps time, and runs alone.
SIDE_BY_SIDE := -n auto --dist worksteal

test: test-fast
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) -m "slow and not ros" $(ARGS)
	$(BIN)/python -m pytest -m ros $(ARGS)

test-fast: $(STAMP)
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) -m "not slow and not ros" $(ARGS)

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

peer: $(PEER_STAMP)

$(PEER_STAMP): $(PEER_PINS)
	$(PYTHON) -m venv $(PEER)
	$(PEER)/bin/python -m pip install --quiet --no-compile --constraint $(PEER_PINS) \
		torch scipy seals stable-baselines3
	$(PEER)/bin/python -m pip install --quiet --no-compile --constraint $(PEER_PINS) \
		--no-deps imitation
	@touch $@

clean:
	rm -rf $(VENV) build install log *.egg-info
