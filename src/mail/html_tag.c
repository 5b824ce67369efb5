/*
 * html_tag.c - the elements of HTML, as far as they decide what a reader sees
 */
#include "mail/html_tag.h"

#define BLOCK_P (HTML_BLOCK | HTML_CLOSES_P)

/* By name. */
static const struct html_tag_info tags[] = {
	{ "a", HTML_TAG_A, HTML_FORMAT },
	{ "abbr", HTML_TAG_PLAIN, 0 },
	{ "address", HTML_TAG_PLAIN, BLOCK_P },
	{ "applet", HTML_TAG_PLAIN, HTML_SCOPE },
	{ "area", HTML_TAG_AREA, HTML_VOID },
	{ "article", HTML_TAG_PLAIN, BLOCK_P },
	{ "aside", HTML_TAG_PLAIN, BLOCK_P },
	{ "audio", HTML_TAG_PLAIN, 0 },
	{ "b", HTML_TAG_PLAIN, HTML_FORMAT },
	{ "base", HTML_TAG_BASE, HTML_VOID },
	{ "basefont", HTML_TAG_PLAIN, HTML_VOID },
	{ "bdi", HTML_TAG_PLAIN, 0 },
	{ "bdo", HTML_TAG_PLAIN, 0 },
	{ "bgsound", HTML_TAG_PLAIN, HTML_VOID },
	{ "big", HTML_TAG_PLAIN, HTML_FORMAT },
	{ "blockquote", HTML_TAG_PLAIN, BLOCK_P },
	{ "body", HTML_TAG_BODY, 0 },
	{ "br", HTML_TAG_PLAIN, HTML_BLOCK | HTML_VOID },
	{ "button", HTML_TAG_PLAIN, 0 },
	{ "canvas", HTML_TAG_PLAIN, 0 },
	{ "caption", HTML_TAG_CAPTION, HTML_BLOCK | HTML_SCOPE },
	{ "center", HTML_TAG_PLAIN, BLOCK_P },
	{ "cite", HTML_TAG_PLAIN, 0 },
	{ "code", HTML_TAG_PLAIN, HTML_FORMAT },
	{ "col", HTML_TAG_PLAIN, HTML_VOID },
	{ "colgroup", HTML_TAG_PLAIN, 0 },
	{ "data", HTML_TAG_PLAIN, 0 },
	{ "datalist", HTML_TAG_PLAIN, HTML_HIDE },
	{ "dd", HTML_TAG_DD, BLOCK_P },
	{ "del", HTML_TAG_PLAIN, 0 },
	{ "details", HTML_TAG_PLAIN, BLOCK_P },
	{ "dfn", HTML_TAG_PLAIN, 0 },
	{ "dialog", HTML_TAG_DIALOG, BLOCK_P },
	{ "dir", HTML_TAG_LIST, BLOCK_P },
	{ "div", HTML_TAG_PLAIN, BLOCK_P },
	{ "dl", HTML_TAG_DL, BLOCK_P },
	{ "dt", HTML_TAG_DT, BLOCK_P },
	{ "em", HTML_TAG_PLAIN, HTML_FORMAT },
	{ "embed", HTML_TAG_PLAIN, HTML_VOID },
	{ "fieldset", HTML_TAG_PLAIN, BLOCK_P },
	{ "figcaption", HTML_TAG_PLAIN, BLOCK_P },
	{ "figure", HTML_TAG_PLAIN, BLOCK_P },
	{ "font", HTML_TAG_FONT, HTML_FORMAT },
	{ "footer", HTML_TAG_PLAIN, BLOCK_P },
	{ "form", HTML_TAG_PLAIN, BLOCK_P },
	{ "frame", HTML_TAG_PLAIN, HTML_VOID },
	{ "frameset", HTML_TAG_PLAIN, 0 },
	{ "h1", HTML_TAG_PLAIN, BLOCK_P },
	{ "h2", HTML_TAG_PLAIN, BLOCK_P },
	{ "h3", HTML_TAG_PLAIN, BLOCK_P },
	{ "h4", HTML_TAG_PLAIN, BLOCK_P },
	{ "h5", HTML_TAG_PLAIN, BLOCK_P },
	{ "h6", HTML_TAG_PLAIN, BLOCK_P },
	{ "head", HTML_TAG_PLAIN, 0 },
	{ "header", HTML_TAG_PLAIN, BLOCK_P },
	{ "hgroup", HTML_TAG_PLAIN, BLOCK_P },
	{ "hr", HTML_TAG_PLAIN, BLOCK_P | HTML_VOID },
	{ "html", HTML_TAG_HTML, 0 },
	{ "i", HTML_TAG_PLAIN, HTML_FORMAT },
	{ "iframe", HTML_TAG_PLAIN, HTML_RAW },
	{ "image", HTML_TAG_IMAGE, HTML_VOID },
	{ "img", HTML_TAG_IMG, HTML_VOID },
	{ "input", HTML_TAG_INPUT, HTML_VOID },
	{ "ins", HTML_TAG_PLAIN, 0 },
	{ "kbd", HTML_TAG_PLAIN, 0 },
	{ "keygen", HTML_TAG_PLAIN, HTML_VOID },
	{ "label", HTML_TAG_PLAIN, 0 },
	{ "legend", HTML_TAG_PLAIN, HTML_BLOCK },
	{ "li", HTML_TAG_LI, BLOCK_P },
	{ "link", HTML_TAG_PLAIN, HTML_VOID },
	{ "listing", HTML_TAG_PLAIN, BLOCK_P | HTML_PRE },
	{ "main", HTML_TAG_PLAIN, BLOCK_P },
	{ "map", HTML_TAG_PLAIN, 0 },
	{ "mark", HTML_TAG_PLAIN, 0 },
	{ "marquee", HTML_TAG_PLAIN, HTML_BLOCK | HTML_SCOPE },
	{ "math", HTML_TAG_PLAIN, 0 },
	{ "menu", HTML_TAG_LIST, BLOCK_P },
	{ "meta", HTML_TAG_META, HTML_VOID },
	{ "meter", HTML_TAG_PLAIN, 0 },
	{ "nav", HTML_TAG_PLAIN, BLOCK_P },
	{ "nobr", HTML_TAG_PLAIN, HTML_FORMAT },
	{ "noembed", HTML_TAG_PLAIN, HTML_RAW },
	{ "noframes", HTML_TAG_PLAIN, HTML_RAW },
	{ "noscript", HTML_TAG_PLAIN, 0 },
	{ "object", HTML_TAG_PLAIN, HTML_SCOPE },
	{ "ol", HTML_TAG_LIST, BLOCK_P },
	{ "optgroup", HTML_TAG_PLAIN, HTML_BLOCK },
	{ "option", HTML_TAG_OPTION, HTML_BLOCK },
	{ "output", HTML_TAG_PLAIN, 0 },
	{ "p", HTML_TAG_P, BLOCK_P },
	{ "param", HTML_TAG_PLAIN, HTML_VOID },
	{ "picture", HTML_TAG_PLAIN, 0 },
	{ "plaintext", HTML_TAG_PLAINTEXT, BLOCK_P | HTML_PRE },
	{ "pre", HTML_TAG_PLAIN, BLOCK_P | HTML_PRE },
	{ "progress", HTML_TAG_PLAIN, 0 },
	{ "q", HTML_TAG_PLAIN, 0 },
	{ "rp", HTML_TAG_PLAIN, 0 },
	{ "rt", HTML_TAG_PLAIN, 0 },
	{ "ruby", HTML_TAG_PLAIN, 0 },
	{ "s", HTML_TAG_PLAIN, HTML_FORMAT },
	{ "samp", HTML_TAG_PLAIN, 0 },
	{ "script", HTML_TAG_PLAIN, HTML_RAW },
	{ "section", HTML_TAG_PLAIN, BLOCK_P },
	{ "select", HTML_TAG_PLAIN, 0 },
	{ "small", HTML_TAG_PLAIN, HTML_FORMAT },
	{ "source", HTML_TAG_PLAIN, HTML_VOID },
	{ "span", HTML_TAG_PLAIN, 0 },
	{ "strike", HTML_TAG_PLAIN, HTML_FORMAT },
	{ "strong", HTML_TAG_PLAIN, HTML_FORMAT },
	{ "style", HTML_TAG_STYLE, HTML_RAW },
	{ "sub", HTML_TAG_PLAIN, 0 },
	{ "summary", HTML_TAG_PLAIN, BLOCK_P },
	{ "sup", HTML_TAG_PLAIN, 0 },
	{ "svg", HTML_TAG_PLAIN, 0 },
	{ "table", HTML_TAG_TABLE, BLOCK_P | HTML_SCOPE },
	{ "tbody", HTML_TAG_TBODY, 0 },
	{ "td", HTML_TAG_TD, HTML_CELL | HTML_SCOPE },
	{ "template", HTML_TAG_TEMPLATE, HTML_HIDE | HTML_SCOPE },
	{ "textarea", HTML_TAG_TEXTAREA, HTML_BLOCK | HTML_RCDATA | HTML_PRE },
	{ "tfoot", HTML_TAG_TBODY, 0 },
	{ "th", HTML_TAG_TD, HTML_CELL | HTML_SCOPE },
	{ "thead", HTML_TAG_TBODY, 0 },
	{ "title", HTML_TAG_PLAIN, HTML_RAW },
	{ "tr", HTML_TAG_TR, HTML_BLOCK },
	{ "track", HTML_TAG_PLAIN, HTML_VOID },
	{ "tt", HTML_TAG_PLAIN, HTML_FORMAT },
	{ "u", HTML_TAG_PLAIN, HTML_FORMAT },
	{ "ul", HTML_TAG_LIST, BLOCK_P },
	{ "var", HTML_TAG_PLAIN, 0 },
	{ "video", HTML_TAG_PLAIN, 0 },
	{ "wbr", HTML_TAG_PLAIN, HTML_VOID },
	{ "xmp", HTML_TAG_XMP, BLOCK_P | HTML_RCDATA | HTML_PRE },
};

#define LONGEST 10 /* bytes of a name */

_Static_assert(HTML_TAGS >= HTML_TAG_PLAIN + sizeof(tags) / sizeof(tags[0]), "a number for each");

/* Find an element by its name. */
const struct html_tag_info *
html_tag_find(struct slice name)
{
	static const struct html_tag_info other = { "", HTML_TAG_OTHER, 0 };
	char lower[LONGEST + 1];
	size_t low = 0, high = sizeof(tags) / sizeof(tags[0]);

	if (name.n > LONGEST)
		return &other;
	for (size_t i = 0; i < name.n; i++)
		if ((lower[i] = (char)ascii_lower((unsigned char)name.p[i])) == '\0')
			return &other;
	lower[name.n] = '\0';
	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = lower[0] - tags[middle].name[0];

		if (order == 0)
			order = strcmp(lower, tags[middle].name);
		if (order == 0)
			return &tags[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return &other;
}

/* The number of an element. */
unsigned
html_tag_number(const struct html_tag_info *info)
{
	return info->tag != HTML_TAG_PLAIN ? info->tag : HTML_TAG_PLAIN + (unsigned)(info - tags);
}
