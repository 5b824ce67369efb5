/*
 * fuzz_archive.c - files: what they are, and what is in them
 */
#include "fuzz.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "mail/archive.h"
#include "mail/kind.h"

/* An item is told with a name that can be shown. */
static void
check(void *context, const struct archive_item *item)
{
	assert(item->name.p != NULL && item->name.n <= LIMIT_ARCHIVE_NAME);
	assert(utf8_valid(item->name));
	++*(size_t *)context;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice content = slice_of(data != NULL ? (const char *)data : "", size);
	struct archive_sum sum = { 0 };
	size_t n = 0;
	bool is_archive;

	assert(kind_of(content)[0] != '\0');
	is_archive = archive_list(content, check, &n, &sum);
	assert(n == sum.n && n <= LIMIT_ARCHIVE_ENTRIES);
	assert(is_archive || (n == 0 && !sum.encrypted && !sum.macros && !sum.cut && !sum.broken));
	return 0;
}
