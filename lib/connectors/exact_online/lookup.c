/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "connectors/exact_online/exact.h"

/* The tables are loaded when they are first needed, each with as few requests as the API
   allows: bulk endpoints give 1,000 rows a page. The filter that they insist on is one that
   everything passes. */
#define EVERYTHING "&$filter=Modified%20gt%20datetime'1990-01-01'"

#define PARTY_FIELDS                                                                               \
	"ID,Code,SearchCode,Name,AddressLine1,AddressLine2,Postcode,City,Country,Phone,Fax,Email," \
	"VATNumber,Status,IsSupplier,Blocked,SalesCurrency,PurchaseCurrency,"                      \
	"PaymentConditionSales,PaymentConditionPurchase,CreditLineSales"

const harmony__source exact_sources[EXACT_TABLES] = {
    [EXACT_ACCOUNTS] = {"bulk/Financial/GLAccounts?$select=ID,Code,Type,IsBlocked,UseCostcenter,"
			"UseCostunit" EVERYTHING,
			"accounts", "ledger account", "ledger accounts", "unknown_account", false},
    [EXACT_JOURNALS] = {"financial/Journals?$select=ID,Code,Type,IsBlocked,AllowVAT,"
			"AllowVariableExchangeRate",
			"journals", "journal", "journals", "unknown_journal", false},
    [EXACT_VAT] = {"vat/VATCodes?$select=ID,Code,Type,IsBlocked,VATTransactionType,Charged", "vat",
		   "VAT code", "VAT codes", "unknown_vat_code", false},
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

	if (!thing)
		return HARMONY_NOMEM;
	take_common(&thing->thing, row, "IsBlocked");
	thing->vat_type = harmony__json_text(harmony__json_get(row, "Type"), "")[0];
	if (harmony__json_whole(&thing->type, harmony__json_get(row, "Type")) != HARMONY_OK)
		thing->type = 0;
	thing->allow_vat = harmony__json_flag(harmony__json_get(row, "AllowVAT"), true);
	thing->allow_rate =
	    harmony__json_flag(harmony__json_get(row, "AllowVariableExchangeRate"), true);
	thing->charged = harmony__json_flag(harmony__json_get(row, "Charged"), false);
	thing->vat_use = harmony__json_text(harmony__json_get(row, "VATTransactionType"), "")[0];
	(void)harmony__json_whole(&thing->centre, harmony__json_get(row, "UseCostcenter"));
	(void)harmony__json_whole(&thing->unit, harmony__json_get(row, "UseCostunit"));
	return HARMONY_OK;
}

/* ---- a relation's two codes ---------------------------------------------------------------- */

/* Exact numbers the relations that have a search code for a code, and may write a number in its
   own way. Its lists of open items know its number alone, and whoever reads dbopen.csv knows
   ours alone: so where the two differ, ours is kept under its. */
static void name_of(char *name, size_t size, const exact *x, const char *own)
{
	snprintf(name, size, "relation.%s.%s", x->division, own);
}

harmony_status exact_remember(exact *x, const char *code, const harmony__json *row,
			      harmony_error *error)
{
	const harmony_host *host = x->frame.host;
	char own[64], name[128], known[HARMONY_KEY_SIZE];
	size_t len = sizeof(known);

	exact_trim(own, sizeof(own), harmony__json_text(harmony__json_get(row, "Code"), ""));
	if (!own[0] || strcmp(own, code) == 0 || !host->memo_load || !host->memo_save)
		return HARMONY_OK;
	name_of(name, sizeof(name), x, own);
	if (host->memo_load(known, &len, name, host->user, NULL) == HARMONY_OK &&
	    len == strlen(code) && memcmp(known, code, len) == 0)
		return HARMONY_OK;
	return host->memo_save(name, code, strlen(code), host->user, error);
}

harmony_status exact_recall(char *code, size_t size, exact *x, harmony_error *error)
{
	const harmony_host *host = x->frame.host;
	harmony_error mine = HARMONY_ERROR_INIT;
	char name[128], ours[HARMONY_KEY_SIZE];
	size_t len = sizeof(ours);
	harmony_status status;

	if (!*code || strlen(code) >= 64 || !host->memo_load)
		return HARMONY_OK;
	name_of(name, sizeof(name), x, code);
	status = host->memo_load(ours, &len, name, host->user, &mine);
	if (status == HARMONY_NOTFOUND)
		return HARMONY_OK;
	if (status == HARMONY_OK)
		harmony__copy_text(code, size, ours, len);
	else
		harmony__error_give(error, &mine);
	return status;
}

static uint32_t roles_of(const harmony__json *row)
{
	bool customer = strcmp(harmony__json_text(harmony__json_get(row, "Status"), ""), "C") == 0;
	bool supplier = harmony__json_flag(harmony__json_get(row, "IsSupplier"), false);

	return (customer ? HARMONY_BIT(HARMONY_CUSTOMER) : 0) |
	       (supplier ? HARMONY_BIT(HARMONY_SUPPLIER) : 0);
}

typedef struct party_load {
	exact *x;
	harmony__table *table;
	harmony_error *error;
} party_load;

static harmony_status take_party_as(party_load *load, const char *code, const harmony__json *row)
{
	harmony__thing *thing = harmony__table_put(load->table, code);

	if (!thing)
		return HARMONY_NOMEM;
	take_common(thing, row, "Blocked");
	thing->row = row;
	thing->roles = roles_of(row);
	thing->doubted &= ~thing->roles;
	return HARMONY_OK;
}

/* A relation is known by its code, by the code that we gave it and, where the ERP's is no
   number, by its search code; a real code wins. */
static harmony_status take_party(const harmony__json *row, void *user)
{
	party_load *load = user;
	char codes[3][64];
	harmony_status status;

	exact_trim(codes[0], sizeof(codes[0]),
		   harmony__json_text(harmony__json_get(row, "Code"), ""));
	exact_trim(codes[2], sizeof(codes[2]),
		   harmony__json_text(harmony__json_get(row, "SearchCode"), ""));
	memcpy(codes[1], codes[0], sizeof(codes[1]));
	status = exact_recall(codes[1], sizeof(codes[1]), load->x, load->error);
	for (size_t i = 0; i < HARMONY__COUNT(codes) && status == HARMONY_OK; i++) {
		const harmony__thing *thing = harmony__table_look(load->table, codes[i]);
		if (codes[i][0] && (i == 0 || !thing || !thing->id[0]))
			status = take_party_as(load, codes[i], row);
	}
	return status;
}

harmony_status exact_load(harmony__frame *f, int index, const char *code, harmony_error *error)
{
	harmony__table *table = &f->tables[index];
	party_load load = {(exact *)f, table, error};

	return index == EXACT_PARTIES ? exact_rows((exact *)f, exact_sources[index].path,
						   &table->arena, take_party, &load, error)
				      : exact_rows((exact *)f, exact_sources[index].path, NULL,
						   take_thing, table, error);
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
