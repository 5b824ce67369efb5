/*
 * content_in.h - what the files of content share
 */
#pragma once

#include "mail/mime.h"
#include "mail/url.h"
#include "session/facts.h"

/* A header as its reader sees it. */
struct decoded_header {
	struct slice text, folded; /* absent: not decoded yet, not folded yet */
	struct field_mailbox *boxes;
	size_t nboxes;
	bool parted; /* boxes are there */
	bool cut;    /* not all of them */
};

/* An HTML part as its reader sees it. */
struct page {
	struct page *next;
	struct slice seen, hidden;
	struct html_link *links;
	size_t nlinks;
	bool cut;	/* some of its text is missing */
	bool links_cut; /* some of its links are */
	bool url_cut;	/* a part of one is */
};

/* Something in an attachment that is an archive. */
struct inner {
	struct inner *next;
	struct slice name;
};

/* An attachment. */
struct file {
	struct file *next;
	const struct mime_attachment *at;
	const char *kind; /* NULL: not looked at yet */
	bool listed;	  /* what follows is there */
	struct inner *inner;
	bool encrypted, macros, broken;
	bool cut; /* not all of it was listed */
};

struct known_value;

/* Values as they are collected. */
struct many {
	struct values values;
	struct value *v;
	size_t cap;
	bool there;
	struct known_value *known; /* of content_add_once */
	unsigned char secret[16];
};

struct content {
	struct many items[CONTENT_ITEMS];
	struct decoded_header *headers; /* NULL: none was asked for */
	struct mime *mime;
	bool parsed;
	struct page *pages;
	bool has_pages, pages_cut;
	struct file *files;
	bool has_files, files_cut;
	size_t archives_left; /* bytes that may still be read and unpacked of archives */
	struct urls *urls;
	bool urls_cut, url_cut; /* some are missing; a part of one is */
	struct results *results;
	bool results_cut; /* they can't be told */
};

/* What was decoded so far. NULL on lack of memory. */
struct content *content_of(struct session *s);

/* A limit kept something from being seen. */
void content_limit(struct session *s, enum limited why);

/* Add a value; what is empty is left out. Lack of memory cuts. */
void content_add(struct session *s, struct many *m, struct slice text);
/* The same of a number. */
void content_add_number(struct session *s, struct many *m, unsigned long long number);
/* Add it unless the same is there. */
void content_add_once(struct session *s, struct many *m, struct slice text);

/* The message's structure; NULL on lack of memory, which is noted. Whoever has more of it decoded
 * notes what that came to. */
struct mime *content_mime(struct session *s);
void content_note_mime(struct session *s, const struct mime *m);

/* Its texts in order, and of those that are HTML, in the same order, what is seen. What is missing
 * cuts m, which is made of them. */
const struct mime_text *content_texts(struct session *s, struct many *m);
const struct page *content_pages(struct session *s, struct many *m, const struct mime_text *t);

/* Make an item. */
typedef void content_make_fn(struct session *s, struct many *m);
content_make_fn content_make_lines, content_make_body, content_make_html, content_make_hidden,
    content_make_names, content_make_types, content_make_kinds, content_make_sizes,
    content_make_traits, content_make_urls, content_make_hosts, content_make_domains,
    content_make_disguised, content_make_dkim, content_make_dkim_domains, content_make_dmarc;
