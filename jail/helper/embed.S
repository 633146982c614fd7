/* SPDX-License-Identifier: Apache-2.0 */
/* The helper's program within the runtime's. HELPER_FILE comes from the make rule. */
	.section .rodata
	.balign 64
	.globl jail_helper_start
	.globl jail_helper_end
	.type jail_helper_start, %object
	.type jail_helper_end, %object
jail_helper_start:
	.incbin HELPER_FILE
jail_helper_end:
	.byte 0
	.section .note.GNU-stack, "", %progbits
