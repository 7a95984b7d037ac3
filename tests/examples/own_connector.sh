#!/bin/sh
# SPDX-License-Identifier: MIT
# A connector of a program's own gets each record once, however often the file comes.
# usage: own_connector.sh PROGRAM
set -eu
program=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >in.jsonl <<'END'
{"kind":"customer","code":"1001","name":"Bakkerij De Korenaar"}
{"kind":"sales_invoice","journal":"70","year":2024,"entry_number":"24700001","party":"1001","date":"2024-01-15","total":"121.00","lines":[{"number":1,"account":"8000","amount":"100.00","vat_code":"2","vat_amount":"21.00"}]}
{"kind":"memorial","journal":"90","date":"2024-01-31","lines":[{"number":1,"account":"3000","amount":"5.00"},{"number":2,"account":"7900","amount":"-5.00"}]}
END
expect() {
	got=$("$program" in.jsonl)
	[ "$got" = "$1" ] || { echo "expected '$1', got '$got'" >&2; exit 1; }
	[ "$(grep -c '{"kind":' own.books)" = 3 ] || { echo "not 3 lines:" >&2; cat own.books >&2; exit 1; }
}
expect '3 booked, 0 skipped, 0 rejected'
expect '0 booked, 3 skipped, 0 rejected'
