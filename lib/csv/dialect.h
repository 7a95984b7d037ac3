/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_LIB_CSV_DIALECT_H
#define HARMONY_LIB_CSV_DIALECT_H

#include <harmony/csv.h>

#include "base/base.h"

/* What the formats on CSV share: how dates, delimiters and settings are written. */

/* Reads a date in `format` (HARMONY_DATES_*); AUTO decides by the digits as fmuta6(5)
   argues: separators are stripped, 8 digits DDMMYYYY, 7 DDMMYYY or DMMYYYY, 6 DDMMYY,
   5 DMMYY; YYYY-MM-DD by its dashes. `*seen` (may be NULL) in: the dialect seen
   elsewhere in the file, which decides between two readings of 7 digits; out: the one
   used. `pivot`: two-digit years below it are 20xx. HARMONY_FORMAT: not a date;
   HARMONY_RANGE: no such day; HARMONY_STATE: two readings and nothing decides. */
harmony_status harmony__dialect_date(harmony_date *out, const char *text, size_t len, int format,
                                     int *seen, int pivot);
/* Writes a valid date in `format` into `buffer` (16 bytes), with NUL. Returns the length. */
size_t harmony__dialect_date_format(char *buffer, harmony_date date, int format);

/* The choices of the settings. Each returns -1 (or 0 for a delimiter) when unknown. */
int harmony__dialect_dates(const char *word);    /* "DDMMYYYY" ... */
int harmony__dialect_encoding(const char *word); /* "cp850" ... */
char harmony__dialect_delimiter(const char *word); /* "comma", "semicolon", "tab", one printable */
int harmony__dialect_decimal(const char *word);  /* "point" '.', "comma" ',' */
/* The inverse, for summaries; static text. */
const char *harmony__dialect_dates_word(int format);
const char *harmony__dialect_encoding_word(int encoding);
const char *harmony__dialect_delimiter_word(char delimiter); /* "comma", ..., "" otherwise */

/* The error of a setting that is unknown or wrong: names the nearest key or the
   allowed values of `table`. Returns HARMONY_CONFIG. */
harmony_status harmony__setting_error(const harmony_key *table, const char *key, const char *value,
                                      harmony_error *error);
/* Writes a changed copy of a caller's options back; HARMONY_INVALID when they are of an older
   header that ends before what changed. */
harmony_status harmony__setting_store(void *to, size_t size, const void *changed,
                                      const void *before, const char *key, harmony_error *error);
/* The index of `value` among the |-separated choices of a key, -1 when it is none. */
int harmony__setting_choice(const harmony_key *key, const char *value);

#endif
