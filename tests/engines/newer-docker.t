#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The same as docker.t with dockerd and its client of Debian 13.
ENGINE_GENERATION=trixie exec "$(dirname "$0")/docker.t"
