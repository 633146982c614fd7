/* SPDX-License-Identifier: Apache-2.0 */
/* All that base offers, in one include for the folders above it. None of it knows of containers.
 *   err.h     one failure, as a plain value
 *   log.h     what is said beside results
 *   fd.h      descriptors that close themselves; files read, written and replaced whole
 *   out.h     a file that the caller names, and what is none
 *   path.h    paths of a hostile tree
 *   proc.h    processes, signals, time
 *   sha256.h  the hash of a file
 *   str.h     growing strings, memory that is freed at once, strict numbers, words
 *   bits.h    sets of CPUs and nodes
 *   jsonw.h   JSON, written
 *   blob.h    plain values as bytes, for the jail's helper
 *   wire.h    the message between the roles of a container's life
 *   bpf.h     bpf(2): programs, maps, the ring
 *   lsm.h     which security modules there are */
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
#include "out.h"
#include "path.h"
#include "proc.h"
#include "program.h"
#include "sha256.h"
#include "str.h"
#include "wire.h"

#endif
