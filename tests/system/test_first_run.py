"""Before the first account: one address with a token, and nothing else opens."""

from __future__ import annotations

import re
import threading

from tests.running_daemon import Answer, until
from tests.system.house import PASSWORD, SystemTest


class FirstRunTests(SystemTest):
    """A daemon that has never been set up."""

    def token_in_log(self) -> str:
        """The token of the one address."""
        until(lambda: "/setup?token=" in self.daemon.log(), "the log holds the address")
        found = re.findall(r"/setup\?token=([\w-]+)", self.daemon.log())
        self.assertEqual(len(set(found)), 1)
        self.assertGreaterEqual(len(found[0]), 43)
        return str(found[0])

    def set_up(self, token: str, name: str = "ada") -> Answer:
        """An attempt at the first account."""
        body = {"token": token, "username": name, "password": PASSWORD}
        return self.daemon.ask("POST", "/api/v1/setup", body, role=None)

    def test_everything_leads_to_set_up(self) -> None:
        """Pages lead to /setup, the API is shut, health and tokens of the command line work."""
        for page in ("/", "/devices", "/cameras", "/login", "/users"):
            answer = self.daemon.ask("GET", page, role=None, headers={"Accept": "text/html"})
            self.assertEqual((answer.status, answer.headers["location"]), (303, "/setup"), page)
        self.assertEqual(self.daemon.ask("GET", "/setup", role=None).status, 200)
        for path, status in (("/api/v1/users", 401), ("/healthz", 200), ("/readyz", 200)):
            self.assertEqual(self.daemon.ask("GET", path, role=None).status, status)
        self.assertEqual(self.daemon.ask("GET", "/api/v1/cameras").status, 200)

    def test_address(self) -> None:
        """The address in the log is this machine's; its token opens nothing but the set-up."""
        [line] = [row["message"] for row in self.daemon.lines() if "token=" in row["message"]]
        self.assertIn(f"http://localhost:{self.daemon.ports['web']}/setup?token=", line)
        headers = {"Authorization": f"Bearer {self.token_in_log()}"}
        answer = self.daemon.ask("GET", "/api/v1/users", role=None, headers=headers)
        self.assertEqual(answer.status, 401)

    def test_racing(self) -> None:
        """Of ten set-ups at the same instant exactly one wins, and there is one account."""
        token, answers = self.token_in_log(), []
        start = threading.Barrier(10)

        def race(number: int) -> None:
            start.wait()
            answers.append(self.set_up(token, f"ada{number}").status)

        racing = [threading.Thread(target=race, args=(number,)) for number in range(10)]
        for each in racing:
            each.start()
        for each in racing:
            each.join()
        self.assertEqual((len(answers), answers.count(201)), (10, 1))
        self.assertLessEqual(set(answers), {201, 403, 409, 429})
        self.assertEqual(len(self.daemon.call("GET", "/api/v1/users", role="admin")["items"]), 1)

    def test_once(self) -> None:
        """A wrong token is refused, a used one too, and after a restart there is none."""
        token = self.token_in_log()
        for wrong in ("", token[:-1], token + "A", "0" * 43, "\u0661" * 43):
            self.assertIn(self.set_up(wrong).status, (403, 422, 429), wrong)
            if self.set_up(wrong).status == 429:
                break
        self.daemon.stop()
        self.daemon.start()
        self.assertEqual(self.set_up(token).status, 403)  # a new start, a new token
        self.assertEqual(self.set_up(self.token_in_log()).status, 201)
        self.assertEqual(self.set_up(self.token_in_log()).status, 409)
        self.daemon.stop()
        self.daemon.start()
        self.assertNotIn("token=", self.daemon.log())
        answer = self.daemon.ask("GET", "/", role=None, headers={"Accept": "text/html"})
        self.assertEqual(answer.headers["location"], "/login?next=/")
