/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "connectors/multivers/multivers.h"
#include "support/sweep.h"

/* How Multivers writes and says things: what no simulator makes in every shape. */

static harmony_context *context;
static harmony_record *invoice, *relation;
static multivers m;

/* ---- paths, dates, amounts ---------------------------------------------------------------- */

static void test_segments(void **state)
{
	static const struct {
		const char *text, *bang, *percent;
	} cases[] = {{"1001", "1001", "1001"},
		     {"D'A & C", "D!_27A!_20!_26!_20C", "D%27A%20%26%20C"},
		     {"\xc3\xa9#%/?", "!_C3!_A9!_23!_25!_2F!_3F", "%C3%A9%23%25%2F%3F"},
		     {"a!_20", "a!_21_20", "a%21_20"},
		     {"", "", ""}};

	(void)state;
	for (size_t i = 0; i < HARMONY__COUNT(cases); i++)
		for (int plain = 0; plain < 2; plain++) {
			harmony__buf path;
			harmony__buf_init(&path, context, 256);
			harmony__buf_str(&path, "Customer/");
			multivers_segment(&path, cases[i].text, plain);
			assert_int_equal(path.status, HARMONY_OK);
			assert_string_equal(path.data + 9,
					    plain ? cases[i].percent : cases[i].bang);
			harmony__buf_free(&path);
		}
}

static void test_dates(void **state)
{
	static const struct {
		const char *text;
		int year, month, day; /* 0: refused */
	} cases[] = {{"5-2-2026", 2026, 2, 5},
		     {"05-02-2026", 2026, 2, 5},
		     {"28-1-2008 0:00:00", 2008, 1, 28},
		     {"2026-05-11", 2026, 5, 11},
		     {"2026-05-11T00:00:00", 2026, 5, 11},
		     {"29-2-2024", 2024, 2, 29},
		     {"29-2-2026", 0, 0, 0},
		     {"31-4-2026", 0, 0, 0},
		     {"0-1-2026", 0, 0, 0},
		     {"5-13-2026", 0, 0, 0},
		     {"5-2-26", 0, 0, 0},
		     {"5/2/2026", 0, 0, 0},
		     {"5-2-20266", 0, 0, 0},
		     {"005-2-2026", 0, 0, 0},
		     {"2026-13-01", 0, 0, 0},
		     {"2026-05-11x", 0, 0, 0},
		     {"-2-2026", 0, 0, 0},
		     {" 5-2-2026", 0, 0, 0}};
	harmony_date date;

	(void)state;
	for (size_t i = 0; i < HARMONY__COUNT(cases); i++) {
		harmony_status status = multivers_date_parse(&date, cases[i].text);
		if (status != (cases[i].year ? HARMONY_OK : HARMONY_FORMAT))
			fail_msg("'%s': status %d", cases[i].text, status);
		if (status == HARMONY_OK) {
			assert_int_equal(date.year, cases[i].year);
			assert_int_equal(date.month, cases[i].month);
			assert_int_equal(date.day, cases[i].day);
		}
	}
	assert_int_equal(multivers_date_parse(&date, ""), HARMONY_NOTFOUND);
}

/* What is written is read, for every day of four years. */
static void test_dates_round(void **state)
{
	harmony_date first = {2023, 1, 1}, date, again;
	char text[MULTIVERS_DATE_SIZE], longer[MULTIVERS_DATE_SIZE + 8];

	(void)state;
	for (int32_t day = 0; day < 4 * 366; day++) {
		date = harmony_date_from_days(harmony_date_to_days(first) + day);
		multivers_date_format(text, date);
		assert_int_equal(strlen(text), 10);
		assert_int_equal(multivers_date_parse(&again, text), HARMONY_OK);
		assert_int_equal(harmony_date_to_days(again), harmony_date_to_days(date));
		snprintf(longer, sizeof(longer), "%s 0:00:00", text);
		assert_int_equal(multivers_date_parse(&again, longer), HARMONY_OK);
		/* Cut anywhere, it is another day at no point. */
		for (size_t cut = 1; cut < 10; cut++) {
			longer[cut] = '\0';
			assert_int_not_equal(multivers_date_parse(&again, longer), HARMONY_OK);
			longer[cut] = text[cut];
		}
	}
}

static void pair(char *text, size_t size, int64_t amount, bool own)
{
	harmony__json_writer w;
	harmony__buf out;

	harmony__buf_init(&out, context, 1024);
	harmony__json_begin(&w, harmony__buf_write, &out);
	harmony__json_object(&w);
	multivers_put_pair(&w, "debitAmount", amount, own);
	harmony__json_object_end(&w);
	assert_int_equal(harmony__json_end(&w), HARMONY_OK);
	snprintf(text, size, "%s", out.data);
	harmony__buf_free(&out);
}

static void test_pairs(void **state)
{
	char text[256];

	(void)state;
	pair(text, sizeof(text), 10005, true);
	assert_string_equal(text, "{\"debitAmount\":100.05,\"debitAmountCur\":100.05}");
	pair(text, sizeof(text), -1, false);
	assert_string_equal(text, "{\"debitAmountCur\":-0.01}");
	pair(text, sizeof(text), INT64_C(9007199254740993), true); /* a double would lose the 3 */
	assert_string_equal(text, "{\"debitAmount\":90071992547409.93,"
				  "\"debitAmountCur\":90071992547409.93}");
}

/* ---- lists ------------------------------------------------------------------------------------
 */

static void next_of(char *next, size_t size, const char *url, const char *page)
{
	const harmony__json *root;
	harmony__arena arena;
	harmony__buf out;

	harmony__arena_init(&arena, context, 0);
	harmony__buf_init(&out, context, 1024);
	assert_int_equal(harmony__json_parse(&root, &arena, page, strlen(page), NULL), HARMONY_OK);
	multivers_next(&out, url, root);
	snprintf(next, size, "%s", out.data ? out.data : "");
	harmony__buf_free(&out);
	harmony__arena_free(&arena);
}

/* A list goes on behind what came, however many were asked for, until nothing comes. */
static void test_pages(void **state)
{
	char next[256];

	(void)state;
	next_of(next, sizeof(next), "https://x/A?$orderby=B&$top=500&$skip=0", "[{},{},{}]");
	assert_string_equal(next, "https://x/A?$orderby=B&$top=500&$skip=3");
	next_of(next, sizeof(next), "https://x/A?$top=2&$skip=99999999998", "[{},{}]");
	assert_string_equal(next, "https://x/A?$top=2&$skip=100000000000");
	next_of(next, sizeof(next), "https://x/A?$top=2&$skip=3", "[]");
	assert_string_equal(next, "");
	next_of(next, sizeof(next), "https://x/A", "[{},{}]");
	assert_string_equal(next, "");
	next_of(next, sizeof(next), "https://x/A?$skip=0", "{\"value\":[{}]}");
	assert_string_equal(next, "");
}

/* ---- messages -------------------------------------------------------------------------------- */

typedef struct said {
	int status;
	const char *body;
	bool error, listed;
	const char *text, *path;
} said;

static const said answers[] = {
    {400,
     "{\"messages\":[{\"message\":\"ShortName is verplicht.\",\"messageType\":\"Error\","
     "\"path\":\"/shortName\"}]}",
     true, true, "ShortName is verplicht.", "/shortName"},
    {400,
     "{\"Messages\":[{\"Message\":\"Fout\",\"MessageType\":\"error\",\"Path\":\"/ShortName\"}]}",
     true, true, "Fout", "/ShortName"},
    {422,
     "{\"exceptionId\":\"d2\",\"messages\":[{\"message\":\"Let op\",\"messageType\":\"Warning\"},"
     "{\"message\":\"Een\",\"messageType\":\"Error\",\"path\":\"/a/0/b\"},"
     "{\"message\":\"Twee\",\"messageType\":\"Error\",\"path\":\"/c\"}]}",
     true, true, "Een; Twee", "/a/0/b"},
    {200, "{\"invoiceId\":\"1\",\"messages\":[]}", false, false, "", ""},
    {200, "{\"messages\":[{\"message\":\"Let op\",\"messageType\":\"Info\",\"path\":\"/\"}]}",
     false, false, "", ""},
    {200, "{\"messages\":[{\"message\":\"Zonder soort\"}]}", true, true, "Zonder soort", ""},
    {200, "{\"messages\":null,\"message\":\"van het ding zelf\"}", false, false, "", ""},
    {400, "{\"Message\":\"An error has occurred.\"}", true, false, "An error has occurred.", ""},
    {500, "{\"message\":\"Er is iets\\r\\nmis\"}", true, false, "Er is iets  mis", ""},
    {404, "<html><title>Weg</title>\n<body>Niet gevonden</body></html>", true, false,
     "Weg Niet gevonden", ""},
    {404, "geen  bladzij\n", true, false, "geen bladzij", ""},
    {500, "<html>Runtime Error</html>", false, false, "", ""},
    {200, "", false, false, "", ""},
    {400, "[1,2]", false, false, "", ""},
    {400, "\"tekst\"", false, false, "", ""},
    {400, "{\"messages\":{\"message\":\"geen lijst\"}}", true, true, "", ""},
    {400, "{\"messages\":[null,7,{}]}", true, true, "; ; ", ""}};

static void test_messages(void **state)
{
	multivers_message message;

	(void)state;
	for (size_t i = 0; i < HARMONY__COUNT(answers); i++) {
		const said *a = &answers[i];
		multivers_read_message(&message, context, a->status, a->body, strlen(a->body));
		if (message.error != a->error)
			fail_msg("%s", a->body);
		if (a->error && a->text[0] && a->text[0] != ';') {
			assert_string_equal(message.text, a->text);
			assert_string_equal(message.path, a->path);
			assert_int_equal(message.listed, a->listed);
		}
	}
}

/* Cut anywhere, an answer is none of Multivers' refusals. */
static void test_messages_cut(void **state)
{
	multivers_message message;

	(void)state;
	for (size_t i = 0; i < HARMONY__COUNT(answers); i++)
		for (size_t len = 0; len < strlen(answers[i].body); len++) {
			multivers_read_message(&message, context, 500, answers[i].body, len);
			assert_false(message.error);
		}
}

static void test_messages_long(void **state)
{
	multivers_message message;
	harmony__buf body;

	(void)state;
	harmony__buf_init(&body, context, 1u << 20);
	harmony__buf_str(&body, "{\"messages\":[");
	for (int i = 0; i < 2000; i++)
		harmony__buf_printf(&body, "%s{\"message\":\"%0100d\",\"path\":\"/vatNumber\"}",
				    i ? "," : "", i);
	harmony__buf_str(&body, "]}");
	assert_int_equal(body.status, HARMONY_OK);
	multivers_read_message(&message, context, 400, body.data, body.len);
	assert_true(message.error && message.listed && message.text[0]);
	assert_string_equal(message.path, "/vatNumber");
	harmony__buf_free(&body);
}

/* Without memory the error of a parsed answer stays one. */
static void test_messages_memory(void **state)
{
	const char *body = answers[2].body;

	(void)state;
	for (long k = 0;; k++) {
		sweep s;
		harmony_context *failing = sweep_context(&s);
		const harmony__json *root;
		harmony__arena arena;
		multivers_message message;
		bool failed;
		harmony__arena_init(&arena, context, 0);
		assert_int_equal(harmony__json_parse(&root, &arena, body, strlen(body), NULL),
				 HARMONY_OK);
		s.fail_at = s.calls + k;
		multivers_take_message(&message, failing, root);
		assert_true(message.error && message.listed && message.text[0]);
		assert_string_equal(message.path, "/a/0/b");
		failed = s.failed;
		harmony__arena_free(&arena);
		harmony_context_free(failing);
		assert_int_equal(s.live, 0);
		if (!failed)
			break;
	}
}

/* ---- fields and remedies --------------------------------------------------------------------- */

static void test_fields(void **state)
{
	static const struct {
		const char *path, *field;
		bool relation;
	} cases[] = {{"/", "", false},
		     {"", "", false},
		     {"/shortName", "search_code", true},
		     {"/VatNumber", "vat_number", true},
		     {"/Name", "name", true},
		     {"/customerId", "code", true},
		     {"/customerId", "party", false},
		     {"/addresses/0/zipCode", "postcode", true},
		     {"/invoiceId", "entry_number", false},
		     {"/reference", "invoice_number", false},
		     {"/paymentReference", "payment_reference", false},
		     {"/periodNumber", "period", false},
		     {"/unheardOf", "", false},
		     {"/customerInvoiceLines", "", false},
		     {"/customerInvoiceLines/0/accountId", "lines.1.account", false},
		     {"/customerInvoiceLines/11/costUnitId", "lines.12.cost_unit", false},
		     {"/CustomerInvoiceLines/2/Description", "lines.3.description", false},
		     {"/customerInvoiceLines/1/", "lines.2", false},
		     {"/customerInvoiceLines/1", "lines.2", false},
		     {"/vatTransactionLines/1/vatCodeId", "lines.3.vat_code", false},
		     {"/VatTransactionLines/0/VatAmountCur", "lines.1.vat_amount", false},
		     {"/vatTransactionLines/7/vatCodeId", "vat_code", false},
		     {"/vatTransactionLines", "lines.1.vat_code", false},
		     {"/finTransEntries/0/debitAmount", "lines.1.amount", false}};
	char field[48];

	(void)state;
	for (size_t i = 0; i < HARMONY__COUNT(cases); i++) {
		multivers_field_of(field, sizeof(field), &m, cases[i].relation ? relation : invoice,
				   cases[i].path);
		assert_string_equal(field, cases[i].field);
		/* Without a record it is none the worse. */
		multivers_field_of(field, sizeof(field), &m, NULL, cases[i].path);
	}
	m.by_invoice = true;
	multivers_field_of(field, sizeof(field), &m, invoice, "/invoiceId");
	assert_string_equal(field, "invoice_number");
	multivers_field_of(field, sizeof(field), &m, invoice, "/reference");
	assert_string_equal(field, "entry_number");
	m.by_invoice = false;
	multivers_field_of(field, 8, &m, invoice, "/customerInvoiceLines/0/costCentreId");
	assert_string_equal(field, "lines.1");
}

static void explain(harmony_verdict *verdict, const harmony_record *record, const char *path,
		    const char *text)
{
	multivers_message message = {.error = true, .listed = true};

	*verdict = (harmony_verdict)HARMONY_VERDICT_INIT;
	snprintf(message.path, sizeof(message.path), "%s", path);
	snprintf(message.text, sizeof(message.text), "%s", text);
	multivers_explain(verdict, &m, record, 400, &message);
	assert_int_equal(verdict->outcome, HARMONY_OUTCOME_REJECTED);
	assert_string_equal(verdict->vendor, text);
}

static void test_remedies(void **state)
{
	harmony_verdict verdict;

	(void)state;
	explain(&verdict, relation, "/vatNumber", "Het BTW-nummer is niet geldig.");
	assert_string_equal(verdict.field, "vat_number");
	assert_non_null(strstr(verdict.message, "NL999999999B99"));
	explain(&verdict, relation, "/journalId", "Journaalcode mag niet gewijzigd worden.");
	assert_string_equal(verdict.field, "journal");
	assert_string_equal(verdict.code, "vendor");
	assert_non_null(strstr(verdict.message, "open entries"));
	explain(&verdict, invoice, "/journalId", "Dagboek bestaat niet.");
	assert_string_equal(verdict.code, "unknown_journal");
	explain(&verdict, invoice, "/mandateId", "Er kan alleen een machtigingsnummer ...");
	assert_string_equal(verdict.field, "payment_condition");
	assert_non_null(strstr(verdict.message, "SEPA"));
	explain(&verdict, invoice, "/invoiceId", "Factuur 1 bestaat al.");
	assert_string_equal(verdict.code, "duplicate");
	explain(&verdict, invoice, "/invoiceId", "Alleen cijfers.");
	assert_string_equal(verdict.code, "invalid_number");
	explain(&verdict, invoice, "/finTransEntries/1/", "Het type is niet bekend.");
	assert_string_equal(verdict.field, "lines.2");
	assert_non_null(strstr(verdict.message, "memorial_party"));
	explain(&verdict, invoice, "/", "Iets anders.");
	assert_string_equal(verdict.code, "vendor");
	assert_string_equal(verdict.field, "");
}

/* ---- setup ------------------------------------------------------------------------------------
 */

static const char lines[] =
    "{\"kind\":\"sales_invoice\",\"journal\":\"70\",\"entry_number\":\"1\",\"invoice_number\":"
    "\"2\",\"party\":\"1001\",\"date\":\"2026-05-11\",\"lines\":["
    "{\"number\":1,\"account\":\"8000\",\"amount\":\"1.00\",\"vat_code\":\"H\"},"
    "{\"number\":2,\"account\":\"8000\",\"amount\":\"1.00\",\"vat_code\":\"H\"},"
    "{\"number\":3,\"account\":\"8000\",\"amount\":\"1.00\",\"vat_code\":\"L\"}]}\n"
    "{\"kind\":\"customer\",\"code\":\"1001\",\"name\":\"Jansen\"}\n";

static harmony_status keep(const harmony_record *record, const harmony_diagnostic *failures,
			   size_t count, void *user)
{
	(void)failures, (void)user;
	assert_int_equal(count, 0);
	return harmony_record_copy(
	    harmony_record_kind(record) == HARMONY_CUSTOMER ? &relation : &invoice, record, NULL);
}

static int setup(void **state)
{
	harmony_jsonl *reader;

	(void)state;
	assert_int_equal(harmony_context_new(&context, NULL, NULL), HARMONY_OK);
	assert_int_equal(harmony_jsonl_new(&reader, context, "test", keep, NULL, NULL, NULL),
			 HARMONY_OK);
	assert_int_equal(harmony_jsonl_feed(reader, lines, sizeof(lines) - 1, NULL), HARMONY_OK);
	assert_int_equal(harmony_jsonl_finish(reader, NULL), HARMONY_OK);
	harmony_jsonl_free(reader);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	harmony_record_free(invoice);
	harmony_record_free(relation);
	harmony_context_free(context);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_segments),        cmocka_unit_test(test_dates),
	    cmocka_unit_test(test_dates_round),     cmocka_unit_test(test_pairs),
	    cmocka_unit_test(test_pages),           cmocka_unit_test(test_messages),
	    cmocka_unit_test(test_messages_cut),    cmocka_unit_test(test_messages_long),
	    cmocka_unit_test(test_messages_memory), cmocka_unit_test(test_fields),
	    cmocka_unit_test(test_remedies)};

	return cmocka_run_group_tests(tests, setup, teardown);
}
