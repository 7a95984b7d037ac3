/* SPDX-License-Identifier: MIT */
#include "connectors/minox/minox.h"

/* A customer or supplier is known by our code as its externalid. What the record does not say
   is never sent; of one that is there only what differs, and within an address or a list of
   bank accounts what Minox has is sent along, since a part of those cannot be sent alone. */

int minox_party_table(harmony_kind kind)
{
	return kind == HARMONY_SUPPLIER || kind == HARMONY_PURCHASE_INVOICE ? MINOX_SUPPLIERS
									    : MINOX_CUSTOMERS;
}

typedef struct property {
	harmony_field field;
	const char *group, *name; /* group: the object, or the array of one object, that it is in */
	const char *type;         /* of an array's object */
} property;

/* Members of the address, and objects in it. */
static const property address[] = {
    {HARMONY_FIELD_NAME, NULL, "name", NULL},
    {HARMONY_FIELD_CONTACT, NULL, "contact_name", NULL},
    {HARMONY_FIELD_ADDRESS, NULL, "streetname_and_number", NULL},
    {HARMONY_FIELD_POSTCODE, NULL, "postal_code", NULL},
    {HARMONY_FIELD_CITY, NULL, "city", NULL},
    {HARMONY_FIELD_COUNTRY, NULL, "country_code", NULL},
    {HARMONY_FIELD_PHONE, "phone_numbers", "phone_number", "phone_number_type"},
    {HARMONY_FIELD_EMAIL, "email_addresses", "email_address", "email_address_type"}};

/* Objects of the relation with one member of ours. */
static const property objects[] = {
    {HARMONY_FIELD_CURRENCY, "currency", "id", NULL},
    {HARMONY_FIELD_VAT_NUMBER, "vat", "vat_registration_number", NULL}};

typedef struct party_body {
	harmony__draft draft;
	const harmony__json *row; /* NULL: it is made */
	harmony__json_writer w;
	bool changes;
} party_body;

static bool has(const party_body *b, harmony_field field)
{
	return harmony_record_has(b->draft.record, HARMONY_HEADER, field) != 0;
}

static const char *text_of(const party_body *b, harmony_field field)
{
	return harmony__text_of(b->draft.record, HARMONY_HEADER, field);
}

static const harmony__json *first_of(const harmony__json *list)
{
	return list && list->type == HARMONY__JSON_ARRAY ? list->first : NULL;
}

static bool is_listed(const harmony__json *list, const property *p, const char *text)
{
	for (const harmony__json *at = first_of(list); at; at = at->next)
		if (strcmp(harmony__json_text(harmony__json_get(at, p->name), ""), text) == 0)
			return true;
	return false;
}

static bool differs(const party_body *b, const harmony__json *in, const property *p)
{
	const harmony__json *group = p->group ? harmony__json_get(in, p->group) : in;
	const char *text = text_of(b, p->field);

	if (!has(b, p->field))
		return false;
	if (p->type)
		return !is_listed(group, p, text);
	return strcmp(text, harmony__json_text(harmony__json_get(group, p->name), "")) != 0;
}

/* What is ours goes first, in place of the first of its type; what a person added stays. */
static void put_list(party_body *b, const harmony__json *list, const property *p)
{
	const char *text = text_of(b, p->field);
	const char *type = p->field == HARMONY_FIELD_PHONE ? "phone" : "email";
	const harmony__json *old = NULL;
	bool listed = is_listed(list, p, text);

	for (const harmony__json *at = first_of(list); at && !old && !listed; at = at->next)
		if (strcmp(harmony__json_text(harmony__json_get(at, p->type), ""), type) == 0)
			old = at;
	harmony__json_key(&b->w, p->group);
	harmony__json_array(&b->w);
	if (!listed) {
		harmony__json_object(&b->w);
		harmony__json_put(&b->w, p->type, type);
		harmony__json_put(&b->w, p->name, text);
		harmony__json_object_end(&b->w);
	}
	for (const harmony__json *at = first_of(list); at; at = at->next)
		if (at != old)
			harmony__json_copy(&b->w, at);
	harmony__json_array_end(&b->w);
}

static void put_property(party_body *b, const harmony__json *in, const property *p)
{
	if (!has(b, p->field))
		return;
	if (!p->group) {
		harmony__json_put(&b->w, p->name, text_of(b, p->field));
		return;
	}
	if (p->type) {
		put_list(b, harmony__json_get(in, p->group), p);
		return;
	}
	harmony__json_key(&b->w, p->group);
	harmony__json_object(&b->w);
	harmony__json_put(&b->w, p->name, text_of(b, p->field));
	harmony__json_object_end(&b->w);
}

static bool is_ours(const party_body *b, const char *key)
{
	for (size_t i = 0; i < HARMONY__COUNT(address); i++)
		if (has(b, address[i].field) &&
		    strcmp(key, address[i].group ? address[i].group : address[i].name) == 0)
			return true;
	return false;
}

static void put_address(party_body *b)
{
	const harmony__json *now = first_of(harmony__json_get(b->row, "addresses"));
	bool changes = !b->row;

	for (size_t i = 0; i < HARMONY__COUNT(address); i++)
		changes = changes || differs(b, now, &address[i]);
	if (!changes)
		return;
	b->changes = true;
	harmony__json_key(&b->w, "addresses");
	harmony__json_array(&b->w);
	harmony__json_object(&b->w);
	if (!now) {
		harmony__json_put(&b->w, "address_type", "postal");
		harmony__json_put(&b->w, "id", "1");
	}
	for (const harmony__json *at = now ? now->first : NULL; at; at = at->next)
		if (!is_ours(b, at->key))
			harmony__json_copy(&b->w, at);
	for (size_t i = 0; i < HARMONY__COUNT(address); i++)
		put_property(b, now, &address[i]);
	harmony__json_object_end(&b->w);
	for (const harmony__json *at = now ? now->next : NULL; at; at = at->next)
		harmony__json_copy(&b->w, at);
	harmony__json_array_end(&b->w);
}

/* An account that Minox has, no more the one that is used. */
static void put_other_bank(party_body *b, const harmony__json *bank)
{
	harmony__json_object(&b->w);
	harmony__json_put_bool(&b->w, "is_default", false);
	for (const harmony__json *at = bank->first; at; at = at->next)
		if (strcmp(at->key, "is_default") != 0)
			harmony__json_copy(&b->w, at);
	harmony__json_object_end(&b->w);
}

static void put_bank(party_body *b)
{
	char iban[HARMONY__BANK_SIZE];
	const harmony__json *now = first_of(harmony__json_get(b->row, "bank_accounts"));

	harmony__bank_number(iban, text_of(b, HARMONY_FIELD_BANK_ACCOUNT));
	for (const harmony__json *at = now; at; at = at->next)
		if (harmony__same_bank(harmony__json_text(harmony__json_get(at, "iban"), ""), iban))
			return;
	if (!*iban)
		return;
	b->changes = true;
	harmony__json_key(&b->w, "bank_accounts");
	harmony__json_array(&b->w);
	for (const harmony__json *at = now; at; at = at->next)
		put_other_bank(b, at);
	harmony__json_object(&b->w);
	harmony__json_put_bool(&b->w, "is_default", true);
	harmony__json_put(&b->w, "iban", iban);
	if (has(b, HARMONY_FIELD_BANK_NAME))
		harmony__json_put(&b->w, "name", text_of(b, HARMONY_FIELD_BANK_NAME));
	harmony__json_object_end(&b->w);
	harmony__json_array_end(&b->w);
}

static void put_blocked(party_body *b)
{
	int64_t flag = 0;

	if (!harmony__number_of(&flag, b->draft.record, HARMONY_HEADER, HARMONY_FIELD_BLOCKED) ||
	    harmony__json_flag(harmony__json_get(b->row, "blocked", "active"), false) ==
		(flag != 0))
		return;
	b->changes = true;
	harmony__json_key(&b->w, "blocked");
	harmony__json_object(&b->w);
	harmony__json_put_bool(&b->w, "active", flag != 0);
	harmony__json_object_end(&b->w);
}

static void put_term(party_body *b)
{
	const harmony__thing *term;

	if (!*text_of(b, HARMONY_FIELD_PAYMENT_CONDITION))
		return;
	term =
	    harmony__need(&b->draft, MINOX_TERMS, HARMONY_HEADER, HARMONY_FIELD_PAYMENT_CONDITION);
	if (!term || strcmp(harmony__json_text(harmony__json_get(b->row, "payment_term", "id"), ""),
			    term->id) == 0)
		return;
	b->changes = true;
	harmony__json_key(&b->w, "payment_term");
	harmony__json_object(&b->w);
	harmony__json_key(&b->w, "id");
	harmony__json_raw_number(&b->w, term->id, strlen(term->id));
	harmony__json_object_end(&b->w);
}

harmony_status minox_party_body(minox *m, const harmony_record *record, const harmony__thing *known,
				harmony__buf *body, bool *changes, harmony_verdict *verdict,
				harmony_error *error)
{
	party_body b = {.draft = {&m->frame, record, verdict, error, HARMONY_OK},
			.row = known ? known->row : NULL};
	const char *name = harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_NAME);
	harmony_status status;

	*changes = false;
	if (m->name_max && harmony__utf8_length(name, strlen(name)) > m->name_max) {
		harmony__refuse(
		    &b.draft, "too_long", HARMONY_HEADER, "name",
		    "the name is longer than %zu characters; shorten it, or set name_max if "
		    "Minox takes more",
		    m->name_max);
		return HARMONY_OK;
	}
	harmony__json_begin(&b.w, harmony__buf_write, body);
	harmony__json_object(&b.w);
	if (!known)
		harmony__json_put(&b.w, "externalid", text_of(&b, HARMONY_FIELD_CODE));
	put_address(&b);
	for (size_t i = 0; i < HARMONY__COUNT(objects); i++)
		if (differs(&b, b.row, &objects[i])) {
			put_property(&b, b.row, &objects[i]);
			b.changes = true;
		}
	put_bank(&b);
	put_blocked(&b);
	put_term(&b);
	harmony__json_object_end(&b.w);
	*changes = b.changes;
	if (b.draft.status != HARMONY_OK)
		return b.draft.status;
	status = harmony__json_end(&b.w);
	return status == HARMONY_OK
		   ? status
		   : harmony_error_set(error, status, NULL, "the relation's request");
}

/* ---- offering ---------------------------------------------------------------------------------
 */

/* The method and path of a relation's request. */
static harmony_status aim(minox *m, int table, const harmony__thing *known, harmony__buf *path,
			  const char **method, harmony_error *error)
{
	const char *what = table == MINOX_SUPPLIERS ? "supplier" : "customer";
	const minox_thing *journal;
	harmony_status status;

	*method = known ? "PATCH" : "POST";
	if (known) {
		harmony__buf_printf(path, "%s/%s", what, known->id);
		return harmony__buf_check(path, "a request", error);
	}
	status = minox_party_journal(&journal, m, table, error);
	if (status != HARMONY_OK)
		return status;
	harmony__buf_printf(path, "%s?journal_id=", what);
	harmony__http_escape(path, journal->thing.id, strlen(journal->thing.id));
	return harmony__buf_check(path, "a request", error);
}

/* What a fresh look says of a relation that was answered with 2xx and an error beside, or
   without its number. Without that look it is in doubt. */
static harmony_status look_again(minox *m, const harmony_record *record, harmony_verdict *verdict,
				 harmony_error *error)
{
	harmony_verdict found = HARMONY_VERDICT_INIT;
	harmony_status status = minox_find(m, record, &found, error);

	if (status != HARMONY_OK)
		harmony__unclear(&m->frame, verdict);
	else if (found.outcome == HARMONY_OUTCOME_BOOKED)
		*verdict = found;
	return status;
}

/* What the table of relations learns from an answer. */
static harmony_status learn(minox *m, const harmony_record *record, int table, bool known,
			    const harmony_verdict *verdict, harmony_error *error)
{
	const char *code = harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_CODE);
	harmony_kind kind = harmony_record_kind(record);

	if (verdict->outcome == HARMONY_OUTCOME_BOOKED)
		return harmony__add_party(&m->frame, table, code, verdict->remote_id, kind, error);
	if (verdict->outcome != HARMONY_OUTCOME_IN_DOUBT)
		return HARMONY_OK;
	return known ? minox_forget(m, table, code, error)
		     : harmony__doubt_party(&m->frame, table, code, kind, error);
}

static harmony_status write_party(minox *m, const harmony_record *record, int table,
				  const harmony__thing *known, const harmony__buf *body,
				  harmony_verdict *verdict, harmony_error *error)
{
	const harmony__json *root = NULL;
	const char *method, *id;
	harmony__arena arena;
	harmony__buf path;
	bool said = false;
	harmony_status status;

	harmony__arena_init(&arena, m->frame.context, HARMONY__TREE_LIMIT);
	harmony__buf_init(&path, m->frame.context, MINOX_MAX_PATH);
	status = aim(m, table, known, &path, &method, error);
	if (status == HARMONY_OK)
		status =
		    minox_send(m, method, path.data, body, &arena, &root, &said, verdict, error);
	if (status != HARMONY_OK)
		goto done;
	id = known ? known->id : harmony__json_text(harmony__json_get(root, "id"), "");
	if (said || (verdict->outcome == HARMONY_OUTCOME_BOOKED && !*id)) {
		if (!said)
			harmony_verdict_set(
			    verdict, HARMONY_OUTCOME_IN_DOUBT, "in_doubt", "",
			    "Minox took the relation and did not say under which number; it is "
			    "looked up");
		status = look_again(m, record, verdict, error);
	} else if (verdict->outcome == HARMONY_OUTCOME_BOOKED) {
		harmony__copy_text(verdict->remote_id, sizeof(verdict->remote_id), id, strlen(id));
	}
	if (status == HARMONY_OK)
		status = learn(m, record, table, known != NULL, verdict, error);
done:
	harmony__buf_free(&path);
	harmony__arena_free(&arena);
	return status;
}

/* The relation as Minox has it, with its row. */
static harmony_status fresh(const harmony__thing **known, minox *m, const harmony_record *record,
			    harmony_error *error)
{
	int table = minox_party_table(harmony_record_kind(record));
	const char *code = harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_CODE);
	const void *found;
	harmony_status status = harmony__find_thing(&found, &m->frame, table, code, error);

	*known = found;
	if (status != HARMONY_OK || !*known || (*known)->row)
		return status;
	status = minox_forget(m, table, code, error);
	if (status == HARMONY_OK)
		status = harmony__find_thing(&found, &m->frame, table, code, error);
	*known = found;
	return status;
}

harmony_status minox_offer_party(minox *m, const harmony_record *record, harmony_verdict *verdict,
				 harmony_error *error)
{
	int table = minox_party_table(harmony_record_kind(record));
	const harmony__thing *known;
	harmony__buf body;
	bool changes;
	harmony_status status = fresh(&known, m, record, error);

	if (status != HARMONY_OK)
		return status;
	harmony__buf_init(&body, m->frame.context, HARMONY_MAX_ENTRY);
	status = minox_party_body(m, record, known, &body, &changes, verdict, error);
	if (status != HARMONY_OK || verdict->outcome != HARMONY_OUTCOME_NONE)
		goto done;
	if (known && !changes) {
		harmony__verdict_at(verdict, HARMONY_OUTCOME_BOOKED, known->id);
	} else {
		status = write_party(m, record, table, known, &body, verdict, error);
	}
done:
	harmony__buf_free(&body);
	return status;
}

harmony_status minox_preview_party(minox *m, const harmony_record *record, harmony__buf *out,
				   harmony_verdict *verdict, harmony_error *error)
{
	int table = minox_party_table(harmony_record_kind(record));
	const char *code = harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_CODE);
	const harmony__thing *known;
	const char *method = "";
	char id[48];
	harmony__buf body, path;
	bool changes;
	harmony_status status = fresh(&known, m, record, error);

	if (status != HARMONY_OK)
		return status;
	harmony__buf_init(&body, m->frame.context, HARMONY_MAX_ENTRY);
	harmony__buf_init(&path, m->frame.context, MINOX_MAX_PATH);
	status = minox_party_body(m, record, known, &body, &changes, verdict, error);
	if (status == HARMONY_OK && (!known || changes))
		status = aim(m, table, known, &path, &method, error);
	if (status == HARMONY_OK && path.len > 0) {
		harmony__buf_printf(out, "%s ", method);
		minox_address(out, m, path.data);
		harmony__buf_printf(out, "\n%s\n", body.data);
	}
	/* Its code in braces stands for the number that it will get. */
	if (status == HARMONY_OK && !known) {
		size_t len = harmony__copy_text(id + 1, sizeof(id) - 3, code, strlen(code));
		id[0] = '{';
		id[len + 1] = '}';
		id[len + 2] = '\0';
		status = harmony__add_party(&m->frame, table, code, id, harmony_record_kind(record),
					    error);
	}
	harmony__buf_free(&path);
	harmony__buf_free(&body);
	return status;
}
