/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_PROGRAM_H
#define HARMONY_PROGRAM_H

/* The `harmony` program: the reference host of libharmony, on the public headers alone.
   One file per command or pair; what they share is stated here. */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <harmony/harmony.h>

/* X(NAME, value, "meaning"): exit statuses; harmony(1) lists them. */
#define EXIT_MAP(X)                                                                                \
	X(DONE, 0, "all done")                                                                     \
	X(REJECTED, 1, "done, some records rejected")                                              \
	X(USAGE, 2, "usage or configuration")                                                      \
	X(INPUT, 3, "input unreadable")                                                            \
	X(LOGIN, 4, "login needed")                                                                \
	X(TEMPORARY, 5, "temporary failure, will be retried")                                      \
	X(IN_DOUBT, 6, "records in doubt")                                                         \
	X(BUSY, 7, "another run holds this integration")

#define EXIT_ENUM(name, value, text) EXIT_##name = value,
enum { EXIT_MAP(EXIT_ENUM) };
#undef EXIT_ENUM

/* ---- output.c: standard output, and what people read on standard error ---- */

/* Standard output (or another descriptor), buffered by us: conversions write gigabytes. */
struct out {
	char *data;
	size_t size, len;
	int fd;
	bool broken; /* the reader went away: nothing is written any more, and that is no error */
	int failed;  /* errno of a write that failed otherwise */
};
#define OUT_SIZE (256u * 1024u)

struct program;

void out_bytes(struct out *out, const void *data, size_t len);
void out_text(struct out *out, const char *text);
void out_format(struct out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
void out_flush(struct out *out);
/* A harmony_write_fn over a struct out: ends the call when nobody reads any more. */
harmony_status out_write(const void *data, size_t len, void *out);

/* The exit status that a status of the library means. */
int exit_of(harmony_status status);
/* The same where files were named: one that is not there is unreadable input. */
int exit_of_input(harmony_status status);
/* Prints `file:line:column: severity: message [code]` on standard error, with control
   characters made visible. Parts that are NULL, "" or 0 are left out. */
void say(const char *file, uint64_t line, uint32_t column, const char *severity,
	 const char *message, const char *code);
void say_error(const harmony_error *error);
/* From now on all that say() is given goes there. */
typedef void say_fn(const char *file, uint64_t line, uint32_t column, const char *severity,
		    const char *message, const char *code);
void say_through(say_fn *fn);
/* A diagnostic of a reader, as far as --quiet and --verbose let it through. */
void say_diagnostic(const struct program *p, const harmony_diagnostic *diagnostic, bool notes);
const char *severity_word(int severity);
/* The message, after the field's name and raw text where it does not hold them. */
const char *with_raw(char *buffer, size_t size, const char *name, const char *raw,
		     const char *message);
/* Sets the program's error (the first cause wins) and returns the exit status it means. */
int fail(struct program *p, harmony_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with an error of the library; it is told at once when another came first. */
int fail_with(struct program *p, const harmony_error *error);

#define TIME_SIZE 40
/* Milliseconds since 1970 as local time for people, and as RFC 3339 in UTC. "-" and "" for 0. */
const char *local_time(char *buffer, int64_t milliseconds);
const char *rfc3339(char *buffer, int64_t milliseconds);
/* "3 entries", "1 entry". */
const char *plural(char *buffer, uint64_t count, const char *one, const char *many);
/* "142.80" with spaces in front up to `width`. */
const char *money(char buffer[HARMONY_DECIMAL_SIZE], int64_t amount);

/* An aligned table: cells are collected, widths found, then printed. */
struct table {
	char **cells;
	size_t columns, count, room;
	const char *align; /* one letter a column: l or r */
	bool failed;       /* no memory */
};
void table_begin(struct table *table, const char *align, const char *const *titles);
void table_cell(struct table *table, const char *text);
void table_count(struct table *table, uint64_t value);
/* Prints and frees it; "no memory" is the program's error. */
void table_end(struct program *p, struct table *table);
/* Frees it unprinted. */
void table_drop(struct table *table);

/* ---- json.c: the one document of --json ---- */

#define JSON_DEPTH 16

struct json {
	struct out *out;
	int depth;
	char close[JSON_DEPTH];
	bool some[JSON_DEPTH]; /* a member stands there already */
};

/* `key` NULL: an element of an array, or the document itself. Values are escaped; bytes
   that are not UTF-8 become U+FFFD. */
void json_object(struct json *json, const char *key);
void json_array(struct json *json, const char *key);
void json_end(struct json *json);
/* Closes all that is open down to `depth` levels. */
void json_unwind(struct json *json, int depth);
/* Whether a text is UTF-8. */
bool is_utf8(const char *text);
void json_text(struct json *json, const char *key, const char *value);
void json_span(struct json *json, const char *key, const char *value, size_t len);
/* Nothing when value is "" or NULL. */
void json_some(struct json *json, const char *key, const char *value);
void json_number(struct json *json, const char *key, int64_t value);
void json_flag(struct json *json, const char *key, bool value);
void json_null(struct json *json, const char *key);
/* Amounts are texts with two decimals, as in the canonical record. */
void json_amount(struct json *json, const char *key, int64_t amount);
/* Times are RFC 3339; 0 is left out. */
void json_time(struct json *json, const char *key, int64_t milliseconds);
/* Only the comma and the key: the value is written by the caller, who writes valid JSON. */
void json_raw(struct json *json, const char *key);
/* A member "error" with code, message, and where and what else is known. */
void json_error(struct json *json, const char *key, const harmony_error *error);

/* ---- options.c, help.c ---- */

/* What a command line says; each command reads what its table allows. */
struct arguments {
	bool help, version;
	const char *from, *to;
	const char **set; /* KEY=VALUE, in order */
	size_t set_count;
	bool dry_run;
	const char *output;
	const char *code;
	bool refresh_token_stdin;
	bool all, failed;
	const char *run;
	char **operands;
	int count;
};

enum { OPTION_FLAG, OPTION_VALUE, OPTION_LIST };

struct option_spec {
	const char *name; /* long name; NULL ends a table */
	char letter;      /* 0: none */
	int type;         /* OPTION_* */
	size_t where;     /* offset in struct arguments, or in struct program for the global ones */
	const char *argument;
	const char *help;
};

struct command {
	const char *name;
	const char *operands; /* as in the usage line */
	const char *summary;
	const char *description;
	const struct option_spec *options;
	int least, most; /* operands; most -1: any number */
	int (*run)(struct program *p, const struct arguments *a);
};

/* main.c: the commands, in the order of the help; name NULL behind the last. */
extern const struct command commands[];
const struct command *command_find(const char *name);

extern const struct option_spec global_options[];
extern const struct option_spec asking_options[];

/* Reads the whole command line. `*command` is NULL when none is named. Returns an exit
   status; EXIT_DONE means go on. */
int options_parse(struct program *p, struct arguments *a, const struct command **command, int argc,
		  char **argv);

void help_program(struct program *p);
void help_command(struct program *p, const struct command *command);

/* ---- the program ---- */

struct program {
	harmony_context *context;
	harmony_error error; /* the first cause; main tells it */
	struct out out;
	struct json json; /* the document of --json; main opens and ends it */
	bool as_json, quiet, verbose;
	const char *config; /* --config */
};

/* 1 after SIGINT or SIGTERM in commands that called interrupt_watch(). */
void interrupt_watch(void);
int interrupted(void);

/* ---- progress.c ---- */

void progress_begin(const struct program *p, const char *what);
/* `unit` NULL: bytes; `total` 0: unknown. */
void progress_update(uint64_t done, uint64_t total, const char *unit);
/* Takes the line away before something else is printed; the next update draws it again. */
void progress_clear(void);
void progress_end(void);

/* ---- read.c: files of any format ---- */

enum { FORMAT_AUTO, FORMAT_FMUTA6, FORMAT_DBOPEN, FORMAT_JSONL };

struct read_options {
	int format;
	harmony_fmuta6_options fmuta6;
	harmony_dbopen_options dbopen;
};

struct read_result {
	int format;                     /* what it was */
	harmony_fmuta6_summary summary; /* of FORMAT_FMUTA6 */
	uint64_t bytes;                 /* after inflating */
	uint64_t records, rejected;     /* good ones; ones with failures, or lost altogether */
	uint64_t notes, warnings, failures;
};

struct read_hooks {
	harmony_record_fn record;
	harmony_diagnostic_fn diagnostic;
	void *user;
};

/* Fills in the defaults and takes --from and every --set. */
int read_options_set(struct program *p, struct read_options *options, const struct arguments *a);
/* Reads one file to its end. Only what ends the reading is an error; `result` counts
   the rest. */
harmony_status read_file(struct program *p, struct read_result *result, const char *path,
			 const struct read_options *options, const struct read_hooks *hooks,
			 harmony_error *error);
/* What may be named on the command line by KEY=VALUE: fmuta6.* and dbopen.* together. */
int setting_apply(struct read_options *options, const char *key, const char *value,
		  harmony_error *error);
/* 1 when the file holds relations, which go before entries; 0 also when unknown. */
int holds_relations(struct program *p, const char *path);
const char *delimiter_word(char delimiter, char buffer[2]);

/* ---- run.c: what a run came to ---- */

/* Its members, into an object that is open. */
void run_json(struct json *json, const harmony_run *run);
/* Prints a run that was just made, and what failed in it. Returns the exit status. */
int run_report(struct program *p, harmony_sync *sync, const harmony_run *run);
/* "12 records: 9 booked, 3 rejected". */
const char *run_counts(char buffer[160], const harmony_run *run);
bool parse_number(int64_t *out, const char *text);

/* Reading finds everything that is wrong with a record; a listing has the first of it, and these
   find the rest: harmony_sync_record with about_record, and a callback that begins with is_more. */
struct about {
	struct program *p;
	int64_t id;
	uint64_t line;
	char file[256], identifier[HARMONY_KEY_SIZE];
	char code[32], field[48]; /* of the reason in the listing */
};
harmony_status about_record(const harmony_record_state *record, void *user);
/* Whether a record is rejected as it was received, and may have more reasons. */
bool has_more(const harmony_record_state *record);
/* Whether this event is another one. */
bool is_more(const struct about *a, const harmony_event *event);

/* ---- the commands ---- */

int check_run(struct program *p, const struct arguments *a);
int convert_run(struct program *p, const struct arguments *a);
int export_run(struct program *p, const struct arguments *a);
int import_run(struct program *p, const struct arguments *a);
int login_run(struct program *p, const struct arguments *a);
int test_run(struct program *p, const struct arguments *a);
int history_run(struct program *p, const struct arguments *a);
int show_run(struct program *p, const struct arguments *a);
int edit_run(struct program *p, const struct arguments *a);
int reoffer_run(struct program *p, const struct arguments *a);
int status_run(struct program *p, const struct arguments *a);
int serve_run(struct program *p, const struct arguments *a);
int init_run(struct program *p, const struct arguments *a);
int rekey_run(struct program *p, const struct arguments *a);
int help_run(struct program *p, const struct arguments *a);

#endif
