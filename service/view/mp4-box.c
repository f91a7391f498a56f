// SPDX-License-Identifier: LGPL-2.1-or-later
#include "view/mp4-box.h"

#include <errno.h>

#define SIZE_IS_LARGE  1
#define SIZE_IS_TO_END 0

static uint64_t get(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

bool mp4_take(struct slice *s, size_t n, struct slice *ret)
{
	if (s->len < n)
		return false;
	*ret = slice_of(s->data, n);
	*s = slice_of(s->data + n, s->len - n);
	return true;
}

bool mp4_take_u8(struct slice *s, uint8_t *ret)
{
	struct slice field;

	if (!mp4_take(s, 1, &field))
		return false;
	*ret = field.data[0];
	return true;
}

bool mp4_take_u16(struct slice *s, uint16_t *ret)
{
	struct slice field;

	if (!mp4_take(s, 2, &field))
		return false;
	*ret = (uint16_t)get(field.data, 2);
	return true;
}

bool mp4_take_u32(struct slice *s, uint32_t *ret)
{
	struct slice field;

	if (!mp4_take(s, 4, &field))
		return false;
	*ret = (uint32_t)get(field.data, 4);
	return true;
}

bool mp4_take_u64(struct slice *s, uint64_t *ret)
{
	struct slice field;

	if (!mp4_take(s, 8, &field))
		return false;
	*ret = get(field.data, 8);
	return true;
}

bool mp4_take_full(struct slice *s, uint8_t *ret_version, uint32_t *ret_flags)
{
	uint32_t v;

	if (!mp4_take_u32(s, &v))
		return false;
	*ret_version = (uint8_t)(v >> 24);
	*ret_flags = v & 0xffffff;
	return true;
}

uint32_t mp4_u32_at(struct slice table, size_t i)
{
	return (uint32_t)get(table.data + 4 * i, 4);
}

uint64_t mp4_u64_at(struct slice table, size_t i)
{
	return get(table.data + 8 * i, 8);
}

int mp4_box_next(struct slice *rest, struct mp4_box *ret)
{
	struct slice s = *rest;
	uint32_t size32;
	uint64_t size;

	if (s.len == 0)
		return 0;
	if (!mp4_take_u32(&s, &size32) || !mp4_take_u32(&s, &ret->type))
		return -EBADMSG;
	size = size32;
	if (size32 == SIZE_IS_LARGE && !mp4_take_u64(&s, &size))
		return -EBADMSG;
	if (size32 == SIZE_IS_TO_END)
		size = rest->len;
	if (size > rest->len || size < rest->len - s.len)
		return -EBADMSG;
	ret->whole = slice_of(rest->data, size);
	ret->payload = slice_of(s.data, size - (rest->len - s.len));
	*rest = slice_of(rest->data + size, rest->len - size);
	return 1;
}

int mp4_box_find(struct slice container, uint32_t type, struct mp4_box *ret)
{
	struct mp4_box box;
	bool found = false;
	int r;

	while ((r = mp4_box_next(&container, &box)) == 1) {
		if (box.type != type)
			continue;
		if (found)
			return -EBADMSG;
		found = true;
		*ret = box;
	}
	if (r < 0)
		return r;
	return found ? 0 : -ENOENT;
}
