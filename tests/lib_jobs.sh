# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# Jobs are processes of their own: they must end with the place that a script made. Source it where there is a sql().

# Only those that the server of sql() knows.
jobs_end() {
	i=0
	while [ "$i" -lt 20 ] && [ "$(sql "SELECT count(*) FROM gatewalk.job WHERE state = 'new'")" -gt 0 ] 2>/dev/null; do
		sleep 0.1
		i=$((i + 1))
	done
	sql "SELECT pid FROM gatewalk.job WHERE ended_at IS NULL AND pid IS NOT NULL" 2>/dev/null | while read -r pid; do
		# A number may have gone to another process by now.
		if grep -qa 'gatewalk.job.run' "/proc/$pid/cmdline" 2>/dev/null; then kill -9 "$pid" 2>/dev/null; fi
	done
}
