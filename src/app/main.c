/*
 * main.c - the program `postern`: which subcommand
 *
 * All subcommands are in one table, with what --help says of each; each reads its own options.
 */
#include "app/app.h"
#include "base/suggest.h"
#include "config.h"

#include <sysexits.h>

#define CONFIG_OPTION "  -c FILE               the rules (" APP_CONFIG ")\n"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *purpose;
	const char *usage; /* arguments */
	const char *options;
} subcommands[] = {
	{ "run", app_run, "filter mail: the daemon that MTAs talk to", "[-c FILE]", CONFIG_OPTION },
	{ "check", app_check, "look for mistakes in the rules", "[-c FILE] [--explain]",
	    CONFIG_OPTION
	    "  --explain             print each rule: when it can act, what delays it, its cost\n" },
	{ "test", app_test, "run tests of the rules", "[-c FILE] FILE.test...",
	    "  -c FILE               the rules (those beside the tests, FILE.rules; if there are\n"
	    "                        none, " APP_CONFIG ")\n" },
	{ "explain", app_explain, "show what the rules make of one session, and why",
	    "[OPTION...] [MESSAGE.eml]",
	    CONFIG_OPTION
	    "  --client IP[,NAME[,PTR]]  the client, its verified name, its name in reverse DNS\n"
	    "                        (no address)\n"
	    "  --helo NAME           what it says in HELO (no HELO)\n"
	    "  --sender ADDRESS      MAIL FROM (the null sender)\n"
	    "  --recipient ADDRESS   RCPT TO; may be given several times (" APP_RECIPIENT ")\n"
	    "  --macro NAME=VALUE    a macro of the MTA, such as daemon_port=587\n"
	    "  --sasl-user USER      who has logged in (nobody)\n"
	    "  --brief               print the last line, the verdict, alone\n"
	    "\nIn parentheses: what is taken if the option is left out. Without a message: one\n"
	    "without headers and body. DNS is asked as the daemon would.\n" },
	{ "spf", app_spf, "check a sender or HELO name by SPF, and show why",
	    "--client IP [OPTION...]",
	    "  --client IP           the address that the mail comes from\n"
	    "  --sender ADDRESS      MAIL FROM, '<>' for the null sender; without it, the HELO\n"
	    "                        name itself is checked\n"
	    "  --helo NAME           what the client says in HELO\n"
	    "  --dns-server ADDR[:PORT]  whom to ask; may be given several times (those of\n"
	    "                        /etc/resolv.conf)\n"
	    "  --zone FILE           take DNS records from a file, and ask nobody\n"
	    "  --trace               print each record, term and answer on the way\n" },
	{ "compile", app_compile, "make databases of patterns before the daemon wants them",
	    "[-c FILE]", CONFIG_OPTION },
	{ "bench", app_bench, "measure which rules cost what for given messages",
	    "[--all] RULES MESSAGE...",
	    "  --all                 all rules, not only the ten dearest\n"
	    "\nRULES is a file of rules. A MESSAGE is a file with header and body, which an honest\n"
	    "stranger sends, or a file of tests, FILE.test, whose sessions are taken. No DNS server\n"
	    "is asked.\n" },
	{ "help", app_help, "the manual's entry of a word of the rule language", "[WORD]", "" },
};

#define SUBCOMMANDS (sizeof(subcommands) / sizeof(*subcommands))

/* Print what there is. */
static void
print_help(void)
{
	printf("postern - a mail filter (milter) whose rules are read in order\n\n"
	       "usage: postern SUBCOMMAND [OPTION...] [ARGUMENT...]\n\n");
	for (size_t i = 0; i < SUBCOMMANDS; i++)
		printf("  %-8s %s\n", subcommands[i].name, subcommands[i].purpose);
	printf("\n  postern SUBCOMMAND --help shows its options, postern --version the version.\n"
	       "  Manual pages: postern(8), postern.conf(5), postern-rules(5).\n");
}

/* Print the options of one subcommand. */
static void
print_usage(size_t i)
{
	printf("postern %s - %s\n\nusage: postern %s %s\n\n%s", subcommands[i].name,
	    subcommands[i].purpose, subcommands[i].name, subcommands[i].usage,
	    subcommands[i].options);
}

/* True if a word asks for help. */
static bool
is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/* Say that there is no such subcommand. */
static int
unknown(const char *word)
{
	struct suggest near;

	suggest_begin(&near, slice_str(word));
	for (size_t i = 0; i < SUBCOMMANDS; i++)
		suggest_offer(&near, slice_str(subcommands[i].name));
	fprintf(stderr, "postern: there is no subcommand `%s`", word);
	if (near.best.p != NULL)
		fprintf(stderr, "; did you mean %.*s?", SLICE_ARG(near.best));
	fputs("\nsee: postern --help\n", stderr);
	return EX_USAGE;
}

int
main(int argc, char **argv)
{
	if (argc < 2) {
		fputs("postern: which subcommand?\nsee: postern --help\n", stderr);
		return EX_USAGE;
	}
	if (is_help(argv[1])) {
		print_help();
		return EX_OK;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		puts(PACKAGE_STRING);
		return EX_OK;
	}
	for (size_t i = 0; i < SUBCOMMANDS; i++)
		if (strcmp(argv[1], subcommands[i].name) == 0) {
			if (argc == 2 || !is_help(argv[2]))
				return subcommands[i].run(argc - 1, argv + 1);
			print_usage(i);
			return EX_OK;
		}
	return unknown(argv[1]);
}
