#!/bin/bash
# Who is outside the machine watches over IPv4 and IPv6, is held to account by address, and finds the service by mDNS.
# vm: systemd install timeout=900 memory=3G
# shellcheck source=tests/vm/lib.sh
. /camward/tests/vm/lib.sh

camera_name=front-door

# A machine of its own behind a cable, as far as the network goes.
plug_in_outside() {
	modprobe veth
	ip netns add outside
	ip link add inside type veth peer name cable netns outside
	ip address add 192.0.2.1/24 dev inside
	ip address add 2001:db8::1/64 dev inside nodad
	ip link set inside up
	ip -n outside address add 192.0.2.2/24 dev cable
	ip -n outside address add 2001:db8::2/64 dev cable nodad
	ip -n outside link set cable up
	ip -n outside link set lo up
}

outside() {
	ip netns exec outside "$@"
}

install_all() {
	install_service
	journalctl --update-catalog
	printf '[match]\nserial=A1\n[camera]\nsize=320x180\n' > "/etc/camward/camera.d/$camera_name.conf"
	cat > /etc/udev/rules.d/70-vivid.rules <<-RULES
		SUBSYSTEM=="video4linux", ATTR{name}=="vivid-000-vid-cap", ENV{ID_PATH}="platform-vivid.0", ENV{ID_SERIAL}="vivid_A1", ENV{ID_SERIAL_SHORT}="A1", ENV{ID_MODEL}="vivid"
	RULES
	systemctl try-restart polkit
	udevadm control --reload
	udevadm trigger --settle --subsystem-match=video4linux
}

ctl() {
	/usr/local/bin/camwardctl "$@"
}

is_there() {
	ctl cameras --json 2> /dev/null | has '"condition": *"idle"' &&
		systemctl -q is-active camward-gate.service
}

# play CLIENT TOKEN HOST: ten frames, however long they take here.
play() {
	outside timeout 90 ffmpeg -y -hide_banner -nostdin -loglevel error -rtsp_transport tcp \
		-i "rtsps://$1:$2@$3:322/$camera_name" -frames:v 10 -an -f framemd5 /tmp/frames
}

id_of() {
	grep -A 1 "^# $1\$" /camward/units/camward.catalog | sed -n 's/^-- //p'
}

# journaled EVENT [FIELD=VALUE...]: whether there is one, with its explanation.
journaled() {
	local id
	id=$(id_of "$1")
	shift
	[ -n "$id" ] || fail "no event $1"
	journalctl --sync
	journalctl -b --no-pager -o cat MESSAGE_ID="$id" "$@" | has .
}

explained() {
	local text
	text=$(journalctl -b --no-pager -x MESSAGE_ID="$(id_of "$1")" | cat)
	grep -q "$2" <<< "$text" || fail "$1 is not explained: $text"
}

journal() {
	journalctl -b --no-pager -o short-monotonic > /out/journal.log || true
	journalctl -b --no-pager -o export -u 'camward*' > /out/journal.export || true
}
trap journal EXIT

cameras 1 30
plug_in_outside
install_all
systemctl start camward.service
until_true 60 is_there || fail "not all is there"
journaled READY || fail "the journal does not say that viewers can connect"
journaled CERTIFICATE_RENEWED || fail "the journal knows of no certificate"
journaled CAMERA_NEW CAMWARD_CAMERA=$camera_name || fail "the journal knows of no new camera"

token=$(ctl client add owner --quiet)
ctl grant owner "$camera_name" live
for host in 192.0.2.1 '[2001:db8::1]'; do
	play owner "$token" "$host" || fail "from outside, $host cannot be watched"
	[ "$(grep -vc '^#' /tmp/frames)" = 10 ] || fail "$host: $(cat /tmp/frames)"
	echo "$host: ten frames"
done
for peer in 192.0.2.2 2001:db8::2; do
	until_true 10 journaled LEASE_ENDED CAMWARD_CLIENT=owner CAMWARD_CAMERA=$camera_name ||
		fail "no end of a lease"
	journalctl -b --no-pager -o verbose MESSAGE_ID="$(id_of LEASE_OPENED)" |
		has "CAMWARD_PEER=.*$peer" || fail "no lease from $peer"
done
explained LEASE_OPENED "To end it:"
explained CAMERA_NEW "camwardctl grant CLIENT $camera_name live"

# An IPv6 network that guesses is turned away as a whole; who comes by IPv4 is not. Many at once, for
# it is to last until a player has been started here.
cat > /tmp/guess.py <<'PYTHON'
import base64, socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
request = ("DESCRIBE rtsps://[2001:db8::1]:322/%s RTSP/1.0\r\nCSeq: 1\r\nAuthorization: Basic %s\r\n\r\n"
           % (sys.argv[1], base64.b64encode(b"owner:" + b"A" * 43).decode())).encode()
viewers = [context.wrap_socket(socket.create_connection(("2001:db8::1", 322), 20)) for _ in range(16)]
for viewer in viewers:
    viewer.sendall(request)
sys.exit(any(b" 401 " not in viewer.recv(4096) for viewer in viewers))
PYTHON
outside python3 /tmp/guess.py "$camera_name" || fail "guesses have another answer than 401"
journaled SOURCE_REFUSED CAMWARD_PEER=2001:db8::/64 || fail "who guesses is not turned away"
explained SOURCE_REFUSED "2001:db8::/64"
! play owner "$token" '[2001:db8::1]' 2> /dev/null || fail "a refused network is let in"
play owner "$token" 192.0.2.1 || fail "others are turned away with it"

# What the outside is told by mDNS about TYPE: its ports; fails if a camera is named.
cat > /tmp/ask.py <<'PYTHON'
import socket, struct, sys, time

PTR, SRV = 12, 33
name, secret = sys.argv[1] + ".local", sys.argv[2].encode()
kind = b"".join(bytes([len(p)]) + p.encode() for p in name.split(".")) + b"\0"
# From the port of mDNS itself: systemd-resolved does not answer others (RFC 6762, 6.7).
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("", 5353))
me = socket.inet_aton("192.0.2.2")
s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, me)
s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton("224.0.0.251") + me)

def skip(got, at):
    while got[at]:
        if got[at] >= 0xc0:
            return at + 2
        at += 1 + got[at]
    return at + 1

def records(got):
    _, _, questions, *counts = struct.unpack(">6H", got[:12])
    at = 12
    for _ in range(questions):
        at = skip(got, at) + 4
    for _ in range(sum(counts)):
        at = skip(got, at)
        what, _, _, size = struct.unpack(">HHIH", got[at:at + 10])
        yield what, got[at + 10:at + 10 + size]
        at += 10 + size

def ask(owner, what):
    """The records of the first answer that has one of this kind."""
    s.sendto(struct.pack(">6H", 0, 0, 1, 0, 0, 0) + owner + struct.pack(">2H", what, 1),
             ("224.0.0.251", 5353))
    deadline = time.monotonic() + 2
    while True:
        s.settimeout(max(0.01, deadline - time.monotonic()))
        try:
            got = s.recv(9000)
        except socket.timeout:
            sys.exit(1)
        if len(got) < 12 or not got[2] & 0x80:
            continue
        if secret in got:
            print("it names a camera:", got)
            sys.exit(2)
        found = list(records(got))
        if kind[:-1] in got and what in [w for w, _ in found]:
            return found

found = ask(kind, PTR)
if SRV not in [w for w, _ in found]:  # Avahi adds it, systemd-resolved wants to be asked
    found = ask(b"\x0dCamera server" + kind, SRV)
print(*(struct.unpack(">3H", data[:6])[2] for what, data in found if what == SRV))
PYTHON

# told TYPE PORT
told() {
	local ports status=0
	ports=$(outside python3 /tmp/ask.py "$1" "$camera_name") || status=$?
	[ "$status" != 2 ] || fail "$ports"
	[ "$status" = 0 ] && { [ -z "$2" ] || [[ " $ports " == *" $2 "* ]]; }
}

not_told() {
	! told "$1" ""
}

# browsed_by PROTOCOL. Which of the host's addresses comes with a service is Avahi's choice, whichever
# protocol told of it.
browsed_by() {
	timeout 30 avahi-browse -rpt _rtsps._tcp | has -E \
		"^=;inside;$1;Camera\\\\032server;_rtsps._tcp;local;vm.local;(192.0.2.1|2001:db8::1);322;\"txtvers=1\"\$"
}

announced_by() {
	journalctl -b --no-pager -o cat MESSAGE_ID="$(id_of ANNOUNCED)" | grep -c "by $1" || true
}

# announced_since COUNT BY
announced_since() {
	journalctl --sync
	[ "$(announced_by "$2")" -gt "$1" ]
}

start_unmasked() {
	rm -f "${@/#//etc/systemd/system/}"
	systemctl daemon-reload
	systemctl start "$1"
}

not_told _rtsps._tcp || fail "it is announced though nobody asked for that"
printf '[mdns]\nannounce=yes\nname=Camera server\n' > /etc/camward/camward.conf
systemctl reload camward.service
until_true 20 journaled ANNOUNCE_FAILED || fail "the journal does not say that nobody announces"

start_unmasked avahi-daemon.service avahi-daemon.socket
until_true 120 announced_since 0 Avahi || fail "Avahi does not announce it"
until_true 20 told _rtsps._tcp 322 || fail "the outside does not hear of _rtsps._tcp"
until_true 20 told _https._tcp 8443 || fail "the outside does not hear of _https._tcp"
until_true 60 browsed_by IPv4 && until_true 60 browsed_by IPv6 ||
	fail "avahi-browse has something else: $(timeout 30 avahi-browse -rpt _rtsps._tcp)"

# The machine gets another name: the certificate is for that, too, and it is announced anew.
named() {
	python3 -c 'import ssl, sys
pem = ssl.get_server_certificate(("127.0.0.1", 322))
sys.exit(sys.argv[1].encode() not in ssl.PEM_cert_to_DER_cert(pem))' "$1"
}
named vm.local || fail "the certificate is not for the machine's name"
hostname attic
until_true 60 named attic.local || fail "the certificate is not for the new name"
until_true 60 announced_since 1 Avahi || fail "it is not announced anew under the new name"
hostname vm
until_true 60 named vm.local || fail "the certificate is not for the old name again"
until_true 60 announced_since 2 Avahi || fail "it is not announced anew under the old name"

systemctl restart avahi-daemon.service
until_true 120 announced_since 3 Avahi || fail "it is not announced again by a new Avahi"
until_true 20 told _rtsps._tcp 322 || fail "the outside does not hear of it again"
systemctl stop camward.service
until_true 20 not_told _rtsps._tcp || fail "it is announced though it is stopped"
systemctl stop avahi-daemon.service avahi-daemon.socket

mkdir -p /etc/systemd/resolved.conf.d
printf '[Resolve]\nMulticastDNS=yes\n' > /etc/systemd/resolved.conf.d/mdns.conf
start_unmasked systemd-resolved.service
resolvectl mdns inside yes
systemctl start camward.service
until_true 120 announced_since 0 systemd-resolved || fail "systemd-resolved does not announce it"
until_true 20 told _rtsps._tcp 322 || fail "the outside does not hear of _rtsps._tcp by systemd-resolved"
# What a crash leaves there does not stand in the way.
kill -9 "$(systemctl show -P MainPID camward.service)"
until_true 120 announced_since 1 systemd-resolved || fail "it is not announced again after a crash"
until_true 20 told _https._tcp 8443 || fail "the outside does not hear of _https._tcp"
systemctl stop camward.service
until_true 20 not_told _rtsps._tcp || fail "systemd-resolved goes on announcing"

! systemctl --failed --no-legend | grep camward || fail "units failed"
