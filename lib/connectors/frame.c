/* SPDX-License-Identifier: MIT */
#include "connectors/frame.h"

/* ---- settings -------------------------------------------------------------------------- */

const char *harmony__frame_setting(const harmony__frame *f, const char *key)
{
	const char *value = f->host->setting ? f->host->setting(key, f->host->user) : NULL;
	const harmony_key *known = harmony_key_find(f->package->keys, key);

	return value && *value ? value : known && known->fallback ? known->fallback : "";
}

bool harmony__frame_is(const harmony__frame *f, const char *key, const char *to)
{
	return strcmp(harmony__frame_setting(f, key), to) == 0;
}

int harmony__frame_choice(const harmony__frame *f, const char *key)
{
	const char *value = harmony__frame_setting(f, key);
	const harmony_key *known = harmony_key_find(f->package->keys, key);
	int which = 0;

	for (const char *at = known && known->choices ? known->choices : ""; *at; which++) {
		size_t len = strcspn(at, "|");
		if (strlen(value) == len && memcmp(at, value, len) == 0)
			return which;
		at += len + (at[len] == '|');
	}
	return 0;
}

harmony_status harmony__frame_number(const harmony__frame *f, const char *key, size_t *out,
				     harmony_error *error)
{
	const char *text = harmony__frame_setting(f, key);
	const harmony_key *known = harmony_key_find(f->package->keys, key);
	harmony__cursor cursor = harmony__cursor_over(text, strlen(text));
	uint64_t number = 0;

	if (harmony__cursor_digits(&cursor, 9, &number) == 0 || !harmony__cursor_done(&cursor))
		return harmony_error_set(error, HARMONY_CONFIG, NULL,
					 "%s = %s: write a number, such as %s", key, text,
					 known && known->fallback ? known->fallback : "50");
	*out = (size_t)number;
	return HARMONY_OK;
}

static harmony_status take_url(harmony__frame *f, harmony_error *error)
{
	const char *url = harmony__frame_setting(f, "url");
	size_t len;

	if (!*url)
		url = f->package->url;
	len = harmony__copy_text(f->url, sizeof(f->url), url, strlen(url));
	if (len > 0 && f->url[len - 1] == '/')
		f->url[len - 1] = '\0';
	return harmony__http_check_url(f->url, error);
}

/* ---- opening and closing ------------------------------------------------------------------ */

static harmony_status make_tables(harmony__frame *f, harmony_error *error)
{
	size_t size = f->package->thing_size;

	f->tables = harmony__zalloc(f->context, f->package->source_count * sizeof(*f->tables));
	if (!f->tables)
		return harmony__nomem(error);
	for (size_t i = 0; i < f->package->source_count; i++)
		harmony__table_init(&f->tables[i], f->context,
				    size ? size : sizeof(harmony__thing));
	return HARMONY_OK;
}

harmony_status harmony__frame_open(void **instance, const harmony_host *host,
				   const harmony__package *package, harmony_error *error)
{
	harmony__frame *f = harmony__zalloc(host->context, package->instance_size);
	const char *ca_file = host->setting ? host->setting("ca_file", host->user) : NULL;
	harmony_status status;

	*instance = NULL;
	if (!f)
		return harmony__nomem(error);
	f->package = package;
	f->host = host;
	f->context = host->context;
	status = make_tables(f, error);
	if (status == HARMONY_OK)
		status = take_url(f, error);
	if (status == HARMONY_OK)
		status = harmony__http_new(&f->http, host, ca_file, error);
	if (status == HARMONY_OK)
		status = harmony__limits_new(&f->limits, host, "limits", package->limits, error);
	if (status == HARMONY_OK)
		status = package->open(f, error);
	if (status != HARMONY_OK)
		harmony__frame_close(f);
	else
		*instance = f;
	return status;
}

void harmony__frame_close(void *instance)
{
	harmony__frame *f = instance;

	if (!f)
		return;
	if (f->package->close)
		f->package->close(f);
	harmony__oauth2_free(f->oauth);
	harmony__limits_free(f->limits);
	harmony__http_free(f->http);
	for (size_t i = 0; f->tables && i < f->package->source_count; i++)
		harmony__table_free(&f->tables[i]);
	harmony__free(f->context, f->tables);
	harmony__free(f->context, f);
}

/* ---- login --------------------------------------------------------------------------------- */

harmony_status harmony__frame_login(harmony__frame *f, const char *authorize_path,
				    const char *token_path, harmony__oauth2_options *options,
				    harmony_error *error)
{
	harmony__buf authorize, token;
	harmony_status status;

	harmony__buf_init(&authorize, f->context, 1024);
	harmony__buf_init(&token, f->context, 1024);
	harmony__buf_printf(&authorize, "%s%s", f->url, authorize_path);
	harmony__buf_printf(&token, "%s%s", f->url, token_path);
	options->authorize_url = authorize.data;
	options->token_url = token.data;
	options->client_id = harmony__frame_setting(f, "client_id");
	options->client_secret = harmony__frame_setting(f, "client_secret");
	options->redirect_uri = harmony__frame_setting(f, "redirect_uri");
	status = harmony__buf_check(&authorize, "the address of the login", error);
	if (status == HARMONY_OK)
		status = harmony__buf_check(&token, "the address of the login", error);
	if (status == HARMONY_OK)
		status =
		    harmony__oauth2_new(&f->oauth, f->http, f->host, f->limits, options, error);
	harmony__buf_free(&token);
	harmony__buf_free(&authorize);
	return status;
}

harmony_status harmony__frame_login_url(void *instance, char *buffer, size_t size,
					const char *state, harmony_error *error)
{
	return harmony__oauth2_url(((harmony__frame *)instance)->oauth, buffer, size, state, error);
}

harmony_status harmony__frame_login_code(void *instance, const char *code, harmony_error *error)
{
	return harmony__oauth2_code(((harmony__frame *)instance)->oauth, code, error);
}

harmony_status harmony__frame_login_token(void *instance, const char *refresh_token,
					  harmony_error *error)
{
	return harmony__oauth2_adopt(((harmony__frame *)instance)->oauth, refresh_token, error);
}

harmony_status harmony__frame_keep_alive(void *instance, int64_t *next, harmony_error *error)
{
	return harmony__oauth2_keep_alive(((harmony__frame *)instance)->oauth, next, error);
}

harmony_status harmony__frame_report(void *instance, harmony_write_fn write, void *user,
				     harmony_error *error)
{
	harmony__frame *f = instance;
	harmony__buf text;
	harmony_status status;

	harmony__buf_init(&text, f->context, 65536);
	harmony__buf_str(&text, "{\"login\":");
	status = harmony__oauth2_report(f->oauth, &text);
	harmony__buf_str(&text, ",\"limits\":");
	if (status == HARMONY_OK)
		status = harmony__limits_report(f->limits, &text);
	harmony__buf_str(&text, "}");
	if (status == HARMONY_OK)
		status = harmony__buf_check(&text, "the report", error);
	if (status == HARMONY_OK)
		status = write(text.data, text.len, user);
	harmony__buf_free(&text);
	return status;
}

/* ---- offering ---------------------------------------------------------------------------------
 */

static bool takes(const harmony__frame *f, const harmony_record *record)
{
	return (f->package->kinds & HARMONY_BIT(harmony_record_kind(record))) != 0;
}

harmony_status harmony__frame_offer(void *instance, const harmony_record *const *records,
				    size_t count, harmony_verdict *verdicts, harmony_error *error)
{
	harmony__frame *f = instance;
	harmony_status status = HARMONY_OK;

	for (size_t i = 0; i < count && status == HARMONY_OK; i++) {
		if (takes(f, records[i]))
			status = f->package->offer(f, records[i], &verdicts[i], error);
		else
			harmony_verdict_set(
			    &verdicts[i], HARMONY_OUTCOME_REJECTED, "unsupported_kind", "kind",
			    "%s takes no %s from here; book it there", f->package->name,
			    harmony_kind_word(harmony_record_kind(records[i])));
	}
	return status;
}

harmony_status harmony__frame_preview(void *instance, const harmony_record *record,
				      harmony_write_fn write, void *user, harmony_error *error)
{
	harmony__frame *f = instance;
	harmony_verdict verdict = HARMONY_VERDICT_INIT;
	harmony__buf out;
	harmony_status status;

	if (!takes(f, record))
		return harmony_error_set(error, HARMONY_REJECTED, "unsupported_kind",
					 "%s takes no %s from here; book it there",
					 f->package->name,
					 harmony_kind_word(harmony_record_kind(record)));
	harmony__buf_init(&out, f->context, HARMONY_MAX_ENTRY);
	status = f->package->preview(f, record, &out, &verdict, error);
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

/* ---- verdicts -----------------------------------------------------------------------------------
 */

void harmony__verdict_at(harmony_verdict *verdict, int outcome, const char *id)
{
	harmony_verdict_set(verdict, outcome, NULL, NULL, "%s", "");
	harmony__copy_text(verdict->remote_id, sizeof(verdict->remote_id), id, strlen(id));
}

void harmony__explain(const harmony__frame *f, harmony_verdict *verdict, int status,
		      const char *words)
{
	const harmony__package *p = f->package;
	const harmony__remedy *remedy = harmony__remedy_find(p->remedies, p->remedy_count, words);

	if (remedy)
		harmony_verdict_set(verdict, HARMONY_OUTCOME_REJECTED, remedy->code, remedy->field,
				    "%s refused it (HTTP %d): %s", p->name, status, remedy->mend);
	else
		harmony_verdict_set(verdict, HARMONY_OUTCOME_REJECTED, "vendor", "",
				    "%s refused it (HTTP %d); its own words say why", p->name,
				    status);
	harmony__copy_text(verdict->vendor, sizeof(verdict->vendor), words, strlen(words));
}
