/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "connectors/multivers/multivers.h"

/* ---- what was said ------------------------------------------------------------------------ */

/* A member by its name in any case: the casing follows the requested format. */
static const harmony__json *member(const harmony__json *object, const char *name)
{
	const harmony__json *at =
	    object && object->type == HARMONY__JSON_OBJECT ? object->first : NULL;

	while (at && !harmony__equal_nocase(at->key, name))
		at = at->next;
	return at;
}

static const char *text_of(const harmony__json *object, const char *name, const char *fallback)
{
	return harmony__json_text(member(object, name), fallback);
}

static void take_error(multivers_message *out, harmony__buf *words, const harmony__json *from)
{
	const char *path = text_of(from, "path", "");

	if (!out->error)
		harmony__copy_text(out->path, sizeof(out->path), path, strlen(path));
	if (words->len)
		harmony__buf_str(words, "; ");
	harmony__buf_str(words, text_of(from, "message", ""));
	out->error = true;
}

/* One without a type is an error: nobody knows that it is none. */
static bool is_error(const harmony__json *message)
{
	return harmony__equal_nocase(text_of(message, "messageType", "Error"), "Error");
}

static void take_json(multivers_message *out, harmony__buf *words, const harmony__json *root)
{
	const harmony__json *list = member(root, "messages");

	if (!list && member(root, "message"))
		take_error(out, words, root);
	for (const harmony__json *at = list ? list->first : NULL; at; at = at->next)
		if (is_error(at))
			take_error(out, words, at);
	out->listed = list && out->error;
}

/* The text of a page, without its tags: words with a blank between them. */
static void take_page(harmony__buf *words, const char *text, size_t len)
{
	bool tag = false, apart = false;

	for (size_t i = 0; i < len && words->len < 500; i++) {
		if (text[i] == '<' || text[i] == '>')
			tag = text[i] == '<';
		apart = apart || tag || (unsigned char)text[i] <= ' ';
		if (tag || text[i] == '>' || (unsigned char)text[i] <= ' ')
			continue;
		if (apart && words->len)
			harmony__buf_char(words, ' ');
		harmony__buf_char(words, text[i]);
		apart = false;
	}
}

/* That there was an error must not be lost with its words. */
static void keep_words(multivers_message *out, harmony__buf *words)
{
	if (words->status == HARMONY_OK)
		harmony__copy_text(out->text, sizeof(out->text), words->data ? words->data : "",
				   words->len);
	else
		harmony__copy_text(out->text, sizeof(out->text), "its words are too long", 22);
	harmony__tidy(out->text);
	harmony__buf_free(words);
}

void multivers_take_message(multivers_message *out, harmony_context *context,
			    const harmony__json *root)
{
	harmony__buf words;

	memset(out, 0, sizeof(*out));
	harmony__buf_init(&words, context, 65536);
	take_json(out, &words, root);
	keep_words(out, &words);
}

void multivers_read_message(multivers_message *out, harmony_context *context, int status,
			    const void *data, size_t len)
{
	const harmony__json *root = NULL;
	harmony__arena arena;
	harmony__buf words;

	memset(out, 0, sizeof(*out));
	harmony__arena_init(&arena, context, HARMONY__TREE_LIMIT);
	if (harmony__json_parse(&root, &arena, data, len, NULL) == HARMONY_OK) {
		multivers_take_message(out, context, root);
	} else if (status >= 400 && status < 500) {
		harmony__buf_init(&words, context, 65536);
		take_page(&words, data, len);
		out->error = words.len > 0;
		keep_words(out, &words);
	}
	harmony__arena_free(&arena);
}

/* ---- fields ------------------------------------------------------------------------------- */

static const struct {
	const char *name, *field;
} fields[] = {{"accountId", "account"},
	      {"costCentreId", "cost_centre"},
	      {"costUnitId", "cost_unit"},
	      {"creditAmount", "amount"},
	      {"creditAmountCur", "amount"},
	      {"debitAmount", "amount"},
	      {"debitAmountCur", "amount"},
	      {"vatCodeId", "vat_code"},
	      {"vatAmount", "vat_amount"},
	      {"vatAmountCur", "vat_amount"},
	      {"journalId", "journal"},
	      {"fiscalYear", "year"},
	      {"periodNumber", "period"},
	      {"invoiceDate", "date"},
	      {"transactionDate", "date"},
	      {"invoiceExpirationDate", "due_date"},
	      {"rebateExpirationDate", "discount_date"},
	      {"paymentReference", "payment_reference"},
	      {"journalTransaction", "entry_number"},
	      {"document", "entry_number"},
	      {"paymentConditionId", "payment_condition"},
	      {"mandateId", "payment_condition"},
	      {"currencyId", "currency"},
	      {"exchangeRate", "exchange_rate"},
	      {"amountFrozenCur", "blocked_amount"},
	      {"shortName", "search_code"},
	      {"street1", "address"},
	      {"street2", "address_2"},
	      {"zipCode", "postcode"},
	      {"countryId", "country"},
	      {"telephone", "phone"},
	      {"vatNumber", "vat_number"},
	      {"person", "contact"},
	      {"creditLimit", "credit_limit"},
	      {"customerGroupId", "category"},
	      {"supplierGroupId", "category"},
	      {"customerStateId", "blocked"},
	      {"iban", "bank_account"}};

static const char *field_name(const multivers *m, const harmony_record *record, const char *name)
{
	if (harmony__equal_nocase(name, "customerId") || harmony__equal_nocase(name, "supplierId"))
		return (record && harmony__is_party(record)) ? "code" : "party";
	if (record && harmony__equal_nocase(name, "invoiceId"))
		return harmony_field_describe(multivers_id_field(m, record))->name;
	if (record && harmony__equal_nocase(name, "reference"))
		return harmony_field_describe(
			   multivers_reference_field(m, harmony_record_kind(record)))
		    ->name;
	for (size_t i = 0; i < HARMONY__COUNT(fields); i++)
		if (harmony__equal_nocase(fields[i].name, name))
			return fields[i].field;
	/* The rest is called as in records, or is none of their fields. */
	for (harmony_field field = 0; field < HARMONY_FIELD_COUNT; field++)
		if (harmony__equal_nocase(harmony_field_describe(field)->name, name))
			return harmony_field_describe(field)->name;
	return "";
}

static bool is_list_of_vat(const char *text, size_t len)
{
	static const char name[] = "vattransactionlines";
	size_t i = 0;

	while (i < len && i < sizeof(name) - 1 && (text[i] | 0x20) == name[i])
		i++;
	return i == len && len == sizeof(name) - 1;
}

/* The line that made the `index`-th VAT line: the first one with its code. */
static size_t row_of_vat(const harmony_record *record, uint64_t index)
{
	uint64_t codes = 0;

	for (size_t row = 1; record && row <= harmony_record_lines(record); row++) {
		const char *code = harmony__text_of(record, row, HARMONY_FIELD_VAT_CODE);
		bool fresh = *code != '\0';
		for (size_t other = 1; other < row && fresh; other++)
			fresh = strcmp(code, harmony__text_of(record, other,
							      HARMONY_FIELD_VAT_CODE)) != 0;
		if (fresh && codes++ == index)
			return row;
	}
	return 0;
}

void multivers_field_of(char *field, size_t size, const multivers *m, const harmony_record *record,
			const char *path)
{
	const char *name = strrchr(path, '/'), *list = path + (*path == '/');
	harmony__cursor cursor = harmony__cursor_over(list, strlen(list));
	const char *text;
	size_t len, row;
	uint64_t index = 0;

	name = field_name(m, record, name ? name + 1 : path);
	harmony__cursor_until(&cursor, '/', &text, &len);
	if ((record && harmony__is_party(record)) ||
	    (harmony__cursor_digits(&cursor, 5, &index) == 0 && !is_list_of_vat(text, len))) {
		snprintf(field, size, "%s", name);
		return;
	}
	row = is_list_of_vat(text, len) ? row_of_vat(record, index) : (size_t)index + 1;
	if (is_list_of_vat(text, len) && harmony__cursor_done(&cursor))
		name = "vat_code";
	else if (harmony__cursor_done(&cursor)) /* the line itself */
		name = "";
	if (row)
		snprintf(field, size, "lines.%zu%s%s", row, *name ? "." : "", name);
	else
		snprintf(field, size, "%s", name);
}

/* ---- remedies ------------------------------------------------------------------------------ */

#define GROUP "the relation has open entries, and its group stays as it is until they are settled"

/* By the property that the message is about, and not by its words, which may change; words
   only where a property has more than one rule. docs/multivers.md has them for people. */
static const struct {
	const char *name, *word; /* of the property; a word in the message, NULL: any */
	const char *code, *mend;
} remedies[] = {
    {"mandateId", NULL, "vendor",
     "a mandate goes with a SEPA payment condition only: give the relation one in Multivers, or "
     "take its mandate away"},
    {"vatNumber", NULL, "vendor",
     "correct the VAT number (such as NL999999999B99, without dots), or switch off the check of "
     "VAT numbers in Multivers"},
    {"invoiceId", "bestaat", "duplicate",
     "the number is in Multivers already: see whether it is this invoice, else renumber it"},
    {"invoiceId", "in gebruik", "duplicate",
     "the number is in Multivers already: see whether it is this invoice, else renumber it"},
    {"invoiceId", NULL, "invalid_number",
     "an invoice number of Multivers is at most 8 digits; renumber the entry"},
    {"customerId", "bestaat al", "duplicate",
     "the code is in Multivers already: see whether it is this relation"},
    {"supplierId", "bestaat al", "duplicate",
     "the code is in Multivers already: see whether it is this relation"},
    {"customerId", NULL, "unknown_party",
     "export the relation (debitr.csv) with the entry, or make it in Multivers"},
    {"supplierId", NULL, "unknown_party",
     "export the relation (credit.csv) with the entry, or make it in Multivers"},
    {"invoiceType", NULL, "vendor",
     "this Multivers tells credit notes another way: see `credit_notes`; on an ordinary invoice "
     "see `sales_lines`"},
    {"creditSqueezeId", NULL, "vendor", "set `credit_squeeze` to one that Multivers has"},
    {"customerGroupId", NULL, "vendor", GROUP},
    {"supplierGroupId", NULL, "vendor", GROUP},
    {"exchangeRate", NULL, "vendor",
     "this Multivers takes no exchange rates but its own: set exchange_rate = omit"},
    {"shortName", NULL, "missing_field", "give the relation a search code of at most 8 characters"},
    {"journalTransaction", NULL, "duplicate",
     "the transaction number is taken in that journal: see in Multivers by what"},
    {"periodNumber", NULL, "period_closed",
     "open the period in Multivers, or give the entry a date in an open one"},
    {"fiscalYear", NULL, "period_closed",
     "make or open the fiscal year in Multivers, or give the entry a date in an open one"},
    {"invoiceDate", NULL, "invalid_date",
     "give the entry a date in an open fiscal year and period of Multivers"},
    {"transactionDate", NULL, "invalid_date",
     "give the entry a date in an open fiscal year and period of Multivers"},
    {"invoiceExpirationDate", NULL, "missing_field", "give the invoice a due date"},
    {"accountId", NULL, "unknown_account",
     "map the account under [integration NAME accounts]; accounts are made per fiscal year, copy "
     "them into the new one first"},
    {"vatCodeId", NULL, "unknown_vat_code",
     "map the VAT code under [integration NAME vat], or make it in Multivers"},
    {"vatScenarioId", NULL, "unknown_vat_code",
     "see `vat_scenario_sales` and `vat_scenario_purchase`"},
    {"vatTransactionLines", NULL, "unknown_vat_code", "see `vat`: lines, or auto"},
    {"costCentreId", NULL, "unknown_cost_centre",
     "map the cost centre under [integration NAME cost_centres], or make it in Multivers"},
    {"costUnitId", NULL, "unknown_cost_unit",
     "map the cost unit under [integration NAME cost_units], or make it in Multivers"},
    {"paymentConditionId", NULL, "unknown_payment_condition",
     "map it under [integration NAME payment_conditions], or give the relation one in Multivers"},
    {"finTransEntries", NULL, "unbalanced", "let debit and credit of the entry be equal"},
    {"iban", NULL, "vendor", "correct the bank account"}};

/* A relation's journal is not an entry's. */
static const struct {
	const char *code, *mend;
} journals[] = {
    {"vendor",
     "the relation has open entries, and its journal code stays as it is until they are settled"},
    {"unknown_journal",
     "map the journal under [integration NAME journals], and see its type in Multivers"}};

static void find_remedy(const char **code, const char **mend, const harmony_record *record,
			const multivers_message *message)
{
	const char *last = strrchr(message->path, '/');
	const char *name = last ? last + 1 : message->path;

	*code = "vendor";
	*mend = NULL;
	if (!*name && strstr(message->path, "/finTransEntries/")) {
		*mend = "Multivers does not know lines of this type: see `memorial_party`";
		return;
	}
	if (harmony__equal_nocase(name, "journalId")) {
		*code = journals[!(record && harmony__is_party(record))].code;
		*mend = journals[!(record && harmony__is_party(record))].mend;
		return;
	}
	for (size_t i = 0; i < HARMONY__COUNT(remedies) && !*mend; i++)
		if (harmony__equal_nocase(remedies[i].name, name) &&
		    (!remedies[i].word || strstr(message->text, remedies[i].word))) {
			*code = remedies[i].code;
			*mend = remedies[i].mend;
		}
}

void multivers_explain(harmony_verdict *verdict, const multivers *m, const harmony_record *record,
		       int status, const multivers_message *message)
{
	char field[sizeof(verdict->field)];
	const char *code, *mend;

	multivers_field_of(field, sizeof(field), m, record, message->path);
	find_remedy(&code, &mend, record, message);
	if (mend)
		harmony_verdict_set(verdict, HARMONY_OUTCOME_REJECTED, code, field,
				    "Multivers refused it (HTTP %d): %s", status, mend);
	else
		harmony_verdict_set(verdict, HARMONY_OUTCOME_REJECTED, code, field,
				    "Multivers refused it (HTTP %d); its own words say why",
				    status);
	harmony__copy_text(verdict->vendor, sizeof(verdict->vendor), message->text,
			   strlen(message->text));
}
