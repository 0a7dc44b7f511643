# make demo · make test · make lint · make check · make lowest · make bench · make outage · make chaos · make soak · make fuzz · make release VERSION=1.2.3
# Each does its own set-up in $(VENV).
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
CLIP := tests/data/meeting-rms.wav
MICROPHONE := pulseaudio pulseaudio-utils libasound2-plugins alsa-utils portaudio19-dev gcc python3-dev

SEEDS ?= 1000
WAITING_SEEDS ?= 60
MINUTES ?= 60
FUZZ_SECONDS ?= 600
FUZZ ?=
ROWS ?=
LOWEST ?= tests/cli/test_help.py tests/cli/test_completions.py tests/cli/render tests/outputs tests/sources tests/transport

.PHONY: demo test lint check lowest bench outage chaos soak fuzz completions man recording release clean

demo: $(VENV)/.demo
	$(BIN)/asr file $(CLIP) --local --timestamps relative

test: $(VENV)/.mic
	$(BIN)/python -m pytest -n 4 --dist loadfile

lint: $(VENV)/.check
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/win32 -p asrcli
	$(BIN)/mypy --platform darwin --cache-dir .mypy_cache/darwin -p asrcli

# Without the slow tests, which `make test` runs too: they execute nothing that the others do not.
check: lint $(VENV)/.mic
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n 4 --dist loadfile -m "not slow"
	$(BIN)/coverage combine --quiet
	$(BIN)/python -m tests.support.coverage_gate

# The lowest versions of what is installed with it that pyproject.toml allows, in an environment of their own.
lowest: $(VENV)/.test
	$(BIN)/python -m tests.support.lowest_versions >$(VENV)/lowest.txt
	$(PYTHON) -m venv $(VENV)-lowest
	$(VENV)-lowest/bin/python -m pip --disable-pip-version-check --quiet install --upgrade "pip>=25.1"
	$(VENV)-lowest/bin/python -m pip --disable-pip-version-check --quiet install --constraint $(VENV)/lowest.txt \
		--editable '.[denoise,eval,keyring,remote,serve]' --group test
	$(VENV)-lowest/bin/python -m pytest -n 4 --dist loadfile -m "not slow" $(LOWEST)

bench: $(VENV)/.test
	$(BIN)/python -m tests.bench $(ROWS)

outage: $(VENV)/.test
	$(BIN)/python -m tests.bench.outage

chaos: $(VENV)/.test
	$(BIN)/python -m tests.bench.chaos --seeds $(SEEDS) --waiting-seeds $(WAITING_SEEDS)

soak: $(VENV)/.test
	$(BIN)/python -m tests.bench.soak --minutes $(MINUTES)

# Guided by coverage where atheris has a wheel for this Python, else random and by hypothesis. FUZZ names some targets.
fuzz: $(VENV)/.test
	@$(PIP) install --only-binary :all: atheris || echo "no wheel of atheris for this Python: hypothesis does"
	$(BIN)/python -m tests.fuzz --seconds $(FUZZ_SECONDS) $(FUZZ)

completions: $(VENV)/.demo
	$(BIN)/python -m tests.support.completions

man: $(VENV)/.demo
	$(BIN)/asr help --man >docs/asr.1

recording: $(VENV)/.test
	$(BIN)/python -m tests.support.recording

# Builds, installs into empty environments, runs, commits and tags; uploads nothing.
release: $(VENV)/.mic
	$(PIP) install --upgrade build
	$(BIN)/python -m tests.support.release $(VERSION)

clean:
	rm -rf $(VENV) $(VENV)-lowest

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# The extra brings the better recognizer. Where a part of it has no wheel, the rest is installed, and the log says why.
$(VENV)/.demo: pyproject.toml | $(BIN)/python
	@if $(PIP) install --editable '.[local]' >$@.log 2>&1; then :; else \
	$(PIP) install --editable . && echo "left out: the recognizer moonshine, because pip said:" \
	"$$(grep -m 1 -i error $@.log || tail -n 1 $@.log) ($@.log)"; fi
	touch $@

$(VENV)/.test: $(VENV)/.demo
	$(PIP) install --upgrade "pip>=25.1"
	$(PIP) install --group test
	touch $@

# Where PyAudio cannot be built the rest is tested all the same, and the next run tries again.
$(VENV)/.mic: $(VENV)/.test
	@$(PIP) install --editable '.[mic]' >$@.log 2>&1 && touch $@ || \
	echo "No PyAudio ($@.log): microphone tests are skipped. To have them: apt-get install $(MICROPHONE); make test"

$(VENV)/.check: $(VENV)/.test
	$(PIP) install --group check
	touch $@
