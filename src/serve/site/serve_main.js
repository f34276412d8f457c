// serve_main.js - the address, the one or two sides that it asks for, keys, and what is said to the reader.
'use strict';

const App = (() => {
    let info = null, // api/state
        state = Address.parse(location.hash);
    const sides = [];
    let written = 0, // timer: drags are put into the address now and then
        wrote = 0, // when it was last
        turn = 0;

    // -- the address -------------------------------------------------------------------------------

    /** What a side sees: keys without their 2, and what they mean. */
    function view(k) {
        const s = state;
        const own = key => (k && s[`${key}2`] !== '' ? s[`${key}2`] : s[key]);
        const v = { r: s.r, s: s.s, f: s.f, v: s.v, c: s.c, z: s.z, w: s.w, i: own('i'), m: own('m') };
        v.e = k && (s.e2 !== '' || s.i2 !== '') ? (s.e2 === 'none' ? '' : s.e2) : s.e === 'none' ? '' : s.e;
        v.model = info.models.find(model => String(model.id) === v.m) || info.models[0];
        v.m = String(v.model.id);
        const linked = isLinked(k);
        const { layers } = v.model;
        const placed = layers.filter(layer => layer.maps);
        const wanted = linked ? s.l : s.l2;
        // Without a word of it: the last that still has positions.
        v.layer = layers.find(layer => layer.id === wanted) || placed[placed.length - 1] || layers[layers.length - 1];
        v.l = v.layer ? v.layer.id : '';
        v.u = linked ? s.u : s.u2;
        if (v.u !== '' && Number(v.u) >= v.layer.units) v.u = '';
        v.p = (linked ? s.p : s.p2) || 'max';
        if (!v.layer.maps && v.p !== 'all') v.p = 'max';
        v.image = Images.find(v.i);
        return v;
    }

    /** The second side looks at the same unit, where it is of the same model. */
    function isLinked(k) {
        return !k || state.m2 === '' || state.m2 === state.m;
    }

    /** Keys as a side means them, to those of the address. */
    function meant(k, patch) {
        if (!k) {
            // Another image on the first side leaves the second as it is.
            return patch;
        }
        const to = {};
        for (const [key, value] of Object.entries(patch)) {
            if (key === 'm' || key === 'i') to[`${key}2`] = value === state[key] ? '' : value;
            else if (key === 'e') {
                if (state.i2 === '' && state.e2 === '' && !('i' in patch)) to.e = value;
                else to.e2 = value === '' && state.i2 === '' && !('i' in patch) ? 'none' : value;
            } else if ('lup'.includes(key) && !isLinked(1)) to[`${key}2`] = value;
            else to[key] = value;
        }
        return to;
    }

    /** @param {string} how "push": the back button comes back to before; "replace": it does not; "live": the webcam */
    function set(patch, how) {
        const next = { ...state, ...patch };
        const hash = Address.format(next);
        if (hash === Address.format(state)) return;
        state = next;
        if (how === 'push') {
            clearTimeout(written);
            written = 0;
            history.pushState(null, '', hash);
        } else if (how === 'replace' && !written) {
            if (performance.now() - wrote > 150) write();
            else written = setTimeout(write, 150);
        }
        show(how);
    }

    /** Browsers complain of those who change the address with each move of the pointer. */
    function write() {
        written = 0;
        wrote = performance.now();
        history.replaceState(null, '', Address.format(state));
    }

    function follow() {
        clearTimeout(written);
        written = 0;
        const next = Address.parse(location.hash);
        if (Webcam.on() && next.i !== state.i) stopWebcam();
        state = next;
        begin();
        show('push');
    }

    /** Where no image is said it is the first. */
    function begin() {
        const [first] = Images.all();
        if (state.i !== '' || !first) return;
        state = { ...state, i: first.id };
        write();
    }

    // -- what is seen ------------------------------------------------------------------------------

    function show(how) {
        const now = ++turn;
        const n = state.b ? 2 : 1;
        while (sides.length > n) sides.pop().node.remove();
        while (sides.length < n) {
            const k = sides.length;
            const side = new Side(k, info, (patch, kind) => set(meant(k, patch), kind));
            sides.push(side);
            side.film.show(Images.all(), '');
            document.getElementById('sides').append(side.node);
        }
        document.body.classList.toggle('two', n === 2);
        const views = sides.map((_, k) => view(k));
        const empty = !views[0].image;
        document.body.classList.toggle('empty', empty);
        welcome(empty, views[0]);
        const jobs = sides.map((side, k) => {
            head(side, views[k], n);
            return side.update(views[k], how !== 'push');
        });
        title(views[0]);
        bar(views[0]);
        Promise.all(jobs).then(() => {
            // A default may have been filled in meanwhile, which is a turn of its own.
            if (now === turn) document.documentElement.dataset.turn = String(now); // what tests wait for
        });
    }

    function title(v) {
        const parts = v.image
            ? [v.u === '' ? '' : `unit ${v.u} of ${visible(v.layer.name)}`, shorten(base(v.image.name), 40)]
            : [];
        document.title = [...parts.filter(Boolean), `${visible(v.model.name)} - deconvviz`].join(' - ');
    }

    function modelChoice(v, label, pick) {
        return info.models.length > 1
            ? selection(
                  label,
                  info.models.map(model => [String(model.id), shorten(model.name, 40)]),
                  v.m,
                  pick
              )
            : name(v.model.name);
    }

    function bar(v) {
        const key = `${v.m} ${state.b}`;
        if (bar.shown === key) return;
        bar.shown = key;
        document.getElementById('crumbs').replaceChildren(
            el(
                'ol',
                null,
                el(
                    'li',
                    null,
                    el(
                        'a.home',
                        { href: '#/', 'aria-label': 'deconvviz: start again' },
                        el('span.mark', { 'aria-hidden': 'true' }, mark()),
                        'deconvviz'
                    )
                ),
                el(
                    'li',
                    null,
                    modelChoice(v, 'Model', m => set({ m, l: '', u: '', p: 'max' }, 'push'))
                )
            )
        );
    }

    /** Above each of two sides: which it is. */
    function head(side, v, n) {
        side.head.hidden = n === 1;
        if (n === 1) return;
        const key = `${v.m} ${v.i} ${v.e === ''} ${side.k}`;
        if (side.headed === key) return;
        side.headed = key;
        side.head.replaceChildren(
            el(
                'h2',
                null,
                v.image ? name(base(v.image.name)) : 'No image',
                v.e === '' ? null : el('span.aside', null, ' changed')
            ),
            side.k
                ? modelChoice(v, 'Model of the second side', m =>
                      set({ ...meant(1, { m }), l2: '', u2: '', p2: '' }, 'push')
                  )
                : name(v.model.name),
            side.k ? el('button.quiet', { type: 'button', onclick: alone }, 'Close') : ''
        );
    }

    function alone() {
        set({ b: '', m2: '', i2: '', e2: '', l2: '', u2: '', p2: '' }, 'push');
    }

    /** A second side: with another image where there is one, else another model, else the image as it was. */
    function beside() {
        if (state.b) return alone();
        const all = Images.all();
        const at = all.findIndex(image => image.id === state.i);
        if (state.e !== '') return set({ b: '1', e2: 'none' }, 'push');
        if (info.models.length > 1) {
            const m = Number(view(0).m);
            const other = info.models[(info.models.findIndex(model => model.id === m) + 1) % info.models.length];
            return set({ b: '1', m2: String(other.id) }, 'push');
        }
        if (all.length > 1) return set({ b: '1', i2: all[(at + 1) % all.length].id }, 'push');
        return set({ b: '1' }, 'push');
    }

    // -- without an image --------------------------------------------------------------------------

    function welcome(empty, v) {
        const node = document.getElementById('welcome');
        node.hidden = !empty;
        if (!empty) return;
        const lost = v.i !== '';
        const images = Images.all();
        node.replaceChildren(
            el('h1', { tabindex: -1 }, 'What does a unit see in a photograph?'),
            el(
                'p.lead',
                null,
                lost
                    ? 'The image of this address is not here any more. Drop the file once more, and the view is as it was.'
                    : 'Drop a photograph here, or paste one; then click a layer, a unit, and a place of its map.'
            ),
            el(
                'div.drop',
                null,
                el('p.drop-text', null, 'Drop it anywhere on this page'),
                el(
                    'button.primary',
                    { type: 'button', onclick: () => chooseFiles(files => take(files, sides[0])) },
                    'Choose a photograph'
                ),
                navigator.mediaDevices
                    ? el('button', { type: 'button', onclick: () => webcam(sides[0]) }, 'Use the webcam')
                    : null
            ),
            ...(images.length
                ? [
                      el('p.aside', null, 'Or begin with one of these:'),
                      el(
                          'ul.examples',
                          null,
                          images
                              .slice(0, 24)
                              .map(image =>
                                  el(
                                      'li',
                                      null,
                                      el(
                                          'button.tile',
                                          { type: 'button', onclick: () => set({ i: image.id }, 'push') },
                                          el('img', { src: Images.src(image.id, 256), alt: shorten(image.name, 80) })
                                      )
                                  )
                              )
                      ),
                  ]
                : [])
        );
    }

    // -- images that come in -----------------------------------------------------------------------

    /** @param {File[]} files @param {Side} side that shows the first of them */
    async function take(files, side) {
        if (Webcam.on()) stopWebcam();
        let first = null;
        for (const file of files) {
            say(`Reading ${shorten(file.name, 60)} …`);
            try {
                const image = await Images.add(file, file.name || 'pasted');
                first = first || image;
            } catch (error) {
                if (error instanceof Gone) continue;
                if (!(error instanceof Refused)) throw error;
                const text = error.message.startsWith(file.name) ? error.message : `${file.name}: ${error.message}`;
                tell(text);
            }
        }
        say('');
        if (!first) return;
        announce(`${counted(files.length, 'image')} taken`);
        const found = state.i !== '' && !side.k && state.i === first.id; // what the address waits for
        if (found) show('push');
        else side.set({ i: first.id, e: '' }, 'push');
    }

    async function webcam(side) {
        if (Webcam.on()) {
            stopWebcam();
            return;
        }
        try {
            await Webcam.start(side);
            for (const one of sides) one.film.filming(true);
        } catch (error) {
            tell(`There is no webcam: ${error.message}`);
        }
    }

    async function stopWebcam() {
        const side = Webcam.side();
        if (!Webcam.stop()) return;
        for (const one of sides) one.film.filming(false);
        try {
            const image = await Images.keepLive();
            if (image) side.set({ i: image.id }, 'push');
            side.note();
        } catch (error) {
            side.complain(error);
        }
    }

    // -- what is said ------------------------------------------------------------------------------

    /** @param {string} [kind] "wrong", which stays until it is closed or something else is said; or "said" */
    function tell(text, kind = 'wrong') {
        const box = document.getElementById('messages');
        clearTimeout(tell.timer);
        const close = () => box.replaceChildren();
        box.setAttribute('role', kind === 'wrong' ? 'alert' : 'status');
        box.replaceChildren(
            el(
                `p.message.${kind}`,
                null,
                el('span', null, visible(text)),
                el('button.quiet', { type: 'button', 'aria-label': 'Close the message', onclick: close }, '×')
            )
        );
        if (kind !== 'wrong') tell.timer = setTimeout(close, 6000);
    }

    function say(text) {
        document.getElementById('working').textContent = text;
    }

    function gone() {
        document.getElementById('away').hidden = false;
    }

    async function back() {
        try {
            if (!info) {
                location.reload(); // it was away from the beginning
                return;
            }
            const next = await Server.json('state');
            const same = next.models.map(m => m.sha256).join() === info.models.map(m => m.sha256).join();
            if (!same) {
                location.reload(); // another network
                return;
            }
            await Images.restore(next);
        } catch (error) {
            if (error instanceof Gone) return;
            tell(error.message);
        }
        document.getElementById('away').hidden = true;
        announce('The server is there again');
        for (const side of sides) side.v = null;
        show('replace');
    }

    // -- keys --------------------------------------------------------------------------------------

    const KEYS = [
        ['?', 'this list'],
        ['o', 'choose a photograph; dropping and pasting one do too'],
        ['w', 'the webcam, and its end'],
        [', .', 'image before, image after'],
        ['[ ]', 'layer before, layer after'],
        ['j k', 'next and previous unit'],
        [
            '\u2190 \u2191 \u2192 \u2193',
            'over the map, or in the grid of maps where the focus is there; with Shift further',
        ],
        ['Enter', 'in the grid: this unit'],
        ['m', 'the place where the unit is strongest'],
        ['a', 'the whole map'],
        ['r', 'the next rule; the last is all three'],
        ['v', 'patch, or whole input'],
        ['s', 'seed: its value, or one'],
        ['f', 'rectify at ReLUs, or at all activations'],
        ['h', 'hold the scale, or let each have its own'],
        ['+ \u2212', 'zoom'],
        ['i', 'the photograph, or what the network is given'],
        ['g b e l', 'brush: grey, blur, restore, look; then arrows and Space'],
        ['x', 'the image as it was'],
        ['2', 'a second side, and its end'],
        ['c', 'copy the command'],
        ['n', 'keep this view'],
        ['d', 'save'],
        ['t', 'light or dark'],
    ];
    const ABOUT =
        'A projection shows what a unit sees in a photograph: middle grey is nothing, and what differs from it drives the unit. ' +
        'The rules differ in what they do where a rectifier was on the way.';

    /** The side that has the focus, else the first. */
    function here() {
        const node = document.activeElement && document.activeElement.closest('.side');
        return sides.find(side => side.node === node) || sides[0];
    }

    function cycle(key, values) {
        const next = values[(values.indexOf(state[key]) + 1) % values.length];
        set({ [key]: next }, 'push');
        announce(next);
    }

    const ACTS = {
        '?': () => showHelp(KEYS, ABOUT),
        t: () => document.querySelector('.theme').click(),
        o: side => chooseFiles(files => take(files, side)),
        w: side => webcam(side),
        ',': side => side.stepImage(-1),
        '.': side => side.stepImage(1),
        '[': side => side.stepLayer(-1),
        ']': side => side.stepLayer(1),
        j: side => side.step(1),
        k: side => side.step(-1),
        m: side => side.set({ p: 'max' }, 'push'),
        a: side => side.set({ p: 'all' }, 'push'),
        r: () => cycle('r', [...RULES, 'three']),
        v: () => cycle('v', ['crop', 'full']),
        s: () => cycle('s', ['value', 'one']),
        f: () => cycle('f', ['relu', 'all']),
        h: side => (state.c === 'own' ? side.hold() : set({ c: 'own' }, 'push')),
        '+': () => zoom(1),
        '=': () => zoom(1),
        '-': () => zoom(-1),
        i: () => cycle('w', ['photo', 'input']),
        g: side => brush(side, 'grey'),
        b: side => brush(side, 'blur'),
        e: side => brush(side, 'back'),
        l: side => side.stage.take('look'),
        x: side => side.set({ e: '' }, 'push'),
        2: beside,
        c: side => Keep.copyCommand(side),
        n: side => Keep.add(side),
        d: side => Keep.save(side),
    };
    // What is of no use without an image.
    const ALWAYS = new Set(['?', 't', 'o', 'w']);

    function zoom(by) {
        const steps = ['fit', '1', '2', '3', '4', '6', '8', '12', '16'];
        const next = steps[steps.indexOf(state.z) + by];
        if (next) set({ z: next }, 'push');
    }

    function brush(side, kind) {
        side.stage.take(kind);
        side.stage.photo.focus();
    }

    function key(event) {
        if (
            event.ctrlKey ||
            event.altKey ||
            event.metaKey ||
            event.defaultPrevented ||
            document.querySelector('dialog[open]') ||
            event.target.closest('input:not([type=range]), select, textarea')
        )
            return;
        const side = here();
        const empty = document.body.classList.contains('empty');
        if (
            event.key.startsWith('Arrow') &&
            !empty &&
            !event.target.closest('input, button, [role], summary, a, pre')
        ) {
            // The first arrow comes to the map, wherever the focus was.
            const to = side.v.layer.maps ? side.map.frame : side.grid.scroll;
            to.focus();
            event.preventDefault();
            return;
        }
        const act = Object.hasOwn(ACTS, event.key) && (!empty || ALWAYS.has(event.key)) ? ACTS[event.key] : null;
        if (!act) return;
        event.preventDefault();
        act(side);
    }

    // -- start -------------------------------------------------------------------------------------

    function tools() {
        const kept = el(
            'button.quiet.kept',
            {
                type: 'button',
                hidden: true,
                onclick: () => Keep.save(here()),
                title: 'Views that were kept: save them',
            },
            ''
        );
        Keep.listen(n => {
            kept.hidden = false;
            kept.textContent = `${n} kept`;
        });
        document
            .getElementById('tools')
            .replaceChildren(
                kept,
                el(
                    'button.quiet.beside',
                    { type: 'button', onclick: beside, title: 'Two images, two models, or before and after' },
                    'Beside'
                ),
                themeButton(),
                helpButton(KEYS, ABOUT)
            );
    }

    async function start() {
        tools();
        Server.listen(gone, back);
        receiveFiles((files, target) => {
            const node = target && target.closest && target.closest('.side');
            take(files, sides.find(side => side.node === node) || sides[0]);
        });
        try {
            info = await asked;
        } catch (error) {
            if (error instanceof Gone) gone();
            else tell(error.message);
            return;
        }
        Images.start(info, () => {
            for (const side of sides) side.film.show(Images.all(), side.v ? side.v.i : '');
        });
        begin();
        for (const model of info.models) if (model.warn) tell(`${model.name}: ${model.warn}`);
        addEventListener('hashchange', follow);
        addEventListener('keydown', key);
        show('push');
        document.getElementById('main').removeAttribute('aria-busy');
        document.documentElement.dataset.ready = '1'; // what the measurement of the start waits for
    }

    return { start, take, webcam, tell };
})();

App.start();
