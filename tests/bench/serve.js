// serve.js BUILD DIR [MODEL] - the page of `serve` in a browser: how soon it is there, from a click to pixels, fields a second
// under the pointer, places a second while one is dragged, frames a second of a webcam; with MODEL also clicks in its 5th
// block of convolutions.
'use strict';
const path = require('path');
const { launch, open } = require(path.join(__dirname, '../web/browser.js'));
const { serve, writePhotographs } = require(path.join(__dirname, '../web/served.js'));

const LIMITS = { start: 300, click: 50, large: 200, fields: 30, webcam: 15 };
const CLICKS = 100;

const quantile = (list, q) => [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(q * list.length))];

/** From the start of the program to a page that answers, in ms: the median of several, each with a server of its own, in a
 *  browser that has been running. */
async function start(build, browser) {
    const times = [];
    for (let i = -3; i < 9; i++) {
        const { page, context } = await open(browser, 'http://127.0.0.1/');
        const began = performance.now();
        const server = await serve(build, ['--port', '0']);
        await page.goto(server.url, { waitUntil: 'commit' });
        await page.waitForFunction(() => document.documentElement.dataset.ready, null, { polling: 5 });
        if (i >= 0) times.push(performance.now() - began);
        await context.close();
        await server.stop();
    }
    return quantile(times, 0.5);
}

/** From the pointer going down on the map to the frame that has the projection, in ms, of many clicks anywhere. */
async function clicks(page, n) {
    await page.evaluate(() => {
        window.times = [];
        let pressed = 0;
        addEventListener('pointerdown', e => (pressed = e.timeStamp), true);
        const { show } = ProjectionView.prototype;
        ProjectionView.prototype.show = function (...words) {
            show.apply(this, words);
            const of = pressed;
            requestAnimationFrame(() => of && window.times.push(performance.now() - of));
            pressed = 0;
        };
    });
    const frame = await page.locator('.big-map').boundingBox();
    let seed = 7;
    const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
    for (let i = 0; i < n; i++) {
        await page.mouse.click(frame.x + 1 + random() * (frame.width - 2), frame.y + 1 + random() * (frame.height - 2));
        await page.waitForFunction(n => window.times.length > n, i, { polling: 20, timeout: 5000 }).catch(() => {}); // the place it was at already
        if ((await page.evaluate(() => window.times.length)) <= i)
            i = (await page.evaluate(() => window.times.length)) - 1;
        await page.waitForTimeout(30);
    }
    return page.evaluate(() => window.times);
}

/** The pointer goes over the map at each frame. @returns fields drawn a second */
async function hover(page, seconds) {
    const frame = await page.locator('.big-map').boundingBox();
    await page.evaluate(() => {
        window.fields = 0;
        new MutationObserver(() => window.fields++).observe(document.querySelector('.stage .shade'), {
            attributes: true,
            attributeFilter: ['d'],
        });
    });
    return page.evaluate(
        ([x, y, w, h, seconds]) =>
            new Promise(resolve => {
                const node = document.querySelector('.big-map');
                const began = performance.now();
                let i = 0;
                requestAnimationFrame(function step(now) {
                    i++;
                    node.dispatchEvent(
                        new PointerEvent('pointermove', {
                            clientX: x + w * ((i * 0.137) % 1),
                            clientY: y + h * ((i * 0.071) % 1),
                            pointerType: 'mouse',
                            bubbles: true,
                        })
                    );
                    if (now - began < 1000 * seconds) requestAnimationFrame(step);
                    else resolve((1000 * window.fields) / (now - began));
                });
            }),
        [frame.x, frame.y, frame.width, frame.height, seconds]
    );
}

/** Projections a second while the pointer is dragged over the map. */
async function drag(page, moves) {
    const frame = await page.locator('.big-map').boundingBox();
    await page.evaluate(() => {
        window.shown = 0;
        const { show } = ProjectionView.prototype;
        ProjectionView.prototype.show = function (...words) {
            window.shown++;
            show.apply(this, words);
        };
    });
    await page.mouse.move(frame.x + 2, frame.y + 2);
    await page.mouse.down();
    const began = Date.now();
    for (let i = 1; i <= moves; i++)
        await page.mouse.move(
            frame.x + (frame.width - 3) * (0.5 + 0.5 * Math.sin(i * 0.9)),
            frame.y + (frame.height - 3) * (0.5 + 0.5 * Math.cos(i * 0.7))
        );
    const seconds = (Date.now() - began) / 1000;
    await page.mouse.up();
    return (await page.evaluate(() => window.shown)) / seconds;
}

async function webcam(page, seconds) {
    await page.click('.film-add[aria-label="Webcam"]');
    await page.waitForFunction(() => Webcam.frames() > 3);
    const before = await page.evaluate(() => Webcam.frames());
    const began = Date.now();
    await page.waitForTimeout(1000 * seconds);
    const frames = (await page.evaluate(() => Webcam.frames())) - before;
    const rate = (1000 * frames) / (Date.now() - began);
    await page.click('.film-add[aria-label="Webcam"]');
    return rate;
}

async function main() {
    const [build, dir, model] = process.argv.slice(2);
    const photographs = writePhotographs(dir, 1);
    const browser = await launch({ args: ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'] });
    const row = (what, value, limit, ok) =>
        console.log(`  ${what.padEnd(44)} ${value.padStart(10)}   ${limit.padEnd(12)} ${ok ? '' : 'MISSED'}`);
    console.log(`page of serve, ${browser.version()}`);
    const soon = await start(build, browser);
    row('from its start to a page that answers', `${soon.toFixed(0)} ms`, '<= 300 ms', soon <= LIMITS.start);

    const faults = [];
    async function look(words, hash) {
        const server = await serve(build, ['--port', '0', ...words, ...photographs]);
        const held = await open(browser, server.url);
        faults.push(held.faults);
        await held.visit(hash);
        await held.page.waitForFunction(
            () =>
                document.querySelector('.map-value').textContent &&
                document.querySelectorAll('.strongest-list img').length
        );
        await held.page.waitForTimeout(500);
        return { ...held, server };
    }

    const { page, context, server } = await look([], '#/?l=5');
    const times = await clicks(page, CLICKS);
    const p95 = quantile(times, 0.95);
    row(`from a click to pixels, p95 of ${times.length}`, `${p95.toFixed(1)} ms`, '<= 50 ms', p95 <= LIMITS.click);
    row('  median', `${quantile(times, 0.5).toFixed(1)} ms`, '', true);
    const fields = await hover(page, 3);
    row('receptive fields a second, hovering', fields.toFixed(1), '>= 30', fields >= LIMITS.fields);
    row('projections a second, dragging', (await drag(page, 300)).toFixed(1), '', true);
    const frames = await webcam(page, 5);
    row('frames a second of a webcam', frames.toFixed(1), '>= 15', frames >= LIMITS.webcam);
    await context.close();
    await server.stop();

    if (model) {
        const large = await look(['-m', model], '#/?l=13');
        const slow = await clicks(large.page, 40);
        const q = quantile(slow, 0.95);
        row(
            `from a click to pixels, VGG-16 conv5, p95 of ${slow.length}`,
            `${q.toFixed(1)} ms`,
            '<= 200 ms',
            q <= LIMITS.large
        );
        await large.context.close();
        await large.server.stop();
    }
    for (const fault of faults.flat()) console.log(`  fault: ${fault}`);
    process.exit(0);
}

main().catch(error => {
    console.log(error.stack);
    process.exit(1);
});
