/*
 * html_sheet.h - style sheets of a mail, as far as they can hide a text
 *
 * Understood are selectors of one element: `p`, `.class`, `#id`, `p.class`, `*`. Rules for others,
 * and those of @media, don't count.
 */
#pragma once

#include "mail/html_style.h"

struct html_sheet;

/* Add the content of a <style>; *sheet is made when it is needed, NULL before. The source must
 * outlive it. False if there were more than LIMIT_HTML_RULES, or memory is short: those that came
 * first are kept. */
bool html_sheet_add(struct html_sheet **sheet, struct slice css);

/* What it says of an element, on top of *style. An absent class or id is none. False if there was
 * more than is looked at. */
bool html_sheet_style(const struct html_sheet *sheet, struct slice tag, struct slice classes,
    struct slice id, struct html_style *style);

/* Free it; NULL is let through. */
void html_sheet_free(struct html_sheet *sheet);
