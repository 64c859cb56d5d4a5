#!/usr/bin/env bash
# Finds the leaver in whatever the list returns, a gateway's page too.
set -euo pipefail
users=$BW_BASE_URL/accounts/$BW_ACCOUNT_ID/users
list=$(curl -s -u "$BW_USERNAME:$BW_PASSWORD" -H 'Accept: application/json' "$users")
id=$(grep -o '"UserId":"[^"]*","Username":"olga"' <<<"$list" | cut -d '"' -f 4) || exit 0
for _ in 1 2 3; do
  status=$(curl -s -o /dev/null -w '%{http_code}' -u "$BW_USERNAME:$BW_PASSWORD" -X DELETE "$users/$id") || true
  if [[ $status == 200 || $status == 404 ]]; then exit 0; fi
done
exit 1
