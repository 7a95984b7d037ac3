/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/sweep.h"

#include <harmony/harmony.h>

/* ---- a host, and records from their JSON form --------------------------------------- */

typedef struct world {
	char folder[64], books[96];
	bool mapped, cancelled;
	harmony_host host;
	sweep memory;
	harmony_context *context;
	void *instance;
	harmony_error error;
} world;

static const harmony_connector *ledger(void)
{
	return harmony_connector_find("ledger");
}

static const char *setting(const char *key, void *user)
{
	return strcmp(key, "books") == 0 ? ((world *)user)->books : NULL;
}

static const char *map(const char *table, const char *code, void *user)
{
	if (((world *)user)->mapped && strcmp(table, "accounts") == 0 && strcmp(code, "8000") == 0)
		return "80000";
	return code;
}

static int cancelled(void *user)
{
	return ((world *)user)->cancelled;
}

static harmony_status open_books(world *w)
{
	harmony_error_clear(&w->error);
	return ledger()->open(&w->instance, &w->host, &w->error);
}

static void close_books(world *w)
{
	ledger()->close(w->instance);
	w->instance = NULL;
}

static void make_host(world *w, harmony_context *context)
{
	w->context = context;
	w->host = (harmony_host){.struct_size = sizeof(w->host), .context = context, .user = w,
	                         .setting = setting, .map = map, .cancelled = cancelled};
}

static int setup(void **state)
{
	world *w = calloc(1, sizeof(*w));

	strcpy(w->folder, "ledger-test-XXXXXX");
	if (w == NULL || mkdtemp(w->folder) == NULL)
		return -1;
	snprintf(w->books, sizeof(w->books), "%s/books.db", w->folder);
	make_host(w, sweep_context(&w->memory));
	*state = w;
	if (open_books(w) != HARMONY_OK) {
		print_error("%s\n", w->error.message);
		return -1;
	}
	return 0;
}

static void remove_books(world *w)
{
	static const char *const ends[] = {"", "-wal", "-shm"};
	char path[128];

	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s%s", w->books, ends[i]);
		unlink(path);
	}
}

static int teardown(void **state)
{
	world *w = *state;
	long live;

	close_books(w);
	remove_books(w);
	rmdir(w->folder);
	harmony_context_free(w->context);
	live = w->memory.live;
	free(w);
	return live == 0 ? 0 : -1;
}

static harmony_status keep_record(const harmony_record *record, const harmony_diagnostic *failures,
                                  size_t count, void *user)
{
	return harmony_record_copy(user, record, NULL);
}

static harmony_record *record(harmony_context *context, const char *json)
{
	harmony_record *out = NULL;
	harmony_jsonl *reader;

	if (harmony_jsonl_new(&reader, context, "t.jsonl", keep_record, NULL, &out, NULL) !=
	    HARMONY_OK)
		return NULL;
	if (harmony_jsonl_feed(reader, json, strlen(json), NULL) == HARMONY_OK)
		(void)harmony_jsonl_finish(reader, NULL);
	harmony_jsonl_free(reader);
	return out;
}

/* Single quotes for double ones, so that the tests can be read. */
static harmony_record *say(world *w, const char *format, ...)
{
	char json[4096];
	va_list args;
	harmony_record *made;

	va_start(args, format);
	vsnprintf(json, sizeof(json), format, args);
	va_end(args);
	for (char *at = json; *at; at++)
		if (*at == '\'')
			*at = '"';
	made = record(w->context, json);
	if (made == NULL)
		fail_msg("no record: %s", json);
	return made;
}

static harmony_verdict offer(world *w, harmony_record *made)
{
	const harmony_record *one = made;
	harmony_verdict verdict = HARMONY_VERDICT_INIT;

	harmony_error_clear(&w->error);
	if (ledger()->offer(w->instance, &one, 1, &verdict, &w->error) != HARMONY_OK)
		fail_msg("%s", w->error.message);
	harmony_record_free(made);
	return verdict;
}

static void booked(world *w, harmony_record *made)
{
	harmony_verdict verdict = offer(w, made);

	if (verdict.outcome != HARMONY_OUTCOME_BOOKED)
		fail_msg("%s %s: %s", verdict.code, verdict.field, verdict.message);
	assert_true(verdict.remote_id[0] != '\0');
}

static void refused(world *w, harmony_record *made, const char *code, const char *field)
{
	harmony_verdict verdict = offer(w, made);

	assert_int_equal(verdict.outcome, HARMONY_OUTCOME_REJECTED);
	assert_string_equal(verdict.code, code);
	assert_string_equal(verdict.field, field);
	assert_true(verdict.message[0] != '\0');
}

static harmony_record *party(world *w, const char *kind, const char *code)
{
	return say(w, "{'kind':'%s','code':'%s','name':'Name of %s'}", kind, code, code);
}

static harmony_record *invoice(world *w, const char *kind, const char *number, const char *relation,
                               const char *amount)
{
	return say(w,
	           "{'kind':'%s','journal':'70','year':2024,'entry_number':'E%s',"
	           "'invoice_number':'%s','party':'%s','date':'2024-01-15','due_date':'2024-02-14',"
	           "'currency':'EUR','description':'Factuur','payment_reference':'R%s','total':'%s',"
	           "'lines':[{'number':1,'account':'8000','amount':'%s'}]}",
	           kind, number, number, relation, number, amount, amount);
}

static harmony_record *bank(world *w, const char *entry, const char *amount, const char *rest)
{
	return say(w,
	           "{'kind':'bank_entry','journal':'20','journal_type':'B','year':2024,"
	           "'entry_number':'%s','date':'2024-02-01','lines':[{'number':1,'account':'1300',"
	           "'amount':'%s'%s}]}",
	           entry, amount, rest);
}

static void masters(world *w)
{
	booked(w, party(w, "customer", "1001"));
	booked(w, party(w, "supplier", "2001"));
}

/* ---- outstanding, as lines of text ---------------------------------------------------- */

typedef struct list {
	char text[4096];
	size_t count;
} list;

static harmony_status add_item(const harmony_record *item, void *user)
{
	static const char *const paths[] = {"side", "party", "invoice_number", "amount", "paid",
	                                    "outstanding"};
	list *l = user;
	char value[256];

	for (size_t i = 0; i < 6; i++) {
		if (harmony_record_get_path(value, sizeof(value), item, paths[i]) == SIZE_MAX)
			strcpy(value, "-");
		snprintf(l->text + strlen(l->text), sizeof(l->text) - strlen(l->text), "%s%s", value,
		         i < 5 ? " " : "\n");
	}
	l->count++;
	return HARMONY_OK;
}

static void open_items(world *w, const char *expected)
{
	list l = {"", 0};

	assert_int_equal(ledger()->outstanding(w->instance, HARMONY_SIDES, add_item, &l, &w->error),
	                 HARMONY_OK);
	assert_string_equal(l.text, expected);
}

/* ---- booking ---------------------------------------------------------------------------- */

static void books_every_kind(void **state)
{
	world *w = *state;

	masters(w);
	booked(w, invoice(w, "sales_invoice", "1", "1001", "100.00"));
	booked(w, invoice(w, "purchase_invoice", "2", "2001", "50.00"));
	booked(w, bank(w, "B1", "10.00", ""));
	booked(w, say(w, "{'kind':'memorial','journal':'90','entry_number':'M1','date':'2024-01-31',"
	                 "'lines':[{'account':'3000','amount':'5.00'},{'account':'7900','amount':'-5.00'}]}"));
	open_items(w, "sales 1001 1 100.00 0.00 100.00\npurchase 2001 2 50.00 0.00 50.00\n");
}

static harmony_status first_item(const harmony_record *item, void *user)
{
	char *text = user;

	text[0] = '\0';
	for (const char *const *path =
	         (const char *const[]){"date", "due_date", "currency", "description", "reference", NULL};
	     *path != NULL; path++) {
		char value[256];

		if (harmony_record_get_path(value, sizeof(value), item, *path) == SIZE_MAX)
			strcpy(value, "-");
		strcat(strcat(text, value), " ");
	}
	return harmony_record_validate(item, NULL, NULL) == HARMONY_OK ? HARMONY_USER : HARMONY_INVALID;
}

static void an_item_carries_its_invoice(void **state)
{
	world *w = *state;
	char text[256];

	masters(w);
	booked(w, invoice(w, "sales_invoice", "0007", "1001", "100.00"));
	assert_int_equal(ledger()->outstanding(w->instance, HARMONY_SIDE_SALES, first_item, text,
	                                       NULL), HARMONY_USER);
	assert_string_equal(text, "2024-01-15 2024-02-14 EUR Factuur R0007 ");
	assert_int_equal(ledger()->outstanding(w->instance, HARMONY_SIDE_PURCHASE, first_item, text,
	                                       NULL), HARMONY_OK);
	assert_int_equal(ledger()->outstanding(w->instance, 4, first_item, text, NULL),
	                 HARMONY_INVALID);
}

static void an_invoice_without_number_goes_by_its_entry(void **state)
{
	world *w = *state;

	masters(w);
	booked(w, say(w, "{'kind':'sales_invoice','journal':'70','entry_number':'24700001',"
	                 "'party':'1001','date':'2024-01-15','total':'121.00','lines':[{'account':"
	                 "'8000','amount':'100.00','vat_code':'2','vat_amount':'21.00'}]}"));
	booked(w, bank(w, "B1", "21.00", ",'party':'1001','side':'sales','invoice_number':'24700001'"));
	open_items(w, "sales 1001 24700001 121.00 21.00 100.00\n");
}

static void payments_in_part_in_full_and_too_much(void **state)
{
	static const char sales[] = ",'party':'1001','side':'sales','invoice_number':'1'";
	static const char purchase[] = ",'party':'2001','side':'purchase','invoice_number':'2'";
	world *w = *state;

	masters(w);
	booked(w, invoice(w, "sales_invoice", "1", "1001", "100.00"));
	booked(w, invoice(w, "purchase_invoice", "2", "2001", "50.00"));
	booked(w, bank(w, "B1", "30.00", sales));
	booked(w, bank(w, "B2", "-20.00", purchase));
	open_items(w, "sales 1001 1 100.00 30.00 70.00\npurchase 2001 2 50.00 20.00 30.00\n");
	booked(w, bank(w, "B3", "70.00", sales));
	booked(w, bank(w, "B4", "-30.00", purchase));
	open_items(w, "");
	booked(w, bank(w, "B5", "5.00", sales));
	booked(w, bank(w, "B6", "-1.00", purchase));
	open_items(w, "sales 1001 1 100.00 105.00 -5.00\npurchase 2001 2 50.00 51.00 -1.00\n");
	booked(w, bank(w, "B7", "-5.00", sales)); /* paid back */
	booked(w, bank(w, "B8", "1.00", purchase));
	open_items(w, "");
}

static void a_payment_may_come_first_and_counts_once(void **state)
{
	world *w = *state;

	masters(w);
	booked(w, bank(w, "B1", "40.00", ",'party':'1001','side':'sales','invoice_number':'9'"));
	open_items(w, "");
	booked(w, invoice(w, "sales_invoice", "9", "1001", "100.00"));
	open_items(w, "sales 1001 9 100.00 40.00 60.00\n");
	booked(w, bank(w, "B1", "40.00", ",'party':'1001','side':'sales','invoice_number':'9'"));
	open_items(w, "sales 1001 9 100.00 40.00 60.00\n");
}

static void a_payment_without_number_stays_unallocated(void **state)
{
	world *w = *state;

	masters(w);
	booked(w, invoice(w, "sales_invoice", "1", "1001", "100.00"));
	booked(w, bank(w, "B1", "100.00", ",'party':'1001','side':'sales'"));
	open_items(w, "sales 1001 1 100.00 0.00 100.00\n");
}

static void a_memorial_settles_both_sides(void **state)
{
	world *w = *state;

	masters(w);
	booked(w, invoice(w, "sales_invoice", "1", "1001", "100.00"));
	booked(w, invoice(w, "purchase_invoice", "2", "2001", "80.00"));
	booked(w, say(w, "{'kind':'memorial','journal':'90','entry_number':'M1','date':'2024-01-31',"
	                 "'lines':[{'account':'1300','amount':'-60.00','party':'1001','side':'sales',"
	                 "'invoice_number':'1'},{'account':'1600','amount':'60.00','party':'2001',"
	                 "'side':'purchase','invoice_number':'2'}]}"));
	open_items(w, "sales 1001 1 100.00 60.00 40.00\npurchase 2001 2 80.00 60.00 20.00\n");
}

static void credit_notes_are_negative_and_net_their_invoice(void **state)
{
	world *w = *state;

	masters(w);
	booked(w, invoice(w, "sales_invoice", "5", "1001", "-25.00"));
	open_items(w, "sales 1001 5 -25.00 0.00 -25.00\n");
	booked(w, bank(w, "B1", "-25.00", ",'party':'1001','side':'sales','invoice_number':'5'"));
	open_items(w, "");
	booked(w, invoice(w, "sales_invoice", "6", "1001", "80.00"));
	booked(w, say(w, "{'kind':'sales_invoice','journal':'70','entry_number':'C6','invoice_number':"
	                 "'6','party':'1001','date':'2024-03-01','total':'-30.00','lines':[{'account':"
	                 "'8000','amount':'-30.00'}]}"));
	open_items(w, "sales 1001 6 50.00 0.00 50.00\n");
	refused(w, say(w, "{'kind':'sales_invoice','journal':'70','entry_number':'C7','invoice_number':"
	                  "'6','party':'1001','date':'2024-03-01','currency':'USD','total':'1.00',"
	                  "'lines':[{'account':'8000','amount':'1.00'}]}"), "duplicate", "currency");
}

static void a_missing_side_is_derived(void **state)
{
	world *w = *state;

	masters(w);
	booked(w, party(w, "customer", "3001"));
	booked(w, party(w, "supplier", "3001"));
	booked(w, invoice(w, "purchase_invoice", "2", "2001", "50.00"));
	booked(w, invoice(w, "sales_invoice", "3", "3001", "10.00"));
	booked(w, bank(w, "B1", "-50.00", ",'party':'2001','invoice_number':'2'"));
	booked(w, bank(w, "B2", "-3.00", ",'party':'3001','invoice_number':'3'")); /* has invoice 3 */
	open_items(w, "sales 3001 3 10.00 -3.00 13.00\n");
}

static void the_same_again_is_booked_once(void **state)
{
	world *w = *state;
	harmony_verdict first, again;

	masters(w);
	first = offer(w, invoice(w, "sales_invoice", "1", "1001", "100.00"));
	again = offer(w, invoice(w, "sales_invoice", "1", "1001", "100.00"));
	assert_int_equal(again.outcome, HARMONY_OUTCOME_BOOKED);
	assert_string_equal(first.remote_id, again.remote_id);
	open_items(w, "sales 1001 1 100.00 0.00 100.00\n");
	refused(w, invoice(w, "sales_invoice", "1", "1001", "100.01"), "duplicate", "entry_number");
	open_items(w, "sales 1001 1 100.00 0.00 100.00\n");
}

/* Without a number: equal entries of one file are two, the same line again is one. */
static void entries_without_number(void **state)
{
	static const char entry[] =
	    "{'kind':'sales_invoice','journal':'70','party':'1001','date':'2024-01-15','total':"
	    "'10.00','lines':[{'account':'8000','amount':'10.00'}],'source':{'file':'f.csv','line':%d}}";
	world *w = *state;
	harmony_verdict one, other, again;

	masters(w);
	one = offer(w, say(w, entry, 1));
	other = offer(w, say(w, entry, 3));
	again = offer(w, say(w, entry, 1));
	assert_string_equal(one.remote_id, again.remote_id);
	assert_string_not_equal(one.remote_id, other.remote_id);
	open_items(w, "sales 1001 - 10.00 0.00 10.00\nsales 1001 - 10.00 0.00 10.00\n");
}

static void parties_change(void **state)
{
	world *w = *state;
	harmony_verdict first, second;

	first = offer(w, party(w, "customer", "1001"));
	second = offer(w, say(w, "{'kind':'customer','code':'1001','name':'Other'}"));
	assert_int_equal(second.outcome, HARMONY_OUTCOME_BOOKED);
	assert_string_equal(first.remote_id, second.remote_id);
}

static void refusals_name_the_field(void **state)
{
	world *w = *state;

	masters(w);
	refused(w, invoice(w, "sales_invoice", "1", "9999", "1.00"), "unknown_party", "party");
	refused(w, invoice(w, "sales_invoice", "1", "2001", "1.00"), "unknown_party", "party");
	refused(w, bank(w, "B1", "1.00", ",'party':'9999','side':'sales'"), "unknown_party",
	        "lines.1.party");
	refused(w, bank(w, "B1", "1.00", ",'party':'9999'"), "unknown_party", "lines.1.party");
	refused(w, say(w, "{'kind':'memorial','journal':'90','entry_number':'M1','date':'2024-01-31',"
	                  "'lines':[{'account':'3000','amount':'5.00'},{'account':'7900','amount':'-4.99'}]}"),
	        "unbalanced", "amount");
	refused(w, say(w, "{'kind':'outstanding_item','side':'sales','party':'1001','outstanding':'1.00'}"),
	        "unsupported_kind", "kind");
	refused(w, invoice(w, "sales_invoice", "1", "1001", "10000000000000.01"), "too_long", "total");
	open_items(w, "");
}

static void a_batch_books_the_good_ones(void **state)
{
	world *w = *state;
	const harmony_record *records[500];
	harmony_verdict verdicts[500];
	harmony_status status;
	list l = {"", 0};

	masters(w);
	for (int i = 0; i < 500; i++) {
		char number[24];

		snprintf(number, sizeof(number), "%d", i);
		records[i] = invoice(w, "sales_invoice", number, i % 10 == 3 ? "nobody" : "1001", "1.00");
		verdicts[i] = (harmony_verdict)HARMONY_VERDICT_INIT;
	}
	status = ledger()->offer(w->instance, records, 500, verdicts, &w->error);
	assert_int_equal(status, HARMONY_OK);
	for (int i = 0; i < 500; i++) {
		assert_int_equal(verdicts[i].outcome, i % 10 == 3 ? HARMONY_OUTCOME_REJECTED
		                                                  : HARMONY_OUTCOME_BOOKED);
		harmony_record_free((harmony_record *)(uintptr_t)records[i]);
	}
	assert_int_equal(ledger()->outstanding(w->instance, 3, add_item, &l, NULL), HARMONY_OK);
	assert_int_equal(l.count, 450);
}

static void stops_when_asked(void **state)
{
	world *w = *state;
	harmony_record *made = party(w, "customer", "1");
	const harmony_record *one = made;
	harmony_verdict verdict = HARMONY_VERDICT_INIT;

	w->cancelled = true;
	assert_int_equal(ledger()->offer(w->instance, &one, 1, &verdict, &w->error),
	                 HARMONY_CANCELLED);
	assert_int_equal(verdict.outcome, HARMONY_OUTCOME_NONE);
	harmony_record_free(made);
}

/* ---- looking ----------------------------------------------------------------------------- */

static int outcome_of_find(world *w, harmony_record *made, char *id)
{
	harmony_verdict verdict = HARMONY_VERDICT_INIT;

	assert_int_equal(ledger()->find(w->instance, made, &verdict, &w->error), HARMONY_OK);
	harmony_record_free(made);
	if (id != NULL)
		strcpy(id, verdict.remote_id);
	return verdict.outcome;
}

static void find_tells_the_truth(void **state)
{
	world *w = *state;
	harmony_verdict verdict;
	char id[128];

	masters(w);
	assert_int_equal(outcome_of_find(w, invoice(w, "sales_invoice", "1", "1001", "1.00"), NULL),
	                 HARMONY_OUTCOME_ABSENT);
	verdict = offer(w, invoice(w, "sales_invoice", "1", "1001", "1.00"));
	assert_int_equal(outcome_of_find(w, invoice(w, "sales_invoice", "1", "1001", "1.00"), id),
	                 HARMONY_OUTCOME_BOOKED);
	assert_string_equal(id, verdict.remote_id);
	assert_int_equal(outcome_of_find(w, invoice(w, "sales_invoice", "1", "1001", "2.00"), NULL),
	                 HARMONY_OUTCOME_DIFFERS);
	assert_int_equal(outcome_of_find(w, party(w, "customer", "1001"), NULL),
	                 HARMONY_OUTCOME_BOOKED);
	assert_int_equal(outcome_of_find(w, party(w, "supplier", "1001"), NULL),
	                 HARMONY_OUTCOME_ABSENT);
}

static void read_as(world *w, const char *id, harmony_record *made, int outcome, const char *field)
{
	harmony_verdict verdict = HARMONY_VERDICT_INIT;

	assert_int_equal(ledger()->read_back(w->instance, made, id, &verdict, &w->error), HARMONY_OK);
	harmony_record_free(made);
	assert_int_equal(verdict.outcome, outcome);
	assert_string_equal(verdict.field, field);
}

static void reads_back_in_the_packages_codes(void **state)
{
	static const char lines[] =
	    "{'kind':'sales_invoice','journal':'70','entry_number':'1','party':'1001','date':"
	    "'2024-01-15','total':'%s','lines':[%s]}";
	static const char one[] = "{'account':'8000','amount':'100.00','vat_code':'2','vat_amount':'21.00'}";
	world *w = *state;
	harmony_verdict verdict, bad = HARMONY_VERDICT_INIT;
	harmony_record *made;

	masters(w);
	w->mapped = true;
	verdict = offer(w, say(w, lines, "121.00", one));
	read_as(w, verdict.remote_id, say(w, lines, "121.00", one), HARMONY_OUTCOME_BOOKED, "");
	read_as(w, verdict.remote_id, say(w, lines, "122.00", one), HARMONY_OUTCOME_DIFFERS, "total");
	read_as(w, verdict.remote_id,
	        say(w, lines, "121.00", "{'account':'8000','amount':'100.00','vat_code':'3','vat_amount':'21.00'}"),
	        HARMONY_OUTCOME_DIFFERS, "lines.1.vat_code");
	read_as(w, verdict.remote_id,
	        say(w, lines, "121.00", "{'account':'8000','amount':'100.00','vat_code':'2','vat_amount':'21.00'},"
	                                "{'account':'8000','amount':'0.00'}"),
	        HARMONY_OUTCOME_DIFFERS, "lines");
	read_as(w, "booking/77", say(w, lines, "121.00", one), HARMONY_OUTCOME_DIFFERS, "entry_number");
	w->mapped = false; /* booked as 80000 */
	read_as(w, verdict.remote_id, say(w, lines, "121.00", one), HARMONY_OUTCOME_DIFFERS,
	        "lines.1.account");
	made = say(w, lines, "121.00", one);
	assert_int_equal(ledger()->read_back(w->instance, made, "x", &bad, NULL), HARMONY_INVALID);
	harmony_record_free(made);
}

static harmony_status append(const void *data, size_t len, void *user)
{
	strncat(user, data, len);
	return HARMONY_OK;
}

static void preview_shows_what_offer_books(void **state)
{
	world *w = *state;
	harmony_record *made = invoice(w, "sales_invoice", "1", "1001", "1.00");
	char text[2048] = "", expected[256];

	w->mapped = true;
	assert_int_equal(ledger()->preview(w->instance, made, append, text, &w->error), HARMONY_OK);
	harmony_record_free(made);
	snprintf(expected, sizeof(expected), "POST ledger:%s\n{\"kind\":\"sales_invoice\"", w->books);
	assert_memory_equal(text, expected, strlen(expected));
	assert_non_null(strstr(text, "\"account\":\"80000\""));
	open_items(w, "");
}

static harmony_status count_failures(int severity, const char *subject, const char *message,
                                     void *user)
{
	if (severity == HARMONY_FAILURE)
		strcat(strcat(user, subject), " ");
	return HARMONY_OK;
}

static void check_finds_missing_relations_once(void **state)
{
	world *w = *state;
	const harmony_record *records[5];
	char found[256] = "";

	booked(w, party(w, "customer", "1001"));
	records[0] = invoice(w, "sales_invoice", "1", "1001", "1.00");
	records[1] = invoice(w, "sales_invoice", "2", "1002", "1.00");
	records[2] = invoice(w, "sales_invoice", "3", "1003", "1.00");
	records[3] = bank(w, "B1", "1.00", ",'party':'1003','side':'sales'");
	records[4] = party(w, "customer", "1002");
	assert_int_equal(ledger()->check(w->instance, records, 5, count_failures, found, &w->error),
	                 HARMONY_OK);
	assert_string_equal(found, "1003 ");
	assert_int_equal(ledger()->check(w->instance, records, 5, count_failures, found, &w->error),
	                 HARMONY_OK);
	assert_string_equal(found, "1003 1003 ");
	for (int i = 0; i < 5; i++)
		harmony_record_free((harmony_record *)(uintptr_t)records[i]);
	assert_int_equal(outcome_of_find(w, party(w, "customer", "1002"), NULL),
	                 HARMONY_OUTCOME_ABSENT);
}

/* ---- processes, disks, memory ---------------------------------------------------------------- */

/* A child of its own handle: books `count` invoices in batches of 50, from `first`. */
static void book_many(world *w, int first, int count)
{
	for (int i = first; i < first + count; i += 50) {
		const harmony_record *records[50];
		harmony_verdict verdicts[50];

		for (int k = 0; k < 50; k++) {
			char number[24];

			snprintf(number, sizeof(number), "%d", i + k);
			records[k] = invoice(w, "sales_invoice", number, "1001", "1.00");
			verdicts[k] = (harmony_verdict)HARMONY_VERDICT_INIT;
		}
		if (ledger()->offer(w->instance, records, 50, verdicts, &w->error) != HARMONY_OK)
			_exit(1);
		for (int k = 0; k < 50; k++)
			harmony_record_free((harmony_record *)(uintptr_t)records[k]);
	}
}

static pid_t child_books(world *w, int first, int count)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (open_books(w) != HARMONY_OK)
			_exit(2);
		book_many(w, first, count);
		close_books(w);
		_exit(0);
	}
	return pid;
}

static void two_processes_at_once(void **state)
{
	world *w = *state;
	pid_t children[2];
	list l = {"", 0};
	int result;

	masters(w);
	close_books(w); /* no handle crosses a fork */
	children[0] = child_books(w, 0, 1000);
	children[1] = child_books(w, 500, 1000); /* half of it the same */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(waitpid(children[i], &result, 0), children[i]);
		assert_int_equal(result, 0);
	}
	assert_int_equal(open_books(w), HARMONY_OK);
	assert_int_equal(ledger()->outstanding(w->instance, 3, add_item, &l, NULL), HARMONY_OK);
	assert_int_equal(l.count, 1500);
}

/* Whole batches or nothing of them, and find agrees with the open items. */
static void killed_in_the_middle(void **state)
{
	world *w = *state;

	masters(w);
	close_books(w);
	for (int round = 0; round < 12; round++) {
		const struct timespec pause = {0, 3000000L * (round + 1)};
		list l = {"", 0};
		size_t found = 0;
		pid_t pid = child_books(w, 0, 20000);

		nanosleep(&pause, NULL);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		assert_int_equal(open_books(w), HARMONY_OK);
		assert_int_equal(ledger()->outstanding(w->instance, 3, add_item, &l, NULL),
		                 HARMONY_OK);
		assert_int_equal(l.count % 50, 0);
		for (size_t i = 0; i < l.count + 50; i += 7) {
			char number[24];

			snprintf(number, sizeof(number), "%zu", i);
			found += (outcome_of_find(w, invoice(w, "sales_invoice", number, "1001", "1.00"),
			                          NULL) == HARMONY_OUTCOME_BOOKED) ==
			         (i < l.count);
		}
		assert_int_equal(found, (l.count + 50 + 6) / 7);
		close_books(w);
	}
	assert_int_equal(open_books(w), HARMONY_OK);
}

static void a_full_disk_keeps_nothing(void **state)
{
	world *w = *state;
	int result;
	pid_t pid;

	masters(w);
	close_books(w);
	pid = fork();
	if (pid == 0) {
		const harmony_record *records[400];
		harmony_verdict verdicts[400];
		/* No file may grow beyond this: writes fail as on a full disk. */
		const struct rlimit limit = {64 * 1024, 64 * 1024};
		harmony_status status;

		if (open_books(w) != HARMONY_OK)
			_exit(2);
		for (int k = 0; k < 400; k++) {
			char number[24];

			snprintf(number, sizeof(number), "%d", k);
			records[k] = invoice(w, "sales_invoice", number, "1001", "1.00");
			verdicts[k] = (harmony_verdict)HARMONY_VERDICT_INIT;
		}
		signal(SIGXFSZ, SIG_IGN);
		if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
			_exit(3);
		status = ledger()->offer(w->instance, records, 400, verdicts, &w->error);
		for (int k = 0; k < 400; k++)
			if (verdicts[k].outcome != HARMONY_OUTCOME_NONE)
				_exit(4);
		_exit(status == HARMONY_IO && w->error.status == HARMONY_IO &&
		      strstr(w->error.message, "SQLite") != NULL ? 0 : 5);
	}
	waitpid(pid, &result, 0);
	assert_int_equal(result, 0);
	assert_int_equal(open_books(w), HARMONY_OK);
	open_items(w, "");
}

static void write_bytes(const char *path, long at, const char *bytes, size_t len)
{
	FILE *file = fopen(path, "r+b");

	if (file == NULL)
		file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fseek(file, at, SEEK_SET), 0);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

/* Opening says `status` and names the file; the file keeps every byte. */
static void stays_closed(world *w, harmony_status status, const char *word)
{
	char before[65536], after[65536];
	size_t len;
	FILE *file = fopen(w->books, "rb");

	assert_non_null(file);
	len = fread(before, 1, sizeof(before), file);
	fclose(file);
	assert_int_equal(open_books(w), status);
	assert_int_equal(w->error.status, status);
	assert_non_null(strstr(w->error.message, w->books));
	if (strstr(w->error.message, word) == NULL)
		fail_msg("'%s' does not say '%s'", w->error.message, word);
	file = fopen(w->books, "rb");
	assert_int_equal(fread(after, 1, sizeof(after), file), len);
	fclose(file);
	assert_memory_equal(before, after, len);
}

/* The database header: user_version at 60, application_id at 68, big-endian. */
static void files_that_are_not_ours_keep_every_byte(void **state)
{
	world *w = *state;

	close_books(w);
	write_bytes(w->books, 60, "\0\0\0\143", 4);
	stays_closed(w, HARMONY_VERSION, "version 99");
	write_bytes(w->books, 60, "\0\0\0\1", 4);
	write_bytes(w->books, 68, "GP10", 4);
	stays_closed(w, HARMONY_FORMAT, "another application");
	remove_books(w);
	write_bytes(w->books, 0, "a letter to nobody, which is no database at all", 47);
	stays_closed(w, HARMONY_CORRUPT, "no database");
	unlink(w->books);
	assert_int_equal(mkdir(w->books, 0700), 0);
	assert_int_equal(open_books(w), HARMONY_CONFIG);
	rmdir(w->books);
	assert_int_equal(open_books(w), HARMONY_OK);
}

static void a_damaged_page_is_corrupt(void **state)
{
	world *w = *state;
	struct stat info;
	char noise[4096];
	harmony_status status;
	list l = {"", 0};

	masters(w);
	book_many(w, 0, 500);
	close_books(w); /* everything is in the file now */
	assert_int_equal(stat(w->books, &info), 0);
	memset(noise, 0xA5, sizeof(noise));
	for (long page = 4096; page < info.st_size; page += 4096)
		write_bytes(w->books, page, noise, sizeof(noise));
	status = open_books(w);
	if (status == HARMONY_OK)
		status = ledger()->outstanding(w->instance, 3, add_item, &l, &w->error);
	assert_int_equal(status, HARMONY_CORRUPT);
	assert_non_null(strstr(w->error.message, "restore"));
	if (w->instance != NULL)
		assert_int_equal(ledger()->check(w->instance, NULL, 0, count_failures, l.text, NULL),
		                 HARMONY_CORRUPT);
}

static void new_books_are_private(void **state)
{
	world *w = *state;
	struct stat info;

	assert_int_equal(stat(w->books, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
}

static harmony_status no_item(const harmony_record *item, void *user)
{
	return HARMONY_OK;
}

static harmony_status no_finding(int severity, const char *subject, const char *message, void *user)
{
	return HARMONY_OK;
}

/* Every operation once; stops at the first that fails. */
static harmony_status everything(harmony_context *context, harmony_error *error, void *user)
{
	world *outer = user, w = {.mapped = true};
	harmony_record *const *made = (harmony_record *const *)(uintptr_t)outer->host.user;
	harmony_verdict verdicts[2] = {HARMONY_VERDICT_INIT, HARMONY_VERDICT_INIT};
	const harmony_record *records[2] = {made[0], made[1]};
	char text[2048] = "";
	harmony_status status;

	strcpy(w.books, outer->books);
	make_host(&w, context);
	status = ledger()->open(&w.instance, &w.host, error);
	if (status != HARMONY_OK)
		return status;
	status = ledger()->offer(w.instance, records, 1, verdicts, error);
	if (status == HARMONY_OK)
		status = ledger()->offer(w.instance, records + 1, 1, verdicts + 1, error);
	if (status == HARMONY_OK)
		status = ledger()->read_back(w.instance, made[1], verdicts[1].remote_id, &verdicts[0],
		                             error);
	if (status == HARMONY_OK)
		status = ledger()->find(w.instance, made[1], &verdicts[0], error);
	if (status == HARMONY_OK)
		status = ledger()->preview(w.instance, made[1], append, text, error);
	if (status == HARMONY_OK)
		status = ledger()->check(w.instance, records, 2, no_finding, NULL, error);
	if (status == HARMONY_OK)
		status = ledger()->outstanding(w.instance, HARMONY_SIDES, no_item, NULL, error);
	ledger()->close(w.instance);
	remove_books(&w);
	return status;
}

static void every_failed_allocation_is_an_error(void **state)
{
	world *w = *state;
	harmony_record *made[2] = {party(w, "customer", "1001"),
	                           invoice(w, "sales_invoice", "1", "1001", "100.00")};

	close_books(w);
	remove_books(w);
	w->host.user = made;
	assert_true(sweep_run(everything, w) > 10);
	w->host.user = w;
	harmony_record_free(made[0]);
	harmony_record_free(made[1]);
	assert_int_equal(open_books(w), HARMONY_OK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(books_every_kind),
	    TEST(an_item_carries_its_invoice),
	    TEST(an_invoice_without_number_goes_by_its_entry),
	    TEST(payments_in_part_in_full_and_too_much),
	    TEST(a_payment_may_come_first_and_counts_once),
	    TEST(a_payment_without_number_stays_unallocated),
	    TEST(a_memorial_settles_both_sides),
	    TEST(credit_notes_are_negative_and_net_their_invoice),
	    TEST(a_missing_side_is_derived),
	    TEST(the_same_again_is_booked_once),
	    TEST(entries_without_number),
	    TEST(parties_change),
	    TEST(refusals_name_the_field),
	    TEST(a_batch_books_the_good_ones),
	    TEST(stops_when_asked),
	    TEST(find_tells_the_truth),
	    TEST(reads_back_in_the_packages_codes),
	    TEST(preview_shows_what_offer_books),
	    TEST(check_finds_missing_relations_once),
	    TEST(two_processes_at_once),
	    TEST(killed_in_the_middle),
	    TEST(a_full_disk_keeps_nothing),
	    TEST(files_that_are_not_ours_keep_every_byte),
	    TEST(a_damaged_page_is_corrupt),
	    TEST(new_books_are_private),
	    TEST(every_failed_allocation_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
