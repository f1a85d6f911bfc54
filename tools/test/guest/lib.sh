# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=ash
#
# Functions shared by all tests: results, properties of the kernel and the
# machine, the kernel's log, requests to the host's runner.
#
# A test's output goes to a file and is shown if the test fails; results go
# directly to the console.

# --- results ---------------------------------------------------------------

_result()
{
	echo "$1" >>/tmp/results
	echo "TAP: $1" >/dev/console
}

ok()
{
	_result "ok - $TEST: $1"
}

# not_ok NAME REASON
not_ok()
{
	_result "not ok - $TEST: $1 # $(echo "${2:-no reason given}" | tr '\n#' ' ;' | cut -c1-300)"
}

# skip NAME REASON
skip()
{
	_result "ok - $TEST: $1 # SKIP $2"
}

# skip_all REASON: end the test, because the machine lacks what it tests
skip_all()
{
	skip "all" "$1"
	exit 0
}

# check NAME COMMAND...: ok if COMMAND succeeds; else its last line is the reason
check()
{
	_name=$1
	shift
	if "$@" >/tmp/check.out 2>&1; then
		cat /tmp/check.out
		ok "$_name"
		return 0
	else
		_rc=$?
		cat /tmp/check.out
		not_ok "$_name" "$(tail -n 1 /tmp/check.out | grep . || echo "$1: exit status $_rc")"
		return 1
	fi
}

# is_equal NAME GOT WANTED
is_equal()
{
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1" "got '$2', expected '$3'"
	fi
}

# say_log: copy stdin to the console, each line marked
say_log()
{
	sed 's/^/LOG: /' >/dev/console
}

# results_of PROGRAM...: run a program that prints its results as lines
#   ok - NAME | not ok - NAME # REASON | ok - NAME # SKIP REASON
results_of()
{
	"$@" >/tmp/results_of 2>&1
	_rc=$?
	while read -r _line; do
		case $_line in
		'ok - '*)	_result "ok - $TEST: ${_line#ok - }" ;;
		'not ok - '*)	_result "not ok - $TEST: ${_line#not ok - }" ;;
		*)		echo "$_line" ;;
		esac
	done </tmp/results_of
	[ $_rc -le 1 ] || not_ok "$1 completes" "exit status $_rc"
	return $_rc
}

# --- the kernel and the machine --------------------------------------------

# cmdline WORD [DEFAULT]: print the value of WORD=... on the kernel's command line;
# print no line if there is none
cmdline()
{
	_w=$(sed -n "s/.*\\(^\\| \\)$1=\\([^ ]*\\).*/\\2/p" /proc/cmdline)
	_w=${_w:-${2:-}}
	[ -z "$_w" ] || echo "$_w"
}

# protected mode was requested
is_protected()
{
	[ "$(cmdline kvm-arm.mode)" = protected ]
}

# the kernel contains the series
has_series()
{
	[ -f /tmp/has_series ] || zcat /proc/config.gz | grep -c '^CONFIG_ARM_SMMU_KVM=y' >/tmp/has_series
	[ "$(cat /tmp/has_series)" -gt 0 ]
}

# EL2 must own the IOMMUs
is_isolated()
{
	is_protected && has_series
}

need_isolated()
{
	has_series || skip_all "the kernel does not contain the series"
	is_protected || skip_all "kvm-arm.mode=protected is not set"
}

need_module()
{
	[ -n "$(module_path "$1")" ] || skip_all "$1.ko is not in the initramfs"
}

# module_path NAME
module_path()
{
	find /lib/modules -name "$1.ko" 2>/dev/null | head -n 1
}

# load NAME [PARAMETER...]
load()
{
	_mod=$1
	shift
	grep -q "^$(echo "$_mod" | tr - _) " /proc/modules || insmod "$(module_path "$_mod")" "$@"
}

# unload MODULE: and first those that use it
unload()
{
	for _user in $(sed -n "s/^$1 [0-9]* [0-9]* \([^ ]*\) .*/\1/p" /proc/modules | tr ',-' '  '); do
		unload "$_user" || return 1
	done
	! grep -q "^$1 " /proc/modules || rmmod "$1"
}

# symbol NAME: its address, as hexadecimal with 0x
symbol()
{
	sed -n "/ $1\$/{s/^\\([0-9a-f]*\\) .*/0x\\1/p;q}" /proc/kallsyms
}

DT=/sys/firmware/devicetree/base

# dt_enabled NODE: succeed if neither the node nor any of its parents is disabled
dt_enabled()
{
	_p=$1
	while [ "$_p" != "$DT" ]; do
		if [ -f "$_p/status" ]; then
			case $(tr -d '\0' <"$_p/status") in
			ok|okay) ;;
			*) return 1 ;;
			esac
		fi
		_p=${_p%/*}
	done
}

# dt_nodes COMPATIBLE: print the enabled device tree nodes with it
dt_nodes()
{
	# search all nodes for the text, then compare the few matches exactly
	for _f in $(find $DT -name compatible -exec grep -lF "$1" {} + 2>/dev/null | sort); do
		tr '\0' '\n' <"$_f" | grep -qxF "$1" || continue
		dt_enabled "${_f%/compatible}" && echo "${_f%/compatible}"
	done
}

# dt_cells FILE: print the 32-bit cells of a property, as 0x... separated by blanks
dt_cells()
{
	hexdump -v -e '1/1 "%02x"' "$1" | sed 's/\(........\)/0x\1 /g'
}

# of_dev NODE: print the sysfs directory of the node's device
of_dev()
{
	for _u in $(grep -lxF "OF_FULLNAME=${1#"$DT"}" /sys/bus/platform/devices/*/uevent \
			/sys/bus/amba/devices/*/uevent 2>/dev/null); do
		echo "${_u%/uevent}"
		return
	done
}

uptime_ms()
{
	sed 's/^\([0-9]*\)\.\([0-9]*\) .*/\1\20/; s/^0*\(.\)/\1/' /proc/uptime
}

# wait_for SECONDS COMMAND...: repeat COMMAND until it succeeds
wait_for()
{
	_t=$(($1 * 10))
	shift
	while [ $_t -gt 0 ]; do
		"$@" && return 0
		usleep 100000
		_t=$((_t - 1))
	done
	"$@"
}

# --- the kernel's log ------------------------------------------------------

# Lines that fail a test unless it expects them
LOG_BAD='WARNING:|BUG:|BUG at|Oops|Internal error|Call trace:|Kernel panic|hyp panic|HYP panic'
LOG_BAD="$LOG_BAD|[Uu]nhandled (context|fault|exception)|[Uu]nexpected global fault|[Cc]ontext fault|[Gg]lobal fault"
LOG_BAD="$LOG_BAD|blocked for more than|soft lockup|rcu.*stall|scheduling while atomic"
LOG_BAD="$LOG_BAD|TLB sync timed out|I/O error|controller is down|I/O tag .* timeout|Timeout waiting for"
LOG_BAD="$LOG_BAD|hypercall.*failed|DMA-API:|DMAR|stuck|EMEM address decode|SError|irq [0-9]*: nobody cared"

# expect_log REGEX: the test may provoke such lines
expect_log()
{
	echo "$1" >>"/tmp/expect/$TEST"
}

# expect_warning REGEX: the same for warnings, which taint the kernel
expect_warning()
{
	expect_log "$1"
	: >"/tmp/expect/$TEST.taint"
}

# print the taint except that of out-of-tree test modules (O, E), and that which KVM
# sets when it creates a protected guest, which is experimental (U)
taint()
{
	echo $(($(cat /proc/sys/kernel/tainted) & ~0x3040))
}

set_mark()
{
	echo "=== test $1 $(cat /proc/uptime)" >/tmp/mark
	cat /tmp/mark >/dev/kmsg
}

# mark_now: write a mark to the log, and print it for log_since
mark_now()
{
	_m="=== mark $(cat /proc/uptime) $(cat /proc/sys/kernel/random/uuid)"
	echo "$_m" >/dev/kmsg
	echo "$_m"
}

# log_since MARK: print the kernel's log after the mark
log_since()
{
	dmesg | awk -v m="$1" '
		index($0, m) { n = 0; next }
		{ line[n++] = $0 }
		END { for (i = 0; i < n; i++) print line[i] }'
}

log_since_mark()
{
	if [ -s /tmp/mark ]; then
		log_since "$(cat /tmp/mark)"
	else
		dmesg
	fi
}

# log_unexpected: print the lines of stdin that are bad and not expected
log_unexpected()
{
	if [ -s "/tmp/expect/$TEST" ]; then
		grep -E "$LOG_BAD" | grep -vE -f "/tmp/expect/$TEST"
	else
		grep -E "$LOG_BAD"
	fi
}

# --- the host's runner -----------------------------------------------------

# host WORD...: send a request, and print the value of the answer
host()
{
	echo "HOST: $*" >/dev/console
	read -t 120 -r _answer _value </dev/console || _answer=none
	[ "$_answer" = ok ] || return 1
	echo "$_value"
}

# --- devices ---------------------------------------------------------------

# pci_class PREFIX: print the directories of PCI functions whose class starts with it
# (0x0108)
pci_class()
{
	for _d in /sys/bus/pci/devices/*; do
		case $(cat "$_d/class" 2>/dev/null) in
		"$1"*) echo "$_d" ;;
		esac
	done
}

# need_pci CLASS WHAT: skip if the machine has no such function; fail if it has a PCI
# host but no device was found behind it
need_pci()
{
	[ -z "$(pci_class "$1")" ] || return 0
	for _d in $(find $DT -name device_type); do
		[ "$(tr -d '\0' <"$_d")" = pci ] || continue
		dt_enabled "${_d%/*}" || continue
		[ -n "$(ls /sys/bus/pci/devices)" ] && continue
		not_ok "PCI host has devices" "none was found behind ${_d%/*}"
		exit 0
	done
	skip_all "the machine has no $2"
}

# driver_of DEVICE-DIRECTORY
driver_of()
{
	[ -e "$1/driver" ] && basename "$(readlink -f "$1/driver")"
}

# iommu_type DEVICE-DIRECTORY: DMA, DMA-FQ, identity, ...
iommu_type()
{
	cat "$1/iommu_group/type" 2>/dev/null
}

# translated NAME DEVICE-DIRECTORY: check that the device is in a translating domain
translated()
{
	case $(iommu_type "$2") in
	DMA|DMA-FQ)	ok "$1" ;;
	'')		not_ok "$1" "${2##*/} has no IOMMU group" ;;
	*)		not_ok "$1" "the domain is $(iommu_type "$2")" ;;
	esac
}

# disk_stress DISK DEPTH: write and read back with several patterns of requests
disk_stress()
{
	_mib=$(cmdline blkmib "${blkmib:-6}")
	check "data are right: one request at a time, one sector each" \
		blkstress "$1" -j 1 -q 1 -m 1 -x 1 -s 11
	check "data are right: two jobs, depth 64, odd lengths and offsets" \
		blkstress "$1" -j 2 -q 64 -m "$_mib" -x 37 -s 22
	check "data are right: four jobs, depth $2, up to 256 KiB a request" \
		blkstress "$1" -j 4 -q "$2" -m $((_mib * 3)) -x 512 -s 33
	check "data written through the page cache have the same SHA-256 when read back" \
		disk_sum "$1"
}

# disk_sum DISK
disk_sum()
{
	dd if=/dev/urandom of=/tmp/disk_sum bs=64k count=64 2>/dev/null
	_a=$(sha256sum </tmp/disk_sum)
	dd if=/tmp/disk_sum of="$1" bs=64k conv=fsync 2>/dev/null || { echo "write failed"; return 1; }
	echo 3 >/proc/sys/vm/drop_caches
	_b=$(dd if="$1" bs=64k count=64 2>/dev/null | sha256sum)
	rm -f /tmp/disk_sum
	echo "$_a, $_b"
	[ "$_a" = "$_b" ]
}

# irq_sum REGEX: print how many interrupts all matching lines of /proc/interrupts took
irq_sum()
{
	awk -v re="$1" 'NR == 1 { n = NF; next } $0 ~ re { for (i = 2; i <= n + 1; i++) s += $i }
		END { print s + 0 }' /proc/interrupts
}

# partial_losses: print one partial loss of power per line: the registers that SMMUs
# keep (power-keeps), the instances that lose power, and a description of what is lost
partial_losses()
{
	echo none 3 "all registers"
	echo cr0:acr:smr:s2cr 3 "all context banks"
	echo cr0:acr:banks 3 "all stream match registers and S2CRs"
	echo none 2 "all registers of the second instance"
	echo cr0:acr:smr:s2cr:cbar:sctlr:actlr:tcr:mair 3 "the table addresses"
}

# losses_are KEEPS INSTANCES...: set what all SMMUs lose when they lose power
losses_are()
{
	for _s in niso0 niso1 iso plain; do
		host qom-set /machine/smmu-$_s power-keeps "$1" >/dev/null 2>&1
		host qom-set /machine/smmu-$_s power-loses-instances "$2" >/dev/null 2>&1
	done
	return 0
}
