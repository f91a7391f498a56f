// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Settings that change while the service runs, and who waits for them: a reload, each camera that
 * comes, and who is refused for what they say. Nobody else does: they are read elsewhere
 * (settings-reader.h), all else goes on meanwhile, and what was read last stays in force. Files
 * that do not answer for RELOAD_PATIENCE are told of; as soon as they do answer, what was waiting
 * goes on by itself.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "base/clock.h"
#include "broker/list.h"

#define RELOAD_PATIENCE (3 * USEC_PER_SEC)

struct broker;
struct service_settings;
struct settings_reader;
struct settings_record;

/* 0: what stands in the files is in force. -ETIMEDOUT: they do not answer; it is called again when
 * they have. -ENOMEM. */
typedef void (*reload_done)(void *userdata, int error);

/* One who waits for what stands in the files now; the first of what holds it. done ends the wait.
 * read: they have been read; else they do not answer, or the service ends. */
struct reload_waiter {
	struct list list;
	uint64_t reading;
	void (*done)(struct reload_waiter *waiter, bool read);
};

struct reload {
	struct settings_reader *reader;
	struct settings_record *record; /* as read last; its declarations are in the broker */
	sd_event_source *source, *timer;
	uint64_t asked;  /* the last reading that somebody waits for */
	uint64_t wanted; /* the one that the service is reloaded with; 0: none */
	bool overdue;    /* the files do not answer, and that is told */
	reload_done done;
	void *userdata;
	struct list waiters;
};

/* Reads and applies them, at the start, before anybody can watch: this does wait. Logs what went
 * wrong. */
int reload_open(struct broker *broker);
void reload_close(struct broker *broker);

/* Reads all of them anew. A file with a mistake is logged, and what it concerns goes on as it was;
 * grants are gone with their file or its mistake. Whoever observes the broker is told. One reload
 * that is not done yet is one with this. done: may be NULL. */
void reload_begin(struct broker *broker, reload_done done, void *userdata);

/* For a camera that has come: its file is to be read. Returns the reading's number, which
 * camera_link_greet_again() is told. */
uint64_t reload_ask(struct broker *broker);

/* Nobody is called before it returns. -EAGAIN: they do not answer already. */
int reload_wait(struct broker *broker, struct reload_waiter *waiter);

/* camward.conf's, as read last. Errors: as settings_load_service(), logged. */
int reload_service(const struct broker *broker, struct service_settings *ret);

/* That the files do not answer, for people. */
void reload_say_overdue(const struct broker *broker, char *text, size_t size);
