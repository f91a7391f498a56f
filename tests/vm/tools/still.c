// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * still DEVICE WIDTH HEIGHT QUALITY JPEG RAW
 *
 * One test picture through v4l2/still.h: the JPEG into one file, what it was made of into the other
 * (I420). Prints "error NAME" and exits with 1 if there is none.
 */
#include "v4l2/still.h"

#include <errno.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "camera/pattern.h"
#include "v4l2/sys.h"

/* Of colours that move, so that no plane can be taken for another. */
static int draw(uint32_t width, uint32_t height, struct pattern **ret, struct v4l2_image *image)
{
	const uint8_t uuid[UUID_SIZE] = "still";
	struct pattern_planes planes;
	int r = pattern_new("still", uuid, width, height, ret);

	if (r < 0)
		return r;
	pattern_draw(*ret, 7, 0);
	planes = pattern_planes(*ret);
	*image = (struct v4l2_image){
		.fourcc = V4L2_PIX_FMT_YUV420,
		.width = width,
		.height = height,
		.plane = {planes.y, planes.u, planes.v},
		.stride = {planes.y_stride, planes.c_stride, planes.c_stride},
	};
	return 0;
}

static int take(struct v4l2_still *still, FILE *jpeg)
{
	const uint8_t *data;
	size_t size;
	int r;

	while ((r = v4l2_still_take(still, &data, &size)) == -EAGAIN) {
		struct pollfd p = {.fd = v4l2_still_fd(still), .events = POLLIN | POLLOUT};

		poll(&p, v4l2_still_events(still) ? 1 : 0, 100);
	}
	if (r >= 0)
		fwrite(data, 1, size, jpeg);
	return r;
}

static void write_raw(const struct v4l2_image *image, FILE *raw)
{
	for (unsigned int i = 0; i < 3; i++) {
		uint32_t lines = i ? image->height / 2 : image->height;

		for (uint32_t y = 0; y < lines; y++)
			fwrite(image->plane[i] + (size_t)y * image->stride[i], 1,
			       i ? image->width / 2 : image->width, raw);
	}
}

int main(int argc, char **argv)
{
	struct v4l2_still *still = NULL;
	struct pattern *pattern = NULL;
	struct v4l2_image image;
	FILE *jpeg, *raw;
	int r;

	if (argc != 7) {
		fprintf(stderr, "usage: still DEVICE WIDTH HEIGHT QUALITY JPEG RAW\n");
		return 2;
	}
	jpeg = fopen(argv[5], "w");
	raw = fopen(argv[6], "w");
	if (!jpeg || !raw)
		return 2;
	r = draw((uint32_t)atoi(argv[2]), (uint32_t)atoi(argv[3]), &pattern, &image);
	if (r >= 0)
		r = v4l2_still_begin(NULL, argv[1], &image, atoi(argv[4]), &still);
	if (r >= 0)
		r = take(still, jpeg);
	if (r >= 0)
		write_raw(&image, raw);
	else
		printf("error %s\n", strerrorname_np(-r));
	v4l2_still_free(still);
	pattern_free(pattern);
	fclose(jpeg);
	fclose(raw);
	return r < 0;
}
