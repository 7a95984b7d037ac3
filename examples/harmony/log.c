/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "service.h"

/* The log of the service: one line an event, for people or for programs. */

static struct {
	pthread_mutex_t lock;
	int format, level;
} log_state = {PTHREAD_MUTEX_INITIALIZER, LOG_TEXT, HARMONY_LOG_INFO};

static const char *const levels[] = {"error", "warning", "info", "debug"};

/* ---- a line ---- */

/* 2026-11-25T14:01:31.123Z */
static const char *stamp(char buffer[TIME_SIZE], int64_t now)
{
	rfc3339(buffer, now);
	size_t len = strlen(buffer);
	snprintf(buffer + (len ? len - 1 : 0), TIME_SIZE - len, ".%03dZ", (int)(now % 1000));
	return buffer;
}

void log_begin(struct log_line *line, int level, const char *event)
{
	char time[TIME_SIZE];
	line->on = level <= log_state.level;
	if (!line->on)
		return;
	pthread_mutex_lock(&log_state.lock); /* a line is one write, unless it is very long */
	line->out =
	    (struct out){.data = line->data, .size = sizeof(line->data), .fd = STDERR_FILENO};
	line->json = (struct json){.out = &line->out};
	stamp(time, now_wall());
	if (log_state.format == LOG_JSON) {
		json_object(&line->json, NULL);
		json_text(&line->json, "time", time);
		json_text(&line->json, "level", levels[level & 3]);
		json_text(&line->json, "event", event);
	} else {
		out_format(&line->out, "%s %s %s", time, levels[level & 3], event);
	}
}

static bool plain(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text <= 0x20 || *text == 0x7f || strchr("\"\\=", *text))
			return false;
	return true;
}

void log_text(struct log_line *line, const char *key, const char *value)
{
	if (!line->on || !value || !*value)
		return;
	if (line->json.depth > 0) {
		json_text(&line->json, key, value);
		return;
	}
	out_format(&line->out, " %s=", key);
	struct json bare = {.out = &line->out}; /* the quoting of JSON serves text as well */
	if (plain(value))
		out_text(&line->out, value);
	else
		json_text(&bare, NULL, value);
}

void log_number(struct log_line *line, const char *key, int64_t value)
{
	if (!line->on || value == 0)
		return;
	if (line->json.depth > 0)
		json_number(&line->json, key, value);
	else
		out_format(&line->out, " %s=%lld", key, (long long)value);
}

static void finish(struct log_line *line, const char *message)
{
	log_text(line, "message", message);
	json_unwind(&line->json, 0);
	out_text(&line->out, "\n");
	out_flush(&line->out);
	pthread_mutex_unlock(&log_state.lock);
}

void log_end(struct log_line *line, const char *format, ...)
{
	char message[2048];
	va_list args;
	if (!line->on)
		return;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	finish(line, message);
}

void log_say(int level, const char *event, const char *format, ...)
{
	struct log_line line;
	char message[2048];
	va_list args;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	log_begin(&line, level, event);
	if (line.on)
		finish(&line, message);
}

/* ---- what comes from elsewhere ---- */

void log_library(int level, const char *message, void *user)
{
	log_say(level, "library", "%s", message);
}

static void on_say(const char *file, uint64_t number, uint32_t column, const char *severity,
		   const char *message, const char *code)
{
	struct log_line line;
	log_begin(&line,
		  strcmp(severity, "error") == 0     ? HARMONY_LOG_ERROR
		  : strcmp(severity, "warning") == 0 ? HARMONY_LOG_WARNING
						     : HARMONY_LOG_INFO,
		  "program");
	log_text(&line, "file", file);
	log_number(&line, "line", (int64_t)number);
	log_number(&line, "column", column);
	log_text(&line, "code", code);
	log_end(&line, "%s", message);
}

void log_format(int format)
{
	pthread_mutex_lock(&log_state.lock);
	log_state.format = format;
	pthread_mutex_unlock(&log_state.lock);
}

void log_open(int format, int level)
{
	log_state.format = format;
	log_state.level = level;
	say_through(on_say);
}
