#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Use a private apt configuration, in build/apt, with the suites that have the sources of
# the kernel and of QEMU.  The machine's configuration is not changed; the address of the
# archive is read from the machine's apt sources, and apt verifies signatures with
# Debian's archive keyring.
#
#   private-apt.sh update                refresh the lists, if they are a day old
#   private-apt.sh download PACKAGE...   download the newest .deb of each to build/dl
#   private-apt.sh source PACKAGE        download its source files to build/dl
#   private-apt.sh newest PACKAGE        print the version that would be downloaded
#   private-apt.sh names PREFIX          print the names of packages with this prefix
#
# HIDE="PACKAGE ..." treats packages as missing in the archive.

. "$(dirname "$0")/../lib/common.sh"

A=$BUILD/apt
SUITES="trixie trixie-backports"
# when another base is wanted than the default, or none is left but another
[ "$BASE_VERSION" = "$DEFAULT_VERSION" ] && [ "${1:-}" != names ] || SUITES="$SUITES experimental"

keyring()
{
	local k
	for k in /usr/share/keyrings/debian-archive-keyring.pgp \
		 /usr/share/keyrings/debian-archive-keyring.gpg; do
		[ ! -e "$k" ] || { echo "$k"; return; }
	done
	die "the keyring of the Debian archive is missing" "apt-get install debian-archive-keyring"
}

# The first archive in the machine's sources that has a Debian release
archive()
{
	"$PYTHON" - <<'PY'
import glob, os, re, sys

NAMES = {"bookworm", "trixie", "forky", "sid", "stable", "testing", "unstable",
         "oldstable"}

def entries():
    root = "/etc/apt"
    for f in sorted(glob.glob(root + "/sources.list.d/*.sources")):
        for para in re.split(r"\n\s*\n", open(f, errors="replace").read()):
            field = {}
            key = None
            for line in para.splitlines():
                if line.startswith("#"):
                    continue
                if line[:1].isspace() and key:
                    field[key] += " " + line.strip()
                elif ":" in line:
                    key, val = line.split(":", 1)
                    key = key.strip().lower()
                    field[key] = val.strip()
            if field.get("enabled", "yes").lower() in ("no", "false"):
                continue
            for uri in field.get("uris", "").split():
                yield (uri, field.get("suites", "").split(),
                       field.get("components", "").split())
    lists = [root + "/sources.list"] + sorted(glob.glob(root + "/sources.list.d/*.list"))
    for f in lists:
        if not os.path.exists(f):
            continue
        for line in open(f, errors="replace"):
            line = re.sub(r"\[[^]]*\]", "", line.split("#")[0])
            word = line.split()
            if len(word) >= 4 and word[0] in ("deb", "deb-src"):
                yield word[1], [word[2]], word[3:]

for uri, suites, components in entries():
    if "main" in components and any(s in NAMES for s in suites):
        print(uri.rstrip("/"))
        sys.exit(0)
sys.exit(1)
PY
}

configure()
{
	local uri key s arches=$HOST_ARCH list
	uri=$(archive) ||
		die "the apt sources of this machine name no Debian archive" \
		    "add one to /etc/apt/sources.list, or use KERNEL_SRC= and QEMU="
	key=$(keyring)
	[ "$HOST_ARCH" = arm64 ] || arches=$HOST_ARCH,arm64
	mkdir -p "$A/etc" "$A/lists/partial" "$A/cache/archives/partial"
	list=$(for s in $SUITES; do
		echo "deb [signed-by=$key arch=$arches] $uri $s main"
	done
	echo "deb-src [signed-by=$key] $uri trixie main")
	if [ "$list" != "$(cat "$A/etc/sources.list" 2>/dev/null)" ]; then
		echo "$list" >"$A/etc/sources.list"
		rm -f "$A/updated"
	fi
	cat >"$A/apt.conf" <<-END
	Dir::Etc::sourcelist "$A/etc/sources.list";
	Dir::Etc::sourceparts "/dev/null";
	Dir::State::Lists "$A/lists";
	Dir::Cache "$A/cache";
	APT::Architecture "$HOST_ARCH";
	APT::Architectures {"$(echo "$arches" | sed 's/,/";"/')";};
	APT::Sandbox::User "$(id -un)";
	Acquire::Retries "3";
	Acquire::Languages "none";
	Debug::NoLocking "1";
	END
	export APT_CONFIG=$A/apt.conf
}

update()
{
	[ -n "$(find "$A/updated" -mmin -1440 2>/dev/null)" ] && return
	apt-get -q update
	# apt-get update succeeds, with a warning, if an archive is not reachable
	[ -n "$(find "$A/lists" -name '*_trixie_*Release')" ] || return 1
	touch "$A/updated"
}

# The newest version in any suite, including backports and experimental
newest()
{
	case " ${HIDE:-} " in
	*" $1 "*) return 1 ;;
	esac
	apt-cache show --no-all-versions "$1" >/dev/null 2>&1 || return 1
	apt-cache madison "$1" | awk -F' *[|] *' '$3 !~ /Source/ && /Packages/ { print $2 }' |
		"$PYTHON" -c '
import subprocess, sys
best = ""
for v in sys.stdin.read().split():
    if not best or subprocess.call(["dpkg", "--compare-versions", v, "gt", best]) == 0:
        best = v
print(best)
sys.exit(not best)'
}

lock private-apt
configure
case ${1:-} in
update)
	update ;;
newest)
	update >&2
	newest "$2" ;;
names)
	update >&2
	apt-cache pkgnames "$2" ;;
download)
	update
	shift
	mkdir -p "$DL"
	cd "$DL"
	for p in "$@"; do
		apt-get -q download "$p=$(newest "$p")"
	done ;;
source)
	update
	mkdir -p "$DL"
	cd "$DL"
	apt-get -q source --download-only "$2/trixie" ;;
*)
	die "private-apt.sh: unknown action '${1:-}'" "see its head" ;;
esac
