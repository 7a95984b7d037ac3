/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "connectors/ledger/ledger.h"

/* ---- find --------------------------------------------------------------------------- */

harmony_status ledger__find(void *instance, const harmony_record *record, harmony_verdict *verdict,
                            harmony_error *error)
{
	int64_t id = 0;
	bool same = false;
	harmony_status status = ledger__lookup(&id, &same, instance, record, error);

	if (status != HARMONY_OK)
		return status;
	if (id == 0) {
		harmony_verdict_set(verdict, HARMONY_OUTCOME_ABSENT, NULL, NULL, NULL);
		return HARMONY_OK;
	}
	if (same)
		harmony_verdict_set(verdict, HARMONY_OUTCOME_BOOKED, NULL, NULL, NULL);
	else
		harmony_verdict_set(verdict, HARMONY_OUTCOME_DIFFERS,
		                    harmony_code_word(HARMONY_CODE_BOOKED_DIFFERS), NULL,
		                    "the books hold this number with other content; compare the two "
		                    "and correct one of them");
	ledger__remote_id(verdict, harmony_record_kind(record), id);
	return HARMONY_OK;
}

/* ---- read back ------------------------------------------------------------------------ */

static bool same_text(harmony__stmt *stmt, int column, const harmony_record *record, size_t row,
                      harmony_field field)
{
	const char *text = "";

	(void)harmony_record_get_text(&text, record, row, field);
	return strcmp(harmony__column_text(stmt, column, NULL), text) == 0;
}

static bool same_number(harmony__stmt *stmt, int column, const harmony_record *record, size_t row,
                        harmony_field field)
{
	int64_t number = 0;

	(void)harmony_record_get_number(&number, record, row, field);
	return harmony__column_int(stmt, column) == number;
}

static void differs(harmony_verdict *verdict, size_t row, const char *field)
{
	char path[48];

	if (row > 0)
		snprintf(path, sizeof(path), "lines.%zu.%s", row, field);
	else
		snprintf(path, sizeof(path), "%s", field);
	harmony_verdict_set(verdict, HARMONY_OUTCOME_DIFFERS,
	                    harmony_code_word(HARMONY_CODE_BOOKED_DIFFERS), path,
	                    "%s is not in the books as it was offered; correct it in the books", path);
}

/* The columns of a booked line with the fields that they must equal. */
static const struct {
	harmony_field field;
	bool text;
} line_columns[] = {
    {HARMONY_FIELD_ACCOUNT, true},
    {HARMONY_FIELD_VAT_CODE, true},
    {HARMONY_FIELD_AMOUNT, false},
    {HARMONY_FIELD_VAT_AMOUNT, false},
};

static bool same_line(harmony__stmt *stmt, const harmony_record *record, size_t row,
                      harmony_verdict *verdict)
{
	for (size_t i = 0; i < HARMONY__COUNT(line_columns); i++) {
		const harmony_field field = line_columns[i].field;

		if (line_columns[i].text ? same_text(stmt, (int)i, record, row, field)
		                         : same_number(stmt, (int)i, record, row, field))
			continue;
		differs(verdict, row, harmony_field_describe(field)->name);
		return false;
	}
	return true;
}

static harmony_status compare_lines(ledger *l, int64_t id, const harmony_record *record,
                                    harmony_verdict *verdict, harmony_error *error)
{
	static const char sql[] = "SELECT account, vat_code, amount, vat_amount FROM lines"
	                          " WHERE booking = ?1 ORDER BY row";
	size_t rows = harmony_record_lines(record), row = 0;
	harmony__stmt *stmt;
	bool more = false;
	harmony_status status = harmony__db_prepare(&stmt, l->db, sql, error);

	if (status != HARMONY_OK)
		return status;
	harmony__bind_int(stmt, 1, id);
	while ((status = harmony__db_step(stmt, &more, error)) == HARMONY_OK && more) {
		if (++row <= rows && !same_line(stmt, record, row, verdict))
			break;
	}
	harmony__db_reset(stmt);
	if (status == HARMONY_OK && !more && row != rows)
		differs(verdict, 0, "lines");
	return status;
}

static harmony_status compare_header(ledger *l, int64_t id, const harmony_record *record,
                                     harmony_verdict *verdict, harmony_error *error)
{
	static const char of_entry[] = "SELECT coalesce(total, 0) FROM bookings WHERE id = ?1";
	static const char of_party[] = "SELECT 0 FROM parties WHERE id = ?1 AND code = ?2 AND name = ?3";
	const bool party = (HARMONY_BIT(harmony_record_kind(record)) & HARMONY_PARTIES) != 0;
	harmony__stmt *stmt;
	bool row;
	harmony_status status = harmony__db_prepare(&stmt, l->db, party ? of_party : of_entry, error);

	if (status != HARMONY_OK)
		return status;
	harmony__bind_int(stmt, 1, id);
	if (party) {
		harmony__bind_str(stmt, 2, ledger__text(record, 0, HARMONY_FIELD_CODE));
		harmony__bind_str(stmt, 3, ledger__text(record, 0, HARMONY_FIELD_NAME));
	}
	status = harmony__db_step(stmt, &row, error);
	if (status == HARMONY_OK && !row)
		differs(verdict, 0, party ? "name" : "entry_number");
	else if (status == HARMONY_OK && !same_number(stmt, 0, record, 0, HARMONY_FIELD_TOTAL))
		differs(verdict, 0, "total");
	harmony__db_reset(stmt);
	return status;
}

harmony_status ledger__read_back(void *instance, const harmony_record *record,
                                 const char *remote_id, harmony_verdict *verdict,
                                 harmony_error *error)
{
	ledger *l = instance;
	const harmony_kind kind = harmony_record_kind(record);
	const char *digits = strchr(remote_id, '/');
	const harmony_record *mapped;
	harmony_record *copy;
	uint64_t id = 0;
	harmony__cursor cursor;
	harmony_status status;

	digits = digits != NULL ? digits + 1 : "";
	cursor = harmony__cursor_over(digits, strlen(digits));
	if (harmony__cursor_digits(&cursor, 18, &id) == 0 || !harmony__cursor_done(&cursor))
		return harmony_error_set(error, HARMONY_INVALID, NULL,
		                         "%s is no id of the ledger; they look like booking/12",
		                         remote_id);
	status = ledger__map(&mapped, &copy, l, record, error);
	if (status != HARMONY_OK)
		return status;
	status = compare_header(l, (int64_t)id, mapped, verdict, error);
	if (status == HARMONY_OK && verdict->outcome == HARMONY_OUTCOME_NONE &&
	    (HARMONY_BIT(kind) & HARMONY_ENTRIES))
		status = compare_lines(l, (int64_t)id, mapped, verdict, error);
	if (status == HARMONY_OK && verdict->outcome == HARMONY_OUTCOME_NONE)
		harmony_verdict_set(verdict, HARMONY_OUTCOME_BOOKED, NULL, NULL, NULL);
	if (status == HARMONY_OK)
		ledger__remote_id(verdict, kind, (int64_t)id);
	harmony_record_free(copy);
	return status;
}

/* ---- outstanding --------------------------------------------------------------------- */

/* One row a side, party and number (a booking without any number stands alone). Beside min()
   SQLite takes the other columns from the row that has the minimum: the earliest booking. */
static const char outstanding_sql[] =
    "SELECT side, party, number, date, due_date, currency, description, reference, amount, paid,"
    " amount - paid FROM (SELECT i.*, CASE number WHEN '' THEN 0 ELSE coalesce((SELECT"
    " sum(s.amount) FROM settlements s WHERE s.side = i.side AND s.party = i.party"
    " AND s.number = i.number AND (s.currency = i.currency OR s.currency = ''"
    " OR i.currency = '')), 0) END AS paid FROM (SELECT side, party, number, date, due_date,"
    " currency, description, reference, key, sum(total) AS amount, min(date || key)"
    " FROM bookings WHERE side IS NOT NULL AND side & ?1"
    " GROUP BY side, party, number, CASE number WHEN '' THEN id END) i)"
    " WHERE amount <> paid ORDER BY side, party, number, date, key";

static harmony_status set_text(harmony_record *item, harmony_field field, harmony__stmt *stmt,
                               int column, harmony_error *error)
{
	size_t len;
	const char *text = harmony__column_text(stmt, column, &len);

	if (len == 0)
		return HARMONY_OK;
	return harmony_record_set_text(item, HARMONY_HEADER, field, text, len, error);
}

static harmony_status set_date(harmony_record *item, harmony_field field, harmony__stmt *stmt,
                               int column, harmony_error *error)
{
	size_t len;
	harmony_date date;
	const char *text = harmony__column_text(stmt, column, &len);

	if (len == 0)
		return HARMONY_OK;
	if (harmony_date_parse(&date, text, len) != HARMONY_OK)
		return harmony_error_set(error, HARMONY_CORRUPT, NULL,
		                         "the ledger's books hold '%s' for a date; restore a backup",
		                         text);
	return harmony_record_set_date(item, HARMONY_HEADER, field, date, error);
}

static harmony_status fill_item(harmony_record *item, harmony__stmt *stmt, harmony_error *error)
{
	static const struct {
		int column;
		harmony_field field;
	} texts[] = {{1, HARMONY_FIELD_PARTY},       {2, HARMONY_FIELD_INVOICE_NUMBER},
	             {5, HARMONY_FIELD_CURRENCY},    {6, HARMONY_FIELD_DESCRIPTION},
	             {7, HARMONY_FIELD_REFERENCE}},
	  amounts[] = {{8, HARMONY_FIELD_AMOUNT},
	               {9, HARMONY_FIELD_PAID},
	               {10, HARMONY_FIELD_OUTSTANDING}};
	const char *side = ledger__side_word((int)harmony__column_int(stmt, 0));
	harmony_status status = harmony_record_reset(item, HARMONY_OUTSTANDING_ITEM);

	if (status == HARMONY_OK)
		status = harmony_record_set_text(item, HARMONY_HEADER, HARMONY_FIELD_SIDE, side,
		                                 strlen(side), error);
	for (size_t i = 0; status == HARMONY_OK && i < HARMONY__COUNT(texts); i++)
		status = set_text(item, texts[i].field, stmt, texts[i].column, error);
	if (status == HARMONY_OK)
		status = set_date(item, HARMONY_FIELD_DATE, stmt, 3, error);
	if (status == HARMONY_OK)
		status = set_date(item, HARMONY_FIELD_DUE_DATE, stmt, 4, error);
	for (size_t i = 0; status == HARMONY_OK && i < HARMONY__COUNT(amounts); i++)
		status = harmony_record_set_number(item, HARMONY_HEADER, amounts[i].field,
		                                   harmony__column_int(stmt, amounts[i].column),
		                                   error);
	return status;
}

harmony_status ledger__outstanding(void *instance, int sides, harmony_item_fn item, void *user,
                                   harmony_error *error)
{
	ledger *l = instance;
	harmony_record *record = NULL;
	harmony__stmt *stmt;
	bool row;
	harmony_status status;

	if (sides == 0 || (sides & ~HARMONY_SIDES) != 0)
		return harmony_error_set(error, HARMONY_INVALID, NULL,
		                         "sides must be HARMONY_SIDE_SALES, HARMONY_SIDE_PURCHASE or "
		                         "both");
	status = harmony__db_prepare(&stmt, l->db, outstanding_sql, error);
	if (status != HARMONY_OK)
		return status;
	status = harmony_record_new(&record, l->context, HARMONY_OUTSTANDING_ITEM, error);
	harmony__bind_int(stmt, 1, sides);
	while (status == HARMONY_OK) {
		status = harmony__db_step(stmt, &row, error);
		if (status != HARMONY_OK || !row)
			break;
		status = fill_item(record, stmt, error);
		if (status == HARMONY_OK)
			status = item(record, user);
	}
	harmony__db_reset(stmt);
	harmony_record_free(record);
	return status;
}

/* ---- check ---------------------------------------------------------------------------- */

typedef struct checking {
	ledger *l;
	harmony_finding_fn finding;
	void *user;
	harmony_error *error;
} checking;

/* A relation that the records bring themselves, or that was told already. The list is a
   temporary table of this handle: nothing of it is in the books. */
static harmony_status note(bool *fresh, checking *c, int side, const char *code)
{
	static const char sql[] = "INSERT OR IGNORE INTO temp.offered VALUES(?1, ?2)";
	harmony__stmt *stmt;
	harmony_status status = harmony__db_prepare(&stmt, c->l->db, sql, c->error);

	if (status != HARMONY_OK)
		return status;
	harmony__bind_int(stmt, 1, side);
	harmony__bind_str(stmt, 2, code);
	status = harmony__db_run(stmt, c->error);
	*fresh = harmony__db_changes(c->l->db) > 0;
	return status;
}

/* A relation that is neither in the books nor among the records, once. Side 0: any. */
static harmony_status check_party(checking *c, int side, const char *code)
{
	static const char either[] =
	    "SELECT 1 FROM parties WHERE (?1 = 0 OR side = ?1) AND code = ?2 UNION ALL"
	    " SELECT 1 FROM temp.offered WHERE (?1 = 0 OR side = ?1) AND code = ?2";
	char message[256];
	harmony__stmt *stmt;
	bool row;
	harmony_status status = harmony__db_prepare(&stmt, c->l->db, either, c->error);

	if (status != HARMONY_OK)
		return status;
	harmony__bind_int(stmt, 1, side);
	harmony__bind_str(stmt, 2, code);
	status = harmony__db_step(stmt, &row, c->error);
	harmony__db_reset(stmt);
	if (status != HARMONY_OK || row)
		return status;
	status = note(&row, c, side, code);
	if (status != HARMONY_OK)
		return status;
	snprintf(message, sizeof(message),
	         "unknown_party: %s %.40s is not in the books nor in these files; export it first, or "
	         "correct the code",
	         side == HARMONY_SIDE_SALES      ? "customer"
	         : side == HARMONY_SIDE_PURCHASE ? "supplier"
	                                         : "relation",
	         code);
	return c->finding(HARMONY_FAILURE, code, message, c->user);
}

static harmony_status check_entry(checking *c, const harmony_record *record)
{
	const int side = ledger__side_of(harmony_record_kind(record));
	size_t rows = harmony_record_lines(record);
	harmony_status status = HARMONY_OK;

	if (side != 0)
		return check_party(c, side, ledger__text(record, 0, HARMONY_FIELD_PARTY));
	for (size_t row = 1; status == HARMONY_OK && row <= rows; row++) {
		const char *word = ledger__text(record, row, HARMONY_FIELD_SIDE);
		const char *party = ledger__text(record, row, HARMONY_FIELD_PARTY);

		if (party[0] != '\0')
			status = check_party(c,
			                     word[0] == '\0'  ? 0
			                     : word[0] == 's' ? HARMONY_SIDE_SALES
			                                      : HARMONY_SIDE_PURCHASE,
			                     party);
	}
	return status;
}

static harmony_status check_records(checking *c, const harmony_record *const *records, size_t count)
{
	bool fresh;
	harmony_status status = harmony__db_exec(
	    c->l->db, "CREATE TEMP TABLE IF NOT EXISTS offered(side INTEGER, code TEXT,"
	              " PRIMARY KEY(side, code)) WITHOUT ROWID; DELETE FROM temp.offered", c->error);

	for (size_t i = 0; status == HARMONY_OK && i < count; i++)
		if (HARMONY_BIT(harmony_record_kind(records[i])) & HARMONY_PARTIES)
			status = note(&fresh, c, ledger__side_of(harmony_record_kind(records[i])),
			              ledger__text(records[i], 0, HARMONY_FIELD_CODE));
	for (size_t i = 0; status == HARMONY_OK && i < count; i++)
		if (HARMONY_BIT(harmony_record_kind(records[i])) & HARMONY_ENTRIES)
			status = check_entry(c, records[i]);
	return status;
}

harmony_status ledger__check(void *instance, const harmony_record *const *records, size_t count,
                             harmony_finding_fn finding, void *user, harmony_error *error)
{
	ledger *l = instance;
	checking c = {l, finding, user, error};
	harmony_status status = harmony__db_check(l->db, false, error);

	if (status == HARMONY_OK)
		status = finding(HARMONY_NOTE, "books", harmony__db_path(l->db), user);
	if (status == HARMONY_OK)
		status = finding(HARMONY_NOTE, "accounts",
		                 "the ledger takes every account, journal, VAT code, cost centre and "
		                 "cost unit", user);
	if (status == HARMONY_OK && records != NULL && count > 0)
		status = check_records(&c, records, count);
	return status;
}
