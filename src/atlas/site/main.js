// main.js - which view the address asks for, what stands above all of them, and keys that work everywhere.
'use strict';

const VIEWS = { layer: viewLayer, unit: viewUnit, class: viewClass, image: viewImage, against: viewAgainst };

const Router = (() => {
    let home,
        shown = null,
        turn = 0;
    let stamp = 0; // of entries of the history: those we have been at have one, and where they were left
    let current = null;
    const left = new Map(); // stamp -> scroll position

    /** "#/unit/5/12?x=1" -> {words: ["unit", "5", "12"], query, against} */
    function parse(hash) {
        const [path, query] = hash.replace(/^#\/?/, '').split(/\?(.*)/s);
        let words = [];
        try {
            words = path.split('/').filter(Boolean).map(decodeURIComponent);
        } catch {
            words = ['?'];
        }
        // "#/against/layer/5" is of the other atlas, "#/against/5" compares
        const theirs = words[0] === 'against' && ((words[1] in VIEWS && words.length > 2) || words[1] === 'front');
        return {
            words: theirs ? words.slice(words[1] === 'front' ? 2 : 1) : words,
            query: new URLSearchParams(query || ''),
            theirs,
        };
    }

    function replaceQuery(query) {
        const hash = location.hash.split('?')[0] || '#/';
        history.replaceState(history.state, '', query ? `${hash}?${query}` : hash);
    }

    async function view() {
        const { words, query, theirs } = parse(location.hash);
        const owner = theirs ? await otherAtlas() : home;
        if (!words.length) return viewFront(owner);
        const make = Object.hasOwn(VIEWS, words[0]) ? VIEWS[words[0]] : null;
        return make ? make(owner, words.slice(1), query) : notFound('This address leads nowhere.');
    }

    async function go() {
        const now = ++turn;
        if (current !== null) left.set(current, scrollY);
        const back = history.state && history.state.stamp;
        if (!back) history.replaceState({ stamp: ++stamp + Router.session }, '');
        current = history.state.stamp;
        const main = document.getElementById('main');
        main.setAttribute('aria-busy', 'true');
        Router.keys = {};
        let next;
        try {
            next = await view();
        } catch (error) {
            next = failed(error);
        }
        if (now !== turn) return;
        if (shown && shown.stop) shown.stop();
        const first = shown === null;
        shown = next;
        document.title = next.title;
        main.className = next.wide ? 'wide' : '';
        main.replaceChildren(next.node);
        main.removeAttribute('aria-busy');
        crumbs(next);
        if (next.start) await next.start();
        scrollTo(0, (back && left.get(current)) || 0);
        if (!first) {
            const title = main.querySelector('h1');
            if (title) title.focus({ preventScroll: true });
        }
        document.documentElement.dataset.turn = String(now); // what tests wait for
    }

    function failed(error) {
        return {
            node: el(
                'div',
                null,
                el('header.head', null, el('h1', { tabindex: -1 }, 'This part is not there')),
                el('p.notice', null, `${visible(error.message)}. Was the folder copied whole?`)
            ),
            title: 'Not there',
            crumbs: [],
        };
    }

    function crumbs(next) {
        const links = [
            el(
                'a.home',
                { href: '#/', 'aria-label': home ? `${visible(home.front.title)}: all layers` : null },
                el('span.mark', { 'aria-hidden': 'true' }, mark()),
                home ? name(home.front.title) : 'Atlas'
            ),
            ...(next.crumbs || []).map(([text, href]) =>
                href
                    ? el('a', { href: remembered.get(href) ? `${href}?${remembered.get(href)}` : href }, name(text))
                    : el('span', { 'aria-current': 'page' }, name(text))
            ),
        ];
        const side = next.siblings || {};
        const step = (href, text, label) =>
            side.what
                ? href
                    ? el(
                          'a.step',
                          { href, 'aria-label': `${label} ${side.what}`, title: `${label} ${side.what}` },
                          text
                      )
                    : el('span.step', { 'aria-hidden': 'true' }, text)
                : null;
        document.getElementById('crumbs').replaceChildren(
            el(
                'ol',
                null,
                links.map(link => el('li', null, link))
            ),
            side.what
                ? el('span.steps', null, step(side.before, '\u2039', 'Previous'), step(side.after, '\u203a', 'Next'))
                : ''
        );
    }

    function step(direction) {
        const href = shown && shown.siblings && shown.siblings[direction];
        if (href) location.hash = href;
        return Boolean(href);
    }

    function up() {
        const href =
            shown && shown.up
                ? remembered.get(shown.up)
                    ? `${shown.up}?${remembered.get(shown.up)}`
                    : shown.up
                : '#/';
        location.hash = href;
        return true;
    }

    async function start() {
        tools();
        try {
            home = await new Atlas('').open();
            Search.start(home, document.getElementById('search'));
        } catch (error) {
            const { node, title } = failed(error);
            document.title = title;
            document.getElementById('main').replaceChildren(node);
            return;
        }
        history.scrollRestoration = 'manual';
        addEventListener('hashchange', go);
        addEventListener('keydown', key);
        await go();
    }

    // -- above all views ---------------------------------------------------------------------------

    const KEYS = [
        ['/', 'search'],
        ['?', 'this list'],
        ['\u2190 \u2191 \u2192 \u2193', 'from picture to picture in a grid'],
        ['Enter', 'open it'],
        ['Page Up, Page Down, Home, End', 'far in a grid'],
        ['j, k', 'next and previous unit, layer, class or image'],
        ['u', 'up: from a unit to its layer, from there to the front'],
        ['r', 'the next rule, at a unit'],
        ['s', 'own or common scale, at a unit'],
        ['1 \u2026 9', 'one of the nine in its photograph'],
        ['t', 'light or dark'],
    ];
    const ABOUT =
        'A projection shows what a unit sees in a photograph: middle grey is nothing, and what differs from it drives the unit. ' +
        'The rules differ in what they do where a rectifier was on the way.';

    function tools() {
        document.getElementById('tools').replaceChildren(themeButton(), helpButton(KEYS, ABOUT));
    }

    function key(event) {
        const { target } = event;
        if (
            event.ctrlKey ||
            event.altKey ||
            event.metaKey ||
            event.defaultPrevented ||
            document.querySelector('dialog[open]') ||
            target.closest('input, select, textarea')
        )
            return;
        const act =
            {
                '/': () => {
                    Search.focus();
                    return true;
                },
                '?': () => {
                    showHelp(KEYS, ABOUT);
                    return true;
                },
                j: () => step('after'),
                k: () => step('before'),
                u: up,
                t: () => {
                    document.querySelector('.theme').click();
                    return true;
                },
            }[event.key] ||
            (Router.keys[event.key] &&
                (() => {
                    Router.keys[event.key]();
                    return true;
                })) ||
            enterGrid(event);
        if (act && act()) event.preventDefault();
    }

    /** The first arrow comes into the grid, wherever the focus was. */
    function enterGrid(event) {
        const grid = document.querySelector('.grid');
        if (!grid || !event.key.startsWith('Arrow') || target(event)) return null;
        const link =
            grid.querySelector('.cell:not([hidden]) a[tabindex="0"]') || grid.querySelector('.cell:not([hidden]) a');
        return (
            link &&
            (() => {
                link.focus();
                return true;
            })
        );
    }

    function target(event) {
        return event.target.closest('.grid, button, [role=listbox]');
    }

    return { start, replaceQuery, here: () => shown && shown.here, keys: {}, session: `-${performance.timeOrigin}` };
})();

Router.start();
