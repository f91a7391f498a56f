// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * grab-plane CARD PICTURE.ppm: what is on a display that no QEMU sees: the framebuffer (XRGB8888)
 * of its uppermost plane, read out of the very memory that is scanned out. Prints "primary" or
 * "overlay", and the driver that the memory is of. Needs root.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "grab-plane: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* The last one with a framebuffer: overlays come after the primary plane. */
static uint32_t find_framebuffer(int fd, unsigned *ret_place)
{
	drmModePlaneRes *planes = drmModeGetPlaneResources(fd);
	uint32_t found = 0;

	for (uint32_t i = 0; planes && i < planes->count_planes; i++) {
		drmModePlane *plane = drmModeGetPlane(fd, planes->planes[i]);

		if (plane && plane->fb_id) {
			found = plane->fb_id;
			*ret_place = i;
		}
		drmModeFreePlane(plane);
	}
	drmModeFreePlaneResources(planes);
	return found;
}

static void write_picture(const char *path, const drmModeFB2 *fb, const uint8_t *bytes)
{
	FILE *file = fopen(path, "w");

	if (!file)
		die(path);
	fprintf(file, "P6\n%u %u\n255\n", fb->width, fb->height);
	for (uint32_t y = 0; y < fb->height; y++)
		for (uint32_t x = 0; x < fb->width; x++) {
			const uint8_t *p = bytes + (size_t)y * fb->pitches[0] + (size_t)x * 4;

			fputc(p[2], file);
			fputc(p[1], file);
			fputc(p[0], file);
		}
	if (fclose(file) != 0)
		die(path);
}

/* "exp_name" of the DMA-buf: who allocated it. */
static void print_exporter(int dmabuf)
{
	char path[64], line[128];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", dmabuf);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, "exp_name:", 9) == 0)
			printf(" %s", strtok(line + 9, " \t\n"));
	putchar('\n');
}

int main(int argc, char **argv)
{
	unsigned place = 0;
	drmModeFB2 *fb;
	off_t size;
	uint8_t *bytes;
	int fd, dmabuf;
	uint32_t id;

	if (argc != 3)
		return 2;
	fd = open(argv[1], O_RDWR | O_CLOEXEC);
	if (fd < 0 || drmSetClientCap(fd, DRM_CLIENT_CAP_UNIVERSAL_PLANES, 1) != 0)
		die(argv[1]);
	id = find_framebuffer(fd, &place);
	fb = id ? drmModeGetFB2(fd, id) : NULL;
	if (!fb || !fb->handles[0])
		die("no framebuffer");
	if (drmPrimeHandleToFD(fd, fb->handles[0], DRM_CLOEXEC | DRM_RDWR, &dmabuf) != 0)
		die("its memory");
	size = lseek(dmabuf, 0, SEEK_END);
	bytes = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, dmabuf, 0);
	if (bytes == MAP_FAILED)
		die("mmap");
	printf("%s", place == 0 ? "primary" : "overlay");
	print_exporter(dmabuf);
	write_picture(argv[2], fb, bytes);
	return 0;
}
