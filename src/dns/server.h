/*
 * server.h - the address of a name server, as an admin writes it
 */
#pragma once

#include "base/ip.h"

#define SERVER_TEXT (IP_TEXT + 8) /* bytes of a server as text, NUL included */

/* Parse `ADDR`, `ADDR:PORT` or `[ADDR]:PORT`, an IPv6 address with a port in brackets, and write it
 * as struct resolver_config takes it. False if it is none. */
bool server_parse(struct slice s, char out[SERVER_TEXT]);
