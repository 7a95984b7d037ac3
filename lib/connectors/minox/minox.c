/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "connectors/minox/minox.h"

#define MINUTE_MS INT64_C(60000)
#define DAY_MS    (24 * 60 * MINUTE_MS)

/* Until the headers of an answer say otherwise: five a second on the average. Who was told to
   wait longer than a window lasts is shut out for that time. */
static const harmony__limit limits[] = {
    {"window", 2 * MINUTE_MS, 600, 0, false},
    {"shut_out", DAY_MS, 1000000, 0, false},
    {NULL, 0, 0, 0, false}};

static const harmony_key keys[] = {
    {"tenant", HARMONY_KEY_TEXT, 0, 0, NULL, NULL,
     "the client number at Minox; not needed with administration = TENANT/ADMINISTRATION"},
    {"vat_lines", HARMONY_KEY_CHOICE, 0, 0, "with|own|none", "with",
     "VAT with its line, as a line of its own, or left to the ledger account's own code"},
    {"line_amounts", HARMONY_KEY_CHOICE, 0, 0, "gross|net", "gross",
     "whether the amount of a line includes its VAT (with vat_lines = with and none)"},
    {"contra_line", HARMONY_KEY_CHOICE, 0, 0, "send|omit", "send",
     "send the customer's or supplier's own line, or leave it to Minox"},
    {"purchase_number", HARMONY_KEY_CHOICE, 0, 0, "entry|invoice", "entry",
     "the invoice number of a purchase: our entry number, or the supplier's number"},
    {"entry_number", HARMONY_KEY_CHOICE, 0, 0, "omit|send", "omit",
     "send our entry number; the journal must allow free ones"},
    {"exchange_rate", HARMONY_KEY_CHOICE, 0, 0, "send|omit", "send",
     "send the exchange rate with the currency, or leave it to Minox"},
    {"cost_unit", HARMONY_KEY_CHOICE, 0, 0, "cost_type|omit", "cost_type",
     "send cost units as Minox's cost types, or leave them out"},
    {"period", HARMONY_KEY_CHOICE, 0, 0, "date|file", "date",
     "whether the period is that of the entry's date, or the one in the file"},
    {"read_back", HARMONY_KEY_CHOICE, 0, 0, "answer|lines", "answer",
     "compare with the answer to the booking where it has lines, or always fetch them"},
    {"batch_list", HARMONY_KEY_CHOICE, 0, 0, "year|omit", "year",
     "see in the list of a year's lines which entries are there, or ask for each one"},
    {"payable_status", HARMONY_KEY_CHOICE, 0, 0, "open|omit", "open",
     "ask for open payables only, or for all of them"},
    {"payables_sign", HARMONY_KEY_CHOICE, 0, 0, "positive|negative", "positive",
     "the sign that an open purchase invoice has in Minox's list of payables"},
    {"credit_notes", HARMONY_KEY_CHOICE, 0, 0, "negative|positive", "negative",
     "the sign that an open credit note has in Minox's lists"},
    {"token_request", HARMONY_KEY_CHOICE, 0, 0, "json|form", "json", "how the token is asked for"},
    {"scope", HARMONY_KEY_TEXT, 0, 0, NULL,
     "administration:read customer:read customer:write supplier:read supplier:write "
     "ledger_account:read journal:read vat:read payment_term:read cost_center:read "
     "transaction:read transaction:write",
     "what consent is asked for"},
    {"customer_journal", HARMONY_KEY_TEXT, 0, 0, NULL, NULL,
     "the sales journal whose range numbers new customers"},
    {"supplier_journal", HARMONY_KEY_TEXT, 0, 0, NULL, NULL,
     "the purchase journal whose range numbers new suppliers"},
    {"name_max", HARMONY_KEY_NUMBER, 0, 0, NULL, "0", "most characters of a name; 0: not checked"},
    {"description_max", HARMONY_KEY_NUMBER, 0, 0, NULL, "0",
     "most characters of a description; 0: not checked"},
    {NULL, 0, 0, 0, NULL, NULL, NULL}};

/* ---- settings -------------------------------------------------------------------------------- */

/* A number that becomes a part of every address. */
static harmony_status take_digits(const char *key, char *out, size_t size, const char *text,
				  size_t len, harmony_error *error)
{
	if (len >= size || strspn(text, "0123456789") < len)
		return harmony_error_set(error, HARMONY_CONFIG, NULL,
					 "%s = %.*s: write the number that Minox shows for it", key,
					 (int)(len < 80 ? len : 80), text);
	harmony__copy_text(out, size, text, len);
	return HARMONY_OK;
}

/* `administration` may name both, as TENANT/ADMINISTRATION. */
static harmony_status take_place(minox *m, harmony_error *error)
{
	const char *text = harmony__frame_setting(&m->frame, "administration");
	const char *own = harmony__frame_setting(&m->frame, "tenant");
	size_t head = strcspn(text, "/");
	char tenant[sizeof(m->tenant)] = "";
	harmony_status status =
	    take_digits("tenant", m->tenant, sizeof(m->tenant), own, strlen(own), error);

	if (status == HARMONY_OK && text[head] == '/') {
		status = take_digits("administration", tenant, sizeof(tenant), text, head, error);
		text += head + 1;
	}
	if (status == HARMONY_OK)
		status = take_digits("administration", m->administration, sizeof(m->administration),
				     text, strlen(text), error);
	if (status != HARMONY_OK)
		return status;
	if (tenant[0] && m->tenant[0] && strcmp(tenant, m->tenant) != 0)
		return harmony_error_set(error, HARMONY_CONFIG, NULL,
					 "`tenant` = %s, and `administration` is one of tenant %s; "
					 "correct one of them",
					 m->tenant, tenant);
	if (!m->tenant[0])
		memcpy(m->tenant, tenant, sizeof(tenant));
	return m->tenant[0] ? HARMONY_OK
			    : harmony_error_set(error, HARMONY_CONFIG, NULL,
						"`tenant` is missing: write the client number "
						"that Minox shows, or `administration` = "
						"TENANT/ADMINISTRATION");
}

static void take_choices(minox *m)
{
	const harmony__frame *f = &m->frame;

	m->vat_lines = harmony__frame_choice(f, "vat_lines");
	m->net = harmony__frame_is(f, "line_amounts", "net");
	m->contra = harmony__frame_is(f, "contra_line", "send");
	m->own_number = harmony__frame_is(f, "purchase_number", "entry");
	m->send_number = harmony__frame_is(f, "entry_number", "send");
	m->send_rate = harmony__frame_is(f, "exchange_rate", "send");
	m->cost_types = harmony__frame_is(f, "cost_unit", "cost_type");
	m->file_period = harmony__frame_is(f, "period", "file");
	m->fetch_lines = harmony__frame_is(f, "read_back", "lines");
	m->payable_status = harmony__frame_is(f, "payable_status", "open");
	m->list_batches = harmony__frame_is(f, "batch_list", "year");
	m->credit_positive = harmony__frame_is(f, "credit_notes", "positive");
	m->payable_negative = harmony__frame_is(f, "payables_sign", "negative");
}

static harmony_status take_settings(minox *m, harmony_error *error)
{
	static const char *const journals[] = {"customer_journal", "supplier_journal"};
	harmony_status status;

	for (size_t i = 0; i < 2; i++) {
		const char *journal = harmony__frame_setting(&m->frame, journals[i]);
		harmony__copy_text(m->journals[i], sizeof(m->journals[i]), journal,
				   strlen(journal));
	}
	take_choices(m);
	status = take_place(m, error);
	if (status == HARMONY_OK)
		status = harmony__frame_number(&m->frame, "name_max", &m->name_max, error);
	if (status == HARMONY_OK)
		status =
		    harmony__frame_number(&m->frame, "description_max", &m->description_max, error);
	return status;
}

static harmony_status take(void *instance, harmony_error *error)
{
	minox *m = instance;
	harmony__oauth2_options options = {
	    .scope = harmony__frame_setting(&m->frame, "scope"),
	    .style = harmony__frame_is(&m->frame, "token_request", "form") ? HARMONY__OAUTH2_BODY
									   : HARMONY__OAUTH2_JSON,
	    .lifetime = 10 * MINUTE_MS};
	harmony_status status;

	harmony__table_init(&m->batches, m->frame.context, sizeof(minox_batch));
	status = take_settings(m, error);
	return status == HARMONY_OK ? harmony__frame_login(&m->frame, "/oauth/authorize",
							   "/oauth/token", &options, error)
				    : status;
}

static void leave(void *instance)
{
	harmony__table_free(&((minox *)instance)->batches);
}

/* ---- offering -------------------------------------------------------------------------------- */

static harmony_status offer(harmony__frame *f, const harmony_record *record,
			    harmony_verdict *verdict, harmony_error *error)
{
	minox *m = (minox *)f;

	return harmony__is_party(record) ? minox_offer_party(m, record, verdict, error)
					 : minox_offer_entry(m, record, verdict, error);
}

static harmony_status draft(harmony__frame *f, const harmony_record *record, harmony__buf *body,
			    harmony_verdict *verdict, harmony_error *error)
{
	minox *m = (minox *)f;
	bool changes;

	return harmony__is_party(record)
		   ? minox_party_body(m, record, NULL, body, &changes, verdict, error)
		   : minox_entry_body(m, record, body, NULL, verdict, error);
}

static harmony_status preview(harmony__frame *f, const harmony_record *record, harmony__buf *out,
			      harmony_verdict *verdict, harmony_error *error)
{
	minox *m = (minox *)f;
	char uuid[HARMONY__UUID_SIZE], path[64];
	harmony__buf body;
	harmony_status status;

	if (harmony__is_party(record))
		return minox_preview_party(m, record, out, verdict, error);
	harmony__buf_init(&body, f->context, HARMONY_MAX_ENTRY);
	status = minox_entry_body(m, record, &body, NULL, verdict, error);
	if (status == HARMONY_OK && verdict->outcome == HARMONY_OUTCOME_NONE) {
		minox_entry_uuid(uuid, m, record);
		snprintf(path, sizeof(path), MINOX_BATCH_PATH, uuid);
		harmony__buf_str(out, "PUT ");
		minox_address(out, m, path);
		harmony__buf_char(out, '\n');
		harmony__buf_add(out, body.data, body.len);
		harmony__buf_char(out, '\n');
	}
	harmony__buf_free(&body);
	return status;
}

static void describe(const harmony__frame *f, harmony__buf *out)
{
	const minox *m = (const minox *)f;

	harmony__buf_printf(out, "%s of tenant %s, at %s, %zu fiscal years", m->administration,
			    m->tenant, f->url, m->year_count);
}

/* ---- the package ------------------------------------------------------------------------------
 */

#define KINDS (HARMONY_PARTIES | HARMONY_INVOICES | HARMONY_BIT(HARMONY_MEMORIAL))

static const char *const windows[] = {"window", "shut_out", NULL};

static const harmony__limit_headers limit_headers[] = {
    {"window", "x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset"},
    {NULL, NULL, NULL, NULL}};

static const harmony__http_header headers[] = {{"Accept", "application/json"}, {NULL, NULL}};

static const harmony__package package = {
    .name = "Minox",
    .url = "https://app.minox.nl",
    .instance_size = sizeof(minox),
    .thing_size = sizeof(minox_thing),
    .kinds = KINDS,
    .keys = keys,
    .sources = minox_sources,
    .source_count = MINOX_TABLES,
    .customers = MINOX_CUSTOMERS,
    .suppliers = MINOX_SUPPLIERS,
    .remedies = minox_remedies,
    .remedy_count = MINOX_REMEDIES,
    .no_right = "let the main user give consent for all of `scope`, and check `tenant` and "
		"`administration`",
    .headers = headers,
    .limits = limits,
    .windows = windows,
    .limit_headers = limit_headers,
    .bare_wait = 2 * MINUTE_MS,
    /* A window ends within two minutes; who must wait longer is shut out. */
    .longest_wait = 2 * MINUTE_MS,
    .long_window = "shut_out",
    .open = take,
    .close = leave,
    .ready = minox_ready,
    .load = minox_load,
    .offer = offer,
    .preview = preview,
    .draft = draft,
    .describe = describe,
    .words = minox_words,
    .rows = minox_list,
    .next = minox_next};

static harmony_status minox_open(void **instance, const harmony_host *host, harmony_error *error)
{
	return harmony__frame_open(instance, host, &package, error);
}

const harmony_connector harmony__minox = {
    .struct_size = sizeof(harmony_connector),
    .abi = HARMONY_CONNECTOR_ABI,
    .name = "minox",
    .long_name = "Minox",
    .version = "1",
    .description = "Minox Boekhouden Online's REST API",
    .capabilities = KINDS | HARMONY_CAN_LOGIN | HARMONY_CAN_READ_BACK | HARMONY_CAN_PREVIEW |
		    HARMONY_CAN_FIND | HARMONY_CAN_REPEAT,
    .batch_max = 1,
    .keys = keys,
    .open = minox_open,
    .close = harmony__frame_close,
    .offer = harmony__frame_offer,
    .find = minox_find,
    .outstanding = minox_outstanding,
    .check = harmony__frame_check,
    .read_back = minox_read_back,
    .preview = harmony__frame_preview,
    .login_url = harmony__frame_login_url,
    .login_code = harmony__frame_login_code,
    .login_token = harmony__frame_login_token,
    .keep_alive = harmony__frame_keep_alive,
    .report = harmony__frame_report};
