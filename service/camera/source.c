// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

int source_open(struct source *s, const struct source_want *want, struct source_format *ret)
{
	int r = s->ops->open(s, want, ret);

	if (r < 0)
		s->ops->close(s);
	return r;
}

int source_start(struct source *s, struct source_format *format)
{
	return s->ops->start ? s->ops->start(s, format) : 0;
}

struct v4l2_capture *source_capture(struct source *s)
{
	return s->ops->capture ? s->ops->capture(s) : NULL;
}

int source_read(struct source *s, struct source_frame *frame)
{
	return frame->y || !s->ops->read ? 0 : s->ops->read(s, frame);
}

int source_probe(struct source *s)
{
	return s->ops->probe ? s->ops->probe(s) : 0;
}

bool source_replaced(const struct source *s)
{
	return s->ops->replaced && s->ops->replaced(s);
}

void source_close(struct source *s)
{
	s->ops->close(s);
	s->shared = s->direct = false;
}

int source_fd(const struct source *s)
{
	return s->ops->fd(s);
}

uint32_t source_events(const struct source *s)
{
	return s->ops->exhausted && s->ops->exhausted(s) ? 0 : s->events;
}

int source_next(struct source *s, struct source_frame *ret)
{
	*ret = (struct source_frame){};
	return s->ops->next(s, ret);
}

int source_release(struct source *s, uint32_t id)
{
	return s->ops->release(s, id);
}

int source_force_keyframe(struct source *s)
{
	return s->ops->force_keyframe ? s->ops->force_keyframe(s) : -ENOTTY;
}

int source_set_control(struct source *s, const char *control, int32_t *value, bool exact)
{
	return s->ops->set_control ? s->ops->set_control(s, control, value, exact) : -ENOTTY;
}

bool source_has_controls(const struct source *s)
{
	return s->ops->next_control != NULL;
}

int source_next_control(struct source *s, uint32_t *cursor, struct camera_control *ret)
{
	return s->ops->next_control ? s->ops->next_control(s, cursor, ret) : 0;
}

struct source *source_free(struct source *s)
{
	if (!s)
		return NULL;
	s->ops->close(s);
	s->ops->free(s);
	return NULL;
}

const char *source_explain(int error)
{
	switch (error) {
	case -ENODEV:
	case -ENXIO:
	case -ENOENT:
		return "unplugged";
	case -EACCES:
	case -EPERM:
		return "not permitted; a device that was plugged in anew needs a new process";
	case -EBUSY:
		return "busy: used by another program";
	case -ESTALE:
		return "the format of its picture changed";
	case -EOPNOTSUPP:
		return "no picture format that can be used (a media pipeline to set up, or none "
		       "that "
		       "this build decodes)";
	case -ENOTTY:
		return "not a V4L2 capture device";
	case -EINVAL:
		return "the size or rate asked for cannot be";
	default:
		return strerror(-error);
	}
}

bool source_may_return(int error)
{
	return error != -EOPNOTSUPP && error != -ENOTTY && error != -EINVAL && error != -ENOMEM;
}

void source_stamp(struct source_frame *f, uint64_t captured_monotonic)
{
	uint64_t now = clock_monotonic();
	uint64_t age = now > captured_monotonic ? now - captured_monotonic : 0;

	f->captured_monotonic = now - age;
	f->captured_realtime = clock_realtime() - age;
	f->captured_boottime = clock_now(CLOCK_BOOTTIME) - age;
}
