/* SPDX-License-Identifier: MIT */
#include "adapter/planfile.h"

#include <string.h>

#include "adapter/planfile_fields.h"
#include "adapter/planfile_value.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "port/crypto.h"
#include "port/files.h"
#include "port/yaml.h"

#define BYTES_MAX (1024 * 1024)
#define SHOWN_MAX 60

/* A map as it is read: the pattern of its fields' paths ("deploys[]."), how they are shown ("deploys[2]."), and its struct. */
struct inside { const char *pattern, *path; char *base; };

static void read_map(struct planfile_reading *r, const struct ynode *map, const struct inside *in);

static void mark(struct planfile_reading *r, const char *path, struct mark at)
{
	r->p->marks = arena_grow(r->a, r->p->marks, &r->p->n_marks, &r->cap_marks, sizeof *r->p->marks);
	r->p->marks[r->p->n_marks - 1].path = path;
	r->p->marks[r->p->n_marks - 1].at = at;
}

static bool in_list(const char *pattern)
{
	return strstr(pattern, "[]") != NULL;
}

static enum yaml_kind shape(enum field_kind kind)
{
	if (kind == FIELD_MAP)
		return YAML_MAP;
	return kind == FIELD_MAPS || kind == FIELD_TEXTS || kind == FIELD_TIMES || kind == FIELD_DAYS ? YAML_LIST : YAML_SCALAR;
}

static void wrong_shape(struct planfile_reading *r, const struct planfile_slot *s)
{
	static const char *const names[] = { [YAML_SCALAR] = "text", [YAML_LIST] = "a list", [YAML_MAP] = "a map" };
	planfile_refuse(r, planfile_place(s->node), arena_printf(r->a, "%s is %s, where %s belongs", s->path, names[s->node->kind],
		names[shape(s->field->kind)]), s->field->help);
}

/* A field of a list's element that has to be there is missed here; the others are missed by plan_judge. */
static void miss_fields(struct planfile_reading *r, const struct ynode *map, const struct inside *in)
{
	size_t n, prefix = strlen(in->pattern);
	const struct field *fields = field_list(&n);
	for (size_t i = 0; i < n && in_list(in->pattern); i++) {
		if (!fields[i].required || strncmp(fields[i].path, in->pattern, prefix) != 0)
			continue;
		const struct ynode *c = map->first;
		while (c && !text_eq(c->key, fields[i].path + prefix))
			c = c->next;
		if (c == NULL)
			planfile_refuse(r, map->at, arena_printf(r->a, "%s%s is missing", in->path, fields[i].path + prefix), fields[i].help);
	}
}

static void read_maps(struct planfile_reading *r, const struct planfile_slot *s)
{
	const struct field *f = s->field;
	size_t n, i = 0;
	if (!planfile_list_fits(r, s, &n))
		return;
	char *items = arena_array(r->a, n + 1, f->size);
	for (const struct ynode *c = s->node->first; c; c = c->next) {
		struct inside in = { arena_printf(r->a, "%s[].", f->path), arena_printf(r->a, "%s[%zu].", s->path, i), items + i * f->size };
		const char *path = arena_printf(r->a, "%s[%zu]", s->path, i++);
		mark(r, path, c->at);
		*(struct mark *)(void *)(in.base + f->mark) = c->at;
		if (c->kind == YAML_MAP)
			read_map(r, c, &in);
		else
			planfile_refuse(r, c->at, arena_printf(r->a, "%s is no map of fields", path), "write its fields, such as {name: value}");
	}
	*(void **)(void *)(s->base + f->at) = items;
	*(size_t *)(void *)(s->base + f->more) = n;
}

/* Nothing behind the name. A field that has to be there keeps "", so that it is told as empty, not as missing. */
static void read_blank(struct planfile_reading *r, const struct planfile_slot *s)
{
	const struct field *f = s->field;
	if (f->kind == FIELD_VERSION)
		planfile_value(r, s);
	else if (f->required && in_list(f->path))
		planfile_refuse(r, planfile_place(s->node), arena_printf(r->a, "%s is empty", s->path), f->help);
	else if (f->required && f->kind == FIELD_TEXT)
		*(const char **)(void *)(s->base + f->at) = "";
}

static void read_field(struct planfile_reading *r, const struct planfile_slot *s)
{
	if (planfile_is_blank(s->node)) {
		read_blank(r, s);
	} else if (s->node->kind != shape(s->field->kind)) {
		wrong_shape(r, s);
	} else if (s->field->kind == FIELD_MAPS) {
		read_maps(r, s);
	} else if (s->field->kind == FIELD_MAP) {
		struct inside in = { arena_printf(r->a, "%s.", s->field->path), arena_printf(r->a, "%s.", s->path), s->base };
		read_map(r, s->node, &in);
	} else {
		planfile_value(r, s);
	}
}

static void read_map(struct planfile_reading *r, const struct ynode *map, const struct inside *in)
{
	for (const struct ynode *c = map->first; c; c = c->next) {
		const struct field *f = strpbrk(c->key, ".[") ? NULL : field_find(arena_printf(r->a, "%s%s", in->pattern, c->key));
		if (f == NULL) {
			const char *shown = text_fit(r->a, text_clean(r->a, c->key), SHOWN_MAX, false);
			planfile_error(r, c->key_at, arena_printf(r->a, "unknown field \"%s%s\"", in->path, shown),
				field_advice(r->a, in->pattern, c->key));
			continue;
		}
		struct planfile_slot s = { f, arena_printf(r->a, "%s%s", in->path, c->key), in->base, c };
		mark(r, s.path, c->key_at);
		read_field(r, &s);
	}
	miss_fields(r, map, in);
}

static bool is_bad(const struct planfile_reading *r, struct mark at)
{
	for (size_t i = 0; i < r->n_bad; i++)
		if (r->bad[i].line == at.line && r->bad[i].column == at.column)
			return true;
	return false;
}

static void judge(struct planfile_reading *r)
{
	struct plan_error *found;
	size_t n = plan_judge(r->a, r->p, &found);
	for (size_t i = 0; i < n; i++)
		if (!is_bad(r, found[i].at))
			planfile_error(r, found[i].at, found[i].what, found[i].instead);
}

static void read_document(struct planfile_reading *r, const struct ynode *root)
{
	if (root->kind != YAML_MAP) {
		planfile_error(r, root->at, "the file is no map of fields", "write a plan: see gatewalk-plan(5)");
		return;
	}
	mark(r, "", root->at);
	read_map(r, root, &(struct inside){ "", "", (char *)r->p });
	if (!plan_gives(r->p, "gatewalk"))
		planfile_error(r, root->at, "gatewalk is missing", "write gatewalk: 1 as the first line");
	plan_finish(r->a, r->p);
	judge(r);
}

struct plan *planfile_parse(struct arena *a, const char *name, const char *text, size_t len, struct plan_error **errs, size_t *n_errs)
{
	struct plan *p = arena_alloc(a, sizeof *p);
	struct planfile_reading r = { .a = a, .p = p, .errs = errs, .n_errs = n_errs };
	*errs = NULL;
	*n_errs = 0;
	plan_defaults(p);
	p->file = arena_dup(a, name);
	p->text = arena_dupn(a, text, len);
	p->len = len;
	crypto_sha256_hex(text, len, p->digest);
	const struct ynode *root = yaml_read(a, p->text, len, errs, n_errs);
	r.cap_errs = *n_errs;
	if (root)
		read_document(&r, root);
	plan_errors_sort(*errs, *n_errs);
	return *n_errs ? NULL : p;
}

struct plan *planfile_load(struct arena *a, const char *path, struct plan_error **errs, size_t *n_errs, struct err *e)
{
	char *text;
	size_t len;
	*errs = NULL;
	*n_errs = 0;
	if (!file_read(a, path, BYTES_MAX, &text, &len, e))
		return NULL;
	return planfile_parse(a, path, text, len, errs, n_errs);
}
