// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the broker needs of a viewer's certificate (RFC 5280, 4.1), found without a library's
 * parser: strangers send it. No more is believed of it than its key, which a client's pin knows,
 * and when it ends.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct certificate_der {
	const uint8_t *spki; /* SubjectPublicKeyInfo, DER; into the certificate */
	size_t spki_size;
	uint64_t not_before; /* us, CLOCK_REALTIME */
	uint64_t not_after;  /* us: the first moment without it; 0: never (RFC 5280, 4.1.2.5) */
};

/* -EBADMSG: it is not a certificate in DER. */
int certificate_der_read(const uint8_t *der, size_t size, struct certificate_der *ret);
