# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced by rows of the property table: runs the container in a network namespace that has a device to give away.
# shellcheck disable=SC2016 # expanded by the inner shell
unshare --net bash -c 'ip link add moved0 type veth peer name other0 && exec "$JAILRUN" --root "$ROOT" run --bundle "$BUNDLE" "$ID"' </dev/null
