#!/bin/sh
# SPDX-License-Identifier: MIT
# e2e_crowd.sh with twenty walks.
cd "$(dirname "$0")/.." || exit 1
CROWD=20 exec sh tests/e2e_crowd.sh
