# help.awk - the entries of words in the manual pages (mdoc), as C source for `postern help WORD`
#
# usage: awk -f help.awk PAGE...
#
# An entry is an item of a list whose head begins with .Ic, .Cm or .Fa: `.It Ic WORD …`. Its words are
# the one behind the macro and those behind a comma or "or" (the word `or` itself stands in quotes).
# Items in a row with one text share it; an item in a list inside an entry is part of that, and an
# entry of its own if its head begins so.

BEGIN {
	WIDTH = 76
	split("Ar Ic Cm Fa Va Em Sy Li Pa Nm Dv Ev Er No Tn Sx Vt Ft St Lk Mt Ad Cd Ms In", plain, " ")
	for (i in plain)
		is_plain[plain[i]] = 1
	enclose("Dq", "\"", "\""); enclose("Qq", "\"", "\""); enclose("Sq", "'", "'")
	enclose("Ql", "'", "'"); enclose("Pq", "(", ")"); enclose("Bq", "[", "]")
	enclose("Op", "[", "]"); enclose("Brq", "{", "}"); enclose("Aq", "<", ">")
	pair("Do", "Dc", "\"", "\""); pair("Qo", "Qc", "\"", "\""); pair("So", "Sc", "'", "'")
	pair("Po", "Pc", "(", ")"); pair("Bo", "Bc", "[", "]"); pair("Oo", "Oc", "[", "]")
	pair("Bro", "Brc", "{", "}"); pair("Ao", "Ac", "<", ">")
	print "/* Made by help.awk from the manual pages. */"
	print "#include \"app/help.h\"\n\n#include <stddef.h>\n"
	print "const struct help_entry help_entries[] = {"
}

FNR == 1 {
	end_page()
	page = FILENAME
	sub(/.*\//, "", page)
	if (match(page, /\.[0-9][^.]*$/))
		page = substr(page, 1, RSTART - 1) "(" substr(page, RSTART + 1) ")"
}

/^\.\\"/ || /^'\\"/ { next }

# `.  It` is `.It`
/^\./ { sub(/^\.[ \t]+/, ".") }

/^\.(Sh|Ss)([ \t]|$)/ {
	flush()
	close_entries(0)
	depth = 0
	literal = 0
	next
}

/^\.Bl([ \t]|$)/ {
	flush()
	depth++
	bullets[depth] = $0 ~ /-(bullet|dash|hyphen|enum)/
	next
}

/^\.El([ \t]|$)/ {
	flush()
	close_entries(depth)
	if (depth > 0)
		depth--
	next
}

/^\.It([ \t]|$)/ { item(); next }
/^\.(Pp|Lp|sp|br)([ \t]|$)/ { flush(); blank = 1; next }
/^\.Bd([ \t]|$)/ { flush(); literal = $0 ~ /-(literal|unfilled)/; blank = 1; next }
/^\.Ed([ \t]|$)/ { flush(); literal = 0; blank = 1; next }
/^\.(D1|Dl)([ \t]|$)/ {
	flush()
	n = arguments($0, arg)
	add_line("    " render(arg, 2, n))
	next
}
/^\.(Dd|Dt|Os|Nd|Bk|Ek|Sm|Bf|Ef|Rs|Re|ta|nf|fi|in|ne|ad)([ \t]|$)/ { next }

{
	if ($0 ~ /^\./) {
		n = arguments(substr($0, 2), arg)
		text = render(arg, 1, n)
	} else
		text = plain_text($0)
	if (literal)
		add_line("    " text)
	else if (text != "")
		add_text(text)
}

END {
	end_page()
	print "\t{ NULL, NULL, NULL },\n};"
}

function enclose(name, left, right) { opens[name] = left; closes[name] = right }
function pair(first, last, left, right) { begins[first] = left; ends[last] = right }

# A word without roff's escapes.
function plain_text(s) {
	gsub(/\\\*?\[?[lr]q\]?|\\\(dq|\\\([lr]q/, "\"", s)
	gsub(/\\\(aq|\\\(oq|\\\(cq/, "'", s)
	gsub(/\\\(ti/, "~", s)
	gsub(/\\\(ha/, "^", s)
	gsub(/\\\(ba/, "|", s)
	gsub(/\\\(em/, "--", s)
	gsub(/\\\(en/, "-", s)
	gsub(/\\\(bu/, "*", s)
	gsub(/\\\(<=/, "<=", s)
	gsub(/\\\(>=/, ">=", s)
	gsub(/\\f(\[[^]]*\]|\(..|.)/, "", s)
	gsub(/\\[&|^%:c]/, "", s)
	gsub(/\\-/, "-", s)
	gsub(/\\[ ~0]/, " ", s)
	gsub(/\\\(rs|\\e|\\\\/, "\001", s)
	gsub(/\001/, "\\", s)
	return s
}

# The words of a macro line, quotes taken off; a quoted one is marked in `quoted`.
function arguments(s, out,    n, at) {
	n = 0
	for (;;) {
		sub(/^[ \t]+/, "", s)
		if (s == "")
			return n
		n++
		quoted[n] = substr(s, 1, 1) == "\""
		if (quoted[n]) {
			s = substr(s, 2)
			at = index(s, "\"")
			# a doubled quote inside quotes stands for one
			while (at > 0 && substr(s, at + 1, 1) == "\"") {
				s = substr(s, 1, at - 1) "\\(dq" substr(s, at + 2)
				at = index(s, "\"")
			}
			if (at == 0)
				at = length(s) + 1
			out[n] = substr(s, 1, at - 1)
			s = substr(s, at + 1)
		} else {
			match(s, /^[^ \t]+/)
			out[n] = substr(s, 1, RLENGTH)
			s = substr(s, RLENGTH + 1)
		}
	}
}

function is_closing(s) { return s ~ /^[.,:;?!)\]]$/ }
function is_opening(s) { return s == "(" || s == "[" }

# Join a word to what is there; the global `glue` leaves out the blank before it.
function joined(line, word) {
	if (line == "" || glue)
		line = line word
	else
		line = line " " word
	glue = 0
	return line
}

# The words from..n of a macro line as text.
function render(a, from, n,    i, line, tail, mac) {
	line = tail = mac = ""
	glue = 0
	for (i = from; i <= n; i++) {
		if (!quoted[i] && a[i] in is_plain) {
			mac = a[i]
		} else if (!quoted[i] && a[i] == "Fl") {
			line = joined(line, "-")
			glue = 1
		} else if (!quoted[i] && a[i] == "Ns") {
			glue = 1
		} else if (!quoted[i] && a[i] == "Ap") {
			line = line "'"
			glue = 1
		} else if (!quoted[i] && a[i] == "Ta") {
			line = line ";"
		} else if (!quoted[i] && a[i] == "Xr") {
			line = joined(line, a[i + 1] "(" a[i + 2] ")")
			i += 2
		} else if (!quoted[i] && a[i] in opens) {
			line = joined(line, opens[a[i]])
			glue = 1
			tail = closes[a[i]] tail
		} else if (!quoted[i] && a[i] in begins) {
			line = joined(line, begins[a[i]])
			glue = 1
		} else if (!quoted[i] && a[i] in ends) {
			line = line ends[a[i]]
			glue = 0
		} else if (!quoted[i] && is_closing(a[i])) {
			if (i == n || rest_closes(a, i, n)) {
				line = line tail a[i]
				tail = ""
			} else
				line = line a[i]
			glue = 0
		} else if (!quoted[i] && is_opening(a[i])) {
			line = joined(line, a[i])
			glue = 1
		} else
			line = joined(line, plain_text(a[i]))
	}
	return line tail
}

# True if nothing but closing punctuation follows.
function rest_closes(a, i, n) {
	for (i++; i <= n; i++)
		if (quoted[i] || !is_closing(a[i]))
			return 0
	return 1
}

# ---- entries ----

# An item: a new entry if its head names words, else a part of the entries that are open.
function item(    n, last, i, head, body, words, e) {
	flush()
	n = arguments(substr($0, 2), arg)
	last = n
	for (i = 2; i <= n; i++)
		if (!quoted[i] && arg[i] == "Ta") {
			last = i - 1
			break
		}
	head = render(arg, 2, last)
	words = head_words(arg, last)
	body = last < n ? render(arg, last + 2, n) : ""
	if (!(nopen > 0 && open_depth[nopen] == depth && entry_text[open[nopen]] == "" && words != ""))
		close_entries(depth)
	if (bullets[depth]) {
		prefix = "- "
		if (head != "")
			add_text(head)
		return
	}
	for (i = 1; i <= nopen; i++)
		if (open_depth[i] < depth && head != "")
			append(i, head, -4, blank)
	blank = 0
	if (words != "") {
		if (nopen == 0 || open_depth[nopen] != depth) {
			open[++nopen] = ++entries
			open_depth[nopen] = depth
		}
		e = open[nopen]
		entry_head[e] = entry_head[e] head "\n"
		entry_words[e] = entry_words[e] words
	}
	if (body != "")
		add_text(body)
}

# The words that a head is the entry of, each with a newline behind it.
function head_words(a, last,    i, out, take, word) {
	if (quoted[2] || (a[2] != "Ic" && a[2] != "Cm" && a[2] != "Fa"))
		return ""
	out = ""
	take = 1
	for (i = 3; i <= last; i++) {
		if (!quoted[i] && (a[i] in is_plain || a[i] == "Ns"))
			continue
		word = plain_text(a[i])
		if (out != "" && (word == "," || word == "or" || word == "|")) {
			take = 1
			continue
		}
		if (!take)
			continue
		take = 0
		sub(/^[ \t]+/, "", word)
		sub(/[ \t].*/, "", word)
		if (word ~ /,$/ && length(word) > 1) {
			sub(/,$/, "", word)
			take = 1
		}
		if (match(word, /^[^(]+\(/))
			word = substr(word, 1, RLENGTH - 1)
		if (word != "")
			out = out word "\n"
	}
	return out
}

# End the entries from a depth on; a word that several of the heads have is one entry.
function close_entries(from,    w, n, i, seen) {
	while (nopen > 0 && open_depth[nopen] >= from) {
		n = split(entry_words[open[nopen]], w, "\n")
		split("", seen)
		for (i = 1; i < n; i++)
			if (!(w[i] in seen)) {
				seen[w[i]] = 1
				emit(w[i], entry_head[open[nopen]] entry_text[open[nopen]])
			}
		nopen--
	}
}

function end_page() {
	flush()
	close_entries(0)
	depth = 0
	literal = blank = 0
	prefix = ""
}

# ---- text ----

function add_text(s) {
	if (nopen == 0)
		return
	if (paragraph == "" || s ~ /^[.,:;?!)]$/)
		paragraph = paragraph s
	else
		paragraph = paragraph " " s
}

# Add a line to the i-th open entry, indented by its depth there and by `more`; an empty line before
# it if there is a `gap`.
function append(i, line, more, gap,    e, indent) {
	e = open[i]
	indent = 4 + 4 * (depth - open_depth[i]) + more
	if (gap && entry_text[e] != "")
		entry_text[e] = entry_text[e] "\n"
	entry_text[e] = entry_text[e] (line == "" ? "" : sprintf("%" indent "s%s", "", line)) "\n"
}

# Add a line to all open entries.
function add_line(line,    i) {
	for (i = 1; i <= nopen; i++)
		append(i, line, 0, blank)
	blank = 0
}

# End the paragraph: fill it into lines.
function flush(    words, n, i, k, line, room, gap) {
	if (paragraph == "")
		return
	n = split(paragraph, words, /[ \t]+/)
	for (i = 1; i <= nopen; i++) {
		room = WIDTH - 4 - 4 * (depth - open_depth[i])
		gap = blank
		line = prefix words[1]
		for (k = 2; k <= n; k++)
			if (length(line) + 1 + length(words[k]) > room) {
				append(i, line, 0, gap)
				gap = 0
				line = (prefix == "" ? "" : "  ") words[k]
			} else
				line = line " " words[k]
		append(i, line, 0, gap)
	}
	paragraph = prefix = ""
	blank = 0
}

function emit(word, text) {
	printf "\t{ \"%s\", \"%s\",\n\t    \"%s\" },\n", c_string(word), c_string(page), c_string(text)
}

function c_string(s) {
	gsub(/\\/, "&&", s)
	gsub(/"/, "\\\"", s)
	gsub(/\n/, "\\n\"\n\t    \"", s)
	return s
}
