#!/bin/sh
# SPDX-License-Identifier: MIT
# e2e_cron.sh where pg_cron cannot log in: it says so in the second minute.
cd "$(dirname "$0")/.." || exit 1
CRON=tcp exec sh tests/e2e_cron.sh
