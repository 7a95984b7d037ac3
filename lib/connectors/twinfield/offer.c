/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "connectors/twinfield/twinfield.h"

/* Batches. One request has up to 25 children of a kind, and its answer a child for each: it
   is no transaction, and each child is judged by itself. Which answer is whose is told by
   its place and by what it repeats of the request; what fits nowhere is in doubt. */

#define SILENT_MOST 3 /* requests without an answer, after which Twinfield is left alone */
#define FEW         5 /* relations that are read one by one, instead of all that there are */
#define MAX_LINES 2500u /* of one request, beside the first child: bounds the answer in memory */

/* A request under construction, and what it holds. */
typedef struct batch {
	twinfield *t;
	const harmony_record *const *records;
	harmony_verdict *verdicts;
	bool parties;
	bool few; /* relations */
	size_t sent[TWINFIELD_BATCH]; /* indexes of records */
	size_t count, lines;
	unsigned silent; /* requests in a row that were not answered */
	harmony__buf inner;
	harmony__xml_writer w;
	harmony__arena arena; /* relations that were read, and then the answer */
	harmony_error *error;
} batch;

static const char *code_of(const harmony_record *record)
{
	return harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_CODE);
}

static void begin(batch *b)
{
	b->count = b->lines = 0;
	harmony__arena_reset(&b->arena);
	harmony__buf_clear(&b->inner);
	harmony__xml_begin(&b->w, &b->inner);
	harmony__xml_open(&b->w, b->parties ? "dimensions" : "transactions");
}

/* ---- which answer is whose ----------------------------------------------------------- */

static bool same_text(const harmony__xml *element, const char *text)
{
	return strcmp(harmony__xml_text(element), text) == 0;
}

/* Whether an element says what was sent; one that is not repeated says nothing. */
static bool repeats(const harmony__xml *element, const char *text, bool strict)
{
	return same_text(element, text) || (!strict && !*harmony__xml_text(element));
}

static const harmony__xml *line_of(const harmony__xml *child)
{
	return harmony__xml_get(child, "lines", "line");
}

static bool repeats_memorial(const batch *b, const harmony_record *record,
			     const harmony__xml *header, const harmony__xml *child, bool strict)
{
	const char *name = twinfield_key_element(b->t);
	char key[HARMONY__UUID_SIZE];
	int64_t value = 0, amount = twinfield_signed(record, 1, HARMONY_FIELD_AMOUNT);

	if (name) {
		const harmony__xml *found = harmony__xml_child(header, name);
		twinfield_key(key, b->t, record);
		if (found && *found->text)
			return same_text(found, key);
	}
	if (!line_of(child))
		return !strict;
	return twinfield_amount(&value, harmony__xml_text(harmony__xml_child(line_of(child),
									     "value"))) &&
	       value == (amount < 0 ? -amount : amount);
}

/* `strict`: it says so, and not only nothing else. */
static bool is_answer_to(const batch *b, const harmony_record *record, const harmony__xml *child,
			 bool strict)
{
	const harmony__xml *header = harmony__xml_child(child, "header");
	const char *journal = harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_JOURNAL);
	char day[9];

	if (b->parties)
		return repeats(harmony__xml_child(child, "code"), code_of(record), strict);
	twinfield_day(day, record);
	if (!repeats(harmony__xml_child(header, "code"),
		     harmony__mapped(&b->t->frame, "journals", journal), strict) ||
	    !repeats(harmony__xml_child(header, "date"), day, strict))
		return false;
	if (harmony_record_kind(record) == HARMONY_MEMORIAL)
		return repeats_memorial(b, record, header, child, strict);
	return repeats(harmony__xml_child(header, "invoicenumber"), twinfield_reference(record),
		       strict) &&
	       repeats(harmony__xml_child(line_of(child), "dim2"),
		       harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_PARTY), strict);
}

typedef struct answers {
	const harmony__xml *children[TWINFIELD_BATCH];
	size_t count;
} answers;

static const char *child_name(const batch *b)
{
	return b->parties ? "dimension" : "transaction";
}

/* The children; one that stands alone is its own. What is more than was sent is nobody's. */
static void take_children(answers *a, const batch *b, const harmony__xml *root)
{
	const harmony__xml *at = harmony__xml_child(root, child_name(b));

	a->count = 0;
	if (strcmp(root->name, child_name(b)) == 0)
		at = root;
	for (; at && a->count < TWINFIELD_BATCH; at = at == root ? NULL : harmony__xml_sibling(at))
		a->children[a->count++] = at;
}

/* The only child that answers this one, and nothing else that was sent. */
static const harmony__xml *by_content(const batch *b, const answers *a, size_t k)
{
	const harmony_record *record = b->records[b->sent[k]];
	const harmony__xml *found = NULL;

	for (size_t i = 0; i < a->count; i++) {
		if (!is_answer_to(b, record, a->children[i], true))
			continue;
		if (found)
			return NULL;
		found = a->children[i];
	}
	for (size_t other = 0; found && other < b->count; other++)
		if (other != k && is_answer_to(b, b->records[b->sent[other]], found, true))
			return NULL;
	return found;
}

static const harmony__xml *answer_to(const batch *b, const answers *a, size_t k)
{
	const harmony_record *record = b->records[b->sent[k]];

	if (a->count == b->count && is_answer_to(b, record, a->children[k], false))
		return a->children[k];
	return by_content(b, a, k);
}

/* ---- what became of it --------------------------------------------------------------- */

static void unclear(harmony_verdict *verdict)
{
	harmony_verdict_set(verdict, HARMONY_OUTCOME_IN_DOUBT, "in_doubt", "",
			    "Twinfield answered the request, and does not say clearly what became "
			    "of this record; it is looked up before it is offered again");
}

/* Whether another record of this request was booked under that id. */
static bool is_taken(const batch *b, const char *id)
{
	for (size_t k = 0; k < b->count; k++)
		if (strcmp(b->verdicts[b->sent[k]].remote_id, id) == 0)
			return true;
	return false;
}

/* The number may be there by an attempt whose answer was lost, or by somebody else. */
static harmony_status look_at_double(batch *b, const harmony_record *record,
				     harmony_verdict *verdict)
{
	harmony_verdict seen = HARMONY_VERDICT_INIT;
	harmony_error why = HARMONY_ERROR_INIT;
	harmony_status status = twinfield_find(b->t, record, &seen, &why);

	if (status != HARMONY_OK)
		harmony_verdict_set(verdict, HARMONY_OUTCOME_WAITING, "network", "",
				    "Twinfield has this invoice number already, and could not be "
				    "asked whether it is this invoice (%s); it is offered again",
				    why.message);
	else if (seen.outcome == HARMONY_OUTCOME_BOOKED && !is_taken(b, seen.remote_id))
		*verdict = seen;
	return status == HARMONY_NOMEM || status == HARMONY_CANCELLED
		   ? harmony_error_set(b->error, status, why.code, "%s", why.message)
		   : HARMONY_OK;
}

static harmony_status judge_entry(batch *b, const harmony_record *record, const harmony__xml *child,
				  harmony_verdict *verdict)
{
	const harmony__xml *header = harmony__xml_child(child, "header");
	const char *number = harmony__xml_text(harmony__xml_child(header, "number"));
	const char *journal = harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_JOURNAL);
	char id[sizeof(verdict->remote_id)];
	harmony_status status;

	if (twinfield_refused(child) && !*number) {
		twinfield_explain(verdict, record, child);
		return strcmp(verdict->code, "duplicate") == 0
			   ? look_at_double(b, record, verdict)
			   : HARMONY_OK;
	}
	if (twinfield_refused(child) || !*number) {
		unclear(verdict);
		return HARMONY_OK;
	}
	status = twinfield_compare(b->t, record, child, verdict, b->error);
	if (status != HARMONY_OK)
		return status;
	snprintf(id, sizeof(id), "%s/%s", harmony__mapped(&b->t->frame, "journals", journal),
		 number);
	harmony__copy_text(verdict->remote_id, sizeof(verdict->remote_id), id, strlen(id));
	return HARMONY_OK;
}

static harmony_status note_party(batch *b, const harmony_record *record)
{
	harmony_kind kind = harmony_record_kind(record);

	return harmony__add_party(&b->t->frame, twinfield_party_table(kind), code_of(record),
				  code_of(record), kind, b->error);
}

static harmony_status judge_party(batch *b, const harmony_record *record, const harmony__xml *child,
				  harmony_verdict *verdict)
{
	if (twinfield_refused(child)) {
		twinfield_explain(verdict, record, child);
		return HARMONY_OK;
	}
	if (!same_text(harmony__xml_child(child, "code"), code_of(record))) {
		unclear(verdict);
		return HARMONY_OK;
	}
	harmony__verdict_at(verdict, HARMONY_OUTCOME_BOOKED, code_of(record));
	return note_party(b, record);
}

static harmony_status doubt_parties(batch *b)
{
	harmony_status status = HARMONY_OK;

	for (size_t k = 0; k < b->count && b->parties && status == HARMONY_OK; k++) {
		const harmony_record *record = b->records[b->sent[k]];
		harmony_kind kind = harmony_record_kind(record);
		if (b->verdicts[b->sent[k]].outcome == HARMONY_OUTCOME_IN_DOUBT)
			status = harmony__doubt_party(&b->t->frame, twinfield_party_table(kind),
						      code_of(record), kind, b->error);
	}
	return status;
}

/* All of them were sent, and are in doubt until their answer is read: should that end half-way,
   none of the rest may pass for one that was not sent. An answer without children that says no
   is a no to all of them. */
static harmony_status distribute(batch *b, const harmony__xml *root)
{
	answers a;
	harmony_status status = HARMONY_OK;

	for (size_t k = 0; k < b->count; k++)
		unclear(&b->verdicts[b->sent[k]]);
	take_children(&a, b, root);
	for (size_t k = 0; k < b->count && status == HARMONY_OK; k++) {
		const harmony_record *record = b->records[b->sent[k]];
		harmony_verdict *verdict = &b->verdicts[b->sent[k]];
		const harmony__xml *child = answer_to(b, &a, k);
		if (a.count == 0 && twinfield_refused(root) && harmony__xml_attribute(root, "msg"))
			twinfield_explain(verdict, record, root);
		else if (child)
			status = b->parties ? judge_party(b, record, child, verdict)
					    : judge_entry(b, record, child, verdict);
	}
	return status == HARMONY_OK ? doubt_parties(b) : status;
}

/* ---- sending ------------------------------------------------------------------------- */

/* Sends what is in the batch. `*whole` is set when the request was refused as a whole, so that
   none of it was applied; the verdicts are then still to be given. */
static harmony_status send(batch *b, bool *whole)
{
	harmony_verdict verdict = HARMONY_VERDICT_INIT;
	const harmony__xml *root;
	harmony_status status;

	*whole = false;
	if (b->count == 0)
		return HARMONY_OK;
	harmony__xml_close(&b->w);
	status = harmony__xml_end(&b->w);
	if (status != HARMONY_OK)
		return harmony_error_set(b->error, status, NULL,
					 "a request to Twinfield cannot be written");
	status = twinfield_write(b->t, b->parties ? "relations" : "transactions", &b->inner,
				 &b->arena, &root, &verdict, b->error);
	if (status != HARMONY_OK)
		return status;
	b->silent = verdict.outcome == HARMONY_OUTCOME_IN_DOUBT ? b->silent + 1 : 0;
	if (verdict.outcome == HARMONY_OUTCOME_BOOKED)
		return distribute(b, root);
	*whole = verdict.outcome == HARMONY_OUTCOME_REJECTED && b->count > 1;
	for (size_t k = 0; k < b->count && !*whole; k++)
		b->verdicts[b->sent[k]] = verdict;
	return doubt_parties(b);
}

/* Adds a child; a record that is refused, or needs nothing, leaves the request as it was. */
static harmony_status add(batch *b, size_t i)
{
	const harmony_record *record = b->records[i];
	harmony_verdict *verdict = &b->verdicts[i];
	const harmony__xml_writer before = b->w;
	const size_t len = b->inner.len;
	const harmony__xml *row = NULL;
	bool changes = true;
	harmony_status status = HARMONY_OK;

	if (b->parties)
		status = twinfield_known_party(&row, b->t, record, b->few, &b->arena, b->error);
	if (status == HARMONY_OK)
		status = b->parties ? twinfield_party_body(b->t, record, row, &b->w, &changes,
							   verdict, b->error)
				    : twinfield_entry_body(b->t, record, false, &b->w, verdict,
							   b->error);
	if (status == HARMONY_OK && !changes && verdict->outcome == HARMONY_OUTCOME_NONE)
		harmony__verdict_at(verdict, HARMONY_OUTCOME_BOOKED, code_of(record));
	if (status == HARMONY_OK && verdict->outcome == HARMONY_OUTCOME_NONE) {
		b->sent[b->count++] = i;
		b->lines += harmony_record_lines(record);
		return HARMONY_OK;
	}
	b->w = before;
	b->inner.len = len;
	return status;
}

/* A request that is refused as a whole was not applied: its records go one by one, so that
   the bad one does not take the others with it. */
static harmony_status send_singly(batch *b)
{
	size_t sent[TWINFIELD_BATCH], count = b->count;
	bool whole;
	harmony_status status = HARMONY_OK;

	memcpy(sent, b->sent, sizeof(sent));
	for (size_t k = 0; k < count && status == HARMONY_OK; k++) {
		begin(b);
		status = add(b, sent[k]);
		if (status == HARMONY_OK)
			status = send(b, &whole);
	}
	return status;
}

static harmony_status flush(batch *b)
{
	bool whole;
	harmony_status status = send(b, &whole);

	if (status == HARMONY_OK && whole)
		status = send_singly(b);
	begin(b);
	if (status == HARMONY_OK && b->silent >= SILENT_MOST)
		status = harmony_error_set(b->error, HARMONY_RETRY, "network",
					   "Twinfield did not answer %d times in a row; the rest "
					   "waits until it does",
					   SILENT_MOST);
	return status;
}

static void refuse_kind(const harmony_record *record, harmony_verdict *verdict)
{
	harmony_verdict_set(verdict, HARMONY_OUTCOME_REJECTED, "unsupported_kind", "kind",
			    "Twinfield takes no %s from here; book it there",
			    harmony_kind_word(harmony_record_kind(record)));
}

harmony_status twinfield_offer(void *instance, const harmony_record *const *records, size_t count,
			       harmony_verdict *verdicts, harmony_error *error)
{
	twinfield *t = instance;
	batch b = {.t = t,
		   .records = records,
		   .verdicts = verdicts,
		   .few = count <= FEW,
		   .error = error};
	harmony_status status = *t->office ? HARMONY_OK : twinfield_ready(&t->frame, error);

	harmony__arena_init(&b.arena, t->frame.context, HARMONY__TREE_LIMIT);
	harmony__buf_init(&b.inner, t->frame.context, TWINFIELD_MAX_INNER);
	b.parties = count > 0 && harmony__is_party(records[0]);
	begin(&b);
	for (size_t i = 0; i < count && status == HARMONY_OK; i++) {
		bool party;
		if (!(t->frame.package->kinds & HARMONY_BIT(harmony_record_kind(records[i])))) {
			refuse_kind(records[i], &verdicts[i]);
			continue;
		}
		party = harmony__is_party(records[i]);
		if (b.count > 0 && (b.count == t->batch || b.parties != party ||
				    b.lines + harmony_record_lines(records[i]) > MAX_LINES))
			status = flush(&b);
		if (b.count == 0 && b.parties != party) {
			b.parties = party;
			begin(&b);
		}
		if (status == HARMONY_OK)
			status = add(&b, i);
	}
	if (status == HARMONY_OK)
		status = flush(&b);
	harmony__buf_free(&b.inner);
	harmony__arena_free(&b.arena);
	return status;
}

/* ---- showing ------------------------------------------------------------------------- */

/* The request of one record, with all that it needs looked up. */
static harmony_status one_request(twinfield *t, const harmony_record *record, bool as_new,
				  harmony__buf *inner, bool *changes, harmony_verdict *verdict,
				  harmony_error *error)
{
	bool party = harmony__is_party(record);
	const harmony__xml *row = NULL;
	harmony__arena arena;
	harmony__xml_writer w;
	harmony_status status = HARMONY_OK;

	*changes = true;
	harmony__arena_init(&arena, t->frame.context, HARMONY__TREE_LIMIT);
	harmony__xml_begin(&w, inner);
	harmony__xml_open(&w, party ? "dimensions" : "transactions");
	if (party && !as_new)
		status = twinfield_known_party(&row, t, record, false, &arena, error);
	if (status == HARMONY_OK)
		status = party ? twinfield_party_body(t, record, row, &w, changes, verdict, error)
			       : twinfield_entry_body(t, record, true, &w, verdict, error);
	harmony__xml_close(&w);
	if (status == HARMONY_OK && verdict->outcome == HARMONY_OUTCOME_NONE &&
	    harmony__xml_end(&w) != HARMONY_OK)
		status = harmony_error_set(error, w.status, NULL,
					   "a request to Twinfield cannot be written");
	harmony__arena_free(&arena);
	return status;
}

harmony_status twinfield_draft(harmony__frame *f, const harmony_record *record, harmony__buf *body,
			       harmony_verdict *verdict, harmony_error *error)
{
	bool changes;

	return one_request(twinfield_of(f), record, true, body, &changes, verdict, error);
}

harmony_status twinfield_preview(harmony__frame *f, const harmony_record *record, harmony__buf *out,
				 harmony_verdict *verdict, harmony_error *error)
{
	twinfield *t = twinfield_of(f);
	harmony_kind kind = harmony_record_kind(record);
	harmony__buf inner;
	bool changes;
	harmony_status status = twinfield_ready(f, error);

	if (status != HARMONY_OK)
		return status;
	harmony__buf_init(&inner, f->context, TWINFIELD_MAX_INNER);
	status = one_request(t, record, false, &inner, &changes, verdict, error);
	if (status == HARMONY_OK && verdict->outcome == HARMONY_OUTCOME_NONE && changes)
		status = twinfield_show(t, &inner, out, error);
	/* Entries behind it may count on it. */
	if (status == HARMONY_OK && verdict->outcome == HARMONY_OUTCOME_NONE &&
	    harmony__is_party(record))
		status = harmony__add_party(f, twinfield_party_table(kind), code_of(record),
					    code_of(record), kind, error);
	harmony__buf_free(&inner);
	return status;
}
