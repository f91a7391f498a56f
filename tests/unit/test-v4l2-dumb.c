// SPDX-License-Identifier: LGPL-2.1-or-later
/* A graphics card that lends memory, or does not, played call by call beside a camera and an
 * encoder that have none to share. */
#include <drm.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/v4l2-duet.h"
#include "v4l2/dumb.h"
#include "v4l2/pool.h"
#include "v4l2/share.h"

#define CARD_FD 3

static const struct v4l2_m2m_want want = {.codec = V4L2_PIX_FMT_H264, .fps_num = 30, .fps_den = 1};

struct card {
	struct duet duet;
	int open_r, create_r, export_r; /* the latter two after `good` good ones */
	unsigned int good;
	uint64_t dumb, prime; /* capabilities */
	uint32_t pitch_align;
	uint64_t short_by; /* bytes less than its lines take */
	bool has_master;   /* somebody else */
	bool is_open, is_master;
	unsigned int opened, handles;
	uint64_t largest;
};

static int card_open(const struct v4l2_sys *sys, const char *path, int flags)
{
	struct card *c = (struct card *)duet_of(sys);

	if (strcmp(path, "card") != 0)
		return duet_open(sys, path, flags);
	if (c->open_r < 0)
		return c->open_r;
	if (c->is_open)
		duet_breach(&c->duet, "opened the card twice");
	if (flags != (O_RDWR | O_CLOEXEC))
		duet_breach(&c->duet, "opened the card otherwise");
	c->is_open = true;
	c->is_master = !c->has_master;
	c->opened++;
	return CARD_FD;
}

static int card_close(const struct v4l2_sys *sys, int fd)
{
	struct card *c = (struct card *)duet_of(sys);

	if (fd != CARD_FD)
		return duet_close(sys, fd);
	if (!c->is_open)
		duet_breach(&c->duet, "closed the card twice");
	if (c->handles)
		duet_breach(&c->duet, "left handles behind");
	c->is_open = c->is_master = false;
	return 0;
}

static int card_create(struct card *c, struct drm_mode_create_dumb *dumb)
{
	if (c->create_r < 0 && c->good == 0)
		return c->create_r;
	dumb->pitch = duet_align(dumb->width * dumb->bpp / 8, c->pitch_align);
	dumb->size = (uint64_t)dumb->pitch * dumb->height - c->short_by;
	dumb->handle = ++c->handles;
	if (dumb->size > c->largest)
		c->largest = dumb->size;
	return 0;
}

static int card_export(struct card *c, struct drm_prime_handle *prime)
{
	if (c->export_r < 0 && c->good == 0)
		return c->export_r;
	c->good -= c->good > 0;
	if (prime->flags != (DRM_CLOEXEC | DRM_RDWR))
		duet_breach(&c->duet, "exported otherwise than to be written");
	prime->fd = duet_new_dmabuf(&c->duet);
	return 0;
}

static int card_ioctl(const struct v4l2_sys *sys, int fd, unsigned long request, void *arg)
{
	struct card *c = (struct card *)duet_of(sys);
	struct drm_get_cap *cap = arg;

	if (fd != CARD_FD)
		return duet_ioctl(sys, fd, request, arg);
	if (request == DRM_IOCTL_DROP_MASTER) {
		if (!c->is_master)
			return -EINVAL;
		c->is_master = false;
		return 0;
	}
	if (c->is_master)
		duet_breach(&c->duet, "asked a card as its master");
	switch (request) {
	case DRM_IOCTL_GET_CAP:
		cap->value = cap->capability == DRM_CAP_PRIME ? c->prime : c->dumb;
		return 0;
	case DRM_IOCTL_MODE_CREATE_DUMB:
		return card_create(c, arg);
	case DRM_IOCTL_PRIME_HANDLE_TO_FD:
		return card_export(c, arg);
	case DRM_IOCTL_MODE_DESTROY_DUMB:
		c->handles--;
		return 0;
	default:
		duet_breach(&c->duet, "asked a card for more than memory");
		return -EINVAL;
	}
}

/* Camera and encoder can import, and export nothing. */
static void card_init(struct card *c)
{
	*c = (struct card){.dumb = 1, .prime = DRM_PRIME_CAP_EXPORT | DRM_PRIME_CAP_IMPORT};
	duet_init(&c->duet);
	c->duet.sys.open = card_open;
	c->duet.sys.close = card_close;
	c->duet.sys.ioctl = card_ioctl;
	c->duet.camera.no_export = c->duet.encoder.no_export = true;
}

static void check_left(struct card *c)
{
	assert_false(c->is_open);
	assert_int_equal(c->handles, 0);
	assert_int_equal(duet_dmabufs_open(&c->duet), 0);
	if (c->duet.breach)
		fail_msg("%s", c->duet.breach);
}

static void check_pool(struct card *c, size_t size, int expected)
{
	const struct v4l2_pool_need need = {.count = 3, .n_planes = 1, .size = {size}};
	struct v4l2_pool pool = {};

	assert_int_equal(v4l2_dumb_allocate(&pool, &c->duet.sys, "card", &need), expected);
	assert_int_equal(pool.count, expected < 0 ? 0 : 3);
	if (expected >= 0) {
		assert_true(c->largest >= size);
		assert_int_equal(pool.n_planes, 1);
		assert_int_equal(duet_dmabufs_open(&c->duet), 3);
	}
	v4l2_pool_release(&pool);
	check_left(c);
}

static void a_card_lends_what_was_asked_for_or_nothing(void **state)
{
	static const size_t sizes[] = {1, 4096, 4097, 1280 * 720 * 3 / 2, 1920 * 1088 * 3 / 2};
	struct card c;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		card_init(&c);
		check_pool(&c, sizes[i], 0);
		card_init(&c);
		c.pitch_align = 16384;
		check_pool(&c, sizes[i], 0);
	}
	card_init(&c);
	c.has_master = true;
	check_pool(&c, 4096, 0);
	card_init(&c);
	c.short_by = 1;
	check_pool(&c, 8192, -ENOSPC);
	for (unsigned int good = 0; good < 3; good++) {
		card_init(&c);
		c.good = good;
		c.create_r = -ENOMEM;
		check_pool(&c, 4096, -ENOMEM);
		card_init(&c);
		c.good = good;
		c.export_r = -EMFILE;
		check_pool(&c, 4096, -EMFILE);
	}
}

/* Memory planes are buffers of their own; half a set of them is none. */
static void planes_that_lie_apart_are_lent_together(void **state)
{
	const struct v4l2_pool_need need = {.count = 2, .n_planes = 3, .size = {4096, 1024, 1}};
	struct v4l2_pool pool = {};
	struct card c;

	card_init(&c);
	assert_int_equal(v4l2_dumb_allocate(&pool, &c.duet.sys, "card", &need), 0);
	assert_int_equal(pool.count, 2);
	assert_int_equal(pool.n_planes, 3);
	assert_int_equal(duet_dmabufs_open(&c.duet), 6);
	v4l2_pool_release(&pool);
	check_left(&c);
	for (unsigned int good = 0; good < 6; good++) {
		card_init(&c);
		c.good = good;
		c.export_r = -EMFILE;
		assert_int_equal(v4l2_dumb_allocate(&pool, &c.duet.sys, "card", &need), -EMFILE);
		assert_int_equal(pool.count, 0);
		check_left(&c);
	}
}

static void check_probe(struct card *c, int expected)
{
	assert_int_equal(v4l2_dumb_probe(&c->duet.sys, "card"), expected);
	check_left(c);
}

static void a_card_is_known_by_what_it_lends(void **state)
{
	struct card c;

	card_init(&c);
	check_probe(&c, 1);
	c.dumb = 0;
	check_probe(&c, 0);
	check_pool(&c, 4096, -EOPNOTSUPP);
	c.dumb = 1;
	c.prime = DRM_PRIME_CAP_IMPORT;
	check_probe(&c, 0);
	check_pool(&c, 4096, -EOPNOTSUPP);
	c.open_r = -EACCES;
	check_probe(&c, -EACCES);
	check_pool(&c, 4096, -EACCES);
	assert_int_equal(v4l2_dumb_probe(NULL, "/dev/null"), 0);
	assert_int_equal(v4l2_dumb_probe(NULL, "/nowhere"), -ENOENT);
}

/* Confinement leaves just these. */
static void what_is_asked_of_a_card_can_be_told(void **state)
{
	const uint32_t *requests;
	unsigned int n = v4l2_dumb_requests(&requests), masters = 0;

	assert_int_equal(n, 5);
	for (unsigned int i = 0; i < n; i++)
		masters += requests[i] == DRM_IOCTL_SET_MASTER;
	assert_int_equal(masters, 0);
}

static struct v4l2_capture *open_camera(struct card *c)
{
	const struct v4l2_capture_want w = {.width = DUET_WIDTH, .height = DUET_HEIGHT, .fps = 30};
	struct v4l2_capture *camera;

	assert_int_equal(v4l2_capture_open(&c->duet.sys, "camera", &w, &camera), 0);
	return camera;
}

static void pass_frames(struct card *c, struct v4l2_capture *camera, struct v4l2_share *share)
{
	for (unsigned int i = 0; i < 10; i++) {
		struct v4l2_frame frame;
		uint32_t index;

		assert_int_equal(v4l2_capture_next(camera, &frame), 0);
		index = frame.index;
		assert_null(frame.data[0]);
		assert_int_equal(v4l2_m2m_put(share->m2m, index, c->duet.now += 33333), 0);
		assert_false(v4l2_m2m_holds(share->m2m, index));
		assert_int_equal(v4l2_capture_release(camera, &frame), 0);
		assert_int_equal(c->duet.encoder.raw.fds[index][0],
				 c->duet.camera.raw.fds[index][0]);
	}
}

static void the_last_memory_is_a_cards(void **state)
{
	struct v4l2_capture *camera;
	struct v4l2_share share;
	struct card c;

	card_init(&c);
	camera = open_camera(&c);
	assert_int_equal(v4l2_share_new(camera, "encoder", "card", &want, &share), 0);
	assert_int_equal(share.owner, V4L2_SHARE_DUMB);
	assert_int_equal(c.opened, 1);
	assert_false(c.is_open);
	assert_int_equal(v4l2_capture_start(camera), 0);
	pass_frames(&c, camera, &share);
	/* The memory is the same when the encoder comes anew. */
	assert_int_equal(v4l2_share_reopen(&share), 0);
	pass_frames(&c, camera, &share);
	assert_int_equal(c.opened, 1);
	v4l2_capture_close(camera);
	v4l2_share_release(&share);
	check_left(&c);
}

static void a_card_is_left_alone_where_other_memory_does(void **state)
{
	struct v4l2_capture *camera;
	struct v4l2_share share;
	struct card c;

	for (unsigned int i = 0; i < 3; i++) {
		card_init(&c);
		c.duet.encoder.no_export = i > 0;
		c.duet.camera.no_export = i > 1;
		c.duet.has_heap = true;
		camera = open_camera(&c);
		assert_int_equal(v4l2_share_new(camera, "encoder", "card", &want, &share), 0);
		assert_int_equal(share.owner, i);
		assert_int_equal(c.opened, 0);
		v4l2_capture_close(camera);
		v4l2_share_release(&share);
		check_left(&c);
	}
}

/* The camera can be used as before. */
static void check_refused(struct card *c, const char *card, const char *expected)
{
	struct v4l2_capture *camera = open_camera(c);
	struct v4l2_share share;

	assert_int_equal(v4l2_share_new(camera, "encoder", card, &want, &share), -EOPNOTSUPP);
	assert_string_equal(share.obstacle, expected);
	assert_int_equal(duet_dmabufs_open(&c->duet), 0);
	assert_int_equal(v4l2_capture_start(camera), 0);
	v4l2_capture_close(camera);
	v4l2_share_release(&share);
	check_left(c);
}

static void why_a_card_is_of_no_help_is_told(void **state)
{
#define BOTH "camera and encoder cannot reach the same memory"
	struct card c;

	card_init(&c);
	check_refused(&c, NULL, BOTH);
	check_refused(&c, "nowhere", BOTH ", and nowhere is not there");
	c.open_r = -EACCES;
	check_refused(&c, "card", BOTH ", and card is not permitted");
	card_init(&c);
	c.dumb = 0;
	check_refused(&c, "card", BOTH ", and card lends no memory");
	card_init(&c);
	c.create_r = -ENOMEM;
	c.good = 4;
	check_refused(&c, "card", BOTH ", and card has too little memory");
	/* A heap that is there is no way out if the two cannot reach what is not theirs. */
	card_init(&c);
	c.duet.has_heap = true;
	c.duet.encoder.queue_r = -EFAULT;
	check_refused(&c, "card", BOTH ", nor that of card");
	assert_int_equal(c.opened, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_card_lends_what_was_asked_for_or_nothing),
		cmocka_unit_test(planes_that_lie_apart_are_lent_together),
		cmocka_unit_test(a_card_is_known_by_what_it_lends),
		cmocka_unit_test(what_is_asked_of_a_card_can_be_told),
		cmocka_unit_test(the_last_memory_is_a_cards),
		cmocka_unit_test(a_card_is_left_alone_where_other_memory_does),
		cmocka_unit_test(why_a_card_is_of_no_help_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
