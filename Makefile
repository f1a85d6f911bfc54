# SPDX-License-Identifier: GPL-2.0-only
#
# Every target is a script; `make help` names them all.

export BUILD OUT JOBS KERNEL_SRC BASE_VERSION QEMU KERNEL APPEND MEM SMP CPU \
	INITRD_EXTRA NO_APT BASE PROTECTED DTB MACHINE UPDATE \
	SEED SECONDS CALLS PROGRAMS PROGRAM THREADS ACCEL LIMIT KEEP FUZZ TORTURE MUTANT \
	SERIES NO_BOOT CHECKS CONFIGS CONFIG FORCE N LOAD AGAIN

.PHONY: all help demo test repeat topology pictures jetson attack torture fuzz coverage mutants bench boot build fetch qemu kernel kernel-base dtb initramfs \
	apply-series export-series check-series bisect check matrix size send-dry-run packages clean distclean
.DEFAULT_GOAL := help

help:
	@echo 'Shown and checked:'
	@echo '  demo            fetch, build, boot, show; succeeds only if all it shows is true'
	@echo '  test            all tests; the last line is "N passed, N failed, N skipped"'
	@echo '                  T="NAME[:TEST,...] ..." runs some; tools/test/run -l lists them'
	@echo '                  SEED=N: the order of tests within each boot (0: as listed)'
	@echo '  repeat          all of that N=10 times, every second one beside a load (LOAD=0: none, 1: all);'
	@echo '                  goes on where it was, AGAIN=1 from the start;'
	@echo '                  the last line is "repeat: N runs, N failed"'
	@echo '  torture         random hypercalls from all CPUs, checked against a model, and the hardware too'
	@echo '                  SEED= repeats a run, SECONDS= or CALLS= (of all threads) end it;'
	@echo '                  THREADS= of them, two for each CPU without it'
	@echo '  fuzz            programs of hypercalls, changed as long as EL2 executes something new;'
	@echo '                  SEED=, SECONDS= or PROGRAMS= (of all machines); PROGRAM=FILE runs one again'
	@echo '  mutants         are the tests any good? EL2 with one small mistake each, MUTANT="NAME ..."'
	@echo '  coverage        which lines of the IOMMU code at EL2 tests, torture and fuzzer execute;'
	@echo '                  T= as for test, KEEP=1 adds to an earlier run; without T= it fails if'
	@echo '                  a line is neither reached nor explained; TORTURE= FUZZ= their seconds'
	@echo '  attack          a table: what a hostile host and its devices reach, without and with the series'
	@echo '  bench           what it costs, against the native driver: a table, out/bench.json,'
	@echo '                  out/bench.svg, and the picture of the README'
	@echo '  topology        who is behind which SMMU, as EL2 answers: out/topology.dot (.svg with graphviz)'
	@echo '  pictures        draw the pictures of the README from their data (tools/pictures/README.md)'
	@echo '  jetson          Debian packages for a Jetson with Orin: tools/jetson/board.md;'
	@echo '                  CONFIG="FILE ..." these options alone, to try it in minutes'
	@echo '  boot            a shell on the machine (Ctrl-A X ends it)'
	@echo '  check-series    prove that base + patches/ gives exactly the kernel files here'
	@echo
	@echo 'Parts of the above, each a no-op when up to date:'
	@echo '  build, all      all that a boot needs'
	@echo '  packages        install the Debian packages that a build needs'
	@echo '  fetch           the base kernel, with the series on top (build/linux)'
	@echo '  qemu            QEMU with the orin machine'
	@echo '  kernel          the kernel with the series; kernel-base: without'
	@echo '  dtb             device trees of the machine'
	@echo '  initramfs       what the machine boots into, for both kernels'
	@echo
	@echo 'The series:'
	@echo '  apply-series    bring build/linux to base + patches/ (never drops work)'
	@echo '  export-series   write branch series of build/linux to patches/ and here'
	@echo '  bisect          each patch builds without a warning, and boots; goes on where it was,'
	@echo '                  NO_BOOT=1 builds only; SERIES=NAME: another branch of build/linux'
	@echo '  check           checkpatch, sparse, W=1 (gcc, clang), kernel-doc, coccicheck, htmldocs,'
	@echo '                  bindings, other bases; CHECKS="NAME ..." some (scripts/check/all.sh has the'
	@echo '                  names); some twenty minutes the first time'
	@echo '  matrix          other configurations and architectures; CONFIGS="NAME ..." some'
	@echo '  size            lines to read per patch'
	@echo '  send-dry-run    what would be mailed, and to whom (out/send-dry-run.txt)'
	@echo
	@echo '  clean           remove what a run left (out/)'
	@echo '  distclean       remove out/ and all that was fetched and built (build/), unless that has'
	@echo '                  work that patches/ lacks; FORCE=1: even then'
	@echo
	@echo 'Variables:'
	@echo '  KERNEL_SRC=DIR  a kernel tree, git or not, in place of Debian'"'"'s linux-source'
	@echo '  BASE_VERSION=   which linux-source (7.2); UPDATE=1 with fetch: its newest release'
	@echo '  QEMU=FILE KERNEL=FILE    binaries to use in place of those built'
	@echo '  MEM= SMP= CPU= APPEND=   the machine, and words for the kernel command line'
	@echo '  INITRD_EXTRA=DIR         copied into the initramfs'
	@echo '  BASE=1          boot: the kernel without the series;  PROTECTED=0: not protected'
	@echo '  DTB= MACHINE=   boot, torture, fuzz: another device tree, properties of the machine'
	@echo '  ACCEL= LIMIT=   torture, fuzz: an accelerator of QEMU, such as tcg,thread=single where'
	@echo '                  CPUs are few; seconds that the guest may take'
	@echo '  DEMO_TIMEOUT= ATTACK_TIMEOUT= MUTANT_TIMEOUT=    seconds for each boot of these'
	@echo '  JOBS=N          at a time;  NO_APT=1: name missing packages and stop'
	@echo '  BUILD=DIR OUT=DIR        in place of build/ and out/'

all: build

demo: build
	@tools/test/demo

test: build
	@tools/test/run $(T)

repeat: build
	@tools/test/repeat $(T)

torture: build
	@tools/test/torture

fuzz: build
	@tools/test/fuzz

coverage: build
	@tools/coverage/run $(T)

attack: build
	@tools/test/attack

mutants: build
	@tools/test/mutants/run $(MUTANT)

bench: build
	@tools/bench/run

topology: build
	@tools/test/topology

pictures:
	@tools/pictures/draw

jetson: fetch
	@scripts/build/jetson.sh

boot:
	@scripts/build/boot.sh

build:
	@scripts/build/all.sh

packages:
	@scripts/fetch/packages.sh

fetch: packages
	@scripts/fetch/kernel.sh
	@scripts/series/apply.sh

qemu: packages
	@scripts/fetch/qemu.sh

kernel: fetch
	@scripts/build/kernel.sh series

kernel-base: fetch
	@scripts/build/kernel.sh base

dtb: fetch
	@scripts/build/dtb.sh

initramfs: kernel kernel-base
	@scripts/build/initramfs.sh base
	@scripts/build/initramfs.sh series

apply-series: fetch

export-series:
	@scripts/series/export.sh

check-series: fetch
	@scripts/check/series.sh

bisect: $(if $(filter 1,$(NO_BOOT)),kernel-base,build)
	@scripts/check/bisect.sh

check: fetch
	@scripts/check/all.sh

matrix: kernel kernel-base
	@scripts/check/matrix.sh

size: fetch
	@scripts/series/size.sh

send-dry-run: fetch
	@scripts/series/send-dry-run.sh

clean:
	rm -rf $(or $(OUT),out)

distclean:
	@scripts/build/distclean.sh
