#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A loopback HTTP server that behaves as badly as its paths say.

Runs a command with HARMONY_TEST_URL set to its address and ends with the
command's status. What it was asked is counted, per path, at /count/PATH.
"""
import gzip
import json
import os
import socket
import socketserver
import struct
import subprocess
import sys
import threading
import time


class State:
    def __init__(self):
        self.lock = threading.Lock()
        self.counts = {}
        self.refresh = "refresh-0"
        self.access = None
        self.generation = 0
        self.issued = 0.0
        self.stolen = False


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        self.server.connections += 1
        while self.one():
            pass

    def read_request(self):
        line = self.rfile.readline().decode("latin-1").split()
        if len(line) < 2:
            return None
        headers = {}
        while True:
            header = self.rfile.readline().decode("latin-1").rstrip("\r\n")
            if not header:
                break
            name, _, value = header.partition(":")
            headers[name.lower()] = value.strip()
        if headers.get("transfer-encoding", "") == "chunked":
            body = b""
            while True:
                size = int(self.rfile.readline().split(b";")[0], 16)
                body += self.rfile.read(size)
                self.rfile.readline()
                if size == 0:
                    break
        else:
            body = self.rfile.read(int(headers.get("content-length", 0)))
        return line[0], line[1], headers, body

    def answer(self, status, body=b"", headers=None, length=None):
        lines = ["HTTP/1.1 %d X" % status]
        for name, value in (headers or {}).items():
            lines.append("%s: %s" % (name, value))
        lines.append("Content-Length: %d" % (len(body) if length is None else length))
        self.wfile.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body)
        self.wfile.flush()

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        return False

    def one(self):
        try:
            request = self.read_request()
        except (ConnectionError, ValueError):
            return False
        if request is None:
            return False
        method, path, headers, body = request
        path, _, query = path.partition("?")
        state = self.server.state
        if path.startswith("/count/"):
            with state.lock:
                self.answer(200, str(state.counts.get(path[6:], 0)).encode())
            return True
        with state.lock:
            state.counts[path] = state.counts.get(path, 0) + 1
        name = path.strip("/").split("/")[0].replace("-", "_")
        return getattr(self, "do_" + name)(method, path, query, headers, body)

    # ---- good and bad answers

    def do_echo(self, method, path, query, headers, body):
        document = {"method": method, "query": query, "headers": headers, "body": body.decode("latin-1")}
        self.answer(200, json.dumps(document).encode(), {"Content-Type": "application/json"})
        return True

    def do_status(self, method, path, query, headers, body):
        self.answer(int(path.split("/")[2]), b"words", {"Retry-After": "7", "X-Case": "yes"})
        return True

    def do_redirect(self, *args):
        self.answer(302, b"", {"Location": "http://127.0.0.1:%d/echo" % self.server.server_address[1]})
        return True

    def do_gzip(self, *args):
        self.answer(200, gzip.compress(b"inflated " * 1000), {"Content-Encoding": "gzip"})
        return True

    def do_bomb(self, *args):
        body = gzip.compress(b"\0" * (64 * 1024 * 1024))
        self.answer(200, body, {"Content-Encoding": "gzip"})
        return True

    def do_endless(self, *args):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        chunk = b"1000\r\n" + b"x" * 4096 + b"\r\n"
        for _ in range(100000):
            self.wfile.write(chunk)
        return False

    def do_reset_after(self, *args):
        return self.reset()

    def do_truncated(self, *args):
        self.answer(200, b"half", length=100)
        return self.reset()

    def do_truncated_error(self, *args):
        self.answer(400, b"half", length=100)
        return self.reset()

    def do_slow(self, method, path, query, headers, body):
        time.sleep(float(path.split("/")[2]))
        self.answer(200, b"late")
        return True

    def do_keep_then_close(self, method, path, query, headers, body):
        """The first request of a connection is answered; the second is read and dropped."""
        if getattr(self, "kept", False):
            return self.reset()
        self.kept = True
        self.answer(200, b"first")
        return True

    # ---- a token endpoint with rotating refresh tokens

    def do_token(self, method, path, query, headers, body):
        from urllib.parse import parse_qs
        state, mode = self.server.state, path.split("/")[2]
        if headers.get("content-type") == "application/json":
            form = json.loads(body)
        else:
            form = {k: v[0] for k, v in parse_qs(body.decode(), keep_blank_values=True).items()}
        if mode == "basic":
            if headers.get("authorization") != "Basic aWQ6czpjcmV0" or "client_secret" in form:
                self.answer(401, b'{"error":"invalid_client"}')
                return True
        elif form.get("client_id") != "id" or form.get("client_secret") != "s:cret":
            self.answer(400, b'{"error":"invalid_client"}')
            return True
        with state.lock:
            if mode == "fail":
                self.answer(503, b"maintenance")
                return True
            if mode == "empty":
                self.answer(200, b"")
                return True
            if mode == "early" and state.access and time.time() - state.issued < 3600:
                self.answer(400, b'{"error":"access_denied","error_description":"Rate limit exceeded: '
                                 b'access_token not expired"}')
                return True
            if form["grant_type"] == "authorization_code":
                good = form.get("code") == "co/de+1" and form.get("redirect_uri") == "https://x.example/cb"
            else:
                good = form.get("refresh_token") == state.refresh
                if not good:
                    state.stolen = True
            if not good:
                self.answer(400, b'{"error":"invalid_grant","error_description":"Old refresh token used."}')
                return True
            state.generation += 1
            state.refresh = "refresh-%d" % state.generation
            state.access = "access-%d" % state.generation
            state.issued = time.time()
            document = {"access_token": state.access, "refresh_token": state.refresh,
                        "expires_in": "600" if mode != "number" else 600, "token_type": "bearer"}
            if mode == "static":
                del document["refresh_token"]
                state.refresh = form.get("refresh_token", state.refresh)
            if mode == "lose":
                return self.reset()
            self.answer(200, json.dumps(document).encode())
        return True


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128
    connections = 0

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], (ConnectionError, ValueError)):
            super().handle_error(request, client_address)


def main():
    server = Server(("127.0.0.1", 0), Handler)
    server.state = State()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    environment = dict(os.environ, HARMONY_TEST_URL="http://127.0.0.1:%d" % server.server_address[1])
    return subprocess.call(sys.argv[1:], env=environment)


if __name__ == "__main__":
    sys.exit(main())
