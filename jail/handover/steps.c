/* SPDX-License-Identifier: Apache-2.0 */
/* The names of the rows that the helper runs. The life table takes them in, so that they are traced, timed and made to
 * fail like all others. */
#include "jail/jail.h"

const struct jail_step_name jail_steps[] = {
    {'J', "wait.start"},   {'J', "hooks.startContainer"},
    {'J', "policy.arm"},   {'J', "fork"},
    {'E', "clone.exec"},   {'E', "jail.join"},
    {'C', "seal.labels"},  {'C', "seal.session"},
    {'C', "seal.rlimits"}, {'C', "seal.schedule"},
    {'C', "seal.user"},    {'C', "seal.caps"},
    {'C', "seal.fds"},     {'C', "seal.seccomp"},
    {'C', "exec"},
};
const int jail_n_steps = ARRAY_LEN(jail_steps);
