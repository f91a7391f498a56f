// SPDX-License-Identifier: LGPL-2.1-or-later
/* In /etc/ld.so.preload: no video node gives its buffers away as DMA-bufs, as if its driver could
 * not. */
#include <dlfcn.h>
#include <errno.h>
#include <linux/videodev2.h>
#include <stdarg.h>

static int (*real)(int fd, unsigned long request, ...);

__attribute__((constructor)) static void look(void)
{
	*(void **)&real = dlsym(RTLD_NEXT, "ioctl");
}

int ioctl(int fd, unsigned long request, ...);

int ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (request == VIDIOC_EXPBUF) {
		errno = ENOTTY;
		return -1;
	}
	return real(fd, request, arg);
}
