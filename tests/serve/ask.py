"""ask.py PROGRAM FOLDER - asks a server in every way, and holds its answers against the commands'. DV_LONG=1: for longer."""
import json
import os
import random
import shlex
import socket
import struct
import subprocess
import sys
import threading
import time
import traceback
import zlib

from served import Server

LONG = bool(os.environ.get('DV_LONG'))
CLICKS, SECONDS, MALFORMED = (50, 60, 3000) if LONG else (50, 2, 1000)
tests = []


def test(f):
    tests.append(f)
    return f


def png(width, height, seed):
    """Stripes and a disc: something to respond to."""
    rows = b''
    for y in range(height):
        row = b''
        for x in range(width):
            inside = (x - width * .5) ** 2 + (y - height * .4) ** 2 < (height * .2) ** 2
            on = ((x * (3 + seed) + y * (seed - 2)) // 9) % 2
            row += bytes((220 if inside else 60 + 90 * on, 40 + 30 * seed if inside else 110, 60 if inside else 140 * on) if seed < 6 else (seed * 9 % 256, x, y))
        rows += b'\0' + row

    def chunk(kind, data):
        return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))

    return (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0)) +
            chunk(b'IDAT', zlib.compress(rows)) + chunk(b'IEND', b''))


def run(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True, cwd=FOLDER).stdout


def images(server):
    return [i['id'] for i in server.json('state')['images']]


# -- the numbers ----------------------------------------------------------------------------------

@test
def clicks_are_what_the_command_writes_to_the_byte(server):
    chance, state = random.Random(7), server.json('state')
    layers, ids = state['models'][0]['layers'], state['images']
    for _ in range(CLICKS):
        layer, image = chance.choice(layers), chance.choice(ids)
        unit = chance.randrange(layer['units'])
        rule = chance.choice(('deconvnet', 'gradient', 'guided'))
        at, words = 'max', ['-p', 'max']
        if layer['maps'] and chance.random() < .7:
            at = ','.join(str(chance.randrange(n)) for n in layer['shape'][2:])
            words = ['-p', at]
        asked = dict(model=0, image=image['id'], layer=layer['id'], unit=unit, at=at, rule=rule)
        seed = chance.choice(('value', 'one'))
        run(PROGRAM, 'project', '-q', '--size', '64', '-l', layer['id'], '-c', str(unit), *words, '--rule', rule, '--seed', seed, '-o', 'click.png', '--npy',
            'click.npy', image['name'])
        for form in 'npy', 'png':
            status, _, got = server.get('project', format=form, seed=seed, **asked)
            with open(os.path.join(FOLDER, f'click.{form}'), 'rb') as f:
                assert status == 200 and got == f.read(), f'{form} of {asked} {seed}'


@test
def the_command_that_is_copied_writes_the_same_picture(server):
    asked = dict(model=0, image=images(server)[0], layer='4')
    best = server.json('strongest', n=1, **asked)[0]
    asked.update(unit=best['unit'], at=f"{best['y']},{best['x']}", rule='guided', view='crop', zoom=3)
    line = server.json('command', **asked)['command']
    assert line.startswith('deconvviz '), line
    subprocess.run(f'PATH={os.path.dirname(PROGRAM)}:$PATH {line} -q -o copied.png', shell=True, check=True, cwd=FOLDER,
                   stdout=subprocess.DEVNULL)
    with open(os.path.join(FOLDER, 'copied.png'), 'rb') as f:
        assert f.read() == server.get('project', **asked)[2]


@test
def no_name_of_an_image_is_taken_for_an_option(server):
    for name in '--npy=x', '-rf.png', "a'; touch x; '.png":
        image = json.loads(server.give(PICTURE, name)[2])['id']
        for edit in '', 'turn:3':
            line = server.json('command', model=0, image=image, layer=5, unit=3, edit=edit)['command']
            last = shlex.split(line)[-1]
            assert last == ('./' if name[0] == '-' else '') + name + ('-input.png' if edit else ''), line


@test
def an_edited_image_is_projected_as_the_picture_of_its_input_is(server):
    mask = ''.join('ff' if 8 <= i // 4 < 16 and i % 4 == 1 else '00' for i in range(128))
    for edit in f'grey:{mask}', f'blur:{mask}', 'move:5,-3', f'turn:20;scale:1.2;grey:{mask}':
        asked = dict(model=0, image=images(server)[0], edit=edit)
        status, _, picture = server.get('input', **asked)
        assert status == 200
        with open(os.path.join(FOLDER, 'input.png'), 'wb') as f:
            f.write(picture)
        run(PROGRAM, 'project', '-q', '--size', '64', '-l', '5', '-c', '3', '-p', 'max', '--no-png', '--npy', 'input.npy', 'input.png')
        with open(os.path.join(FOLDER, 'input.npy'), 'rb') as f:
            assert f.read() == server.get('project', layer=5, unit=3, at='max', format='npy', **asked)[2], edit


@test
def an_edit_painted_step_by_step_is_the_same_as_at_once(server):
    image, before = images(server)[1], {}
    masks = [''.join('f' if i // 8 < rows and i % 8 < 5 else '0' for i in range(256)) for rows in (1, 2, 3, 4, 2)]
    for mask in masks:
        before[mask] = server.get('maps', model=0, image=image, layer=5, edit=f'grey:{mask}')[2]
    for mask in masks:
        for other in range(3):                                      # another edit of another image in between
            server.get('maps', model=0, image=images(server)[0], layer=5, edit=f'turn:{other + 1}')
        assert server.get('maps', model=0, image=image, layer=5, edit=f'grey:{mask}')[2] == before[mask]
    assert len(set(before.values())) == 4


@test
def maps_strongest_and_predictions_agree(server):
    asked = dict(model=0, image=images(server)[0])
    body = server.get('maps', layer=5, **asked)[2]
    channels, rows, columns = struct.unpack_from('<III', body)
    most = struct.unpack_from(f'<{channels}f', body, 12)
    assert len(body) == 12 + channels * (4 + rows * columns)
    best = server.json('strongest', layer=5, n=9, **asked)
    assert [u['value'] for u in best] == sorted((u['value'] for u in best), reverse=True)
    assert abs(best[0]['value'] - max(most)) < 1e-6 and best[0]['unit'] == most.index(max(most))
    said = [line.split() for line in run(PROGRAM, 'project', '-q', '--size', '64', '-l', '5', '-c', 'top:3', '--no-png', '--npy', 'top',
                                         server.json('state')['images'][0]['name']).splitlines()]
    assert [int(line[3][1:]) for line in said] == [u['unit'] for u in best[:3]], said
    map_ = server.get('map', layer=5, unit=best[0]['unit'], **asked)[2]
    assert struct.unpack_from('<II', map_) == (rows, columns) and len(map_) == 8 + 2 * rows * columns
    top = server.json('predict', n=5, **asked)['top']
    assert len(top) == 5 and all(a['p'] >= b['p'] for a, b in zip(top, top[1:]))


@test
def an_edit_is_held_against_the_image_as_it_was(server):
    """Also where the memory is full of what else was looked at."""
    given = [json.loads(server.give(png(32, 24, 30 + i), 'full')[2])['id'] for i in range(24)]
    asked = dict(model=0, image=images(server)[0], edit='move:5,3')
    for image in given:
        server.json('predict', model=0, image=image)
    for how in 'all', 'relu', 'all':
        distances = [d['distance'] for d in server.json('shift', rectify=how, **asked)['distances']]
        assert len(distances) == 8 and min(distances) > .01, (how, distances)


@test
def the_index_tells_hits_and_what_is_unusual(server):
    asked = dict(model=0, image=images(server)[0])
    hits = server.json('hits', model=0, layer=5, unit=3)['hits']
    index = json.load(open(os.path.join(FOLDER, 'index.json')))
    mined = index['layers'][0]['units'][3]['hits']
    assert [h['value'] for h in hits] == [h[0] for h in mined]
    status, headers, _ = server.get('hit', model=0, layer=5, unit=3, place=0)
    assert status == 200 and headers['Content-Type'] == 'image/png'
    assert abs(float(headers['X-Unit'].split()[0]) - mined[0][0]) <= 1e-2 * mined[0][0]
    found = server.json('unusual', n=100, **asked)
    assert all(u['above'] >= .99 for u in found)
    assert server.json('state')['index']['images'] == 3
    # Of three images only the largest of them is above 99 %: the units that this image is the best hit of, and no other.
    best = {c for c, u in enumerate(index['layers'][0]['units']) if u['hits'] and u['hits'][0][1] == 0}
    got = {u['unit'] for u in found}
    assert len(found) == len(got) == min(100, len(best)) and got <= best, (got - best, len(best))


# -- who may ask ----------------------------------------------------------------------------------

@test
def a_name_that_was_made_to_point_here_is_refused(server):
    for host in ('localhost.evil.example', 'evil.example', f'evil.example:{server.port}', '127.0.0.1.evil.example', 'localhost:x', '[::1',
                 'localhost:80:80', '', '127.0.0.2', 'LOCALHOST.'):
        assert server.ask('/api/state', headers={'Host': host})[0] == 403, host
        assert server.ask('/', headers={'Host': host})[0] == 403, host
    for host in ('localhost', 'localhost:9000', '127.0.0.1', '[::1]:8421', f'localhost:{server.port}'):
        assert server.ask('/api/state', headers={'Host': host})[0] == 200, host


@test
def a_page_of_another_origin_is_refused(server):
    here = f'{server.address}:{server.port}'
    for origin in ('http://evil.example', 'null', f'http://{here}.evil.example', f'http://localhost:{server.port + 1}', f'ftp://{here}', 'x'):
        assert server.ask('/api/state', headers={'Origin': origin})[0] == 403, origin
        assert server.ask('/api/images?name=x', 'POST', PICTURE, {'Origin': origin, 'Content-Type': 'image/png'})[0] == 403, origin
    for site in ('cross-site', 'same-site'):
        assert server.ask('/api/state', headers={'Sec-Fetch-Site': site})[0] == 403
    assert server.ask('/api/state', headers={'Origin': f'http://{here}', 'Sec-Fetch-Site': 'same-origin'})[0] == 200
    assert server.ask('/', headers={'Sec-Fetch-Site': 'cross-site'})[0] == 200          # a link leads to the page


@test
def a_form_cannot_send_an_image(server):
    for type in ('text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', ''):
        assert server.ask('/api/images?name=x', 'POST', PICTURE, {'Content-Type': type})[0] == 415, type
    for method in ('PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'BREW'):
        assert server.ask('/api/state', method)[0] in (405, 501), method
    assert server.ask('/api/images', 'GET')[0] == 405 and server.ask('/api/state', 'POST', b'x', {'Content-Type': 'image/png'})[0] == 405


@test
def no_path_reaches_the_files(server):
    for path in ('/../etc/passwd', '/%2e%2e/%2e%2e/etc/passwd', '/api/../../etc/passwd', '//etc/passwd', '/index.json', '/photo1.png',
                 '/serve.html/../index.json', '/api/image?image=../index.json', '/api/%00', '/api/state/x', '/x.js'):
        status, _, body = server.ask(path)
        assert status in (400, 404) and b'root:' not in body, (path, status)
    assert server.ask('/serve.html')[0] == 200 and server.ask('/any/prefix/')[0] == 200 and server.ask('/any/prefix/api/state')[0] == 200


@test
def headers_keep_the_browser_in(server):
    for path in ('/', '/api/state', '/nothing', '/theme.js'):
        headers = server.ask(path)[1]
        policy = headers['Content-Security-Policy']
        assert "default-src 'none'" in policy and 'unsafe' not in policy and "frame-ancestors 'none'" in policy
        assert headers['X-Content-Type-Options'] == 'nosniff' and headers['Cross-Origin-Resource-Policy'] == 'same-origin'
        assert 'Access-Control-Allow-Origin' not in headers


@test
def only_this_machine_is_listened_to(server):
    listening = [line.split() for line in open('/proc/net/tcp')][1:] + [line.split() for line in open('/proc/net/tcp6')][1:]
    ours = {l[1].split(':')[0] for l in listening if int(l[1].split(':')[1], 16) == server.port and l[3] == '0A'}
    assert ours == {'0100007F'}, ours


def with_token():
    server = Server(PROGRAM, FOLDER, '--listen', '0.0.0.0', '--host', 'lab.example')
    server.address = '127.0.0.1'
    try:
        assert server.token
        assert server.ask('/')[0] == 403 and server.ask('/api/state')[0] == 403
        assert server.ask('/?token=' + '0' * 32)[0] == 403 and server.ask(f'/?token={server.token[:-1]}')[0] == 403
        status, headers, _ = server.ask(f'/?token={server.token}')
        assert status == 200
        cookie = headers['Set-Cookie']
        assert 'SameSite=Strict' in cookie and 'HttpOnly' in cookie and server.token in cookie
        assert server.ask('/api/state', headers={'Cookie': f'deconvviz={server.token}'})[0] == 200
        assert server.ask('/api/state', headers={'Cookie': f'deconvviz={server.token}', 'Host': 'lab.example'})[0] == 200
        assert server.ask('/api/state', headers={'Cookie': f'deconvviz={server.token}', 'Host': 'evil.example'})[0] == 403
        assert server.ask('/api/state', headers={'Cookie': 'deconvviz=x'})[0] == 403
    finally:
        assert server.stop()[0] == 0


@test
def others_need_the_token(server):
    with_token()


# -- what comes in --------------------------------------------------------------------------------

@test
def images_come_in_once_and_bad_ones_are_named(server):
    status, _, body = server.give(PICTURE, 'a "name" <b>\n.png')
    first = json.loads(body)
    assert status == 200 and first['width'] == 40 and first['name'] == 'a "name" <b>\n.png'
    assert json.loads(server.give(PICTURE, 'again.png')[2])['id'] == first['id']
    assert json.loads(server.give(PICTURE, 'x', type='application/octet-stream')[2])['id'] == first['id']
    for broken in (b'', b'x', PICTURE[:60], PICTURE[:-30], b'GIF89a', os.urandom(2000), PICTURE[:40] + b'\xff' * 400):
        status, _, body = server.give(broken, 'broken.png')
        message = json.loads(body)['error']
        assert status == 415 and message and '\n' not in message, (broken[:20], status, body)
    for side in 6400, 30000:                                         # of what is not even begun to be decoded
        status, _, body = server.give(PICTURE[:16] + struct.pack('>II', side, side) + PICTURE[24:], 'huge.png')
        assert status == 415 and 'at most 40 million in all' in json.loads(body)['error'], body
    assert server.get('image', image=first['id'], side=64)[0] == 200
    for wrong in ('0' * 32, 'x', '', '../../etc'):
        assert server.get('image', image=wrong)[0] in (400, 404)


@test
def a_body_that_is_too_long_is_not_read(server):
    head = (f'POST /api/images?name=x HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: {1 << 40}\r\n\r\n').encode()
    assert b' 413 ' in server.raw(head + b'x' * 1000).split(b'\r\n')[0]
    before = server.memory()
    chunked = b'POST /api/images?name=x HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\n'
    with socket.create_connection((server.address, server.port), timeout=60) as s:
        try:
            s.sendall(chunked)
            for _ in range(40):
                s.sendall(b'100000\r\n' + b'x' * 0x100000 + b'\r\n')
            s.sendall(b'0\r\n\r\n')
            assert b' 413 ' in s.recv(2000).split(b'\r\n')[0]
        except OSError:
            pass
    assert SANITIZED or server.memory() < before + (80 << 10)


@test
def who_is_slow_has_the_time_that_it_needs(server):
    """DV_LONG: idle for a while, then a body as through a slow tunnel; 30 seconds for a head that never ends."""
    idle, pause = (25, 1) if LONG else (0, .02)
    with socket.create_connection((server.address, server.port), timeout=60) as s:
        s.sendall(b'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
        assert s.recv(100).startswith(b'HTTP/1.1 200')
        s.settimeout(.3)
        try:
            while s.recv(65536):
                pass
        except OSError:
            pass
        s.settimeout(60)
        time.sleep(idle)
        s.sendall(b'POST /api/images?name=slow HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: %d\r\n\r\n' % len(PICTURE))
        step = len(PICTURE) // 20 + 1
        for i in range(0, len(PICTURE), step):
            s.sendall(PICTURE[i:i + step])
            time.sleep(pause)
        assert s.recv(100).startswith(b'HTTP/1.1 200')
    if not LONG:
        return
    with socket.create_connection((server.address, server.port), timeout=5) as s:
        began = time.time()
        try:
            while time.time() < began + 60:
                s.sendall(b'G')
                time.sleep(1)
        except OSError:
            pass
        assert 25 < time.time() - began < 40


@test
def frames_of_a_camera_take_each_others_place(server):
    many = len(images(server))
    ids = [json.loads(server.give(png(32, 24, 10 + i), 'webcam', live=1, lane='me-camera')[2])['id'] for i in range(6)]
    assert len(set(ids)) == 6 and len(images(server)) == many
    assert server.get('image', image=ids[0])[0] == 404 and server.get('image', image=ids[5])[0] == 200
    server.give(png(32, 24, 15), 'webcam.jpg')                       # the last one is kept
    assert images(server).count(ids[5]) == 1
    server.give(png(32, 24, 16), 'webcam', live=1, lane='me-camera')
    assert server.get('image', image=ids[5])[0] == 200


@test
def parameters_are_held_to_their_limits(server):
    good = dict(model=0, image=images(server)[0], layer=5, unit=1, at='max')
    assert server.get('project', **good)[0] == 200
    for key, value in (('model', -1), ('model', 1), ('model', 10 ** 20), ('layer', 99), ('layer', ''), ('layer', 'x' * 5000), ('unit', 10 ** 6),
                       ('unit', -1), ('unit', 'x'), ('at', '99,99'), ('at', '-1,0'), ('at', '1'), ('rule', 'x'), ('seed', 'x'), ('view', 'x'),
                       ('zoom', 999), ('scale', 'abs:-1'), ('scale', 'abs:nan'), ('scale', 'x'), ('format', 'exe'), ('rectify', 'x'),
                       ('edit', 'x'), ('edit', 'turn:1e9'), ('edit', 'scale:0'), ('edit', 'move:'), ('edit', 'grey:00'), ('edit', 'turn:nan'),
                       ('edit', ';'.join(['turn:1'] * 9)), ('edit', 'scale:20;scale:20'), ('turn', -5), ('lane', 'x' * 100), ('image', 'z' * 32)):
        status, _, body = server.get('project', **{**good, key: value})
        assert status in (400, 404), (key, value, status)
        message = json.loads(body)['error']
        assert message and len(message) < 600 and '\n' not in message


@test
def what_a_newer_request_has_made_idle_is_left(server):
    """Of a crowd of one lane some are overtaken while they wait; the last is always answered."""
    image, statuses, lock = images(server)[0], {}, threading.Lock()

    def one(turn):
        status = server.get('maps', model=0, image=image, layer=1, lane='crowd', turn=turn, edit=f'turn:{turn}')[0]
        with lock:
            statuses[turn] = status

    threads = [threading.Thread(target=one, args=(turn,)) for turn in range(40)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert statuses[39] == 200 and set(statuses.values()) <= {200, 204, 503}, statuses
    server.get('maps', model=0, image=image, layer=1, lane='late', turn=9)
    assert server.get('maps', model=0, image=image, layer=1, lane='late', turn=8)[0] == 204


# -- a crowd, and rubbish -------------------------------------------------------------------------

@test
def eight_at_once_are_answered(server):
    ids, wrong, stop = images(server), [], time.time() + SECONDS

    def one(number):
        chance = random.Random(number)
        while time.time() < stop:
            status = server.get('project', model=0, image=chance.choice(ids), layer=chance.randrange(1, 9), unit=chance.randrange(64),
                                rule=chance.choice(('deconvnet', 'guided')), edit=chance.choice(('', 'turn:5', f'move:{chance.randrange(9)},2')),
                                lane=f'{number}-project', turn=int(1000 * (time.time() - stop + 1000)))[0]
            if status not in (200, 204, 503):
                wrong.append(status)

    threads = [threading.Thread(target=one, args=(n,)) for n in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong, wrong


@test
def rubbish_does_no_harm(server):
    chance = random.Random(3)
    good = b'GET /api/state HTTP/1.1\r\nHost: localhost\r\n\r\n'
    posted = b'POST /api/images?name=x HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: %d\r\n\r\n'

    def rubbish():
        kind = chance.randrange(9)
        if kind == 0:
            return os.urandom(chance.randrange(1, 3000))
        if kind == 1:
            text = bytearray(good)
            for _ in range(chance.randrange(1, 9)):
                text[chance.randrange(len(text))] = chance.randrange(256)
            return bytes(text)
        if kind == 2:
            return good[:chance.randrange(len(good))]
        if kind == 3:
            return b'GET /' + b'a' * chance.choice((100, 10000, 100000)) + b' HTTP/1.1\r\nHost: localhost\r\n\r\n'
        if kind == 4:
            return b'GET / HTTP/1.1\r\n' + b''.join(b'X-%d: %s\r\n' % (i, b'y' * 90) for i in range(chance.choice((10, 300, 2000)))) + b'\r\n'
        if kind == 5:
            return posted % (len(PICTURE) + chance.choice((-5, 5, 1000))) + PICTURE
        if kind == 6:
            query = '&'.join(f'{chance.choice(("layer", "unit", "edit", "image", "model", "at", "name", "turn"))}='
                             f'{"".join(chance.choice("0123456789abcdef,:;-%+ex") for _ in range(chance.randrange(60)))}' for _ in range(6))
            return f'GET /api/{chance.choice(("project", "maps", "shift", "hit", "command", "image"))}?{query} HTTP/1.0\r\nHost: localhost\r\n\r\n'.encode()
        if kind == 7:
            broken = bytearray(PICTURE)
            for _ in range(chance.randrange(1, 20)):
                broken[chance.randrange(8, len(broken))] = chance.randrange(256)
            return posted % len(broken) + bytes(broken)
        return b'POST /api/images HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\n' + chance.choice(
            (b'zz\r\n', b'ffffffffffffffff\r\nx', b'5\r\nhello\r\n-1\r\n', b'0\r\n\r\n'))

    slow = [socket.create_connection((server.address, server.port)) for _ in range(20)]      # and never end
    for s in slow:
        s.sendall(b'GET /api/sta')
    for i in range(MALFORMED):
        server.raw(rubbish(), wait=3)
        if i == MALFORMED // 2:
            middle = server.memory()
    assert server.process.poll() is None and len(server.json('state')['models']) == 1
    assert SANITIZED or server.memory() < middle + (24 << 10), (middle, server.memory())
    for s in slow:
        s.close()


def main():
    global PROGRAM, FOLDER, PICTURE, SANITIZED
    PROGRAM, FOLDER = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    PICTURE = png(40, 30, 1)
    with open(PROGRAM, 'rb') as f:
        SANITIZED = b'__asan_init' in (read := f.read()) or b'__tsan_init' in read     # which keep what was freed
    names = []
    for i in range(3):
        names.append(f'photo{i}.png')
        with open(os.path.join(FOLDER, names[-1]), 'wb') as f:
            f.write(png(90, 70, i))
    run(PROGRAM, 'mine', '-q', '-l', '5', '-o', 'index.json', *names)
    server = Server(PROGRAM, FOLDER, '--index', 'index.json', *names)
    print(f'1..{len(tests) + 1}')
    failed = 0
    for i, f in enumerate(tests):
        try:
            f(server)
            print(f'ok {i + 1} - {f.__name__.replace("_", " ")}', flush=True)
        except Exception:
            failed += 1
            print(f'not ok {i + 1} - {f.__name__.replace("_", " ")}')
            print(''.join('# ' + line for line in traceback.format_exc().splitlines(True)), flush=True)
    status, said = server.stop()
    fine = status == 0 and not said
    print(f'{"ok" if fine else "not ok"} {len(tests) + 1} - it ends when it is asked to, and has said nothing')
    if not fine:
        print(f'# status {status}: {said[-3000:]}')
    return 1 if failed or not fine else 0


if __name__ == '__main__':
    sys.exit(main())
