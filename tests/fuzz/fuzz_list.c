/*
 * fuzz_list.c - list files, and what is looked up in them
 *
 * The first byte is the list's type; the file follows; each line of a file `%% ask` is looked up,
 * as an address of the network or as a text. What the list says it holds must be found in it.
 */
#include "fuzz.h"

#include "list/list.h"

/* Ask the list for a text, whatever it is a list of. */
static void
ask(const struct list *l, struct slice text)
{
	struct list_hit hit;
	struct slice second;
	struct ip ip;
	enum match m = MATCH_NO;

	switch (list_type(l)) {
	case LIST_NETWORKS:
		if (ip_parse(text, &ip))
			m = list_find_ip(l, &ip, &hit);
		break;
	case LIST_PAIRS:
		text = slice_cut(text, ' ', &second);
		if (second.p != NULL)
			m = list_find_pair(l, text, second, &hit);
		break;
	default:
		m = list_find_text(l, text, text, false, NULL, &hit);
		break;
	}
	assert(m != MATCH_YES || hit.entry.p != NULL);
	assert(m != MATCH_ERROR || list_type(l) == LIST_PATTERNS);
}

/* An entry that nothing stands before matches itself, unless it is an exception. */
static void
check_first(const struct list *l)
{
	struct list_entry e;
	struct list_hit hit;

	if (list_size(l) == 0 || (list_type(l) != LIST_WORDS && list_type(l) != LIST_DOMAINS))
		return;
	e = list_at(l, 0);
	if (e.entry.p[0] == '.' && list_type(l) == LIST_DOMAINS)
		return;
	assert(list_find_text(l, e.entry, SLICE_ABSENT, true, NULL, &hit) ==
	    (e.except ? MATCH_NO : MATCH_YES));
	assert(e.except || slice_eq(hit.entry, e.entry));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice file, asked, line;
	struct diags d;
	struct list *l;
	bool read;

	if (size == 0)
		return 0;
	l = list_new((enum list_type)(data[0] % (LIST_PAIRS + 1)), 0);
	file = files_take(data + 1, size - 1);
	asked = files_text(SLICE("ask"));
	files_add(SLICE("list"), file);
	diags_init(&d);
	read = list_add_file(l, "list", &d);
	assert(read == (d.errors == 0));
	diags_print(&d, quiet_out());
	for (size_t i = 0; i < list_size(l); i++)
		ask(l, list_at(l, i).entry);
	while (asked.p != NULL) {
		line = slice_cut(asked, '\n', &asked);
		ask(l, line);
	}
	check_first(l);
	diags_free(&d);
	list_free(l);
	files_drop();
	return 0;
}
