/* SPDX-License-Identifier: MIT */
#include "core/record.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/when.h"
#include "core/body.h"

#define TIMELINE_MAX INT64_C(4294967295)

static const struct { const char *name; bool is_signed; } ops[OP_COUNT] = {
	[OP_NONE] = { "none", false },
#define X(id, name, is_signed) [id] = { name, is_signed },
	RECORD_OPS(X)
#undef X
};

const char *record_op_name(enum record_op op)
{
	return (unsigned)op < OP_COUNT ? ops[op].name : ops[OP_NONE].name;
}

enum record_op record_op_parse(const char *s)
{
	for (enum record_op op = OP_NONE + 1; s && op < OP_COUNT; op++)
		if (strcmp(ops[op].name, s) == 0)
			return op;
	return OP_NONE;
}

bool record_op_signed(enum record_op op)
{
	return (unsigned)op < OP_COUNT && ops[op].is_signed;
}

bool record_op_intends(enum record_op op)
{
	return op == OP_INTENT || op == OP_CHANGE;
}

bool record_op_agrees(enum record_op op)
{
	return op == OP_RESYNC || op == OP_REBIND;
}

/* Every field of a body, and no other: what nobody reads must not be signed either. */
static bool keys_known(const struct json *body, struct err *e)
{
	static const char *const keys[] = {
		"b", "boot", "db", "lsn", "mono", "n", "op", "prev", "sid", "t", "t_why", "tl", "tli", "v", "who", "xid",
	};
	for (const struct json *c = body->first; c; c = c->next) {
		size_t i = 0;
		while (i < sizeof keys / sizeof *keys && strcmp(keys[i], c->key) != 0)
			i++;
		if (i == sizeof keys / sizeof *keys)
			return err_set(e, ERR_VERIFY, NULL, "field \"%s\" is not known", c->key);
	}
	return true;
}

static bool decode_identity(const struct json *body, struct record *out, struct err *e)
{
	const char *v, *prev, *op;
	if (!body_text(body, "v", &v, e))
		return false;
	if (strcmp(v, GWLOG_VERSION) != 0)
		return err_set(e, ERR_VERIFY, "use a gatewalk that knows this version", "field \"v\" is not " GWLOG_VERSION);
	if (!body_word(body, "db", &out->db, e) || !body_hex(body, "sid", 32, &out->sid, e) ||
	    !body_count(body, "n", &out->n, e) || !body_hex(body, "prev", 64, &prev, e) ||
	    !body_word(body, "who", &out->who, e) || !body_text(body, "op", &op, e))
		return false;
	memcpy(out->prev, prev, sizeof out->prev);
	out->op = record_op_parse(op);
	if (out->op == OP_NONE)
		return err_set(e, ERR_VERIFY, NULL, "field \"op\" has an unknown word");
	return true;
}

/* The server's time, or the reason why there is none; never both. */
static bool decode_server_time(const struct json *body, struct record *out, struct err *e)
{
	if (json_get(body, "t") && json_get(body, "t_why"))
		return err_set(e, ERR_VERIFY, NULL, "fields \"t\" and \"t_why\" stand side by side");
	if (json_get(body, "t_why"))
		return body_word(body, "t_why", &out->t_why, e);
	return body_time(body, "t", &out->t, e);
}

static bool decode_place(const struct json *body, struct record *out, struct err *e)
{
	if (!body_time(body, "tl", &out->local, e) || !body_text(body, "boot", &out->boot, e) ||
	    !body_count(body, "mono", &out->mono_ms, e) || !body_text(body, "lsn", &out->lsn, e) ||
	    !body_text(body, "xid", &out->xid, e))
		return false;
	if (!body_int(body, "tli", 0, TIMELINE_MAX, &out->tli))
		return err_set(e, ERR_VERIFY, NULL, "field \"tli\" is missing or no timeline");
	return true;
}

static void own_strings(struct arena *a, struct record *r)
{
	const char **all[] = { &r->sid, &r->db, &r->who, &r->t_why, &r->boot, &r->lsn, &r->xid };
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		*all[i] = arena_dup(a, *all[i]);
}

bool record_decode(struct arena *a, const struct json *body, struct record *out, struct err *e)
{
	struct record r = { .n = 0 };
	if (!body || body->kind != JSON_OBJ)
		return err_set(e, ERR_VERIFY, NULL, "the line is no object");
	if (!keys_known(body, e) || !decode_identity(body, &r, e) || !decode_server_time(body, &r, e) ||
	    !decode_place(body, &r, e))
		return false;
	r.b = json_get(body, "b");
	if (!r.b || r.b->kind != JSON_OBJ)
		return err_set(e, ERR_VERIFY, NULL, "field \"b\" is missing or no object");
	own_strings(a, &r);
	*out = r;
	return true;
}

static void encode_time(struct json *o, const char *key, int64_t us)
{
	char buf[WHEN_MAX];
	json_add_str(o, key, when_iso(us, buf));
}

/* A copy, since a node has one parent only. */
static void copy_children(struct json *to, const struct json *from)
{
	for (const struct json *c = from->first; c; c = c->next) {
		switch (c->kind) {
		case JSON_STR: json_add_str(to, c->key, c->str); break;
		case JSON_INT: json_add_int(to, c->key, c->num); break;
		case JSON_ARR: copy_children(json_add_arr(to, c->key), c); break;
		case JSON_OBJ: copy_children(json_add_obj(to, c->key), c); break;
		case JSON_BOOL: json_add_bool(to, c->key, c->num != 0); break;
		case JSON_NULL: json_add_null(to, c->key); break;
		}
	}
}

struct json *record_encode(struct arena *a, const struct record *r)
{
	struct json *o = json_obj(a);
	struct json *b = json_add_obj(o, "b");
	if (r->b)
		copy_children(b, r->b);
	json_add_str(o, "boot", r->boot);
	json_add_str(o, "db", r->db);
	json_add_str(o, "lsn", r->lsn);
	json_add_int(o, "mono", r->mono_ms);
	json_add_int(o, "n", r->n);
	json_add_str(o, "op", record_op_name(r->op));
	json_add_str(o, "prev", r->prev);
	json_add_str(o, "sid", r->sid);
	if (r->t)
		encode_time(o, "t", r->t);
	else
		json_add_str(o, "t_why", r->t_why);
	encode_time(o, "tl", r->local);
	json_add_int(o, "tli", r->tli);
	json_add_str(o, "v", GWLOG_VERSION);
	json_add_str(o, "who", r->who);
	json_add_str(o, "xid", r->xid);
	return o;
}
