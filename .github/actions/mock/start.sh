#!/usr/bin/env bash
# The step of action.yml: builds the mock where no binary is given, starts it, and writes to
# GITHUB_ENV where it is and who may log in. Secrets are masked before anything is written.
set -euo pipefail
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
folder=$(mktemp -d "${RUNNER_TEMP:-/tmp}/bandwidth-mock.XXXXXX")

# stop TEXT: an error that the job's page shows.
pid=
stop() {
  [[ -z $pid ]] || kill "$pid" 2>/dev/null || true
  printf '::error title=bandwidth-mock::%s\n' "$*"
  exit 1
}

mock=${INPUT_BINARY-}
if [[ -z $mock ]]; then
  command -v cargo >/dev/null || stop 'there is no cargo to build it with; install Rust, or give a binary'
  # The development build is there soonest, and quick enough for tests.
  (cd "$project" && cargo build --quiet --locked --bin bandwidth-mock)
  mock=${CARGO_TARGET_DIR:-$project/target}/debug/bandwidth-mock
fi
[[ -x $mock ]] || stop "$mock is no program"

arguments=(--listen "${INPUT_LISTEN:-127.0.0.1:0}" --announce json)
arguments+=(--profile "${INPUT_PROFILE:-guide}" --seed "${INPUT_SEED:-demo}")
while read -r choice; do
  [[ -z $choice ]] || arguments+=(--set "$choice")
done <<<"${INPUT_SET-}"
# In one line or several.
read -r -d '' -a more <<<"${INPUT_ARGUMENTS-}" || true

# What it announces has the password.
umask 077
nohup "$mock" "${arguments[@]}" "${more[@]}" >"$folder/announced" 2>"$folder/log" </dev/null &
pid=$!
until [[ -s $folder/announced ]]; do
  kill -0 "$pid" 2>/dev/null || stop "$(cat "$folder/log")"
  sleep 0.05
done

# A line more would be a mask less, and a variable more.
jq -e '[.[] | strings | select(contains("\n"))] == []' "$folder/announced" >/dev/null ||
  stop 'a name or password in its seed has more than one line'

# announced KEY: what it announced, or nothing.
announced() { jq -r ".$1 // empty" "$folder/announced"; }

# export_as NAME KEY
export_as() {
  local value
  value=$(announced "$2")
  [[ -z $value ]] || printf '%s=%s\n' "$1" "$value" >>"${GITHUB_ENV:-/dev/null}"
}
for secret in password clientSecret adminToken; do
  value=$(announced "$secret")
  [[ -z $value ]] || printf '::add-mask::%s\n' "$value"
done
export_as BW_BASE_URL baseUrl
export_as BW_ACCOUNT_ID accountId
export_as BW_USERNAME username
export_as BW_PASSWORD password
export_as BW_CLIENT_ID clientId
export_as BW_CLIENT_SECRET clientSecret
export_as BANDWIDTH_MOCK_ADMIN_URL adminUrl
export_as BANDWIDTH_MOCK_ADMIN_TOKEN adminToken
{
  printf 'base-url=%s\n' "$(announced baseUrl)"
  printf 'admin-url=%s\n' "$(announced adminUrl)"
  printf 'pid=%s\n' "$pid"
} >>"${GITHUB_OUTPUT:-/dev/null}"
printf 'bandwidth-mock, profile %s, at %s; it logs to %s\n' "$(announced profile)" "$(announced baseUrl)" "$folder/log"
rm "$folder/announced"
