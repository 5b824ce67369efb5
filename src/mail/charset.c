/*
 * charset.c - bytes of any charset as text
 *
 * The C library converts. It knows some 1,200 names, and a few of its converters have had faults
 * that a sender could reach by naming them: so only what mail readers know is asked for. The names
 * are those that browsers take (the WHATWG's Encoding Standard), and some that only mail has.
 */
#include "mail/charset.h"

#include "base/buf.h"
#include "base/utf8.h"

#include <errno.h>
#include <iconv.h>
#include <stdint.h>

#define REPLACEMENT SLICE("\xef\xbf\xbd")
#define BYTE_ORDER_MARK SLICE("\xef\xbb\xbf")
#define KEY_MAX 24     /* bytes of the longest key below, and some */
#define CHUNK 8192     /* bytes given to a converter at once, and taken from it */
#define UTF8 "UTF-8"   /* not converted but checked */
#define LATIN "CP1252" /* what western senders mean, whatever they say */

enum { SEVEN_BIT = 1, TWO_BYTES = 2 };

/* A charset by its keys: lower case, letters and digits only, without what key_of() takes off. */
struct charset {
	struct slice key;
	const char *iconv;
	unsigned flags;
};

static const struct charset charsets[] = {
	{ SLICE("utf8"), UTF8, 0 },
	{ SLICE("unicode11utf8"), UTF8, 0 },
	{ SLICE("unicode20utf8"), UTF8, 0 },
	{ SLICE("65001"), UTF8, 0 },
	{ SLICE("utf7"), "UTF-7", SEVEN_BIT },
	{ SLICE("unicode11utf7"), "UTF-7", SEVEN_BIT },
	{ SLICE("65000"), "UTF-7", SEVEN_BIT },
	{ SLICE("utf16"), "UTF-16", TWO_BYTES },
	{ SLICE("utf16le"), "UTF-16LE", TWO_BYTES },
	{ SLICE("utf16be"), "UTF-16BE", TWO_BYTES },
	{ SLICE("unicodefffe"), "UTF-16BE", TWO_BYTES },
	{ SLICE("unicode"), "UTF-16", TWO_BYTES },
	{ SLICE("ucs2"), "UTF-16", TWO_BYTES },
	{ SLICE("10646ucs2"), "UTF-16", TWO_BYTES },

	{ SLICE("88592"), "ISO-8859-2", 0 },
	{ SLICE("latin2"), "ISO-8859-2", 0 },
	{ SLICE("l2"), "ISO-8859-2", 0 },
	{ SLICE("88593"), "ISO-8859-3", 0 },
	{ SLICE("latin3"), "ISO-8859-3", 0 },
	{ SLICE("l3"), "ISO-8859-3", 0 },
	{ SLICE("88594"), "ISO-8859-4", 0 },
	{ SLICE("latin4"), "ISO-8859-4", 0 },
	{ SLICE("l4"), "ISO-8859-4", 0 },
	{ SLICE("88595"), "ISO-8859-5", 0 },
	{ SLICE("cyrillic"), "ISO-8859-5", 0 },
	{ SLICE("88596"), "ISO-8859-6", 0 },
	{ SLICE("88596e"), "ISO-8859-6", 0 },
	{ SLICE("88596i"), "ISO-8859-6", 0 },
	{ SLICE("arabic"), "ISO-8859-6", 0 },
	{ SLICE("asmo708"), "ISO-8859-6", 0 },
	{ SLICE("88597"), "ISO-8859-7", 0 },
	{ SLICE("greek"), "ISO-8859-7", 0 },
	{ SLICE("greek8"), "ISO-8859-7", 0 },
	{ SLICE("elot928"), "ISO-8859-7", 0 },
	{ SLICE("88598"), "ISO-8859-8", 0 },
	{ SLICE("88598e"), "ISO-8859-8", 0 },
	{ SLICE("88598i"), "ISO-8859-8", 0 },
	{ SLICE("hebrew"), "ISO-8859-8", 0 },
	{ SLICE("logical"), "ISO-8859-8", 0 },
	{ SLICE("visual"), "ISO-8859-8", 0 },
	{ SLICE("88599"), "CP1254", 0 },
	{ SLICE("latin5"), "CP1254", 0 },
	{ SLICE("l5"), "CP1254", 0 },
	{ SLICE("885910"), "ISO-8859-10", 0 },
	{ SLICE("latin6"), "ISO-8859-10", 0 },
	{ SLICE("l6"), "ISO-8859-10", 0 },
	{ SLICE("885911"), "CP874", 0 },
	{ SLICE("tis620"), "CP874", 0 },
	{ SLICE("885913"), "ISO-8859-13", 0 },
	{ SLICE("885914"), "ISO-8859-14", 0 },
	{ SLICE("885915"), "ISO-8859-15", 0 },
	{ SLICE("latin9"), "ISO-8859-15", 0 },
	{ SLICE("l9"), "ISO-8859-15", 0 },
	{ SLICE("885916"), "ISO-8859-16", 0 },

	{ SLICE("1250"), "CP1250", 0 },
	{ SLICE("1251"), "CP1251", 0 },
	{ SLICE("1253"), "CP1253", 0 },
	{ SLICE("1254"), "CP1254", 0 },
	{ SLICE("1255"), "CP1255", 0 },
	{ SLICE("1256"), "CP1256", 0 },
	{ SLICE("1257"), "CP1257", 0 },
	{ SLICE("1258"), "CP1258", 0 },
	{ SLICE("874"), "CP874", 0 },
	{ SLICE("437"), "IBM437", 0 },
	{ SLICE("850"), "IBM850", 0 },
	{ SLICE("852"), "IBM852", 0 },
	{ SLICE("858"), "CP858", 0 },
	{ SLICE("866"), "IBM866", 0 },
	{ SLICE("koi8r"), "KOI8-R", 0 },
	{ SLICE("koi8"), "KOI8-R", 0 },
	{ SLICE("koi"), "KOI8-R", 0 },
	{ SLICE("koi8u"), "KOI8-U", 0 },
	{ SLICE("koi8ru"), "KOI8-U", 0 },
	{ SLICE("macintosh"), "MACINTOSH", 0 },
	{ SLICE("mac"), "MACINTOSH", 0 },
	{ SLICE("macroman"), "MACINTOSH", 0 },
	{ SLICE("maccyrillic"), "MAC-CYRILLIC", 0 },
	{ SLICE("macukrainian"), "MAC-UK", 0 },
	{ SLICE("viscii"), "VISCII", 0 },

	{ SLICE("gb2312"), "GB18030", 0 },
	{ SLICE("gb231280"), "GB18030", 0 },
	{ SLICE("gbk"), "GB18030", 0 },
	{ SLICE("gb18030"), "GB18030", 0 },
	{ SLICE("euccn"), "GB18030", 0 },
	{ SLICE("chinese"), "GB18030", 0 },
	{ SLICE("936"), "GB18030", 0 },
	{ SLICE("54936"), "GB18030", 0 },
	{ SLICE("big5"), "BIG5-HKSCS", 0 },
	{ SLICE("big5hkscs"), "BIG5-HKSCS", 0 },
	{ SLICE("cnbig5"), "BIG5-HKSCS", 0 },
	{ SLICE("950"), "BIG5-HKSCS", 0 },
	{ SLICE("euckr"), "CP949", 0 },
	{ SLICE("ksc5601"), "CP949", 0 },
	{ SLICE("ksc56011987"), "CP949", 0 },
	{ SLICE("ksc56011989"), "CP949", 0 },
	{ SLICE("korean"), "CP949", 0 },
	{ SLICE("uhc"), "CP949", 0 },
	{ SLICE("949"), "CP949", 0 },
	{ SLICE("51949"), "CP949", 0 },
	{ SLICE("2022kr"), "ISO-2022-KR", SEVEN_BIT },
	{ SLICE("shiftjis"), "CP932", 0 },
	{ SLICE("sjis"), "CP932", 0 },
	{ SLICE("mskanji"), "CP932", 0 },
	{ SLICE("31j"), "CP932", 0 },
	{ SLICE("932"), "CP932", 0 },
	{ SLICE("eucjp"), "EUC-JP-MS", 0 },
	{ SLICE("eucpkdfmtjapanese"), "EUC-JP-MS", 0 },
	{ SLICE("51932"), "EUC-JP-MS", 0 },
	/* The second knows half-width letters too, which senders write under the first's name. */
	{ SLICE("2022jp"), "ISO-2022-JP-2", SEVEN_BIT },
	{ SLICE("2022jp1"), "ISO-2022-JP-2", SEVEN_BIT },
	{ SLICE("2022jp2"), "ISO-2022-JP-2", SEVEN_BIT },
	{ SLICE("2022jpms"), "ISO-2022-JP-2", SEVEN_BIT },
	{ SLICE("50220"), "ISO-2022-JP-2", SEVEN_BIT },
	{ SLICE("50221"), "ISO-2022-JP-2", SEVEN_BIT },
};

/* What a name is not known by. */
static const struct {
	struct slice s;
	bool number; /* only where a number follows */
} prefixes[] = {
	{ SLICE("x"), false },
	{ SLICE("x"), false },
	{ SLICE("cs"), false },
	{ SLICE("iso"), false },
	{ SLICE("windows"), true },
	{ SLICE("win"), true },
	{ SLICE("cp"), true },
	{ SLICE("ibm"), true },
	{ SLICE("dos"), true },
	{ SLICE("ms"), true },
};

/* The key of a name, in `room`; absent if it can't be one. */
static struct slice
key_of(struct slice name, char room[KEY_MAX])
{
	struct slice key = slice_of(room, 0);

	for (size_t i = 0; i < name.n && name.p[i] != '*' && name.p[i] != ':'; i++) {
		unsigned char c = ascii_lower((unsigned char)name.p[i]);

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')))
			continue;
		if (key.n == KEY_MAX)
			return SLICE_ABSENT;
		room[key.n++] = (char)c;
	}
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		struct slice p = prefixes[i].s;

		if (key.n <= p.n || !slice_eq(slice_of(key.p, p.n), p) ||
		    (prefixes[i].number && (key.p[p.n] < '0' || key.p[p.n] > '9')))
			continue;
		key = slice_of(key.p + p.n, key.n - p.n);
	}
	return key;
}

/* The charset of a name as it stands; NULL if there is none. */
static const struct charset *
named(struct slice name)
{
	char room[KEY_MAX];
	struct slice key = key_of(name, room);

	for (size_t i = 0; key.n > 0 && i < sizeof(charsets) / sizeof(charsets[0]); i++)
		if (slice_eq(key, charsets[i].key))
			return &charsets[i];
	return NULL;
}

/* The charset of a name; NULL if it is to be guessed. Readers leave out what stands behind a name
 * that isn't quoted: a comment, or anything else. */
static const struct charset *
charset_of(struct slice name)
{
	const struct charset *c = named(name);
	size_t n = 0;

	while (n < name.n && name.p[n] != ' ' && name.p[n] != '(')
		n++;
	return c != NULL ? c : named(slice_of(name.p, n));
}

/* Pass over what could not be converted, as U+FFFD: one character's worth, and as one knows
 * without asking again, all that can be none. */
static void
skip_bad(struct slice *in, unsigned flags, struct buf *out)
{
	size_t n = flags & TWO_BYTES && in->n > 1 ? 2 : 1;

	buf_add(out, REPLACEMENT);
	while (flags & SEVEN_BIT && n < in->n && (unsigned char)in->p[n - 1] >= 0x80 &&
	    (unsigned char)in->p[n] >= 0x80) {
		buf_add(out, REPLACEMENT);
		n++;
	}
	*in = slice_of(in->p + n, in->n - n);
}

/* Convert all of `in`, a piece at a time; false if the C library doesn't know how. */
static bool
convert(struct slice in, const char *charset, unsigned flags, struct buf *out)
{
	iconv_t cd = iconv_open(UTF8, charset);
	char chunk[CHUNK];

	if (cd == (iconv_t)-1)
		return false;
	for (bool end = false; !end && !out->cut;) {
		char *from = (char *)(uintptr_t)in.p, *to = chunk;
		size_t piece = in.n < CHUNK ? in.n : CHUNK, left = piece, room = CHUNK, failed;
		bool all = piece == in.n;

		/* The last call, without input, tells what was held back to be combined. */
		end = in.n == 0;
		failed = iconv(cd, end ? NULL : &from, &left, &to, &room);
		buf_add(out, slice_of(chunk, (size_t)(to - chunk)));
		in = slice_of(from, in.n - (piece - left));
		if (end || failed != (size_t)-1 || errno == E2BIG)
			continue;
		if (errno == EINVAL && !all && left < piece)
			continue; /* a character that goes on in the next piece */
		if (errno == EINVAL && all) {
			buf_add(out, REPLACEMENT);
			in.n = 0;
		} else {
			skip_bad(&in, flags, out);
		}
	}
	iconv_close(cd);
	return true;
}

/* s without a byte order mark. */
static struct slice
unmarked(struct slice s)
{
	struct slice mark = BYTE_ORDER_MARK;

	if (s.n < mark.n || memcmp(s.p, mark.p, mark.n) != 0)
		return s;
	return slice_of(s.p + mark.n, s.n - mark.n);
}

/* Bytes of a charset in UTF-8. */
struct slice
charset_to_utf8(struct slice bytes, struct slice charset, struct arena *a)
{
	const struct charset *c = charset_of(charset);
	struct slice text = SLICE_ABSENT;
	struct buf out = { 0 };

	if (bytes.n == 0)
		return bytes;
	if (c == NULL && utf8_valid(bytes))
		return unmarked(bytes);
	if (c != NULL && strcmp(c->iconv, UTF8) == 0)
		return unmarked(utf8_clean(a, bytes));
	if (convert(bytes, c != NULL ? c->iconv : LATIN, c != NULL ? c->flags : 0, &out)) {
		if (!out.cut)
			text = arena_slice(a, buf_slice(&out));
	} else {
		text = utf8_clean(a, bytes);
	}
	buf_free(&out);
	return unmarked(text);
}
