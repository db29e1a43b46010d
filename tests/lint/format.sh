#!/usr/bin/env bash
# Every source file is as clang-format would have it.
set -euo pipefail
cd "$1"
find crypto policies protocol node tests -name '*.h' -o -name '*.cpp' | sort |
  xargs clang-format --dry-run -Werror --style=file
