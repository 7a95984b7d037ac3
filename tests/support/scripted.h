/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_TESTS_SCRIPTED_H
#define HARMONY_TESTS_SCRIPTED_H

/* A package that does what a test tells it, on the public headers alone. It keeps its books
   in an append-only file, one line a booking, synced before it answers: what is in there was
   applied, whatever became of the answer. */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <harmony/harmony.h>

typedef struct script {
	const char *log;       /* path of the books */
	unsigned lose_every;   /* of so many bookings one gets no answer; 0: none */
	bool lose_call;        /* that answer is HARMONY_INDOUBT for the whole call */
	int status;            /* what offer returns instead of booking, */
	unsigned status_after; /* after so many bookings */
	int64_t retry_after;   /* each record is put off by the package for so many ms */
	const char *differs;   /* identifier that the package books wrongly */
	const char *blind;     /* identifier that find cannot tell about */
	unsigned items;        /* outstanding ones */
	int items_status;      /* what outstanding returns after them */
	int open_status;
	/* counted */
	unsigned offers, bookings, finds, reads, opens;
	void (*before_answer)(const harmony_record *record);
} script;

static script scripted;
static harmony_context *scripted_context; /* of the outstanding items */

static int scripted_append(const char *line)
{
	int fd = open(scripted.log, O_WRONLY | O_APPEND | O_CREAT | O_DSYNC | O_CLOEXEC, 0600);
	size_t len = strlen(line);
	int ok = fd >= 0 && write(fd, line, len) == (ssize_t)len;
	if (fd >= 0)
		close(fd);
	return ok;
}

static void scripted_line(char line[512], const harmony_record *record)
{
	char key[HARMONY_KEY_SIZE];
	uint8_t hash[HARMONY_HASH_SIZE];

	if (!harmony_record_key(key, record))
		key[0] = '\0';
	(void)harmony_record_hash(hash, record);
	size_t used = (size_t)snprintf(line, 400, "%s ", key);
	for (size_t i = 0; i < sizeof(hash); i++)
		used += (size_t)snprintf(line + used, 512 - used, "%02x", hash[i]);
	(void)snprintf(line + used, 512 - used, "\n");
}

/* 2: booked so; 1: booked with other content; 0: not there. */
static int scripted_look(const harmony_record *record)
{
	char wanted[512], line[512];
	int found = 0;
	FILE *log = fopen(scripted.log, "re");

	scripted_line(wanted, record);
	size_t key = (size_t)(strchr(wanted, ' ') - wanted) + 1;
	while (log != NULL && fgets(line, sizeof(line), log) != NULL) {
		if (strcmp(line, wanted) == 0)
			found = 2;
		else if (strncmp(line, wanted, key) == 0 && key > 1 && found == 0)
			found = 1;
	}
	if (log != NULL)
		fclose(log);
	return found;
}

static harmony_status scripted_open(void **instance, const harmony_host *host, harmony_error *error)
{
	scripted.opens++;
	*instance = &scripted;
	(void)host;
	if (scripted.open_status != HARMONY_OK)
		return harmony_error_set(error, scripted.open_status, NULL, "the script says so");
	return HARMONY_OK;
}

static void scripted_close(void *instance)
{
	(void)instance;
}

static bool scripted_bad(const harmony_record *record, size_t *row)
{
	for (size_t i = 1; i <= harmony_record_lines(record); i++) {
		const char *account = "";
		(void)harmony_record_get_text(&account, record, i, HARMONY_FIELD_ACCOUNT);
		*row = i;
		if (strcmp(account, "BAD") == 0)
			return true;
	}
	return false;
}

static void scripted_one(const harmony_record *record, harmony_verdict *verdict)
{
	char line[512], id[HARMONY_KEY_SIZE], field[32];
	size_t row = 0;

	harmony_record_identifier(id, record);
	if (scripted_bad(record, &row)) {
		(void)snprintf(field, sizeof(field), "lines.%zu.account", row);
		harmony_verdict_set(
		    verdict, HARMONY_OUTCOME_REJECTED, "unknown_account", field,
		    "account BAD is not in the package; create it there, or map it");
		(void)snprintf(verdict->vendor, sizeof(verdict->vendor), "Rekening bestaat niet");
		return;
	}
	if (scripted.retry_after > 0) {
		harmony_verdict_set(verdict, HARMONY_OUTCOME_WAITING, "rate_limited", "", "later");
		verdict->retry_after = scripted.retry_after;
		return;
	}
	scripted_line(line, record);
	if (!scripted_append(line)) {
		harmony_verdict_set(verdict, HARMONY_OUTCOME_WAITING, "network", "",
				    "the books cannot be written");
		return;
	}
	scripted.bookings++;
	if (scripted.before_answer != NULL)
		scripted.before_answer(record);
	if (scripted.lose_every != 0 && scripted.bookings % scripted.lose_every == 0)
		return; /* no answer */
	harmony_verdict_set(verdict, HARMONY_OUTCOME_BOOKED, "", "", NULL);
	(void)snprintf(verdict->remote_id, sizeof(verdict->remote_id), "R-%.100s", id);
}

static harmony_status scripted_offer(void *instance, const harmony_record *const *records,
				     size_t count, harmony_verdict *verdicts, harmony_error *error)
{
	bool lost = false;

	(void)instance;
	scripted.offers++;
	for (size_t i = 0; i < count; i++) {
		if (scripted.status != HARMONY_OK && scripted.bookings >= scripted.status_after)
			return harmony_error_set(error, scripted.status, NULL,
						 "the package says so");
		scripted_one(records[i], &verdicts[i]);
		lost = lost || verdicts[i].outcome == HARMONY_OUTCOME_NONE;
	}
	return lost && scripted.lose_call
		   ? harmony_error_set(error, HARMONY_INDOUBT, NULL, "no answer came")
		   : HARMONY_OK;
}

static harmony_status scripted_find(void *instance, const harmony_record *record,
				    harmony_verdict *verdict, harmony_error *error)
{
	char id[HARMONY_KEY_SIZE];
	static const int outcomes[] = {HARMONY_OUTCOME_ABSENT, HARMONY_OUTCOME_DIFFERS,
				       HARMONY_OUTCOME_BOOKED};

	(void)instance, (void)error;
	scripted.finds++;
	harmony_record_identifier(id, record);
	if (scripted.blind != NULL && strcmp(scripted.blind, id) == 0) {
		harmony_verdict_set(verdict, HARMONY_OUTCOME_IN_DOUBT, "in_doubt", "",
				    "look at journal 70");
		return HARMONY_OK;
	}
	harmony_verdict_set(verdict, outcomes[scripted_look(record)], "", "", "as the books say");
	if (verdict->outcome != HARMONY_OUTCOME_ABSENT)
		(void)snprintf(verdict->remote_id, sizeof(verdict->remote_id), "R-%.100s", id);
	return HARMONY_OK;
}

static harmony_status scripted_read_back(void *instance, const harmony_record *record,
					 const char *remote_id, harmony_verdict *verdict,
					 harmony_error *error)
{
	char id[HARMONY_KEY_SIZE];

	(void)instance, (void)remote_id, (void)error;
	scripted.reads++;
	harmony_record_identifier(id, record);
	bool wrong = scripted.differs != NULL && strcmp(scripted.differs, id) == 0;
	harmony_verdict_set(verdict, wrong ? HARMONY_OUTCOME_DIFFERS : HARMONY_OUTCOME_BOOKED, "",
			    wrong ? "total" : "", wrong ? "booked 0.00 instead of 121.00" : "");
	return HARMONY_OK;
}

static harmony_status scripted_outstanding(void *instance, int sides, harmony_item_fn item,
					   void *user, harmony_error *error)
{
	harmony_record *record = NULL;
	harmony_status status =
	    harmony_record_new(&record, scripted_context, HARMONY_OUTSTANDING_ITEM, error);

	(void)instance, (void)sides;
	for (unsigned i = 0; i < scripted.items && status == HARMONY_OK; i++) {
		char number[16];
		const harmony_date date = {2024, 1, 15};
		(void)snprintf(number, sizeof(number), "%u", 24700001 + i);
		(void)harmony_record_reset(record, HARMONY_OUTSTANDING_ITEM);
		const char *side = i % 2 == 0 ? "sales" : "purchase";
		status = harmony_record_set_text(record, 0, HARMONY_FIELD_SIDE, side, strlen(side),
						 error);
		if (status == HARMONY_OK)
			status = harmony_record_set_text(record, 0, HARMONY_FIELD_PARTY, "1001", 4,
							 error);
		if (status == HARMONY_OK)
			status = harmony_record_set_text(record, 0, HARMONY_FIELD_INVOICE_NUMBER,
							 number, strlen(number), error);
		if (status == HARMONY_OK)
			status =
			    harmony_record_set_date(record, 0, HARMONY_FIELD_DATE, date, error);
		if (status == HARMONY_OK)
			status = harmony_record_set_number(record, 0, HARMONY_FIELD_AMOUNT, 12100,
							   error);
		if (status == HARMONY_OK)
			status = harmony_record_set_number(record, 0, HARMONY_FIELD_OUTSTANDING,
							   12100, error);
		if (status == HARMONY_OK)
			status = item(record, user);
	}
	harmony_record_free(record);
	if (status == HARMONY_OK && scripted.items_status != HARMONY_OK)
		status =
		    harmony_error_set(error, scripted.items_status, NULL, "the list broke off");
	return status;
}

static harmony_status scripted_check(void *instance, const harmony_record *const *records,
				     size_t count, harmony_finding_fn finding, void *user,
				     harmony_error *error)
{
	harmony_status status = HARMONY_OK;
	size_t row = 0;

	(void)instance, (void)error;
	for (size_t i = 0; i < count && status == HARMONY_OK; i++)
		if (scripted_bad(records[i], &row))
			status =
			    finding(HARMONY_FAILURE, "account BAD", "not in the package", user);
	return status;
}

static harmony_status scripted_preview(void *instance, const harmony_record *record,
				       harmony_write_fn write, void *user, harmony_error *error)
{
	(void)instance;
	return harmony_record_write_json(record, write, user, error);
}

static const harmony_key scripted_keys[] = {{NULL, 0, 0, 0, NULL, NULL, NULL}};

#define SCRIPTED_KINDS (HARMONY_PARTIES | HARMONY_ENTRIES)
#define SCRIPTED(name_, capabilities_, batch_, refusals_, window_)                                 \
	{                                                                                          \
		.struct_size = sizeof(harmony_connector), .abi = HARMONY_CONNECTOR_ABI,            \
		.name = name_, .long_name = "The scripted package", .version = "1",                \
		.description = "Does what a test says.", .capabilities = (capabilities_),          \
		.batch_max = batch_, .refusals_allowed = refusals_, .refusals_window = window_,    \
		.keys = scripted_keys, .open = scripted_open, .close = scripted_close,             \
		.offer = scripted_offer, .find = scripted_find,                                    \
		.outstanding = scripted_outstanding, .check = scripted_check,                      \
		.read_back = scripted_read_back, .preview = scripted_preview                       \
	}

#endif
