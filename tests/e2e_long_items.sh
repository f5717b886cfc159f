#!/bin/sh
# SPDX-License-Identifier: MIT
# Items 10 and 13 killed at every call: e2e_items_kill.sh takes some of them.
cd "$(dirname "$0")/.." || exit 1
SWEEP_STEP=${SWEEP_STEP:-1} exec sh tests/e2e_items_kill.sh "$@"
