# shellcheck shell=bash
# Runs command-line tests written as transcripts. In a file TOPIC.cli of this folder a line is
#
#   "== name"       the beginning of a test
#   "$ command"     run by bash; a line ending in a backslash goes on
#   "! text"        a line of its stderr
#   "? 20"          its exit code; 0 when not given
#   "text"          a line of its stdout; "|text" when the text begins like one of these
#
# "~ PATTERN" and "!~ PATTERN" are bash patterns instead of texts. What is printed and what is
# written here must agree line by line, nothing more, nothing less.

transcript_names() { sed -n 's/^== *//p' "$1" | tr ' ' -; }

# One command of a transcript against what it should have said.
cli_check() {
	local cmd=$1 want_out=$2 want_err=$3 want_code=$4
	run bash -c "$cmd"
	cli_lines stdout "$T/out" "$want_out"
	cli_lines stderr "$T/err" "$want_err"
	[ "$code" = "$want_code" ] || fail "exit $code, not $want_code: $cmd"
}

cli_lines() {
	local what=$1 n=0 line want
	exec 5<"$2" 6<"$3"
	while IFS= read -r want <&6; do
		n=$((n + 1))
		IFS= read -r line <&5 || [ -n "$line" ] || fail "$what ends before: ${want:1}"
		case $want in
		=*) [ "$line" = "${want:1}" ] || fail "$what line $n is \"$line\", not \"${want:1}\"" ;;
		*) [[ $line == ${want:1} ]] || fail "$what line $n is \"$line\", not like \"${want:1}\"" ;;
		esac
	done
	IFS= read -r line <&5 || [ -n "$line" ] || { exec 5<&- 6<&-; return 0; }
	fail "$what says more: $line"
}

# Plays the test called $2 of transcript $1.
transcript() {
	local line cmd='' code_wanted=0 on=''
	: >"$T/o"
	: >"$T/e"
	while IFS= read -r line || [ -n "$line" ]; do
		case $line in
		"== "*)
			[ -n "$on" ] && break
			[ "$(echo "${line#== }" | tr ' ' -)" = "$2" ] && on=1
			;;
		'#'* | '') ;;
		*) [ -n "$on" ] || continue ;;
		esac
		[ -n "$on" ] || continue
		case $line in
		"== "* | '#'*) ;;
		'$ '*)
			[ -n "$cmd" ] && cli_check "$cmd" "$T/o" "$T/e" "$code_wanted"
			cmd=${line:2} code_wanted=0
			: >"$T/o"
			: >"$T/e"
			while [ "${cmd: -1}" = '\' ]; do
				IFS= read -r line
				cmd="${cmd%\\}$line"
			done
			;;
		'? '*) code_wanted=${line:2} ;;
		'!~ '*) echo "~${line:3}" >>"$T/e" ;;
		'! '*) echo "=${line:2}" >>"$T/e" ;;
		'!') echo "=" >>"$T/e" ;;
		'~ '*) echo "~${line:2}" >>"$T/o" ;;
		'|'*) echo "=${line:1}" >>"$T/o" ;;
		'') ;;
		*) echo "=$line" >>"$T/o" ;;
		esac
	done <"$1"
	[ -z "$cmd" ] || cli_check "$cmd" "$T/o" "$T/e" "$code_wanted"
}
