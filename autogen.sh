#!/bin/sh
# Makes ./configure from configure.ac; needed once after a git clone.
cd "$(dirname "$0")" && exec autoreconf --install --force --warnings=all,no-obsolete
