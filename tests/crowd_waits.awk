# SPDX-License-Identifier: MIT
# Reads a server's log twice (log_lock_waits, log_line_prefix '%m|%p|%a|%d|'): first who is who, then who waited for whom. A wait counts as
# one for gatewalk when gatewalk held the lock or stood in the queue before the waiter, and as one at the drop when that was the drop.
# Prints the longest of each, in whole ms, and by whom.
BEGIN { FS = "|" }

# pass 1: names
FNR == NR {
	if ($3 != "" && $3 != "[unknown]")
		app[$2] = $3
	next
}

function ours(p) { return app[p] ~ /^gatewalk/ }

# The numbers behind a label, in order: " holding the lock: 1, 2. Wait queue: 3, 4."
function numbers(text, label, out,   rest, n) {
	if (!match(text, label "[^.]*"))
		return 0
	rest = substr(text, RSTART, RLENGTH)
	sub(/^[^:]*: */, "", rest)
	n = split(rest, out, /, */)
	return n
}

function blame(waiter, text,   h, q, n, i, who) {
	who = "others"
	n = numbers(text, "Process(es)? holding the lock", h)
	for (i = 1; i <= n; i++)
		if (ours(h[i]) && h[i] != waiter)
			who = app[h[i]]
	n = numbers(text, "Wait queue", q)
	for (i = 1; i <= n && q[i] != waiter; i++)
		if (ours(q[i]) && who == "others")
			who = app[q[i]]
	return who
}

function took(waiter, ms,   who, key) {
	who = because[waiter] != "" ? because[waiter] : "others"
	if (ours(waiter)) {
		if (ms > own) { own = ms; own_by = app[waiter] }
		return
	}
	key = who == "gatewalk drop" ? "drop" : who == "others" ? "others" : "else"
	waits[key]++
	if (ms > max[key]) {
		max[key] = ms
		by[key] = app[waiter] " for " who " at " $1
	}
}

/still waiting for/ && match($0, /process [0-9]+ still/) {
	waiter = substr($0, RSTART + 8, RLENGTH - 14)
	next
}
# Once it was gatewalk's, it stays: the queue is told again each time somebody joins it.
/DETAIL:  Process(es)? holding the lock/ && waiter != "" {
	who = blame(waiter, $0)
	if (because[waiter] == "" || because[waiter] == "others")
		because[waiter] = who
	waiter = ""
	next
}
/acquired .* after [0-9.]+ ms/ && match($0, /process [0-9]+ acquired/) {
	p = substr($0, RSTART + 8, RLENGTH - 17)
	match($0, /after [0-9.]+ ms/)
	took(p, substr($0, RSTART + 6, RLENGTH - 9) + 0)
	because[p] = ""
	next
}
/canceling statement due to lock timeout/ { timeouts += ours($2); because[$2] = "" }

END {
	printf "waited for gatewalk at the drop: %d ms (%d waits; %s)\n", max["drop"] + 0.5, waits["drop"], by["drop"]
	printf "waited for gatewalk elsewhere: %d ms (%d waits; %s)\n", max["else"] + 0.5, waits["else"], by["else"]
	printf "waited for others: %d ms (%d waits)\n", max["others"] + 0.5, waits["others"]
	printf "gatewalk waited: %d ms (%s), and gave up %d times after its 500 ms\n", own + 0.5, own_by, timeouts
}
