// serve_look.js - an image comes in; its layers, maps and projections are looked at.
'use strict';
const assert = require('assert');
const { photograph, drop } = require('./served.js');
const { address, pixels, projected, showsProjection, comes, placeOfMap, state } = require('./seen.js');

module.exports = test => {
    test('with images of the command line the first is looked at, without a click', async ({ page, visit }) => {
        await visit('#/');
        const { images } = await state(page);
        await comes(page, 'i', images[0].id);
        await showsProjection(page);
        assert.strictEqual(await page.locator('.film-image').count(), images.length);
        assert.strictEqual(await page.locator('.predictions li').count(), 5);
        assert((await page.title()).includes('picture 1.png'));
    });

    test('without an image it is said in a sentence what to do', async ({ page, visit, settled }) => {
        await visit('#/?i=00');
        assert((await page.textContent('#welcome .lead')).includes('not here any more'));
        assert(await page.isVisible('text=Choose a photograph'));
        await settled(() => page.click('.examples button >> nth=1'));
        assert(await page.isHidden('#welcome'));
        await showsProjection(page);
    });

    test('a photograph is dropped, and all of it is seen', async ({ page, visit }) => {
        await visit('#/');
        const before = await page.locator('.film-image').count();
        await drop(page, 'dropped.png', photograph(120, 150, 7));
        await page.waitForFunction(n => document.querySelectorAll('.film-image').length > n, before);
        const { images } = await state(page);
        const image = images.find(one => one.name === 'dropped.png');
        assert.deepStrictEqual([image.width, image.height], [120, 150]);
        await comes(page, 'i', image.id);
        await page.waitForFunction(() => document.querySelector('.stage-photo img').alt.includes('dropped.png'));
        await showsProjection(page);
        assert((await page.locator('.stage-note').textContent()).includes('120 × 150'));
        assert.strictEqual(await page.locator('.predictions li').count(), 5);
        await page.waitForFunction(() => document.querySelectorAll('.strongest-list img').length === 9);
        // The same file is the same image.
        await drop(page, 'dropped.png', photograph(120, 150, 7));
        await page.waitForFunction(() => document.getElementById('working').textContent === '');
        assert.strictEqual((await state(page)).images.length, images.length);
    });

    test('photographs are pasted, and chosen in the dialog of the browser, several at once', async ({
        page,
        visit,
    }) => {
        await visit('#/?l=3');
        await page.evaluate(
            text => {
                const clipboardData = new DataTransfer();
                clipboardData.items.add(
                    new File([Uint8Array.from(atob(text), c => c.charCodeAt(0))], 'pasted.png', { type: 'image/png' })
                );
                document.body.dispatchEvent(
                    new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true })
                );
            },
            photograph(70, 100, 9).toString('base64')
        );
        await page.waitForSelector('.film-image[title="pasted.png"][aria-pressed="true"]');
        await showsProjection(page);
        const waiting = page.waitForEvent('filechooser');
        await page.click('.film-add[aria-label="Add images"]');
        const files = [11, 12].map(seed => ({
            name: `chosen ${seed}.png`,
            mimeType: 'image/png',
            buffer: photograph(80, 60, seed),
        }));
        await (await waiting).setFiles(files);
        await page.waitForSelector('.film-image[title="chosen 11.png"][aria-pressed="true"]');
        await page.waitForSelector('.film-image[title="chosen 12.png"]');
        await showsProjection(page);
    });

    test('a layer, a map, a place: what is clicked is seen, and is in the address', async ({
        page,
        visit,
        settled,
    }) => {
        await visit('#/?l=5');
        await settled(() => page.click('.strip-layer[data-layer="2"]'));
        const { models } = await state(page);
        const layer = models[0].layers.find(one => one.id === '2');
        await page.waitForFunction(
            n => document.querySelector('.maps-title').textContent.includes(`${n} units`),
            layer.units
        );
        assert.strictEqual(address(page).get('l'), '2');
        const cell = await page.locator('.maps-space').boundingBox();
        await settled(() => page.locator('.maps-scroll').click({ position: { x: 40, y: 40 } }));
        assert(cell.width > 100);
        await showsProjection(page);
        const [x, y, rows, columns] = await placeOfMap(page, 3, 4);
        assert.deepStrictEqual([rows, columns], layer.shape.slice(2));
        await settled(() => page.mouse.click(x, y));
        await comes(page, 'p', '3,4');
        await showsProjection(page);
        assert.strictEqual(await page.textContent('.map-note'), 'at y 3, x 4');
    });

    test('hovering draws the receptive field by arithmetic alone', async ({ page, visit, asked }) => {
        await visit('#/?l=2');
        await showsProjection(page);
        const { models, images } = await state(page);
        const { field } = models[0].layers.find(one => one.id === '2');
        const header = await page.evaluate(
            async id => (await fetch(`api/input?model=0&image=${id}`)).headers.get('X-Map'),
            address(page).get('i')
        );
        const [x0, y0, sx, sy] = JSON.parse(header);
        await page.waitForFunction(() => {
            const tiles = [...document.querySelectorAll('.strongest-list [data-layer="2"] img')];
            return tiles.length === 9 && tiles.every(img => img.complete);
        }); // the last that is asked for
        const n = asked.length;
        for (const [py, px] of [
            [5, 6],
            [0, 0],
            [9, 2],
        ]) {
            const [x, y] = await placeOfMap(page, py, px);
            await page.mouse.move(x, y);
            const rect = await page.$eval('.stage .over', r =>
                ['x', 'y', 'width', 'height'].map(k => Number(r.getAttribute(k)))
            );
            const edge = (first, at, size, o, s, most) => [
                Math.max(0, o + s * (first + at)),
                Math.min(most, o + s * (first + at + size)),
            ];
            const image = images.find(one => one.id === address(page).get('i'));
            const [left, right] = edge(field.first[1], field.stride[1] * px, field.size[1], x0, sx, image.width);
            const [top, bottom] = edge(field.first[0], field.stride[0] * py, field.size[0], y0, sy, image.height);
            [left, top, right - left, bottom - top].forEach((v, i) =>
                assert(Math.abs(rect[i] - v) < 1e-6, `${rect} ${v}`)
            );
        }
        assert.strictEqual(asked.length, n);
        await page.mouse.move(5, 5);
    });

    test('a drag is followed, the newest place wins, and is one step back', async ({ page, visit, settled }) => {
        await visit('#/?l=2');
        await showsProjection(page);
        const unit = address(page).get('u');
        const before = await page.evaluate(() => history.length);
        const [x, y] = await placeOfMap(page, 1, 1),
            [x2, y2] = await placeOfMap(page, 11, 9);
        await page.mouse.move(x, y);
        await page.mouse.down();
        await page.mouse.move(x2, y2, { steps: 25 });
        await page.mouse.up();
        await comes(page, 'p', '11,9');
        await showsProjection(page);
        assert.strictEqual(await page.evaluate(() => history.length), before + 1);
        await settled(() => page.goBack());
        assert.strictEqual(address(page).get('p'), null);
        assert.strictEqual(address(page).get('u'), unit);
        await showsProjection(page);
    });

    test('rules, seed, view and scale are switched; three rules are seen beside each other', async ({
        page,
        visit,
        settled,
    }) => {
        await visit('#/?l=3');
        const first = await showsProjection(page);
        await settled(() => page.click('.projection [data-value="gradient"]'));
        assert.notStrictEqual(await showsProjection(page, 'gradient'), first);
        await settled(() => page.click('.projection [data-value="one"]'));
        await showsProjection(page, 'gradient');
        await settled(() => page.click('.projection [data-value="full"]'));
        assert((await showsProjection(page, 'gradient')).startsWith('64x64:'));
        await settled(() => page.click('.projection [data-value="three"]'));
        const three = [];
        for (const rule of ['deconvnet', 'guided', 'gradient']) three.push(await showsProjection(page, rule));
        assert.strictEqual(new Set(three).size, 3);
        await settled(() => page.click('.projection [data-value="held"]'));
        const scale = Number(address(page).get('c'));
        assert(scale > 0);
        await settled(() => page.click('.projection [data-value="own"]'));
        await showsProjection(page, 'guided');
        await settled(() => page.click('.map-places [data-place="all"]'));
        await showsProjection(page, 'guided');
        const zoomed = page.locator('select[aria-label="Zoom"]');
        await settled(() => zoomed.selectOption('3'));
        assert.strictEqual(await page.$eval('figure.guided canvas', c => c.style.width), '192px');
    });

    test('the strongest units are those that the server says, and lead to themselves', async ({
        page,
        visit,
        settled,
    }) => {
        await visit('#/?l=4');
        await page.waitForFunction(() => document.querySelectorAll('.strongest-list [data-layer="4"]').length === 9);
        const units = await page.$$eval('.strongest-list button', list => list.map(b => Number(b.dataset.unit)));
        const answer = await page.evaluate(
            async id => (await fetch(`api/strongest?model=0&image=${id}&layer=4&n=9`)).json(),
            address(page).get('i')
        );
        assert.deepStrictEqual(
            units,
            answer.map(one => one.unit)
        );
        await settled(() => page.click('.strongest-list button >> nth=3'));
        await comes(page, 'u', String(units[3]));
        await showsProjection(page);
    });

    test('a class that is predicted leads to the unit that stands for it', async ({ page, visit, settled }) => {
        await visit('#/?l=3');
        await page.waitForSelector('.predictions li');
        const [one] = (
            await page.evaluate(
                async id => (await fetch(`api/predict?model=0&image=${id}&n=1`)).json(),
                address(page).get('i')
            )
        ).top;
        await settled(() => page.click('.predictions .label >> nth=0'));
        assert.strictEqual(address(page).get('u'), String(one.class));
        const { models } = await state(page);
        assert.strictEqual(address(page).get('l'), models[0].layers.at(-1).id);
        await showsProjection(page);
        assert(await page.isVisible('.single'));
    });

    test('two images are seen side by side, by the same unit', async ({ page, visit, settled }) => {
        const { images } = await state(page);
        await visit(`#/?i=${images[0].id}&l=3`);
        await showsProjection(page);
        const alone = await projected(page);
        await settled(() => page.click('.beside'));
        await comes(page, 'b', '1');
        await comes(page, 'i2', images[1].id);
        await showsProjection(page, 'deconvnet', '.side[data-side="1"]', '2');
        assert.strictEqual(await pixels(page, '.side[data-side="0"] figure.deconvnet canvas'), alone);
        // Pointing at the map of one draws the field on both; a click is one on both.
        const [x, y] = await placeOfMap(page, 2, 5, '.side[data-side="1"]');
        await page.mouse.move(x, y);
        for (const side of [0, 1])
            assert.strictEqual(await page.textContent(`.side[data-side="${side}"] .map-note`), 'at y 2, x 5');
        await settled(() => page.mouse.click(x, y));
        await comes(page, 'p', '2,5');
        await showsProjection(page, 'deconvnet', '.side[data-side="1"]', '2');
        await showsProjection(page);
        await settled(() => page.click('.side-head >> text=Close'));
        assert.strictEqual(await page.locator('.side').count(), 1);
        assert.strictEqual(address(page).get('i2'), null);
    });

    test('the back button goes back over clicks, and an address opened afresh shows the same', async ({
        page,
        visit,
        settled,
        browser,
        server,
    }) => {
        const { images } = await state(page);
        await visit(`#/?i=${images[0].id}&l=3&u=7`);
        await settled(() => page.click('.strip-layer[data-layer="4"]'));
        await settled(() => page.keyboard.press('j'));
        await settled(() => page.click('.projection [data-value="guided"]'));
        const [x, y] = await placeOfMap(page, 4, 4);
        await settled(() => page.mouse.click(x, y));
        await comes(page, 'p', '4,4');
        const shown = await showsProjection(page, 'guided');
        const url = page.url();
        for (const key of ['p', 'r']) {
            await settled(() => page.goBack());
            assert.strictEqual(address(page).get(key), null);
        }
        await settled(() => page.goBack());
        await settled(() => page.goBack());
        assert.strictEqual(address(page).get('l'), '3');
        assert.strictEqual(address(page).get('u'), '7');
        await showsProjection(page);
        for (let i = 0; i < 4; i++) await settled(() => page.goForward());
        assert.strictEqual(page.url(), url);
        assert.strictEqual(await showsProjection(page, 'guided'), shown);
        const { open } = require('./browser.js');
        const other = await open(browser, server.url);
        await other.visit(new URL(url).hash);
        assert.strictEqual(await showsProjection(other.page, 'guided'), shown);
        assert.strictEqual(other.page.url(), url);
        const words = p =>
            p.$$eval('.predictions li, .map-side p, .unit-of, .maps-title', list => list.map(n => n.textContent));
        assert.deepStrictEqual(await words(other.page), await words(page));
        assert.deepStrictEqual(other.faults, []);
        await other.context.close();
    });

    test('frames of the webcam come, newest first, and the last one stays', async ({ page, visit }) => {
        await visit('#/?l=2');
        await showsProjection(page);
        await page.click('.film-add[aria-label="Webcam"]');
        await page.waitForFunction(() => Webcam.frames() >= 5);
        assert((await page.textContent('.stage-note')).includes('frames a second'));
        await page.click('.film-add[aria-label="Webcam"]');
        await page.waitForFunction(() =>
            document.querySelector('.film-image[aria-pressed="true"] img')?.alt.startsWith('webcam')
        );
        const { images } = await state(page);
        assert(images.some(one => one.id === address(page).get('i')));
        await page.reload();
        await showsProjection(page);
    });
};
