/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroups/limits/weight.h"

/* Two series instead of libm: a shared library more would be dearer at each start than all of this folder. */

#define LN2  0.69314718055994530942
#define LN10 2.30258509299404568402

/* ln x = n ln 2 + ln m with m in [1, 2); ln m = 2 artanh((m - 1) / (m + 1)), whose argument is below 1/3. */
static double log2_of(uint64_t x)
{
	int n = 63 - __builtin_clzll(x);
	double m = (double)x / (double)(UINT64_C(1) << n), t = (m - 1) / (m + 1), power = t, sum = 0;

	for (int i = 1; i < 40; i += 2) {
		sum += power / i;
		power *= t * t;
	}
	return n + 2 * sum / LN2;
}

/* 10^x for x in [0, 4]: all terms are positive, so that nothing cancels. */
static double exp10_of(double x)
{
	double y = x * LN10, term = 1, sum = 1;

	for (int i = 1; i < 60; i++) {
		term *= y / i;
		sum += term;
	}
	return sum;
}

uint64_t cg_weight_of_shares(uint64_t shares)
{
	double l, w;
	uint64_t up;

	if (shares <= 2)
		return 1;
	if (shares >= 262144)
		return 10000;
	l = log2_of(shares);
	w = exp10_of((l * l + 125 * l) / 612 - 7.0 / 34);
	/* Rounded up; but 1024 gives 100 exactly, and no share comes nearer to a whole number than 1e-7. */
	up = (uint64_t)(w - 1e-9) + 1;
	return up > 10000 ? 10000 : up;
}
