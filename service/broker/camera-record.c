// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/camera-record.h"

#include <gnutls/crypto.h>
#include <stdio.h>

#include "base/cleanup.h"

int camera_record_make_uuid(uint8_t uuid[UUID_SIZE])
{
	if (gnutls_rnd(GNUTLS_RND_RANDOM, uuid, UUID_SIZE) < 0)
		return -EIO;
	uuid[6] = (uuid[6] & 0x0f) | 0x40;
	uuid[8] = (uuid[8] & 0x3f) | 0x80;
	return 0;
}

const struct camera_choice *camera_record_choice(const struct camera_record *record,
						 const char *control)
{
	for (size_t i = 0; i < record->n_choices; i++)
		if (!strcmp(record->choices[i].control, control))
			return &record->choices[i];
	return NULL;
}

int camera_record_choose(struct camera_record *record, const char *control, int32_t value)
{
	const struct camera_choice *old = camera_record_choice(record, control);
	size_t i = old ? (size_t)(old - record->choices) : record->n_choices;

	if (i == CAMERA_CHOICES_MAX)
		return -ENOBUFS;
	if (!old)
		record->n_choices++;
	snprintf(record->choices[i].control, PROTO_CONTROL_SIZE, "%s", control);
	record->choices[i].value = value;
	return 0;
}
