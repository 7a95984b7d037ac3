/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "net/oauth2.h"
#include "wire/json.h"

#define SECRET "oauth2" /* the pair, in the host's secrets */
#define LOCK "oauth2"
#define LOCK_TIMEOUT 120000   /* ms: a refresh of another process may take its time-outs */
#define MARGIN 30000          /* ms that a token must live for a request to end */
#define REFUSED_PAUSE 3600000 /* ms before a refused login is tried again, with nobody logging in */
#define MAX_TOKEN 8192u       /* of one token; Exact's are about 1,000 */
#define MAX_SECRET 32768u
#define MAX_ANSWER (256u * 1024u)
#define TREE_LIMIT (1024u * 1024u)

/* The pair as it stands in the secrets. Times are wall time. */
typedef struct pair {
	char access[MAX_TOKEN], refresh[MAX_TOKEN];
	int64_t issued;   /* of the access token */
	int64_t lifetime; /* ms */
	int64_t renewed;  /* of the refresh token */
	bool renewing;    /* a refresh was begun and its end is not known */
	int64_t refused;  /* when the last one was, UTC ms; 0: it was not */
} pair;

struct harmony__oauth2 {
	harmony__http *http;
	const harmony_host *host;
	harmony__limits *limits;
	harmony__oauth2_options options;
	char *texts[6]; /* what options points to */
	pair pair;
	bool loaded;
	bool ended;   /* the package said that the chain is over */
	bool unsaved; /* the pair is newer than the store's; not to be used before it is saved */
	int64_t age_then, at_then; /* age of the access token when it was seen first, and monotonic */
};

static void wipe_buf(harmony__buf *buf)
{
	if (buf->data)
		harmony__os_wipe(buf->data, buf->capacity);
	harmony__buf_free(buf);
}

/* ---- making ---------------------------------------------------------------------- */

static harmony_status check_options(const harmony__oauth2_options *options, harmony_error *error)
{
	const struct {
		const char *name, *value;
	} needed[] = {{"client_id", options->client_id},
	              {"client_secret", options->client_secret},
	              {"redirect_uri", options->redirect_uri}};
	harmony_status status = harmony__http_check_url(options->authorize_url, error);

	for (size_t i = 0; i < HARMONY__COUNT(needed); i++)
		if (!needed[i].value || !*needed[i].value)
			return harmony_error_set(error, HARMONY_CONFIG, NULL,
			                         "%s is missing; the package gives it where the "
			                         "application is registered, put it in the "
			                         "configuration of this integration",
			                         needed[i].name);
	return status == HARMONY_OK ? harmony__http_check_url(options->token_url, error) : status;
}

harmony_status harmony__oauth2_new(harmony__oauth2 **out, harmony__http *http,
                                   const harmony_host *host, harmony__limits *limits,
                                   const harmony__oauth2_options *options, harmony_error *error)
{
	harmony_status status = check_options(options, error);
	harmony__oauth2 *oauth;
	const char **texts[6];

	*out = NULL;
	if (status != HARMONY_OK)
		return status;
	oauth = harmony__zalloc(host->context, sizeof(*oauth));
	if (!oauth)
		return harmony__nomem(error);
	oauth->http = http;
	oauth->host = host;
	oauth->limits = limits;
	oauth->options = *options;
	texts[0] = &oauth->options.authorize_url;
	texts[1] = &oauth->options.token_url;
	texts[2] = &oauth->options.client_id;
	texts[3] = &oauth->options.client_secret;
	texts[4] = &oauth->options.redirect_uri;
	texts[5] = &oauth->options.scope;
	for (size_t i = 0; i < HARMONY__COUNT(texts); i++) {
		if (!*texts[i])
			continue;
		oauth->texts[i] = harmony__strdup(host->context, *texts[i]);
		*texts[i] = oauth->texts[i];
		if (!oauth->texts[i]) {
			harmony__oauth2_free(oauth);
			return harmony__nomem(error);
		}
	}
	*out = oauth;
	return HARMONY_OK;
}

void harmony__oauth2_free(harmony__oauth2 *oauth)
{
	harmony_context *context;

	if (!oauth)
		return;
	context = oauth->host->context;
	for (size_t i = 0; i < HARMONY__COUNT(oauth->texts); i++) {
		if (oauth->texts[i])
			harmony__os_wipe(oauth->texts[i], strlen(oauth->texts[i]));
		harmony__free(context, oauth->texts[i]);
	}
	harmony__os_wipe(oauth, sizeof(*oauth));
	harmony__free(context, oauth);
}

/* ---- the pair in the secrets -------------------------------------------------------- */

static harmony_status read_pair(pair *out, harmony_context *context, const char *text, size_t len,
                                harmony_error *error)
{
	harmony__arena arena;
	const harmony__json *root;
	harmony_status status;

	harmony__arena_init(&arena, context, TREE_LIMIT);
	status = harmony__json_parse(&root, &arena, text, len, error);
	if (status == HARMONY_OK) {
		const char *access = harmony__json_text(harmony__json_get(root, "access"), "");
		const char *refresh = harmony__json_text(harmony__json_get(root, "refresh"), "");
		memset(out, 0, sizeof(*out));
		harmony__copy_text(out->access, sizeof(out->access), access, strlen(access));
		harmony__copy_text(out->refresh, sizeof(out->refresh), refresh, strlen(refresh));
		(void)harmony__json_whole(&out->issued, harmony__json_get(root, "issued"));
		(void)harmony__json_whole(&out->lifetime, harmony__json_get(root, "lifetime"));
		(void)harmony__json_whole(&out->renewed, harmony__json_get(root, "renewed"));
		out->renewing = harmony__json_flag(harmony__json_get(root, "renewing"), false);
		(void)harmony__json_whole(&out->refused, harmony__json_get(root, "refused"));
	}
	harmony__arena_free(&arena);
	return status;
}

/* Takes over what the store has. A pair that is not the one in memory is as old as wall
   time says, and ages by the monotonic clock from now on. */
static harmony_status load(harmony__oauth2 *oauth, harmony_error *error)
{
	const harmony_host *host = oauth->host;
	char *secret = harmony__alloc(host->context, MAX_SECRET);
	pair *stored = harmony__zalloc(host->context, sizeof(*stored));
	size_t len = MAX_SECRET;
	harmony_status status;

	if (!secret || !stored) {
		status = harmony__nomem(error);
		goto done;
	}
	status = host->secret_load(secret, &len, SECRET, host->user, error);
	if (status == HARMONY_OK)
		status = read_pair(stored, host->context, secret, len, error);
	if (status != HARMONY_OK)
		goto done;
	if (!oauth->loaded || strcmp(stored->access, oauth->pair.access) != 0) {
		oauth->age_then = harmony__wall(host->context) - stored->issued;
		oauth->at_then = harmony__monotonic(host->context);
		if (oauth->age_then < 0) /* the clock went back: as old as can be used */
			oauth->age_then = 0;
	}
	oauth->pair = *stored;
	oauth->loaded = true;
done:
	if (secret)
		harmony__os_wipe(secret, MAX_SECRET);
	if (stored)
		harmony__os_wipe(stored, sizeof(*stored));
	harmony__free(host->context, secret);
	harmony__free(host->context, stored);
	return status;
}

static harmony_status save(harmony__oauth2 *oauth, harmony_error *error)
{
	const harmony_host *host = oauth->host;
	harmony__json_writer writer;
	harmony__buf text;
	harmony_status status;

	harmony__buf_init(&text, host->context, MAX_SECRET);
	harmony__json_begin(&writer, harmony__buf_write, &text);
	harmony__json_object(&writer);
	harmony__json_put(&writer, "access", oauth->pair.access);
	harmony__json_put(&writer, "refresh", oauth->pair.refresh);
	harmony__json_put_number(&writer, "issued", oauth->pair.issued, 0);
	harmony__json_put_number(&writer, "lifetime", oauth->pair.lifetime, 0);
	harmony__json_put_number(&writer, "renewed", oauth->pair.renewed, 0);
	harmony__json_put_bool(&writer, "renewing", oauth->pair.renewing);
	harmony__json_put_number(&writer, "refused", oauth->pair.refused, 0);
	harmony__json_object_end(&writer);
	status = harmony__json_end(&writer);
	if (status == HARMONY_OK)
		status = host->secret_save(SECRET, text.data, text.len, host->user, error);
	else
		harmony_error_set(error, status, NULL, "the login could not be written down");
	if (status == HARMONY_OK)
		oauth->unsaved = false;
	harmony__os_wipe(&writer, sizeof(writer));
	wipe_buf(&text);
	return status;
}

static int64_t age_of(const harmony__oauth2 *oauth)
{
	return oauth->age_then + harmony__monotonic(oauth->host->context) - oauth->at_then;
}

/* When a refresh is due: as late as a request can still end, never too early. */
static int64_t due_age(const harmony__oauth2 *oauth)
{
	int64_t due = oauth->pair.lifetime - MARGIN;

	return due > oauth->options.minimum_age ? due : oauth->options.minimum_age;
}

static bool is_fresh(const harmony__oauth2 *oauth)
{
	return oauth->loaded && !oauth->unsaved && oauth->pair.access[0] &&
	       age_of(oauth) < due_age(oauth);
}

/* ---- the token endpoint ---------------------------------------------------------------- */

typedef struct parameter {
	const char *name, *value;
} parameter;

static harmony_status form_body(harmony__buf *out, const parameter *parameters, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (out->len)
			harmony__buf_char(out, '&');
		harmony__buf_str(out, parameters[i].name);
		harmony__buf_char(out, '=');
		harmony__http_escape(out, parameters[i].value, strlen(parameters[i].value));
	}
	return out->status;
}

static harmony_status json_body(harmony__buf *out, const parameter *parameters, size_t count)
{
	harmony__json_writer writer;
	harmony_status status;

	harmony__json_begin(&writer, harmony__buf_write, out);
	harmony__json_object(&writer);
	for (size_t i = 0; i < count; i++)
		harmony__json_put(&writer, parameters[i].name, parameters[i].value);
	harmony__json_object_end(&writer);
	status = harmony__json_end(&writer);
	harmony__os_wipe(&writer, sizeof(writer));
	return status;
}

/* Sends a grant; `parameters` has room for the client's two more. */
static harmony_status send_grant(harmony__oauth2 *oauth, parameter *parameters, size_t count,
                                 harmony__http_response *response, harmony_error *error)
{
	static const harmony__http_header headers[] = {{"Accept", "application/json"}};
	const harmony__oauth2_options *o = &oauth->options;
	harmony__http_request request = {.method = "POST", .url = o->token_url, .headers = headers,
	                                 .header_count = 1, .max_response = MAX_ANSWER,
	                                 .precious = true}; /* a token that is lost is a login lost */
	harmony__buf body, basic;
	harmony_status status;

	harmony__buf_init(&body, oauth->host->context, MAX_SECRET);
	harmony__buf_init(&basic, oauth->host->context, MAX_TOKEN);
	if (o->style == HARMONY__OAUTH2_BASIC) {
		harmony__buf_printf(&basic, "%s:%s", o->client_id, o->client_secret);
		request.basic = basic.data;
	} else {
		parameters[count++] = (parameter){"client_id", o->client_id};
		parameters[count++] = (parameter){"client_secret", o->client_secret};
	}
	status = o->style == HARMONY__OAUTH2_JSON ? json_body(&body, parameters, count)
	                                          : form_body(&body, parameters, count);
	request.content_type = o->style == HARMONY__OAUTH2_JSON
	                           ? "application/json"
	                           : "application/x-www-form-urlencoded";
	request.body = body.data;
	request.body_len = body.len;
	if (status == HARMONY_OK)
		status = basic.status;
	if (status == HARMONY_OK)
		status = harmony__http_perform(oauth->http, &request, response, error);
	else
		harmony__nomem(error);
	wipe_buf(&body);
	wipe_buf(&basic);
	return status;
}

static bool take_text(char *to, const char *text)
{
	size_t len = strlen(text);

	if (len == 0 || len >= MAX_TOKEN)
		return false;
	harmony__copy_text(to, MAX_TOKEN, text, len);
	return true;
}

/* Takes the new pair out of a good answer, saves it, and only then uses it. */
static harmony_status accept_pair(harmony__oauth2 *oauth, const harmony__json *root,
                                  harmony_error *error)
{
	harmony_context *context = oauth->host->context;
	const char *access = harmony__json_text(harmony__json_get(root, "access_token"), "");
	const char *refresh = harmony__json_text(harmony__json_get(root, "refresh_token"), "");
	int64_t seconds = 0;

	if (!take_text(oauth->pair.access, access))
		return harmony_error_set(error, HARMONY_RETRY, "network",
		                         "the token endpoint answered without a token; it is tried "
		                         "again later");
	if (*refresh && !take_text(oauth->pair.refresh, refresh))
		return harmony_error_set(error, HARMONY_AUTH, NULL,
		                         "the new refresh token is longer than %u bytes; report this",
		                         MAX_TOKEN);
	(void)harmony__json_whole(&seconds, harmony__json_get(root, "expires_in"));
	oauth->pair.lifetime = seconds > 0 ? seconds * 1000 : oauth->options.lifetime;
	oauth->pair.issued = harmony__wall(context);
	if (*refresh)
		oauth->pair.renewed = oauth->pair.issued;
	oauth->pair.renewing = false;
	oauth->pair.refused = 0;
	oauth->age_then = 0;
	oauth->at_then = harmony__monotonic(context);
	oauth->loaded = true;
	oauth->unsaved = true;
	return save(oauth, error);
}

static harmony_status login_needed(harmony__oauth2 *oauth, const char *code, const char *words,
                                   harmony_error *error)
{
	harmony__error_vendor(error, words);
	return harmony_error_set(
		error, HARMONY_AUTH, NULL,
		"the package does not accept the login any more%s%s%s%s; log in again with `harmony login`",
		*code ? " (" : "", code, *code ? ")" : "",
		oauth->pair.renewing ? "; an earlier renewal was interrupted before its answer was kept" : "");
}

/* What a refusal of the token endpoint means. */
static harmony_status refusal(harmony__oauth2 *oauth, const harmony__http_response *response,
                              const harmony__json *root, harmony_error *error)
{
	const char *code = harmony__json_text(harmony__json_get(root, "error"), "");
	const char *words = harmony__json_text(harmony__json_get(root, "error_description"), "");

	if (oauth->options.too_early && oauth->options.too_early(response->status, code, words)) {
		oauth->pair.renewing = false;
		if (oauth->pair.access[0] && age_of(oauth) < oauth->pair.lifetime)
			return save(oauth, error);
		return harmony_error_set(error, HARMONY_RETRY, "rate_limited",
		                         "the package gives no new token yet; it is tried again later");
	}
	if (strcmp(code, "invalid_client") == 0)
		return harmony_error_set(error, HARMONY_AUTH, NULL,
		                         "the package does not know this client; check client_id and "
		                         "client_secret in the configuration");
	oauth->ended = true;
	return login_needed(oauth, code, words, error);
}

static harmony_status take_answer(harmony__oauth2 *oauth, const harmony__http_response *response,
                                  harmony_error *error)
{
	harmony__arena arena;
	const harmony__json *root = NULL;
	harmony_status status;

	if (response->class != HARMONY__HTTP_DONE && response->class != HARMONY__HTTP_REFUSED &&
	    response->class != HARMONY__HTTP_LOGIN)
		return harmony_error_set(error, HARMONY_RETRY, "network",
		                         "the token endpoint was not reached or failed (HTTP %d%s%s); it "
		                         "is tried again later",
		                         response->status, response->reason[0] ? ", " : "",
		                         response->reason);
	harmony__arena_init(&arena, oauth->host->context, TREE_LIMIT);
	status = harmony__json_parse(&root, &arena, response->body.data, response->body.len, NULL);
	if (status == HARMONY_NOMEM)
		harmony__nomem(error);
	else if (response->class != HARMONY__HTTP_DONE)
		status = refusal(oauth, response, root, error);
	else
		status = accept_pair(oauth, root, error);
	harmony__arena_free(&arena);
	return status;
}

static harmony_status grant(harmony__oauth2 *oauth, parameter *parameters, size_t count,
                            harmony_error *error)
{
	static const char *const windows[] = {"token"};
	harmony__http_response response;
	harmony_status status = HARMONY_OK;

	harmony__http_response_init(&response, oauth->host->context);
	if (oauth->limits)
		status = harmony__limits_take(oauth->limits, windows, 1, 0, error);
	if (status == HARMONY_OK)
		status = send_grant(oauth, parameters, count, &response, error);
	if (status == HARMONY_OK)
		status = take_answer(oauth, &response, error);
	wipe_buf(&response.body);
	harmony__http_response_free(&response);
	return status;
}

/* ---- the chain ------------------------------------------------------------------------- */

static harmony_status enter(harmony__oauth2 *oauth, harmony_error *error)
{
	const harmony_host *host = oauth->host;

	return host->lock ? host->lock(LOCK, LOCK_TIMEOUT, host->user, error) : HARMONY_OK;
}

static void leave(harmony__oauth2 *oauth)
{
	if (oauth->host->unlock)
		oauth->host->unlock(LOCK, oauth->host->user);
}

/* What a renewal is asked for with; how many. */
static size_t renewal(parameter *parameters, const harmony__oauth2 *oauth)
{
	parameters[0] = (parameter){"grant_type", "refresh_token"};
	parameters[1] = (parameter){"refresh_token", oauth->pair.refresh};
	parameters[2] = (parameter){"redirect_uri", oauth->options.redirect_uri};
	return oauth->options.renew_redirect ? 3 : 2;
}

/* A refused chain is dead, and packages shut out who keeps trying. Once in a while it is tried all
   the same, since a package can be wrong, too. */
static bool was_refused(const harmony__oauth2 *oauth)
{
	int64_t ago = harmony__wall(oauth->host->context) - oauth->pair.refused;

	return oauth->pair.refused != 0 && ago >= 0 && ago < REFUSED_PAUSE;
}

/* Under the lock, with the store's pair in memory. That a renewal was begun is durable
   before it is: after a crash between the package's answer and our save, the message can
   say why the login is lost. */
static harmony_status refresh(harmony__oauth2 *oauth, harmony_error *error)
{
	parameter parameters[5];
	harmony_status status;
	bool interrupted = oauth->pair.renewing;

	oauth->ended = false;
	if (was_refused(oauth))
		return login_needed(oauth, "", "", error);
	oauth->pair.renewing = true;
	status = save(oauth, error);
	oauth->pair.renewing = interrupted; /* what a refusal now would have to do with */
	if (status != HARMONY_OK)
		return status;
	status = grant(oauth, parameters, renewal(parameters, oauth), error);
	if (status == HARMONY_AUTH) { /* a clear end: this one was not interrupted */
		if (oauth->ended)
			oauth->pair.refused = harmony__wall(oauth->host->context);
		(void)save(oauth, NULL);
	}
	return status;
}

static harmony_status not_logged_in(harmony_error *error)
{
	return harmony_error_set(error, HARMONY_AUTH, NULL,
	                         "there is no login yet; log in with `harmony login`");
}

static harmony_status load_or_login(harmony__oauth2 *oauth, harmony_error *error)
{
	harmony_error mine = HARMONY_ERROR_INIT;
	harmony_status status;

	if (oauth->unsaved) /* a full disk, say: the only copy of the chain is here */
		return save(oauth, error);
	status = load(oauth, &mine);
	if (status == HARMONY_NOTFOUND || (status == HARMONY_OK && !oauth->pair.refresh[0]))
		return not_logged_in(error);
	if (status != HARMONY_OK)
		harmony__error_give(error, &mine);
	return status;
}

harmony_status harmony__oauth2_token(const char **access, harmony__oauth2 *oauth,
                                     harmony_error *error)
{
	harmony_status status;

	*access = oauth->pair.access;
	if (is_fresh(oauth))
		return HARMONY_OK;
	status = enter(oauth, error);
	if (status != HARMONY_OK)
		return status;
	status = load_or_login(oauth, error);
	if (status == HARMONY_OK && !is_fresh(oauth))
		status = refresh(oauth, error);
	leave(oauth);
	return status;
}

harmony_status harmony__oauth2_refused(harmony__oauth2 *oauth, const char *access,
                                       harmony_error *error)
{
	bool other = strcmp(access, oauth->pair.access) != 0;
	char *before;
	harmony_status status;

	if (other)
		return HARMONY_OK;
	before = harmony__strdup(oauth->host->context, access);
	if (!before)
		return harmony__nomem(error);
	status = enter(oauth, error);
	if (status != HARMONY_OK)
		goto done;
	status = load_or_login(oauth, error);
	other = strcmp(before, oauth->pair.access) != 0;
	if (status == HARMONY_OK && !other && age_of(oauth) < oauth->options.minimum_age)
		status = harmony_error_set(error, HARMONY_RETRY, "rate_limited",
		                           "the package refuses a token that is too young to be renewed; "
		                           "if another installation uses the same login, give it its own");
	else if (status == HARMONY_OK && !other)
		status = refresh(oauth, error);
	leave(oauth);
done:
	harmony__os_wipe(before, strlen(before));
	harmony__free(oauth->host->context, before);
	return status;
}

harmony_status harmony__oauth2_keep_alive(harmony__oauth2 *oauth, int64_t *next,
                                          harmony_error *error)
{
	harmony_status status;
	int64_t idle;

	*next = INT64_MAX;
	if (oauth->options.keep_alive == 0)
		return HARMONY_OK;
	status = enter(oauth, error);
	if (status != HARMONY_OK)
		return status;
	status = load_or_login(oauth, error);
	idle = harmony__wall(oauth->host->context) - oauth->pair.renewed;
	if (status == HARMONY_OK && idle >= oauth->options.keep_alive && !is_fresh(oauth)) {
		status = refresh(oauth, error);
		idle = 0;
	}
	*next = idle < oauth->options.keep_alive ? oauth->options.keep_alive - idle : MARGIN;
	leave(oauth);
	return status;
}

/* ---- login ------------------------------------------------------------------------------- */

static void add_parameter(harmony__buf *url, const char *name, const char *value, bool slashes)
{
	harmony__buf_printf(url, "%s%s=", strchr(url->data, '?') ? "&" : "?", name);
	for (const char *part = value; *part;) {
		size_t len = slashes ? strcspn(part, "/:") : strlen(part);
		harmony__http_escape(url, part, len);
		part += len;
		if (*part)
			harmony__buf_char(url, *part++);
	}
}

harmony_status harmony__oauth2_url(harmony__oauth2 *oauth, char *buffer, size_t size,
                                   const char *state, harmony_error *error)
{
	const harmony__oauth2_options *o = &oauth->options;
	harmony__buf url;
	harmony_status status;

	harmony__buf_init(&url, oauth->host->context, MAX_TOKEN);
	if (harmony__buf_str(&url, o->authorize_url) == HARMONY_OK) {
		add_parameter(&url, "client_id", o->client_id, false);
		add_parameter(&url, "redirect_uri", o->redirect_uri, o->plain_slashes);
		add_parameter(&url, "response_type", "code", false);
		if (o->scope)
			add_parameter(&url, "scope", o->scope, false);
		add_parameter(&url, "state", state, false);
	}
	status = harmony__buf_check(&url, "the address of the login", error);
	if (status == HARMONY_OK && url.len >= size)
		status = harmony_error_set(error, HARMONY_LIMIT, NULL,
		                           "the address of the login needs %zu bytes", url.len + 1);
	if (status == HARMONY_OK)
		memcpy(buffer, url.data, url.len + 1);
	harmony__buf_free(&url);
	return status;
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c | 0x20) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* The code itself, out of what a person pasted: the code, or the address it came in. It
   is percent-encoded there, and decoded once. */
static harmony_status pasted_code(harmony__buf *out, const char *text)
{
	const char *query = strstr(text, "code=");
	const char *code = query ? query + 5 : text;
	size_t len = query ? strcspn(code, "&# \t\r\n") : strcspn(code, " \t\r\n");

	for (size_t i = 0; i < len; i++) {
		int high = code[i] == '%' && i + 2 < len ? hex_digit(code[i + 1]) : -1;
		int low = high >= 0 ? hex_digit(code[i + 2]) : -1;
		harmony__buf_char(out, low >= 0 ? (char)(high << 4 | low) : code[i]);
		i += low >= 0 ? 2 : 0;
	}
	return out->status;
}

/* A person who says no is sent back, too, with an address that holds the reason. */
static harmony_status code_there(const char *text, harmony_error *error)
{
	const char *why = strstr(text, "error=");

	if (strstr(text, "code="))
		return HARMONY_OK;
	if (why)
		return harmony_error_set(error, HARMONY_AUTH, NULL,
		                         "the login was not granted (%.*s); begin anew with `harmony "
		                         "login`, and allow the application",
		                         (int)strcspn(why + 6, "& \t\r\n"), why + 6);
	return strstr(text, "://")
	           ? harmony_error_set(error, HARMONY_INVALID, NULL,
	                               "this address holds no code; paste the one that the browser "
	                               "ended at")
	           : HARMONY_OK;
}

/* Runs a grant that begins a chain, under the lock. */
static harmony_status begin_chain(harmony__oauth2 *oauth, parameter *parameters, size_t count,
                                  harmony_error *error)
{
	harmony_status status = enter(oauth, error);

	if (status != HARMONY_OK)
		return status;
	oauth->pair.renewing = false;
	status = grant(oauth, parameters, count, error);
	leave(oauth);
	return status;
}

harmony_status harmony__oauth2_code(harmony__oauth2 *oauth, const char *code, harmony_error *error)
{
	parameter parameters[5] = {{"grant_type", "authorization_code"}};
	harmony__buf text;
	harmony_status status;

	status = code_there(code, error);
	if (status != HARMONY_OK)
		return status;
	harmony__buf_init(&text, oauth->host->context, MAX_TOKEN);
	status = pasted_code(&text, code);
	if (status == HARMONY_OK && text.len == 0)
		status = harmony_error_set(error, HARMONY_INVALID, NULL,
		                           "the code is empty; paste the address that the browser ended at");
	if (status == HARMONY_OK) {
		parameters[1] = (parameter){"code", text.data};
		parameters[2] = (parameter){"redirect_uri", oauth->options.redirect_uri};
		status = begin_chain(oauth, parameters, 3, error);
	} else {
		harmony__buf_check(&text, "the code", error);
	}
	wipe_buf(&text);
	return status;
}

harmony_status harmony__oauth2_adopt(harmony__oauth2 *oauth, const char *refresh_token,
                                     harmony_error *error)
{
	parameter parameters[5];
	size_t len = strcspn(refresh_token, " \t\r\n");

	if (len == 0 || len >= MAX_TOKEN)
		return harmony_error_set(error, HARMONY_INVALID, NULL,
		                         "the refresh token is empty or longer than %u bytes", MAX_TOKEN);
	harmony__copy_text(oauth->pair.refresh, sizeof(oauth->pair.refresh), refresh_token, len);
	oauth->pair.renewed = harmony__wall(oauth->host->context);
	return begin_chain(oauth, parameters, renewal(parameters, oauth), error);
}

harmony_status harmony__oauth2_report(harmony__oauth2 *oauth, harmony__buf *out)
{
	const harmony__oauth2_options *o = &oauth->options;
	harmony_status status = load(oauth, NULL);
	harmony__json_writer writer;
	int64_t left;

	harmony__json_begin(&writer, harmony__buf_write, out);
	harmony__json_object(&writer);
	if (status != HARMONY_OK) {
		harmony__json_put(&writer, "state", status == HARMONY_NOTFOUND ? "none" : "unreadable");
	} else {
		left = oauth->pair.lifetime - age_of(oauth);
		harmony__json_put(&writer, "state",
		                  oauth->pair.refused    ? "refused"
		                  : oauth->pair.renewing ? "interrupted"
		                                         : "valid");
		harmony__json_put_number(&writer, "expires_in", left > 0 ? left / 1000 : 0, 0);
		left = oauth->pair.renewed + o->refresh_lifetime - harmony__wall(oauth->host->context);
		if (o->refresh_lifetime)
			harmony__json_put_number(&writer, "refresh_expires_in", left > 0 ? left / 1000 : 0, 0);
	}
	harmony__json_object_end(&writer);
	return harmony__json_end(&writer);
}
