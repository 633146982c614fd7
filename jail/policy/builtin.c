/* SPDX-License-Identifier: Apache-2.0 */
/* The policies that need no file. docs/policy.md says what they do. */
#include "jail/jail.h"

#include <string.h>

/* What a policy brings by itself (jail_guards) is most of it. Beside that, calls by which a process puts words into the
 * mouth of its terminal's other users: TIOCSTI (0x5412) and TIOCLINUX (0x541c) act on the terminal outside. */
static const char policy_default[] = "{\n"
				     "  \"name\": \"default\",\n"
				     "  \"description\": \"protects the jail itself and closes the known ways round "
				     "it; breaks no ordinary container\",\n"
				     "  \"syscalls\": {\n"
				     "    \"defaultAction\": \"SCMP_ACT_ALLOW\",\n"
				     "    \"syscalls\": [\n"
				     "      {\n"
				     "        \"names\": [\"ioctl\"],\n"
				     "        \"action\": \"SCMP_ACT_ERRNO\",\n"
				     "        \"args\": [{\"index\": 1, \"value\": 21522, \"op\": \"SCMP_CMP_EQ\"}]\n"
				     "      },\n"
				     "      {\n"
				     "        \"names\": [\"ioctl\"],\n"
				     "        \"action\": \"SCMP_ACT_ERRNO\",\n"
				     "        \"args\": [{\"index\": 1, \"value\": 21532, \"op\": \"SCMP_CMP_EQ\"}]\n"
				     "      }\n"
				     "    ]\n"
				     "  },\n"
				     "  \"signals\": {\"to_init\": \"forward\"}\n"
				     "}\n";

const char *jail_builtin_policy(const char *name)
{
	return strcmp(name, "default") == 0 ? policy_default : NULL;
}
