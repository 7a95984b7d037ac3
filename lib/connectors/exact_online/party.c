/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "connectors/exact_online/exact.h"

/* Customers and suppliers are one thing at Exact, an account with roles. What the record
   does not say is never sent, and of an existing account only what differs. */

typedef struct property {
	harmony_field field;
	const char *customer, *supplier; /* NULL: not for this role */
	int table;                       /* EXACT_TABLES: as it is */
} property;

static const property properties[] = {
    {HARMONY_FIELD_ADDRESS, "AddressLine1", "AddressLine1", EXACT_TABLES},
    {HARMONY_FIELD_ADDRESS_2, "AddressLine2", "AddressLine2", EXACT_TABLES},
    {HARMONY_FIELD_POSTCODE, "Postcode", "Postcode", EXACT_TABLES},
    {HARMONY_FIELD_CITY, "City", "City", EXACT_TABLES},
    {HARMONY_FIELD_COUNTRY, "Country", "Country", EXACT_TABLES},
    {HARMONY_FIELD_PHONE, "Phone", "Phone", EXACT_TABLES},
    {HARMONY_FIELD_FAX, "Fax", "Fax", EXACT_TABLES},
    {HARMONY_FIELD_EMAIL, "Email", "Email", EXACT_TABLES},
    {HARMONY_FIELD_VAT_NUMBER, "VATNumber", "VATNumber", EXACT_TABLES},
    {HARMONY_FIELD_CURRENCY, "SalesCurrency", "PurchaseCurrency", EXACT_TABLES},
    {HARMONY_FIELD_PAYMENT_CONDITION, "PaymentConditionSales", "PaymentConditionPurchase",
     EXACT_PAYMENT_CONDITIONS},
    {HARMONY_FIELD_CREDIT_LIMIT, "CreditLineSales", NULL, EXACT_TABLES},
    {HARMONY_FIELD_BLOCKED, "Blocked", "Blocked", EXACT_TABLES}};

/* A body under construction, against what Exact has (NULL: nothing). */
typedef struct party_body {
	harmony__draft draft;
	const harmony__json *row;
	harmony__json_writer writer;
	bool changes;
} party_body;

static void put_text(party_body *b, const char *name, const char *text)
{
	char now[512];

	exact_trim(now, sizeof(now), harmony__json_text(harmony__json_get(b->row, name), ""));
	if (b->row && strcmp(now, text) == 0)
		return;
	harmony__json_put(&b->writer, name, text);
	b->changes = true;
}

static void put_flag(party_body *b, const char *name, bool flag)
{
	const harmony__json *now = harmony__json_get(b->row, name);

	if (b->row && harmony__json_flag(now, false) == flag)
		return;
	harmony__json_put_bool(&b->writer, name, flag);
	b->changes = true;
}

static void put_amount(party_body *b, const char *name, int64_t amount)
{
	int64_t now;

	if (b->row && harmony__json_amount(&now, harmony__json_get(b->row, name)) == HARMONY_OK &&
	    now == amount)
		return;
	harmony__json_put_number(&b->writer, name, amount, HARMONY_SCALE_AMOUNT);
	b->changes = true;
}

static void put_property(party_body *b, const property *p)
{
	bool customer = harmony_record_kind(b->draft.record) == HARMONY_CUSTOMER;
	const char *name = customer ? p->customer : p->supplier;
	const char *text = harmony__text_of(b->draft.record, HARMONY_HEADER, p->field);
	const harmony__thing *thing;
	int64_t number;

	if (!name || !harmony_record_has(b->draft.record, HARMONY_HEADER, p->field))
		return;
	if (p->field == HARMONY_FIELD_BLOCKED || p->field == HARMONY_FIELD_CREDIT_LIMIT) {
		(void)harmony__number_of(&number, b->draft.record, HARMONY_HEADER, p->field);
		if (p->field == HARMONY_FIELD_BLOCKED)
			put_flag(b, name, number != 0);
		else
			put_amount(b, name, number);
		return;
	}
	if (p->table == EXACT_TABLES) {
		put_text(b, name, text);
		return;
	}
	thing = harmony__need(&b->draft, p->table, HARMONY_HEADER, p->field);
	if (thing)
		put_text(b, name, thing->code);
}

/* Exact's codes are numbers; another code of ours goes by the search code. */
static bool is_code(const char *code)
{
	size_t len = strspn(code, "0123456789");

	return code[len] == '\0' && len > 0 && len <= 18;
}

harmony_status exact_party_body(exact *x, const harmony_record *record, const harmony__thing *known,
				harmony__buf *body, bool *changes, harmony_verdict *verdict,
				harmony_error *error)
{
	party_body b = {.draft = {&x->frame, record, verdict, error, HARMONY_OK},
			.row = known ? known->row : NULL};
	const char *code = harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_CODE);
	const char *name = harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_NAME);
	harmony_status status;

	*changes = false;
	if (harmony__utf8_length(name, strlen(name)) > x->name_max) {
		harmony__refuse(
		    &b.draft, "too_long", HARMONY_HEADER, "name",
		    "the name is longer than %zu characters; shorten it, or set name_max if "
		    "Exact Online takes more",
		    x->name_max);
		return HARMONY_OK;
	}
	harmony__json_begin(&b.writer, harmony__buf_write, body);
	harmony__json_object(&b.writer);
	if (!known)
		put_text(&b, is_code(code) ? "Code" : "SearchCode", code);
	put_text(&b, "Name", name);
	if (harmony_record_kind(record) == HARMONY_CUSTOMER)
		put_text(&b, "Status", "C");
	else
		put_flag(&b, "IsSupplier", true);
	for (size_t i = 0; i < HARMONY__COUNT(properties) && harmony__draft_good(&b.draft); i++)
		put_property(&b, &properties[i]);
	harmony__json_object_end(&b.writer);
	*changes = b.changes;
	if (b.draft.status != HARMONY_OK)
		return b.draft.status;
	status = harmony__json_end(&b.writer);
	return status == HARMONY_OK
		   ? status
		   : harmony_error_set(error, status, NULL, "the relation's request");
}

/* ---- bank accounts ----------------------------------------------------------------------- */

typedef struct bank_search {
	const char *number;
	bool found;
} bank_search;

static harmony_status look_for_bank(const harmony__json *row, void *user)
{
	bank_search *search = user;

	search->found = search->found ||
			harmony__same_bank(harmony__json_text(harmony__json_get(row, "BankAccount"), ""),
				     search->number);
	return HARMONY_OK;
}

harmony_status exact_has_bank(bool *has, exact *x, const char *id, const char *number,
			      harmony_error *error)
{
	bank_search search = {number, false};
	harmony__buf path;
	harmony_status status;

	harmony__buf_init(&path, x->frame.context, 4096);
	harmony__buf_printf(
	    &path, "crm/BankAccounts?$select=ID,BankAccount&$filter=Account%%20eq%%20guid'%s'", id);
	status = harmony__buf_check(&path, "a request", error);
	if (status == HARMONY_OK)
		status = exact_rows(x, path.data, NULL, look_for_bank, &search, error);
	harmony__buf_free(&path);
	*has = search.found;
	return status;
}

static harmony_status bank_body(harmony__buf *body, const char *id, const char *number,
				harmony_error *error)
{
	harmony__json_writer writer;
	char bare[HARMONY__BANK_SIZE];
	harmony_status status;

	harmony__bank_number(bare, number);
	harmony__json_begin(&writer, harmony__buf_write, body);
	harmony__json_object(&writer);
	harmony__json_put(&writer, "Account", id);
	harmony__json_put(&writer, "BankAccount", bare);
	harmony__json_put_bool(&writer, "Main", true);
	harmony__json_object_end(&writer);
	status = harmony__json_end(&writer);
	return status == HARMONY_OK
		   ? status
		   : harmony_error_set(error, status, NULL, "the bank account's request");
}

/* A bank account is a thing of its own. The relation stays booked when it is refused, and
   the message says so. */
static harmony_status offer_bank(exact *x, const char *id, const char *number, bool fresh,
				 harmony_verdict *verdict, harmony_error *error)
{
	const harmony__json *root;
	harmony__arena arena;
	harmony__buf body;
	bool has = false;
	harmony_status status = fresh ? HARMONY_OK : exact_has_bank(&has, x, id, number, error);

	if (status != HARMONY_OK || has)
		return status;
	harmony__arena_init(&arena, x->frame.context, HARMONY__TREE_LIMIT);
	harmony__buf_init(&body, x->frame.context, 4096);
	status = bank_body(&body, id, number, error);
	if (status == HARMONY_OK)
		status =
		    exact_send(x, "POST", "crm/BankAccounts", &body, &arena, &root, verdict, error);
	harmony__buf_free(&body);
	harmony__arena_free(&arena);
	return status;
}

/* ---- offering -------------------------------------------------------------------------------- */

static void take_created(harmony_verdict *verdict, char id[EXACT_GUID_SIZE],
			 const harmony__json *root)
{
	const harmony__json *d = harmony__json_get(root, "d");
	const char *text = harmony__json_text(harmony__json_get(d, "ID"), "");

	harmony__copy_text(id, EXACT_GUID_SIZE, text, strlen(text));
	harmony__copy_text(verdict->remote_id, sizeof(verdict->remote_id), text, strlen(text));
	if (!text[0])
		harmony_verdict_set(
		    verdict, HARMONY_OUTCOME_IN_DOUBT, "in_doubt", "",
		    "Exact Online took the relation and did not say under which number; it "
		    "is looked up");
}

static harmony_status write_party(exact *x, const harmony_record *record,
				  const harmony__thing *known, char id[EXACT_GUID_SIZE],
				  harmony_verdict *verdict, harmony_error *error)
{
	char path[80] = "crm/Accounts";
	const char *code = harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_CODE);
	const harmony__json *root = NULL;
	harmony__arena arena;
	harmony__buf body, url;
	bool changes;
	harmony_status status;

	harmony__arena_init(&arena, x->frame.context, HARMONY__TREE_LIMIT);
	harmony__buf_init(&body, x->frame.context, 65536);
	harmony__buf_init(&url, x->frame.context, sizeof(path));
	status = exact_party_body(x, record, known, &body, &changes, verdict, error);
	if (status != HARMONY_OK || verdict->outcome != HARMONY_OUTCOME_NONE)
		goto done;
	if (known && !changes) {
		harmony_verdict_set(verdict, HARMONY_OUTCOME_BOOKED, NULL, NULL, "%s", "");
	} else if (known) {
		harmony__buf_printf(&url, "crm/Accounts(guid'%s')", known->id);
		status = exact_send(x, "PUT", url.data, &body, &arena, &root, verdict, error);
	} else {
		status = exact_send(x, "POST", path, &body, &arena, &root, verdict, error);
	}
	if (status != HARMONY_OK || verdict->outcome != HARMONY_OUTCOME_BOOKED)
		goto done;
	if (known) {
		harmony__copy_text(id, EXACT_GUID_SIZE, known->id, strlen(known->id));
		harmony__copy_text(verdict->remote_id, sizeof(verdict->remote_id), id, strlen(id));
	} else {
		take_created(verdict, id, root);
	}
	/* It is booked, whatever becomes of this; its entries come here again. */
	(void)exact_remember(x, code, known ? known->row : harmony__json_get(root, "d"), NULL);
	if (changes && verdict->outcome == HARMONY_OUTCOME_BOOKED)
		status = harmony__add_party(&x->frame, EXACT_PARTIES, code, id,
					    harmony_record_kind(record), error);
done:
	harmony__buf_free(&url);
	harmony__buf_free(&body);
	harmony__arena_free(&arena);
	return status;
}

/* The relation is not done before its bank account is. */
static harmony_status offer_its_bank(exact *x, const char *id, const char *number, bool fresh,
				     harmony_verdict *verdict, harmony_error *error)
{
	harmony_verdict of_bank = HARMONY_VERDICT_INIT;
	harmony_status status = offer_bank(x, id, number, fresh, &of_bank, error);

	if (status != HARMONY_OK)
		harmony_verdict_set(
		    verdict, HARMONY_OUTCOME_WAITING, "network", "bank_account",
		    "the relation is in Exact Online, its bank account not yet; it is "
		    "offered again by itself");
	if (status != HARMONY_OK || of_bank.outcome == HARMONY_OUTCOME_NONE ||
	    of_bank.outcome == HARMONY_OUTCOME_BOOKED)
		return status;
	harmony__copy_text(of_bank.remote_id, sizeof(of_bank.remote_id), id, strlen(id));
	*verdict = of_bank;
	if (of_bank.outcome == HARMONY_OUTCOME_REJECTED)
		harmony_verdict_set(
		    verdict, HARMONY_OUTCOME_REJECTED, "vendor", "bank_account",
		    "the relation is in Exact Online, its bank account was refused; "
		    "correct the bank account and offer it again");
	return HARMONY_OK;
}

harmony_status exact_offer_party(exact *x, const harmony_record *record, harmony_verdict *verdict,
				 harmony_error *error)
{
	const char *code = harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_CODE);
	const char *bank = harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_BANK_ACCOUNT);
	char id[EXACT_GUID_SIZE] = "";
	const harmony__thing *known;
	const void *found;
	harmony_status status = harmony__find_thing(&found, &x->frame, EXACT_PARTIES, code, error);

	known = found;
	if (status == HARMONY_OK)
		status = write_party(x, record, known, id, verdict, error);
	if (status == HARMONY_OK && verdict->outcome == HARMONY_OUTCOME_IN_DOUBT)
		return harmony__doubt_party(&x->frame, EXACT_PARTIES, code,
					    harmony_record_kind(record), error);
	if (status != HARMONY_OK || verdict->outcome != HARMONY_OUTCOME_BOOKED)
		return status;
	if (status == HARMONY_OK && bank[0])
		status = offer_its_bank(x, id, bank, !known, verdict, error);
	return status;
}

/* ---- showing -------------------------------------------------------------------------------- */

harmony_status exact_preview_party(exact *x, const harmony_record *record, harmony__buf *out,
				   harmony_verdict *verdict, harmony_error *error)
{
	const char *code = harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_CODE);
	const char *bank = harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_BANK_ACCOUNT);
	const harmony__thing *known;
	char id[sizeof(known->id)];
	bool changes = true, has = false;
	harmony__buf body;
	const void *found;
	harmony_status status = harmony__find_thing(&found, &x->frame, EXACT_PARTIES, code, error);

	if (status != HARMONY_OK)
		return status;
	known = found;
	snprintf(id, sizeof(id), known ? "%s" : "{%.30s}", known ? known->id : code);
	harmony__buf_init(&body, x->frame.context, HARMONY_MAX_ENTRY);
	status = exact_party_body(x, record, known, &body, &changes, verdict, error);
	if (status == HARMONY_OK && known && changes)
		harmony__buf_printf(out, "PUT %s/api/v1/%s/crm/Accounts(guid'%s')\n%s\n",
				    x->frame.url, x->division, id, body.data);
	else if (status == HARMONY_OK && changes)
		harmony__buf_printf(out, "POST %s/api/v1/%s/crm/Accounts\n%s\n", x->frame.url,
				    x->division, body.data);
	if (status == HARMONY_OK && bank[0] && known)
		status = id[0] != '{' ? exact_has_bank(&has, x, id, bank, error) : HARMONY_OK;
	if (status == HARMONY_OK && bank[0] && !has) {
		harmony__buf_clear(&body);
		status = bank_body(&body, id, bank, error);
		harmony__buf_printf(out, "POST %s/api/v1/%s/crm/BankAccounts\n%s\n", x->frame.url,
				    x->division, body.data);
	}
	if (status == HARMONY_OK && changes)
		status = harmony__add_party(&x->frame, EXACT_PARTIES, code, id,
					    harmony_record_kind(record), error);
	harmony__buf_free(&body);
	return status;
}
