// SPDX-License-Identifier: LGPL-2.1-or-later
/* The load client's side of the RTSP dialogue. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct viewer;

struct dialogue_answer {
	unsigned status;
	char session[256]; /* without parameters; empty: none */
	size_t size;       /* bytes of the buffer that it fills */
};

/* Writes the next request of the viewer, with its credentials; returns its length. */
int dialogue_request(struct viewer *v, const char *method, char *request, size_t size);

/* 1: an answer; 0: not complete; -EBADMSG: none. */
int dialogue_parse(struct dialogue_answer *answer, const uint8_t *data, size_t len);
