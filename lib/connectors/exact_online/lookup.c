/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "connectors/exact_online/exact.h"

/* The tables are loaded when they are first needed, each with as few requests as the API
   allows: bulk endpoints give 1,000 rows a page. The filter that they insist on is one that
   everything passes. */
#define EVERYTHING "&$filter=Modified%20gt%20datetime'1990-01-01'"

#define PARTY_FIELDS                                                                               \
	"ID,Code,SearchCode,Name,AddressLine1,AddressLine2,Postcode,City,Country,Phone,Fax,Email," \
	"Language,VATNumber,Status,IsSupplier,Blocked,SalesCurrency,PurchaseCurrency,"             \
	"PaymentConditionSales,PaymentConditionPurchase,CreditLineSales"

static const struct {
	const char *path;
	const char *map; /* the mapping table of the configuration */
} sources[EXACT_TABLES] = {
    [EXACT_ACCOUNTS] = {"bulk/Financial/GLAccounts?$select=ID,Code,Type,IsBlocked,UseCostcenter,"
			"UseCostunit" EVERYTHING,
			"accounts"},
    [EXACT_JOURNALS] = {"financial/Journals?$select=ID,Code,Type,IsBlocked,AllowVAT,"
			"AllowVariableExchangeRate",
			"journals"},
    [EXACT_VAT] = {"vat/VATCodes?$select=ID,Code,Type,IsBlocked", "vat"},
    [EXACT_PAYMENT_CONDITIONS] = {"cashflow/PaymentConditions?$select=ID,Code",
				  "payment_conditions"},
    [EXACT_COST_CENTRES] = {"hrm/Costcenters?$select=ID,Code", "cost_centres"},
    [EXACT_COST_UNITS] = {"hrm/Costunits?$select=ID,Code", "cost_units"},
    [EXACT_PARTIES] = {"bulk/CRM/Accounts?$select=" PARTY_FIELDS EVERYTHING, NULL}};

void exact_tables_init(exact *x)
{
	for (size_t i = 0; i < EXACT_TABLES; i++)
		harmony__arena_init(&x->tables[i].arena, x->context, 0);
}

void exact_tables_free(exact *x)
{
	for (size_t i = 0; i < EXACT_TABLES; i++)
		harmony__arena_free(&x->tables[i].arena);
}

const char *exact_trim(char *buffer, size_t size, const char *text)
{
	size_t len = strlen(text);

	while (len > 0 && text[len - 1] == ' ')
		len--;
	while (len > 0 && *text == ' ') {
		text++;
		len--;
	}
	harmony__copy_text(buffer, size, text, len);
	return buffer;
}

static exact_thing **bucket_of(exact_table *table, const char *code)
{
	return &table->buckets[harmony__hash64(code, strlen(code), 0) % EXACT_BUCKETS];
}

static exact_thing *look(exact_table *table, const char *code)
{
	exact_thing *at = *bucket_of(table, code);

	while (at && strcmp(at->code, code) != 0)
		at = at->next;
	return at;
}

/* A new thing under `code`, or the one that is there. NULL: no memory. */
static exact_thing *put(exact_table *table, const char *code)
{
	exact_thing *thing = look(table, code);
	exact_thing **bucket = bucket_of(table, code);

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

static void take_id(exact_thing *thing, const harmony__json *row)
{
	const char *id = harmony__json_text(harmony__json_get(row, "ID"), "");

	harmony__copy_text(thing->id, sizeof(thing->id), id, strlen(id));
}

static harmony_status take_thing(const harmony__json *row, void *user)
{
	exact_table *table = user;
	char code[64];
	exact_thing *thing =
	    put(table, exact_trim(code, sizeof(code),
				  harmony__json_text(harmony__json_get(row, "Code"), "")));
	int64_t use = 0;

	if (!thing)
		return HARMONY_NOMEM;
	take_id(thing, row);
	thing->vat_type = harmony__json_text(harmony__json_get(row, "Type"), "")[0];
	if (harmony__json_whole(&thing->type, harmony__json_get(row, "Type")) != HARMONY_OK)
		thing->type = 0;
	thing->blocked = harmony__json_flag(harmony__json_get(row, "IsBlocked"), false);
	thing->allow_vat = harmony__json_flag(harmony__json_get(row, "AllowVAT"), true);
	thing->allow_rate =
	    harmony__json_flag(harmony__json_get(row, "AllowVariableExchangeRate"), true);
	/* 0 optional, 1 mandatory, 2 none */
	if (harmony__json_whole(&use, harmony__json_get(row, "UseCostcenter")) == HARMONY_OK)
		thing->needs_centre = use == 1;
	if (harmony__json_whole(&use, harmony__json_get(row, "UseCostunit")) == HARMONY_OK)
		thing->needs_unit = use == 1;
	return HARMONY_OK;
}

static uint32_t roles_of(const harmony__json *row)
{
	bool customer = strcmp(harmony__json_text(harmony__json_get(row, "Status"), ""), "C") == 0;
	bool supplier = harmony__json_flag(harmony__json_get(row, "IsSupplier"), false);

	return (customer ? HARMONY_BIT(HARMONY_CUSTOMER) : 0) |
	       (supplier ? HARMONY_BIT(HARMONY_SUPPLIER) : 0);
}

/* A relation is known by its code and, for those whose ERP code is no number, by its search
   code; a real code wins. */
static harmony_status take_party(const harmony__json *row, void *user)
{
	static const char *const names[] = {"Code", "SearchCode"};
	exact_table *table = user;

	for (size_t i = 0; i < HARMONY__COUNT(names); i++) {
		char code[64];
		exact_thing *thing;
		exact_trim(code, sizeof(code),
			   harmony__json_text(harmony__json_get(row, names[i]), ""));
		thing = look(table, code);
		if (!code[0] || (i > 0 && thing && thing->id[0]))
			continue;
		thing = put(table, code);
		if (!thing)
			return HARMONY_NOMEM;
		take_id(thing, row);
		thing->row = row;
		thing->roles = roles_of(row);
		thing->doubted &= ~thing->roles;
		thing->blocked = harmony__json_flag(harmony__json_get(row, "Blocked"), false);
	}
	return HARMONY_OK;
}

static harmony_status load_table(exact *x, int index, harmony_error *error)
{
	exact_table *table = &x->tables[index];
	bool parties = index == EXACT_PARTIES;
	harmony_status status = exact_rows(x, sources[index].path, parties ? &table->arena : NULL,
					   parties ? take_party : take_thing, table, error);

	if (status == HARMONY_NOMEM)
		return harmony__nomem(error);
	table->loaded = status == HARMONY_OK;
	return status;
}

harmony_status exact_find_thing(const exact_thing **out, exact *x, int table, const char *code,
				harmony_error *error)
{
	exact_thing *thing = NULL;
	harmony_status status = HARMONY_OK;

	*out = NULL;
	if (!x->tables[table].loaded)
		status = load_table(x, table, error);
	if (status == HARMONY_OK)
		thing = look(&x->tables[table], code);
	if (thing && thing->doubted && !thing->looked_again) {
		thing->looked_again = true;
		status = load_table(x, table, error);
	}
	if (status == HARMONY_OK && thing && (table != EXACT_PARTIES || thing->id[0]))
		*out = thing;
	return status;
}

harmony_status exact_find_mapped(const exact_thing **out, exact *x, int table, const char *code,
				 harmony_error *error)
{
	const char *mapped = sources[table].map && x->host->map
				 ? x->host->map(sources[table].map, code, x->host->user)
				 : code;

	return exact_find_thing(out, x, table, mapped, error);
}

harmony_status exact_add_party(exact *x, const char *code, const char *id, harmony_kind role,
			       harmony_error *error)
{
	exact_thing *thing = put(&x->tables[EXACT_PARTIES], code);

	if (!thing)
		return harmony__nomem(error);
	harmony__copy_text(thing->id, sizeof(thing->id), id, strlen(id));
	thing->row = NULL; /* what was written is what is there: nothing to compare with yet */
	thing->roles |= HARMONY_BIT(role);
	thing->doubted &= ~HARMONY_BIT(role);
	return HARMONY_OK;
}

harmony_status exact_doubt_party(exact *x, const char *code, harmony_kind role,
				 harmony_error *error)
{
	exact_thing *thing = put(&x->tables[EXACT_PARTIES], code);

	if (!thing)
		return harmony__nomem(error);
	/* One that has the role already was only updated, and can be booked on. */
	thing->doubted |= HARMONY_BIT(role) & ~thing->roles;
	thing->looked_again = false;
	return HARMONY_OK;
}

bool exact_party_doubted(exact *x, const char *code, harmony_kind role)
{
	const exact_thing *thing = look(&x->tables[EXACT_PARTIES], code);
	uint32_t roles = role ? HARMONY_BIT(role) : HARMONY_PARTIES;

	return thing && (thing->doubted & roles) != 0;
}

/* ---- records ------------------------------------------------------------------------------ */

void exact_key(char key[HARMONY_KEY_SIZE], const harmony_record *record)
{
	static const char hex[] = "0123456789abcdef";
	uint8_t hash[HARMONY_HASH_SIZE] = {0};
	size_t at;

	if (harmony_record_key(key, record))
		return;
	(void)harmony_record_hash(hash, record);
	at = (size_t)snprintf(key, HARMONY_KEY_SIZE, "%s/",
			      harmony_kind_word(harmony_record_kind(record)));
	for (size_t i = 0; i < sizeof(hash); i++) {
		key[at++] = hex[hash[i] >> 4];
		key[at++] = hex[hash[i] & 15];
	}
	key[at] = '\0';
}

size_t exact_dated_row(const harmony_record *record, size_t row)
{
	return harmony_record_has(record, row, HARMONY_FIELD_DATE) ? row : HARMONY_HEADER;
}

void exact_literal(harmony__buf *path, const char *text)
{
	harmony__buf_str(path, "'");
	for (const char *part = text; *part;) {
		size_t len = strcspn(part, "'");
		harmony__http_escape(path, part, len);
		part += len;
		if (*part == '\'') {
			harmony__buf_str(path, "''");
			part++;
		}
	}
	harmony__buf_str(path, "'");
}
