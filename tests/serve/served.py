"""served.py - a server of one's own, and what a client says to it, well-formed or not."""
import http.client
import json
import re
import socket
import subprocess
import urllib.parse


class Server:
    def __init__(self, program, folder, *words):
        self.process = subprocess.Popen([program, 'serve', '--no-browser', '-q', '--port', '0', *words], cwd=folder,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()
        found = re.fullmatch(r'http://(\S+):(\d+)/(\?token=([0-9a-f]{32}))?', self.url)
        if not found:
            raise AssertionError(f'no address: {self.url!r} {self.process.stderr.read()}')
        self.address, self.port, self.token = found[1], int(found[2]), found[4]

    def ask(self, path, method='GET', body=None, headers=None):
        """-> status, headers, bytes"""
        connection = http.client.HTTPConnection(self.address, self.port, timeout=120)
        try:
            connection.request(method, path, body, {'Host': f'{self.address}:{self.port}', **(headers or {})})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def get(self, endpoint, **parameters):
        return self.ask(f'/api/{endpoint}?{urllib.parse.urlencode(parameters)}')

    def json(self, endpoint, **parameters):
        status, _, body = self.get(endpoint, **parameters)
        if status != 200:
            raise AssertionError(f'{endpoint} {parameters}: {status} {body[:200]}')
        return json.loads(body)

    def give(self, data, name='x.png', type='image/png', **parameters):
        return self.ask('/api/images?' + urllib.parse.urlencode(dict(name=name, **parameters)), 'POST', data,
                        {'Content-Type': type})

    def raw(self, data, wait=5.0, end=True):
        """Bytes as they are. -> what comes back until the server closes, or nothing comes any more"""
        with socket.create_connection((self.address, self.port), timeout=wait) as s:
            got = b''
            try:
                s.sendall(data)
                if end:
                    s.shutdown(socket.SHUT_WR)
                while True:
                    more = s.recv(65536)
                    if not more:
                        break
                    got += more
            except OSError:
                pass
            return got

    def memory(self):
        """Resident, in kB."""
        with open(f'/proc/{self.process.pid}/status') as f:
            return int(re.search(r'VmRSS:\s*(\d+)', f.read())[1])

    def stop(self):
        """-> exit status, what it said"""
        self.process.terminate()
        _, said = self.process.communicate(timeout=60)
        return self.process.returncode, said
