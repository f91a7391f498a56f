// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/seal-root.h"

#include <errno.h>
#include <stdio.h>

#include "broker/epoch-run.h"
#include "broker/state-dir.h"
#include "seal/certificate.h"

#define DIGITS    ((size_t)2 * SEAL_KEY_SIZE)
#define FILE_SIZE (2 * (DIGITS + 1))

struct seal_root {
	struct seal_key *key;
	char pem[SEAL_PEM_SIZE];
	bool is_new;
};

static int parse_line(const char *line, uint8_t ret[SEAL_KEY_SIZE])
{
	char digits[DIGITS + 1];
	int r;

	if (line[DIGITS] != '\n')
		return -EUCLEAN;
	memcpy(digits, line, DIGITS);
	digits[DIGITS] = '\0';
	r = parse_hex(digits, ret, SEAL_KEY_SIZE);
	erase(digits, sizeof(digits));
	return r < 0 ? -EUCLEAN : 0;
}

static int parse(const uint8_t *data, size_t size, struct seal_key **ret)
{
	_cleanup_(seal_key_freep) struct seal_key *key = NULL;
	uint8_t seed[SEAL_KEY_SIZE], written[SEAL_KEY_SIZE], public[SEAL_KEY_SIZE];
	const char *text = (const char *)data;
	int r;

	if (size != FILE_SIZE)
		return -EUCLEAN;
	r = parse_line(text, seed);
	if (r >= 0)
		r = parse_line(text + DIGITS + 1, written);
	if (r >= 0)
		r = seal_key_from_seed(seed, &key);
	erase(seed, sizeof(seed));
	if (r < 0)
		return r;
	seal_key_public(key, public);
	if (memcmp(public, written, sizeof(public)) != 0)
		return -EUCLEAN;
	*ret = steal_pointer(&key);
	return 0;
}

static int save(int dir, const struct seal_key *key)
{
	uint8_t seed[SEAL_KEY_SIZE], public[SEAL_KEY_SIZE];
	char text[FILE_SIZE + 1];
	int r;

	seal_key_seed(key, seed);
	seal_key_public(key, public);
	format_hex(seed, sizeof(seed), text);
	text[DIGITS] = '\n';
	format_hex(public, sizeof(public), text + DIGITS + 1);
	text[FILE_SIZE - 1] = '\n';
	r = state_dir_write(dir, SEAL_ROOT_FILE, text, FILE_SIZE);
	erase(seed, sizeof(seed));
	erase(text, sizeof(text));
	return r;
}

static int make(int dir, struct seal_key **ret)
{
	_cleanup_(seal_key_freep) struct seal_key *key = NULL;
	int r = seal_key_generate(&key);

	if (r >= 0)
		r = save(dir, key);
	if (r < 0)
		return r;
	*ret = steal_pointer(&key);
	return 0;
}

/* -ENOENT: there is none. */
static int load(int dir, struct seal_key **ret)
{
	uint8_t *data;
	size_t size;
	int r = state_dir_read(dir, SEAL_ROOT_FILE, true, &data, &size);

	if (r < 0)
		return r == -EFBIG ? -EUCLEAN : r;
	r = parse(data, size, ret);
	erase(data, size);
	free(data);
	return r;
}

int seal_root_load_or_make(const char *dir, struct seal_root **ret)
{
	_cleanup_(seal_root_freep) struct seal_root *root = calloc(1, sizeof(*root));
	_cleanup_close_ int fd = -EBADF;
	uint8_t public[SEAL_KEY_SIZE];
	int r;

	if (!root)
		return -ENOMEM;
	fd = state_dir_open(dir);
	if (fd < 0)
		return fd;
	r = load(fd, &root->key);
	root->is_new = r == -ENOENT;
	if (root->is_new)
		r = epoch_run_begin(dir);
	if (root->is_new && r >= 0)
		r = make(fd, &root->key);
	if (r < 0)
		return r;
	seal_key_public(root->key, public);
	seal_public_write_pem(public, root->pem);
	*ret = steal_pointer(&root);
	return 0;
}

void seal_root_free(struct seal_root *root)
{
	if (!root)
		return;
	seal_key_free(root->key);
	free(root);
}

bool seal_root_is_new(const struct seal_root *root)
{
	return root->is_new;
}

const char *seal_root_pem(const struct seal_root *root)
{
	return root->pem;
}

int seal_root_certify(struct seal_root *root, const struct seal_root_epoch *epoch,
		      uint8_t *certificate, size_t size)
{
	struct seal_certificate c = {.epoch = epoch->epoch, .issued = epoch->issued};
	uint8_t bytes[SEAL_CERTIFICATE_SIZE_MAX];
	int r;

	memcpy(c.camera_uuid, epoch->camera_uuid, UUID_SIZE);
	snprintf(c.camera_name, sizeof(c.camera_name), "%s", epoch->camera_name);
	memcpy(c.key, epoch->key, SEAL_KEY_SIZE);
	r = seal_certificate_make(&c, root->key, bytes);
	if (r < 0)
		return r;
	if ((size_t)r > size)
		return -EMSGSIZE;
	memcpy(certificate, bytes, (size_t)r);
	return r;
}

int seal_root_sign_ledger(const struct seal_root *root, const char *context,
			  const struct ledger_chain_point *point, uint8_t ret[SEAL_SIGNATURE_SIZE])
{
	return ledger_chain_sign(root->key, context, point, ret);
}

bool seal_root_has_signed(const struct seal_root *root, const char *context,
			  const struct ledger_chain_point *point,
			  const uint8_t signature[SEAL_SIGNATURE_SIZE])
{
	uint8_t public[SEAL_KEY_SIZE];

	seal_key_public(root->key, public);
	return ledger_chain_verify(public, context, point, signature) == 0;
}
