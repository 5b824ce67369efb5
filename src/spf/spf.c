/*
 * spf.c - results by name
 */
#include "spf/spf.h"

const char *
spf_result_name(enum spf_result r)
{
	static const char *const names[] = { [SPF_NONE] = "none",
		[SPF_NEUTRAL] = "neutral",
		[SPF_PASS] = "pass",
		[SPF_FAIL] = "fail",
		[SPF_SOFTFAIL] = "softfail",
		[SPF_TEMPERROR] = "temperror",
		[SPF_PERMERROR] = "permerror" };

	return names[r];
}
