/*
 * fold.h - text against which patterns with the flag n run
 *
 * What looks the same becomes the same, so that a pattern in plain letters finds a word however it
 * is disguised:
 *
 * - the characters of NFKC: full-width and mathematical letters, ligatures, digits in circles;
 * - what is never seen is left out: zero-width characters, soft hyphens, variation selectors, tags,
 *   marks of the direction of writing, control characters;
 * - Latin letters lose their marks: é is e, ł is l, small capitals are small letters;
 * - letters of other scripts, and symbols, that look like a Latin letter become that letter, if
 *   the word they stand in has a Latin one. A word that is made of them alone is Latin if the word
 *   before it is, or, at the start of a text, the first that is surely of one script: so Russian
 * and Greek text stays what it is. A word is a run of letters;
 * - a run of white space is one blank.
 *
 * Case stays. Digits stay digits. Other scripts stay as they are, in NFKC; of more than 12 marks on
 * one letter the rest is left out.
 */
#pragma once

#include "base/arena.h"

/* The folded text of one that must be valid UTF-8: text itself if nothing is to be folded. Valid
 * UTF-8, at most 11 times as long. Absent for an absent text or on lack of memory. */
struct slice fold_text(struct slice text, struct arena *a);
