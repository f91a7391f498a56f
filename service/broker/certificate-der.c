// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/certificate-der.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/clock.h"
#include "base/utc.h"

enum tag {
	TAG_INTEGER = 0x02,
	TAG_UTC_TIME = 0x17,
	TAG_GENERALIZED_TIME = 0x18,
	TAG_SEQUENCE = 0x30,
	TAG_VERSION = 0xa0,
};

struct der {
	const uint8_t *data;
	size_t size;
};

/* A length of one to three bytes, the shortest that says it (X.690, 10.1). Returns the size of the
 * head, 0 if there is none. */
static size_t read_head(const struct der *from, size_t *ret_length)
{
	const uint8_t *p = from->data;

	if (from->size >= 2 && p[1] < 0x80) {
		*ret_length = p[1];
		return 2;
	}
	if (from->size >= 3 && p[1] == 0x81 && p[2] >= 0x80) {
		*ret_length = p[2];
		return 3;
	}
	if (from->size >= 4 && p[1] == 0x82 && p[2] > 0) {
		*ret_length = (size_t)p[2] << 8 | p[3];
		return 4;
	}
	return 0;
}

/* Takes the next element off; its content goes to *ret. */
static bool take(struct der *from, uint8_t tag, struct der *ret)
{
	size_t length, head = read_head(from, &length);

	if (!head || from->data[0] != tag || length > from->size - head)
		return false;
	*ret = (struct der){from->data + head, length};
	from->data += head + length;
	from->size -= head + length;
	return true;
}

static bool read_digits(struct der *text, size_t n, int *ret)
{
	*ret = 0;
	if (text->size < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		uint8_t c = text->data[i];

		if (c < '0' || c > '9')
			return false;
		*ret = *ret * 10 + (c - '0');
	}
	text->data += n;
	text->size -= n;
	return true;
}

static bool read_date(struct der *text, struct tm *tm)
{
	int *const fields[] = {&tm->tm_mon, &tm->tm_mday, &tm->tm_hour, &tm->tm_min, &tm->tm_sec};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (!read_digits(text, 2, fields[i]))
			return false;
	tm->tm_mon--;
	return tm->tm_mon >= 0 && tm->tm_mon < 12 && tm->tm_mday >= 1 && tm->tm_mday <= 31 &&
	       tm->tm_hour < 24 && tm->tm_min < 60 && tm->tm_sec < 60 && text->size == 1 &&
	       text->data[0] == 'Z';
}

/* The forms of RFC 5280, 4.1.2.5. What lies before 1970 is 1970. */
static bool take_time(struct der *from, int64_t *ret)
{
	bool utc = from->size > 0 && from->data[0] == TAG_UTC_TIME;
	struct tm tm = {};
	struct der text;
	int year;

	if (!take(from, utc ? TAG_UTC_TIME : TAG_GENERALIZED_TIME, &text) ||
	    !read_digits(&text, utc ? 2 : 4, &year) || !read_date(&text, &tm))
		return false;
	if (utc)
		year += year < 50 ? 2000 : 1900;
	tm.tm_year = year - 1900;
	*ret = year < 1970 ? 0 : utc_seconds(&tm);
	return true;
}

static bool take_validity(struct der *from, struct certificate_der *ret)
{
	struct der validity;
	int64_t begin, end;

	if (!take(from, TAG_SEQUENCE, &validity) || !take_time(&validity, &begin) ||
	    !take_time(&validity, &end) || validity.size)
		return false;
	ret->not_before = (uint64_t)begin * USEC_PER_SEC;
	/* 99991231235959Z, which stands for no end, and what is hardly another. */
	ret->not_after = end >= INT64_C(253402300799) ? 0 : ((uint64_t)end + 1) * USEC_PER_SEC;
	return true;
}

/* Version 1 is not said; 'openssl x509 -req' makes such without extensions. */
static bool take_version(struct der *from)
{
	struct der version;

	if (!from->size || from->data[0] != TAG_VERSION)
		return true;
	return take(from, TAG_VERSION, &version) && version.size == 3 &&
	       (memcmp(version.data, "\x02\x01\x01", 3) == 0 ||
		memcmp(version.data, "\x02\x01\x02", 3) == 0);
}

static bool read_body(struct der body, struct certificate_der *ret)
{
	struct der skipped;
	const uint8_t *spki;

	if (!take_version(&body) || !take(&body, TAG_INTEGER, &skipped) ||
	    !take(&body, TAG_SEQUENCE, &skipped) || /* the signature's algorithm */
	    !take(&body, TAG_SEQUENCE, &skipped) || /* the issuer */
	    !take_validity(&body, ret) || !take(&body, TAG_SEQUENCE, &skipped)) /* the subject */
		return false;
	spki = body.data;
	if (!take(&body, TAG_SEQUENCE, &skipped))
		return false;
	ret->spki = spki;
	ret->spki_size = (size_t)(body.data - spki);
	return true;
}

int certificate_der_read(const uint8_t *der, size_t size, struct certificate_der *ret)
{
	struct der all = {der, size}, certificate, body;

	if (!take(&all, TAG_SEQUENCE, &certificate) || all.size ||
	    !take(&certificate, TAG_SEQUENCE, &body) || !read_body(body, ret))
		return -EBADMSG;
	return 0;
}
