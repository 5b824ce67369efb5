/*
 * test_html.c - what the reader of a text/html part sees
 */
#include "mail/html.h"

#include "base/limits.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "linear.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

struct row {
	const char *source, *text, *hidden;
};

static void
free_out(struct html_out *out)
{
	buf_free(&out->text);
	buf_free(&out->hidden);
	arena_free(out->arena);
}

/* True if something was left out. */
static bool
is_cut(const struct html_out *out)
{
	return out->text.cut || out->hidden.cut || out->links_cut || out->url_cut ||
	    out->styles_cut;
}

/* Hold each source against what is seen, and what isn't. */
static void
read_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct arena a;
		struct html_out out = { .arena = &a };
		const char *hidden = rows[i].hidden != NULL ? rows[i].hidden : "";

		arena_init(&a, 0);
		html_read(slice_str(rows[i].source), &out);
		if (!slice_eq(buf_slice(&out.text), slice_str(rows[i].text)))
			fail_msg("%s: \"%.*s\", not \"%s\"", rows[i].source,
			    SLICE_ARG(buf_slice(&out.text)), rows[i].text);
		if (!slice_eq(buf_slice(&out.hidden), slice_str(hidden)))
			fail_msg("%s: hidden \"%.*s\", not \"%s\"", rows[i].source,
			    SLICE_ARG(buf_slice(&out.hidden)), hidden);
		assert_false(is_cut(&out));
		free_out(&out);
	}
}

static void
cuts_tags_as_browsers_do(void **state)
{
	static const struct row rows[] = {
		{ "", "", NULL },
		{ "plain", "plain", NULL },
		{ "v<b></b>iagra", "viagra", NULL },
		{ "v<!-- x -->iagra", "viagra", NULL },
		{ "v<!-->iagra", "viagra", NULL },
		{ "v<!--->iagra", "viagra", NULL },
		{ "v<!-- x --!>iagra", "viagra", NULL },
		{ "v<!-- > -- > ->iagra", "v", NULL },
		{ "v<!x>i<?php a>a<![CDATA[y]]>g</ z>r</>a", "viagra", NULL },
		{ "<!--[if mso]>Outlook<![endif]-->a<![if !mso]>b<![endif]>", "ab", NULL },
		{ "1 < 2 <3 a<b", "1 < 2 <3 a", NULL },
		{ "a<b title='>'>b</b><i title=\">\">c</i>", "abc", NULL },
		{ "a<p", "a", NULL },
		{ "a<b/><B CLASS=x/y>c</B >d", "acd", NULL },
		{ "a<x-y z>b</x-y>c", "abc", NULL },
		{ "<script>if (a<b) '</p>'</script>a<style>b{}</style>c", "ac", NULL },
		{ "<SCRIPT>x</scriptx></SCRIPT >a", "a", NULL },
		{ "<title>x<b></title>a<noscript>b</noscript>", "ab", NULL },
		{ "<head><title>x</title></head><body>a</body></html>b", "ab", NULL },
		{ "<textarea>a <b>&amp;</textarea><xmp>&amp;</xmp>b", "a <b>&\n&amp;\nb", NULL },
		{ "a<plaintext><b>&amp;", "a\n<b>&amp;", NULL },
		{ "a<script>", "a", NULL },
	};

	(void)state;
	read_rows(rows, COUNT(rows));
}

static void
decodes_entities(void **state)
{
	static const struct row rows[] = {
		{ "&lt;b&gt; &amp;amp; &quot;", "<b> &amp; \"", NULL },
		{ "&#65;&#x42;&#X43;&#68x&#x45 &#0;&#xd800;&#99999999999;",
		    "ABCDxE \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", NULL },
		{ "&#128;&#150;&#159;", "€–Ÿ", NULL },
		{ "&eacute;&Eacute;&notin;&notit;&amp&ampx&copy2", "éÉ∉¬it;&&x©2", NULL },
		{ "&CounterClockwiseContourIntegral;&nGt;&zwnj;", "∳≫⃒\xe2\x80\x8c", NULL },
		{ "&; & &x; &#; &#x; &eacut; a&", "&; & &x; &#; &#x; &eacut; a&", NULL },
		{ "click&nbsp;here&#160;\xc2\xa0now&#10;!", "click here now !", NULL },
	};

	(void)state;
	read_rows(rows, COUNT(rows));
}

static void
lays_text_out(void **state)
{
	static const struct row rows[] = {
		{ " a \n\t b ", "a b", NULL },
		{ "a<p>b</p>c<div>d<div>e</div></div>f", "a\nb\nc\nd\ne\nf", NULL },
		{ "a<br>b<br/><br>c</br>d</p>e", "a\nb\nc\nd\ne", NULL },
		{ "<ul><li>a<li>b</ul>c", "a\nb\nc", NULL },
		{ "<table><tr><td>a</td><td>b<tr><td>c</table>d", "a b\nc\nd", NULL },
		{ "<h1>a</h1><pre>b  c\r\n d</pre>e<wbr>f",
		    "a\nb  c\n d\ne"
		    "f",
		    NULL },
		{ "a<span style='display:block'>b</span><div style='display:inline'>c</div>d",
		    "a\nb\ncd", NULL },
		{ "a<img alt='b &amp; c' src=x>d<img alt=''>e", "a b & c de", NULL },
		{ "<form><input value=a><input type=submit value=b><input type=hidden value=c>"
		  "<input type=password value=d><button>e</button></form>",
		    "a b e", "c" },
	};

	(void)state;
	read_rows(rows, COUNT(rows));
}

static void
hides_what_is_hidden(void **state)
{
	static const struct row rows[] = {
		{ "v<span style='display:none'>x</span>iagra", "viagra", "x" },
		{ "v<div style=\"color:red;DISPLAY : None !important\">x</div>iagra", "viagra",
		    "x" },
		{ "a<div style='display:none'>b<p style='display:block'>c</p></div>d", "ad",
		    "b\nc" },
		{ "<p style='visibility:hidden'>a<b style='visibility:visible'>b</b>", "b", "a" },
		{ "<p style='font-size:0'>a<b style='font-size:12px'>b</b>", "b", "a" },
		{ "<p style='font-size:1px'>a<p style='font:0/0 a'>b<p style='font-size:.1em'>c",
		    "", "a\nb\nc" },
		{ "<p style='font-size:0ch'>a<p style='font-size:0dvh'>b<p style='font-size:+0'>c",
		    "", "a\nb\nc" },
		{ "<p style='opacity:0'>a<p style='opacity:0.01'><b style='opacity:1'>b", "",
		    "a\nb" },
		{ "<p style='max-height:0;overflow:hidden'>a<p style='width:0px;overflow-x:a;"
		  "overflow:hidden'>b",
		    "", "a\nb" },
		{ "<p style='text-indent:-9999px'>a<p style='position:absolute;left:-999em'>b", "",
		    "a\nb" },
		{ "<p style='position:absolute;clip:rect(0 0 0 0)'>a<p hidden>b", "", "a\nb" },
		{ "<font color=white>a</font><font color=#fffffe>b</font><font color=red>c</font>",
		    "c", "ab" },
		{ "<body bgcolor=black text=#000>a<p style='color:rgb(255, 255, 255)'>b", "b",
		    "a" },
		{ "<table bgcolor=ffffee><td style='color:#ffe'>a<td style='color:#00f'>b</table>",
		    "b", "a" },
		{ "<p style='color:transparent'>a<p style='color:rgba(0,0,0,0)'>b", "", "a\nb" },
		{ "<template>a</template><datalist>b</datalist><dialog>c</dialog>d", "d", "ab\nc" },
		{ "<p style='display:/* ; */none'>a<p style='d\\69 splay:n\\6fne'>b", "", "a\nb" },
		{ "<p style='background:url(\"a;b\");display:none'>a", "", "a" },
		{ "<p style='&#100;isplay:none'>a", "", "a" },
		{ "<p style='display:none'>a<p style='misplay:none'>b<p style='display:none'>c",
		    "b", "a\nc" },
		{ "<table><tr><td style='display:none'>a<td>b</table>", "b", "a" },
		{ "<p><font style='font-size:0'>a</p><p>b</font>c", "c", "a\nb" },
		{ "<img alt=a style='display:none'>", "", "a" },
		{ "<xyz style='display:none'>a<xy>b</xy>c</xyz>d", "d", "abc" },
	};

	(void)state;
	read_rows(rows, COUNT(rows));
}

/* Each looks like something above, and is seen. */
static void
shows_the_honest_twins(void **state)
{
	static const struct row rows[] = {
		{ "<p style='display:block'>a<p style='display:'>b<p style='display'>c", "a\nb\nc",
		    NULL },
		{ "<p style='x:display:none'>a<p style='/*display:none*/'>b", "a\nb", NULL },
		{ "<p style='dis/**/play:none'>a<p style='content:\"display:none\"'>b", "a\nb",
		    NULL },
		{ "<p style='max-height:0'>a<p style='overflow:hidden;height:9px'>b", "a\nb",
		    NULL },
		{ "<p style='font-size:100%'>a<p style='font:12px/0 b'>b<p style='font-size:2em'>c",
		    "a\nb\nc", NULL },
		{ "<p style='line-height:0'>a<p style='opacity:.5'>b", "a\nb", NULL },
		/* browsers leave these out */
		{ "<p style='display:none\\9'>a<p style='display:none\\0'>b<p style='display:none x'>c",
		    "a\nb\nc", NULL },
		{ "<p style='display:none !ie'>a<p style='visibility:hidden x'>b<p style='opacity:0 x'>c",
		    "a\nb\nc", NULL },
		{ "<p style='font-size:0 px'>a<p style='font-size:0x'>b<p style='font-size:0px\\9'>c",
		    "a\nb\nc", NULL },
		{ "<td style='display:none'>a", "a", NULL },
		{ "<table style='display:none'>a<tr>b<td>c</table>d", "abd", "c" },
		{ "<p style='color:white;background:#000'>a<p style='color:white;background:url(x)'>b",
		    "a\nb", NULL },
		{ "<table background=x><td style='color:#fff'>a</table>", "a", NULL },
		{ "<div bgcolor=black>a<p color=white>b", "a\nb", NULL },
		{ "<font color=white><a href=x>a</a></font>", "a", NULL },
		{ "<p style='position:absolute;left:10px'>a<p style='text-indent:-9px'>b", "a\nb",
		    NULL },
		{ "<b style='display:none'><div></b>a</div>b", "a\nb", NULL },
		{ "<div><span style='display:none'></div>a</span>b",
		    "a"
		    "b",
		    NULL },
		{ "<td><p style='font-size:0;color:#fff'>a<img alt=b>", "b", "a" },
		{ "<!-- <style>p{display:none}</style> --><p>a", "a", NULL },
		{ "<p a='<div hidden>'>a", "a", NULL },
		{ "<div style='display:none'/>", "", NULL },
		{ "<p style='display:none' style='display:block'></p><p style='x:y' hidden=''>", "",
		    NULL },
	};

	(void)state;
	read_rows(rows, COUNT(rows));
}

static void
reads_style_sheets(void **state)
{
	static const struct row rows[] = {
		{ "<style>.x{display:none}</style>a<b class='y X'>b</b>", "a", "b" },
		{ "a<b id=x>b</b><style><!-- #x { display : none } --></style>", "a", "b" },
		{ "<style>p, b.y{display:none}</style>a<b>b</b><b class=y>c</b><p>d", "ab",
		    "c\nd" },
		{ "<style>.x{display:none}.x{display:block}</style><b class=x>a", "a", NULL },
		{ "<style>.x{display:none}b{display:inline}</style><b class=x>a", "", "a" },
		{ "<style>.x{display:none!important}</style><b class=x style='display:inline'>a",
		    "", "a" },
		{ "<style>.x{display:none}</style><b class=x style='display:inline'>a", "a", NULL },
		{ "<style>@media print{.x{display:none} .y{color:#fff}} @import 'a';.z{display:none}"
		  "</style><b class=x>a</b><b class=y>b</b><b class=z>c</b>",
		    "ab", "c" },
		{ "<style>div .x{display:none} .x:hover{display:none} a>.x{display:none}</style>"
		  "<b class=x>a",
		    "a", NULL },
		{ "<style>/* } */ .x /* { */ {display:none}</style><b class=x>a", "", "a" },
		{ "<style>.x/**/.y{display:none} .x/**/ b{display:none}</style><b class=x>a", "a",
		    NULL },
		{ "<style>body{color:#fff}td{color:#000}</style>a<table><td>b</table>", "b", "a" },
		{ "<style>body{color:#fff}td{color:#000}</style><body>a<table><td>b</table>", "b",
		    "a" },
	};

	(void)state;
	read_rows(rows, COUNT(rows));
}

static void
finds_links(void **state)
{
	static const struct {
		enum html_link_kind kind;
		const char *url, *text;
	} wanted[] = {
		{ HTML_BASE, "http://base.example/", "" },
		{ HTML_REFRESH, "http://refresh.example/", "" },
		{ HTML_HREF, "http://a.example/?x=1&y=2&copy=3", "www.b.example now" },
		{ HTML_SRC, "cid:1", "" },
		{ HTML_HREF, "one", "first" },
		{ HTML_HREF, "two", "second" },
		{ HTML_ACTION, "post", "" },
		{ HTML_ACTION, "other", "" },
		{ HTML_HREF, "area", "" },
		{ HTML_SRC, "ground.png", "" },
		{ HTML_HREF, "hidden", "" },
		{ HTML_SRC, "object", "" },
		{ HTML_HREF, "last", "x" },
	};
	struct arena a;
	struct html_out out = { .arena = &a };

	(void)state;
	arena_init(&a, 0);
	html_read(SLICE("<base href=http://base.example/><meta http-equiv=Refresh "
			"content='0; URL = \"http://refresh.example/\"'>before "
			"<a href='http://a.example/?x=1&amp;y=2&copy=3'> <b>www.b.example"
			"<img src=cid:1></b> now</a> after<a href=one>first<a href=two>second</a>"
			"<form action=post><button formaction=other></form><area href=area>"
			"<table background=ground.png></table><a name=x>no</a>"
			"<a href=hidden style='display:none'>x</a><object data=object></object>"
			"<p><a href=last>x</p>"),
	    &out);
	assert_false(is_cut(&out));
	for (size_t i = 0; i < COUNT(wanted); i++) {
		struct slice text = html_link_text(buf_slice(&out.text), &out.links[i]);

		if (i >= out.n_links || out.links[i].kind != wanted[i].kind ||
		    !slice_eq(out.links[i].url, slice_str(wanted[i].url)) ||
		    !slice_eq(text, slice_str(wanted[i].text)))
			fail_msg("%s: %.*s \"%.*s\"", wanted[i].url, SLICE_ARG(out.links[i].url),
			    SLICE_ARG(text));
	}
	assert_int_equal(out.n_links, COUNT(wanted));
	free_out(&out);
}

/* Read a piece many times over, within limits; true if something was left out. */
static bool
repeat(const char *before, const char *piece, size_t times, struct html_out *out, struct arena *a)
{
	struct buf b = { 0 };

	arena_init(a, 0);
	out->arena = a;
	buf_str(&b, before);
	for (size_t i = 0; i < times; i++)
		buf_str(&b, piece);
	html_read(buf_slice(&b), out);
	buf_free(&b);
	return is_cut(out);
}

static void
tells_of_limits(void **state)
{
	struct arena a;
	struct html_out out = { .text.limit = 8, .hidden.limit = 7 };

	(void)state;
	assert_true(repeat("<p hidden>", "é", 10, &out, &a));
	assert_int_equal(out.hidden.n, 6);
	free_out(&out);
	assert_true(repeat("", "é", 10, &out, &a));
	assert_int_equal(out.text.n, 8);
	free_out(&out);
	out = (struct html_out){ 0 };
	assert_false(repeat("", "<b>", LIMIT_HTML_DEPTH - 1, &out, &a));
	free_out(&out);
	assert_true(repeat("", "<b>", LIMIT_HTML_DEPTH, &out, &a));
	free_out(&out);
	assert_false(repeat("", "<a href=x>", LIMIT_HTML_LINKS, &out, &a));
	free_out(&out);
	assert_true(repeat("", "<a href=x>", LIMIT_HTML_LINKS + 1, &out, &a));
	assert_int_equal(out.n_links, LIMIT_HTML_LINKS);
	free_out(&out);
	assert_true(repeat("<a href=", "x", LIMIT_HTML_URL + 1, &out, &a) || out.n_links == 0);
	free_out(&out);
	assert_false(repeat("<img alt=a src=data:x></a><p style='", "x", 100, &out, &a));
	free_out(&out);
}

/* A sheet with as many rules as are kept, and one more. */
static void
tells_of_too_many_rules(void **state)
{
	(void)state;
	for (unsigned more = 0; more < 2; more++) {
		struct buf b = { 0 };
		struct arena a;
		struct html_out out = { .arena = &a };

		arena_init(&a, 0);
		buf_str(&b, "<style>");
		for (unsigned i = 0; i < LIMIT_HTML_RULES + more; i++)
			buf_printf(&b, ".c%u{display:none}", i);
		buf_str(&b, "</style><b class=c999>a</b><b class=c1000>b</b>");
		html_read(buf_slice(&b), &out);
		assert_int_equal(out.styles_cut, more);
		assert_false(out.links_cut);
		assert_true(slice_eq(buf_slice(&out.text), SLICE("b")));
		buf_free(&b);
		free_out(&out);
	}
}

/* Elements that are open keep what was said of them, however many there are. */
static void
goes_deep(void **state)
{
	struct buf b = { 0 };
	struct arena a;
	struct html_out out = { .arena = &a };

	(void)state;
	arena_init(&a, 0);
	buf_str(&b, "<i hidden>a");
	for (unsigned i = 0; i < 200; i++)
		buf_str(&b, i % 2 == 0 ? "<span>" : "<q>");
	buf_str(&b, "b");
	for (unsigned i = 0; i < 200; i++)
		buf_str(&b, i % 2 == 0 ? "</q>" : "</span>");
	buf_str(&b, "c</i>d");
	html_read(buf_slice(&b), &out);
	assert_false(is_cut(&out));
	assert_true(slice_eq(buf_slice(&out.text), SLICE("d")));
	assert_true(slice_eq(buf_slice(&out.hidden), SLICE("abc")));
	buf_free(&b);
	free_out(&out);
}

/* At the limit an element takes the place of the innermost: a part of a table then stands in no
 * table, and ends nothing when another begins. */
static void
goes_too_deep_in_tables(void **state)
{
	(void)state;
	for (unsigned depth = LIMIT_HTML_DEPTH - 8; depth < LIMIT_HTML_DEPTH + 4; depth++) {
		struct buf b = { 0 };
		struct arena a;
		struct html_out out = { .arena = &a };

		arena_init(&a, 0);
		for (unsigned i = 0; i < depth; i++)
			buf_str(&b, "<x>");
		buf_str(&b, "<table><tbody><table><tr><td>a</table><table><tr><table>b");
		html_read(buf_slice(&b), &out);
		assert_non_null(memchr(out.text.p, 'a', out.text.n));
		assert_non_null(memchr(out.text.p, 'b', out.text.n));
		buf_free(&b);
		free_out(&out);
	}
}

static void
survives_lack_of_memory(void **state)
{
	(void)state;
	for (size_t limit = 1; limit < 3000; limit += 61) {
		struct arena a;
		struct html_out out = { .arena = &a };

		arena_init(&a, limit);
		html_read(
		    SLICE("<p style='color:&#114;ed'>a<a href='x&amp;y'>b</a><a href=z>c"), &out);
		assert_true(is_cut(&out) || out.n_links == 2);
		assert_true(slice_eq(buf_slice(&out.text), SLICE("abc")));
		free_out(&out);
	}
}

struct hostile {
	const char *before, *piece;
};

static void
read_many(const void *arg, size_t n)
{
	const struct hostile *h = arg;
	struct arena a;
	struct html_out out = { 0 };

	repeat(h->before, h->piece, n / strlen(h->piece), &out, &a);
	assert_true(utf8_valid(buf_slice(&out.text)));
	free_out(&out);
}

static void
takes_linear_time(void **state)
{
	static const struct hostile hostile[] = {
		{ "", "<div>" },
		{ "", "<b>" },
		{ "", "<p><font color=red>x</p>" },
		{ "", "<table>" },
		{ "", "<table><td>" },
		{ "", "<a><table>" },
		{ "", "<div style='color:red'><font color=blue></div>" },
		{ "", "</p>" },
		{ "<x><y><z>", "</q>" },
		{ "", "<x1></x2>" },
		{ "", "<!--" },
		{ "<!--", "- >" },
		{ "", "<!-- -->" },
		{ "", "<" },
		{ "", "</" },
		{ "", "<a" },
		{ "", "<a b='" },
		{ "<a ", "b=c " },
		{ "<a ", "style=x " },
		{ "", "&" },
		{ "", "&amp" },
		{ "", "&#" },
		{ "&#", "1" },
		{ "<p style='", "color:red;" },
		{ "<p style='", "&#99;" },
		{ "<p style='", "/*" },
		{ "<p style=\"", "'" },
		{ "<p style='", "((" },
		{ "", "<style>" },
		{ "", "<style>a{color:red}</style>" },
		{ "<style>", "a{" },
		{ "<style>", "/*" },
		{ "<style>", "@x{" },
		{ "<style>", "p," },
		{ "<style>.x{color:red}</style><p class='", "x y " },
		{ "<script>", "</script" },
		{ "", "<textarea>" },
		{ "", "<a href=x>" },
		{ "", "<img src=x>" },
		{ "<pre>", " \n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(hostile); i++)
		if (!is_linear(read_many, &hostile[i], 400000))
			fail_msg("not linear: %s%s…", hostile[i].before, hostile[i].piece);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cuts_tags_as_browsers_do),
		cmocka_unit_test(decodes_entities),
		cmocka_unit_test(lays_text_out),
		cmocka_unit_test(hides_what_is_hidden),
		cmocka_unit_test(shows_the_honest_twins),
		cmocka_unit_test(reads_style_sheets),
		cmocka_unit_test(finds_links),
		cmocka_unit_test(tells_of_limits),
		cmocka_unit_test(tells_of_too_many_rules),
		cmocka_unit_test(goes_deep),
		cmocka_unit_test(goes_too_deep_in_tables),
		cmocka_unit_test(survives_lack_of_memory),
		cmocka_unit_test(takes_linear_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
