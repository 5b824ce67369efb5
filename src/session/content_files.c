/*
 * content_files.c - the attachments of a message
 *
 * Of an attachment's content no more is decoded than its kind takes, unless it is an archive or a
 * document and a rule asks what is in it.
 */
#include "base/limits.h"
#include "mail/archive.h"
#include "mail/kind.h"
#include "session/content_in.h"

#include <stdlib.h>

#define ENCRYPTED "encrypted"
#define MACROS "macros"
#define BROKEN "broken"

const char *const content_traits[] = { ENCRYPTED, MACROS, BROKEN, NULL };

/* Find them. */
static void
find_files(struct session *s, struct content *c)
{
	struct mime *mime = content_mime(s);
	struct file **tail = &c->files;

	c->has_files = true;
	c->archives_left = LIMIT_ARCHIVES_BYTES;
	c->files_cut = mime == NULL || s->body.cut || s->headers_cut;
	if (mime == NULL)
		return;
	for (const struct mime_attachment *at = mime_attachments(mime); at != NULL; at = at->next) {
		*tail = arena_alloc(&s->decoded, sizeof(**tail));
		if (*tail == NULL) {
			content_limit(s, LIMITED_MEMORY);
			c->files_cut = true;
			break;
		}
		(*tail)->at = at;
		tail = &(*tail)->next;
	}
	content_note_mime(s, mime);
	c->files_cut |= mime->cut != NULL;
}

/* The attachments; what is missing cuts m. */
static struct file *
files(struct session *s, struct many *m)
{
	struct content *c = content_of(s);

	if (c == NULL)
		return NULL; /* then m, which is in it, isn't either */
	if (!c->has_files)
		find_files(s, c);
	m->values.cut |= c->files_cut;
	return c->files;
}

/* What its first bytes say that it is. NULL on lack of memory. */
static const char *
kind(struct session *s, struct file *f)
{
	struct transfer_reader r = transfer_begin(f->at->encoding, f->at->encoded);
	char *bytes;
	size_t n = 0, got;

	if (f->kind != NULL)
		return f->kind;
	bytes = malloc(LIMIT_KIND_BYTES);
	if (bytes == NULL) {
		content_limit(s, LIMITED_MEMORY);
		return NULL;
	}
	while (LIMIT_KIND_BYTES - n >= 64 &&
	    (got = transfer_read(&r, bytes + n, LIMIT_KIND_BYTES - n)) > 0)
		n += got;
	f->kind = kind_of(slice_of(bytes, n));
	free(bytes);
	return f->kind;
}

/* ---- what is in them ---- */

struct inside {
	struct session *s;
	struct file *f;
	struct inner **tail;
};

/* The last part of a path. */
static struct slice
base_name(struct slice path)
{
	size_t at = path.n;

	while (at > 0 && path.p[at - 1] != '/' && path.p[at - 1] != '\\')
		at--;
	return slice_of(path.p + at, path.n - at);
}

/* Keep the name of a file in an archive: an archive_each. */
static void
keep_inner(void *context, const struct archive_item *item)
{
	struct inside *l = context;
	struct slice name = base_name(item->name);
	struct inner *inner;

	if (item->folder || name.n == 0)
		return;
	inner = arena_alloc(&l->s->decoded, sizeof(*inner));
	name = arena_slice(&l->s->decoded, name);
	if (inner == NULL || name.p == NULL) {
		content_limit(l->s, LIMITED_MEMORY);
		l->f->cut = true;
		return;
	}
	inner->name = name;
	*l->tail = inner;
	l->tail = &inner->next;
}

/* True for kinds that can hold files, or macros. */
static bool
has_inside(const char *kind)
{
	static const char *const kinds[] = { "zip", "jar", "apk", "ooxml", "odf", "7z", "rar",
		"cab", "iso", "tar", "gzip", "bzip2", "xz", "zstd", "ole" };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(kind, kinds[i]) == 0)
			return true;
	return false;
}

/* True if a name ends so, without case. */
static bool
ends_with(struct slice name, const char *end)
{
	size_t n = strlen(end);

	return name.n >= n && slice_eq_nocase(slice_of(name.p + name.n - n, n), slice_str(end));
}

/* True if it is called as an archive that unpackers open whatever stands before it. */
static bool
is_called_archive(const struct file *f)
{
	for (const struct field_value *v = f->at->names; v != NULL; v = v->next)
		if (ends_with(v->text, ".zip") || ends_with(v->text, ".rar") ||
		    ends_with(v->text, ".7z"))
			return true;
	return false;
}

/* What is packed alone and doesn't tell its name is unpacked under that of the file without its
 * last ending. */
static void
name_by_file(struct inside *l, const char *kind)
{
	static const char *const alone[] = { "gzip", "bzip2", "xz", "zstd" };
	bool packed = false;

	for (size_t i = 0; i < sizeof(alone) / sizeof(*alone); i++)
		packed |= strcmp(kind, alone[i]) == 0;
	for (const struct field_value *v = l->f->at->names; packed && v != NULL; v = v->next) {
		const char *dot = memrchr(v->text.p, '.', v->text.n);

		if (dot != NULL)
			keep_inner(l,
			    &(struct archive_item){
				.name = slice_of(v->text.p, (size_t)(dot - v->text.p)) });
	}
}

/* A name in UTF-16, as the directory of an OLE file has it: the literal's last NUL counts. */
#define UTF16_VBA_PROJECT "_\0V\0B\0A\0_\0P\0R\0O\0J\0E\0C\0T"
#define UTF16_ENCRYPTED_PACKAGE "E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e"

/* What a document of Office until 2003 is, or the box around a later one that is encrypted. */
static void
look_into_ole(struct slice ole, struct file *f)
{
	f->macros = memmem(ole.p, ole.n, UTF16_VBA_PROJECT, sizeof(UTF16_VBA_PROJECT)) != NULL;
	f->encrypted =
	    memmem(ole.p, ole.n, UTF16_ENCRYPTED_PACKAGE, sizeof(UTF16_ENCRYPTED_PACKAGE)) != NULL;
}

/* Look into one, once. */
static void
look_inside(struct session *s, struct file *f)
{
	struct archive_sum sum = { .most = s->env->max_archive_entries,
		.left = &s->content->archives_left };
	struct inside l = { s, f, &f->inner };
	const char *what = kind(s, f);
	struct buf content = { 0 };

	if (f->listed)
		return;
	f->listed = true;
	f->cut = what == NULL;
	if (what == NULL)
		return;
	if (!has_inside(what)) {
		f->broken = strcmp(what, "empty") != 0 && is_called_archive(f);
		return;
	}
	mime_content(f->at, &content);
	if (content.cut) {
		content_limit(s, LIMITED_MEMORY);
		f->cut = true;
	} else if (strcmp(what, "ole") == 0) {
		look_into_ole(buf_slice(&content), f);
	} else if (archive_list(buf_slice(&content), keep_inner, &l, &sum)) {
		f->encrypted = sum.encrypted;
		f->macros = sum.macros;
		f->broken = sum.broken;
		f->cut |= sum.cut;
		if (sum.cut)
			content_limit(s, LIMITED_ARCHIVE);
	}
	if (f->inner == NULL)
		name_by_file(&l, what);
	buf_free(&content);
}

/* ---- items ---- */

void
content_make_names(struct session *s, struct many *m)
{
	for (struct file *f = files(s, m); f != NULL; f = f->next) {
		for (const struct field_value *v = f->at->names; v != NULL; v = v->next)
			content_add(s, m, v->text);
		m->values.cut |= f->at->names_cut;
		if (f->at->names_cut)
			content_limit(s, LIMITED_PARTS);
		look_inside(s, f);
		for (const struct inner *i = f->inner; i != NULL; i = i->next)
			content_add(s, m, i->name);
		m->values.cut |= f->cut;
	}
}

void
content_make_types(struct session *s, struct many *m)
{
	for (struct file *f = files(s, m); f != NULL; f = f->next)
		content_add(s, m, f->at->type);
}

void
content_make_kinds(struct session *s, struct many *m)
{
	for (struct file *f = files(s, m); f != NULL; f = f->next) {
		const char *what = kind(s, f);

		m->values.cut |= what == NULL;
		content_add(s, m, slice_str(what));
	}
}

void
content_make_sizes(struct session *s, struct many *m)
{
	for (struct file *f = files(s, m); f != NULL; f = f->next)
		content_add_number(s, m, mime_size(f->at));
}

void
content_make_traits(struct session *s, struct many *m)
{
	for (struct file *f = files(s, m); f != NULL; f = f->next) {
		look_inside(s, f);
		if (f->encrypted)
			content_add_once(s, m, SLICE(ENCRYPTED));
		if (f->macros)
			content_add_once(s, m, SLICE(MACROS));
		if (f->broken)
			content_add_once(s, m, SLICE(BROKEN));
		m->values.cut |= f->cut;
	}
}
