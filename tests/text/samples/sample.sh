#!/usr/bin/env bash
# Packs and sends.
set -euo pipefail

source ./lib/route.sh
. "${HERE}/lib/log.sh"

readonly LIMIT=16
export OFFICE="main"
count=0

usage() {
  cat <<EOF
usage: $0 [-n] parcel
EOF
  exit 2
}

function weigh {
  local grams="$1"
  log_info "weighing $grams"
  echo "$grams" | scale --unit g
}

send_all() (
  for parcel in "$@"; do
    weigh "$(size_of "$parcel")" || usage
    count=$((count + 1))
  done
)

if [[ $# -gt $LIMIT ]]; then
  usage
fi

trap 'log_info done' EXIT
send_all "$@"
