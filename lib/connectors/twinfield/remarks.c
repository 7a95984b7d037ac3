/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "connectors/twinfield/twinfield.h"

/* A refused child carries remarks on the elements that are wrong, in the language of the
   user. The element decides our code; the text is handed on as it is. */

enum { HEADER, TOTAL, DETAIL, RELATION };

typedef struct meaning {
	int place;
	const char *element, *code, *field, *mend;
} meaning;

static const meaning meanings[] = {
    {HEADER, "code", "unknown_journal", "journal",
     "map the journal under [integration NAME journals], or make the daybook in Twinfield; its "
     "category must be that of the entry"},
    {HEADER, "date", "period_closed", "date",
     "open the year or period in Twinfield, or give the entry a date in an open one; a warning "
     "that the date is outside its period is silenced by date_warning = silence"},
    {HEADER, "period", "period_closed", "period",
     "open the year or period in Twinfield, or give the entry one that is open"},
    {HEADER, "invoicenumber", "duplicate", "invoice_number",
     "Twinfield has this number already: see whether it is this invoice, else renumber it"},
    {HEADER, "duedate", "invalid_date", "due_date", "correct the due date"},
    {HEADER, "currency", "vendor", "currency",
     "make the currency in Twinfield, or correct it here"},
    {HEADER, "paymentreference", "vendor", "payment_reference", "correct the payment reference"},
    {HEADER, "freetext1", "vendor", "",
     "the daybook takes no free text: allow it there, or choose another memorial_key"},
    {HEADER, "freetext2", "vendor", "",
     "the daybook takes no free text: allow it there, or choose another memorial_key"},
    {HEADER, "freetext3", "vendor", "",
     "the daybook takes no free text: allow it there, or choose another memorial_key"},
    {TOTAL, "dim1", "unknown_account", "party",
     "the relation's own account is not taken: see total_dim1, receivable_account and "
     "payable_account"},
    {TOTAL, "dim2", "unknown_party", "party",
     "export the relation with the entry, or make it, or make it active again in Twinfield"},
    {TOTAL, "description", "vendor", "description", "correct the description"},
    {DETAIL, "dim1", "unknown_account", "account",
     "map the account under [integration NAME accounts], or make it in Twinfield; invoices take "
     "accounts of profit and loss"},
    {DETAIL, "dim2", "unknown_cost_centre", "cost_centre",
     "map the cost centre under [integration NAME cost_centres], or make it in Twinfield"},
    {DETAIL, "dim3", "unknown_cost_unit", "cost_unit",
     "map the cost unit under [integration NAME cost_units], or make the project in Twinfield"},
    {DETAIL, "vatcode", "unknown_vat_code", "vat_code",
     "map the VAT code under [integration NAME vat]: one for sales and one for purchases"},
    {DETAIL, "performancetype", "vendor", "vat_code",
     "this VAT code is of trade within the EU, and Twinfield wants to know of it whether goods or "
     "services went there, which the record does not tell: map the VAT code to another one, or "
     "book the entry in Twinfield"},
    {DETAIL, "vatvalue", "vendor", "vat_amount", "correct the VAT"},
    {DETAIL, "value", "vendor", "amount", "correct the amount"},
    {DETAIL, "rate", "vendor", "exchange_rate",
     "correct the exchange rate, or leave it to Twinfield by exchange_rate = omit"},
    {DETAIL, "description", "vendor", "description", "correct the description"},
    {DETAIL, "invoicenumber", "vendor", "invoice_number",
     "correct the number, or choose another memorial_key"},
    {RELATION, "code", "invalid_value", "code",
     "give the relation a code of the form that the office wants"},
    {RELATION, "name", "vendor", "name", "correct the name"},
    {RELATION, "country", "invalid_value", "country", "correct the country"},
    {RELATION, "postcode", "vendor", "postcode", "correct the postcode"},
    {RELATION, "city", "vendor", "city", "correct the city"},
    {RELATION, "email", "vendor", "email", "correct the address"},
    {RELATION, "telephone", "vendor", "phone", "correct the number"},
    {RELATION, "telefax", "vendor", "fax", "correct the number"},
    {RELATION, "field2", "vendor", "address", "correct the address"},
    {RELATION, "field4", "vendor", "vat_number",
     "correct the VAT number: Twinfield takes valid ones only"},
    {RELATION, "iban", "vendor", "bank_account", "correct the bank account"},
    {RELATION, "accountnumber", "vendor", "bank_account", "correct the bank account"},
    {RELATION, "duedays", "unknown_payment_condition", "payment_condition",
     "map the payment condition to a number of days"},
    {RELATION, "basecreditlimit", "vendor", "credit_limit", "correct the credit limit"}};

/* What was found so far: the first error, or without one the first warning; one on an element
   before one on the whole, since an unknown VAT code also puts the entry out of balance. */
typedef struct remarks {
	const harmony__xml *child, *marked;
	bool is_error;
	char texts[768];
	size_t len;
} remarks;

static void add_text(remarks *r, const char *text)
{
	if (r->len > 0 && r->len + 2 < sizeof(r->texts))
		r->len += harmony__copy_text(r->texts + r->len, sizeof(r->texts) - r->len, "; ", 2);
	if (r->len + 1 < sizeof(r->texts))
		r->len += harmony__copy_text(r->texts + r->len, sizeof(r->texts) - r->len, text,
					     strlen(text));
}

static void gather(remarks *r, const harmony__xml *element)
{
	const char *text = harmony__xml_attribute(element, "msg");
	const char *type = harmony__xml_attribute(element, "msgtype");

	if (text && *text) {
		bool is_error = !type || strcmp(type, "warning") != 0;
		if (!r->marked || (is_error && !r->is_error) ||
		    (is_error == r->is_error && r->marked == r->child)) {
			r->marked = element;
			r->is_error = is_error;
		}
		add_text(r, text);
	}
	for (const harmony__xml *at = element->first; at; at = at->next)
		gather(r, at);
}

static const harmony__xml *above(const harmony__xml *element, const char *name)
{
	while (element && strcmp(element->name, name) != 0)
		element = element->parent;
	return element;
}

/* The record's row that a line of ours was made from. */
static size_t row_of(const harmony_record *record, const harmony__xml *line)
{
	const char *id = harmony__xml_attribute(line, "id");
	bool total = harmony_record_kind(record) != HARMONY_MEMORIAL;
	harmony__cursor cursor = harmony__cursor_over(id ? id : "", id ? strlen(id) : 0);
	uint64_t number = 0;

	if (harmony__cursor_digits(&cursor, 6, &number) == 0 || number <= total)
		return 0;
	number -= total;
	return number <= harmony_record_lines(record) ? (size_t)number : 0;
}

static int place_of(const harmony__xml *element)
{
	const harmony__xml *line = above(element, "line");
	const char *type = harmony__xml_attribute(line, "type");

	if (line)
		return type && strcmp(type, "total") == 0 ? TOTAL : DETAIL;
	return above(element, "dimension") ? RELATION : HEADER;
}

static const meaning *meaning_of(const harmony__xml *element, const harmony_record *record,
				 size_t row)
{
	static const meaning relation = {DETAIL, "dim2", "unknown_party", "party",
					 "export the relation with the entry, or make it in "
					 "Twinfield"};
	int place = place_of(element);

	/* On a line of a memorial dim2 may be a relation. */
	if (place == DETAIL && row && harmony_record_kind(record) == HARMONY_MEMORIAL &&
	    strcmp(element->name, "dim2") == 0 &&
	    !*harmony__text_of(record, row, HARMONY_FIELD_COST_CENTRE))
		return &relation;
	for (size_t i = 0; i < HARMONY__COUNT(meanings); i++)
		if (meanings[i].place == place && strcmp(meanings[i].element, element->name) == 0)
			return &meanings[i];
	return NULL;
}

/* "header/date", "lines/line 2/dim1". */
static void path_of(char *path, size_t size, const harmony__xml *element, const harmony__xml *child)
{
	const harmony__xml *steps[8];
	size_t count = 0, used = 0;

	for (const harmony__xml *at = element; at && at != child && count < HARMONY__COUNT(steps);
	     at = at->parent)
		steps[count++] = at;
	path[0] = '\0';
	while (count > 0 && used + 1 < size) {
		const harmony__xml *at = steps[--count];
		const char *id = strcmp(at->name, "line") == 0 ? harmony__xml_attribute(at, "id")
							       : NULL;
		int len = snprintf(path + used, size - used, "%s%s%s%s", used ? "/" : "", at->name,
				   id ? " " : "", id ? id : "");
		used += len > 0 ? (size_t)len : 0;
	}
}

void twinfield_explain(harmony_verdict *verdict, const harmony_record *record,
		       const harmony__xml *child)
{
	remarks r = {.child = child};
	char path[128] = "", field[48] = "";
	const harmony__xml *line;
	const meaning *known = NULL;
	size_t row = 0;

	gather(&r, child);
	if (r.marked && r.marked != child) {
		line = above(r.marked, "line");
		row = line ? row_of(record, line) : 0;
		known = meaning_of(r.marked, record, row);
		path_of(path, sizeof(path), r.marked, child);
	}
	if (known && row && *known->field)
		snprintf(field, sizeof(field), "lines.%zu.%s", row, known->field);
	else if (known)
		snprintf(field, sizeof(field), "%s", known->field);
	harmony_verdict_set(verdict, HARMONY_OUTCOME_REJECTED, known ? known->code : "vendor",
			    field, "Twinfield refused it%s%s: %s", *path ? " at " : "", path,
			    known ? known->mend : "its own words say why");
	harmony__copy_text(verdict->vendor, sizeof(verdict->vendor), r.texts, r.len);
	harmony__tidy(verdict->vendor);
}
