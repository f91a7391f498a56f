// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * In /etc/ld.so.preload: vivid's capture nodes have only the format that /run/one-format names
 * when a program starts. It is as if the driver had no other: it does not list them, and answers
 * with this one if asked.
 */
#include <dlfcn.h>
#include <errno.h>
#include <linux/videodev2.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int (*real)(int fd, unsigned long request, ...);
static unsigned int the_format; /* 0: as they are */

/* A process may not be allowed to look later. */
__attribute__((constructor)) static void look(void)
{
	FILE *f = fopen("/run/one-format", "re");
	char name[5] = "";

	*(void **)&real = dlsym(RTLD_NEXT, "ioctl");
	if (f && fscanf(f, "%4s", name) == 1)
		the_format = v4l2_fourcc(name[0], name[1], name[2], name[3]);
	if (f)
		fclose(f);
}

static int is_concerned(int fd, unsigned int type)
{
	struct v4l2_capability capability;

	return the_format &&
	       (type == V4L2_BUF_TYPE_VIDEO_CAPTURE ||
		type == V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE) &&
	       real(fd, VIDIOC_QUERYCAP, &capability) == 0 &&
	       !strcmp((const char *)capability.driver, "vivid");
}

static int enumerate(int fd, struct v4l2_fmtdesc *desc)
{
	struct v4l2_fmtdesc own = *desc;

	if (desc->index) {
		errno = EINVAL;
		return -1;
	}
	while (real(fd, VIDIOC_ENUM_FMT, &own) == 0) {
		if (own.pixelformat == the_format) {
			*desc = own;
			desc->index = 0;
			return 0;
		}
		own.index++;
	}
	return -1;
}

/* What is asked for anew: its lines are the driver's to choose. */
static void turn_into(struct v4l2_format *format)
{
	if (V4L2_TYPE_IS_MULTIPLANAR(format->type)) {
		format->fmt.pix_mp.pixelformat = the_format;
		memset(format->fmt.pix_mp.plane_fmt, 0, sizeof(format->fmt.pix_mp.plane_fmt));
		return;
	}
	format->fmt.pix.pixelformat = the_format;
	format->fmt.pix.bytesperline = 0;
}

static unsigned int asked_for(const struct v4l2_format *format)
{
	return V4L2_TYPE_IS_MULTIPLANAR(format->type) ? format->fmt.pix_mp.pixelformat
						      : format->fmt.pix.pixelformat;
}

int ioctl(int fd, unsigned long request, ...);

int ioctl(int fd, unsigned long request, ...)
{
	struct v4l2_fmtdesc *desc;
	struct v4l2_format *format;
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	desc = arg;
	format = arg;
	if (request == VIDIOC_ENUM_FMT && is_concerned(fd, desc->type))
		return enumerate(fd, desc);
	if ((request == VIDIOC_S_FMT || request == VIDIOC_TRY_FMT) &&
	    is_concerned(fd, format->type) && asked_for(format) != the_format)
		turn_into(format);
	return real(fd, request, arg);
}
