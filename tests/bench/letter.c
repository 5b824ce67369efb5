/*
 * letter.c - a letter to bench with, the same on every machine
 *
 *   letter ascii|plain|mail BYTES
 *
 * Prints a message of about so many bytes, headers and all, whose lines end in CRLF.
 *
 * ascii: one text of that size, as it is; plain: the same with some letters and signs beyond ASCII,
 * in UTF-8. mail: what people and shops send, a text in base64 and the same as HTML, with style
 * sheet, tables and links, in quoted-printable; of what is more than a long letter, the rest is a
 * file in base64.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONG_LETTER 20000 /* bytes of the text and the HTML of mail, encoded */
#define LINE 72		  /* columns of a text */
#define QP_LINE 76	  /* and of quoted-printable */
#define BASE64_LINE 57	  /* bytes that make a line of base64 */
#define PARAGRAPH 60	  /* words */

static const char *const words[] = { "the", "meeting", "of", "our", "group", "was", "moved", "to",
	"Thursday", "please", "bring", "your", "notes", "and", "what", "you", "have", "account",
	"is", "for", "delivery", "on", "invoice", "a", "project", "with", "customers", "dear",
	"bank", "it", "now", "click" };

/* Some of what isn't ASCII in a western letter. */
static const char *const others[] = { "caf\xc3\xa9", "M\xc3\xbcller", "\xe2\x80\x9cyes\xe2\x80\x9d",
	"it\xe2\x80\x99s", "20\xc2\xa0\xe2\x82\xac", "\xe2\x80\x93", "na\xc3\xafve",
	"S\xc3\xa3o Paulo" };

/* 17 headers, 1 KB, and what they say of the content. */
static const char headers[] =
    "Received: from client.example.net (client.example.net [192.0.2.25])\r\n"
    "\tby mx.example.org with ESMTPS; Mon, 2 Feb 2026 10:00:01 +0100\r\n"
    "Received: from [192.0.2.130] (unknown [192.0.2.130])\r\n"
    "\tby client.example.net with ESMTPSA; Mon, 2 Feb 2026 10:00:00 +0100\r\n"
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.net; s=one;\r\n"
    "\th=from:to:subject:date:message-id;\r\n"
    "\tbh=frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=;\r\n"
    "\tb=bm90IGEgc2lnbmF0dXJlLCBidXQgYXMgbG9uZyBhcyBvbmU=\r\n"
    "Date: Mon, 2 Feb 2026 10:00:00 +0100\r\n"
    "From: \"Ann Sender\" <ann@example.net>\r\n"
    "To: \"Bob Reader\" <bob@example.org>\r\n"
    "Cc: carol@example.org\r\n"
    "Reply-To: ann@example.net\r\n"
    "Message-ID: <20260202100000.1@client.example.net>\r\n"
    "In-Reply-To: <20260201090000.2@mx.example.org>\r\n"
    "References: <20260201080000.3@client.example.net>\r\n"
    "Subject: Re: what we agreed on yesterday\r\n"
    "User-Agent: Some Mail Reader 1.0\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Language: en-GB\r\n";

static uint32_t state = 1;

/* A number below n. */
static uint32_t
draw(uint32_t n)
{
	state = state * 69069 + 5;
	return (state >> 16) % n;
}

/* The next word. */
static const char *
draw_word(bool ascii)
{
	if (!ascii && draw(25) == 0)
		return others[draw(sizeof(others) / sizeof(*others))];
	return words[draw(sizeof(words) / sizeof(*words))];
}

/* A text of so many bytes. */
static void
put_text(FILE *out, size_t bytes, bool ascii)
{
	size_t column = 0;

	for (size_t n = 0, count = 1; n < bytes; count++) {
		const char *word = draw_word(ascii), *gap = " ";

		column += strlen(word) + 1;
		if (count % PARAGRAPH == 0)
			gap = ".\r\n\r\n";
		else if (column > LINE)
			gap = "\r\n";
		if (*gap != ' ')
			column = 0;
		n += strlen(word) + strlen(gap);
		fprintf(out, "%s%s", word, gap);
	}
	fputs("\r\n", out);
}

/* What HTML begins with: that of a person, and that of a shop. */
static const char note_front[] = "<html><body>\r\n<table>\r\n";
static const char shop_front[] =
    "<!DOCTYPE html>\r\n<html><head>\r\n"
    "<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">\r\n"
    "<style type=\"text/css\">\r\n"
    "body { margin: 0; padding: 0; }\r\n"
    "a { color: #0066cc; }\r\n"
    ".preheader { display: none; max-height: 0; overflow: hidden; }\r\n"
    "@media only screen and (max-width: 600px) { .wide { width: 100% !important; } }\r\n"
    "</style></head>\r\n"
    "<body bgcolor=\"#f4f4f4\">\r\n<div class=\"preheader\">What is new this week</div>\r\n"
    "<table class=\"wide\" width=\"600\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\">\r\n";

/* HTML of so many bytes: a row of a table for each paragraph. */
static void
put_html(FILE *out, size_t bytes)
{
	const char *front = bytes > 2 * sizeof(shop_front) ? shop_front : note_front;

	fputs(front, out);
	for (size_t n = strlen(front); n < bytes;) {
		uint32_t id = draw(1u << 16) * 40503u;

		n += (size_t)fprintf(out,
		    "<tr><td align=\"left\" style=\"padding:12px 24px;font-family:Arial,Helvetica,"
		    "sans-serif;font-size:14px;color:#333333\">\r\n"
		    "<p style=\"margin:0 0 10px 0\"><b>%s</b>&nbsp;&amp; ",
		    draw_word(false));
		for (unsigned i = 0; i < PARAGRAPH && n < bytes; i++)
			n += (size_t)fprintf(
			    out, "%s%s", draw_word(false), i % 12 == 11 ? "\r\n" : " ");
		n += (size_t)fprintf(out,
		    "</p><a href=\"https://click.example.net/track/%08x?u=%08x&amp;m=letter\">"
		    "Read more</a></td></tr>\r\n",
		    id, ~id);
	}
	fputs("</table></body></html>\r\n", out);
}

/* Encode in base64. */
static void
put_base64(FILE *out, const char *s, size_t n)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < n; i += 3) {
		uint32_t bits = 0;

		for (size_t j = i; j < i + 3; j++)
			bits = bits << 8 | (j < n ? (unsigned char)s[j] : 0);
		for (unsigned j = 0; j < 4; j++)
			putc(i + j <= n ? digits[bits >> (18 - 6 * j) & 63] : '=', out);
		if ((i + 3) % BASE64_LINE == 0 || i + 3 >= n)
			fputs("\r\n", out);
	}
}

/* Encode in quoted-printable. */
static void
put_quoted(FILE *out, const char *s, size_t n)
{
	size_t column = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];
		bool feed = c == '\r' || c == '\n';
		bool plain = (c >= ' ' && c < 0x7f && c != '=') || feed;

		if (!feed && column + (plain ? 1 : 3) > QP_LINE - 1) {
			fputs("=\r\n", out);
			column = 0;
		}
		column = feed ? 0 : column + (plain ? 1 : 3);
		fprintf(out, plain ? "%c" : "=%02X", c);
	}
}

/* Write with an encoder what `draft`, which is closed, has got. */
static void
put_draft(FILE *out, FILE *draft, char **text, size_t *n,
    void (*encode)(FILE *out, const char *s, size_t n))
{
	if (fclose(draft) != 0)
		exit(71);
	encode(out, *text, *n);
	free(*text);
}

/* A file of so many bytes when encoded. */
static void
put_file(FILE *out, size_t bytes)
{
	size_t n = bytes / 78 * 57;
	char *file = malloc(n + 1);

	if (file == NULL)
		exit(71);
	for (size_t i = 0; i < n; i++)
		file[i] = (char)draw(256);
	memcpy(file, "%PDF-1.4", n < 8 ? n : 8);
	fputs("--outer\r\nContent-Type: application/pdf; name=\"report.pdf\"\r\n"
	      "Content-Disposition: attachment; filename=\"report.pdf\"\r\n"
	      "Content-Transfer-Encoding: base64\r\n\r\n",
	    out);
	put_base64(out, file, n);
	free(file);
	fputs("--outer--\r\n", out);
}

/* The letter in both forms, of so many bytes when encoded: each word of the text is there twice. */
static void
put_letter(FILE *out, size_t bytes)
{
	size_t n;
	char *text;
	FILE *draft = open_memstream(&text, &n);

	fputs("Content-Type: multipart/alternative; boundary=\"inner\"\r\n\r\n"
	      "--inner\r\nContent-Type: text/plain; charset=\"utf-8\"\r\n"
	      "Content-Transfer-Encoding: base64\r\n\r\n",
	    out);
	put_text(draft, bytes * 3 / 10, false);
	put_draft(out, draft, &text, &n, put_base64);
	fputs("--inner\r\nContent-Type: text/html; charset=\"utf-8\"\r\n"
	      "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
	    out);
	draft = open_memstream(&text, &n);
	put_html(draft, bytes / 2);
	put_draft(out, draft, &text, &n, put_quoted);
	fputs("--inner--\r\n", out);
}

int
main(int argc, char **argv)
{
	size_t bytes = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	bool ascii = argc == 3 && strcmp(argv[1], "ascii") == 0;

	if (bytes == 0) {
		fputs("letter ascii|plain|mail BYTES\n", stderr);
		return 64;
	}
	bytes -= bytes < sizeof(headers) ? bytes : sizeof(headers);
	fputs(headers, stdout);
	if (strcmp(argv[1], "mail") != 0) {
		printf("Content-Type: text/plain; charset=%s\r\nContent-Transfer-Encoding: %s\r\n"
		       "\r\n",
		    ascii ? "us-ascii" : "utf-8", ascii ? "7bit" : "8bit");
		put_text(stdout, bytes, ascii);
	} else if (bytes <= LONG_LETTER) {
		put_letter(stdout, bytes);
	} else {
		fputs(
		    "Content-Type: multipart/mixed; boundary=\"outer\"\r\n\r\n--outer\r\n", stdout);
		put_letter(stdout, LONG_LETTER);
		put_file(stdout, bytes - LONG_LETTER);
	}
	return fflush(stdout) != 0;
}
