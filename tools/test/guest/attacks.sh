# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=ash
#
# Functions shared by the attack tests: attack.ko, a protected guest that runs step by
# step, page ownership. The tests source lib.sh first.

run=/sys/kernel/debug/attack/run
list=/sys/kernel/debug/attack/list
tab=$(printf '\t')
n_open=0
n_stopped=0
n_na=0
n_broken=0

# attack_begin: load the attacker's module
attack_begin()
{
	is_protected || skip_all "there is no hypervisor to attack: kvm-arm.mode=protected is not set"
	need_module attack
	# DMA attacks provoke faults, a refused donation fails KVM_RUN
	expect_log '[Cc]ontext fault|[Gg]lobal fault|FSR|hypercall.*failed|callbacks suppressed'
	load busmaster
	load attack lookup="$(symbol kallsyms_lookup_name)" && return
	not_ok "attack.ko loads" "insmod failed"
	exit 0
}

# say ID RESULT WHY WHAT: report the result of an attack
say()
{
	echo "ATTACK: $1$tab$2$tab$3$tab$4" >/dev/console
	case $2 in
	open)		n_open=$((n_open + 1)) ;;
	stopped)	n_stopped=$((n_stopped + 1)) ;;
	n/a|firmware)	n_na=$((n_na + 1)) ;;
	*)		n_broken=$((n_broken + 1)) ;;
	esac
	is_isolated || return 0
	case $2 in
	stopped)	ok "$1: $4: stopped" ;;
	n/a|firmware)	skip "$1: $4" "$3" ;;
	*)		not_ok "$1: $4: stopped" "$2: $3" ;;
	esac
}

# step ID [ARGUMENT]: run a step of an attack; sets result and why
step()
{
	answer=$(ask $run "$@" 2>&1)
	result=${answer%%"$tab"*}
	why=${answer#*"$tab"}
}

# attack ID WHAT [ARGUMENT]: run an attack and report its result
attack()
{
	step "$1" ${3:+"$3"}
	say "$1" "$result" "$why" "$2"
}

# owned PHASE: list the pages that the host does not own, at the start and at the end of
# a phase
phase=
owned()
{
	if [ "$1" != "$phase" ]; then
		phase=$1
		host mark "$1" >/dev/null
	fi
	sed "s/^/OWNED: $1 /" /sys/kernel/debug/attack/owned >/dev/console
	echo "OWNED: $1 end" >/dev/console
}

# attack_end: check that attacks succeed without the series
attack_end()
{
	is_isolated && return
	is_equal "no attack is broken" $n_broken 0
	if [ $n_open -gt 0 ]; then
		ok "attacks succeed without the series: $n_open open, $n_stopped stopped, $n_na not applicable"
	else
		not_ok "attacks succeed without the series" "none is open: $n_stopped stopped, $n_na not applicable"
	fi
}

# --- a protected guest: pvm -h, -s, -g --------------------------------------

# guest_start OPTION: start a guest that waits at each step
guest_start()
{
	rm -f /tmp/guest.in /tmp/guest.out
	mkfifo /tmp/guest.in
	: >/tmp/guest.out
	pvm "$1" </tmp/guest.in >/tmp/guest.out 2>&1 &
	guest_pid=$!
	exec 4>/tmp/guest.in
}

# guest_wait WHERE: wait until the guest reaches the step; sets phys and guest_at
guest_wait()
{
	_n=0
	guest_at=
	while [ $_n -lt 400 ]; do
		if grep -q "^\($1\) 0" /tmp/guest.out; then
			# shellcheck disable=SC2046
			set -- $(grep "^\($1\) 0" /tmp/guest.out | tail -n 1)
			guest_at=$1
			phys=$2
			return 0
		fi
		kill -0 "$guest_pid" 2>/dev/null || break
		usleep 50000
		_n=$((_n + 1))
	done
	guest_said=$(grep '^not ok' /tmp/guest.out || tail -n 1 /tmp/guest.out)
	return 1
}

guest_go()
{
	echo >&4
}

# guest_end: let the guest run to its end
guest_end()
{
	exec 4>&-
	wait "$guest_pid"
	guest_said=$(grep '^not ok' /tmp/guest.out | head -n 1)
	[ -z "$guest_said" ] || echo "guest: $guest_said"
}
