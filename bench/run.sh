#!/usr/bin/env bash
# Measures jobferry beside programs that do comparable work: see scenarios.py.
set -euo pipefail
python3 -c 'import os; os.wait4, os.pidfd_open' || { echo "bench/run.sh needs Python 3.9 or newer" >&2; exit 1; }
exec python3 "$(dirname "${BASH_SOURCE[0]}")/scenarios.py" "$@"
