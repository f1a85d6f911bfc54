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
	@echo 'Demonstration and tests:'
	@echo '  demo            fetch, build, boot, demonstrate; succeeds only if every step succeeds'
	@echo '  test            run all tests; the last line is "N passed, N failed, N skipped"'
	@echo '                  T="NAME[:TEST,...] ..." runs some of them; tools/test/run -l lists the names'
	@echo '                  SEED=N determines the order of the tests within each boot (0: as listed)'
	@echo '  repeat          run all tests N=10 times, every second time under a load (LOAD=0: never,'
	@echo '                  1: always); resumes after an interruption, AGAIN=1 starts again; the last line'
	@echo '                  is "repeat: N runs, N failed"'
	@echo '  torture         issue random hypercalls from all CPUs, and check results and hardware against a model'
	@echo '                  SEED= repeats a run; SECONDS= or CALLS= (of all threads) limit it;'
	@echo '                  THREADS= sets the number of threads (two for each CPU)'
	@echo '  fuzz            run programs of hypercalls, and mutate those that make EL2 execute new code;'
	@echo '                  SEED=, SECONDS= or PROGRAMS= (of all machines); PROGRAM=FILE repeats one'
	@echo '  mutants         make small mistakes in EL2, one at a time, and check that the tests detect them;'
	@echo '                  MUTANT="NAME ..." selects some'
	@echo '  coverage        report the lines of EL2 IOMMU code that tests, torture and fuzzer execute;'
	@echo '                  T= as for test; KEEP=1 adds to an earlier run; without T= it fails if a line'
	@echo '                  is neither executed nor explained; TORTURE= FUZZ= set their seconds'
	@echo '  attack          a table: what a hostile host and its devices reach, without and with the series'
	@echo '  bench           measure the cost relative to the native driver: a table, out/bench.json,'
	@echo '                  out/bench.svg, and the picture of the README'
	@echo '  topology        devices, streams and SMMUs as EL2 reports them: out/topology.dot (.svg with graphviz)'
	@echo '  pictures        draw the pictures of the README from their data (tools/pictures/README.md)'
	@echo '  jetson          build Debian packages for a Jetson with Orin (tools/jetson/board.md);'
	@echo '                  CONFIG="FILE ..." uses only these options, to build in minutes'
	@echo '  boot            start a shell on the machine (Ctrl-A X ends it)'
	@echo '  check-series    prove that base + patches/ gives exactly the kernel files here'
	@echo
	@echo 'Parts of the above, which do nothing if they are up to date:'
	@echo '  build, all      everything that a boot requires'
	@echo '  packages        install the Debian packages that the build requires'
	@echo '  fetch           the base kernel, with the series applied (build/linux)'
	@echo '  qemu            QEMU with the orin machine'
	@echo '  kernel          the kernel with the series; kernel-base: the kernel without it'
	@echo '  dtb             device trees of the machine'
	@echo '  initramfs       the initramfs of the machine, for both kernels'
	@echo
	@echo 'The series:'
	@echo '  apply-series    bring build/linux to base + patches/; never drops work'
	@echo '  export-series   write branch series of build/linux to patches/ and to the copies here'
	@echo '  bisect          check that each patch builds without a warning and boots; resumes after an'
	@echo '                  interruption; NO_BOOT=1 only builds; SERIES=NAME: another branch of build/linux'
	@echo '  check           checkpatch, sparse, W=1 (gcc, clang), kernel-doc, coccicheck, htmldocs,'
	@echo '                  bindings, other bases; CHECKS="NAME ..." selects some (names: see'
	@echo '                  scripts/check/all.sh); about twenty minutes the first time'
	@echo '  matrix          build other configurations and architectures; CONFIGS="NAME ..." selects some'
	@echo '  size            lines to review per patch'
	@echo '  send-dry-run    the mails and their recipients (out/send-dry-run.txt)'
	@echo
	@echo '  clean           remove the results of runs (out/)'
	@echo '  distclean       remove out/ and everything that was fetched and built (build/), unless build/'
	@echo '                  has work that patches/ lacks; FORCE=1 removes it nevertheless'
	@echo
	@echo 'Variables:'
	@echo '  KERNEL_SRC=DIR  use this kernel tree, git or not, instead of Debian'"'"'s linux-source'
	@echo '  BASE_VERSION=   version of linux-source (7.2); UPDATE=1 with fetch: its newest release'
	@echo '  QEMU=FILE KERNEL=FILE    use these binaries instead of those in build/'
	@echo '  MEM= SMP= CPU= APPEND=   memory, number and model of CPUs, kernel command line'
	@echo '  INITRD_EXTRA=DIR         directory that is copied into the initramfs'
	@echo '  BASE=1          boot: the kernel without the series;  PROTECTED=0: without protected mode'
	@echo '  DTB= MACHINE=   boot, torture, fuzz: another device tree, properties of the machine'
	@echo '  ACCEL= LIMIT=   torture, fuzz: a QEMU accelerator, such as tcg,thread=single on a host with'
	@echo '                  few CPUs; time limit of the guest in seconds'
	@echo '  DEMO_TIMEOUT= ATTACK_TIMEOUT= MUTANT_TIMEOUT=    time limit of each boot in seconds'
	@echo '  JOBS=N          number of parallel processes;  NO_APT=1: list missing packages and stop'
	@echo '  BUILD=DIR OUT=DIR        use these directories instead of build/ and out/'

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
