/*
 * fake_milter.h - libmilter as a filter sees it, without an MTA
 *
 * Holds what a filter does against what libmilter and the MTAs take: a reply of another class than
 * the answer, a header name with a blank, an effect before the end of the message is a fault, and
 * told by assert(). smfi_register leaves the callbacks in fake_filter.
 */
#pragma once

#include "fuzz.h"

#include <libmilter/mfapi.h>

#define FAKE_MACROS 16

/* One connection: libmilter's SMFICTX. */
struct smfi_str {
	void *data;	       /* of smfi_setpriv */
	unsigned long actions; /* as agreed: SMFIF_…, SMFIP_… */
	unsigned long steps;
	bool negotiating, at_end; /* in which callback we are */
	bool negotiated;
	bool accepted; /* the whole connection: the MTA need not ask on */
	bool listed[SMFIM_LAST + 1];
	char reply;	  /* class of the reply that is set; '\0': none */
	unsigned effects; /* done in this callback */
	unsigned refuse;  /* this many effects go well, the next one fails; 0: all go well */
	bool refused;
	struct {
		char *name, *value;
	} macros[FAKE_MACROS];
	size_t nmacros;
};

extern struct smfiDesc fake_filter;

/* Tell a macro; the oldest goes if there are too many. */
void fake_macro(SMFICTX *ctx, const char *name, const char *value);

/* A callback, of the stage with that SMFIP_NR_… bit (0: none), begins, and has returned. */
void fake_begin(SMFICTX *ctx);
void fake_end(SMFICTX *ctx, unsigned long no_reply, sfsistat returned);

/* The connection is over: what it holds is freed; the filter must have let go of its data. */
void fake_free(SMFICTX *ctx);
