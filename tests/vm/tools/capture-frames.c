// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * capture-frames DEVICE WIDTH HEIGHT FPS FRAMES
 *
 * Captures through v4l2/capture.h, converts to I420 and prints what came, one word list a line:
 *
 *	format FOURCC WIDTH HEIGHT NUM/DEN
 *	frame SEQUENCE DROPPED AGE_US HASH	(AGE_US: time from the capture to here)
 *	error NAME				(the stream ended early)
 *	closed
 *
 * Then it waits for the end of its input, so that others can see what it still has open.
 * Exit status: 0 all frames came, 1 they did not.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "v4l2/capture-image.h"
#include "v4l2/capture.h"
#include "v4l2/convert.h"
#include "v4l2/sys.h"

#define WAIT_MS 3000

/* FNV-1a, 64 bits. */
static uint64_t hash(uint64_t h, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		h = (h ^ bytes[i]) * 0x100000001b3;
	return h;
}

static int show(struct v4l2_capture *capture, const struct v4l2_frame *frame)
{
	const struct v4l2_capture_format *f = v4l2_capture_format(capture);
	uint32_t c_width = (f->width + 1) / 2, c_height = (f->height + 1) / 2;
	size_t luma = (size_t)f->width * f->height, chroma = (size_t)c_width * c_height;
	_cleanup_free_ uint8_t *picture = malloc(luma + 2 * chroma);
	struct v4l2_i420 i420 = {.y = picture, .y_stride = f->width, .c_stride = c_width};
	struct v4l2_image image;
	int r;

	if (!picture)
		return -ENOMEM;
	i420.u = picture + luma;
	i420.v = i420.u + chroma;
	r = v4l2_capture_image(f, frame, &image);
	if (r >= 0)
		r = v4l2_convert_to_i420(&image, &i420);
	if (r < 0)
		return r;
	printf("frame %u %u %llu %016llx\n", frame->sequence,
	       frame->dropped_before + frame->faulty_before,
	       (unsigned long long)(v4l2_sys_kernel.now_us(&v4l2_sys_kernel) - frame->timestamp_us),
	       (unsigned long long)hash(0xcbf29ce484222325, picture, luma + 2 * chroma));
	return 0;
}

static int take(struct v4l2_capture *capture, unsigned long frames)
{
	struct pollfd p = {.fd = v4l2_capture_fd(capture), .events = POLLIN | POLLPRI};
	struct v4l2_frame frame;
	int r = 0;

	while (frames > 0 && r >= 0) {
		r = v4l2_capture_next(capture, &frame);
		if (r == -EAGAIN) {
			r = poll(&p, 1, WAIT_MS);
			r = r == 0 ? -ETIMEDOUT : r < 0 ? -errno : 0;
			continue;
		}
		if (r < 0)
			break;
		r = show(capture, &frame);
		if (r >= 0)
			r = v4l2_capture_release(capture, &frame);
		frames--;
	}
	return r;
}

static int run(char **argv)
{
	const struct v4l2_capture_want want = {
		.width = (uint32_t)strtoul(argv[2], NULL, 10),
		.height = (uint32_t)strtoul(argv[3], NULL, 10),
		.fps = (uint32_t)strtoul(argv[4], NULL, 10),
	};
	struct v4l2_capture *capture = NULL;
	const struct v4l2_capture_format *f;
	int r;

	r = v4l2_capture_open(NULL, argv[1], &want, &capture);
	if (r < 0)
		return r;
	f = v4l2_capture_format(capture);
	printf("format %.4s %u %u %u/%u\n", (const char *)&f->fourcc, f->width, f->height,
	       f->fps_num, f->fps_den);
	r = v4l2_capture_start(capture);
	if (r >= 0)
		r = take(capture, strtoul(argv[5], NULL, 10));
	v4l2_capture_close(capture);
	return r;
}

int main(int argc, char **argv)
{
	char end;
	int r;

	if (argc != 6) {
		fprintf(stderr, "usage: capture-frames DEVICE WIDTH HEIGHT FPS FRAMES\n");
		return 2;
	}
	setlinebuf(stdout);
	r = run(argv);
	if (r < 0)
		printf("error %s\n", strerrorname_np(-r));
	printf("closed\n");
	while (read(STDIN_FILENO, &end, 1) > 0)
		;
	return r < 0;
}
