#!/bin/sh
# Programs that the tests start themselves: installs the Debian packages of those that are missing.
set -e

missing=
need() { # need PACKAGE PROGRAM [OTHER NAME]
    for program in "$2" "${3:-$2}"; do
        PATH="$PATH:/usr/sbin:/usr/local/sbin" command -v "$program" >/dev/null 2>&1 && return
    done
    missing="$missing $1"
}
need mariadb-server mariadbd mysqld
need chromium chromium chromium-browser
need ffmpeg ffmpeg
need mosquitto mosquitto
need mosquitto-clients mosquitto_pub
need strace strace
need systemd systemd-analyze
need gcc gcc cc
need poppler-utils pdftotext

[ -n "$missing" ] || { echo "iotd: all programs that the tests need are here"; exit 0; }

echo "iotd: the tests need these Debian packages:$missing"
if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    echo "iotd: please run: sudo apt-get install --no-install-recommends$missing"
    exit 1
fi
command -v apt-get >/dev/null || { echo "iotd: no apt-get here: install them in your system's way"; exit 1; }
echo "iotd: installing them"
$as_root apt-get update -qq
# policy-rc.d of the session: the tests start their own servers, none should begin at boot here
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
echo "iotd: installed"
