# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Functions to build plugins for QEMU; source it after common.sh.

# plugin STAMP TEXT SOURCE RESULT: build a plugin unless it is up to date
plugin()
{
	local include=$BUILD/qemu-src/include/qemu state
	[ -f "$include/qemu-plugin.h" ] || die "there is no $include/qemu-plugin.h" "make qemu"
	state=$(hash_of "$3" "$include/qemu-plugin.h" "$ROOT/scripts/lib/plugin.sh")
	if ! fresh "$1" "$state" || [ ! -f "$4" ]; then
		step "$2" compile_plugin "$include" "$3" "$4"
		stamp "$1" "$state"
	fi
}

compile_plugin()	# INCLUDE SOURCE RESULT
{
	# shellcheck disable=SC2046
	gcc -O2 -Wall -Wextra -Wno-unused-parameter -shared -fPIC -I"$1" \
		$(pkg-config --cflags glib-2.0) -o "$3.new" "$2"
	# a running machine keeps the old file
	mv "$3.new" "$3"
}
