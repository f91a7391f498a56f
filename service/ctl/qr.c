// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/qr.h"

#include "ctl/ctl.h"

#ifdef HAVE_QRENCODE
#include <errno.h>
#include <png.h>
#include <qrencode.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

#define QUIET  4 /* modules around it, as ISO/IEC 18004 wants */
#define PIXELS 8 /* a module's side in a PNG */

DEFINE_CLEANUP(QRcode *, QRcode_free)

bool qr_available(void)
{
	return true;
}

static int encode(const char *text, QRcode **ret)
{
	*ret = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L);
	return *ret ? 0 : ctl_fail("This does not fit into a QR code: %s.", strerror(errno));
}

/* Whether the module is black; outside there is the quiet zone. */
static bool is_black(const QRcode *code, int x, int y)
{
	return x >= 0 && y >= 0 && x < code->width && y < code->width &&
	       code->data[y * code->width + x] & 1;
}

int qr_print(const char *text)
{
	static const char *const blocks[] = {" ", "\u2584", "\u2580", "\u2588"};
	_cleanup_(QRcode_freep) QRcode *code = NULL;
	int r = encode(text, &code);

	if (r)
		return r;
	for (int y = -QUIET; y < code->width + QUIET; y += 2) {
		fputs("\033[30;47m", stdout);
		for (int x = -QUIET; x < code->width + QUIET; x++)
			fputs(blocks[2 * is_black(code, x, y) + is_black(code, x, y + 1)], stdout);
		puts("\033[0m");
	}
	return 0;
}

/* The stream's; fd stays open. */
static FILE *open_stream(int fd)
{
	int copy = dup(fd);
	FILE *stream = copy < 0 ? NULL : fdopen(copy, "w");

	if (!stream)
		close_fd(copy);
	return stream;
}

static int close_stream(FILE *stream, bool failed, const char *path)
{
	failed = ferror(stream) || failed;
	if (fclose(stream) != 0 || failed)
		return ctl_fail("%s cannot be written.", path);
	return 0;
}

int qr_write_svg(const char *text, int fd, const char *path)
{
	_cleanup_(QRcode_freep) QRcode *code = NULL;
	FILE *stream;
	int r = encode(text, &code), side;

	if (r)
		return r;
	stream = open_stream(fd);
	if (!stream)
		return ctl_out_of_memory();
	side = code->width + 2 * QUIET;
	fprintf(stream,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
		"shape-rendering=\"crispEdges\">\n<path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/>\n<path "
		"d=\"",
		side, side, side, side);
	for (int y = 0; y < code->width; y++)
		for (int x = 0; x < code->width; x++)
			if (is_black(code, x, y))
				fprintf(stream, "M%d %dh1v1h-1z", x + QUIET, y + QUIET);
	fputs("\"/>\n</svg>\n", stream);
	return close_stream(stream, false, path);
}

static uint8_t *draw(const QRcode *code, size_t side)
{
	uint8_t *pixels = malloc(side * side);

	for (size_t y = 0; pixels && y < side; y++)
		for (size_t x = 0; x < side; x++)
			pixels[y * side + x] =
				is_black(code, (int)(x / PIXELS) - QUIET, (int)(y / PIXELS) - QUIET)
					? 0
					: 255;
	return pixels;
}

int qr_write_png(const char *text, int fd, const char *path)
{
	_cleanup_(QRcode_freep) QRcode *code = NULL;
	_cleanup_free_ uint8_t *pixels = NULL;
	png_image image = {.version = PNG_IMAGE_VERSION, .format = PNG_FORMAT_GRAY};
	FILE *stream;
	int r = encode(text, &code);

	if (r)
		return r;
	image.width = image.height = (png_uint_32)(code->width + 2 * QUIET) * PIXELS;
	pixels = draw(code, image.width);
	stream = pixels ? open_stream(fd) : NULL;
	if (!stream)
		return ctl_out_of_memory();
	r = png_image_write_to_stdio(&image, stream, 0, pixels, 0, NULL);
	return close_stream(stream, r == 0, path);
}

#else

static int missing(void)
{
	return ctl_fail("This build has no QR codes: it was made without libqrencode and libpng.");
}

bool qr_available(void)
{
	return false;
}

int qr_print(const char *text)
{
	return missing();
}

int qr_write_svg(const char *text, int fd, const char *path)
{
	return missing();
}

int qr_write_png(const char *text, int fd, const char *path)
{
	return missing();
}
#endif
