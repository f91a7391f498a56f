// SPDX-License-Identifier: LGPL-2.1-or-later
/* A certificate for an address and for a name that the machine gets later, and by the clock that is
 * set later. Needs root, for a network and a name of its own. */
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>

#include "broker-bench.h"
#include "broker/tls-certificate.h"

static void add_address(const char *text)
{
	struct ifreq request = {.ifr_name = "lo:7"};
	struct sockaddr_in address = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(inet_pton(AF_INET, text, &address.sin_addr), 1);
	memcpy(&request.ifr_addr, &address, sizeof(address));
	assert_int_equal(ioctl(fd, SIOCSIFADDR, &request), 0);
	close_fd(fd);
}

/* What the gate is told, and what stands in the file. */
static gnutls_x509_crt_t import(const void *data, size_t size, gnutls_x509_crt_fmt_t format)
{
	gnutls_datum_t datum = {(unsigned char *)(uintptr_t)data, (unsigned)size};
	gnutls_x509_crt_t certificate;

	assert_int_equal(gnutls_x509_crt_init(&certificate), 0);
	assert_int_equal(gnutls_x509_crt_import(certificate, &datum, format), 0);
	return certificate;
}

/* Takes the certificate. */
static bool is_for(gnutls_x509_crt_t certificate, const char *address)
{
	bool r = gnutls_x509_crt_check_hostname(certificate, address) != 0;

	gnutls_x509_crt_deinit(certificate);
	return r;
}

static gnutls_x509_crt_t read_file(const struct bench *b)
{
	char path[128], pem[4096];
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), "%s/" TLS_IDENTITY_SERVER_FILE, b->directory);
	file = fopen(path, "re");
	assert_non_null(file);
	n = fread(pem, 1, sizeof(pem), file);
	fclose(file);
	return import(pem, n, GNUTLS_X509_FMT_PEM);
}

static bool chain_is_for(const struct bench *b, const char *name)
{
	const struct tls_certificate *chain = tls_identity_chain(b->broker.identity);

	return is_for(import(chain[0].der, chain[0].size, GNUTLS_X509_FMT_DER), name);
}

/* The gate is told of it, and then it stands in the file. */
static void await_one_for(struct bench *b, const char *name)
{
	struct gate_server server;

	assert_int_equal(bench_receive_within(b, 60 * USEC_PER_SEC, b->gate_link, &server,
					      sizeof(server), NULL, 0),
			 GATE_SERVER);
	assert_true(
		is_for(import(server.certificates[0], server.sizes[0], GNUTLS_X509_FMT_DER), name));
	assert_true(chain_is_for(b, name));
	for (uint64_t end = clock_monotonic() + 60 * USEC_PER_SEC; !is_for(read_file(b), name);) {
		assert_true(clock_monotonic() < end);
		bench_turn(b, 5 * USEC_PER_MSEC);
	}
}

static void test_a_new_address(void **state)
{
	struct bench *b = *state;
	char spki[TLS_IDENTITY_SPKI_TEXT_SIZE];

	strcpy(spki, tls_identity_spki_sha256(b->broker.identity));
	assert_false(chain_is_for(b, "192.0.2.7"));
	add_address("192.0.2.7");
	await_one_for(b, "192.0.2.7");
	/* What viewers pin stays. */
	assert_string_equal(tls_identity_spki_sha256(b->broker.identity), spki);
}

static void on_host_renamed(void *userdata)
{
	*(bool *)userdata = true;
}

static void ignore(void *userdata)
{
}

static void test_a_new_name(void **state)
{
	bool renamed = false;
	const struct observer observer = {
		.userdata = &renamed,
		.host_renamed = on_host_renamed,
		.certificate_changed = ignore,
	};
	struct bench *b = *state;
	const uint64_t end = clock_monotonic() + 60 * USEC_PER_SEC;

	assert_false(chain_is_for(b, "attic.local"));
	assert_int_equal(sethostname("attic", strlen("attic")), 0);
	b->broker.observer = &observer;
	while (!renamed) {
		assert_true(clock_monotonic() < end);
		bench_turn(b, USEC_PER_SEC);
	}
	b->broker.observer = NULL;
	await_one_for(b, "attic.local");
}

static void move_clock(int64_t seconds)
{
	struct timespec now;

	assert_int_equal(clock_gettime(CLOCK_REALTIME, &now), 0);
	now.tv_sec += seconds;
	assert_int_equal(clock_settime(CLOCK_REALTIME, &now), 0);
}

/* As of a machine without a clock of its own, once the network has told it the time. */
static void test_a_clock_that_is_set(void **state)
{
	const int64_t seconds = (int64_t)TLS_CERTIFICATE_DAYS * 24 * 60 * 60;
	struct bench *b = *state;
	struct gate_server server;

	if (!getenv("CAMWARD_TEST_MAY_SET_CLOCK"))
		skip();
	for (int64_t by = seconds; by >= -seconds; by -= 2 * seconds) {
		move_clock(by);
		assert_int_equal(bench_receive_within(b, 60 * USEC_PER_SEC, b->gate_link, &server,
						      sizeof(server), NULL, 0),
				 GATE_SERVER);
	}
}

/* News that change nothing: the gate hears nothing. */
static void test_no_change(void **state)
{
	struct bench *b = *state;
	const char *before = tls_identity_chain_pem(b->broker.identity);

	assert_int_equal(tls_identity_refresh(b->broker.identity, clock_realtime()), 0);
	assert_ptr_equal(tls_identity_chain_pem(b->broker.identity), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_new_address, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(test_a_new_name, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(test_a_clock_that_is_set, bench_setup,
						bench_teardown),
		cmocka_unit_test_setup_teardown(test_no_change, bench_setup, bench_teardown),
	};
	struct ifreq up = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd;

	if (unshare(CLONE_NEWNET | CLONE_NEWUTS) < 0) {
		fputs("a network of its own cannot be had: skipped\n", stderr);
		return 77;
	}
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &up) < 0)
		return 1;
	close_fd(fd);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
