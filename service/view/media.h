// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A file's access units, one after the other, as the verifier takes them: MP4, H.264 and HEVC byte
 * streams, a JPEG. What it is shows in its first bytes.
 */
#pragma once

#include "seal/seal.h"
#include "view/mp4-reader.h"
#include "wire/h264-au.h"
#include "wire/h264.h"
#include "wire/hevc-au.h"

enum media_kind {
	MEDIA_MP4,
	MEDIA_BYTE_STREAM,
	MEDIA_JPEG,
};

struct media {
	enum media_kind kind;
	enum seal_codec codec;
	struct slice file; /* the caller's */
	struct mp4_reader mp4;
	uint8_t *buffer; /* owned: a sample as a byte stream */
	size_t size;
	/* Of a byte stream: */
	struct h264_iter nals;
	struct h264_au h264_au;
	struct hevc_au hevc_au;
	const uint8_t *begin; /* of the access unit in work; NULL: at the end */
};

struct media_unit {
	/* Annex B or the JPEG, until the next call; empty: a sample that is none, which two readers
	 * could take differently. */
	struct slice bytes;
	bool has_time;
	uint64_t time; /* us, from the file's beginning, of decoding */
};

/* Errors: -EINVAL (none of these), -EBADMSG, -ENOENT (no video), -ENOTSUP; see mp4_reader_init().
 */
int media_init(struct media *m, struct slice file);
void media_release(struct media *m);

/* Parameter sets out of band: the i-th; false: there is none. */
bool media_parameter_set(const struct media *m, size_t i, struct slice *ret);
/* 1: one; 0: the end. Errors: -EBADMSG and -ENOTSUP (the file is damaged from here on), -ENOMEM. */
int media_next(struct media *m, struct media_unit *ret);

/* "MP4 with H.264" */
const char *media_name(const struct media *m);
