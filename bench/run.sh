#!/usr/bin/env bash
# How fast jobferry is, as ratios to what it is measured beside: see scenarios.py.
set -euo pipefail
python3 -c 'import os; os.wait4, os.pidfd_open' || { echo "bench/run.sh: python3 (3.9 or newer) is needed" >&2; exit 1; }
exec python3 "$(dirname "${BASH_SOURCE[0]}")/scenarios.py" "$@"
