/* SPDX-License-Identifier: MIT */
#include "connectors/exact_online/exact.h"

/* The tables are loaded when they are first needed, each with as few requests as the API
   allows: bulk endpoints give 1,000 rows a page. The filter that they insist on is one that
   everything passes. */
#define EVERYTHING "&$filter=Modified%20gt%20datetime'1990-01-01'"

#define PARTY_FIELDS                                                                               \
	"ID,Code,SearchCode,Name,AddressLine1,AddressLine2,Postcode,City,Country,Phone,Fax,Email," \
	"Language,VATNumber,Status,IsSupplier,Blocked,SalesCurrency,PurchaseCurrency,"             \
	"PaymentConditionSales,PaymentConditionPurchase,CreditLineSales"

const harmony__source exact_sources[EXACT_TABLES] = {
    [EXACT_ACCOUNTS] = {"bulk/Financial/GLAccounts?$select=ID,Code,Type,IsBlocked,UseCostcenter,"
			"UseCostunit" EVERYTHING,
			"accounts", "ledger account", "ledger accounts", "unknown_account", false},
    [EXACT_JOURNALS] = {"financial/Journals?$select=ID,Code,Type,IsBlocked,AllowVAT,"
			"AllowVariableExchangeRate",
			"journals", "journal", "journals", "unknown_journal", false},
    [EXACT_VAT] = {"vat/VATCodes?$select=ID,Code,Type,IsBlocked", "vat", "VAT code", "VAT codes",
		   "unknown_vat_code", false},
    [EXACT_PAYMENT_CONDITIONS] = {"cashflow/PaymentConditions?$select=ID,Code",
				  "payment_conditions", "payment condition", "payment conditions",
				  "unknown_payment_condition", false},
    [EXACT_COST_CENTRES] = {"hrm/Costcenters?$select=ID,Code", "cost_centres", "cost centre",
			    "cost centres", "unknown_cost_centre", false},
    [EXACT_COST_UNITS] = {"hrm/Costunits?$select=ID,Code", "cost_units", "cost unit", "cost units",
			  "unknown_cost_unit", false},
    [EXACT_PARTIES] = {"bulk/CRM/Accounts?$select=" PARTY_FIELDS EVERYTHING, NULL, "relation",
		       "relations", "unknown_party", false}};

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

static void take_common(harmony__thing *thing, const harmony__json *row, const char *blocked)
{
	const char *id = harmony__json_text(harmony__json_get(row, "ID"), "");

	harmony__copy_text(thing->id, sizeof(thing->id), id, strlen(id));
	thing->blocked = harmony__json_flag(harmony__json_get(row, blocked), false);
}

static harmony_status take_thing(const harmony__json *row, void *user)
{
	char code[64];
	exact_thing *thing = harmony__table_put(
	    user,
	    exact_trim(code, sizeof(code), harmony__json_text(harmony__json_get(row, "Code"), "")));
	int64_t use = 0;

	if (!thing)
		return HARMONY_NOMEM;
	take_common(&thing->thing, row, "IsBlocked");
	thing->vat_type = harmony__json_text(harmony__json_get(row, "Type"), "")[0];
	if (harmony__json_whole(&thing->type, harmony__json_get(row, "Type")) != HARMONY_OK)
		thing->type = 0;
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
	harmony__table *table = user;

	for (size_t i = 0; i < HARMONY__COUNT(names); i++) {
		char code[64];
		harmony__thing *thing;
		exact_trim(code, sizeof(code),
			   harmony__json_text(harmony__json_get(row, names[i]), ""));
		thing = harmony__table_look(table, code);
		if (!code[0] || (i > 0 && thing && thing->id[0]))
			continue;
		thing = harmony__table_put(table, code);
		if (!thing)
			return HARMONY_NOMEM;
		take_common(thing, row, "Blocked");
		thing->row = row;
		thing->roles = roles_of(row);
		thing->doubted &= ~thing->roles;
	}
	return HARMONY_OK;
}

harmony_status exact_load(harmony__frame *f, int index, const char *code, harmony_error *error)
{
	harmony__table *table = &f->tables[index];
	bool parties = index == EXACT_PARTIES;

	return exact_rows((exact *)f, exact_sources[index].path, parties ? &table->arena : NULL,
			  parties ? take_party : take_thing, table, error);
}

/* ---- records ------------------------------------------------------------------------------ */

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
