/*
 * message.c - a message file, as an MTA would hand it on
 *
 * Files come from mailboxes, queues and editors, so nothing is a mistake: what does not look like a
 * header begins the body, as in the MTAs.
 */
#include "replay/message.h"

#include "replay/vec.h"

/* Take one line off *rest, without its line end. */
static struct slice
take_line(struct slice *rest)
{
	struct slice line = slice_cut(*rest, '\n', rest);

	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

/* True for a line that continues the header above it. */
static bool
is_fold(struct slice line)
{
	return line.n > 0 && (line.p[0] == ' ' || line.p[0] == '\t');
}

/* The name of the header that begins on this line (RFC 5322 3.6.8, blanks before the colon let
 * through as in 4.5.8); absent if none does. */
static struct slice
header_name(struct slice line, struct slice *value)
{
	struct slice name = slice_cut(line, ':', value);

	if (value->p == NULL)
		return SLICE_ABSENT;
	while (name.n > 0 && (name.p[name.n - 1] == ' ' || name.p[name.n - 1] == '\t'))
		name.n--;
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] <= ' ' || (unsigned char)name.p[i] >= 0x7f)
			return SLICE_ABSENT;
	return name.n > 0 ? name : SLICE_ABSENT;
}

/* Take the next header off *rest; false if there is none. */
static bool
take_header(struct arena *a, struct slice *rest, struct header *out)
{
	struct slice after = *rest, value, name = header_name(take_line(&after), &value);
	struct buf folded = { 0 };

	if (name.p == NULL)
		return false;
	buf_add(&folded, value);
	while (after.p != NULL) {
		struct slice next = after, line = take_line(&next);

		if (!is_fold(line))
			break;
		buf_char(&folded, '\n');
		buf_add(&folded, line);
		after = next;
	}
	out->name = arena_slice(a, name);
	out->value = arena_slice(a, buf_slice(&folded));
	buf_free(&folded);
	*rest = after;
	return true;
}

/* The body with CR LF at the end of each line that had an end. */
static struct slice
body_of(struct arena *a, struct slice text)
{
	struct buf b = { 0 };
	struct slice body;

	while (text.p != NULL && text.n > 0) {
		struct slice line = take_line(&text);

		buf_add(&b, line);
		if (text.p != NULL)
			buf_str(&b, "\r\n");
	}
	body = arena_slice(a, buf_slice(&b));
	buf_free(&b);
	return body;
}

/* Split a message. */
void
message_parse(struct arena *a, struct slice text, struct message *out)
{
	struct slice rest = text, after;
	struct header h;
	size_t cap = 0;

	*out = (struct message){ 0 };
	if (text.n >= 5 && memcmp(text.p, "From ", 5) == 0)
		take_line(&rest);
	while (rest.p != NULL && take_header(a, &rest, &h)) {
		out->headers = vec_room(a, out->headers, out->nheaders, &cap, sizeof(h));
		out->headers[out->nheaders++] = h;
	}
	after = rest;
	if (rest.p != NULL && take_line(&after).n == 0)
		rest = after;
	out->body = body_of(a, rest);
}
