// SPDX-License-Identifier: LGPL-2.1-or-later
/* What camward-view can still do while it reads the network, and who connects for it. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "relaxed.h"
#include "view/confine.h"
#include "view/dialer.h"
#include "wire.h"

#define DECODER "/dev/null" /* stands for its node */

static struct confine_needs needs;

/* The status with which a process that is confined ends; a signal: 128 and it. */
static int confined(int (*attempt)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(view_confine(&needs) < 0 ? 99 : attempt());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

#define KILLED (128 + SIGSYS)

static int try_file(void)
{
	return open("/etc/passwd", O_RDONLY) < 0 ? 0 : 1;
}

static int try_new_file(void)
{
	return open("/tmp/camward-view-test", O_WRONLY | O_CREAT, 0600) < 0 ? 0 : 1;
}

static int try_decoder(void)
{
	return open(DECODER, O_RDWR) >= 0 ? 0 : 1;
}

static int try_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) < 0 ? 0 : 1;
}

static int try_process(void)
{
	return fork() < 0 ? 0 : 1;
}

static int try_program(void)
{
	return execl("/bin/true", "true", NULL) < 0 ? 0 : 1;
}

static int try_signal(void)
{
	return kill(getppid(), 0) < 0 ? 0 : 1;
}

static int try_code(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED ? 0 : 1;
}

static int try_work(void)
{
	char *memory = malloc(64u << 20);
	struct pollfd p = {.fd = -1};

	if (!memory || poll(&p, 1, 0) != 0)
		return 1;
	memset(memory, 1, 64u << 20);
	return write(STDERR_FILENO, "", 0) == 0 ? 0 : 1;
}

static int end_command(void)
{
	return kill(needs.command, SIGKILL) == 0 ? 0 : 1;
}

static void check_all_refused(void)
{
	assert_int_equal(confined(try_file), 0);
	assert_int_equal(confined(try_new_file), 0);
	assert_int_equal(confined(try_socket), KILLED);
	assert_int_equal(confined(try_process), KILLED);
	assert_int_equal(confined(try_program), KILLED);
	assert_int_equal(confined(try_signal), KILLED);
	assert_int_equal(confined(try_code), KILLED);
	assert_int_equal(confined(try_work), 0);
}

static void test_nothing_is_left_but_what_is_open(void **state)
{
	if (RELAXED)
		skip();
	needs = (struct confine_needs){};
	check_all_refused();
	assert_int_equal(confined(try_decoder), 1);
}

static void test_a_display_opens_its_decoder_alone(void **state)
{
	if (RELAXED)
		skip();
	needs = (struct confine_needs){.display = true};
	check_all_refused();
	assert_int_equal(confined(try_decoder), 1);
	needs.decoder = DECODER;
	if (confined(try_work) == 99)
		skip(); /* no Landlock here */
	check_all_refused();
	assert_int_equal(confined(try_decoder), 0);
}

static void test_the_command_can_be_ended_and_nobody_else(void **state)
{
	int status;

	if (RELAXED)
		skip();
	needs = (struct confine_needs){.command = fork()};
	if (needs.command == 0) {
		pause();
		_exit(0);
	}
	check_all_refused();
	assert_int_equal(confined(end_command), 0);
	assert_int_equal(waitpid(needs.command, &status, 0), needs.command);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* --- who connects --- */

static int listen_on_loopback(uint16_t *ret_port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 4), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	*ret_port = ntohs(address.sin_port);
	return fd;
}

static int answer(struct dialer *d, int *ret, char why[DIALER_WHY_SIZE])
{
	struct pollfd p = {.fd = d->link, .events = POLLIN};

	assert_int_equal(dialer_ask(d), 0);
	assert_int_equal(poll(&p, 1, 60000), 1);
	return dialer_answer(d, ret, why);
}

static void test_the_dialer_connects_as_often_as_it_is_asked(void **state)
{
	struct url url = {.host = "localhost", .token = "secret"};
	_cleanup_close_ int listener = listen_on_loopback(&url.port);
	char why[DIALER_WHY_SIZE], word;
	struct dialer d;

	assert_int_equal(dialer_start(&d, &url), 0);
	assert_string_equal(url.token, "secret");
	for (int i = 0; i < 3; i++) {
		_cleanup_close_ int ours = -EBADF, theirs = -EBADF;

		assert_int_equal(answer(&d, &ours, why), 0);
		theirs = accept(listener, NULL, NULL);
		assert_true(theirs >= 0);
		assert_int_equal(send(ours, "x", 1, 0), 1);
		assert_int_equal(recv(theirs, &word, 1, 0), 1);
		assert_true(fcntl(ours, F_GETFL) & O_NONBLOCK);
	}
	close_fd(steal_fd(&listener));
	assert_int_equal(answer(&d, &(int){-EBADF}, why), -EHOSTUNREACH);
	assert_string_equal(why, "cannot connect: Connection refused");
	dialer_stop(&d);
}

static void test_a_host_that_is_not_there_is_told(void **state)
{
	struct url url = {.host = "no-such-host.invalid", .port = 322};
	char why[DIALER_WHY_SIZE];
	struct dialer d;
	int sock;

	assert_int_equal(dialer_start(&d, &url), 0);
	assert_int_equal(answer(&d, &sock, why), -EHOSTUNREACH);
	assert_memory_equal(why, "cannot find the host: ", 22);
	dialer_stop(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_left_but_what_is_open),
		cmocka_unit_test(test_a_display_opens_its_decoder_alone),
		cmocka_unit_test(test_the_command_can_be_ended_and_nobody_else),
		cmocka_unit_test(test_the_dialer_connects_as_often_as_it_is_asked),
		cmocka_unit_test(test_a_host_that_is_not_there_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
