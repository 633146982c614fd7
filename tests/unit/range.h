/* SPDX-License-Identifier: Apache-2.0 */
/* cmocka 2 has a name for each signedness and warns of the one without; cmocka 1 has only that. Include it after cmocka.h. */
#ifndef TESTS_UNIT_RANGE_H
#define TESTS_UNIT_RANGE_H

#ifndef assert_uint_in_range
#define assert_uint_in_range assert_in_range
#endif

#endif
