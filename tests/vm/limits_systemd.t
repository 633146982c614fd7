#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The list of limits.t under the systemd manager.
JAILRUN_TEST_MANAGER=systemd exec "$(dirname "$0")/limits.t"
