#!/usr/bin/env bash
# The step of action.yml: builds the suite, runs it, writes JUnit, HTML, JSON and Markdown, shows the
# Markdown as the job's summary, and ends with the suite's exit code.
set -euo pipefail
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
reports=${INPUT_REPORTS:-conformance-reports}
mkdir -p "$reports"
# In one line or several.
read -r -d '' -a arguments <<<"${INPUT_ARGUMENTS-}" || true
code=0
# The development build is there soonest, and quick enough.
cargo run --quiet --locked --manifest-path "$project/Cargo.toml" --bin bandwidth-conformance -- \
  run --quiet --target "${INPUT_TARGET:-mock}" --profile "${INPUT_PROFILE:-guide}" \
  --report "junit=$reports/junit.xml" --report "html=$reports/report.html" \
  --report "json=$reports/result.json" --report "markdown=$reports/summary.md" \
  "${arguments[@]}" || code=$?
if [[ -n ${GITHUB_OUTPUT-} ]]; then
  echo "exit-code=$code" >>"$GITHUB_OUTPUT"
fi
if [[ -n ${GITHUB_STEP_SUMMARY-} && -f $reports/summary.md ]]; then
  cat "$reports/summary.md" >>"$GITHUB_STEP_SUMMARY"
fi
exit "$code"
