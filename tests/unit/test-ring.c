// SPDX-License-Identifier: LGPL-2.1-or-later
/* The ring: what is read is what was written, or it is told that it was not. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/memfd.h"
#include "base/ring-reader.h"
#include "base/ring-writer.h"

#define DATA_SIZE (64 * 1024)
#define N_SLOTS   16

static const struct ring_description description = {
	.camera_uuid = {1, 2, 3},
	.camera_name = "front",
	.epoch = 7,
	.codec = RING_CODEC_H264,
	.fps_numerator = 30,
	.fps_denominator = 1,
};

struct fixture {
	struct ring_writer *writer;
	struct ring_reader reader;
};

static int setup(void **state)
{
	static struct fixture f;

	assert_int_equal(ring_writer_new(&description, N_SLOTS, DATA_SIZE, &f.writer), 0);
	assert_int_equal(
		ring_reader_open(&f.reader, ring_writer_fd(f.writer), ring_writer_size(f.writer)),
		0);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	ring_reader_close(&f->reader);
	f->writer = ring_writer_free(f->writer);
	return 0;
}

/* A unit whose every byte says which one it is. */
static int put(struct ring_writer *w, uint64_t sequence, size_t length, uint32_t flags)
{
	static uint8_t bytes[DATA_SIZE];
	struct ring_unit unit = {.sequence = sequence, .flags = flags};
	struct iovec pieces[] = {{bytes, length / 3}, {bytes + length / 3, length - length / 3}};

	memset(bytes, (int)(sequence & 0xff), length);
	return ring_writer_put(w, &unit, pieces, ARRAY_SIZE(pieces));
}

static bool all_bytes(const uint8_t *bytes, size_t n, uint64_t sequence)
{
	for (size_t i = 0; i < n; i++)
		if (bytes[i] != (sequence & 0xff))
			return false;
	return true;
}

static void units_come_in_order_and_whole(void **state)
{
	struct fixture *f = *state;
	static uint8_t buffer[DATA_SIZE];
	struct ring_unit unit;

	assert_int_equal(ring_reader_peek(&f->reader, &unit), -EAGAIN);
	for (uint64_t i = 0; i < 200; i++) {
		assert_int_equal(put(f->writer, i, 1 + i * 97 % 30000, 0), 0);
		assert_int_equal(ring_reader_peek(&f->reader, &unit), 0);
		assert_true(unit.sequence == i && unit.index == i);
		assert_int_equal(unit.length, 1 + i * 97 % 30000);
		assert_int_equal(ring_reader_copy(&f->reader, &unit, buffer), 0);
		assert_true(all_bytes(buffer, unit.length, i));
	}
	assert_int_equal(ring_reader_peek(&f->reader, &unit), -EAGAIN);
}

static void overtaken_reader_is_told(void **state)
{
	struct fixture *f = *state;
	struct ring_unit unit;

	for (uint64_t i = 0; i < N_SLOTS + 1; i++)
		assert_int_equal(put(f->writer, i, 10, 0), 0);
	assert_int_equal(ring_reader_pending(&f->reader), N_SLOTS + 1);
	assert_int_equal(ring_reader_peek(&f->reader, &unit), -ESTALE);
}

static void overwritten_while_copying_is_told(void **state)
{
	struct fixture *f = *state;
	static uint8_t buffer[DATA_SIZE];
	struct ring_unit unit;

	assert_int_equal(put(f->writer, 0, 30000, 0), 0);
	assert_int_equal(ring_reader_peek(&f->reader, &unit), 0);
	for (uint64_t i = 1; i < 4; i++)
		assert_int_equal(put(f->writer, i, 30000, 0), 0);
	assert_int_equal(ring_reader_copy(&f->reader, &unit, buffer), -ESTALE);
}

static void newest_keyframe_is_found(void **state)
{
	struct fixture *f = *state;
	struct ring_unit unit;

	assert_int_equal(ring_reader_seek_keyframe(&f->reader, &unit), -ENOENT);
	for (uint64_t i = 0; i < 10; i++)
		assert_int_equal(put(f->writer, i, 100, i % 4 ? 0 : RING_UNIT_KEYFRAME), 0);
	assert_int_equal(ring_reader_seek_keyframe(&f->reader, &unit), 0);
	assert_true(unit.sequence == 8);
	assert_int_equal(ring_reader_pending(&f->reader), 2);
	for (uint64_t i = 10; i < 10 + N_SLOTS; i++)
		assert_int_equal(put(f->writer, i, 100, 0), 0);
	assert_int_equal(ring_reader_seek_keyframe(&f->reader, &unit), -ENOENT);
}

static void too_large_is_refused(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(put(f->writer, 0, DATA_SIZE / 2, 0), 0);
	assert_int_equal(put(f->writer, 1, DATA_SIZE / 2 + 1, 0), -EMSGSIZE);
	assert_int_equal(put(f->writer, 1, 0, 0), -EMSGSIZE);
}

static void bounds_of_a_new_ring(void **state)
{
	struct ring_writer *w = NULL;

	assert_int_equal(ring_writer_new(&description, 12, DATA_SIZE, &w), -EINVAL);
	assert_int_equal(ring_writer_new(&description, 0, DATA_SIZE, &w), -EINVAL);
	assert_int_equal(ring_writer_new(&description, RING_SLOTS_MAX * 2, DATA_SIZE, &w), -EINVAL);
	assert_int_equal(ring_writer_new(&description, 16, RING_DATA_MAX + 1, &w), -EINVAL);
	assert_null(w);
}

/* What a holder of the descriptor must not be able to do; the kernel says no. */
static void nobody_but_the_writer_can_write(void **state)
{
	struct fixture *f = *state;
	int fd = ring_writer_fd(f->writer), again;
	size_t size = ring_writer_size(f->writer);
	char path[64];
	void *map;

	assert_true(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
	map = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	assert_true(map != MAP_FAILED);
	assert_int_equal(mprotect(map, size, PROT_READ | PROT_WRITE), -1);
	munmap(map, size);
	assert_int_equal(pwrite(fd, "x", 1, 0), -1);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
	assert_int_equal(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096), -1);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_RDWR | O_CLOEXEC);
	if (again >= 0) {
		assert_int_equal(pwrite(again, "x", 1, 0), -1);
		assert_true(mmap(NULL, size, PROT_WRITE, MAP_SHARED, again, 0) == MAP_FAILED);
		close(again);
	}
	assert_int_equal(memfd_verify_read_only(fd, size), 0);
	assert_int_equal(memfd_verify_read_only(fd, size + 1), -EPROTO);
}

static void a_writable_memfd_does_not_pass_for_a_ring(void **state)
{
	void *map;
	_cleanup_close_ int fd = memfd_create_shared("test", 4096, &map);

	assert_true(fd >= 0);
	assert_int_equal(memfd_verify_read_only(fd, 4096), -EPERM);
	munmap(map, 4096);
}

/* Each wrong header is refused; the fields are changed one at a time in an ordinary memfd. */
static void unsound_headers_are_refused(void **state)
{
	struct fixture *f = *state;
	size_t size = ring_writer_size(f->writer);
	struct ring_reader r;
	struct ring_header *h;
	void *map;
	_cleanup_close_ int fd = memfd_create_shared("test", size, &map);

	h = map;
#define REFUSED(change)                                                    \
	do {                                                               \
		memcpy(map, f->reader.header, size);                       \
		assert_int_equal(ring_reader_open(&r, fd, size), 0);       \
		ring_reader_close(&r);                                     \
		change;                                                    \
		assert_int_equal(ring_reader_open(&r, fd, size), -EPROTO); \
	} while (0)
	REFUSED(h->magic++);
	REFUSED(h->version++);
	REFUSED(h->n_slots = 0);
	REFUSED(h->n_slots = 15);
	REFUSED(h->n_slots = UINT32_MAX);
	REFUSED(h->data_size = 0);
	REFUSED(h->data_size = UINT64_MAX);
	REFUSED(h->data_size += 4096);
	REFUSED(h->description.stream = RING_N_STREAMS);
	REFUSED(h->description.codec = 77);
	REFUSED(h->description.parameter_sets_size = RING_PARAMETER_SETS_MAX + 1);
	REFUSED(h->description.fps_denominator = 0);
	REFUSED(h->description.camera_name[0] = 0);
	REFUSED(memset(h->description.camera_name, 'a', sizeof(h->description.camera_name)));
#undef REFUSED
	assert_int_equal(ring_reader_open(&r, fd, sizeof(struct ring_header) - 1), -EPROTO);
	munmap(map, size);
}

/* A slot that lies about where its bytes are must not make a reader leave the mapping. */
static void unsound_slots_are_refused(void **state)
{
	struct fixture *f = *state;
	size_t size = ring_writer_size(f->writer);
	struct ring_reader r;
	struct ring_unit unit;
	struct ring_slot *slot;
	void *map;
	_cleanup_close_ int fd = memfd_create_shared("test", size, &map);

	assert_int_equal(put(f->writer, 0, 100, 0), 0);
	memcpy(map, f->reader.header, size);
	slot = (struct ring_slot *)((struct ring_header *)map + 1);
	assert_int_equal(ring_reader_open(&r, fd, size), 0);
	r.next = 0;
	assert_int_equal(ring_reader_peek(&r, &unit), 0);
	slot->unit.length = DATA_SIZE + 1;
	assert_int_equal(ring_reader_peek(&r, &unit), -EPROTO);
	slot->unit.length = 100;
	slot->unit.position = DATA_SIZE - 50;
	assert_int_equal(ring_reader_peek(&r, &unit), -EPROTO);
	slot->unit.position = 0;
	slot->unit.index = 5;
	assert_int_equal(ring_reader_peek(&r, &unit), -EPROTO);
	ring_reader_close(&r);
	munmap(map, size);
}

/* A writer that never waits, read by another process: every unit that is taken is whole. */
static void torn_units_are_never_taken(void **state)
{
	struct fixture *f = *state;
	static uint8_t buffer[DATA_SIZE];
	uint64_t taken = 0, until;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		for (uint64_t i = 0;; i++)
			if (put(f->writer, i, 5000 + i % 20000, RING_UNIT_KEYFRAME) < 0)
				_exit(1);
	}
	until = clock_monotonic() + USEC_PER_SEC;
	while (clock_monotonic() < until) {
		struct ring_unit unit;

		if (ring_reader_seek_keyframe(&f->reader, &unit) < 0 ||
		    ring_reader_copy(&f->reader, &unit, buffer) < 0)
			continue;
		assert_int_equal(unit.length, 5000 + unit.sequence % 20000);
		assert_true(all_bytes(buffer, unit.length, unit.sequence));
		taken++;
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_true(taken > 100);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(units_come_in_order_and_whole),
		TEST(overtaken_reader_is_told),
		TEST(overwritten_while_copying_is_told),
		TEST(newest_keyframe_is_found),
		TEST(too_large_is_refused),
		cmocka_unit_test(bounds_of_a_new_ring),
		TEST(nobody_but_the_writer_can_write),
		cmocka_unit_test(a_writable_memfd_does_not_pass_for_a_ring),
		TEST(unsound_headers_are_refused),
		TEST(unsound_slots_are_refused),
		TEST(torn_units_are_never_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
