// browse_views.js - the other views, what they show and where they lead.
'use strict';
const assert = require('assert');
const { execFileSync } = require('child_process');
const { data, front, SMALL, isDead, unit, unitHash, text } = require('./written.js');

module.exports = test => {
    test('the front lists every layer, with a picture, its units and its dead ones', async ({ page, visit }) => {
        await visit('#/');
        await page.waitForFunction(
            n =>
                [...document.querySelectorAll('.layer-row .picture')].filter(p => p.style.backgroundImage).length === n,
            2 * front.layers.length
        );
        const rows = await page.$$eval('a.layer-link', links => links.map(a => a.textContent));
        assert.strictEqual(rows.length, front.layers.length);
        front.layers.forEach((layer, k) => {
            assert(rows[k].includes(`${String(layer.units).replace(/\B(?=(\d{3})+$)/g, ',')} unit`), rows[k]);
            assert.strictEqual(rows[k].includes('dead'), layer.dead > 0);
        });
        for (const [, value] of front.facts) assert((await text(page, '.run')).includes(value.slice(0, 8)));
    });

    test('search finds layers, units, classes and images', async ({ page, visit, settled }) => {
        await visit('#/');
        const ask = async (words, kind, part) => {
            await page.keyboard.press('/');
            await page.keyboard.type(words);
            const option = page
                .locator('#search-results li', { hasText: part })
                .filter({ has: page.locator(`.kind:text-is("${kind}")`) })
                .first();
            await option.waitFor();
            await settled(() => option.click());
            return text(page, 'h1');
        };
        assert.strictEqual(await ask('expand1', 'Layer', 'fire2.expand1x1'), 'fire2.expand1x1');
        assert.strictEqual(await ask('3 7', 'Unit', 'unit 7'), 'Unit 7');
        assert.strictEqual(await ask('pomer', 'Class', 'Pomeranian'), 'Pomeranian');
        assert.strictEqual(await ask('n00004', 'Image', 'n00004'), 'n00004_car_wheel.jpg');
        await page.keyboard.press('/');
        await page.keyboard.type('squeeze');
        await page.waitForSelector('#search-results li .kind');
        await page.keyboard.press('ArrowDown');
        await settled(() => page.keyboard.press('Enter'));
        assert.strictEqual(await text(page, 'h1'), 'fire2.squeeze');
        await page.keyboard.press('/');
        await page.keyboard.type('no such thing');
        await page.waitForSelector('#search-results .nothing');
        await page.keyboard.press('Escape');
        assert(await page.locator('#search-results').isHidden());
    });

    test('a unit shows its nine by each rule, at their own scale or a common one', async ({ page, visit }) => {
        const i = [...Array(40).keys()].find(j => !isDead(SMALL, j));
        const { hits, samples, stats } = unit(SMALL, i);
        await visit(unitHash(SMALL, i));
        const grid = page.locator('.nine-grid').first().locator('.picture');
        assert.strictEqual(await grid.count(), 9);
        const y = () => grid.first().evaluate(p => p.style.backgroundPosition);
        const seen = new Set([await y()]);
        for (const rule of front.rules.slice(1)) {
            await page.click(`button:text-is("${rule}")`);
            seen.add(await y());
            assert((await text(page, '.command code')).includes(`--rule ${rule}`));
            assert.strictEqual(await page.locator('.nine-grid').first().locator('.absent').count(), 6); // of nine
        }
        assert.strictEqual(seen.size, front.rules.length);
        await page.keyboard.press('r');
        await page.click('button:text-is("Common")');
        const greatest = Math.max(...hits.scale.deconvnet);
        const contrasts = await grid.evaluateAll(ps => ps.map(p => Number(/contrast\((.*)\)/.exec(p.style.filter)[1])));
        contrasts.forEach((c, j) => assert(Math.abs(c - hits.scale.deconvnet[j] / greatest) < 1e-3));
        assert.strictEqual(await page.locator('.sample').count(), samples.value.length);
        const about = await text(page, '.measures');
        assert(about.includes(String(Number(stats.max.toPrecision(3)))) && about.includes('Morcos et al. 2018'));
        assert(
            (await page.getAttribute('.bins', 'aria-label')).includes(
                `${unit(SMALL, i)
                    .histogram.slice(1)
                    .reduce((a, b) => a + b)} images`
            )
        );
    });

    test('a hit is shown in its whole photograph, with the field where it is, and its command is copied', async ({
        page,
        context,
        visit,
    }) => {
        const i = [...Array(40).keys()].find(j => !isDead(SMALL, j));
        const { hits } = unit(SMALL, i);
        await context.grantPermissions(['clipboard-read', 'clipboard-write']);
        await visit(unitHash(SMALL, i));
        const j = hits.box.findIndex(
            (b, n) => hits.image[n] !== 5 && b[0] >= 0 && b[1] >= 0 && b[2] <= 256 && b[3] <= 192
        );
        await page.keyboard.press(String(j + 1));
        await page.waitForFunction(t => document.querySelector('.hit h2').textContent.startsWith(t), String(j + 1));
        const [x0, y0, x1, y1] = hits.box[j];
        const rect = await page.$eval('.hit .over', r =>
            ['x', 'y', 'width', 'height'].map(a => Number(r.getAttribute(a)))
        );
        assert.deepStrictEqual(rect, [x0, y0, x1 - x0, y1 - y0]);
        assert.strictEqual(await page.$eval('.hit img', img => img.decode().then(() => img.naturalWidth)), 256);
        await page.click('.copy');
        await page.waitForSelector('.copy:text-is("Copied")');
        assert(
            (await page.evaluate(() => navigator.clipboard.readText())).startsWith(
                `deconvviz -m net.onnx -l 3 -c ${i} -p ${hits.y[j]},${hits.x[j]} --rule `
            )
        );
    });

    test('a shell takes the commands as the names are meant', async ({ page }) => {
        const names = [...data('images').names, ...front.layers.map(l => l.id)];
        const lines = await page.evaluate(
            list => list.map(n => command('words {layer} {image}', { layer: n, image: n })),
            names
        );
        const script = `words() { printf '%s\\0' "$@"; }\n${lines.join('\n')}\n`;
        const out = execFileSync('sh', ['-s'], { input: script }).toString().split('\0').slice(0, -1);
        assert.deepStrictEqual(
            out,
            names.flatMap(n => [n, n.startsWith('-') ? `./${n}` : n])
        );
    });

    test('units lead to those they read from, to those that read from them, and to their like', async ({
        page,
        visit,
        settled,
    }) => {
        const i = [...Array(40).keys()].find(j => !isDead(SMALL, j));
        const { inputs, outputs, twins } = unit(SMALL, i);
        await visit(unitHash(SMALL, i));
        await page.waitForFunction(
            n => document.querySelectorAll('.connections a.tile[href]').length === n,
            inputs.length + outputs.length + twins.length
        );
        assert.strictEqual(
            await page.locator('.connections a.tile').first().getAttribute('href'),
            unitHash(inputs[0][0], inputs[0][1])
        );
        await settled(() => page.locator('.connections a.tile').first().click());
        assert.strictEqual(await text(page, 'h1'), `Unit ${inputs[0][1]}`);
    });

    test('a dead unit says so, and nothing else', async ({ page, visit }) => {
        const i = [...Array(front.layers[4].units).keys()].find(j => isDead(4, j));
        await visit(unitHash(4, i));
        assert.strictEqual(await text(page, '.lead'), 'No image of the run makes it greater than zero.');
        assert.strictEqual(await page.locator('.nine-grid').count(), 0);
    });

    test('a class lists the units that prefer it, an image those it excites, and shows where', async ({
        page,
        visit,
        settled,
    }) => {
        const units = data('classes-0')[0].units;
        await visit('#/class/0');
        assert.deepStrictEqual(
            await page.$$eval('.by-layer a.tile', tiles =>
                tiles.map(t => [t.dataset.layer, t.dataset.unit].map(Number))
            ),
            units.flatMap(([k, list]) => list.map(i => [k, i]))
        );
        await settled(() => page.locator('.photos a').first().click());
        assert.strictEqual(await text(page, 'h1'), 'n00000_tench.jpg');
        const tile = page.locator('.by-layer a.tile').first();
        const [k, i] = [Number(await tile.getAttribute('data-layer')), Number(await tile.getAttribute('data-unit'))];
        await tile.focus();
        await page.waitForSelector('.held .over');
        const { hits } = unit(k, i);
        const box = hits.box[hits.image.indexOf(0)];
        assert.strictEqual(Number(await page.getAttribute('.held .over', 'x')), Math.max(0, box[0]));
    });

    test('two atlases stand side by side, what changed most first', async ({ page, visit, settled }) => {
        await visit('#/against');
        assert.strictEqual(await page.locator('.pairs a').count(), data('against').layers.length);
        await settled(() => page.locator('.pairs a').nth(SMALL).click());
        const { change } = data('against').layers[SMALL];
        const raw = Buffer.from(change.data, 'base64');
        const order = Array.from({ length: raw.length / 2 }, (_, i) => i).sort(
            (a, b) => raw.readUInt16LE(2 * b) - raw.readUInt16LE(2 * a)
        );
        assert.strictEqual(Number(await text(page, '.cell[data-place="0"] .unit-number')), order[0]);
        const picture = () =>
            page
                .locator('.couple .picture')
                .first()
                .evaluate(e => getComputedStyle(e).backgroundImage);
        assert((await picture()).includes('/grid-'));
        await page.click('text=Patches');
        assert((await picture()).includes('/patches-'));
        assert((await text(page, '.lead')).includes('made-up, sooner'));
        await settled(() => page.locator('.couple a.tile:nth-child(2)[href]').first().click());
        assert(page.url().includes('#/against/unit/'));
        await page.waitForSelector('h1:text("Unit")');
    });
};
