/*
 * html.c - a text/html part as its reader sees it
 *
 * One pass over the tags. Style sheets that stand in the mail are read before it, as they count for
 * what stands above them too.
 */
#include "mail/html.h"

#include "mail/html_entity.h"
#include "mail/html_flow.h"
#include "mail/html_sheet.h"
#include "mail/html_stack.h"
#include "mail/html_token.h"

#include "base/limits.h"
#include "base/utf8.h"

#include <stdlib.h>

#define LINK_COLOUR 0x0000ee /* of what can be clicked on */
#define STYLES 16	     /* attributes that are kept: most mails say the same over and over */

/* A style attribute that was read. */
struct known_style {
	struct slice source; /* as written; absent: none yet */
	struct html_style style;
};

struct reader {
	struct html_out *out;
	struct html_flow seen, hidden;
	struct html_sheet *sheet;
	struct html_lexer lexer;
	struct html_token token;
	size_t link_room;
	struct html_style whole[2]; /* of <html> and <body> */
	bool given[2];		    /* by their tags */
	struct known_style known[STYLES];
	struct html_stack stack;
};

/* ---- style sheets ---- */

/* The place behind the last `<style`; NULL if there is none. */
static const char *
last_sheet(struct slice source)
{
	const char *at = source.p, *end = at + source.n, *last = NULL;

	while (end - at > 6 && (at = memchr(at, '<', (size_t)(end - at) - 6)) != NULL) {
		at++;
		if ((*at | 0x20) == 's' && slice_eq_nocase(slice_of(at, 5), SLICE("style")))
			last = at;
	}
	return last;
}

/* The content of an element that has none of HTML. */
static struct slice
raw_content(struct reader *r, const struct html_tag_info *info)
{
	struct slice all = slice_of(r->lexer.at, (size_t)(r->lexer.end - r->lexer.at));

	if (info->tag != HTML_TAG_PLAINTEXT)
		return html_raw(&r->lexer, r->token.name);
	r->lexer.at = r->lexer.end;
	return all;
}

/* True if an element's content is not HTML. */
static bool
is_raw(const struct html_tag_info *info)
{
	return info->traits & (HTML_RAW | HTML_RCDATA) || info->tag == HTML_TAG_PLAINTEXT;
}

/* Read all style sheets. */
static void
read_sheets(struct reader *r, struct slice source)
{
	const char *last = last_sheet(source);
	struct html_lexer start = r->lexer;

	while (last != NULL && r->lexer.at <= last) {
		html_next(&r->lexer, &r->token);
		if (r->token.kind == HTML_END)
			break;
		if (r->token.kind != HTML_START)
			continue;

		const struct html_tag_info *info = html_tag_find(r->token.name);

		if (is_raw(info)) {
			struct slice content = raw_content(r, info);

			if (info->tag == HTML_TAG_STYLE && !html_sheet_add(&r->sheet, content))
				r->out->styles_cut = true;
		}
	}
	r->lexer = start;
}

/* ---- the style of an element ---- */

/* True for the elements whose bgcolor counts. */
static bool
has_ground(enum html_tag tag)
{
	return tag == HTML_TAG_BODY || tag == HTML_TAG_TABLE || tag == HTML_TAG_TBODY ||
	    tag == HTML_TAG_TR || tag == HTML_TAG_TD;
}

/* What HTML's attributes say, and browsers by themselves. */
static void
attribute_style(
    const struct html_token *t, const struct html_tag_info *info, struct html_style *style)
{
	struct slice colour = SLICE_ABSENT, ground = html_attr(t, HTML_ATTR_BGCOLOR);

	if (info->tag == HTML_TAG_FONT)
		colour = html_attr(t, HTML_ATTR_COLOR);
	else if (info->tag == HTML_TAG_BODY)
		colour = html_attr(t, HTML_ATTR_TEXT);
	if (info->traits & HTML_HIDE || html_attr(t, HTML_ATTR_HIDDEN).p != NULL ||
	    (info->tag == HTML_TAG_DIALOG && html_attr(t, HTML_ATTR_OPEN).p == NULL))
		html_style_set(style, HTML_DISPLAY, HTML_NONE, false);
	if (info->tag == HTML_TAG_A && html_attr(t, HTML_ATTR_HREF).p != NULL)
		html_style_set(style, HTML_COLOUR, LINK_COLOUR, false);
	if (colour.p != NULL)
		html_style_set(style, HTML_COLOUR, html_colour(colour), false);
	if (ground.p != NULL && has_ground(info->tag))
		html_style_set(style, HTML_GROUND, html_colour(ground), false);
	if (html_attr(t, HTML_ATTR_BACKGROUND).n > 0)
		html_style_set(style, HTML_GROUND, HTML_COLOUR_UNKNOWN, false);
}

/* What a style attribute says. */
static const struct html_style *
read_style(struct reader *r, struct slice source)
{
	size_t key = source.n + 5 * (unsigned char)source.p[source.n / 2];
	struct known_style *k = &r->known[(key + (unsigned char)source.p[source.n - 1]) % STYLES];
	struct arena_mark mark = arena_mark(r->out->arena);
	struct slice css;

	if (k->source.p != NULL && slice_eq(k->source, source))
		return &k->style;
	k->style.set = k->style.important = 0;
	css = html_unescape(source, LIMIT_HTML_STYLE, r->out->arena, &r->out->styles_cut);
	k->source = css.p != NULL ? source : SLICE_ABSENT;
	if (css.p != NULL)
		html_style_read(&k->style, css);
	arena_release(r->out->arena, mark);
	return &k->style;
}

/* All that is said of an element. */
static void
element_style(struct reader *r, const struct html_tag_info *info, struct html_style *style)
{
	const struct html_token *t = &r->token;
	struct slice own = html_attr(t, HTML_ATTR_STYLE);

	style->set = style->important = 0;
	attribute_style(t, info, style);
	if (r->sheet != NULL &&
	    !html_sheet_style(r->sheet, t->name, html_attr(t, HTML_ATTR_CLASS),
		html_attr(t, HTML_ATTR_ID), style))
		r->out->styles_cut = true;
	if (own.n > 0)
		html_style_merge(style, read_style(r, own));
}

/* ---- links ---- */

/* One is lost; it has no number. */
static size_t
lose_link(struct html_out *out)
{
	out->links_cut = true;
	return 0;
}

/* Add a link; returns its number, 0 if there is none. */
static size_t
add_link(struct reader *r, enum html_link_kind kind, struct slice value)
{
	struct html_out *out = r->out;
	bool cut = false;

	if (out->n_links == LIMIT_HTML_LINKS)
		return lose_link(out);
	if (out->n_links == r->link_room) {
		size_t room = r->link_room > 0 ? r->link_room * 2 : 16;
		struct html_link *v = arena_alloc(out->arena, room * sizeof(*v));

		if (v == NULL)
			return lose_link(out);
		if (out->n_links > 0)
			memcpy(v, out->links, out->n_links * sizeof(*v));
		out->links = v;
		r->link_room = room;
	}

	struct slice url = html_unescape(value, LIMIT_HTML_URL, out->arena, &cut);

	/* The end of a picture that is in its own URL is missed by nobody. */
	if (cut && !(url.n > 5 && slice_eq_nocase(slice_of(url.p, 5), SLICE("data:"))))
		out->url_cut = true;
	url = url.p == NULL ? url : arena_slice(out->arena, url);
	if (url.p == NULL)
		return lose_link(out);
	out->links[out->n_links] =
	    (struct html_link){ .kind = kind, .url = url, .from = out->text.n, .to = out->text.n };
	return ++out->n_links;
}

/* Where `<meta http-equiv=refresh content="5; url=…">` leads; absent if nowhere. */
static struct slice
refresh_url(struct slice s)
{
	size_t i = 0, start;
	char quote = 0;

	while (i < s.n && s.p[i] != ';' && s.p[i] != ',')
		i++;
	while (i < s.n && (html_is_space(s.p[i]) || s.p[i] == ';' || s.p[i] == ','))
		i++;
	if (s.n - i > 3 && slice_eq_nocase(slice_of(s.p + i, 3), SLICE("url"))) {
		size_t equals = i + 3;

		while (equals < s.n && html_is_space(s.p[equals]))
			equals++;
		if (equals < s.n && s.p[equals] == '=')
			for (i = equals + 1; i < s.n && html_is_space(s.p[i]);)
				i++;
	}
	if (i < s.n && (s.p[i] == '"' || s.p[i] == '\''))
		quote = s.p[i++];
	start = i;
	while (i < s.n && (quote == 0 || s.p[i] != quote))
		i++;
	return i > start ? slice_of(s.p + start, i - start) : SLICE_ABSENT;
}

/* The links of a tag; returns the number of the one that can be clicked on, 0 if there is none. */
static size_t
add_links(struct reader *r, const struct html_tag_info *info)
{
	static const struct {
		enum html_attr attr;
		enum html_link_kind kind;
	} kinds[] = {
		{ HTML_ATTR_SRC, HTML_SRC },
		{ HTML_ATTR_ACTION, HTML_ACTION },
		{ HTML_ATTR_FORMACTION, HTML_ACTION },
		{ HTML_ATTR_BACKGROUND, HTML_SRC },
		{ HTML_ATTR_POSTER, HTML_SRC },
	};
	const struct html_token *t = &r->token;
	struct slice href = html_attr(t, HTML_ATTR_HREF), data = html_attr(t, HTML_ATTR_DATA);

	if (t->has == 0)
		return 0;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (html_attr(t, kinds[i].attr).n > 0)
			add_link(r, kinds[i].kind, html_attr(t, kinds[i].attr));
	if (data.n > 0 && slice_eq_nocase(t->name, SLICE("object")))
		add_link(r, HTML_SRC, data);
	if (info->tag == HTML_TAG_META &&
	    slice_eq_nocase(html_attr(t, HTML_ATTR_HTTP_EQUIV), SLICE("refresh"))) {
		struct slice url = refresh_url(html_attr(t, HTML_ATTR_CONTENT));

		if (url.p != NULL)
			add_link(r, HTML_REFRESH, url);
	}
	if (href.n == 0)
		return 0;
	if (info->tag == HTML_TAG_A || info->tag == HTML_TAG_AREA)
		return add_link(r, HTML_HREF, href);
	add_link(r, info->tag == HTML_TAG_BASE ? HTML_BASE : HTML_SRC, href);
	return 0;
}

/* ---- text ---- */

/* Add a text that looks like this. */
static void
add_text(struct reader *r, struct slice text, const struct html_look *look, bool entities)
{
	if (html_look_hides(look)) {
		html_flow_add(&r->hidden, text, look->pre, entities);
		return;
	}

	size_t before = r->seen.to->n;

	html_flow_add(&r->seen, text, look->pre, entities);
	if (r->seen.to->n > before)
		html_flow_gap(&r->hidden, HTML_LINE);
}

/* Set off what comes next. What isn't displayed sets nothing off that is. */
static void
add_gap(struct reader *r, enum html_gap gap, const struct html_look *look)
{
	if (!look->none)
		html_flow_gap(&r->seen, gap);
	html_flow_gap(&r->hidden, gap);
}

/* The text that an attribute shows, a word of its own. */
static void
add_value(struct reader *r, struct slice value, const struct html_look *look)
{
	if (html_is_blank(value))
		return;
	add_gap(r, HTML_BLANK, look);
	add_text(r, value, look, true);
	add_gap(r, HTML_BLANK, look);
}

/* An <input>: what is written on it, or in it. */
static void
add_input(struct reader *r, const struct html_look *look)
{
	static const struct slice without[] = { { "checkbox", 8 }, { "radio", 5 },
		{ "password", 8 }, { "color", 5 }, { "range", 5 }, { "file", 4 } };
	struct slice type = html_attr(&r->token, HTML_ATTR_TYPE);
	struct html_look own = *look;

	if (slice_eq_nocase(type, SLICE("image"))) {
		add_value(r, html_attr(&r->token, HTML_ATTR_ALT), look);
		return;
	}
	for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++)
		if (slice_eq_nocase(type, without[i]))
			return;
	if (slice_eq_nocase(type, SLICE("hidden"))) {
		own.none = own.gone = true;
		html_flow_gap(&r->hidden, HTML_LINE);
	}
	add_value(r, html_attr(&r->token, HTML_ATTR_VALUE), &own);
}

/* ---- tags ---- */

/* An element that has ended. */
static void
element_ends(void *closure, const struct html_element *e)
{
	struct reader *r = closure;

	if (e->line)
		add_gap(r, HTML_LINE, &e->look);
	else if (e->info->traits & HTML_CELL)
		add_gap(r, HTML_BLANK, &e->look);
	if (e->link != 0)
		r->out->links[e->link - 1].to = r->out->text.n;
}

/* How an image looks: letters have a size and a colour, but what stands for an image doesn't. */
static struct html_look
image_look(const struct html_look *look)
{
	struct html_look image = html_look_start();

	image.none = look->none;
	image.gone = look->gone;
	image.invisible = look->invisible;
	return image;
}

/* An element without content. */
static void
empty_element(struct reader *r, const struct html_tag_info *info)
{
	struct html_look look = *html_stack_look(&r->stack);
	struct html_style style;

	if (info->traits & HTML_BLOCK)
		add_gap(r, HTML_LINE, &look);
	if (info->tag != HTML_TAG_IMG && info->tag != HTML_TAG_INPUT)
		return;
	element_style(r, info, &style);
	look = html_look_within(&look, &style);
	if (info->tag == HTML_TAG_INPUT) {
		add_input(r, &look);
		return;
	}
	look = image_look(&look);
	add_value(r, html_attr(&r->token, HTML_ATTR_ALT), &look);
}

/* <html> and <body> are there from the start, with what style sheets say of them. */
static void
begin_whole(struct reader *r)
{
	static const struct slice names[] = { { "html", 4 }, { "body", 4 } };

	for (unsigned i = 0; i < 2; i++) {
		r->given[i] = false;
		r->whole[i].set = r->whole[i].important = 0;
		if (r->sheet != NULL)
			html_sheet_style(
			    r->sheet, names[i], SLICE_ABSENT, SLICE_ABSENT, &r->whole[i]);
	}
}

/* How the mail looks outside of other elements. */
static void
look_whole(struct reader *r)
{
	struct html_look start = html_look_start(), html = html_look_within(&start, &r->whole[0]);

	r->stack.v[0].look = html_look_within(&html, &r->whole[1]);
}

/* The first tag of <html> and of <body> tells their style, if nothing is open in them. */
static void
whole_element(struct reader *r, const struct html_tag_info *info)
{
	bool body = info->tag == HTML_TAG_BODY;

	if (r->stack.n > 1 || r->given[body])
		return;
	r->given[body] = true;
	element_style(r, info, &r->whole[body]);
	look_whole(r);
}

/* A start tag. */
static void
start_tag(struct reader *r)
{
	const struct html_tag_info *info = html_tag_find(r->token.name);
	struct html_style style;
	struct html_element *e;
	size_t link;

	if (info->tag == HTML_TAG_IMAGE)
		info = html_tag_find(SLICE("img"));
	if (!html_stack_before(&r->stack, info))
		return;
	link = add_links(r, info);
	if (info->tag == HTML_TAG_HTML || info->tag == HTML_TAG_BODY) {
		whole_element(r, info);
	} else if (info->traits & HTML_RAW) {
		raw_content(r, info);
	} else if (info->traits & HTML_VOID) {
		empty_element(r, info);
	} else if (!slice_eq_nocase(r->token.name, SLICE("head"))) {
		element_style(r, info, &style);
		e = html_stack_push(&r->stack, info, r->token.name, &style);
		e->link = link;
		if (e->line)
			add_gap(r, HTML_LINE, &e->look);
		else if (info->traits & HTML_CELL)
			add_gap(r, HTML_BLANK, &e->look);
		if (is_raw(info))
			add_text(r, raw_content(r, info), &e->look, info->tag == HTML_TAG_TEXTAREA);
	}
}

/* An end tag. */
static void
end_tag(struct reader *r)
{
	const struct html_tag_info *info = html_tag_find(r->token.name);

	if (info->traits & HTML_VOID && !(info->traits & HTML_BLOCK))
		return;
	if (html_stack_end(&r->stack, info, r->token.name))
		return;
	/* </p> and </br> that end nothing are what they end */
	if (info->tag == HTML_TAG_P || slice_eq_nocase(r->token.name, SLICE("br")))
		add_gap(r, HTML_LINE, html_stack_look(&r->stack));
}

/* ---- the whole ---- */

/* Read all tags and texts. */
static void
read_all(struct reader *r)
{
	for (;;) {
		html_next(&r->lexer, &r->token);
		switch (r->token.kind) {
		case HTML_TEXT:
			if (html_is_blank(r->token.text) && !html_stack_look(&r->stack)->pre)
				add_gap(r, HTML_BLANK, html_stack_look(&r->stack));
			else
				add_text(r, r->token.text, html_stack_look(&r->stack), true);
			break;
		case HTML_START:
			start_tag(r);
			break;
		case HTML_STOP:
			end_tag(r);
			break;
		case HTML_END:
			html_stack_finish(&r->stack);
			return;
		}
	}
}

/* Cut a text that reached its limit between characters. */
static void
finish_text(struct buf *b)
{
	size_t n;

	if (!b->cut)
		return;
	for (n = b->n; n > 0 && ((unsigned char)b->p[n - 1] & 0xc0) == 0x80;)
		n--;
	if (n > 0) {
		uint32_t code;

		if (utf8_decode(slice_of(b->p + n - 1, b->n - n + 1), &code), code == UTF8_BAD)
			b->n = n - 1;
		b->p[b->n] = '\0';
	}
}

/* Read a part's source. */
void
html_read(struct slice source, struct html_out *out)
{
	struct reader *r = malloc(sizeof(*r));

	out->links = NULL;
	out->n_links = 0;
	out->url_cut = out->styles_cut = false;
	out->links_cut = r == NULL;
	if (r == NULL) {
		out->text.cut = out->hidden.cut = true;
		return;
	}
	r->out = out;
	r->seen = (struct html_flow){ .to = &out->text };
	r->hidden = (struct html_flow){ .to = &out->hidden };
	r->sheet = NULL;
	r->lexer = (struct html_lexer){ source.p, source.p + source.n };
	r->link_room = 0;
	for (size_t i = 0; i < STYLES; i++)
		r->known[i].source = SLICE_ABSENT;
	html_stack_init(&r->stack, element_ends, r);
	read_sheets(r, source);
	begin_whole(r);
	look_whole(r);
	read_all(r);
	finish_text(&out->text);
	finish_text(&out->hidden);
	out->styles_cut |= r->stack.cut;
	html_stack_free(&r->stack);
	html_sheet_free(r->sheet);
	free(r);
}

/* What is seen inside of a link. */
struct slice
html_link_text(struct slice seen, const struct html_link *link)
{
	size_t from = link->from, to = link->to < seen.n ? link->to : seen.n;

	while (from < to && html_is_space(seen.p[from]))
		from++;
	return from < to ? slice_of(seen.p + from, to - from) : SLICE("");
}
