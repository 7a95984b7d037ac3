/* SPDX-License-Identifier: MIT */
#include "connectors/exact_online/exact.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

/* Until the headers of an answer say otherwise. Of the errors, 8 of the 10 an hour that
   Exact bears are used. */
static const harmony__limit limits[] = {{"minute", MINUTE_MS, 60, 0, false},
					{"day", DAY_MS, 5000, 0, false},
					{"errors", HOUR_MS, 10, 2, false},
					{"token", DAY_MS, 200, 5, false},
					{NULL, 0, 0, 0, false}};

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
    {"exchange_rate", HARMONY_KEY_CHOICE, 0, 0, "send|omit", "send",
     "send the exchange rate with a foreign currency, or leave it to Exact Online"},
    {"empty_vat", HARMONY_KEY_CHOICE, 0, 0, "send|omit", "send",
     "whether an invoice line without VAT code says so, or takes the ledger account's own code"},
    {"vat_inclusive", HARMONY_KEY_CHOICE, 0, 0, "no|yes|net", "no",
     "allow VAT codes that include VAT: amounts are sent with it, or without (net)"},
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

static harmony_status take_settings(exact *x, harmony_error *error)
{
	static const int signs[] = {0, 1, -1}; /* auto, positive, negative */
	harmony__frame *f = &x->frame;
	const char *division = harmony__frame_setting(f, "administration");
	const struct {
		const char *key;
		size_t *size;
	} sizes[] = {{"name_max", &x->name_max},
		     {"description_max", &x->description_max},
		     {"reference_max", &x->reference_max}};
	harmony_status status = HARMONY_OK;

	if (strspn(division, "0123456789") != strlen(division) ||
	    strlen(division) >= sizeof(x->division))
		return harmony_error_set(
		    error, HARMONY_CONFIG, NULL,
		    "administration = %s: write the division's number, as the address of "
		    "Exact Online shows it (_Division_=)",
		    division);
	harmony__copy_text(x->division, sizeof(x->division), division, strlen(division));
	x->file_period = harmony__frame_is(f, "period", "file");
	x->send_number = harmony__frame_is(f, "entry_number", "send");
	x->send_id = harmony__frame_is(f, "entry_id", "send");
	x->send_type = harmony__frame_is(f, "credit_type", "send");
	x->read_lines = harmony__frame_is(f, "read_back", "lines");
	x->allow_inclusive = !harmony__frame_is(f, "vat_inclusive", "no");
	x->net = harmony__frame_is(f, "vat_inclusive", "net");
	x->payables_sign = signs[harmony__frame_choice(f, "payables_sign")];
	x->empty_vat = harmony__frame_is(f, "empty_vat", "send");
	x->send_rate = harmony__frame_is(f, "exchange_rate", "send");
	f->count_500 = harmony__frame_is(f, "count_500", "yes");
	for (size_t i = 0; i < HARMONY__COUNT(sizes) && status == HARMONY_OK; i++)
		status = harmony__frame_number(f, sizes[i].key, sizes[i].size, error);
	return status;
}

/* "Rate limit exceeded: access_token not expired": the token at hand still works. */
static bool too_early(int status, const char *error, const char *description)
{
	return strstr(description, "not expired") != NULL;
}

static harmony_status take(void *instance, harmony_error *error)
{
	exact *x = instance;
	harmony__oauth2_options options = {.style = HARMONY__OAUTH2_BODY,
					   .lifetime = 10 * MINUTE_MS,
					   .refresh_lifetime = 30 * DAY_MS,
					   .keep_alive = 7 * DAY_MS,
					   .plain_slashes = true,
					   .too_early = too_early};
	size_t age = 0;
	harmony_status status = take_settings(x, error);

	if (status == HARMONY_OK)
		status = harmony__frame_number(&x->frame, "token_age", &age, error);
	options.minimum_age = (int64_t)age * 1000;
	return status == HARMONY_OK ? harmony__frame_login(&x->frame, "/api/oauth2/auth",
							   "/api/oauth2/token", &options, error)
				    : status;
}

/* ---- offering ------------------------------------------------------------------------------- */

static harmony_status offer(harmony__frame *f, const harmony_record *record,
			    harmony_verdict *verdict, harmony_error *error)
{
	exact *x = (exact *)f;

	return harmony__is_party(record) ? exact_offer_party(x, record, verdict, error)
					 : exact_offer_entry(x, record, verdict, error);
}

static harmony_status draft(harmony__frame *f, const harmony_record *record, harmony__buf *body,
			    harmony_verdict *verdict, harmony_error *error)
{
	exact *x = (exact *)f;
	bool changes;

	return harmony__is_party(record)
		   ? exact_party_body(x, record, NULL, body, &changes, verdict, error)
		   : exact_entry_body(x, record, body, verdict, error);
}

static harmony_status preview(harmony__frame *f, const harmony_record *record, harmony__buf *out,
			      harmony_verdict *verdict, harmony_error *error)
{
	exact *x = (exact *)f;
	harmony_status status = exact_ready(f, error);

	if (status != HARMONY_OK)
		return status;
	if (harmony__is_party(record))
		return exact_preview_party(x, record, out, verdict, error);
	harmony__buf_printf(out, "POST %s/api/v1/%s/%s\n", f->url, x->division,
			    exact_entry_path(harmony_record_kind(record)));
	status = exact_entry_body(x, record, out, verdict, error);
	harmony__buf_char(out, '\n');
	return status;
}

static void describe(const harmony__frame *f, harmony__buf *out)
{
	harmony__buf_printf(out, "division %s, at %s", ((const exact *)f)->division, f->url);
}

/* ---- the package ---------------------------------------------------------------------------- */

#define KINDS (HARMONY_PARTIES | HARMONY_INVOICES | HARMONY_BIT(HARMONY_MEMORIAL))

static const char *const windows[] = {"minute", "day", NULL};

/* When one limit is reached, only its own headers are sent. */
static const harmony__limit_headers limit_headers[] = {
    {"minute", "X-RateLimit-Minutely-Limit", "X-RateLimit-Minutely-Remaining",
     "X-RateLimit-Minutely-Reset"},
    {"day", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"},
    {NULL, NULL, NULL, NULL}};

static const harmony__http_header headers[] = {
    {"Accept", "application/json"}, {"Prefer", "return=representation"}, {NULL, NULL}};

static const harmony__package package = {
    .name = "Exact Online",
    .url = "https://start.exactonline.nl",
    .instance_size = sizeof(exact),
    .thing_size = sizeof(exact_thing),
    .kinds = KINDS,
    .keys = keys,
    .sources = exact_sources,
    .source_count = EXACT_TABLES,
    .customers = EXACT_PARTIES,
    .suppliers = EXACT_PARTIES,
    .remedies = exact_remedies,
    .remedy_count = EXACT_REMEDIES,
    .no_right = "give the user the right and the app the scope, and check the division in "
		"`administration`",
    .explained_500 = true,
    .headers = headers,
    .limits = limits,
    .windows = windows,
    .limit_headers = limit_headers,
    .bare_wait = MINUTE_MS,
    .open = take,
    .ready = exact_ready,
    .load = exact_load,
    .offer = offer,
    .preview = preview,
    .draft = draft,
    .describe = describe,
    .place = exact_place,
    .words = exact_words,
    .rows = exact_list,
    .next = exact_next};

static harmony_status exact_open(void **instance, const harmony_host *host, harmony_error *error)
{
	return harmony__frame_open(instance, host, &package, error);
}

const harmony_connector harmony__exact_online = {
    .struct_size = sizeof(harmony_connector),
    .abi = HARMONY_CONNECTOR_ABI,
    .name = "exact-online",
    .long_name = "Exact Online",
    .version = "1",
    .description = "Exact Online's REST API, in any of its countries",
    .capabilities =
	KINDS | HARMONY_CAN_LOGIN | HARMONY_CAN_READ_BACK | HARMONY_CAN_PREVIEW | HARMONY_CAN_FIND,
    .batch_max = 1,
    /* refusals_allowed stays 0: Exact counts errors per endpoint, and most refusals are ours,
       before anything is sent. The frame keeps that allowance. */
    .keys = keys,
    .open = exact_open,
    .close = harmony__frame_close,
    .offer = harmony__frame_offer,
    .find = exact_find,
    .outstanding = exact_outstanding,
    .check = harmony__frame_check,
    .read_back = exact_read_back,
    .preview = harmony__frame_preview,
    .login_url = harmony__frame_login_url,
    .login_code = harmony__frame_login_code,
    .login_token = harmony__frame_login_token,
    .keep_alive = harmony__frame_keep_alive,
    .report = harmony__frame_report};
