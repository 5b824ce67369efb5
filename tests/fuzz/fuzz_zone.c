/*
 * fuzz_zone.c - zone files
 *
 * Each line of a file `%% ask` is a name that is looked up, for each type; and so is each first
 * word of the zone itself.
 */
#include "fuzz.h"

#include "base/limits.h"
#include "dns/zone.h"

static const enum dns_type types[] = { DNS_A, DNS_AAAA, DNS_MX, DNS_TXT, DNS_PTR, DNS_CNAME };

/* Look a name up, and look at what is found. */
static void
ask(const struct zone *z, struct slice name)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		struct dns_answer a = zone_ask(z, name, types[i]);

		assert((a.status == DNS_DATA) == (a.n > 0));
		for (size_t r = 0; r < a.n; r++) {
			assert(types[i] != DNS_A || a.v[r].data.n == 4);
			assert(types[i] != DNS_AAAA || a.v[r].data.n == 16);
			assert((types[i] != DNS_MX && types[i] != DNS_PTR) ||
			    a.v[r].data.n <= LIMIT_DNS_NAME);
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice zone = files_take(data, size), asked = files_text(SLICE("ask"));
	struct zone *z = zone_new();
	struct diags d;
	bool good;

	files_add(SLICE("zone"), zone);
	diags_init(&d);
	good = zone_add_file(z, "zone", &d);
	assert(good == (d.errors == 0));
	diags_print(&d, quiet_out());
	while (zone.p != NULL)
		ask(z, slice_cut(slice_trim(slice_cut(zone, '\n', &zone)), ' ', NULL));
	while (asked.p != NULL)
		ask(z, slice_cut(asked, '\n', &asked));
	diags_free(&d);
	zone_free(z);
	files_drop();
	return 0;
}
