# SPDX-License-Identifier: MIT
# First cover.txt, then gcov's listings. Prints what is not covered in core, then a folder a line; fails below the aims.
# An entry of cover.txt is "FILE | TEXT | REASON": the line of FILE that holds TEXT, with its branches, is not counted.
function percent(a, b) { return b ? 100 * a / b : 100 }
function excluded(text,   i) {
	for (i = 1; i <= entries; i++)
		if (file[i] == source && index(text, holds[i])) { met[i]++; return i }
	return 0
}
FILENAME == ARGV[1] {
	if ($0 ~ /^#/ || $0 ~ /^ *$/)
		next
	n = split($0, part, / +\| +/)
	if (n != 3 || part[3] == "") {
		printf "cover.txt:%d: not FILE | TEXT | REASON\n", FNR
		wrong = 1
		next
	}
	file[++entries] = part[1]; holds[entries] = part[2]
	next
}
/^ *-: *0:Source:/ {
	sub(/.*Source:/, "")
	source = $0
	folder = source
	sub(/\/[^\/]*$/, "", folder)
	if (!(folder in seen)) { seen[folder] = 1; order[++folders] = folder }
	next
}
/^ *[^:]+: *[0-9]+:/ {
	count = $0; sub(/:.*/, "", count); gsub(/ /, "", count)
	text = $0; sub(/^[^:]*: *[0-9]+:/, "", text)
	number = $0; sub(/^[^:]*: */, "", number); sub(/:.*/, "", number)
	out = 0
	if (count == "-")
		next
	ran = count !~ /^[#=]/
	out = excluded(text)
	if (out) { left[folder]++; if (!ran) needed[out] = 1; next }
	lines[folder]++
	hit[folder] += ran
	if (!ran) { missed[source]++; if (folder ~ core) say(source, number, "not run", text) }
	next
}
/^branch / {
	taken = !/never executed/ && !/taken 0/
	if (out) { if (!taken) needed[out] = 1; next }
	branches[folder]++
	took[folder] += taken
	if (!taken && folder ~ core && ran) say(source, number, "a branch not taken", text)
}
function say(s, n, what, text) {
	sub(/^[ \t]+/, "", text)
	line = s ":" n ": " what ": " text
	if (line != said)
		print line
	said = line
}
BEGIN { core = "^src/core$" }
END {
	printf "%-14s %7s %7s %8s %9s %9s %8s %9s\n", "folder", "lines", "run", "%", "branches", "taken", "%", "left out"
	for (i = 1; i <= folders; i++) {
		f = order[i]
		printf "%-14s %7d %7d %7.2f%% %9d %9d %7.2f%% %9d\n", f, lines[f], hit[f], percent(hit[f], lines[f]), branches[f], took[f],
			percent(took[f], branches[f]), left[f]
		if (f ~ core) {
			if (hit[f] < lines[f] || took[f] < branches[f]) bad = bad "  " f ": all lines and all branches\n"
		} else {
			rest += lines[f]; rest_hit += hit[f]; rest_b += branches[f]; rest_took += took[f]
		}
	}
	printf "%-14s %7d %7d %7.2f%% %9d %9d %7.2f%%\n", "all but core", rest, rest_hit, percent(rest_hit, rest), rest_b, rest_took, percent(rest_took, rest_b)
	if (percent(rest_hit, rest) < 90) bad = bad "  all but core: 90 % of lines\n"
	for (i = 1; i <= entries; i++)
		if (!(i in needed)) { printf "cover.txt: \"%s\" in %s is %s: take the entry out\n", holds[i], file[i], met[i] ? "covered" : "not there"; wrong = 1 }
	if (folders == 0) { print "nothing was counted"; wrong = 1 }
	if (bad) printf "below the aim:\n%s", bad
	exit bad != "" || wrong
}
