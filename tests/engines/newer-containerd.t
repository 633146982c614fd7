#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The same as containerd.t with containerd of Debian 13.
ENGINE_GENERATION=trixie exec "$(dirname "$0")/containerd.t"
