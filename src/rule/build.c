/*
 * build.c - names, and conditions of which equal parts are one
 *
 * Atoms are known by how they print, other nodes by their bytes: what looks the same is the same,
 * so a condition that ten rules share is asked once.
 */
#include "rule/build.h"

struct interned {
	UT_hash_handle hh;
	uint32_t index;
};

void
build_no_memory(void)
{
	log_say(LOG_LEVEL_ERROR, "out of memory while rules are loaded");
	exit(71);
}

void *
build_grow(void *v, uint32_t n, uint32_t *cap, size_t size)
{
	if (n < *cap)
		return v;
	*cap = *cap * 2 + 16;
	v = realloc(v, *cap * size);
	if (v == NULL)
		build_no_memory();
	return v;
}

const char *
build_keep(struct build *b, struct slice s)
{
	return arena_slice(&b->p->arena, s).p;
}

struct name *
build_find(struct build *b, enum name_space ns, struct slice s)
{
	struct name *found;

	HASH_FIND(hh, b->names[ns], s.p, s.n, found);
	return found;
}

struct name *
build_name(struct build *b, enum name_space ns, struct slice s, struct span at)
{
	static const char *const what[] = { "label", "list", "definition", "setting", "macro" };
	struct name *n = build_find(b, ns, s);

	if (n != NULL) {
		diag_hint(b->diags,
		    diag_error(b->diags, at, "a second %s `%.*s`", what[ns], SLICE_ARG(s)),
		    "the first is in %s, line %u", n->span.source->name, span_line(n->span));
		return NULL;
	}
	n = arena_alloc(b->tmp, sizeof *n);
	n->s = s;
	n->span = at;
	HASH_ADD_KEYPTR(hh, b->names[ns], n->s.p, n->s.n, n);
	return n;
}

/* The index known by a key; a new one is `next`. */
static uint32_t
intern(struct build *b, struct interned **table, struct slice key, uint32_t next)
{
	struct interned *i;
	unsigned hash;

	HASH_VALUE(key.p, key.n, hash);
	HASH_FIND_BYHASHVALUE(hh, *table, key.p, key.n, hash, i);
	if (i == NULL) {
		key = arena_slice(b->tmp, key);
		i = arena_alloc(b->tmp, sizeof *i);
		i->index = next;
		HASH_ADD_KEYPTR_BYHASHVALUE(hh, *table, key.p, key.n, hash, i);
	}
	return i->index;
}

/* A node by its bytes; parts are copied behind the others when it is new. */
static uint32_t
intern_node(struct build *b, struct node n, const uint32_t *parts)
{
	struct program *p = b->p;
	size_t size = sizeof n + n.count * sizeof *parts;
	char *key = arena_alloc(b->tmp, size);
	uint32_t at;

	/* field by field: padding must not tell nodes apart */
	((struct node *)key)->kind = n.kind;
	((struct node *)key)->count = n.count;
	((struct node *)key)->atom = n.atom;
	((struct node *)key)->n = n.n;
	((struct node *)key)->op = n.op;
	((struct node *)key)->number = n.number;
	((struct node *)key)->score_upto = n.score_upto;
	if (n.count > 0)
		memcpy(key + sizeof n, parts, n.count * sizeof *parts);
	at = intern(b, &b->nodes, slice_of(key, size), p->nnodes);
	if (at < p->nnodes)
		return at;
	n.first = b->nparts;
	n.size = n.depth = 1;
	for (uint32_t i = 0; i < n.count; i++) {
		const struct node *part = &p->nodes[parts[i]];

		n.size =
		    part->size > UINT32_MAX / 2 - n.size ? UINT32_MAX / 2 : n.size + part->size;
		n.depth = part->depth + 1 > n.depth ? part->depth + 1 : n.depth;
	}
	for (uint32_t i = 0; i < n.count; i++) {
		p->parts = build_grow(p->parts, b->nparts, &b->capparts, sizeof *p->parts);
		p->parts[b->nparts++] = parts[i];
	}
	p->nodes = build_grow(p->nodes, p->nnodes, &b->capnodes, sizeof *p->nodes);
	p->nodes[p->nnodes++] = n;
	return at;
}

uint32_t
build_atom(struct build *b, const struct atom *a)
{
	struct program *p = b->p;
	char *key = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&key, &n);
	uint32_t at;

	program_print_atom(p, a, f);
	fprintf(f, " %u", a->score ? a->score_upto : 0);
	fclose(f);
	at = intern(b, &b->atoms, slice_of(key, n), p->natoms);
	free(key);
	if (at == p->natoms) {
		p->atoms = build_grow(p->atoms, p->natoms, &b->capatoms, sizeof *p->atoms);
		p->atoms[p->natoms++] = *a;
	}
	return intern_node(b, (struct node){ .kind = NODE_ATOM, .atom = at }, NULL);
}

uint32_t
build_not(struct build *b, uint32_t node)
{
	const struct node *n = &b->p->nodes[node];

	if (n->kind == NODE_NOT)
		return b->p->parts[n->first];
	return intern_node(b, (struct node){ .kind = NODE_NOT, .count = 1 }, &node);
}

/* Append a part unless it is there. */
static uint32_t
add_part(uint32_t *v, uint32_t n, uint32_t part)
{
	for (uint32_t i = 0; i < n; i++)
		if (v[i] == part)
			return n;
	v[n] = part;
	return n + 1;
}

/* `and` and `or`, flat. */
static uint32_t
build_chain(struct build *b, enum node_kind kind, const uint32_t *parts, uint32_t n)
{
	struct program *p = b->p;
	uint32_t total = 0, *v, got = 0, node;

	for (uint32_t i = 0; i < n; i++)
		total += p->nodes[parts[i]].kind == kind ? p->nodes[parts[i]].count : 1;
	v = arena_alloc(b->tmp, (total + 1) * sizeof *v);
	for (uint32_t i = 0; i < n; i++) {
		const struct node *part = &p->nodes[parts[i]];

		if (part->kind == NODE_TRUE && kind == NODE_AND)
			continue;
		if (part->kind == kind)
			for (uint32_t k = 0; k < part->count; k++)
				got = add_part(v, got, p->parts[part->first + k]);
		else
			got = add_part(v, got, parts[i]);
	}
	if (got == 1)
		return v[0];
	if (got == 0)
		return intern_node(b, (struct node){ .kind = NODE_TRUE }, NULL);
	node = intern_node(b, (struct node){ .kind = kind, .count = got }, v);
	return node;
}

uint32_t
build_all(struct build *b, const uint32_t *parts, uint32_t n)
{
	return build_chain(b, NODE_AND, parts, n);
}

uint32_t
build_any(struct build *b, const uint32_t *parts, uint32_t n)
{
	return build_chain(b, NODE_OR, parts, n);
}

uint32_t
build_of(struct build *b, uint32_t n, const uint32_t *parts, uint32_t count)
{
	return intern_node(b, (struct node){ .kind = NODE_OF, .n = n, .count = count }, parts);
}

uint32_t
build_score(struct build *b, enum atom_op op, long long number)
{
	return intern_node(b,
	    (struct node){
		.kind = NODE_SCORE, .op = op, .number = number, .score_upto = b->p->nscores },
	    NULL);
}

bool
build_reads_score(const struct build *b, uint32_t node)
{
	const struct node *n = &b->p->nodes[node];

	if (n->kind == NODE_SCORE || (n->kind == NODE_ATOM && b->p->atoms[n->atom].score))
		return true;
	for (uint32_t i = 0; i < n->count; i++)
		if (build_reads_score(b, b->p->parts[n->first + i]))
			return true;
	return false;
}

uint32_t
build_required(const struct build *b, uint32_t node, uint32_t *atoms, uint32_t max)
{
	const struct node *n = &b->p->nodes[node];
	uint32_t got = 0;

	if (n->kind == NODE_ATOM) {
		if (max > 0)
			atoms[0] = n->atom;
		return 1;
	}
	if (n->kind == NODE_AND || (n->kind == NODE_OF && n->n == n->count))
		for (uint32_t i = 0; i < n->count; i++)
			got += build_required(b, b->p->parts[n->first + i],
			    got < max ? atoms + got : NULL, got < max ? max - got : 0);
	return got;
}

uint32_t
build_listings(const struct build *b, uint32_t node, uint32_t *atoms, uint32_t max)
{
	const struct node *n = &b->p->nodes[node];
	uint32_t got = 0;

	if (n->kind == NODE_NOT)
		return 0;
	if (n->kind == NODE_ATOM && b->p->atoms[n->atom].left.of != NULL && max > 0)
		atoms[got++] = n->atom;
	for (uint32_t i = 0; i < n->count && got < max; i++)
		got += build_listings(b, b->p->parts[n->first + i], atoms + got, max - got);
	return got;
}

const struct pattern *
build_keep_pattern(struct build *b, struct pattern *pat)
{
	struct program *p = b->p;

	p->patterns = build_grow(p->patterns, p->npatterns, &b->cappatterns, sizeof *p->patterns);
	p->patterns[p->npatterns++] = pat;
	return pat;
}

void
build_free(struct build *b)
{
	for (int i = 0; i < NAME_SPACES; i++)
		HASH_CLEAR(hh, b->names[i]);
	HASH_CLEAR(hh, b->atoms);
	HASH_CLEAR(hh, b->nodes);
}
