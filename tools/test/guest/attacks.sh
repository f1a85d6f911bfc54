# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=ash
#
# What the tests that attack share: attack.ko, a protected guest step by step,
# who owns what. They source lib.sh first.

run=/sys/kernel/debug/attack/run
list=/sys/kernel/debug/attack/list
tab=$(printf '\t')
n_open=0
n_stopped=0
n_na=0
n_broken=0

# attack_begin: the attacker comes in
attack_begin()
{
	is_protected || skip_all "there is no hypervisor to attack: kvm-arm.mode=protected was not asked for"
	need_module attack
	# attacks on DMA end in faults, a refused donation in a failed KVM_RUN
	expect_log '[Cc]ontext fault|[Gg]lobal fault|FSR|hypercall.*failed|callbacks suppressed'
	load busmaster
	load attack lookup="$(symbol kallsyms_lookup_name)" && return
	not_ok "attack.ko loads" "insmod failed"
	exit 0
}

# say ID RESULT WHY WHAT
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

# step ID [ARGUMENT]: sets result and why
step()
{
	answer=$(ask $run "$@" 2>&1)
	result=${answer%%"$tab"*}
	why=${answer#*"$tab"}
}

# attack ID WHAT [ARGUMENT]
attack()
{
	step "$1" ${3:+"$3"}
	say "$1" "$result" "$why" "$2"
}

# owned PHASE: what is not the host's, at its start and at its end
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

# attack_end: without the series, attacks have to work
attack_end()
{
	is_isolated && return
	is_equal "no attack is broken" $n_broken 0
	if [ $n_open -gt 0 ]; then
		ok "attacks work: $n_open open, $n_stopped stopped, $n_na not applicable"
	else
		not_ok "attacks work" "none is open: $n_stopped stopped, $n_na not applicable"
	fi
}

# --- a protected guest, by pvm -h, -s, -g -----------------------------------

# guest_start OPTION
guest_start()
{
	rm -f /tmp/guest.in /tmp/guest.out
	mkfifo /tmp/guest.in
	: >/tmp/guest.out
	pvm "$1" </tmp/guest.in >/tmp/guest.out 2>&1 &
	guest_pid=$!
	exec 4>/tmp/guest.in
}

# guest_wait WHERE: until it is there; sets phys and guest_at
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

# guest_end: it runs to its end, whatever it still waits for
guest_end()
{
	exec 4>&-
	wait "$guest_pid"
	guest_said=$(grep '^not ok' /tmp/guest.out | head -n 1)
	[ -z "$guest_said" ] || echo "guest: $guest_said"
}
