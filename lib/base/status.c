/* SPDX-License-Identifier: MIT */
#include <harmony/harmony.h>

#include "harmony_config.h"

#include "base/base.h"

#define WORD(name, value, word, text)                                                              \
	case HARMONY_##name:                                                                       \
		return word;
#define TEXT(name, value, word, text)                                                              \
	case HARMONY_##name:                                                                       \
		return text;

const char *harmony_status_word(harmony_status status)
{
	switch (status) {
		HARMONY_STATUS_MAP(WORD)
	default:
		return "unknown";
	}
}

const char *harmony_status_text(harmony_status status)
{
	switch (status) {
		HARMONY_STATUS_MAP(TEXT)
	default:
		return "a status that this version does not know";
	}
}

#define CODE_WORD(name, word, text) word,
#define CODE_TEXT(name, word, text) text,

const char *harmony_code_word(int code)
{
	static const char *const words[] = {HARMONY_CODE_MAP(CODE_WORD)};
	return code >= 0 && code < HARMONY_CODE_COUNT ? words[code] : "unknown";
}

const char *harmony_code_text(int code)
{
	static const char *const texts[] = {HARMONY_CODE_MAP(CODE_TEXT)};
	return code >= 0 && code < HARMONY_CODE_COUNT ? texts[code]
	                                              : "a code that this version does not know";
}

int harmony_version(void)
{
	return HARMONY_VERSION_NUMBER;
}

int harmony_has(const char *feature)
{
	static const struct {
		const char *name;
		int here;
	} features[] = {{"store", HARMONY__STORE},
	                {"net", HARMONY__NET},
	                {"expat", HARMONY__EXPAT},
	                {"sodium", HARMONY__SODIUM}};
	for (size_t i = 0; i < HARMONY__COUNT(features); i++)
		if (strcmp(features[i].name, feature) == 0)
			return features[i].here;
	return 0;
}
