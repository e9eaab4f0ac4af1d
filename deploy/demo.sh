#!/bin/sh
# The daemon with open enrolment, and four virtual cameras; Ctrl-C ends both.
set -e
cd "$(dirname "$0")/.."
BIN=${BIN:-.venv/bin}
DATA=var/demo

mkdir -p "$DATA"
echo "iotd: demo in $DATA: every device that connects is approved at once, cameras run while somebody watches"
IOTD_DEVICES__ENROLMENT=open IOTD_CAMERAS__ON_DEMAND=true "$BIN/twistd" --pidfile= -n iotd --data "$DATA" &
daemon=$!
cameras=
finish() {
    trap - INT TERM EXIT
    [ -z "$cameras" ] || kill "$cameras" 2>/dev/null || true
    kill "$daemon" 2>/dev/null || true
    wait
}
trap finish INT TERM EXIT

ready() { "$BIN/python" -c 'import urllib.request as u; u.urlopen("http://127.0.0.1:8080/healthz", timeout=2)' 2>/dev/null; }
until ready; do
    kill -0 "$daemon" 2>/dev/null || { echo "iotd: the daemon did not start; its words are above"; exit 1; }
    sleep 0.3
done

echo "iotd: adding four virtual cameras"
"$BIN/iotd" simulate --cameras 4 &
cameras=$!
echo "iotd: open http://localhost:8080 (first time: the address with a token above); Ctrl-C ends the demo"
wait "$daemon"
