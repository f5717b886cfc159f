/* SPDX-License-Identifier: MIT */
#include "port/yaml.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/arena.h"
#include "base/text.h"

#define BYTES_MAX (1024 * 1024)
#define DEPTH_MAX 32
#define EVENTS_MAX 100000
#define SHOWN_MAX 60

/* A map or list that is being read. */
struct level { struct ynode *node, *last; struct ynode *key; size_t n; };

struct reading {
	struct arena *a;
	yaml_parser_t parser;
	struct plan_error **errs;
	size_t *n_errs, cap;
	struct level levels[DEPTH_MAX];
	int depth, documents;
	size_t events;
	struct ynode *root;
	bool stop, cut;
};

static void refuse(struct reading *r, struct mark at, const char *what, const char *instead)
{
	*r->errs = arena_grow(r->a, *r->errs, r->n_errs, &r->cap, sizeof **r->errs);
	(*r->errs)[*r->n_errs - 1] = (struct plan_error){ at, what, instead };
}

static void refuse_all(struct reading *r, struct mark at, const char *what, const char *instead)
{
	refuse(r, at, what, instead);
	r->stop = r->cut = true;
}

static struct mark place(yaml_mark_t m)
{
	return (struct mark){ (int)m.line + 1, (int)m.column + 1 };
}

/* Where the byte at offset stands; columns count characters. */
static struct mark place_of(const char *text, size_t offset)
{
	struct mark at = { 1, 1 };
	for (size_t i = 0; i < offset; i++) {
		if (text[i] == '\n')
			at = (struct mark){ at.line + 1, 1 };
		else if (((unsigned char)text[i] & 0xC0) != 0x80)
			at.column++;
	}
	return at;
}

static const char *shown(struct reading *r, const char *s)
{
	return text_fit(r->a, text_clean(r->a, s), SHOWN_MAX, false);
}

/* What libyaml would take or refuse without saying where: length, NUL, other encodings. */
static bool plain_bytes(struct reading *r, const char *text, size_t len)
{
	if (len > BYTES_MAX) {
		refuse_all(r, (struct mark){ 1, 1 }, "the file is longer than 1 MiB", "write a plan, a few kilobytes long");
		return false;
	}
	const char *nul = memchr(text, '\0', len);
	if (nul) {
		refuse_all(r, place_of(text, (size_t)(nul - text)), "a NUL byte stands here", "write text only");
		return false;
	}
	for (size_t i = 0, used; i < len; i += used) {
		uint32_t cp = text_next(text + i, len - i, &used);
		if (cp == 0xFFFD && used == 1) {
			refuse_all(r, place_of(text, i), "a byte that is not UTF-8 stands here", "save the file as UTF-8");
			return false;
		}
	}
	return true;
}

/* Links a finished node into the map or list around it, or makes it the root. */
static void attach(struct reading *r, struct ynode *node)
{
	if (r->depth == 0) {
		r->root = node;
		return;
	}
	struct level *l = &r->levels[r->depth - 1];
	if (l->node->kind == YAML_MAP) {
		node->key = l->key->text;
		node->key_at = l->key->at;
		l->key = NULL;
	}
	if (l->last)
		l->last->next = node;
	else
		l->node->first = node;
	l->last = node;
	l->n++;
}

static bool wants_key(const struct reading *r)
{
	return r->depth && r->levels[r->depth - 1].node->kind == YAML_MAP && r->levels[r->depth - 1].key == NULL;
}

static struct ynode *node_new(struct reading *r, enum yaml_kind kind, const yaml_event_t *e)
{
	struct ynode *n = arena_alloc(r->a, sizeof *n);
	n->kind = kind;
	n->at = place(e->start_mark);
	return n;
}

/* Anchors and tags are refused, and the node is read on without them. */
static void no_extras(struct reading *r, const yaml_event_t *e, const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (anchor)
		refuse(r, place(e->start_mark), arena_printf(r->a, "an anchor (&%s) stands here", shown(r, (const char *)anchor)),
			"write the value out at each place");
	if (tag)
		refuse(r, place(e->start_mark), arena_printf(r->a, "a tag (%s) stands here", shown(r, (const char *)tag)),
			"leave it out: every value is text");
}

static void on_scalar(struct reading *r, const yaml_event_t *e)
{
	const char *text = (const char *)e->data.scalar.value;
	struct ynode *n = node_new(r, YAML_SCALAR, e);
	no_extras(r, e, e->data.scalar.anchor, e->data.scalar.tag);
	if (strlen(text) != e->data.scalar.length)
		refuse(r, n->at, "this value has a NUL in it", "leave \\0 out");
	n->text = arena_dup(r->a, text);
	if (wants_key(r))
		r->levels[r->depth - 1].key = n;
	else
		attach(r, n);
}

static void open_level(struct reading *r, enum yaml_kind kind, const yaml_event_t *e)
{
	struct ynode *n = node_new(r, kind, e);
	if (wants_key(r)) {
		refuse_all(r, n->at, "a list or map stands where a field's name belongs", "write name: value");
		return;
	}
	if (r->depth == DEPTH_MAX) {
		refuse_all(r, n->at, "lists and maps go deeper than 32 levels", "write a plan, which has at most four");
		return;
	}
	attach(r, n);
	r->levels[r->depth++] = (struct level){ .node = n };
}

static void on_list(struct reading *r, const yaml_event_t *e)
{
	no_extras(r, e, e->data.sequence_start.anchor, e->data.sequence_start.tag);
	open_level(r, YAML_LIST, e);
}

static void on_map(struct reading *r, const yaml_event_t *e)
{
	no_extras(r, e, e->data.mapping_start.anchor, e->data.mapping_start.tag);
	open_level(r, YAML_MAP, e);
}

static int by_key(const void *x, const void *y)
{
	const struct ynode *a = *(struct ynode *const *)x, *b = *(struct ynode *const *)y;
	int order = strcmp(a->key, b->key);
	if (order)
		return order;
	if (a->key_at.line != b->key_at.line)
		return a->key_at.line < b->key_at.line ? -1 : 1;
	return a->key_at.column < b->key_at.column ? -1 : a->key_at.column > b->key_at.column;
}

/* libyaml takes a key twice. Sorted, so that a map of many keys does not cost their square. */
static void no_twins(struct reading *r, const struct level *l)
{
	struct ynode **keys = arena_array(r->a, l->n + 1, sizeof *keys);
	size_t n = 0;
	for (struct ynode *c = l->node->first; c; c = c->next)
		keys[n++] = c;
	qsort(keys, n, sizeof *keys, by_key);
	for (size_t i = 1, first = 0; i < n; i++) {
		if (strcmp(keys[i]->key, keys[first]->key) != 0)
			first = i;
		else
			refuse(r, keys[i]->key_at, arena_printf(r->a, "%s is given twice", shown(r, keys[i]->key)),
				arena_printf(r->a, "leave one: the first stands on line %d", keys[first]->key_at.line));
	}
}

static void on_close(struct reading *r, const yaml_event_t *e)
{
	(void)e;
	struct level *l = &r->levels[--r->depth];
	if (l->node->kind == YAML_MAP)
		no_twins(r, l);
}

static void on_alias(struct reading *r, const yaml_event_t *e)
{
	refuse(r, place(e->start_mark), arena_printf(r->a, "an alias (*%s) stands here", shown(r, (const char *)e->data.alias.anchor)),
		"write the value out");
	struct ynode *n = node_new(r, YAML_SCALAR, e);
	n->text = "";
	if (wants_key(r))
		r->levels[r->depth - 1].key = n;
	else
		attach(r, n);
}

static void on_document(struct reading *r, const yaml_event_t *e)
{
	if (r->documents++)
		refuse_all(r, place(e->start_mark), "a second document begins here", "write one plan a file");
}

static void on_end(struct reading *r, const yaml_event_t *e)
{
	(void)e;
	r->stop = true;
}

static void (*const on_event[])(struct reading *, const yaml_event_t *) = {
	[YAML_STREAM_END_EVENT] = on_end,
	[YAML_DOCUMENT_START_EVENT] = on_document,
	[YAML_ALIAS_EVENT] = on_alias,
	[YAML_SCALAR_EVENT] = on_scalar,
	[YAML_SEQUENCE_START_EVENT] = on_list,
	[YAML_SEQUENCE_END_EVENT] = on_close,
	[YAML_MAPPING_START_EVENT] = on_map,
	[YAML_MAPPING_END_EVENT] = on_close,
};

static void refuse_syntax(struct reading *r, const char *text)
{
	const yaml_parser_t *p = &r->parser;
	if (p->error == YAML_READER_ERROR) {
		refuse_all(r, place_of(text, p->problem_offset), "a control character stands here",
			"leave it out, or write its number in double quotes, such as \"\\x1b\"");
		return;
	}
	refuse_all(r, place(p->problem_mark), arena_printf(r->a, "this is not YAML: %s", p->problem ? p->problem : "out of memory"),
		"write name: value with two blanks of indent a level, no tab, and text with : or # in double quotes");
}

static void step(struct reading *r, const char *text)
{
	yaml_event_t event;
	if (!yaml_parser_parse(&r->parser, &event)) {
		refuse_syntax(r, text);
		return;
	}
	if (++r->events > EVENTS_MAX)
		refuse_all(r, place(event.start_mark), "the file has more than 100,000 parts", "write a plan, a few dozen lines long");
	else if ((size_t)event.type < sizeof on_event / sizeof on_event[0] && on_event[event.type])
		on_event[event.type](r, &event);
	yaml_event_delete(&event);
}

struct ynode *yaml_read(struct arena *a, const char *text, size_t len, struct plan_error **errs, size_t *n_errs)
{
	struct reading r = { .a = a, .errs = errs, .n_errs = n_errs, .cap = *n_errs };
	size_t before = *n_errs;
	if (!plain_bytes(&r, text, len))
		return NULL;
	if (!yaml_parser_initialize(&r.parser)) {
		refuse_all(&r, (struct mark){ 1, 1 }, "out of memory", "try again");
		return NULL;
	}
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len);
	while (!r.stop)
		step(&r, text);
	yaml_parser_delete(&r.parser);
	if (r.root == NULL && *n_errs == before)
		refuse(&r, (struct mark){ 1, 1 }, "the file is empty", "write a plan: see gatewalk-plan(5)");
	return r.cut ? NULL : r.root;
}
