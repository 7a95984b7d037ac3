/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "connectors/ledger/ledger.h"

/* Amounts of a record at the most, in cents: ten thousand times ten thousand of these still
   have a sum of 64 bits. */
#define LEDGER_MAX_AMOUNT INT64_C(1000000000000000)

/* ---- asking the books -------------------------------------------------------------- */

void ledger__key(char *key, const harmony_record *record, const uint8_t hash[HARMONY_HASH_SIZE])
{
	char hex[2 * HARMONY_HASH_SIZE + 1];

	if (harmony_record_key(key, record))
		return;
	harmony__hex(hex, hash, HARMONY_HASH_SIZE);
	snprintf(key, HARMONY_KEY_SIZE, "%s/#%s/%llu",
	         harmony_kind_word(harmony_record_kind(record)), hex,
	         (unsigned long long)harmony_record_source_line(record));
}

harmony_status ledger__has_party(bool *has, ledger *l, int side, const char *code,
                                 harmony_error *error)
{
	static const char sql[] = "SELECT 1 FROM parties WHERE side = ?1 AND code = ?2";
	harmony__stmt *stmt;
	harmony_status status = harmony__db_prepare(&stmt, l->db, sql, error);

	if (status != HARMONY_OK)
		return status;
	harmony__bind_int(stmt, 1, side);
	harmony__bind_str(stmt, 2, code);
	status = harmony__db_step(stmt, has, error);
	harmony__db_reset(stmt);
	return status;
}

/* Id and content hash by (side, code) or by key. */
static harmony_status stored(int64_t *id, bool *same, harmony__stmt *stmt,
                             const uint8_t hash[HARMONY_HASH_SIZE], harmony_error *error)
{
	bool row;
	harmony_status status = harmony__db_step(stmt, &row, error);

	*id = 0;
	*same = false;
	if (status != HARMONY_OK || !row)
		return status;
	size_t len;
	const void *old = harmony__column_blob(stmt, 1, &len);

	*id = harmony__column_int(stmt, 0);
	*same = len == HARMONY_HASH_SIZE && memcmp(old, hash, len) == 0;
	harmony__db_reset(stmt);
	return HARMONY_OK;
}

harmony_status ledger__lookup(int64_t *id, bool *same, ledger *l, const harmony_record *record,
                              harmony_error *error)
{
	static const char of_party[] = "SELECT id, hash FROM parties WHERE side = ?1 AND code = ?2";
	static const char of_entry[] = "SELECT id, hash FROM bookings WHERE key = ?1";
	const bool party = (HARMONY_BIT(harmony_record_kind(record)) & HARMONY_PARTIES) != 0;
	uint8_t hash[HARMONY_HASH_SIZE];
	char key[HARMONY_KEY_SIZE];
	harmony__stmt *stmt;
	harmony_status status = harmony_record_hash(hash, record);

	if (status == HARMONY_OK)
		status = harmony__db_prepare(&stmt, l->db, party ? of_party : of_entry, error);
	if (status != HARMONY_OK)
		return status;
	if (party) {
		harmony__bind_int(stmt, 1, ledger__side_of(harmony_record_kind(record)));
		harmony__bind_str(stmt, 2, ledger__text(record, 0, HARMONY_FIELD_CODE));
	} else {
		ledger__key(key, record, hash);
		harmony__bind_str(stmt, 1, key);
	}
	return stored(id, same, stmt, hash, error);
}

/* ---- settlements --------------------------------------------------------------------- */

/* Does the side have an invoice of that number? */
static harmony_status has_invoice(bool *has, ledger *l, int side, const char *party,
                                  const char *number, harmony_error *error)
{
	static const char sql[] =
	    "SELECT 1 FROM bookings WHERE side = ?1 AND party = ?2 AND number = ?3 LIMIT 1";
	harmony__stmt *stmt;
	harmony_status status = harmony__db_prepare(&stmt, l->db, sql, error);

	if (status != HARMONY_OK)
		return status;
	harmony__bind_int(stmt, 1, side);
	harmony__bind_str(stmt, 2, party);
	harmony__bind_str(stmt, 3, number);
	status = harmony__db_step(stmt, has, error);
	harmony__db_reset(stmt);
	return status;
}

/* A line that does not say its side: the one where the relation is; when it is on both, the
   one with that invoice; else what the sign says: a receipt comes from a customer. */
static harmony_status guess_side(ledger__settlement *s, ledger *l, bool reduces_sales,
                                 harmony_error *error)
{
	bool sales = false, purchase = false;
	harmony_status status = ledger__has_party(&sales, l, HARMONY_SIDE_SALES, s->party, error);

	if (status == HARMONY_OK)
		status = ledger__has_party(&purchase, l, HARMONY_SIDE_PURCHASE, s->party, error);
	if (status == HARMONY_OK && sales && purchase) {
		status = has_invoice(&sales, l, HARMONY_SIDE_SALES, s->party, s->number, error);
		if (status == HARMONY_OK)
			status = has_invoice(&purchase, l, HARMONY_SIDE_PURCHASE, s->party,
			                     s->number, error);
		if (sales == purchase) {
			sales = reduces_sales;
			purchase = !reduces_sales;
		}
	}
	s->side = sales ? HARMONY_SIDE_SALES : purchase ? HARMONY_SIDE_PURCHASE : 0;
	return status;
}

harmony_status ledger__settle(ledger__settlement *out, ledger *l, const harmony_record *record,
                              size_t row, harmony_error *error)
{
	const bool bank = harmony_record_kind(record) == HARMONY_BANK_ENTRY;
	const char *side = ledger__text(record, row, HARMONY_FIELD_SIDE);
	int64_t amount = 0;
	bool has = false;
	harmony_status status = HARMONY_OK;

	*out = (ledger__settlement){0, "", "", "", 0};
	if (!bank && harmony_record_kind(record) != HARMONY_MEMORIAL)
		return HARMONY_OK;
	(void)harmony_record_get_number(&amount, record, row, HARMONY_FIELD_AMOUNT);
	out->party = ledger__text(record, row, HARMONY_FIELD_PARTY);
	if (out->party[0] == '\0')
		return HARMONY_OK;
	out->number = ledger__text(record, row, HARMONY_FIELD_INVOICE_NUMBER);
	out->currency = ledger__text(record, row, HARMONY_FIELD_CURRENCY);
	if (side[0] == '\0') {
		status = guess_side(out, l, bank == (amount >= 0), error);
	} else {
		out->side = side[0] == 's' ? HARMONY_SIDE_SALES : HARMONY_SIDE_PURCHASE;
		status = ledger__has_party(&has, l, out->side, out->party, error);
		if (!has)
			out->side = 0;
	}
	/* A receipt and a credit take off what a customer owes; a payment and a debit what is
	   owed to a supplier. */
	out->amount = bank == (out->side == HARMONY_SIDE_SALES) ? amount : -amount;
	return status;
}

/* ---- refusals ------------------------------------------------------------------------ */

static harmony_status keep_failure(const harmony_diagnostic *d, void *user)
{
	harmony_verdict *verdict = user;
	const harmony_field_info *info = harmony_field_describe(d->field);
	char field[48] = "";

	if (d->severity != HARMONY_FAILURE)
		return HARMONY_OK;
	if (info != NULL && d->row > 0)
		snprintf(field, sizeof(field), "lines.%zu.%s", d->row, info->name);
	else if (info != NULL)
		snprintf(field, sizeof(field), "%s", info->name);
	harmony_verdict_set(verdict, HARMONY_OUTCOME_REJECTED, harmony_code_word(d->code), field,
	                    "%s", d->message);
	return HARMONY_REJECTED;
}

static void refuse_party(harmony_verdict *verdict, const char *field, int side, const char *party)
{
	harmony_verdict_set(verdict, HARMONY_OUTCOME_REJECTED,
	                    harmony_code_word(HARMONY_CODE_UNKNOWN_PARTY), field,
	                    "%s %s is not in the books; export it first (debitr.csv or credit.csv), "
	                    "or correct the code",
	                    side == HARMONY_SIDE_SALES      ? "customer"
	                    : side == HARMONY_SIDE_PURCHASE ? "supplier"
	                                                    : "relation",
	                    party);
}

static bool fits(const harmony_record *record, size_t row, harmony_field field,
                 harmony_verdict *verdict)
{
	char path[48];
	int64_t value = 0;

	(void)harmony_record_get_number(&value, record, row, field);
	if (value <= LEDGER_MAX_AMOUNT && value >= -LEDGER_MAX_AMOUNT)
		return true;
	if (row > 0)
		snprintf(path, sizeof(path), "lines.%zu.%s", row, harmony_field_describe(field)->name);
	else
		snprintf(path, sizeof(path), "%s", harmony_field_describe(field)->name);
	harmony_verdict_set(verdict, HARMONY_OUTCOME_REJECTED,
	                    harmony_code_word(HARMONY_CODE_TOO_LONG), path,
	                    "the amount is over 10,000,000,000,000.00, more than the ledger holds; "
	                    "correct it or split the entry");
	return false;
}

static bool amounts_fit(const harmony_record *record, harmony_verdict *verdict)
{
	size_t rows = harmony_record_lines(record);

	if (!fits(record, HARMONY_HEADER, HARMONY_FIELD_TOTAL, verdict))
		return false;
	for (size_t row = 1; row <= rows; row++)
		if (!fits(record, row, HARMONY_FIELD_AMOUNT, verdict) ||
		    !fits(record, row, HARMONY_FIELD_VAT_AMOUNT, verdict))
			return false;
	return true;
}

/* The number that an invoice goes by. */
static const char *number_of(const harmony_record *record)
{
	const char *number = ledger__text(record, 0, HARMONY_FIELD_INVOICE_NUMBER);

	return number[0] != '\0' ? number : ledger__text(record, 0, HARMONY_FIELD_ENTRY_NUMBER);
}

static harmony_status check_currency(ledger *l, int side, const harmony_record *record,
                                     harmony_verdict *verdict, harmony_error *error)
{
	static const char sql[] =
	    "SELECT currency FROM bookings WHERE side = ?1 AND party = ?2 AND number = ?3"
	    " AND currency <> '' AND currency <> ?4 LIMIT 1";
	const char *currency = ledger__text(record, 0, HARMONY_FIELD_CURRENCY);
	const char *number = number_of(record);
	harmony__stmt *stmt;
	bool row;
	harmony_status status;

	if (currency[0] == '\0' || number[0] == '\0')
		return HARMONY_OK;
	status = harmony__db_prepare(&stmt, l->db, sql, error);
	if (status != HARMONY_OK)
		return status;
	harmony__bind_int(stmt, 1, side);
	harmony__bind_str(stmt, 2, ledger__text(record, 0, HARMONY_FIELD_PARTY));
	harmony__bind_str(stmt, 3, number);
	harmony__bind_str(stmt, 4, currency);
	status = harmony__db_step(stmt, &row, error);
	if (row)
		harmony_verdict_set(verdict, HARMONY_OUTCOME_REJECTED,
		                    harmony_code_word(HARMONY_CODE_DUPLICATE), "currency",
		                    "invoice %s of this relation is booked in %s, and this one is "
		                    "in %s; give it a number or currency of its own",
		                    number, harmony__column_text(stmt, 0, NULL), currency);
	harmony__db_reset(stmt);
	return status;
}

/* Everything that keeps an entry out, before anything of it is written: a refused record of a
   batch leaves no trace. The verdict stays NONE when nothing does. */
static harmony_status refuse(ledger *l, const harmony_record *record, harmony_verdict *verdict,
                             harmony_error *error)
{
	const int side = ledger__side_of(harmony_record_kind(record));
	const char *party = ledger__text(record, 0, HARMONY_FIELD_PARTY);
	size_t rows = harmony_record_lines(record);
	char path[48];
	bool has = true;
	harmony_status status = HARMONY_OK;

	if (!amounts_fit(record, verdict))
		return HARMONY_OK;
	if (side != 0) {
		status = ledger__has_party(&has, l, side, party, error);
		if (status == HARMONY_OK && !has)
			refuse_party(verdict, "party", side, party);
		else if (status == HARMONY_OK)
			status = check_currency(l, side, record, verdict, error);
		return status;
	}
	for (size_t row = 1; row <= rows && status == HARMONY_OK; row++) {
		ledger__settlement s;

		status = ledger__settle(&s, l, record, row, error);
		if (status != HARMONY_OK || s.party[0] == '\0' || s.side != 0)
			continue;
		const char *word = ledger__text(record, row, HARMONY_FIELD_SIDE);
		snprintf(path, sizeof(path), "lines.%zu.party", row);
		refuse_party(verdict, path,
		             word[0] == '\0' ? 0
		             : word[0] == 's' ? HARMONY_SIDE_SALES
		                              : HARMONY_SIDE_PURCHASE,
		             s.party);
		break;
	}
	return status;
}

/* ---- writing ------------------------------------------------------------------------------ */

static void bind_text(harmony__stmt *stmt, int index, const harmony_record *record, size_t row,
                      harmony_field field)
{
	const char *text;

	if (harmony_record_get_text(&text, record, row, field) == HARMONY_OK)
		harmony__bind_str(stmt, index, text);
}

static void bind_number(harmony__stmt *stmt, int index, const harmony_record *record, size_t row,
                        harmony_field field)
{
	int64_t number;

	if (harmony_record_get_number(&number, record, row, field) == HARMONY_OK)
		harmony__bind_int(stmt, index, number);
}

/* `text` of 16 bytes keeps the date until the step. */
static void bind_date(harmony__stmt *stmt, int index, char *text, const harmony_record *record,
                      harmony_field field)
{
	harmony_date date;

	if (harmony_record_get_date(&date, record, HARMONY_HEADER, field) != HARMONY_OK)
		return;
	harmony_date_format(text, date);
	harmony__bind_str(stmt, index, text);
}

static harmony_status put_party(int64_t *id, ledger *l, const harmony_record *record,
                                const uint8_t hash[HARMONY_HASH_SIZE], harmony_error *error)
{
	static const char sql[] =
	    "INSERT INTO parties(side, hash, code, name, address, postcode, city, country, email,"
	    " vat_number, bank_account, payment_condition)"
	    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
	    " ON CONFLICT(side, code) DO UPDATE SET hash = ?2, name = ?4, address = ?5,"
	    " postcode = ?6, city = ?7, country = ?8, email = ?9, vat_number = ?10,"
	    " bank_account = ?11, payment_condition = ?12 RETURNING id";
	static const harmony_field fields[] = {
	    HARMONY_FIELD_CODE,       HARMONY_FIELD_NAME,         HARMONY_FIELD_ADDRESS,
	    HARMONY_FIELD_POSTCODE,   HARMONY_FIELD_CITY,         HARMONY_FIELD_COUNTRY,
	    HARMONY_FIELD_EMAIL,      HARMONY_FIELD_VAT_NUMBER,   HARMONY_FIELD_BANK_ACCOUNT,
	    HARMONY_FIELD_PAYMENT_CONDITION};
	harmony__stmt *stmt;
	bool row;
	harmony_status status = harmony__db_prepare(&stmt, l->db, sql, error);

	if (status != HARMONY_OK)
		return status;
	harmony__bind_int(stmt, 1, ledger__side_of(harmony_record_kind(record)));
	harmony__bind_blob(stmt, 2, hash, HARMONY_HASH_SIZE);
	for (size_t i = 0; i < HARMONY__COUNT(fields); i++)
		bind_text(stmt, (int)i + 3, record, HARMONY_HEADER, fields[i]);
	status = harmony__db_step(stmt, &row, error);
	if (row)
		*id = harmony__column_int(stmt, 0);
	harmony__db_reset(stmt);
	return status;
}

static harmony_status put_header(int64_t *id, ledger *l, const harmony_record *record,
                                 const char *key, const uint8_t hash[HARMONY_HASH_SIZE],
                                 harmony_error *error)
{
	static const char sql[] =
	    "INSERT INTO bookings(key, hash, kind, journal, year, period, entry_number, date,"
	    " due_date, currency, description, reference, side, party, number, total, lines)"
	    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)";
	const int side = ledger__side_of(harmony_record_kind(record));
	char date[16], due[16];
	harmony__stmt *stmt;
	harmony_status status = harmony__db_prepare(&stmt, l->db, sql, error);

	if (status != HARMONY_OK)
		return status;
	harmony__bind_str(stmt, 1, key);
	harmony__bind_blob(stmt, 2, hash, HARMONY_HASH_SIZE);
	harmony__bind_str(stmt, 3, harmony_kind_word(harmony_record_kind(record)));
	bind_text(stmt, 4, record, 0, HARMONY_FIELD_JOURNAL);
	bind_number(stmt, 5, record, 0, HARMONY_FIELD_YEAR);
	bind_number(stmt, 6, record, 0, HARMONY_FIELD_PERIOD);
	bind_text(stmt, 7, record, 0, HARMONY_FIELD_ENTRY_NUMBER);
	bind_date(stmt, 8, date, record, HARMONY_FIELD_DATE);
	bind_date(stmt, 9, due, record, HARMONY_FIELD_DUE_DATE);
	harmony__bind_str(stmt, 10, ledger__text(record, 0, HARMONY_FIELD_CURRENCY));
	bind_text(stmt, 11, record, 0, HARMONY_FIELD_DESCRIPTION);
	bind_text(stmt, 12, record, 0, HARMONY_FIELD_PAYMENT_REFERENCE);
	if (side != 0) {
		harmony__bind_int(stmt, 13, side);
		harmony__bind_str(stmt, 14, ledger__text(record, 0, HARMONY_FIELD_PARTY));
		harmony__bind_str(stmt, 15, number_of(record));
		bind_number(stmt, 16, record, 0, HARMONY_FIELD_TOTAL);
	}
	harmony__bind_int(stmt, 17, (int64_t)harmony_record_lines(record));
	status = harmony__db_run(stmt, error);
	*id = harmony__db_last_id(l->db);
	return status;
}

static harmony_status put_line(ledger *l, int64_t id, const harmony_record *record, size_t row,
                               harmony_error *error)
{
	static const char sql[] =
	    "INSERT INTO lines(booking, row, account, description, vat_code, cost_centre, cost_unit,"
	    " amount, vat_amount, quantity) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
	static const harmony_field texts[] = {HARMONY_FIELD_ACCOUNT, HARMONY_FIELD_DESCRIPTION,
	                                      HARMONY_FIELD_VAT_CODE, HARMONY_FIELD_COST_CENTRE,
	                                      HARMONY_FIELD_COST_UNIT};
	static const harmony_field numbers[] = {HARMONY_FIELD_AMOUNT, HARMONY_FIELD_VAT_AMOUNT,
	                                        HARMONY_FIELD_QUANTITY};
	harmony__stmt *stmt;
	harmony_status status = harmony__db_prepare(&stmt, l->db, sql, error);

	if (status != HARMONY_OK)
		return status;
	harmony__bind_int(stmt, 1, id);
	harmony__bind_int(stmt, 2, (int64_t)row);
	for (size_t i = 0; i < HARMONY__COUNT(texts); i++)
		bind_text(stmt, (int)i + 3, record, row, texts[i]);
	for (size_t i = 0; i < HARMONY__COUNT(numbers); i++)
		bind_number(stmt, (int)i + 8, record, row, numbers[i]);
	return harmony__db_run(stmt, error);
}

static harmony_status put_settlement(ledger *l, int64_t id, const harmony_record *record,
                                     size_t row, harmony_error *error)
{
	static const char sql[] =
	    "INSERT INTO settlements(booking, row, side, party, number, currency, amount)"
	    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)";
	ledger__settlement s;
	harmony__stmt *stmt;
	harmony_status status = ledger__settle(&s, l, record, row, error);

	if (status != HARMONY_OK || s.side == 0)
		return status;
	status = harmony__db_prepare(&stmt, l->db, sql, error);
	if (status != HARMONY_OK)
		return status;
	harmony__bind_int(stmt, 1, id);
	harmony__bind_int(stmt, 2, (int64_t)row);
	harmony__bind_int(stmt, 3, s.side);
	harmony__bind_str(stmt, 4, s.party);
	harmony__bind_str(stmt, 5, s.number);
	harmony__bind_str(stmt, 6, s.currency);
	harmony__bind_int(stmt, 7, s.amount);
	return harmony__db_run(stmt, error);
}

/* `record` in the package's codes; key and hash are of what was offered. */
static harmony_status put_entry(int64_t *id, ledger *l, const harmony_record *record,
                                const char *key, const uint8_t hash[HARMONY_HASH_SIZE],
                                harmony_error *error)
{
	size_t rows = harmony_record_lines(record);
	harmony_status status = put_header(id, l, record, key, hash, error);

	for (size_t row = 1; status == HARMONY_OK && row <= rows; row++) {
		status = put_line(l, *id, record, row, error);
		if (status == HARMONY_OK)
			status = put_settlement(l, *id, record, row, error);
	}
	return status;
}

static harmony_status put(int64_t *id, ledger *l, const harmony_record *record,
                          harmony_error *error)
{
	const bool party = (HARMONY_BIT(harmony_record_kind(record)) & HARMONY_PARTIES) != 0;
	uint8_t hash[HARMONY_HASH_SIZE];
	char key[HARMONY_KEY_SIZE];
	const harmony_record *mapped;
	harmony_record *copy;
	harmony_status status = harmony_record_hash(hash, record);

	if (status == HARMONY_OK)
		status = ledger__map(&mapped, &copy, l, record, error);
	if (status != HARMONY_OK)
		return status;
	ledger__key(key, record, hash);
	status = party ? put_party(id, l, mapped, hash, error)
	               : put_entry(id, l, mapped, key, hash, error);
	harmony_record_free(copy);
	return status;
}

/* ---- offer --------------------------------------------------------------------------------- */

static harmony_status book(ledger *l, const harmony_record *record, harmony_verdict *verdict,
                           harmony_error *error)
{
	const harmony_kind kind = harmony_record_kind(record);
	const bool party = (HARMONY_BIT(kind) & HARMONY_PARTIES) != 0;
	int64_t id = 0;
	bool same = false;
	harmony_status status;

	if ((HARMONY_BIT(kind) & (HARMONY_PARTIES | HARMONY_ENTRIES)) == 0) {
		harmony_verdict_set(verdict, HARMONY_OUTCOME_REJECTED,
		                    harmony_code_word(HARMONY_CODE_UNSUPPORTED_KIND), "kind",
		                    "the ledger books no %s; offer relations and entries",
		                    harmony_kind_word(kind));
		return HARMONY_OK;
	}
	if (harmony_record_validate(record, keep_failure, verdict) != HARMONY_OK)
		return HARMONY_OK;
	status = ledger__lookup(&id, &same, l, record, error);
	if (status == HARMONY_OK && id != 0 && !same && !party) {
		harmony_verdict_set(verdict, HARMONY_OUTCOME_REJECTED,
		                    harmony_code_word(HARMONY_CODE_DUPLICATE), "entry_number",
		                    "the number is booked already with other content, as "
		                    "booking/%lld; give the entry another number, or correct the "
		                    "booking in the books",
		                    (long long)id);
		return HARMONY_OK;
	}
	if (status == HARMONY_OK && id == 0 && !party)
		status = refuse(l, record, verdict, error);
	if (status != HARMONY_OK || verdict->outcome == HARMONY_OUTCOME_REJECTED)
		return status;
	if (!same)
		status = put(&id, l, record, error);
	if (status == HARMONY_OK) {
		harmony_verdict_set(verdict, HARMONY_OUTCOME_BOOKED, NULL, NULL, NULL);
		ledger__remote_id(verdict, kind, id);
	}
	return status;
}

/* What a failed transaction means to the core: nothing was kept, unless the sync of the commit
   failed. `cause` is handed on under that status. */
static harmony_status undone(ledger *l, harmony_status status, const harmony_error *cause,
                             harmony_error *error)
{
	if (harmony__db_uncertain(l->db))
		status = HARMONY_INDOUBT;
	else if (status == HARMONY_BUSY)
		status = HARMONY_RETRY;
	harmony__error_place(error, harmony__db_path(l->db), 0, 0, NULL);
	return harmony_error_set(error, status, NULL, "%s", cause->message);
}

harmony_status ledger__offer(void *instance, const harmony_record *const *records, size_t count,
                             harmony_verdict *verdicts, harmony_error *error)
{
	ledger *l = instance;
	harmony_error cause = HARMONY_ERROR_INIT;
	harmony_status status;

	if (l->host->cancelled != NULL && l->host->cancelled(l->host->user))
		return harmony_error_set(error, HARMONY_CANCELLED, NULL,
		                         "asked to stop; nothing of this batch was booked");
	status = harmony__db_begin(l->db, &cause);
	for (size_t i = 0; status == HARMONY_OK && i < count; i++)
		status = book(l, records[i], &verdicts[i], &cause);
	if (status == HARMONY_OK)
		status = harmony__db_commit(l->db, &cause);
	if (status == HARMONY_OK)
		return HARMONY_OK;
	harmony__db_rollback(l->db);
	/* Refusals too: one may rest on a record of this batch that is undone with it. */
	for (size_t i = 0; i < count; i++)
		verdicts[i] = (harmony_verdict)HARMONY_VERDICT_INIT;
	return undone(l, status, &cause, error);
}
