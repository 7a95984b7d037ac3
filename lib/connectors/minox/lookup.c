/* SPDX-License-Identifier: MIT */
#include "connectors/minox/minox.h"

/* Lists are loaded when they are first needed. Relations and cost types are asked for one by
   one, since there can be very many relations and few are needed. */

static const struct {
	const char *path;
	const char *map; /* the mapping table of the configuration */
} sources[MINOX_TABLES] = {[MINOX_ACCOUNTS] = {"ledger_account", "accounts"},
			   [MINOX_JOURNALS] = {"journal", "journals"},
			   [MINOX_VAT] = {"vat", "vat"},
			   [MINOX_TERMS] = {"payment_term", "payment_conditions"},
			   [MINOX_CENTRES] = {"cost_center", "cost_centres"},
			   [MINOX_TYPES] = {"cost_type/", "cost_units"},
			   [MINOX_CUSTOMERS] = {"customer/by_externalid/", NULL},
			   [MINOX_SUPPLIERS] = {"supplier/by_externalid/", NULL}};

void minox_tables_init(minox *m)
{
	for (size_t i = 0; i < MINOX_TABLES; i++)
		harmony__arena_init(&m->tables[i].arena, m->context, 0);
}

void minox_tables_free(minox *m)
{
	for (size_t i = 0; i < MINOX_TABLES; i++)
		harmony__arena_free(&m->tables[i].arena);
}

const char *minox_text(const harmony__json *value)
{
	bool text =
	    value && (value->type == HARMONY__JSON_STRING || value->type == HARMONY__JSON_NUMBER);

	return text ? value->text : "";
}

bool minox_date(harmony_date *out, const harmony__json *value)
{
	const char *text = minox_text(value);
	size_t len = strlen(text);

	return harmony_date_parse(out, text, len < 10 ? len : 10) == HARMONY_OK;
}

/* ---- things --------------------------------------------------------------------------- */

static minox_thing **bucket_of(minox_table *table, const char *code)
{
	return &table->buckets[harmony__hash64(code, strlen(code), 0) % MINOX_BUCKETS];
}

static minox_thing *look(minox_table *table, const char *code)
{
	minox_thing *at = *bucket_of(table, code);

	while (at && strcmp(at->code, code) != 0)
		at = at->next;
	return at;
}

/* A new thing under `code`, or the one that is there. NULL: no memory. */
static minox_thing *put(minox_table *table, const char *code)
{
	minox_thing *thing = look(table, code);
	minox_thing **bucket = bucket_of(table, code);

	if (thing)
		return thing;
	thing = harmony__arena_alloc(&table->arena, sizeof(*thing));
	if (!thing)
		return NULL;
	memset(thing, 0, sizeof(*thing));
	thing->code = harmony__arena_text(&table->arena, code, strlen(code));
	if (!thing->code)
		return NULL;
	thing->next = *bucket;
	*bucket = thing;
	table->count++;
	return thing;
}

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

static harmony_status take_thing(const harmony__json *row, void *user)
{
	minox_table *table = user;
	const char *id = minox_text(harmony__json_get(row, "id"));
	minox_thing *thing = put(table, id);
	const harmony__json *account = harmony__json_get(row, "account_id");

	if (!thing)
		return HARMONY_NOMEM;
	harmony__copy_text(thing->id, sizeof(thing->id), id, strlen(id));
	if (!account)
		account = harmony__json_get(row, "ledger_account_id");
	if (harmony__json_whole(&thing->account, account) != HARMONY_OK)
		thing->account = 0;
	thing->books = books_of(minox_text(harmony__json_get(row, "type")));
	thing->blocked = harmony__json_flag(harmony__json_get(row, "blocked", "active"), false);
	return HARMONY_OK;
}

static harmony_status load_list(minox *m, int index, harmony_error *error)
{
	minox_table *table = &m->tables[index];
	harmony_status status = minox_rows(m, sources[index].path, NULL, take_thing, table, error);

	if (status == HARMONY_NOMEM)
		return harmony__nomem(error);
	table->loaded = status == HARMONY_OK;
	return status;
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
	minox_table *table = &m->tables[index];
	const harmony__json *root;
	harmony__buf path;
	harmony_status status;

	harmony__buf_init(&path, m->context, MINOX_MAX_PATH);
	harmony__buf_str(&path, sources[index].path);
	harmony__http_escape(&path, code, strlen(code));
	status = harmony__buf_check(&path, "a request", error);
	if (status == HARMONY_OK)
		status = minox_get(m, path.data, &table->arena, &root, error);
	root = status == HARMONY_OK ? only(root) : NULL;
	if (root && *minox_text(harmony__json_get(root, "id"))) {
		minox_thing *thing = put(table, code);
		const char *id = minox_text(harmony__json_get(root, "id"));
		if (thing) {
			harmony__copy_text(thing->id, sizeof(thing->id), id, strlen(id));
			thing->row = root;
			thing->doubted = false;
			thing->blocked =
			    harmony__json_flag(harmony__json_get(root, "blocked", "active"), false);
		} else {
			status = harmony__nomem(error);
		}
	}
	harmony__buf_free(&path);
	return status;
}

harmony_status minox_find_thing(const minox_thing **out, minox *m, int index, const char *code,
				harmony_error *error)
{
	minox_table *table = &m->tables[index];
	minox_thing *thing = look(table, code);
	harmony_status status = HARMONY_OK;

	*out = NULL;
	if (index < MINOX_LISTED && !table->loaded)
		status = load_list(m, index, error);
	else if (index >= MINOX_LISTED && *code && !(thing && thing->id[0]))
		status = load_one(m, index, code, error);
	if (status == HARMONY_OK)
		thing = look(table, code);
	if (status == HARMONY_OK && thing && thing->id[0])
		*out = thing;
	return status;
}

harmony_status minox_find_mapped(const minox_thing **out, minox *m, int table, const char *code,
				 harmony_error *error)
{
	const char *mapped = sources[table].map && m->host->map
				 ? m->host->map(sources[table].map, code, m->host->user)
				 : code;

	return minox_find_thing(out, m, table, mapped, error);
}

harmony_status minox_note_party(minox *m, int table, const char *code, const char *id, bool doubted,
				harmony_error *error)
{
	minox_thing *thing = put(&m->tables[table], code);

	if (!thing)
		return harmony__nomem(error);
	harmony__copy_text(thing->id, sizeof(thing->id), id, strlen(id));
	thing->row = NULL;
	thing->doubted = doubted;
	return HARMONY_OK;
}

bool minox_party_doubted(minox *m, int table, const char *code)
{
	const minox_thing *thing = look(&m->tables[table], code);

	return thing && thing->doubted;
}

harmony_status minox_party_journal(const minox_thing **out, minox *m, int table,
				   harmony_error *error)
{
	bool supplier = table == MINOX_SUPPLIERS;
	harmony_kind kind = supplier ? HARMONY_PURCHASE_INVOICE : HARMONY_SALES_INVOICE;
	harmony_status status =
	    minox_find_thing(out, m, MINOX_JOURNALS, m->journals[supplier], error);

	if (status != HARMONY_OK || *out)
		return status;
	for (size_t i = 0; i < MINOX_BUCKETS && !m->journals[supplier][0]; i++)
		for (minox_thing *at = m->tables[MINOX_JOURNALS].buckets[i]; at; at = at->next)
			if (at->books == kind && (!*out || strcmp(at->code, (*out)->code) < 0))
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

static harmony_status look_at_administration(const harmony__json *row, void *user)
{
	search *s = user;
	const char *id = minox_text(harmony__json_get(row, "id"));

	if (s->count++ == 0)
		harmony__copy_text(s->first, sizeof(s->first), id, strlen(id));
	if (s->m->administration[0] ? strcmp(id, s->m->administration) == 0 : s->count == 1) {
		take_years(s->m, row);
		s->found = true;
	}
	return HARMONY_OK;
}

harmony_status minox_ready(minox *m, harmony_error *error)
{
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
