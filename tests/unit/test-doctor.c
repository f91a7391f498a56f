// SPDX-License-Identifier: LGPL-2.1-or-later
/* Each finding of camwardctl doctor that a running service does not show: by what the service would
 * say, and by a machine that is so. */
#include <gnutls/x509.h>
#include <grp.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl/doctor.h"
#include "ctl/ledger-read.h"

#define DAY (24 * 60 * 60)

/* Made anew for each case; released by end(). */
static struct doctor begin(const char *manager, const char *tree)
{
	struct doctor d = {
		.findings = json_object_new_array(),
		.manager = json_tokener_parse(manager),
		.tree = json_tokener_parse(tree),
	};

	assert_non_null(d.manager);
	assert_non_null(d.tree);
	return d;
}

static void end(struct doctor *d)
{
	json_object_put(d->findings);
	json_object_put(d->manager);
	json_object_put(d->tree);
}

/* NULL: there is none about that. */
static const struct json_object *find(const struct doctor *d, const char *check)
{
	for (size_t i = 0; i < json_count(d->findings); i++)
		if (!strcmp(json_text(json_at(d->findings, i), "check"), check))
			return json_at(d->findings, i);
	return NULL;
}

/* level: "": there is nothing to find. says: a part of it. */
static void assert_found(const struct doctor *d, const char *check, const char *level,
			 const char *says)
{
	const struct json_object *finding = find(d, check);

	if (!*level) {
		assert_null(finding);
		return;
	}
	assert_non_null(finding);
	assert_string_equal(json_text(finding, "level"), level);
	assert_non_null(strstr(json_text(finding, "says"), says));
	assert_int_equal(!*json_text(finding, "do"), !strcmp(level, "fine"));
}

struct expectation {
	const char *given, *check, *level, *says;
};

#define CLOCK "\"metrics\": \"# camward_clock_set: a comment\\ncamward_clock_set 1\\n\""

static void test_the_service(void **state)
{
	static const struct expectation cases[] = {
		{"{\"ready\": true, " CLOCK "}", "gate", "", ""},
		{"{\"ready\": false, " CLOCK "}", "gate", "problem", "nobody can connect"},
		{"{\"ready\": true, " CLOCK "}", "clock", "", ""},
		{"{\"metrics\": \"x\\ncamward_clock_set 0\\n\"}", "clock", "problem", "not set"},
		{"{\"metrics\": \"x\\ncamward_clock_set_long 1\\n\"}", "clock", "problem", ""},
		{"{\"cloned\": false}", "keys", "", ""},
		{"{\"cloned\": true}", "keys", "problem", "another machine"},
		{"{\"settings_overdue\": false}", "settings", "", ""},
		{"{\"settings_overdue\": true}", "settings", "problem", "does not answer"},
		{"{\"server_certificate\": \"none\"}", "certificate", "problem", "cannot be read"},
		{"{\"suspensions\": []}", "suspended", "", ""},
		{"{\"suspensions\": [{\"kind\": \"all\", \"name\": \"\", \"reason\": \"why\"}]}",
		 "suspended", "warning", "all: why"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct doctor d = begin(cases[i].given, "{}");

		doctor_look_at_service(&d);
		assert_found(&d, cases[i].check, cases[i].level, cases[i].says);
		end(&d);
	}
}

/* From and to: days from now. */
static void make_certificate(int from, int to, char pem[4096])
{
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t certificate;
	size_t size = 4096;

	assert_int_equal(gnutls_x509_privkey_init(&key), 0);
	assert_int_equal(
		gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
					     GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
		0);
	assert_int_equal(gnutls_x509_crt_init(&certificate), 0);
	assert_int_equal(gnutls_x509_crt_set_version(certificate, 3), 0);
	assert_int_equal(gnutls_x509_crt_set_serial(certificate, "\1", 1), 0);
	/* Half a day more, so that no day ends while this runs. */
	assert_int_equal(gnutls_x509_crt_set_activation_time(certificate, time(NULL) + from * DAY),
			 0);
	assert_int_equal(
		gnutls_x509_crt_set_expiration_time(certificate, time(NULL) + to * DAY + DAY / 2),
		0);
	assert_int_equal(gnutls_x509_crt_set_key(certificate, key), 0);
	assert_int_equal(gnutls_x509_crt_sign2(certificate, certificate, key, GNUTLS_DIG_SHA256, 0),
			 0);
	assert_int_equal(gnutls_x509_crt_export(certificate, GNUTLS_X509_FMT_PEM, pem, &size), 0);
	gnutls_x509_crt_deinit(certificate);
	gnutls_x509_privkey_deinit(key);
}

static void test_the_certificate(void **state)
{
	static const struct {
		int from, to;
		const char *level, *says;
	} cases[] = {
		{-1, 800, "fine", "holds for 800 days"}, {-1, 29, "fine", "holds for 29 days"},
		{-1, 28, "warning", "ends in 28 days"},  {-1, 0, "warning", "ends in 0 days"},
		{-100, -1, "problem", "has ended"},      {-100, -3, "problem", "has ended"},
		{2, 800, "problem", "not valid yet"},
	};
	char pem[4096];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct doctor d = begin("{}", "{}");

		make_certificate(cases[i].from, cases[i].to, pem);
		json_set_text(d.manager, "server_certificate", pem);
		doctor_look_at_service(&d);
		assert_found(&d, "certificate", cases[i].level, cases[i].says);
		end(&d);
	}
}

#define CAMERA(of)                                                                   \
	"{\"/org/camward/Camward1/camera/front\": {\"org.camward.Camward1.Camera\":" \
	" {\"Name\": \"front\", " of "}}}"
#define GRANT(of) "{\"/org/camward/Camward1/grant/1\": {\"org.camward.Camward1.Grant\": {" of "}}}"

static void test_cameras(void **state)
{
	static const struct expectation cases[] = {
		{"{}", "camera", "problem", "No camera has been seen"},
		{CAMERA("\"Condition\": \"idle\""), "camera", "fine", "1 camera: all well"},
		{CAMERA("\"Condition\": \"absent\""), "camera", "warning", "front is not there"},
		{CAMERA("\"Condition\": \"lost\", \"Reason\": \"no picture within 5 s\""), "camera",
		 "problem", "front gives no picture: no picture within 5 s"},
		{CAMERA("\"Condition\": \"absent\", \"Refused\": \"x\", \"Reason\": \"another\""),
		 "camera", "problem", "front is kept out: another"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct doctor d = begin("{}", cases[i].given);

		doctor_look_at_cameras(&d);
		assert_found(&d, cases[i].check, cases[i].level, cases[i].says);
		end(&d);
	}
}

/* In place of the service's answer; NULL: none comes. */
static const char *ledger_ends;

int ledger_read_ends(struct ctl *ctl, struct json_object **ret_start, struct json_object **ret_end)
{
	if (!ledger_ends)
		return CTL_FAILED;
	*ret_start = json_tokener_parse(ledger_ends);
	*ret_end = json_tokener_parse(ledger_ends);
	return 0;
}

/* What a device has signed is found fine where one runs; what nobody signed is not. */
static void test_the_ledger_and_its_disk(void **state)
{
	static const struct {
		const char *ends, *manager, *check, *level, *says;
	} cases[] = {
		{NULL, "{}", "ledger", "problem", "cannot be read"},
		{"{\"anchors\": [], \"head\": {}}", "{}", "ledger", "problem", "not signed"},
		{"{}", "{\"metrics\": \"\\ncamward_store_queue_jobs 100\\n\"}", "disk", "", ""},
		{"{}", "{\"metrics\": \"\\ncamward_store_queue_jobs 101\\n\"}", "disk", "warning",
		 "slow"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct doctor d = begin(cases[i].manager, "{}");

		ledger_ends = cases[i].ends;
		doctor_look_at_ledger(&d);
		assert_found(&d, cases[i].check, cases[i].level, cases[i].says);
		end(&d);
	}
}

static void test_the_agent(void **state)
{
	static const struct {
		const char *manager, *tree, *level;
	} cases[] = {
		{"{\"has_agent\": false}", GRANT("\"AskFirst\": false"), ""},
		{"{\"has_agent\": false}", GRANT("\"AskFirst\": true"), "problem"},
		{"{\"has_agent\": true}", GRANT("\"AskFirst\": true"), "fine"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct doctor d = begin(cases[i].manager, cases[i].tree);

		doctor_look_at_service(&d);
		assert_found(&d, "agent", cases[i].level, "");
		end(&d);
	}
}

/* In a process of its own, which may change its machine: become_so() makes it so. */
static void assert_system(bool (*become_so)(const char *how), const char *how, const char *check,
			  const char *level, const char *says)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		struct doctor d = begin("{}", "{}");

		if (unshare(CLONE_NEWNS) < 0 ||
		    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || !become_so(how))
			_exit(2);
		unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
		doctor_look_at_system(&d);
		assert_found(&d, check, level, says);
		_exit(0);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (status)
		print_error("%s by '%s' should be '%s'\n", check, how, level);
	assert_int_equal(status, 0);
}

static bool is_directory_anew(const char *path, const char *options, unsigned long flags)
{
	return mount("test", path, "tmpfs", flags, options) == 0;
}

static bool set_disk(const char *how)
{
	bool is_read_only = !strcmp(how, "read-only");

	return is_directory_anew("/var/lib", "", 0) && mkdir("/var/lib/camward", 0755) == 0 &&
	       is_directory_anew("/var/lib/camward", is_read_only ? "size=2g" : how,
				 is_read_only ? MS_RDONLY : 0);
}

static bool set_group(const char *how)
{
	const gid_t gid = 4711;
	FILE *file = fopen("/run/group", "we");
	bool is_there = strcmp(how, "none") != 0;

	if (!file)
		return false;
	fprintf(file, "root:x:0:\n%s", is_there ? "camward:x:4711:\n" : "");
	fclose(file);
	if (mount("/run/group", "/etc/group", NULL, MS_BIND, NULL) < 0)
		return false;
	if (!strcmp(how, "root") || !is_there)
		return true;
	return setgroups(!strcmp(how, "member"), &gid) == 0 && setresgid(4712, 4712, 4712) == 0 &&
	       setresuid(4712, 4712, 4712) == 0;
}

/* In place of the C library's: setting the machine's clock is not for a test. */
static struct timex kernel_clock;
static int clock_state;

int adjtimex(struct timex *t)
{
	*t = kernel_clock;
	return clock_state;
}

static void test_the_time(void **state)
{
	static const struct {
		int state, status;
		const char *level, *says;
	} cases[] = {
		{TIME_OK, STA_PLL, "fine", "kept right"},
		{TIME_INS, STA_PLL, "fine", "kept right"},
		{TIME_OK, STA_UNSYNC, "warning", "Nothing keeps the clock right"},
		{TIME_ERROR, 0, "warning", "Nothing keeps the clock right"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct doctor d = begin("{}", "{}");

		clock_state = cases[i].state;
		kernel_clock.status = cases[i].status;
		doctor_look_at_system(&d);
		assert_found(&d, "time", cases[i].level, cases[i].says);
		end(&d);
	}
}

static bool set_run_and_group(const char *how)
{
	return is_directory_anew("/run", "", 0) && set_group(how);
}

static bool write_empty(const char *path)
{
	FILE *file = fopen(path, "we");

	return file && fclose(file) == 0;
}

/* how: "all", or what lacks. */
static bool set_files(const char *how)
{
	return is_directory_anew(DBUS_DIR, "", 0) && mkdir(DBUS_DIR "/system.d", 0755) == 0 &&
	       is_directory_anew(POLKIT_DIR, "", 0) && mkdir(POLKIT_DIR "/actions", 0755) == 0 &&
	       (!strcmp(how, "bus policy") ||
		write_empty(DBUS_DIR "/system.d/org.camward.Camward1.conf")) &&
	       (!strcmp(how, "polkit") ||
		write_empty(POLKIT_DIR "/actions/org.camward.Camward1.policy"));
}

static void test_the_system(void **state)
{
	if (geteuid() != 0)
		skip();
	assert_system(set_disk, "size=1g", "disk", "fine", "has room");
	assert_system(set_disk, "size=256m", "disk", "warning", "256 MB left");
	assert_system(set_disk, "size=32m", "disk", "problem", "32 MB left");
	assert_system(set_disk, "read-only", "disk", "problem", "read-only");
	assert_system(set_run_and_group, "none", "group", "warning", "no group");
	assert_system(set_run_and_group, "root", "group", "fine", "root");
	assert_system(set_run_and_group, "member", "group", "fine", "is in the group");
	assert_system(set_run_and_group, "stranger", "group", "warning", "is not in the group");
	assert_system(set_files, "all", "bus policy", "fine", "");
	assert_system(set_files, "all", "polkit", "fine", "");
	assert_system(set_files, "bus policy", "bus policy", "problem", "lacks");
	assert_system(set_files, "polkit", "polkit", "problem", "lacks");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_service),
		cmocka_unit_test(test_the_certificate),
		cmocka_unit_test(test_cameras),
		cmocka_unit_test(test_the_agent),
		cmocka_unit_test(test_the_system),
		cmocka_unit_test(test_the_time),
		cmocka_unit_test(test_the_ledger_and_its_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
