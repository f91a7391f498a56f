// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/ledger-check.h"

#include <string.h>

#include "base/parse.h"
#include "ctl/when.h"
#include "dbus/names.h"

#define COLUMNS_MAX 64
#define BLOB_MAX    64

static int read_hex(const struct json_object *object, const char *key, uint8_t *ret, size_t size)
{
	return parse_hex(json_text(object, key), ret, size);
}

static int read_point(const struct json_object *object, struct ledger_chain_point *point,
		      uint8_t signature[SEAL_SIGNATURE_SIZE])
{
	int r = read_hex(object, "hash", point->hash, sizeof(point->hash));

	point->seq = json_number(object, "seq");
	point->realtime = json_number(object, "realtime");
	return r < 0 ? r : read_hex(object, "signature", signature, SEAL_SIGNATURE_SIZE);
}

static bool is_signed_by(const uint8_t root[SEAL_KEY_SIZE], const char *context,
			 const struct json_object *object, struct ledger_chain_point *point)
{
	uint8_t signature[SEAL_SIGNATURE_SIZE];

	return read_point(object, point, signature) == 0 &&
	       ledger_chain_verify(root, context, point, signature) == 0;
}

static bool is_signed(const struct ledger_check *c, const char *context,
		      const struct json_object *object, struct ledger_chain_point *point)
{
	return is_signed_by(c->root, context, object, point);
}

static int read_root(uint8_t root[SEAL_KEY_SIZE], const char *text, const char *what)
{
	if (seal_public_read(text, strlen(text), root) < 0)
		return ctl_fail("%s is no seal root: 'camwardctl seal-root' prints it.", what);
	return 0;
}

int ledger_check_root(struct ledger_check *c, const char *text, const char *what)
{
	return read_root(c->root, text, what);
}

int ledger_check_keep(struct ledger_check *c, const struct json_object *head, const char *former)
{
	uint8_t root[SEAL_KEY_SIZE];
	int r = former ? read_root(root, former, "What --former-root names") : 0;

	if (r)
		return r;
	if (is_signed(c, LEDGER_CHAIN_CONTEXT_HEAD, head, &c->kept))
		return 0;
	if (!former)
		return ctl_fail("The head that was kept is not signed by this device's seal root. "
				"If the keys were renewed\nsince, name the one of then: "
				"--former-root FILE.");
	if (!is_signed_by(root, LEDGER_CHAIN_CONTEXT_HEAD, head, &c->kept))
		return ctl_fail("The head that was kept is signed neither by this device's seal "
				"root nor by the former one.");
	return 0;
}

int ledger_check_anchors(struct ledger_check *c, const struct json_object *anchors)
{
	for (size_t i = 0; i < json_count(anchors); i++) {
		struct ledger_chain_point anchor;

		if (!is_signed(c, LEDGER_CHAIN_CONTEXT_ANCHOR, json_at(anchors, i), &anchor))
			return ctl_fail("BROKEN: an anchor, which says what was removed for its "
					"age, is not signed by the seal root.");
		if (anchor.seq > c->anchored) {
			c->anchored = anchor.seq;
			c->last = anchor;
		}
	}
	return 0;
}

/* The column's value; bytes: room for a blob's. */
static int read_value(const struct json_object *event, const struct ledger_chain_column *column,
		      uint8_t bytes[BLOB_MAX], struct ledger_chain_value *ret)
{
	struct json_object *value = json_member(event, column->name);
	const char *text;

	*ret = (struct ledger_chain_value){0};
	if (!value)
		return 0;
	if (!json_object_is_type(value, column->type == 'i' ? json_type_int : json_type_string))
		return -EINVAL;
	ret->type = column->type;
	if (column->type == 'i') {
		ret->integer = json_object_get_int64(value);
		return 0;
	}
	text = json_object_get_string(value);
	ret->bytes = text;
	ret->size = (size_t)json_object_get_string_len(value);
	if (column->type == 't')
		return 0;
	ret->size /= 2;
	ret->bytes = bytes;
	return ret->size > BLOB_MAX ? -EINVAL : parse_hex(text, bytes, ret->size);
}

static bool is_known(const char *key)
{
	static const char *const extra[] = {CAMWARD_LEDGER_SALT, CAMWARD_LEDGER_ADDRESS,
					    CAMWARD_LEDGER_PORT};

	for (size_t i = 0; i < ledger_chain_n_columns; i++)
		if (!strcmp(ledger_chain_columns[i].name, key))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(extra); i++)
		if (!strcmp(extra[i], key))
			return true;
	return false;
}

static bool has_unknown(const struct json_object *event)
{
	json_object_object_foreach((struct json_object *)(uintptr_t)event, key, value)
	{
		(void)value;
		if (!is_known(key))
			return true;
	}
	return false;
}

static int hash_event(const struct ledger_check *c, const struct json_object *event,
		      uint8_t ret[LEDGER_CHAIN_HASH_SIZE])
{
	struct ledger_chain_value values[COLUMNS_MAX];
	uint8_t blobs[COLUMNS_MAX][BLOB_MAX];

	for (size_t i = 0; i < ledger_chain_n_columns; i++) {
		int r = read_value(event, &ledger_chain_columns[i], blobs[i], &values[i]);

		if (r < 0)
			return r;
	}
	ledger_chain_hash(values, ledger_chain_n_columns, c->last.hash, ret);
	return 0;
}

/* The address that stands beside the event, if it does. */
static bool address_is_sound(struct ledger_check *c, const struct json_object *event)
{
	uint8_t salt[LEDGER_CHAIN_SALT_SIZE], address[16], hash[LEDGER_CHAIN_HASH_SIZE],
		written[LEDGER_CHAIN_HASH_SIZE];

	if (!json_member(event, CAMWARD_LEDGER_ADDRESS))
		return true;
	if (read_hex(event, CAMWARD_LEDGER_SALT, salt, sizeof(salt)) < 0 ||
	    read_hex(event, CAMWARD_LEDGER_ADDRESS, address, sizeof(address)) < 0 ||
	    read_hex(event, "peer_hash", written, sizeof(written)) < 0)
		return false;
	ledger_chain_hash_peer(salt, address, (uint16_t)json_number(event, CAMWARD_LEDGER_PORT),
			       hash);
	c->n_addresses++;
	return !memcmp(hash, written, sizeof(hash));
}

static int broken(const struct ledger_check *c, const char *how)
{
	return ctl_fail("BROKEN at event %llu: %s", (unsigned long long)c->last.seq + 1, how);
}

static int find_kept(struct ledger_check *c)
{
	if (!c->kept.seq || c->last.seq != c->kept.seq)
		return 0;
	c->kept_found = true;
	if (memcmp(c->last.hash, c->kept.hash, sizeof(c->kept.hash)) == 0)
		return 0;
	return ctl_fail("BROKEN: event %llu is another one than when the head was kept: the ledger "
			"was rolled back and written anew.",
			(unsigned long long)c->kept.seq);
}

int ledger_check_event(struct ledger_check *c, const struct json_object *event)
{
	uint8_t hash[LEDGER_CHAIN_HASH_SIZE], written[LEDGER_CHAIN_HASH_SIZE];
	uint64_t time = json_number(event, "realtime");

	if (has_unknown(event))
		return ctl_fail("Event %llu has columns that this version does not know: use a "
				"newer camwardctl.",
				(unsigned long long)json_number(event, "seq"));
	if (json_number(event, "seq") != c->last.seq + 1)
		return broken(c, "it is missing, or events stand in another order.");
	if (hash_event(c, event, hash) < 0 || read_hex(event, "hash", written, sizeof(written)) < 0)
		return broken(c, "it is no event.");
	if (memcmp(hash, written, sizeof(hash)) != 0)
		return broken(c, "it is not what was written, or what stood before it is not.");
	if (!address_is_sound(c, event))
		return broken(c, "the viewer's address is not what was written.");
	memcpy(c->last.hash, hash, sizeof(hash));
	c->last.seq++;
	if (!c->n_events++)
		c->first_time = time;
	c->last_time = time;
	return find_kept(c);
}

static int check_kept(const struct ledger_check *c)
{
	char when[WHEN_STRING_SIZE];

	if (!c->kept.seq || c->kept_found || c->kept.seq < c->anchored)
		return 0;
	if (c->kept.seq == c->anchored)
		return 0;
	when_format_local(c->kept.realtime, when);
	return ctl_fail("BROKEN: the ledger ends at event %llu, but had %llu on %s: it was rolled "
			"back.",
			(unsigned long long)c->last.seq, (unsigned long long)c->kept.seq, when);
}

int ledger_check_head(struct ledger_check *c, const struct json_object *head)
{
	struct ledger_chain_point point;

	if (!is_signed(c, LEDGER_CHAIN_CONTEXT_HEAD, head, &point))
		return ctl_fail("BROKEN: the head is not signed by the seal root.");
	if (point.seq != c->last.seq || memcmp(point.hash, c->last.hash, sizeof(point.hash)) != 0)
		return ctl_fail("BROKEN: the events end at %llu, the head says %llu.",
				(unsigned long long)c->last.seq, (unsigned long long)point.seq);
	return check_kept(c);
}

bool ledger_check_ends(const char *root, const struct json_object *anchors,
		       const struct json_object *head)
{
	struct ledger_check c = {};
	struct ledger_chain_point point;

	if (seal_public_read(root, strlen(root), c.root) < 0)
		return false;
	for (size_t i = 0; i < json_count(anchors); i++)
		if (!is_signed(&c, LEDGER_CHAIN_CONTEXT_ANCHOR, json_at(anchors, i), &point))
			return false;
	return is_signed(&c, LEDGER_CHAIN_CONTEXT_HEAD, head, &point);
}
