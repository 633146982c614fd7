#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The same as podman.t with podman and conmon of Debian 13.
ENGINE_GENERATION=trixie exec "$(dirname "$0")/podman.t"
