// serve_main.js - the address, and the one or two sides that it asks for.
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
        show(how); // first: an entry of the history takes a browser some milliseconds
        if (how === 'push') {
            clearTimeout(written);
            written = 0;
            history.pushState(null, '', hash);
        } else if (how === 'replace' && !written) {
            if (performance.now() - wrote > 150) write();
            else written = setTimeout(write, 150);
        }
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
        if (Webcam.on() && next.i !== state.i) Incoming.stopWebcam();
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
        Incoming.welcome(empty, views[0]);
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

    /** The side that has the focus, else the first. */
    function here() {
        const node = document.activeElement && document.activeElement.closest('.side');
        return sides.find(side => side.node === node) || sides[0];
    }

    // -- a server that is away ---------------------------------------------------------------------

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
            const same = JSON.stringify(next.models) === JSON.stringify(info.models);
            if (!same) {
                location.reload(); // another network
                return;
            }
            await Images.restore(next);
        } catch (error) {
            if (error instanceof Gone) return;
            Messages.tell(error.message);
        }
        document.getElementById('away').hidden = true;
        announce('The server is there again');
        for (const side of sides) side.v = null;
        show('replace');
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
                helpButton(Keys.KEYS, Keys.ABOUT)
            );
    }

    async function start() {
        tools();
        Server.listen(gone, back);
        receiveFiles((files, target) => {
            const node = target && target.closest && target.closest('.side');
            Incoming.take(files, sides.find(side => side.node === node) || sides[0]);
        });
        try {
            info = await asked;
        } catch (error) {
            if (error instanceof Gone) gone();
            else Messages.tell(error.message);
            return;
        }
        Images.start(info, () => {
            for (const side of sides) side.film.show(Images.all(), side.v ? side.v.i : '');
        });
        begin();
        for (const model of info.models) if (model.warn) Messages.tell(`${model.name}: ${model.warn}`);
        addEventListener('hashchange', follow);
        addEventListener('keydown', Keys.key);
        show('push');
        document.getElementById('main').removeAttribute('aria-busy');
        document.documentElement.dataset.ready = '1'; // what the measurement of the start waits for
    }

    return { start, set, show, here, beside, sides, state: () => state };
})();

// The scripts are one, in no order that counts: when the last of it has been read.
addEventListener('DOMContentLoaded', App.start);
