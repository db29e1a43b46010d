#!/usr/bin/env bash
# clang-tidy's short list (.clang-tidy) over the rooms that are pure: crypto, policies, protocol.
#
#   tidy.sh ROOT BUILD
set -uo pipefail
cd "$1" || exit 1
found=$(find crypto policies protocol -name '*.cpp' | sort |
  xargs -P "$(nproc)" -n 4 clang-tidy -p "$2" --quiet 2>&1)
status=$?
[ "$status" -eq 0 ] || printf '%s\n' "$found" | grep -vE '^[0-9]+ warnings? generated\.$'
exit "$status"
