/* SPDX-License-Identifier: MIT */
#include <harmony/schedule.h>

#include "base/base.h"

#define WORD(name, value, word, text) word,
#define TEXT(name, value, word, text) text,

const char *harmony_problem_word(int problem)
{
	static const char *const words[] = {HARMONY_PROBLEM_MAP(WORD)};
	return problem >= 0 && problem < HARMONY_PROBLEMS ? words[problem] : "unknown";
}

const char *harmony_problem_text(int problem)
{
	static const char *const texts[] = {HARMONY_PROBLEM_MAP(TEXT)};
	return problem >= 0 && problem < HARMONY_PROBLEMS ? texts[problem] : "unknown";
}
