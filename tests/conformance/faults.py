# SPDX-License-Identifier: MIT
"""The cases in which the line, the login or the package fails."""
import records as R
from cases import same_books
from house import DONE, DOUBT, LATER, LOGIN, NAME, REJECTED, House

CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function
