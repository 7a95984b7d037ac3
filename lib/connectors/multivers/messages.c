/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "connectors/multivers/multivers.h"

/* A member by its name in any case: the answer's casing follows the requested format. */
static const harmony__json *member(const harmony__json *object, const char *name)
{
	const harmony__json *at = object && object->type == HARMONY__JSON_OBJECT ? object->first : NULL;

	while (at && !harmony__equal_nocase(at->key, name))
		at = at->next;
	return at;
}

static void take_message(multivers_message *out, const harmony__json *from)
{
	const char *type = harmony__json_text(member(from, "messageType"), "Error");

	out->text = harmony__json_text(member(from, "message"), "");
	out->path = harmony__json_text(member(from, "path"), "");
	out->error = harmony__equal_nocase(type, "Error");
}

bool multivers_find_error(multivers_message *out, const harmony__json *root)
{
	const harmony__json *list = member(root, "messages");
	const harmony__json *at = list && list->type == HARMONY__JSON_ARRAY ? list->first : NULL;

	for (; at; at = at->next) {
		take_message(out, at);
		if (out->error)
			return true;
	}
	if (list || !member(root, "message"))
		return false;
	take_message(out, root);
	return true;
}

/* ---- fields ------------------------------------------------------------------------------- */

static const struct {
	const char *name, *field;
} fields[] = {{"accountId", "account"},           {"costCentreId", "cost_centre"},
              {"costUnitId", "cost_unit"},        {"creditAmount", "amount"},
              {"debitAmount", "amount"},          {"vatCodeId", "vat_code"},
              {"vatAmountCur", "vat_amount"},     {"journalId", "journal"},
              {"fiscalYear", "year"},             {"periodNumber", "period"},
              {"invoiceDate", "date"},            {"transactionDate", "date"},
              {"invoiceExpirationDate", "due_date"}, {"customerId", "party"},
              {"supplierId", "party"},            {"invoiceId", "invoice_number"},
              {"reference", "reference"},         {"paymentReference", "reference"},
              {"journalTransaction", "entry_number"}, {"paymentConditionId", "payment_condition"},
              {"mandateId", "payment_condition"}, {"currencyId", "currency"},
              {"exchangeRate", "exchange_rate"},
              {"street1", "address"},             {"street2", "address_2"},
              {"zipCode", "postcode"},            {"countryId", "country"},
              {"telephone", "phone"},             {"vatNumber", "vat_number"},
              {"iban", "bank_account"}};

static const char *field_name(const char *name)
{
	size_t i = 0;

	while (i < HARMONY__COUNT(fields) && !harmony__equal_nocase(fields[i].name, name))
		i++;
	return i < HARMONY__COUNT(fields) ? fields[i].field : name;
}

void multivers_field_of(char *field, size_t size, const char *path)
{
	const char *last = strrchr(path, '/');
	const char *lines = strstr(path, "Lines/");
	const char *name = last ? last + 1 : path;
	harmony__cursor cursor;
	uint64_t row = 0;
	bool indexed;

	if (!lines)
		lines = strstr(path, "Entries/");
	cursor = harmony__cursor_over(lines ? strchr(lines, '/') + 1 : "",
	                              lines ? strlen(strchr(lines, '/') + 1) : 0);
	indexed = harmony__cursor_digits(&cursor, 5, &row) > 0;
	if (indexed && strncmp(path, "/vatTransactionLines/", 21) != 0)
		snprintf(field, size, "lines.%" PRIu64 "%s%s", row + 1, *name ? "." : "", field_name(name));
	else
		snprintf(field, size, "%s", field_name(name));
}

/* ---- remedies ------------------------------------------------------------------------------ */

/* By the property that the message is about, and not by its words, which may change; words
   only where a property has more than one rule. */
static const struct {
	const char *field, *word; /* of the field behind "lines.N.", in the text; NULL: any */
	const char *code, *mend;
} remedies[] = {
	{"vat_number", NULL, "vendor",
     "correct the VAT number (country code, no dots), or switch off the check of VAT numbers in "
     "Multivers"},
	{"payment_condition", "machtigingsnummer", "vendor",
     "a mandate goes with a SEPA payment condition only: give the invoice one, or leave it out"},
	{"journal", "openstaande", "vendor",
     "the relation has open entries, and its journal stays as it is until they are settled"},
	{"journal", NULL, "unknown_journal",
     "map the journal under [integration NAME journals], and see its type in Multivers"},
	{"entry_number", "bestaat al", "duplicate",
     "the transaction number is taken: see in Multivers whether it is this entry"},
	{"invoice_number", "bestaat al", "duplicate",
     "the invoice is in Multivers already: see whether it is this one"},
	{"period", "afgesloten", "period_closed",
     "open the period in Multivers, or give the entry a date in an open one"},
	{"period", NULL, "period_closed", "make the period in Multivers"},
	{"year", NULL, "period_closed", "make the fiscal year in Multivers"},
	{"account", NULL, "unknown_account",
     "map the account under [integration NAME accounts]; accounts are made per fiscal year, copy "
     "them into the new one first"},
	{"vat_code", NULL, "unknown_vat_code",
     "map the VAT code under [integration NAME vat], or make it in Multivers"},
	{"cost_centre", NULL, "unknown_cost_centre",
     "map the cost centre under [integration NAME cost_centres], or make it in Multivers"},
	{"cost_unit", NULL, "unknown_cost_unit",
     "map the cost unit under [integration NAME cost_units], or make it in Multivers"},
	{"payment_condition", NULL, "unknown_payment_condition",
     "map it under [integration NAME payment_conditions], or give the relation one in Multivers"},
	{"party", NULL, "unknown_party",
     "export the relation (debitr.csv, credit.csv) with the entry, or make it in Multivers"}};

void multivers_explain(harmony_verdict *verdict, int status, const multivers_message *message)
{
	char field[sizeof(verdict->field)];
	const char *dot, *name;
	size_t i = 0;

	multivers_field_of(field, sizeof(field), message->path);
	dot = strrchr(field, '.');
	name = dot ? dot + 1 : field;
	while (i < HARMONY__COUNT(remedies) &&
	       (strcmp(remedies[i].field, name) != 0 ||
	        (remedies[i].word && !strstr(message->text, remedies[i].word))))
		i++;
	if (i < HARMONY__COUNT(remedies))
		harmony_verdict_set(verdict, HARMONY_OUTCOME_REJECTED, remedies[i].code, field,
		                    "Multivers refused it (HTTP %d): %s", status, remedies[i].mend);
	else
		harmony_verdict_set(verdict, HARMONY_OUTCOME_REJECTED, "vendor", field,
		                    "Multivers refused it (HTTP %d); its own words say why", status);
	harmony__copy_text(verdict->vendor, sizeof(verdict->vendor), message->text,
	                   strlen(message->text));
}
