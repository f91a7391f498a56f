// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a stranger's certificate says, and the handshake that a session sends about it: whatever is
 * read lies within what was given. */
#include <errno.h>

#include "broker/handshake.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct handshake_signed nothing;
	struct certificate_der c = {};
	struct handshake h;
	int r = certificate_der_read(data, size, &c);

	CHECK(r == 0 || r == -EBADMSG);
	if (r == 0) {
		CHECK(c.spki > data && c.spki_size > 0);
		CHECK(c.spki + c.spki_size <= data + size);
		/* Only what is whole is a certificate. */
		CHECK(certificate_der_read(data, size - 1, &c) < 0);
	}
	r = handshake_read(data, size, &nothing, &h);
	CHECK(r == -EBADMSG || r == -EACCES);
	return 0;
}
