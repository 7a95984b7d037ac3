/* SPDX-License-Identifier: MIT */
#include "connectors/minox/minox.h"

/* Lists are loaded when they are first needed. Relations and cost types are asked for one by
   one, since there can be very many relations and few are needed. */

const harmony__source minox_sources[MINOX_TABLES] = {
    [MINOX_ACCOUNTS] = {"ledger_account", "accounts", "ledger account", "ledger accounts",
			"unknown_account", false},
    [MINOX_JOURNALS] = {"journal", "journals", "journal", "journals", "unknown_journal", false},
    [MINOX_VAT] = {"vat", "vat", "VAT code", "VAT codes", "unknown_vat_code", false},
    [MINOX_TERMS] = {"payment_term", "payment_conditions", "payment term", "payment terms",
		     "unknown_payment_condition", false},
    [MINOX_CENTRES] = {"cost_center", "cost_centres", "cost centre", "cost centres",
		       "unknown_cost_centre", false},
    [MINOX_TYPES] = {"cost_type/", "cost_units", "cost type", "cost types", "unknown_cost_unit",
		     true},
    [MINOX_CUSTOMERS] = {"customer/by_externalid/", NULL, "customer with externalid", "customers",
			 "unknown_party", true},
    [MINOX_SUPPLIERS] = {"supplier/by_externalid/", NULL, "supplier with externalid", "suppliers",
			 "unknown_party", true}};

bool minox_date(harmony_date *out, const harmony__json *value)
{
	const char *text = harmony__json_text(value, "");
	size_t len = strlen(text);

	return harmony_date_parse(out, text, len < 10 ? len : 10) == HARMONY_OK;
}

/* ---- things --------------------------------------------------------------------------- */

/* The words of journal.type are not verified beyond 'general'; others take anything. */
static harmony_kind books_of(const char *type)
{
	static const struct {
		const char *word;
		harmony_kind kind;
	} words[] = {{"sales", HARMONY_SALES_INVOICE},       {"verkoop", HARMONY_SALES_INVOICE},
		     {"purchase", HARMONY_PURCHASE_INVOICE}, {"inkoop", HARMONY_PURCHASE_INVOICE},
		     {"general", HARMONY_MEMORIAL},          {"memoriaal", HARMONY_MEMORIAL}};

	for (size_t i = 0; i < HARMONY__COUNT(words); i++)
		if (harmony__equal_nocase(type, words[i].word))
			return words[i].kind;
	return 0;
}

static void take_common(harmony__thing *thing, const harmony__json *row)
{
	const char *id = harmony__json_text(harmony__json_get(row, "id"), "");

	harmony__copy_text(thing->id, sizeof(thing->id), id, strlen(id));
	thing->blocked = harmony__json_flag(harmony__json_get(row, "blocked", "active"), false);
}

static harmony_status take_thing(const harmony__json *row, void *user)
{
	const char *id = harmony__json_text(harmony__json_get(row, "id"), "");
	minox_thing *thing = harmony__table_put(user, id);
	const harmony__json *account = harmony__json_get(row, "account_id");

	if (!thing)
		return HARMONY_NOMEM;
	take_common(&thing->thing, row);
	if (!account)
		account = harmony__json_get(row, "ledger_account_id");
	if (harmony__json_whole(&thing->account, account) != HARMONY_OK)
		thing->account = 0;
	thing->books = books_of(harmony__json_text(harmony__json_get(row, "type"), ""));
	return HARMONY_OK;
}

/* An answer is one thing, or a list of at most one. */
static const harmony__json *only(const harmony__json *root)
{
	const harmony__json *list = harmony__json_get(root, "collection");

	if (list && list->type == HARMONY__JSON_ARRAY)
		return list->first;
	return root && root->type == HARMONY__JSON_ARRAY ? root->first : root;
}

static harmony_status load_one(minox *m, int index, const char *code, harmony_error *error)
{
	harmony__table *table = &m->frame.tables[index];
	const harmony__json *root;
	harmony__thing *thing;
	harmony__buf path;
	harmony_status status;

	harmony__buf_init(&path, m->frame.context, MINOX_MAX_PATH);
	harmony__buf_str(&path, minox_sources[index].path);
	harmony__http_escape(&path, code, strlen(code));
	status = harmony__buf_check(&path, "a request", error);
	if (status == HARMONY_OK)
		status = minox_get(m, path.data, &table->arena, &root, error);
	harmony__buf_free(&path);
	root = status == HARMONY_OK ? only(root) : NULL;
	if (!*harmony__json_text(harmony__json_get(root, "id"), ""))
		return status;
	thing = harmony__table_put(table, code);
	if (!thing)
		return HARMONY_NOMEM;
	take_common(thing, root);
	thing->row = root;
	thing->roles = HARMONY_BIT(index == MINOX_SUPPLIERS ? HARMONY_SUPPLIER : HARMONY_CUSTOMER);
	thing->doubted = 0;
	return HARMONY_OK;
}

harmony_status minox_load(harmony__frame *f, int index, const char *code, harmony_error *error)
{
	minox *m = (minox *)f;

	return minox_sources[index].by_code ? load_one(m, index, code, error)
					    : minox_rows(m, minox_sources[index].path, NULL,
							 take_thing, &f->tables[index], error);
}

harmony_status minox_forget(minox *m, int table, const char *code, harmony_error *error)
{
	harmony__thing *thing = harmony__table_put(&m->frame.tables[table], code);

	if (!thing)
		return harmony__nomem(error);
	thing->id[0] = '\0';
	thing->row = NULL;
	thing->doubted = 0;
	return HARMONY_OK;
}

harmony_status minox_party_journal(const minox_thing **out, minox *m, int table,
				   harmony_error *error)
{
	bool supplier = table == MINOX_SUPPLIERS;
	harmony_kind kind = supplier ? HARMONY_PURCHASE_INVOICE : HARMONY_SALES_INVOICE;
	const harmony__table *journals = &m->frame.tables[MINOX_JOURNALS];
	const void *found;
	harmony_status status =
	    harmony__find_thing(&found, &m->frame, MINOX_JOURNALS, m->journals[supplier], error);

	*out = found;
	if (status != HARMONY_OK || found)
		return status;
	for (const minox_thing *at = NULL;
	     !m->journals[supplier][0] && (at = harmony__table_next(journals, at)) != NULL;)
		if (at->books == kind && (!*out || strcmp(at->thing.code, (*out)->thing.code) < 0))
			*out = at;
	if (*out)
		return HARMONY_OK;
	return harmony_error_set(error, HARMONY_CONFIG, NULL,
				 "Minox has no journal that numbers new %s; set `%s` to one",
				 supplier ? "suppliers" : "customers",
				 supplier ? "supplier_journal" : "customer_journal");
}

/* ---- the administration --------------------------------------------------------------------- */

typedef struct search {
	minox *m;
	size_t count;
	bool found;
	char first[24];
} search;

static void take_years(minox *m, const harmony__json *row)
{
	const harmony__json *years = harmony__json_get(row, "fiscal_years");

	m->year_count = 0;
	for (const harmony__json *at = years ? years->first : NULL;
	     at && m->year_count < MINOX_MAX_YEARS; at = at->next) {
		minox_year *year = &m->years[m->year_count];
		const harmony__json *periods = harmony__json_get(at, "number_of_periods");
		memset(year, 0, sizeof(*year));
		year->next_list = 2;
		if (!periods)
			periods = harmony__json_get(row, "number_of_periods");
		if (harmony__json_whole(&year->number, harmony__json_get(at, "fiscal_year")) ==
			HARMONY_OK &&
		    harmony__json_whole(&year->periods, periods) == HARMONY_OK &&
		    minox_date(&year->start, harmony__json_get(at, "start_date")) &&
		    minox_date(&year->end, harmony__json_get(at, "end_date")))
			m->year_count++;
	}
}

minox_year *minox_year_of(minox *m, int64_t number)
{
	for (size_t i = 0; i < m->year_count; i++)
		if (m->years[i].number == number)
			return &m->years[i];
	return NULL;
}

minox_year *minox_year_at(minox *m, harmony_date date)
{
	int32_t day = harmony_date_to_days(date);

	for (size_t i = 0; i < m->year_count; i++)
		if (day >= harmony_date_to_days(m->years[i].start) &&
		    day <= harmony_date_to_days(m->years[i].end))
			return &m->years[i];
	return NULL;
}

static harmony_status look_at_administration(const harmony__json *row, void *user)
{
	search *s = user;
	const char *id = harmony__json_text(harmony__json_get(row, "id"), "");

	if (s->count++ == 0)
		harmony__copy_text(s->first, sizeof(s->first), id, strlen(id));
	if (s->m->administration[0] ? strcmp(id, s->m->administration) == 0 : s->count == 1) {
		take_years(s->m, row);
		s->found = true;
	}
	return HARMONY_OK;
}

harmony_status minox_ready(harmony__frame *f, harmony_error *error)
{
	minox *m = (minox *)f;
	search s = {.m = m};
	harmony_status status;

	if (m->known)
		return HARMONY_OK;
	status = minox_rows(m, "", NULL, look_at_administration, &s, error);
	if (status != HARMONY_OK)
		return status;
	if (m->administration[0] && !s.found)
		return harmony_error_set(
		    error, HARMONY_CONFIG, NULL,
		    "`administration` = %s is not among the %zu that this login sees of "
		    "tenant %s; write the number of one of them, such as %s",
		    m->administration, s.count, m->tenant, s.first);
	if (!m->administration[0] && s.count != 1)
		return harmony_error_set(
		    error, HARMONY_CONFIG, NULL,
		    "this login sees %zu administrations; set `administration` to the "
		    "number of the one that is meant",
		    s.count);
	if (!m->administration[0])
		harmony__copy_text(m->administration, sizeof(m->administration), s.first,
				   strlen(s.first));
	m->known = true;
	return HARMONY_OK;
}
