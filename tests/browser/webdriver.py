"""The part of WebDriver that the tests need, in plain Python. Controls Chromium through chromedriver."""

import http.client
import json
import re
import shutil
import subprocess
import tempfile

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key of a reference to an element
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars"]


class WebDriverError(Exception):
    pass


def installed():
    """Returns the paths of both programs, or None if one is missing."""
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    return (browser, driver) if browser and driver else None


class Browser:
    def __init__(self):
        binary, driver = installed()
        self.profile = tempfile.TemporaryDirectory(prefix="jobferry-browser-", ignore_cleanup_errors=True)
        self.driver = subprocess.Popen([driver, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.read_port(), timeout=120)
            self.session = ""
            self.session = "/session/" + self.call("POST", "/session", self.wanted(binary))["sessionId"]
        except BaseException:
            self.stop()
            raise

    def read_port(self):
        for line in self.driver.stdout:
            if found := re.search(r"started successfully on port (\d+)", line):
                return int(found.group(1))
        raise WebDriverError("chromedriver did not start")

    def wanted(self, binary):
        options = {"binary": binary, "args": FLAGS + ["--user-data-dir=" + self.profile.name]}
        return {"capabilities": {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options,
                                                 "goog:loggingPrefs": {"browser": "ALL"}}}}

    def quit(self):
        try:
            self.call("DELETE", "")
        finally:
            self.stop()

    def stop(self):
        self.driver.terminate()
        self.driver.wait()
        self.driver.stdout.close()
        self.profile.cleanup()

    def call(self, method, path, body=None):
        content = None if method != "POST" else json.dumps(body or {})
        self.connection.request(method, self.session + path, content, {"Content-Type": "application/json"})
        value = json.loads(self.connection.getresponse().read())["value"]
        if isinstance(value, dict) and "error" in value:
            raise WebDriverError(value["error"] + ": " + value["message"])
        return value

    def open(self, url):
        self.call("POST", "/url", {"url": url})

    def run(self, script, *arguments):
        """Runs the body of a function in the page and returns its value."""
        return self.call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def cdp(self, command, **parameters):
        return self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def find(self, css):
        return [each[ELEMENT] for each in self.call("POST", "/elements", {"using": "css selector", "value": css})]

    def click(self, element):
        self.call("POST", f"/element/{element}/click")

    def type(self, element, text):
        self.call("POST", f"/element/{element}/value", {"text": text})

    def press(self, key):
        """Presses a key in the element that has the focus."""
        strokes = [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        self.call("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": strokes}]})

    def complaints(self):
        """Returns the errors and warnings that the console got since the last call."""
        return [each["message"] for each in self.call("POST", "/se/log", {"type": "browser"})
                if each["level"] in ("SEVERE", "WARNING")]
