/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "connectors/multivers/multivers.h"

/* A memorial whose transaction number nobody remembers, since the store is new: the transactions
   of its journal and day are looked at one by one. What Multivers holds names it, and its content
   proves it. That the list has memorials is not verified, so that it is believed only where it
   has something, or the journal says that there is nothing. */

#define MAX_OF_A_DAY 500

typedef struct day_search {
	multivers *m;
	const harmony_record *record;
	harmony_date date;
	int64_t year;
	char journal[16];
	size_t rows;  /* that the journal has */
	size_t count; /* that are of the day */
	int64_t numbers[MAX_OF_A_DAY];
	bool unclear; /* one holds the same, and is not called as ours */
	bool done;    /* the verdict is ours */
} day_search;

static harmony_status take_row(const harmony__json *row, void *user)
{
	day_search *s = user;
	harmony_date date;
	int64_t number;

	s->rows++;
	if (harmony__json_whole(&number, harmony__json_get(row, "transactionId")) != HARMONY_OK ||
	    (multivers_date(&date, harmony__json_get(row, "transactionDate")) &&
	     harmony_date_to_days(date) != harmony_date_to_days(s->date)))
		return HARMONY_OK;
	if (s->count < MAX_OF_A_DAY)
		s->numbers[s->count] = number;
	s->count++;
	return HARMONY_OK;
}

/* Year and journal as an offer would have them; false: it could not be booked as it is. */
static harmony_status prepare(bool *known, day_search *s, harmony_error *error)
{
	harmony_verdict verdict = HARMONY_VERDICT_INIT;
	multivers_entry e;
	harmony__buf body;
	harmony_status status;

	harmony__buf_init(&body, s->m->frame.context, HARMONY_MAX_ENTRY);
	status = multivers_entry_body(&e, s->m, s->record, 0, true, &body, &verdict, error);
	harmony__buf_free(&body);
	*known = status == HARMONY_OK && e.journal &&
		 harmony_record_get_date(&s->date, s->record, HARMONY_HEADER, HARMONY_FIELD_DATE) ==
		     HARMONY_OK;
	if (!*known)
		return status;
	s->year = e.year;
	harmony__copy_text(s->journal, sizeof(s->journal), e.journal, strlen(e.journal));
	return status;
}

static harmony_status list_journal(bool *listed, day_search *s, harmony_error *error)
{
	harmony_error mine = HARMONY_ERROR_INIT;
	harmony__buf path;
	harmony_status status;

	harmony__buf_init(&path, s->m->frame.context, 256);
	harmony__buf_str(&path, "JournalTransactionInfoList/");
	multivers_segment(&path, s->journal, s->m->plain_escape);
	harmony__buf_printf(&path, "/%" PRId64, s->year);
	status = harmony__buf_check(&path, "a request", &mine);
	if (status == HARMONY_OK)
		status = multivers_list(s->m, path.data, "TransactionId", "transactions", NULL,
					take_row, s, &mine);
	harmony__buf_free(&path);
	*listed = status == HARMONY_OK;
	if (status == HARMONY_REJECTED) /* this Multivers has no such list */
		return HARMONY_OK;
	if (status != HARMONY_OK)
		harmony__error_give(error, &mine);
	return status;
}

/* An empty list is believed where the journal was never booked in. */
static harmony_status is_whole(bool *whole, day_search *s, harmony_error *error)
{
	const multivers_thing *journal = NULL;
	harmony_status status = HARMONY_OK;

	if (s->rows == 0)
		status = multivers_find_in_year(&journal, s->m, MULTIVERS_JOURNALS, s->year,
						s->journal, error);
	*whole = s->count <= MAX_OF_A_DAY && (s->rows > 0 || (journal && journal->last == 0));
	return status;
}

static harmony_status look_at(day_search *s, int64_t number, harmony_verdict *verdict,
			      harmony_error *error)
{
	const harmony__json *root = NULL;
	harmony__arena arena;
	harmony__buf path;
	harmony_status status;

	harmony__arena_init(&arena, s->m->frame.context, HARMONY__TREE_LIMIT);
	harmony__buf_init(&path, s->m->frame.context, 256);
	multivers_transaction_path(&path, s->m, s->year, s->journal, number);
	status = harmony__buf_check(&path, "a request", error);
	if (status == HARMONY_OK)
		status = multivers_get(s->m, path.data, "a booking", &arena, &root, error);
	if (status == HARMONY_OK && root && root->type == HARMONY__JSON_OBJECT)
		status = multivers_judge_found(&s->done, &s->unclear, s->m, s->record, path.data,
					       root, verdict, error);
	harmony__buf_free(&path);
	harmony__arena_free(&arena);
	return status;
}

harmony_status multivers_search(bool *known, multivers *m, const harmony_record *record,
				harmony_verdict *verdict, harmony_error *error)
{
	day_search s = {.m = m, .record = record};
	harmony_status status = prepare(known, &s, error);

	if (status == HARMONY_OK && *known)
		status = list_journal(known, &s, error);
	if (status == HARMONY_OK && *known)
		status = is_whole(known, &s, error);
	for (size_t i = 0; status == HARMONY_OK && *known && !s.done && i < s.count; i++)
		status = look_at(&s, s.numbers[i], verdict, error);
	if (status != HARMONY_OK || !*known || s.done)
		return status;
	*known = !s.unclear;
	harmony_verdict_set(verdict, HARMONY_OUTCOME_ABSENT, NULL, NULL, "%s", "");
	return HARMONY_OK;
}
