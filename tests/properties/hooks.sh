# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced by rows of the property table: what the hook has written after each verb.
seen() {
	printf '%s:%s ' "$1" "$(cat "$WORK/seen" "$ROOTFS/tmp/seen-${WORK##*/}" 2>/dev/null)"
}
rm -f "$WORK/seen" "$ROOTFS/tmp/seen-${WORK##*/}"
create
seen create
jr start "$ID"
seen start
wait_stopped
jr delete "$ID"
seen delete
rm -f "$ROOTFS/tmp/seen-${WORK##*/}"
