/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 (FIPS 180-4). A small one of its own: the jail's helper is static and has no library for it. */
#ifndef BASE_SHA256_H
#define BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_HEX 65 /* its digits, and a NUL */

struct sha256 {
	uint32_t h[8];
	uint64_t len;
	unsigned char rest[64];
};

void sha256_init(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *data, size_t n);
/* The digits as sha256sum(1) prints them. */
void sha256_hex(struct sha256 *s, char ret[SHA256_HEX]);

#endif
