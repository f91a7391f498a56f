// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/camera-record.h"

#include <gnutls/crypto.h>

#include "base/cleanup.h"

int camera_record_make_uuid(uint8_t uuid[UUID_SIZE])
{
	if (gnutls_rnd(GNUTLS_RND_RANDOM, uuid, UUID_SIZE) < 0)
		return -EIO;
	uuid[6] = (uuid[6] & 0x0f) | 0x40;
	uuid[8] = (uuid[8] & 0x3f) | 0x80;
	return 0;
}
