/*
 * received.h - who gave a trusted relay the message
 *
 * Each server puts a Received header above those that the message has (RFC 5321 4.4). What a
 * trusted relay has put there is believed: the address of its client, which the relay saw, and the
 * HELO name, which that client said.
 */
#pragma once

#include "session/session.h"

/* Behind a client in `relays`: the client outside of them that the topmost Received headers tell
 * of, and its HELO name (bytes of the header; empty if it tells none). False where that can't be
 * told; *why gets a constant text, for the log. The header of the message must be there. */
bool received_client(const struct session *s, const struct list *relays, struct ip *client,
    struct slice *helo, const char **why);
