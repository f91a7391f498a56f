#!/bin/bash
# Access under systemd: the agent over the real bus, grants in policy.d, the light, the kill switch, the numbers' socket, restore and erasure.
# vm: systemd install timeout=600 memory=3G
# shellcheck source=tests/vm/lib.sh
. /camward/tests/vm/lib.sh
# shellcheck source=tests/vm/service.sh
. /camward/tests/vm/service.sh

light=/var/lib/camward/light

lit() {
	[ "$(cat $light)" = "$1" ]
}

opened() {
	in_use "${camera[0]}" && [ -e "/run/camward/watching/$front" ] && lit 255
}

dark() {
	not_in_use "${camera[0]}" && [ ! -e "/run/camward/watching/$front" ] && lit 0
}

granted_by() {
	ctl grants --json | has "\"source\": *\"$1\""
}

has_agent() {
	ctl status | has "somebody is asked"
}

# ended PLAYER. How ffmpeg takes a connection that is reset, as an error or as the end, depends on when.
ended() {
	! kill -0 "$1" 2> /dev/null
}

numbers() {
	python3 - <<-'PYTHON'
		import socket
		s = socket.socket(socket.AF_UNIX)
		s.connect("/run/camward/metrics/socket")
		s.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
		text = b""
		while data := s.recv(65536):
		    text += data
		assert b"\ncamward_camera_online{camera=\"front-door\"} 1\n" in text, text
	PYTHON
}

come
useradd --system --no-create-home -G camward looker

# The numbers, for root and the group.
numbers || fail "root gets no numbers"
runuser -u looker -- bash -c "$(declare -f numbers); numbers" || fail "a member gets no numbers"
! runuser -u nobody -- bash -c "$(declare -f numbers); numbers" 2> /dev/null ||
	fail "anybody gets the numbers"

# The light: what is written to stands for an LED.
touch $light
chown camward $light
printf '[light]\nfile=%s\n' $light > /etc/camward/light.conf
systemctl reload camward.service
until_true 10 lit 0 || fail "the light is not off"
play owner "$token" "$front" "" "" 20 &
player=$!
until_true 120 opened || fail "it is watched in the dark"
wait $player
until_true 10 dark || fail "the light stays on"
echo "the light went on and off"

# Grants in a file, and a mistake in one.
ctl revoke owner "$front"
! play owner "$token" "$front" 1 2> /dev/null || fail "it is watched without a grant"
mkdir -p /etc/camward/policy.d
printf '[grant a]\nclient=owner\ncamera=%s\nrights=live\n' "$front" > /etc/camward/policy.d/10.conf
printf '[grant a]\nclient=owner\ncamera=%s\nright=live\n' "$front" > /etc/camward/policy.d/20.conf
systemctl reload camward.service
until_true 10 granted_by 10.conf || fail "the file grants nothing"
! granted_by 20.conf || fail "a file with a mistake grants something"
journalctl -b -u camward.service | has "20.conf:4: a grant has no 'right'" || fail "that is not said"
watched "$front" "${camera[0]}"
rm /etc/camward/policy.d/*.conf
systemctl reload camward.service

# A client in a file, that goes with it.
hash=$(printf %s a-token-of-the-image | sha256sum | cut -d ' ' -f 1)
printf '[client vendor]\ntoken-sha256=%s\n[grant a]\nclient=vendor\ncamera=%s\nrights=live\n' \
	"$hash" "$front" > /etc/camward/policy.d/10.conf
systemctl reload camward.service
until_true 10 granted_by 10.conf || fail "the file declares nobody"
ctl clients | has "(policy.d/10.conf)" || fail "where a client stands is not said"
! ctl client remove vendor 2> /tmp/says || fail "a file's client is removed"
has "stands in a file of policy.d" < /tmp/says || fail "why is not said: $(cat /tmp/says)"
play vendor a-token-of-the-image "$front" 100 &
player=$!
until_true 120 opened || fail "a file's client does not watch"
rm /etc/camward/policy.d/10.conf
systemctl reload camward.service
until_true 20 ended $player || fail "it goes on without its file"
until_true 10 dark || fail "the device stays open"

# The agent: the service, which is not root, has to reach it over the system's bus.
ctl grant owner "$front" live --ask-first
mkfifo /tmp/answers
/usr/local/bin/camwardctl agent --json < /tmp/answers > /tmp/questions &
agent=$!
exec 9> /tmp/answers
until_true 20 has_agent || fail "there is no agent"
play owner "$token" "$front" 100 &
player=$!
until_true 60 grep -q asked /tmp/questions || fail "the agent is not asked"
not_in_use "${camera[0]}" || fail "the device is opened before the answer"
echo "$(grep -o '"lease": *[0-9]*' /tmp/questions | head -n 1 | tr -dc 0-9) yes" >&9
until_true 120 opened || fail "a yes opens nothing"
kill $agent
until_true 20 ended $player || fail "it goes on without the agent"
until_true 10 dark || fail "the device stays open after the agent has gone"
exec 9>&-
echo "the agent was asked, and what it allowed ended with it"

# The kill switch.
ctl grant owner "$front" live
play owner "$token" "$front" 100 &
player=$!
until_true 120 opened || fail "it is not watched"
begun=$(date +%s%3N)
ctl suspend all --reason "the button was pressed"
replied=$(date +%s%3N)
kill -9 "$(main_pid camward.service)"
until_true 10 dark || fail "the device stays open"
echo "suspended after $((replied - begun)) ms, dark $(($(date +%s%3N) - begun)) ms after the call"
until_true 20 ended $player || fail "its viewer goes on"
until_true 120 all_there || fail "after the crash: $(listed)"
ctl status | has "the button was pressed" || fail "it is not suspended any more"
! play owner "$token" "$front" 1 2> /dev/null || fail "it is watched though all is suspended"
ctl resume all
watched "$front" "${camera[0]}"

# Backup, restore and new keys.
state=/var/lib/camward
big=64 # MB
long=$(! grep -qw vm.long /proc/cmdline || echo yes)
[ ! "$long" ] || big=300

grow() {
	runuser -u camward -- python3 - "$state/camward.db" "$big" <<-'PYTHON'
		import sqlite3, sys
		with sqlite3.connect(sys.argv[1]) as db:
		    db.execute("CREATE TABLE ballast (bytes BLOB)")
		    db.executemany("INSERT INTO ballast VALUES (zeroblob(1 << 20))", [()] * int(sys.argv[2]))
	PYTHON
}

# another PID: the service has started anew.
another() {
	[ "$(main_pid camward.service)" != "$1" ] && ctl status --json > /dev/null 2>&1
}

# anew COMMAND...: it is done, by a service that starts anew.
anew() {
	local pid begun
	pid=$(main_pid camward.service) begun=$(date +%s%3N)
	ctl "$@" --yes
	echo "$1: $(($(date +%s%3N) - begun)) ms"
	until_true 120 another "$pid" || fail "$1: the service does not come back"
	[ ! -e $state/pending ] || fail "$1 is not finished"
	[ ! -e $state/restored ] || fail "$1: something is left"
}

pin() {
	ctl status --json | grep -o '"fingerprint": *"[^"]*"'
}

ctl backup /root/keys.tar --with-keys
pinned=$(pin)
ctl client add later --quiet > /dev/null
anew identity renew
[ "$(pin)" != "$pinned" ] || fail "the keys are the old ones"
ctl ledger verify
anew restore /root/keys.tar
[ "$(pin)" = "$pinned" ] || fail "the keys are not those of the backup"
! ctl clients | has later || fail "who came after the backup is there"
ctl ledger verify
until_true 120 all_there || fail "after the restore: $(listed)"

# Killed amid an erasure, of a database that takes a while to overwrite: the next start goes on with it.
systemctl stop camward.service
grow
systemctl start camward.service
pid=$(main_pid camward.service)
ctl erase --factory --yes 2> /dev/null &
end=$((SECONDS + 30))
until [ -e $state/pending ]; do # without a pause: it does not take long
	[ $SECONDS -lt $end ] || fail "nothing is written down"
done
kill -9 "$pid"
[ -e $state/camward.db ] || fail "it was over before the kill"
until_true 300 another "$pid" || fail "it does not come back"
wait $! || true
[ ! -e $state/pending ] || fail "it is not finished"
[ "$(stat -c %s $state/camward.db)" -lt 1000000 ] || fail "the database is there"
! ctl clients | has owner || fail "it knows somebody"
if [ "$long" ]; then # not killed, and longer than the watchdog allows
	systemctl stop camward.service
	grow
	mkdir -p /run/systemd/system/camward.service.d
	printf '[Service]\nWatchdogSec=1\n' > /run/systemd/system/camward.service.d/watchdog.conf
	systemctl daemon-reload
	systemctl start camward.service
	ctl backup /root/great.tar
	anew restore /root/great.tar
	rm /root/great.tar
	anew erase --factory
fi
! journalctl -b -u camward.service | has -i "watchdog timeout" || fail "the watchdog did not wait"

no_failed_unit
