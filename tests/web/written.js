// written.js - the data of the atlas that is looked at, read without the page's code, and what tests ask of a page.
'use strict';
const fs = require('fs');
const path = require('path');
const vm = require('vm');

const folder = process.argv[2];

function data(name) {
    let value;
    vm.runInNewContext(fs.readFileSync(path.join(folder, 'data', `${name}.js`), 'utf8'), {
        atlas: v => {
            value = JSON.parse(JSON.stringify(v));
        },
    });
    return value;
}
const front = data('front');
const BIG = front.layers.findIndex(l => l.units > 1024); // of these some columns have files of their own
const SMALL = front.layers.findIndex(l => l.id === '3');
function column(k, key) {
    const { lo, hi, data: inside } = data(`layer-${k}`).columns[key];
    const raw = Buffer.from(inside || data(`layer-${k}-${key}`), 'base64');
    return Array.from({ length: raw.length / 2 }, (_, i) => raw.readUInt16LE(2 * i)).map(q =>
        key === 'best_class' ? q : q === 65535 ? null : lo + ((hi - lo) * q) / 65534
    );
}
const isDead = (k, i) => (Buffer.from(data(`layer-${k}`).dead, 'base64')[i >> 3] >> (i & 7)) & 1;
const unit = (k, i) => data(`layer-${k}-units-${i >> 5}`)[i & 31];
const layerHash = k => `#/layer/${encodeURIComponent(front.layers[k].id)}`;
const unitHash = (k, channel) => `#/unit/${encodeURIComponent(front.layers[k].id)}/${channel}`;

// -- of a page -------------------------------------------------------------------------------------
const numbers = page =>
    page.$$eval('.grid .cell:not([hidden])', cells =>
        cells
            .sort((a, b) => a.dataset.place - b.dataset.place)
            .map(c => Number(c.querySelector('.unit-number').textContent))
    );
const text = (page, selector) => page.textContent(selector);
const found = (page, n) => page.waitForFunction(t => document.querySelector('.found').textContent === t, n);

module.exports = {
    folder,
    data,
    front,
    BIG,
    SMALL,
    column,
    isDead,
    unit,
    layerHash,
    unitHash,
    numbers,
    text,
    found,
};
