/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "session.h"

/* init and rekey. */

/* The file that is written; @NAME@ and the like are the answers. */
static const char template[] =
    "; harmony.conf(5) explains every key, and so does: harmony help config\n"
    "; Relative paths are relative to this file.\n"
    "\n"
    "[harmony]\n"
    "store = harmony.db                      ; runs, records and secrets\n"
    "; key_file = harmony.key                ; encrypts the secrets; harmony rekey makes it\n"
    "\n"
    "; What follows is for harmony serve, the service.\n"
    "; workers = 4                           ; how many integrations are at work at once\n"
    "; scan = 2s                             ; between two looks for new files\n"
    "; log_format = text                     ; text | json\n"
    "; metrics_file = harmony.prom           ; numbers for Prometheus, in a file ...\n"
    "; metrics_listen = 127.0.0.1:9464       ; ... or at http://127.0.0.1:9464/metrics\n"
    "; alert_command = /usr/local/bin/alert  ; runs for each problem begun or ended; the text of\n"
    ";                                       ; it comes on standard input\n"
    "; alert_shell = no                      ; yes: alert_command is a line for the shell\n"
    "; alert_timeout = 30s\n"
    "\n"
    "[integration @NAME@]\n"
    "connector = @CONNECTOR@\n"
    "@REST@"
    "export_path = @EXPORT@\n"
    "                                        ; debitr.csv and credit.csv beside it are taken "
    "along\n"
    "import_path = @IMPORT@\n"
    "interval = 30m                          ; how often outstanding items are fetched\n"
    "; archive_path = done                   ; where files go once they are taken in\n"
    "; stable = 2s                           ; how long a file must stay the same to be taken in\n"
    "; ready = no                            ; yes: only when fmuta6.csv.ready lies beside it\n"
    "; history = 90d                         ; how long imports stay in the history\n"
    "\n"
    "; How the ERP writes its files; auto finds out by itself.\n"
    "; fmuta6.encoding = auto                ; auto | utf-8 | cp850 | windows-1252\n"
    "; fmuta6.delimiter = auto               ; auto | comma | semicolon | tab\n"
    "; fmuta6.decimal = auto                 ; auto | point | comma\n"
    "; fmuta6.dates = auto                   ; auto | DDMMYYYY | DD-MM-YYYY | ...\n"
    "; fmuta6.sales_sign = natural           ; natural | debit-credit\n"
    "; fmuta6.memorial_sign = debit          ; debit | credit: which side is positive\n"
    "; fmuta6.vat = auto                     ; auto | exclusive | inclusive\n"
    "; fmuta6.total = warn                   ; warn | reject: what a total is that the lines do "
    "not make\n"
    "; fmuta6.strict = no                    ; yes: refuse an entry without its header row\n"
    "; fmuta6.pivot = 90                     ; years of two digits below it are 20xx\n"
    "\n"
    "; How dbopen.csv is written.\n"
    "; dbopen.delimiter = comma              ; comma | semicolon | tab\n"
    "; dbopen.decimal = point                ; point | comma\n"
    "; dbopen.dates = DDMMYYYY\n"
    "; dbopen.encoding = windows-1252        ; windows-1252 | cp850 | utf-8\n"
    "; dbopen.header = no                    ; no | yes: a first row with the names of the columns\n"
    "; dbopen.quote = text                   ; text | all | minimal\n"
    "; dbopen.sides = sales,purchase         ; or one of them\n"
    "; dbopen.columns = relation,invoice,date,expiration,description,invoiceamount,paid,outstanding,"
    "type,currency,reference\n"
    "\n"
    "; file's code = package's code; what is not here keeps its code\n"
    "; [integration @NAME@ journals]\n"
    "; 70 = VK\n"
    "; [integration @NAME@ vat]\n"
    "; [integration @NAME@ accounts]\n"
    "; [integration @NAME@ cost_centres]\n"
    "; [integration @NAME@ cost_units]\n"
    "; [integration @NAME@ payment_conditions]\n";

struct answer {
	const char *mark, *question;
	char text[2048];
};

enum { NAME, CONNECTOR, EXPORT, IMPORT, REST, ANSWERS };

#define NOBODY_MS 5000 /* a pipe that says nothing for so long has no answers */

/* A line of standard input without the white space around it; false when there is none. */
static bool answer_line(char *text, size_t size)
{
	struct pollfd fd = {STDIN_FILENO, POLLIN, 0};
	if (!isatty(STDIN_FILENO) && poll(&fd, 1, NOBODY_MS) <= 0)
		return false;
	if (!fgets(text, (int)size, stdin))
		return false;
	size_t len = strlen(text), skip = strspn(text, " \t\r\n");
	while (len > skip && strchr(" \t\r\n", text[len - 1]))
		len--;
	memmove(text, text + skip, len - skip);
	text[len - skip] = '\0';
	return true;
}

/* Clears `asks` behind the end of the answers. */
static void ask(struct answer *answer, bool *asks)
{
	char text[256];
	bool terminal = isatty(STDIN_FILENO);
	if (!*asks)
		return;
	if (terminal)
		fprintf(stderr, *answer->text ? "%s [%s]: " : "%s%s: ", answer->question,
			answer->text);
	fflush(stderr);
	*asks = answer_line(text, sizeof(text));
	if (*asks && *text)
		snprintf(answer->text, sizeof(answer->text), "%s", text);
}

/* Asks for a key; without an answer it is a comment, to be filled in. */
static void ask_key(struct answer *rest, bool *asks, const harmony_key *key)
{
	char question[160], line[320];
	size_t len = strlen(rest->text);
	struct answer answer = {.question = question};
	snprintf(question, sizeof(question), "%s, %s", key->name, key->help);
	ask(&answer, asks);
	snprintf(line, sizeof(line), "%s%s = %.200s", *answer.text ? "" : "; ", key->name,
		 *answer.text ? answer.text : "...");
	snprintf(rest->text + len, sizeof(rest->text) - len, *answer.text ? "%s\n" : "%-40s; %s\n",
		 line, key->help);
}

/* What the connector cannot do without, and what it needs to log in at the package. */
static void ask_rest(struct answer *rest, bool *asks, const harmony_connector *connector)
{
	static const char *const login[] = {"administration", "client_id", "client_secret_file",
					    "redirect_uri"};
	size_t count =
	    connector->capabilities & HARMONY_CAN_LOGIN ? sizeof(login) / sizeof(login[0]) : 0;
	for (const harmony_key *key = connector->keys; key && key->name; key++)
		if (key->required)
			ask_key(rest, asks, key);
	for (size_t i = 0; i < count; i++)
		ask_key(rest, asks, harmony_key_find(harmony_sync_keys(), login[i]));
}

static char *fill(const struct answer *answers)
{
	char *text = NULL;
	size_t size;
	FILE *memory = open_memstream(&text, &size);
	if (!memory)
		return NULL;
	for (const char *at = template; *at;) {
		const struct answer *found = NULL;
		for (int i = 0; i < ANSWERS && *at == '@'; i++)
			if (strncmp(at, answers[i].mark, strlen(answers[i].mark)) == 0)
				found = &answers[i];
		if (found) {
			fputs(found->text, memory);
			at += strlen(found->mark);
		} else {
			putc(*at++, memory);
		}
	}
	if (fclose(memory) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* Never overwrites. */
static int write_new(struct program *p, const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0 && errno == EEXIST)
		return fail(p, HARMONY_EXISTS, "%s is there already, and stays as it is", path);
	if (fd < 0)
		return fail(p, HARMONY_CONFIG, "cannot make %s: %s", path, strerror(errno));
	size_t len = strlen(text);
	int problem = write(fd, text, len) == (ssize_t)len && fsync(fd) == 0 ? 0
		      : errno                                                ? errno
									     : EIO;
	close(fd);
	if (problem == 0)
		return EXIT_DONE;
	unlink(path);
	return fail(p, HARMONY_RETRY, "cannot write %s: %s", path, strerror(problem));
}

/* Whether the file is a good one, and holds the paths as they were given. */
static int read_back(struct program *p, const char *path, const struct answer *answers)
{
	static const char *const keys[] = {[EXPORT] = "export_path", [IMPORT] = "import_path"};
	struct config config;
	const char *named = p->config;
	p->config = path;
	int code = config_load(&config, p);
	p->config = named;
	for (int i = EXPORT; i <= IMPORT && code == EXIT_DONE; i++) {
		const struct config_entry *entry = config_get(&config.integrations[0], keys[i]);
		if (!entry || strcmp(entry->value, answers[i].text) != 0)
			code = fail(p, HARMONY_CONFIG,
				    "%s = %s cannot stand in a configuration: a ; behind white "
				    "space begins a comment there",
				    keys[i], answers[i].text);
	}
	config_free(&config);
	return code;
}

/* The folder of a path beside the configuration, so that all is there at once; those
   elsewhere are other people's. What cannot be made is told by the service. */
static void make_folder(const char *path, const char *file)
{
	const char *slash = strrchr(path, '/');
	int len = slash ? (int)(slash - path) + 1 : 0;
	char *full = NULL;
	if (*file == '/' || asprintf(&full, "%.*s%s", len, path, file) < 0)
		return;
	for (char *at = full + len; (at = strchr(at, '/')); at++) {
		*at = '\0';
		(void)mkdir(full, 0777);
		*at = '/';
	}
	free(full);
}

static int write_all(struct program *p, const char *path, const struct answer *answers)
{
	char *text = fill(answers);
	int code =
	    text ? write_new(p, path, text) : fail(p, HARMONY_NOMEM, "no memory for %s", path);
	free(text);
	if (code)
		return code;
	code = read_back(p, path, answers);
	if (code)
		unlink(path);
	for (int i = EXPORT; i <= IMPORT && code == EXIT_DONE; i++)
		make_folder(path, answers[i].text);
	return code;
}

int init_run(struct program *p, const struct arguments *a)
{
	struct answer answers[ANSWERS] = {
	    [NAME] = {"@NAME@", "Name of the integration", "books"},
	    [CONNECTOR] = {"@CONNECTOR@", "Accounting package", "ledger"},
	    [EXPORT] = {"@EXPORT@", "Where the ERP leaves fmuta6.csv", "out/fmuta6.csv"},
	    [IMPORT] = {"@IMPORT@", "Where it wants dbopen.csv", "in/dbopen.csv"},
	    [REST] = {"@REST@", "", ""},
	};
	const char *path = p->config ? p->config : "harmony.conf";
	bool asks = !(p->as_json && isatty(STDIN_FILENO));
	char question[160] = "Accounting package";
	if (access(path, F_OK) == 0)
		return fail(p, HARMONY_EXISTS, "%s is there already, and stays as it is", path);
	for (size_t i = 0, len = strlen(question); harmony_connector_at(i) && len < sizeof(question); i++)
		len += (size_t)snprintf(question + len, sizeof(question) - len, "%s%s",
					i ? ", " : ": ", harmony_connector_at(i)->name);
	answers[CONNECTOR].question = question;
	setvbuf(stdin, NULL, _IONBF, 0); /* poll knows of all that was not read */
	for (int i = NAME; i < REST; i++)
		ask(&answers[i], &asks);
	if (!config_good_name(answers[NAME].text))
		return fail(p, HARMONY_CONFIG, "%s cannot name an integration; take one word",
			    answers[NAME].text);
	const harmony_connector *connector = harmony_connector_find(answers[CONNECTOR].text);
	if (!connector)
		return fail(p, HARMONY_CONFIG, "%s", config_no_connector(answers[CONNECTOR].text));
	ask_rest(&answers[REST], &asks, connector);
	int code = write_all(p, path, answers);
	if (code)
		return code;
	if (p->as_json) {
		json_text(&p->json, "configuration", path);
		json_text(&p->json, "integration", answers[NAME].text);
		json_text(&p->json, "connector", answers[CONNECTOR].text);
	} else if (!p->quiet) {
		out_format(&p->out,
			   "%s written, with integration %s; look it over, then: harmony %s %s\n",
			   path, answers[NAME].text,
			   connector->capabilities & HARMONY_CAN_LOGIN ? "login" : "test",
			   answers[NAME].text);
	}
	return EXIT_DONE;
}

/* ---- rekey ---- */

/* Makes the key file that the configuration names when it is not there yet. */
static int make_key(struct program *p, bool *made)
{
	struct config config;
	int code = config_load(&config, p);
	const struct config_entry *key = code ? NULL : config_get(&config.general, "key_file");
	char *path = key ? config_path(&config, key->value) : NULL;
	if (code == EXIT_DONE && !key)
		code = fail(p, HARMONY_CONFIG,
			    "%s names no key_file; add key_file = harmony.key to [harmony]",
			    config.path);
	else if (code == EXIT_DONE && !path)
		code = fail(p, HARMONY_NOMEM, "no memory for the path of the key");
	if (code == EXIT_DONE && access(path, F_OK) != 0) {
		code = exit_of(harmony_store_key_new(p->context, path, &p->error));
		*made = code == EXIT_DONE;
	}
	free(path);
	config_free(&config);
	return code;
}

int rekey_run(struct program *p, const struct arguments *a)
{
	struct session session;
	bool made = false;
	int code = make_key(p, &made);
	if (code)
		return code;
	code = session_open(&session, p); /* encrypts what was not, with a key that is new */
	if (code == EXIT_DONE && !made)
		code = exit_of(harmony_store_rekey(session.store, &p->error));
	if (code == EXIT_DONE && p->as_json) {
		json_text(&p->json, "key", made ? "made" : "renewed");
	} else if (code == EXIT_DONE && !p->quiet) {
		out_text(&p->out,
			 made ? "the secrets are encrypted now; keep a copy of the key file safe\n"
			      : "the key is renewed; keep a copy of the new key file safe\n");
	}
	session_close(&session);
	return code;
}
