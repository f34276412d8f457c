// serve_keys.js - the keys of the page, and the sheet that lists them.
'use strict';

const Keys = (() => {
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

    function cycle(key, values) {
        const next = values[(values.indexOf(App.state()[key]) + 1) % values.length];
        App.set({ [key]: next }, 'push');
        announce(next);
    }

    const ACTS = {
        '?': () => showHelp(KEYS, ABOUT),
        t: () => document.querySelector('.theme').click(),
        o: side => chooseFiles(files => Incoming.take(files, side)),
        w: side => Incoming.webcam(side),
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
        h: side => (App.state().c === 'own' ? side.hold() : App.set({ c: 'own' }, 'push')),
        '+': () => zoom(1),
        '=': () => zoom(1),
        '-': () => zoom(-1),
        i: () => cycle('w', ['photo', 'input']),
        g: side => brush(side, 'grey'),
        b: side => brush(side, 'blur'),
        e: side => brush(side, 'back'),
        l: side => side.stage.take('look'),
        x: side => side.set({ e: '' }, 'push'),
        2: () => App.beside(),
        c: side => Keep.copyCommand(side),
        n: side => Keep.add(side),
        d: side => Keep.save(side),
    };
    // What is of no use without an image.
    const ALWAYS = new Set(['?', 't', 'o', 'w']);

    function zoom(by) {
        const steps = ['fit', '1', '2', '3', '4', '6', '8', '12', '16'];
        const next = steps[steps.indexOf(App.state().z) + by];
        if (next) App.set({ z: next }, 'push');
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
        const side = App.here();
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

    return { KEYS, ABOUT, key };
})();
