#!/bin/sh
# SPDX-License-Identifier: MIT
# e2e_rebind.sh with its drops and removals. tests/check-long.sh runs it.
cd "$(dirname "$0")/.." || exit 1
REBIND_WHOLE=1 exec sh tests/e2e_rebind.sh
