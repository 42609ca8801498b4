# Every target first sees to it that setup is done, which takes half a second
# when it is: `make demo` and `make test` are all that a newcomer has to type.

PY = .venv/bin/python

# Given on the command line: make conformance CASES=folder ON=core JSON=file
CASES = ../shared/conformance/aws
ON = cpython
JSON =
ARGS =
# make differential COUNT=20000 SEED=0
COUNT =
# make crash SECONDS=60, make crash REPRO=256x3p32:s@1f4, make crash CLUSTER=tcp://10.0.0.2:8786
SECONDS =
REPRO =
CLUSTER =
# make fuzz SECONDS=3600 TARGET=run; make fuzz REPRO=build/fuzz/crashes/run-crash-..
TARGET =
SEED =
# make firmware BOARD=qemu_mps2; make flash BOARD=esp32 PORT=/dev/ttyUSB0 FIRMWARE=file YES=1
BOARD =
PORT =
FIRMWARE =
YES =
# make sim BOARD=wokwi_pico CHECK=1
CHECK =
# make native ARCH=armv6m
ARCH =

json_option = $(if $(JSON),--json "$(JSON)")

.DEFAULT_GOAL = help
.PHONY: help setup ready demo serve test lint docs bench peers conformance jsonata relational differential fuzz golden crash firmware native flash sim clean kill
MAKEFLAGS += --no-print-directory

help:
	@echo "make demo          run a month of the greenhouse on MicroPython, with a power cut"
	@echo "make serve         serve the API of Step Functions at http://127.0.0.1:8083"
	@echo "                   (ARGS=\"--port 8084\"; see tsme serve --help)"
	@echo "make test          lint and test everything (ARGS=\"-k journal\" for a part)"
	@echo "make lint          check style and types only"
	@echo "make docs          build the API reference: build/docs/index.html"
	@echo "make bench         measure (JSON=file writes the numbers; DEFINITIONS=folder: sizes"
	@echo "                   of the programs of these definitions, too)"
	@echo "make peers         run moto's own tests of Step Functions against tsme serve (ARGS=\"-k alias\")"
	@echo "make conformance   compare with recorded AWS executions"
	@echo "                   (CASES=folder ON=core|cpython|micropython|endpoint JSON=file)"
	@echo "make jsonata       compare with a suite of JSONata expressions (CASES=folder"
	@echo "                   ON=core|cpython|micropython JSON=file)"
	@echo "make relational    compare with vectors of relational machines (CASES=file"
	@echo "                   ON=cpython|micropython JSON=file)"
	@echo "make differential  compare 20,000 generated expressions with npm jsonata and jlens"
	@echo "                   (COUNT=n SEED=first ON=core|cpython|micropython)"
	@echo "make crash         cut the power everywhere, and see what is there"
	@echo "                   (SECONDS=time ON=core|python REPRO=string from a violation;"
	@echo "                   CLUSTER=address: on a cluster of Dask;"
	@echo "                   BOARD=rp2040_emulated: with real firmware on an emulated chip)"
	@echo "make kill          kill processes that run executions in a database, and PostgreSQL (RUNS=300)"
	@echo "make kill SECONDS=120  three workers for so long; each second one is killed or frozen"
	@echo "make fuzz          give the C core and its journal anything at all (SECONDS=time for each"
	@echo "                   TARGET=run|checkpoint|value|journal|differential; REPRO=file SEED=n)"
	@echo "make golden        make the golden corpus anew, and say what is not as it was"
	@echo "make firmware      build MicroPython for a board with tsme in it (BOARD=qemu_mps2,"
	@echo "                   qemu_microbit, qemu_rv32, rpi_pico, rp2040_emulated, unix)"
	@echo "make native        build the C core as native modules, dist/ARCH_ABI/tsme_core.mpy (ARCH=x64, x86,"
	@echo "                   armv6m, armv7m, armv7emsp, armv7emdp, rv32imc, xtensa, xtensawin; default: all)"
	@echo "make flash         bring firmware and tsme onto a board (BOARD=esp32 PORT=port"
	@echo "                   FIRMWARE=file YES=1: agree to everything); see tsme flash --help"
	@echo "make sim           check a project for Wokwi and play its scenarios (BOARD=wokwi_esp32,"
	@echo "                   wokwi_pico; CHECK=1 only checks; FIRMWARE=file for the ESP32)"
	@echo "make setup         get and build what the others need; they call it themselves"
	@echo "                   (MICROPYTHON_SRC=folder builds that source)"
	@echo "make clean         remove .venv, build and all caches"

setup:
	@setup/setup.sh

ready:
	@setup/setup.sh --quiet

demo: ready
	@$(PY) examples/greenhouse/demo.py

serve: ready
	@.venv/bin/tsme serve $(ARGS)

test: lint
	@$(PY) -m pytest $(ARGS)

lint: ready
	@setup/lint.sh

docs: ready
	@$(PY) setup/docs.py && echo "docs: build/docs/index.html"

bench: ready
	@$(PY) -m tests.bench $(json_option)

peers: ready
	@$(PY) -m tests.peers.moto_tests $(ARGS)

conformance: ready
	@$(PY) -m tests.conformance "$(CASES)" --on "$(ON)" $(json_option)

jsonata: CASES = ../shared/conformance/jsonata
jsonata: ready
	@$(PY) -m tests.jsonata "$(CASES)" --on "$(ON)" $(json_option)

relational: CASES = ../shared/conformance/relational/vectors.json
relational: ready
	@$(PY) -m tests.relational "$(CASES)" --on "$(ON)" $(json_option)

differential: ready
	@$(PY) -m tests.jsonata.differential $(if $(COUNT),--count "$(COUNT)") $(if $(SEED),--seed "$(SEED)") --on "$(ON)"

fuzz: ready
	@$(PY) -m tests.core.fuzz $(if $(SECONDS),--seconds "$(SECONDS)") $(if $(TARGET),--target "$(TARGET)") \
		$(if $(REPRO),--repro "$(REPRO)") $(if $(SEED),--seed "$(SEED)")

golden: ready
	@$(PY) -m tests.golden.make

kill: ready
	@$(PY) -m tests.server.killing $(if $(SECONDS),--soak $(SECONDS),$(or $(RUNS),300))

crash: ready
	@$(if $(BOARD),setup/firmware.sh "$(BOARD)" >/dev/null)
	@$(PY) -m $(if $(BOARD),tests.rp2040.campaign,tests.crash) $(if $(SECONDS),--seconds "$(SECONDS)") \
		$(if $(REPRO),--repro "$(REPRO)") $(if $(CLUSTER),--cluster "$(CLUSTER)") $(if $(filter core python,$(ON)),--on "$(ON)")

firmware: ready
	@setup/firmware.sh "$(BOARD)"

native: ready
	@setup/native.sh $(ARCH)

flash: ready
	@$(PY) -m tsme flash $(if $(BOARD),"$(BOARD)") $(if $(PORT),--port "$(PORT)") \
		$(if $(FIRMWARE),--firmware "$(FIRMWARE)") $(if $(YES),--yes) $(ARGS)

sim: ready
	@$(PY) -m tsme_sim.wokwi "$(BOARD)" $(if $(CHECK),--check) $(if $(FIRMWARE),--firmware "$(FIRMWARE)")

clean:
	rm -rf .venv build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
