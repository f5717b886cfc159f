#!/bin/sh
# SPDX-License-Identifier: MIT
# A removal of rows killed at every send and receive: e2e_rows_kill.sh takes some of them.
cd "$(dirname "$0")/.." || exit 1
SWEEP_STEP=${SWEEP_STEP:-1} exec sh tests/e2e_rows_kill.sh "$@"
