// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The journal's native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): a datagram of KEY=VALUE
 * lines. sd_journal_send() would wait for a journal that is stuck, and what ends access must not.
 */
#include "base/event.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/log.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

#define TEXT_SIZE     1024
#define DATAGRAM_SIZE 4096

#define EVENT_ID(name, id) [EVENT_##name] = (id),
static const char *const ids[] = {EVENTS(EVENT_ID)};
#undef EVENT_ID

static int event_journal = -EBADF;

struct datagram {
	char bytes[DATAGRAM_SIZE];
	size_t n;
	bool full;
};

__attribute__((format(printf, 3, 4))) static void add(struct datagram *d, const char *key,
						      const char *format, ...)
{
	size_t begin, room = sizeof(d->bytes) - d->n;
	va_list ap;
	int k = snprintf(d->bytes + d->n, room, "%s=", key), n;

	if (k < 0 || (size_t)k >= room) {
		d->full = true;
		return;
	}
	begin = d->n + (size_t)k;
	room -= (size_t)k;
	va_start(ap, format);
	n = vsnprintf(d->bytes + begin, room, format, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= room) {
		d->full = true;
		return;
	}
	/* A value must not begin a field of its own. */
	log_clean(d->bytes + begin, (size_t)n);
	d->n = begin + (size_t)n;
	d->bytes[d->n++] = '\n';
}

static void add_text(struct datagram *d, const char *key, const char *value)
{
	if (value && value[0])
		add(d, key, "%s", value);
}

static void add_number(struct datagram *d, const char *key, uint64_t value)
{
	if (value)
		add(d, key, "%llu", (unsigned long long)value);
}

static void add_about(struct datagram *d, const struct event_about *about)
{
	add_text(d, "CAMWARD_CAMERA", about->camera);
	add_text(d, "CAMWARD_CLIENT", about->client);
	add_text(d, "CAMWARD_PEER", about->peer);
	add_text(d, "CAMWARD_REASON", about->reason);
	add_number(d, "CAMWARD_LEASE", about->lease);
	add_number(d, "CAMWARD_CONNECTION", about->connection);
	add_number(d, "CAMWARD_FRAMES", about->frames);
}

static bool send_datagram(const struct datagram *d)
{
	/* By its name each time: the journal can be started again. */
	const struct sockaddr_un journal = {.sun_family = AF_UNIX, .sun_path = JOURNAL_SOCKET};

	return event_journal >= 0 && !d->full &&
	       sendto(event_journal, d->bytes, d->n, MSG_DONTWAIT | MSG_NOSIGNAL,
		      (const struct sockaddr *)&journal, sizeof(journal)) >= 0;
}

void event_open(void)
{
	close_fd(steal_fd(&event_journal));
	if (log_is_journal())
		event_journal = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

void event_log(int level, enum event event, const struct event_about *about, const char *format,
	       ...)
{
	struct datagram d = {};
	char text[TEXT_SIZE];
	va_list ap;

	if (!log_wants(level))
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	add(&d, "MESSAGE_ID", "%s", ids[event]);
	add(&d, "PRIORITY", "%d", level);
	add(&d, "SYSLOG_IDENTIFIER", "%s", log_get_name());
	add(&d, "MESSAGE", "%s", text);
	if (about)
		add_about(&d, about);
	if (!send_datagram(&d))
		log_line(level, "%s", text);
}
