/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_TESTS_PACKAGES_H
#define HARMONY_TESTS_PACKAGES_H

/* Many small packages, one for each integration, on the public headers alone: the setting
   "administration" is the number of the package that an integration speaks to. Each counts
   what is booked in it, and whether two calls were ever at work in it at once. Of use from
   many threads. */

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <harmony/harmony.h>

#define PACKAGES 64
#define ENTRIES_EACH 4096

typedef struct package {
	atomic_int inside, crowded; /* calls at work; times that there were two */
	atomic_uint imports, offers, keeps;
	atomic_int status;          /* not 0: what every call returns */
	const harmony_host *host;   /* of the call that is at work */
	atomic_uchar booked[ENTRIES_EACH]; /* entries, by number */
} package;

static package packages[PACKAGES];
/* Called in the middle of each call, so that time passes. */
static void (*packages_work)(unsigned number, const char *what);

static void packages_reset(void)
{
	for (unsigned i = 0; i < PACKAGES; i++) {
		package *p = &packages[i];
		atomic_store(&p->inside, 0);
		atomic_store(&p->crowded, 0);
		atomic_store(&p->imports, 0);
		atomic_store(&p->offers, 0);
		atomic_store(&p->keeps, 0);
		atomic_store(&p->status, 0);
		for (unsigned j = 0; j < ENTRIES_EACH; j++)
			atomic_store(&p->booked[j], 0);
	}
	packages_work = NULL;
}

static package *package_enter(void *instance, const char *what)
{
	package *p = instance;
	if (atomic_fetch_add(&p->inside, 1) > 0)
		atomic_fetch_add(&p->crowded, 1);
	if (packages_work != NULL)
		packages_work((unsigned)(p - packages), what);
	return p;
}

static harmony_status package_leave(package *p, harmony_error *error)
{
	int status = atomic_load(&p->status);
	atomic_fetch_sub(&p->inside, 1);
	return status == HARMONY_OK
		   ? HARMONY_OK
		   : harmony_error_set(error, status, NULL, "package %u is out of order",
				       (unsigned)(p - packages));
}

static harmony_status package_open(void **instance, const harmony_host *host, harmony_error *error)
{
	const char *number = host->setting("administration", host->user);
	package *p = &packages[number != NULL ? strtoul(number, NULL, 10) % PACKAGES : 0];
	(void)error;
	p->host = host;
	*instance = p;
	return HARMONY_OK;
}

static void package_close(void *instance)
{
	(void)instance;
}

static harmony_status package_offer(void *instance, const harmony_record *const *records,
				    size_t count, harmony_verdict *verdicts, harmony_error *error)
{
	package *p = package_enter(instance, "offer");
	atomic_fetch_add(&p->offers, 1);
	for (size_t i = 0; i < count && atomic_load(&p->status) == HARMONY_OK; i++) {
		const char *number = "", *account = "";
		(void)harmony_record_get_text(&number, records[i], 0, HARMONY_FIELD_ENTRY_NUMBER);
		(void)harmony_record_get_text(&account, records[i], 1, HARMONY_FIELD_ACCOUNT);
		if (strcmp(account, "BAD") == 0) {
			harmony_verdict_set(&verdicts[i], HARMONY_OUTCOME_REJECTED,
					    "unknown_account", "lines.1.account",
					    "account BAD is not there");
			continue;
		}
		if (number[0] != '\0')
			atomic_fetch_add(&p->booked[strtoul(number, NULL, 10) % ENTRIES_EACH], 1);
		harmony_verdict_set(&verdicts[i], HARMONY_OUTCOME_BOOKED, "", "", NULL);
		memcpy(verdicts[i].remote_id, "R", 2);
	}
	return package_leave(p, error);
}

static harmony_status package_find(void *instance, const harmony_record *record,
				   harmony_verdict *verdict, harmony_error *error)
{
	package *p = package_enter(instance, "find");
	const char *number = "";
	(void)harmony_record_get_text(&number, record, 0, HARMONY_FIELD_ENTRY_NUMBER);
	bool there = atomic_load(&p->booked[strtoul(number, NULL, 10) % ENTRIES_EACH]) > 0;
	harmony_verdict_set(verdict, there ? HARMONY_OUTCOME_BOOKED : HARMONY_OUTCOME_ABSENT, "", "",
			    NULL);
	return package_leave(p, error);
}

static harmony_status package_outstanding(void *instance, int sides, harmony_item_fn item,
					  void *user, harmony_error *error)
{
	package *p = package_enter(instance, "import");
	(void)sides, (void)item, (void)user;
	atomic_fetch_add(&p->imports, 1);
	return package_leave(p, error);
}

static harmony_status package_check(void *instance, const harmony_record *const *records,
				    size_t count, harmony_finding_fn finding, void *user,
				    harmony_error *error)
{
	(void)instance, (void)records, (void)count, (void)finding, (void)user, (void)error;
	return HARMONY_OK;
}

static harmony_status package_keep_alive(void *instance, int64_t *next, harmony_error *error)
{
	package *p = package_enter(instance, "keep");
	atomic_fetch_add(&p->keeps, 1);
	*next = 7 * INT64_C(86400000);
	return package_leave(p, error);
}

static harmony_status package_report(void *instance, harmony_write_fn write, void *user,
				     harmony_error *error)
{
	static const char text[] = "{\"login\":{\"state\":\"valid\",\"refresh_expires_in\":864000}}";
	(void)instance, (void)error;
	return write(text, sizeof(text) - 1, user);
}

static const harmony_key package_keys[] = {{NULL, 0, 0, 0, NULL, NULL, NULL}};

static const harmony_connector package_connector = {
    .struct_size = sizeof(harmony_connector),
    .abi = HARMONY_CONNECTOR_ABI,
    .name = "package",
    .long_name = "A small package",
    .version = "1",
    .description = "Counts what it is told.",
    .capabilities = HARMONY_PARTIES | HARMONY_ENTRIES | HARMONY_CAN_FIND | HARMONY_CAN_REPEAT,
    .batch_max = 1,
    .keys = package_keys,
    .open = package_open,
    .close = package_close,
    .offer = package_offer,
    .find = package_find,
    .outstanding = package_outstanding,
    .check = package_check,
    .keep_alive = package_keep_alive,
    .report = package_report};

#endif
