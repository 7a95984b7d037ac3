/* SPDX-License-Identifier: MIT */
#include "connectors/exact_online/exact.h"

/* Exact's messages come in the language of the user, as "Kind: Subject". One row a known
   pair of words; the first that fits counts. docs/exact-online.md has them for people. */
static const struct {
	const char *words[8];   /* any of these, in any language that we know */
	const char *subject[8]; /* and any of these; none: whatever it is about */
	const char *code;
	const char *field;
	const char *mend;
} remedies[] = {
    {{"closed", "afgesloten"},
     {NULL},
     "period_closed",
     "date",
     "open the period in Exact Online, or give the entry a date in an open one"},
    {{"balanced", "evenwicht"},
     {NULL},
     "unbalanced",
     "lines",
     "let debit and credit of the entry be equal"},
    {{"in use", "in gebruik", "already exists", "bestaat"},
     {"number", "boekstuk", "factuurnummer", "document"},
     "duplicate",
     "entry_number",
     "the number is in Exact Online already: see whether it is this entry, else renumber it"},
    {{"already exists", "bestaat", "in use", "in gebruik"},
     {"code"},
     "duplicate",
     "code",
     "another relation has this code; join them in Exact Online"},
    {{"already exists", "bestaat"},
     {NULL},
     "duplicate",
     "",
     "it is in Exact Online already: see whether it is this one"},
    {{"not allowed", "niet toegestaan"},
     {"vat", "btw"},
     "unknown_vat_code",
     "vat_code",
     "allow VAT codes in the settings of this journal in Exact Online, or take them off the lines"},
    {{"not allowed", "niet toegestaan"},
     {"rate", "koers"},
     "vendor",
     "exchange_rate",
     "allow another exchange rate in the journal's settings in Exact Online"},
    {{"vat percentage", "btw-percentage"},
     {NULL},
     "unknown_vat_code",
     "vat_code",
     "give the VAT code a percentage for this date in Exact Online"},
    {{"invalid", "ongeldig", "required", "verplicht", "mandatory", "unknown", "onbekend"},
     {"vat", "btw"},
     "unknown_vat_code",
     "vat_code",
     "map the VAT code under [integration NAME vat], or make it in Exact Online"},
    {{"cost center link", "kostenplaats koppeling"},
     {NULL},
     "unknown_cost_centre",
     "cost_centre",
     "link the cost centre to a ledger account in Exact Online"},
    {{"invalid", "ongeldig", "required", "verplicht", "mandatory"},
     {"cost center", "costcenter", "kostenplaats"},
     "unknown_cost_centre",
     "cost_centre",
     "map the cost centre under [integration NAME cost_centres], or make it in Exact Online"},
    {{"invalid", "ongeldig", "required", "verplicht", "mandatory"},
     {"cost unit", "costunit", "kostendrager"},
     "unknown_cost_unit",
     "cost_unit",
     "map the cost unit under [integration NAME cost_units], or make it in Exact Online"},
    {{"invalid", "ongeldig", "required", "verplicht", "mandatory"},
     {"payment cond", "betalingscond"},
     "unknown_payment_condition",
     "payment_condition",
     "give the relation or the settings of Exact Online a payment condition"},
    {{"does not match", "niet gelijk"},
     {NULL},
     "unknown_journal",
     "journal",
     "let the relation's ledger account and that of the journal be the same in Exact Online"},
    {{"required", "verplicht", "mandatory", "invalid", "ongeldig", "unknown", "onbekend"},
     {"journal", "dagboek"},
     "unknown_journal",
     "journal",
     "map the journal under [integration NAME journals], and see its type in Exact Online"},
    {{"invalid", "ongeldig", "unknown", "onbekend", "required"},
     {"customer", "klant", "supplier", "leverancier"},
     "unknown_party",
     "party",
     "make the relation a customer or supplier in Exact Online: export it with the entry"},
    {{"invalid", "ongeldig", "unknown", "onbekend", "converting"},
     {"g/l", "glaccount", "grootboek", "ledger"},
     "unknown_account",
     "account",
     "map the account under [integration NAME accounts]; debtor, creditor and VAT accounts are "
     "refused"},
    {{"financial year", "boekjaar", "period-date", "periode"},
     {NULL},
     "period_closed",
     "date",
     "make the financial year and its periods in Exact Online"},
    {{"due date", "vervaldatum"},
     {NULL},
     "missing_field",
     "due_date",
     "give the invoice a due date"}};

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool begins(const char *text, const char *word)
{
	while (*word && lower(*text) == *word) {
		text++;
		word++;
	}
	return *word == '\0';
}

/* Whether one of the words stands in the text, in any case. */
static bool has_any(const char *text, const char *const words[8])
{
	for (size_t i = 0; i < 8 && words[i]; i++) {
		for (const char *at = text; *at; at++)
			if (begins(at, words[i]))
				return true;
	}
	return words[0] == NULL;
}

void exact_explain(harmony_verdict *verdict, int status, const char *message)
{
	size_t i = 0;

	while (i < HARMONY__COUNT(remedies) &&
	       (!has_any(message, remedies[i].words) || !has_any(message, remedies[i].subject)))
		i++;
	if (i < HARMONY__COUNT(remedies))
		harmony_verdict_set(verdict, HARMONY_OUTCOME_REJECTED, remedies[i].code,
				    remedies[i].field, "Exact Online refused it (HTTP %d): %s",
				    status, remedies[i].mend);
	else
		harmony_verdict_set(verdict, HARMONY_OUTCOME_REJECTED, "vendor", "",
				    "Exact Online refused it (HTTP %d); its own words say why",
				    status);
	harmony__copy_text(verdict->vendor, sizeof(verdict->vendor), message, strlen(message));
}
