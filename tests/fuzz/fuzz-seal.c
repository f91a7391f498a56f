// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Any bytes as a seal, a certificate, a statement, a NAL unit, a JPEG. What is read is what was
 * written: a seal has one encoding, and nothing reads what no key has signed.
 */
#include <string.h>

#include "fuzz.h"
#include "seal/jpeg-seal.h"
#include "seal/nal-seal.h"
#include "seal/parameter-sets.h"
#include "seal/statement.h"

static void check_parse(const uint8_t *data, size_t size)
{
	struct seal_parts parts;

	if (seal_parse(data, size, &parts) < 0)
		return;
	CHECK(parts.body == data && parts.signature == data + parts.body_size);
	CHECK(parts.body_size + SEAL_SIGNATURE_SIZE == size);
	CHECK(size <= SEAL_SIZE_MAX);
	CHECK(!parts.certificate || parts.certificate_size + SEAL_BODY_SIZE == parts.body_size);
	CHECK(parts.seal.stream <= 1);
}

/* None of these was signed by anybody whose key this is. */
static void check_unsigned(const uint8_t *data, size_t size)
{
	/* A point of the curve: RFC 8032, 7.1, test 1. */
	static const uint8_t root[SEAL_KEY_SIZE] = {0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7,
						    0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a,
						    0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25,
						    0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a};
	struct seal_certificate certificate;
	struct seal_statement statement;
	uint8_t key[SEAL_KEY_SIZE];

	CHECK(seal_certificate_read(data, size, root, &certificate) < 0);
	CHECK(seal_statement_read(data, size, root, &statement) < 0);
	seal_public_read((const char *)data, size, key);
}

static void check_wrap(enum seal_codec codec, const uint8_t *data, size_t size)
{
	uint8_t nal[NAL_SEAL_SIZE_MAX], seal[SEAL_SIZE_MAX];
	int n = nal_seal_wrap(codec, data, size, nal);

	CHECK((n > 0) == (size <= SEAL_SIZE_MAX));
	if (n < 0)
		return;
	CHECK(nal_seal_classify(codec, slice_of(nal, (size_t)n)) == NAL_SEAL);
	for (int i = 2; i < n; i++)
		CHECK(nal[i - 2] || nal[i - 1] || nal[i] >= 3);
	CHECK(nal[n - 1] == 0x80);
	CHECK(nal_seal_unwrap(codec, slice_of(nal, (size_t)n), seal) == (int)size);
	CHECK(memcmp(seal, data, size) == 0);
}

static void check_nal(enum seal_codec codec, struct slice nal)
{
	uint8_t seal[SEAL_SIZE_MAX], again[NAL_SEAL_SIZE_MAX];
	enum nal_class class = nal_seal_classify(codec, nal);
	struct seal_sets sets = {0};
	int n;

	CHECK((seal_sets_add(&sets, codec, nal) == 0) ==
	      (class == NAL_PARAMETER_SET && nal.len <= SEAL_SETS_SIZE_MAX));
	n = nal_seal_unwrap(codec, nal, seal);
	if (n < 0)
		return;
	CHECK(class == NAL_SEAL);
	CHECK(nal_seal_wrap(codec, seal, (size_t)n, again) == (int)nal.len);
	CHECK(memcmp(again, nal.data, nal.len) == 0);
}

static void check_jpeg(struct slice jpeg)
{
	struct slice seal, before, after;

	if (jpeg_seal_find(jpeg, &seal, &before, &after) < 0)
		return;
	CHECK(before.data == jpeg.data && before.data + before.len + 20 == seal.data);
	CHECK(seal.data + seal.len == after.data);
	CHECK(after.data + after.len == jpeg.data + jpeg.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_parse(data, size);
	check_unsigned(data, size);
	check_wrap(SEAL_CODEC_H264, data, size);
	check_wrap(SEAL_CODEC_HEVC, data, size);
	check_nal(SEAL_CODEC_H264, slice_of(data, size));
	check_nal(SEAL_CODEC_HEVC, slice_of(data, size));
	check_jpeg(slice_of(data, size));
	return 0;
}
