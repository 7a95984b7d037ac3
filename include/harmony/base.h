/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_BASE_H
#define HARMONY_BASE_H

#include <stddef.h>
#include <stdint.h>

#include <harmony/limits.h>
#include <harmony/version.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__) && !defined(HARMONY_API)
#define HARMONY_API __attribute__((visibility("default")))
#elif !defined(HARMONY_API)
#define HARMONY_API
#endif

/* ---- status ------------------------------------------------------------- */

/* X(NAME, value, "word", "what it means"). Numbers are never reused. */
#define HARMONY_STATUS_MAP(X)                                                                      \
	X(OK, 0, "ok", "success")                                                                  \
	X(NOMEM, 1, "no_memory", "the allocator gave nothing; the handle is dead, free it")        \
	X(INVALID, 2, "invalid_argument", "an argument is outside what the function documents")    \
	X(STATE, 3, "wrong_state", "the call is not allowed at this point of the handle's life")   \
	X(IO, 4, "io", "the system refused to read or write")                                      \
	X(FORMAT, 5, "format", "the input is not what it claims to be and cannot be read on")      \
	X(LIMIT, 6, "limit", "a size of harmony/limits.h was passed")                              \
	X(RANGE, 7, "range", "a number or date does not fit its type")                             \
	X(NOTFOUND, 8, "not_found", "what was asked for is not there")                             \
	X(EXISTS, 9, "exists", "it is there already")                                              \
	X(CONFIG, 10, "configuration", "a setting is unknown, missing or wrong")                   \
	X(UNSUPPORTED, 11, "unsupported", "this build or this connector cannot do it")             \
	X(REJECTED, 12, "rejected", "refused for good; corrected, it may be offered again")        \
	X(RETRY, 13, "temporary", "known not to have been applied; worth another try later")       \
	X(INDOUBT, 14, "in_doubt", "sent, and nobody knows whether it was applied")                \
	X(AUTH, 15, "auth_required", "a person must log in again")                                 \
	X(RATE, 16, "rate_limited", "the package allows no more for now")                          \
	X(BUSY, 17, "busy", "another run or process holds it")                                     \
	X(CANCELLED, 18, "cancelled", "the host asked to stop")                                    \
	X(CORRUPT, 19, "corrupt", "the store is damaged; nothing was overwritten")                 \
	X(VERSION, 20, "version", "made by a version that this one does not understand")           \
	X(USER, 99, "host", "never given by the library: a callback of the host ended the call")

#define HARMONY_STATUS_ENUM(name, value, word, text) HARMONY_##name = value,
enum { HARMONY_STATUS_MAP(HARMONY_STATUS_ENUM) HARMONY_STATUS_LAST_ = 0x7fff };
#undef HARMONY_STATUS_ENUM

/* One of the values above; HARMONY_OK is 0. */
typedef int harmony_status;

/* The stable word of a status ("rate_limited"), or "unknown". Static text. */
HARMONY_API const char *harmony_status_word(harmony_status status);
/* What a status means, in a sentence. Static text. */
HARMONY_API const char *harmony_status_text(harmony_status status);

/* ---- error -------------------------------------------------------------- */

/* The first cause of a failure. The caller allocates it (on the stack, say);
   the library never allocates for it, and fills it only while `status` is
   HARMONY_OK, so the first cause wins when one struct is handed through many
   calls. May be NULL in every call that takes one.

   code     a stable word: of HARMONY_CODE_MAP for what concerns a record, else
            the word of the status
   message  what was wrong, where, and what would mend it; English, UTF-8
   file, line, column, field   where it applies; 0 and "" otherwise. Lines and
            columns count from 1; a column is the number of the CSV field
   vendor   the accounting package's own text, unaltered but cut to size */
typedef struct harmony_error {
	size_t struct_size;
	harmony_status status;
	uint32_t column;
	uint64_t line;
	char code[32];
	char field[48];
	char file[256];
	char message[768];
	char vendor[768];
} harmony_error;

#define HARMONY_ERROR_INIT {sizeof(harmony_error), HARMONY_OK, 0, 0, "", "", "", "", ""}

/* Makes `error` empty again, for use in a next call. NULL is allowed. */
HARMONY_API void harmony_error_clear(harmony_error *error);

/* Fills `error` (when it is not NULL and still empty) and returns `status`, so
   that a connector can write `return harmony_error_set(...)`. `code` NULL means
   the word of the status. printf formatting; text that is too long is cut at a
   whole character. */
HARMONY_API harmony_status harmony_error_set(harmony_error *error, harmony_status status,
                                             const char *code, const char *format, ...)
#if defined(__GNUC__)
	__attribute__((format(printf, 4, 5)))
#endif
	;

/* X(NAME, "word", "what it means and who mends it"): what can be wrong with a
   record. These words are part of the API: they stand in `--json`, in the store
   and in the history, and are never renamed. */
#define HARMONY_CODE_MAP(X)                                                                        \
	X(UNKNOWN_PARTY, "unknown_party", "the customer or supplier is not in the package")        \
	X(UNKNOWN_ACCOUNT, "unknown_account", "the ledger account is not in the package")          \
	X(UNKNOWN_JOURNAL, "unknown_journal", "the journal is not in the package")                 \
	X(UNKNOWN_VAT_CODE, "unknown_vat_code", "the VAT code is not in the package")              \
	X(UNKNOWN_COST_CENTRE, "unknown_cost_centre", "the cost centre is not in the package")     \
	X(UNKNOWN_COST_UNIT, "unknown_cost_unit", "the cost unit is not in the package")           \
	X(UNKNOWN_PAYMENT_CONDITION, "unknown_payment_condition",                                  \
	  "the payment condition is not in the package")                                           \
	X(UNBALANCED, "unbalanced", "debit and credit of a memorial differ")                       \
	X(TOTAL_MISMATCH, "total_mismatch", "the header's total is not what the lines make")       \
	X(INVALID_DATE, "invalid_date", "not a day of the calendar")                               \
	X(INVALID_AMOUNT, "invalid_amount", "not an amount, or more decimals than it can hold")    \
	X(INVALID_NUMBER, "invalid_number", "not a whole number")                                  \
	X(INVALID_TEXT, "invalid_text", "bytes that are no text in the file's encoding")           \
	X(INVALID_VALUE, "invalid_value", "not one of the values that the field knows")            \
	X(MISSING_FIELD, "missing_field", "a field that must be there is not")                     \
	X(MISSING_HEADER, "missing_header", "a line without the header row of its entry")          \
	X(EMPTY_ENTRY, "empty_entry", "a header row without lines")                                \
	X(DAMAGED_ROW, "damaged_row", "a row that cannot be split into fields")                    \
	X(TOO_LONG, "too_long", "longer or larger than the target can hold")                       \
	X(UNSUPPORTED_KIND, "unsupported_kind", "the package does not take this kind of record")   \
	X(PERIOD_CLOSED, "period_closed", "the period or year is closed in the package")           \
	X(DUPLICATE, "duplicate", "the same number is there already")                              \
	X(CHANGED_AFTER_BOOKING, "changed_after_booking",                                          \
	  "booked already, with other content; correct it in the package")                         \
	X(BOOKED_DIFFERS, "booked_differs", "the package booked something else than was offered")  \
	X(VENDOR, "vendor", "the package refused it; its own words stand beside")                  \
	X(AUTH_REQUIRED, "auth_required", "a person must log in again")                            \
	X(RATE_LIMITED, "rate_limited", "the package allows no more for now")                      \
	X(NETWORK, "network", "the package was not reached, nothing was applied")                  \
	X(IN_DOUBT, "in_doubt", "sent, no answer: looked up before it is offered again")

#define HARMONY_CODE_DEFINE(name, word, text) HARMONY_CODE_##name,
enum { HARMONY_CODE_MAP(HARMONY_CODE_DEFINE) HARMONY_CODE_COUNT };
#undef HARMONY_CODE_DEFINE

/* The word of a HARMONY_CODE_* number; "unknown" when out of range. Static. */
HARMONY_API const char *harmony_code_word(int code);
/* Its meaning in a sentence. Static. */
HARMONY_API const char *harmony_code_text(int code);

/* ---- context ------------------------------------------------------------ */

/* realloc-style allocator: size 0 frees `ptr` and returns NULL; `ptr` NULL
   allocates. Must be thread-safe when the context is used from several threads. */
typedef struct harmony_allocator {
	size_t struct_size;
	void *(*resize)(void *ptr, size_t size, void *user);
	void *user;
} harmony_allocator;

/* Milliseconds. `wall` since 1970-01-01T00:00:00Z, may jump; `monotonic` from any
   start, never goes back, and is what every interval is measured with. */
typedef struct harmony_clock {
	size_t struct_size;
	int64_t (*wall)(void *user);
	int64_t (*monotonic)(void *user);
	void *user;
} harmony_clock;

enum { HARMONY_LOG_ERROR = 0, HARMONY_LOG_WARNING = 1, HARMONY_LOG_INFO = 2, HARMONY_LOG_DEBUG = 3 };
/* `message` is one line of UTF-8 without line end, borrowed for the call. */
typedef void (*harmony_log_fn)(int level, const char *message, void *user);

typedef struct harmony_context_options {
	size_t struct_size;
	const harmony_allocator *allocator; /* NULL: the C library's */
	const harmony_clock *clock;         /* NULL: the system's */
	harmony_log_fn log;                 /* NULL: nothing is logged */
	void *log_user;
	int log_level; /* the least important level that is still handed to `log` */
} harmony_context_options;

#define HARMONY_CONTEXT_OPTIONS_INIT                                                               \
	{sizeof(harmony_context_options), NULL, NULL, NULL, NULL, HARMONY_LOG_INFO}

typedef struct harmony_context harmony_context;

/* Makes a context; `options` NULL means the defaults, and is copied. The context
   must outlive everything made from it. It may be shared by threads.
   Errors: HARMONY_NOMEM, HARMONY_INVALID (struct_size 0, allocator without
   resize, clock without one of its functions). */
HARMONY_API harmony_status harmony_context_new(harmony_context **out,
                                               const harmony_context_options *options,
                                               harmony_error *error);
/* Frees it, when nothing that was made from it is left. NULL is allowed. */
HARMONY_API void harmony_context_free(harmony_context *context);

/* Fills `buffer` with up to `size` bytes; returns how many, 0 at the end, (size_t)-1 when it
   cannot read on: the call that reads then returns HARMONY_IO. */
typedef size_t (*harmony_read_fn)(void *buffer, size_t size, void *user);
/* Receives `len` bytes in order; returns HARMONY_OK, or HARMONY_USER (or any
   other status) to end the call that writes, which then returns that status. */
typedef harmony_status (*harmony_write_fn)(const void *data, size_t len, void *user);

/* ---- decimals ----------------------------------------------------------- */

enum {
	HARMONY_SCALE_AMOUNT = 2,   /* amounts: 1/100 of the currency */
	HARMONY_SCALE_QUANTITY = 4, /* quantities: 1/10,000 */
	HARMONY_SCALE_RATE = 6      /* rates: 1/1,000,000 */
};

/* Reads a decimal of `len` bytes: spaces around it, a leading or trailing sign,
   one decimal sign. `sign` is '.' or ',' when only that one counts, 0 when either
   does. No thousands separators, no exponent, no rounding: more decimals than
   `scale` that are not zeros are an error. `scale` 0 to 9.
   Errors: HARMONY_FORMAT (not a number), HARMONY_RANGE (too many decimals, or
   beyond 64 bits). `*out` is untouched on error. No allocation; any thread.
   Source: the number dialects of the CSV family, fmuta6(5). */
HARMONY_API harmony_status harmony_decimal_parse(int64_t *out, const char *text, size_t len,
                                                 unsigned scale, char sign);

/* Writes `value` / 10^scale with exactly `scale` decimals and decimal sign `sign`
   into `buffer` (size at least HARMONY_DECIMAL_SIZE) and ends it with NUL.
   Returns the length. */
#define HARMONY_DECIMAL_SIZE 32
HARMONY_API size_t harmony_decimal_format(char *buffer, int64_t value, unsigned scale, char sign);

/* ---- dates -------------------------------------------------------------- */

/* A day of the proleptic Gregorian calendar; year 1 to 9999. All zero: absent. */
typedef struct harmony_date {
	int16_t year;
	uint8_t month;
	uint8_t day;
} harmony_date;

/* 1 when the day exists, 0 otherwise (absent is not a day). */
HARMONY_API int harmony_date_valid(harmony_date date);
/* Reads YYYY-MM-DD, exactly 10 bytes. Errors: HARMONY_FORMAT, HARMONY_RANGE (no
   such day). */
HARMONY_API harmony_status harmony_date_parse(harmony_date *out, const char *text, size_t len);
/* Writes YYYY-MM-DD and NUL into `buffer` of at least 11 bytes; "" when absent. */
HARMONY_API void harmony_date_format(char *buffer, harmony_date date);
/* Days since 1970-01-01; the date must be valid. */
HARMONY_API int32_t harmony_date_to_days(harmony_date date);
/* The inverse of harmony_date_to_days; absent when outside years 1 to 9999. */
HARMONY_API harmony_date harmony_date_from_days(int32_t days);

/* ---- settings ----------------------------------------------------------- */

/* An ordered list of key and value: what a configuration says of an integration.
   Mappings are keys too: "journals.70" = "VK", "accounts.8000" = "80000". Keys
   compare byte by byte. */
typedef struct harmony_settings harmony_settings;

/* Makes an empty list. One handle from one thread at a time; several may read one that
   nobody changes. Errors: HARMONY_NOMEM. */
HARMONY_API harmony_status harmony_settings_new(harmony_settings **out, harmony_context *context,
                                                harmony_error *error);
/* Frees it, and wipes the values, which may be secrets. NULL is allowed. */
HARMONY_API void harmony_settings_free(harmony_settings *settings);
/* Sets or replaces; both texts are copied. A NULL value removes the key.
   Errors: HARMONY_NOMEM, HARMONY_INVALID (empty key). */
HARMONY_API harmony_status harmony_settings_set(harmony_settings *settings, const char *key,
                                                const char *value, harmony_error *error);
/* The value, borrowed until the next set of that key; NULL when absent. */
HARMONY_API const char *harmony_settings_get(const harmony_settings *settings, const char *key);
/* The n-th pair in the order in which keys were first set, borrowed until the next set.
   0: no such index, and nothing is written. */
HARMONY_API int harmony_settings_at(const harmony_settings *settings, size_t index,
                                    const char **key, const char **value);

/* One key that a room or a connector understands, for checking, help and
   documentation. */
enum {
	HARMONY_KEY_TEXT,
	HARMONY_KEY_FLAG,   /* yes or no */
	HARMONY_KEY_CHOICE, /* one of `choices`, separated by | */
	HARMONY_KEY_NUMBER,
	HARMONY_KEY_PATH,
	HARMONY_KEY_DURATION /* 90s, 30m, 12h, 7d */
};
typedef struct harmony_key {
	const char *name; /* NULL ends a table */
	int type;
	int required;
	int secret;
	const char *choices;  /* for HARMONY_KEY_CHOICE */
	const char *fallback; /* value when absent, NULL if there is none */
	const char *help;     /* one sentence */
} harmony_key;

/* Finds `name` in a table; NULL when absent. */
HARMONY_API const harmony_key *harmony_key_find(const harmony_key *table, const char *name);
/* The key of the table nearest to `name` (edit distance), for "did you mean";
   NULL when none is near. */
HARMONY_API const char *harmony_key_nearest(const harmony_key *table, const char *name);

#ifdef __cplusplus
}
#endif

#endif
