/* SPDX-License-Identifier: MIT */
#include "dbopen/dbopen.h"

#include "csv/dialect.h"

/* The type of each field that stands in a column, so that the table below is const. */
#define FIELD_TYPE(id, name, type, where, width, kinds, english, dutch)                            \
	TYPE_OF_##id = HARMONY_TYPE_##type,
enum { HARMONY_FIELD_MAP(FIELD_TYPE) };

#define COLUMN(id, word, field, width)                                                           \
	{word, HARMONY_FIELD_##field, TYPE_OF_##field, width},
const harmony__dbopen_column harmony__dbopen_columns[HARMONY_DBOPEN_COLUMNS] = {
    HARMONY_DBOPEN_COLUMN_MAP(COLUMN)};

/* The words once more as keys, for the one search of what is nearest. */
#define WORD(id, word, field, width) {.name = word},
static const harmony_key words[] = {HARMONY_DBOPEN_COLUMN_MAP(WORD){.name = NULL}};

#define COLUMNS_KEY "dbopen.columns"
#define DEFAULT_COLUMNS                                                                            \
	"relation,invoice,date,expiration,description,invoiceamount,paid,outstanding,type,"        \
	"currency,reference"
#define DATE_WORDS                                                                                 \
	"auto|DDMMYYYY|DD-MM-YYYY|DD/MM/YYYY|DDMMYY|DD-MM-YY|DDMMYYY|DMMYYYY|YYYY-MM-DD"

static const harmony_key keys[] = {
    {COLUMNS_KEY, HARMONY_KEY_TEXT, 0, 0, NULL, DEFAULT_COLUMNS,
     "the columns of dbopen.csv in their order, separated by commas"},
    {"dbopen.delimiter", HARMONY_KEY_TEXT, 0, 0, "auto|comma|semicolon|tab|one printable character",
     "comma", "what stands between two fields; auto reads whatever is found, and writes a comma"},
    {"dbopen.decimal", HARMONY_KEY_CHOICE, 0, 0, "auto|point|comma", "point",
     "the decimal sign of amounts"},
    {"dbopen.dates", HARMONY_KEY_CHOICE, 0, 0, DATE_WORDS, "DDMMYYYY", "how dates are written"},
    {"dbopen.encoding", HARMONY_KEY_CHOICE, 0, 0, "auto|windows-1252|cp850|utf-8", "windows-1252",
     "the code page of texts; a character it lacks is written as its nearest likeness"},
    {"dbopen.header", HARMONY_KEY_CHOICE, 0, 0, "auto|no|yes", "no",
     "whether the first row holds the names of the columns"},
    {"dbopen.quote", HARMONY_KEY_CHOICE, 0, 0, "text|all|minimal", "text",
     "which fields stand in quotes"},
    {"dbopen.sides", HARMONY_KEY_TEXT, 0, 0, "sales|purchase|sales,purchase", "sales,purchase",
     "whose items are written: what customers owe, what is owed to suppliers"},
    {.name = NULL}};

const harmony_key *harmony_dbopen_keys(void)
{
	return keys;
}

int harmony__dbopen_column_find(const char *word, size_t len)
{
	char text[32];
	if (len == 0 || len >= sizeof text)
		return -1;
	memcpy(text, word, len);
	text[len] = '\0';
	for (int i = 0; i < HARMONY_DBOPEN_COLUMNS; i++)
		if (harmony__equal_nocase(text, harmony__dbopen_columns[i].word))
			return i;
	return -1;
}

const char *harmony__dbopen_column_nearest(const char *word)
{
	return harmony_key_nearest(words, word);
}

/* ---- lists: columns and sides --------------------------------------------------- */

/* The next word of a comma-separated list into `word`, without the spaces around it;
   false at the end. A word that is too long is cut: it is none that we know. */
static bool next_word(harmony__cursor *cursor, bool *more, char *word, size_t size)
{
	if (!*more)
		return false;
	const char *text = NULL;
	size_t len = 0;
	const char *end = cursor->end;
	harmony__cursor_spaces(cursor);
	harmony__cursor_until(cursor, ',', &text, &len);
	*more = text + len < end; /* a comma stood behind it */
	while (len > 0 && text[len - 1] == ' ')
		len--;
	harmony__copy_text(word, size, text, len);
	return true;
}

static harmony_status bad_column(const char *word, const char *why, harmony_error *error)
{
	const char *near = harmony__dbopen_column_nearest(word);
	if (near)
		return harmony_error_set(error, HARMONY_CONFIG, NULL,
		                         COLUMNS_KEY ": \"%s\" %s; did you mean \"%s\"?", word, why, near);
	return harmony_error_set(error, HARMONY_CONFIG, NULL,
	                         COLUMNS_KEY ": \"%s\" %s; the columns are " DEFAULT_COLUMNS, word, why);
}

static harmony_status set_columns(harmony_dbopen_options *options, const char *value,
                                  harmony_error *error)
{
	uint8_t columns[HARMONY_DBOPEN_ROOM] = {0};
	size_t count = 0;
	unsigned seen = 0;
	char word[32];
	bool more = true;
	harmony__cursor cursor = harmony__cursor_over(value, strlen(value));
	while (next_word(&cursor, &more, word, sizeof word)) {
		int column = harmony__dbopen_column_find(word, strlen(word));
		if (column < 0)
			return bad_column(word, "is not a column", error);
		if (seen >> column & 1)
			return harmony_error_set(error, HARMONY_CONFIG, NULL,
			                         COLUMNS_KEY ": \"%s\" stands there twice; take one away",
			                         word);
		seen |= 1u << column;
		columns[count++] = (uint8_t)column;
	}
	memcpy(options->columns, columns, sizeof columns);
	options->column_count = count;
	return HARMONY_OK;
}

static harmony_status set_sides(harmony_dbopen_options *options, const char *value,
                                harmony_error *error)
{
	int sides = 0;
	char word[32];
	bool more = true;
	harmony__cursor cursor = harmony__cursor_over(value, strlen(value));
	while (next_word(&cursor, &more, word, sizeof word)) {
		if (strcmp(word, "sales") == 0)
			sides |= HARMONY_SIDE_SALES;
		else if (strcmp(word, "purchase") == 0)
			sides |= HARMONY_SIDE_PURCHASE;
		else
			return harmony__setting_error(keys, "dbopen.sides", value, error);
	}
	options->sides = sides;
	return HARMONY_OK;
}

/* ---- the setter ------------------------------------------------------------------- */

static harmony_status set_delimiter(harmony_dbopen_options *options, const char *value,
                                    harmony_error *error)
{
	char delimiter = 0;
	if (strcmp(value, "auto") != 0) {
		delimiter = harmony__dialect_delimiter(value);
		if (!delimiter)
			return harmony__setting_error(keys, "dbopen.delimiter", value, error);
	}
	options->delimiter = delimiter;
	return HARMONY_OK;
}

/* The choices of keys[] as numbers, in the order of their words. */
static const signed char decimals[] = {0, '.', ','};
static const signed char encodings[] = {HARMONY_ENCODING_AUTO, HARMONY_ENCODING_WINDOWS_1252,
                                        HARMONY_ENCODING_CP850, HARMONY_ENCODING_UTF_8};
static const signed char headers[] = {HARMONY_TITLES_AUTO, HARMONY_TITLES_NO, HARMONY_TITLES_YES};
static const signed char quotes[] = {HARMONY_QUOTE_TEXT, HARMONY_QUOTE_ALL, HARMONY_QUOTE_MINIMAL};

static void set_choice(harmony_dbopen_options *options, const char *name, int choice)
{
	if (strcmp(name, "dbopen.decimal") == 0)
		options->decimal = decimals[choice];
	else if (strcmp(name, "dbopen.dates") == 0)
		options->dates = choice; /* DATE_WORDS has the order of HARMONY_DATES_* */
	else if (strcmp(name, "dbopen.encoding") == 0)
		options->encoding = encodings[choice];
	else if (strcmp(name, "dbopen.header") == 0)
		options->header = headers[choice];
	else
		options->quote = quotes[choice];
}

static harmony_status set_value(harmony_dbopen_options *options, const char *key,
                                const char *value, harmony_error *error)
{
	const harmony_key *found = harmony_key_find(keys, key);
	if (!found)
		return harmony__setting_error(keys, key, value, error);
	if (strcmp(key, COLUMNS_KEY) == 0)
		return set_columns(options, value, error);
	if (strcmp(key, "dbopen.sides") == 0)
		return set_sides(options, value, error);
	if (strcmp(key, "dbopen.delimiter") == 0)
		return set_delimiter(options, value, error);
	int choice = harmony__setting_choice(found, value);
	if (choice < 0)
		return harmony__setting_error(keys, key, value, error);
	set_choice(options, key, choice);
	return HARMONY_OK;
}

harmony_status harmony_dbopen_options_set(harmony_dbopen_options *options, const char *key,
                                          const char *value, harmony_error *error)
{
	harmony_dbopen_options before = HARMONY_DBOPEN_OPTIONS_INIT, copy;
	if (!options || !key || !value || harmony__options_copy(&before, sizeof before, options))
		return harmony_error_set(error, HARMONY_INVALID, NULL,
		                         "a dbopen setting needs a key, a value, and options made by "
		                         "HARMONY_DBOPEN_OPTIONS_INIT");
	memcpy(&copy, &before, sizeof copy);
	harmony_status status = set_value(&copy, key, value, error);
	return status == HARMONY_OK ? harmony__setting_store(options, sizeof copy, &copy, &before,
	                                                     key, error)
	                            : status;
}

/* ---- what a host hands over ------------------------------------------------------- */

static const char *wrong_option(const harmony_dbopen_options *options)
{
	unsigned char delimiter = (unsigned char)options->delimiter;
	unsigned seen = 0;
	if (delimiter && delimiter != '\t' && (delimiter < ' ' || delimiter > '~' || delimiter == '"'))
		return "delimiter: it must be a tab or a printable ASCII character other than a quote";
	if (options->decimal && options->decimal != '.' && options->decimal != ',')
		return "decimal: it must be '.' or ','";
	if (options->dates < HARMONY_DATES_AUTO || options->dates > HARMONY_DATES_YYYY_MM_DD)
		return "dates: it must be one of HARMONY_DATES_*";
	if (options->encoding < HARMONY_ENCODING_AUTO ||
	    options->encoding > HARMONY_ENCODING_WINDOWS_1252)
		return "encoding: it must be one of HARMONY_ENCODING_*";
	if (options->header < HARMONY_TITLES_NO || options->header > HARMONY_TITLES_YES)
		return "header: it must be one of HARMONY_TITLES_*";
	if (options->quote < HARMONY_QUOTE_TEXT || options->quote > HARMONY_QUOTE_MINIMAL)
		return "quote: it must be one of HARMONY_QUOTE_*";
	if (options->sides & ~HARMONY_SIDES)
		return "sides: they must be HARMONY_SIDE_* bits";
	if (options->column_count > HARMONY_DBOPEN_COLUMNS)
		return "column_count: more than there are columns";
	for (size_t i = 0; i < options->column_count; i++) {
		if (options->columns[i] >= HARMONY_DBOPEN_COLUMNS || seen >> options->columns[i] & 1)
			return "columns: one is unknown or stands there twice";
		seen |= 1u << options->columns[i];
	}
	return NULL;
}

harmony_status harmony__dbopen_options(harmony_dbopen_options *to,
                                       const harmony_dbopen_options *from, harmony_error *error)
{
	*to = (harmony_dbopen_options)HARMONY_DBOPEN_OPTIONS_INIT;
	if (from && harmony__options_copy(to, sizeof *to, from) != HARMONY_OK)
		return harmony_error_set(error, HARMONY_INVALID, NULL,
		                         "dbopen options: struct_size is not set; begin with "
		                         "HARMONY_DBOPEN_OPTIONS_INIT");
	const char *wrong = wrong_option(to);
	if (wrong)
		return harmony_error_set(error, HARMONY_INVALID, NULL, "dbopen options: %s", wrong);
	if (!to->sides)
		to->sides = HARMONY_SIDES;
	return HARMONY_OK;
}

bool harmony__subtract(int64_t *out, int64_t a, int64_t b)
{
	if (b > 0 ? a < INT64_MIN + b : a > INT64_MAX + b)
		return false;
	*out = a - b;
	return true;
}
