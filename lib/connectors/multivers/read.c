/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "connectors/multivers/multivers.h"

/* ---- what was meant and what is there --------------------------------------------------- */

static bool amount_of(int64_t *out, const harmony__json *object, const char *document,
		      const char *own)
{
	return harmony__json_amount(out, harmony__json_get(object, document)) == HARMONY_OK ||
	       harmony__json_amount(out, harmony__json_get(object, own)) == HARMONY_OK;
}

static int64_t line_amount(const harmony__json *line)
{
	int64_t debit = 0, credit = 0;

	(void)amount_of(&debit, line, "debitAmountCur", "debitAmount");
	(void)amount_of(&credit, line, "creditAmountCur", "creditAmount");
	return debit - credit;
}

/* How the lines of a record were sent. */
typedef struct meaning {
	const harmony_record *record;
	bool gross;  /* with their VAT */
	bool turned; /* with the other sign */
} meaning;

static meaning meaning_of(const multivers *m, const harmony_record *record)
{
	harmony_kind kind = harmony_record_kind(record);
	bool memorial = kind == HARMONY_MEMORIAL;
	bool credit = kind == HARMONY_SALES_INVOICE && !m->debit_sales;
	bool by_type = !memorial && m->credit_notes == MULTIVERS_BY_TYPE;

	return (meaning){.record = record,
			 .gross = memorial && harmony__vat_beside(record),
			 .turned = credit != (by_type && multivers_is_credit(record))};
}

/* What a line of the record is in its column, debit positive. */
static int64_t meant_amount(const meaning *meant, size_t row)
{
	int64_t amount = 0, tax = 0;

	(void)harmony__number_of(&amount, meant->record, row, HARMONY_FIELD_AMOUNT);
	if (meant->gross)
		(void)harmony__number_of(&tax, meant->record, row, HARMONY_FIELD_VAT_AMOUNT);
	amount += tax;
	return meant->turned ? -amount : amount;
}

static const harmony__json *lines_of(const harmony__json *booked, harmony_kind kind)
{
	const harmony__json *lines =
	    harmony__json_get(booked, kind == HARMONY_MEMORIAL        ? "finTransEntries"
				      : kind == HARMONY_SALES_INVOICE ? "customerInvoiceLines"
								      : "supplierInvoiceLines");

	return lines && lines->type == HARMONY__JSON_ARRAY ? lines : NULL;
}

/* Lines that were booked, ticked off one by one. They come in the order that they were sent in,
   as a rule, so the search goes on behind the last one. */
typedef struct ticking {
	const harmony__json *lines, *at;
	size_t index;
	bool *used;
} ticking;

static bool tick_off(ticking *t, const char *account, int64_t amount)
{
	for (size_t tries = 0; tries < t->lines->count; tries++) {
		const harmony__json *line = t->at ? t->at : t->lines->first;
		size_t index = t->at ? t->index : 0;
		t->at = line->next;
		t->index = index + 1;
		if (t->used[index] || line_amount(line) != amount ||
		    strcmp(harmony__json_text(harmony__json_get(line, "accountId"), ""), account) !=
			0)
			continue;
		t->used[index] = true;
		return true;
	}
	return false;
}

static void tell_missing(harmony_verdict *verdict, size_t row, const char *account, int64_t amount)
{
	char want[HARMONY_DECIMAL_SIZE], field[32];

	snprintf(field, sizeof(field), "lines.%zu", row);
	harmony_decimal_format(want, amount, HARMONY_SCALE_AMOUNT, '.');
	harmony_verdict_set(verdict, HARMONY_OUTCOME_DIFFERS, "booked_differs", field,
			    "Multivers booked no line of %s on ledger account %s as it was meant; "
			    "correct the entry there",
			    want, account);
}

static harmony_status compare_lines(const multivers *m, const harmony_record *record,
				    const harmony__json *booked, harmony_verdict *verdict,
				    harmony_error *error)
{
	ticking t = {.lines = lines_of(booked, harmony_record_kind(record))};
	const meaning meant = meaning_of(m, record);

	if (!t.lines)
		return HARMONY_OK;
	t.used = harmony__zalloc(m->frame.context, t.lines->count + 1);
	if (!t.used)
		return harmony__nomem(error);
	for (size_t row = 1; row <= harmony_record_lines(record); row++) {
		const char *account = harmony__mapped(
		    &m->frame, "accounts", harmony__text_of(record, row, HARMONY_FIELD_ACCOUNT));
		int64_t amount = meant_amount(&meant, row);
		if (*harmony__text_of(record, row, HARMONY_FIELD_PARTY) ||
		    tick_off(&t, account, amount))
			continue;
		tell_missing(verdict, row, account, amount);
		break;
	}
	harmony__free(m->frame.context, t.used);
	return HARMONY_OK;
}

/* Of the lines alone, without VAT. */
static int64_t net_of(const harmony_record *record)
{
	int64_t net = 0, amount;

	for (size_t row = 1; row <= harmony_record_lines(record); row++)
		if (harmony__number_of(&amount, record, row, HARMONY_FIELD_AMOUNT))
			net += amount;
	return net;
}

/* What the total of an invoice hangs on, when it is the other way round, whole or but for its VAT,
   or another. */
static const char *advice(const harmony_record *record, int64_t is, int64_t want)
{
	bool sales = harmony_record_kind(record) == HARMONY_SALES_INVOICE;

	if (is != -want && is != want - 2 * net_of(record))
		return "lines or VAT were dropped or computed anew: see `vat`, and on a sales "
		       "invoice `sales_lines`";
	if (multivers_is_credit(record))
		return "this Multivers has another sign or form for credit notes: see "
		       "`credit_total` and `credit_notes`";
	return sales ? "this Multivers has sales in the other column: see `sales_lines`"
		     : "its sign is turned: see `credit_notes`";
}

static bool compare_total(const multivers *m, const harmony_record *record,
			  const harmony__json *booked, harmony_verdict *verdict)
{
	int64_t is, want = harmony__sum_of(record);
	char is_text[HARMONY_DECIMAL_SIZE], want_text[HARMONY_DECIMAL_SIZE];

	if (m->credit_positive && want < 0)
		want = -want;
	if (!amount_of(&is, booked, "amountTotalCur", "amountTotal") || is == want)
		return false;
	harmony_decimal_format(is_text, is, HARMONY_SCALE_AMOUNT, '.');
	harmony_decimal_format(want_text, want, HARMONY_SCALE_AMOUNT, '.');
	harmony_verdict_set(
	    verdict, HARMONY_OUTCOME_DIFFERS, "booked_differs", "total",
	    "Multivers booked %s where %s was meant; %s. Correct this entry there%s", is_text,
	    want_text, advice(record, is, want),
	    m->go_on ? ""
		     : ". No other of its kind is sent until one of these settings "
		       "changes");
	return true;
}

static bool compare_sides(const multivers *m, const harmony_record *record,
			  const harmony__json *booked, harmony_verdict *verdict)
{
	const meaning meant = meaning_of(m, record);
	int64_t sides[2] = {0, 0}, is[2];
	char is_text[HARMONY_DECIMAL_SIZE], want_text[HARMONY_DECIMAL_SIZE];

	for (size_t row = 1; row <= harmony_record_lines(record); row++) {
		int64_t amount = meant_amount(&meant, row);
		sides[amount < 0] += amount < 0 ? -amount : amount;
	}
	if (!amount_of(&is[0], booked, "totalDebitAmountCur", "totalDebitAmount") ||
	    !amount_of(&is[1], booked, "totalCreditAmountCur", "totalCreditAmount") ||
	    (is[0] == sides[0] && is[1] == sides[1]))
		return false;
	harmony_decimal_format(is_text, is[is[0] == sides[0]], HARMONY_SCALE_AMOUNT, '.');
	harmony_decimal_format(want_text, sides[is[0] == sides[0]], HARMONY_SCALE_AMOUNT, '.');
	harmony_verdict_set(verdict, HARMONY_OUTCOME_DIFFERS, "booked_differs", "lines",
			    "Multivers booked %s %s where %s was meant; correct this entry there",
			    is_text, is[0] == sides[0] ? "credit" : "debit", want_text);
	return true;
}

harmony_status multivers_compare(multivers *m, const harmony_record *record,
				 const harmony__json *booked, bool *total, harmony_verdict *verdict,
				 harmony_error *error)
{
	char id[sizeof(verdict->remote_id)];

	memcpy(id, verdict->remote_id, sizeof(id));
	harmony__verdict_at(verdict, HARMONY_OUTCOME_BOOKED, id);
	*total = harmony_record_kind(record) == HARMONY_MEMORIAL
		     ? compare_sides(m, record, booked, verdict)
		     : compare_total(m, record, booked, verdict);
	return verdict->outcome == HARMONY_OUTCOME_BOOKED
		   ? compare_lines(m, record, booked, verdict, error)
		   : HARMONY_OK;
}

/* ---- find ------------------------------------------------------------------------------------ */

/* Whether a memorial under that number is ours: by what it is called in the books. */
enum { OURS, OURS_CUT, NAMELESS, ANOTHERS };

/* A name that came back shorter may have been cut there. */
static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static int whose(const harmony_record *record, const harmony__json *booked)
{
	char name[HARMONY_KEY_SIZE];
	const char *document = harmony__json_text(harmony__json_get(booked, "document"), "");

	multivers_document(name, record);
	return !*document                    ? NAMELESS
	       : strcmp(document, name) == 0 ? OURS
	       : begins(name, document)      ? OURS_CUT
					     : ANOTHERS;
}

static void tell_unknown(const harmony_record *record, const char *where, harmony_verdict *verdict)
{
	harmony_date date = {0, 0, 0};
	char day[MULTIVERS_DATE_SIZE];

	(void)harmony_record_get_date(&date, record, HARMONY_HEADER, HARMONY_FIELD_DATE);
	multivers_date_format(day, date);
	harmony_verdict_set(
	    verdict, HARMONY_OUTCOME_IN_DOUBT, "in_doubt", "",
	    "nobody can tell whether Multivers has this entry%s%s; look in journal '%s' for the "
	    "entry of %s with document '%s'",
	    *where ? " as " : "", where,
	    harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_JOURNAL), day,
	    harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_ENTRY_NUMBER));
}

/* An invoice goes by its number, a memorial by the transaction that was reserved for it. */
static harmony_status path_of(harmony__buf *path, multivers *m, const harmony_record *record,
			      harmony_error *error)
{
	if (harmony_record_kind(record) == HARMONY_MEMORIAL)
		return multivers_reserved_path(path, m, record, error);
	if (!*harmony__text_of(record, HARMONY_HEADER, multivers_id_field(m, record)))
		return HARMONY_NOTFOUND;
	multivers_invoice_path(path, m, record);
	return harmony__buf_check(path, "a request", error);
}

/* It was not this store that sent it: its total says nothing of how the next ones are booked. */
static void tell_other_total(const harmony_record *record, const harmony__json *booked,
			     harmony_verdict *verdict)
{
	int64_t is = 0;
	char is_text[HARMONY_DECIMAL_SIZE], want_text[HARMONY_DECIMAL_SIZE];

	(void)amount_of(&is, booked, "amountTotalCur", "amountTotal");
	harmony_decimal_format(is_text, is, HARMONY_SCALE_AMOUNT, '.');
	harmony_decimal_format(want_text, harmony__sum_of(record), HARMONY_SCALE_AMOUNT, '.');
	harmony_verdict_set(verdict, HARMONY_OUTCOME_DIFFERS, "booked_differs", "total",
			    "Multivers has an entry of this number with a total of %s, and this "
			    "one has %s; it was booked before, by other means or under an older "
			    "store: correct it there, or renumber this one",
			    is_text, want_text);
}

/* A memorial that is not called as ours was is ours only when it holds the same; and when it is
   called otherwise and holds the same, nobody knows. */
static harmony_status judge(multivers *m, const harmony_record *record, const char *where,
			    const harmony__json *root, harmony_verdict *verdict,
			    harmony_error *error)
{
	int owner = harmony_record_kind(record) == HARMONY_MEMORIAL ? whose(record, root) : OURS;
	bool total = false, sent = false;
	harmony_status status = multivers_compare(m, record, root, &total, verdict, error);

	if (status == HARMONY_OK && total && owner == OURS)
		status = multivers_was_sent(&sent, m, record, root, error);
	if (status != HARMONY_OK)
		return status;
	if (total && owner == OURS && !sent && harmony_record_kind(record) != HARMONY_MEMORIAL)
		tell_other_total(record, root, verdict);
	harmony__copy_text(verdict->remote_id, sizeof(verdict->remote_id), where, strlen(where));
	if (owner == OURS)
		return sent ? multivers_stop(m, harmony_record_kind(record), error) : HARMONY_OK;
	if (owner == ANOTHERS && verdict->outcome == HARMONY_OUTCOME_DIFFERS)
		harmony__verdict_at(verdict, HARMONY_OUTCOME_ABSENT, "");
	else if (owner == ANOTHERS || verdict->outcome == HARMONY_OUTCOME_DIFFERS)
		tell_unknown(record, where, verdict);
	return HARMONY_OK;
}

harmony_status multivers_judge_found(bool *done, bool *unclear, multivers *m,
				     const harmony_record *record, const char *where,
				     const harmony__json *root, harmony_verdict *verdict,
				     harmony_error *error)
{
	int owner = whose(record, root);
	bool total = false;
	harmony_status status = HARMONY_OK;

	if (owner != ANOTHERS)
		status = multivers_compare(m, record, root, &total, verdict, error);
	if (status != HARMONY_OK || owner == ANOTHERS)
		return status;
	harmony__copy_text(verdict->remote_id, sizeof(verdict->remote_id), where, strlen(where));
	*done = owner == OURS;
	*unclear = *unclear || (!*done && verdict->outcome == HARMONY_OUTCOME_BOOKED);
	return HARMONY_OK;
}

/* Of another day, journal or relation, or with another reference: the number is used for something
   else, such as an entry of another year, and ours was never booked under it. */
static bool is_another(const multivers *m, const harmony_record *record, const harmony__json *root)
{
	bool sales = harmony_record_kind(record) == HARMONY_SALES_INVOICE;
	const char *party =
	    harmony__json_text(harmony__json_get(root, sales ? "customerId" : "supplierId"), "");
	const char *journal = harmony__json_text(harmony__json_get(root, "journalId"), "");
	const char *reference = harmony__json_text(harmony__json_get(root, "reference"), "");
	const char *ours = harmony__text_of(
	    record, HARMONY_HEADER, multivers_reference_field(m, harmony_record_kind(record)));
	harmony_date want, is;

	if (harmony_record_get_date(&want, record, HARMONY_HEADER, HARMONY_FIELD_DATE) ==
		HARMONY_OK &&
	    multivers_date(&is, harmony__json_get(root, "invoiceDate")) &&
	    harmony_date_to_days(is) != harmony_date_to_days(want))
		return true;
	if (*journal &&
	    !harmony__equal_nocase(
		journal,
		harmony__mapped(&m->frame, "journals",
				harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_JOURNAL))))
		return true;
	return (*party && strcmp(party, harmony__text_of(record, HARMONY_HEADER,
							 HARMONY_FIELD_PARTY)) != 0) ||
	       (*reference && *ours && !begins(ours, reference));
}

static harmony_status find_entry(multivers *m, const harmony_record *record,
				 harmony_verdict *verdict, harmony_error *error)
{
	harmony_error mine = HARMONY_ERROR_INIT;
	const harmony__json *root = NULL;
	harmony__arena arena;
	harmony__buf path;
	bool known = false;
	harmony_status status;

	harmony__arena_init(&arena, m->frame.context, HARMONY__TREE_LIMIT);
	harmony__buf_init(&path, m->frame.context, 1024);
	status = path_of(&path, m, record, &mine);
	if (status == HARMONY_NOTFOUND) {
		status = harmony_record_kind(record) == HARMONY_MEMORIAL
			     ? multivers_search(&known, m, record, verdict, error)
			     : HARMONY_OK;
		if (status == HARMONY_OK && !known)
			tell_unknown(record, "", verdict);
		goto done;
	}
	if (status == HARMONY_OK)
		status = multivers_get(m, path.data, "a booking", &arena, &root, &mine);
	if (status == HARMONY_REJECTED) { /* it is this one that cannot be looked up */
		tell_unknown(record, path.data, verdict);
		harmony__copy_text(verdict->vendor, sizeof(verdict->vendor), mine.vendor,
				   strlen(mine.vendor));
		status = HARMONY_OK;
		goto done;
	}
	if (status != HARMONY_OK) {
		harmony__error_give(error, &mine);
		goto done;
	}
	harmony_verdict_set(verdict, HARMONY_OUTCOME_ABSENT, NULL, NULL, "%s", "");
	if (root && root->type == HARMONY__JSON_OBJECT &&
	    (harmony_record_kind(record) == HARMONY_MEMORIAL || !is_another(m, record, root)))
		status = judge(m, record, path.data, root, verdict, error);
done:
	harmony__buf_free(&path);
	harmony__arena_free(&arena);
	return status;
}

/* A relation is what it is, whoever wrote it. An update that did not arrive is absent: it is
   offered again, and changes nothing that is equal. */
static harmony_status find_party(multivers *m, const harmony_record *record,
				 harmony_verdict *verdict, harmony_error *error)
{
	int table = multivers_party_table(harmony_record_kind(record));
	const char *code = harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_CODE);
	const char *iban = multivers_bank_of(m, record);
	harmony__thing *thing = harmony__table_look(&m->frame.tables[table], code);
	harmony_verdict made = HARMONY_VERDICT_INIT;
	const void *found = NULL;
	harmony__buf body;
	bool changes = true, has = true;
	harmony_status status;

	if (thing)
		thing->id[0] = '\0'; /* what is in doubt came after it was read */
	status = harmony__find_thing(&found, &m->frame, table, code, error);
	if (status != HARMONY_OK)
		return status;
	harmony__buf_init(&body, m->frame.context, HARMONY_MAX_ENTRY);
	if (found)
		status = multivers_party_body(m, record, found, &body, &changes, &made, error);
	harmony__buf_free(&body);
	if (status == HARMONY_OK && found && !changes && *iban)
		status = multivers_has_bank(&has, m, table, code, iban, error);
	if (status != HARMONY_OK)
		return status;
	changes = changes || made.outcome != HARMONY_OUTCOME_NONE;
	harmony__verdict_at(
	    verdict, found && !changes && has ? HARMONY_OUTCOME_BOOKED : HARMONY_OUTCOME_ABSENT,
	    found ? code : "");
	return HARMONY_OK;
}

harmony_status multivers_find(void *instance, const harmony_record *record,
			      harmony_verdict *verdict, harmony_error *error)
{
	if (harmony__is_party(record))
		return find_party(instance, record, verdict, error);
	return find_entry(instance, record, verdict, error);
}

/* ---- read back ---------------------------------------------------------------------------------
 */

harmony_status multivers_read_back(void *instance, const harmony_record *record,
				   const char *remote_id, harmony_verdict *verdict,
				   harmony_error *error)
{
	multivers *m = instance;
	const harmony__json *root;
	harmony__arena arena;
	bool total = false;
	harmony_status status;

	harmony__verdict_at(verdict, HARMONY_OUTCOME_BOOKED, remote_id);
	/* One more request a booking, unless the answer to it was compared already. */
	if (harmony__is_party(record) || (!m->fetch_lines && strcmp(remote_id, m->compared) == 0))
		return HARMONY_OK;
	harmony__arena_init(&arena, m->frame.context, HARMONY__TREE_LIMIT);
	status = multivers_get(m, remote_id, "a booking", &arena, &root, error);
	if (status == HARMONY_OK && root)
		status = multivers_compare(m, record, root, &total, verdict, error);
	else if (status == HARMONY_OK)
		harmony_verdict_set(verdict, HARMONY_OUTCOME_DIFFERS, "booked_differs", "lines",
				    "Multivers said that it booked this as %s, and has nothing "
				    "there; look for it",
				    remote_id);
	harmony__arena_free(&arena);
	return status == HARMONY_OK && total ? multivers_stop(m, harmony_record_kind(record), error)
					     : status;
}
