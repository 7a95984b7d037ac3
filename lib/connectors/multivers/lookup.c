/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "connectors/multivers/multivers.h"

const harmony__source multivers_sources[MULTIVERS_TABLES] = {
    [MULTIVERS_YEARS] = {.one = "fiscal year", .many = "fiscal years", .code = "period_closed"},
    [MULTIVERS_JOURNAL_TYPES] = {.one = "journal type", .many = "journal types"},
    [MULTIVERS_VAT] = {.map = "vat",
		       .one = "VAT code",
		       .many = "VAT codes",
		       .code = "unknown_vat_code"},
    [MULTIVERS_CONDITIONS] = {.map = "payment_conditions",
			      .one = "payment condition",
			      .many = "payment conditions",
			      .code = "unknown_payment_condition"},
    [MULTIVERS_CENTRES] = {.map = "cost_centres",
			   .one = "cost centre",
			   .many = "cost centres",
			   .code = "unknown_cost_centre"},
    [MULTIVERS_UNITS] = {.map = "cost_units",
			 .one = "cost unit",
			 .many = "cost units",
			 .code = "unknown_cost_unit"},
    [MULTIVERS_COUNTRIES] = {.one = "country", .many = "countries", .code = "invalid_value"},
    [MULTIVERS_CURRENCIES] = {.one = "currency", .many = "currencies", .code = "invalid_value"},
    [MULTIVERS_PERIODS] = {.one = "period", .code = "period_closed", .by_code = true},
    [MULTIVERS_JOURNALS] = {.map = "journals",
			    .one = "journal",
			    .code = "unknown_journal",
			    .by_code = true},
    [MULTIVERS_ACCOUNTS] = {.map = "accounts",
			    .one = "ledger account",
			    .code = "unknown_account",
			    .by_code = true},
    [MULTIVERS_SALES_SCENARIOS] = {.one = "VAT scenario", .by_code = true},
    [MULTIVERS_PURCHASE_SCENARIOS] = {.one = "VAT scenario", .by_code = true},
    [MULTIVERS_CUSTOMER_GROUPS] = {.one = "customer group",
				   .code = "invalid_value",
				   .by_code = true},
    [MULTIVERS_SUPPLIER_GROUPS] = {.one = "supplier group",
				   .code = "invalid_value",
				   .by_code = true},
    [MULTIVERS_CUSTOMERS] = {.one = "customer", .code = "unknown_party", .by_code = true},
    [MULTIVERS_SUPPLIERS] = {.one = "supplier", .code = "unknown_party", .by_code = true}};

/* How the lists are asked for. Those of a year have it where the path says {}. What not every
   version has counts as empty. */
static const struct {
	/* Member that is the code, and its name in $orderby; lists of names and values come whole.
	 */
	const char *path, *code, *order;
	bool optional;
} lists[MULTIVERS_CUSTOMERS] = {
    [MULTIVERS_YEARS] = {"FiscalYearInfoList", "fiscalYear", "FiscalYear", false},
    [MULTIVERS_JOURNAL_TYPES] = {"JournalTypeNVL", "name", NULL, true},
    [MULTIVERS_VAT] = {"VatCodeInfoList", "vatCodeId", "VatCodeId", false},
    [MULTIVERS_CONDITIONS] = {"PaymentConditionInfoList", "paymentConditionId",
			      "PaymentConditionId", false},
    [MULTIVERS_CENTRES] = {"CostCentreInfoList", "costCentreId", "CostCentreId", true},
    [MULTIVERS_UNITS] = {"CostUnitInfoList", "costUnitId", "CostUnitId", true},
    [MULTIVERS_COUNTRIES] = {"CountryInfoList", "countryId", "CountryId", true},
    [MULTIVERS_CURRENCIES] = {"CurrencyInfoList", "currencyId", "CurrencyId", true},
    [MULTIVERS_PERIODS] = {"PeriodInfoList?fiscalYear={}", "periodNumber", "PeriodNumber", false},
    [MULTIVERS_JOURNALS] = {"JournalInfoList?fiscalYear={}", "journalId", "JournalId", false},
    [MULTIVERS_ACCOUNTS] = {"AccountInfoList/{}", "accountId", "AccountId", false},
    [MULTIVERS_SALES_SCENARIOS] = {"SalesVatScenarioInfoList?fiscalYear={}", "vatScenarioId",
				   "VatScenarioId", false},
    [MULTIVERS_PURCHASE_SCENARIOS] = {"PurchaseVatScenarioInfoList?fiscalYear={}", "vatScenarioId",
				      "VatScenarioId", false},
    [MULTIVERS_CUSTOMER_GROUPS] = {"CustomerGroupInfoList?fiscalYear={}", "customerGroupId",
				   "CustomerGroupId", true},
    [MULTIVERS_SUPPLIER_GROUPS] = {"SupplierGroupNVL?fiscalYear={}", "name", NULL, true}};

int multivers_party_table(harmony_kind kind)
{
	return kind == HARMONY_SUPPLIER || kind == HARMONY_PURCHASE_INVOICE ? MULTIVERS_SUPPLIERS
									    : MULTIVERS_CUSTOMERS;
}

const char *multivers_party_name(int table)
{
	return table == MULTIVERS_SUPPLIERS ? "Supplier" : "Customer";
}

/* ---- lists ------------------------------------------------------------------------------------
 */

typedef struct loading {
	multivers *m;
	int table;
	const char *year; /* "2026/", "" for a list of no year */
} loading;

/* How a period's row calls its number is not published: as entries do, or as totals of periods. */
static const harmony__json *code_of(const harmony__json *row, int table)
{
	const harmony__json *code = harmony__json_get(row, lists[table].code);

	return code || table != MULTIVERS_PERIODS ? code : harmony__json_get(row, "periodId");
}

static harmony_status take_thing(const harmony__json *row, void *user)
{
	const loading *l = user;
	const char *code = harmony__json_text(code_of(row, l->table), "");
	char key[128];
	multivers_thing *thing;

	snprintf(key, sizeof(key), "%s%s", l->year, code);
	if (!*code)
		return HARMONY_OK;
	thing = harmony__table_put(&l->m->frame.tables[l->table], key);
	if (!thing)
		return HARMONY_NOMEM;
	harmony__copy_text(thing->thing.id, sizeof(thing->thing.id), code, strlen(code));
	(void)multivers_date(&thing->start, harmony__json_get(row, "startDate"));
	(void)multivers_date(&thing->end, harmony__json_get(row, "endDate"));
	if (harmony__json_whole(&thing->number, code_of(row, l->table)) != HARMONY_OK)
		thing->number = 0;
	if (l->table == MULTIVERS_JOURNALS) {
		(void)harmony__json_whole(&thing->number, harmony__json_get(row, "journalType"));
		(void)harmony__json_whole(&thing->last,
					  harmony__json_get(row, "journalTransaction"));
	}
	if (l->table == MULTIVERS_JOURNAL_TYPES) { /* the type's word is what its number means */
		const char *word = harmony__json_text(harmony__json_get(row, "value"), "");
		harmony__copy_text(thing->thing.id, sizeof(thing->thing.id), word, strlen(word));
	}
	return HARMONY_OK;
}

static harmony_status load_list(multivers *m, int table, const char *year, size_t year_len,
				harmony_error *error)
{
	const char *path = lists[table].path, *hole = strstr(path, "{}");
	char prefix[24];
	loading l = {.m = m, .table = table, .year = prefix};
	harmony_error mine = HARMONY_ERROR_INIT;
	harmony__buf url;
	harmony_status status;

	snprintf(prefix, sizeof(prefix), "%.*s", (int)year_len, year);
	harmony__buf_init(&url, m->frame.context, 256);
	harmony__buf_add(&url, path, hole ? (size_t)(hole - path) : strlen(path));
	if (hole)
		harmony__buf_printf(&url, "%.*s%s", (int)year_len - 1, year, hole + 2);
	status = harmony__buf_check(&url, "a request", &mine);
	if (status == HARMONY_OK)
		status = multivers_list(m, url.data, lists[table].order,
					multivers_sources[table].one, NULL, take_thing, &l, &mine);
	/* It may be the order that it does not know. The years must be sure to be all of them. */
	if (status == HARMONY_REJECTED && lists[table].order && table != MULTIVERS_YEARS) {
		harmony_error_clear(&mine);
		status = multivers_list(m, url.data, NULL, multivers_sources[table].one, NULL,
					take_thing, &l, &mine);
	}
	harmony__buf_free(&url);
	if (status == HARMONY_REJECTED && lists[table].optional) {
		harmony__log(m->frame.context, HARMONY_LOG_INFO, "Multivers gives no %s: %s",
			     lists[table].path, mine.message);
		return HARMONY_OK;
	}
	if (status != HARMONY_OK)
		harmony__error_give(error, &mine);
	return status;
}

/* A table of years: loads the year of "2026/8000", and marks it with "2026/". */
static harmony_status load_year(multivers *m, int table, const char *code, harmony_error *error)
{
	size_t len = strcspn(code, "/") + 1;
	char mark[24];
	harmony_status status;

	snprintf(mark, sizeof(mark), "%.*s", (int)len, code);
	if (harmony__table_look(&m->frame.tables[table], mark))
		return HARMONY_OK;
	status = load_list(m, table, code, len, error);
	if (status == HARMONY_OK && !harmony__table_put(&m->frame.tables[table], mark))
		status = HARMONY_NOMEM;
	return status;
}

harmony_status multivers_find_in_year(const multivers_thing **out, multivers *m, int table,
				      int64_t year, const char *code, harmony_error *error)
{
	char key[128];
	const void *found = NULL;
	harmony_status status;

	snprintf(key, sizeof(key), "%" PRId64 "/%s", year, code);
	status = harmony__find_thing(&found, &m->frame, table, key, error);
	*out = found;
	return status;
}

size_t multivers_count_of_year(const multivers_thing **first, const multivers *m, int table,
			       int64_t year)
{
	const harmony__table *t = &m->frame.tables[table];
	char prefix[24];
	size_t count = 0, len;

	*first = NULL;
	len = (size_t)snprintf(prefix, sizeof(prefix), "%" PRId64 "/", year);
	for (const multivers_thing *at = harmony__table_next(t, NULL); at;
	     at = harmony__table_next(t, at)) {
		if (strncmp(at->thing.code, prefix, len) != 0 || !at->thing.id[0])
			continue;
		count++;
		*first = at;
	}
	return count;
}

/* ---- journals -----------------------------------------------------------------------------------
 */

harmony_status multivers_journal_kind(harmony_kind *out, multivers *m, int64_t type,
				      harmony_error *error)
{
	static const struct {
		const char *word;
		harmony_kind kind;
	} words[] = {{"verkoop", HARMONY_SALES_INVOICE},   {"sales", HARMONY_SALES_INVOICE},
		     {"inkoop", HARMONY_PURCHASE_INVOICE}, {"purchase", HARMONY_PURCHASE_INVOICE},
		     {"memori", HARMONY_MEMORIAL},         {"general", HARMONY_MEMORIAL},
		     {"kas", HARMONY_BANK_ENTRY},          {"cash", HARMONY_BANK_ENTRY},
		     {"bank", HARMONY_BANK_ENTRY}};
	char code[24], word[48];
	const void *found = NULL;
	harmony_status status;

	*out = 0;
	snprintf(code, sizeof(code), "%" PRId64, type);
	status = harmony__find_thing(&found, &m->frame, MULTIVERS_JOURNAL_TYPES, code, error);
	if (status != HARMONY_OK || !found)
		return status;
	snprintf(word, sizeof(word), "%s", ((const harmony__thing *)found)->id);
	for (char *at = word; *at; at++)
		*at = *at >= 'A' && *at <= 'Z' ? (char)(*at | 0x20) : *at;
	for (size_t i = 0; i < HARMONY__COUNT(words) && !*out; i++)
		if (strncmp(word, words[i].word, strlen(words[i].word)) == 0)
			*out = words[i].kind;
	return HARMONY_OK;
}

/* ---- relations ----------------------------------------------------------------------------------
 */

multivers_thing *multivers_take_party(multivers *m, int table, const char *code,
				      const harmony__json *row)
{
	multivers_thing *thing = harmony__table_put(&m->frame.tables[table], code);
	const char *condition =
	    harmony__json_text(harmony__json_get(row, "paymentConditionId"), "");
	const char *organization = harmony__json_text(harmony__json_get(row, "organizationId"), "");

	if (!thing)
		return NULL;
	harmony__copy_text(thing->thing.id, sizeof(thing->thing.id), code, strlen(code));
	harmony__copy_text(thing->condition, sizeof(thing->condition), condition,
			   strlen(condition));
	harmony__copy_text(thing->organization, sizeof(thing->organization), organization,
			   strlen(organization));
	thing->thing.row = row;
	thing->thing.roles =
	    HARMONY_BIT(table == MULTIVERS_SUPPLIERS ? HARMONY_SUPPLIER : HARMONY_CUSTOMER);
	thing->thing.doubted = 0;
	return thing;
}

static harmony_status load_party(multivers *m, int table, const char *code, harmony_error *error)
{
	const harmony__json *root;
	harmony__buf path;
	harmony_status status;

	harmony__buf_init(&path, m->frame.context, 1024);
	harmony__buf_printf(&path, "%s/", multivers_party_name(table));
	multivers_segment(&path, code, m->plain_escape);
	status = harmony__buf_check(&path, "a request", error);
	if (status == HARMONY_OK)
		status = multivers_get(m, path.data, multivers_party_name(table),
				       &m->frame.tables[table].arena, &root, error);
	if (status == HARMONY_OK && root && !multivers_take_party(m, table, code, root))
		status = HARMONY_NOMEM;
	harmony__buf_free(&path);
	return status;
}

harmony_status multivers_load(harmony__frame *f, int table, const char *code, harmony_error *error)
{
	multivers *m = (multivers *)f;

	if (table >= MULTIVERS_CUSTOMERS)
		return load_party(m, table, code, error);
	return table >= MULTIVERS_PERIODS ? load_year(m, table, code, error)
					  : load_list(m, table, "", 0, error);
}

/* ---- the administration --------------------------------------------------------------------- */

typedef struct search {
	multivers *m;
	size_t count;
	bool found;
	char only[64];
	harmony__buf names; /* a few of them */
} search;

static harmony_status look_at_administration(const harmony__json *row, void *user)
{
	search *s = user;
	const char *name = harmony__json_text(harmony__json_get(row, "name"), "");

	harmony__copy_text(s->only, sizeof(s->only), name, strlen(name));
	if (s->count < 8)
		harmony__buf_printf(&s->names, "%s%s", s->count ? ", " : "", name);
	s->count++;
	s->found = s->found || harmony__equal_nocase(name, s->m->administration);
	return HARMONY_OK;
}

/* The one that is set must be among them; without a setting there must be one only. */
static harmony_status choose(multivers *m, const search *s, harmony_error *error)
{
	const char *names = s->names.data ? s->names.data : "none";

	if (m->administration[0] && !s->found)
		return harmony_error_set(
		    error, HARMONY_CONFIG, NULL,
		    "`administration` = %s is not among the %zu that this login sees; write the "
		    "code of one of them: %s",
		    m->administration, s->count, names);
	if (!m->administration[0] && s->count != 1)
		return harmony_error_set(
		    error, HARMONY_CONFIG, NULL,
		    "this login sees %zu administrations; set `administration` to the code of the "
		    "one that is meant: %s",
		    s->count, names);
	if (!m->administration[0])
		memcpy(m->administration, s->only, sizeof(s->only));
	m->known = true;
	return HARMONY_OK;
}

harmony_status multivers_ready(harmony__frame *f, harmony_error *error)
{
	multivers *m = (multivers *)f;
	search s = {.m = m};
	harmony__buf url;
	harmony_status status;

	if (m->known)
		return HARMONY_OK;
	harmony__buf_init(&s.names, f->context, 1024);
	harmony__buf_init(&url, f->context, HARMONY__MAX_URL);
	harmony__buf_printf(&url, "%s/%s/api/AdministrationNVL", f->url, m->version);
	status = harmony__buf_check(&url, "the address of a request", error);
	if (status == HARMONY_OK)
		status = harmony__rows(f, url.data, "the administrations", NULL,
				       look_at_administration, &s, error);
	if (status == HARMONY_OK)
		status = harmony__buf_check(&s.names, "the administrations", error);
	if (status == HARMONY_OK)
		status = choose(m, &s, error);
	harmony__buf_free(&url);
	harmony__buf_free(&s.names);
	return status;
}
