/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "program.h"

/* harmony: the reference host. harmony(1) is its manual. */

#define AT(member) offsetof(struct arguments, member)

static const struct option_spec check_options[] = {
    {"set", 's', OPTION_LIST, 0, "KEY=VALUE", "a fmuta6.* or dbopen.* setting"}, {0}};
static const struct option_spec convert_options[] = {
    {"from", 'f', OPTION_VALUE, AT(from), "FORMAT", "auto (the default), fmuta6, dbopen or jsonl"},
    {"to", 't', OPTION_VALUE, AT(to), "FORMAT", "jsonl (the default), fmuta6 or hledger"},
    {"set", 's', OPTION_LIST, 0, "KEY=VALUE", "a fmuta6.* or dbopen.* setting"},
    {0}};
static const struct option_spec export_options[] = {
    {"dry-run", 'n', OPTION_FLAG, AT(dry_run), NULL, "show each request, send none"}, {0}};
static const struct option_spec import_options[] = {
    {"output", 'o', OPTION_VALUE, AT(output), "FILE", "write here instead of import_path"}, {0}};
static const struct option_spec login_options[] = {
    {"code", 0, OPTION_VALUE, AT(code), "CODE", "the code, or the whole address, that came back"},
    {"refresh-token-stdin", 0, OPTION_FLAG, AT(refresh_token_stdin), NULL,
     "take a refresh token from standard input"},
    {0}};
static const struct option_spec show_options[] = {
    {"all", 'a', OPTION_FLAG, AT(all), NULL, "every record"},
    {"failed", 0, OPTION_FLAG, AT(failed), NULL, "only those rejected, waiting or in doubt"},
    {0}};
static const struct option_spec reoffer_options[] = {
    {"run", 'r', OPTION_VALUE, AT(run), "RUN", "all failed records of this run"}, {0}};

const struct command commands[] = {
    {"check", "[OPTION ...] FILE ...", "say what is in files, and everything that is wrong with it",
     "Reads fmuta6.csv, debitr.csv, credit.csv, dbopen.csv or JSON lines, plain or gzip;\n"
     "- is standard input. Keeps nothing.",
     check_options, 1, -1, check_run},
    {"convert", "[OPTION ...] FILE ...", "print records",
     "Reads files as check does, and prints the records as JSON lines, fmuta6 or a hledger\n"
     "journal. Relations come before entries.",
     convert_options, 1, -1, convert_run},
    {"export", "[OPTION ...] NAME [FILE ...]", "offer files to an integration",
     "Takes in the files, or those at export_path, and offers their records to the\n"
     "accounting package of integration NAME. Nothing is booked twice.",
     export_options, 1, -1, export_run},
    {"import", "[OPTION ...] NAME", "fetch outstanding items, write dbopen.csv",
     "Fetches all outstanding items of integration NAME and renews dbopen.csv, in full or\n"
     "not at all.",
     import_options, 1, 1, import_run},
    {"login", "[OPTION ...] NAME", "let a person log in at the package",
     "Prints the address to open, and takes the code that comes back: from a loopback\n"
     "redirect_uri by itself, else pasted or with --code.",
     login_options, 1, 1, login_run},
    {"test", "NAME [FILE ...]", "prove credentials and mappings, write nothing",
     "Proves that integration NAME can be reached and has what the mappings, and the files\n"
     "if any, need. Writes nothing in the package.",
     NULL, 1, -1, test_run},
    {"history", "[NAME]", "list runs",
     "Lists the runs of integration NAME, or of all, newest first.", NULL, 0, 1, history_run},
    {"show", "[OPTION ...] RUN", "list the records of a run",
     "Lists the records of a run with what became of them: only the failed ones when there\n"
     "are any.",
     show_options, 1, 1, show_run},
    {"edit", "RECORD FIELD=VALUE ...", "correct a record",
     "Corrects fields of a record, like vat_number=NL001234567B01 or lines.2.account=8000;\n"
     "an empty VALUE makes a field absent. Who, when, old and new value are kept.",
     NULL, 2, -1, edit_run},
    {"reoffer", "RECORD ... | --run RUN", "offer records again", "Offers records again, at once.",
     reoffer_options, 0, -1, reoffer_run},
    {"status", "", "tell where each integration stands",
     "Tells of each integration the last runs, the backlog, the login and the next poll.", NULL, 0,
     0, status_run},
    {"serve", "", "do all of it, and keep going",
     "The service: takes in what the ERP leaves at each export_path, offers what waits, and\n"
     "renews dbopen.csv at each integration's interval. Ends at SIGTERM, reads the\n"
     "configuration again at SIGHUP; the log goes to standard error.",
     NULL, 0, 0, serve_run},
    {"init", "", "write a commented configuration",
     "Writes harmony.conf, or the file of --config, and asks for what the package needs. Without\n"
     "a terminal the answers are lines of standard input; where they end the defaults count.\n"
     "Never overwrites.",
     NULL, 0, 0, init_run},
    {"rekey", "", "change the key of the secrets",
     "Makes the key_file when it is not there yet, else renews it; the secrets in the store\n"
     "are encrypted anew.",
     NULL, 0, 0, rekey_run},
    {"help", "[COMMAND | config [CONNECTOR]]", "explain",
     "Explains a command, the keys of the configuration, or those of a connector.", NULL, 0, 2,
     help_run},
    {0}};

const struct command *command_find(const char *name)
{
	for (const struct command *c = commands; c->name; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

/* ---- signals ---- */

static volatile sig_atomic_t signalled;

static void on_signal(int number)
{
	signalled = 1;
}

void interrupt_watch(void)
{
	/* The second one ends the program at once. */
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESETHAND};
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

int interrupted(void)
{
	return signalled;
}

/* ---- main ---- */

static void on_log(int level, const char *message, void *user)
{
	static const char *const words[] = {"error", "warning", "info", "debug"};
	say("", 0, 0, words[level & 3], message, NULL);
}

static int start(struct program *p)
{
	harmony_context_options options = HARMONY_CONTEXT_OPTIONS_INIT;
	options.log = on_log;
	options.log_level = p->verbose ? HARMONY_LOG_DEBUG
			    : p->quiet ? HARMONY_LOG_ERROR
				       : HARMONY_LOG_WARNING;
	return exit_of(harmony_context_new(&p->context, &options, &p->error));
}

static int version(struct program *p)
{
	char text[32];
	snprintf(text, sizeof(text), "%d.%d.%d", harmony_version() >> 16,
		 harmony_version() >> 8 & 0xff, harmony_version() & 0xff);
	if (p->as_json) {
		json_text(&p->json, "name", "harmony");
		json_text(&p->json, "version", text);
	} else {
		out_format(&p->out, "harmony %s\n", text);
	}
	return EXIT_DONE;
}

static int dispatch(struct program *p, const struct command *command, const struct arguments *a)
{
	if (a->version)
		return version(p);
	if (a->help && command)
		help_command(p, command);
	else if (a->help)
		help_program(p);
	if (a->help)
		return EXIT_DONE;
	if (!command)
		return fail(p, HARMONY_INVALID, "no command; harmony help lists them");
	int code = start(p);
	return code ? code : command->run(p, a);
}

/* Ends the document of --json, and tells the error on standard error. */
static int finish(struct program *p, int code)
{
	if (p->as_json) {
		json_unwind(&p->json, 1);
		if (p->error.status != HARMONY_OK)
			json_error(&p->json, "error", &p->error);
		json_end(&p->json);
		out_text(&p->out, "\n");
	}
	out_flush(&p->out);
	if (p->error.status != HARMONY_OK)
		say_error(&p->error);
	if (p->out.failed) {
		char message[256];
		snprintf(message, sizeof(message), "cannot write to standard output: %s",
			 strerror(p->out.failed));
		say("", 0, 0, "error", message, "io");
		return EXIT_TEMPORARY;
	}
	return code == EXIT_DONE && p->error.status != HARMONY_OK ? exit_of(p->error.status) : code;
}

int main(int argc, char **argv)
{
	struct program p = {.error = HARMONY_ERROR_INIT};
	struct arguments a = {0};
	const struct command *command;
	static char lines[4096]; /* of standard error, which would write byte by byte */
	setvbuf(stderr, lines, _IOFBF, sizeof(lines));
	signal(SIGPIPE, SIG_IGN);
	p.out = (struct out){.data = malloc(OUT_SIZE), .size = OUT_SIZE, .fd = STDOUT_FILENO};
	if (!p.out.data) {
		say("", 0, 0, "error", "no memory", "no_memory");
		return EXIT_TEMPORARY;
	}
	p.json.out = &p.out;
	int code = options_parse(&p, &a, &command, argc, argv);
	if (p.as_json)
		json_object(&p.json, NULL);
	if (code == EXIT_DONE)
		code = dispatch(&p, command, &a);
	code = finish(&p, code);
	harmony_context_free(p.context);
	free(a.set);
	free(p.out.data);
	return code;
}
