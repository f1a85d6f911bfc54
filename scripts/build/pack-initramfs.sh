#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# pack-initramfs.sh DIRECTORY OUT.cpio.gz: pack a directory as an initramfs.
#
# Root owns all files, names are sorted, and inodes are numbered in that order, so that
# the same files with the same times give the same archive. Archives can be concatenated;
# the kernel unpacks all of them.

set -eu
export LC_ALL=C

(cd "$1" && find . -mindepth 1 -print0 | sort -z |
	cpio --quiet --null --create --format=newc --reproducible --owner=+0:+0) >"$2.cpio"
gzip -3 -n <"$2.cpio" >"$2.new"
rm "$2.cpio"
mv "$2.new" "$2"
