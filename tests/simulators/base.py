#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What every simulated bookkeeping service has in common.

A threaded loopback HTTP/1.1 server, faults on demand, control over HTTP below
/_sim/, a simulated clock, the list of broken rules, the append-only journal of
what was booked, and a runner that starts a command below the server.

A fault is {"kind": K, "match": REGEX on "METHOD path?query" (a service may add to it), "nth": n | "every": n
| "at_request": k, "times": m}. nth counts matching requests, at_request counts
all requests; both from 1 and from the moment the faults were set. Without any of
them the fault hits each match. Kinds:
  reset_before hang_before          nothing is done
  reset_after hang_after            done, but the answer is never seen
  408 429 500 502 503 504           nothing is done, the answer has no JSON
  502_after ...                     done, and then that answer
  status_500 status_500_message     nothing is done; without, with a message of the service
  truncated cut garbage empty       done; body half sent, half declared, not JSON, absent
  endless slow                      done; a body without an end, an answer after "seconds"
Services add their own (drop_lines, expire_token, token_reset_after, ...).
"""
import argparse
import faulthandler
import json
import os
import re
import select
import socket
import socketserver
import struct
import subprocess
import sys
import threading
import time
import unittest
import urllib.parse

REASONS = {200: "OK", 201: "Created", 204: "No Content", 302: "Found", 400: "Bad Request",
           401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
           408: "Request Timeout", 411: "Length Required", 415: "Unsupported Media Type",
           429: "Too Many Requests",
           500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable",
           504: "Gateway Timeout"}
LOST = (ConnectionError, ValueError, TimeoutError, OSError)


class Request:
    def __init__(self, method, target, headers, body):
        self.method, self.target, self.headers, self.body = method, target, headers, body
        path, _, self.query = target.partition("?")
        self.path = urllib.parse.unquote(path)
        self.label = method + " " + target  # what the faults look at
        self.fault, self.left = None, False
        self.number = 0

    def is_fault(self, kind):
        return self.fault is not None and self.fault["kind"] == kind

    def fault_value(self, name, default):
        return (self.fault or {}).get(name, default)


class Answer(Exception):
    """What goes back; raised where a check fails, returned where all is well."""

    def __init__(self, status, body=b"", headers=None):
        super().__init__(status)
        self.status, self.reason = status, None
        self.headers = dict(headers or {})
        if not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            self.headers.setdefault("Content-Type", "application/json; charset=utf-8")
        self.body = body.encode() if isinstance(body, str) else body


class Faults:
    def __init__(self):
        self.clear()

    def clear(self):
        self.list, self.seen = [], 0

    def set(self, faults):
        self.clear()
        for fault in faults:
            fault = dict(fault, hits=0, matched=0)
            fault["regex"] = re.compile(fault.get("match", ""))
            self.list.append(fault)

    def pick(self, request):
        """The first fault that is due for this request; counts in every fault."""
        self.seen += 1
        due = None
        for fault in self.list:
            if not fault["regex"].search(request.label):
                continue
            fault["matched"] += 1
            if due is None and self.is_due(fault):
                due = fault
                fault["hits"] += 1
        return due

    def is_due(self, fault):
        if fault["hits"] >= fault.get("times", 1 << 60):
            return False
        if "at_request" in fault:
            return self.seen == fault["at_request"]
        if "nth" in fault:
            return fault["matched"] == fault["nth"]
        return fault["matched"] % fault.get("every", 1) == 0


class Handler(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self):
        try:
            while self.one():
                pass
        except LOST:
            pass

    def read_request(self):
        line = self.rfile.readline(65537).decode("latin-1").split()
        if len(line) != 3:
            return None
        headers = {}
        while True:
            header = self.rfile.readline(65537).decode("latin-1").rstrip("\r\n")
            if not header:
                break
            name, _, value = header.partition(":")
            headers[name.strip().lower()] = value.strip()
        if headers.get("expect", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return Request(line[0], line[1], headers, self.read_body(headers))

    def read_body(self, headers):
        if headers.get("transfer-encoding", "").lower() != "chunked":
            return self.all_of(int(headers.get("content-length", 0)))
        body = b""
        while True:
            size = int(self.rfile.readline().split(b";")[0], 16)
            body += self.all_of(size)
            self.rfile.readline()
            if size == 0:
                return body

    def all_of(self, size):
        """No server acts on half a request, as of a client that was killed."""
        body = self.rfile.read(size)
        if len(body) < size:
            raise ConnectionResetError("the client is gone")
        return body

    def send(self, answer, length=None, cut=None):
        lines = ["HTTP/1.1 %d %s" % (answer.status, answer.reason or REASONS.get(answer.status, "X"))]
        lines += ["%s: %s" % pair for pair in answer.headers.items()]
        if answer.status != 204:
            lines.append("Content-Length: %d" % (len(answer.body) if length is None else length))
        head = "\r\n".join(lines) + "\r\n\r\n"
        self.wfile.write(head.encode("latin-1") + answer.body[:cut])
        self.wfile.flush()
        return True

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        return False

    def waits(self, seconds):
        """Whether the client still waits after that time; one that hung up asks for nothing anymore."""
        ready, _, _ = select.select([self.connection], [], [], seconds)
        return not ready or self.connection.recv(1, socket.MSG_PEEK) != b""

    def hang(self, request):
        self.server.simulator.leave(request)  # whoever asks again has given it up
        self.server.simulator.released.wait(request.fault_value("seconds", 3600))
        return self.reset()

    def one(self):
        request = self.read_request()
        if request is None:
            return False
        simulator = self.server.simulator
        if request.path.startswith("/_sim/"):
            return self.send(simulator.control_request(request))
        with simulator.lock:
            kind = simulator.arrive(request)
        try:
            return self.served(simulator, request, kind)
        finally:
            simulator.leave(request)

    def served(self, simulator, request, kind):
        if kind == "reset_before":
            simulator.leave(request)
            return self.reset()
        if kind == "hang_before":
            return self.hang(request)
        answer = simulator.plain_failure(request, kind)
        if answer is None:
            with simulator.lock:
                answer = simulator.answer(request)
        return self.deliver(request, answer, kind)

    def deliver(self, request, answer, kind):
        if kind == "slow" and not self.waits(request.fault_value("seconds", 1)):
            return False
        self.server.simulator.leave(request)  # whoever has read it, or given it up, may ask again at once
        if kind and kind.endswith("reset_after"):
            return self.reset()
        if kind == "hang_after":
            return self.hang(request)
        if kind == "truncated":
            self.send(answer, cut=len(answer.body) // 2)
            return False
        elif kind == "cut":
            answer.body = answer.body[:len(answer.body) // 2]
        elif kind == "garbage":
            answer.body = b"<html><body>All is well, but this is no JSON.</body></html>"
        elif kind == "empty":
            answer.body = b""
        elif kind == "endless":
            return self.endless(answer)
        elif kind and re.fullmatch(r"(\w+_)?\d{3}_after", kind):
            answer = Answer(int(kind[-9:-6]), b"<html>failed</html>", {"Content-Type": "text/html"})
        return self.send(answer)

    def endless(self, answer):
        self.wfile.write(b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\n"
                         b"Transfer-Encoding: chunked\r\n\r\n" % answer.status)
        chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
        while not self.server.simulator.released.is_set():
            self.wfile.write(chunk)
        return False


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128


class Simulator:
    """Base of a simulated service; a service gives MODES, handle(), seed() and more control."""
    MODES = {}

    def __init__(self, **modes):
        self.lock = threading.RLock()
        self.released = threading.Event()
        self.first_modes = dict(modes)
        self.port = 0
        self.server = None
        self.reset()

    # ---- life

    def start(self, port=0):
        self.server = Server(("127.0.0.1", port), Handler)
        self.server.simulator = self
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()

    def __enter__(self):
        return self.start()

    def __exit__(self, *unused):
        self.stop()

    @property
    def url(self):
        return "http://127.0.0.1:%d" % self.port

    def reset(self):
        self.offset = 0.0
        self.faults = Faults()
        self.violations, self.requests, self.journal = [], [], []
        self.modes = dict(self.MODES)
        self.set_modes(self.first_modes)
        self.seed()

    def set_modes(self, modes):
        for name, value in modes.items():
            if name not in self.MODES:
                raise KeyError("no mode %r; there are: %s" % (name, ", ".join(sorted(self.MODES))))
            self.modes[name] = value

    def now(self):
        """Seconds since the epoch on the simulated clock, which control can advance."""
        return time.time() + self.offset

    # ---- a service defines these

    def seed(self):
        """Fills the service with its first data."""

    def handle(self, request):
        """Gives (or raises) the Answer; runs below the lock."""
        raise NotImplementedError

    def message(self, status, text):
        """An error in the shape of the service."""
        return Answer(status, {"error": text})

    def command(self, name, value):
        """One entry of a control document that is the service's own."""
        raise KeyError("no control %r" % name)

    def books(self):
        return {}

    # ---- requests

    def arrive(self, request):
        request.fault = self.faults.pick(request)
        request.number = len(self.requests) + 1
        kind = request.fault["kind"] if request.fault else None
        body = None if "token" in request.path.lower() else request.body.decode("utf-8", "replace")
        self.requests.append({"number": request.number, "method": request.method,
                              "url": request.target, "body": body, "fault": kind, "status": None})
        return kind

    def leave(self, request):
        """Its answer is ready, or there will be none; may be called twice."""

    def plain_failure(self, request, kind):
        if kind == "status_500_message":
            text = request.fault_value("message", "Er is een onverwachte fout opgetreden.")
            return self.message(500, text)
        if kind == "status_500":
            kind = "500"
        if kind and re.fullmatch(r"\d{3}", kind):
            return Answer(int(kind), b"<html>%s</html>" % kind.encode(),
                          dict(request.fault.get("headers", {}), **{"Content-Type": "text/html"}))
        return None

    def check_length(self, request):
        """IIS and others want a length even of nothing."""
        told = "content-length" in request.headers or "transfer-encoding" in request.headers
        if request.method in ("POST", "PUT") and not told:
            self.violate(request, "a POST tells its length", Answer(411, b"<html>Length Required</html>", {
                "Content-Type": "text/html"}))

    def answer(self, request):
        try:
            self.check_length(request)
            answer = self.handle(request)
        except Answer as refusal:
            answer = refusal
        self.requests[request.number - 1]["status"] = answer.status
        return answer

    def violate(self, request, rule, answer=None):
        """Keeps that a documented rule was broken; raises the answer, where it has one."""
        self.violations.append({"method": request.method, "url": request.target, "rule": rule})
        if answer is not None:
            raise answer

    # ---- control

    def control(self, **commands):
        """Runs the commands in the order given; returns what each says."""
        said = {}
        with self.lock:
            for name, value in commands.items():
                if name == "reset":
                    self.reset()
                elif name == "modes":
                    self.set_modes(value)
                elif name == "faults":
                    self.faults.set(value)
                elif name == "advance":
                    self.offset += float(value)
                elif name == "forget":
                    self.violations, self.requests = [], []
                    self.faults.clear()
                else:
                    said[name] = self.command(name, value)
        return said

    def control_request(self, request):
        name = request.path[len("/_sim/"):]
        try:
            if request.method == "POST" and name == "control":
                return Answer(200, plain(self.control(**json.loads(request.body or b"{}"))))
            with self.lock:
                if request.method == "POST" and name == "reset":
                    self.reset()
                    return Answer(200, {})
                if request.method == "GET" and name in ("violations", "requests", "journal", "modes"):
                    return Answer(200, plain(getattr(self, name)))
                if request.method == "GET" and name == "books":
                    return Answer(200, plain(self.books()))
        except Exception as error:  # whatever is wrong with it, the tester is told
            return Answer(400, {"error": "%s: %s" % (type(error).__name__, error)})
        return Answer(404, {"error": "no such control"})


def plain(value):
    """The value with everything that JSON lacks as text: amounts to the cent, ISO dates."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def run_tests():
    """The tests of a simulator. What hangs is told with every thread's place in the code; no
    single request has a limit of its own, which only a machine that stands still would exceed."""
    faulthandler.dump_traceback_later(100, exit=True)
    unittest.main()


def main(simulator_class, argv=None):
    """COMMAND...: runs it below the simulator. --port N: serves until interrupted."""
    parser = argparse.ArgumentParser(description=simulator_class.__doc__)
    parser.add_argument("--port", type=int)
    parser.add_argument("--mode", action="append", default=[], metavar="NAME=JSON")
    parser.add_argument("--strict", action="store_true",
                        help="fail when the command passes but broke a documented rule")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args(argv)
    modes = {}
    for word in options.mode:
        name, _, value = word.partition("=")
        try:
            modes[name] = json.loads(value)
        except ValueError:
            modes[name] = value
    simulator = simulator_class(**modes).start(options.port or 0)
    if options.port is not None:
        print(simulator.url, flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return 0
    status = subprocess.call(options.command, env=dict(os.environ, HARMONY_TEST_URL=simulator.url))
    for broken in simulator.violations if options.strict else ():
        print("%(method)s %(url)s: %(rule)s" % broken, file=sys.stderr)
        status = status or 1
    return status
