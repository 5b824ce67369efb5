/*
 * fuzz_mime.c - the parts of a message
 *
 * An input is a whole message: it is taken as one within another, whose encoding its first byte
 * chooses, so that its header is read too.
 */
#include "fuzz.h"

#include "base/utf8.h"
#include "mail/mime.h"

/* Parts stand in the order of a walk, their parents before them, their content in the message or
 * decoded from it. */
static void
check_parts(const struct mime *m, size_t size)
{
	size_t n = 0;

	assert(m->parts != NULL && m->parts->parent == NULL && m->parts->depth == 0);
	for (const struct mime_part *p = m->parts; p != NULL; p = p->next, n++) {
		assert(p->type.n > 0 && memchr(p->type.p, '/', p->type.n) != NULL);
		assert(p->body.n <= size);
		if (p->parent != NULL)
			assert(p->depth == p->parent->depth + 1 && p->parent->kind != MIME_LEAF);
		if (p->kind != MIME_LEAF)
			assert(p->next != NULL && p->next->parent == p);
	}
	assert(n <= m->limits.parts);
}

/* What a reader sees is fit to be seen. */
static void
check_texts(struct mime *m)
{
	for (const struct mime_text *t = mime_texts(m); t != NULL; t = t->next) {
		assert(t->text.n > 0 && utf8_valid(t->text));
		assert(memchr(t->text.p, '\0', t->text.n) == NULL);
		assert(memchr(t->text.p, '\r', t->text.n) == NULL);
	}
}

/* Names are without paths, and what is decoded has the size that was said. */
static void
check_attachments(struct mime *m, size_t size)
{
	for (const struct mime_attachment *at = mime_attachments(m); at != NULL; at = at->next) {
		struct buf content = { 0 }, front = { .limit = 10 };

		mime_content(at, &content);
		mime_content(at, &front);
		assert(content.n == mime_size(at) && content.n <= size);
		assert(front.n == (content.n < 10 ? content.n : 10));
		assert(memcmp(buf_slice(&front).p, buf_slice(&content).p, front.n) == 0);
		buf_free(&front);
		buf_free(&content);
		for (const struct field_value *v = at->names; v != NULL; v = v->next) {
			assert(utf8_valid(v->text));
			assert(v->text.n == 0 || memchr(v->text.p, '/', v->text.n) == NULL);
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const encodings[] = { "7bit", "base64", "quoted-printable", "x-uue" };
	struct mime_field fields[] = {
		{ SLICE("Content-Type"), SLICE(" message/rfc822") },
		{ SLICE("Content-Transfer-Encoding"), SLICE_ABSENT },
	};
	struct slice text = slice_of(data != NULL ? (const char *)data : "", size);
	struct mime_limits small = { .parts = 20, .nesting = 5, .decoded = 1000 };

	fields[1].value = slice_str(encodings[size > 0 && data[0] < 4 ? data[0] : 0]);
	for (int i = 0; i < 2; i++) {
		struct arena a;
		struct mime *m;

		arena_init(&a, 0);
		a.fatal = true;
		m = mime_parse(fields, 2, text, i == 0 ? NULL : &small, &a);
		assert(m != NULL);
		check_parts(m, size);
		check_texts(m);
		check_attachments(m, size);
		if (i == 1)
			assert(m->decoded <= small.decoded);
		arena_free(&a);
	}
	return 0;
}
