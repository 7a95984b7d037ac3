/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "connectors/multivers/multivers.h"

#define RACES 4 /* that another program's numbers may come between ours */

static const char *resource_of(harmony_kind kind)
{
	return kind == HARMONY_MEMORIAL        ? "FinTrans"
	       : kind == HARMONY_SALES_INVOICE ? "CustomerInvoice"
					       : "SupplierInvoice";
}

/* ---- the stop ------------------------------------------------------------------------------- */

/* What was booked with another total than was meant is booked so again and again, until a
   setting changes: nothing of that kind is sent until then, in no run. */

/* The kinds, and the settings that they were stopped under. */
static void stop_text(harmony__buf *text, const multivers *m)
{
	static const char *const keys[] = {"sales_lines", "credit_notes", "credit_total", "vat",
					   "totals"};

	harmony__buf_printf(text, "%u", (unsigned)m->stopped);
	for (size_t i = 0; i < HARMONY__COUNT(keys); i++)
		harmony__buf_printf(text, " %s", harmony__frame_setting(&m->frame, keys[i]));
}

static harmony_status load_stop(multivers *m, harmony_error *error)
{
	const harmony_host *host = m->frame.host;
	char then[256];
	size_t len = sizeof(then) - 1;
	harmony__cursor cursor;
	harmony__buf now;
	uint64_t kinds = 0;
	harmony_status status = host->memo_load(then, &len, "stopped", host->user, NULL);

	if (status != HARMONY_OK && status != HARMONY_NOTFOUND)
		return harmony_error_set(error, status, NULL,
					 "the kinds that were stopped cannot be read");
	m->stopped_known = true;
	if (status == HARMONY_NOTFOUND)
		return HARMONY_OK;
	cursor = harmony__cursor_over(then, len);
	harmony__cursor_digits(&cursor, 10, &kinds);
	m->stopped = (uint32_t)kinds;
	harmony__buf_init(&now, m->frame.context, sizeof(then));
	stop_text(&now, m);
	status = harmony__buf_check(&now, "the kinds that were stopped", error);
	if (status == HARMONY_OK && kinds && (now.len != len || memcmp(now.data, then, len) != 0)) {
		m->stopped = 0; /* and so it stays when the setting is put back */
		status = host->memo_save("stopped", "0", 1, host->user, error);
	}
	m->stopped_known = status == HARMONY_OK;
	harmony__buf_free(&now);
	return status;
}

harmony_status multivers_stop(multivers *m, harmony_kind kind, harmony_error *error)
{
	const harmony_host *host = m->frame.host;
	harmony__buf text;
	harmony_status status = m->stopped_known || m->go_on ? HARMONY_OK : load_stop(m, error);

	if (status != HARMONY_OK || m->go_on)
		return status;
	m->stopped |= HARMONY_BIT(kind);
	harmony__buf_init(&text, m->frame.context, 256);
	stop_text(&text, m);
	status = harmony__buf_check(&text, "the kinds that were stopped", error);
	if (status == HARMONY_OK)
		status = host->memo_save("stopped", text.data, text.len, host->user, error);
	harmony__buf_free(&text);
	return status;
}

/* Whether the kind waits; the verdict says why. */
static harmony_status is_stopped(bool *yes, multivers *m, harmony_kind kind,
				 harmony_verdict *verdict, harmony_error *error)
{
	harmony_status status = m->stopped_known ? HARMONY_OK : load_stop(m, error);

	*yes = status == HARMONY_OK && (m->stopped & HARMONY_BIT(kind)) != 0;
	if (*yes)
		harmony_verdict_set(
		    verdict, HARMONY_OUTCOME_WAITING, "booked_differs", "total",
		    "not sent: Multivers booked a %s before this one with another total than was "
		    "meant. Check `sales_lines`, `credit_notes`, `credit_total` and `vat` on it; "
		    "when one of them is changed, this one is offered. With totals = report it is "
		    "sent all the same",
		    harmony_kind_word(kind));
	return status;
}

/* ---- what was booked
 * ------------------------------------------------------------------------------ */

static void where_booked(harmony__buf *where, const multivers *m, const harmony_record *record,
			 const multivers_entry *e)
{
	if (e->kind == HARMONY_MEMORIAL)
		multivers_transaction_path(where, m, e->year, e->journal, e->number);
	else
		multivers_invoice_path(where, m, record);
}

/* A payment condition may move the due date without a word. */
static void compare_due_date(const multivers *m, const harmony_record *record,
			     const harmony__json *booked)
{
	harmony_date want, is;
	char name[HARMONY_KEY_SIZE], text[11];

	if (harmony_record_get_date(&want, record, HARMONY_HEADER, HARMONY_FIELD_DUE_DATE) !=
		HARMONY_OK ||
	    !multivers_date(&is, harmony__json_get(booked, "invoiceExpirationDate")) ||
	    harmony_date_to_days(is) == harmony_date_to_days(want))
		return;
	harmony_record_identifier(name, record);
	harmony_date_format(text, is);
	harmony__log(m->frame.context, HARMONY_LOG_WARNING,
		     "%s is due on %s at Multivers, where another day was meant: the payment "
		     "condition of the relation overrides it",
		     name, text);
}

/* The answer to a booking, fetched where there was none, against what was meant. */
static harmony_status check_booked(multivers *m, const harmony_record *record, const char *where,
				   const harmony__json *root, harmony_verdict *verdict,
				   harmony_error *error)
{
	harmony_error why = HARMONY_ERROR_INIT;
	harmony__arena arena;
	bool total = false;
	harmony_status status = HARMONY_OK;

	harmony__arena_init(&arena, m->frame.context, HARMONY__TREE_LIMIT);
	if (!root)
		status = multivers_get(m, where, resource_of(harmony_record_kind(record)), &arena,
				       &root, &why);
	if (status == HARMONY_OK && root)
		status = multivers_compare(m, record, root, &total, verdict, &why);
	if (status == HARMONY_OK && root) {
		compare_due_date(m, record, root);
		harmony__copy_text(m->compared, sizeof(m->compared), where, strlen(where));
	} else {
		harmony_verdict_set(verdict, HARMONY_OUTCOME_IN_DOUBT, "in_doubt", "",
				    "Multivers took it, and what it booked is not known%s%s; it is "
				    "looked up",
				    why.message[0] ? ": " : "", why.message);
	}
	harmony__copy_text(verdict->remote_id, sizeof(verdict->remote_id), where, strlen(where));
	harmony__arena_free(&arena);
	return total ? multivers_stop(m, harmony_record_kind(record), error) : HARMONY_OK;
}

/* ---- one sending --------------------------------------------------------------------------------
 */

typedef struct sending {
	multivers *m;
	const harmony_record *record;
	multivers_entry entry;
	harmony__buf body, where;
	harmony__arena arena;
	bool again;     /* under a number that may have been used for it before */
	bool lost_race; /* the number is another's */
	harmony_verdict *verdict;
	harmony_error *error;
} sending;

static bool is_about(const multivers_message *message, const char *name)
{
	const char *last = strrchr(message->path, '/');

	return message->error && harmony__equal_nocase(last ? last + 1 : message->path, name);
}

/* Whether a refusal can mean that it is there already. */
static bool look_first(const sending *s, const multivers_message *message, bool unsure)
{
	if (is_about(message, "journalTransaction") && !unsure)
		return s->again;
	return unsure || strcmp(s->verdict->code, "duplicate") == 0;
}

/* After a refusal that may be none: what is there counts, else the refusal stands. */
static harmony_status look_up(sending *s)
{
	harmony_verdict found = HARMONY_VERDICT_INIT;
	harmony_status status = multivers_find(s->m, s->record, &found, s->error);

	if (status != HARMONY_OK)
		harmony__unclear(&s->m->frame, s->verdict);
	if (status != HARMONY_OK || found.outcome == HARMONY_OUTCOME_ABSENT)
		return status;
	if (found.outcome == HARMONY_OUTCOME_DIFFERS && strcmp(s->verdict->code, "duplicate") == 0)
		return HARMONY_OK;
	harmony__copy_text(found.vendor, sizeof(found.vendor), s->verdict->vendor,
			   strlen(s->verdict->vendor));
	*s->verdict = found;
	return HARMONY_OK;
}

static harmony_status send_once(sending *s)
{
	multivers *m = s->m;
	harmony_kind kind = harmony_record_kind(s->record);
	const harmony__json *root;
	multivers_message message;
	bool unsure;
	harmony_status status =
	    multivers_send(m, "POST", resource_of(kind), resource_of(kind), &s->body, &s->arena,
			   &root, s->record, &message, &unsure, s->verdict, s->error);

	if (status != HARMONY_OK)
		return status;
	if (s->verdict->outcome == HARMONY_OUTCOME_BOOKED)
		return check_booked(m, s->record, s->where.data, root, s->verdict, s->error);
	if (s->verdict->outcome != HARMONY_OUTCOME_REJECTED)
		return HARMONY_OK;
	if (look_first(s, &message, unsure))
		status = look_up(s);
	s->lost_race = status == HARMONY_OK && s->verdict->outcome == HARMONY_OUTCOME_REJECTED &&
		       is_about(&message, "journalTransaction");
	return status;
}

/* The body under the number that is reserved for it. */
static harmony_status number_it(sending *s)
{
	multivers_entry *e = &s->entry;
	int64_t number;
	harmony_status status =
	    multivers_reserve(&number, &s->again, s->m, s->record, e->year, e->journal, s->error);

	if (status == HARMONY_LIMIT) {
		harmony_verdict_set(s->verdict, HARMONY_OUTCOME_REJECTED, "vendor", "journal",
				    "journal '%s' of Multivers gives no number for another "
				    "transaction in %" PRId64
				    ": it can have 9999 a year; map to another journal",
				    e->journal, e->year);
		return HARMONY_OK;
	}
	if (status != HARMONY_OK)
		return status;
	harmony__buf_clear(&s->body);
	harmony__buf_clear(&s->where);
	status =
	    multivers_entry_body(e, s->m, s->record, number, false, &s->body, s->verdict, s->error);
	where_booked(&s->where, s->m, s->record, e);
	return status == HARMONY_OK ? harmony__buf_check(&s->where, "an address", s->error)
				    : status;
}

/* The number is settled when the end is known. */
static harmony_status settle(sending *s)
{
	switch (s->verdict->outcome) {
	case HARMONY_OUTCOME_BOOKED:
	case HARMONY_OUTCOME_DIFFERS:
		multivers_used(s->m, s->record);
		return HARMONY_OK;
	case HARMONY_OUTCOME_REJECTED:
		return multivers_release(s->m, s->record, s->lost_race, s->error);
	default:
		return HARMONY_OK;
	}
}

static harmony_status race(sending *s)
{
	harmony_status status = HARMONY_OK;

	for (int tries = 0; tries < RACES; tries++) {
		harmony_verdict_set(s->verdict, HARMONY_OUTCOME_NONE, NULL, NULL, "%s", "");
		s->lost_race = false;
		status = number_it(s);
		if (status == HARMONY_OK && s->verdict->outcome == HARMONY_OUTCOME_NONE)
			status = send_once(s);
		if (status == HARMONY_OK)
			status = settle(s);
		if (status != HARMONY_OK || !s->lost_race)
			return status;
	}
	harmony_verdict_set(s->verdict, HARMONY_OUTCOME_WAITING, "network", "journal",
			    "each number that Multivers gave for journal '%s' was taken by "
			    "another before this came; it is offered again by itself",
			    s->entry.journal);
	return HARMONY_OK;
}

harmony_status multivers_offer_entry(multivers *m, const harmony_record *record,
				     harmony_verdict *verdict, harmony_error *error)
{
	sending s = {.m = m, .record = record, .verdict = verdict, .error = error};
	bool stopped;
	harmony_status status =
	    is_stopped(&stopped, m, harmony_record_kind(record), verdict, error);

	if (status != HARMONY_OK || stopped)
		return status;
	m->compared[0] = '\0';
	harmony__arena_init(&s.arena, m->frame.context, HARMONY__TREE_LIMIT);
	harmony__buf_init(&s.body, m->frame.context, HARMONY_MAX_ENTRY);
	harmony__buf_init(&s.where, m->frame.context, 1024);
	/* Everything but the number first: what is wrong needs none. */
	status = multivers_entry_body(&s.entry, m, record, 0, false, &s.body, verdict, error);
	if (status == HARMONY_OK && verdict->outcome == HARMONY_OUTCOME_NONE)
		status = race(&s);
	harmony__buf_free(&s.where);
	harmony__buf_free(&s.body);
	harmony__arena_free(&s.arena);
	return status;
}

harmony_status multivers_preview_entry(multivers *m, const harmony_record *record,
				       harmony__buf *out, harmony_verdict *verdict,
				       harmony_error *error)
{
	multivers_entry e;
	harmony__buf body, path;
	int64_t number = 0;
	bool first = false;
	harmony_status status;

	harmony__buf_init(&body, m->frame.context, HARMONY_MAX_ENTRY);
	harmony__buf_init(&path, m->frame.context, 1024);
	status = multivers_entry_body(&e, m, record, 0, true, &body, verdict, error);
	if (status != HARMONY_OK || verdict->outcome != HARMONY_OUTCOME_NONE)
		goto done;
	status = multivers_guess(&number, &first, m, e.year, e.journal, error);
	harmony__buf_clear(&body);
	if (status == HARMONY_OK)
		status = multivers_entry_body(&e, m, record, number, true, &body, verdict, error);
	if (status != HARMONY_OK || verdict->outcome != HARMONY_OUTCOME_NONE)
		goto done;
	multivers_next_path(&path, e.year, e.journal);
	if (first) {
		harmony__buf_str(out, "POST ");
		multivers_address(out, m, path.data ? path.data : "");
		harmony__buf_str(out, "\n\n");
	}
	harmony__buf_str(out, "POST ");
	multivers_address(out, m, resource_of(e.kind));
	harmony__buf_printf(out, "\n%s\n", body.data);
	status = harmony__buf_check(&path, "a request", error);
done:
	harmony__buf_free(&path);
	harmony__buf_free(&body);
	return status;
}
