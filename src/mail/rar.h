/*
 * rar.h - the list of a rar archive, versions 1.5 to 5
 */
#pragma once

#include "mail/archive.h"

/* Tell what is in it; *sum is filled as archive_list does. False if it isn't a rar archive. */
bool rar_list(struct slice content, archive_each *each, void *context, struct archive_sum *sum);
