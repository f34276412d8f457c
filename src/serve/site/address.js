// address.js - all that is seen, as the fragment of the address: "#/?i=ID&l=5&u=12&p=3,4".
'use strict';

const Address = (() => {
    const IMAGE = /^[0-9a-f]{1,64}$/;
    const LAYER = /^[^\u0000-\u001f]{1,400}$/;
    const EDIT = /^(none|[a-z0-9:;,.+-]{1,2000})$/;
    const PLACE = /^(max|all|\d{1,5},\d{1,5})$/;
    const NUMBER = /^\d{1,7}$/;
    /** key: [what it is where the address does not say, what it may be]. Those that end in 2 are of the second side, where
     *  they are not as on the first. */
    const KEYS = {
        m: ['0', NUMBER], // model, its place
        i: ['', IMAGE],
        e: ['', EDIT], // what was done to the image
        l: ['', LAYER],
        u: ['', NUMBER],
        p: ['max', PLACE],
        r: ['deconvnet', /^(deconvnet|guided|gradient|three)$/],
        s: ['value', /^(value|one)$/],
        f: ['relu', /^(relu|all)$/],
        v: ['crop', /^(crop|full)$/],
        c: ['own', /^(own|[0-9.e+-]{1,24})$/], // the value that is full colour
        z: ['fit', /^(fit|[1-9]|1[0-6])$/],
        w: ['photo', /^(photo|input)$/],
        b: ['', /^1$/], // there is a second side
        m2: ['', NUMBER],
        i2: ['', IMAGE],
        e2: ['', EDIT],
        l2: ['', LAYER],
        u2: ['', NUMBER],
        p2: ['', PLACE],
    };

    /** @returns {Object<string, string>} every key; what cannot be is left at what it is unsaid */
    function parse(hash) {
        const query = new URLSearchParams(hash.replace(/^[^?]*\??/, ''));
        const state = {};
        for (const [key, [unsaid, allowed]] of Object.entries(KEYS)) {
            const value = query.get(key);
            state[key] = value !== null && allowed.test(value) ? value : unsaid;
        }
        return state;
    }

    /** The same state has the same address. */
    function format(state) {
        const words = Object.entries(KEYS)
            .filter(([key, [unsaid]]) => state[key] !== unsaid)
            .map(
                ([key]) =>
                    `${key}=${encodeURIComponent(state[key]).replace(/%(2C|3A|3B)/g, c => decodeURIComponent(c))}`
            );
        return words.length ? `#/?${words.join('&')}` : '#/';
    }

    return { parse, format };
})();
