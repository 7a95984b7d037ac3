#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""One set of cases that every network connector passes against its simulator.

    conformance.py PROGRAM CONNECTOR [CASE...] [--long] [--seed N]

PROGRAM is the harmony program. Without CASE all of them run. Each case ends with the same
questions: was a documented rule broken, does every run add up, was a secret said? A case that
a package gives nothing to run says so, and alone ends with 77.
"""
import argparse
import os
import random
import sys
import time
import traceback

import cases
import faults
from house import Skip
import package_exact
import package_minox
import package_multivers
import package_twinfield

PACKAGES = {one.name: one for one in (package_exact.ExactOnline, package_minox.Minox, package_multivers.Multivers,
                                      package_twinfield.Twinfield)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('program')
    parser.add_argument('connector', choices=sorted(PACKAGES))
    parser.add_argument('case', nargs='*', default=[])
    parser.add_argument('--long', action='store_true')
    parser.add_argument('--seed', type=int, default=1)
    options = parser.parse_intermixed_args()
    known = dict(cases.CASES, **faults.CASES, **PACKAGES[options.connector].cases)
    failed = ran = 0
    for name in options.case or known:
        suite = Suite(options)
        began = time.monotonic()
        try:
            said = known[name](suite)
            ran += 1
            print('ok    %-22s %5.1f s  %s' % (name, time.monotonic() - began, said or ''), flush=True)
        except Skip as why:
            print('skip  %-22s %s' % (name, why), flush=True)
        except Exception:
            failed += 1
            print('FAIL  %s' % name, flush=True)
            traceback.print_exc()
    return 1 if failed else 0 if ran else 77


class Suite:
    """What a case gets."""

    def __init__(self, options):
        self.program, self.long = os.path.abspath(options.program), options.long
        self.connector = options.connector
        self.random = random.Random(options.seed)

    def package(self):
        return PACKAGES[self.connector]()


if __name__ == '__main__':
    sys.exit(main())
