/* SPDX-License-Identifier: MIT */
#include "connectors/exact_online/exact.h"

#include "connectors/connectors.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

/* Until the headers of an answer say otherwise. Of the errors, 8 of the 10 an hour that
   Exact bears are used. */
static const harmony__limit limits[] = {{"minute", MINUTE_MS, 60, 0},
					{"day", DAY_MS, 5000, 0},
					{"errors", HOUR_MS, 10, 2},
					{"token", DAY_MS, 200, 5},
					{NULL, 0, 0, 0}};

static const harmony_key keys[] = {
    {"period", HARMONY_KEY_CHOICE, 0, 0, "date|file", "date",
     "whether the period is that of the entry's date, or the one in the file"},
    {"entry_number", HARMONY_KEY_CHOICE, 0, 0, "omit|send", "omit",
     "send our entry number as Exact's; its journal must allow that"},
    {"entry_id", HARMONY_KEY_CHOICE, 0, 0, "omit|send", "omit",
     "send an EntryID made from the natural key (not verified that Exact keeps it)"},
    {"credit_type", HARMONY_KEY_CHOICE, 0, 0, "omit|send", "omit",
     "send the type of a credit note (read-only in Exact's own documentation)"},
    {"read_back", HARMONY_KEY_CHOICE, 0, 0, "answer|lines", "answer",
     "compare with the answer to the booking, or fetch the lines of invoices, too (a call each)"},
    {"empty_vat", HARMONY_KEY_CHOICE, 0, 0, "send|omit", "send",
     "whether an invoice line without VAT code says so, or takes the ledger account's own code"},
    {"vat_inclusive", HARMONY_KEY_FLAG, 0, 0, NULL, "no", "allow VAT codes that include VAT"},
    {"count_500", HARMONY_KEY_FLAG, 0, 0, NULL, "no",
     "whether Exact's validation errors (HTTP 500) burn its error allowance, as 400 to 404 do"},
    {"token_age", HARMONY_KEY_NUMBER, 0, 0, NULL, "570",
     "seconds before Exact gives another access token"},
    {"payables_sign", HARMONY_KEY_CHOICE, 0, 0, "auto|positive|negative", "auto",
     "the sign that an open purchase invoice has in Exact's list of payments"},
    {"name_max", HARMONY_KEY_NUMBER, 0, 0, NULL, "50", "most characters of a relation's name"},
    {"description_max", HARMONY_KEY_NUMBER, 0, 0, NULL, "60", "most characters of a description"},
    {"reference_max", HARMONY_KEY_NUMBER, 0, 0, NULL, "35", "most characters of a reference"},
    {NULL, 0, 0, 0, NULL, NULL, NULL}};

/* ---- settings ------------------------------------------------------------------------------- */

static const char *setting(const exact *x, const char *key)
{
	const char *value = x->host->setting ? x->host->setting(key, x->host->user) : NULL;
	const harmony_key *known = harmony_key_find(keys, key);

	return value && *value ? value : known && known->fallback ? known->fallback : "";
}

static bool is_set(const exact *x, const char *key, const char *to)
{
	return strcmp(setting(x, key), to) == 0;
}

static harmony_status take_number(const exact *x, const char *key, uint64_t *out,
				  harmony_error *error)
{
	const char *text = setting(x, key);
	harmony__cursor cursor = harmony__cursor_over(text, strlen(text));

	if (harmony__cursor_digits(&cursor, 5, out) == 0 || !harmony__cursor_done(&cursor))
		return harmony_error_set(error, HARMONY_CONFIG, NULL,
					 "%s = %s: write a number, such as %s", key, text,
					 harmony_key_find(keys, key)->fallback);
	return HARMONY_OK;
}

static harmony_status take_numbers(exact *x, harmony_error *error)
{
	const struct {
		const char *key;
		size_t *size;
	} sizes[] = {{"name_max", &x->name_max},
		     {"description_max", &x->description_max},
		     {"reference_max", &x->reference_max}};
	uint64_t number = 0;
	harmony_status status = take_number(x, "token_age", &number, error);

	x->token_age = (int64_t)number * 1000;
	for (size_t i = 0; i < HARMONY__COUNT(sizes) && status == HARMONY_OK; i++) {
		status = take_number(x, sizes[i].key, &number, error);
		*sizes[i].size = (size_t)number;
	}
	return status;
}

static harmony_status take_settings(exact *x, harmony_error *error)
{
	const char *url = setting(x, "url");
	const char *division = setting(x, "administration");
	harmony_status status;

	if (!*url)
		url = "https://start.exactonline.nl";
	harmony__copy_text(x->url, sizeof(x->url), url, strlen(url));
	if (x->url[strlen(x->url) - 1] == '/')
		x->url[strlen(x->url) - 1] = '\0';
	if (strspn(division, "0123456789") != strlen(division) ||
	    strlen(division) >= sizeof(x->division))
		return harmony_error_set(
		    error, HARMONY_CONFIG, NULL,
		    "administration = %s: write the division's number, as the address of "
		    "Exact Online shows it (_Division_=)",
		    division);
	harmony__copy_text(x->division, sizeof(x->division), division, strlen(division));
	x->file_period = is_set(x, "period", "file");
	x->send_number = is_set(x, "entry_number", "send");
	x->send_id = is_set(x, "entry_id", "send");
	x->send_type = is_set(x, "credit_type", "send");
	x->read_lines = is_set(x, "read_back", "lines");
	x->allow_inclusive = is_set(x, "vat_inclusive", "yes");
	x->payables_sign = is_set(x, "payables_sign", "positive")   ? 1
			   : is_set(x, "payables_sign", "negative") ? -1
								    : 0;
	x->empty_vat = is_set(x, "empty_vat", "send");
	x->count_500 = is_set(x, "count_500", "yes");
	status = take_numbers(x, error);
	return status == HARMONY_OK ? harmony__http_check_url(x->url, error) : status;
}

/* "Rate limit exceeded: access_token not expired": the token at hand still works. */
static bool too_early(int status, const char *error, const char *description)
{
	return strstr(description, "not expired") != NULL;
}

static harmony_status make_oauth(exact *x, harmony_error *error)
{
	char authorize[320], token[320];
	harmony__oauth2_options options = {.authorize_url = authorize,
					   .token_url = token,
					   .client_id = setting(x, "client_id"),
					   .client_secret = setting(x, "client_secret"),
					   .redirect_uri = setting(x, "redirect_uri"),
					   .style = HARMONY__OAUTH2_BODY,
					   .lifetime = 10 * MINUTE_MS,
					   .minimum_age = x->token_age,
					   .refresh_lifetime = 30 * DAY_MS,
					   .keep_alive = 7 * DAY_MS,
					   .plain_slashes = true,
					   .too_early = too_early};
	size_t len = strlen(x->url);

	memcpy(authorize, x->url, len);
	memcpy(authorize + len, "/api/oauth2/auth", 17);
	memcpy(token, x->url, len);
	memcpy(token + len, "/api/oauth2/token", 18);
	return harmony__oauth2_new(&x->oauth, x->http, x->host, x->limits, &options, error);
}

static void exact_close(void *instance)
{
	exact *x = instance;

	if (!x)
		return;
	harmony__oauth2_free(x->oauth);
	harmony__limits_free(x->limits);
	harmony__http_free(x->http);
	exact_tables_free(x);
	harmony__free(x->context, x);
}

static harmony_status exact_open(void **instance, const harmony_host *host, harmony_error *error)
{
	exact *x = harmony__zalloc(host->context, sizeof(*x));
	const char *ca_file = host->setting ? host->setting("ca_file", host->user) : NULL;
	harmony_status status;

	*instance = NULL;
	if (!x)
		return harmony__nomem(error);
	x->host = host;
	x->context = host->context;
	exact_tables_init(x);
	status = take_settings(x, error);
	if (status == HARMONY_OK)
		status = harmony__http_new(&x->http, host, ca_file, error);
	if (status == HARMONY_OK)
		status = harmony__limits_new(&x->limits, host, "limits", limits, error);
	if (status == HARMONY_OK)
		status = make_oauth(x, error);
	if (status != HARMONY_OK)
		exact_close(x);
	else
		*instance = x;
	return status;
}

/* ---- offering ------------------------------------------------------------------------------- */

static harmony_status exact_offer(void *instance, const harmony_record *const *records,
				  size_t count, harmony_verdict *verdicts, harmony_error *error)
{
	harmony_status status = HARMONY_OK;

	for (size_t i = 0; i < count && status == HARMONY_OK; i++) {
		harmony_kind kind = harmony_record_kind(records[i]);
		if (kind == HARMONY_CUSTOMER || kind == HARMONY_SUPPLIER)
			status = exact_offer_party(instance, records[i], &verdicts[i], error);
		else if (exact_entry_path(kind))
			status = exact_offer_entry(instance, records[i], &verdicts[i], error);
		else
			harmony_verdict_set(&verdicts[i], HARMONY_OUTCOME_REJECTED,
					    "unsupported_kind", "kind",
					    "Exact Online takes no %s from here; book it there",
					    harmony_kind_word(kind));
	}
	return status;
}

static harmony_status preview_entry(exact *x, const harmony_record *record, harmony__buf *out,
				    harmony_verdict *verdict, harmony_error *error)
{
	harmony_status status = exact_division(x, error);

	if (status != HARMONY_OK)
		return status;
	harmony__buf_printf(out, "POST %s/api/v1/%s/%s\n", x->url, x->division,
			    exact_entry_path(harmony_record_kind(record)));
	status = exact_entry_body(x, record, out, verdict, error);
	harmony__buf_char(out, '\n');
	return status;
}

static harmony_status exact_preview(void *instance, const harmony_record *record,
				    harmony_write_fn write, void *user, harmony_error *error)
{
	exact *x = instance;
	harmony_kind kind = harmony_record_kind(record);
	harmony_verdict verdict = HARMONY_VERDICT_INIT;
	harmony__buf out;
	harmony_status status;

	if (kind == HARMONY_BANK_ENTRY)
		return harmony_error_set(
		    error, HARMONY_REJECTED, "unsupported_kind",
		    "Exact Online takes no bank entries from here; book them there");
	harmony__buf_init(&out, x->context, HARMONY_MAX_ENTRY);
	status = exact_entry_path(kind) ? preview_entry(x, record, &out, &verdict, error)
					: exact_preview_party(x, record, &out, &verdict, error);
	if (status == HARMONY_OK && verdict.outcome == HARMONY_OUTCOME_REJECTED)
		status =
		    harmony_error_set(error, HARMONY_REJECTED, verdict.code, "%s", verdict.message);
	if (status == HARMONY_OK)
		status = harmony__buf_check(&out, "the request", error);
	if (status == HARMONY_OK && out.len > 0)
		status = write(out.data, out.len, user);
	harmony__buf_free(&out);
	return status;
}

/* ---- login -------------------------------------------------------------------------------- */

static harmony_status exact_login_url(void *instance, char *buffer, size_t size, const char *state,
				      harmony_error *error)
{
	return harmony__oauth2_url(((exact *)instance)->oauth, buffer, size, state, error);
}

static harmony_status exact_login_code(void *instance, const char *code, harmony_error *error)
{
	return harmony__oauth2_code(((exact *)instance)->oauth, code, error);
}

static harmony_status exact_login_token(void *instance, const char *refresh_token,
					harmony_error *error)
{
	return harmony__oauth2_adopt(((exact *)instance)->oauth, refresh_token, error);
}

static harmony_status exact_keep_alive(void *instance, int64_t *next, harmony_error *error)
{
	return harmony__oauth2_keep_alive(((exact *)instance)->oauth, next, error);
}

static harmony_status exact_report(void *instance, harmony_write_fn write, void *user,
				   harmony_error *error)
{
	exact *x = instance;
	harmony__buf text;
	harmony_status status;

	harmony__buf_init(&text, x->context, 65536);
	harmony__buf_str(&text, "{\"login\":");
	status = harmony__oauth2_report(x->oauth, &text);
	harmony__buf_str(&text, ",\"limits\":");
	if (status == HARMONY_OK)
		status = harmony__limits_report(x->limits, &text);
	harmony__buf_str(&text, "}");
	if (status == HARMONY_OK)
		status = harmony__buf_check(&text, "the report", error);
	if (status == HARMONY_OK)
		status = write(text.data, text.len, user);
	harmony__buf_free(&text);
	return status;
}

const harmony_connector harmony__exact_online = {
    .struct_size = sizeof(harmony_connector),
    .abi = HARMONY_CONNECTOR_ABI,
    .name = "exact-online",
    .long_name = "Exact Online",
    .version = "1",
    .description = "Exact Online's REST API, in any of its countries",
    .capabilities = HARMONY_PARTIES | HARMONY_INVOICES | HARMONY_BIT(HARMONY_MEMORIAL) |
		    HARMONY_CAN_LOGIN | HARMONY_CAN_READ_BACK | HARMONY_CAN_PREVIEW |
		    HARMONY_CAN_FIND,
    .batch_max = 1,
    /* refusals_allowed stays 0: Exact counts errors per endpoint, and most refusals are ours,
       before anything is sent. api.c keeps that allowance. */
    .keys = keys,
    .open = exact_open,
    .close = exact_close,
    .offer = exact_offer,
    .find = exact_find,
    .outstanding = exact_outstanding,
    .check = exact_check,
    .read_back = exact_read_back,
    .preview = exact_preview,
    .login_url = exact_login_url,
    .login_code = exact_login_code,
    .login_token = exact_login_token,
    .keep_alive = exact_keep_alive,
    .report = exact_report};
