/*
 * offline.c - DNS for who asks no server
 */
#include "app/offline.h"

/* Our name in SPF explanations, so that they are the same anywhere. */
#define RECEIVER "mx.example.org"

bool
offline_begin(struct offline *o, const struct program *p, struct zone *zone)
{
	*o = (struct offline){ .env = p->env };
	o->env.quiet = true;
	o->own = p->resolver != NULL && (zone != NULL || p->zone == NULL);
	if (!o->own)
		return true;
	o->env.resolver = NULL;
	o->env.spf = NULL;
	if (zone == NULL)
		zone = o->nothing = zone_new();
	if (zone != NULL)
		o->env.resolver = resolver_new(&(struct resolver_config){ .zone = zone });
	if (o->env.resolver != NULL)
		o->env.spf = spf_new(
		    &(struct spf_config){ .resolver = o->env.resolver, .receiver = RECEIVER });
	return o->env.spf != NULL;
}

void
offline_end(struct offline *o)
{
	if (o->own) {
		spf_free(o->env.spf);
		resolver_free(o->env.resolver);
	}
	zone_free(o->nothing);
}
