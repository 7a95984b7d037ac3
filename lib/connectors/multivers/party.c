/* SPDX-License-Identifier: MIT */
#include "connectors/multivers/multivers.h"

/* Customers and suppliers are known by our code. Whether a PUT keeps what it does not say is not
   verified: one that is there is fetched, changed where the record says otherwise, and put whole,
   with what we do not know of. Its bank accounts are things of their own. */

#define MAX_CODE 8

typedef struct property {
	harmony_field field;
	const char *name;
	size_t max; /* characters */
	int only;   /* of the relations of that table; 0: of all */
} property;

static const property properties[] = {
    {HARMONY_FIELD_NAME, "name", 40, 0},
    {HARMONY_FIELD_ADDRESS, "street1", 40, 0},
    {HARMONY_FIELD_ADDRESS_2, "street2", 40, 0},
    {HARMONY_FIELD_POSTCODE, "zipCode", 10, 0},
    {HARMONY_FIELD_CITY, "city", 30, 0},
    {HARMONY_FIELD_PHONE, "telephone", 25, 0},
    {HARMONY_FIELD_FAX, "fax", 25, 0},
    {HARMONY_FIELD_EMAIL, "email", 60, 0},
    {HARMONY_FIELD_VAT_NUMBER, "vatNumber", 30, 0},
    {HARMONY_FIELD_CONTACT, "person", 55, MULTIVERS_CUSTOMERS}, /* suppliers have none */
    {HARMONY_FIELD_CUSTOMER_NUMBER, "customerIdSupplier", 30, MULTIVERS_SUPPLIERS}};

/* A value that the record gives a property: in the order of the list, each once. */
typedef struct value {
	const char *name;
	const char *text; /* NULL: it is a number */
	int64_t number;
	unsigned scale;
} value;

#define MAX_VALUES 24

typedef struct party_body {
	harmony__draft draft;
	multivers *m;
	int table;
	const multivers_thing *known; /* NULL: it is made */
	value values[MAX_VALUES];
	size_t count;
} party_body;

static const char *text_of(const party_body *b, harmony_field field)
{
	return harmony__text_of(b->draft.record, HARMONY_HEADER, field);
}

static bool has(const party_body *b, harmony_field field)
{
	return harmony_record_has(b->draft.record, HARMONY_HEADER, field) != 0;
}

static bool good(const party_body *b)
{
	return harmony__draft_good(&b->draft);
}

static void add_text(party_body *b, const char *name, const char *text)
{
	b->values[b->count++] = (value){.name = name, .text = text};
}

static void add_number(party_body *b, const char *name, int64_t number, unsigned scale)
{
	b->values[b->count++] = (value){.name = name, .number = number, .scale = scale};
}

/* ---- values ------------------------------------------------------------------------------------
 */

/* The search code where it is short enough, else the code, which must be. */
static void take_short_name(party_body *b)
{
	const char *code = text_of(b, HARMONY_FIELD_CODE);
	const char *search = text_of(b, HARMONY_FIELD_SEARCH_CODE);
	size_t len = harmony__utf8_length(search, strlen(search));

	add_text(b, b->table == MULTIVERS_SUPPLIERS ? "supplierId" : "customerId", code);
	add_text(b, "shortName", len > 0 && len <= MAX_CODE ? search : code);
}

static void take_properties(party_body *b)
{
	for (size_t i = 0; i < HARMONY__COUNT(properties) && good(b); i++) {
		const property *p = &properties[i];
		const char *text = text_of(b, p->field);
		if (!has(b, p->field) || (p->only && p->only != b->table))
			continue;
		if (harmony__fits(&b->draft, text, p->max, HARMONY_HEADER,
				  harmony_field_describe(p->field)->name))
			add_text(b, p->name, text);
	}
}

/* Multivers' code for an ISO country, of "BE=B DE=D" in the settings; else the same. */
static const char *country_of(party_body *b, char buffer[8])
{
	const char *code = text_of(b, HARMONY_FIELD_COUNTRY);
	const char *list = harmony__frame_setting(&b->m->frame, "countries");
	harmony__cursor cursor = harmony__cursor_over(list, strlen(list));
	const char *text;
	size_t len, own = strlen(code);

	while (!harmony__cursor_done(&cursor)) {
		harmony__cursor_until(&cursor, ' ', &text, &len);
		if (own == 0 || len <= own + 1 || memcmp(text, code, own) != 0 || text[own] != '=')
			continue;
		harmony__copy_text(buffer, 8, text + own + 1, len - own - 1);
		return buffer;
	}
	return code;
}

static void take_country(party_body *b)
{
	char buffer[8];
	const char *code = country_of(b, buffer);
	const void *found = NULL;

	if (!*code)
		return;
	b->draft.status =
	    harmony__find_thing(&found, &b->m->frame, MULTIVERS_COUNTRIES, code, b->draft.error);
	if (b->draft.status != HARMONY_OK)
		return;
	if (found)
		add_text(b, "countryId", ((const harmony__thing *)found)->id);
	else if (b->m->frame.tables[MULTIVERS_COUNTRIES].count == 0) /* it tells none */
		add_text(b, "countryId", text_of(b, HARMONY_FIELD_COUNTRY));
	else
		harmony__refuse(&b->draft, "invalid_value", HARMONY_HEADER, "country",
				"Multivers has no country '%s'; its codes are its own: set "
				"`countries` (%s=CODE), or make the country there",
				code, text_of(b, HARMONY_FIELD_COUNTRY));
}

static void take_condition(party_body *b)
{
	const harmony__thing *condition;

	if (!*text_of(b, HARMONY_FIELD_PAYMENT_CONDITION))
		return;
	condition = harmony__need(&b->draft, MULTIVERS_CONDITIONS, HARMONY_HEADER,
				  HARMONY_FIELD_PAYMENT_CONDITION);
	if (condition)
		add_text(b, "paymentConditionId", condition->id);
}

static void take_currency(party_body *b)
{
	const char *code = text_of(b, HARMONY_FIELD_CURRENCY);
	const harmony__json *row = b->known ? b->known->thing.row : NULL;
	const char *now = harmony__json_text(harmony__json_get(row, "currencyId"), "");

	/* The euro goes without saying, unless it was another one until now. */
	if (*code && (strcmp(code, "EUR") != 0 || (*now && strcmp(now, "EUR") != 0)) &&
	    harmony__need(&b->draft, MULTIVERS_CURRENCIES, HARMONY_HEADER, HARMONY_FIELD_CURRENCY))
		add_text(b, "currencyId", code);
}

static void take_customer(party_body *b)
{
	const char *squeeze = harmony__frame_setting(&b->m->frame, "credit_squeeze");
	int64_t number;

	if (*squeeze && !b->known)
		add_text(b, "creditSqueezeId", squeeze);

	if (harmony__number_of(&number, b->draft.record, HARMONY_HEADER,
			       HARMONY_FIELD_CREDIT_LIMIT)) {
		if (number < 0 || number > INT64_C(99999999900) || number % 100 != 0)
			harmony__refuse(&b->draft, "invalid_amount", HARMONY_HEADER, "credit_limit",
					"Multivers takes a credit limit from 0 to 999,999,999, "
					"without cents");
		add_number(b, "creditLimit", number / 100, 0);
	}
	if (harmony__number_of(&number, b->draft.record, HARMONY_HEADER, HARMONY_FIELD_BLOCKED))
		add_text(b, "customerStateId", number ? "P" : "A");
}

/* The year whose groups count: the newest. */
static harmony_status newest_year(int64_t *year, multivers *m, harmony_error *error)
{
	const void *found;
	harmony_status status = harmony__find_thing(&found, &m->frame, MULTIVERS_YEARS, "", error);

	*year = 0;
	for (const multivers_thing *at =
		 harmony__table_next(&m->frame.tables[MULTIVERS_YEARS], NULL);
	     at; at = harmony__table_next(&m->frame.tables[MULTIVERS_YEARS], at))
		*year = at->number > *year ? at->number : *year;
	return status;
}

static harmony_status there_is_one(const harmony__json *row, void *user)
{
	(void)row;
	*(bool *)user = true;
	return HARMONY_OK;
}

/* What a relation is booked by stays as it is while it has open entries. */
static bool keeps(party_body *b, const char *what)
{
	bool open = false;
	harmony__buf path;

	if (!b->known)
		return false;
	harmony__buf_init(&path, b->m->frame.context, 1024);
	harmony__buf_printf(&path, "%sInvoiceInfoList/OpenInvoices/",
			    multivers_party_name(b->table));
	multivers_segment(&path, b->known->thing.id, b->m->plain_escape);
	b->draft.status = harmony__buf_check(&path, "a request", b->draft.error);
	if (b->draft.status == HARMONY_OK)
		b->draft.status = multivers_list(b->m, path.data, "InvoiceId", "open invoices",
						 NULL, there_is_one, &open, b->draft.error);
	harmony__buf_free(&path);
	if (open)
		harmony__log(b->m->frame.context, HARMONY_LOG_WARNING,
			     "relation '%s' keeps its %s at Multivers, since it has open entries",
			     b->known->thing.id, what);
	return open;
}

/* It may be what Multivers calls the journal code: it leads to the ledger accounts of a year. */
static void put_group(party_body *b, const char *name, int64_t number)
{
	const harmony__json *row = b->known ? b->known->thing.row : NULL;
	int64_t now;

	if (row && harmony__json_whole(&now, harmony__json_get(row, name)) == HARMONY_OK &&
	    now == number)
		return;
	if (!keeps(b, "group") && good(b))
		add_number(b, name, number, 0);
}

static void take_group(party_body *b)
{
	bool customer = b->table == MULTIVERS_CUSTOMERS;
	const char *code = text_of(b, HARMONY_FIELD_CATEGORY);
	const multivers_thing *group = NULL;
	int64_t year;

	if (!b->m->groups || !*code)
		return;
	b->draft.status = newest_year(&year, b->m, b->draft.error);
	if (b->draft.status == HARMONY_OK)
		b->draft.status = multivers_find_in_year(
		    &group, b->m, customer ? MULTIVERS_CUSTOMER_GROUPS : MULTIVERS_SUPPLIER_GROUPS,
		    year, code, b->draft.error);
	if (b->draft.status != HARMONY_OK)
		return;
	if (group)
		put_group(b, customer ? "customerGroupId" : "supplierGroupId", group->number);
	else
		harmony__refuse(&b->draft, "invalid_value", HARMONY_HEADER, "category",
				"Multivers has no %s group '%s'; make it there, or set groups = "
				"omit",
				customer ? "customer" : "supplier", code);
}

/* ---- the journal code
 * ----------------------------------------------------------------------------- */

/* One of a relation with open entries may not change, nor be sent again. */
static void take_journal(party_body *b)
{
	const char *mapped =
	    harmony__mapped(&b->m->frame, "journals", text_of(b, HARMONY_FIELD_JOURNAL));
	const harmony__json *row = b->known ? b->known->thing.row : NULL;

	if (!*mapped || (row && strcmp(harmony__json_text(harmony__json_get(row, "journalId"), ""),
				       mapped) == 0))
		return;
	if (!keeps(b, "journal code") && good(b))
		add_text(b, "journalId", mapped);
}

/* ---- the body
 * ---------------------------------------------------------------------------------------- */

static void put_value(harmony__json_writer *w, const value *v)
{
	if (v->text)
		harmony__json_put(w, v->name, v->text);
	else
		harmony__json_put_number(w, v->name, v->number, v->scale);
}

static const value *value_of(const party_body *b, const char *name)
{
	for (size_t i = 0; i < b->count; i++)
		if (harmony__equal_nocase(b->values[i].name, name))
			return &b->values[i];
	return NULL;
}

static bool differs(const harmony__json *now, const value *v)
{
	int64_t number = 0;

	if (v->text)
		return strcmp(harmony__json_text(now, ""), v->text) != 0;
	return harmony__json_decimal(&number, now, v->scale) != HARMONY_OK || number != v->number;
}

/* What Multivers answers with, and is not the relation's; its journal code is only sent where it
   changes. */
static bool left_out(const char *key)
{
	return harmony__equal_nocase(key, "messages") || harmony__equal_nocase(key, "journalId");
}

static bool write_body(party_body *b, harmony__json_writer *w)
{
	const harmony__json *row = b->known ? b->known->thing.row : NULL;
	bool changes = row == NULL;

	harmony__json_object(w);
	for (const harmony__json *at = row ? row->first : NULL; at; at = at->next)
		if (!left_out(at->key) && !value_of(b, at->key))
			harmony__json_copy(w, at);
	for (size_t i = 0; i < b->count; i++) {
		put_value(w, &b->values[i]);
		changes =
		    changes || differs(harmony__json_get(row, b->values[i].name), &b->values[i]);
	}
	harmony__json_object_end(w);
	return changes;
}

harmony_status multivers_party_body(multivers *m, const harmony_record *record,
				    const multivers_thing *known, harmony__buf *body, bool *changes,
				    harmony_verdict *verdict, harmony_error *error)
{
	static void (*const steps[])(party_body * b) = {
	    take_properties, take_country, take_condition, take_currency, take_group, take_journal};
	party_body b = {
	    .draft = {.frame = &m->frame, .record = record, .verdict = verdict, .error = error},
	    .m = m,
	    .table = multivers_party_table(harmony_record_kind(record)),
	    .known = known};
	const char *code = harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_CODE);
	harmony__json_writer w;
	harmony_status status;

	*changes = false;
	if (harmony__fits(&b.draft, code, MAX_CODE, HARMONY_HEADER, "code") && !known)
		take_short_name(&b);
	for (size_t i = 0; i < HARMONY__COUNT(steps) && good(&b); i++)
		steps[i](&b);
	if (good(&b) && b.table == MULTIVERS_CUSTOMERS)
		take_customer(&b);
	if (!good(&b))
		return b.draft.status;
	harmony__json_begin(&w, harmony__buf_write, body);
	*changes = write_body(&b, &w);
	status = harmony__json_end(&w);
	return status == HARMONY_OK
		   ? status
		   : harmony_error_set(error, status, NULL, "the relation's request");
}

/* ---- offering
 * ---------------------------------------------------------------------------------------- */

/* The relation as Multivers has it now. */
static harmony_status fresh(const multivers_thing **known, multivers *m,
			    const harmony_record *record, harmony_error *error)
{
	int table = multivers_party_table(harmony_record_kind(record));
	const char *code = harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_CODE);
	harmony__thing *thing = harmony__table_look(&m->frame.tables[table], code);
	const void *found = NULL;
	harmony_status status;

	if (thing)
		thing->id[0] = '\0';
	status = harmony__find_thing(&found, &m->frame, table, code, error);
	*known = found;
	return status;
}

static harmony_status aim(harmony__buf *path, const multivers *m, int table,
			  const multivers_thing *known, harmony_error *error)
{
	harmony__buf_str(path, multivers_party_name(table));
	if (known) {
		harmony__buf_char(path, '/');
		multivers_segment(path, known->thing.id, m->plain_escape);
	}
	return harmony__buf_check(path, "a request", error);
}

/* What was made or changed, as the answer tells it; fetched where it does not. */
static harmony_status take_written(multivers *m, int table, const char *code,
				   const harmony__json *root, harmony_error *error)
{
	const char *key = table == MULTIVERS_SUPPLIERS ? "supplierId" : "customerId";
	harmony__thing *thing = harmony__table_look(&m->frame.tables[table], code);

	if (strcmp(harmony__json_text(harmony__json_get(root, key), ""), code) == 0)
		return multivers_take_party(m, table, code, root) ? HARMONY_OK
								  : harmony__nomem(error);
	if (thing)
		thing->id[0] = '\0';
	return multivers_load(&m->frame, table, code, error);
}

static harmony_status write_party(multivers *m, const harmony_record *record, int table,
				  const multivers_thing *known, const harmony__buf *body,
				  harmony_verdict *verdict, harmony_error *error)
{
	const char *code = harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_CODE);
	const char *what = multivers_party_name(table);
	harmony_verdict found = HARMONY_VERDICT_INIT;
	const harmony__json *root;
	multivers_message message;
	harmony__buf path;
	bool unsure;
	harmony_status status;

	harmony__buf_init(&path, m->frame.context, 1024);
	status = aim(&path, m, table, known, error);
	if (status == HARMONY_OK)
		status = multivers_send(m, known ? "PUT" : "POST", path.data, what, body,
					&m->frame.tables[table].arena, &root, record, &message,
					&unsure, verdict, error);
	harmony__buf_free(&path);
	if (status != HARMONY_OK)
		return status;
	if (unsure) {
		status = multivers_find(m, record, &found, error);
		if (status != HARMONY_OK)
			harmony__unclear(&m->frame, verdict);
		else if (found.outcome == HARMONY_OUTCOME_BOOKED)
			*verdict = found;
		return status;
	}
	if (verdict->outcome == HARMONY_OUTCOME_IN_DOUBT)
		return known ? HARMONY_OK
			     : harmony__doubt_party(&m->frame, table, code,
						    harmony_record_kind(record), error);
	if (verdict->outcome != HARMONY_OUTCOME_BOOKED)
		return HARMONY_OK;
	harmony__copy_text(verdict->remote_id, sizeof(verdict->remote_id), code, strlen(code));
	status = take_written(m, table, code, root, error);
	if (status != HARMONY_OK) { /* it is there all the same */
		harmony_verdict_set(verdict, HARMONY_OUTCOME_IN_DOUBT, "in_doubt", "",
				    "Multivers took the relation, and it could not be read since; "
				    "it is looked up");
		return status;
	}
	return HARMONY_OK;
}

harmony_status multivers_offer_party(multivers *m, const harmony_record *record,
				     harmony_verdict *verdict, harmony_error *error)
{
	int table = multivers_party_table(harmony_record_kind(record));
	const char *code = harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_CODE);
	const multivers_thing *known, *now;
	harmony__buf body;
	bool changes;
	harmony_status status = fresh(&known, m, record, error);

	if (status != HARMONY_OK)
		return status;
	harmony__buf_init(&body, m->frame.context, HARMONY_MAX_ENTRY);
	status = multivers_party_body(m, record, known, &body, &changes, verdict, error);
	if (status == HARMONY_OK && verdict->outcome == HARMONY_OUTCOME_NONE) {
		if (changes)
			status = write_party(m, record, table, known, &body, verdict, error);
		else
			harmony__verdict_at(verdict, HARMONY_OUTCOME_BOOKED, code);
	}
	harmony__buf_free(&body);
	now = harmony__table_look(&m->frame.tables[table], code);
	if (status == HARMONY_OK && verdict->outcome == HARMONY_OUTCOME_BOOKED && now &&
	    *multivers_bank_of(m, record))
		status = multivers_offer_bank(m, record, now, !known, verdict, error);
	return status;
}

/* ---- showing
 * ------------------------------------------------------------------------------------------ */

static void show(harmony__buf *out, const multivers *m, const char *method, const char *path,
		 const harmony__buf *body)
{
	harmony__buf_printf(out, "%s ", method);
	multivers_address(out, m, path);
	harmony__buf_printf(out, "\n%s\n", body->data ? body->data : "");
}

/* A relation that is not there yet is kept, with its code in braces for the number that its
   organization will get, and the payment condition that it will have. */
static harmony_status keep_shown(multivers *m, const harmony_record *record, int table,
				 harmony_error *error)
{
	const char *code = harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_CODE);
	const char *condition = harmony__mapped(
	    &m->frame, "payment_conditions",
	    harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_PAYMENT_CONDITION));
	harmony_status status =
	    harmony__add_party(&m->frame, table, code, code, harmony_record_kind(record), error);
	multivers_thing *thing = harmony__table_look(&m->frame.tables[table], code);
	size_t len;

	if (status != HARMONY_OK)
		return status;
	if (*condition)
		harmony__copy_text(thing->condition, sizeof(thing->condition), condition,
				   strlen(condition));
	if (!thing->organization[0]) {
		thing->organization[0] = '{';
		len = harmony__copy_text(thing->organization + 1, sizeof(thing->organization) - 3,
					 code, strlen(code));
		thing->organization[len + 1] = '}';
		thing->organization[len + 2] = '\0';
	}
	return HARMONY_OK;
}

harmony_status multivers_preview_party(multivers *m, const harmony_record *record,
				       harmony__buf *out, harmony_verdict *verdict,
				       harmony_error *error)
{
	int table = multivers_party_table(harmony_record_kind(record));
	const char *code = harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_CODE);
	const char *iban = multivers_bank_of(m, record);
	const multivers_thing *known, *shown;
	harmony__buf body, path;
	bool changes, bank = false;
	harmony_status status = fresh(&known, m, record, error);

	if (status != HARMONY_OK)
		return status;
	harmony__buf_init(&body, m->frame.context, HARMONY_MAX_ENTRY);
	harmony__buf_init(&path, m->frame.context, 1024);
	status = multivers_party_body(m, record, known, &body, &changes, verdict, error);
	if (status != HARMONY_OK || verdict->outcome != HARMONY_OUTCOME_NONE)
		goto done;
	status = aim(&path, m, table, known, error);
	if (status == HARMONY_OK && changes)
		show(out, m, known ? "PUT" : "POST", path.data, &body);
	if (status == HARMONY_OK && known && *iban)
		status = multivers_has_bank(&bank, m, table, code, iban, error);
	if (status == HARMONY_OK)
		status = keep_shown(m, record, table, error);
	if (status != HARMONY_OK || !*iban || bank)
		goto done;
	shown = harmony__table_look(&m->frame.tables[table], code);
	harmony__buf_clear(&body);
	status = multivers_bank_body(&body, record, shown->organization, error);
	if (status == HARMONY_OK)
		show(out, m, "POST", "BankAccount", &body);
done:
	harmony__buf_free(&path);
	harmony__buf_free(&body);
	return status;
}
