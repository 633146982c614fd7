#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The widths of arguments under a newer kernel.
JAILRUN_TEST_KERNEL=bookworm-backports:linux-image-amd64 exec "$(dirname "$0")/widths.t"
