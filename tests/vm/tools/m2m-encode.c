// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * m2m-encode DEVICE WIDTH HEIGHT PICTURES CODED RAW [NAME=VALUE]...
 *
 * Encodes test pictures through v4l2/m2m.h. The coded pictures go into the file CODED and, in the
 * same order, the pictures that they must decode to into RAW (I420). Options:
 *
 *	codec=H264|HEVC|JPEG|FWHT  raw=FOURCC  gop=N  bitrate=N  quality=N
 *	memory=mmap|import|export  (import: of the system's DMA heap; export: its own, as DMA-bufs)
 *	force=N       every Nth picture is to be a keyframe
 *	reset_at=N    after N pictures: drain, begin anew
 *	adjust_at=N   after N pictures: another bitrate and GOP
 *	reopen=1      a stalled or broken encoder is closed and opened again
 *
 * Prints, one word list a line:
 *
 *	format FOURCC WIDTH HEIGHT VISIBLE_WIDTH VISIBLE_HEIGHT PLANES
 *	note ID ASKED TAKEN ERROR
 *	coded PICTURE SIZE KEYFRAME LOST_BEFORE
 *	drained CODED OF_PUT | stalled ERROR | back MILLISECONDS (since its last sign of life)
 *	counts PUT CODED LOST FAULTY STRAYS RESTARTS
 *	error NAME
 *
 * Exit status: 0 all went through, 1 not.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-heap.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "camera/pattern.h"
#include "v4l2/dmabuf.h"
#include "v4l2/m2m.h"
#include "v4l2/sys.h"

#define PICTURES_MAX 1000
#define INTERVAL_US  33333
#define BUFFERS_MAX  V4L2_QUEUE_BUFFERS_MAX

struct dmabuf {
	int fd;
	uint8_t *start;
	size_t size;
};

struct options {
	uint32_t codec, raw;
	int32_t gop, bitrate, quality;
	bool import, export, reopen;
	unsigned int force, reset_at, adjust_at;
};

struct run {
	const char *device;
	uint32_t width, height;
	unsigned int pictures;
	struct options options;
	FILE *coded, *raw;
	struct pattern *pattern;
	struct v4l2_m2m *m2m;
	struct dmabuf dmabufs[BUFFERS_MAX][V4L2_QUEUE_PLANES_MAX];
	unsigned int n_put, n_coded, forced;
	uint64_t base_us;  /* timestamp of picture 0 */
	uint64_t alive_us; /* the last coded picture, or the start */
	bool ending, after_stall;
};

static uint64_t now_us(void)
{
	return v4l2_sys_kernel.now_us(&v4l2_sys_kernel);
}

static uint32_t fourcc(const char *name)
{
	return strlen(name) == 4 ? v4l2_fourcc((uint32_t)name[0], (uint32_t)name[1],
					       (uint32_t)name[2], (uint32_t)name[3])
				 : 0;
}

/* Picture N, as I420 without padding. */
static struct v4l2_image draw(struct run *run, unsigned int n)
{
	struct pattern_planes planes;

	pattern_draw(run->pattern, n, n * (uint64_t)INTERVAL_US);
	planes = pattern_planes(run->pattern);
	return (struct v4l2_image){
		.fourcc = V4L2_PIX_FMT_YUV420,
		.width = run->width,
		.height = run->height,
		.plane = {planes.y, planes.u, planes.v},
		.stride = {planes.y_stride, planes.c_stride, planes.c_stride},
	};
}

static void write_plane(FILE *file, const uint8_t *plane, uint32_t stride, uint32_t width,
			uint32_t lines)
{
	for (uint32_t i = 0; i < lines; i++)
		fwrite(plane + (size_t)i * stride, 1, width, file);
}

static void write_picture(struct run *run, unsigned int n)
{
	struct v4l2_image image = draw(run, n);

	write_plane(run->raw, image.plane[0], image.stride[0], run->width, run->height);
	write_plane(run->raw, image.plane[1], image.stride[1], run->width / 2, run->height / 2);
	write_plane(run->raw, image.plane[2], image.stride[2], run->width / 2, run->height / 2);
}

static int map_dmabuf(struct dmabuf *dmabuf, int fd)
{
	int64_t size = v4l2_sys_kernel.size(&v4l2_sys_kernel, fd);
	void *start;

	if (size <= 0)
		return -EINVAL;
	start = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (start == MAP_FAILED)
		return -errno;
	*dmabuf = (struct dmabuf){.fd = fd, .start = start, .size = (size_t)size};
	return 0;
}

static int heap_allocate(size_t size)
{
	_cleanup_close_ int heap = open("/dev/dma_heap/system", O_RDWR | O_CLOEXEC);
	struct dma_heap_allocation_data data = {.len = size, .fd_flags = O_RDWR | O_CLOEXEC};

	if (heap < 0 || ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &data) < 0)
		return -errno;
	return (int)data.fd;
}

static int prepare_buffer(struct run *run, uint32_t index)
{
	const struct v4l2_raw *raw = &v4l2_m2m_format(run->m2m)->raw;
	int fds[V4L2_QUEUE_PLANES_MAX], r;

	for (unsigned int i = 0; i < raw->n_planes; i++) {
		if (run->options.import) {
			fds[i] = heap_allocate(raw->size[i]);
			if (fds[i] < 0)
				return fds[i];
		} else {
			r = v4l2_dmabuf_export(v4l2_m2m_raw_queue(run->m2m), index, i, &fds[i]);
			if (r < 0)
				return r;
		}
		r = map_dmabuf(&run->dmabufs[index][i], fds[i]);
		if (r < 0)
			return r;
	}
	return run->options.import ? v4l2_m2m_import(run->m2m, index, fds) : 0;
}

static int prepare_buffers(struct run *run)
{
	int r = 0;

	if (!run->options.import && !run->options.export)
		return 0;
	for (uint32_t i = 0; i < v4l2_m2m_raw_queue(run->m2m)->count && r >= 0; i++)
		r = prepare_buffer(run, i);
	return r;
}

static void print_setup(const struct run *run)
{
	const struct v4l2_raw *raw = &v4l2_m2m_format(run->m2m)->raw;
	const struct v4l2_m2m_controls *controls = v4l2_m2m_controls(run->m2m);

	printf("format %.4s %u %u %u %u %u\n", (const char *)&raw->fourcc, raw->width, raw->height,
	       raw->visible_width, raw->visible_height, raw->n_planes);
	for (unsigned int i = 0; i < controls->n_notes; i++) {
		const struct v4l2_m2m_note *note = &controls->notes[i];

		printf("note %#x %d %d %s\n", note->id, note->asked, note->taken,
		       note->error ? strerrorname_np(-note->error) : "0");
	}
}

static int begin(struct run *run)
{
	const struct v4l2_m2m_want want = {
		.codec = run->options.codec,
		.raw = run->options.raw,
		.width = run->width,
		.height = run->height,
		.fps_num = 30,
		.fps_den = 1,
		.gop = run->options.gop,
		.bitrate = run->options.bitrate,
		.quality = run->options.quality,
		.import = run->options.import,
	};
	int r = v4l2_m2m_open(NULL, run->device, &want, &run->m2m);

	if (r < 0)
		return r;
	r = v4l2_m2m_start(run->m2m);
	return r < 0 ? r : prepare_buffers(run);
}

static void print_counts(const struct run *run)
{
	const struct v4l2_m2m_counts *c = v4l2_m2m_counts(run->m2m);

	printf("counts %llu %llu %llu %llu %llu %llu\n", (unsigned long long)c->put,
	       (unsigned long long)c->coded, (unsigned long long)c->lost,
	       (unsigned long long)c->faulty, (unsigned long long)c->strays,
	       (unsigned long long)c->restarts);
}

static void end(struct run *run)
{
	if (run->m2m)
		print_counts(run);
	run->m2m = v4l2_m2m_close(run->m2m);
	for (unsigned int i = 0; i < BUFFERS_MAX; i++) {
		for (unsigned int plane = 0; plane < V4L2_QUEUE_PLANES_MAX; plane++) {
			struct dmabuf *dmabuf = &run->dmabufs[i][plane];

			if (dmabuf->start) {
				munmap(dmabuf->start, dmabuf->size);
				close(dmabuf->fd);
			}
			*dmabuf = (struct dmabuf){};
		}
	}
}

/* By way of a DMA-buf, where there is one, with the caches told. */
static int fill(struct run *run, const struct v4l2_m2m_raw *buffer)
{
	const struct v4l2_raw *raw = &v4l2_m2m_format(run->m2m)->raw;
	struct v4l2_image image = draw(run, run->n_put);
	struct dmabuf *dmabufs = run->dmabufs[buffer->index];
	uint8_t *planes[V4L2_QUEUE_PLANES_MAX];
	int r = 0;

	for (unsigned int i = 0; i < raw->n_planes && r >= 0; i++) {
		planes[i] = dmabufs[i].start ? dmabufs[i].start : buffer->planes[i];
		if (dmabufs[i].start)
			r = v4l2_dmabuf_begin(&v4l2_sys_kernel, dmabufs[i].fd, V4L2_DMABUF_WRITE);
	}
	if (r >= 0)
		r = v4l2_raw_copy(raw, planes, &image);
	for (unsigned int i = 0; i < raw->n_planes && r >= 0; i++)
		if (dmabufs[i].start)
			r = v4l2_dmabuf_end(&v4l2_sys_kernel, dmabufs[i].fd, V4L2_DMABUF_WRITE);
	return r;
}

/* What the options want before the next picture. */
static int before_put(struct run *run)
{
	const struct options *o = &run->options;
	unsigned int n = run->n_put;

	/* Once: a picture may have to be put again. */
	if (o->force && n % o->force == 0 && n != run->forced) {
		run->forced = n;
		v4l2_m2m_force_keyframe(run->m2m);
	}
	if (o->adjust_at && n == o->adjust_at) {
		run->options.adjust_at = 0;
		return v4l2_m2m_adjust(run->m2m, 1000000, 10);
	}
	if (n && n == o->reset_at && !run->ending) {
		run->ending = true;
		return v4l2_m2m_drain(run->m2m);
	}
	return 0;
}

/* The next picture, or the end after the last. 1: put; 0: not now. */
static int put_next(struct run *run)
{
	struct v4l2_m2m_raw buffer;
	int r;

	if (run->n_put == run->pictures) {
		if (run->ending)
			return 0;
		run->ending = true;
		return v4l2_m2m_drain(run->m2m);
	}
	r = before_put(run);
	if (r < 0)
		return r;
	r = v4l2_m2m_take(run->m2m, &buffer);
	if (r >= 0)
		r = fill(run, &buffer);
	if (r >= 0)
		r = v4l2_m2m_put(run->m2m, buffer.index,
				 run->base_us + run->n_put * (uint64_t)INTERVAL_US);
	if (r < 0)
		return r == -EAGAIN ? 0 : r;
	run->n_put++;
	return 1;
}

static int take_all(struct run *run)
{
	struct v4l2_m2m_coded coded;
	int r;

	while ((r = v4l2_m2m_next(run->m2m, &coded)) >= 0) {
		unsigned int n = (unsigned int)((coded.timestamp_us - run->base_us) / INTERVAL_US);

		printf("coded %u %zu %d %u\n", n, coded.size, coded.keyframe, coded.lost_before);
		fwrite(coded.data, 1, coded.size, run->coded);
		write_picture(run, n);
		run->n_coded++;
		if (run->after_stall)
			printf("back %llu\n",
			       (unsigned long long)(now_us() - run->alive_us) / 1000);
		run->after_stall = false;
		run->alive_us = now_us();
		r = v4l2_m2m_release(run->m2m, &coded);
		if (r < 0)
			return r;
	}
	return r == -EAGAIN ? 0 : r;
}

/* After the last of a drain: 1 if that was the end of all. */
static int drained(struct run *run)
{
	unsigned int n = run->n_put;

	printf("drained %u %u\n", run->n_coded, run->n_put);
	if (n == run->pictures)
		return 1;
	run->ending = false;
	run->options.reset_at = 0;
	return v4l2_m2m_reset(run->m2m);
}

static int reopen(struct run *run, int error)
{
	printf("stalled %s\n", strerrorname_np(-error));
	end(run);
	run->after_stall = true;
	run->ending = false;
	return begin(run);
}

static void wait_for_events(struct run *run)
{
	uint64_t deadline = v4l2_m2m_deadline(run->m2m), now = now_us();
	int timeout = deadline <= now ? 0 : deadline - now > 1000000 ? 1000 : 20;
	struct pollfd p = {.fd = v4l2_m2m_fd(run->m2m)};
	uint32_t events = v4l2_m2m_events(run->m2m);

	p.events = (short)((events & EPOLLIN ? POLLIN : 0) | (events & EPOLLOUT ? POLLOUT : 0) |
			   (events & EPOLLPRI ? POLLPRI : 0));
	poll(&p, events ? 1 : 0, timeout);
}

static int encode(struct run *run)
{
	int r = 0;

	while (r >= 0) {
		int put = r = put_next(run);

		if (r >= 0)
			r = take_all(run);
		if (r == -EPIPE) {
			r = drained(run);
			if (r == 1)
				return 0;
		}
		if ((r == -ETIMEDOUT || r == -EIO) && run->options.reopen)
			r = reopen(run, r);
		else if (r >= 0 && put == 0)
			wait_for_events(run);
	}
	return r;
}

static bool parse_option(struct options *o, const char *name, const char *value)
{
	unsigned int n = (unsigned int)strtoul(value, NULL, 10);

	if (strcmp(name, "codec") == 0)
		o->codec = fourcc(value);
	else if (strcmp(name, "raw") == 0)
		o->raw = fourcc(value);
	else if (strcmp(name, "memory") == 0) {
		o->import = strcmp(value, "import") == 0;
		o->export = strcmp(value, "export") == 0;
	} else if (strcmp(name, "gop") == 0)
		o->gop = (int32_t)n;
	else if (strcmp(name, "bitrate") == 0)
		o->bitrate = (int32_t)n;
	else if (strcmp(name, "quality") == 0)
		o->quality = (int32_t)n;
	else if (strcmp(name, "force") == 0)
		o->force = n;
	else if (strcmp(name, "reset_at") == 0)
		o->reset_at = n;
	else if (strcmp(name, "adjust_at") == 0)
		o->adjust_at = n;
	else if (strcmp(name, "reopen") == 0)
		o->reopen = n;
	else
		return false;
	return true;
}

static bool parse(struct run *run, int argc, char **argv)
{
	if (argc < 7)
		return false;
	run->device = argv[1];
	run->width = (uint32_t)strtoul(argv[2], NULL, 10);
	run->height = (uint32_t)strtoul(argv[3], NULL, 10);
	run->pictures = (unsigned int)strtoul(argv[4], NULL, 10);
	run->coded = fopen(argv[5], "w");
	run->raw = fopen(argv[6], "w");
	run->options.codec = V4L2_PIX_FMT_H264;
	for (int i = 7; i < argc; i++) {
		char *value = strchr(argv[i], '=');

		if (!value)
			return false;
		*value = '\0';
		if (!parse_option(&run->options, argv[i], value + 1))
			return false;
	}
	return run->coded && run->raw && run->pictures > 0 && run->pictures <= PICTURES_MAX;
}

int main(int argc, char **argv)
{
	const uint8_t uuid[UUID_SIZE] = "m2m-encode";
	struct run run = {};
	int r;

	if (!parse(&run, argc, argv)) {
		fprintf(stderr, "usage: m2m-encode DEVICE WIDTH HEIGHT PICTURES CODED RAW "
				"[NAME=VALUE]...\n");
		return 2;
	}
	setlinebuf(stdout);
	r = pattern_new("m2m", uuid, run.width, run.height, &run.pattern);
	run.base_us = run.alive_us = now_us();
	if (r >= 0)
		r = begin(&run);
	if (r >= 0) {
		print_setup(&run);
		r = encode(&run);
	}
	end(&run);
	if (r < 0)
		printf("error %s\n", strerrorname_np(-r));
	pattern_free(run.pattern);
	fclose(run.coded);
	fclose(run.raw);
	return r < 0;
}
