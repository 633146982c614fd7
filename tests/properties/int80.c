/* SPDX-License-Identifier: Apache-2.0 */
/* getpid by the system call gate of 32-bit programs: the answer when it is an error, else 0. */
#include <stdio.h>

int main(void)
{
	long answer;

	__asm__ volatile("int $0x80" : "=a"(answer) : "a"(20L) : "memory", "r8", "r9", "r10", "r11");
	printf("%d\n", (int)answer < 0 ? (int)answer : 0);
	return 0;
}
