/*
 * list.c - a list: its entries in order, and a table of their keys
 *
 * Each entry is one piece of the list's arena: the item, its packed key, and its words behind it.
 * The table is uthash's. To ask is to look up each key of the question (entry.h) and to take, of
 * the entries found, the one that was added first: as many probes as a name has labels or as there
 * are different prefixes, however long the list is. A pair is looked up by keys of both columns;
 * keys of first columns have a table of their own, so that few of those combinations are left to
 * try.
 *
 * Patterns have no keys to look up and are searched for one after another. Each is compiled twice,
 * for texts in UTF-8 and for bytes. One that PCRE2 takes only as UTF-8 (\x{263a}) is asked of bytes
 * only where these are valid UTF-8.
 *
 * Memory: a list is built while rules load, where a lack of it ends the program.
 */
#include "list/list.h"

#include "base/bits.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "list/entry.h"

#include <assert.h>

#define uthash_malloc(n) arena_alloc(&l->arena, n)
#define uthash_free(p, n) ((void)0)
#include <uthash.h>

/* An entry. Behind it in memory: key, entry, second column, text. */
struct item {
	UT_hash_handle hh;
	struct pattern **patterns; /* of a pattern: for bytes, for UTF-8; the first may be NULL */
	uint32_t entry_n, second_n, text_n;
	uint32_t index; /* its place in the order of addition */
	uint32_t line;	/* on which it stands, 0 if that isn't known */
	uint8_t flags;
	bool except, has_second, has_text;
	bool folded; /* asked of the folded text */
	char bytes[];
};

/* A key of the first column of a list of pairs. */
struct first {
	UT_hash_handle hh;
	char bytes[];
};

struct list {
	struct arena arena;
	enum list_type type;
	unsigned flags;
	size_t nfolded;	      /* items that are asked of the folded text */
	struct item *table;   /* by key */
	struct first *firsts; /* pairs: by the key of the first column */
	struct item **items;  /* in order of addition */
	size_t n, cap;
	size_t longest;	       /* bytes of the longest column's key, packed */
	bool prefixes[2][129]; /* networks: prefixes in use, IPv4 and IPv6 */
};

/* The words of a type. */
const char *
list_type_name(enum list_type t)
{
	static const char *const names[] = {
		[LIST_NETWORKS] = "networks",
		[LIST_DOMAINS] = "domains",
		[LIST_ADDRESSES] = "addresses",
		[LIST_WORDS] = "words",
		[LIST_PATTERNS] = "patterns",
		[LIST_PAIRS] = "addresses addresses",
	};

	return names[t];
}

/* A new list, in its own arena. */
struct list *
list_new(enum list_type type, unsigned flags)
{
	struct arena arena;
	struct list *l;

	arena_init(&arena, 0);
	arena.fatal = true;
	l = arena_alloc(&arena, sizeof(*l));
	l->arena = arena;
	l->type = type;
	l->flags = flags;
	return l;
}

/* Free a list. */
void
list_free(struct list *l)
{
	struct arena arena;

	if (l == NULL)
		return;
	for (size_t i = 0; i < l->n && l->type == LIST_PATTERNS; i++) {
		pattern_free(l->items[i]->patterns[false]);
		pattern_free(l->items[i]->patterns[true]);
	}
	arena = l->arena; /* l itself is in it */
	arena_free(&arena);
}

/* True if keys of this type are compared without case. */
static bool
folds(enum list_type type)
{
	return type != LIST_NETWORKS && type != LIST_PATTERNS;
}

/* Put an item at the end of the order. */
static void
append(struct list *l, struct item *item)
{
	if (l->n == l->cap) {
		size_t cap = l->cap > 0 ? l->cap * 2 : 8;
		struct item **items = arena_alloc(&l->arena, cap * sizeof(*items));

		if (l->n > 0)
			memcpy(items, l->items, l->n * sizeof(*items));
		l->items = items;
		l->cap = cap;
	}
	item->index = (uint32_t)l->n;
	l->items[l->n++] = item;
}

/* Where an error of PCRE2 stands: the span of an entry may or may not have the delimiters. */
static struct span
place_in_pattern(const struct list_entry *e, size_t offset)
{
	struct slice s = span_slice(e->span);
	const char *inner = s.n > 0 ? memmem(s.p, s.n, e->entry.p, e->entry.n) : NULL;
	struct span at = e->span;

	if (inner != NULL) {
		at.at += (uint32_t)((size_t)(inner - s.p) + offset);
		at.n = 1;
	}
	return at;
}

/* Compile a pattern for both kinds of text. */
static bool
compile(struct list *l, struct item *item, const struct list_entry *e, struct diags *d)
{
	struct pattern_error err;
	unsigned flags = e->flags | l->flags;
	struct pattern *utf = pattern_compile(e->entry, flags | PATTERN_UTF, &err);

	if (utf == NULL) {
		diag_error(d, place_in_pattern(e, err.offset), "in this pattern: %s", err.message);
		return false;
	}
	item->patterns = arena_alloc(&l->arena, 2 * sizeof(struct pattern *));
	item->patterns[true] = utf;
	item->patterns[false] = pattern_compile(e->entry, flags, &err);
	item->folded = flags & PATTERN_FOLDED;
	l->nfolded += item->folded;
	return true;
}

/* Where the second column stands, if it can be told. */
static struct span
place_of_second(const struct list_entry *e)
{
	struct slice s = span_slice(e->span);
	struct span at = e->span;

	if (s.n > e->second.n && memcmp(s.p + s.n - e->second.n, e->second.p, e->second.n) == 0) {
		at.at += (uint32_t)(s.n - e->second.n);
		at.n = (uint32_t)e->second.n;
	}
	return at;
}

/* The keys of an entry's columns; returns how many, 0 if it has mistakes. */
static size_t
keys_of(const struct list *l, const struct list_entry *e, struct key keys[2], struct diags *d)
{
	if (l->type == LIST_PATTERNS) {
		keys[0] = (struct key){ .kind = (uint8_t)(e->flags | l->flags), .s = e->entry };
		return 1;
	}
	if (!entry_key(l->type, e->entry, &keys[0], e->span, d))
		return 0;
	if (l->type != LIST_PAIRS)
		return 1;
	if (e->second.p == NULL) {
		diag_hint(d, diag_error(d, e->span, "the second address of this pair is missing"),
		    "write both, with white space between them");
		return 0;
	}
	return entry_key(l->type, e->second, &keys[1], place_of_second(e), d) ? 2 : 0;
}

/* Copy bytes to *p and go behind them. */
static void
put(char **p, struct slice s)
{
	if (s.n > 0)
		memcpy(*p, s.p, s.n);
	*p += s.n;
}

/* Write the keys of the columns one behind the other; a NUL, which no address has, parts them. */
static size_t
pack_all(char *out, const struct key *keys, size_t n, bool fold)
{
	size_t used = key_pack(out, &keys[0], fold);

	if (n > 1) {
		out[used++] = '\0';
		used += key_pack(out + used, &keys[1], fold);
	}
	return used;
}

/* An item with its key and its words; *key_n gets the bytes of the key at its start. */
static struct item *
make_item(struct list *l, const struct list_entry *e, const struct key *keys, size_t nkeys,
    unsigned *key_n)
{
	size_t room = KEY_PACKED(keys[0].s.n) + (nkeys > 1 ? KEY_PACKED(keys[1].s.n) : 0);
	struct item *item =
	    arena_alloc(&l->arena, sizeof(*item) + room + e->entry.n + e->second.n + e->text.n);
	char *p;

	*key_n = (unsigned)pack_all(item->bytes, keys, nkeys, folds(l->type));
	p = item->bytes + *key_n;
	put(&p, e->entry);
	put(&p, e->second);
	put(&p, e->text);
	item->entry_n = (uint32_t)e->entry.n;
	item->second_n = (uint32_t)e->second.n;
	item->text_n = (uint32_t)e->text.n;
	item->has_second = e->second.p != NULL;
	item->has_text = e->text.p != NULL;
	item->except = e->except;
	item->flags = (uint8_t)e->flags;
	item->line = span_line(e->span);
	return item;
}

/* Note what makes asking short: which prefixes are in use, which first columns, how long keys are.
 */
static void
note_keys(struct list *l, const struct key *keys, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (keys[i].s.n + 1 > l->longest)
			l->longest = keys[i].s.n + 1;
	if (l->type == LIST_NETWORKS)
		l->prefixes[keys[0].s.n == 16][keys[0].kind] = true;
	if (l->type == LIST_PAIRS) {
		char packed[KEY_PACKED(LIMIT_TEXT)];
		unsigned size = (unsigned)key_pack(packed, &keys[0], true);
		struct first *f;

		HASH_FIND(hh, l->firsts, packed, size, f);
		if (f != NULL)
			return;
		f = arena_alloc(&l->arena, sizeof(*f) + size);
		memcpy(f->bytes, packed, size);
		HASH_ADD_KEYPTR(hh, l->firsts, f->bytes, size, f);
	}
}

/* Say that an entry is there already. */
static void
duplicate(const struct list_entry *e, const struct item *first, struct diags *d)
{
	const char *between = e->second.p != NULL ? " " : "";
	struct diag *g;

	if (first->line > 0)
		g = diag_warn(d, e->span, "`%.*s%s%.*s` is in the list already, from line %u",
		    SLICE_ARG(e->entry), between, SLICE_ARG(e->second), first->line);
	else
		g = diag_warn(d, e->span, "`%.*s%s%.*s` is in the list already",
		    SLICE_ARG(e->entry), between, SLICE_ARG(e->second));
	if (first->except != e->except)
		diag_hint(d, g, "the first one counts, which is %s",
		    first->except ? "an exception" : "no exception");
}

/* Add an entry. */
bool
list_add(struct list *l, const struct list_entry *e, struct diags *d)
{
	struct item *item, *old;
	struct key keys[2];
	size_t nkeys;
	unsigned size, hash;

	if (e->text.n > LIMIT_TEXT) {
		diag_error(d, e->span, "the text of an entry is longer than %d bytes", LIMIT_TEXT);
		return false;
	}
	nkeys = keys_of(l, e, keys, d);
	if (nkeys == 0)
		return false;
	item = make_item(l, e, keys, nkeys, &size);
	HASH_VALUE(item->bytes, size, hash);
	HASH_FIND_BYHASHVALUE(hh, l->table, item->bytes, size, hash, old);
	if (old != NULL) {
		duplicate(e, old, d);
		return false;
	}
	if (l->type == LIST_PATTERNS && !compile(l, item, e, d))
		return false;
	HASH_ADD_KEYPTR_BYHASHVALUE(hh, l->table, item->bytes, size, hash, item);
	append(l, item);
	note_keys(l, keys, nkeys);
	return true;
}

enum list_type
list_type(const struct list *l)
{
	return l->type;
}

unsigned
list_flags(const struct list *l)
{
	return l->flags;
}

enum list_folds
list_folds(const struct list *l)
{
	return l->nfolded == 0	? LIST_FOLDS_NONE
	    : l->nfolded < l->n ? LIST_FOLDS_SOME
				: LIST_FOLDS_ALL;
}

size_t
list_size(const struct list *l)
{
	return l->n;
}

/* An item as it was written. */
static struct list_entry
entry_of(const struct item *item)
{
	const char *p = item->bytes + item->hh.keylen;
	struct list_entry e = {
		.entry = slice_of(p, item->entry_n),
		.except = item->except,
		.flags = item->flags,
	};

	p += item->entry_n;
	if (item->has_second)
		e.second = slice_of(p, item->second_n);
	p += item->second_n;
	if (item->has_text)
		e.text = slice_of(p, item->text_n);
	return e;
}

/* The i-th entry. */
struct list_entry
list_at(const struct list *l, size_t i)
{
	return entry_of(l->items[i]);
}

/* Keep of two items the one that was added first; both may be NULL. */
static const struct item *
earlier(const struct item *a, const struct item *b)
{
	if (a == NULL || b == NULL)
		return a != NULL ? a : b;
	return a->index < b->index ? a : b;
}

/* The item with a packed key, NULL if there is none. */
static const struct item *
look_up(const struct list *l, const char *packed, size_t n)
{
	struct item *item;

	HASH_FIND(hh, l->table, packed, (unsigned)n, item);
	return item;
}

/* What an item that decides, or none, means for who asked. */
static enum match
answer(const struct item *item, struct list_hit *hit)
{
	if (item == NULL || item->except)
		return MATCH_NO;
	if (hit != NULL) {
		struct list_entry e = entry_of(item);

		*hit = (struct list_hit){ e.entry, e.text };
	}
	return MATCH_YES;
}

/* Ask for an address. */
enum match
list_find_ip(const struct list *l, const struct ip *ip, struct list_hit *hit)
{
	const bool *used = l->prefixes[ip->family == 6];
	size_t bytes = ip->family == 6 ? 16 : 4;
	const struct item *best = NULL;

	assert(l->type == LIST_NETWORKS);
	for (unsigned prefix = 0; ip->family != 0 && prefix <= bytes * 8; prefix++) {
		struct ip masked;
		char packed[KEY_PACKED(16)];
		struct key key;

		if (!used[prefix])
			continue;
		masked = ip_mask(ip, prefix);
		key = (struct key){ .kind = (uint8_t)prefix,
			.s = slice_of((const char *)masked.b, bytes) };
		best = earlier(best, look_up(l, packed, key_pack(packed, &key, false)));
	}
	return answer(best, hit);
}

/* The next pattern from the i-th on that may match, and where it may; *spot goes on with it. l->n
 * if there is none. */
static size_t
next_pattern(const struct list *l, const struct list_filter *f, size_t i, size_t *spot,
    const struct places **places)
{
	*places = NULL;
	if (f != NULL && f->spots != NULL) {
		while (*spot < f->nspots && f->spots[*spot].pattern - f->first < i)
			(*spot)++;
		if (*spot == f->nspots)
			return l->n;
		*places = &f->spots[*spot].places;
		return f->spots[*spot].pattern - f->first;
	}
	return f != NULL && f->bits != NULL
	    ? bits_next(f->bits, f->first + i, f->first + l->n) - f->first
	    : i;
}

/* The first pattern that matches. Where a pattern's search fails, it might have matched or not:
 * that is an error only if it would make a difference. */
static enum match
find_pattern(const struct list *l, struct slice text, struct slice folded, bool utf,
    const struct list_filter *filter, struct list_hit *hit)
{
	struct budget *budget = filter != NULL ? filter->budget : NULL;
	bool valid = utf, known = utf, failed[2] = { false, false }; /* entries; exceptions */
	const struct item *best = NULL;
	const struct places *places;
	size_t spot = 0;

	for (size_t i = 0; best == NULL; i++) {
		i = next_pattern(l, filter, i, &spot, &places);
		if (i >= l->n)
			break;

		const struct item *item = l->items[i];
		const struct pattern *p = item->patterns[utf];

		if (p == NULL) {
			valid = known ? valid : utf8_valid(text);
			known = true;
			p = valid ? item->patterns[true] : NULL;
		}

		enum match m = MATCH_NO;

		if (p != NULL)
			m = pattern_match_at(p, item->folded ? folded : text, places, budget);
		if (m == MATCH_ERROR)
			failed[item->except] = true;
		else if (m == MATCH_YES)
			best = item;
	}
	if (failed[best != NULL && !best->except])
		return MATCH_ERROR;
	return answer(best, hit);
}

/* Ask for a text. */
enum match
list_find_text(const struct list *l, struct slice text, struct slice folded, bool utf,
    const struct list_filter *filter, struct list_hit *hit)
{
	struct key keys[KEY_PROBES];
	char packed[KEY_PACKED(LIMIT_TEXT)];
	const struct item *best = NULL;
	size_t n;

	assert(l->type != LIST_NETWORKS && l->type != LIST_PAIRS);
	if (l->type == LIST_PATTERNS)
		return find_pattern(l, text, folded, utf, filter, hit);
	n = entry_probes(l->type, text, keys);
	for (size_t i = 0; i < n; i++)
		if (keys[i].s.n < l->longest)
			best = earlier(best, look_up(l, packed, key_pack(packed, &keys[i], true)));
	return answer(best, hit);
}

/* True if an entry has the key in its first column. */
static bool
is_first(const struct list *l, const struct key *key)
{
	char packed[KEY_PACKED(LIMIT_TEXT)];
	struct first *f;

	if (key->s.n >= l->longest)
		return false;
	HASH_FIND(hh, l->firsts, packed, (unsigned)key_pack(packed, key, true), f);
	return f != NULL;
}

/* Ask for a pair. */
enum match
list_find_pair(const struct list *l, struct slice a, struct slice b, struct list_hit *hit)
{
	struct key as[KEY_PROBES], bs[KEY_PROBES];
	char packed[2 * KEY_PACKED(LIMIT_TEXT)];
	size_t na = entry_probes(l->type, a, as), nb = entry_probes(l->type, b, bs);
	const struct item *best = NULL;

	assert(l->type == LIST_PAIRS);
	for (size_t i = 0; i < na; i++) {
		if (!is_first(l, &as[i]))
			continue;
		for (size_t k = 0; k < nb; k++) {
			struct key both[2] = { as[i], bs[k] };

			if (bs[k].s.n < l->longest)
				best = earlier(
				    best, look_up(l, packed, pack_all(packed, both, 2, true)));
		}
	}
	return answer(best, hit);
}
