/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "connectors/multivers/multivers.h"

/* Memorials → FinTrans. Its entries are of several types, and say first of which. */

#define TYPE(kind)                                                                                 \
	"UNIT4.Multivers.API.BL.Financial.Edit." kind                                              \
	"EntryProxy, UNIT4.Multivers.API.Web.WebApi.Model"

static const char *text_of(const multivers_entry *e, size_t row, harmony_field field)
{
	return harmony__text_of(e->draft.record, row, field);
}

static size_t dated(const multivers_entry *e, size_t row)
{
	return harmony_record_has(e->draft.record, row, HARMONY_FIELD_DATE) ? row : HARMONY_HEADER;
}

/* Amounts of an entry with VAT include it, and say how much it is. */
static void put_vat(multivers_entry *e, size_t row, int64_t gross, int64_t tax)
{
	const char *scenario = harmony__frame_setting(&e->m->frame, "vat_scenario_memorial");
	const harmony__thing *vat =
	    harmony__need(&e->draft, MULTIVERS_VAT, row, HARMONY_FIELD_VAT_CODE);

	if (!vat)
		return;
	harmony__json_key(&e->w, "vatCodeId");
	harmony__json_raw_number(&e->w, vat->id, strlen(vat->id));
	/* In the column of its entry. */
	harmony__json_put_number(&e->w, "vatAmount", gross < 0 ? -tax : tax, HARMONY_SCALE_AMOUNT);
	harmony__json_put_bool(&e->w, "vatIncluded", true);
	harmony__json_put_number(&e->w, "vatType", e->m->vat_type, 0);
	if (*scenario) {
		harmony__json_key(&e->w, "vatScenarioId");
		harmony__json_raw_number(&e->w, scenario, strlen(scenario));
	}
}

static void put_basic(multivers_entry *e, size_t row)
{
	const multivers_thing *account =
	    multivers_need_in_year(e, MULTIVERS_ACCOUNTS, row, HARMONY_FIELD_ACCOUNT);
	bool with_vat = *text_of(e, row, HARMONY_FIELD_VAT_CODE) != '\0' && e->beside;
	int64_t gross = 0, tax = 0;

	if (!account)
		return;
	(void)harmony__number_of(&gross, e->draft.record, row, HARMONY_FIELD_AMOUNT);
	if (e->beside)
		(void)harmony__number_of(&tax, e->draft.record, row, HARMONY_FIELD_VAT_AMOUNT);
	if (tax && !with_vat) {
		harmony__refuse(&e->draft, "unknown_vat_code", row, "vat_code",
				"this line has VAT and no VAT code; give it one");
		return;
	}
	gross += tax;
	harmony__json_object(&e->w);
	harmony__json_put(&e->w, "$type", TYPE("Basic"));
	harmony__json_put(&e->w, "accountId", account->thing.id);
	harmony__json_put_number(&e->w, "debitAmount", gross > 0 ? gross : 0, HARMONY_SCALE_AMOUNT);
	harmony__json_put_number(&e->w, "creditAmount", gross < 0 ? -gross : 0,
				 HARMONY_SCALE_AMOUNT);
	harmony__json_put(&e->w, "description", multivers_line_text(e, row));
	multivers_put_date(e, "transactionDate", dated(e, row), HARMONY_FIELD_DATE);
	if (with_vat)
		put_vat(e, row, gross, tax);
	multivers_put_dimensions(e, row);
	harmony__json_object_end(&e->w);
}

/* ---- payments ---------------------------------------------------------------------------------
 */

typedef struct payee {
	const char *number; /* ours */
	char id[16];        /* Multivers' */
	int table;          /* whose it is */
} payee;

static harmony_status look_at_open(const harmony__json *row, void *user)
{
	payee *p = user;
	const char *id = harmony__json_text(harmony__json_get(row, "invoiceId"), "");
	const char *reference = harmony__json_text(harmony__json_get(row, "invoiceReference"), "");

	/* The reference counts before a number that happens to be the same. */
	if (strcmp(reference, p->number) == 0 || (strcmp(id, p->number) == 0 && !p->id[0]))
		harmony__copy_text(p->id, sizeof(p->id), id, strlen(id));
	return HARMONY_OK;
}

/* Its open invoice of that number, if it has one. */
static void find_invoice(multivers_entry *e, payee *p, const harmony__thing *party)
{
	harmony__buf path;

	harmony__buf_init(&path, e->m->frame.context, 1024);
	harmony__buf_printf(&path, "%sInvoiceInfoList/OpenInvoices/",
			    multivers_party_name(p->table));
	multivers_segment(&path, party->id, e->m->plain_escape);
	e->draft.status = harmony__buf_check(&path, "a request", e->draft.error);
	if (e->draft.status == HARMONY_OK)
		e->draft.status = multivers_list(e->m, path.data, "InvoiceId", "open invoices",
						 NULL, look_at_open, p, e->draft.error);
	harmony__buf_free(&path);
}

/* The relation and the invoice that the line pays; a line that does not tell its side pays that
   of a customer before that of a supplier. */
static void find_payee(multivers_entry *e, payee *p, size_t row)
{
	const char *side = text_of(e, row, HARMONY_FIELD_SIDE);
	const char *code = text_of(e, row, HARMONY_FIELD_PARTY);
	bool known = false;

	for (int i = 0; i < 2 && e->draft.status == HARMONY_OK && !p->id[0]; i++) {
		const void *found = NULL;
		if (*side && strcmp(side, i ? "purchase" : "sales") != 0)
			continue;
		p->table = i ? MULTIVERS_SUPPLIERS : MULTIVERS_CUSTOMERS;
		e->draft.status =
		    harmony__find_thing(&found, &e->m->frame, p->table, code, e->draft.error);
		known = known || found;
		if (e->draft.status == HARMONY_OK && found)
			find_invoice(e, p, found);
	}
	if (e->draft.status != HARMONY_OK || p->id[0])
		return;
	if (!known)
		harmony__refuse(&e->draft, "unknown_party", row, "party",
				"Multivers has no relation '%s'; export it with the entry, or make "
				"it there under that code",
				code);
	else if (e->proving) /* the invoice may come in the same file */
		harmony__copy_text(p->id, sizeof(p->id), p->number, strlen(p->number));
	else
		harmony__refuse(&e->draft, "vendor", row, "invoice_number",
				"Multivers has no open invoice '%s' of '%s', which this line "
				"would pay; correct the number, or book the line there",
				p->number, code);
}

static void put_payment(multivers_entry *e, size_t row)
{
	payee p = {.number = text_of(e, row, HARMONY_FIELD_INVOICE_NUMBER), .id = ""};
	const char *code = text_of(e, row, HARMONY_FIELD_PARTY);
	int64_t amount = 0;
	bool sales;

	if (!e->m->pay_entries || !*p.number) {
		harmony__refuse(&e->draft, "vendor", row, "party",
				"a memorial of Multivers takes a relation only where it pays an "
				"invoice; %s, or book this one there",
				e->m->pay_entries ? "give the line its invoice number"
						  : "set memorial_party = entry");
		return;
	}
	find_payee(e, &p, row);
	if (!harmony__draft_good(&e->draft))
		return;
	sales = p.table == MULTIVERS_CUSTOMERS;
	(void)harmony__number_of(&amount, e->draft.record, row, HARMONY_FIELD_AMOUNT);
	harmony__json_object(&e->w);
	harmony__json_put(&e->w, "$type", sales ? TYPE("Customer") : TYPE("Supplier"));
	harmony__json_put(&e->w, sales ? "customerId" : "supplierId", code);
	multivers_put_date(e, "transactionDate", dated(e, row), HARMONY_FIELD_DATE);
	harmony__json_key(&e->w, sales ? "customerEntryPayments" : "supplierEntryPayments");
	harmony__json_array(&e->w);
	harmony__json_object(&e->w);
	harmony__json_put(&e->w, "invoiceId", p.id);
	/* What a customer pays is credited, what we pay is debited. */
	harmony__json_put_number(&e->w, "amountPaidCur", sales ? -amount : amount,
				 HARMONY_SCALE_AMOUNT);
	harmony__json_put(&e->w, "description", multivers_line_text(e, row));
	harmony__json_object_end(&e->w);
	harmony__json_array_end(&e->w);
	harmony__json_object_end(&e->w);
}

/* ---- the transaction
 * ----------------------------------------------------------------------------- */

void multivers_document(char name[HARMONY_KEY_SIZE], const harmony_record *record)
{
	const char *number = harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_ENTRY_NUMBER);
	const char *hash;

	harmony_record_identifier(name, record);
	hash = strchr(name, '#');
	if (*number)
		harmony__copy_text(name, HARMONY_KEY_SIZE, number, strlen(number));
	else if (hash)
		memmove(name, hash + 1, strlen(hash));
}

void multivers_put_memorial(multivers_entry *e)
{
	char name[HARMONY_KEY_SIZE];
	const char *text = text_of(e, HARMONY_HEADER, HARMONY_FIELD_DESCRIPTION);
	int64_t rate;

	multivers_put_date(e, "transactionDate", HARMONY_HEADER, HARMONY_FIELD_DATE);
	if (!harmony__fits(&e->draft, text, e->m->description_max, HARMONY_HEADER, "description"))
		return;
	harmony__json_put(&e->w, "description", text);
	multivers_document(name, e->draft.record);
	harmony__json_put(&e->w, "document", name);
	if (*e->currency) {
		harmony__json_put(&e->w, "currencyId", e->currency);
		if (e->m->send_rate && harmony__number_of(&rate, e->draft.record, HARMONY_HEADER,
							  HARMONY_FIELD_EXCHANGE_RATE))
			harmony__json_put_number(&e->w, "exchangeRate", rate, HARMONY_SCALE_RATE);
	}
	harmony__json_key(&e->w, "finTransEntries");
	harmony__json_array(&e->w);
	for (size_t row = 1;
	     row <= harmony_record_lines(e->draft.record) && harmony__draft_good(&e->draft);
	     row++) {
		if (*text_of(e, row, HARMONY_FIELD_PARTY))
			put_payment(e, row);
		else
			put_basic(e, row);
	}
	harmony__json_array_end(&e->w);
}
