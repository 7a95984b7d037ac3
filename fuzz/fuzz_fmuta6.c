/* SPDX-License-Identifier: MIT */
/* fmuta6.csv from anywhere: the first byte picks the size of the pieces, the second the
   settings. However it is cut it reads the same, every record handed on as good is good,
   and every one is counted. */
#include "fuzz_reading.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	harmony_fmuta6_options options = HARMONY_FMUTA6_OPTIONS_INIT;
	if (size < 2)
		return 0;
	options.encoding = data[1] & 3;
	options.sales_sign = data[1] >> 2 & 1;
	options.memorial_sign = data[1] >> 3 & 1;
	options.vat = (data[1] >> 4 & 3) % 3;
	options.total = data[1] >> 6 & 1;
	options.strict = data[1] >> 7;
	fuzz_reading(data + 2, size - 2, 1 + data[0] % 64, &options);
	return 0;
}
