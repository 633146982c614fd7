/* SPDX-License-Identifier: Apache-2.0 */
/* All that base offers, in one include for the folders above it. */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include "bits.h"
#include "blob.h"
#include "bpf.h"
#include "err.h"
#include "fd.h"
#include "jsonw.h"
#include "log.h"
#include "lsm.h"
#include "path.h"
#include "proc.h"
#include "str.h"
#include "wire.h"

#endif
