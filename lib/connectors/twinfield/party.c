/* SPDX-License-Identifier: MIT */
#include "connectors/twinfield/twinfield.h"

/* Customers and suppliers are dimensions. Whether an update that leaves out an address or a
   bank removes it is not verified: what is there is read, ours is merged into it by its id,
   and all of it is written back. What may not be sent (inuse, uid, ...) is not. */

typedef struct element {
	const char *name;
	harmony_field field; /* that it comes from; 0: from what is there */
} element;

/* In the order in which they are documented. field1 is for attention, field2 the street, field4
   the VAT number. */
static const element address_elements[] = {{"name", HARMONY_FIELD_NAME},
					   {"contact", 0},
					   {"country", HARMONY_FIELD_COUNTRY},
					   {"city", HARMONY_FIELD_CITY},
					   {"postcode", HARMONY_FIELD_POSTCODE},
					   {"telephone", HARMONY_FIELD_PHONE},
					   {"telefax", HARMONY_FIELD_FAX},
					   {"email", HARMONY_FIELD_EMAIL},
					   {"field1", HARMONY_FIELD_CONTACT},
					   {"field2", HARMONY_FIELD_ADDRESS},
					   {"field3", HARMONY_FIELD_ADDRESS_2},
					   {"field4", HARMONY_FIELD_VAT_NUMBER},
					   {"field5", 0},
					   {"field6", 0}};
/* "address/field2" is an element in another one. */
static const char *const bank_elements[] = {"ascription", "accountnumber", "address",
					    "bankname",   "biccode",       "city",
					    "country",    "iban",          "natbiccode",
					    "postcode",   "state"};

typedef struct party {
	harmony__draft draft;
	twinfield *t;
	const harmony__xml *row; /* what Twinfield has; NULL: nothing */
	harmony__xml_writer *w;
	bool changes;
} party;

static const char *text_of(const party *p, harmony_field field)
{
	return harmony__text_of(p->draft.record, HARMONY_HEADER, field);
}

static bool has(const party *p, harmony_field field)
{
	return harmony_record_has(p->draft.record, HARMONY_HEADER, field);
}

static bool is_true(const harmony__xml *e, const char *attribute)
{
	const char *value = harmony__xml_attribute(e, attribute);

	return value && strcmp(value, "true") == 0;
}

/* ---- what must hold ------------------------------------------------------------------ */

static void check_texts(party *p)
{
	for (size_t i = 0; i < HARMONY__COUNT(address_elements); i++) {
		harmony_field field = address_elements[i].field;
		if (field && field != HARMONY_FIELD_NAME && harmony__draft_good(&p->draft))
			twinfield_fits(&p->draft, text_of(p, field), 0, HARMONY_HEADER,
				       harmony_field_describe(field)->name);
	}
	if (harmony__draft_good(&p->draft))
		twinfield_fits(&p->draft, text_of(p, HARMONY_FIELD_BANK_ACCOUNT), 40,
			       HARMONY_HEADER, "bank_account");
}

static void check_code(party *p)
{
	const char *code = text_of(p, HARMONY_FIELD_CODE), *mask;
	bool fits = true;

	if (!twinfield_fits(&p->draft, code, p->t->code_max, HARMONY_HEADER, "code"))
		return;
	p->draft.status =
	    twinfield_code_fits(&fits, &mask, p->t, harmony_record_kind(p->draft.record), code,
				p->draft.error);
	if (p->draft.status == HARMONY_OK && !fits)
		harmony__refuse(&p->draft, "invalid_value", HARMONY_HEADER, "code",
				"the code '%s' has not the form '%s' that this office of Twinfield "
				"wants; renumber the relation, or change the form there",
				code, mask);
}

static void check_country(party *p)
{
	const char *country = text_of(p, HARMONY_FIELD_COUNTRY);

	if (*country && (strlen(country) != 2 ||
			 strspn(country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 2))
		harmony__refuse(&p->draft, "invalid_value", HARMONY_HEADER, "country",
				"'%s' is no country of two letters, such as NL; correct it",
				country);
}

static bool check(party *p)
{
	if (twinfield_fits(&p->draft, text_of(p, HARMONY_FIELD_NAME), p->t->name_max,
			   HARMONY_HEADER, "name"))
		check_texts(p);
	if (harmony__draft_good(&p->draft))
		check_country(p);
	if (harmony__draft_good(&p->draft))
		check_code(p);
	return harmony__draft_good(&p->draft);
}

/* ---- single values ------------------------------------------------------------------- */

static void put_value(party *p, const char *name, const char *is, const char *to)
{
	p->changes = p->changes || strcmp(is, to) != 0;
	harmony__xml_put(p->w, name, to);
}

/* Conditions are days here. */
static void put_days(party *p)
{
	const char *code = text_of(p, HARMONY_FIELD_PAYMENT_CONDITION);
	const char *days = harmony__mapped(&p->t->frame, "payment_conditions", code);
	const harmony__xml *is = harmony__xml_get(p->row, "financials", "duedays");

	if (!*code)
		return;
	if (strlen(days) > 3 || strspn(days, "0123456789") != strlen(days)) {
		harmony__refuse(&p->draft, "unknown_payment_condition", HARMONY_HEADER,
				"payment_condition",
				"Twinfield has days for payment condition '%s'; map it to a number "
				"of days under [integration NAME payment_conditions]",
				code);
		return;
	}
	harmony__xml_open(p->w, "financials");
	put_value(p, "duedays", harmony__xml_text(is), days);
	harmony__xml_close(p->w);
}

static void put_credit(party *p)
{
	const harmony__xml *is = harmony__xml_child(p->row, "creditmanagement");
	bool limited = has(p, HARMONY_FIELD_CREDIT_LIMIT), blocked = has(p, HARMONY_FIELD_BLOCKED);
	int64_t number = 0, now = 0;

	if (harmony_record_kind(p->draft.record) != HARMONY_CUSTOMER || (!limited && !blocked))
		return;
	harmony__xml_open(p->w, "creditmanagement");
	if (limited) {
		(void)harmony__number_of(&number, p->draft.record, HARMONY_HEADER,
					 HARMONY_FIELD_CREDIT_LIMIT);
		(void)twinfield_amount(
		    &now, harmony__xml_text(harmony__xml_child(is, "basecreditlimit")));
		p->changes = p->changes || now != number;
		harmony__xml_put_number(p->w, "basecreditlimit", number, HARMONY_SCALE_AMOUNT);
	}
	if (blocked) {
		const char *state = harmony__xml_text(harmony__xml_child(is, "blocked"));
		number = 0;
		(void)harmony__number_of(&number, p->draft.record, HARMONY_HEADER,
					 HARMONY_FIELD_BLOCKED);
		put_value(p, "blocked", *state ? state : "false", number ? "true" : "false");
	}
	harmony__xml_close(p->w);
}

/* ---- addresses ----------------------------------------------------------------------- */

static void put_attributes(party *p, const harmony__xml *e, const char *const *names)
{
	for (; *names; names++) {
		const char *value = harmony__xml_attribute(e, *names);
		if (value && *value)
			harmony__xml_put_attribute(p->w, *names, value);
	}
}

/* The address that is ours to write: the default one, else one for invoices. */
static const harmony__xml *own_address(const harmony__xml *addresses)
{
	const harmony__xml *found = NULL;

	for (const harmony__xml *at = harmony__xml_child(addresses, "address"); at;
	     at = harmony__xml_sibling(at)) {
		const char *type = harmony__xml_attribute(at, "type");
		if (is_true(at, "default"))
			return at;
		if (!found && type && strcmp(type, "invoice") == 0)
			found = at;
	}
	return found;
}

/* Whether people gave an address a name of its own. */
static bool named_apart(const party *p, const char *name)
{
	return *name && strcmp(name, harmony__xml_text(harmony__xml_child(p->row, "name"))) != 0;
}

/* What an address is to hold of one element: ours where the record says so. */
static const char *address_text(party *p, const harmony__xml *is, size_t i, bool own)
{
	const char *now = harmony__xml_text(harmony__xml_child(is, address_elements[i].name));
	harmony_field field = address_elements[i].field;

	if (!own || !field || !has(p, field) ||
	    (field == HARMONY_FIELD_NAME && named_apart(p, now)))
		return *now ? now : NULL;
	p->changes = p->changes || strcmp(now, text_of(p, field)) != 0;
	return *now || *text_of(p, field) ? text_of(p, field) : NULL;
}

static void put_address(party *p, const harmony__xml *is, bool own, bool only)
{
	static const char *const kept[] = {"type", "default", "id", NULL};

	harmony__xml_open(p->w, "address");
	if (is) {
		put_attributes(p, is, kept);
	} else {
		harmony__xml_put_attribute(p->w, "type", "invoice");
		harmony__xml_put_attribute(p->w, "default", "true");
		if (only)
			harmony__xml_put_attribute(p->w, "id", "1");
	}
	for (size_t i = 0; i < HARMONY__COUNT(address_elements); i++)
		harmony__xml_put(p->w, address_elements[i].name, address_text(p, is, i, own));
	harmony__xml_close(p->w);
}

static bool says_address(const party *p)
{
	for (size_t i = 0; i < HARMONY__COUNT(address_elements); i++)
		if (address_elements[i].field && address_elements[i].field != HARMONY_FIELD_NAME &&
		    has(p, address_elements[i].field))
			return true;
	return false;
}

static void put_addresses(party *p)
{
	const harmony__xml *addresses = harmony__xml_child(p->row, "addresses");
	const harmony__xml *first = harmony__xml_child(addresses, "address");
	const harmony__xml *own = own_address(addresses);
	bool ours = says_address(p);

	if (!ours && !first)
		return;
	harmony__xml_open(p->w, "addresses");
	for (const harmony__xml *at = first; at; at = harmony__xml_sibling(at))
		put_address(p, at, ours && at == own, false);
	if (ours && !own)
		put_address(p, NULL, true, !first);
	harmony__xml_close(p->w);
}

/* ---- banks --------------------------------------------------------------------------- */

static bool is_iban(const char *number)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", digits[] = "0123456789";

	return strspn(number, letters) == 2 && strspn(number + 2, digits) >= 2 &&
	       strlen(number) >= 15;
}

static bool same_number(const harmony__xml *bank, const char *number)
{
	return harmony__same_bank(harmony__xml_text(harmony__xml_child(bank, "iban")), number) ||
	       harmony__same_bank(harmony__xml_text(harmony__xml_child(bank, "accountnumber")),
				  number);
}

static void put_bank_element(party *p, const harmony__xml *is, const char *name)
{
	const harmony__xml *found = harmony__xml_child(is, name);

	if (!found || (!found->first && !*found->text))
		return;
	if (!found->first) {
		harmony__xml_put(p->w, name, found->text);
		return;
	}
	harmony__xml_open(p->w, name); /* of the bank's address, two fields */
	for (const harmony__xml *at = found->first; at; at = at->next)
		if (*at->text &&
		    (strcmp(at->name, "field2") == 0 || strcmp(at->name, "field3") == 0))
			harmony__xml_put(p->w, at->name, at->text);
	harmony__xml_close(p->w);
}

static void put_bank(party *p, const harmony__xml *is, bool demoted)
{
	static const char *const kept[] = {"id", "blocked", NULL};
	char number[HARMONY__BANK_SIZE];

	harmony__bank_number(number, text_of(p, HARMONY_FIELD_BANK_ACCOUNT));
	harmony__xml_open(p->w, "bank");
	if (is) {
		put_attributes(p, is, kept);
		harmony__xml_put_attribute(p->w, "default",
					   !demoted && is_true(is, "default") ? "true" : "false");
		for (size_t i = 0; i < HARMONY__COUNT(bank_elements); i++)
			put_bank_element(p, is, bank_elements[i]);
	} else {
		harmony__xml_put_attribute(p->w, "default", "true");
		harmony__xml_put(p->w, is_iban(number) ? "iban" : "accountnumber", number);
	}
	harmony__xml_close(p->w);
}

static void put_banks(party *p)
{
	const char *number = text_of(p, HARMONY_FIELD_BANK_ACCOUNT);
	const harmony__xml *first = harmony__xml_get(p->row, "banks", "bank");
	bool known = !*number;

	for (const harmony__xml *at = first; at; at = harmony__xml_sibling(at))
		known = known || same_number(at, number);
	if (!first && known)
		return;
	p->changes = p->changes || !known;
	harmony__xml_open(p->w, "banks");
	for (const harmony__xml *at = first; at; at = harmony__xml_sibling(at))
		put_bank(p, at, !known);
	if (!known)
		put_bank(p, NULL, false);
	harmony__xml_close(p->w);
}

/* ---- the whole ----------------------------------------------------------------------- */

harmony_status twinfield_party_body(twinfield *t, const harmony_record *record,
				    const harmony__xml *row, harmony__xml_writer *w, bool *changes,
				    harmony_verdict *verdict, harmony_error *error)
{
	const char *state = harmony__xml_attribute(row, "status");
	party p = {.draft = {&t->frame, record, verdict, error, HARMONY_OK},
		   .t = t,
		   .row = row,
		   .w = w,
		   .changes = !row || (state && strcmp(state, "active") != 0)};

	if (check(&p)) {
		harmony__xml_open(w, "dimension");
		harmony__xml_put_attribute(w, "status", "active");
		harmony__xml_put(w, "office", t->office);
		harmony__xml_put(w, "type", twinfield_party_type(harmony_record_kind(record)));
		harmony__xml_put(w, "code", text_of(&p, HARMONY_FIELD_CODE));
		put_value(&p, "name", harmony__xml_text(harmony__xml_child(row, "name")),
			  text_of(&p, HARMONY_FIELD_NAME));
		put_days(&p);
		put_credit(&p);
		put_addresses(&p);
		put_banks(&p);
		harmony__xml_close(w);
	}
	*changes = p.changes;
	return p.draft.status;
}

harmony_status twinfield_known_party(const harmony__xml **row, twinfield *t,
				     const harmony_record *record, bool few, harmony__arena *arena,
				     harmony_error *error)
{
	harmony_kind kind = harmony_record_kind(record);
	int table = twinfield_party_table(kind);
	const char *code = harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_CODE);
	const void *found;
	const harmony__thing *known;
	harmony_status status;

	if (few && !t->frame.tables[table].loaded)
		return twinfield_read_party(t, kind, code, arena, row, error);
	*row = NULL;
	status = harmony__find_thing(&found, &t->frame, table, code, error);
	if (status != HARMONY_OK || !found)
		return status;
	known = found;
	*row = known->row;
	return *row ? status : twinfield_read_party(t, kind, code, arena, row, error);
}
