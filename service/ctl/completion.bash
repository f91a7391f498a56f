# SPDX-License-Identifier: LGPL-2.1-or-later
# Completion of camwardctl for bash(1). Verbs and options are read from its own help, names from the
# service, as far as it answers whoever asks.

# The first column below the heading.
_camwardctl_names() {
	timeout 2 camwardctl "$1" 2>/dev/null </dev/null | awk 'NR > 1 { print $1 }'
}

_camwardctl_verbs() {
	camwardctl --help 2>/dev/null | awk '/^Verbs:/ { on = 1; next } /^$/ { on = 0 }
		on { sub(/^ +/, ""); sub(/   *.*/, ""); print }'
}

# The option's name, and what it takes if anything: "--until TIME".
_camwardctl_options() {
	camwardctl $1 --help 2>/dev/null | sed -nE 's/^  (--[a-z0-9-]+)( [A-Z]+)? .*/\1\2/p'
}

# What the operand at this place of the verb is: verb, place, the operands before it.
_camwardctl_operand() {
	case "$1:$2" in
	"client add":* | "integration add":* | invite:1) ;;
	"camera set":1 | "camera controls":1 | "camera adopt":1 | "camera rename":1 | \
		"camera forget":1 | invite:* | grant:2 | revoke:2) _camwardctl_names cameras ;;
	"client move":2 | "integration rename":1 | "integration remove":1)
		_camwardctl_names integrations ;;
	"client user":2) compgen -u ;;
	"client pin":2 | backup:1 | restore:1) echo FILE ;;
	"client "*:1 | grant:1 | revoke:1) _camwardctl_names clients ;;
	grant:3) printf '%s\n' live still raw live,still ;;
	"lease end":1) _camwardctl_names leases ;;
	suspend:1 | resume:1) printf '%s\n' all camera client integration ;;
	suspend:2 | resume:2) [[ $3 == all ]] || _camwardctl_names "$3s" ;;
	esac
}

# What an option takes: its name and the word for it.
_camwardctl_value() {
	case "$1 $2" in
	*" FILE") echo FILE ;;
	"--camera "*) _camwardctl_names cameras ;;
	"--client "*) _camwardctl_names clients ;;
	"--integration "*) _camwardctl_names integrations ;;
	esac
}

_camwardctl_reply() {
	if [[ $1 == FILE ]]; then
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$2")
	else
		mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
	fi
}

_camwardctl() {
	local cur=${COMP_WORDS[COMP_CWORD]} verbs verb="" options="" word takes="" last="" i
	local -a operands=()

	COMPREPLY=()
	verbs=$(_camwardctl_verbs)
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [[ -n $takes ]]; then
			takes=""
		elif [[ $word == -* ]]; then
			takes=$(sed -n "s/^$word //p" <<<"$options")
			last=$word
			# Its clients are named by it.
			[[ $verb == grant && $word == --integration ]] && operands+=("$word")
		elif grep -qxF -- "${verb:+$verb }$word" <<<"$verbs" && [[ ${#operands[@]} == 0 ]]; then
			verb=${verb:+$verb }$word
			options=$(_camwardctl_options "$verb")
		elif [[ -z $verb ]] && grep -q "^$word " <<<"$verbs"; then
			verb=$word
		else
			operands+=("$word")
		fi
	done
	if [[ -n $takes ]]; then
		_camwardctl_reply "$(_camwardctl_value "$last" "$takes")" "$cur"
	elif [[ -z $verb ]]; then
		_camwardctl_reply "$(cut -d' ' -f1 <<<"$verbs") --help --version" "$cur"
	elif [[ -z $options ]]; then
		_camwardctl_reply "$(sed -n "s/^$verb //p" <<<"$verbs")" "$cur"
	elif [[ $cur == -* ]]; then
		_camwardctl_reply "$(cut -d' ' -f1 <<<"$options")" "$cur"
	else
		_camwardctl_reply "$(_camwardctl_operand "$verb" $((${#operands[@]} + 1)) \
			"${operands[0]-}")" "$cur"
	fi
}

complete -F _camwardctl camwardctl
