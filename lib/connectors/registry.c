/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "harmony_config.h"

#include "connectors/connectors.h"

/* The connectors that this build has, in the order of listings. */
static const harmony_connector *const connectors[] = {
#if HARMONY__STORE
    &harmony__ledger,
#endif
#if HARMONY__NET
    &harmony__exact_online,
    &harmony__minox,
    &harmony__multivers,
#endif
#if HARMONY__EXPAT
    &harmony__twinfield,
#endif
    NULL, /* listings end here; also keeps the array from being empty */
};

const harmony_connector *harmony_connector_at(size_t index)
{
	return index < HARMONY__COUNT(connectors) ? connectors[index] : NULL;
}

const harmony_connector *harmony_connector_find(const char *name)
{
	for (size_t i = 0; name != NULL && connectors[i] != NULL; i++)
		if (strcmp(connectors[i]->name, name) == 0)
			return connectors[i];
	return NULL;
}

/* X(function): every MUST of harmony/connector.h, in its order. */
#define MUST_MAP(X) X(open) X(close) X(offer) X(find) X(outstanding) X(check)

/* X(capability, function): what a capability bit promises. These stand behind the MUSTs,
   so an older connector's struct may end before them. */
#define CAN_MAP(X)                                                                                 \
	X(HARMONY_CAN_READ_BACK, read_back)                                                        \
	X(HARMONY_CAN_PREVIEW, preview)                                                            \
	X(HARMONY_CAN_LOGIN, login_url)                                                            \
	X(HARMONY_CAN_LOGIN, login_code)

static const char *name_of(const harmony_connector *connector)
{
	return connector->name != NULL && connector->name[0] != '\0' ? connector->name : "(no name)";
}

static void list(char *names, size_t size, const char *name)
{
	size_t used = strlen(names);

	snprintf(names + used, size - used, "%s%s", used > 0 ? ", " : "", name);
}

static harmony_status check_functions(const harmony_connector *c, harmony_error *error)
{
	char missing[256] = "";

#define MUST(function)                                                                             \
	if (c->function == NULL)                                                                   \
		list(missing, sizeof(missing), #function);
#define CAN(bit, function)                                                                         \
	if ((c->capabilities & bit) &&                                                             \
	    (c->struct_size < offsetof(harmony_connector, function) + sizeof(c->function) ||       \
	     c->function == NULL))                                                                 \
		list(missing, sizeof(missing), #function " (" #bit " promises it)");
	MUST_MAP(MUST)
	CAN_MAP(CAN)
#undef MUST
#undef CAN
	if (missing[0] == '\0')
		return HARMONY_OK;
	return harmony_error_set(error, HARMONY_INVALID, NULL,
	                         "connector %s lacks: %s; give it these functions", name_of(c),
	                         missing);
}

static harmony_status check_facts(const harmony_connector *c, harmony_error *error)
{
	const uint32_t kinds = HARMONY_PARTIES | HARMONY_ENTRIES;
	const char *wrong = NULL;

	if (c->name == NULL || c->name[0] == '\0')
		wrong = "name: it has none; give what the configuration says, such as own-books";
	else if (c->long_name == NULL || c->version == NULL || c->description == NULL)
		wrong = "long_name, version and description: one of them is NULL; a listing shows all";
	else if (c->keys == NULL)
		wrong = "keys: NULL; a table without keys still has its last row, whose name is NULL";
	else if ((c->capabilities & kinds) == 0)
		wrong = "capabilities: no HARMONY_BIT(kind) that offer takes; name at least one";
	else if ((c->capabilities & HARMONY_CAN_BATCH) && c->batch_max == 0)
		wrong = "batch_max: 0 beside HARMONY_CAN_BATCH; say how many one offer takes";
	else if (!(c->capabilities & HARMONY_CAN_BATCH) && c->batch_max > 1)
		wrong = "batch_max: over 1 without HARMONY_CAN_BATCH; set the bit, or 1";
	else if (c->refusals_allowed > 0 && c->refusals_window <= 0)
		wrong = "refusals_window: not positive beside refusals_allowed; give milliseconds";
	if (wrong == NULL)
		return HARMONY_OK;
	return harmony_error_set(error, HARMONY_INVALID, NULL, "connector %s: %s", name_of(c),
	                         wrong);
}

harmony_status harmony_connector_check(const harmony_connector *connector, harmony_error *error)
{
	harmony_status status;

	if (connector == NULL)
		return harmony_error_set(error, HARMONY_INVALID, NULL, "the connector is NULL");
	if (connector->struct_size < offsetof(harmony_connector, read_back))
		return harmony_error_set(error, HARMONY_INVALID, NULL,
		                         "the connector's struct_size is %zu; begin it with "
		                         ".struct_size = sizeof(harmony_connector)",
		                         connector->struct_size);
	if (connector->abi != HARMONY_CONNECTOR_ABI)
		return harmony_error_set(error, HARMONY_INVALID, NULL,
		                         "connector %s is made for ABI %u, this library has %u; "
		                         "compile it against this library's headers",
		                         name_of(connector), (unsigned)connector->abi,
		                         HARMONY_CONNECTOR_ABI);
	status = check_functions(connector, error);
	return status == HARMONY_OK ? check_facts(connector, error) : status;
}

void harmony_verdict_set(harmony_verdict *verdict, int outcome, const char *code,
                         const char *field, const char *format, ...)
{
	char message[sizeof(verdict->message) + 8];
	va_list args;

	verdict->outcome = outcome;
	code = code != NULL ? code : "";
	field = field != NULL ? field : "";
	harmony__copy_text(verdict->code, sizeof(verdict->code), code, strlen(code));
	harmony__copy_text(verdict->field, sizeof(verdict->field), field, strlen(field));
	message[0] = '\0';
	if (format != NULL) {
		va_start(args, format);
		vsnprintf(message, sizeof(message), format, args);
		va_end(args);
	}
	harmony__copy_text(verdict->message, sizeof(verdict->message), message, strlen(message));
}
