/*
 * archive.h - the names of what is in an archive, one level deep
 *
 * Nothing is unpacked to get at them but a compressed tar, and a 7z's own list; nothing is written
 * anywhere. rar is always understood, the others if libarchive was found when postern was built.
 */
#pragma once

#include "base/arena.h"

/* Something in an archive. */
struct archive_item {
	struct slice name; /* with its folders, as the archive has it; valid UTF-8, may be empty */
	bool folder;
	bool encrypted; /* its content is */
};

/* What is to be said of the whole. */
struct archive_sum {
	/* Filled in by the caller: so many items are told at most; 0: LIMIT_ARCHIVE_ENTRIES. */
	size_t most;
	/* And how many bytes may be read and unpacked; made less by those that are. NULL: what the
	 * limits say. */
	size_t *left;

	size_t n;	/* items told */
	bool encrypted; /* one of them is, or the list itself, which then tells none */
	bool macros;	/* a document of Office with macros in it (vbaProject.bin) */
	bool cut;	/* a limit or memory kept some from being told */
	bool broken;	/* it is damaged, or made to look so: there may be more in it */
};

/* Gets each item; the name is valid during the call. */
typedef void archive_each(void *context, const struct archive_item *item);

/* List a file: zip and what is made of it, 7z, rar, cab, iso, tar, also compressed (gzip, bzip2,
 * xz, zstd), and the name that gzip keeps of a single file. False, and nothing is told, if it is no
 * such archive. Bounded by LIMIT_ARCHIVE_*. */
bool archive_list(struct slice content, archive_each *each, void *context, struct archive_sum *sum);

/* An item's name out of the bytes that an archive has: valid UTF-8, at most LIMIT_ARCHIVE_NAME
 * bytes, or else *cut. */
struct slice archive_name(struct slice raw, struct arena *a, bool *cut);
