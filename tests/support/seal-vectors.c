// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * seal-vectors CODEC DIRECTORY: writes the test vectors of a codec (h264, hevc, jpeg) as they
 * stand in tests/unit/data/seal/, from the clips there. What is expected of each is written here by
 * hand; test_seal.py holds both verifiers to it.
 */
#include <stdio.h>

#include "base/cleanup.h"
#include "seal/bytes.h"
#include "seal/jpeg-seal.h"
#include "support/seal-book.h"

/* Where the seal stands among the NAL units of sealed unit i. */
static size_t find_seal(const struct book *b, const struct slice *nals, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (nal_seal_classify(b->codec, nals[i]) == NAL_SEAL)
			return i;
	abort();
}

static size_t seal_of(const struct book *b, size_t i, uint8_t seal[SEAL_SIZE_MAX])
{
	struct slice nals[16], found, before, after;
	size_t n;

	if (b->codec == SEAL_CODEC_JPEG) {
		if (jpeg_seal_find(b->sealed[i], &found, &before, &after) < 0)
			abort();
		memcpy(seal, found.data, found.len);
		return found.len;
	}
	n = seal_camera_nals(b->sealed[i], nals, ARRAY_SIZE(nals));
	return (size_t)nal_seal_unwrap(b->codec, nals[find_seal(b, nals, n)], seal);
}

/* Sealed unit i with these bytes as its seal, `times` of them. */
static struct slice with_seal(const struct book *b, size_t i, const uint8_t *seal, size_t size,
			      size_t times)
{
	uint8_t wrapped[NAL_SEAL_SIZE_MAX], *out;
	struct slice nals[17], found, before, after;
	size_t n, at, length;

	if (b->codec == SEAL_CODEC_JPEG) {
		length = (size_t)jpeg_seal_wrap(seal, size, wrapped);
		jpeg_seal_find(b->sealed[i], &found, &before, &after);
		out = malloc(before.len + after.len + times * length);
		put_bytes(out, before.data, before.len);
		for (size_t k = 0; k < times; k++)
			put_bytes(out + before.len + k * length, wrapped, length);
		put_bytes(out + before.len + times * length, after.data, after.len);
		return slice_of(out, before.len + after.len + times * length);
	}
	length = (size_t)nal_seal_wrap(b->codec, seal, size, wrapped);
	n = seal_camera_nals(b->sealed[i], nals, 16);
	at = find_seal(b, nals, n);
	memmove(nals + at + times, nals + at + 1, (n - at - 1) * sizeof(*nals));
	for (size_t k = 0; k < times; k++)
		nals[at + k] = slice_of(wrapped, length);
	return seal_camera_join(nals, n - 1 + times);
}

/* The first unit with a byte of its seal changed. */
static void edited(const struct book *b, const char *name, size_t at, uint8_t xor,
		   const char *verdict)
{
	uint8_t seal[SEAL_SIZE_MAX];
	size_t n = seal_of(b, 0, seal);

	begin_live(b, name);
	seal[at < n ? at : n - 1] ^= xor;
	unit_once(with_seal(b, 0, seal, n, 1), 0, verdict);
	unit(b->sealed[0], 0, "valid");
}

static void write_valid(struct book *b)
{
	static const char *const freshness[] = {"file", "relay", "no-clock"};

	begin_live(b, "live");
	for (size_t i = 0; i < b->n; i++)
		unit(b->sealed[i], i, "valid");
	for (size_t f = 0; f < ARRAY_SIZE(freshness); f++) {
		begin(b, freshness[f], freshness[f]);
		printf("name %s\n", b->camera.says.camera_name);
		unit(b->sealed[0], 0, "valid");
		unit(b->sealed[1], 1, "valid");
	}
}

static void write_forms(struct book *b)
{
	uint8_t seal[SEAL_SIZE_MAX];
	size_t n = seal_of(b, 0, seal);

	begin_live(b, "not-sealed");
	unit(b->units[0], 0, "unsealed");
	unit(slice_of(b->sealed[0].data, 3), 0, "malformed");
	unit(slice_of(NULL, 0), 0, "malformed");
	begin_live(b, "two-seals");
	unit_once(with_seal(b, 0, seal, n, 2), 0, "seal-malformed");
	begin_live(b, "seal-cut");
	unit_once(with_seal(b, 0, seal, n - 1, 1), 0, "seal-malformed");
	unit_once(with_seal(b, 0, seal, 0, 1), 0, "seal-malformed");
	edited(b, "seal-version", 0, 3, "version");
	edited(b, "seal-flags", 1, 4, "seal-malformed");
	edited(b, "seal-stream", 2, 2, "seal-malformed");
	edited(b, "seal-codec", 3, 4, "codec");
	edited(b, "certificate-version", 116, 3, "version");
	edited(b, "certificate-name-length", 117, 0x80, "seal-malformed");
	edited(b, "certificate-name", 116 + 66, 0x20, "certificate");
	edited(b, "certificate-epoch", 116 + 18, 1, "root");
	edited(b, "sequence-changed", 35, 1, "signature");
	edited(b, "time-changed", 50, 1, "signature");
	edited(b, "signature-changed", SIZE_MAX, 1, "signature");
}

static void write_identities(struct book *b)
{
	struct seal_camera other_root, other_camera, older, newer, twin;
	struct seal says;

	seal_camera_init(&other_root, b->codec, 2, 1, 3);
	seal_camera_init(&other_camera, b->codec, 1, 2, 3);
	seal_camera_init(&older, b->codec, 1, 1, 2);
	seal_camera_init(&newer, b->codec, 1, 1, 4);
	seal_camera_init(&twin, b->codec, 1, 1, 3);
	twin.says.issued++;
	seal_camera_certify(&twin);

	begin_live(b, "another-root");
	unit_as(b, &other_root, &other_root.next, "root");
	statement(&other_root, 1, NONCE, EXPORTER, -1, "root");
	begin_live(b, "another-camera");
	unit_as(b, &other_camera, &other_camera.next, "camera");
	statement(&other_camera, 1, NONCE, EXPORTER, -1, "camera");
	begin_live(b, "older-epoch");
	unit_as(b, &older, &older.next, "epoch");
	begin_live(b, "newer-epoch");
	unit_as(b, &newer, &newer.next, "valid");
	unit(b->sealed[0], 0, "epoch");
	begin_live(b, "epoch-given-twice");
	unit_as(b, &twin, &twin.next, "certificate");
	begin_live(b, "seal-of-another-camera");
	says = b->first;
	says.camera_uuid[0] ^= 1;
	unit_as(b, &b->camera, &says, "camera");
	begin_live(b, "seal-of-another-epoch");
	says = b->first;
	says.epoch++;
	unit_as(b, &b->camera, &says, "epoch");
	begin_live(b, "another-stream");
	says = b->first;
	says.stream = 1;
	unit_as(b, &b->camera, &says, "stream");

	seal_camera_release(&other_root);
	seal_camera_release(&other_camera);
	seal_camera_release(&older);
	seal_camera_release(&newer);
	seal_camera_release(&twin);
}

static void write_order_and_time(struct book *b)
{
	struct seal says = b->first;

	begin_live(b, "replay");
	unit(b->sealed[0], 0, "valid");
	unit(b->sealed[0], 1, "sequence");
	begin(b, "before-the-lease", "live");
	statement(&b->camera, 2, NONCE, EXPORTER, -1, "valid");
	unit(b->sealed[0], 0, "sequence");
	begin(b, "sequence-zero", "file");
	says.sequence = 0;
	unit_as(b, &b->camera, &says, "sequence");
	begin_live(b, "stale");
	unit_late(b->sealed[0], 0, 60 * SECOND, "stale");
	unit_late(b->sealed[0], 0, 5 * SECOND - 10000 + 1, "stale");
	unit_late(b->sealed[0], 0, 5 * SECOND - 10000, "valid");
	begin_live(b, "future");
	unit_late(b->sealed[0], 0, -SECOND - 30001, "future");
	unit_late(b->sealed[0], 0, -SECOND - 30000, "valid");
	begin(b, "relay-times", "relay");
	unit_late(b->sealed[0], 0, 10 * SECOND, "stale");
	unit_late(b->sealed[0], 0, -11 * SECOND, "future");
	unit_late(b->sealed[0], 0, 3 * SECOND, "valid");
	unit_late(b->sealed[1], 1, 0, "valid");
	unit_late(b->sealed[2], 2, 5 * SECOND + 1, "stale");
	begin(b, "reconnect", "no-clock");
	says.sequence = 5;
	unit_as(b, &b->camera, &says, "valid");
	puts("reconnect");
	unit(b->sealed[0], 0, "sequence");
	unit_as(b, &b->camera, &says, "valid");
	begin(b, "file-times", "file");
	unit(b->sealed[0], 0, "valid");
	says = b->first;
	says.sequence = 2;
	says.boottime--;
	unit_as(b, &b->camera, &says, "stale");
}

/* Two streams that take turns, where that is wanted. */
static void write_switches(struct book *b)
{
	struct seal main = b->first, sub = b->first;

	sub.stream = 1;
	sub.sequence = 9;
	begin(b, "switching", "file");
	puts("switching");
	unit_as(b, &b->camera, &main, "valid");
	unit_as(b, &b->camera, &sub, "sequence"); /* of the same moment */
	sub.boottime += 2;
	unit_as(b, &b->camera, &sub, "valid");
	unit_as(b, &b->camera, &sub, "sequence");
	main.sequence = 5;
	main.boottime++;
	unit_as(b, &b->camera, &main, "sequence");
	main.boottime += 2;
	unit_as(b, &b->camera, &main, "valid");
	begin(b, "switching-reconnect", "no-clock");
	puts("switching");
	unit_as(b, &b->camera, &main, "valid");
	puts("reconnect");
	sub.boottime = main.boottime - 1;
	unit_as(b, &b->camera, &sub, "sequence");
	sub.boottime++;
	unit_as(b, &b->camera, &sub, "valid");
	begin(b, "switching-live", "live");
	puts("switching");
	statement(&b->camera, 5, NONCE, EXPORTER, -1, "stream");
	b->camera.may_switch = true;
	statement(&b->camera, 5, NONCE, EXPORTER, 2, "statement");
	statement(&b->camera, 5, NONCE, EXPORTER, -1, "valid");
	unit(b->sealed[0], 0, "sequence");
	sub.sequence = 1;
	unit_as(b, &b->camera, &sub, "valid");
	begin(b, "switching-unasked", "live");
	statement(&b->camera, 1, NONCE, EXPORTER, -1, "stream");
	b->camera.may_switch = false;
	unit(b->sealed[0], 0, "statement");
}

static void write_statements(struct book *b)
{
	begin(b, "no-statement", "live");
	unit(b->sealed[0], 0, "statement");
	begin(b, "statements", "live");
	statement(&b->camera, 1, NONCE + 1, EXPORTER, -1, "nonce");
	statement(&b->camera, 1, NONCE, EXPORTER + 1, -1, "exporter");
	statement(&b->camera, 1, NONCE, EXPORTER, 0, "version");
	statement(&b->camera, 1, NONCE, EXPORTER, 3, "statement");
	statement(&b->camera, 1, NONCE, EXPORTER, 45, "statement");
	statement(&b->camera, 1, NONCE, EXPORTER, SEAL_STATEMENT_SIZE - 1, "statement");
	unit(b->sealed[0], 0, "statement");
	statement(&b->camera, 1, NONCE, EXPORTER, -1, "valid");
	unit(b->sealed[0], 0, "valid");
}

/* What is left of sealed unit i without the NAL units of a class. */
static struct slice without(const struct book *b, size_t i, enum nal_class class)
{
	struct slice nals[16];
	size_t n = seal_camera_nals(b->sealed[i], nals, ARRAY_SIZE(nals)), used = 0;

	for (size_t k = 0; k < n; k++)
		if (nal_seal_classify(b->codec, nals[k]) != class)
			nals[used++] = nals[k];
	return seal_camera_join(nals, used);
}

/* Its delimiter and its last slice once more. */
static struct slice split(const struct book *b, size_t i)
{
	struct slice nals[16];
	size_t n = seal_camera_nals(b->sealed[i], nals, ARRAY_SIZE(nals) - 2);

	nals[n] = nals[0];
	nals[n + 1] = nals[n - 1];
	return seal_camera_join(nals, n + 2);
}

/* NAL unit `at` with its byte `byte` changed. */
static struct slice changed(const struct book *b, size_t i, size_t at, size_t byte, uint8_t xor)
{
	struct slice nals[16];
	size_t n = seal_camera_nals(b->sealed[i], nals, ARRAY_SIZE(nals)), offset = 4;
	struct slice joined = seal_camera_join(nals, n);

	for (size_t k = 0; k < at; k++)
		offset += nals[k].len + 4;
	((uint8_t *)(uintptr_t)joined.data)[offset + byte] ^= xor;
	return joined;
}

/* Sealed unit i with two NAL units in each other's place. */
static struct slice swapped(const struct book *b, size_t i, size_t x, size_t y)
{
	struct slice nals[16];
	size_t n = seal_camera_nals(b->sealed[i], nals, ARRAY_SIZE(nals));
	struct slice kept = nals[x];

	nals[x] = nals[y];
	nals[y] = kept;
	return seal_camera_join(nals, n);
}

/* The first unit sealed by a camera that left its NAL unit `out` away. */
static struct slice seal_some(struct book *b, size_t out)
{
	struct slice nals[16], some, sealed;
	size_t n = seal_camera_nals(b->units[0], nals, ARRAY_SIZE(nals));

	memmove(nals + out, nals + out + 1, (n - out - 1) * sizeof(*nals));
	some = seal_camera_join(nals, n - 1);
	sealed = seal_camera_seal_as(&b->camera, some, &b->first);
	free((void *)(uintptr_t)some.data);
	return sealed;
}

static void write_nals(struct book *b)
{
	struct slice nals[16];
	size_t n = seal_camera_nals(b->sealed[0], nals, ARRAY_SIZE(nals));
	size_t seal = find_seal(b, nals, n), sets = b->codec == SEAL_CODEC_HEVC ? 3 : 2;
	struct seal says = b->first;

	begin_live(b, "remuxed");
	for (size_t k = 0; k < sets; k++) {
		printf("set");
		hex(nals[1 + k].data, nals[1 + k].len);
		putchar('\n');
	}
	unit_once(without(b, 0, NAL_PARAMETER_SET), 0, "valid");
	unit_once(without(b, 1, NAL_FRAMING), 1, "valid");
	begin_live(b, "delimiter");
	unit_once(changed(b, 0, 0, b->codec == SEAL_CODEC_HEVC ? 2 : 1, 1), 0, "malformed");
	unit_once(changed(b, 0, 0, b->codec == SEAL_CODEC_HEVC ? 2 : 1, 0x20), 0, "valid");
	unit_once(split(b, 1), 1, "malformed");
	begin_live(b, "parameter-sets");
	unit_once(without(b, 0, NAL_PARAMETER_SET), 0, "parameter-sets");
	unit_once(changed(b, 0, 1, 6, 1), 0, "parameter-sets");
	unit_once(swapped(b, 0, 1, 2), 0, "parameter-sets");
	begin_live(b, "incomplete-parameter-sets");
	for (size_t k = 1; k <= sets; k++)
		unit_once(seal_some(b, k), 0, "parameter-sets");
	begin_live(b, "picture");
	unit_once(changed(b, 0, n - 1, nals[n - 1].len / 2, 1), 0, "picture");
	unit(b->sealed[0], 0, "valid");
	unit(b->sealed[1], 1, "valid");
	begin_live(b, "seal-after-the-slice");
	unit_once(swapped(b, 0, seal, seal + 1), 0, "seal-malformed");
	begin_live(b, "seal-in-another-encoding");
	unit_once(changed(b, 0, seal, 0, b->codec == SEAL_CODEC_HEVC ? 1 : 0x60), 0,
		  "seal-malformed");
	unit_once(changed(b, 0, seal, b->codec == SEAL_CODEC_HEVC ? 4 : 3, 1), 0, "seal-malformed");
	begin_live(b, "no-seal-of-ours");
	unit_once(changed(b, 0, seal, b->codec == SEAL_CODEC_HEVC ? 8 : 7, 1), 0, "unsealed");
	begin_live(b, "keyframe-flag");
	says.keyframe = true;
	unit_once(seal_camera_seal_as(&b->camera, b->units[1], &says), 0, "keyframe");
	begin_live(b, "keyframe-without-certificate");
	{
		uint8_t bytes[SEAL_SIZE_MAX];
		size_t size = seal_of(b, 1, bytes);

		bytes[1] |= 1;
		unit_once(with_seal(b, 1, bytes, size, 1), 1, "no-certificate");
	}
	begin(b, "switching-amidst", "file");
	puts("switching");
	says = b->first;
	unit_as(b, &b->camera, &says, "valid");
	says.stream = 1;
	says.boottime++;
	unit_as(b, &b->camera, &says, "valid");
	unit(b->sealed[1], 1, "stream");
	unit(b->sealed[4], 4, "valid");
	unit(b->sealed[5], 5, "valid");
	begin(b, "joined-in-the-middle", "file");
	unit(b->sealed[1], 1, "no-certificate");
	unit(b->sealed[4], 4, "valid");
	begin_live(b, "waiting");
	unit(b->sealed[1], 1, "waiting");
	unit(b->sealed[2], 2, "waiting");
	unit(b->sealed[4], 4, "valid");
	unit(b->sealed[6], 6, "waiting");
}

static void write_jpegs(struct book *b)
{
	uint8_t seal[SEAL_SIZE_MAX], *bytes = malloc(b->sealed[0].len);
	size_t n = seal_of(b, 0, seal);
	struct slice s = b->sealed[0];

	begin_live(b, "picture");
	memcpy(bytes, s.data, s.len);
	bytes[s.len - 4] ^= 1;
	unit(slice_of(bytes, s.len), 0, "picture");
	begin_live(b, "seal-of-another-picture");
	unit_once(with_seal(b, 1, seal, n, 1), 0, "picture");
	begin_live(b, "not-to-the-end");
	unit(slice_of(s.data, s.len - 1), 0, "malformed");
	begin_live(b, "gap");
	unit(b->sealed[0], 0, "valid");
	unit(b->sealed[2], 2, "valid");
	free(bytes);
}

static void open_book(struct book *b, const char *codec, const char *directory)
{
	static const char *const names[] = {"h264", "jpeg", "hevc"};
	static const char *const files[] = {"clip.h264", "still-1.jpg", "clip.hevc"};
	char path[4096];
	struct slice file;

	*b = (struct book){0};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(codec, names[i]) == 0)
			b->codec = (enum seal_codec)(i + 1);
	if (b->codec == 0)
		exit(2);
	snprintf(path, sizeof(path), "%s/%s", directory, files[b->codec - 1]);
	file = seal_camera_load(path);
	if (b->codec == SEAL_CODEC_JPEG) {
		snprintf(path, sizeof(path), "%s/still-2.jpg", directory);
		b->units[0] = b->units[2] = file;
		b->units[1] = seal_camera_load(path);
		b->n = 3;
	} else {
		b->n = seal_camera_split(b->codec, file, b->units);
	}
	seal_camera_init(&b->camera, b->codec, 1, 1, 3);
	b->first = b->camera.next;
	for (size_t i = 0; i < b->n; i++)
		b->sealed[i] = seal_camera_seal(&b->camera, b->units[i]);
}

int main(int argc, char **argv)
{
	struct book b;

	if (argc != 3) {
		fprintf(stderr, "usage: seal-vectors h264|hevc|jpeg DIRECTORY\n");
		return 2;
	}
	open_book(&b, argv[1], argv[2]);
	printf("# Test vectors of docs/SEAL.md, version 1: %s. README says how to read them.\n",
	       argv[1]);
	write_valid(&b);
	write_forms(&b);
	write_identities(&b);
	write_order_and_time(&b);
	write_switches(&b);
	write_statements(&b);
	if (b.codec == SEAL_CODEC_JPEG)
		write_jpegs(&b);
	else
		write_nals(&b);
	return fflush(stdout) == 0 ? 0 : 1;
}
