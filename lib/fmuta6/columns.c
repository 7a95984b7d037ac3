/* SPDX-License-Identifier: MIT */
#include "fmuta6/fmuta6.h"

/* One table a kind of file drives reading and writing. Column numbers and names are
   those of the format's own definitions (fmuta6(5)); titles of other editions stand
   beside them. */

#define HEADER (HARMONY__ON_HEADER | HARMONY__UP)
#define LINE HARMONY__ON_LINE
#define BOTH (HARMONY__ON_HEADER | HARMONY__ON_LINE)
#define SHARED (BOTH | HARMONY__UP | HARMONY__DIFFERS)
#define F(name) HARMONY_FIELD_##name
#define AS(how) HARMONY__AS_##how

static const harmony__column entry_columns[HARMONY__ENTRY_COLUMNS] = {
	{"regelnummer", "regelnr|line-nr", AS(ROW), 0, F(NUMBER)},
	{"dagb_type", "dagboektype|journal-type|extra-journal-type", AS(TYPE), 0, F(JOURNAL_TYPE)},
	{"dagbknr", "dagboek|journal-nr", AS(CODE), HEADER | HARMONY__STRICT, F(JOURNAL)},
	{"periode", "period", AS(NUMBER), HEADER, F(PERIOD)},
	{"bkjrcode", "boekjaar|fin-yr", AS(YEAR), HEADER, F(YEAR)},
	{"bkstnr", "boekstuknummer|entry-nr", AS(CODE), HEADER, F(ENTRY_NUMBER)},
	{"oms25", "omschrijving|descr", AS(TEXT), BOTH | HARMONY__UP, F(DESCRIPTION)},
	{"datum", "date", AS(DATE), SHARED, F(DATE)},
	{"reknr", "grootboekrekening|acc-nr", AS(CODE), LINE, F(ACCOUNT)},
	{"debnr", "debcode|debiteur|debtor", AS(DEBTOR), BOTH | HARMONY__INVOICE, F(PARTY)},
	{"crdnr", "crdcode|crediteur|creditor", AS(CREDITOR), BOTH | HARMONY__INVOICE, F(PARTY)},
	{"faktuurnr", "onze referentie|invoice-nr", AS(CODE), BOTH | HARMONY__INVOICE,
         F(INVOICE_NUMBER)},
	{"bedrag", "amt-curr", AS(AMOUNT), BOTH, F(AMOUNT)},
	{"drbk_in_val", "extra-journ_in_curr", AS(FLAG), HEADER, F(FOREIGN_JOURNAL)},
	{"valcode", "valuta|curr-code", AS(CURRENCY), SHARED, F(CURRENCY)},
	{"koers", "wisselkoers|exch-rate", AS(RATE), SHARED, F(EXCHANGE_RATE)},
	{"kredbep", "kredietbeperking|surch-disc", AS(CODE), HEADER, F(DISCOUNT_KIND)},
	{"bdrkredbep", "amt-credit-surch-1", AS(AMOUNT), HEADER, F(PAYMENT_DISCOUNT)},
	{"vervdatfak", "due-date-invoice", AS(DATE), HEADER, F(DUE_DATE)},
	{"vervdatkrd", "due-date-surch-1", AS(DATE), HEADER, F(DISCOUNT_DATE)},
	{"btw_code", "vat-code", AS(CODE), LINE | HARMONY__DOWN, F(VAT_CODE)},
	{"btw_bdr", "btw_bedrag|vat-amt-curr", AS(AMOUNT), LINE, F(VAT_AMOUNT)},
	{"weeknummer", "week", AS(NUMBER), HEADER, F(WEEK)},
	{"betaalref", "betaalreferentie|pay-ref", AS(TEXT), HEADER, F(PAYMENT_REFERENCE)},
	{"betwijze", "betaalwijze|pay-method", AS(CODE), HEADER, F(PAYMENT_METHOD)},
	{"grek_bdr", "amt-acc-nr-block", AS(AMOUNT), HEADER, F(BLOCKED_AMOUNT)},
	{"kstplcode", "kostenplaats|cost-center", AS(CODE), LINE | HARMONY__DOWN, F(COST_CENTRE)},
	{"kstdrcode", "kostendrager|cost-unit", AS(CODE), LINE | HARMONY__DOWN, F(COST_UNIT)},
	{"aantal", "qty", AS(QUANTITY), LINE, F(QUANTITY)},
	{"verschilcode", "diff-code", AS(CODE), BOTH, F(DIFFERENCE_CODE)},
	{"kolom31", "kolom30", AS(TEXT), BOTH, F(COLUMN_31)},
	{"storno", "transsubtype|stornoboeking|rev-entry", AS(REVERSAL), BOTH, F(REVERSAL)},
	{"kolom33", NULL, AS(TEXT), BOTH, F(COLUMN_33)},
	{"kolom34", NULL, AS(TEXT), BOTH, F(COLUMN_34)},
	{"kolom35", NULL, AS(TEXT), BOTH, F(COLUMN_35)},
	{"kolom36", NULL, AS(TEXT), BOTH, F(COLUMN_36)},
	{"kolom37", NULL, AS(TEXT), BOTH, F(COLUMN_37)},
	{"kolom38", NULL, AS(TEXT), BOTH, F(COLUMN_38)},
	{"kolom39", NULL, AS(TEXT), BOTH, F(COLUMN_39)},
	{"kolom40", NULL, AS(TEXT), BOTH, F(COLUMN_40)},
};

#define ON HARMONY__ON_HEADER
/* lj is lopend jaar, this year; vj is vorig jaar, and sj the balance that it left. */
#define BALANCES                                                                                   \
	{"debsaldolj", NULL, AS(AMOUNT), ON, F(DEBIT_THIS_YEAR)},                                  \
	{"crdsaldolj", NULL, AS(AMOUNT), ON, F(CREDIT_THIS_YEAR)},                                 \
	{"debsaldosj", NULL, AS(AMOUNT), ON, F(DEBIT_LAST_YEAR)},                                  \
	{"crdsaldosj", NULL, AS(AMOUNT), ON, F(CREDIT_LAST_YEAR)},                                 \
	{"saldontvwd", NULL, AS(AMOUNT), ON, F(BALANCE_UNPROCESSED_DEBIT)},                        \
	{"saldontvwc", "saldontwvc", AS(AMOUNT), ON, F(BALANCE_UNPROCESSED_CREDIT)},               \
	{"omz_ex_lj", NULL, AS(AMOUNT), ON, F(TURNOVER_EXCL_THIS_YEAR)},                           \
	{"omz_in_lj", NULL, AS(AMOUNT), ON, F(TURNOVER_INCL_THIS_YEAR)},                           \
	{"omz_ex_vj", NULL, AS(AMOUNT), ON, F(TURNOVER_EXCL_LAST_YEAR)},                           \
	{"omz_in_vj", NULL, AS(AMOUNT), ON, F(TURNOVER_INCL_LAST_YEAR)}

/* Columns 2 to 7, and 9 to 17, are the same for both. */
#define ADDRESS                                                                                    \
	{"naam", "name", AS(TEXT), ON, F(NAME)}, {"adres1", NULL, AS(TEXT), ON, F(ADDRESS)},       \
	{"adres2", NULL, AS(TEXT), ON, F(ADDRESS_2)},                                              \
	{"postcode", NULL, AS(CODE), ON, F(POSTCODE)},                                             \
	{"woonpl", "woonplaats", AS(TEXT), ON, F(CITY)},                                           \
	{"landcode", NULL, AS(CODE), ON, F(COUNTRY)}
#define CONTACT                                                                                    \
	{"valcode", NULL, AS(CURRENCY), ON, F(CURRENCY)},                                          \
	{"telnr", NULL, AS(TEXT), ON, F(PHONE)}, {"faxnr", NULL, AS(TEXT), ON, F(FAX)},            \
	{"cntpers1", NULL, AS(TEXT), ON, F(CONTACT)},                                              \
	{"mv1", NULL, AS(CODE), ON, F(CONTACT_GENDER)},                                            \
	{"prdcode1", NULL, AS(CODE), ON, F(CONTACT_TITLE)},                                        \
	{"vrlttrs1", NULL, AS(TEXT), ON, F(CONTACT_INITIALS)},                                     \
	{"functie1", NULL, AS(TEXT), ON, F(CONTACT_FUNCTION)},                                     \
	{"telnrcp1", NULL, AS(TEXT), ON, F(CONTACT_PHONE)},                                        \
	{"banknr1", NULL, AS(CODE), ON, F(BANK_ACCOUNT)}

static const harmony__column customer_columns[53] = {
	{"debnr", "debcode", AS(CODE), ON, F(CODE)},
	ADDRESS,
	{"debzk", NULL, AS(CODE), ON, F(SEARCH_CODE)},
	CONTACT,
	{"banknaam", NULL, AS(TEXT), ON, F(BANK_NAME)},
	{"kolom20", NULL, AS(TEXT), ON, F(COLUMN_20)},
	{"postbanknrd", NULL, AS(CODE), ON, F(GIRO_ACCOUNT)},
	{"betwijze", NULL, AS(CODE), ON, F(PAYMENT_METHOD)},
	{"tegreknr", NULL, AS(CODE), ON, F(CONTRA_ACCOUNT)},
	{"dagbknr", NULL, AS(CODE), ON, F(JOURNAL)},
	{"aandacht", NULL, AS(FLAG), ON, F(ATTENTION)},
	{"categorie", NULL, AS(CODE), ON, F(CATEGORY)},
	{"fakdebnr", NULL, AS(CODE), ON, F(INVOICE_PARTY)},
	{"kredlimiet", NULL, AS(AMOUNT), ON, F(CREDIT_LIMIT)},
	{"bether", NULL, AS(CODE), ON, F(REMINDERS)},
	{"betcond", NULL, AS(CODE), ON, F(PAYMENT_CONDITION)},
	{"blokkeer", NULL, AS(FLAG), ON, F(BLOCKED)},
	{"verteg", NULL, AS(CODE), ON, F(SALES_REP)},
	{"prijslijst", NULL, AS(CODE), ON, F(PRICE_LIST)},
	{"ex_artcode", NULL, AS(CODE), ON, F(ITEM_CODE)},
	{"levwijze", NULL, AS(CODE), ON, F(DELIVERY_METHOD)},
	{"korting", NULL, AS(AMOUNT), ON, F(DISCOUNT_PERCENTAGE)},
	{"datlaanm", NULL, AS(DATE), ON, F(LAST_REMINDER)},
	{"layoutcode", NULL, AS(CODE), ON, F(LAYOUT)},
	{"taalcode", NULL, AS(CODE), ON, F(LANGUAGE)},
	BALANCES,
	{"bedrorder", NULL, AS(AMOUNT), ON, F(ORDER_AMOUNT)},
	{"faktoring", NULL, AS(FLAG), ON, F(FACTORING)},
	{"btw_nummer", NULL, AS(CODE), ON, F(VAT_NUMBER)},
	{"datectrl", NULL, AS(DATE), ON, F(CONTROL_DATE)},
};

static const harmony__column supplier_columns[51] = {
	{"crdnr", "crdcode", AS(CODE), ON, F(CODE)},
	ADDRESS,
	{"crdzk", NULL, AS(CODE), ON, F(SEARCH_CODE)},
	CONTACT,
	{"banknr2", NULL, AS(CODE), ON, F(BLOCKED_ACCOUNT)},
	{"banknaam", NULL, AS(TEXT), ON, F(BANK_NAME)},
	{"kolom21", NULL, AS(TEXT), ON, F(COLUMN_21)},
	{"pstbanknrc", NULL, AS(CODE), ON, F(GIRO_ACCOUNT)},
	{"betwijze", NULL, AS(CODE), ON, F(PAYMENT_METHOD)},
	{"tegreknr", NULL, AS(CODE), ON, F(CONTRA_ACCOUNT)},
	{"dagbknr", NULL, AS(CODE), ON, F(JOURNAL)},
	{"aandacht", NULL, AS(FLAG), ON, F(ATTENTION)},
	{"categorie", NULL, AS(CODE), ON, F(CATEGORY)},
	{"kredlimiet", NULL, AS(AMOUNT), ON, F(CREDIT_LIMIT)},
	{"bether", NULL, AS(CODE), ON, F(REMINDERS)},
	{"betcond", NULL, AS(CODE), ON, F(PAYMENT_CONDITION)},
	{"blokkeer", NULL, AS(FLAG), ON, F(BLOCKED)},
	{"klantcode", NULL, AS(CODE), ON, F(CUSTOMER_NUMBER)},
	{"prijslijst", NULL, AS(CODE), ON, F(PRICE_LIST)},
	{"ex_artcode", NULL, AS(CODE), ON, F(ITEM_CODE)},
	{"korting", NULL, AS(AMOUNT), ON, F(DISCOUNT_PERCENTAGE)},
	{"layoutcode", NULL, AS(CODE), ON, F(LAYOUT)},
	{"taalcode", NULL, AS(CODE), ON, F(LANGUAGE)},
	{"kolom38", NULL, AS(TEXT), ON, F(COLUMN_38)},
	BALANCES,
	{"bedrbest", NULL, AS(AMOUNT), ON, F(ORDER_AMOUNT)},
	{"btw_nummer", NULL, AS(CODE), ON, F(VAT_NUMBER)},
	{"datectrl", NULL, AS(DATE), ON, F(CONTROL_DATE)},
};

const harmony__layout harmony__layouts[4] = {
	[HARMONY_FILE_ENTRIES] = {HARMONY_FILE_ENTRIES, entry_columns, HARMONY__COUNT(entry_columns)},
	[HARMONY_FILE_CUSTOMERS] = {HARMONY_FILE_CUSTOMERS, customer_columns,
                                    HARMONY__COUNT(customer_columns)},
	[HARMONY_FILE_SUPPLIERS] = {HARMONY_FILE_SUPPLIERS, supplier_columns,
                                    HARMONY__COUNT(supplier_columns)}};

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool same_word(const char *word, size_t word_len, const char *text, size_t len)
{
	if (word_len != len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (word[i] != lower(text[i]))
			return false;
	return true;
}

static bool named(const harmony__column *column, const char *text, size_t len)
{
	if (same_word(column->name, strlen(column->name), text, len))
		return true;
	for (const char *at = column->aliases; at;) {
		size_t word = strcspn(at, "|");
		if (same_word(at, word, text, len))
			return true;
		at = at[word] ? at + word + 1 : NULL;
	}
	return false;
}

unsigned harmony__layout_find(const harmony__layout *layout, const char *name, size_t len)
{
	while (len > 0 && name[0] == ' ') {
		name++;
		len--;
	}
	while (len > 0 && name[len - 1] == ' ')
		len--;
	for (unsigned i = 0; i < layout->count; i++)
		if (named(&layout->columns[i], name, len))
			return i + 1;
	return 0;
}
