/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_LIB_BASE_H
#define HARMONY_LIB_BASE_H

/* The ground floor: what every room stands on, and what knows of no room. */

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <harmony/base.h>

#if defined(__GNUC__)
#define HARMONY__CHECKED __attribute__((warn_unused_result))
#define HARMONY__PRINTF(f, a) __attribute__((format(printf, f, a)))
#define HARMONY__LIKELY(x) __builtin_expect(!!(x), 1)
#define HARMONY__UNLIKELY(x) __builtin_expect(!!(x), 0)
#else
#define HARMONY__CHECKED
#define HARMONY__PRINTF(f, a)
#define HARMONY__LIKELY(x) (x)
#define HARMONY__UNLIKELY(x) (x)
#endif
#define HARMONY__COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- context and memory -------------------------------------------------- */

struct harmony_context {
	harmony_allocator allocator;
	harmony_clock clock;
	harmony_log_fn log;
	void *log_user;
	int log_level;
};

/* resize(NULL, size), zeroed variant, free; NULL on failure. */
void *harmony__alloc(harmony_context *context, size_t size) HARMONY__CHECKED;
void *harmony__zalloc(harmony_context *context, size_t size) HARMONY__CHECKED;
void *harmony__realloc(harmony_context *context, void *ptr, size_t size) HARMONY__CHECKED;
void harmony__free(harmony_context *context, void *ptr);
char *harmony__strdup(harmony_context *context, const char *text) HARMONY__CHECKED;
/* Grows `*array` of `size`-byte elements so that it holds `need` of them, doubling. */
harmony_status harmony__grow(harmony_context *context, void **array, size_t *capacity, size_t need,
                             size_t size) HARMONY__CHECKED;
/* Copies a caller's transparent struct by minimum size over defaults already in `to`
   (`size` bytes). HARMONY_INVALID when from's struct_size is 0 or too small to hold it. */
harmony_status harmony__options_copy(void *to, size_t size, const void *from) HARMONY__CHECKED;
/* The way back: what was changed in such a copy, as it was `before`, into the caller's struct.
   HARMONY_INVALID, and nothing is written, when that is too short for it. */
harmony_status harmony__options_back(void *to, size_t size, const void *changed,
                                     const void *before) HARMONY__CHECKED;

void harmony__log(harmony_context *context, int level, const char *format, ...) HARMONY__PRINTF(3, 4);
int64_t harmony__wall(harmony_context *context);      /* ms since 1970 */
int64_t harmony__monotonic(harmony_context *context); /* ms */

/* ---- error ----------------------------------------------------------------- */

/* harmony_error_set with the place; sets only when still empty. Returns status. */
harmony_status harmony__error_v(harmony_error *error, harmony_status status, const char *code,
                                const char *format, va_list args);
/* Where it is, and the package's own words: before harmony_error_set, which they belong to,
   and like it while the error is empty; so that no later call puts them beside a first cause. */
void harmony__error_place(harmony_error *error, const char *file, uint64_t line, uint32_t column,
                          const char *field);
void harmony__error_vendor(harmony_error *error, const char *words);
/* Hands a cause on, as far as `to` (may be NULL) is empty and its struct_size reaches. */
void harmony__error_give(harmony_error *to, const harmony_error *from);
harmony_status harmony__nomem(harmony_error *error); /* sets and returns HARMONY_NOMEM */

/* Copies with NUL, cut at a whole UTF-8 character. Returns the length copied. */
size_t harmony__copy_text(char *to, size_t size, const char *from, size_t len);

/* ---- arena ----------------------------------------------------------------- */

/* Many small allocations freed at once. Reset keeps the first block. `limit` bytes at
   the most in total (0: none); above it alloc returns NULL and `over` is set. With
   HARMONY__ARENA_MALLOC_EACH (a debugging build) each allocation is a malloc. */
typedef struct harmony__arena_block harmony__arena_block;
typedef struct harmony__arena {
	harmony_context *context;
	harmony__arena_block *first, *current;
	char *at, *end;
	size_t used, limit;
	bool over;
} harmony__arena;

void harmony__arena_init(harmony__arena *arena, harmony_context *context, size_t limit);
/* 8-aligned. */
void *harmony__arena_alloc(harmony__arena *arena, size_t size) HARMONY__CHECKED;
/* Unaligned, for text; with room for a NUL that it writes. */
char *harmony__arena_text(harmony__arena *arena, const char *text, size_t len) HARMONY__CHECKED;
void harmony__arena_reset(harmony__arena *arena);
void harmony__arena_free(harmony__arena *arena);

/* ---- the growable buffer -------------------------------------------------- */

/* The one growable byte buffer. `max` is mandatory. The first failure sticks in
   `status`, later adds do nothing: append freely, check once. Always NUL-ended when
   not empty. */
typedef struct harmony__buf {
	harmony_context *context;
	char *data;
	size_t len, capacity, max;
	harmony_status status;
} harmony__buf;

void harmony__buf_init(harmony__buf *buf, harmony_context *context, size_t max);
void harmony__buf_free(harmony__buf *buf);
void harmony__buf_clear(harmony__buf *buf); /* len and status to 0, memory kept */
harmony_status harmony__buf_add(harmony__buf *buf, const void *data, size_t len);
harmony_status harmony__buf_str(harmony__buf *buf, const char *text);
harmony_status harmony__buf_char(harmony__buf *buf, char c);
harmony_status harmony__buf_printf(harmony__buf *buf, const char *format, ...) HARMONY__PRINTF(2, 3);
void harmony__buf_drop(harmony__buf *buf, size_t len); /* removes from the front */
/* A harmony_write_fn whose user is a harmony__buf. */
harmony_status harmony__buf_write(const void *data, size_t len, void *user);
/* Status of the buffer with an error that says what overflowed. */
harmony_status harmony__buf_check(const harmony__buf *buf, const char *what, harmony_error *error);

/* ---- the cursor -------------------------------------------------------------- */

/* The one way to walk a text. */
typedef struct harmony__cursor {
	const char *at, *end;
} harmony__cursor;

harmony__cursor harmony__cursor_over(const char *text, size_t len);
bool harmony__cursor_done(const harmony__cursor *cursor);
bool harmony__cursor_char(harmony__cursor *cursor, char c); /* takes it when it is next */
void harmony__cursor_spaces(harmony__cursor *cursor);
/* Digits into `*out`, at most `max_digits`; returns how many were taken. */
unsigned harmony__cursor_digits(harmony__cursor *cursor, unsigned max_digits, uint64_t *out);
/* Up to `delimiter` or the end; the delimiter is consumed, not included. */
void harmony__cursor_until(harmony__cursor *cursor, char delimiter, const char **text, size_t *len);

/* "90s", "30m", "12h", "7d" in ms. HARMONY_FORMAT for anything else. */
harmony_status harmony__duration(int64_t *out, const char *text);

/* ---- text and charset --------------------------------------------------------- */

bool harmony__is_ascii(const char *text, size_t len);
bool harmony__is_utf8(const char *text, size_t len); /* strict: no surrogates, no overlong */
/* Decodes the character at `text`; returns its bytes, 0 when it is none or cut off. */
size_t harmony__utf8_char(uint32_t *out, const char *text, size_t len);
size_t harmony__utf8_prefix(const char *text, size_t len); /* bytes of UTF-8 before a fault */
/* What is left of a text (`len` 1 or more) begins a character that goes on behind its end. */
bool harmony__utf8_cut_short(const char *text, size_t len);
/* Makes one line of UTF-8 of any text, in place: control characters become spaces, stray
   bytes '?', a character cut off at the end goes. */
void harmony__tidy(char *text);
size_t harmony__utf8_length(const char *text, size_t len); /* characters */
/* The bytes that hold the first `characters` characters. */
size_t harmony__utf8_cut(const char *text, size_t len, size_t characters);
bool harmony__equal_nocase(const char *a, const char *b); /* ASCII */

enum { HARMONY__UTF_8 = 1, HARMONY__CP850 = 2, HARMONY__WINDOWS_1252 = 3 }; /* as HARMONY_ENCODING_* */
/* Bytes of a code page → UTF-8, appended to `out`. HARMONY_FORMAT with `*bad` the
   offset of a byte that the code page does not have. */
harmony_status harmony__decode(harmony__buf *out, int encoding, const char *text, size_t len,
                               size_t *bad);
/* UTF-8 → code page; characters it lacks are transliterated (é→e, €→EUR), else '?'. */
harmony_status harmony__encode(harmony__buf *out, int encoding, const char *text, size_t len);
/* Guesses from the non-ASCII bytes of a text: UTF-8, CP850 or Windows-1252; 0 when
   there are none. fmuta6(5) argues the rule. */
int harmony__guess_encoding(const char *text, size_t len);

/* ---- numbers ------------------------------------------------------------------- */

/* As harmony_decimal_parse, without an error struct and quick for the usual case.
   `*decimal` (may be NULL) receives the decimal sign when one was met. */
harmony_status harmony__decimal(int64_t *out, const char *text, size_t len, unsigned scale,
                                char sign, char *decimal);
bool harmony__add(int64_t *sum, int64_t value); /* false on overflow, sum untouched */

/* ---- hash ------------------------------------------------------------------------ */

typedef struct harmony__sha256 {
	uint32_t state[8];
	uint64_t length;
	uint8_t block[64];
	size_t used;
} harmony__sha256;
void harmony__sha256_init(harmony__sha256 *hash);
void harmony__sha256_add(harmony__sha256 *hash, const void *data, size_t len);
void harmony__sha256_end(harmony__sha256 *hash, uint8_t out[32]);
void harmony__hex(char *to, const uint8_t *data, size_t len); /* 2 * len + 1 bytes */
/* The UUID (version 5) of a name in the name space of URLs. */
#define HARMONY__UUID_SIZE 37
void harmony__uuid5_url(char uuid[HARMONY__UUID_SIZE], const char *name);
uint64_t harmony__hash64(const void *data, size_t len, uint64_t seed); /* not for secrets */

/* ---- the system: os_posix.c ----------------------------------------------------- */

int64_t harmony__os_wall(void);
int64_t harmony__os_monotonic(void);
harmony_status harmony__os_random(void *buffer, size_t len);
void harmony__os_wipe(void *buffer, size_t len); /* zeroes; never optimised away */

/* The system's words for the errno of the call that just failed, in `buffer` or static. */
const char *harmony__os_reason(char *buffer, size_t size);

/* A file for reading: a regular file or a pipe, or standard input for "-". */
typedef struct harmony__file harmony__file;
harmony_status harmony__file_open(harmony__file **out, harmony_context *context, const char *path,
                                  harmony_error *error);
size_t harmony__file_read(void *buffer, size_t size, void *file); /* (size_t)-1 on error */
uint64_t harmony__file_size(const harmony__file *file);           /* 0 when unknown */
void harmony__file_close(harmony__file *file);

typedef struct harmony__file_info {
	uint64_t size, device, inode;
	int64_t modified_ns;
	uint32_t mode, owner;
	bool regular;
} harmony__file_info;
/* HARMONY_NOTFOUND without an error text when there is none. */
harmony_status harmony__file_stat(harmony__file_info *out, const char *path, harmony_error *error);
harmony_status harmony__file_load(harmony__buf *out, const char *path, harmony_error *error);
/* Temporary file beside `path`, write, fsync, rename, fsync of the folder. `mode` as
   in chmod for a new file; one that is there keeps its mode, and a link stays a link. On
   an error the old file stays and no temporary does. */
harmony_status harmony__file_replace(const char *path, const void *data, size_t len, unsigned mode,
                                     harmony_context *context, harmony_error *error);
/* Makes an empty file with `mode`: there in full or not at all for everyone who looks, and
   with no descriptor of ours left on it, whose close would drop another handle's locks.
   HARMONY_EXISTS when the name is taken, by whatever. */
harmony_status harmony__file_create(const char *path, unsigned mode, harmony_context *context,
                                    harmony_error *error);
/* Renames within a file system, durable; falls back to copy and unlink across them. */
harmony_status harmony__file_move(const char *from, const char *to, harmony_context *context,
                                  harmony_error *error);
/* Renames within a file system, unless something has the name already: HARMONY_EXISTS. */
harmony_status harmony__file_put_back(const char *from, const char *to, harmony_error *error);
harmony_status harmony__folder_make(const char *path, harmony_error *error); /* with parents */
/* What is not there is fine. */
harmony_status harmony__file_remove(const char *path, harmony_error *error);
/* Whether the file ends in a line end (or DOS's end mark), or is gzip, which knows its own
   end. Takes no memory; false when it cannot be read. */
bool harmony__file_has_end(const char *path);

/* An advisory lock on a file (made when absent, 0600) that dies with its process.
   Waits at most `timeout` ms on the monotonic clock; HARMONY_BUSY. */
typedef struct harmony__lock harmony__lock;
harmony_status harmony__lock_take(harmony__lock **out, harmony_context *context, const char *path,
                                  int64_t timeout, harmony_error *error);
void harmony__lock_release(harmony__lock *lock);

/* os_posix_host.c: who and where we are, for rooms that outlive a process. */
uint32_t harmony__os_user(void);             /* as in harmony__file_info.owner */
void harmony__os_sleep(int64_t milliseconds); /* a signal may end it early */
/* A text that differs after each start of the machine; "" where the system has none. */
#define HARMONY__BOOT_SIZE 40
void harmony__os_boot(char boot[HARMONY__BOOT_SIZE]);
/* HARMONY_CONFIG with the command that mends it, when a file (`what`: "the key file") is not
   ours alone. HARMONY_NOTFOUND without an error text. */
harmony_status harmony__file_private(const char *path, const char *what, harmony_error *error);
/* socket(2), closed on exec: a program that the host starts inherits no connection. */
int harmony__os_socket(int family, int type, int protocol);
/* Keeps the pages of a secret out of core dumps, where the system can. */
void harmony__os_hide(const void *buffer, size_t len);
/* Wipes what functions that returned left of a secret on the stack: saved vector registers,
   mostly. Called at the end of what handled one. */
void harmony__os_scrub(void);
/* Names in a folder, without "." and "..", in no order. What `name` returns ends it. */
harmony_status harmony__folder_each(const char *path,
                                    harmony_status (*name)(const char *name, void *user), void *user,
                                    harmony_error *error);

/* Tells whether a file is in use by anyone, and whether its last user died: each user
   holds the guard shared. `*alone` is true when nobody else held it at that moment. */
typedef struct harmony__guard harmony__guard;
harmony_status harmony__guard_enter(harmony__guard **out, bool *alone, harmony_context *context,
                                    const char *path, harmony_error *error);
/* Called by the first user when it is ready for others. */
void harmony__guard_share(harmony__guard *guard);
/* True when nobody else holds it; then it is held alone until leave. */
bool harmony__guard_last(harmony__guard *guard);
void harmony__guard_leave(harmony__guard *guard);

/* os_posix_thread.c: a lock with its condition, and threads on which every signal is blocked. */
typedef struct harmony__monitor harmony__monitor;
harmony_status harmony__monitor_new(harmony__monitor **out, harmony_context *context,
                                    harmony_error *error);
void harmony__monitor_free(harmony__monitor *monitor);
void harmony__monitor_enter(harmony__monitor *monitor);
void harmony__monitor_leave(harmony__monitor *monitor);
/* Within it: lets others in until one wakes us, for at most so many ms, or for no reason. */
void harmony__monitor_wait(harmony__monitor *monitor, int64_t milliseconds);
void harmony__monitor_wake_all(harmony__monitor *monitor);

typedef struct harmony__thread harmony__thread;
harmony_status harmony__thread_start(harmony__thread **out, harmony_context *context,
                                     void (*run)(void *user), void *user, harmony_error *error);
void harmony__thread_join(harmony__thread *thread); /* and frees it; NULL is allowed */

#endif
