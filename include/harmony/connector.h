/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_CONNECTOR_H
#define HARMONY_CONNECTOR_H

#include <harmony/record.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One accounting package. A connector is one `static const struct harmony_connector`
   with designated initialisers; a program may pass its own. It knows addresses,
   shapes and meaning of its package, and nothing of the store, of other connectors
   or of the file formats: what it needs from around it comes through harmony_host.
   docs/writing-a-connector.md is the guide. */

#define HARMONY_CONNECTOR_ABI 1

/* What became of one record at the package. */
enum {
	HARMONY_OUTCOME_NONE = 0,     /* not answered: counts as IN_DOUBT when it was sent */
	HARMONY_OUTCOME_BOOKED = 1,   /* applied; `remote_id` says where */
	HARMONY_OUTCOME_REJECTED = 2, /* refused for good: `code`, `field`, `message`, `vendor` */
	HARMONY_OUTCOME_WAITING = 3,  /* known not to have been applied; `retry_after` ms, 0: the core decides */
	HARMONY_OUTCOME_IN_DOUBT = 4, /* sent, no answer */
	HARMONY_OUTCOME_ABSENT = 5,   /* find only: it is not there, and would be if it had been applied */
	HARMONY_OUTCOME_DIFFERS = 6   /* find and read_back: there, with other content; `message` says what */
};

/* Connectors get them in arrays: its size changes with HARMONY_CONNECTOR_ABI only. */
typedef struct harmony_verdict {
	size_t struct_size;
	int outcome;         /* HARMONY_OUTCOME_* */
	int64_t retry_after; /* milliseconds */
	char remote_id[128];
	char code[32];       /* of HARMONY_CODE_MAP */
	char field[48];      /* "lines.2.account" */
	char message[768];   /* what is wrong and what mends it */
	char vendor[768];    /* the package's own words, unaltered but cut to size */
} harmony_verdict;

#define HARMONY_VERDICT_INIT                                                                       \
	{sizeof(harmony_verdict), HARMONY_OUTCOME_NONE, 0, "", "", "", "", ""}

/* Sets outcome, code, field and message of a verdict (NULL: "") and cuts them at whole
   characters; printf formatting. retry_after, remote_id and vendor stay as they are. Any
   thread. */
HARMONY_API void harmony_verdict_set(harmony_verdict *verdict, int outcome, const char *code,
                                     const char *field, const char *format, ...)
#if defined(__GNUC__)
	__attribute__((format(printf, 5, 6)))
#endif
	;

/* What a connector gets from its host. Every function takes `user` last. Functions
   that the host does not have are NULL, and a connector that cannot do without says
   so from `open`. Valid from open to close. */
typedef struct harmony_host {
	size_t struct_size;
	harmony_context *context;
	void *user;

	/* The value of a configuration key of this integration (the connector's own keys
	   and the common ones: administration, client_id, url, ...), NULL when absent.
	   Secrets that the configuration names by file or environment come resolved. */
	const char *(*setting)(const char *key, void *user);
	/* The package's code for the file's `code` in `table` ("journals", "vat",
	   "accounts", "cost_centres", "cost_units", "payment_conditions"); the code itself
	   when the mapping says nothing. Never NULL. */
	const char *(*map)(const char *table, const char *code, void *user);
	/* A relative path of the configuration made absolute into `buffer`. */
	harmony_status (*path)(char *buffer, size_t size, const char *path, void *user);

	/* Secrets (tokens): durable when secret_save returns. `*len` in: size, out: length.
	   HARMONY_NOTFOUND when there is none. */
	harmony_status (*secret_load)(void *buffer, size_t *len, const char *name, void *user,
	                              harmony_error *error);
	harmony_status (*secret_save)(const char *name, const void *data, size_t len, void *user,
	                              harmony_error *error);
	/* A lock across processes, by name within this integration; released by unlock or
	   the death of the process. Waits up to `timeout` ms: HARMONY_BUSY. */
	harmony_status (*lock)(const char *name, int64_t timeout, void *user, harmony_error *error);
	void (*unlock)(const char *name, void *user);
	/* Small durable facts of the connector that are no secrets (limits left, pinned
	   division); shared by processes. Same contract as the secrets. */
	harmony_status (*memo_load)(void *buffer, size_t *len, const char *name, void *user,
	                            harmony_error *error);
	harmony_status (*memo_save)(const char *name, const void *data, size_t len, void *user,
	                            harmony_error *error);

	/* Waits on the monotonic clock; HARMONY_CANCELLED when the host wants to stop. */
	harmony_status (*sleep)(int64_t milliseconds, void *user);
	/* 1 when the host wants to stop: end at the next point where nothing is half done. 2 when
	   it cannot wait for that: the answer to what was sent is waited for no longer, and
	   the record is in doubt. */
	int (*cancelled)(void *user);
	/* A line for the log; secrets never. */
	void (*log)(int level, const char *message, void *user);
	/* A request went out and came to this HTTP status, 0: no answer. For counting; may be
	   NULL, and is not there in a shorter struct. The core's own HTTP calls it. */
	void (*request)(int status, void *user);
} harmony_host;

/* Capability bits, beside HARMONY_BIT(kind) for each kind that `offer` takes. */
enum {
	HARMONY_CAN_LOGIN = 1 << 16,     /* login_url and login_code */
	HARMONY_CAN_READ_BACK = 1 << 17, /* read_back */
	HARMONY_CAN_PREVIEW = 1 << 18,   /* preview */
	HARMONY_CAN_BATCH = 1 << 19,     /* offer takes up to batch_max records */
	HARMONY_CAN_FIND = 1 << 20,      /* find answers; without it in_doubt needs a person */
	/* offer of what the package has already books nothing and says so, whoever booked it:
	   without it the core looks before the first run of an integration */
	HARMONY_CAN_REPEAT = 1 << 21
};

typedef harmony_status (*harmony_item_fn)(const harmony_record *item, void *user);
/* A finding of `check`: severity as in diagnostics, what was looked at, what was found. */
typedef harmony_status (*harmony_finding_fn)(int severity, const char *subject, const char *message,
                                             void *user);

typedef struct harmony_connector {
	size_t struct_size; /* sizeof(harmony_connector) */
	uint32_t abi;       /* HARMONY_CONNECTOR_ABI */

	/* Facts */
	const char *name;        /* "exact-online", what the configuration says */
	const char *long_name;   /* "Exact Online" */
	const char *version;
	const char *description; /* one sentence */
	uint32_t capabilities;
	uint32_t batch_max;          /* most records of one offer; 1 without HARMONY_CAN_BATCH */
	uint32_t refusals_allowed;   /* refusals that the package allows per window and endpoint; 0: no limit */
	int64_t refusals_window;     /* milliseconds */
	const harmony_key *keys;     /* its own configuration keys; ends with name NULL */

	/* MUST */

	/* Makes an instance for one integration, which may be NULL where there is no state;
	   after HARMONY_OK, and only then, close follows. No network yet. Errors: HARMONY_CONFIG
	   (names the key), HARMONY_NOMEM, HARMONY_IO. */
	harmony_status (*open)(void **instance, const harmony_host *host, harmony_error *error);
	void (*close)(void *instance);

	/* Offers `count` records of one kind (1 without HARMONY_CAN_BATCH) and gives each
	   its verdict; `verdicts` come initialised. Never sends a second time what may have
	   been applied. HARMONY_OK means every verdict counts, whatever they say. Any other
	   status is of the connection (AUTH, RATE, RETRY, CANCELLED, CONFIG, ...): records
	   whose verdict is NONE were then not sent, unless it is HARMONY_INDOUBT. */
	harmony_status (*offer)(void *instance, const harmony_record *const *records, size_t count,
	                        harmony_verdict *verdicts, harmony_error *error);

	/* Looks a record up by its natural key. Verdict BOOKED (with remote_id), DIFFERS,
	   ABSENT, or IN_DOUBT when the package cannot tell (the message says what to look
	   at; the code `duplicate` that something like it is there). */
	harmony_status (*find)(void *instance, const harmony_record *record, harmony_verdict *verdict,
	                       harmony_error *error);

	/* Hands on every outstanding item of `sides` (HARMONY_SIDE_* bits): all of them, or
	   an error. Signs as in the canonical record. */
	harmony_status (*outstanding)(void *instance, int sides, harmony_item_fn item, void *user,
	                              harmony_error *error);

	/* Proves credentials and mappings without writing anything in the package; `records`
	   (may be NULL) are what a given file needs. Findings of severity HARMONY_FAILURE
	   are what export would stumble over. */
	harmony_status (*check)(void *instance, const harmony_record *const *records, size_t count,
	                        harmony_finding_fn finding, void *user, harmony_error *error);

	/* MAY */

	/* Fetches a booked record and compares total, lines, accounts and VAT with what was
	   offered. Verdict BOOKED or DIFFERS. */
	harmony_status (*read_back)(void *instance, const harmony_record *record, const char *remote_id,
	                            harmony_verdict *verdict, harmony_error *error);

	/* Writes the request (method, address, body) exactly as offer would send it. */
	harmony_status (*preview)(void *instance, const harmony_record *record, harmony_write_fn write,
	                          void *user, harmony_error *error);

	/* OAuth consent: the address that a person must open, and the code that comes back.
	   `state` is the host's random text, to be compared when the code comes back. */
	harmony_status (*login_url)(void *instance, char *buffer, size_t size, const char *state,
	                            harmony_error *error);
	harmony_status (*login_code)(void *instance, const char *code, harmony_error *error);
	/* Takes a refresh token that was obtained elsewhere. */
	harmony_status (*login_token)(void *instance, const char *refresh_token, harmony_error *error);
	/* Keeps the login alive when it is due. `*next` receives when to call again (ms). */
	harmony_status (*keep_alive)(void *instance, int64_t *next, harmony_error *error);
	/* One JSON object about limits left and token expiry, for `status`. No network. A key
	   "refresh_expires_in" says in how many seconds a login ends that nobody uses. */
	harmony_status (*report)(void *instance, harmony_write_fn write, void *user,
	                         harmony_error *error);
} harmony_connector;

/* Checks a connector's struct: ABI, sizes, and every MUST function.
   Errors: HARMONY_INVALID, naming what is missing. */
HARMONY_API harmony_status harmony_connector_check(const harmony_connector *connector,
                                                   harmony_error *error);
/* A connector that this build has, by name; NULL when there is none. Static, any thread. */
HARMONY_API const harmony_connector *harmony_connector_find(const char *name);
/* The n-th of them, NULL behind the last: for listings. */
HARMONY_API const harmony_connector *harmony_connector_at(size_t index);

#ifdef __cplusplus
}
#endif

#endif
