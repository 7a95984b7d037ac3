/* SPDX-License-Identifier: MIT */
#include "connectors/twinfield/twinfield.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

#define LOGIN "/auth/authentication/connect"

/* Until a setting or the headers of an answer say otherwise. Who is told to wait longer than
   a window lasts is shut out for that time. When Twinfield's minutes begin is not known. */
static const harmony__limit limits[] = {{"credits", MINUTE_MS, 500, 0, true},
					{"shut_out", DAY_MS, 1000000, 0, false},
					{"token", DAY_MS, 1000000, 0, false},
					{NULL, 0, 0, 0, false}};
static const char *const windows[] = {"credits", "shut_out", NULL};
static const harmony__limit_headers limit_headers[] = {
    {"credits", "X-RateLimit-Limit", "X-RateLimit-Remaining", NULL}, {NULL, NULL, NULL, NULL}};

static const harmony__source sources[TWINFIELD_TABLES] = {
    [TWINFIELD_JOURNALS] = {NULL, "journals", "daybook", "daybooks", "unknown_journal", false},
    [TWINFIELD_ACCOUNTS] = {NULL, "accounts", "ledger account", "ledger accounts",
			    "unknown_account", false},
    [TWINFIELD_VAT] = {NULL, "vat", "VAT code", "VAT codes", "unknown_vat_code", false},
    [TWINFIELD_CENTRES] = {"KPL", "cost_centres", "cost centre", "cost centres",
			   "unknown_cost_centre", false},
    [TWINFIELD_PROJECTS] = {"PRJ", "cost_units", "project", "projects", "unknown_cost_unit", false},
    [TWINFIELD_CUSTOMERS] = {"DEB", NULL, "customer", "customers", "unknown_party", false},
    [TWINFIELD_SUPPLIERS] = {"CRD", NULL, "supplier", "suppliers", "unknown_party", false}};

static const harmony_key keys[] = {
    {"destiny", HARMONY_KEY_CHOICE, 0, 0, "temporary|final", "temporary",
     "book provisionally, so that entries can be mended in Twinfield, or for good"},
    {"receivable_account", HARMONY_KEY_TEXT, 0, 0, NULL, NULL,
     "the account that customers owe on; without it, the customer's own"},
    {"payable_account", HARMONY_KEY_TEXT, 0, 0, NULL, NULL,
     "the account that suppliers are owed on; without it, the supplier's own"},
    {"total_dim1", HARMONY_KEY_CHOICE, 0, 0, "empty|omit", "empty",
     "how the relation's own account is asked for: by an empty dim1, or by none"},
    {"company_id", HARMONY_KEY_CHOICE, 0, 0, "nil|omit", "nil",
     "send CompanyId as nil, as the WSDL has it, or leave it out"},
    {"batch", HARMONY_KEY_NUMBER, 0, 0, NULL, "25", "most records of one request, 1 to 25"},
    {"date_warning", HARMONY_KEY_CHOICE, 0, 0, "refuse|silence", "refuse",
     "whether a date outside its period is refused; the guard against double invoices stays on"},
    {"memorial_key", HARMONY_KEY_CHOICE, 0, 0, "freetext1|freetext2|freetext3|invoicenumber|none",
     "freetext1",
     "where a memorial carries the key that it is found again by; the daybook must allow it"},
    {"period", HARMONY_KEY_CHOICE, 0, 0, "date|file", "date",
     "whether the period is that of the entry's date, or the one in the file"},
    {"exchange_rate", HARMONY_KEY_CHOICE, 0, 0, "send|omit", "send",
     "send the exchange rate with each line, or leave it to Twinfield"},
    {"read_back", HARMONY_KEY_CHOICE, 0, 0, "answer|lines", "answer",
     "compare with the answer to the booking, or read the transaction, too (a call each)"},
    {"browse", HARMONY_KEY_CHOICE, 0, 0, "auto|new|old", "auto",
     "list open items by 130_3 and 230_2, by 100 and 200, or by what the office has"},
    {"open_daybooks", HARMONY_KEY_CHOICE, 0, 0, "invoices|all", "invoices",
     "list what is open in sales and purchase daybooks only, or loose payments, too"},
    {"credits", HARMONY_KEY_NUMBER, 0, 0, NULL, NULL,
     "credits a minute that Twinfield allows this client (25 for one that is not certified)"},
    {"name_max", HARMONY_KEY_NUMBER, 0, 0, NULL, "80", "most characters of a relation's name"},
    {"code_max", HARMONY_KEY_NUMBER, 0, 0, NULL, "16", "most characters of a relation's code"},
    {"description_max", HARMONY_KEY_NUMBER, 0, 0, NULL, "40", "most characters of a description"},
    {"reference_max", HARMONY_KEY_NUMBER, 0, 0, NULL, "40",
     "most characters of an invoice number or payment reference"},
    {NULL, 0, 0, 0, NULL, NULL, NULL}};

/* ---- settings ------------------------------------------------------------------------ */

static harmony_status take_text(twinfield *t, const char *key, char *to, size_t size,
				harmony_error *error)
{
	const char *text = harmony__frame_setting(&t->frame, key);

	if (strlen(text) >= size)
		return harmony_error_set(error, HARMONY_CONFIG, NULL,
					 "%s = %s: write the code, as Twinfield shows it", key,
					 text);
	harmony__copy_text(to, size, text, strlen(text));
	return HARMONY_OK;
}

static harmony_status take_sizes(twinfield *t, harmony_error *error)
{
	const struct {
		const char *key;
		size_t *size;
	} sizes[] = {{"batch", &t->batch},
		     {"name_max", &t->name_max},
		     {"code_max", &t->code_max},
		     {"description_max", &t->description_max},
		     {"reference_max", &t->reference_max}};
	harmony_status status = HARMONY_OK;

	for (size_t i = 0; i < HARMONY__COUNT(sizes) && status == HARMONY_OK; i++)
		status = harmony__frame_number(&t->frame, sizes[i].key, sizes[i].size, error);
	if (status == HARMONY_OK && (t->batch < 1 || t->batch > TWINFIELD_BATCH))
		status = harmony_error_set(error, HARMONY_CONFIG, NULL,
					   "batch = %zu: write a number from 1 to %d", t->batch,
					   TWINFIELD_BATCH);
	return status;
}

/* What the setting says counts until a header says otherwise. */
static harmony_status take_credits(twinfield *t, harmony_error *error)
{
	size_t credits = 0;
	harmony_status status;

	if (!*harmony__frame_setting(&t->frame, "credits"))
		return HARMONY_OK;
	status = harmony__frame_number(&t->frame, "credits", &credits, error);
	if (status == HARMONY_OK && credits < 3)
		status = harmony_error_set(error, HARMONY_CONFIG, NULL,
					   "credits = %zu: a booking costs 3, write how many a "
					   "minute Twinfield allows",
					   credits);
	if (status == HARMONY_OK)
		harmony__limits_learn(t->frame.limits, "credits", (int64_t)credits, -1, -1);
	return status;
}

static void take_choices(twinfield *t)
{
	const harmony__frame *f = &t->frame;

	t->nil_company = harmony__frame_is(f, "company_id", "nil");
	t->omit_dim1 = harmony__frame_is(f, "total_dim1", "omit");
	t->final = harmony__frame_is(f, "destiny", "final");
	t->silent_dates = harmony__frame_is(f, "date_warning", "silence");
	t->send_rate = harmony__frame_is(f, "exchange_rate", "send");
	t->file_period = harmony__frame_is(f, "period", "file");
	t->read_lines = harmony__frame_is(f, "read_back", "lines");
	t->all_daybooks = harmony__frame_is(f, "open_daybooks", "all");
	t->browse = harmony__frame_choice(f, "browse");
	t->memorial_key = harmony__frame_choice(f, "memorial_key");
}

static harmony_status twinfield_settings(void *instance, harmony_error *error)
{
	twinfield *t = instance;
	harmony__oauth2_options options = {
	    .scope = "openid offline_access twf.organisation twf.organisationUser twf.user",
	    .style = HARMONY__OAUTH2_BASIC,
	    .lifetime = HOUR_MS};
	harmony_status status = take_text(t, "administration", t->office, sizeof(t->office), error);

	take_choices(t);
	if (status == HARMONY_OK)
		status = take_text(t, "receivable_account", t->receivable, sizeof(t->receivable),
				   error);
	if (status == HARMONY_OK)
		status = take_text(t, "payable_account", t->payable, sizeof(t->payable), error);
	if (status == HARMONY_OK)
		status = take_sizes(t, error);
	if (status == HARMONY_OK)
		status = take_credits(t, error);
	return status == HARMONY_OK ? harmony__frame_login(&t->frame, LOGIN "/authorize",
							   LOGIN "/token", &options, error)
				    : status;
}

static void twinfield_describe(const harmony__frame *f, harmony__buf *out)
{
	const twinfield *t = (const twinfield *)f;

	harmony__buf_printf(out, "office %s, at %s", t->office, t->cluster);
}

/* ---- the connector ------------------------------------------------------------------- */

#define KINDS (HARMONY_PARTIES | HARMONY_INVOICES | HARMONY_BIT(HARMONY_MEMORIAL))

static const harmony__package package = {
    .name = "Twinfield",
    .url = "https://login.twinfield.com",
    .instance_size = sizeof(twinfield),
    .thing_size = sizeof(twinfield_thing),
    .kinds = KINDS,
    .keys = keys,
    .sources = sources,
    .source_count = TWINFIELD_TABLES,
    .customers = TWINFIELD_CUSTOMERS,
    .suppliers = TWINFIELD_SUPPLIERS,
    .no_right = "give the user access to the office, and see `administration`",
    .bad_request = "it may want the other of `company_id`",
    .limits = limits,
    .windows = windows,
    .limit_headers = limit_headers,
    .bare_wait = MINUTE_MS,
    .longest_wait = 2 * MINUTE_MS,
    .long_window = "shut_out",
    .open = twinfield_settings,
    .ready = twinfield_ready,
    .load = twinfield_load,
    .preview = twinfield_preview,
    .draft = twinfield_draft,
    .describe = twinfield_describe,
    .words = twinfield_words,
    .sign = twinfield_sign,
    .judge = twinfield_judge};

static harmony_status twinfield_open(void **instance, const harmony_host *host,
				     harmony_error *error)
{
	return harmony__frame_open(instance, host, &package, error);
}

/* Twinfield's consent wants a nonce; what comes back with an id_token is not looked at, so the
   state, which is as random, serves. */
static harmony_status twinfield_login_url(void *instance, char *buffer, size_t size,
					  const char *state, harmony_error *error)
{
	harmony__frame *f = instance;
	harmony__buf url;
	harmony_status status = harmony__frame_login_url(instance, buffer, size, state, error);

	if (status != HARMONY_OK)
		return status;
	harmony__buf_init(&url, f->context, size - 1);
	harmony__buf_printf(&url, "%s&nonce=", buffer);
	harmony__http_escape(&url, state, strlen(state));
	status = harmony__buf_check(&url, "the address of the login", error);
	if (status == HARMONY_OK)
		memcpy(buffer, url.data, url.len + 1);
	harmony__buf_free(&url);
	return status;
}

const harmony_connector harmony__twinfield = {
    .struct_size = sizeof(harmony_connector),
    .abi = HARMONY_CONNECTOR_ABI,
    .name = "twinfield",
    .long_name = "Twinfield",
    .version = "1",
    .description = "Twinfield's SOAP services, in batches",
    .capabilities = KINDS | HARMONY_CAN_LOGIN | HARMONY_CAN_READ_BACK | HARMONY_CAN_PREVIEW |
		    HARMONY_CAN_BATCH | HARMONY_CAN_FIND,
    .batch_max = TWINFIELD_BATCH,
    .keys = keys,
    .open = twinfield_open,
    .close = harmony__frame_close,
    .offer = twinfield_offer,
    .find = twinfield_find,
    .outstanding = twinfield_outstanding,
    .check = harmony__frame_check,
    .read_back = twinfield_read_back,
    .preview = harmony__frame_preview,
    .login_url = twinfield_login_url,
    .login_code = harmony__frame_login_code,
    .login_token = harmony__frame_login_token,
    .keep_alive = harmony__frame_keep_alive,
    .report = harmony__frame_report};
