# The judges outside of 70-services: services.py ADDRESS SSH-KEY. One connection to each service inside, made once and
# kept to the end; each answer is one that only the same server with the same memory can give.
#
# Each line on standard input is an order. "beat": answers when each judge has had five answers more, with the longest
# silence of each since the last beat, in milliseconds. "end": ends all, with the number of answers. What a judge finds
# wrong is a line "wrong ..." and the end.
import hashlib, os, random, re, socket, struct, subprocess, sys, threading, time

ADDRESS, KEY = sys.argv[1:3]
PAUSE = 0.01


class Wrong(Exception):
    pass


def same(got, want, what):
    if got != want:
        raise Wrong("%s: %r is not %r" % (what, got, want))


class Wire:
    def __init__(self, port):
        self.s = socket.create_connection((ADDRESS, port), 20)
        self.s.settimeout(120)
        self.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.f = self.s.makefile("rb")

    def send(self, data):
        self.s.sendall(data)

    def line(self):
        got = self.f.readline()
        if not got.endswith(b"\n"):
            raise Wrong("it was closed")
        return got.rstrip(b"\r\n")

    def read(self, n):
        got = self.f.read(n)
        if len(got) != n:
            raise Wrong("it was closed")
        return got


class Nginx:
    """Counts the requests of a connection itself, and says which connection it is."""

    def __init__(self):
        self.w, self.n = Wire(8080), 0
        self.connection = None

    def turn(self):
        self.n += 1
        self.w.send(b"GET /%d HTTP/1.1\r\nHost: vps\r\n\r\n" % self.n)
        same(self.w.line(), b"HTTP/1.1 200 OK", "nginx")
        length = 0
        while True:
            line = self.w.line().lower()
            if line.startswith(b"content-length:"):
                length = int(line.split(b":")[1])
            if not line:
                break
        connection, n, uri = self.w.read(length).decode().split()
        self.connection = self.connection or connection
        same((connection, n, uri), (self.connection, str(self.n), "/%d" % self.n), "nginx")


class Redis:
    """Counts, and has what was put into it: the client knows the content of each of its keys."""

    def __init__(self):
        self.w, self.n = Wire(6379), 0
        self.keys = int(self.ask("DBSIZE"))
        self.id = self.ask("CLIENT", "ID")
        self.ask("SET", "count", 0)

    def ask(self, *words):
        words = [str(w).encode() for w in words]
        self.w.send(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
        line = self.w.line()
        if line[:1] == b"-":
            raise Wrong("redis: %s" % line.decode())
        if line[:1] != b"$":
            return line[1:].decode()
        return self.w.read(int(line[1:]) + 2)[:-2].decode()

    def turn(self):
        self.n += 1
        same(self.ask("INCR", "count"), str(self.n), "redis")
        k = random.randint(1, self.keys)
        same(self.ask("GET", "k%d" % k), hashlib.sha1(b"%d" % k).hexdigest() * 256, "redis k%d" % k)
        if self.n % 50 == 0:
            same(self.ask("CLIENT", "ID"), self.id, "the connection of redis")


class Postgres:
    """Transfers money like the load inside. What came out of the three tables and the history is the same sum."""

    def __init__(self):
        self.w, self.n = Wire(5432), 0
        args = b"user\0postgres\0database\0bench\0\0"
        self.w.send(struct.pack("!ii", 8 + len(args), 196608) + args)
        self.answer()
        self.me = self.ask("SELECT pg_backend_pid(), pg_postmaster_start_time()")
        self.ask("CREATE TEMP TABLE mine (n int); INSERT INTO mine VALUES (0)")

    def answer(self):
        rows = []
        while True:
            kind, length = struct.unpack("!ci", self.w.read(5))
            data = self.w.read(length - 4)
            if kind == b"E":
                raise Wrong("postgresql: %s" % data.replace(b"\0", b" ").decode())
            if kind == b"D":
                rows.append(data[2:])
            if kind == b"Z":
                return rows

    def ask(self, query):
        query = query.encode() + b"\0"
        self.w.send(b"Q" + struct.pack("!i", 4 + len(query)) + query)
        return self.answer()

    def turn(self):
        self.n += 1
        d, a = random.randint(-5000, 5000), random.randint(1, 100000)
        self.ask("BEGIN; UPDATE pgbench_accounts SET abalance = abalance + %d WHERE aid = %d;"
                 "UPDATE pgbench_tellers SET tbalance = tbalance + %d WHERE tid = 1 + %d %% 10;"
                 "UPDATE pgbench_branches SET bbalance = bbalance + %d WHERE bid = 1;"
                 "INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (1, 1, %d, %d, now());"
                 "UPDATE mine SET n = n + 1; END" % (d, a, d, a, d, a, d))
        same(self.ask("SELECT n FROM mine")[0][4:].decode(), str(self.n), "postgresql")
        if self.n % 25 == 1:
            self.sums()

    def sums(self):
        same(self.ask("SELECT pg_backend_pid(), pg_postmaster_start_time()"), self.me, "the server of postgresql")
        sums = self.ask("SELECT (SELECT sum(abalance) FROM pgbench_accounts) = (SELECT sum(delta) FROM pgbench_history)"
                        "AND (SELECT sum(tbalance) FROM pgbench_tellers) = (SELECT sum(delta) FROM pgbench_history)"
                        "AND (SELECT sum(bbalance) FROM pgbench_branches) = (SELECT sum(delta) FROM pgbench_history)")
        same(sums[0][4:], b"t", "the sums of postgresql")


class Ssh:
    """A shell on a terminal, with a variable that nobody else has."""

    def __init__(self):
        self.n = self.strange = 0
        self.p = subprocess.Popen(
            ["ssh", "-tt", "-F", "none", "-i", KEY, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
             "-o", "LogLevel=ERROR", "-o", "BatchMode=yes", "root@" + ADDRESS], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env=dict(os.environ, TERM="dumb"))
        self.send("n=0; PS1=")
        self.me = None

    def send(self, text):
        self.p.stdin.write(text.encode() + b"\n")
        self.p.stdin.flush()

    def line(self):
        line = self.p.stdout.readline()
        if not line:
            raise Wrong("ssh has ended: %s" % self.p.wait())
        return line.decode(errors="replace").strip()

    def turn(self):
        self.n += 1
        self.send("n=$((n + 1)); echo now $n $$ $(tty)")
        now = None
        while not now:  # what was typed comes back, too
            now = re.search(r"now (\d+) (\d+) (/dev/pts/\d+|not a tty)$", self.line())
        # ttyname(3) compares the number of the file system with what it was before a move: once it may find another
        self.strange = self.strange + 1 if now[3] == "not a tty" else 0
        here = (now[2], now[3]) if not self.strange else self.me
        self.me = self.me or here
        same((now[1], here, self.strange < 2), (str(self.n), self.me, True), "ssh")


say_lock = threading.Lock()


def say(text):
    with say_lock:
        print(text, flush=True)


class Judge(threading.Thread):
    def __init__(self, kind):
        super().__init__(daemon=True)
        self.name, self.worst, self.began, self.done = kind.__name__.lower(), 0, None, 0
        self.service = kind()
        self.service.turn()

    def run(self):
        try:
            while True:
                self.began = time.monotonic()
                self.service.turn()
                self.worst = max(self.worst, time.monotonic() - self.began)
                self.began, self.done = None, self.done + 1
                time.sleep(PAUSE)
        except BaseException as e:
            say("wrong %s after %d answers: %s" % (self.name, self.done, e))
            os._exit(1)


judges = []
for kind in (Nginx, Postgres, Redis, Ssh):
    try:
        judges.append(Judge(kind))
    except Exception as e:
        say("wrong %s: %s" % (kind.__name__, e))
        os._exit(1)
for j in judges:
    j.start()
say("begun")
for order in sys.stdin:
    if order.strip() == "beat":
        since, until = {j: j.done for j in judges}, time.monotonic() + 100
        while any(j.done < since[j] + 5 for j in judges):
            time.sleep(0.005)
            if time.monotonic() > until:
                say("wrong " + ", ".join("%s is silent after %d answers" % (j.name, j.done) for j in judges if j.done < since[j] + 5))
                os._exit(1)
        say("beat " + " ".join("%s=%d" % (j.name, j.worst * 1000) for j in judges))
        for j in judges:
            j.worst = 0
    if order.strip() == "end":
        say("end " + " ".join("%s=%d" % (j.name, j.done) for j in judges))
        break
os._exit(0)
