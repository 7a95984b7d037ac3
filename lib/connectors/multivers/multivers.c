/* SPDX-License-Identifier: MIT */
#include "connectors/multivers/multivers.h"

#define MINUTE_MS INT64_C(60000)
#define DAY_MS    (24 * 60 * MINUTE_MS)

/* No limit is published: five requests a second, and what a 429 says. */
static const harmony__limit limits[] = {
    {"minute", MINUTE_MS, 300, 0, true},
    {"shut_out", DAY_MS, 1000000, 0, false},
    {NULL, 0, 0, 0, false}};

static const harmony_key keys[] = {
    {"api_version", HARMONY_KEY_TEXT, 0, 0, NULL, "V221",
     "the version of the API, as in addresses"},
    {"vat_scenario_sales", HARMONY_KEY_NUMBER, 0, 0, NULL, NULL,
     "number of the VAT scenario of sales; needed when there is more than one"},
    {"vat_scenario_purchase", HARMONY_KEY_NUMBER, 0, 0, NULL, NULL,
     "number of the VAT scenario of purchases; needed when there is more than one"},
    {"vat_scenario_memorial", HARMONY_KEY_NUMBER, 0, 0, NULL, NULL,
     "number of the VAT scenario of memorial lines with VAT; none is sent without it"},
    {"sales_lines", HARMONY_KEY_CHOICE, 0, 0, "credit|debit", "credit",
     "the column that the lines of a sales invoice stand in"},
    {"credit_notes", HARMONY_KEY_CHOICE, 0, 0, "type|column|both", "type",
     "whether a credit note is told by its type, by the opposite column, or by both"},
    {"credit_total", HARMONY_KEY_CHOICE, 0, 0, "negative|positive", "negative",
     "the sign of a credit note's total in the answer to its booking"},
    {"credit_balance", HARMONY_KEY_CHOICE, 0, 0, "negative|positive", "negative",
     "the sign of an open credit note in lists; positive takes a request for each open invoice"},
    {"payables_sign", HARMONY_KEY_CHOICE, 0, 0, "positive|negative", "positive",
     "the sign of an open purchase invoice in lists"},
    {"vat", HARMONY_KEY_CHOICE, 0, 0, "lines|auto", "lines",
     "send VAT to the cent, or let Multivers compute it (autoCalculateVat)"},
    {"vat_type", HARMONY_KEY_CHOICE, 0, 0, "goods|services", "goods",
     "what lines with a VAT code are"},
    {"no_vat_type", HARMONY_KEY_CHOICE, 0, 0, "no_vat|not_applicable|empty", "no_vat",
     "what lines without a VAT code are"},
    {"exchange_rate", HARMONY_KEY_CHOICE, 0, 0, "send|omit", "send",
     "send the exchange rate with a foreign currency, or leave it to Multivers"},
    {"invoice_id", HARMONY_KEY_CHOICE, 0, 0, "entry|invoice", "entry",
     "whether a sales invoice goes by its entry number (and its reference is the invoice number), "
     "or the other way round"},
    {"memorial_party", HARMONY_KEY_CHOICE, 0, 0, "refuse|entry", "refuse",
     "refuse memorial lines with a relation, or send them as payments of its invoices"},
    {"period", HARMONY_KEY_CHOICE, 0, 0, "date|file", "date",
     "whether year and period are those of the entry's date, or those in the file"},
    {"read_back", HARMONY_KEY_CHOICE, 0, 0, "answer|lines", "answer",
     "compare with the answer to the booking, or always fetch what was booked (a request each)"},
    {"totals", HARMONY_KEY_CHOICE, 0, 0, "stop|report", "stop",
     "when a total is not what was meant: send no more of that kind, or report each one"},
    {"groups", HARMONY_KEY_CHOICE, 0, 0, "omit|category", "omit",
     "leave the group of relations alone, or send their category as its number"},
    {"credit_squeeze", HARMONY_KEY_TEXT, 0, 0, NULL, NULL,
     "the credit squeeze of new customers (creditSqueezeId), where Multivers wants one"},
    {"supplier_banks", HARMONY_KEY_CHOICE, 0, 0, "send|omit", "send",
     "send bank accounts of suppliers, or leave them to Multivers"},
    {"countries", HARMONY_KEY_TEXT, 0, 0, NULL, NULL,
     "Multivers' own codes of countries, such as BE=B DE=D"},
    {"path_escape", HARMONY_KEY_CHOICE, 0, 0, "bang|percent", "bang",
     "how characters in addresses are escaped: !_20 or %20"},
    {"paging", HARMONY_KEY_CHOICE, 0, 0, "skip|none", "skip",
     "whether lists are asked for in pages, or come in one piece"},
    {"page_size", HARMONY_KEY_NUMBER, 0, 0, NULL, "1000", "rows of a page"},
    {"per_minute", HARMONY_KEY_NUMBER, 0, 0, NULL, "300", "most requests a minute"},
    {"description_max", HARMONY_KEY_NUMBER, 0, 0, NULL, "0",
     "most characters of a line's description; 0: 100, or 30 for versions up to V191"},
    {"reference_max", HARMONY_KEY_NUMBER, 0, 0, NULL, "35", "most characters of a reference"},
    {NULL, 0, 0, 0, NULL, NULL, NULL}};

/* ---- settings
 * ------------------------------------------------------------------------------------ */

static void take_choices(multivers *m)
{
	static const int64_t types[] = {0, 1};       /* goods, services */
	static const int64_t no_types[] = {3, 4, 7}; /* no VAT, not applicable, empty */
	const harmony__frame *f = &m->frame;

	m->debit_sales = harmony__frame_is(f, "sales_lines", "debit");
	m->credit_notes = harmony__frame_choice(f, "credit_notes");
	m->credit_positive = harmony__frame_is(f, "credit_total", "positive");
	m->balance_positive = harmony__frame_is(f, "credit_balance", "positive");
	m->payables_negative = harmony__frame_is(f, "payables_sign", "negative");
	m->auto_vat = harmony__frame_is(f, "vat", "auto");
	m->vat_type = types[harmony__frame_choice(f, "vat_type")];
	m->no_vat_type = no_types[harmony__frame_choice(f, "no_vat_type")];
	m->plain_escape = harmony__frame_is(f, "path_escape", "percent");
	m->one_page = harmony__frame_is(f, "paging", "none");
	m->send_rate = harmony__frame_is(f, "exchange_rate", "send");
	m->by_invoice = harmony__frame_is(f, "invoice_id", "invoice");
	m->pay_entries = harmony__frame_is(f, "memorial_party", "entry");
	m->groups = harmony__frame_is(f, "groups", "category");
	m->no_banks = harmony__frame_is(f, "supplier_banks", "omit");
	m->file_period = harmony__frame_is(f, "period", "file");
	m->fetch_lines = harmony__frame_is(f, "read_back", "lines");
	m->go_on = harmony__frame_is(f, "totals", "report");
}

/* "V221"; "API_1_9_3" on a server of one's own. */
static harmony_status take_version(multivers *m, harmony_error *error)
{
	const char *version = harmony__frame_setting(&m->frame, "api_version");
	size_t len = strlen(version);

	if (len < 2 || len >= sizeof(m->version) ||
	    strspn(version, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") !=
		len)
		return harmony_error_set(error, HARMONY_CONFIG, NULL,
					 "api_version = %s: write it as addresses have it, such as "
					 "V221",
					 version);
	memcpy(m->version, version, len + 1);
	return HARMONY_OK;
}

/* Versions up to 1.9.1 took 30 characters; 1.10 is newer, and its number (V110) is not. */
static size_t length_of(const multivers *m)
{
	static const char *const old[] = {"V14", "V16", "V18", "V182", "V19", "V191"};

	for (size_t i = 0; i < HARMONY__COUNT(old); i++)
		if (harmony__equal_nocase(m->version, old[i]))
			return 30;
	return 100;
}

static harmony_status take_numbers(multivers *m, harmony_error *error)
{
	harmony__frame *f = &m->frame;
	size_t per_minute = 0, unused;
	const struct {
		const char *key;
		size_t *number;
		bool needed; /* and not 0 */
	} numbers[] = {{"page_size", &m->page_size, true},
		       {"per_minute", &per_minute, true},
		       {"description_max", &m->description_max, false},
		       {"reference_max", &m->reference_max, false},
		       {"vat_scenario_sales", &unused, false},
		       {"vat_scenario_purchase", &unused, false},
		       {"vat_scenario_memorial", &unused, false}};
	harmony_status status = HARMONY_OK;

	for (size_t i = 0; i < HARMONY__COUNT(numbers) && status == HARMONY_OK; i++) {
		*numbers[i].number = 1;
		if (*harmony__frame_setting(f, numbers[i].key))
			status = harmony__frame_number(f, numbers[i].key, numbers[i].number, error);
		if (status == HARMONY_OK && numbers[i].needed && *numbers[i].number == 0)
			status =
			    harmony_error_set(error, HARMONY_CONFIG, NULL,
					      "%s = 0: write how many, at least 1", numbers[i].key);
	}
	if (status != HARMONY_OK)
		return status;
	if (m->description_max == 0)
		m->description_max = length_of(m);
	harmony__limits_learn(f->limits, "minute", (int64_t)per_minute, -1, -1);
	return HARMONY_OK;
}

static harmony_status take_settings(multivers *m, harmony_error *error)
{
	const char *administration = harmony__frame_setting(&m->frame, "administration");
	const harmony_host *host = m->frame.host;

	if (!host->memo_load || !host->memo_save)
		return harmony_error_set(error, HARMONY_CONFIG, NULL,
					 "Multivers needs a host with a store: transaction numbers "
					 "are kept there before they are sent");
	if (strlen(administration) >= sizeof(m->administration))
		return harmony_error_set(error, HARMONY_CONFIG, NULL,
					 "administration = %s: write the code that Multivers shows "
					 "for it, such as MVL00124",
					 administration);
	harmony__copy_text(m->administration, sizeof(m->administration), administration,
			   strlen(administration));
	take_choices(m);
	return take_numbers(m, error);
}

static harmony_status take(void *instance, harmony_error *error)
{
	multivers *m = instance;
	harmony__oauth2_options options = {.style = HARMONY__OAUTH2_BODY,
					   .scope = "http://UNIT4.Multivers.API/Web/WebApi/*",
					   .lifetime = 10 * MINUTE_MS,
					   .renew_redirect = true};
	char authorize[48] = "/", token[48] = "/";
	size_t len;
	harmony_status status = take_version(m, error);

	if (status == HARMONY_OK)
		status = take_settings(m, error);
	if (status != HARMONY_OK)
		return status;
	len = strlen(m->version);
	memcpy(authorize + 1, m->version, len);
	memcpy(authorize + 1 + len, "/OAuth/Authorize", 17);
	memcpy(token + 1, m->version, len);
	memcpy(token + 1 + len, "/OAuth/Token", 13);
	return harmony__frame_login(&m->frame, authorize, token, &options, error);
}

/* ---- the frame's --------------------------------------------------------------------------------
 */

static harmony_status offer(harmony__frame *f, const harmony_record *record,
			    harmony_verdict *verdict, harmony_error *error)
{
	multivers *m = (multivers *)f;

	return harmony__is_party(record) ? multivers_offer_party(m, record, verdict, error)
					 : multivers_offer_entry(m, record, verdict, error);
}

static harmony_status preview(harmony__frame *f, const harmony_record *record, harmony__buf *out,
			      harmony_verdict *verdict, harmony_error *error)
{
	multivers *m = (multivers *)f;
	harmony_status status = multivers_ready(f, error);

	if (status != HARMONY_OK)
		return status;
	return harmony__is_party(record) ? multivers_preview_party(m, record, out, verdict, error)
					 : multivers_preview_entry(m, record, out, verdict, error);
}

static harmony_status draft(harmony__frame *f, const harmony_record *record, harmony__buf *body,
			    harmony_verdict *verdict, harmony_error *error)
{
	multivers *m = (multivers *)f;
	multivers_entry entry;
	bool changes;

	return harmony__is_party(record)
		   ? multivers_party_body(m, record, NULL, body, &changes, verdict, error)
		   : multivers_entry_body(&entry, m, record, 0, true, body, verdict, error);
}

static void describe(const harmony__frame *f, harmony__buf *out)
{
	const multivers *m = (const multivers *)f;

	harmony__buf_printf(out, "%s, at %s, version %s", m->administration, f->url, m->version);
}

/* Words in messages[], or with any refusal: a failure with other words may have been applied. */
static void words(char *to, size_t size, harmony__frame *f, const harmony__http_response *response)
{
	multivers_message message;

	multivers_read_message(&message, f->context, response->status, response->body.data,
			       response->body.len);
	if (response->status >= 500 && !message.listed)
		message.text[0] = '\0';
	harmony__copy_text(to, size, message.text, strlen(message.text));
}

static void free_numbers(void *instance)
{
	harmony__buf_free(&((multivers *)instance)->numbers);
}

/* ---- the package ---------------------------------------------------------------------------- */

#define KINDS (HARMONY_PARTIES | HARMONY_INVOICES | HARMONY_BIT(HARMONY_MEMORIAL))

static const char *const windows[] = {"minute", "shut_out", NULL};
static const harmony__http_header headers[] = {{"Accept", "application/json"}, {NULL, NULL}};

static const harmony__package package = {
    .name = "Multivers",
    .url = "https://api.multivers.nl",
    .instance_size = sizeof(multivers),
    .thing_size = sizeof(multivers_thing),
    .kinds = KINDS,
    .keys = keys,
    .sources = multivers_sources,
    .source_count = MULTIVERS_TABLES,
    .customers = MULTIVERS_CUSTOMERS,
    .suppliers = MULTIVERS_SUPPLIERS,
    .no_right = "the rights of the Multivers user count that consent was given with: log in as "
		"another one, or give it the right; and check `administration`",
    .explained_500 = true,
    .headers = headers,
    .limits = limits,
    .windows = windows,
    .bare_wait = MINUTE_MS,
    .longest_wait = 2 * MINUTE_MS,
    .long_window = "shut_out",
    .open = take,
    .ready = multivers_ready,
    .load = multivers_load,
    .offer = offer,
    .preview = preview,
    .draft = draft,
    .describe = describe,
    .words = words,
    .close = free_numbers,
    .rows = multivers_rows,
    .next = multivers_next};

static harmony_status multivers_open(void **instance, const harmony_host *host,
				     harmony_error *error)
{
	return harmony__frame_open(instance, host, &package, error);
}

const harmony_connector harmony__multivers = {
    .struct_size = sizeof(harmony_connector),
    .abi = HARMONY_CONNECTOR_ABI,
    .name = "multivers",
    .long_name = "Multivers Online",
    .version = "1",
    .description = "Multivers Online's web API, and that of Boekhoud Gemak",
    .capabilities =
	KINDS | HARMONY_CAN_LOGIN | HARMONY_CAN_READ_BACK | HARMONY_CAN_PREVIEW | HARMONY_CAN_FIND,
    .batch_max = 1,
    .keys = keys,
    .open = multivers_open,
    .close = harmony__frame_close,
    .offer = harmony__frame_offer,
    .find = multivers_find,
    .outstanding = multivers_outstanding,
    .check = harmony__frame_check,
    .read_back = multivers_read_back,
    .preview = harmony__frame_preview,
    .login_url = harmony__frame_login_url,
    .login_code = harmony__frame_login_code,
    .login_token = harmony__frame_login_token,
    .keep_alive = harmony__frame_keep_alive,
    .report = harmony__frame_report};
