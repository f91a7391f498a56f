// SPDX-License-Identifier: LGPL-2.1-or-later
#include "seal/certificate.h"

#include "base/cleanup.h"
#include "seal/bytes.h"

#define VERSION    1
#define NAME_AT    66
#define FIXED_SIZE (NAME_AT + SEAL_SIGNATURE_SIZE)

_Static_assert(FIXED_SIZE + NAME_MAX_LENGTH == SEAL_CERTIFICATE_SIZE_MAX, "docs/SEAL.md");

int seal_certificate_size(const uint8_t *data, size_t size)
{
	size_t n;

	if (size < 1)
		return -EBADMSG;
	if (data[0] != VERSION)
		return -EPROTONOSUPPORT;
	n = size < 2 ? 0 : data[1];
	if (n < 1 || n > NAME_MAX_LENGTH || size < FIXED_SIZE + n)
		return -EBADMSG;
	return (int)(FIXED_SIZE + n);
}

int seal_certificate_make(const struct seal_certificate *certificate, const struct seal_key *root,
			  uint8_t ret[SEAL_CERTIFICATE_SIZE_MAX])
{
	size_t n = strnlen(certificate->camera_name, NAME_SIZE);
	uint8_t *p = ret;
	int r;

	if (!name_valid_n(certificate->camera_name, n))
		return -EINVAL;
	p = put_number(p, VERSION, 1);
	p = put_number(p, n, 1);
	p = put_bytes(p, certificate->camera_uuid, UUID_SIZE);
	p = put_number(p, certificate->epoch, 8);
	p = put_number(p, certificate->issued, 8);
	p = put_bytes(p, certificate->key, SEAL_KEY_SIZE);
	p = put_bytes(p, certificate->camera_name, n);
	r = seal_key_sign(root, SEAL_CONTEXT_CERTIFICATE, ret, (size_t)(p - ret), p);
	return r < 0 ? r : (int)(FIXED_SIZE + n);
}

int seal_certificate_read(const uint8_t *data, size_t size, const uint8_t root[SEAL_KEY_SIZE],
			  struct seal_certificate *ret)
{
	int length = seal_certificate_size(data, size);
	const uint8_t *p = data + 2;
	size_t n;

	if (length < 0)
		return length;
	n = (size_t)length - FIXED_SIZE;
	if (!name_valid_n((const char *)data + NAME_AT, n))
		return -EBADMSG;
	if (seal_public_verify(root, SEAL_CONTEXT_CERTIFICATE, data, NAME_AT + n,
			       data + NAME_AT + n) < 0)
		return -EKEYREJECTED;
	*ret = (struct seal_certificate){0};
	p = get_bytes(p, ret->camera_uuid, UUID_SIZE);
	p = get_u64(p, &ret->epoch);
	p = get_u64(p, &ret->issued);
	p = get_bytes(p, ret->key, SEAL_KEY_SIZE);
	get_bytes(p, ret->camera_name, n);
	return length;
}
