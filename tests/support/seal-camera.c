// SPDX-License-Identifier: LGPL-2.1-or-later
#include "support/seal-camera.h"

#include <stdio.h>

#include "base/cleanup.h"
#include "seal/bytes.h"
#include "seal/jpeg-seal.h"
#include "wire/h264.h"

#define NALS_MAX 64

static void need(bool condition, const char *what)
{
	if (!condition) {
		fprintf(stderr, "seal-camera: %s\n", what);
		abort();
	}
}

static struct seal_key *key_of(uint8_t a, uint8_t b, uint8_t c)
{
	uint8_t seed[SEAL_KEY_SIZE] = {a, b, c};
	struct seal_key *key;

	need(seal_key_from_seed(seed, &key) == 0, "key");
	return key;
}

void seal_camera_init(struct seal_camera *c, enum seal_codec codec, uint8_t root, uint8_t camera,
		      uint64_t epoch)
{
	*c = (struct seal_camera){
		.root = key_of('r', root, 0),
		.key = key_of('e', camera, (uint8_t)epoch),
		.says.epoch = epoch,
		.says.issued = SEAL_CAMERA_REAL - SEAL_CAMERA_FRAME,
		.next.codec = (uint8_t)codec,
		.next.sequence = 1,
		.next.realtime = SEAL_CAMERA_REAL,
		.next.boottime = SEAL_CAMERA_BOOT,
		.next.epoch = epoch,
	};
	memset(c->says.camera_uuid, 0x10 + camera, UUID_SIZE);
	memcpy(c->next.camera_uuid, c->says.camera_uuid, UUID_SIZE);
	snprintf(c->says.camera_name, NAME_SIZE, "camera-%u", camera);
	seal_key_public(c->key, c->says.key);
	seal_camera_certify(c);
}

void seal_camera_release(struct seal_camera *c)
{
	c->root = seal_key_free(c->root);
	c->key = seal_key_free(c->key);
}

void seal_camera_certify(struct seal_camera *c)
{
	int n = seal_certificate_make(&c->says, c->root, c->certificate);

	need(n > 0, "certificate");
	c->certificate_size = (size_t)n;
}

void seal_camera_root(const struct seal_camera *c, uint8_t ret[SEAL_KEY_SIZE])
{
	seal_key_public(c->root, ret);
}

struct slice seal_camera_join(const struct slice *nals, size_t n)
{
	size_t size = 0, at = 0;
	uint8_t *out;

	for (size_t i = 0; i < n; i++)
		size += 4 + nals[i].len;
	out = malloc(size);
	need(out, "memory");
	for (size_t i = 0; i < n; i++) {
		put_bytes(put_number(out + at, 1, 4), nals[i].data, nals[i].len);
		at += 4 + nals[i].len;
	}
	return slice_of(out, size);
}

size_t seal_camera_nals(struct slice unit, struct slice *nals, size_t max)
{
	struct h264_iter it;
	size_t n = 0;

	h264_iter_init(&it, unit);
	while (n < max && h264_iter_next(&it, &nals[n]))
		n++;
	return n;
}

/* What says needs to be completed: the hashes, and where the seal belongs among the NAL units. */
static size_t complete(struct seal_camera *c, const struct slice *nals, size_t n, struct seal *says)
{
	size_t place = n;
	struct seal_digest *d;
	bool fresh_sets = true;

	need(seal_digest_begin(&d) == 0, "digest");
	for (size_t i = 0; i < n; i++) {
		enum nal_class class = nal_seal_classify(says->codec, nals[i]);

		if (nal_class_is_hashed(class))
			seal_digest_nal(d, nals[i]);
		if (class == NAL_KEY_SLICE)
			says->keyframe = true;
		if (nal_class_is_slice(class) && place == n)
			place = i;
		if (class == NAL_PARAMETER_SET) {
			if (fresh_sets)
				seal_sets_clear(&c->sets);
			fresh_sets = false;
			need(seal_sets_add(&c->sets, says->codec, nals[i]) == 0, "sets");
		}
	}
	seal_digest_end(d, says->unit_hash);
	seal_digest_free(d);
	seal_sets_hash(&c->sets, says->parameter_sets_hash);
	return place;
}

static size_t make(const struct seal_camera *c, const struct seal *says, uint8_t *ret)
{
	int n = seal_make(says, says->keyframe ? c->certificate : NULL, c->certificate_size, c->key,
			  ret);

	need(n > 0, "seal");
	return (size_t)n;
}

static struct slice seal_nals(struct seal_camera *c, struct slice unit, struct seal says)
{
	uint8_t seal[SEAL_SIZE_MAX], wrapped[NAL_SEAL_SIZE_MAX];
	struct slice nals[NALS_MAX];
	size_t n = seal_camera_nals(unit, nals, NALS_MAX - 1), place;
	int size;

	place = complete(c, nals, n, &says);
	size = nal_seal_wrap(says.codec, seal, make(c, &says, seal), wrapped);
	need(size > 0, "wrap");
	memmove(nals + place + 1, nals + place, (n - place) * sizeof(*nals));
	nals[place] = slice_of(wrapped, (size_t)size);
	return seal_camera_join(nals, n + 1);
}

static struct slice seal_jpeg(struct seal_camera *c, struct slice unit, struct seal says)
{
	uint8_t seal[SEAL_SIZE_MAX], segment[JPEG_SEAL_SIZE_MAX], *out, *p;
	int size;

	says.keyframe = true;
	seal_sets_hash(&c->sets, says.parameter_sets_hash);
	jpeg_seal_hash(unit, (struct slice){0}, says.unit_hash);
	size = jpeg_seal_wrap(seal, make(c, &says, seal), segment);
	need(size > 0, "wrap");
	p = out = malloc(unit.len + (size_t)size);
	need(out, "memory");
	p = put_bytes(p, unit.data, 2);
	p = put_bytes(p, segment, (size_t)size);
	p = put_bytes(p, unit.data + 2, unit.len - 2);
	return slice_of(out, (size_t)(p - out));
}

struct slice seal_camera_seal_as(struct seal_camera *c, struct slice unit, const struct seal *says)
{
	return says->codec == SEAL_CODEC_JPEG ? seal_jpeg(c, unit, *says)
					      : seal_nals(c, unit, *says);
}

struct slice seal_camera_seal(struct seal_camera *c, struct slice unit)
{
	struct slice sealed = seal_camera_seal_as(c, unit, &c->next);

	c->next.sequence++;
	c->next.realtime += SEAL_CAMERA_FRAME;
	c->next.boottime += SEAL_CAMERA_FRAME;
	return sealed;
}

void seal_camera_statement(const struct seal_camera *c, uint64_t first, uint8_t nonce,
			   uint8_t exporter, uint8_t ret[SEAL_STATEMENT_SIZE])
{
	struct seal_statement s = {
		.epoch = c->says.epoch,
		.lease = SEAL_CAMERA_LEASE,
		.first_sequence = first,
		.realtime = SEAL_CAMERA_REAL,
		.boottime = SEAL_CAMERA_BOOT,
		.stream = c->next.stream,
		.may_switch = c->may_switch,
	};

	memcpy(s.camera_uuid, c->says.camera_uuid, UUID_SIZE);
	memset(s.nonce, nonce, sizeof(s.nonce));
	memset(s.exporter, exporter, sizeof(s.exporter));
	seal_statement_make(&s, c->key, ret);
}

static bool is_delimiter(enum seal_codec codec, struct slice nal)
{
	return codec == SEAL_CODEC_HEVC ? nal.data[0] == 0x46 : nal.data[0] == H264_NAL_AUD;
}

size_t seal_camera_split(enum seal_codec codec, struct slice stream, struct slice *units)
{
	const uint8_t *start = stream.data, *end = stream.data + stream.len;
	struct h264_iter it;
	struct slice nal;
	size_t n = 0;

	h264_iter_init(&it, stream);
	while (h264_iter_next(&it, &nal)) {
		const uint8_t *code = nal.data - 3;

		if (!is_delimiter(codec, nal))
			continue;
		if (code > stream.data && code[-1] == 0)
			code--;
		if (code > start)
			units[n++] = slice_of(start, (size_t)(code - start));
		need(n < SEAL_CAMERA_UNITS - 1, "too long a clip");
		start = code;
	}
	units[n++] = slice_of(start, (size_t)(end - start));
	return n;
}

struct slice seal_camera_load(const char *path)
{
	FILE *f = fopen(path, "r");
	uint8_t *data;
	long size;

	need(f && fseek(f, 0, SEEK_END) == 0, path);
	size = ftell(f);
	rewind(f);
	data = malloc((size_t)size + 1);
	need(data && fread(data, 1, (size_t)size, f) == (size_t)size, path);
	fclose(f);
	return slice_of(data, (size_t)size);
}
