/* SPDX-License-Identifier: MIT */
#include "connectors/minox/minox.h"

#define MINUTE_MS INT64_C(60000)
#define DAY_MS    (24 * 60 * MINUTE_MS)

/* Until the headers of an answer say otherwise: five a second on the average. Who was told to
   wait longer than a window lasts is shut out for that time. */
static const harmony__limit limits[] = {
    {"window", 2 * MINUTE_MS, 600, 0}, {"shut_out", DAY_MS, 1000000, 0}, {NULL, 0, 0, 0}};

static const harmony_key keys[] = {
    {"tenant", HARMONY_KEY_TEXT, 0, 0, NULL, NULL, "the client number at Minox"},
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
    {"payable_status", HARMONY_KEY_CHOICE, 0, 0, "open|omit", "open",
     "ask for open payables only, or for all of them"},
    {"payables_sign", HARMONY_KEY_CHOICE, 0, 0, "positive|negative", "positive",
     "the sign that an open purchase invoice has in Minox's list of payables"},
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

static const char *setting(const minox *m, const char *key)
{
	const char *value = m->host->setting ? m->host->setting(key, m->host->user) : NULL;
	const harmony_key *known = harmony_key_find(keys, key);

	return value && *value ? value : known && known->fallback ? known->fallback : "";
}

static bool is_set(const minox *m, const char *key, const char *to)
{
	return strcmp(setting(m, key), to) == 0;
}

static harmony_status take_number(const minox *m, const char *key, size_t *out,
				  harmony_error *error)
{
	const char *text = setting(m, key);
	harmony__cursor cursor = harmony__cursor_over(text, strlen(text));
	uint64_t number = 0;

	if (harmony__cursor_digits(&cursor, 5, &number) == 0 || !harmony__cursor_done(&cursor))
		return harmony_error_set(error, HARMONY_CONFIG, NULL,
					 "%s = %s: write a number, such as 50", key, text);
	*out = (size_t)number;
	return HARMONY_OK;
}

/* A number that becomes a part of every address. */
static harmony_status take_digits(const minox *m, const char *key, char *out, size_t size,
				  bool required, harmony_error *error)
{
	const char *text = setting(m, key);

	if (strspn(text, "0123456789") != strlen(text) || strlen(text) >= size ||
	    (required && !*text))
		return harmony_error_set(error, HARMONY_CONFIG, NULL,
					 "%s = %s: write the number that Minox shows for it", key,
					 text);
	harmony__copy_text(out, size, text, strlen(text));
	return HARMONY_OK;
}

static void take_choices(minox *m)
{
	m->vat_lines = is_set(m, "vat_lines", "own")    ? MINOX_VAT_OWN
		       : is_set(m, "vat_lines", "none") ? MINOX_VAT_NONE
							: MINOX_VAT_WITH;
	m->net = is_set(m, "line_amounts", "net");
	m->contra = is_set(m, "contra_line", "send");
	m->own_number = is_set(m, "purchase_number", "entry");
	m->send_number = is_set(m, "entry_number", "send");
	m->send_rate = is_set(m, "exchange_rate", "send");
	m->cost_types = is_set(m, "cost_unit", "cost_type");
	m->file_period = is_set(m, "period", "file");
	m->fetch_lines = is_set(m, "read_back", "lines");
	m->payable_status = is_set(m, "payable_status", "open");
	m->payable_negative = is_set(m, "payables_sign", "negative");
}

static harmony_status take_settings(minox *m, harmony_error *error)
{
	static const char *const journals[] = {"customer_journal", "supplier_journal"};
	const char *url = setting(m, "url");
	harmony_status status;

	if (!*url)
		url = "https://app.minox.nl";
	harmony__copy_text(m->url, sizeof(m->url), url, strlen(url));
	if (m->url[strlen(m->url) - 1] == '/')
		m->url[strlen(m->url) - 1] = '\0';
	for (size_t i = 0; i < 2; i++)
		harmony__copy_text(m->journals[i], sizeof(m->journals[i]), setting(m, journals[i]),
				   strlen(setting(m, journals[i])));
	take_choices(m);
	status = take_digits(m, "tenant", m->tenant, sizeof(m->tenant), true, error);
	if (status == HARMONY_OK)
		status = take_digits(m, "administration", m->administration,
				     sizeof(m->administration), false, error);
	if (status == HARMONY_OK)
		status = take_number(m, "name_max", &m->name_max, error);
	if (status == HARMONY_OK)
		status = take_number(m, "description_max", &m->description_max, error);
	return status == HARMONY_OK ? harmony__http_check_url(m->url, error) : status;
}

static harmony_status make_oauth(minox *m, harmony_error *error)
{
	char authorize[320], token[320];
	harmony__oauth2_options options = {.authorize_url = authorize,
					   .token_url = token,
					   .client_id = setting(m, "client_id"),
					   .client_secret = setting(m, "client_secret"),
					   .redirect_uri = setting(m, "redirect_uri"),
					   .scope = setting(m, "scope"),
					   .style = is_set(m, "token_request", "form")
							? HARMONY__OAUTH2_BODY
							: HARMONY__OAUTH2_JSON,
					   .lifetime = 10 * MINUTE_MS};
	size_t len = strlen(m->url);

	memcpy(authorize, m->url, len);
	memcpy(authorize + len, "/oauth/authorize", 17);
	memcpy(token, m->url, len);
	memcpy(token + len, "/oauth/token", 13);
	return harmony__oauth2_new(&m->oauth, m->http, m->host, m->limits, &options, error);
}

static void minox_close(void *instance)
{
	minox *m = instance;

	if (!m)
		return;
	harmony__oauth2_free(m->oauth);
	harmony__limits_free(m->limits);
	harmony__http_free(m->http);
	minox_tables_free(m);
	harmony__free(m->context, m);
}

static harmony_status minox_open(void **instance, const harmony_host *host, harmony_error *error)
{
	minox *m = harmony__zalloc(host->context, sizeof(*m));
	const char *ca_file = host->setting ? host->setting("ca_file", host->user) : NULL;
	harmony_status status;

	*instance = NULL;
	if (!m)
		return harmony__nomem(error);
	m->host = host;
	m->context = host->context;
	minox_tables_init(m);
	status = take_settings(m, error);
	if (status == HARMONY_OK)
		status = harmony__http_new(&m->http, host, ca_file, error);
	if (status == HARMONY_OK)
		status = harmony__limits_new(&m->limits, host, "limits", limits, error);
	if (status == HARMONY_OK)
		status = make_oauth(m, error);
	if (status != HARMONY_OK)
		minox_close(m);
	else
		*instance = m;
	return status;
}

/* ---- offering -------------------------------------------------------------------------------- */

static harmony_status minox_offer(void *instance, const harmony_record *const *records,
				  size_t count, harmony_verdict *verdicts, harmony_error *error)
{
	harmony_status status = HARMONY_OK;

	for (size_t i = 0; i < count && status == HARMONY_OK; i++) {
		harmony_kind kind = harmony_record_kind(records[i]);
		if (HARMONY_BIT(kind) & HARMONY_PARTIES)
			status = minox_offer_party(instance, records[i], &verdicts[i], error);
		else if (kind != HARMONY_BANK_ENTRY)
			status = minox_offer_entry(instance, records[i], &verdicts[i], error);
		else
			harmony_verdict_set(
			    &verdicts[i], HARMONY_OUTCOME_REJECTED, "unsupported_kind", "kind",
			    "Minox takes no %s from here; book it there", harmony_kind_word(kind));
	}
	return status;
}

static harmony_status preview_entry(minox *m, const harmony_record *record, harmony__buf *out,
				    harmony_verdict *verdict, harmony_error *error)
{
	harmony__buf path, body;
	harmony_status status;

	harmony__buf_init(&path, m->context, MINOX_MAX_PATH);
	harmony__buf_init(&body, m->context, HARMONY_MAX_ENTRY);
	status = minox_entry_body(m, record, &path, &body, verdict, error);
	if (status == HARMONY_OK && verdict->outcome == HARMONY_OUTCOME_NONE) {
		harmony__buf_str(out, "PUT ");
		minox_address(out, m, path.data);
		harmony__buf_char(out, '\n');
		harmony__buf_add(out, body.data, body.len);
		harmony__buf_char(out, '\n');
	}
	harmony__buf_free(&body);
	harmony__buf_free(&path);
	return status;
}

static harmony_status minox_preview(void *instance, const harmony_record *record,
				    harmony_write_fn write, void *user, harmony_error *error)
{
	minox *m = instance;
	harmony_kind kind = harmony_record_kind(record);
	harmony_verdict verdict = HARMONY_VERDICT_INIT;
	harmony__buf out;
	harmony_status status;

	if (kind == HARMONY_BANK_ENTRY)
		return harmony_error_set(error, HARMONY_REJECTED, "unsupported_kind",
					 "Minox takes no bank entries from here; book them there");
	harmony__buf_init(&out, m->context, HARMONY_MAX_ENTRY);
	status = HARMONY_BIT(kind) & HARMONY_PARTIES
		     ? minox_preview_party(m, record, &out, &verdict, error)
		     : preview_entry(m, record, &out, &verdict, error);
	if (status == HARMONY_OK && verdict.outcome != HARMONY_OUTCOME_NONE)
		status =
		    harmony_error_set(error, HARMONY_REJECTED, verdict.code, "%s", verdict.message);
	if (status == HARMONY_OK)
		status = harmony__buf_check(&out, "the request", error);
	if (status == HARMONY_OK && out.len > 0)
		status = write(out.data, out.len, user);
	harmony__buf_free(&out);
	return status;
}

/* ---- login -------------------------------------------------------------------------------------
 */

static harmony_status minox_login_url(void *instance, char *buffer, size_t size, const char *state,
				      harmony_error *error)
{
	return harmony__oauth2_url(((minox *)instance)->oauth, buffer, size, state, error);
}

static harmony_status minox_login_code(void *instance, const char *code, harmony_error *error)
{
	return harmony__oauth2_code(((minox *)instance)->oauth, code, error);
}

static harmony_status minox_login_token(void *instance, const char *refresh_token,
					harmony_error *error)
{
	return harmony__oauth2_adopt(((minox *)instance)->oauth, refresh_token, error);
}

static harmony_status minox_keep_alive(void *instance, int64_t *next, harmony_error *error)
{
	return harmony__oauth2_keep_alive(((minox *)instance)->oauth, next, error);
}

static harmony_status minox_report(void *instance, harmony_write_fn write, void *user,
				   harmony_error *error)
{
	minox *m = instance;
	harmony__buf text;
	harmony_status status;

	harmony__buf_init(&text, m->context, 65536);
	harmony__buf_str(&text, "{\"login\":");
	status = harmony__oauth2_report(m->oauth, &text);
	harmony__buf_str(&text, ",\"limits\":");
	if (status == HARMONY_OK)
		status = harmony__limits_report(m->limits, &text);
	harmony__buf_str(&text, "}");
	if (status == HARMONY_OK)
		status = harmony__buf_check(&text, "the report", error);
	if (status == HARMONY_OK)
		status = write(text.data, text.len, user);
	harmony__buf_free(&text);
	return status;
}

const harmony_connector harmony__minox = {
    .struct_size = sizeof(harmony_connector),
    .abi = HARMONY_CONNECTOR_ABI,
    .name = "minox",
    .long_name = "Minox",
    .version = "1",
    .description = "Minox Boekhouden Online's REST API",
    .capabilities = HARMONY_PARTIES | HARMONY_INVOICES | HARMONY_BIT(HARMONY_MEMORIAL) |
		    HARMONY_CAN_LOGIN | HARMONY_CAN_READ_BACK | HARMONY_CAN_PREVIEW |
		    HARMONY_CAN_FIND,
    .batch_max = 1,
    .keys = keys,
    .open = minox_open,
    .close = minox_close,
    .offer = minox_offer,
    .find = minox_find,
    .outstanding = minox_outstanding,
    .check = minox_check,
    .read_back = minox_read_back,
    .preview = minox_preview,
    .login_url = minox_login_url,
    .login_code = minox_login_code,
    .login_token = minox_login_token,
    .keep_alive = minox_keep_alive,
    .report = minox_report};
