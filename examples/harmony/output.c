/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "program.h"

/* ---- standard output ---- */

static void write_all(struct out *out, const char *data, size_t len)
{
	while (len > 0 && !out->broken && !out->failed) {
		ssize_t done = write(out->fd, data, len);
		if (done >= 0) {
			data += done;
			len -= (size_t)done;
		} else if (errno == EPIPE) {
			out->broken = true;
		} else if (errno != EINTR) {
			out->failed = errno;
		}
	}
}

void out_flush(struct out *out)
{
	write_all(out, out->data, out->len);
	out->len = 0;
}

void out_bytes(struct out *out, const void *data, size_t len)
{
	if (len > out->size - out->len)
		out_flush(out);
	if (len > out->size) {
		write_all(out, data, len);
		return;
	}
	memcpy(out->data + out->len, data, len);
	out->len += len;
}

void out_text(struct out *out, const char *text)
{
	out_bytes(out, text, strlen(text));
}

void out_format(struct out *out, const char *format, ...)
{
	char buffer[2048];
	va_list args;
	va_start(args, format);
	int len = vsnprintf(buffer, sizeof(buffer), format, args);
	va_end(args);
	if (len > 0)
		out_bytes(out, buffer,
			  (size_t)len < sizeof(buffer) ? (size_t)len : sizeof(buffer) - 1);
}

harmony_status out_write(const void *data, size_t len, void *out)
{
	struct out *to = out;
	out_bytes(to, data, len);
	return to->broken || to->failed ? HARMONY_USER : HARMONY_OK;
}

/* ---- standard error ---- */

int exit_of(harmony_status status)
{
	static const struct {
		harmony_status status;
		int code;
	} table[] = {
	    {HARMONY_OK, EXIT_DONE},        {HARMONY_REJECTED, EXIT_REJECTED},
	    {HARMONY_INVALID, EXIT_USAGE},  {HARMONY_STATE, EXIT_USAGE},
	    {HARMONY_NOTFOUND, EXIT_USAGE}, {HARMONY_EXISTS, EXIT_USAGE},
	    {HARMONY_CONFIG, EXIT_USAGE},   {HARMONY_UNSUPPORTED, EXIT_USAGE},
	    {HARMONY_IO, EXIT_INPUT},       {HARMONY_FORMAT, EXIT_INPUT},
	    {HARMONY_LIMIT, EXIT_INPUT},    {HARMONY_RANGE, EXIT_INPUT},
	    {HARMONY_CORRUPT, EXIT_INPUT},  {HARMONY_VERSION, EXIT_INPUT},
	    {HARMONY_AUTH, EXIT_LOGIN},     {HARMONY_INDOUBT, EXIT_IN_DOUBT},
	    {HARMONY_BUSY, EXIT_BUSY},
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].status == status)
			return table[i].code;
	return EXIT_TEMPORARY; /* NOMEM, RETRY, RATE, CANCELLED */
}

int exit_of_input(harmony_status status)
{
	return status == HARMONY_NOTFOUND ? EXIT_INPUT : exit_of(status);
}

/* Input must not drive the terminal: control characters come out as \xNN. */
static void put_safe(const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		bool c1 =
		    c == 0xc2 && (unsigned char)text[1] >= 0x80 && (unsigned char)text[1] < 0xa0;
		if (c < 0x20 || c == 0x7f || c1)
			fprintf(stderr, "\\x%02x", c1 ? (unsigned char)*++text : c);
		else
			putc(c, stderr);
	}
}

static say_fn *other_way; /* of say(); NULL: standard error */

void say_through(say_fn *fn)
{
	other_way = fn;
}

void say(const char *file, uint64_t line, uint32_t column, const char *severity,
	 const char *message, const char *code)
{
	if (other_way) {
		other_way(file, line, column, severity, message, code);
		return;
	}
	progress_clear();
	flockfile(stderr);
	put_safe(file && *file ? file : "harmony");
	if (line)
		fprintf(stderr, ":%" PRIu64, line);
	if (line && column)
		fprintf(stderr, ":%" PRIu32, column);
	fprintf(stderr, ": %s: ", severity);
	put_safe(message);
	if (code && *code)
		fprintf(stderr, " [%s]", code);
	putc('\n', stderr);
	fflush(stderr); /* main buffers it, so that a line is one write */
	funlockfile(stderr);
}

void say_error(const harmony_error *error)
{
	say(error->file, error->line, error->column, "error", error->message,
	    error->code[0] ? error->code : harmony_status_word(error->status));
	if (error->vendor[0])
		say("", 0, 0, "note", error->vendor, "vendor");
}

const char *severity_word(int severity)
{
	return severity == HARMONY_FAILURE   ? "error"
	       : severity == HARMONY_WARNING ? "warning"
					     : "note";
}

const char *with_raw(char *buffer, size_t size, const char *name, const char *raw,
		     const char *message)
{
	enum { TELLING = 4 }; /* shorter ones stand in a message by chance */
	bool naming = name && *name && strncmp(message, name, strlen(name)) != 0;
	bool quoting = raw && *raw && (strlen(raw) < TELLING || !strstr(message, raw));
	snprintf(buffer, size, "%s%s%s%.200s%s%s%s", naming ? name : "",
		 naming && quoting ? " " : "", quoting ? "\"" : "", quoting ? raw : "",
		 quoting ? "\"" : "", naming || quoting ? ": " : "", message);
	return buffer;
}

void say_diagnostic(const struct program *p, const harmony_diagnostic *diagnostic, bool notes)
{
	int least = p->quiet              ? HARMONY_FAILURE
		    : notes || p->verbose ? HARMONY_NOTE
					  : HARMONY_WARNING;
	char message[1024];
	if (diagnostic->severity >= least)
		say(diagnostic->file, diagnostic->line, diagnostic->column,
		    severity_word(diagnostic->severity),
		    with_raw(message, sizeof(message), diagnostic->name, diagnostic->raw,
			     diagnostic->message),
		    harmony_code_word(diagnostic->code));
}

int fail(struct program *p, harmony_status status, const char *format, ...)
{
	char message[sizeof(p->error.message)];
	va_list args;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	harmony_error_set(&p->error, status, NULL, "%s", message);
	return exit_of(status);
}

int fail_with(struct program *p, const harmony_error *error)
{
	if (p->error.status == HARMONY_OK)
		p->error = *error;
	else if (error->status != HARMONY_OK && error != &p->error)
		say_error(error);
	return exit_of(error->status);
}

/* ---- words ---- */

static const char *time_text(char *buffer, int64_t milliseconds, bool utc, const char *format)
{
	time_t seconds = (time_t)(milliseconds / 1000);
	struct tm parts;
	if (!(utc ? gmtime_r(&seconds, &parts) : localtime_r(&seconds, &parts)) ||
	    strftime(buffer, TIME_SIZE, format, &parts) == 0)
		buffer[0] = '\0';
	return buffer;
}

const char *local_time(char *buffer, int64_t milliseconds)
{
	return milliseconds ? time_text(buffer, milliseconds, false, "%Y-%m-%d %H:%M:%S") : "-";
}

const char *rfc3339(char *buffer, int64_t milliseconds)
{
	return milliseconds ? time_text(buffer, milliseconds, true, "%Y-%m-%dT%H:%M:%SZ") : "";
}

const char *plural(char *buffer, uint64_t count, const char *one, const char *many)
{
	snprintf(buffer, TIME_SIZE, "%" PRIu64 " %s", count, count == 1 ? one : many);
	return buffer;
}

const char *money(char buffer[HARMONY_DECIMAL_SIZE], int64_t amount)
{
	harmony_decimal_format(buffer, amount, HARMONY_SCALE_AMOUNT, '.');
	return buffer;
}

/* ---- tables ---- */

void table_begin(struct table *table, const char *align, const char *const *titles)
{
	*table = (struct table){.align = align, .columns = strlen(align)};
	for (size_t i = 0; titles && i < table->columns; i++)
		table_cell(table, titles[i]);
}

void table_cell(struct table *table, const char *text)
{
	if (table->count == table->room) {
		size_t room = table->room ? 2 * table->room : 64;
		char **cells = realloc(table->cells, room * sizeof(*cells));
		if (!cells) {
			table->failed = true;
			return;
		}
		table->cells = cells;
		table->room = room;
	}
	table->cells[table->count] = strdup(text ? text : "");
	table->failed |= !table->cells[table->count];
	table->count += table->cells[table->count] != NULL;
}

void table_count(struct table *table, uint64_t value)
{
	char buffer[24];
	snprintf(buffer, sizeof(buffer), "%" PRIu64, value);
	table_cell(table, buffer);
}

/* Characters, not bytes; good enough for the languages of these files. */
static size_t width_of(const char *text)
{
	size_t width = 0;
	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

/* New lines and control characters would break the table. */
static void cell_text(struct out *out, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		out_bytes(out, c < 0x20 || c == 0x7f ? " " : text, 1);
	}
}

static void pad(struct out *out, size_t count)
{
	while (count--)
		out_bytes(out, " ", 1);
}

static void table_row(struct out *out, const struct table *table, size_t first,
		      const size_t *widths)
{
	size_t last = table->columns;
	while (last > 0 && !*table->cells[first + last - 1])
		last--; /* no trailing blanks */
	for (size_t i = 0; i < last; i++) {
		const char *text = table->cells[first + i];
		size_t space = widths[i] - width_of(text);
		if (table->align[i] == 'r')
			pad(out, space);
		cell_text(out, text);
		if (table->align[i] == 'l' && i + 1 < last)
			pad(out, space);
		if (i + 1 < last)
			out_text(out, "  ");
	}
	out_text(out, "\n");
}

void table_drop(struct table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free(table->cells[i]);
	free(table->cells);
	*table = (struct table){0};
}

void table_end(struct program *p, struct table *table)
{
	size_t widths[16] = {0};
	if (table->failed)
		fail(p, HARMONY_NOMEM, "no memory for a table of %zu cells", table->count);
	for (size_t i = 0; i < table->count; i++) {
		size_t width = width_of(table->cells[i]);
		if (width > widths[i % table->columns])
			widths[i % table->columns] = width;
	}
	for (size_t i = 0; i + table->columns <= table->count && !table->failed;
	     i += table->columns)
		table_row(&p->out, table, i, widths);
	table_drop(table);
}
