// SPDX-License-Identifier: LGPL-2.1-or-later
#include "view/terminal.h"

#include <errno.h>
#include <linux/kd.h>
#include <linux/vt.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>

#include "base/cleanup.h"

/* The usual ones have their meaning already. */
#define SIGNAL_LEAVE  SIGRTMIN
#define SIGNAL_RETURN (SIGRTMIN + 1)

int terminal_take(struct terminal *t)
{
	struct vt_mode mode = {
		.mode = VT_PROCESS, .relsig = (short)SIGNAL_LEAVE, .acqsig = (short)SIGNAL_RETURN};
	sigset_t set;
	int was;

	*t = (struct terminal){.fd = -EBADF, .signals = -EBADF};
	if (ioctl(STDIN_FILENO, KDGETMODE, &was) < 0 || was != KD_TEXT)
		return 0;
	sigemptyset(&set);
	sigaddset(&set, SIGNAL_LEAVE);
	sigaddset(&set, SIGNAL_RETURN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	t->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (t->signals < 0)
		return -errno;
	/* One that is not ours (EPERM) is somebody else's to care for. */
	if (ioctl(STDIN_FILENO, VT_SETMODE, &mode) < 0)
		return 0;
	t->fd = STDIN_FILENO;
	ioctl(t->fd, KDSETMODE, KD_GRAPHICS);
	return 0;
}

void terminal_release(struct terminal *t)
{
	struct vt_mode mode = {.mode = VT_AUTO};

	if (t->fd >= 0) {
		ioctl(t->fd, KDSETMODE, KD_TEXT);
		ioctl(t->fd, VT_SETMODE, &mode);
	}
	close_fd(t->signals);
	*t = (struct terminal){.fd = -EBADF, .signals = -EBADF};
}

enum terminal_event terminal_next(const struct terminal *t)
{
	struct signalfd_siginfo info;

	if (t->fd < 0 || read(t->signals, &info, sizeof(info)) != sizeof(info))
		return TERMINAL_QUIET;
	if (info.ssi_signo == (uint32_t)SIGNAL_LEAVE)
		return TERMINAL_LEAVE;
	ioctl(t->fd, VT_RELDISP, VT_ACKACQ);
	return TERMINAL_RETURN;
}

void terminal_left(const struct terminal *t)
{
	ioctl(t->fd, VT_RELDISP, 1);
}
