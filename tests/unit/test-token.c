// SPDX-License-Identifier: LGPL-2.1-or-later
/* Tokens, and who they let in. */
#include "broker-state.h"
#include "broker/policy-authenticate.h"

#define NOW 1000

static void test_made_tokens(void **s)
{
	char a[TOKEN_TEXT_SIZE], b[TOKEN_TEXT_SIZE];
	uint8_t hash[TOKEN_HASH_SIZE], again[TOKEN_HASH_SIZE];

	for (int i = 0; i < 200; i++) {
		assert_int_equal(token_make(a, hash), 0);
		assert_int_equal(strlen(a), 43);
		assert_int_equal(strspn(a, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					   "0123456789-_"),
				 43);
		assert_int_equal(token_hash(a, again), 0);
		assert_true(token_hash_equal(hash, again));
	}
	assert_int_equal(token_make(b, again), 0);
	assert_string_not_equal(a, b);
	assert_false(token_hash_equal(hash, again));
}

/* FIPS 180-2's example. */
static void test_hash_is_sha256(void **s)
{
	uint8_t hash[TOKEN_HASH_SIZE], expected[TOKEN_HASH_SIZE];

	assert_int_equal(
		parse_hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
			  expected, sizeof(expected)),
		0);
	assert_int_equal(token_hash("abc", hash), 0);
	assert_memory_equal(hash, expected, sizeof(hash));
}

struct door {
	struct policy *policy;
	char texts[3][TOKEN_TEXT_SIZE]; /* alice's, alice's until NOW + 1, bob's pending */
};

static int make_door(void **s)
{
	static struct door door;
	static const char *const clients[] = {"alice", "alice", "bob"};
	struct client alice = make_client("alice", ""), bob = make_client("bob", "");

	door.policy = policy_new();
	assert_int_equal(policy_add_client(door.policy, &alice), 0);
	assert_int_equal(policy_add_client(door.policy, &bob), 0);
	for (size_t i = 0; i < 3; i++) {
		struct token token = {.id = i + 1, .pending = i == 2};

		token.expires = i == 1 ? NOW + 1 : 0;
		assert_int_equal(token_make(door.texts[i], token.hash), 0);
		assert_int_equal(policy_add_token(door.policy, clients[i], &token), 0);
	}
	*s = &door;
	return 0;
}

static int drop_door(void **s)
{
	policy_free(((struct door *)*s)->policy);
	return 0;
}

/* The token's id, or the error. */
static int try(const struct door *door, const char *name, const char *text, uint64_t now, bool set)
{
	const struct client *client;
	const struct token *token;
	int r = policy_authenticate(door->policy, name, text, now, set, &client, &token);

	if (r < 0)
		return r;
	assert_string_equal(client->name, name);
	return (int)token->id;
}

static void test_right_token(void **s)
{
	const struct door *door = *s;

	assert_int_equal(try(door, "alice", door->texts[0], NOW, true), 1);
	assert_int_equal(try(door, "alice", door->texts[0], NOW, false), 1);
	assert_int_equal(try(door, "alice", door->texts[1], NOW, true), 2);
}

static void test_wrong_token(void **s)
{
	const struct door *door = *s;
	char other[TOKEN_TEXT_SIZE];

	strcpy(other, door->texts[0]);
	other[42] = other[42] == 'A' ? 'E' : 'A';
	assert_int_equal(try(door, "alice", other, NOW, true), -EACCES);
	assert_int_equal(try(door, "alice", "", NOW, true), -EACCES);
	assert_int_equal(try(door, "bob", door->texts[0], NOW, true), -EACCES);
	assert_int_equal(try(door, "mallory", door->texts[0], NOW, true), -EACCES);
	assert_int_equal(try(door, "", "", NOW, true), -EACCES);
}

static void test_token_out_of_time(void **s)
{
	const struct door *door = *s;

	assert_int_equal(try(door, "alice", door->texts[1], NOW + 1, true), -EACCES);
	assert_int_equal(try(door, "alice", door->texts[1], NOW, false), -EACCES);
}

static void test_pending_token(void **s)
{
	const struct door *door = *s;

	assert_int_equal(try(door, "bob", door->texts[2], NOW, true), -EACCES);
	assert_int_equal(policy_commit_token(door->policy, "bob", 3), 0);
	assert_int_equal(try(door, "bob", door->texts[2], NOW, true), 3);
	policy_find_client(door->policy, "bob")->pending = true;
	assert_int_equal(try(door, "bob", door->texts[2], NOW, true), -EACCES);
}

static void test_removed_token(void **s)
{
	const struct door *door = *s;

	assert_int_equal(policy_remove_token(door->policy, "alice", 1), 0);
	assert_int_equal(policy_remove_token(door->policy, "alice", 1), -ENOENT);
	assert_int_equal(try(door, "alice", door->texts[0], NOW, true), -EACCES);
	assert_int_equal(try(door, "alice", door->texts[1], NOW, true), 2);
}

/* What stands behind the tokens that there are is nobody's. */
static void test_slot_that_is_not_used(void **s)
{
	const struct door *door = *s;
	struct client *alice = policy_find_client(door->policy, "alice");

	alice->n_tokens = 1;
	assert_int_equal(try(door, "alice", door->texts[1], NOW, true), -EACCES);
	alice->n_tokens = 0;
	assert_int_equal(try(door, "alice", door->texts[0], NOW, true), -EACCES);
}

static void test_tokens_are_bounded(void **s)
{
	const struct door *door = *s;
	struct token token = {0};

	for (token.id = 10; token.id < 10 + CLIENT_TOKENS_MAX - 2; token.id++)
		assert_int_equal(policy_add_token(door->policy, "alice", &token), 0);
	assert_int_equal(policy_add_token(door->policy, "alice", &token), -ENOBUFS);
}

#define DOOR(f) cmocka_unit_test_setup_teardown(f, make_door, drop_door)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_made_tokens),
		cmocka_unit_test(test_hash_is_sha256),
		DOOR(test_right_token),
		DOOR(test_wrong_token),
		DOOR(test_token_out_of_time),
		DOOR(test_pending_token),
		DOOR(test_removed_token),
		DOOR(test_slot_that_is_not_used),
		DOOR(test_tokens_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
