/*
 * dns.c - names of what is asked of the DNS
 */
#include "dns/dns.h"

const char *
dns_type_name(enum dns_type type)
{
	switch (type) {
	case DNS_A:
		return "A";
	case DNS_CNAME:
		return "CNAME";
	case DNS_PTR:
		return "PTR";
	case DNS_MX:
		return "MX";
	case DNS_TXT:
		return "TXT";
	case DNS_AAAA:
		break;
	}
	return "AAAA";
}
