/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "connectors/multivers/multivers.h"

/* Records → customer and supplier invoices. The relation's own line is implied by the header;
   lines are the ledger's side without VAT, in two columns of which one is zero; VAT stands in
   lines of its own, one a code, to the cent of the record. */

#define MAX_ID        8  /* digits of an invoice number */
#define MAX_REFERENCE 16 /* characters of a payment reference */
#define MAX_VAT_CODES 100 /* they are numbered 0 to 99 */

/* ---- what a record goes by ----------------------------------------------------------------- */

bool multivers_is_credit(const harmony_record *record)
{
	return harmony__sum_of(record) < 0;
}

harmony_field multivers_reference_field(const multivers *m, harmony_kind kind)
{
	return kind == HARMONY_SALES_INVOICE && m->by_invoice ? HARMONY_FIELD_ENTRY_NUMBER
							      : HARMONY_FIELD_INVOICE_NUMBER;
}

/* Without the number that it should go by, an invoice goes by the other one. */
harmony_field multivers_id_field(const multivers *m, const harmony_record *record)
{
	bool sales = harmony_record_kind(record) == HARMONY_SALES_INVOICE;
	bool entry = *harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_ENTRY_NUMBER) != '\0';
	bool invoice =
	    *harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_INVOICE_NUMBER) != '\0';

	if (sales && (m->by_invoice ? invoice : !entry && invoice))
		return HARMONY_FIELD_INVOICE_NUMBER;
	return HARMONY_FIELD_ENTRY_NUMBER;
}

void multivers_invoice_path(harmony__buf *path, const multivers *m, const harmony_record *record)
{
	harmony_kind kind = harmony_record_kind(record);

	if (kind == HARMONY_MEMORIAL)
		return;
	harmony__buf_printf(path, "%sInvoice/", multivers_party_name(multivers_party_table(kind)));
	multivers_segment(path,
			  harmony__text_of(record, HARMONY_HEADER, multivers_id_field(m, record)),
			  m->plain_escape);
}

/* ---- shared with memorials ------------------------------------------------------------------ */

static const char *text_of(const multivers_entry *e, size_t row, harmony_field field)
{
	return harmony__text_of(e->draft.record, row, field);
}

static bool good(const multivers_entry *e)
{
	return harmony__draft_good(&e->draft);
}

const multivers_thing *multivers_need_in_year(multivers_entry *e, int table, size_t row,
					      harmony_field field)
{
	const harmony__source *source = &multivers_sources[table];
	const char *code = text_of(e, row, field);
	const multivers_thing *thing = NULL;

	e->draft.status = multivers_find_in_year(&thing, e->m, table, e->year,
						 harmony__mapped(&e->m->frame, source->map, code),
						 e->draft.error);
	if (e->draft.status == HARMONY_OK && !thing)
		harmony__refuse(&e->draft, source->code, row, harmony_field_describe(field)->name,
				"Multivers has no %s '%s' in fiscal year %" PRId64
				"; map it under [integration NAME %s], or make it there",
				source->one, code, e->year, source->map);
	return thing;
}

void multivers_put_date(multivers_entry *e, const char *name, size_t row, harmony_field field)
{
	harmony_date date;
	char text[MULTIVERS_DATE_SIZE];

	if (harmony_record_get_date(&date, e->draft.record, row, field) != HARMONY_OK)
		return;
	multivers_date_format(text, date);
	harmony__json_put(&e->w, name, text);
}

/* A line without a text of its own has that of the entry, which has no other place. */
const char *multivers_line_text(multivers_entry *e, size_t row)
{
	size_t from = *text_of(e, row, HARMONY_FIELD_DESCRIPTION) ? row : HARMONY_HEADER;
	const char *text = text_of(e, from, HARMONY_FIELD_DESCRIPTION);

	return harmony__fits(&e->draft, text, e->m->description_max, from, "description") ? text
											  : "";
}

static void put_dimension(multivers_entry *e, const char *name, int table, size_t row,
			  harmony_field field)
{
	const harmony__thing *thing;

	if (!*text_of(e, row, field) || !good(e))
		return;
	thing = harmony__need(&e->draft, table, row, field);
	if (thing)
		harmony__json_put(&e->w, name, thing->id);
}

void multivers_put_dimensions(multivers_entry *e, size_t row)
{
	int64_t quantity;

	put_dimension(e, "costCentreId", MULTIVERS_CENTRES, row, HARMONY_FIELD_COST_CENTRE);
	put_dimension(e, "costUnitId", MULTIVERS_UNITS, row, HARMONY_FIELD_COST_UNIT);
	if (harmony__number_of(&quantity, e->draft.record, row, HARMONY_FIELD_QUANTITY))
		harmony__json_put_number(&e->w, "quantity", quantity, HARMONY_SCALE_QUANTITY);
}

/* ---- year, period, journal ------------------------------------------------------------------- */

static bool covers(const multivers_thing *thing, harmony_date date)
{
	int32_t day = harmony_date_to_days(date);

	return thing->start.year && thing->end.year && day >= harmony_date_to_days(thing->start) &&
	       day <= harmony_date_to_days(thing->end);
}

/* The fiscal year that says it has that day; where none tells its days, the calendar's. */
static void take_year(multivers_entry *e, harmony_date date)
{
	const harmony__table *years = &e->m->frame.tables[MULTIVERS_YEARS];
	const multivers_thing *at = NULL;
	const void *found = NULL;
	char code[24];

	snprintf(code, sizeof(code), "%d", date.year);
	if (e->m->file_period &&
	    harmony__number_of(&e->year, e->draft.record, HARMONY_HEADER, HARMONY_FIELD_YEAR))
		snprintf(code, sizeof(code), "%" PRId64, e->year);
	e->draft.status =
	    harmony__find_thing(&found, &e->m->frame, MULTIVERS_YEARS, code, e->draft.error);
	if (e->draft.status != HARMONY_OK)
		return;
	while (!e->m->file_period && (at = harmony__table_next(years, at)) && !covers(at, date))
		;
	if (at)
		found = at;
	else if (found && !e->m->file_period && ((const multivers_thing *)found)->start.year)
		found = NULL; /* it tells its days, and this is none of them */
	if (found)
		e->year = ((const multivers_thing *)found)->number;
	else
		harmony__refuse(&e->draft, "period_closed", HARMONY_HEADER, "date",
				"Multivers has no fiscal year %s for this entry; make it there, or "
				"correct the date",
				code);
}

static void take_period(multivers_entry *e, harmony_date date)
{
	const multivers_thing *at = NULL, *first;
	size_t count;

	if (e->m->file_period &&
	    harmony__number_of(&e->period, e->draft.record, HARMONY_HEADER, HARMONY_FIELD_PERIOD))
		return;
	e->draft.status =
	    multivers_find_in_year(&at, e->m, MULTIVERS_PERIODS, e->year, "1", e->draft.error);
	if (e->draft.status != HARMONY_OK)
		return;
	for (at = harmony__table_next(&e->m->frame.tables[MULTIVERS_PERIODS], NULL); at;
	     at = harmony__table_next(&e->m->frame.tables[MULTIVERS_PERIODS], at))
		if (covers(at, date)) {
			e->period = at->number;
			return;
		}
	/* Without their days, twelve periods are the months; others only the file knows. */
	count = multivers_count_of_year(&first, e->m, MULTIVERS_PERIODS, e->year);
	if (count == 12)
		e->period = date.month;
	else if (!harmony__number_of(&e->period, e->draft.record, HARMONY_HEADER,
				     HARMONY_FIELD_PERIOD))
		harmony__refuse(&e->draft, "missing_field", HARMONY_HEADER, "period",
				"Multivers has %zu periods in fiscal year %" PRId64
				" and does not say when they begin; give the entry its period",
				count, e->year);
}

static void take_journal(multivers_entry *e)
{
	const multivers_thing *journal =
	    multivers_need_in_year(e, MULTIVERS_JOURNALS, HARMONY_HEADER, HARMONY_FIELD_JOURNAL);
	harmony_kind takes = 0;

	if (!journal)
		return;
	e->journal = journal->thing.id;
	e->draft.status = multivers_journal_kind(&takes, e->m, journal->number, e->draft.error);
	if (e->draft.status == HARMONY_OK && takes && takes != e->kind)
		harmony__refuse(&e->draft, "unknown_journal", HARMONY_HEADER, "journal",
				"journal '%s' of Multivers is one for a %s, and this is a %s; map "
				"the journal under [integration NAME journals]",
				e->journal, harmony_kind_word(takes), harmony_kind_word(e->kind));
}

/* The euro is the administration's own, and goes without saying. */
static void take_currency(multivers_entry *e)
{
	const char *code = text_of(e, HARMONY_HEADER, HARMONY_FIELD_CURRENCY);
	const void *found = NULL;

	e->currency = "";
	if (!*code || strcmp(code, "EUR") == 0)
		return;
	e->draft.status =
	    harmony__find_thing(&found, &e->m->frame, MULTIVERS_CURRENCIES, code, e->draft.error);
	if (e->draft.status == HARMONY_OK && !found)
		harmony__refuse(&e->draft, "invalid_value", HARMONY_HEADER, "currency",
				"Multivers has no currency '%s'; make it there", code);
	else
		e->currency = code;
}

/* ---- the VAT scenario ------------------------------------------------------------------------ */

/* That of the setting, else the only one that there is. */
static void take_scenario(multivers_entry *e)
{
	bool sales = e->kind == HARMONY_SALES_INVOICE;
	int table = sales ? MULTIVERS_SALES_SCENARIOS : MULTIVERS_PURCHASE_SCENARIOS;
	const char *key = sales ? "vat_scenario_sales" : "vat_scenario_purchase";
	const char *set = harmony__frame_setting(&e->m->frame, key);
	const multivers_thing *thing = NULL;
	size_t count;

	e->draft.status =
	    multivers_find_in_year(&thing, e->m, table, e->year, *set ? set : "?", e->draft.error);
	if (e->draft.status != HARMONY_OK)
		return;
	if (!*set) {
		count = multivers_count_of_year(&thing, e->m, table, e->year);
		thing = count == 1 ? thing : NULL;
		if (!thing)
			e->draft.status =
			    harmony_error_set(e->draft.error, HARMONY_CONFIG, NULL,
					      "Multivers has %zu VAT scenarios for %s in %" PRId64
					      "; set `%s` to the number of the one that is meant",
					      count, sales ? "sales" : "purchases", e->year, key);
	} else if (!thing) {
		e->draft.status =
		    harmony_error_set(e->draft.error, HARMONY_CONFIG, NULL,
				      "`%s` = %s is no VAT scenario for %s of Multivers in %" PRId64
				      "; write the number of one that is",
				      key, set, sales ? "sales" : "purchases", e->year);
	}
	if (thing)
		e->scenario = thing->number;
}

/* ---- invoices -----------------------------------------------------------------------------------
 */

static void take_id(multivers_entry *e)
{
	harmony_field field = multivers_id_field(e->m, e->draft.record);
	const char *text = text_of(e, HARMONY_HEADER, field);
	const char *name = harmony_field_describe(field)->name;

	if (!*text)
		harmony__refuse(&e->draft, "missing_field", HARMONY_HEADER, name,
				"Multivers needs a number for each invoice, and this has none; "
				"give it one of at most %d digits",
				MAX_ID);
	else if (strspn(text, "0123456789") != strlen(text))
		harmony__refuse(&e->draft, "invalid_number", HARMONY_HEADER, name,
				"'%s' cannot be an invoice number at Multivers, which is of digits "
				"only; renumber the entry",
				text);
	else
		(void)harmony__fits(&e->draft, text, MAX_ID, HARMONY_HEADER, name);
}

static void take_party(multivers_entry *e)
{
	int table = multivers_party_table(e->kind);

	e->party = harmony__need_party(&e->draft, table, HARMONY_HEADER, 0);
	if (e->party && !e->party->condition[0] && !e->proving)
		harmony__refuse(&e->draft, "unknown_payment_condition", HARMONY_HEADER, "party",
				"%s '%s' has no payment condition in Multivers, and nothing can be "
				"booked on it; give it one there, or export it with one",
				multivers_sources[table].one, e->party->thing.id);
}

static void put_reference(multivers_entry *e)
{
	harmony_field field = multivers_reference_field(e->m, e->kind);
	const char *text = text_of(e, HARMONY_HEADER, field);
	const char *payment = text_of(e, HARMONY_HEADER, HARMONY_FIELD_PAYMENT_REFERENCE);

	if (*text && harmony__fits(&e->draft, text, e->m->reference_max, HARMONY_HEADER,
				   harmony_field_describe(field)->name))
		harmony__json_put(&e->w, "reference", text);
	if (*payment && good(e) &&
	    harmony__fits(&e->draft, payment, MAX_REFERENCE, HARMONY_HEADER, "payment_reference"))
		harmony__json_put(&e->w, "paymentReference", payment);
}

static void put_currency(multivers_entry *e)
{
	int64_t rate;

	if (!*e->currency)
		return;
	harmony__json_put(&e->w, "currencyId", e->currency);
	if (e->m->send_rate &&
	    harmony__number_of(&rate, e->draft.record, HARMONY_HEADER,
			       HARMONY_FIELD_EXCHANGE_RATE) &&
	    rate != 0)
		harmony__json_put_number(&e->w, "exchangeRate", rate, HARMONY_SCALE_RATE);
}

static void put_header(multivers_entry *e)
{
	bool sales = e->kind == HARMONY_SALES_INVOICE;
	bool credit = e->credit && e->m->credit_notes != MULTIVERS_BY_COLUMN;
	bool discount =
	    harmony_record_has(e->draft.record, HARMONY_HEADER, HARMONY_FIELD_DISCOUNT_DATE);
	int64_t frozen;

	harmony__json_put(&e->w, sales ? "customerId" : "supplierId", e->party->thing.id);
	harmony__json_put(&e->w, "invoiceId",
			  text_of(e, HARMONY_HEADER, multivers_id_field(e->m, e->draft.record)));
	harmony__json_put_number(&e->w, "invoiceType", (sales ? 0 : 1) + (credit ? 2 : 0), 0);
	multivers_put_date(e, "invoiceDate", HARMONY_HEADER, HARMONY_FIELD_DATE);
	multivers_put_date(e, "invoiceExpirationDate", HARMONY_HEADER, HARMONY_FIELD_DUE_DATE);
	multivers_put_date(e, "rebateExpirationDate", HARMONY_HEADER,
			   discount ? HARMONY_FIELD_DISCOUNT_DATE : HARMONY_FIELD_DUE_DATE);
	harmony__json_put(&e->w, "paymentConditionId", e->party->condition);
	put_reference(e);
	put_currency(e);
	if (!sales && harmony__number_of(&frozen, e->draft.record, HARMONY_HEADER,
					 HARMONY_FIELD_BLOCKED_AMOUNT))
		multivers_put_pair(&e->w, "amountFrozen", frozen, !*e->currency);
	harmony__json_put_bool(&e->w, "vatOnInvoice", true);
	harmony__json_put_number(&e->w, "vatScenarioId", e->scenario, 0);
	if (e->m->auto_vat)
		harmony__json_put_bool(&e->w, "autoCalculateVat", true);
}

/* A credit note that goes by its type is written as if it were an invoice. */
static int64_t turn(const multivers_entry *e)
{
	return e->credit && e->m->credit_notes == MULTIVERS_BY_TYPE ? -1 : 1;
}

static void put_vat_code(multivers_entry *e, size_t row)
{
	const harmony__thing *vat = NULL;

	if (*text_of(e, row, HARMONY_FIELD_VAT_CODE) && good(e))
		vat = harmony__need(&e->draft, MULTIVERS_VAT, row, HARMONY_FIELD_VAT_CODE);
	harmony__json_key(&e->w, "vatCodeId");
	if (vat)
		harmony__json_raw_number(&e->w, vat->id, strlen(vat->id));
	else
		harmony__json_null(&e->w);
	harmony__json_put_number(&e->w, "vatType", vat ? e->m->vat_type : e->m->no_vat_type, 0);
}

static void put_line(multivers_entry *e, size_t row)
{
	bool credit = e->kind == HARMONY_SALES_INVOICE && !e->m->debit_sales;
	const multivers_thing *account =
	    multivers_need_in_year(e, MULTIVERS_ACCOUNTS, row, HARMONY_FIELD_ACCOUNT);
	int64_t amount = 0;

	if (!account)
		return;
	(void)harmony__number_of(&amount, e->draft.record, row, HARMONY_FIELD_AMOUNT);
	amount *= credit ? -turn(e) : turn(e); /* positive: debit */
	harmony__json_object(&e->w);
	harmony__json_put(&e->w, "accountId", account->thing.id);
	multivers_put_pair(&e->w, "debitAmount", amount > 0 ? amount : 0, !*e->currency);
	multivers_put_pair(&e->w, "creditAmount", amount < 0 ? -amount : 0, !*e->currency);
	harmony__json_put(&e->w, "description", multivers_line_text(e, row));
	multivers_put_date(e, "transactionDate", HARMONY_HEADER, HARMONY_FIELD_DATE);
	put_vat_code(e, row);
	multivers_put_dimensions(e, row);
	harmony__json_object_end(&e->w);
}

/* The lines of one of Multivers' codes; several of the file's may be mapped to it. */
typedef struct vat_total {
	const harmony__thing *code;
	int64_t turnover, vat;
} vat_total;

static vat_total *total_of(multivers_entry *e, vat_total *totals, size_t *count, size_t row)
{
	const harmony__thing *code =
	    harmony__need(&e->draft, MULTIVERS_VAT, row, HARMONY_FIELD_VAT_CODE);

	if (!code)
		return NULL;
	for (size_t i = 0; i < *count; i++)
		if (totals[i].code == code)
			return &totals[i];
	if (*count == MAX_VAT_CODES) {
		harmony__refuse(&e->draft, "vendor", row, "vat_code",
				"this entry has more than %d VAT codes; split it", MAX_VAT_CODES);
		return NULL;
	}
	totals[*count] = (vat_total){.code = code};
	return &totals[(*count)++];
}

static void put_vat_line(multivers_entry *e, const vat_total *total)
{
	harmony__json_object(&e->w);
	harmony__json_put_number(&e->w, "amountTurnoverCur", turn(e) * total->turnover,
				 HARMONY_SCALE_AMOUNT);
	harmony__json_put(&e->w, "currencyId", e->currency);
	harmony__json_put_number(&e->w, "fiscalYear", e->year, 0);
	harmony__json_put_number(&e->w, "vatAmountCur", turn(e) * total->vat, HARMONY_SCALE_AMOUNT);
	harmony__json_key(&e->w, "vatCodeId");
	harmony__json_raw_number(&e->w, total->code->id, strlen(total->code->id));
	harmony__json_put_number(&e->w, "vatScenarioId", e->scenario, 0);
	harmony__json_put_number(&e->w, "vatType", e->m->vat_type, 0);
	harmony__json_object_end(&e->w);
}

/* One for each code, in the order in which they come. */
static void put_vat_lines(multivers_entry *e)
{
	vat_total totals[MAX_VAT_CODES];
	size_t count = 0;
	int64_t amount;

	for (size_t row = 1; row <= harmony_record_lines(e->draft.record) && good(e); row++) {
		vat_total *total = *text_of(e, row, HARMONY_FIELD_VAT_CODE)
				       ? total_of(e, totals, &count, row)
				       : NULL;
		if (!total)
			continue;
		if (harmony__number_of(&amount, e->draft.record, row, HARMONY_FIELD_AMOUNT))
			total->turnover += amount;
		if (harmony__number_of(&amount, e->draft.record, row, HARMONY_FIELD_VAT_AMOUNT))
			total->vat += amount;
	}
	for (size_t i = 0; i < count && good(e); i++)
		put_vat_line(e, &totals[i]);
}

/* VAT without a code would be lost between the lines. */
static void check_vat(multivers_entry *e, size_t row)
{
	int64_t vat = 0;

	if (harmony__number_of(&vat, e->draft.record, row, HARMONY_FIELD_VAT_AMOUNT) && vat != 0 &&
	    !*text_of(e, row, HARMONY_FIELD_VAT_CODE))
		harmony__refuse(&e->draft, "unknown_vat_code", row, "vat_code",
				"this line has VAT and no VAT code; give it one");
}

static void put_invoice(multivers_entry *e)
{
	size_t lines = harmony_record_lines(e->draft.record);

	put_header(e);
	harmony__json_key(&e->w, e->kind == HARMONY_SALES_INVOICE ? "customerInvoiceLines"
								  : "supplierInvoiceLines");
	harmony__json_array(&e->w);
	for (size_t row = 1; row <= lines && good(e); row++) {
		check_vat(e, row);
		if (good(e))
			put_line(e, row);
	}
	harmony__json_array_end(&e->w);
	if (e->m->auto_vat)
		return;
	harmony__json_key(&e->w, "vatTransactionLines");
	harmony__json_array(&e->w);
	put_vat_lines(e);
	harmony__json_array_end(&e->w);
}

/* ---- the body
 * ------------------------------------------------------------------------------------ */

static void take_header(multivers_entry *e)
{
	harmony_date date = {0, 0, 0};

	(void)harmony_record_get_date(&date, e->draft.record, HARMONY_HEADER, HARMONY_FIELD_DATE);
	take_year(e, date);
	if (good(e))
		take_period(e, date);
	if (good(e))
		take_journal(e);
	if (good(e))
		take_currency(e);
	if (e->kind == HARMONY_MEMORIAL)
		return;
	if (good(e))
		take_id(e);
	if (good(e))
		take_party(e);
	if (good(e))
		take_scenario(e);
}

harmony_status multivers_entry_body(multivers_entry *e, multivers *m, const harmony_record *record,
				    int64_t number, bool proving, harmony__buf *body,
				    harmony_verdict *verdict, harmony_error *error)
{
	harmony_status status;

	memset(e, 0, sizeof(*e));
	e->draft = (harmony__draft){
	    .frame = &m->frame, .record = record, .verdict = verdict, .error = error};
	e->m = m;
	e->kind = harmony_record_kind(record);
	e->proving = proving;
	e->credit = multivers_is_credit(record);
	e->beside = harmony__vat_beside(record);
	e->number = number;
	take_header(e);
	if (!good(e))
		return e->draft.status;
	harmony__json_begin(&e->w, harmony__buf_write, body);
	harmony__json_object(&e->w);
	harmony__json_put_number(&e->w, "fiscalYear", e->year, 0);
	harmony__json_put_number(&e->w, "periodNumber", e->period, 0);
	harmony__json_put(&e->w, "journalId", e->journal);
	harmony__json_put_number(&e->w, "journalTransaction", number, 0);
	if (e->kind == HARMONY_MEMORIAL)
		multivers_put_memorial(e);
	else
		put_invoice(e);
	if (!good(e))
		return e->draft.status;
	harmony__json_object_end(&e->w);
	status = harmony__json_end(&e->w);
	return status == HARMONY_OK ? status
				    : harmony_error_set(error, status, NULL, "the entry's request");
}
