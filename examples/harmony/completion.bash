# SPDX-License-Identifier: MIT
# bash completion for harmony(1)

_harmony_words() {
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

_harmony_files() {
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -f -- "$cur")
}

# The integrations of the configuration that would be read.
_harmony_integrations() {
	local conf=$1 place
	for place in "$HARMONY_CONFIG" harmony.conf \
		"${XDG_CONFIG_HOME:-$HOME/.config}/harmony/harmony.conf" /etc/harmony/harmony.conf; do
		[[ -z $conf && -n $place && -r $place ]] && conf=$place
	done
	[[ -r $conf ]] &&
		sed -n 's/^[[:space:]]*\[integration[[:space:]]\{1,\}\([^][:space:]]*\)[[:space:]]*\].*/\1/p' "$conf"
}

_harmony() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local commands='check convert export import login test history show edit reoffer status serve
		init rekey help'
	local options='--config --json --quiet --verbose --help --version'
	local command= conf= i
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-c | --config) conf=${COMP_WORDS[++i]} ;;
		-*) ;;
		*) [[ -z $command ]] && command=${COMP_WORDS[i]} ;;
		esac
	done

	case $prev in
	-c | --config | -o | --output)
		_harmony_files
		return
		;;
	-f | --from)
		_harmony_words 'auto fmuta6 dbopen jsonl'
		return
		;;
	-t | --to)
		_harmony_words 'jsonl fmuta6 hledger'
		return
		;;
	-s | --set)
		compopt -o nospace 2>/dev/null
		_harmony_words "$("${COMP_WORDS[0]}" help config 2>/dev/null |
			sed -n 's/^ *\(\(fmuta6\|dbopen\)\.[a-z_]*\) .*/\1=/p')"
		return
		;;
	--code | -r | --run)
		return
		;;
	esac

	case $command in
	check) options+=' --set' ;;
	convert) options+=' --from --to --set' ;;
	export) options+=' --dry-run' ;;
	import) options+=' --output' ;;
	login) options+=' --code --refresh-token-stdin' ;;
	show) options+=' --all --failed' ;;
	reoffer) options+=' --run' ;;
	esac
	if [[ $cur == -* ]]; then
		_harmony_words "$options"
		return
	fi
	case $command in
	'') _harmony_words "$commands" ;;
	check | convert) _harmony_files ;;
	export | test)
		if [[ $prev == "$command" ]]; then
			_harmony_words "$(_harmony_integrations "$conf")"
		else
			_harmony_files
		fi
		;;
	import | login | history) _harmony_words "$(_harmony_integrations "$conf")" ;;
	help)
		if [[ $prev == config ]]; then
			_harmony_words 'ledger exact-online multivers twinfield minox'
		else
			_harmony_words "$commands config"
		fi
		;;
	esac
}

complete -F _harmony harmony
