// SPDX-License-Identifier: LGPL-2.1-or-later
#include "session/address-list.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/parse.h"

#define IPV4_PREFIX 96 /* bits of the prefix of a mapped address (RFC 4291, 2.5.5.2) */

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

static bool is_ipv4(const uint8_t address[16])
{
	return memcmp(address, mapped, sizeof(mapped)) == 0;
}

static uint8_t mask(uint32_t bits, uint32_t byte)
{
	if (bits >= 8 * (byte + 1))
		return 0xff;
	return bits <= 8 * byte ? 0 : (uint8_t)(0xff << (8 - bits % 8));
}

static bool covers(const struct address_range *range, const uint8_t address[16])
{
	for (uint32_t i = 0; i < 16; i++)
		if ((range->address[i] ^ address[i]) & mask(range->bits, i))
			return false;
	return is_ipv4(range->address) == is_ipv4(address);
}

static bool has_bits_beyond(const struct address_range *range)
{
	for (uint32_t i = 0; i < 16; i++)
		if (range->address[i] & ~mask(range->bits, i))
			return true;
	return false;
}

static int parse_address(const char *text, uint8_t ret[16])
{
	if (inet_pton(AF_INET, text, ret + sizeof(mapped)) == 1) {
		memcpy(ret, mapped, sizeof(mapped));
		return 0;
	}
	/* A mapped address is written as the IPv4 address that it is. */
	return inet_pton(AF_INET6, text, ret) == 1 && !is_ipv4(ret) ? 0 : -EINVAL;
}

/* text is taken apart. */
static int parse_range(char *text, struct address_range *ret)
{
	char *length = strchr(text, '/');
	uint32_t prefix;

	if (length)
		*length++ = '\0';
	if (parse_address(text, ret->address) < 0)
		return -EINVAL;
	prefix = is_ipv4(ret->address) ? IPV4_PREFIX : 0;
	ret->bits = 128 - prefix;
	if (length && parse_u32(length, 128 - prefix, &ret->bits) < 0)
		return -EINVAL;
	ret->bits += prefix;
	return has_bits_beyond(ret) ? -EINVAL : 0;
}

int address_list_parse(struct address_list *list, const char *text)
{
	for (;;) {
		char part[INET6_ADDRSTRLEN + sizeof("/128")];
		size_t n = strcspn(text, ",");

		if (n >= sizeof(part))
			return -EINVAL;
		if (list->n == ADDRESS_LIST_MAX)
			return -E2BIG;
		snprintf(part, sizeof(part), "%.*s", (int)n, text);
		if (parse_range(part, &list->ranges[list->n]) < 0)
			return -EINVAL;
		list->n++;
		if (!text[n])
			return 0;
		text += n + 1;
	}
}

bool address_list_has(const struct address_list *list, const uint8_t address[16])
{
	for (uint32_t i = 0; i < list->n; i++)
		if (covers(&list->ranges[i], address))
			return true;
	return false;
}
