// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Looks for the private half of an Ed25519 key in a process's memory, as root:
 *
 *	find-seed PID public HEX   the 32 bytes anywhere whose public key this is; prints them
 *	find-seed PID bytes HEX    how often exactly these bytes stand there; prints the number
 *
 * The first tries each place of 8 bytes' alignment that looks random, small mappings first; the
 * exit status is 1 when none is found. Only what the process can write to is searched.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/parse.h"
#include "seal/key.h"

#define MAPPINGS_MAX   4096
#define DISTINCT_MIN   20 /* byte values among 32 random ones: fewer once in 10^9 */
#define BYTES_MAX      128
#define EXIT_NOT_FOUND 1
#define EXIT_TROUBLE   2

struct mapping {
	uint64_t start, size;
};

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(EXIT_TROUBLE);
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = ((const struct mapping *)a)->size, y = ((const struct mapping *)b)->size;

	return (x > y) - (x < y);
}

static size_t read_maps(const char *pid, struct mapping maps[MAPPINGS_MAX])
{
	char path[64], line[512], access[5];
	uint64_t start, end;
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/maps", pid);
	f = fopen(path, "re");
	if (!f)
		die(path);
	while (n < MAPPINGS_MAX && fgets(line, sizeof(line), f))
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s", &start, &end, access) == 3 &&
		    access[0] == 'r' && access[1] == 'w')
			maps[n++] = (struct mapping){start, end - start};
	fclose(f);
	qsort(maps, n, sizeof(*maps), by_size);
	return n;
}

static bool looks_random(const uint8_t *bytes)
{
	bool seen[256] = {};
	unsigned distinct = 0;

	for (size_t i = 0; i < SEAL_KEY_SIZE; i++)
		if (!seen[bytes[i]]) {
			seen[bytes[i]] = true;
			distinct++;
		}
	return distinct >= DISTINCT_MIN;
}

static bool is_seed_of(const uint8_t *bytes, const uint8_t *public)
{
	uint8_t derived[SEAL_KEY_SIZE];
	struct seal_key *key;

	if (!looks_random(bytes))
		return false;
	if (seal_key_from_seed(bytes, &key) < 0)
		die("a key");
	seal_key_public(key, derived);
	seal_key_free(key);
	return memcmp(derived, public, SEAL_KEY_SIZE) == 0;
}

static void find_seed(const uint8_t *data, size_t size, const uint8_t *public)
{
	char text[2 * SEAL_KEY_SIZE + 1];

	for (size_t at = 0; at + SEAL_KEY_SIZE <= size; at += 8)
		if (is_seed_of(data + at, public)) {
			format_hex(data + at, SEAL_KEY_SIZE, text);
			puts(text);
			exit(EXIT_SUCCESS);
		}
}

static unsigned long count(const uint8_t *data, size_t size, const uint8_t *bytes, size_t n)
{
	const uint8_t *end = data + size;
	unsigned long found = 0;

	while ((data = memmem(data, (size_t)(end - data), bytes, n))) {
		found++;
		data++;
	}
	return found;
}

int main(int argc, char *argv[])
{
	static struct mapping maps[MAPPINGS_MAX];
	bool public = argc == 4 && strcmp(argv[2], "public") == 0;
	uint8_t wanted[BYTES_MAX];
	unsigned long found = 0;
	char path[64];
	size_t n, n_wanted;
	int fd;

	if (argc != 4 || (!public && strcmp(argv[2], "bytes") != 0))
		return EXIT_TROUBLE;
	n_wanted = strlen(argv[3]) / 2;
	if (n_wanted > BYTES_MAX || parse_hex(argv[3], wanted, n_wanted) < 0 ||
	    (public && n_wanted != SEAL_KEY_SIZE))
		return EXIT_TROUBLE;
	n = read_maps(argv[1], maps);
	snprintf(path, sizeof(path), "/proc/%s/mem", argv[1]);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die(path);
	for (size_t i = 0; i < n; i++) {
		uint8_t *data = malloc(maps[i].size);
		ssize_t size = data ? pread(fd, data, maps[i].size, (off_t)maps[i].start) : -1;

		if (size > 0 && public)
			find_seed(data, (size_t)size, wanted);
		else if (size > 0)
			found += count(data, (size_t)size, wanted, n_wanted);
		free(data);
	}
	if (!public)
		printf("%lu\n", found);
	return public ? EXIT_NOT_FOUND : EXIT_SUCCESS;
}
