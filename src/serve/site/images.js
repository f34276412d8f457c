// images.js - the images there are: what the server had, what was dropped, pasted or chosen, and the webcam's last.
'use strict';

const Images = (() => {
    let list = [];
    const sent = new Map(); // id -> {blob, name}: a server that starts anew gets them again
    let live = null; // {image, url}: the webcam's last frame
    let limits = {};
    let onchange = () => {};

    function start(state, changed) {
        list = state.images.slice();
        limits = state.limits || {};
        onchange = changed;
    }

    function find(id) {
        return live && live.image.id === id ? live.image : list.find(image => image.id === id) || null;
    }

    /** @param {number} side the longer, in pixels */
    function src(id, side) {
        return live && live.image.id === id ? live.url : Server.url('image', { image: id, side });
    }

    /** @param {Blob} blob @param {string} name @returns {Promise<Object>} the image; throws what the server says of it */
    async function add(blob, name) {
        if (limits.body && blob.size > limits.body)
            throw new Refused(`${name}: ${mega(blob.size)}, and at most ${mega(limits.body)} are taken`, 413);
        const image = await post(blob, { name, lane: `${Server.me}-images` });
        sent.set(image.id, { blob, name });
        if (!list.some(one => one.id === image.id)) list.push(image);
        onchange();
        return image;
    }

    function mega(bytes) {
        return `${(bytes / 1e6).toFixed(1)}\u2009MB`;
    }

    async function post(blob, params) {
        const type = /^image\/[\w.+-]+$/.test(blob.type) ? blob.type : 'application/octet-stream';
        return Server.json('images', params, { method: 'POST', headers: { 'Content-Type': type }, body: blob });
    }

    /** The webcam's newest frame in place of the one before. */
    async function addLive(blob) {
        const image = await post(blob, { name: 'webcam', live: 1, lane: `${Server.me}-live` });
        const before = live;
        live = { image, url: URL.createObjectURL(blob), blob };
        if (before) URL.revokeObjectURL(before.url);
        return image;
    }

    /** The last frame stays as an image like others. */
    async function keepLive() {
        if (!live) return null;
        const { blob } = live;
        return add(blob, 'webcam.jpg');
    }

    /** After the server was away: it is given again what it does not have any more. */
    async function restore(state) {
        const there = new Set(state.images.map(image => image.id));
        for (const image of state.images) if (!list.some(one => one.id === image.id)) list.push(image);
        for (const [id, { blob, name }] of sent)
            if (!there.has(id)) await post(blob, { name, lane: `${Server.me}-images` });
        list = list.filter(image => there.has(image.id) || sent.has(image.id));
        onchange();
    }

    return { start, find, src, add, addLive, keepLive, restore, all: () => list };
})();
