/* SPDX-License-Identifier: MIT */
#include "record/record.h"

/* A record as a transaction of hledger's journal format: postings with two spaces before
   the amount, everything that could be syntax taken out of names and texts. hledger is
   the second opinion on our sums, so each transaction balances by what it holds, never
   by an amount left out. */

typedef struct sink {
	harmony_write_fn write;
	void *user;
	harmony_status status;
	size_t used;
	char chunk[1024];
} sink;

static void flush(sink *out)
{
	if (!out->status && out->used)
		out->status = out->write(out->chunk, out->used, out->user);
	out->used = 0;
}

static void put(sink *out, const char *text, size_t len)
{
	while (len) {
		size_t take = sizeof(out->chunk) - out->used;

		take = take < len ? take : len;
		memcpy(out->chunk + out->used, text, take);
		out->used += take;
		text += take;
		len -= take;
		if (out->used == sizeof(out->chunk))
			flush(out);
	}
}

static void put_str(sink *out, const char *text)
{
	put(out, text, strlen(text));
}

/* ---- texts that cannot be syntax ------------------------------------------------------ */

/* Bytes of a character beyond ASCII at `text`, 0 for ASCII; `*odd` when it is a space, a
   control or a mark of direction. */
static size_t wide(const char *text, size_t len, bool *odd)
{
	static const struct {
		uint32_t from, to;
	} ranges[] = {{0x80, 0xa0},     {0xad, 0xad},     {0x1680, 0x1680}, {0x180e, 0x180e},
	              {0x2000, 0x200f}, {0x2028, 0x202f}, {0x205f, 0x206f}, {0x3000, 0x3000},
	              {0xfeff, 0xfeff}};
	const unsigned char *at = (const unsigned char *)text;
	size_t size = at[0] < 0x80 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
	uint32_t point;

	*odd = false;
	if (size == 0 || size > len)
		return 0;
	point = at[0] & (0x7fu >> size);
	for (size_t i = 1; i < size; i++)
		point = point << 6 | (at[i] & 0x3f);
	for (size_t i = 0; i < HARMONY__COUNT(ranges); i++)
		*odd |= point >= ranges[i].from && point <= ranges[i].to;
	return size;
}

static void put_escaped(sink *out, const char *text, size_t len)
{
	char hex[3];

	for (size_t i = 0; i < len; i++) {
		harmony__hex(hex, (const uint8_t *)text + i, 1);
		put(out, "%", 1);
		put(out, hex, 2);
	}
}

static bool plain(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       c == '-' || c == '_' || c == '.';
}

/* One part of an account's name. What is not a letter, digit, -, _ or . is escaped, so
   that different codes stay different accounts. */
static void put_code(sink *out, const char *text, size_t len)
{
	bool odd;

	if (len == 0)
		put_str(out, "-");
	for (size_t i = 0, size; i < len; i += size) {
		size = wide(text + i, len - i, &odd);
		if (size && !odd) {
			put(out, text + i, size);
			continue;
		}
		if (size == 0)
			size = 1;
		if (plain((unsigned char)text[i]))
			put(out, text + i, size);
		else
			put_escaped(out, text + i, size);
	}
}

/* Words for people on one line: `taken` are replaced by the characters of `given`. */
static void put_words(sink *out, const char *text, size_t len, const char *taken, const char *given)
{
	bool space = true, odd; /* runs of spaces become one, none at the start */

	for (size_t i = 0, size; i < len; i += size) {
		const char *found;
		unsigned char c = (unsigned char)text[i];

		size = wide(text + i, len - i, &odd);
		if (odd || (size == 0 && (c <= 0x20 || c == 0x7f))) {
			size = size ? size : 1;
			if (!space)
				put_str(out, " ");
			space = true;
			continue;
		}
		space = false;
		found = size == 0 ? strchr(taken, c) : NULL;
		size = size ? size : 1;
		put(out, found ? given + (found - taken) : text + i, size);
	}
}

/* ---- postings ---------------------------------------------------------------------------- */

typedef struct journal {
	sink out;
	const harmony_record *record;
	const char *currency;
} journal;

static const harmony__value *header(const harmony_record *record, harmony_field field)
{
	return harmony__has(record, field) ? &record->value[field] : NULL;
}

static const harmony__value *of_line(const harmony__line *line, harmony_field field)
{
	return harmony__line_has(line, field) ? &line->value[field] : NULL;
}

static int64_t amount_of(const harmony__line *line, harmony_field field)
{
	return harmony__line_has(line, field) ? line->value[field].number : 0;
}

/* "    book:code  EUR 12.00", with the line's description as a comment. */
static void post(journal *j, const char *book, const harmony__value *code, int64_t amount,
                 const harmony__value *comment)
{
	char text[HARMONY_DECIMAL_SIZE];

	put_str(&j->out, "    ");
	put_str(&j->out, book);
	put_code(&j->out, code ? code->t.text : "", code ? code->t.len : 0);
	put_str(&j->out, "  ");
	put_str(&j->out, j->currency);
	put_str(&j->out, " ");
	put(&j->out, text, harmony_decimal_format(text, amount, HARMONY_SCALE_AMOUNT, '.'));
	if (comment && comment->t.len) {
		/* no tags (name:value) and no [dates]: hledger would read them */
		put_str(&j->out, "  ; ");
		put_words(&j->out, comment->t.text, comment->t.len, ":[]", ".()");
	}
	put_str(&j->out, "\n");
}

/* A line that settles an invoice goes to its party, any other to its ledger account. */
static void post_line(journal *j, const harmony__line *line, int64_t amount)
{
	const harmony__value *party = of_line(line, HARMONY_FIELD_PARTY);
	const harmony__value *side = of_line(line, HARMONY_FIELD_SIDE);
	const harmony__value *text = of_line(line, HARMONY_FIELD_DESCRIPTION);

	if (party && side && strcmp(side->t.text, "sales") == 0)
		post(j, "debtors:", party, amount, text);
	else if (party && side && strcmp(side->t.text, "purchase") == 0)
		post(j, "creditors:", party, amount, text);
	else
		post(j, "ledger:", of_line(line, HARMONY_FIELD_ACCOUNT), amount, text);
}

/* Every line and its VAT, times `sign`. */
static void post_lines(journal *j, int sign, bool with_vat)
{
	for (size_t i = 0; i < j->record->line_count; i++) {
		const harmony__line *line = &j->record->lines[i];
		int64_t amount = amount_of(line, HARMONY_FIELD_AMOUNT);
		int64_t vat = with_vat ? amount_of(line, HARMONY_FIELD_VAT_AMOUNT) : 0;

		if (HARMONY_BIT(j->record->kind) & HARMONY_INVOICES)
			post(j, "ledger:", of_line(line, HARMONY_FIELD_ACCOUNT), sign * amount,
			     of_line(line, HARMONY_FIELD_DESCRIPTION));
		else
			post_line(j, line, sign * amount);
		if (vat)
			post(j, "vat:", of_line(line, HARMONY_FIELD_VAT_CODE), sign * vat, NULL);
	}
}

static void post_entry(journal *j, int64_t sum)
{
	const harmony_record *record = j->record;
	const harmony__value *party = header(record, HARMONY_FIELD_PARTY);
	const harmony__value *text = header(record, HARMONY_FIELD_INVOICE_NUMBER);

	switch (record->kind) {
	case HARMONY_SALES_INVOICE:
		post_lines(j, -1, true);
		post(j, "debtors:", party, sum, text);
		break;
	case HARMONY_PURCHASE_INVOICE:
		post_lines(j, 1, true);
		post(j, "creditors:", party, -sum, text);
		break;
	case HARMONY_MEMORIAL:
		post_lines(j, 1, harmony__record_balance(record) == 2);
		break;
	default: /* receipts are positive on the bank's side */
		post_lines(j, -1, true);
		post(j, "journal:", header(record, HARMONY_FIELD_JOURNAL), sum, NULL);
	}
}

/* ---- the transaction --------------------------------------------------------------------- */

/* A header's value, or that of the first line that has one. */
static const harmony__value *anywhere(const harmony_record *record, harmony_field field)
{
	const harmony__value *value = header(record, field);

	for (size_t i = 0; !value && i < record->line_count; i++)
		value = of_line(&record->lines[i], field);
	return value;
}

static bool is_commodity(const harmony__value *value)
{
	for (size_t i = 0; i < value->t.len; i++)
		if (value->t.text[i] < 'A' || value->t.text[i] > 'Z')
			return false;
	return value->t.len > 0;
}

static void put_heading(journal *j, harmony_date date)
{
	const harmony__value *text = anywhere(j->record, HARMONY_FIELD_DESCRIPTION);
	char day[11], label[HARMONY_KEY_SIZE];

	harmony_date_format(day, date);
	harmony_record_identifier(label, j->record);
	put_str(&j->out, day);
	put_str(&j->out, " (");
	put_words(&j->out, label, strlen(label), "();", "[],");
	put_str(&j->out, ")");
	if (text) {
		put_str(&j->out, " ");
		put_words(&j->out, text->t.text, text->t.len, ";", ",");
	}
	put_str(&j->out, "\n");
}

/* What the host's callback said ends it. */
static harmony_status not_written(harmony_status status, harmony_error *error)
{
	return status ? harmony_error_set(error, status, NULL, "the entry was not written")
	              : HARMONY_OK;
}

static harmony_status write_comment(sink *out, const harmony_record *record, harmony_error *error)
{
	harmony_status status = out->write("; ", 2, out->user);

	if (!status)
		status = harmony_record_write_json(record, out->write, out->user, error);
	if (!status)
		status = out->write("\n\n", 2, out->user);
	return not_written(status, error);
}

/* Whether it can balance, before a byte is written. */
static harmony_status can_post(const harmony_record *record, int64_t *sum, harmony_error *error)
{
	bool fits = harmony__record_total(sum, record) && *sum != INT64_MIN;

	for (size_t i = 0; i < record->line_count; i++)
		if (amount_of(&record->lines[i], HARMONY_FIELD_AMOUNT) == INT64_MIN ||
		    amount_of(&record->lines[i], HARMONY_FIELD_VAT_AMOUNT) == INT64_MIN)
			fits = false;
	if (!fits)
		return harmony_error_set(error, HARMONY_RANGE,
		                         harmony_code_word(HARMONY_CODE_INVALID_AMOUNT),
		                         "the lines add up to more than an amount can hold; split "
		                         "the entry");
	if (record->kind == HARMONY_MEMORIAL && harmony__record_balance(record) <= 0)
		return harmony_error_set(error, HARMONY_INVALID,
		                         harmony_code_word(HARMONY_CODE_UNBALANCED),
		                         "the memorial does not sum to zero; correct its lines");
	return HARMONY_OK;
}

harmony_status harmony_record_write_hledger(const harmony_record *record, harmony_write_fn write,
                                            void *user, harmony_error *error)
{
	journal j = {.out = {.write = write, .user = user}, .record = record, .currency = "EUR"};
	const harmony__value *date, *currency;
	harmony_status status;
	int64_t sum;

	if (!(HARMONY_BIT(record->kind) & HARMONY_ENTRIES))
		return write_comment(&j.out, record, error);
	date = anywhere(record, HARMONY_FIELD_DATE);
	if (!date)
		return harmony_error_set(error, HARMONY_INVALID,
		                         harmony_code_word(HARMONY_CODE_MISSING_FIELD),
		                         "an entry without a date cannot be a transaction; give "
		                         "it its date");
	status = can_post(record, &sum, error);
	if (status)
		return status;
	currency = anywhere(record, HARMONY_FIELD_CURRENCY);
	if (currency && is_commodity(currency))
		j.currency = currency->t.text;
	put_heading(&j, date->date);
	post_entry(&j, sum);
	put_str(&j.out, "\n");
	flush(&j.out);
	return not_written(j.out.status, error);
}
