#!/usr/bin/env python3
"""Makes the fixtures of server/tests/upgrade.rs with the program of an earlier release:

    make.py PROGRAM SITE FAKE_CALENDARS RADICALE NAME

PROGRAM is the earlier release, SITE its pages' files, FAKE_CALENDARS and RADICALE the calendar servers to connect to. Beside
this file it writes NAME.backup (`yaksok backup`), NAME.sql (the database as it was), and NAME.json: what the API and the
pages answered.
"""

import atexit
import base64
import html
import json
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

PROGRAM, SITE, FAKES, RADICALE, NAME = sys.argv[1:]
HERE = pathlib.Path(__file__).parent
PLATFORM = "the platform's key, which is long"
PASSWORD = "an old but long password"
DATA = pathlib.Path(tempfile.mkdtemp(prefix="yaksok-upgrade-"))
DATA.chmod(0o755)


def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


PORT = port()
BASE = f"http://127.0.0.1:{PORT}"


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments):
        return None


def send(method, path, token=None, body=None, headers=None, cookie=None, form=None):
    url = path if path.startswith("http") else BASE + path
    headers = dict(headers or {})
    data = None
    if body is not None:
        data, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
    if form is not None:
        data, headers["Content-Type"] = urllib.parse.urlencode(form).encode(), "application/x-www-form-urlencoded"
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if cookie:
        headers["Cookie"] = f"yaksok={cookie}"
    request = urllib.request.Request(url, data=data, method=method, headers=headers)
    try:
        return urllib.request.build_opener(NoRedirect).open(request, timeout=60)
    except urllib.error.HTTPError as error:
        return error


def api(method, path, token=None, body=None, status=None, **more):
    answer = send(method, "/api/v1" + path, token, body, **more)
    text = answer.read().decode()
    if answer.status != status if status else answer.status >= 300:
        raise SystemExit(f"{method} {path}: {answer.status} {text}")
    return json.loads(text) if text else None


def environment(extra):
    own = {"DATA_DIR": str(DATA), "LEPTOS_SITE_ROOT": SITE, "LEPTOS_SITE_ADDR": f"127.0.0.1:{PORT}", "BASE_URL": BASE,
           "PLATFORM_API_KEY": PLATFORM, "RATE_LIMIT_WRITES_PER_MINUTE": "0", "RATE_LIMIT_READS_PER_MINUTE": "0",
           "RUST_LOG": "warn", "PATH": "/usr/bin:/bin"}
    return {**own, **extra}


def serve(extra):
    server = subprocess.Popen([PROGRAM, "serve"], env=environment(extra), stdin=subprocess.DEVNULL)
    children.append(server)
    for _ in range(600):
        try:
            if send("GET", "/readyz").status == 200:
                return server
        except OSError:
            pass
        time.sleep(0.1)
    raise SystemExit("the server does not start")


def stop(server):
    server.terminate()
    server.wait()


def psql(statement):
    command = ["psql", "-h", DATA / "socket", "-U", "yaksok_owner", "-d", "yaksok", "-qAtv", "ON_ERROR_STOP=1", "-c", statement]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def every_day(zone):
    weekly = [{"day_of_week": day, "start_time": "09:00", "end_time": "17:00"} for day in range(7)]
    return {"timezone": zone, "weekly": weekly, "overrides": [], "blocked": []}


def mentor(handle, name, hours):
    made = api("POST", "/mentors", PLATFORM, {"handle": handle, "name": name, "email": f"{handle}@mentors.example",
                                              "timezone": hours["timezone"]})
    api("PUT", "/availability", made["api_key"], hours)
    return made["api_key"]


def starts(handle, kind):
    day = lambda offset: time.strftime("%Y-%m-%d", time.gmtime(time.time() + offset * 86400))
    found = api("GET", f"/mentors/{handle}/slots?session_type={kind}&from={day(2)}&to={day(12)}&timezone=UTC")
    return [slot["start"] for day in found["days"] for slot in day["slots"]]


def book(handle, kind, start, name, language="en", **more):
    body = {"mentor": handle, "session_type": kind, "start": start, "name": name, "timezone": "Europe/Berlin", "language": language,
            "email": f"{'yu' if language == 'ko' else name.split()[0].lower()}@guests.example", **more}
    return api("POST", "/bookings", None, body, headers={"Idempotency-Key": f"key of {start}"})


def logged_in(handle):
    link = api("POST", f"/mentors/{handle}/login-links", PLATFORM)["url"]
    answer = send("GET", link.replace("http://127.0.0.1:3000", BASE))
    return re.search(r"yaksok=([^;]+)", answer.headers["Set-Cookie"])[1]


def connect(provider, cookie):
    first = send("GET", f"/calendar/{provider}/connect", cookie=cookie)
    consent = send("GET", first.headers["Location"]).read().decode()
    allow = html.unescape(re.search(r'<a href="?([^" >]+)"?>Allow</a>', consent)[1])
    back = urllib.parse.urljoin(first.headers["Location"], allow)
    done = send("GET", back, cookie=cookie)
    assert done.status == 303, (done.status, done.read())


def fakes():
    child = subprocess.Popen([FAKES, str(port()), str(port())], stdout=subprocess.PIPE, text=True)
    found = {}
    while "MICROSOFT_GRAPH_URL" not in found:
        name, _, value = child.stdout.readline().strip().partition("=")
        found[name] = value.strip("'")
    return child, found


def radicale():
    folder, at = pathlib.Path(tempfile.mkdtemp(prefix="radicale-")), port()
    (folder / "users").write_text("me:secret\n")
    (folder / "config").write_text(f"[server]\nhosts = 127.0.0.1:{at}\n[auth]\ntype = htpasswd\nhtpasswd_filename = users\n"
                                   "htpasswd_encryption = plain\n[storage]\nfilesystem_folder = data\n")
    child = subprocess.Popen([RADICALE, "--config", "config"], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{at}/"
    header = {"Authorization": "Basic " + base64.b64encode(b"me:secret").decode()}
    for _ in range(100):
        try:
            if send("MKCALENDAR", url + "me/team/", headers=header).status == 201:
                return child, url
        except OSError:
            pass
        time.sleep(0.1)
    raise SystemExit("Radicale does not start")


children = []
atexit.register(lambda: [child.kill() for child in children])
child, providers = fakes()
children.append(child)
child, caldav = radicale()
children.append(child)
server = serve(providers)

# Mentors, with everything that hours and session types may hold.
ann = mentor("ann", "Ann Mentor", {**every_day("UTC"), "overrides": [{"date": "2036-02-29", "windows": [{"start_time": "10:00", "end_time": "11:30"}]}],
                                   "blocked": [{"starts_on": "2036-12-24", "ends_on": "2036-12-31", "note": "holidays"}]})
kim = mentor("kim", "김 멘토", every_day("Asia/Seoul"))
lee = mentor("lee", "Lee Mentor", every_day("America/New_York"))
api("PUT", "/session-types/review", ann, {
    "name": "Portfolio review", "description": "We look at your work.\nBring it.", "duration_minutes": 45, "start_interval_minutes": 15,
    "buffer_before_minutes": 5, "buffer_after_minutes": 10, "minimum_notice_minutes": 60, "horizon_days": 60, "daily_limit": 3,
    "requires_approval": True, "cancel_notice_minutes": 120, "price": {"amount": 5000, "currency": "EUR"},
    "location": {"kind": "link", "value": "https://meet.example.com/ann"}, "active": True})

# An account with a password, made by its owner.
signed = send("POST", "/signup", form={"handle": "park", "name": "Park Mentor", "email": "park@mentors.example",
                                       "timezone": "Asia/Seoul", "password": PASSWORD})
assert signed.status == 303, signed.read()

# Bookings in every state.
free, reviews = starts("ann", "session"), starts("ann", "review")
confirmed = book("ann", "session", free[0], "Ada Lovelace", notes="Engines, <b>analytical</b> ones")
moved = book("ann", "session", free[3], "Grace Hopper")
api("POST", f"/bookings/{moved['id']}/reschedule", moved["manage_token"], {"start": free[6]})
cancelled = book("ann", "session", free[9], "Alan Turing")
api("POST", f"/bookings/{cancelled['id']}/cancel", cancelled["manage_token"], {"reason": "ill"})
pending = book("ann", "review", reviews[60], "Mary Shelley")
declined = book("ann", "review", reviews[90], "Lord Byron")
api("POST", f"/bookings/{declined['id']}/decline", ann, {"reason": "no time"})
held = api("POST", "/holds", None, {"mentor": "ann", "session_type": "session", "start": free[20]})

# Calendars: one of each kind, with a booking in each.
connect("google", logged_in("kim"))
connect("microsoft", logged_in("lee"))
api("POST", "/calendars/caldav", ann, {"url": caldav, "username": "me", "password": "secret"})
google = book("kim", "session", starts("kim", "session")[4], "유 관순", language="ko")
outlook = book("lee", "session", starts("lee", "session")[4], "Walt Whitman")
for _ in range(300):
    if psql("SELECT count(*) FROM jobs WHERE run_at <= now()") == "0":
        break
    time.sleep(0.2)
cookie = logged_in("ann")
stop(server)

# Jobs that wait: the mail server does not answer, nor do the providers.
for child in children[:2]:
    child.terminate()
    child.wait()
server = serve({**providers, "SMTP_URL": "smtp://127.0.0.1:1", "MAIL_FROM": "bookings@book.example.com"})
waiting = book("ann", "session", starts("ann", "session")[30], "Emily Dickinson")
time.sleep(3)
stop(server)

# Everything lies ten years ahead (522 weeks, so on the same weekdays), so that it does so whenever the tests run.
server = serve({"SMTP_URL": "smtp://127.0.0.1:1", "MAIL_FROM": "bookings@book.example.com"})
for statement in [
    "UPDATE bookings SET during = tstzrange(lower(during) + '3654 days', upper(during) + '3654 days'), hold_expires_at = hold_expires_at + '3654 days'",
    "UPDATE booking_events SET during = tstzrange(lower(during) + '3654 days', upper(during) + '3654 days')",
    "UPDATE mentors SET email_verified_at = now() WHERE handle = 'park'",
    "UPDATE sessions SET expires_at = expires_at + '3654 days'",
    "UPDATE jobs SET run_at = run_at + '3654 days' WHERE run_at > now() + '1 day'",
]:
    psql(statement)

pages = [{"path": f"/b/{booking['manage_token']}", "holds": name} for booking, name in [
    (confirmed, "Ada Lovelace"), (moved, "Grace Hopper"), (cancelled, "Alan Turing"), (pending, "Mary Shelley"),
    (declined, "Lord Byron"), (google, "유 관순"), (outlook, "Walt Whitman"), (waiting, "Emily Dickinson")]]
for page in pages:
    answer = send("GET", page["path"])
    assert answer.status == 200 and page["holds"] in answer.read().decode(), page
answers = []
for path, token in [("/bookings", ann), ("/bookings", kim), ("/bookings", lee), ("/availability", ann), ("/availability", kim),
                    ("/session-types", ann), ("/session-types", lee), ("/mentors/ann", None), ("/mentors/kim", None)] + [
                        (f"/bookings/{booking['id']}", booking["manage_token"])
                        for booking in [confirmed, moved, cancelled, pending, declined, google, outlook, waiting]]:
    answers.append({"path": "/api/v1" + path, "token": token, "answer": api("GET", path, token)})
for token in [ann, kim, lee]:
    found = api("GET", "/calendars", token)
    stay = [{name: calendar[name] for name in ["id", "provider", "account"] if name in calendar} for calendar in found]
    answers.append({"path": "/api/v1/calendars", "token": token, "answer": stay})

backup = HERE / f"{NAME}.backup"
subprocess.run([PROGRAM, "backup", str(backup), "--force"], env=environment({}), check=True)
owner = ["-h", DATA / "socket", "-U", "yaksok_owner"]
roles = subprocess.run(["pg_dumpall", *owner, "--roles-only"], check=True, capture_output=True, text=True).stdout
dump = subprocess.run(["pg_dump", *owner, "yaksok"], check=True, capture_output=True, text=True).stdout
roles = [re.sub(r" GRANTED BY \w+", "", line) for line in roles.splitlines()
         if re.match(r"(CREATE|ALTER) ROLE (?!yaksok_owner)|GRANT", line)]
# Only the newest psql knows \\restrict.
dump = [line for line in dump.splitlines() if not re.match(r"\\(un)?restrict", line)]
(HERE / f"{NAME}.sql").write_text("\n".join(roles + dump) + "\n")
(HERE / f"{NAME}.json").write_text(json.dumps({
    "encryption_key": (DATA / "encryption.key").read_text().strip(), "base_url": BASE, "answers": answers, "pages": pages,
    "session": cookie, "login": {"email": "park@mentors.example", "password": PASSWORD},
    "waiting": {"to": "emily@guests.example", "path": f"/b/{waiting['manage_token']}"}, "hold": held["id"],
}, ensure_ascii=False, indent=1) + "\n")
stop(server)
print(f"{NAME} is made from {DATA}")
