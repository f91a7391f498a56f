// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A display that is somebody else's for a while: the hardware decodes on, through a change of the
 * pictures' size as well, and is what shows them afterwards. The screen, the terminal and the
 * decoder are scripted here; display and scanout are the program's.
 */
#include <drm_fourcc.h>
#include <linux/videodev2.h>
#include <sys/eventfd.h>

#include "base/cleanup.h"
#include "view/decoder.h"
#include "view/display.h"
#include "view/media.h"
#include "view/scanout.h"
#include "view/sign.h"
#include "view/terminal.h"
#include "wire.h"
#include "wire/h264-sps.h"

/* --- the machine --- */

struct v4l2_m2m_decode {
	struct v4l2_m2m_decode_format format;
	uint64_t arrived;
	bool has;
	uint32_t next;
};

static struct {
	bool master, taken; /* taken: another has it, and nobody said so */
	enum terminal_event event;
	struct framebuffer const *laid;
	unsigned n_laid, n_opened, n_software;
	int refuse_open;
	uint32_t width, height; /* of the pictures on the screen */
	struct v4l2_m2m_decode decoder;
	int fd;
} machine;

static int if_master(void)
{
	return machine.master ? 0 : -EACCES;
}

int drmSetMaster(int fd)
{
	machine.master = !machine.taken;
	errno = EBUSY;
	return machine.master ? 0 : -1;
}

int drmDropMaster(int fd)
{
	machine.master = false;
	return 0;
}

int terminal_take(struct terminal *t)
{
	*t = (struct terminal){.fd = -EBADF, .signals = -EBADF};
	return 0;
}

void terminal_release(struct terminal *t)
{
}

enum terminal_event terminal_next(const struct terminal *t)
{
	enum terminal_event event = machine.event;

	machine.event = TERMINAL_QUIET;
	return event;
}

void terminal_left(const struct terminal *t)
{
}

int sign_draw(const struct framebuffer *f, const char *name)
{
	return 0;
}

int screen_open(struct screen *s, const char *device, const char *connector, char why[KMS_WHY_SIZE])
{
	*s = (struct screen){.kms.fd = machine.fd, .n_planes = 1};
	return 0;
}

void screen_close(struct screen *s)
{
}

int screen_dark(struct screen *s)
{
	machine.laid = machine.master ? NULL : machine.laid;
	return if_master();
}

int screen_fit(struct screen *s, uint32_t width, uint32_t height)
{
	return if_master();
}

int screen_adopt(struct screen *s, const struct framebuffer *like, uint32_t width, uint32_t height)
{
	if (machine.master) {
		machine.width = width;
		machine.height = height;
	}
	return if_master();
}

struct framebuffer *screen_canvas(struct screen *s, struct plane_area *ret)
{
	return &s->canvases[0];
}

int screen_lay(struct screen *s, const struct framebuffer *f)
{
	if (machine.master) {
		machine.laid = f;
		machine.n_laid++;
	}
	return if_master();
}

bool screen_holds(const struct screen *s, const struct framebuffer *f)
{
	return f == machine.laid;
}

int screen_take_events(struct screen *s)
{
	return 0;
}

bool plane_shows(const struct plane *p, uint32_t format)
{
	return format == DRM_FORMAT_NV12;
}

int framebuffer_import(struct framebuffer *f, const struct kms *k, int dmabuf, uint32_t format,
		       uint32_t width, uint32_t height, uint32_t stride)
{
	f->id = 1;
	return 0;
}

void framebuffer_destroy(struct framebuffer *f, const struct kms *k)
{
	*f = (struct framebuffer){};
}

/* --- the hardware decoder: a unit in, a picture out --- */

int v4l2_m2m_decode_open(const struct v4l2_sys *sys, const char *path,
			 const struct v4l2_m2m_decode_want *want, struct v4l2_m2m_decode **ret)
{
	if (machine.refuse_open)
		return machine.refuse_open;
	machine.n_opened++;
	machine.decoder = (struct v4l2_m2m_decode){
		.format = {.fourcc = V4L2_PIX_FMT_NV12,
			   .visible_width = want->width,
			   .visible_height = want->height},
	};
	*ret = &machine.decoder;
	return 0;
}

struct v4l2_m2m_decode *v4l2_m2m_decode_close(struct v4l2_m2m_decode *d)
{
	return NULL;
}

const char *v4l2_m2m_decode_name(const struct v4l2_m2m_decode *d)
{
	return "the script";
}

int v4l2_m2m_decode_fd(const struct v4l2_m2m_decode *d)
{
	return -EBADF;
}

uint32_t v4l2_m2m_decode_events(const struct v4l2_m2m_decode *d)
{
	return 0;
}

uint64_t v4l2_m2m_decode_deadline(const struct v4l2_m2m_decode *d)
{
	return UINT64_MAX;
}

/* As a real one does, it takes no stream of another size. */
int v4l2_m2m_decode_put(struct v4l2_m2m_decode *d, const void *sets, size_t n_sets,
			const void *unit, size_t n_unit, uint64_t timestamp_us)
{
	struct h264_sps sps;

	if (n_sets > 0 &&
	    h264_sps_parse(&sps, slice_of((const uint8_t *)sets + 4, n_sets - 4)) == 0 &&
	    (sps.width != d->format.visible_width || sps.height != d->format.visible_height))
		return -EIO;
	d->arrived = timestamp_us;
	d->has = true;
	return 0;
}

int v4l2_m2m_decode_next(struct v4l2_m2m_decode *d, struct v4l2_m2m_picture *ret)
{
	if (!d->has)
		return -EAGAIN;
	d->has = false;
	d->next = (d->next + 1) % 4;
	*ret = (struct v4l2_m2m_picture){.index = d->next, .timestamp_us = d->arrived};
	return 0;
}

int v4l2_m2m_decode_release(struct v4l2_m2m_decode *d, uint32_t index)
{
	return 0;
}

const struct v4l2_m2m_decode_format *v4l2_m2m_decode_format(const struct v4l2_m2m_decode *d)
{
	return &d->format;
}

int v4l2_m2m_decode_export(const struct v4l2_m2m_decode *d, uint32_t index, int *ret_fd)
{
	*ret_fd = -EBADF;
	return 0;
}

/* --- and software, which only counts --- */

struct decoder {
	int unused;
};

int decoder_new(struct decoder **ret)
{
	*ret = NULL;
	return 0;
}

struct decoder *decoder_free(struct decoder *d)
{
	return NULL;
}

int decoder_take(struct decoder *d, struct slice unit, struct picture *ret)
{
	machine.n_software++;
	return 0;
}

/* --- the tests --- */

#define SECOND UINT64_C(1000000)

/* Start code and sequence parameter set, baseline: of 320x240, and of 640x480. */
static const uint8_t small[] = {0, 0, 0, 1, 0x67, 0x42, 0xc0, 0x1e, 0xda, 0x05, 0x07, 0xe4};
static const uint8_t large[] = {0, 0, 0, 1, 0x67, 0x42, 0xc0, 0x1e, 0xda, 0x02, 0x80, 0xf6, 0x40};

static uint64_t now;

static void show(struct display *d, struct slice sets)
{
	static const uint8_t picture[] = {0, 0, 0, 1, 0x65, 0x88};
	struct stream_unit unit = {.keyframe = sets.len > 0,
				   .prefix = sets,
				   .bytes = slice_of(picture, sizeof(picture))};

	now += SECOND / 10;
	assert_int_equal(display_show(d, &unit, now), 0);
	assert_int_equal(display_advance(d, now), 0);
}

#define KEYFRAME(size) slice_of(size, sizeof(size))
#define OTHER          ((struct slice){})

static struct display *open_display(void)
{
	const struct display_config config = {.camera = "front"};
	struct display *d;

	machine = (typeof(machine)){.master = true, .fd = eventfd(0, EFD_CLOEXEC)};
	now = SECOND;
	assert_int_equal(display_open(&config, &d), 0);
	machine.n_opened = 0; /* it was looked for */
	return d;
}

static void close_display(struct display *d)
{
	display_close(d);
	close_fd(machine.fd);
}

static void turn(struct display *d, enum terminal_event event)
{
	machine.event = event;
	assert_int_equal(display_advance(d, now), 0);
}

static void assert_shown(struct display *d, struct slice sets, uint32_t width, uint32_t height)
{
	unsigned before = machine.n_laid;

	show(d, sets);
	assert_int_equal(machine.n_laid, before + 1);
	assert_int_equal(machine.width, width);
	assert_int_equal(machine.height, height);
	assert_int_equal(machine.n_software, 0);
}

static void test_the_sizes_are_what_they_are_said_to_be(void **state)
{
	struct h264_sps sps;

	assert_int_equal(h264_sps_parse(&sps, slice_of(small + 4, sizeof(small) - 4)), 0);
	assert_int_equal(sps.width, 320);
	assert_int_equal(sps.height, 240);
	assert_int_equal(h264_sps_parse(&sps, slice_of(large + 4, sizeof(large) - 4)), 0);
	assert_int_equal(sps.width, 640);
	assert_int_equal(sps.height, 480);
}

static void test_the_size_changes_while_away(void **state)
{
	struct display *d = open_display();

	assert_shown(d, KEYFRAME(small), 320, 240);
	turn(d, TERMINAL_LEAVE);
	show(d, OTHER);
	show(d, KEYFRAME(large));
	show(d, OTHER);
	assert_int_equal(machine.n_laid, 1);
	turn(d, TERMINAL_RETURN);
	assert_shown(d, OTHER, 640, 480);
	assert_int_equal(machine.n_opened, 2);
	close_display(d);
}

static void test_the_first_picture_comes_while_away(void **state)
{
	struct display *d = open_display();

	turn(d, TERMINAL_LEAVE);
	show(d, KEYFRAME(small));
	turn(d, TERMINAL_RETURN);
	assert_shown(d, OTHER, 320, 240);
	close_display(d);
}

/* With nobody who says so: it asks again each second, and goes on. */
static void test_a_display_that_is_taken_is_asked_for_again(void **state)
{
	struct display *d = open_display();

	machine.master = false;
	machine.taken = true;
	show(d, KEYFRAME(small));
	show(d, KEYFRAME(large));
	assert_int_equal(machine.n_laid, 0);
	assert_true(display_deadline(d) <= now + SECOND);
	now = display_deadline(d);
	assert_int_equal(display_advance(d, now), 0);
	assert_false(machine.master);
	machine.taken = false;
	now = display_deadline(d);
	assert_int_equal(display_advance(d, now), 0);
	assert_true(machine.master);
	assert_int_equal(display_deadline(d), UINT64_MAX);
	assert_shown(d, OTHER, 640, 480);
	close_display(d);
}

/* Whoever is in front may use the decoder, too. */
static void test_a_decoder_that_fails_while_away_is_tried_again(void **state)
{
	struct display *d = open_display();

	assert_shown(d, KEYFRAME(small), 320, 240);
	turn(d, TERMINAL_LEAVE);
	machine.refuse_open = -EBUSY;
	show(d, KEYFRAME(large));
	assert_int_equal(machine.n_laid, 1);
	machine.refuse_open = 0;
	turn(d, TERMINAL_RETURN);
	machine.n_software = 0;
	assert_shown(d, KEYFRAME(large), 640, 480);
	close_display(d);
}

/* While the screen is ours, once is enough. */
static void test_a_decoder_that_fails_in_front_is_given_up(void **state)
{
	struct display *d = open_display();

	machine.refuse_open = -EBUSY;
	show(d, KEYFRAME(small));
	machine.refuse_open = 0;
	turn(d, TERMINAL_LEAVE);
	turn(d, TERMINAL_RETURN);
	show(d, KEYFRAME(small));
	assert_int_equal(machine.n_opened, 0);
	assert_true(machine.n_software > 0);
	close_display(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_sizes_are_what_they_are_said_to_be),
		cmocka_unit_test(test_the_size_changes_while_away),
		cmocka_unit_test(test_the_first_picture_comes_while_away),
		cmocka_unit_test(test_a_display_that_is_taken_is_asked_for_again),
		cmocka_unit_test(test_a_decoder_that_fails_while_away_is_tried_again),
		cmocka_unit_test(test_a_decoder_that_fails_in_front_is_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
