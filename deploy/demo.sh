#!/bin/sh
# The daemon with open enrolment, cameras, watches, a cabinet and a campus; Ctrl-C ends all.
set -e
cd "$(dirname "$0")/.."
BIN=${BIN:-.venv/bin}
DATA=var/demo

mkdir -p "$DATA"
echo "iotd: demo in $DATA: every device that connects is approved at once, cameras run while somebody watches"
if [ ! -e "$DATA/iotd.sqlite3" ]; then
    echo "iotd: writing half a year of two patients and their doctor, a cabinet's visits, and 60 days of a campus"
    "$BIN/iotd" demo --data "$DATA"
fi
IOTD_DEVICES__ENROLMENT=open IOTD_CAMERAS__ON_DEMAND=true "$BIN/twistd" --pidfile= -n iotd --data "$DATA" &
daemon=$!
devices=
finish() {
    trap - INT TERM EXIT
    [ -z "$devices" ] || kill "$devices" 2>/dev/null || true
    kill "$daemon" 2>/dev/null || true
    wait
}
trap finish INT TERM EXIT

ready() { "$BIN/python" -c 'import urllib.request as u; u.urlopen("http://127.0.0.1:8080/healthz", timeout=2)' 2>/dev/null; }
until ready; do
    kill -0 "$daemon" 2>/dev/null || { echo "iotd: the daemon did not start; its words are above"; exit 1; }
    sleep 0.3
done

gates=
# a day of the campus takes two hours, so that somebody passes every few seconds
keys=$DATA/boards.keys
[ -e "$keys" ] || keys=$DATA/gates.keys # of a demo made before there were boards
[ ! -e "$keys" ] || gates="--keys $keys --students 400 --day-seconds 7200"

echo "iotd: adding four cameras, two watches, a cabinet with its camera, a campus's gates, and four boards with keys, all virtual"
# shellcheck disable=SC2086  # several words, or none
"$BIN/iotd" simulate --cameras 4 --watches 2 --cabinets 1 --measure-seconds 1 $gates &
devices=$!
echo "iotd: open http://localhost:8080 and sign in; Ctrl-C ends the demo. The accounts ($DATA/accounts.txt):"
[ ! -e "$DATA/accounts.txt" ] || sed 's/^/iotd:   /' "$DATA/accounts.txt"
wait "$daemon"
