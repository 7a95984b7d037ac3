/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "connectors/multivers/multivers.h"

/* Multivers wants the transaction number with the entry. It is asked for, and made durable with
   the record that it is for before anything is sent: whoever is in doubt is looked up under that
   number, and sent with it again, so that the second of two would be refused. */

#define MEMO        "transactions"
#define MAX_MEMO    65536u
#define KEEP        64 /* whose end is known; for a crash before the store knew */
#define MAX_ENTRIES 400
#define MAX_NUMBER  9999
#define KEY_SIZE    33
#define COMMAND     "GetNextJournalTransactionCommand"

/* One line of the memo: KEY YEAR NUMBER STATE JOURNAL. */
typedef struct reserved {
	char key[KEY_SIZE];
	int64_t year, number;
	char state;       /* 's' sent or to be sent, 'u' used */
	char journal[16]; /* may hold blanks */
} reserved;

/* The record's name, in short. */
static void key_of(char key[KEY_SIZE], const harmony_record *record)
{
	char text[HARMONY_KEY_SIZE];
	uint8_t hash[HARMONY_HASH_SIZE];
	harmony__sha256 sha;

	harmony__lasting_name(text, record);
	harmony__sha256_init(&sha);
	harmony__sha256_add(&sha, text, strlen(text));
	harmony__sha256_end(&sha, hash);
	harmony__hex(key, hash, (KEY_SIZE - 1) / 2);
}

/* ---- the memo ---------------------------------------------------------------------------------
 */

/* The next line; false at the end, or at one that is none. */
static bool read_line(reserved *out, harmony__cursor *cursor)
{
	const char *text;
	size_t len;
	harmony__cursor line;
	uint64_t year, number;

	memset(out, 0, sizeof(*out));
	harmony__cursor_until(cursor, '\n', &text, &len);
	line = harmony__cursor_over(text, len);
	harmony__cursor_until(&line, ' ', &text, &len);
	if (len != KEY_SIZE - 1)
		return false;
	memcpy(out->key, text, len);
	if (harmony__cursor_digits(&line, 4, &year) == 0 || !harmony__cursor_char(&line, ' ') ||
	    harmony__cursor_digits(&line, 5, &number) == 0 || !harmony__cursor_char(&line, ' ') ||
	    harmony__cursor_done(&line))
		return false;
	out->year = (int64_t)year;
	out->number = (int64_t)number;
	out->state = *line.at++;
	if (!harmony__cursor_char(&line, ' '))
		return false;
	harmony__copy_text(out->journal, sizeof(out->journal), line.at,
			   (size_t)(line.end - line.at));
	return true;
}

static void write_line(harmony__buf *to, const reserved *r)
{
	harmony__buf_printf(to, "%s %" PRId64 " %" PRId64 " %c %s\n", r->key, r->year, r->number,
			    r->state, r->journal);
}

static harmony__cursor lines_of(const multivers *m)
{
	return harmony__cursor_over(m->numbers.data ? m->numbers.data : "", m->numbers.len);
}

static harmony_status load_numbers(multivers *m, harmony_error *error)
{
	const harmony_host *host = m->frame.host;
	size_t len = MAX_MEMO;
	char *data;
	harmony_status status;

	if (m->numbers_known)
		return HARMONY_OK;
	data = harmony__alloc(m->frame.context, MAX_MEMO);
	if (!data)
		return harmony__nomem(error);
	harmony__buf_init(&m->numbers, m->frame.context, MAX_MEMO);
	status = host->memo_load(data, &len, MEMO, host->user, NULL);
	if (status == HARMONY_OK)
		status = harmony__buf_add(&m->numbers, data, len);
	else if (status == HARMONY_NOTFOUND)
		status = HARMONY_OK;
	harmony__free(m->frame.context, data);
	m->numbers_known = status == HARMONY_OK;
	return status == HARMONY_OK
		   ? status
		   : harmony_error_set(error, status, NULL,
				       "the reserved transaction numbers cannot be read");
}

static bool find(reserved *out, const multivers *m, const char *key)
{
	harmony__cursor cursor = lines_of(m);

	while (!harmony__cursor_done(&cursor))
		if (read_line(out, &cursor) && strcmp(out->key, key) == 0)
			return true;
	return false;
}

static void count_lines(size_t counts[2], const multivers *m)
{
	harmony__cursor cursor = lines_of(m);
	reserved r;

	counts[0] = counts[1] = 0;
	while (!harmony__cursor_done(&cursor))
		if (read_line(&r, &cursor))
			counts[r.state == 'u']++;
}

/* Writes the lines anew without that of `key`, without the oldest that are more than needed,
   and with `add` (may be NULL) behind them; durable when `save`. */
static harmony_status rewrite(multivers *m, const char *key, const reserved *add, bool save,
			      harmony_error *error)
{
	const harmony_host *host = m->frame.host;
	harmony__cursor cursor = lines_of(m);
	size_t counts[2];
	harmony__buf made;
	reserved r;
	harmony_status status;

	count_lines(counts, m);
	harmony__buf_init(&made, m->frame.context, MAX_MEMO);
	while (!harmony__cursor_done(&cursor)) {
		if (!read_line(&r, &cursor) || strcmp(r.key, key) == 0)
			continue;
		if (counts[r.state == 'u'] > (r.state == 'u' ? KEEP : MAX_ENTRIES))
			counts[r.state == 'u']--;
		else
			write_line(&made, &r);
	}
	if (add)
		write_line(&made, add);
	status = harmony__buf_check(&made, "the reserved transaction numbers", error);
	if (status == HARMONY_OK && save)
		status =
		    host->memo_save(MEMO, made.data ? made.data : "", made.len, host->user, error);
	if (status == HARMONY_OK) {
		harmony__buf_free(&m->numbers);
		m->numbers = made;
	} else {
		harmony__buf_free(&made);
	}
	return status;
}

/* ---- counting
 * ------------------------------------------------------------------------------------ */

void multivers_next_path(harmony__buf *path, int64_t year, const char *journal)
{
	harmony__buf_printf(path, COMMAND "?fiscalYear=%" PRId64 "&journalId=", year);
	harmony__http_escape(path, journal, strlen(journal));
}

static multivers_counter *counter_of(multivers *m, int64_t year, const char *journal)
{
	multivers_counter *at = m->counters;

	for (; at < m->counters + m->counter_count; at++)
		if (at->year == year && strcmp(at->journal, journal) == 0)
			return at;
	if (m->counter_count == MULTIVERS_COUNTERS) /* the oldest is asked for anew */
		memmove(m->counters, m->counters + 1, --m->counter_count * sizeof(*at));
	at = &m->counters[m->counter_count++];
	memset(at, 0, sizeof(*at));
	at->year = year;
	harmony__copy_text(at->journal, sizeof(at->journal), journal, strlen(journal));
	return at;
}

/* Not below what is reserved for others, and may come yet. */
static void step_over(const multivers *m, multivers_counter *counter)
{
	harmony__cursor cursor = lines_of(m);
	reserved r;

	while (!harmony__cursor_done(&cursor))
		if (read_line(&r, &cursor) && r.year == counter->year &&
		    strcmp(r.journal, counter->journal) == 0 && r.state == 's' &&
		    r.number >= counter->next)
			counter->next = r.number + 1;
}

static bool is_full(const multivers_message *message)
{
	return strstr(message->text, "9999") || strstr(message->path, "ournalTransaction");
}

static harmony_status ask(multivers *m, multivers_counter *counter, harmony_error *error)
{
	harmony_verdict verdict = HARMONY_VERDICT_INIT;
	const harmony__json *root = NULL;
	multivers_message message;
	harmony__arena arena;
	harmony__buf path;
	bool unsure;
	harmony_status status;

	harmony__arena_init(&arena, m->frame.context, HARMONY__TREE_LIMIT);
	harmony__buf_init(&path, m->frame.context, 256);
	multivers_next_path(&path, counter->year, counter->journal);
	status = harmony__buf_check(&path, "a request", error);
	if (status == HARMONY_OK)
		status = multivers_send(m, "POST", path.data, COMMAND, NULL, &arena, &root, NULL,
					&message, &unsure, &verdict, error);
	/* It changes nothing: whatever became of it, it can be asked again. */
	if (status == HARMONY_OK &&
	    harmony__json_whole(&counter->next,
				harmony__json_get(root, "nextJournalTransaction")) != HARMONY_OK) {
		counter->next = 0;
		status = verdict.outcome == HARMONY_OUTCOME_REJECTED && is_full(&message)
			     ? HARMONY_LIMIT
			     : harmony_error_set(error, HARMONY_RETRY, "network",
						 "Multivers did not say which transaction of "
						 "journal '%s' in %" PRId64
						 " is next (%s); it is tried again",
						 counter->journal, counter->year,
						 verdict.vendor[0] ? verdict.vendor : "no answer");
	}
	harmony__buf_free(&path);
	harmony__arena_free(&arena);
	return status;
}

/* ---- reserving ---------------------------------------------------------------------------------
 */

harmony_status multivers_reserve(int64_t *number, bool *again, multivers *m,
				 const harmony_record *record, int64_t year, const char *journal,
				 harmony_error *error)
{
	multivers_counter *counter = counter_of(m, year, journal);
	reserved r;
	char key[KEY_SIZE];
	harmony_status status = load_numbers(m, error);

	key_of(key, record);
	if (status != HARMONY_OK)
		return status;
	*again = find(&r, m, key) && r.year == year && strcmp(r.journal, journal) == 0;
	*number = r.number;
	if (*again)
		return HARMONY_OK;
	if (counter->next == 0)
		status = ask(m, counter, error);
	if (status != HARMONY_OK)
		return status;
	step_over(m, counter);
	if (counter->next > MAX_NUMBER)
		return HARMONY_LIMIT;
	memset(&r, 0, sizeof(r));
	memcpy(r.key, key, sizeof(key));
	r.year = year;
	r.number = *number = counter->next;
	r.state = 's';
	harmony__copy_text(r.journal, sizeof(r.journal), journal, strlen(journal));
	status = rewrite(m, key, &r, true, error);
	if (status == HARMONY_OK)
		counter->next++;
	return status;
}

/* Durable with the next number that is reserved. */
void multivers_used(multivers *m, const harmony_record *record)
{
	reserved r;
	char key[KEY_SIZE];

	key_of(key, record);
	if (!find(&r, m, key))
		return;
	r.state = 'u';
	(void)rewrite(m, key, &r, false, NULL);
}

harmony_status multivers_release(multivers *m, const harmony_record *record, bool taken,
				 harmony_error *error)
{
	reserved r;
	multivers_counter *counter;
	char key[KEY_SIZE];

	key_of(key, record);
	if (!find(&r, m, key))
		return HARMONY_OK;
	counter = counter_of(m, r.year, r.journal);
	if (taken)
		counter->next = 0; /* asked for anew */
	else if (counter->next == r.number + 1)
		counter->next = r.number;
	return rewrite(m, key, NULL, true, error);
}

void multivers_transaction_path(harmony__buf *path, const multivers *m, int64_t year,
				const char *journal, int64_t number)
{
	harmony__buf_printf(path, "FinTrans/%" PRId64 "/", year);
	multivers_segment(path, journal, m->plain_escape);
	harmony__buf_printf(path, "/%" PRId64, number);
}

harmony_status multivers_was_sent(bool *yes, multivers *m, const harmony_record *record,
				  const harmony__json *booked, harmony_error *error)
{
	reserved r;
	int64_t number;
	char key[KEY_SIZE];
	harmony_status status = load_numbers(m, error);

	key_of(key, record);
	*yes = status == HARMONY_OK && find(&r, m, key) &&
	       (harmony__json_whole(&number, harmony__json_get(booked, "journalTransaction")) !=
		    HARMONY_OK ||
		number == r.number);
	return status;
}

harmony_status multivers_reserved_path(harmony__buf *path, multivers *m,
				       const harmony_record *record, harmony_error *error)
{
	reserved r;
	char key[KEY_SIZE];
	harmony_status status = load_numbers(m, error);

	key_of(key, record);
	if (status != HARMONY_OK)
		return status;
	if (!find(&r, m, key))
		return HARMONY_NOTFOUND;
	multivers_transaction_path(path, m, r.year, r.journal, r.number);
	return harmony__buf_check(path, "a request", error);
}

harmony_status multivers_guess(int64_t *number, bool *first, multivers *m, int64_t year,
			       const char *journal, harmony_error *error)
{
	multivers_counter *counter = counter_of(m, year, journal);
	const multivers_thing *thing;
	harmony_status status =
	    multivers_find_in_year(&thing, m, MULTIVERS_JOURNALS, year, journal, error);

	if (status == HARMONY_OK)
		status = load_numbers(m, error);
	if (status != HARMONY_OK)
		return status;
	*first = counter->next == 0;
	if (*first)
		counter->next = (thing ? thing->last : 0) + 1;
	step_over(m, counter);
	*number = counter->next++;
	return HARMONY_OK;
}
