// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The session's real confinement with something else in the session's place: each attempt runs in a
 * child of its own, after confine_self(), and must end by SIGSYS or fail by a seal.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fdpass.h"
#include "base/memfd.h"
#include "proto/session-msg.h"
#include "relaxed.h"
#include "session/confine.h"

#define RING_SIZE 65536

static struct confinement confinement;
static int ring, counters;
static char *const no_strings[] = {NULL};

/* What a session receives by GRANTED. */
static int receive_ring(int fds[2])
{
	size_t n;
	char byte;

	return fdpass_recv(CONFINE_LINK, &byte, 1, fds, 2, &n) == 1 && n == 2 ? 0 : -1;
}

/* The wait status of a confined child that ran f. Its link brings the ring and the counters. */
static int run(int (*f)(void))
{
	int link[2], sock[2], status;
	pid_t pid, parent = getpid();

	assert_int_equal(fdpass_pair(link), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sock), 0);
	assert_int_equal(fdpass_send(link[1], "", 1, (int[]){ring, counters}, 2), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(confine_self(&confinement, sock[0], link[0], parent) < 0 ? 99 : f());
	close_fds(sock, 2);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close_fds(link, 2);
	return status;
}

#define ATTEMPT(name, ...)                             \
	static int name(void)                          \
	{                                              \
		return (int)syscall(__VA_ARGS__) + 50; \
	}

#ifdef __NR_open
ATTEMPT(try_open, __NR_open, "/etc/passwd", O_RDONLY)
#endif
ATTEMPT(try_openat, __NR_openat, AT_FDCWD, "/etc/passwd", O_RDONLY)
ATTEMPT(try_openat2, __NR_openat2, AT_FDCWD, "/", NULL, 0)
ATTEMPT(try_socket, __NR_socket, AF_INET, SOCK_STREAM, 0)
ATTEMPT(try_socketpair, __NR_socketpair, AF_UNIX, SOCK_STREAM, 0, NULL)
ATTEMPT(try_connect, __NR_connect, CONFINE_SOCK, NULL, 0)
ATTEMPT(try_accept, __NR_accept4, CONFINE_SOCK, NULL, NULL, 0)
ATTEMPT(try_bind, __NR_bind, CONFINE_SOCK, NULL, 0)
ATTEMPT(try_listen, __NR_listen, CONFINE_SOCK, 1)
ATTEMPT(try_fastopen, __NR_sendto, CONFINE_SOCK, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL | MSG_DONTWAIT,
	NULL, 0)
ATTEMPT(try_sendto_address, __NR_sendto, CONFINE_SOCK, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT, "a", 1)
ATTEMPT(try_send_on_link, __NR_sendto, CONFINE_LINK, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT, NULL, 0)
ATTEMPT(try_sendmsg_on_socket, __NR_sendmsg, CONFINE_SOCK, NULL, MSG_NOSIGNAL | MSG_DONTWAIT)
ATTEMPT(try_sendmsg_flags, __NR_sendmsg, CONFINE_LINK, NULL, MSG_FASTOPEN)
ATTEMPT(try_sendmmsg, __NR_sendmmsg, CONFINE_LINK, NULL, 0, 0)
ATTEMPT(try_ptrace, __NR_ptrace, PTRACE_TRACEME, 0, 0, 0)
ATTEMPT(try_kill, __NR_kill, 1, 0)
ATTEMPT(try_tgkill, __NR_tgkill, 1, 1, 0)
ATTEMPT(try_execve, __NR_execve, "/bin/true", no_strings, no_strings)
ATTEMPT(try_execveat, __NR_execveat, AT_FDCWD, "/bin/true", no_strings, no_strings, 0)
ATTEMPT(try_clone, __NR_clone, SIGCHLD, NULL, NULL, NULL, 0)
ATTEMPT(try_clone3, __NR_clone3, NULL, 0)
ATTEMPT(try_memfd_create, __NR_memfd_create, "x", 0)
ATTEMPT(try_dup, __NR_dup, CONFINE_SOCK)
ATTEMPT(try_dup3, __NR_dup3, CONFINE_SOCK, 7, 0)
ATTEMPT(try_fcntl, __NR_fcntl, CONFINE_SOCK, F_SETFL, 0)
ATTEMPT(try_ioctl, __NR_ioctl, CONFINE_SOCK, 0, 0)
ATTEMPT(try_pidfd_open, __NR_pidfd_open, 1, 0)
ATTEMPT(try_pidfd_getfd, __NR_pidfd_getfd, 0, 0, 0)
ATTEMPT(try_pidfd_send_signal, __NR_pidfd_send_signal, 0, 0, NULL, 0)
ATTEMPT(try_process_vm_readv, __NR_process_vm_readv, 1, NULL, 0, NULL, 0, 0)
ATTEMPT(try_process_vm_writev, __NR_process_vm_writev, 1, NULL, 0, NULL, 0, 0)
ATTEMPT(try_io_uring, __NR_io_uring_setup, 1, NULL)
ATTEMPT(try_bpf, __NR_bpf, 0, NULL, 0)
ATTEMPT(try_userfaultfd, __NR_userfaultfd, 0)
ATTEMPT(try_perf, __NR_perf_event_open, NULL, 0, 0, 0, 0)
ATTEMPT(try_unshare, __NR_unshare, 0)
ATTEMPT(try_setns, __NR_setns, 0, 0)
ATTEMPT(try_mount, __NR_mount, NULL, NULL, NULL, 0, NULL)
ATTEMPT(try_chdir, __NR_chdir, "/")
ATTEMPT(try_unlink, __NR_unlinkat, AT_FDCWD, "/nothing", 0)
ATTEMPT(try_stat, __NR_statx, AT_FDCWD, "/", 0, 0, NULL)
ATTEMPT(try_prctl, __NR_prctl, PR_SET_DUMPABLE, 1)
ATTEMPT(try_seccomp, __NR_seccomp, 0, 0, NULL)
ATTEMPT(try_setrlimit, __NR_prlimit64, 0, 0, NULL, NULL)
ATTEMPT(try_setuid, __NR_setuid, 0)
ATTEMPT(try_signal_handler, __NR_rt_sigaction, SIGSYS, NULL, NULL, 8)
ATTEMPT(try_linger, __NR_setsockopt, CONFINE_SOCK, SOL_SOCKET, SO_LINGER, NULL, 0)
ATTEMPT(try_sockopt_on_link, __NR_setsockopt, CONFINE_LINK, IPPROTO_TCP, TCP_QUICKACK, NULL, 0)
ATTEMPT(try_getsockopt, __NR_getsockopt, CONFINE_SOCK, SOL_SOCKET, SO_PEERCRED, NULL, NULL)
ATTEMPT(try_getsockopt_on_link, __NR_getsockopt, CONFINE_LINK, IPPROTO_TCP, TCP_INFO, NULL, NULL)
ATTEMPT(try_shutdown_reading, __NR_shutdown, CONFINE_SOCK, SHUT_RD)
ATTEMPT(try_write, __NR_write, CONFINE_SOCK, "x", 1)
ATTEMPT(try_write_log, __NR_write, STDERR_FILENO, "x", 1)
ATTEMPT(try_read, __NR_read, CONFINE_SOCK, NULL, 0)
ATTEMPT(try_splice, __NR_splice, CONFINE_SOCK, NULL, CONFINE_LINK, NULL, 1, 0)
#ifdef __NR_mmap2 /* which has pages for its offset; 32-bit ARM has no other */
#define MMAP __NR_mmap2
#else
#define MMAP __NR_mmap
#endif
ATTEMPT(try_executable_memory, MMAP, NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
	-1, 0)
ATTEMPT(try_shared_anonymous, MMAP, NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
	-1, 0)
ATTEMPT(try_fixed_memory, MMAP, NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
	0)
ATTEMPT(try_mprotect_executable, __NR_mprotect, NULL, 0, PROT_READ | PROT_EXEC)
ATTEMPT(try_fixed_remap, __NR_mremap, NULL, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, NULL)

static int try_writable_mapping(void)
{
	int fds[2];

	if (receive_ring(fds) < 0)
		return 98;
	mmap(NULL, RING_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fds[0], 0);
	return 50;
}

static const struct {
	const char *name;
	int (*f)(void);
} attempts[] = {
#ifdef __NR_open
	{"open", try_open},
#endif
	{"openat", try_openat},
	{"openat2", try_openat2},
	{"socket", try_socket},
	{"socketpair", try_socketpair},
	{"connect", try_connect},
	{"accept", try_accept},
	{"bind", try_bind},
	{"listen", try_listen},
	{"fastopen", try_fastopen},
	{"sendto address", try_sendto_address},
	{"send on link", try_send_on_link},
	{"sendmsg on socket", try_sendmsg_on_socket},
	{"sendmsg flags", try_sendmsg_flags},
	{"sendmmsg", try_sendmmsg},
	{"ptrace", try_ptrace},
	{"kill", try_kill},
	{"tgkill", try_tgkill},
	{"execve", try_execve},
	{"execveat", try_execveat},
	{"clone", try_clone},
	{"clone3", try_clone3},
	{"memfd create", try_memfd_create},
	{"dup", try_dup},
	{"dup3", try_dup3},
	{"fcntl", try_fcntl},
	{"ioctl", try_ioctl},
	{"pidfd open", try_pidfd_open},
	{"pidfd getfd", try_pidfd_getfd},
	{"pidfd send signal", try_pidfd_send_signal},
	{"process vm readv", try_process_vm_readv},
	{"process vm writev", try_process_vm_writev},
	{"io uring", try_io_uring},
	{"bpf", try_bpf},
	{"userfaultfd", try_userfaultfd},
	{"perf", try_perf},
	{"unshare", try_unshare},
	{"setns", try_setns},
	{"mount", try_mount},
	{"chdir", try_chdir},
	{"unlink", try_unlink},
	{"stat", try_stat},
	{"prctl", try_prctl},
	{"seccomp", try_seccomp},
	{"setrlimit", try_setrlimit},
	{"setuid", try_setuid},
	{"signal handler", try_signal_handler},
	{"linger", try_linger},
	{"sockopt on link", try_sockopt_on_link},
	{"getsockopt", try_getsockopt},
	{"getsockopt on link", try_getsockopt_on_link},
	{"shutdown reading", try_shutdown_reading},
	{"write", try_write},
	{"write to the gate's log", try_write_log},
	{"read", try_read},
	{"splice", try_splice},
	{"executable memory", try_executable_memory},
	{"shared anonymous", try_shared_anonymous},
	{"fixed memory", try_fixed_memory},
	{"mprotect executable", try_mprotect_executable},
	{"fixed remap", try_fixed_remap},
	{"writable mapping", try_writable_mapping},
};

static void test_what_a_session_may_not_do_kills_it(void **state)
{
	if (RELAXED)
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(attempts); i++) {
		int status = run(attempts[i].f);

		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			fail_msg("%s: wait status %#x", attempts[i].name, status);
	}
}

/* Of the size of the counters page, which the filter has to let through: the seal refuses it. */
static int ring_is_sealed(void)
{
	int fds[2];

	if (receive_ring(fds) < 0)
		return 98;
	return mmap(NULL, sizeof(struct session_counters), PROT_READ | PROT_WRITE, MAP_SHARED,
		    fds[0], 0) != MAP_FAILED ||
	       errno != EPERM;
}

static void test_a_ring_cannot_be_mapped_writable(void **state)
{
	assert_int_equal(run(ring_is_sealed), 0);
}

static int maps_what_it_was_given(void)
{
	int fds[2];
	void *page;

	if (receive_ring(fds) < 0)
		return 98;
	if (mmap(NULL, RING_SIZE, PROT_READ, MAP_SHARED, fds[0], 0) == MAP_FAILED)
		return 1;
	page = mmap(NULL, sizeof(struct session_counters), PROT_READ | PROT_WRITE, MAP_SHARED,
		    fds[1], 0);
	if (page == MAP_FAILED)
		return 2;
	*(volatile char *)page = 1;
	close_fds(fds, 2);
	return 0;
}

static int lives(void)
{
	struct pollfd p = {.fd = CONFINE_SOCK, .events = POLLIN};
	struct timespec wait = {.tv_nsec = 1000};
	char *memory = malloc(1 << 20);
	uint8_t byte;

	if (!memory || !(memory = realloc(memory, 8 << 20)))
		return 1;
	memset(memory, 1, 8 << 20);
	free(memory);
	if (send(CONFINE_SOCK, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno != EPIPE)
		return 2;
	if (ppoll(&p, 1, &wait, NULL) < 0)
		return 3;
	(void)recv(CONFINE_SOCK, &byte, 1, MSG_DONTWAIT);
	return fdpass_send(CONFINE_LINK, "x", 1, NULL, 0) < 0 ? 4 : 0;
}

static int holds_nothing_else(void)
{
	int fds[2];

	/* The two of the link come right behind: nothing else is open. */
	return receive_ring(fds) < 0 || fds[0] != CONFINE_LINK + 1 || fds[1] != CONFINE_LINK + 2;
}

static void test_what_a_session_needs_is_left(void **state)
{
	assert_int_equal(run(maps_what_it_was_given), 0);
	assert_int_equal(run(lives), 0);
	assert_int_equal(run(holds_nothing_else), 0);
}

static void test_an_orphan_is_not_confined_but_refused(void **state)
{
	int status, link[2];
	pid_t pid;

	assert_int_equal(fdpass_pair(link), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(confine_self(&confinement, link[0], link[1], getpid()) == -ESRCH ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close_fds(link, 2);
	assert_int_equal(status, 0);
}

static int setup(void **state)
{
	void *map;

	ring = memfd_create_single_writer("ring", RING_SIZE, &map);
	counters = memfd_create_shared("counters", sizeof(struct session_counters), &map);
	return ring < 0 || counters < 0 ? -1 : confinement_init(&confinement);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_a_session_may_not_do_kills_it),
		cmocka_unit_test(test_a_ring_cannot_be_mapped_writable),
		cmocka_unit_test(test_what_a_session_needs_is_left),
		cmocka_unit_test(test_an_orphan_is_not_confined_but_refused),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
