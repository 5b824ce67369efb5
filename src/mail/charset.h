/*
 * charset.h - bytes of any charset as text
 *
 * What comes out is valid UTF-8, whatever came in: a charset is named by the sender, who may not
 * know it, or lie.
 */
#pragma once

#include "base/arena.h"

/*
 * bytes, which are in a charset as MIME names it, in UTF-8. Where the name is absent or unknown,
 * what is valid UTF-8 is UTF-8, and the rest is windows-1252; likewise for us-ascii, iso-8859-1 and
 * windows-1252, as many senders say so of anything. Other names mean what mail readers take them
 * for: gb2312 is gb18030, ks_c_5601-1987 is cp949, shift_jis is cp932, iso-8859-9 windows-1254. A
 * language behind the name (RFC 2231 5) is passed over.
 *
 * Each byte that the charset doesn't have is U+FFFD; a byte order mark at the start is left out.
 * The result may be a part of `bytes`, has at most 3 bytes for each of them (and 3 more), and is
 * absent only for absent bytes or on lack of memory.
 */
struct slice charset_to_utf8(struct slice bytes, struct slice charset, struct arena *a);
