/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "program.h"

/* One line on a terminal for work that lasts longer than a second. */

#define FIRST_AFTER 1000 /* milliseconds */
#define AGAIN_AFTER 200

static struct {
	bool wanted, shown;
	char what[256];
	int64_t begun, drawn;
} line;

static int64_t now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void progress_begin(const struct program *p, const char *what)
{
	line.wanted = !p->quiet && !p->as_json && isatty(STDERR_FILENO);
	line.shown = false;
	snprintf(line.what, sizeof(line.what), "%s", what);
	line.begun = line.drawn = now();
}

static const char *size_text(char *buffer, size_t size, uint64_t bytes)
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
	size_t unit = 0;
	uint64_t tenths = bytes * 10;
	while (tenths >= 10000 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		tenths /= 1000;
		unit++;
	}
	if (unit == 0 || tenths >= 1000)
		snprintf(buffer, size, "%llu %s", (unsigned long long)(tenths / 10), units[unit]);
	else
		snprintf(buffer, size, "%llu.%llu %s", (unsigned long long)(tenths / 10),
			 (unsigned long long)(tenths % 10), units[unit]);
	return buffer;
}

static const char *left_text(char *buffer, size_t size, uint64_t seconds)
{
	if (seconds >= 3600)
		snprintf(buffer, size, "%llu h %02llu min left",
			 (unsigned long long)(seconds / 3600),
			 (unsigned long long)(seconds % 3600 / 60));
	else if (seconds >= 60)
		snprintf(buffer, size, "%llu min %02llu s left", (unsigned long long)(seconds / 60),
			 (unsigned long long)(seconds % 60));
	else
		snprintf(buffer, size, "%llu s left", (unsigned long long)seconds);
	return buffer;
}

static size_t terminal_width(void)
{
	struct winsize window;
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 1)
		return window.ws_col;
	return 80;
}

/* "12 MB", or "12 records". */
static const char *amount_text(char *buffer, size_t size, uint64_t count, const char *unit)
{
	if (!unit)
		return size_text(buffer, size, count);
	snprintf(buffer, size, "%llu %s", (unsigned long long)count, unit);
	return buffer;
}

static void draw(uint64_t done, uint64_t total, const char *unit, int64_t elapsed)
{
	char text[512], a[48], b[48], c[48], d[48];
	uint64_t rate = done * 1000 / (uint64_t)(elapsed > 0 ? elapsed : 1);
	if (total >= done && total > 0)
		snprintf(text, sizeof(text), "%s: %s of %s, %u%%, %s/s, %s", line.what,
			 amount_text(a, sizeof(a), done, unit),
			 amount_text(b, sizeof(b), total, unit), (unsigned)(done * 100 / total),
			 amount_text(c, sizeof(c), rate, unit),
			 left_text(d, sizeof(d), rate ? (total - done + rate - 1) / rate : 0));
	else
		snprintf(text, sizeof(text), "%s: %s, %s/s", line.what,
			 amount_text(a, sizeof(a), done, unit),
			 amount_text(c, sizeof(c), rate, unit));
	fprintf(stderr, "\r\033[K%.*s", (int)(terminal_width() - 1), text);
	fflush(stderr);
	line.shown = true;
}

void progress_update(uint64_t done, uint64_t total, const char *unit)
{
	if (!line.wanted)
		return;
	int64_t at = now();
	if (at - line.begun < FIRST_AFTER || at - line.drawn < AGAIN_AFTER)
		return;
	line.drawn = at;
	draw(done, total, unit, at - line.begun);
}

void progress_clear(void)
{
	if (line.shown) {
		fputs("\r\033[K", stderr);
		fflush(stderr);
	}
	line.shown = false;
}

void progress_end(void)
{
	progress_clear();
	line.wanted = false;
}
