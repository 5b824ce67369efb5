/*
 * domain.h - host names: as they are in the DNS, and whose they are
 */
#pragma once

#include "base/arena.h"

/* A host name in lower case, without a dot at its end, its U-labels made A-labels as browsers make
 * them (UTS #46, non-transitional). ASCII is put in lower case and no more, so an address stays
 * one. What can't be converted stays as it is, in lower case as far as it is ASCII, and is valid
 * UTF-8. An absent name is absent; so is the result on lack of memory. */
struct slice domain_ascii(struct slice name, struct arena *a);

/* What a reader would take for the host in a mailbox's domain, as domain_ascii gives it: up to the
 * first character that no host has, so that none that is not seen, or junk behind it, makes it
 * another one. An address in brackets stays one. */
struct slice domain_of_mailbox(struct slice domain, struct arena *a);

/* A name with its A-labels as U-labels (RFC 5890), as readers are shown it; what is none stays.
 * name itself, or in a; absent for an absent name or on lack of memory. */
struct slice domain_unicode(struct slice name, struct arena *a);

/* The part of a host, as domain_ascii gives it, that its owner registered, by the public suffix
 * list with its private part: example.co.uk of www.example.co.uk. An address (IPv4, or IPv6 with or
 * without brackets), a name of one label and a public suffix are their own. A piece of host. */
struct slice domain_registrable(struct slice host);

/* True if both are of one organizational domain (RFC 7489 3.2): the same registrable domain, after
 * domain_ascii. An address is aligned with itself alone, something empty or absent with nothing. */
bool domain_aligned(struct slice a, struct slice b);

/* True if the name's last label is a top level domain of the public suffix list. */
bool domain_has_tld(struct slice host);
