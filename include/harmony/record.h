/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_RECORD_H
#define HARMONY_RECORD_H

#include <harmony/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The canonical record: the only thing that crosses from the formats to the
   accounting packages and back. Everything about its fields (the struct, the
   presence bits, validation, JSON, `edit`, every listing) comes from the one
   table below. Absent, empty and zero differ.

   Signs are the same whatever the file said: an ordinary invoice is positive, a
   credit note negative; memorial lines are positive for debit, negative for
   credit, and sum to zero; bank amounts are positive for a receipt. Line amounts
   exclude VAT, with the VAT beside them. */

/* X(NAME, value, "word", "English", "Dutch") */
#define HARMONY_KIND_MAP(X)                                                                        \
	X(CUSTOMER, 1, "customer", "customer", "debiteur")                                         \
	X(SUPPLIER, 2, "supplier", "supplier", "crediteur")                                        \
	X(SALES_INVOICE, 3, "sales_invoice", "sales invoice", "verkoopfactuur")                    \
	X(PURCHASE_INVOICE, 4, "purchase_invoice", "purchase invoice", "inkoopfactuur")            \
	X(MEMORIAL, 5, "memorial", "memorial entry", "memoriaalboeking")                           \
	X(BANK_ENTRY, 6, "bank_entry", "bank entry", "bankboeking")                                \
	X(OUTSTANDING_ITEM, 7, "outstanding_item", "outstanding item", "openstaande post")

#define HARMONY_KIND_ENUM(name, value, word, english, dutch) HARMONY_##name = value,
enum { HARMONY_KIND_MAP(HARMONY_KIND_ENUM) HARMONY_KIND_LAST_ = 7 };
#undef HARMONY_KIND_ENUM
typedef int harmony_kind; /* one of the above, 0 for none */

/* Kinds as bits, for the field table and a connector's capabilities. */
#define HARMONY_BIT(kind) (1u << (kind))
#define HARMONY_PARTIES (HARMONY_BIT(HARMONY_CUSTOMER) | HARMONY_BIT(HARMONY_SUPPLIER))
#define HARMONY_INVOICES (HARMONY_BIT(HARMONY_SALES_INVOICE) | HARMONY_BIT(HARMONY_PURCHASE_INVOICE))
#define HARMONY_ENTRIES                                                                            \
	(HARMONY_INVOICES | HARMONY_BIT(HARMONY_MEMORIAL) | HARMONY_BIT(HARMONY_BANK_ENTRY))
#define HARMONY_ITEMS HARMONY_BIT(HARMONY_OUTSTANDING_ITEM)

enum {
	HARMONY_TYPE_TEXT,     /* UTF-8 without NUL */
	HARMONY_TYPE_AMOUNT,   /* 1/100 of the currency */
	HARMONY_TYPE_RATE,     /* 1/1,000,000 */
	HARMONY_TYPE_QUANTITY, /* 1/10,000 */
	HARMONY_TYPE_NUMBER,   /* a whole number */
	HARMONY_TYPE_DATE,
	HARMONY_TYPE_FLAG /* 0 or 1 */
};

/* Where a field can stand: on the header, on a line, on both. */
enum { HARMONY_AT_HEADER = 1, HARMONY_AT_LINE = 2, HARMONY_AT_BOTH = 3 };

/* X(NAME, "name", type, where, width, kinds, "English title", "Dutch title")
   Fields that can stand on a line come first (up to HARMONY_LINE_FIELDS), so that
   a line needs fewer slots than a header. width: characters, 0 when it is not a
   text. Appended to, never reordered or renamed: names are the JSON form and what
   `edit` takes. Widths are those of the widest known edition of the format. */
#define HARMONY_FIELD_MAP(X)                                                                                                    \
	X(NUMBER, "number", NUMBER, LINE, 0, HARMONY_ENTRIES, "Line", "Regel")                                                  \
	X(ACCOUNT, "account", TEXT, LINE, 20, HARMONY_ENTRIES, "Account", "Grootboekrekening")                                  \
	X(DESCRIPTION, "description", TEXT, BOTH, 255, HARMONY_ENTRIES | HARMONY_ITEMS, "Description", "Omschrijving")          \
	X(AMOUNT, "amount", AMOUNT, BOTH, 0, HARMONY_ENTRIES | HARMONY_ITEMS, "Amount", "Bedrag")                               \
	X(VAT_CODE, "vat_code", TEXT, LINE, 20, HARMONY_ENTRIES, "VAT code", "Btw-code")                                        \
	X(VAT_AMOUNT, "vat_amount", AMOUNT, LINE, 0, HARMONY_ENTRIES, "VAT amount", "Btw-bedrag")                               \
	X(COST_CENTRE, "cost_centre", TEXT, LINE, 20, HARMONY_ENTRIES, "Cost centre", "Kostenplaats")                           \
	X(COST_UNIT, "cost_unit", TEXT, LINE, 20, HARMONY_ENTRIES, "Cost unit", "Kostendrager")                                 \
	X(QUANTITY, "quantity", QUANTITY, LINE, 0, HARMONY_ENTRIES, "Quantity", "Aantal")                                       \
	X(PARTY, "party", TEXT, BOTH, 20, HARMONY_ENTRIES | HARMONY_ITEMS, "Relation", "Relatie")                               \
	X(SIDE, "side", TEXT, BOTH, 8, HARMONY_ENTRIES | HARMONY_ITEMS, "Side", "Soort")                                        \
	X(INVOICE_NUMBER, "invoice_number", TEXT, BOTH, 30, HARMONY_ENTRIES | HARMONY_ITEMS, "Invoice", "Factuurnummer")        \
	X(DATE, "date", DATE, BOTH, 0, HARMONY_ENTRIES | HARMONY_ITEMS, "Date", "Datum")                                        \
	X(CURRENCY, "currency", TEXT, BOTH, 3, HARMONY_PARTIES | HARMONY_ENTRIES | HARMONY_ITEMS, "Currency", "Valuta")         \
	X(EXCHANGE_RATE, "exchange_rate", RATE, BOTH, 0, HARMONY_ENTRIES, "Exchange rate", "Wisselkoers")                       \
	X(DIFFERENCE_CODE, "difference_code", TEXT, BOTH, 3, HARMONY_ENTRIES, "Difference code", "Verschilcode")                \
	X(REVERSAL, "reversal", TEXT, BOTH, 3, HARMONY_ENTRIES, "Reversal", "Storno")                                           \
	X(COLUMN_31, "column_31", TEXT, BOTH, 255, HARMONY_ENTRIES, "Column 31", "Kolom 31")                                    \
	X(COLUMN_33, "column_33", TEXT, BOTH, 255, HARMONY_ENTRIES, "Column 33", "Kolom 33")                                    \
	X(COLUMN_34, "column_34", TEXT, BOTH, 255, HARMONY_ENTRIES, "Column 34", "Kolom 34")                                    \
	X(COLUMN_35, "column_35", TEXT, BOTH, 255, HARMONY_ENTRIES, "Column 35", "Kolom 35")                                    \
	X(COLUMN_36, "column_36", TEXT, BOTH, 255, HARMONY_ENTRIES, "Column 36", "Kolom 36")                                    \
	X(COLUMN_37, "column_37", TEXT, BOTH, 255, HARMONY_ENTRIES, "Column 37", "Kolom 37")                                    \
	X(COLUMN_38, "column_38", TEXT, BOTH, 255, HARMONY_PARTIES | HARMONY_ENTRIES, "Column 38", "Kolom 38")                  \
	X(COLUMN_39, "column_39", TEXT, BOTH, 255, HARMONY_ENTRIES, "Column 39", "Kolom 39")                                    \
	X(COLUMN_40, "column_40", TEXT, BOTH, 255, HARMONY_ENTRIES, "Column 40", "Kolom 40")                                    \
	/* header of an entry */                                                                                                \
	X(JOURNAL, "journal", TEXT, HEADER, 10, HARMONY_PARTIES | HARMONY_ENTRIES, "Journal", "Dagboek")                        \
	X(JOURNAL_TYPE, "journal_type", TEXT, HEADER, 1, HARMONY_BIT(HARMONY_BANK_ENTRY), "Journal type", "Dagboektype")        \
	X(YEAR, "year", NUMBER, HEADER, 0, HARMONY_ENTRIES, "Year", "Boekjaar")                                                 \
	X(PERIOD, "period", NUMBER, HEADER, 0, HARMONY_ENTRIES, "Period", "Periode")                                            \
	X(ENTRY_NUMBER, "entry_number", TEXT, HEADER, 20, HARMONY_ENTRIES, "Entry", "Boekstuknummer")                           \
	X(DUE_DATE, "due_date", DATE, HEADER, 0, HARMONY_ENTRIES | HARMONY_ITEMS, "Due date", "Vervaldatum")                    \
	X(PAYMENT_REFERENCE, "payment_reference", TEXT, HEADER, 35, HARMONY_ENTRIES, "Payment reference", "Betalingskenmerk")   \
	X(PAYMENT_METHOD, "payment_method", TEXT, HEADER, 3, HARMONY_PARTIES | HARMONY_ENTRIES, "Payment method", "Betaalwijze") \
	X(DISCOUNT_KIND, "discount_kind", TEXT, HEADER, 1, HARMONY_ENTRIES, "Discount kind", "Kredietbeperking of korting")     \
	X(PAYMENT_DISCOUNT, "payment_discount", AMOUNT, HEADER, 0, HARMONY_ENTRIES, "Payment discount", "Betalingskorting")     \
	X(DISCOUNT_DATE, "discount_date", DATE, HEADER, 0, HARMONY_ENTRIES, "Discount until", "Vervaldatum korting")            \
	X(BLOCKED_AMOUNT, "blocked_amount", AMOUNT, HEADER, 0, HARMONY_ENTRIES, "Blocked-account amount", "Bedrag G-rekening")  \
	X(WEEK, "week", NUMBER, HEADER, 0, HARMONY_ENTRIES, "Week", "Weeknummer")                                               \
	X(FOREIGN_JOURNAL, "foreign_journal", FLAG, HEADER, 0, HARMONY_ENTRIES, "Journalise in currency", "Journaliseren in VV") \
	X(TOTAL, "total", AMOUNT, HEADER, 0, HARMONY_INVOICES, "Total", "Totaal")                                               \
	/* customer and supplier */                                                                                             \
	X(CODE, "code", TEXT, HEADER, 20, HARMONY_PARTIES, "Code", "Code")                                                      \
	X(NAME, "name", TEXT, HEADER, 60, HARMONY_PARTIES, "Name", "Naam")                                                      \
	X(SEARCH_CODE, "search_code", TEXT, HEADER, 20, HARMONY_PARTIES, "Search code", "Zoekcode")                             \
	X(ADDRESS, "address", TEXT, HEADER, 60, HARMONY_PARTIES, "Address", "Adres")                                            \
	X(ADDRESS_2, "address_2", TEXT, HEADER, 60, HARMONY_PARTIES, "Address 2", "Adres 2")                                    \
	X(POSTCODE, "postcode", TEXT, HEADER, 20, HARMONY_PARTIES, "Postcode", "Postcode")                                      \
	X(CITY, "city", TEXT, HEADER, 60, HARMONY_PARTIES, "City", "Woonplaats")                                                \
	X(COUNTRY, "country", TEXT, HEADER, 3, HARMONY_PARTIES, "Country", "Land")                                              \
	X(PHONE, "phone", TEXT, HEADER, 30, HARMONY_PARTIES, "Phone", "Telefoon")                                               \
	X(FAX, "fax", TEXT, HEADER, 30, HARMONY_PARTIES, "Fax", "Fax")                                                          \
	X(EMAIL, "email", TEXT, HEADER, 255, HARMONY_PARTIES, "E-mail", "E-mail")                                               \
	X(CONTACT, "contact", TEXT, HEADER, 60, HARMONY_PARTIES, "Contact", "Contactpersoon")                                   \
	X(CONTACT_GENDER, "contact_gender", TEXT, HEADER, 1, HARMONY_PARTIES, "Contact's gender", "Geslacht contactpersoon")    \
	X(CONTACT_TITLE, "contact_title", TEXT, HEADER, 10, HARMONY_PARTIES, "Contact's title", "Titel contactpersoon")         \
	X(CONTACT_INITIALS, "contact_initials", TEXT, HEADER, 10, HARMONY_PARTIES, "Contact's initials", "Voorletters contactpersoon") \
	X(CONTACT_FUNCTION, "contact_function", TEXT, HEADER, 30, HARMONY_PARTIES, "Contact's function", "Functie contactpersoon") \
	X(CONTACT_PHONE, "contact_phone", TEXT, HEADER, 30, HARMONY_PARTIES, "Contact's phone", "Telefoon contactpersoon")      \
	X(LANGUAGE, "language", TEXT, HEADER, 3, HARMONY_PARTIES, "Language", "Taal")                                           \
	X(VAT_NUMBER, "vat_number", TEXT, HEADER, 20, HARMONY_PARTIES, "VAT number", "Btw-nummer")                              \
	X(BANK_ACCOUNT, "bank_account", TEXT, HEADER, 34, HARMONY_PARTIES, "Bank account", "Bankrekening")                      \
	X(BANK_NAME, "bank_name", TEXT, HEADER, 30, HARMONY_PARTIES, "Bank", "Banknaam")                                        \
	X(GIRO_ACCOUNT, "giro_account", TEXT, HEADER, 34, HARMONY_PARTIES, "Giro account", "Postbankrekening")                  \
	X(BLOCKED_ACCOUNT, "blocked_account", TEXT, HEADER, 34, HARMONY_PARTIES, "Blocked account", "G-rekening")               \
	X(CONTRA_ACCOUNT, "contra_account", TEXT, HEADER, 20, HARMONY_PARTIES, "Contra account", "Tegenrekening")               \
	X(PAYMENT_CONDITION, "payment_condition", TEXT, HEADER, 10, HARMONY_PARTIES, "Payment condition", "Betalingsconditie")  \
	X(CREDIT_LIMIT, "credit_limit", AMOUNT, HEADER, 0, HARMONY_PARTIES, "Credit limit", "Kredietlimiet")                    \
	X(BLOCKED, "blocked", FLAG, HEADER, 0, HARMONY_PARTIES, "Blocked", "Geblokkeerd")                                       \
	X(ATTENTION, "attention", FLAG, HEADER, 0, HARMONY_PARTIES, "Attention", "Aandacht")                                    \
	X(CATEGORY, "category", TEXT, HEADER, 10, HARMONY_PARTIES, "Category", "Categorie")                                     \
	X(INVOICE_PARTY, "invoice_party", TEXT, HEADER, 20, HARMONY_PARTIES, "Invoice relation", "Factuurdebiteur")             \
	X(REMINDERS, "reminders", TEXT, HEADER, 3, HARMONY_PARTIES, "Reminders", "Betalingsherinnering")                        \
	X(SALES_REP, "sales_rep", TEXT, HEADER, 10, HARMONY_PARTIES, "Representative", "Vertegenwoordiger")                     \
	X(PRICE_LIST, "price_list", TEXT, HEADER, 10, HARMONY_PARTIES, "Price list", "Prijslijst")                              \
	X(ITEM_CODE, "item_code", TEXT, HEADER, 10, HARMONY_PARTIES, "Item code extension", "Extensie artikelcode")             \
	X(DELIVERY_METHOD, "delivery_method", TEXT, HEADER, 10, HARMONY_PARTIES, "Delivery method", "Leveringswijze")           \
	X(DISCOUNT_PERCENTAGE, "discount_percentage", AMOUNT, HEADER, 0, HARMONY_PARTIES, "Discount %", "Korting %")            \
	X(LAST_REMINDER, "last_reminder", DATE, HEADER, 0, HARMONY_PARTIES, "Last reminder", "Laatste aanmaning")               \
	X(LAYOUT, "layout", TEXT, HEADER, 3, HARMONY_PARTIES, "Layout", "Layoutcode")                                           \
	X(FACTORING, "factoring", FLAG, HEADER, 0, HARMONY_PARTIES, "Factoring", "Factoring")                                   \
	X(CUSTOMER_NUMBER, "customer_number", TEXT, HEADER, 30, HARMONY_PARTIES, "Our number there", "Klantnummer bij leverancier") \
	X(CONTROL_DATE, "control_date", DATE, HEADER, 0, HARMONY_PARTIES, "Control date", "Controledatum")                      \
	X(DEBIT_LAST_YEAR, "debit_last_year", AMOUNT, HEADER, 0, HARMONY_PARTIES, "Debit last year", "Debetsaldo vorig jaar")   \
	X(CREDIT_LAST_YEAR, "credit_last_year", AMOUNT, HEADER, 0, HARMONY_PARTIES, "Credit last year", "Creditsaldo vorig jaar") \
	X(DEBIT_THIS_YEAR, "debit_this_year", AMOUNT, HEADER, 0, HARMONY_PARTIES, "Debit this year", "Debetsaldo dit jaar")     \
	X(CREDIT_THIS_YEAR, "credit_this_year", AMOUNT, HEADER, 0, HARMONY_PARTIES, "Credit this year", "Creditsaldo dit jaar") \
	X(BALANCE_UNPROCESSED_DEBIT, "balance_unprocessed_debit", AMOUNT, HEADER, 0, HARMONY_PARTIES, "Unprocessed debit", "Saldo niet verwerkt debet") \
	X(BALANCE_UNPROCESSED_CREDIT, "balance_unprocessed_credit", AMOUNT, HEADER, 0, HARMONY_PARTIES, "Unprocessed credit", "Saldo niet verwerkt credit") \
	X(TURNOVER_EXCL_LAST_YEAR, "turnover_excl_last_year", AMOUNT, HEADER, 0, HARMONY_PARTIES, "Turnover excl. VAT last year", "Omzet excl. vorig jaar") \
	X(TURNOVER_INCL_LAST_YEAR, "turnover_incl_last_year", AMOUNT, HEADER, 0, HARMONY_PARTIES, "Turnover incl. VAT last year", "Omzet incl. vorig jaar") \
	X(TURNOVER_EXCL_THIS_YEAR, "turnover_excl_this_year", AMOUNT, HEADER, 0, HARMONY_PARTIES, "Turnover excl. VAT this year", "Omzet excl. dit jaar") \
	X(TURNOVER_INCL_THIS_YEAR, "turnover_incl_this_year", AMOUNT, HEADER, 0, HARMONY_PARTIES, "Turnover incl. VAT this year", "Omzet incl. dit jaar") \
	X(ORDER_AMOUNT, "order_amount", AMOUNT, HEADER, 0, HARMONY_PARTIES, "On order", "Bedrag in bestelling")                 \
	X(COLUMN_20, "column_20", TEXT, HEADER, 255, HARMONY_PARTIES, "Column 20", "Kolom 20")                                  \
	X(COLUMN_21, "column_21", TEXT, HEADER, 255, HARMONY_PARTIES, "Column 21", "Kolom 21")                                  \
	/* outstanding item */                                                                                                  \
	X(PAID, "paid", AMOUNT, HEADER, 0, HARMONY_ITEMS, "Paid", "Betaald")                                                    \
	X(OUTSTANDING, "outstanding", AMOUNT, HEADER, 0, HARMONY_ITEMS, "Outstanding", "Openstaand")                            \
	X(REFERENCE, "reference", TEXT, HEADER, 35, HARMONY_ITEMS, "Reference", "Kenmerk")

#define HARMONY_FIELD_ENUM(id, name, type, where, width, kinds, english, dutch) HARMONY_FIELD_##id,
enum { HARMONY_FIELD_MAP(HARMONY_FIELD_ENUM) HARMONY_FIELD_COUNT };
#undef HARMONY_FIELD_ENUM
typedef int harmony_field; /* one of the above, -1 for none */
#define HARMONY_LINE_FIELDS (HARMONY_FIELD_COLUMN_40 + 1)

typedef struct harmony_field_info {
	const char *name;
	int type;       /* HARMONY_TYPE_* */
	int where;      /* HARMONY_AT_* */
	unsigned width; /* characters, 0 when it is not a text */
	unsigned kinds; /* HARMONY_BIT()s */
	const char *english;
	const char *dutch;
} harmony_field_info;

/* The table's row of a field; NULL when out of range. Static, any thread. */
HARMONY_API const harmony_field_info *harmony_field_describe(harmony_field field);
/* The field of that name, or -1. */
HARMONY_API harmony_field harmony_field_find(const char *name, size_t len);
/* "sales_invoice" and its inverse (0 when unknown). */
HARMONY_API const char *harmony_kind_word(harmony_kind kind);
HARMONY_API harmony_kind harmony_kind_find(const char *word, size_t len);

/* The two sides of outstanding items, as bits; in records the texts "sales" and
   "purchase". */
enum { HARMONY_SIDE_SALES = 1, HARMONY_SIDE_PURCHASE = 2, HARMONY_SIDES = 3 };

/* ---- one record ---------------------------------------------------------- */

typedef struct harmony_record harmony_record;

/* Rows count as in the file: 0 is the header, 1 to harmony_record_lines() are the
   lines. */
#define HARMONY_HEADER 0

/* Makes an empty record of `kind`. Errors: HARMONY_NOMEM, HARMONY_INVALID. */
HARMONY_API harmony_status harmony_record_new(harmony_record **out, harmony_context *context,
                                              harmony_kind kind, harmony_error *error);
/* NULL is allowed. */
HARMONY_API void harmony_record_free(harmony_record *record);
/* Empties it for another use; keeps its memory. Errors: HARMONY_INVALID (no such kind), and
   it stays as it was. */
HARMONY_API harmony_status harmony_record_reset(harmony_record *record, harmony_kind kind);
/* A deep copy with its own memory, of the context of `record`. Errors: HARMONY_NOMEM. */
HARMONY_API harmony_status harmony_record_copy(harmony_record **out, const harmony_record *record,
                                               harmony_error *error);

HARMONY_API harmony_kind harmony_record_kind(const harmony_record *record);
HARMONY_API size_t harmony_record_lines(const harmony_record *record);
/* Appends a line; `*row` (may be NULL) receives its row. Errors: HARMONY_NOMEM,
   HARMONY_LIMIT (HARMONY_MAX_ENTRY_LINES), HARMONY_INVALID (kind has no lines). */
HARMONY_API harmony_status harmony_record_add_line(harmony_record *record, size_t *row,
                                                   harmony_error *error);

/* Where it came from. `file` (NULL: "") is copied; line counts from 1, 0 when unknown.
   Errors: HARMONY_NOMEM, HARMONY_LIMIT (HARMONY_MAX_ENTRY). */
HARMONY_API harmony_status harmony_record_set_source(harmony_record *record, const char *file,
                                                     uint64_t line, harmony_error *error);
/* Borrowed from the record; "" when unknown. */
HARMONY_API const char *harmony_record_source_file(const harmony_record *record);
HARMONY_API uint64_t harmony_record_source_line(const harmony_record *record);

/* 1 when the field is present in that row, 0 when absent or not of this row. */
HARMONY_API int harmony_record_has(const harmony_record *record, size_t row, harmony_field field);
/* Makes it absent; nothing when it is. */
HARMONY_API void harmony_record_unset(harmony_record *record, size_t row, harmony_field field);

/* Getters, one a type. They return HARMONY_OK; HARMONY_NOTFOUND when absent
   (`*out` untouched); HARMONY_INVALID when the field is of another type. A text is
   borrowed until the record changes, and ends with NUL. get_number reads AMOUNT,
   RATE, QUANTITY, NUMBER and FLAG alike, in the type's unit. */
HARMONY_API harmony_status harmony_record_get_text(const char **out, const harmony_record *record,
                                                   size_t row, harmony_field field);
HARMONY_API harmony_status harmony_record_get_number(int64_t *out, const harmony_record *record,
                                                     size_t row, harmony_field field);
HARMONY_API harmony_status harmony_record_get_date(harmony_date *out, const harmony_record *record,
                                                   size_t row, harmony_field field);

/* Setters, one a type; values are copied. Errors: HARMONY_NOMEM; HARMONY_INVALID
   (other type, a row or kind that the field does not belong to, NUL or bytes that
   are not UTF-8 in a text, a day that does not exist); HARMONY_LIMIT (a text over
   HARMONY_MAX_TEXT). An error leaves the field as it was. */
HARMONY_API harmony_status harmony_record_set_text(harmony_record *record, size_t row,
                                                   harmony_field field, const char *text, size_t len,
                                                   harmony_error *error);
HARMONY_API harmony_status harmony_record_set_number(harmony_record *record, size_t row,
                                                     harmony_field field, int64_t value,
                                                     harmony_error *error);
HARMONY_API harmony_status harmony_record_set_date(harmony_record *record, size_t row,
                                                   harmony_field field, harmony_date value,
                                                   harmony_error *error);

/* Sets a field from its JSON text form, as `edit` does: amounts "142.80", dates
   "2024-01-15", flags "true" or "false"; an empty `value` makes it absent. `path`
   is a field's name ("date") or, for a line, "lines.2.amount" (lines count from 1).
   Errors: HARMONY_INVALID with code invalid_date, invalid_amount, invalid_number or
   invalid_value, HARMONY_NOTFOUND (no such field or line), HARMONY_NOMEM. */
HARMONY_API harmony_status harmony_record_set_path(harmony_record *record, const char *path,
                                                   const char *value, harmony_error *error);
/* The inverse: writes the text form into `buffer` with NUL, cut to `size`. Returns
   the length it has in full. HARMONY_NOTFOUND is told by SIZE_MAX. */
HARMONY_API size_t harmony_record_get_path(char *buffer, size_t size, const harmony_record *record,
                                           const char *path);

/* ---- what can be wrong with it ------------------------------------------- */

enum { HARMONY_NOTE = 0, HARMONY_WARNING = 1, HARMONY_FAILURE = 2 };

/* One finding. Everything is borrowed for the call that hands it over.
   severity  a note, a warning, or a failure (this record is kept out)
   code      HARMONY_CODE_*
   file, line, column, name, raw   where in the input, and the raw text; line and
             column count from 1, 0 when they do not apply
   row, field  where in the record; field -1 when it does not apply
   message   what is wrong and what mends it */
typedef struct harmony_diagnostic {
	size_t struct_size;
	int severity;
	int code;
	const char *file;
	uint64_t line;
	uint32_t column;
	const char *name;
	const char *raw;
	size_t row;
	harmony_field field;
	const char *message;
} harmony_diagnostic;

/* Returns HARMONY_OK to go on; anything else ends the call. */
typedef harmony_status (*harmony_diagnostic_fn)(const harmony_diagnostic *diagnostic, void *user);

/* Says everything that is wrong with a record at once: what its kind must have
   (a party: code and name; an invoice: journal, date, party, lines with account and
   amount, total equal to the lines; a memorial: journal, date, lines that sum to
   zero; an item: side, party, outstanding), values outside their choice, texts over
   their width (a warning). Severity HARMONY_FAILURE means it must not be offered.
   Returns HARMONY_OK when nothing of that severity was found, HARMONY_REJECTED when
   something was, or what `report` returned. `report` may be NULL. */
HARMONY_API harmony_status harmony_record_validate(const harmony_record *record,
                                                   harmony_diagnostic_fn report, void *user);

/* Sets `total` of an invoice to the sum of its lines and their VAT.
   Errors: HARMONY_RANGE, HARMONY_INVALID (not an invoice). */
HARMONY_API harmony_status harmony_record_sum(harmony_record *record, harmony_error *error);

/* ---- identity ------------------------------------------------------------ */

#define HARMONY_KEY_SIZE 160
#define HARMONY_HASH_SIZE 32 /* bytes of a content hash (SHA-256) */

/* The natural key, NUL-ended, into `buffer` of HARMONY_KEY_SIZE:
   "sales_invoice/70/2024/24700001", "customer/1001". Without a year the date's year
   counts. Returns 0 when the record has no number of its own (the content hash and
   its occurrence are the key then), 1 otherwise. */
HARMONY_API int harmony_record_key(char *buffer, const harmony_record *record);
/* What a person calls it: "70/24700001", "1001"; "70/#3f9a0c12" without a number.
   Into `buffer` of HARMONY_KEY_SIZE, NUL-ended. */
HARMONY_API void harmony_record_identifier(char *buffer, const harmony_record *record);
/* SHA-256 over all fields in table order, the source apart: the same content has
   the same hash whatever file and dialect it came from. Always HARMONY_OK: it takes no
   memory. */
HARMONY_API harmony_status harmony_record_hash(uint8_t hash[HARMONY_HASH_SIZE],
                                               const harmony_record *record);

/* ---- forms ---------------------------------------------------------------- */

/* One JSON object, without line end, as design and harmony(1) show it. No
   allocation a field. Errors: HARMONY_NOMEM, what `write` returned. */
HARMONY_API harmony_status harmony_record_write_json(const harmony_record *record,
                                                     harmony_write_fn write, void *user,
                                                     harmony_error *error);

/* A hledger journal transaction (customers and suppliers become comments); what
   `hledger -f - check` accepts. Errors: HARMONY_INVALID (an entry without a date),
   HARMONY_RANGE (amounts beyond 64 bits), of which nothing is written; what `write`
   returned. Accounts: "debtors:CODE", "creditors:CODE",
   "vat:CODE", "ledger:ACCOUNT", "journal:NUMBER" for the bank's side. */
HARMONY_API harmony_status harmony_record_write_hledger(const harmony_record *record,
                                                        harmony_write_fn write, void *user,
                                                        harmony_error *error);

/* What the readers of records call. `record` is valid during the call only (copy it
   to keep it). With `count` 0 it is good; otherwise `failures` says everything that
   is wrong with it, and the record holds what could be read. */
typedef harmony_status (*harmony_record_fn)(const harmony_record *record,
                                            const harmony_diagnostic *failures, size_t count,
                                            void *user);

/* JSON lines → records. Push: feed any chunking, then finish. One object a line; a
   bad line is reported (through `record` with failures when it is an object with a
   known kind, else through `diagnostic` alone) and the next line goes on. Unknown
   keys are a warning. Validated as harmony_record_validate does; an invoice without
   `total` gets the sum of its lines. `diagnostic` (may be NULL) receives every
   warning and failure as it is found, those of records included; file and line are
   those of the JSON, column is the byte in the line. A record keeps the `source` of
   its object, else gets `file` (copied) and the line. */
typedef struct harmony_jsonl harmony_jsonl;
HARMONY_API harmony_status harmony_jsonl_new(harmony_jsonl **out, harmony_context *context,
                                             const char *file, harmony_record_fn record,
                                             harmony_diagnostic_fn diagnostic, void *user,
                                             harmony_error *error);
/* Errors of feed and finish, after which the handle can only be freed: HARMONY_NOMEM; what a
   callback returned; HARMONY_STATE (after an error). */
HARMONY_API harmony_status harmony_jsonl_feed(harmony_jsonl *reader, const void *data, size_t len,
                                              harmony_error *error);
HARMONY_API harmony_status harmony_jsonl_finish(harmony_jsonl *reader, harmony_error *error);
/* NULL is allowed. */
HARMONY_API void harmony_jsonl_free(harmony_jsonl *reader);

#ifdef __cplusplus
}
#endif

#endif
