"""Many connections at once, for crowd.mjs.

    crowd.py PORT COUNT TEXT whole|drip

Opens COUNT connections from several loopback addresses. Each sends TEXT as a whole, or byte by byte, ten a second. Writes a
line of JSON whenever the numbers change: {"open": N, "closed": N, "answered": N}; answered are those on which anything
arrived. Lines on standard input: "vanish" (from now on the kernel drops what arrives, as if the machine were gone), "close N".
Ends with standard input.
"""
import ctypes
import errno
import json
import os
import selectors
import socket
import sys
import time

PER_ADDRESS = 5000
SO_ATTACH_FILTER = 26
BURST = 200


class Filter(ctypes.Structure):
    _fields_ = [("code", ctypes.c_uint16), ("jt", ctypes.c_uint8), ("jf", ctypes.c_uint8), ("k", ctypes.c_uint32)]


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_uint16), ("filters", ctypes.POINTER(Filter))]


DROP_ALL = Filter(0x06, 0, 0, 0)  # BPF: return 0


class Crowd:
    def __init__(self, port, count, text, drip):
        self.port, self.wanted, self.text, self.drip = port, count, text, drip
        self.selector = selectors.DefaultSelector()
        self.open = {}  # socket -> bytes sent
        self.dialled = self.closed = self.answered = 0
        self.heard = set()
        self.last = None
        self.next_drop = time.monotonic()

    def dial(self):
        client = socket.socket()
        client.setblocking(False)
        client.bind((f"127.0.1.{1 + self.dialled // PER_ADDRESS}", 0))
        self.dialled += 1
        if client.connect_ex(("127.0.0.1", self.port)) in (0, errno.EINPROGRESS):
            self.open[client] = 0
            self.selector.register(client, selectors.EVENT_READ | selectors.EVENT_WRITE)
        else:
            self.closed += 1
            client.close()

    def drop(self, client):
        self.selector.unregister(client)
        del self.open[client]
        self.heard.discard(client)
        client.close()
        self.closed += 1

    def write(self, client):
        sent = self.open[client]
        if not self.drip:
            self.open[client] += client.send(self.text[sent:])
        if self.drip or self.open[client] == len(self.text):
            self.selector.modify(client, selectors.EVENT_READ)

    def read(self, client):
        data = client.recv(65536)
        if not data:
            self.drop(client)
        elif client not in self.heard:
            self.heard.add(client)
            self.answered += 1

    def attend(self, client, events):
        try:
            if events & selectors.EVENT_READ:
                self.read(client)
            if events & selectors.EVENT_WRITE and client in self.open:
                self.write(client)
        except BlockingIOError:
            pass
        except OSError:
            self.drop(client)

    def drip_all(self):
        if not self.drip or time.monotonic() < self.next_drop:
            return
        self.next_drop = time.monotonic() + 0.1
        for client, sent in list(self.open.items()):
            if sent == len(self.text):
                continue
            try:
                self.open[client] += client.send(self.text[sent:sent + 1])
            except BlockingIOError:
                pass
            except OSError:
                self.drop(client)

    def obey(self, words):
        if words[0] == "vanish":
            program = Program(1, ctypes.pointer(DROP_ALL))
            for client in self.open:
                client.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, bytes(program))
        elif words[0] == "close":
            for client in list(self.open)[:int(words[1])]:
                self.drop(client)

    def report(self):
        now = {"open": len(self.open), "closed": self.closed, "answered": self.answered}
        if self.dialled == self.wanted and now != self.last:
            self.last = now
            print(json.dumps(now), flush=True)

    def run(self):
        os.set_blocking(0, False)
        self.selector.register(0, selectors.EVENT_READ)
        while True:
            for _ in range(min(BURST, self.wanted - self.dialled)):
                self.dial()
            for key, events in self.selector.select(0.05 if self.dialled == self.wanted else 0):
                if key.fd == 0:
                    line = sys.stdin.readline()
                    if not line:
                        return
                    self.obey(line.split())
                else:
                    self.attend(key.fileobj, events)
            self.drip_all()
            self.report()


Crowd(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3].encode(), sys.argv[4] == "drip").run()
