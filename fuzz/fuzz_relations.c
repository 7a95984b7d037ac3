/* SPDX-License-Identifier: MIT */
/* debitr.csv and credit.csv: the first byte picks the size of the pieces, the second
   how many fields the input's row gets, so that mutations stay relations. */
#include "fuzz_reading.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t widths[] = {0, 51, 52, 53, 54};
	char row[8192];
	size_t len = 0, commas = 0, width;
	harmony_fmuta6_options options = HARMONY_FMUTA6_OPTIONS_INIT;
	if (size < 2 || size > sizeof row - 64)
		return 0;
	width = widths[data[1] % 5];
	options.delimiter = width ? ',' : 0;
	for (size_t i = 2; i < size; i++) {
		commas += data[i] == ',';
		row[len++] = (char)data[i];
	}
	for (; commas + 1 < width; commas++)
		row[len++] = ',';
	fuzz_reading((const uint8_t *)row, len, 1 + data[0] % 64, &options);
	return 0;
}
