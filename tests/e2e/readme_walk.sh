#!/usr/bin/env bash
# Runs the walk of a page (README.md, docs/GUIDE.md), as it stands there, against a server of its own.
# Usage: readme_walk.sh ADIT_BINARY PAGE
set -euo pipefail
adit=$1 page=$2
name=${page##*/}
PATH=$(dirname "$adit"):$PATH

folder=$(mktemp -d)
server=
finish() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  rm -rf "$folder"
}
trap finish EXIT

"$adit" serve --data "$folder/data" --listen 127.0.0.1:0 --tls-listen off 2>"$folder/log" &
server=$!
for _ in $(seq 100); do
  [ -s "$folder/data/listen.json" ] && break
  sleep 0.1
done
address=$(jq -r .http "$folder/data/listen.json")

sed -n '/<!-- walk: begin -->/,/<!-- walk: end -->/p' "$page" | sed '/^<!--/d; /^```/d' \
  | sed "s|^ADIT=.*|ADIT=http://$address|" >"$folder/walk.sh"
expected=$(sed -n 's/^The last line prints `\(.*\)`\.$/\1/p' "$page")
[ -n "$expected" ] || { echo "$name no longer says what the walk prints"; exit 1; }

cd "$folder"
bash -euo pipefail walk.sh >output || { cat output log; exit 1; }
seen=$(tail -n 1 output)
if [ "$seen" != "$expected" ]; then
  echo "$name promises: $expected"
  echo "the walk printed:   $seen"
  exit 1
fi
# What a comment of the walk shows as printed must have been printed.
sed -n 's/^# \(\[.*\)$/\1/p' walk.sh | while read -r line; do
  grep -qFx -- "$line" output || { echo "$name shows $line, which the walk did not print"; exit 1; }
done
