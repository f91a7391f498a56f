// SPDX-License-Identifier: LGPL-2.1-or-later
/* Each verdict, and when. What a middleman does to the bytes: test-seal-tamper.c. */
#include "seal-house.h"

#define SECOND 1000000ULL

static struct house house;
static struct verifier viewer;

static int setup(void **state)
{
	house_open(&house, SEAL_CODEC_H264);
	house_view(&house, &viewer);
	return 0;
}

static int teardown(void **state)
{
	verifier_release(&viewer);
	house_close(&house);
	return 0;
}

static void restart(enum verifier_freshness freshness)
{
	struct verifier_config config = house_config(&house, freshness);

	verifier_release(&viewer);
	assert_int_equal(verifier_init(&viewer, &config), 0);
}

/* A unit sealed with `says`, judged as number i. */
static enum verdict judge_as(struct seal_camera *c, const struct seal *says, size_t i)
{
	struct slice sealed = seal_camera_seal_as(c, house.units[i], says);
	enum verdict verdict = house_judge(&viewer, sealed, i);

	house_free(sealed);
	return verdict;
}

static struct seal first_says(const struct seal_camera *c)
{
	struct seal says = c->next;

	says.sequence = 1;
	says.boottime = SEAL_CAMERA_BOOT;
	says.realtime = SEAL_CAMERA_REAL;
	return says;
}

static enum verdict judge_at(size_t i, int64_t late)
{
	struct verifier_time t = house_time(i);
	struct verifier_result result;

	t.boottime += (uint64_t)late;
	t.realtime += (uint64_t)late;
	return verifier_unit(&viewer, house.sealed[i], t, &result);
}

static void test_result(void **state)
{
	struct verifier_result result;

	assert_verdict(verifier_unit(&viewer, house.sealed[0], house_time(0), &result),
		       VERDICT_VALID);
	assert_int_equal(result.seal.sequence, 1);
	assert_true(result.seal.keyframe);
	assert_int_equal(result.seal.realtime, SEAL_CAMERA_REAL);
	assert_int_equal(result.gap, 0);
	assert_verdict(verifier_unit(&viewer, house.sealed[4], house_time(4), &result),
		       VERDICT_VALID);
	assert_int_equal(result.gap, 3);
}

static void test_words(void **state)
{
	for (enum verdict a = 0; a < N_VERDICTS; a++) {
		assert_non_null(verdict_name(a));
		assert_non_null(verdict_text(a));
		for (enum verdict b = 0; b < a; b++)
			assert_string_not_equal(verdict_name(a), verdict_name(b));
	}
	assert_string_equal(verdict_name(N_VERDICTS), "unknown");
}

static void test_configuration(void **state)
{
	struct verifier_config config = {.codec = 9};
	struct verifier v;

	assert_int_equal(verifier_init(&v, &config), -EINVAL);
	config = (struct verifier_config){.codec = SEAL_CODEC_H264, .camera_name = "Not A Name"};
	assert_int_equal(verifier_init(&v, &config), -EINVAL);
}

static void test_no_statement(void **state)
{
	restart(VERIFIER_LIVE);
	assert_verdict(house_judge(&viewer, house.sealed[0], 0), VERDICT_STATEMENT);
}

static void test_not_sealed(void **state)
{
	assert_verdict(house_judge(&viewer, house.units[0], 0), VERDICT_UNSEALED);
	assert_verdict(house_judge(&viewer, slice_of("", 0), 0), VERDICT_MALFORMED);
	assert_verdict(house_judge(&viewer, slice_of("\0\0\1\x09\xf0", 5), 0), VERDICT_MALFORMED);
}

static void test_waiting(void **state)
{
	assert_verdict(house_judge(&viewer, house.sealed[0], 0), VERDICT_VALID);
	assert_verdict(house_judge(&viewer, house.sealed[2], 2), VERDICT_WAITING);
	assert_verdict(house_judge(&viewer, house.sealed[3], 3), VERDICT_WAITING);
	assert_verdict(house_judge(&viewer, house.sealed[4], 4), VERDICT_VALID);
	assert_verdict(house_judge(&viewer, house.units[5], 5), VERDICT_UNSEALED);
	assert_verdict(house_judge(&viewer, house.sealed[5], 5), VERDICT_WAITING);
}

/* Joined in the middle, before any parameter sets came. */
static void test_waiting_from_the_start(void **state)
{
	assert_verdict(house_judge(&viewer, house.sealed[1], 1), VERDICT_WAITING);
	assert_verdict(house_judge(&viewer, house.sealed[4], 4), VERDICT_VALID);
	restart(VERIFIER_FILE);
	assert_verdict(house_judge(&viewer, house.sealed[1], 1), VERDICT_NO_CERTIFICATE);
	assert_verdict(house_judge(&viewer, house.sealed[4], 4), VERDICT_VALID);
}

static void test_what_the_seal_says(void **state)
{
	struct seal says = first_says(&house.camera);

	says.codec = SEAL_CODEC_H264;
	says.epoch++;
	assert_verdict(judge_as(&house.camera, &says, 0), VERDICT_EPOCH);
	says = first_says(&house.camera);
	says.camera_uuid[0]++;
	assert_verdict(judge_as(&house.camera, &says, 0), VERDICT_CAMERA);
	says = first_says(&house.camera);
	says.stream = 1;
	assert_verdict(judge_as(&house.camera, &says, 0), VERDICT_STREAM);
	says = first_says(&house.camera);
	says.sequence = 0;
	assert_verdict(judge_as(&house.camera, &says, 0), VERDICT_SEQUENCE);
	/* A keyframe's flag on a picture that is none. */
	says = first_says(&house.camera);
	says.keyframe = true;
	says.sequence = 2;
	assert_verdict(judge_as(&house.camera, &says, 1), VERDICT_KEYFRAME);
	says = first_says(&house.camera);
	assert_verdict(judge_as(&house.camera, &says, 0), VERDICT_VALID);
}

/* The same seal in a unit of the other codec. */
static void test_codec(void **state)
{
	struct verifier_config config = house_config(&house, VERIFIER_FILE);
	struct house jpeg;
	struct seal says;
	struct slice sealed, seal, before, after, nals[16], joined;
	uint8_t wrapped[NAL_SEAL_SIZE_MAX];
	struct verifier v;
	size_t n;
	int size;

	house_open(&jpeg, SEAL_CODEC_JPEG);
	says = first_says(&jpeg.camera);
	sealed = seal_camera_seal_as(&jpeg.camera, jpeg.units[0], &says);
	assert_int_equal(jpeg_seal_find(sealed, &seal, &before, &after), 0);
	size = nal_seal_wrap(SEAL_CODEC_H264, seal.data, seal.len, wrapped);
	assert_true(size > 0);
	n = seal_camera_nals(house.units[0], nals, 15);
	nals[n] = nals[n - 1];
	nals[n - 1] = nals[n - 2];
	nals[n - 2] = slice_of(wrapped, (size_t)size);
	joined = seal_camera_join(nals, n + 1);
	assert_int_equal(verifier_init(&v, &config), 0);
	assert_verdict(house_judge(&v, joined, 0), VERDICT_CODEC);
	verifier_release(&v);
	house_free(joined);
	house_free(sealed);
	house_close(&jpeg);
}

static void test_other_root(void **state)
{
	struct seal_camera other;
	struct seal says;

	seal_camera_init(&other, SEAL_CODEC_H264, 2, 1, 4);
	says = first_says(&other);
	assert_verdict(judge_as(&other, &says, 0), VERDICT_ROOT);
	assert_verdict(house_state(&other, &viewer, 1), VERDICT_ROOT);
	/* Nor does the statement from before count any more. */
	assert_verdict(house_judge(&viewer, house.sealed[0], 0), VERDICT_STATEMENT);
	seal_camera_release(&other);
}

static void test_other_camera(void **state)
{
	struct verifier_config config = house_config(&house, VERIFIER_FILE);
	struct seal_camera other;
	struct seal says;

	seal_camera_init(&other, SEAL_CODEC_H264, 1, 2, 4);
	says = first_says(&other);
	assert_verdict(judge_as(&other, &says, 0), VERDICT_CAMERA);
	assert_verdict(house_state(&other, &viewer, 1), VERDICT_CAMERA);

	/* By name; and of any camera the first one stays. */
	verifier_release(&viewer);
	snprintf(config.camera_name, NAME_SIZE, "camera-2");
	assert_int_equal(verifier_init(&viewer, &config), 0);
	assert_verdict(house_judge(&viewer, house.sealed[0], 0), VERDICT_CAMERA);
	assert_verdict(judge_as(&other, &says, 0), VERDICT_VALID);
	restart(VERIFIER_FILE);
	assert_verdict(house_judge(&viewer, house.sealed[0], 0), VERDICT_VALID);
	assert_verdict(judge_as(&other, &says, 0), VERDICT_CAMERA);
	seal_camera_release(&other);
}

static void test_epochs(void **state)
{
	struct seal_camera older, newer;
	struct seal says;

	seal_camera_init(&older, SEAL_CODEC_H264, 1, 1, 2);
	seal_camera_init(&newer, SEAL_CODEC_H264, 1, 1, 4);
	says = first_says(&older);
	assert_verdict(judge_as(&older, &says, 0), VERDICT_EPOCH);
	assert_verdict(house_judge(&viewer, house.sealed[0], 0), VERDICT_VALID);
	says = first_says(&newer);
	assert_verdict(judge_as(&newer, &says, 0), VERDICT_VALID);
	assert_verdict(house_judge(&viewer, house.sealed[4], 4), VERDICT_EPOCH);
	assert_verdict(house_state(&house.camera, &viewer, 1), VERDICT_EPOCH);
	seal_camera_release(&older);
	seal_camera_release(&newer);
}

/* The root signed two certificates for one epoch: a device never does. */
static void test_epoch_given_twice(void **state)
{
	struct seal_camera twin;
	struct seal says;

	seal_camera_init(&twin, SEAL_CODEC_H264, 1, 1, 3);
	twin.says.issued++;
	seal_camera_certify(&twin);
	says = first_says(&twin);
	assert_verdict(judge_as(&twin, &says, 0), VERDICT_CERTIFICATE);
	seal_camera_release(&twin);
}

/* Certified, but not sealed by the key that is. */
static void test_wrong_key(void **state)
{
	struct seal_camera other;
	struct seal says;

	seal_camera_init(&other, SEAL_CODEC_H264, 1, 9, 3);
	memcpy(other.certificate, house.camera.certificate, house.camera.certificate_size);
	other.certificate_size = house.camera.certificate_size;
	says = first_says(&house.camera);
	assert_verdict(judge_as(&other, &says, 0), VERDICT_SIGNATURE);
	seal_camera_release(&other);
}

static void test_sequence(void **state)
{
	assert_verdict(house_state(&house.camera, &viewer, 2), VERDICT_VALID);
	assert_verdict(house_judge(&viewer, house.sealed[0], 0), VERDICT_SEQUENCE);
	assert_verdict(house_judge(&viewer, house.sealed[4], 4), VERDICT_VALID);
	assert_verdict(house_judge(&viewer, house.sealed[4], 4), VERDICT_SEQUENCE);
	/* After a new statement the same keyframe may come again. */
	assert_verdict(house_state(&house.camera, &viewer, 5), VERDICT_VALID);
	assert_verdict(house_judge(&viewer, house.sealed[4], 4), VERDICT_VALID);
}

static void test_reconnect(void **state)
{
	struct seal_camera older;
	struct seal says;

	restart(VERIFIER_NO_CLOCK);
	assert_verdict(house_judge(&viewer, house.sealed[0], 0), VERDICT_VALID);
	assert_verdict(house_judge(&viewer, house.sealed[4], 4), VERDICT_VALID);
	verifier_reconnect(&viewer);
	assert_verdict(house_judge(&viewer, house.sealed[0], 0), VERDICT_SEQUENCE);
	seal_camera_init(&older, SEAL_CODEC_H264, 1, 1, 2);
	says = first_says(&older);
	assert_verdict(judge_as(&older, &says, 0), VERDICT_EPOCH);
	seal_camera_release(&older);
	says = first_says(&house.camera);
	says.stream = 1;
	says.sequence = house.camera.next.sequence;
	assert_verdict(judge_as(&house.camera, &says, 0), VERDICT_STREAM);
	/* A relay may begin with the last keyframe that it has. */
	assert_verdict(house_judge(&viewer, house.sealed[5], 5), VERDICT_WAITING);
	assert_verdict(house_judge(&viewer, house.sealed[4], 4), VERDICT_SEQUENCE);
	verifier_reconnect(&viewer);
	assert_verdict(house_judge(&viewer, house.sealed[4], 4), VERDICT_VALID);
}

static void test_live_age(void **state)
{
	/* 20 ms on the way, 10 ms from capture to answer: 10 ms of the 5 s are used. */
	assert_verdict(judge_at(0, 5 * SECOND - 10000 + 1), VERDICT_STALE);
	assert_verdict(judge_at(0, 5 * SECOND - 10000), VERDICT_VALID);
	assert_verdict(judge_at(4, 60 * SECOND), VERDICT_STALE);
	assert_verdict(judge_at(4, -(int64_t)(SECOND + 30000) - 1), VERDICT_FUTURE);
	assert_verdict(judge_at(4, -(int64_t)(SECOND + 30000)), VERDICT_VALID);
}

static void test_relay_age(void **state)
{
	restart(VERIFIER_RELAY);
	assert_verdict(judge_at(0, 10 * SECOND), VERDICT_STALE);
	assert_verdict(judge_at(0, -11 * (int64_t)SECOND), VERDICT_FUTURE);
	/* The first is 3 s late, the others less and less: none is refused for it. */
	assert_verdict(judge_at(0, 3 * SECOND), VERDICT_VALID);
	assert_verdict(judge_at(1, 1 * SECOND), VERDICT_VALID);
	assert_verdict(judge_at(2, 0), VERDICT_VALID);
	/* By the quickest of them this one is too old; the wall clock still had room. */
	assert_verdict(judge_at(4, 5 * SECOND + 1), VERDICT_STALE);
	assert_verdict(judge_at(4, 5 * SECOND), VERDICT_VALID);
}

static void test_no_clock(void **state)
{
	restart(VERIFIER_NO_CLOCK);
	assert_verdict(judge_at(0, 3600 * SECOND), VERDICT_VALID);
	assert_verdict(judge_at(1, 3606 * SECOND), VERDICT_STALE);
	assert_verdict(judge_at(4, 3605 * SECOND), VERDICT_VALID);
}

static void test_file_times(void **state)
{
	struct seal says;

	restart(VERIFIER_FILE);
	assert_verdict(judge_at(0, 1000 * SECOND), VERDICT_VALID);
	assert_verdict(judge_at(1, 0), VERDICT_VALID);
	says = house.camera.next;
	says.sequence = 3;
	says.boottime = SEAL_CAMERA_BOOT - 1;
	assert_verdict(judge_as(&house.camera, &says, 4), VERDICT_STALE);
}

static enum verdict state_with(uint8_t nonce, uint8_t exporter, size_t flip)
{
	uint8_t statement[SEAL_STATEMENT_SIZE], n[SEAL_NONCE_SIZE], e[SEAL_EXPORTER_SIZE];
	struct seal_camera *c = &house.camera;

	memset(n, nonce, sizeof(n));
	memset(e, exporter, sizeof(e));
	seal_camera_statement(c, 1, NONCE, EXPORTER, statement);
	if (flip < 8 * sizeof(statement))
		statement[flip / 8] ^= (uint8_t)(1U << (flip % 8));
	return verifier_statement(&viewer, slice_of(c->certificate, c->certificate_size),
				  slice_of(statement, sizeof(statement)), n, e, OWN_BOOT, OWN_BOOT);
}

static void test_statement(void **state)
{
	assert_verdict(state_with(NONCE, EXPORTER, SIZE_MAX), VERDICT_VALID);
	assert_verdict(state_with(NONCE + 1, EXPORTER, SIZE_MAX), VERDICT_NONCE);
	assert_verdict(state_with(NONCE, EXPORTER + 1, SIZE_MAX), VERDICT_EXPORTER);
	for (size_t i = 0; i < 8 * SEAL_STATEMENT_SIZE; i++)
		assert_verdict(state_with(NONCE, EXPORTER, i),
			       i < 8 ? VERDICT_VERSION : VERDICT_STATEMENT);
	assert_verdict(house_judge(&viewer, house.sealed[0], 0), VERDICT_STATEMENT);
}

/* Every bit of the certificate that comes with it. */
static void test_certificate(void **state)
{
	struct seal_camera *c = &house.camera;
	uint8_t good[SEAL_CERTIFICATE_SIZE_MAX];
	struct seal_certificate read;
	uint8_t root[SEAL_KEY_SIZE];

	memcpy(good, c->certificate, sizeof(good));
	for (size_t i = 0; i < 8 * c->certificate_size; i++) {
		c->certificate[i / 8] ^= (uint8_t)(1U << (i % 8));
		assert_int_not_equal(house_state(c, &viewer, 1), VERDICT_VALID);
		memcpy(c->certificate, good, sizeof(good));
	}
	seal_camera_root(c, root);
	for (size_t n = 0; n < c->certificate_size; n++)
		assert_int_equal(seal_certificate_read(good, n, root, &read), -EBADMSG);
	assert_int_equal(seal_certificate_read(good, sizeof(good), root, &read),
			 c->certificate_size);
	assert_string_equal(read.camera_name, "camera-1");
	assert_int_equal(read.epoch, 3);
	assert_memory_equal(&read, &c->says, sizeof(read));
	c->says.camera_name[0] = '-';
	assert_int_equal(seal_certificate_make(&c->says, c->root, good), -EINVAL);
}

static void test_parameter_sets(void **state)
{
	static const uint8_t sps[] = {0x67, 1}, pps[] = {0x68, 2}, other[] = {0x68, 3};
	uint8_t large[SEAL_SETS_SIZE_MAX] = {0x68};
	uint8_t few[SEAL_SETS_SIZE_MAX / 4] = {0x68};
	struct seal_sets sets = {0};

	assert_false(seal_sets_complete(&sets, SEAL_CODEC_H264));
	assert_int_equal(seal_sets_add(&sets, SEAL_CODEC_H264, slice_of(sps, 2)), 0);
	assert_false(seal_sets_complete(&sets, SEAL_CODEC_H264));
	assert_int_equal(seal_sets_add(&sets, SEAL_CODEC_H264, slice_of(pps, 2)), 0);
	assert_true(seal_sets_complete(&sets, SEAL_CODEC_H264));
	assert_false(seal_sets_has(&sets, slice_of(other, 2)));
	/* Equal ones once, also late; new ones in their order only. */
	assert_int_equal(seal_sets_add(&sets, SEAL_CODEC_H264, slice_of(sps, 2)), 0);
	assert_int_equal(sets.n, 2);
	assert_int_equal(seal_sets_add(&sets, SEAL_CODEC_H264, slice_of("\x67\x04", 2)), -EINVAL);
	assert_int_equal(seal_sets_add(&sets, SEAL_CODEC_H264, slice_of("\x65\x04", 2)), -EINVAL);
	/* Bounds: bytes, then how many. */
	assert_int_equal(seal_sets_add(&sets, SEAL_CODEC_H264, slice_of(large, sizeof(large))),
			 -EMSGSIZE);
	assert_int_equal(seal_sets_add(&sets, SEAL_CODEC_H264, slice_of(few, sizeof(few))), 0);
	seal_sets_clear(&sets);
	for (uint8_t i = 0; i < SEAL_SETS_MAX; i++) {
		few[1] = i;
		assert_int_equal(seal_sets_add(&sets, SEAL_CODEC_H264, slice_of(few, 2)), 0);
	}
	assert_int_equal(seal_sets_add(&sets, SEAL_CODEC_H264, slice_of(other, 1)), -EMSGSIZE);
	/* The verifier's own: none of a JPEG. */
	assert_int_equal(verifier_parameter_set(&viewer, slice_of(sps, 2)), 0);
	viewer.config.codec = SEAL_CODEC_JPEG;
	assert_int_equal(verifier_parameter_set(&viewer, slice_of(pps, 2)), -EINVAL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_result),
		TEST(test_words),
		TEST(test_configuration),
		TEST(test_no_statement),
		TEST(test_not_sealed),
		TEST(test_waiting),
		TEST(test_waiting_from_the_start),
		TEST(test_what_the_seal_says),
		TEST(test_codec),
		TEST(test_other_root),
		TEST(test_other_camera),
		TEST(test_epochs),
		TEST(test_epoch_given_twice),
		TEST(test_wrong_key),
		TEST(test_sequence),
		TEST(test_reconnect),
		TEST(test_live_age),
		TEST(test_relay_age),
		TEST(test_no_clock),
		TEST(test_file_times),
		TEST(test_statement),
		TEST(test_certificate),
		TEST(test_parameter_sets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
