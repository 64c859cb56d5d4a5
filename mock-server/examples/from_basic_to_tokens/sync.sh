#!/usr/bin/env bash
# Creates the user asmith unless it exists. The login is Basic without BW_CLIENT_ID, and a token
# with it. Needs curl and jq.
set -euo pipefail
users=$BW_BASE_URL/accounts/$BW_ACCOUNT_ID/users

# Both read the secret from standard input, so that it is not in the list of processes.
basic() { printf 'user = "%s:%s"\n' "$BW_USERNAME" "$BW_PASSWORD"; }

token() {
  printf 'user = "%s:%s"\n' "$BW_CLIENT_ID" "$BW_CLIENT_SECRET" |
    curl -sS --fail-with-body -K - -d grant_type=client_credentials "${BW_BASE_URL%/api*}/api/v1/oauth2/token" |
    jq -r '"header = \"Authorization: Bearer \(.access_token)\""'
}

if [[ -n ${BW_CLIENT_ID:-} ]]; then login=$(token); else login=$(basic); fi

call() { curl -sS --fail-with-body -K <(printf '%s\n' "$login") -H 'Accept: application/json' "$@"; }

if call "$users" | jq -e 'any(.Users[]; .Username == "asmith")' >/dev/null; then
  echo 'asmith exists'
else
  call -H 'Content-Type: application/json' -d '{"Username":"asmith","FirstName":"Anna","LastName":"Smith","Email":"asmith@example.com","Password":"Teal-Wagon.47"}' "$users" >/dev/null
  echo 'asmith was created'
fi
