// seen.js - what is seen on the page of `serve`, and what the server says it should be.
'use strict';

/** The address as keys. */
const address = page => new URLSearchParams(new URL(page.url()).hash.replace(/^#\/\??/, ''));

/** The pixels of a canvas, as a digest that is equal where they are. */
const pixels = (page, selector) =>
    page.$eval(selector, source => {
        const canvas = new OffscreenCanvas(source.width, source.height);
        const context = canvas.getContext('2d', { willReadFrequently: true });
        context.drawImage(source, 0, 0);
        const { data, width, height } = context.getImageData(0, 0, canvas.width, canvas.height);
        let sum = 0;
        for (const v of data) sum = (Math.imul(sum, 31) + v) | 0;
        return `${width}x${height}:${sum}`;
    });

/** The pixels of a picture of the server's, in the same way. */
const answered = (page, query) =>
    page.evaluate(async query => {
        const bitmap = await createImageBitmap(await (await fetch(`api/${query}`)).blob());
        const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
        const context = canvas.getContext('2d', { willReadFrequently: true });
        context.drawImage(bitmap, 0, 0);
        const { data, width, height } = context.getImageData(0, 0, canvas.width, canvas.height);
        let sum = 0;
        for (const v of data) sum = (Math.imul(sum, 31) + v) | 0;
        return `${width}x${height}:${sum}`;
    }, query);

/** A key as a side means it: of another model there is nothing to share. @param {string} side '' or '2' */
const own = (a, k, side) => a.get(`${k}${side}`) || (side && a.get('m2') && 'lup'.includes(k) ? '' : a.get(k)) || '';

/** What the projection should be at the address that the page has. */
function projected(page, rule = 'deconvnet', side = '') {
    const a = address(page);
    const key = k => own(a, k, side);
    const query = new URLSearchParams({
        model: key('m') || '0',
        image: key('i'),
        ...(a.get(`e${side}`) ? { edit: a.get(`e${side}`) } : {}),
        layer: key('l') || '5',
        unit: key('u'),
        at: key('p') || 'max',
        rule,
        seed: a.get('s') || 'value',
        rectify: a.get('f') || 'relu',
        scale: 'tile',
        view: a.get('v') || 'crop',
        zoom: '1',
        format: 'png',
    });
    return answered(page, `project?${query}`);
}

/** Waits until the canvas shows what the address says. */
async function showsProjection(page, rule = 'deconvnet', within = '.side[data-side="0"]', side = '') {
    let of = '',
        wanted = '';
    for (let i = 0; ; i++) {
        const url = page.url();
        if (url !== of && own(address(page), 'u', side)) {
            wanted = await projected(page, rule, side);
            of = url;
        }
        const seen = wanted && (await pixels(page, `${within} figure.${rule} canvas`));
        if (wanted && seen === wanted && page.url() === of) return wanted;
        if (i === 1500) throw new Error(`${page.url()}: the projection is ${seen}, and should be ${wanted}`);
        await page.waitForTimeout(25);
    }
}

/** Waits until the address has a key with a value; of a drag it comes when that rests. */
const comes = (page, key, value) =>
    page.waitForFunction(
        ([key, value]) => new URLSearchParams(location.hash.replace(/^#\/\??/, '')).get(key) === value,
        [key, value]
    );

/** Where a place of the map is on the screen. */
async function placeOfMap(page, y, x, within = '.side[data-side="0"]') {
    const frame = await page.locator(`${within} .big-map`).boundingBox();
    const [rows, columns] = await page.$eval(`${within} .big-map`, n =>
        n
            .getAttribute('aria-label')
            .match(/(\d+) by (\d+)/)
            .slice(1)
            .map(Number)
    );
    return [frame.x + ((x + 0.5) / columns) * frame.width, frame.y + ((y + 0.5) / rows) * frame.height, rows, columns];
}

const state = page => page.evaluate(async () => (await fetch('api/state')).json());

module.exports = { address, pixels, answered, projected, showsProjection, comes, placeOfMap, state };
