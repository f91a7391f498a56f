// SPDX-License-Identifier: LGPL-2.1-or-later
/* Ranges of addresses, as an administrator writes them: "192.0.2.0/24,2001:db8::/32,::1". */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define ADDRESS_LIST_MAX 16

struct address_range {
	uint8_t address[16]; /* as in struct gate_peer */
	uint32_t bits;       /* of it that count: from 96 on for IPv4 */
};

struct address_list {
	struct address_range ranges[ADDRESS_LIST_MAX];
	uint32_t n;
};

/*
 * Adds what the text says; without a length a range is one address. Errors: -EINVAL (not an
 * address, a length out of its bounds, bits beyond the length, nothing between two commas), -E2BIG.
 */
int address_list_parse(struct address_list *list, const char *text);

/* An IPv6 range has no IPv4 address in it, however short it is. */
bool address_list_has(const struct address_list *list, const uint8_t address[16]);
