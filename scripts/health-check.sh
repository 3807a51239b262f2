#!/bin/sh
# Status 0 if the container does its work: health-check.sh [portal|gate]. The gate answers at the socket $GATE_SOCKET.
set -eu
case ${1-portal} in
    portal) ADDRESS=${PORTAL_PORT:-3000} QUESTION=/healthz ;;
    gate) ADDRESS=${GATE_SOCKET:-/run/gate/gate.sock} QUESTION=/_ping ;;
    *) echo "health-check.sh knows portal and gate, not $1" >&2; exit 2 ;;
esac
exec python3 -OO -ISE -c '
import socket, sys
address, question = sys.argv[1:]
if address.isdigit():
    peer = socket.create_connection(("127.0.0.1", int(address)), 2)
else:
    peer = socket.socket(socket.AF_UNIX)
    peer.settimeout(2)
    peer.connect(address)
peer.sendall(f"GET {question} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
sys.exit(b" 200 " not in peer.recv(64))' "$ADDRESS" "$QUESTION"
