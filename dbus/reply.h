// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A reply that waits for the disk. What it says is known at once, and composed at once; it goes out
 * when reply_done() is called, or an error in its place.
 */
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "base/cleanup.h"
#include "dbus/errors.h"

struct reply;

/* about: what an error would name; copied. */
int reply_new(sd_bus_message *call, const struct errors_about *about, struct reply **ret);
void reply_free(struct reply *reply);
DEFINE_CLEANUP(struct reply *, reply_free)

/* Composes it (sd_bus_message_append's types); secret: erased once sent. Takes *reply out of the
 * caller's hands, for reply_done() has it. Returns 1, as a handler does that has not replied. */
int reply_promise(struct reply **reply, bool secret, const char *types, ...);

/* The same for one "ay". */
int reply_promise_bytes(struct reply **reply, const void *bytes, size_t size);

/* A control_done. Frees the reply. */
void reply_done(void *reply, int error);
