/*
 * required_bits.c - how rare a text is in mail
 */
#include "match/frequency.h"
#include "match/required.h"

/* True for an ASCII letter or digit. */
bool
required_is_word(unsigned c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* The class of a byte in the table of frequencies. */
static unsigned
class_of(unsigned c)
{
	const char *found;

	if (c >= 0x80)
		return FREQUENCY_CLASSES - 1;
	if (ascii_lower((unsigned char)c) >= 'a' && ascii_lower((unsigned char)c) <= 'z')
		return ascii_lower((unsigned char)c) - 'a' + 1u;
	if (c >= '0' && c <= '9')
		return 27;
	if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
		return 28;
	found = c != 0 ? strchr(frequency_punctuation, (int)c) : NULL;
	return found != NULL ? 29 + (unsigned)(found - frequency_punctuation) : 0;
}

/* Bits of units behind another. */
double
required_bits(const uint16_t *units, size_t n, int before)
{
	unsigned sum = 0,
		 row = before < 0 || before >= (int)FACTOR_MARKS
	    ? 0
	    : 1 + class_of((unsigned)before & 0xff);

	for (size_t i = 0; i < n; i++) {
		unsigned class = class_of(units[i] & 0xff);

		if (units[i] >= FACTOR_MARKS) {
			row = 0;
			continue;
		}
		sum += frequency[row][class];
		row = 1 + class;
	}
	return sum / 8.0;
}
