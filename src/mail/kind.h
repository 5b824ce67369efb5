/*
 * kind.h - what a file is by its first bytes, whatever it is called
 */
#pragma once

#include "base/slice.h"

/* The kind of a file that begins with these bytes; LIMIT_KIND_BYTES of them are enough. A word:
 *
 *   programs    exe (of DOS and Windows) elf macho class dex script (#! and the like) lnk
 *   archives    zip jar apk rar 7z gzip bzip2 xz zstd compress lzh arj ace cab tar wim tnef
 *   disks       iso vhd vhdx
 *   documents   pdf rtf ole (Office until 2003, also msi and msg) ooxml odf one chm access
 *   for people  html svg xml mail vcard calendar pgp text
 *   images      png jpeg gif webp bmp tiff ico
 *   others      empty, and data for what is none of these
 */
const char *kind_of(struct slice first_bytes);

/* All these words, NULL behind the last. */
extern const char *const kind_words[];
