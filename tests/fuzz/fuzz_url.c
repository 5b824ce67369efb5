/*
 * fuzz_url.c - URLs: of a text, and each line of it as the link that it could be
 */
#include "fuzz.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "mail/domain.h"
#include "mail/url.h"

/* What a host may have in it: nothing that ends a name, a query or a line. */
static void
check_host(struct slice host)
{
	assert(host.n > 0 && host.n <= LIMIT_DNS_NAME);
	for (size_t i = 0; i < host.n; i++) {
		assert((unsigned char)host.p[i] > ' ' && (unsigned char)host.p[i] < 0x7f);
		assert(strchr("/\\?#@%[]<>\"", host.p[i]) == NULL);
		assert(host.p[i] < 'A' || host.p[i] > 'Z');
	}
}

/* What all that is found must be like; what is found in it again is the same. */
static void
check(const struct urls *u)
{
	assert(u->n <= LIMIT_URLS);
	for (size_t i = 0; i < u->n; i++) {
		const struct url *url = &u->v[i];
		struct urls again;
		struct arena a;

		assert(url->url.n > 0 && url->url.n <= LIMIT_URL && utf8_valid(url->url));
		for (size_t k = 0; k < url->url.n; k++)
			assert((unsigned char)url->url.p[k] > ' ' && url->url.p[k] != 0x7f);
		assert((url->host.p == NULL) == (url->domain.p == NULL));
		if (url->host.p == NULL)
			continue;
		check_host(url->host);
		check_host(url->domain);
		assert(domain_aligned(url->host, url->domain));
		arena_init(&a, 0);
		urls_init(&again, 0, &a);
		url_add(&again, url->url);
		assert(again.n == 1);
		assert(slice_eq(again.v[0].url, url->url));
		assert(slice_eq(again.v[0].host, url->host));
		arena_free(&a);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = slice_of(data != NULL ? (const char *)data : "", size), rest = text;
	struct arena a;
	struct urls u;

	arena_init(&a, 0);
	urls_init(&u, 0, &a);
	url_find(&u, text);
	check(&u);
	urls_init(&u, 0, &a);
	while (rest.p != NULL)
		url_add(&u, slice_cut(rest, '\n', &rest));
	check(&u);
	arena_free(&a);
	return 0;
}
