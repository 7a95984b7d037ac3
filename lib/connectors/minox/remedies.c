/* SPDX-License-Identifier: MIT */
#include "connectors/minox/minox.h"

/* Minox publishes no list of its messages: the words here are those of its users' pages. One
   row a kind, the first that fits counts. docs/minox.md has them for people. */
static const harmony__remedy remedies[] = {
    {{"afgesloten", "closed", "geblokkeerde periode"},
     {NULL},
     "period_closed",
     "date",
     "open the period in Minox, or give the entry a date in an open one"},
    {{"boekjaar", "fiscal year", "periode", "period"},
     {NULL},
     "period_closed",
     "date",
     "make the fiscal year in Minox, or give the entry a date in one that is there"},
    {{"balans", "evenwicht", "balance"},
     {NULL},
     "unbalanced",
     "lines",
     "see `vat_lines`, `line_amounts` and `contra_line`: they say what Minox adds by itself"},
    {{"bestaat al", "in gebruik", "already"},
     {NULL},
     "duplicate",
     "invoice_number",
     "the number is in Minox already: see whether it is this entry, else renumber it"},
    {{"btw", "vat"},
     {NULL},
     "unknown_vat_code",
     "vat_code",
     "map the VAT code under [integration NAME vat], or see `vat_lines`"},
    {{"dagboek", "journal"},
     {NULL},
     "unknown_journal",
     "journal",
     "map the journal under [integration NAME journals], and see its type in Minox"},
    {{"kostenplaats", "cost center"},
     {NULL},
     "unknown_cost_centre",
     "cost_centre",
     "map the cost centre under [integration NAME cost_centres], or make it in Minox"},
    {{"debiteur", "crediteur", "customer", "supplier"},
     {NULL},
     "unknown_party",
     "party",
     "export the relation with the entry, and see that it is not blocked in Minox"},
    {{"grootboek", "rekening", "account"},
     {NULL},
     "unknown_account",
     "account",
     "map the account under [integration NAME accounts], or unblock it in Minox"},
    {{"betaalconditie", "payment term"},
     {NULL},
     "unknown_payment_condition",
     "payment_condition",
     "map the condition under [integration NAME payment_conditions], or make it in Minox"}};

void minox_explain(harmony_verdict *verdict, int status, const char *message)
{
	const harmony__remedy *remedy =
	    harmony__remedy_find(remedies, HARMONY__COUNT(remedies), message);

	if (remedy)
		harmony_verdict_set(verdict, HARMONY_OUTCOME_REJECTED, remedy->code, remedy->field,
				    "Minox refused it (HTTP %d): %s", status, remedy->mend);
	else
		harmony_verdict_set(verdict, HARMONY_OUTCOME_REJECTED, "vendor", "",
				    "Minox refused it (HTTP %d); its own words say why", status);
	harmony__copy_text(verdict->vendor, sizeof(verdict->vendor), message, strlen(message));
}
