# SPDX-License-Identifier: MIT
# First cover.txt, then gcov's listings. Prints what is not covered in core, a folder a line, what is left out and why, and the sums;
# fails below the aims.
# An entry of cover.txt is "FILE | TEXT | N | REASON". The line of FILE that holds TEXT need not be run (N 0), or has up to N branches
# that need not be taken; all else of it counts. What an entry excuses stands neither among what was run nor among all.
function percent(a, b) { return b ? 100 * a / b : 100 }
function entry_of(text,   i) {
	for (i = 1; i <= entries; i++)
		if (file[i] == source && index(text, holds[i])) { met[i] = 1; return i }
	return 0
}
function say(what) {
	if (folder ~ core && said != source number)
		printf "%s:%d: %s: %s\n", source, number, what, text
	said = source number
}
function complain(what) { print what; wrong = 1 }
FILENAME == ARGV[1] {
	if ($0 ~ /^#/ || $0 ~ /^ *$/)
		next
	if (only && $0 !~ /^src\/core\//)
		next
	n = split($0, part, / +\| +/)
	if (n != 4 || part[3] !~ /^[0-9]+$/ || part[4] ~ /^ *$/) {
		complain("cover.txt:" FNR ": not FILE | TEXT | N | REASON")
		next
	}
	file[++entries] = part[1]; holds[entries] = part[2]; room[entries] = part[3]; reason[entries] = part[4]
	next
}
/^ *-: *0:Source:/ {
	sub(/.*Source:/, "")
	source = $0
	folder = source
	sub(/\/[^\/]*$/, "", folder)
	if (!(folder in seen)) { seen[folder] = 1; order[++folders] = folder }
	whole[source] = 0
	next
}
/^ *[^:]+: *[0-9]+:/ {
	count = $0; sub(/:.*/, "", count); gsub(/ /, "", count)
	text = $0; sub(/^[^:]*: *[0-9]+:[ \t]*/, "", text)
	number = $0; sub(/^[^:]*: */, "", number); sub(/:.*/, "", number)
	if (count == "-")
		next
	e = entry_of(text)
	ran = count !~ /^[#=]/
	whole[source]++
	if (!ran && e && room[e] == 0) { left[folder]++; used[e]++; next }
	lines[folder]++
	hit[folder] += ran
	if (!ran) say("not run")
	next
}
/^branch / {
	taken = !/never executed/ && !/taken 0/
	if (!taken && e && used[e] < room[e]) { left[folder]++; used[e]++; next }
	branches[folder]++
	took[folder] += taken
	if (!taken && ran) say("a branch not taken")
}
BEGIN { core = "^src/core$" }
END {
	printf "%-14s %7s %7s %8s %9s %9s %8s %9s\n", "folder", "lines", "run", "%", "branches", "taken", "%", "left out"
	for (i = 1; i <= folders; i++) {
		f = order[i]
		printf "%-14s %7d %7d %7.2f%% %9d %9d %7.2f%% %9d\n", f, lines[f], hit[f], percent(hit[f], lines[f]), branches[f], took[f],
			percent(took[f], branches[f]), left[f]
		if (f ~ core) {
			core_lines = lines[f]; core_hit = hit[f]; core_branches = branches[f]; core_took = took[f]
		} else {
			rest += lines[f]; rest_hit += hit[f]
		}
	}
	for (s in whole)
		if (!whole[s]) complain(s ": gcov counted nothing in it")
	if (entries) print "left out, and why:"
	for (i = 1; i <= entries; i++) {
		printf "  %s: %s\n      %s: %s\n", file[i], holds[i], room[i] ? used[i] + 0 (used[i] == 1 ? " branch" : " branches") : "not run", reason[i]
		if (!used[i]) complain("cover.txt: that entry is " (met[i] ? "for what is run" : "for what is not there") ": take it out")
	}
	printf "core lines     %d of %d, %.2f %%\n", core_hit, core_lines, percent(core_hit, core_lines)
	printf "core branches  %d of %d, %.2f %%\n", core_took, core_branches, percent(core_took, core_branches)
	if (core_hit < core_lines || core_took < core_branches || core_lines == 0) complain("core is below its aim: all lines and all branches")
	if (only) exit wrong
	printf "other lines    %d of %d, %.2f %%\n", rest_hit, rest, percent(rest_hit, rest)
	if (10 * rest_hit < 9 * rest || rest == 0) complain("the rest is below its aim: 90 % of lines")
	exit wrong + 0
}
