/*
 * entry.h - what an entry of a list stands for, and what to look for when a list is asked
 *
 * Each type of list but patterns comes down to one idea: an entry is a key, and a question is a
 * short sequence of keys, each looked up in one table. A key is a kind and bytes:
 *
 *   networks   the prefix, and the network's 4 or 16 bytes
 *   domains    KEY_DOMAIN a name, KEY_BELOW the name above those that are meant
 *   addresses  the same, KEY_WHOLE an address, KEY_LOCAL a local part; `<>` is the local part of
 * the null sender, the one address without a domain that an MTA lets through words      KEY_WHOLE
 * the word patterns   the flags, and the pattern: asked only to find duplicates
 *
 * A key of a pair is two keys of addresses. Keys of text are compared without case.
 */
#pragma once

#include "base/limits.h"
#include "list/list.h"

enum key_kind { KEY_WHOLE = '=', KEY_LOCAL = '@', KEY_DOMAIN = 'd', KEY_BELOW = '.' };

struct key {
	uint8_t kind;
	struct slice s; /* into what was parsed; of a network, into ip */
	struct ip ip;
};

/* Bytes that key_pack writes for a key or a pair. */
#define KEY_PACKED(n) ((n) + 2)

/* The most keys that a text is asked for: an address, its local part, its domain, and what stands
 * above that, of which only names that fit into LIMIT_DNS_NAME can be in a list. */
#define KEY_PROBES (LIMIT_DNS_NAME + 4)

/* Find the key of one column of an entry (not of patterns). Mistakes become errors in d, and the
 * answer is false. *key must stay where it is. */
bool entry_key(
    enum list_type type, struct slice entry, struct key *key, struct span at, struct diags *d);

/* The keys for which a text (not of networks or patterns) is looked up; returns their number. */
size_t entry_probes(enum list_type type, struct slice text, struct key keys[KEY_PROBES]);

/* Write a key to out, which has KEY_PACKED(key->s.n) bytes; fold: in lower case. Returns the
 * number of bytes written. */
size_t key_pack(char *out, const struct key *key, bool fold);
