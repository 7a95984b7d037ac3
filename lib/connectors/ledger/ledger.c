/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "connectors/connectors.h"
#include "connectors/ledger/ledger.h"

enum { BOOKS_ID = 0x4c656467, /* "Ledg" */ BATCH_MAX = 500, BUSY_TIMEOUT = 10000 };

/* Released steps stay as they are; a new version appends one. Amounts in cents, quantities in
   1/10,000, dates YYYY-MM-DD; side 1 is sales, 2 purchase. */
static const char *const migrations[] = {
    "CREATE TABLE parties(id INTEGER PRIMARY KEY, side INTEGER NOT NULL, code TEXT NOT NULL,"
    " name TEXT NOT NULL, address TEXT, postcode TEXT, city TEXT, country TEXT, email TEXT,"
    " vat_number TEXT, bank_account TEXT, payment_condition TEXT, hash BLOB NOT NULL,"
    " UNIQUE(side, code)) STRICT;"
    "CREATE TABLE bookings(id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, hash BLOB NOT NULL,"
    " kind TEXT NOT NULL, journal TEXT, year INTEGER, period INTEGER, entry_number TEXT, date TEXT,"
    " due_date TEXT, currency TEXT NOT NULL, description TEXT, reference TEXT, side INTEGER,"
    " party TEXT, number TEXT, total INTEGER, lines INTEGER NOT NULL) STRICT;"
    "CREATE INDEX invoices ON bookings(side, party, number) WHERE side IS NOT NULL;"
    "CREATE TABLE lines(booking INTEGER NOT NULL REFERENCES bookings, row INTEGER NOT NULL,"
    " account TEXT, description TEXT, amount INTEGER, vat_code TEXT, vat_amount INTEGER,"
    " cost_centre TEXT, cost_unit TEXT, quantity INTEGER,"
    " PRIMARY KEY(booking, row)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE settlements(booking INTEGER NOT NULL REFERENCES bookings, row INTEGER NOT NULL,"
    " side INTEGER NOT NULL, party TEXT NOT NULL, number TEXT NOT NULL, currency TEXT NOT NULL,"
    " amount INTEGER NOT NULL, PRIMARY KEY(booking, row)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX settled ON settlements(side, party, number, currency, amount);",
};

static const harmony__db_options books = {
    .flags = HARMONY__DB_CREATE,
    .application_id = BOOKS_ID,
    .what = "the ledger's books",
    .migrations = migrations,
    .version = HARMONY__COUNT(migrations),
    .busy_timeout = BUSY_TIMEOUT,
};

static const harmony_key keys[] = {
    {"books", HARMONY_KEY_PATH, 0, 0, NULL, "books.db", "the file with the ledger's books"},
    {NULL},
};

static harmony_status ledger_open(void **instance, const harmony_host *host, harmony_error *error)
{
	const char *path = NULL;
	char absolute[4096];
	ledger *l;
	harmony_status status;

	if (host->setting != NULL)
		path = host->setting("books", host->user);
	if (path == NULL || path[0] == '\0')
		path = keys[0].fallback;
	if (host->path != NULL) {
		status = host->path(absolute, sizeof(absolute), path, host->user);
		if (status == HARMONY_NOMEM)
			return harmony__nomem(error);
		if (status != HARMONY_OK)
			return harmony_error_set(error, HARMONY_CONFIG, NULL,
			                         "books = %s: the path cannot be made absolute; "
			                         "name a shorter one",
			                         path);
		path = absolute;
	}
	l = harmony__zalloc(host->context, sizeof(*l));
	if (l == NULL)
		return harmony__nomem(error);
	l->host = host;
	l->context = host->context;
	status = harmony__db_open(&l->db, l->context, path, &books, error);
	if (status != HARMONY_OK) {
		harmony__free(l->context, l);
		return status;
	}
	*instance = l;
	return HARMONY_OK;
}

static void ledger_close(void *instance)
{
	ledger *l = instance;

	if (l == NULL)
		return;
	harmony__db_close(l->db);
	harmony__free(l->context, l);
}

static harmony_status ledger_preview(void *instance, const harmony_record *record,
                                     harmony_write_fn write, void *user, harmony_error *error)
{
	ledger *l = instance;
	const harmony_record *mapped;
	harmony_record *copy = NULL;
	const char *path = harmony__db_path(l->db);
	harmony_status status = ledger__map(&mapped, &copy, l, record, error);

	if (status == HARMONY_OK)
		status = write("POST ledger:", 12, user);
	if (status == HARMONY_OK)
		status = write(path, strlen(path), user);
	if (status == HARMONY_OK)
		status = write("\n", 1, user);
	if (status == HARMONY_OK)
		status = harmony_record_write_json(mapped, write, user, error);
	if (status == HARMONY_OK)
		status = write("\n", 1, user);
	harmony_record_free(copy);
	return status;
}

/* ---- what its rooms share ------------------------------------------------------------- */

int ledger__side_of(harmony_kind kind)
{
	if (kind == HARMONY_CUSTOMER || kind == HARMONY_SALES_INVOICE)
		return HARMONY_SIDE_SALES;
	if (kind == HARMONY_SUPPLIER || kind == HARMONY_PURCHASE_INVOICE)
		return HARMONY_SIDE_PURCHASE;
	return 0;
}

const char *ledger__side_word(int side)
{
	return side == HARMONY_SIDE_SALES ? "sales" : "purchase";
}

void ledger__remote_id(harmony_verdict *verdict, harmony_kind kind, int64_t id)
{
	bool party = (HARMONY_BIT(kind) & HARMONY_PARTIES) != 0;

	snprintf(verdict->remote_id, sizeof(verdict->remote_id), "%s/%lld",
	         party ? "party" : "booking", (long long)id);
}

const char *ledger__text(const harmony_record *record, size_t row, harmony_field field)
{
	const char *text = "";

	if (harmony_record_get_text(&text, record, row, field) != HARMONY_OK || text[0] == '\0')
		(void)harmony_record_get_text(&text, record, HARMONY_HEADER, field);
	return text;
}

/* X: the mapping's table and the field it speaks of. */
static const struct {
	const char *table;
	harmony_field field;
} mappings[] = {
    {"journals", HARMONY_FIELD_JOURNAL},         {"payment_conditions", HARMONY_FIELD_PAYMENT_CONDITION},
    {"accounts", HARMONY_FIELD_ACCOUNT},         {"vat", HARMONY_FIELD_VAT_CODE},
    {"cost_centres", HARMONY_FIELD_COST_CENTRE}, {"cost_units", HARMONY_FIELD_COST_UNIT},
};

/* Most records need no mapping: a copy is made at the first code that differs. */
static harmony_status map_row(const harmony_record **out, harmony_record **copy, const ledger *l,
                              const harmony_record *record, size_t row, harmony_error *error)
{
	harmony_status status = HARMONY_OK;

	for (size_t i = 0; status == HARMONY_OK && i < HARMONY__COUNT(mappings); i++) {
		const char *code, *to;

		if (harmony_record_get_text(&code, record, row, mappings[i].field) != HARMONY_OK)
			continue;
		to = l->host->map(mappings[i].table, code, l->host->user);
		if (strcmp(code, to) == 0)
			continue;
		if (*copy == NULL)
			status = harmony_record_copy(copy, record, error);
		if (status != HARMONY_OK)
			break;
		*out = *copy;
		status = harmony_record_set_text(*copy, row, mappings[i].field, to, strlen(to),
		                                 error);
	}
	return status;
}

harmony_status ledger__map(const harmony_record **out, harmony_record **copy, const ledger *l,
                           const harmony_record *record, harmony_error *error)
{
	size_t rows = harmony_record_lines(record);
	harmony_status status = HARMONY_OK;

	*out = record;
	*copy = NULL;
	if (l->host->map == NULL)
		return HARMONY_OK;
	for (size_t row = 0; status == HARMONY_OK && row <= rows; row++)
		status = map_row(out, copy, l, record, row, error);
	if (status != HARMONY_OK) {
		harmony_record_free(*copy);
		*copy = NULL;
	}
	return status;
}

const harmony_connector harmony__ledger = {
    .struct_size = sizeof(harmony_connector),
    .abi = HARMONY_CONNECTOR_ABI,
    .name = "ledger",
    .long_name = "Ledger",
    .version = "1",
    .description = "A small accounting package in one SQLite file, to try things and to test with",
    .capabilities = HARMONY_PARTIES | HARMONY_ENTRIES | HARMONY_CAN_FIND | HARMONY_CAN_READ_BACK |
                    HARMONY_CAN_PREVIEW | HARMONY_CAN_BATCH | HARMONY_CAN_REPEAT,
    .batch_max = BATCH_MAX,
    .keys = keys,
    .open = ledger_open,
    .close = ledger_close,
    .offer = ledger__offer,
    .find = ledger__find,
    .outstanding = ledger__outstanding,
    .check = ledger__check,
    .read_back = ledger__read_back,
    .preview = ledger_preview,
};
